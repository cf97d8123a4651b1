//! The parent's own journal on the store of a run: it settles, and reads.

use std::sync::Arc;
use std::time::Duration;

use paymux::{Gateways, PaymentGateway as _, Policy};
use paymux_journal::{Filter, Intent, Journal, StoreError};

use super::order::Plan;
use super::providers::{self, Providers};
use super::run::RunError;
use super::talk::Told;

pub(super) struct Janitor<'a> {
    providers: &'a Providers,
    plan: &'a Plan,
    told: &'a Told,
    patience: Duration,
    pub(super) journal: Journal,
}

/// After the leases of those that were killed last, and after everything that a provider books late.
const FIRST: Duration = Duration::from_secs(3600);
/// How often what was left open is asked about at the end, and how much time passes before each.
const ROUNDS: (u32, Duration) = (12, Duration::from_secs(8 * 3600));
/// After so many rounds that changed nothing asking is of no more use.
const VAIN: u32 = 2;

impl<'a> Janitor<'a> {
    pub(super) async fn open(
        providers: &'a Providers,
        plan: &'a Plan,
        told: &'a Told,
        patience: Duration,
    ) -> Result<Self, RunError> {
        let store = Arc::clone(Journal::open(&told.journal).await?.store());
        let journal = Journal::with(store, providers.clock(), told.settings());
        Ok(Self {
            providers,
            plan,
            told,
            patience,
            journal,
        })
    }

    /// The janitor asks about all that is in its journal, and by a clock that runs ahead: a journal with others' payments is not for this.
    pub(super) async fn refuse_strangers(&self) -> Result<(), RunError> {
        let gateways = self.gateways()?;
        let mut filter = Filter::default();
        filter.limit = u32::MAX;
        for intent in self.journal.intents(&filter).await? {
            let gateway = gateways.gateway(&intent.gateway).ok();
            let ours = gateway.is_some_and(|gateway| gateway.capabilities().account.as_str() == intent.key.account);
            if !ours {
                return Err(RunError::Other(format!(
                    "the journal holds a {} under reference {} that is not of a run like this one: use an empty journal",
                    intent.operation, intent.key.reference
                )));
            }
        }
        Ok(())
    }

    /// Gateways that have not asked about anything yet.
    pub(super) fn gateways(&self) -> Result<Gateways, RunError> {
        let builder = Gateways::builder()
            .recorder(self.journal.recorder())
            .policy(Policy::never())
            .clock(self.providers.clock());
        let made = providers::gateways(
            builder,
            self.plan.stands(),
            &self.told.gateways,
            self.patience.as_secs(),
        );
        made.map_err(|error| RunError::Other(error.to_string()))
    }

    /// Settles now and then while the workers pay.
    pub(super) async fn now_and_then(&self) -> Result<(), RunError> {
        let gateways = self.gateways()?;
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            // A store that is down for a moment is there again later.
            let _ = self.journal.settle(&gateways).await;
        }
    }

    /// Settles once, after all that was sent is booked.
    pub(super) async fn first(&self) -> Result<(), RunError> {
        self.providers.advance(FIRST);
        self.journal.settle(&self.gateways()?).await?;
        Ok(())
    }

    /// What a worker is told that comes after [`first`](Self::first).
    pub(super) fn late(&self) -> Told {
        Told {
            // Enough to ask twice, a second apart, and too little to wait for a turn to ask.
            lease_ms: 3000,
            ahead_ms: u64::try_from(FIRST.as_millis()).unwrap_or(u64::MAX),
            ..self.told.clone()
        }
    }

    /// Settles until nothing is open that asking can settle, or time is up. How often it went round.
    pub(super) async fn finish(&self) -> Result<u32, RunError> {
        let (mut before, mut vain) = (Vec::new(), 0);
        for round in 0..ROUNDS.0 {
            let open: Vec<_> = self.intents().await?.into_iter().filter(is_unfinished).collect();
            let told = open
                .iter()
                .all(|intent| intent.remark.is_some() && intent.lease.is_none());
            let keys: Vec<_> = open.into_iter().map(|intent| intent.key).collect();
            vain = if told && keys == before { vain + 1 } else { 0 };
            before = keys;
            if before.is_empty() || vain == VAIN {
                return Ok(round);
            }
            self.providers.advance(ROUNDS.1);
            // Nobody may ask twice about one payment within the provider's interval; by their clock it is over.
            self.journal.settle(&self.gateways()?).await?;
        }
        Ok(ROUNDS.0)
    }

    /// The intents of this run.
    pub(super) async fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        let mut filter = Filter::default();
        filter.limit = u32::MAX;
        let mut intents = self.journal.intents(&filter).await?;
        intents.retain(|intent| self.plan.read(intent.key.reference.as_str()).is_some());
        Ok(intents)
    }
}

fn is_unfinished(intent: &Intent) -> bool {
    intent.is_unsettled() || intent.lease.is_some()
}
