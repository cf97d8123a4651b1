//! Two or three providers behind a router over one journal: seeded worlds of faults, deaths, changed rules and callers who come twice. Each call is held against
//! the router's page, and at the end all ledgers together against the journal. Planted routers that break a rule are caught.
//!
//! `PAYMUX_ROUTER_WORLDS` sets how many worlds there are in memory, and `PAYMUX_ROUTER_SEED` the first seed. A failure names its seed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod kept;
mod routes;

use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use kept::Kept;
use paymux::{Fate, LegWhy, Outcome};
use paymux_conformance::{Fault, Faults as _};
use routes::mutants::{MUTANTS, forgets_over_a_journal, right};
use routes::shop::{Seen, Shop, Sum};
use routes::verdict;
use routes::world::{Bad, Make, World};

/// Lives through the worlds of these seeds, each with two orders; where `stops`, until something is wrong.
fn worlds(seeds: Range<u64>, make: Make, stops: bool, named: Option<bool>, kept: impl Fn() -> Arc<Kept>) -> Sum {
    let mut sum = Sum::default();
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        runtime.unwrap().block_on(async {
            let mut random = fastrand::Rng::with_seed(seed);
            let world = World::new(&mut random, kept());
            for number in 0..2 {
                let name = format!("w{seed:06}o{number}");
                let is_named = random.bool();
                let wrong = order(&world, make, &mut random, &mut sum, name, named.unwrap_or(is_named)).await;
                sum.wrong.extend(wrong.into_iter().map(|wrong| (seed, wrong)));
            }
        });
        if stops && !sum.wrong.is_empty() {
            break;
        }
    }
    sum
}

async fn order(
    world: &World,
    make: Make,
    random: &mut fastrand::Rng,
    sum: &mut Sum,
    order: String,
    named: bool,
) -> Vec<String> {
    let mut shop = Shop {
        world,
        make,
        random: random.fork(),
        sum,
        named,
        holds: random.bool(),
        order,
        wrong: Vec::new(),
        process: None,
        attempt: 0,
    };
    let mut seen = shop.pay().await;
    if let Seen::Paid(payment) = seen.clone() {
        seen = shop.after(payment).await;
    }
    world.calm();
    // Seven questions in vain, and a person is told.
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_secs(25 * 3600)).await;
        let process = world.process(right, 0, -1, 0);
        process.journal.settle::<[_]>(&process.bare).await.unwrap();
    }
    let Shop {
        mut wrong, order, sum, ..
    } = shop;
    match seen {
        Seen::Declined => sum.declined += 1,
        Seen::Open => sum.open += 1,
        Seen::Paid(_) => sum.paid += 1,
    }
    wrong.extend(verdict::judge(world, &order, &seen, &mut sum.persons).await);
    wrong
}

fn number(name: &str, or: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(or)
}

fn is_right(store: &str, sum: &Sum) {
    let _ = writeln!(std::io::stderr(), "{store}: {sum:?}");
    let list: Vec<_> = sum
        .wrong
        .iter()
        .map(|(seed, what)| format!("seed {seed}: {what}"))
        .collect();
    assert!(list.is_empty(), "{}", list.join("\n"));
}

#[test]
fn whatever_goes_wrong_an_order_is_paid_at_one_provider_and_once() {
    let first = number("PAYMUX_ROUTER_SEED", 1);
    let count = number("PAYMUX_ROUTER_WORLDS", 300);
    let sum = worlds(first..first.saturating_add(count), right, false, None, Kept::memory);
    is_right("memory", &sum);
    let count = u32::try_from(count).unwrap();
    // That much did go wrong.
    for happened in [
        sum.moved_on,
        sum.unknown,
        sum.deaths,
        sum.ordered,
        sum.weighed,
        sum.passed,
        sum.follow_ups,
        sum.visits,
        sum.events,
        sum.unrecorded,
        sum.gone,
    ] {
        assert!(count < 100 || happened > count / 10, "{sum:?}");
    }
    assert!(count < 100 || (sum.paid > count && sum.open < count / 3), "{sum:?}");
}

#[test]
fn in_a_file_too() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = Arc::new(runtime.unwrap());
    let sum = worlds(1..9, right, false, None, || Kept::file(&runtime));
    is_right("SQLite", &sum);
}

#[test]
fn every_planted_router_is_caught() {
    let mut survivors = Vec::new();
    for (what, make) in MUTANTS {
        let sum = worlds(1..400, make, true, None, Kept::memory);
        let caught = sum.wrong.first();
        let _ = writeln!(std::io::stderr(), "a router that {what}: {caught:?}");
        if caught.is_none() {
            survivors.push(what);
        }
    }
    assert!(survivors.is_empty(), "not caught: {survivors:?}");
}

/// Behind a router that forgets, the journal still lets one attempt of an order through at a time: where orders are named, no ledger has too much.
#[test]
fn the_journal_stands_behind_the_pins() {
    let sum = worlds(1..60, forgets_over_a_journal, false, Some(true), Kept::memory);
    let money: Vec<_> = sum
        .wrong
        .iter()
        .filter(|(_, what)| what.starts_with(verdict::TOO_MUCH))
        .collect();
    assert!(money.is_empty(), "{money:?}");
    assert!(sum.paid > 60 && !sum.wrong.is_empty(), "{sum:?}");
}

/// An attempt that did nothing, and is made again after another one was declined, is the last one.
#[test]
fn what_is_made_again_is_the_last_attempt() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(async {
        let world = World::of(&[false, false], &[], Kept::memory());
        let bad = World::card(Bad::Everywhere);
        let sale = async |version: usize, reference: &str| {
            let router = world.process(right, version, -1, 0).router;
            tokio::time::sleep(Duration::from_secs(10)).await;
            router.sale(world.charge(reference, Some("order1001"), &bad)).await
        };
        (0..12).for_each(|_| assert!(world.stands[0].provider.plan(0, Fault::Refuse)));
        // At `a` nothing is done; at `b` it is declined; then, again, at `a`.
        let nothing = sale(4, "order1001a1").await;
        assert!(matches!(nothing, Err(error) if error.fate() == Fate::NotDone));
        world.calm();
        for (version, reference) in [(5, "order1001a2"), (4, "order1001a1")] {
            let declined = sale(version, reference).await.unwrap();
            assert!(matches!(declined.outcome, Outcome::Declined(_)));
        }
        // The rules say `b` first.
        let next = sale(1, "order1001a3").await.unwrap();
        let legs: Vec<_> = next
            .payment
            .legs
            .iter()
            .map(|leg| (leg.gateway.as_str(), leg.why))
            .collect();
        assert_eq!(legs, [("a", LegWhy::Order)]);
    });
}
