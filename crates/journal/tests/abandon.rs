//! Calls that their own process gives up, and walks through all that is kept.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Desk, Mood, name};
use jiff::Timestamp;
use paymux::{Charge, EntryKind, Operation, PaymentGateway as _, Source};
use paymux_chaos::stands;
use paymux_journal::store::Sqlite;
use paymux_journal::{Filter, Intent, Journal, Lease, Memory, State, Step, Store};

/// Gives a sale up after a second.
async fn given_up(desk: &Desk, process: &common::Process, operation: &Operation, mood: Mood) {
    desk.store.is(mood);
    let call = process.gateway.execute(operation);
    tokio::time::timeout(Duration::from_secs(1), call).await.unwrap_err();
    desk.store.is(Mood::Well);
}

#[tokio::test(start_paused = true)]
async fn what_had_not_sent_did_nothing_and_is_done_by_the_next_call_at_once() {
    let desk = Desk::new("coolpay");
    let (process, other) = (desk.process(), desk.process());
    let sale = Operation::Sale(Box::new(desk.charge_for("order1001a1", "order1001")));
    given_up(
        &desk,
        &process,
        &sale,
        Mood::Hangs(|step| matches!(step, Step::Note { .. })),
    )
    .await;
    let before = other.gateway.abandon(&sale).await.unwrap().unwrap();
    assert!(before.lease.is_some(), "what another process holds is left alone");
    let left = process.gateway.abandon(&sale).await.unwrap().unwrap();
    assert_eq!((left.state, &left.lease), (State::Failed, &None));
    assert!(desk.booked().is_empty());
    let clock = tokio::time::Instant::now();
    assert!(other.gateway.execute(&sale).await.unwrap().outcome.is_approved());
    assert!(clock.elapsed() < Duration::from_secs(10), "nobody waited for a lease");
    assert_eq!(desk.count(EntryKind::Capture), 1);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_sent_is_in_doubt_and_found_by_the_next_call_at_once() {
    let desk = Desk::new("coolpay");
    let (process, other) = (desk.process(), desk.process());
    let sale = Operation::Sale(Box::new(desk.charge_for("order1001a1", "order1001")));
    given_up(
        &desk,
        &process,
        &sale,
        Mood::Hangs(|step| matches!(step, Step::Conclude { .. })),
    )
    .await;
    assert_eq!(desk.count(EntryKind::Capture), 1, "only the outcome is not written");
    let left = process.gateway.abandon(&sale).await.unwrap().unwrap();
    assert_eq!((left.state, &left.lease), (State::Open, &None));
    assert!(!left.sent_nothing() && left.due().is_some());
    let answer = other.gateway.execute(&sale).await.unwrap();
    assert!(answer.outcome.is_approved(), "{answer:?}");
    assert_eq!(desk.count(EntryKind::Capture), 1);
    let done = process.gateway.abandon(&sale).await.unwrap().unwrap();
    assert_eq!(done.state, State::Done, "what has an end keeps it");
}

#[tokio::test]
async fn a_walk_comes_by_everything_once_in_every_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = Sqlite::open(folder.path().join("journal.db")).await.unwrap();
    let stores: [Arc<dyn Store>; 2] = [Arc::new(Memory::new()), Arc::new(file)];
    let gateway = stands::named("coolpay").gateway();
    let now = Timestamp::UNIX_EPOCH;
    for store in stores {
        let mut names: Vec<_> = (0..7).rev().map(|number| format!("reference-{number}")).collect();
        for text in &names {
            let charge = Charge::new(name(text), "1.00 DKK".parse().unwrap(), Source::Hosted);
            let sale = Operation::Sale(Box::new(charge));
            let mut intent = Intent::new("coolpay", gateway.capabilities(), &sale, now).unwrap();
            intent.lease = Some(Lease::new("p", now, true));
            let skew = Duration::ZERO;
            let intent = Box::new(intent);
            store
                .apply(&Step::Begin {
                    intent,
                    now,
                    skew,
                    anew: true,
                })
                .await
                .unwrap();
        }
        names.sort();
        let journal = Journal::new(store.clone());
        let (mut walked, mut after) = (Vec::new(), None);
        loop {
            let page = journal.walk(after.as_ref(), 3).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= 3);
            after = Some(last.key.clone());
            walked.extend(page.iter().map(|intent| intent.key.reference.to_string()));
        }
        assert_eq!(walked, names, "{store:?}");
        let named = store.intents(&Filter::named(name("reference-3"))).await.unwrap();
        assert_eq!(named.len(), 1, "{store:?}");
        assert_eq!(named[0].key.reference, name("reference-3"));
    }
}
