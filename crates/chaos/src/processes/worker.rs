//! What a worker does: it pays the orders that it is dealt, from their first step on, and keeps nothing but the journal.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use paymux::{
    Answer, Completion, Duplicates, EntryKind, Error, Fate, Gateways, Operation, Outcome, PaymentGateway, Policy,
};
use paymux_journal::{
    Change, Filter, Intent, IntentKey, Journal, Known, Parked, PaymentKey, Ruling, Step, Store, StoreError,
};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::task::JoinSet;

use super::order::{Order, Plan};
use super::providers::{self, Ahead};
use super::talk::{Heard, Told};
use crate::script::Deed;

/// What is changed about a worker, to see whether it is noticed.
#[derive(Clone, Copy, Debug)]
pub struct Hands {
    /// Another store in place of the one that it was told.
    pub store: fn(Arc<dyn Store>) -> Arc<dyn Store>,
    /// Another gateway in place of the journal's.
    pub gateway: fn(Arc<dyn PaymentGateway>) -> Arc<dyn PaymentGateway>,
}

impl Hands {
    /// Nothing is changed.
    #[must_use]
    pub const fn honest() -> Self {
        Self {
            store: |store| store,
            gateway: |gateway| gateway,
        }
    }
}

/// A worker's gateways over its journal.
#[derive(Debug)]
pub struct Worker {
    plan: Plan,
    journal: Journal,
    gateways: BTreeMap<String, Arc<dyn PaymentGateway>>,
}

/// Reads what it is told on standard input, pays what it is dealt there, and ends when nothing more comes.
///
/// # Errors
/// It is told nothing that it understands, or the journal cannot be opened.
pub async fn work(hands: Hands) -> Result<(), String> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let told = lines.next_line().await.ok().flatten().ok_or("nothing was told")?;
    let told: Told = serde_json::from_str(&told).map_err(|error| error.to_string())?;
    let worker = Arc::new(Worker::start(&told, hands).await?);
    say(&Heard::Ready);
    let mut tasks = JoinSet::new();
    while let Some(line) = lines.next_line().await.ok().flatten() {
        let Ok(number) = line.parse() else { continue };
        let worker = Arc::clone(&worker);
        tasks.spawn(async move {
            let ended = worker.pay(number).await;
            say(&Heard::Left(number, ended));
        });
    }
    tasks.join_all().await;
    Ok(())
}

/// How often a step that did nothing is tried again.
const TRIES: u32 = 3;
/// The pause before that.
const PAUSE: Duration = Duration::from_millis(50);

impl Worker {
    /// Opens the journal, and makes the gateways.
    ///
    /// # Errors
    /// The journal cannot be opened, or a configuration is refused.
    pub async fn start(told: &Told, hands: Hands) -> Result<Self, String> {
        let said = |error: StoreError| error.to_string();
        let store = Arc::clone(Journal::open(&told.journal).await.map_err(said)?.store());
        let store: Arc<dyn Store> = Arc::new(Telling((hands.store)(store)));
        let clock = Arc::new(Ahead::by(Duration::from_millis(told.ahead_ms)));
        let journal = Journal::with(store, clock.clone(), told.settings());
        let names: Vec<_> = told.gateways.iter().map(|(name, _)| name.clone()).collect();
        let plan = Plan::new(&told.run, told.seed, &names);
        let mut policy = Policy::default();
        policy.pause = Duration::from_millis(20);
        let builder = Gateways::builder()
            .recorder(journal.recorder())
            .policy(policy)
            .clock(clock);
        let made = providers::gateways(builder, plan.stands(), &told.gateways, told.timeout_secs());
        let made = made.map_err(|error| error.to_string())?;
        let mut gateways = BTreeMap::new();
        for name in names {
            let gateway = made.gateway(&name).and_then(|gateway| journal.wrap(gateway));
            let gateway = gateway.map_err(|error| error.to_string())?;
            gateways.insert(name, (hands.gateway)(Arc::new(gateway)));
        }
        Ok(Self {
            plan,
            journal,
            gateways,
        })
    }

    /// A gateway, over the journal.
    #[must_use]
    pub fn gateway(&self, name: &str) -> Option<&Arc<dyn PaymentGateway>> {
        self.gateways.get(name)
    }

