//! The janitor: finds what was left open, asks, and writes. It never sends money.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use paymux::{Error, Gateways, PaymentGateway};
use tokio::task::JoinSet;

use crate::event::{Absorbed, Parked};
use crate::intent::{Intent, IntentKey, State};
use crate::journal::Journal;
use crate::metrics;
use crate::store::{Filter, StoreError};

/// Finds the gateway of an account.
pub trait Lookup: Send + Sync {
    /// A gateway of this name, if it is on this provider and account; else any other on it.
    fn find(&self, name: &str, provider: &str, account: &str) -> Option<Arc<dyn PaymentGateway>>;
}

/// What became of one intent that was due.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Found {
    /// Another process or call works on it.
    Elsewhere(Intent),
    /// No gateway that is configured is on its account.
    NoGateway(Intent),
    /// It is still open, and will be asked about again.
    Open(Intent),
    /// A person must look: its remark says at what.
    Person(Intent),
    /// It came to its end.
    Settled(Intent),
    /// It waits at the provider.
    Waiting(Intent),
}

/// What a run of the janitor found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The intents that were due.
    pub found: Vec<Found>,
    /// The others that a person must look at, oldest first, [`Report::MOST`] at the most: they were not due, or are settled, and what was seen later does not fit.
    pub remarked: Vec<Intent>,
    /// How many parked events met their payment.
    pub met: usize,
    /// How many of the events that were tried are still parked: 256 are tried in a run, and the next ones in the next.
    pub parked: usize,
}

/// How many intents are fetched at once, at the least, and how many parked events are tried in a run.
const BATCH: u32 = 256;

impl Lookup for Gateways {
    fn find(&self, name: &str, provider: &str, account: &str) -> Option<Arc<dyn PaymentGateway>> {
        let fits = |name: &str| {
            self.get(name)
                .ok()
                .filter(|gateway| is_on(gateway.as_ref(), provider, account))
        };
        fits(name).or_else(|| self.names().iter().find_map(|name| fits(name)))
    }
}

impl Lookup for [Arc<dyn PaymentGateway>] {
    fn find(&self, name: &str, provider: &str, account: &str) -> Option<Arc<dyn PaymentGateway>> {
        let fits = || self.iter().filter(|gateway| is_on(gateway.as_ref(), provider, account));
        let named = fits().find(|gateway| gateway.name() == name);
        named.or_else(|| fits().next()).cloned()
    }
}

fn is_on(gateway: &dyn PaymentGateway, provider: &str, account: &str) -> bool {
    let capabilities = gateway.capabilities();
    capabilities.provider == provider && capabilities.account.as_str() == account
}

impl Journal {
    /// Finds the intents that were left open or wait too long, takes each under a lease so that only one process works on it, asks the provider, and writes what is
    /// found; then tries the parked events again.
    ///
    /// # Behavior
    /// - It only asks: no money moves.
    /// - An intent is due when its lease is over (whoever had it died), or when the pause after its last question is. Pauses grow.
    /// - An absence is believed only when nothing of the operation can be booked any more; see `PaymentGateway::resolve`.
    /// - It may run in any number of processes at once, at any time.
    ///
    /// # Errors
    /// The store cannot be read. What is found of an intent and cannot be written leaves it open.
    pub async fn settle<L: Lookup + ?Sized>(&self, gateways: &L) -> Result<Report, StoreError> {
        let mut report = Report::default();
        let mut looked: HashSet<IntentKey> = HashSet::new();
        loop {
            // Those that cannot be asked about stay due, and are passed over.
            let batch = looked.len().saturating_add(self.settings().questions);
            let limit = BATCH.saturating_add(u32::try_from(batch).unwrap_or(u32::MAX));
            let skew = self.settings().skew;
            let at = self.now().checked_sub(skew).unwrap_or_else(|_| self.now());
            let mut due = self.intents(&Filter::due(at, limit)).await?;
            due.retain(|intent| looked.insert(intent.key.clone()));
            if due.is_empty() {
                break;
            }
            self.settle_all(due, gateways, &mut report).await;
        }
        let known: HashSet<&IntentKey> = report.for_a_person().map(|intent| &intent.key).collect();
        let mut others = self.intents(&Filter::remarked(Report::MOST)).await?;
        others.retain(|intent| !known.contains(&intent.key));
        others
            .iter()
            .for_each(|intent| metrics::found(&intent.gateway, "remarked"));
        report.remarked = others;
        self.meet_parked(gateways, &mut report).await?;
        Ok(report)
    }

    /// Asks about one intent now, due or not, as [`Journal::settle`] asks about those that are: no money moves. How it stands then; `None` where somebody else works on it, or
    /// it is settled.
    ///
    /// `gateway` is the one on its account, not the journal's own over it.
    ///
    /// # Errors
    /// The store cannot be used. What is found and cannot be written leaves the intent open.
    pub async fn look(&self, gateway: &dyn PaymentGateway, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        let looked = self.look_after(gateway, key, None).await?;
        Ok(looked.map(|looked| looked.intent))
    }

