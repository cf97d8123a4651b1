//! Webhooks meet the journal.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Desk, Mood, Process, name, wait};
use jiff::Timestamp;
use paymux::webhooks::{Inbox, SeenEvents as _};
use paymux::{Checkout, Delivery, EntryKind, Outcome, PaymentGateway as _, PaymentState, Refund};
use paymux_conformance::{End, Fault};
use paymux_journal::{Absorbed, Change, Prune, State, Step, Verdict, What};

impl Desk {
    /// What the provider wants delivered by now.
    fn deliveries(&self) -> Vec<Delivery> {
        let webhooks = self.stand.provider.webhooks();
        webhooks
            .into_iter()
            .map(|webhook| Delivery::from(webhook.request))
            .collect()
    }

    fn page(&self, reference: &str) -> Checkout {
        let mut checkout = Checkout::new(name(reference), self.stand.subject.amount);
        (self.stand.subject.complete)(&mut checkout.charge);
        checkout.charge.order = Some("1001".to_owned());
        checkout.charge.urls.notify = Some("https://shop.example/hooks".to_owned());
        checkout
    }
}

async fn absorb(process: &Process, delivery: &Delivery) -> Absorbed {
    let event = process.gateway.receive(delivery).unwrap();
    process.journal.absorb(process.gateway.as_ref(), &event).await.unwrap()
}

