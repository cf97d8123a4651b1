//! CoolPay under every fault at every call: each operation is done with each fault at each of its calls, asked about, and done again under its
//! reference. Whatever is claimed is compared with the ledger once everything has happened that will.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod coolpay;

use std::time::Duration;

use coolpay::{Claim, DEEDS, Deed, World, claim};
use http::StatusCode;
use paymux::{Fate, Operation, PaymentGateway as _};
use paymux_simulator::Fault;
use paymux_simulator::coolpay::Settings;

/// How long until everything has happened that will.
const SETTLED: Duration = Duration::from_secs(301);
/// Later than any gateway waits.
const AGES: Duration = Duration::from_secs(60);

fn faults() -> Vec<Fault> {
    let late = [0, 2, 8, 40, 100].map(|s| Fault::LateCommit(Duration::from_millis(s * 1000 + 500)));
    let lag = [2, 9, 30, 100].map(|s| Fault::Lag(Duration::from_secs(s)));
    let codes = ["20200", "30100", "40000/40413", "50300", "77777"].map(|code| Fault::Code(code.to_owned()));
    let statuses = [408, 500, 502, 503, 504].map(|s| StatusCode::from_u16(s).unwrap());
    let before = [400, 401, 402, 403, 404, 409, 422, 428, 429].map(|s| StatusCode::from_u16(s).unwrap());
    let mut all = vec![
        Fault::Refuse,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Delay(Duration::from_secs(20)),
        Fault::Delay(Duration::from_secs(70)),
        Fault::Stuck,
        Fault::Truncate,
        Fault::Malformed,
        Fault::Empty,
        Fault::TooMany(Some(2)),
        Fault::TooMany(None),
        Fault::ExpiredToken,
        Fault::Redirect("https://elsewhere.example/".to_owned()),
    ];
    all.extend(late);
    all.extend(lag);
    all.extend(codes);
    all.extend(statuses.map(Fault::StatusBefore));
    all.extend(statuses.map(Fault::StatusAfter));
    all.extend(before.map(Fault::StatusBefore));
    let kept = [400, 402, 403, 404, 405, 406, 409, 415, 422, 428].map(|s| StatusCode::from_u16(s).unwrap());
    all.extend(kept.map(Fault::StatusAfter));
    all.extend(kept.map(Fault::PageAfter));
    all
}

/// Those of which two come together.
fn pairs() -> Vec<Fault> {
    vec![
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Empty,
        Fault::LateCommit(Duration::from_millis(2500)),
        Fault::LateCommit(Duration::from_millis(100_500)),
        Fault::Lag(Duration::from_secs(30)),
        Fault::StatusBefore(StatusCode::BAD_REQUEST),
    ]
}

/// One schedule: the faults at these calls, then a question, then the same again under these faults.
async fn run(deed: Deed, settings: &Settings, first: &[(u32, &Fault)], again: &[(u32, &Fault)]) -> Result<(), String> {
    let world = World::new(deed, settings.clone()).await;
    for (skip, fault) in first {
        world.plan(*skip, fault);
    }
    let what = format!("{deed:?} with {first:?}");
    let result = world.gateway.execute(&world.operation).await;
    let left = world.calm();
    if claim(&result) == Claim::Approved {
        world.check(&result, &format!("{what}, at once"))?;
    }
    if let Err(error) = &result
        && error.fate() == Fate::Unknown
        && again.is_empty()
        && left == 0
    {
        world.ask(error, &format!("{what}, at once")).await?;
    }
    if again.is_empty() {
        tokio::time::sleep(SETTLED).await;
        world.check(&result, &what)?;
    }
    if let Err(error) = &result
        && error.fate() == Fate::Unknown
    {
        if again.is_empty() {
            world.ask_for_good(error, &what).await?;
        } else {
            world.ask(error, &what).await?;
        }
    }
    if !deed.repeats() {
        return Ok(());
    }
    for (skip, fault) in again {
        world.plan(*skip, fault);
    }
    let what = format!("{what}, then again with {again:?}");
    let second = world.gateway.execute(&world.operation).await;
    world.calm();
    if claim(&second) == Claim::Approved {
        world.check(&second, &format!("{what}, at once"))?;
    }
    tokio::time::sleep(SETTLED).await;
    // Its first call was turned away, so it knows nothing of the earlier attempt, and says only that it did nothing itself.
    let blind = again
        .iter()
        .any(|(skip, fault)| *skip == 0 && matches!(fault, Fault::TooMany(_) | Fault::Stuck));
    if !(blind && claim(&second) == Claim::Nothing) {
        world.check(&second, &what)?;
    }
    if let Err(error) = &second
        && error.fate() == Fate::Unknown
    {
        world.ask(error, &what).await?;
    }
    let third = world.gateway.execute(&world.operation).await;
    tokio::time::sleep(SETTLED).await;
    // A decline that stands on the payment by now cannot know of a first attempt that lands more than a minute after it was lost.
    let overtaken = first
        .iter()
        .any(|(_, fault)| matches!(fault, Fault::LateCommit(late) if *late > AGES));
    if overtaken && claim(&third) == Claim::Declined {
        return Ok(());
    }
    world.check(&third, &format!("{what}, then undisturbed"))
}

