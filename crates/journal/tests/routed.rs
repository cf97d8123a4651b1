//! The gateways of a router share their references: under one, one attempt at a time, over all accounts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use common::{Desk, fate};
use paymux::{EntryKind, Error, Fate, Gateway, PaymentGateway as _};
use paymux_chaos::stands;
use paymux_conformance::{Fault, Faults as _};
use paymux_journal::{Filter, Journal, Journaled, Memory, State, Store, order_of};

/// Two providers, and a process that has both over one journal.
struct Two {
    desks: [Desk; 2],
    store: Arc<dyn Store>,
}

impl Two {
    fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let desk = |name| Desk::on(stands::named(name), store.clone());
        Self {
            desks: [desk("coolpay"), desk("opp-v1")],
            store,
        }
    }

    fn gateways(&self) -> [Journaled<Gateway>; 2] {
        let journal = Journal::new(self.store.clone());
        [0, 1].map(|number| {
            let stand = &self.desks[number].stand;
            let builder = stand.builder().recorder(journal.recorder());
            journal.wrap(stand.gateway_of(builder)).unwrap()
        })
    }

    fn taken(&self) -> [usize; 2] {
        [0, 1].map(|number| self.desks[number].count(EntryKind::Capture))
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_order_the_reference_stands_for_it() {
    let two = Two::new();
    let [a, b] = two.gateways().map(Journaled::routed);
    let [first, second] = [0, 1].map(|number| two.desks[number].charge("order1001a1"));
    a.sale(first.clone()).await.unwrap();
    let refused = b.sale(second.clone()).await.unwrap_err();
    assert_eq!(fate(&refused), (Fate::NotDone, Some("order")), "{refused}");
    let text = refused.message();
    assert!(
        text.contains("is taken by reference order1001a1 on gateway coolpay"),
        "{text}"
    );
    assert_eq!(two.taken(), [1, 0]);
    // What is found by the order that the reference stands for, is both of one order.
    let mut filter = Filter::default();
    filter.order = Some(order_of(&first.reference));
    let legs = a.journal().intents(&filter).await.unwrap();
    assert_eq!((legs.len(), legs[0].state), (1, State::Done));
    // Without a router, one reference at two accounts is two.
    let [a, b] = Two::new().gateways();
    a.sale(first).await.unwrap();
    b.sale(second).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_two_processes_at_once_one_begins() {
    let two = Two::new();
    let ([a, _], [_, b]) = (two.gateways(), two.gateways());
    let (a, b) = (a.routed(), b.routed());
    let [first, second] = [0, 1].map(|number| two.desks[number].charge("order1001a1"));
    let (one, other) = tokio::join!(a.sale(first), b.sale(second));
    let refused = one.as_ref().err().or(other.as_ref().err()).unwrap();
    assert_eq!(fate(refused), (Fate::NotDone, Some("order")), "{refused}");
    assert_eq!(two.taken().iter().sum::<usize>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_did_nothing_is_free_for_another() {
    let two = Two::new();
    let [a, b] = two.gateways().map(Journaled::routed);
    let [first, second] = [0, 1].map(|number| two.desks[number].charge("order1001a1"));
    (0..9).for_each(|_| two.desks[0].fault(0, Fault::Refuse));
    let failed = a.sale(first.clone()).await.unwrap_err();
    assert_eq!(failed.fate(), Fate::NotDone, "{failed}");
    b.sale(second).await.unwrap();
    two.desks[0].stand.provider.clear();
    let refused = a.sale(first).await.unwrap_err();
    assert_eq!(fate(&refused), (Fate::NotDone, Some("order")), "{refused}");
    assert_eq!(two.taken(), [0, 1]);
}

/// Who waits for a call that does nothing goes back to the router: meanwhile that call may have gone on to another gateway, and been declined there for good.
#[tokio::test(start_paused = true)]
async fn who_waited_for_what_did_nothing_sends_nothing() {
    let two = Two::new();
    let [one, twin] = [two.gateways(), two.gateways()].map(|[a, _]| a.routed());
    let charge = two.desks[0].charge("order1001a1");
    (0..9).for_each(|_| two.desks[0].fault(0, Fault::Refuse));
    let (first, second) = tokio::join!(one.sale(charge.clone()), async {
        let waited = twin.sale(charge.clone());
        let clear = async {
            let is_over =
                |intents: Vec<paymux_journal::Intent>| intents.first().is_some_and(|one| one.state != State::Open);
            while !is_over(one.journal().intents(&Filter::default()).await.unwrap()) {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            // The provider is back by the time that the second one could send.
            two.desks[0].stand.provider.clear();
        };
        tokio::join!(waited, clear).0
    });
    let errors = [first.unwrap_err(), second.unwrap_err()];
    assert_eq!(errors.each_ref().map(Error::fate), [Fate::NotDone; 2]);
    // Whichever came second.
    let waited = |error: &&Error| error.message().contains("this one waited for it");
    assert_eq!(errors.iter().filter(waited).count(), 1, "{errors:?}");
    // Only of that one does what this one did say nothing.
    assert!(
        errors.iter().all(|error| error.is_beside_another() == waited(&error)),
        "{errors:?}"
    );
    assert_eq!(two.taken(), [0, 0]);
    // Later it may be made again.
    assert!(twin.sale(charge).await.unwrap().outcome.is_approved());
    assert_eq!(two.taken(), [1, 0]);
}

/// What follows on a payment has nowhere else to go: who waited makes it.
#[tokio::test(start_paused = true)]
async fn who_waited_for_a_capture_that_did_nothing_makes_it() {
    let two = Two::new();
    let [one, twin] = [two.gateways(), two.gateways()].map(|[a, _]| a.routed());
    let held = one.authorize(two.desks[0].charge("order1001a1")).await.unwrap();
    let capture = two.desks[0].capture(&held.payment.reference, "capture001");
    (0..9).for_each(|_| two.desks[0].fault(0, Fault::Refuse));
    let waits = async {
        let waited = twin.capture(capture.clone());
        let clear = async {
            let is_over = |intents: Vec<paymux_journal::Intent>| intents.iter().any(|one| one.state == State::Failed);
            while !is_over(one.journal().intents(&Filter::default()).await.unwrap()) {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            two.desks[0].stand.provider.clear();
        };
        tokio::join!(waited, clear).0
    };
    let (first, second) = tokio::join!(one.capture(capture.clone()), waits);
    let done = [first, second].into_iter().filter(Result::is_ok).count();
    assert_eq!((done, two.taken()), (1, [1, 0]));
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_before_there_was_a_router_is_the_same_with_one() {
    let two = Two::new();
    let [direct, _] = two.gateways();
    let charge = two.desks[0].charge("order1001a1");
    direct.sale(charge.clone()).await.unwrap();
    let [routed, _] = two.gateways().map(Journaled::routed);
    assert!(routed.sale(charge).await.unwrap().outcome.is_approved());
    assert_eq!(two.taken(), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_a_name_of_the_callers_own() {
    let two = Two::new();
    let [gateway, _] = two.gateways();
    for order in ["", "  ", "reference:order1001a1"] {
        let mut charge = two.desks[0].charge("order1001a1");
        charge.order = Some(order.to_owned());
        let refused = gateway.sale(charge).await.unwrap_err();
        assert_eq!(fate(&refused), (Fate::NotDone, Some("order")), "{refused}");
    }
    assert_eq!(two.taken(), [0, 0]);
    let intents = gateway.journal().intents(&Filter::default()).await.unwrap();
    assert!(intents.is_empty(), "{intents:?}");
}