    /// Runs [`Journal::settle`] now and then, and tells what it found, for as long as it is polled: for a task of its own.
    pub async fn keep_settling<L: Lookup + ?Sized>(
        &self,
        gateways: &L,
        every: Duration,
        tell: impl Fn(Result<Report, StoreError>),
    ) {
        loop {
            tell(self.settle(gateways).await);
            tokio::time::sleep(every).await;
        }
    }

    async fn settle_all<L: Lookup + ?Sized>(&self, due: Vec<Intent>, gateways: &L, report: &mut Report) {
        let mut tasks = JoinSet::new();
        for intent in due {
            let key = &intent.key;
            let Some(gateway) = gateways.find(&intent.gateway, &key.provider, &key.account) else {
                report.add(Found::NoGateway(intent));
                continue;
            };
            if tasks.len() >= self.settings().questions.max(1)
                && let Some(Ok(found)) = tasks.join_next().await
            {
                report.add(found);
            }
            let journal = self.clone();
            tasks.spawn(async move { journal.settle_one(gateway.as_ref(), intent).await });
        }
        while let Some(found) = tasks.join_next().await {
            found.into_iter().for_each(|found| report.add(found));
        }
    }

    async fn settle_one(&self, gateway: &dyn PaymentGateway, intent: Intent) -> Found {
        match self.look_after(gateway, &intent.key, None).await {
            Ok(Some(looked)) => Found::of(looked.intent),
            Ok(None) => Found::Elsewhere(intent),
            Err(error) => {
                let reference = intent.key.reference.as_str();
                tracing::warn!(reference, %error, "what was found of an intent could not be written");
                Found::Open(intent)
            }
        }
    }

    /// Tries the parked events that come after those of the last run, and from the oldest one again when there are no more: on an account that another system works on,
    /// too, the events of that one meet nobody, and would keep the others from their turn.
    async fn meet_parked<L: Lookup + ?Sized>(&self, gateways: &L, report: &mut Report) -> Result<(), StoreError> {
        let passed = self.passed().load(Ordering::Relaxed);
        let parked = self.store().parked(passed.saturating_add(BATCH)).await?;
        let skipped = usize::try_from(passed).unwrap_or(usize::MAX);
        // So few are left that those of the last run are all.
        let skipped = if skipped < parked.len() { skipped } else { 0 };
        let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
        for parked in parked.into_iter().skip(skipped).take(batch) {
            let gateway = parked.gateway.clone();
            if self.meets(gateways, parked).await {
                report.met = report.met.saturating_add(1);
                metrics::found(&gateway, "met");
            } else {
                report.parked = report.parked.saturating_add(1);
                metrics::found(&gateway, "parked");
            }
        }
        let passed = u32::try_from(skipped.saturating_add(report.parked)).unwrap_or(0);
        self.passed().store(passed, Ordering::Relaxed);
        Ok(())
    }

    async fn meets<L: Lookup + ?Sized>(&self, gateways: &L, parked: Parked) -> bool {
        let Some(gateway) = gateways.find(&parked.gateway, &parked.provider, &parked.account) else {
            return false;
        };
        let tried: Result<Absorbed, Error> = self.try_again(gateway.as_ref(), parked).await;
        matches!(tried, Ok(Absorbed::Written(_)))
    }
}

impl Found {
    fn of(intent: Intent) -> Self {
        match intent.state {
            _ if intent.remark.is_some() => Self::Person(intent),
            State::Open => Self::Open(intent),
            State::Waiting => Self::Waiting(intent),
            _ => Self::Settled(intent),
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Elsewhere(_) => "elsewhere",
            Self::NoGateway(_) => "no_gateway",
            Self::Open(_) => "open",
            Self::Person(_) => "person",
            Self::Settled(_) => "settled",
            Self::Waiting(_) => "waiting",
        }
    }

    /// The intent.
    #[must_use]
    pub const fn intent(&self) -> &Intent {
        match self {
            Self::Elsewhere(intent)
            | Self::NoGateway(intent)
            | Self::Open(intent)
            | Self::Person(intent)
            | Self::Settled(intent)
            | Self::Waiting(intent) => intent,
        }
    }
}

impl Report {
    /// How many intents are named at the most that were not due.
    pub const MOST: u32 = 1000;

    fn add(&mut self, found: Found) {
        metrics::found(&found.intent().gateway, found.as_str());
        self.found.push(found);
    }

    /// The intents that a person must look at, whether they were due now or not: those that no gateway can ask about, and those with a remark. It stays the same until somebody
    /// decides ([`Journal::decide`]), or asking settles them.
    pub fn for_a_person(&self) -> impl Iterator<Item = &Intent> {
        let person = |found: &&Found| matches!(found, Found::Person(_) | Found::NoGateway(_));
        let found = self.found.iter().filter(person).map(Found::intent);
        found.chain(&self.remarked)
    }
}
