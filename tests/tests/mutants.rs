//! The worlds bite: each rule that keeps money safe is broken in turn, around the adapters and the engine and never inside them, and the worlds
//! of the gate show it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod broken;

use std::time::Instant;

use broken::{RULES, Rule};
use paymux_chaos::{Run, Sabotage, run};

/// As many worlds as the gate lives through.
const SLICE: u64 = 200_000;

#[test]
fn every_broken_rule_shows() {
    // The layers alone change nothing.
    let few = Run {
        seed: 9,
        worlds: 300,
        threads: 2,
        only: None,
        stops: false,
    };
    let (plain, layered) = (run(few, &Sabotage::none(), &|_| {}), run(few, &layers(false), &|_| {}));
    let wrong = (&plain.failures, plain.excess(), &layered.failures, layered.excess());
    assert!(plain.is_clean() && layered.is_clean(), "{wrong:?}");
    assert_eq!((plain.payments, plain.calls), (300, layered.calls));

    let mut survivors = Vec::new();
    for rule in RULES {
        rule.set();
        let start = Instant::now();
        let tally = run(
            Run {
                seed: 1,
                worlds: SLICE,
                threads: 2,
                only: Some(rule.place()),
                stops: true,
            },
            &layers(rule == Rule::BelievesWebhooks),
            &|_| {},
        );
        let caught = tally.failures.first_key_value();
        let how =
            caught.map(|((wrong, seed), failure)| format!("{wrong:?}, seed {seed}: {}", failure.findings[0].what));
        eprintln!(
            "{rule:?} at {}: {} worlds, {} ms: {}",
            rule.place(),
            tally.payments,
            start.elapsed().as_millis(),
            how.as_deref().unwrap_or("not seen")
        );
        if how.is_none() {
            survivors.push(rule);
        }
    }
    assert!(survivors.is_empty(), "broken, and nothing shows it: {survivors:?}");
}

fn layers(credulous: bool) -> Sabotage {
    Sabotage {
        builder: broken::builder,
        transport: broken::transport,
        gateway: broken::gateway,
        credulous,
    }
}
