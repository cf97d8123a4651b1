//! The journal: a store, a clock, and what this process works on.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use paymux::{Clock, Error, ErrorKind, Gateway, PaymentGateway, Recorder, SystemClock, Unresolved};

use crate::change::Change;
use crate::flights::Flights;
use crate::intent::{Intent, IntentKey, Known, PaymentKey};
use crate::journaled::Journaled;
pub use crate::step::Verdict;
use crate::step::{Ruling, Step};
use crate::store::{Filter, Store, StoreError};

/// The durable record of intents and outcomes. Cloning it is cheap; one is enough for a process.
#[derive(Clone)]
pub struct Journal {
    inside: Arc<Inside>,
}

struct Inside {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    /// What this process is called in leases.
    holder: String,
    flights: Arc<Flights>,
    /// How many of the parked events, from the oldest on, this process's janitor has tried before it comes to the next ones.
    passed: AtomicU32,
}

/// The times and limits of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How long an operation may send, from its beginning: 150 s unless set. A gateway with a longer limit of time than two thirds of it has half as much again
    /// as that limit, so that it is the limit which ends its calls.
    pub lease: Duration,
    /// How long one who asks keeps others from it: 150 s unless set.
    pub asking: Duration,
    /// How far the clocks of processes may differ: 5 s unless set.
    pub skew: Duration,
    /// How long a call waits for another process's under the same reference, or on the same payment: 60 s unless set.
    pub patience: Duration,
    /// Whether the open page of an order's earlier attempt is closed for a new one, where the gateway offers to: no, unless set. The crate's page says what that
    /// rests on.
    pub close_pages: bool,
    /// About how many intents the janitor asks at once: 16 unless set. A question may wait half a minute for the provider's interval, so that thousands of open intents are
    /// settled sooner with more; a provider that finds it too many refuses payments, too.
    pub questions: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(150),
            asking: Duration::from_secs(150),
            skew: Duration::from_secs(5),
            patience: Duration::from_secs(60),
            close_pages: false,
            questions: 16,
        }
    }
}

