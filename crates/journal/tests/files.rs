//! The file of a SQLite journal: copied, moved, read beside who writes, and by whom.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::Desk;
use paymux::{EntryKind, Fate, PaymentGateway as _};
use paymux_chaos::stands;
use paymux_journal::Journal;
use paymux_journal::store::Sqlite;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

async fn desk(file: &Path) -> Desk {
    Desk::on(stands::named("coolpay"), Arc::new(Sqlite::open(file).await.unwrap()))
}

#[tokio::test]
async fn a_journal_that_was_closed_stands_in_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let (file, copy) = (directory.path().join("a.db"), directory.path().join("b.db"));
    let mut desk = desk(&file).await;
    let process = desk.process();
    let first = process.gateway.sale(desk.charge("a001")).await.unwrap();
    process.journal.close().await;
    let error = process.gateway.sale(desk.charge("a002")).await.unwrap_err();
    assert_eq!(error.fate(), Fate::NotDone, "{error}");
    assert!(!directory.path().join("a.db-wal").exists());
    std::fs::copy(&file, &copy).unwrap();
    desk = Desk::on(desk.stand, Arc::new(Sqlite::open(&copy).await.unwrap()));
    let again = desk.process().gateway.sale(desk.charge("a001")).await.unwrap();
    assert_eq!(again.payment.reference, first.payment.reference);
    assert_eq!(desk.count(EntryKind::Capture), 1);
}

/// Others do not see what is written into a file that has no name any more.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_taken_away_or_replaced_is_written_no_more() {
    for replaced in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db");
        let desk = desk(&file).await;
        let process = desk.process();
        process.gateway.sale(desk.charge("a001")).await.unwrap();
        let requests = desk.stand.provider.count();
        std::fs::rename(&file, directory.path().join("old.db")).unwrap();
        if replaced {
            Sqlite::open(&file).await.unwrap();
        }
        let error = process.gateway.sale(desk.charge("a002")).await.unwrap_err();
        assert_eq!(error.fate(), Fate::NotDone, "{error}");
        assert!(error.message().contains("was moved, removed or replaced"), "{error}");
        assert!(error.is_beside_another(), "what the other file holds is not known");
        assert_eq!(desk.stand.provider.count(), requests, "nothing was sent");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let desk = desk(&directory.path().join("a.db")).await;
    desk.process().gateway.sale(desk.charge("a001")).await.unwrap();
    let files = std::fs::read_dir(directory.path()).unwrap();
    let modes: Vec<_> = files
        .map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777)
        .collect();
    assert!(modes.len() > 1 && modes.iter().all(|mode| *mode == 0o600), "{modes:?}");
}

#[tokio::test]
async fn a_journal_is_opened_and_read_while_another_process_writes() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.db");
    let desk = desk(&file).await;
    desk.process().gateway.sale(desk.charge("a001")).await.unwrap();
    let options = SqliteConnectOptions::new().filename(&file);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let writes = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let began = std::time::Instant::now();
    let journal = Journal::open_existing(&format!("sqlite:{}", file.display()))
        .await
        .unwrap();
    let intents = journal.intents(&paymux_journal::Filter::default()).await.unwrap();
    assert_eq!(intents.len(), 1);
    // Whoever waits for the other one waits ten seconds.
    assert!(began.elapsed().as_secs() < 8);
    drop(writes);
}
