//! What `docs/fleet.md` says of a journal that is restored to an older state, and of a deploy in which old and new processes share one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod remembered;
mod restored;
mod rolling;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use paymux::{
    Answer, Capture, Charge, Checkout, EntryKind, Error, Gateway, Money, PaymentGateway, Reference, Refund, async_trait,
};
use paymux_chaos::{Stand, stands};
use paymux_conformance::Truth as _;
use paymux_journal::{
    Change, Filter, Intent, IntentKey, Journal, Journaled, Known, Memory, Parked, PaymentKey, Report, Ruling, Settings,
    Step, Store, StoreError,
};

/// Longer than a lease and the difference of clocks.
const LEASE: u64 = 160;
/// Longer than anything is booked late.
const SETTLED: u64 = 600;

/// A provider, and the store of a fleet's journal.
struct Fleet {
    stand: Stand,
    store: Arc<Restorable>,
}

/// One process of it.
struct Process {
    journal: Journal,
    gateway: Journaled<Gateway>,
    bare: Arc<dyn PaymentGateway>,
}

impl Fleet {
    fn new(name: &str) -> Self {
        Self {
            stand: stands::named(name),
            store: Arc::default(),
        }
    }

    /// One whose journal was restored to the state before the refund `order1001r1` of the sale that it gives.
    async fn that_forgot_a_refund(gateway: &str) -> (Self, Answer) {
        let fleet = Self::new(gateway);
        let before = fleet.process();
        let paid = before.gateway.sale(fleet.charge("order1001a1")).await.unwrap();
        wait(SETTLED).await;
        let backup = fleet.store.backup();
        before.refund(&paid, "order1001r1").await.unwrap();
        wait(SETTLED).await;
        fleet.store.restore(backup).await;
        (fleet, paid)
    }

    /// A process that has just started.
    fn process(&self) -> Process {
        self.process_with(Settings::default(), &[])
    }

    /// A process with other times, and other keys in its configuration.
    fn process_with(&self, settings: Settings, keys: &[(&str, &str)]) -> Process {
        let journal = Journal::with(self.store.clone(), self.stand.clock(), settings);
        let own = self.stand.keys.iter().map(|(key, value)| (*key, value.as_str()));
        let pairs: BTreeMap<&str, &str> = own.chain([("mode", "test")]).chain(keys.iter().copied()).collect();
        let pairs = pairs.into_iter().map(|(key, value)| (format!("cards.{key}"), value));
        let builder = self.stand.builder().recorder(journal.recorder());
        let gateway = builder.from_pairs(pairs).unwrap().gateway("cards").unwrap();
        Process {
            gateway: journal.wrap(gateway.clone()).unwrap(),
            bare: Arc::new(gateway),
            journal,
        }
    }

    fn charge(&self, reference: &str) -> Charge {
        let subject = &self.stand.subject;
        let mut charge = Charge::new(name(reference), subject.amount, subject.approved.clone());
        (subject.complete)(&mut charge);
        charge
    }

    fn charge_for(&self, reference: &str, order: &str) -> Charge {
        let mut charge = self.charge(reference);
        charge.order = Some(order.to_owned());
        charge
    }

    fn page(&self, reference: &str, order: &str) -> Checkout {
        let mut checkout = Checkout::new(name(reference), self.stand.subject.amount);
        (self.stand.subject.complete)(&mut checkout.charge);
        checkout.charge.order = Some(order.to_owned());
        checkout
    }

    /// How often the provider booked this.
    fn count(&self, kind: EntryKind) -> usize {
        let booked = self.stand.provider.all();
        booked.iter().filter(|booked| booked.kind == kind).count()
    }

    /// How many requests were made of the provider.
    fn requests(&self) -> usize {
        self.stand.provider.count()
    }
}

impl Process {
    async fn intent(&self, reference: &str) -> Option<Intent> {
        let key = IntentKey::of(self.gateway.capabilities(), &name(reference));
        self.journal.intent(&key).await.unwrap()
    }

    /// Runs the janitor.
    async fn settle(&self) -> Report {
        self.journal.settle(std::slice::from_ref(&self.bare)).await.unwrap()
    }

    /// Gives a quarter of a payment back.
    async fn refund(&self, paid: &Answer, reference: &str) -> Result<Answer, Error> {
        self.gateway.refund(quarter_back(paid, reference)).await
    }

    /// Takes a quarter of what is held.
    async fn capture(&self, held: &Answer, reference: &str) -> Result<Answer, Error> {
        let capture = Capture::new(held.payment.reference.clone(), name(reference), quarter(held));
        self.gateway.capture(capture).await
    }
}

fn quarter_back(paid: &Answer, reference: &str) -> Refund {
    Refund::new(paid.payment.reference.clone(), name(reference), quarter(paid))
}

fn quarter(answer: &Answer) -> Money {
    let whole = answer.payment.amount.unwrap();
    Money::new(whole.minor() / 4, whole.currency())
}

fn name(text: &str) -> Reference {
    text.parse().unwrap()
}

async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// A process that dies a second after it began this.
async fn dies(work: impl Future<Output = Result<Answer, Error>>) {
    let result = tokio::time::timeout(Duration::from_secs(1), work).await;
    assert!(result.is_err(), "it was to die before: {result:?}");
}

/// A store that can be put back to how it stood.
#[derive(Debug, Default)]
struct Restorable {
    memory: Mutex<Arc<Memory>>,
    /// All that was done to it.
    steps: Mutex<Vec<Step>>,
}

impl Restorable {
    /// A backup: how many steps are in it.
    fn backup(&self) -> usize {
        self.steps.lock().unwrap().len()
    }

    /// The backup that holds the beginning of the first operation, and not that anything of it was about to be sent.
    fn backup_at_the_beginning(&self) -> usize {
        let steps = self.steps.lock().unwrap();
        let first = steps.iter().position(|step| matches!(step, Step::Begin { .. }));
        first.unwrap() + 1
    }

    /// The backup that holds the last record that was kept before a request, and not what came of it.
    fn backup_in_flight(&self) -> usize {
        let steps = self.steps.lock().unwrap();
        let last = steps.iter().rposition(|step| matches!(step, Step::Note { .. }));
        last.unwrap() + 1
    }

    async fn restore(&self, backup: usize) {
        let steps: Vec<Step> = self.steps.lock().unwrap().drain(..).take(backup).collect();
        let memory = Memory::new();
        for step in &steps {
            memory.apply(step).await.unwrap();
        }
        *self.steps.lock().unwrap() = steps;
        *self.memory.lock().unwrap() = Arc::new(memory);
    }

    fn memory(&self) -> Arc<Memory> {
        self.memory.lock().unwrap().clone()
    }
}

#[async_trait]
impl Store for Restorable {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        let ruling = self.memory().apply(step).await;
        self.steps.lock().unwrap().push(step.clone());
        ruling
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        self.memory().intent(key).await
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        self.memory().intents(filter).await
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        self.memory().payment(key).await
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.memory().changes(since, limit).await
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.memory().parked(limit).await
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        self.memory().seen(gateway, key).await
    }
}