impl Journal {
    /// A journal on a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::with(store, Arc::new(SystemClock), Settings::default())
    }

    /// A journal on a store, with this clock and these times.
    #[must_use]
    pub fn with(store: Arc<dyn Store>, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        // Fresh hashers are seeded at random, which is all that a name needs to be nobody else's.
        let random = || RandomState::new().build_hasher().finish();
        Self {
            inside: Arc::new(Inside {
                store,
                clock,
                settings,
                holder: format!("{:016x}{:016x}", random(), random()),
                flights: Arc::default(),
                passed: AtomicU32::default(),
            }),
        }
    }

    /// A journal at an address: `sqlite:PATH`, or `postgres://…`. One that is not there yet is made.
    ///
    /// # Errors
    /// It cannot be opened, is of a newer version, or this build has no such stores. The address is not repeated: it may hold a password.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        Self::at(address, true).await
    }

    /// As [`Journal::open`], of a journal that is there already: an empty one would be taken for what there is to know.
    ///
    /// # Errors
    /// As [`Journal::open`]; or there is none.
    pub async fn open_existing(address: &str) -> Result<Self, StoreError> {
        Self::at(address, false).await
    }

    async fn at(address: &str, make: bool) -> Result<Self, StoreError> {
        let refused = |what: &str| Err(StoreError::new("cannot be opened", what));
        #[cfg(feature = "sqlite")]
        if let Some(path) = address.strip_prefix("sqlite:") {
            // Elsewhere two slashes stand before a host or a path from the root, and options after a question mark; what is meant is not guessed.
            if path.starts_with("//") {
                return refused("a file is written with its path alone, as in `sqlite:paymux.db`");
            }
            if path.contains(['?', '#']) {
                return refused("a file is written with its path alone, without options");
            }
            let store = crate::store::Sqlite::at(path.as_ref(), make).await?;
            return Ok(Self::new(Arc::new(store)));
        }
        #[cfg(feature = "postgres")]
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let store = match make {
                true => crate::store::Postgres::open(address).await?,
                false => crate::store::Postgres::existing(address).await?,
            };
            return Ok(Self::new(Arc::new(store)));
        }
        let _ = make;
        let known = match (cfg!(feature = "sqlite"), cfg!(feature = "postgres")) {
            (true, true) => "write `sqlite:PATH` or `postgres://USER@HOST/DATABASE`",
            (true, false) => "write `sqlite:PATH`",
            (false, true) => "write `postgres://USER@HOST/DATABASE`",
            (false, false) => "it has none that has an address",
        };
        // Nothing else of it is repeated: it may be a password that stands at the wrong place.
        let scheme = address.split_once("://").map_or("", |(scheme, _)| scheme);
        let named = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
        let what = if named { format!("`{scheme}`") } else { "it".to_owned() };
        refused(&format!("{what} is no kind of journal that this build knows; {known}"))
    }

    /// A journal in this file, which is made if there is none.
    ///
    /// # Errors
    /// It cannot be opened, or is of a newer version.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(path: impl AsRef<std::path::Path>) -> Result<Self, StoreError> {
        let store = crate::store::Sqlite::open(path).await?;
        Ok(Self::new(Arc::new(store)))
    }

    /// A journal in this database, `postgres://…`; its tables are made where they are missing.
    ///
    /// # Errors
    /// It cannot be reached, or is of a newer version.
    #[cfg(feature = "postgres")]
    pub async fn postgres(url: &str) -> Result<Self, StoreError> {
        let store = crate::store::Postgres::open(url).await?;
        Ok(Self::new(Arc::new(store)))
    }

    /// Closes the store, for the end of a process: with SQLite, what stands in the `-wal` file beside the journal's goes into it, unless another process has it open.
    /// Nothing is lost without it, as long as the two files stay together.
    pub async fn close(&self) {
        self.store().close().await;
    }

    /// What the engine keeps in, and asks before each request that may move money: for `Gateways::builder().recorder(..)`.
    #[must_use]
    pub fn recorder(&self) -> Arc<dyn Recorder> {
        self.inside.clone()
    }

    /// Puts a gateway over this journal. It must have been built with this journal's [`recorder`](Self::recorder).
    ///
    /// # Errors
    /// It was not.
    pub fn wrap(&self, gateway: Gateway) -> Result<Journaled<Gateway>, Error> {
        let mine: *const Inside = Arc::as_ptr(&self.inside);
        let is_mine = gateway
            .recorder()
            .is_some_and(|recorder| std::ptr::addr_eq(Arc::as_ptr(recorder), mine));
        if is_mine {
            let limit = gateway.timeout();
            let lease = self.settings().lease.max(limit.saturating_add(limit / 2));
            return Ok(Journaled::new(Arc::new(gateway), self.clone(), lease, true));
        }
        let message = format!(
            "gateway `{}` was not built with this journal's recorder, so it would send what the journal does not know of",
            gateway.name()
        );
        Err(Error::new(ErrorKind::Configuration, message))
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inside.store
    }

    /// The times.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.inside.settings
    }

    /// The intent of a key.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        self.inside.store.intent(key).await
    }

    /// The intents that fit.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        self.inside.store.intents(filter).await
    }

    /// The intents whose keys come after this one (all, after `None`), in order of keys, at most `limit`: all of them are walked through by going on from
    /// the last. What is begun meanwhile may be missed; what was begun before is not.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn walk(&self, after: Option<&IntentKey>, limit: u32) -> Result<Vec<Intent>, StoreError> {
        self.inside.store.intents(&Filter::walk(after.cloned(), limit)).await
    }

    /// A payment as it was last seen.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        self.inside.store.payment(key).await
    }

    /// The changes above a number, in order, at most `limit`. Act on them, keep the number of the last, and ask again from there.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.inside.store.changes(since, limit).await
    }

    /// Writes a person's verdict on an unsettled intent that nobody works on, with a remark on who says so and why. The intent as it stands then: one that is settled stays
    /// as it is, but that [`Verdict::Stands`] takes its remark away.
    ///
    /// # Errors
    /// There is none, or somebody works on it, or the payment that is named cannot be its own (on another account, of another amount, or made by another intent), or
    /// the store cannot be written.
    pub async fn decide(&self, key: &IntentKey, verdict: Verdict, remark: &str) -> Result<Intent, Error> {
        let step = Step::Decide {
            key: key.clone(),
            verdict,
            remark: remark.to_owned(),
            now: self.now(),
            skew: self.settings().skew,
        };
        let refused = |text: String| Err(Error::invalid("reference", text));
        match self.inside.store.apply(&step).await {
            Ok(
                Ruling::Kept {
                    intent: Some(intent), ..
                }
                | Ruling::Recorded(intent),
            ) => Ok(*intent),
            Ok(Ruling::Differs(known)) => {
                let rule = format!(
                    "is on another account, or of another amount, than {}, which is a {known}; nothing was written",
                    key.reference
                );
                Err(Error::invalid("payment", rule))
            }
            Ok(Ruling::Busy(maker)) => {
                let rule = format!("was made by reference {}; nothing was written", maker.key.reference);
                Err(Error::invalid("payment", rule))
            }
            Ok(Ruling::Held(_)) => refused(format!("{} is being worked on; nothing was written", key.reference)),
            Ok(_) => refused(format!("{} is not in the journal; nothing was written", key.reference)),
            Err(error) => Err(Error::new(ErrorKind::Network, error.to_string()).with_source(error)),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inside.clock.now()
    }

    /// The moment so long from now.
    pub(crate) fn after(&self, time: Duration) -> Timestamp {
        self.now().checked_add(time).unwrap_or(Timestamp::MAX)
    }

    /// What this process is called in leases.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.inside.holder
    }

    pub(crate) fn flights(&self) -> &Arc<Flights> {
        &self.inside.flights
    }

    pub(crate) fn passed(&self) -> &AtomicU32 {
        &self.inside.passed
    }
}

