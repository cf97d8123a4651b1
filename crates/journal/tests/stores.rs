//! One contract over all the stores.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
#[path = "common/contract.rs"]
mod contract;

use paymux_journal::Memory;

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::holds(|| async { Memory::new() }).await;
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::sync::atomic::{AtomicU32, Ordering};

    use paymux_journal::store::Sqlite;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite_keeps_the_contract() {
        let directory = tempfile::tempdir().unwrap();
        let number = AtomicU32::new(0);
        contract::holds(|| async {
            let file = format!("{}.db", number.fetch_add(1, Ordering::SeqCst));
            Sqlite::open(directory.path().join(file)).await.unwrap()
        })
        .await;
    }
}
