//! A router over two simulated providers: seeded schedules of faults, deaths and changed rules, and no order is ever paid twice.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod two;

use std::sync::Arc;
use std::time::Duration;

use paymux::{Answer, Error, Fate, LegWhy, Outcome, PaymentGateway, Source};
use two::{Make, Pair, World, fault, forgets, forgets_over_a_journal, right, rules};

/// What many worlds came to.
#[derive(Debug, Default)]
struct Sum {
    paid: u32,
    declined: u32,
    open: u32,
    unknown: u32,
    moved_on: u32,
    deaths: u32,
    /// Seeds and orders that were paid more than once.
    twice: Vec<(u64, String)>,
    /// Where what the application believes is not what was booked.
    wrong: Vec<(u64, String)>,
}

/// How an application sees an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Paid,
    Declined,
    Open,
}

/// An application that takes one order through a router, and lives through one schedule.
struct Shop<'a> {
    world: &'a World,
    make: Make,
    random: fastrand::Rng,
    sum: &'a mut Sum,
    order: String,
    /// Whether the order is named beside the reference.
    named: bool,
}

impl Shop<'_> {
    fn router(&mut self) -> Arc<dyn PaymentGateway> {
        (self.make)(self.world.process(), rules(self.random.usize(0..3)))
    }

    fn trouble(&mut self) {
        for _ in 0..self.random.usize(0..4) {
            let (stand, skip) = (self.random.usize(0..2), self.random.u32(0..5));
            self.world.fault(stand, skip, fault(&mut self.random));
        }
        if self.random.u8(0..4) == 0 {
            let stand = self.random.usize(0..2);
            (0..12).for_each(|_| self.world.fault(stand, 0, paymux_conformance::Fault::Refuse));
        }
        if self.random.u8(0..3) == 0 {
            let after = self.random.u32(0..4);
            self.world.dies(after, self.random.bool());
        }
    }

    /// One call, which the process may not survive; sometimes another machine, with other rules, is asked for the same at the same time.
    async fn call(&mut self, reference: &str, source: &Source) -> Option<Result<Answer, Error>> {
        let order = self.named.then_some(self.order.as_str());
        let charge = self.world.charge(reference, order, source);
        let (one, other) = (self.router(), self.router());
        let both = self.random.u8(0..4) == 0;
        let whole = async {
            if both {
                let (result, _) = tokio::join!(one.sale(charge.clone()), other.sale(charge.clone()));
                result
            } else {
                one.sale(charge).await
            }
        };
        tokio::select! {
            biased;
            () = self.world.deaths().struck.notified() => {
                self.sum.deaths += 1;
                None
            }
            result = whole => Some(result),
        }
    }

    async fn wait(&mut self) {
        let most = if self.random.bool() { 5 } else { 900 };
        tokio::time::sleep(Duration::from_secs(self.random.u64(0..most))).await;
    }

    async fn janitor(&self) {
        let process = self.world.process();
        let run = process.journal.settle::<[_]>(&process.bare);
        tokio::select! {
            biased;
            () = self.world.deaths().struck.notified() => {}
            report = run => drop(report.unwrap()),
        }
    }

    async fn run(&mut self) -> Seen {
        let subject = self.world.subject();
        let declined = subject.declined.clone().unwrap();
        let mut attempt = 1;
        for step in 0..60 {
            let calm = step >= 12;
            if calm {
                self.world.calm();
                tokio::time::sleep(Duration::from_secs(7200)).await;
            } else {
                self.trouble();
            }
            // The first card may be one without money.
            let poor = attempt == 1 && self.order.len() % 2 == 1;
            let source = if poor { &declined } else { &subject.approved };
            let reference = format!("{}a{attempt}", self.order);
            let result = self.call(&reference, source).await;
            if let Some(result) = &result {
                let legs = match result {
                    Ok(answer) => &answer.payment.legs[..],
                    Err(error) => error.legs(),
                };
                self.sum.moved_on += u32::from(legs.iter().any(|leg| leg.why == LegWhy::Next));
            }
            match result {
                None => {}
                Some(Ok(answer)) => match answer.outcome {
                    Outcome::Approved | Outcome::Review => return Seen::Paid,
                    Outcome::Declined(_) if attempt < 3 => attempt += 1,
                    Outcome::Declined(_) => return Seen::Declined,
                    _ => {}
                },
                Some(Err(error)) if error.fate() == Fate::Unknown => {
                    self.sum.unknown += 1;
                    self.wait().await;
                    let router = self.router();
                    match error.unresolved().cloned() {
                        Some(open) if self.random.bool() => {
                            tokio::select! {
                                biased;
                                () = self.world.deaths().struck.notified() => {}
                                _ = router.resolve(open) => {}
                            }
                        }
                        _ => self.janitor().await,
                    }
                }
                // Nothing was done, so that a new attempt is safe; the same one is, too.
                Some(Err(error)) => {
                    let taken = error.field() == Some("order");
                    if !taken && self.random.u8(0..4) == 0 && attempt < 3 {
                        attempt += 1;
                    }
                }
            }
            self.wait().await;
        }
        Seen::Open
    }
}

/// Worlds of these seeds, whose orders are named beside the references, or not; as the seed says, unless it is said.
fn worlds(seeds: std::ops::Range<u64>, make: Make, named: Option<bool>) -> Sum {
    let mut sum = Sum::default();
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        runtime.unwrap().block_on(async {
            let mut random = fastrand::Rng::with_seed(seed);
            let world = World::new(if random.bool() { Pair::CoolPay } else { Pair::Opp });
            for number in 0..3 {
                let order = format!("order{seed}x{}{number}", "0".repeat(random.usize(0..2)));
                let mut shop = Shop {
                    world: &world,
                    make,
                    random: random.fork(),
                    sum: &mut sum,
                    named: named.unwrap_or(random.bool()),
                    order: order.clone(),
                };
                let seen = shop.run().await;
                world.calm();
                tokio::time::sleep(Duration::from_secs(7200)).await;
                let taken = world.taken(&order);
                match seen {
                    Seen::Paid => sum.paid += 1,
                    Seen::Declined => sum.declined += 1,
                    Seen::Open => sum.open += 1,
                }
                if taken > 1 {
                    sum.twice.push((seed, format!("{order}: taken {taken} times")));
                } else if seen != Seen::Open && (taken == 1) != (seen == Seen::Paid) {
                    sum.wrong
                        .push((seed, format!("{order}: {seen:?}, and taken {taken} times")));
                }
            }
        });
    }
    sum
}

#[test]
fn no_order_is_paid_twice_whatever_goes_wrong() {
    let sum = worlds(0..200, right, None);
    assert_eq!((&sum.twice[..], &sum.wrong[..]), (&[][..], &[][..]), "seed and order");
    // That much did go wrong.
    assert!(sum.moved_on > 50 && sum.unknown > 50 && sum.deaths > 50, "{sum:?}");
    assert!(sum.paid > 400 && sum.open < 30, "{sum:?}");
}

/// The same worlds find a router that forgets where a reference is.
#[test]
fn a_router_without_pins_is_caught() {
    let sum = worlds(0..60, forgets, None);
    assert!(sum.twice.len() > 5, "{sum:?}");
}

/// Behind a router that forgets, the journal still lets one attempt of an order through at a time.
#[test]
fn the_journal_stands_behind_the_pins() {
    let sum = worlds(0..60, forgets_over_a_journal, Some(true));
    assert_eq!(sum.twice, [], "seed and order");
    assert!(sum.paid > 30, "{sum:?}");
}
