//! Processes that die, are stopped, or cannot write: what is on record then, and what the next process makes of it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::future::Future;
use std::time::Duration;

use common::{Desk, Mood, Process, wait};
use paymux::{Answer, Clock as _, EntryKind, Error, Fate, Operation, PaymentGateway as _, Transfer};
use paymux_conformance::Fault;
use paymux_journal::{Found, State, Step};
use paymux_simulator::coolpay::CoolPay;

/// Longer than a lease and the difference of clocks.
const LEASE: u64 = 160;
/// Longer than anything is booked late.
const SETTLED: u64 = 600;

/// A process that dies a second after it began this.
async fn dies(work: impl Future<Output = Result<Answer, Error>>) {
    let result = tokio::time::timeout(Duration::from_secs(1), work).await;
    assert!(result.is_err(), "it was to die before: {result:?}");
}

fn is_note(step: &Step) -> bool {
    matches!(step, Step::Note { .. })
}

fn is_end(step: &Step) -> bool {
    matches!(step, Step::Conclude { .. })
}

fn is_begin(step: &Step) -> bool {
    matches!(step, Step::Begin { .. })
}

async fn settled(process: &Process, reference: &str) -> State {
    let report = process.settle().await;
    assert_eq!(report.found.len(), 1, "{report:?}");
    process.intent(reference).await.state
}

