//! What is asked about while it is in doubt.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Desk, Mood, name, wait};
use jiff::Span;
use paymux::{Fate, PaymentGateway as _};
use paymux_conformance::Fault;
use paymux_journal::{State, Step};

fn is_note(step: &Step) -> bool {
    matches!(step, Step::Note { .. })
}

/// What was kept of an earlier call tells nothing of one that is on its way.
#[tokio::test(start_paused = true)]
async fn what_another_one_works_on_is_in_doubt_whatever_the_caller_kept() {
    let desk = Desk::new("coolpay");
    let (one, two) = (desk.process(), desk.process());
    desk.store.is(Mood::Waits(is_note, Duration::from_secs(20)));
    let sale = one.gateway.sale(desk.charge("a001"));
    let meanwhile = async {
        wait(1).await;
        desk.store.is(Mood::Well);
        let mut old = two.intent("a001").await.open;
        old.last_sent = old.last_sent.checked_sub(Span::new().hours(1)).unwrap();
        for process in [&one, &two] {
            let error = process.gateway.resolve(old.clone()).await.unwrap_err();
            assert_eq!(error.fate(), Fate::Unknown, "{error}");
            assert!(
                error.unresolved().unwrap().last_sent > old.last_sent,
                "as the journal has it"
            );
        }
    };
    let (sold, ()) = tokio::join!(sale, meanwhile);
    assert!(sold.unwrap().outcome.is_approved());
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_is_answered_from_the_record() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    for _ in 0..3 {
        desk.fault(0, Fault::Refuse);
    }
    process.gateway.sale(desk.charge("a001")).await.unwrap_err();
    let paid = process.gateway.sale(desk.charge("a002")).await.unwrap();
    let requests = desk.stand.provider.count();
    let failed = process.intent("a001").await;
    let error = process.gateway.resolve(failed.open).await.unwrap_err();
    assert_eq!((failed.state, error.fate()), (State::Failed, Fate::NotDone), "{error}");
    let done = process.intent("a002").await;
    let found = process.gateway.resolve(done.open).await.unwrap();
    assert_eq!(found.payment.reference, paid.payment.reference);
    assert_eq!(desk.stand.provider.count(), requests);
}

#[tokio::test(start_paused = true)]
async fn what_the_journal_cannot_tell_is_in_doubt_and_what_it_does_not_know_is_asked_about() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    process.gateway.sale(desk.charge("a001")).await.unwrap();
    let mut open = process.intent("a001").await.open;
    desk.store.is(Mood::Down);
    let error = process.gateway.resolve(open.clone()).await.unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown, "{error}");
    assert_eq!(error.unresolved(), Some(&open));
    desk.store.is(Mood::Well);
    // Somebody without a journal makes it.
    let foreign = desk.stand.gateway().sale(desk.charge("a002")).await.unwrap();
    open.reference = Some(name("a002"));
    open.trail.clear();
    open.payment = None;
    let found = process.gateway.resolve(open).await.unwrap();
    assert_eq!(found.payment.reference, foreign.payment.reference);
}
