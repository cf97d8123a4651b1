//! How many questions of the janitor are under way at once, and which parked events have their turn.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Desk, Mood, wait};
use paymux::{
    Answer, Capabilities, Clock as _, Delivery, Error, Event, Gateway, MethodQuery, Operation, PaymentGateway,
    PaymentMethod, WebhookError, async_trait,
};
use paymux_journal::{Settings, Step};
use tokio::task::JoinSet;

/// Counts how many questions are under way, each of which takes a second longer.
#[derive(Debug)]
struct Counting {
    gateway: Gateway,
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl PaymentGateway for Counting {
    fn name(&self) -> &str {
        self.gateway.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.gateway.capabilities()
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        wait(1).await;
        let result = self.gateway.execute(operation).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        result
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.gateway.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.gateway.receive(delivery)
    }
}

#[tokio::test(start_paused = true)]
async fn the_janitor_asks_about_as_many_at_once_as_it_is_told_to() {
    const OPEN: usize = 20;
    // None at once would settle nothing.
    for (questions, most) in [(0, 1), (1, 1), (7, 7), (1000, OPEN)] {
        let desk = Desk::new("opp-v1");
        let dead = desk.process();
        desk.store
            .is(Mood::HangsAfter(|step| matches!(step, Step::Note { .. })));
        let mut sales = JoinSet::new();
        for number in 0..OPEN {
            let (gateway, charge) = (Arc::clone(&dead.gateway), desk.charge(&format!("order{number}a1")));
            sales.spawn(async move { gateway.sale(charge).await });
        }
        wait(1).await;
        sales.shutdown().await;
        desk.store.is(Mood::Well);
        wait(600).await;
        let mut settings = Settings::default();
        settings.questions = questions;
        let next = desk.process_with(settings);
        let counting = Arc::new(Counting {
            gateway: next.bare.clone(),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        });
        let gateway: Arc<dyn PaymentGateway> = Arc::<Counting>::clone(&counting);
        let report = next.journal.settle::<[_]>(&[gateway]).await.unwrap();
        assert_eq!(report.found.len(), OPEN, "{questions}");
        assert_eq!(counting.most.load(Ordering::SeqCst), most, "{questions}");
    }
}

/// The events of another system on the account, of which nothing is known here, do not keep the others from their turn.
#[tokio::test(start_paused = true)]
async fn every_parked_event_has_its_turn() {
    const FOREIGN: usize = 300;
    let desk = Desk::new("coolpay");
    let process = desk.process();
    process.gateway.sale(desk.charge("a001")).await.unwrap();
    let (gateway, capabilities) = (process.gateway.name(), process.gateway.capabilities());
    let names = (0..FOREIGN).map(|number| format!("theirs{number}"));
    for reference in names.chain(["a001".to_owned()]) {
        let parked = serde_json::json!({
            "gateway": gateway,
            "provider": capabilities.provider,
            "account": capabilities.account,
            "payment": null,
            "reference": &reference,
            "reported": "",
            "deduplication_key": &reference,
            "at": process.clock.now(),
        });
        let parked = serde_json::from_value(parked).unwrap();
        process.journal.store().apply(&Step::Park { parked }).await.unwrap();
    }
    let (first, second) = (process.settle().await, process.settle().await);
    assert_eq!((first.met, first.parked), (0, 256));
    assert_eq!((second.met, second.parked), (1, FOREIGN - 256));
    let left = process.journal.store().parked(1000).await.unwrap();
    assert!(left.len() == FOREIGN && left.iter().all(|event| event.deduplication_key != "a001"));
    // And from the oldest one again.
    assert_eq!(process.settle().await.parked, 256);
}
