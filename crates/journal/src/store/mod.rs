//! Where a journal is kept.
//!
//! ```
//! use std::sync::Arc;
//! use paymux::{Charge, PaymentGateway as _, Reference};
//! use paymux_journal::{Journal, State};
//! use paymux_journal::store::{Filter, Memory, Store as _};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let stand = paymux_chaos::stands::named("coolpay");
//! let store = Arc::new(Memory::new());
//! let journal = Journal::new(store.clone());
//! let cards = journal.wrap(stand.gateway_of(stand.builder().recorder(journal.recorder())))?;
//! let reference: Reference = "order1001a1".parse()?;
//! cards.sale(Charge::new(reference.clone(), stand.subject.amount, stand.subject.approved.clone())).await?;
//!
//! let intents = store.intents(&Filter::named(reference)).await?;
//! assert_eq!(intents.iter().map(|intent| intent.state).collect::<Vec<_>>(), [State::Done]);
//! # Ok(()) }
//! ```

mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod row;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod statement;
#[cfg(feature = "sqlite")]
mod writer;

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use paymux::Reference;
use thiserror::Error;

pub use self::memory::Memory;
#[cfg(feature = "postgres")]
pub use self::postgres::Postgres;
#[cfg(feature = "sqlite")]
pub use self::sqlite::Sqlite;
use crate::change::Change;
use crate::event::Parked;
use crate::intent::{Intent, IntentKey, Known, PaymentKey, State};
use crate::step::{Ruling, Step};

/// Where a journal is kept. It holds rows and has no rules: those are in [`Step::decide`].
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// Applies a step, in one transaction: loads the page of its scope, lets it decide, and writes what it says.
    ///
    /// # Behavior
    /// - It excludes every other step whose scope names the same intent, order or payment, in this process and in others.
    /// - All that is written is durable when it returns, or nothing is, but where the connection was lost at the very end: then the error comes, and it may be.
    /// - It may decide more than once.
    ///
    /// # Errors
    /// The store cannot be reached or written.
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError>;

    /// One intent.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError>;

    /// The intents that fit, oldest first; those that are due, the most overdue first; in a walk, in order of keys, whichever order the store has for them.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError>;

    /// One payment, as it was last seen.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError>;

    /// The changes above a number, in order. One that was not given out yet may get its number here.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError>;

    /// The events that are parked, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError>;

    /// Whether an event was handled.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError>;

    /// Ends the use of what is below: what was written is then in one place. Nothing can be read or written afterwards. A store that wraps another hands it on.
    async fn close(&self) {}
}

/// Which intents are wanted: those that fit all that is set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Filter {
    /// That are to be asked about by this time.
    pub due: Option<Timestamp>,
    /// Of this order.
    pub order: Option<String>,
    /// That are about this payment, or made it.
    pub payment: Option<PaymentKey>,
    /// Whether only those that a person must look at.
    pub remarked: bool,
    /// That stand there.
    pub state: Option<State>,
    /// Of this reference, at whatever account.
    pub reference: Option<Reference>,
    /// Whether all are walked through, in order of keys: those after [`after`](Self::after), by nothing else.
    pub walk: bool,
    /// After which key the walk goes on.
    pub after: Option<IntentKey>,
    /// How many at the most.
    pub limit: u32,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            due: None,
            order: None,
            payment: None,
            remarked: false,
            state: None,
            reference: None,
            walk: false,
            after: None,
            limit: 1000,
        }
    }
}

impl Filter {
    /// Those that are to be asked about by this time.
    #[must_use]
    pub fn due(at: Timestamp, limit: u32) -> Self {
        Self {
            due: Some(at),
            limit,
            ..Self::default()
        }
    }

    /// Those that come after a key, in order of keys.
    #[must_use]
    pub fn walk(after: Option<IntentKey>, limit: u32) -> Self {
        Self {
            walk: true,
            after,
            limit,
            ..Self::default()
        }
    }

    /// Those of a reference, at whatever account.
    #[must_use]
    pub fn named(reference: Reference) -> Self {
        Self {
            reference: Some(reference),
            ..Self::default()
        }
    }

    /// Those that a person must look at.
    #[must_use]
    pub fn remarked(limit: u32) -> Self {
        Self {
            remarked: true,
            limit,
            ..Self::default()
        }
    }

    /// Those that are about a payment, or made it.
    #[must_use]
    pub fn about(payment: PaymentKey) -> Self {
        Self {
            payment: Some(payment),
            ..Self::default()
        }
    }

    /// Whether an intent fits.
    #[must_use]
    pub fn fits(&self, intent: &Intent) -> bool {
        let due = self.due.is_none_or(|at| intent.due().is_some_and(|due| due <= at));
        let order = self.order.is_none() || self.order == intent.order;
        let about = |key: &PaymentKey| intent.about().is_some_and(|about| key.is_of(about));
        due && order
            && self.payment.as_ref().is_none_or(about)
            && (!self.remarked || intent.remark.is_some())
            && self.state.is_none_or(|state| state == intent.state)
            && self
                .reference
                .as_ref()
                .is_none_or(|reference| *reference == intent.key.reference)
            && self.after.as_ref().is_none_or(|after| *after < intent.key)
    }
}

/// A store cannot be reached, read or written.
#[derive(Debug, Error)]
#[error("the journal {what}: {source}")]
pub struct StoreError {
    what: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// What cannot be done, as in "cannot be written", and why.
    #[must_use]
    pub fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            what,
            source: source.into(),
        }
    }
}