#[tokio::test(start_paused = true)]
async fn who_dies_before_anything_was_sent_did_nothing() {
    for (mood, gateway) in [
        (Mood::HangsAfter(is_begin), "coolpay"),
        (Mood::Hangs(is_note), "coolpay"),
        // Also where the provider cannot be asked: nothing was recorded, so nothing was sent.
        (Mood::Hangs(is_note), "opp-v3"),
    ] {
        let desk = Desk::new(gateway);
        desk.store.is(mood);
        dies(desk.process().gateway.sale(desk.charge_for("order1001a1", "1001"))).await;
        desk.store.is(Mood::Well);
        let next = desk.process();
        let requests = desk.stand.provider.count();
        assert!(next.settle().await.found.is_empty(), "its lease still lasts");
        wait(LEASE).await;
        assert_eq!(settled(&next, "order1001a1").await, State::Failed);
        assert_eq!(desk.stand.provider.count(), requests, "there was nothing to ask about");
        let answer = next.gateway.sale(desk.charge_for("order1001a1", "1001")).await.unwrap();
        assert!(answer.outcome.is_approved());
        assert_eq!(next.intent("order1001a1").await.attempt, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn who_dies_after_it_was_sent_did_it_once() {
    for gateway in ["coolpay", "opp-v1"] {
        for by_janitor in [true, false] {
            let desk = Desk::new(gateway);
            let process = desk.process();
            // The last request acts at once, and is answered when nobody is there any more.
            let skip = u32::from(gateway == "coolpay");
            desk.fault(skip, Fault::Delay(Duration::from_secs(30)));
            dies(process.gateway.sale(desk.charge_for("order1001a1", "1001"))).await;
            drop(process);
            wait(LEASE).await;
            let next = desk.process();
            if by_janitor {
                let state = settled(&next, "order1001a1").await;
                assert!(state == State::Done || state == State::Open, "{state}");
            }
            wait(SETTLED).await;
            let answer = next.gateway.sale(desk.charge_for("order1001a1", "1001")).await.unwrap();
            assert!(answer.outcome.is_approved(), "{gateway}: {answer:?}");
            assert_eq!(next.intent("order1001a1").await.state, State::Done);
            let moved: i64 = desk
                .booked()
                .iter()
                .filter(|booked| booked.kind == EntryKind::Capture)
                .map(|booked| booked.amount.minor())
                .sum();
            assert_eq!(moved, desk.stand.subject.amount.minor(), "{gateway}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_dies_between_outcome_and_record_is_asked_about() {
    for gateway in ["coolpay", "opp-v1"] {
        let desk = Desk::new(gateway);
        desk.store.is(Mood::Hangs(is_end));
        let process = desk.process();
        let dead = tokio::time::timeout(
            Duration::from_secs(20),
            process.gateway.sale(desk.charge("order1001a1")),
        );
        assert!(dead.await.is_err());
        desk.store.is(Mood::Well);
        wait(LEASE).await;
        let next = desk.process();
        assert_eq!(settled(&next, "order1001a1").await, State::Done, "{gateway}");
        assert_eq!(desk.count(EntryKind::Capture), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_cannot_be_written_is_returned_and_found_again() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    desk.store.is(Mood::NoOutcomes);
    let answer = process.gateway.sale(desk.charge("a001")).await.unwrap();
    assert!(answer.outcome.is_approved() && answer.unrecorded);
    assert!(serde_json::to_string(&answer).unwrap().contains("\"unrecorded\":true"));
    assert_eq!(process.intent("a001").await.state, State::Open);
    // An error, too.
    for _ in 0..3 {
        desk.fault(0, Fault::Refuse);
    }
    let error = process.gateway.sale(desk.charge("a002")).await.unwrap_err();
    assert!(error.is_unrecorded() && error.fate() == Fate::NotDone, "{error}");
    desk.store.is(Mood::Well);
    // The same process asks at once: nothing in it works on the intent any more.
    let again = process.gateway.sale(desk.charge("a001")).await.unwrap();
    assert!(again.outcome.is_approved() && !again.unrecorded);
    wait(LEASE + SETTLED).await;
    process.settle().await;
    assert_eq!(process.intent("a001").await.state, State::Done);
    assert_eq!(process.intent("a002").await.state, State::Failed);
    assert_eq!(desk.count(EntryKind::Capture), 1);
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_nothing_is_sent() {
    let desk = Desk::new("coolpay");
    desk.store.is(Mood::Down);
    let process = desk.process();
    let error = process.gateway.sale(desk.charge("a001")).await.unwrap_err();
    assert_eq!((error.fate(), error.is_unrecorded()), (Fate::NotDone, false), "{error}");
    assert_eq!(desk.stand.provider.count(), 0);
}

/// What a restored journal is told of is in doubt from its first row on.
#[tokio::test(start_paused = true)]
async fn who_dies_while_it_remembers_leaves_a_doubt() {
    let desk = Desk::new("opp-v1");
    desk.store.is(Mood::HangsAfter(is_begin));
    let process = desk.process();
    let sale = Operation::Sale(Box::new(desk.charge_for("order1001a1", "1001")));
    let since = process.clock.now();
    let dead = tokio::time::timeout(Duration::from_secs(1), process.gateway.remember(&sale, since));
    assert!(dead.await.is_err());
    desk.store.is(Mood::Well);
    wait(LEASE).await;
    let next = desk.process();
    let requests = desk.stand.provider.count();
    assert_eq!(settled(&next, "order1001a1").await, State::Open);
    assert!(desk.stand.provider.count() > requests, "it was asked about");
    assert!(!next.intent("order1001a1").await.sent_nothing());
}

/// A process that is stopped after it kept what is needed to ask, and goes on when another one has taken the intent.
#[tokio::test(start_paused = true)]
async fn who_is_stopped_past_the_lease_sends_nothing() {
    let desk = Desk::new("coolpay");
    let (stopped, other) = (desk.process(), desk.process());
    // Nothing leaves at first, and the engine waits before it tries again. Then its clock is past the lease.
    desk.fault(1, Fault::Refuse);
    let sale = stopped.gateway.sale(desk.charge("a001"));
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        stopped.clock.jump(Duration::from_secs(LEASE));
        other.clock.jump(Duration::from_secs(LEASE));
        let report = other.settle().await;
        assert!(matches!(report.found.as_slice(), [Found::Open(_)]), "{report:?}");
    };
    let (result, ()) = tokio::join!(sale, meanwhile);
    let error = result.unwrap_err();
    assert_eq!(error.fate(), Fate::NotDone, "{error}");
    assert!(error.message().contains("may send is over"), "{error}");
    assert!(desk.booked().is_empty());
    // It could write no outcome any more: the one who has the intent finds it.
    assert!(error.is_unrecorded());
    assert_eq!(other.intent("a001").await.state, State::Open);
    wait(SETTLED).await;
    other.settle().await;
    assert_eq!(other.intent("a001").await.state, State::Failed);
}

/// The same, but stopped before it could keep anything: the other one concludes that nothing was sent, and the store refuses the first.
#[tokio::test(start_paused = true)]
async fn who_lost_the_lease_keeps_nothing_and_sends_nothing() {
    let desk = Desk::new("coolpay");
    let (stopped, other) = (desk.process(), desk.process());
    desk.store.is(Mood::Waits(is_note, Duration::from_secs(5)));
    let sale = stopped.gateway.sale(desk.charge("a001"));
    let meanwhile = async {
        wait(1).await;
        other.clock.jump(Duration::from_secs(LEASE));
        assert_eq!(settled(&other, "a001").await, State::Failed);
    };
    let (result, ()) = tokio::join!(sale, meanwhile);
    let error = result.unwrap_err();
    assert_eq!(error.fate(), Fate::NotDone, "{error}");
    assert!(desk.booked().is_empty());
    assert_eq!(other.intent("a001").await.state, State::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_taken_over_at_once_by_its_own_process_only() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    desk.fault(1, Fault::Delay(Duration::from_secs(30)));
    dies(process.gateway.sale(desk.charge("a001"))).await;
    let other = desk.process();
    let begin = tokio::time::Instant::now();
    let error = other.gateway.sale(desk.charge("a001")).await.unwrap_err();
    assert_eq!(
        (error.fate(), begin.elapsed().as_secs() >= 59),
        (Fate::Unknown, true),
        "{error}"
    );
    assert!(error.unresolved().is_some());
    let begin = tokio::time::Instant::now();
    let _ = process.gateway.sale(desk.charge("a001")).await;
    assert!(begin.elapsed() < Duration::from_secs(20));
    assert_ne!(process.intent("a001").await.generation, 1);
    assert!(desk.count(EntryKind::Authorize) <= 1);
}

/// One capture on record, one sent by a process that died, one made in the provider's back office: nobody can tell the last two apart.
#[tokio::test(start_paused = true)]
async fn more_equal_captures_than_were_asked_for_are_for_a_person() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    let held = process
        .gateway
        .authorize(desk.charge("a001"))
        .await
        .unwrap()
        .payment
        .reference;
    process.gateway.capture(desk.capture(&held, "c001")).await.unwrap();
    // It is read first, then captured.
    desk.fault(1, Fault::Delay(Duration::from_secs(30)));
    dies(process.gateway.capture(desk.capture(&held, "c002"))).await;
    assert_eq!(desk.count(EntryKind::Capture), 2);
    drop(process);
    let (now, quarter) = (desk.stand.provider.now(), desk.quarter().minor());
    let by_hand = {
        let mut host = desk.stand.provider.host();
        let coolpay = host.provider_as::<CoolPay>().unwrap();
        coolpay.capture_in_back_office(now, held.id(), quarter)
    };
    assert!(by_hand.is_some());
    wait(LEASE + SETTLED).await;
    let next = desk.process();
    for _ in 0..8 {
        next.settle().await;
        wait(22_000).await;
    }
    let intent = next.intent("c002").await;
    assert_eq!(intent.state, State::Open, "{}", intent.said);
    assert!(intent.remark.is_some(), "a person is called");
    // Until he has looked, nothing else is done to the payment.
    let error = next.gateway.capture(desk.capture(&held, "c003")).await.unwrap_err();
    assert!(error.message().contains("c002"), "{error}");
}

/// The same without the back office: what is new is the dead process's.
#[tokio::test(start_paused = true)]
async fn two_equal_captures_with_a_death_between_them_are_told_apart() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    let held = process
        .gateway
        .authorize(desk.charge("a001"))
        .await
        .unwrap()
        .payment
        .reference;
    desk.store.is(Mood::Hangs(is_end));
    let dead = process.gateway.capture(desk.capture(&held, "c001"));
    assert!(tokio::time::timeout(Duration::from_secs(30), dead).await.is_err());
    drop(process);
    desk.store.is(Mood::Well);
    wait(LEASE).await;
    let next = desk.process();
    // The second one asks about the first by itself.
    let second = next.gateway.capture(desk.capture(&held, "c002")).await.unwrap();
    assert!(second.outcome.is_approved());
    let (first, second) = (next.intent("c001").await, next.intent("c002").await);
    assert_eq!((first.state, second.state), (State::Done, State::Done));
    assert!(first.entries.len() == 1 && second.entries.len() == 1 && first.entries != second.entries);
    assert_eq!(desk.count(EntryKind::Capture), 2);
}

/// Where the provider refuses a second payment of one reference, the same reference finishes what a dead process began.
#[tokio::test(start_paused = true)]
async fn a_sale_that_was_only_authorized_is_finished_under_its_reference() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    // Made, authorized, and the capture never arrives.
    desk.fault(2, Fault::Stuck);
    let dead = process.gateway.sale(desk.charge_for("a001", "1001"));
    assert!(tokio::time::timeout(Duration::from_secs(30), dead).await.is_err());
    drop(process);
    wait(LEASE + SETTLED).await;
    let next = desk.process();
    let answer = next.gateway.sale(desk.charge_for("a001", "1001")).await.unwrap();
    assert!(answer.outcome.is_approved(), "{answer:?}");
    assert_eq!(
        (desk.count(EntryKind::Authorize), desk.count(EntryKind::Capture)),
        (1, 1)
    );
    assert_eq!(next.intent("a001").await.state, State::Done);
}

#[tokio::test(start_paused = true)]
async fn a_completion_goes_by_the_record() {
    let desk = Desk::new("qolo");
    let process = desk.process();
    let (from, to) = desk.stand.subject.accounts.clone().unwrap();
    let transfer = Transfer::new(common::name("order1001t1"), desk.stand.subject.amount, from, to);
    let operation = Operation::Transfer(transfer.clone());
    for _ in 0..3 {
        // The login comes first.
        desk.fault(1, Fault::ResetBefore);
    }
    let error = process.gateway.transfer(transfer.clone()).await.unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown, "{error}");
    let open = error.unresolved().unwrap().clone();
    // The record knows the first use of the key, whatever the caller says.
    wait(25 * 3600).await;
    let mut younger = open.clone();
    younger.first_sent = Some(desk.stand.provider.now());
    let error = process.gateway.complete(younger, operation.clone()).await.unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    assert!(desk.booked().is_empty(), "the key has ended: {error}");

    let desk = Desk::new("qolo");
    let process = desk.process();
    for _ in 0..3 {
        // The login comes first.
        desk.fault(1, Fault::ResetBefore);
    }
    let error = process.gateway.transfer(transfer.clone()).await.unwrap_err();
    let open = error.unresolved().unwrap().clone();
    let done = desk
        .process()
        .gateway
        .complete(open.clone(), operation.clone())
        .await
        .unwrap();
    assert_eq!(process.intent("order1001t1").await.open.first_sent, open.first_sent);
    assert_ne!(process.intent("order1001t1").await.state, State::Open);
    // Again: from the record.
    let requests = desk.stand.provider.count();
    let again = process.gateway.complete(open, operation).await.unwrap();
    assert_eq!(again.payment.reference, done.payment.reference);
    let booked = desk.count(EntryKind::Transfer);
    assert!(booked <= 1 && desk.stand.provider.count() <= requests + 2, "{booked}");
}

#[tokio::test(start_paused = true)]
async fn only_one_janitor_asks() {
    let desk = Desk::new("coolpay");
    desk.fault(1, Fault::Delay(Duration::from_secs(30)));
    dies(desk.process().gateway.sale(desk.charge("a001"))).await;
    wait(LEASE).await;
    let (one, two) = (desk.process(), desk.process());
    desk.fault(0, Fault::Delay(Duration::from_secs(5)));
    let (first, second) = tokio::join!(one.settle(), two.settle());
    let asked = |report: &paymux_journal::Report| {
        let elsewhere = |found: &&Found| !matches!(found, Found::Elsewhere(_));
        report.found.iter().filter(elsewhere).count()
    };
    assert_eq!(asked(&first) + asked(&second), 1, "{first:?} {second:?}");
}
