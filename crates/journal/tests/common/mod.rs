//! Processes of an application on one simulated provider and one store.
#![allow(dead_code, reason = "each test file uses its part of it")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use paymux::{Capture, Charge, Clock, Error, Gateway, Money, PaymentGateway, PaymentRef, Reference, async_trait};
use paymux_chaos::{Stand, stands};
use paymux_conformance::{Booked, Fault, Faults as _, InProcess, Truth as _};
use paymux_journal::{
    Change, Filter, Intent, IntentKey, Journal, Journaled, Known, Memory, Parked, PaymentKey, Ruling, Settings, Step,
    Store, StoreError,
};

/// The clock of a process: the provider's, and so much ahead.
#[derive(Debug)]
pub(crate) struct StandClock {
    provider: Arc<InProcess>,
    ahead: Mutex<Duration>,
}

impl Clock for StandClock {
    fn now(&self) -> Timestamp {
        self.provider.now().checked_add(*self.ahead.lock().unwrap()).unwrap()
    }
}

impl StandClock {
    /// As a process sees the time that was stopped for so long, its own waits not counted.
    pub(crate) fn jump(&self, time: Duration) {
        *self.ahead.lock().unwrap() += time;
    }
}

/// A provider and a store, which outlive the processes.
pub(crate) struct Desk {
    pub(crate) stand: Stand,
    pub(crate) store: Arc<Moody>,
}

/// One process.
pub(crate) struct Process {
    pub(crate) journal: Journal,
    pub(crate) gateway: Arc<Journaled<Gateway>>,
    /// The same gateway without the journal in front of it, which still records in it.
    pub(crate) bare: Gateway,
    pub(crate) clock: Arc<StandClock>,
}

impl Desk {
    pub(crate) fn new(name: &str) -> Self {
        Self::on(stands::named(name), Arc::new(Memory::new()))
    }

    pub(crate) fn on(stand: Stand, store: Arc<dyn Store>) -> Self {
        let store = Arc::new(Moody {
            store,
            mood: Mutex::new(Mood::Well),
            steps: AtomicU32::new(0),
        });
        Self { stand, store }
    }

    /// A process that has just started.
    pub(crate) fn process(&self) -> Process {
        self.process_with(Settings::default())
    }

    pub(crate) fn process_with(&self, settings: Settings) -> Process {
        let clock = Arc::new(StandClock {
            provider: self.stand.provider.clone(),
            ahead: Mutex::default(),
        });
        let journal = Journal::with(self.store.clone(), clock.clone(), settings);
        let builder = self.stand.builder().recorder(journal.recorder());
        let gateway = self.stand.gateway_of(builder);
        Process {
            gateway: Arc::new(journal.wrap(gateway.clone()).unwrap()),
            journal,
            bare: gateway,
            clock,
        }
    }

    /// What the provider booked.
    pub(crate) fn booked(&self) -> Vec<Booked> {
        self.stand.provider.all()
    }

    pub(crate) fn count(&self, kind: paymux::EntryKind) -> usize {
        self.booked().iter().filter(|booked| booked.kind == kind).count()
    }

    /// The next request after so many meets this.
    pub(crate) fn fault(&self, skip: u32, fault: Fault) {
        assert!(self.stand.provider.plan(skip, fault));
    }

    pub(crate) fn charge(&self, reference: &str) -> Charge {
        let subject = &self.stand.subject;
        let mut charge = Charge::new(name(reference), subject.amount, subject.approved.clone());
        (subject.complete)(&mut charge);
        charge
    }

    pub(crate) fn charge_for(&self, reference: &str, order: &str) -> Charge {
        let mut charge = self.charge(reference);
        charge.order = Some(order.to_owned());
        charge
    }

    /// A capture of a quarter.
    pub(crate) fn capture(&self, payment: &PaymentRef, reference: &str) -> Capture {
        Capture::new(payment.clone(), name(reference), self.quarter())
    }

    pub(crate) fn quarter(&self) -> Money {
        let whole = self.stand.subject.amount;
        Money::new(whole.minor() / 4, whole.currency())
    }
}

impl Process {
    pub(crate) async fn intent(&self, reference: &str) -> Intent {
        let key = IntentKey::of(self.gateway.capabilities(), &name(reference));
        let intent = self.journal.intent(&key).await.unwrap();
        intent.unwrap_or_else(|| panic!("no intent {reference}"))
    }

    /// Runs the janitor on this gateway.
    pub(crate) async fn settle(&self) -> paymux_journal::Report {
        let gateway: Arc<dyn PaymentGateway> = Arc::new(self.bare.clone());
        self.journal.settle::<[_]>(&[gateway]).await.unwrap()
    }
}

pub(crate) fn name(text: &str) -> Reference {
    text.parse().unwrap()
}

pub(crate) async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// A store with moods.
#[derive(Debug)]
pub(crate) struct Moody {
    store: Arc<dyn Store>,
    mood: Mutex<Mood>,
    steps: AtomicU32,
}

/// What it does to steps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    Well,
    /// It does not write what comes of operations.
    NoOutcomes,
    /// It writes nothing.
    Down,
    /// It takes for ever over these, before they are written.
    Hangs(fn(&Step) -> bool),
    /// It takes for ever over these, after they were written.
    HangsAfter(fn(&Step) -> bool),
    /// It takes so long over these, before they are written.
    Waits(fn(&Step) -> bool, Duration),
}

impl Moody {
    pub(crate) fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How many steps were applied.
    pub(crate) fn steps(&self) -> u32 {
        self.steps.load(Ordering::SeqCst)
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }
}

#[async_trait]
impl Store for Moody {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        match self.mood() {
            Mood::Down => return Err(StoreError::new("cannot be written", "it is down")),
            Mood::NoOutcomes if matches!(step, Step::Conclude { .. }) => {
                return Err(StoreError::new("cannot be written", "the disk is full"));
            }
            Mood::Hangs(on) if on(step) => std::future::pending().await,
            Mood::Waits(on, time) if on(step) => tokio::time::sleep(time).await,
            _ => {}
        }
        let ruling = self.store.apply(step).await;
        self.steps.fetch_add(1, Ordering::SeqCst);
        match self.mood() {
            Mood::HangsAfter(on) if on(step) => std::future::pending().await,
            _ => ruling,
        }
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        self.store.intent(key).await
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        self.store.intents(filter).await
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        self.store.payment(key).await
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.store.changes(since, limit).await
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.store.parked(limit).await
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        self.store.seen(gateway, key).await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}

/// The fate and the field of an error, for comparisons.
pub(crate) fn fate(error: &Error) -> (paymux::Fate, Option<&'static str>) {
    (error.fate(), error.field())
}
