//! Worlds in which payments go wrong: small ones exhaustively, larger ones from seeds.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::time::Instant;

use paymux_chaos::{Run, Sabotage, Tally, Wrong, grounds, run, small};

fn worlds(seed: u64, worlds: u64, threads: usize) -> Tally {
    let run_of = Run {
        seed,
        worlds,
        threads,
        only: None,
        stops: false,
    };
    run(run_of, &Sabotage::none(), &|_| {})
}

fn is_right(tally: &Tally) {
    for ((_, seed), failure) in &tally.failures {
        eprintln!("seed or number {seed}\n{}{:#?}", failure.plan, failure.findings);
    }
    for wrong in Wrong::ALL {
        assert_eq!(tally.wrong(wrong), 0, "{wrong:?}");
    }
    assert_eq!(tally.excess(), [], "left to a person more often than lost");
}

#[test]
fn every_schedule_with_one_mishap_in_the_first_calls_of_a_step_ends_right() {
    let start = Instant::now();
    let tally = small(4, 2, &Sabotage::none(), &|_| {});
    eprintln!("{} small worlds in {} s", tally.payments, start.elapsed().as_secs());
    is_right(&tally);
    assert!(tally.payments > 10_000, "{}", tally.payments);
}

#[test]
fn equal_seeds_make_equal_worlds_on_any_number_of_threads() {
    let (one, two) = (worlds(77, 400, 1), worlds(77, 400, 2));
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
    assert_ne!(format!("{one:?}"), format!("{:?}", worlds(9_000_077, 400, 2)));
}

#[test]
fn every_sort_of_fault_happens_to_every_gateway() {
    let start = Instant::now();
    let tally = worlds(4711, 12_000, 2);
    eprintln!("{} worlds in {} s", tally.payments, start.elapsed().as_secs());
    is_right(&tally);
    let happened: BTreeSet<_> = tally
        .faults
        .keys()
        .map(|(kind, gateway, _)| (*kind, *gateway))
        .collect();
    for ground in grounds() {
        for what in ground.mishaps.iter().flatten() {
            assert!(
                happened.contains(&(what.kind(), ground.gateway)),
                "{} at {}",
                what.kind(),
                ground.gateway
            );
        }
    }
    let (least, count) = tally.least().unwrap();
    eprintln!("least often: {least:?}: {count}");
}