async fn calls(deed: Deed, settings: &Settings) -> u32 {
    let world = World::new(deed, settings.clone()).await;
    let before = world.stand.provider.count();
    let result = world.gateway.execute(&world.operation).await;
    assert!(
        result.as_ref().is_ok_and(|a| a.outcome.is_approved()),
        "{deed:?}: {result:?}"
    );
    u32::try_from(world.stand.provider.count() - before).unwrap()
}

fn report(broken: &[String], count: usize) {
    assert!(
        broken.is_empty(),
        "{} of {count} schedules:\n{}",
        broken.len(),
        broken.get(..20).unwrap_or(broken).join("\n")
    );
}

#[tokio::test(start_paused = true)]
async fn one_fault_at_every_call() {
    let mut broken = Vec::new();
    let mut count = 0;
    let defaults = Settings::default();
    let mut accepted = Settings::default();
    accepted.synchronized_202 = true;
    accepted.duplicate_409 = true;
    for settings in [&defaults, &accepted] {
        for deed in DEEDS {
            for skip in 0..calls(deed, settings).await {
                for fault in faults() {
                    count += 1;
                    broken.extend(run(deed, settings, &[(skip, &fault)], &[]).await.err());
                }
            }
        }
    }
    report(&broken, count);
}

#[tokio::test(start_paused = true)]
async fn two_faults() {
    let mut broken = Vec::new();
    let mut count = 0;
    let settings = Settings::default();
    for deed in DEEDS {
        for skip in 0..calls(deed, &settings).await {
            for first in pairs() {
                for next in 0..3 {
                    for second in pairs() {
                        count += 1;
                        let faults = [(skip, &first), (skip + next, &second)];
                        broken.extend(run(deed, &settings, &faults, &[]).await.err());
                    }
                }
            }
        }
    }
    report(&broken, count);
}

#[tokio::test(start_paused = true)]
async fn a_fault_and_another_when_it_is_done_again() {
    let mut broken = Vec::new();
    let mut count = 0;
    let settings = Settings::default();
    for deed in DEEDS.into_iter().filter(|deed| deed.repeats()) {
        for skip in 0..calls(deed, &settings).await {
            for first in pairs() {
                for next in [0, 1, 2, 5] {
                    for second in pairs() {
                        count += 1;
                        broken.extend(run(deed, &settings, &[(skip, &first)], &[(next, &second)]).await.err());
                    }
                }
            }
        }
    }
    report(&broken, count);
}

/// The same follow-up as another attempt.
fn other(world: &World) -> Operation {
    let mut operation = world.operation.clone();
    let reference = "order1001a2".parse().unwrap();
    match &mut operation {
        Operation::Capture(capture) => capture.reference = reference,
        Operation::Refund(refund) => refund.reference = reference,
        other => panic!("{other:?}"),
    }
    operation
}

fn booked(world: &World) -> usize {
    world.moved().iter().filter(|m| m.kind == world.deed.entry()).count()
}

#[tokio::test(start_paused = true)]
async fn what_another_attempt_did_is_not_taken_for_a_lost_one() {
    for deed in [Deed::Capture, Deed::Refund] {
        // Lost, then another of the same amount, then a question about the first.
        let world = World::new(deed, Settings::default()).await;
        world.plan(1, &Fault::ResetBefore);
        let lost = world.gateway.execute(&world.operation).await.unwrap_err();
        world.ask(&lost, "before the other").await.unwrap();
        let done = world.gateway.execute(&other(&world)).await.unwrap();
        assert!(done.outcome.is_approved());
        world.ask(&lost, "after the other").await.unwrap();
        let answer = world.gateway.resolve(lost.unresolved().unwrap().clone()).await;
        assert_eq!(answer.unwrap_err().fate(), Fate::Unknown);
        assert_eq!(booked(&world), 1);
        // Both at once.
        let world = World::new(deed, Settings::default()).await;
        world.plan(2, &Fault::ResetBefore);
        let second = other(&world);
        let (lost, done) = tokio::join!(world.gateway.execute(&world.operation), world.gateway.execute(&second));
        assert!(done.unwrap().outcome.is_approved());
        assert_eq!(lost.unwrap_err().fate(), Fate::Unknown);
        assert_eq!(booked(&world), 1);
        // The read before the second shows nothing of the first yet.
        let world = World::new(deed, Settings::default()).await;
        assert!(
            world
                .gateway
                .execute(&world.operation)
                .await
                .unwrap()
                .outcome
                .is_approved()
        );
        world.plan(0, &Fault::Lag(Duration::from_secs(2)));
        world.plan(0, &Fault::ResetBefore);
        let lost = world.gateway.execute(&other(&world)).await;
        assert_eq!(lost.unwrap_err().fate(), Fate::Unknown);
        assert_eq!(booked(&world), 1);
        // Two of one amount, both answered: two.
        let world = World::new(deed, Settings::default()).await;
        for operation in [&world.operation, &other(&world)] {
            assert!(world.gateway.execute(operation).await.unwrap().outcome.is_approved());
        }
        assert_eq!(booked(&world), 2);
    }
}