fn states(changes: &[Change]) -> Vec<String> {
    let of = |change: &Change| match &change.what {
        What::Intent { state, .. } => format!("intent {state}"),
        What::Payment { to, .. } => format!("payment {to}"),
        other => format!("{other:?}"),
    };
    changes.iter().map(of).collect()
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_paid_is_done_by_its_event() {
    for gateway in ["coolpay", "opp-v1", "carry1st"] {
        let desk = Desk::new(gateway);
        let process = desk.process();
        let answer = process.gateway.checkout(desk.page("order1001a1")).await.unwrap();
        assert!(matches!(answer.outcome, Outcome::ActionRequired(_)));
        assert_eq!(process.intent("order1001a1").await.state, State::Waiting);
        let since = process.journal.changes(0, 100).await.unwrap().last().unwrap().seq;
        assert!(desk.stand.subject.settle.settle(&answer, End::Approved).await);
        wait(120).await;
        let deliveries = desk.deliveries();
        assert!(!deliveries.is_empty(), "{gateway}");
        // Another process than the one that made the page, and each delivery twice.
        let other = desk.process();
        for delivery in deliveries.iter().chain(&deliveries) {
            absorb(&other, delivery).await;
            wait(60).await;
        }
        assert_eq!(process.intent("order1001a1").await.state, State::Done, "{gateway}");
        let changes = process.journal.changes(since, 100).await.unwrap();
        let done: Vec<_> = changes
            .iter()
            .filter(|change| matches!(change.what, What::Intent { state: State::Done, .. }))
            .collect();
        assert_eq!(done.len(), 1, "{gateway}: {:?}", states(&changes));
        assert_eq!(done[0].order.as_deref(), Some("1001"));
        let captured = |change: &&Change| {
            matches!(
                change.what,
                What::Payment {
                    to: PaymentState::Captured,
                    ..
                }
            )
        };
        assert_eq!(
            changes.iter().filter(captured).count(),
            1,
            "{gateway}: {:?}",
            states(&changes)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_of_nobody_is_parked_until_its_payment_is_known() {
    let desk = Desk::new("coolpay");
    // Somebody without a journal makes it.
    let foreign = desk.stand.gateway();
    let mut charge = desk.charge_for("a001", "1001");
    charge.urls.notify = Some("https://shop.example/hooks".to_owned());
    foreign.sale(charge.clone()).await.unwrap();
    wait(120).await;
    let process = desk.process();
    let deliveries = desk.deliveries();
    assert!(!deliveries.is_empty());
    for delivery in &deliveries {
        let absorbed = absorb(&process, delivery).await;
        assert!(matches!(absorbed, Absorbed::Parked), "{absorbed:?}");
    }
    let parked = process.journal.store().parked(10).await.unwrap();
    assert!(!parked.is_empty() && parked.iter().all(|event| event.reference == Some(name("a001"))));
    let report = process.settle().await;
    assert_eq!((report.met, report.parked), (0, parked.len()), "still nobody's");
    // The payment gains its id here: the same reference finds it, and does not wait until it is the events' turn to be asked about.
    let began = tokio::time::Instant::now();
    let answer = process.gateway.sale(charge).await.unwrap();
    assert!(answer.outcome.is_approved());
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    wait(300).await;
    assert!(process.journal.store().parked(10).await.unwrap().is_empty());
    assert_eq!(desk.count(EntryKind::Capture), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_before_the_answer_is_left_to_the_call() {
    let desk = Desk::new("coolpay");
    let (one, two) = (desk.process(), desk.process());
    let mut charge = desk.charge_for("a001", "1001");
    charge.urls.notify = Some("https://shop.example/hooks".to_owned());
    // The last call of it acts at once, and is answered late.
    desk.fault(2, Fault::Delay(Duration::from_secs(20)));
    let sale = one.gateway.sale(charge);
    let event = async {
        wait(10).await;
        for delivery in desk.deliveries() {
            let absorbed = absorb(&two, &delivery).await;
            assert!(matches!(absorbed, Absorbed::Written(_)), "{absorbed:?}");
        }
        two.intent("a001").await
    };
    let (answer, meanwhile) = tokio::join!(sale, event);
    assert!(answer.unwrap().outcome.is_approved());
    assert_eq!(meanwhile.state, State::Open, "its holder concludes it");
    assert_eq!(one.intent("a001").await.state, State::Done);
    assert_eq!(desk.count(EntryKind::Capture), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pending_refund_is_settled_by_its_event() {
    let desk = Desk::new("carry1st");
    let process = desk.process();
    let answer = process.gateway.checkout(desk.page("order1001a1")).await.unwrap();
    assert!(desk.stand.subject.settle.settle(&answer, End::Approved).await);
    wait(120).await;
    for delivery in desk.deliveries() {
        absorb(&process, &delivery).await;
        wait(60).await;
    }
    let payment = process.intent("order1001a1").await.made.unwrap();
    let refund = Refund::new(payment, name("order1001r1"), desk.stand.subject.amount);
    let answer = process.gateway.refund(refund).await.unwrap();
    assert!(
        matches!(answer.outcome, Outcome::Pending | Outcome::Approved),
        "{answer:?}"
    );
    wait(3600).await;
    for delivery in desk.deliveries() {
        absorb(&process, &delivery).await;
        wait(60).await;
    }
    let intent = process.intent("order1001r1").await;
    assert!(matches!(intent.state, State::Done | State::Waiting), "{intent:?}");
}

/// The inbox with the journal as its memory and its handler: one process's deduplication is every process's.
#[tokio::test(start_paused = true)]
async fn an_inbox_works_on_the_journal() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    let answer = process.gateway.checkout(desk.page("a001")).await.unwrap();
    assert!(desk.stand.subject.settle.settle(&answer, End::Approved).await);
    wait(120).await;
    let line = desk.stand.line("coolpay");
    let gateways = || Arc::new(desk.stand.builder().from_uri(&line).unwrap());
    let other = desk.process();
    let inbox = |process: &Process| Inbox::new(gateways()).with_seen(Arc::new(process.journal.clone()));
    let handler = Arc::new(other.journal.clone());
    for delivery in desk.deliveries() {
        let told = inbox(&other).take("coolpay", delivery.clone(), &handler).await;
        assert_eq!(told.status, 200, "{told:?}");
        let event = process.gateway.receive(&delivery).unwrap();
        // Another account under the same name is another sender.
        let account = process.gateway.capabilities().account.as_str();
        let key = format!("{account}:{}", event.deduplication_key());
        assert!(process.journal.seen("coolpay", &key).await.unwrap());
        let again = inbox(&process).take("coolpay", delivery, &handler).await;
        assert_eq!(again.verdict, paymux::webhooks::Verdict::Seen);
        // Forgotten, it is handled once more, and changes nothing.
        let changes = process.journal.changes(0, 100).await.unwrap().len();
        let mut prune = Prune::default();
        prune.seen_before = Some(Timestamp::MAX);
        process.journal.prune(&prune).await.unwrap();
        assert!(!process.journal.seen("coolpay", &key).await.unwrap());
        process.journal.absorb(process.gateway.as_ref(), &event).await.unwrap();
        assert_eq!(process.journal.changes(0, 100).await.unwrap().len(), changes);
    }
    assert_eq!(process.intent("a001").await.state, State::Done);
}

/// A person was mistaken, or the provider later than it says: the order is not paid once more while a person looks.
#[tokio::test(start_paused = true)]
async fn an_order_that_is_seen_paid_is_taken_whatever_the_record_says() {
    for paid_again in [false, true] {
        let desk = Desk::new("coolpay");
        desk.store.is(Mood::Hangs(|step| matches!(step, Step::Conclude { .. })));
        let mut charge = desk.charge_for("a001", "1001");
        charge.urls.notify = Some("https://shop.example/hooks".to_owned());
        let dead = desk.process();
        let sale = dead.gateway.sale(charge.clone());
        assert!(tokio::time::timeout(Duration::from_secs(20), sale).await.is_err());
        drop(dead);
        desk.store.is(Mood::Well);
        wait(200).await;
        let process = desk.process();
        let key = process.intent("a001").await.key;
        let looked = process.journal.decide(&key, Verdict::NotDone, "Ada looked").await;
        assert_eq!(looked.unwrap().state, State::Failed);
        if paid_again {
            process.gateway.sale(desk.charge_for("a002", "1001")).await.unwrap();
        }
        let captured = desk.count(EntryKind::Capture);
        for delivery in desk.deliveries() {
            absorb(&process, &delivery).await;
            wait(60).await;
        }
        let intent = process.intent("a001").await;
        assert!(
            intent.remark.as_ref().unwrap().contains("on record as failed"),
            "{intent:?}"
        );
        assert_eq!(intent.state, if paid_again { State::Failed } else { State::Done });
        let another = process.gateway.sale(desk.charge_for("a003", "1001")).await.unwrap_err();
        assert_eq!(another.field(), Some("order"), "{another}");
        let again = process.gateway.sale(charge).await;
        assert_eq!(again.is_ok(), !paid_again, "{again:?}");
        assert_eq!(desk.count(EntryKind::Capture), captured);
    }
}