#[async_trait]
impl Recorder for Inside {
    async fn record(&self, open: &Unresolved) -> Result<(), Error> {
        let (hold, until) = self.hold(open)?;
        let now = self.clock.now();
        if now >= until {
            return Err(too_late());
        }
        let open = Box::new(open.clone());
        match self.store.apply(&Step::Note { hold, open, now }).await {
            Ok(Ruling::Kept { .. }) => Ok(()),
            Ok(_) => Err(too_late()),
            Err(error) => {
                let message = format!("what would be needed to ask was not kept, so nothing more was sent: {error}");
                Err(Error::new(ErrorKind::Network, message).with_source(error))
            }
        }
    }

    fn may_send(&self, open: &Unresolved) -> Result<(), Error> {
        let (_, until) = self.hold(open)?;
        if self.clock.now() < until {
            Ok(())
        } else {
            Err(too_late())
        }
    }
}

impl Inside {
    /// Under what an operation sends. One that came around the journal does not.
    fn hold(&self, open: &Unresolved) -> Result<(crate::step::Hold, Timestamp), Error> {
        let key = IntentKey::of_unresolved(open);
        key.and_then(|key| self.flights.hold(&key)).ok_or_else(|| {
            let message = "this gateway records in a journal, and the operation came around it; nothing was sent";
            Error::new(ErrorKind::Configuration, message)
        })
    }
}

fn too_late() -> Error {
    let message =
        "the time in which this operation may send is over, or another process has taken it; nothing more was sent";
    Error::new(ErrorKind::Network, message)
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.inside, f)
    }
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("store", &self.store)
            .field("flights", &self.flights)
            .finish_non_exhaustive()
    }
}
