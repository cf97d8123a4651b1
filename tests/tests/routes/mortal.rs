//! What a process works with and may die at: its store, and its way to each provider.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{Reply, async_trait};
use paymux_conformance::InProcess;
use paymux_journal::{Change, Filter, Intent, IntentKey, Known, Parked, PaymentKey, Ruling, Step, Store, StoreError};
use paymux_simulator::Exchange;
use tokio::sync::Notify;

use crate::kept::Kept;

/// When a process dies: at which of its awaits on the store or on a provider. Negative: never.
#[derive(Debug)]
pub(crate) struct Reaper {
    left: AtomicI64,
    pub(crate) death: Notify,
}

impl Reaper {
    pub(crate) fn new(left: i64) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicI64::new(left),
            death: Notify::new(),
        })
    }

    /// An await. Who is to die here never comes back.
    async fn pass(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// The record, as one process has it.
pub(crate) struct Mortal {
    pub(crate) kept: Arc<Kept>,
    pub(crate) reaper: Arc<Reaper>,
    /// Whether every third outcome cannot be written.
    pub(crate) troubled: bool,
    pub(crate) outcomes: AtomicU32,
}

impl Mortal {
    fn fails(&self, step: &Step) -> bool {
        let concludes = self.troubled && matches!(step, Step::Conclude { .. });
        concludes && self.outcomes.fetch_add(1, Ordering::SeqCst).is_multiple_of(3)
    }
}

impl fmt::Debug for Mortal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mortal")
    }
}

#[async_trait]
impl Store for Mortal {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        self.reaper.pass().await;
        if self.fails(step) {
            return Err(StoreError::new("cannot be written", "the disk is full"));
        }
        let ruling = self.kept.apply(step).await;
        self.reaper.pass().await;
        ruling
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        self.kept.intent(key).await
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        // Between what is read and what is begun then, others get their turn.
        tokio::task::yield_now().await;
        self.kept.intents(filter).await
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        self.kept.payment(key).await
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.kept.changes(since, limit).await
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.kept.parked(limit).await
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        self.kept.seen(gateway, key).await
    }
}

/// A process's way to a provider. The application's cards have numbers of no provider's: what each makes of them is written on the way.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) provider: Arc<InProcess>,
    pub(crate) reaper: Arc<Reaper>,
    /// The application's number, and the one that the provider knows.
    pub(crate) cards: Vec<(&'static str, &'static str)>,
}

/// How long a request is on its way: so that one thing comes after another.
const TRIP: Duration = Duration::from_millis(20);

#[async_trait]
impl Transport for Way {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        self.reaper.pass().await;
        let (parts, mut body) = request.into_parts();
        let request = Request::from_parts(parts, self.translated(&body.peek()));
        tokio::time::sleep(TRIP).await;
        let exchange = self.provider.host().exchange(self.provider.now(), &request);
        if matches!(exchange, Exchange::Refused) {
            return Err(TransportError::new(true, "no connection: it was refused"));
        }
        body.take();
        let response = match exchange {
            Exchange::Answer(delay, response) => {
                tokio::time::sleep(delay).await;
                response
            }
            Exchange::Stuck => std::future::pending().await,
            _ => return Err(TransportError::new(false, "the exchange broke")),
        };
        self.reaper.pass().await;
        let (parts, body) = response.into_parts();
        Ok(Reply::new(parts.status, parts.headers, body))
    }
}

impl Way {
    fn translated(&self, body: &Bytes) -> Bytes {
        let Ok(text) = std::str::from_utf8(body) else {
            return body.clone();
        };
        let known = self.cards.iter().find(|(ours, _)| text.contains(ours));
        known.map_or_else(|| body.clone(), |(ours, theirs)| text.replace(ours, theirs).into())
    }
}
