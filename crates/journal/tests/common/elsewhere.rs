//! Stores in databases, for tests on a clock that stands still: their work is done in a runtime of its own while the test's thread waits, so that no time
//! passes meanwhile.
#![allow(dead_code, reason = "not every database is there")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use std::future::Future;
use std::sync::Arc;

use paymux::async_trait;
use paymux_journal::{
    Change, Filter, Intent, IntentKey, Known, Memory, Parked, PaymentKey, Ruling, Step, Store, StoreError,
};
use tokio::runtime::Runtime;

/// Where the record of a world is kept. It outlives the processes, each of which opens it anew.
pub(crate) enum Kept {
    Memory(Arc<Memory>),
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<Runtime>, tempfile::TempDir),
    #[cfg(feature = "postgres")]
    Postgres(Arc<Runtime>, String),
}

impl Kept {
    pub(crate) fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// A new file, where files are quick if there is such a place: whether the disk holds is not asked here.
    #[cfg(feature = "sqlite")]
    pub(crate) fn file(runtime: &Arc<Runtime>) -> Self {
        let quick = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Self::Sqlite(Arc::clone(runtime), quick.unwrap())
    }

    /// The database at this address, emptied.
    #[cfg(feature = "postgres")]
    pub(crate) fn database(runtime: &Arc<Runtime>, url: &str) -> Self {
        let kept = Self::Postgres(Arc::clone(runtime), url.to_owned());
        drop(kept.open());
        let url = url.to_owned();
        on(runtime, async move {
            use sqlx::Connection as _;
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            let empty = "TRUNCATE paymux_intents, paymux_payments, paymux_changes, paymux_parked, paymux_seen";
            sqlx::query(empty).execute(&mut connection).await.unwrap();
        });
        kept
    }

    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(memory) => memory.clone(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(runtime, directory) => {
                let file = directory.path().join("journal.db");
                let store = on(runtime, async move {
                    paymux_journal::store::Sqlite::open(file).await.unwrap()
                });
                Arc::new(Elsewhere::new(store, runtime))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(runtime, url) => {
                let url = url.clone();
                let store = on(runtime, async move {
                    paymux_journal::store::Postgres::open(&url).await.unwrap()
                });
                Arc::new(Elsewhere::new(store, runtime))
            }
        }
    }
}

/// A runtime in which databases are spoken to.
pub(crate) fn runtime() -> Arc<Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    Arc::new(runtime.unwrap())
}

/// Does it there, and waits here.
fn on<T: Send + 'static>(runtime: &Runtime, work: impl Future<Output = T> + Send + 'static) -> T {
    let (done, told) = std::sync::mpsc::channel();
    runtime.spawn(async move { done.send(work.await) });
    told.recv().unwrap()
}

/// A store that works in another runtime.
#[derive(Debug)]
struct Elsewhere<S> {
    store: Option<Arc<S>>,
    runtime: Arc<Runtime>,
}

impl<S: Store + 'static> Elsewhere<S> {
    fn new(store: S, runtime: &Arc<Runtime>) -> Self {
        Self {
            store: Some(Arc::new(store)),
            runtime: Arc::clone(runtime),
        }
    }

    /// Others get their turn first, and a caller may be dropped there.
    async fn there<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<S>) -> F,
    ) -> T {
        tokio::task::yield_now().await;
        on(&self.runtime, work(Arc::clone(self.store.as_ref().unwrap())))
    }
}

/// A pool of connections ends in a runtime, too.
impl<S> Drop for Elsewhere<S> {
    fn drop(&mut self) {
        let _there = self.runtime.enter();
        drop(self.store.take());
    }
}

#[async_trait]
impl<S: Store + 'static> Store for Elsewhere<S> {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        let step = step.clone();
        self.there(|store| async move { store.apply(&step).await }).await
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        let key = key.clone();
        self.there(|store| async move { store.intent(&key).await }).await
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        let filter = filter.clone();
        self.there(|store| async move { store.intents(&filter).await }).await
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        let key = key.clone();
        self.there(|store| async move { store.payment(&key).await }).await
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.there(move |store| async move { store.changes(since, limit).await })
            .await
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.there(move |store| async move { store.parked(limit).await }).await
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        let (gateway, key) = (gateway.to_owned(), key.to_owned());
        self.there(move |store| async move { store.seen(&gateway, &key).await })
            .await
    }
}