    /// The journal.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Pays an order from its first step on: what is done is not done again. Whether it came to its end, or is to be tried again later.
    async fn pay(&self, number: u64) -> bool {
        let Some(order) = self.plan.order(number) else {
            return true;
        };
        let Some(gateway) = self.gateway(order.gateway) else {
            return true;
        };
        let (mut payment, mut capture) = (None, None);
        for (step, deed) in order.deeds.iter().enumerate() {
            let operation = self.plan.operation(&order, step, payment.as_ref(), capture.as_deref());
            let Some(operation) = operation else { return true };
            let answer = match self.carried_out(gateway.as_ref(), &order, step, &operation).await {
                Ended::Approved(answer) => answer,
                Ended::Refused => return true,
                Ended::Later => return false,
            };
            if matches!(deed, Deed::Capture(_)) {
                let mut entries = answer.payment.entries.iter();
                let last = entries.rfind(|entry| entry.kind == EntryKind::Capture);
                capture = last.and_then(|entry| entry.id.clone()).or(capture);
            }
            payment = payment.or(Some(answer.payment.reference));
        }
        true
    }

    async fn carried_out(
        &self,
        gateway: &dyn PaymentGateway,
        order: &Order,
        step: usize,
        operation: &Operation,
    ) -> Ended {
        for _ in 0..TRIES {
            let mut result = self.asked_for(gateway, order, step, operation).await;
            if let Some(open) = result.as_ref().err().and_then(Error::unresolved)
                && matches!(gateway.capabilities().duplicates, Duplicates::Key(_))
            {
                let completion = Completion::new(open.clone(), operation.clone());
                result = gateway.execute(&Operation::Complete(Box::new(completion))).await;
            }
            match result {
                Ok(answer) => match answer.outcome {
                    Outcome::Approved => return Ended::Approved(Box::new(answer)),
                    Outcome::Declined(_) => return Ended::Refused,
                    Outcome::ActionRequired(_) => {
                        let payment = answer.payment.reference.id().to_owned();
                        say(&Heard::Page(order.gateway.to_owned(), payment));
                        return Ended::Later;
                    }
                    _ => return Ended::Later,
                },
                Err(error) if error.fate() == Fate::Unknown => return Ended::Later,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        Ended::Later
    }

    /// Once; or twice at once, or beside another attempt of the same order, as a customer's second window would.
    async fn asked_for(
        &self,
        gateway: &dyn PaymentGateway,
        order: &Order,
        step: usize,
        operation: &Operation,
    ) -> Result<Answer, Error> {
        match (fastrand::u32(..8), operation) {
            (0, _) => {
                let (first, second) = tokio::join!(gateway.execute(operation), gateway.execute(operation));
                first.or(second)
            }
            (1, Operation::Sale(charge)) => {
                let mut other = (**charge).clone();
                let name = super::Name {
                    number: order.number,
                    step,
                };
                other.reference = self.plan.reference(name, true);
                let rival = Operation::Sale(Box::new(other));
                let (first, _) = tokio::join!(gateway.execute(operation), gateway.execute(&rival));
                first
            }
            _ => gateway.execute(operation).await,
        }
    }
}

enum Ended {
    Approved(Box<Answer>),
    /// Nothing more is to be done.
    Refused,
    Later,
}

/// A line for the parent. Whoever does not read it any more is gone.
fn say(heard: &Heard) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", heard.line()).and_then(|()| out.flush());
}

/// A store that tells the parent when money may be about to leave, and when the outcome of that is written.
#[derive(Debug)]
struct Telling(Arc<dyn Store>);

#[async_trait]
impl Store for Telling {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        let ruling = self.0.apply(step).await;
        if let (Ok(Ruling::Kept { .. }), Some(key)) = (&ruling, step.scope().intent) {
            let reference = key.reference.to_string();
            match step {
                Step::Note { .. } => say(&Heard::Sends(reference)),
                Step::Conclude { .. } => say(&Heard::Told(reference)),
                _ => {}
            }
        }
        ruling
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        self.0.intent(key).await
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        self.0.intents(filter).await
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        self.0.payment(key).await
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.0.changes(since, limit).await
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.0.parked(limit).await
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        self.0.seen(gateway, key).await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
