//! Where the record of a test is kept, in memory or in a file, for tests on a clock that stands still.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use paymux::async_trait;
use paymux_journal::store::Sqlite;
use paymux_journal::{
    Change, Filter, Intent, IntentKey, Known, Memory, Parked, PaymentKey, Ruling, Step, Store, StoreError,
};
use tokio::runtime::Runtime;

/// A record that outlives its processes. A file's work is done in a runtime of its own while the test's thread waits, so that no time passes meanwhile.
pub(crate) struct Kept {
    store: Option<Arc<dyn Store>>,
    file: Option<(Arc<Runtime>, tempfile::TempDir)>,
    /// What it says of itself beside what its store does.
    says: String,
}

impl Kept {
    pub(crate) fn memory() -> Arc<Self> {
        Arc::new(Self {
            store: Some(Arc::new(Memory::new())),
            file: None,
            says: String::new(),
        })
    }

    pub(crate) fn file(runtime: &Arc<Runtime>) -> Arc<Self> {
        Self::talking(runtime, "")
    }

    /// One that shows a text when it is printed.
    pub(crate) fn talking(runtime: &Arc<Runtime>, says: &str) -> Arc<Self> {
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let directory = directory.unwrap();
        let path = directory.path().join("journal.db");
        let store = on(runtime, async move { Sqlite::open(path).await.unwrap() });
        Arc::new(Self {
            store: Some(Arc::new(store)),
            file: Some((Arc::clone(runtime), directory)),
            says: says.to_owned(),
        })
    }

    /// The folder in which the file is, and what SQLite puts beside it.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.file.as_ref().map(|(_, folder)| folder.path())
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
        self.intents(&filter).await.unwrap()
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

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.store, self.says)
    }
}

#[async_trait]
impl Store for Kept {
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
        self.there(|store| async move { store.seen(&gateway, &key).await })
            .await
    }

    async fn close(&self) {
        self.there(|store| async move { store.close().await }).await;
    }
}
