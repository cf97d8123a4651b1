//! A process that dies at one of the awaits on its store or its transport, and a store with flaws.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use http::Request;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{Reply, async_trait};
use paymux_conformance::InProcess;
use paymux_journal::{Change, Filter, Intent, IntentKey, Known, Parked, PaymentKey, Ruling, Step, Store, StoreError};
use tokio::sync::Notify;

/// When the process dies: at one of the awaits on its store or its transport.
#[derive(Debug, Default)]
pub(crate) struct Reaper {
    /// Awaits until the next death; negative: none.
    pub(crate) left: AtomicI64,
    pub(crate) death: Notify,
    pub(crate) met: AtomicU64,
    /// Whether the store fails at every third outcome.
    pub(crate) troubled: AtomicBool,
    outcomes: AtomicU64,
}

impl Reaper {
    /// An await. Who is to die here never comes back.
    async fn pass(&self) {
        self.met.fetch_add(1, Ordering::SeqCst);
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Whether this step is one that the store does not write.
    fn fails(&self, step: &Step) -> bool {
        matches!(step, Step::Conclude { .. })
            && self.troubled.load(Ordering::SeqCst)
            && self.outcomes.fetch_add(1, Ordering::SeqCst).is_multiple_of(3)
    }
}

/// A store and a transport that a process can die at.
#[derive(Debug)]
pub(crate) struct Mortal<T: ?Sized> {
    pub(crate) inner: Arc<T>,
    pub(crate) reaper: Arc<Reaper>,
    pub(crate) flaw: Flaw,
}

/// What is wrong with the store of a world, to see whether it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It ends with its process.
    Forgets,
    /// It says that it kept what is needed to ask, and did not.
    LosesNotes,
    /// Nothing.
    None,
}

#[async_trait]
impl Store for Mortal<dyn Store> {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        self.reaper.pass().await;
        if self.flaw == Flaw::LosesNotes && matches!(step, Step::Note { .. }) {
            return Ok(Ruling::Kept {
                intent: None,
                parked: Vec::new(),
            });
        }
        if self.reaper.fails(step) {
            return Err(StoreError::new("cannot be written", "the disk is full"));
        }
        let ruling = self.inner.apply(step).await;
        self.reaper.pass().await;
        ruling
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        self.inner.intent(key).await
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        self.inner.intents(filter).await
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        self.inner.payment(key).await
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.inner.changes(since, limit).await
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.inner.parked(limit).await
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        self.inner.seen(gateway, key).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl Transport for Mortal<InProcess> {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        self.reaper.pass().await;
        let reply = self.inner.send(request).await;
        self.reaper.pass().await;
        reply
    }
}
