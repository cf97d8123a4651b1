//! What a process works with and may die at: its store, and its way to each provider.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{Reply, async_trait};
use paymux_conformance::InProcess;
use paymux_journal::store::Sqlite;
use paymux_journal::{
    Change, Filter, Intent, IntentKey, Known, Memory, Parked, PaymentKey, Ruling, Step, Store, StoreError,
};
use paymux_simulator::Exchange;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

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

/// The record of a world, which outlives its processes. A file's work is done in a runtime of its own while the test's thread waits, so that no time passes meanwhile.
pub(crate) struct Kept {
    store: Option<Arc<dyn Store>>,
    file: Option<(Arc<Runtime>, tempfile::TempDir)>,
}

impl Kept {
    pub(crate) fn memory() -> Arc<Self> {
        Arc::new(Self {
            store: Some(Arc::new(Memory::new())),
            file: None,
        })
    }

    pub(crate) fn file(runtime: &Arc<Runtime>) -> Arc<Self> {
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let directory = directory.unwrap();
        let path = directory.path().join("journal.db");
        let store = on(runtime, async move { Sqlite::open(path).await.unwrap() });
        Arc::new(Self {
            store: Some(Arc::new(store)),
            file: Some((Arc::clone(runtime), directory)),
        })
    }

    async fn there<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<dyn Store>) -> F,
    ) -> T {
        let work = work(Arc::clone(self.store.as_ref().unwrap()));
        match &self.file {
            None => work.await,
            Some((runtime, _)) => {
                tokio::task::yield_now().await;
                on(runtime, work)
            }
        }
    }

    /// Everything that is on record.
    pub(crate) async fn all(&self) -> Vec<Intent> {
        let mut filter = Filter::default();
        filter.limit = u32::MAX;
        self.there(|store| async move { store.intents(&filter).await })
            .await
            .unwrap()
    }
}

/// A pool of connections ends in a runtime, too.
impl Drop for Kept {
    fn drop(&mut self) {
        let there = self.file.as_ref().map(|(runtime, _)| runtime.enter());
        drop(self.store.take());
        drop(there);
    }
}

/// Does it there, and waits here.
fn on<T: Send + 'static>(runtime: &Runtime, work: impl Future<Output = T> + Send + 'static) -> T {
    let (done, told) = std::sync::mpsc::channel();
    runtime.spawn(async move { done.send(work.await) });
    told.recv().unwrap()
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
        let step = step.clone();
        let ruling = self.kept.there(|store| async move { store.apply(&step).await }).await;
        self.reaper.pass().await;
        ruling
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        let key = key.clone();
        self.kept.there(|store| async move { store.intent(&key).await }).await
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        // Between what is read and what is begun then, others get their turn.
        tokio::task::yield_now().await;
        let filter = filter.clone();
        self.kept
            .there(|store| async move { store.intents(&filter).await })
            .await
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        let key = key.clone();
        self.kept.there(|store| async move { store.payment(&key).await }).await
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.kept
            .there(move |store| async move { store.changes(since, limit).await })
            .await
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.kept
            .there(move |store| async move { store.parked(limit).await })
            .await
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        let (gateway, key) = (gateway.to_owned(), key.to_owned());
        self.kept
            .there(|store| async move { store.seen(&gateway, &key).await })
            .await
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
        Ok(Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        })
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
