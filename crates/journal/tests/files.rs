//! The file of a SQLite journal: copied, moved, read beside who writes, and by whom.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::Desk;
use paymux::{EntryKind, Fate, PaymentGateway as _};
use paymux_chaos::stands;
use paymux_journal::store::Sqlite;
use paymux_journal::{Filter, Journal, PaymentKey};
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

/// Whoever writes into the file by hand is told of it when the row is read; nothing is sent on it, and the other rows can still be read.
#[tokio::test]
async fn a_row_that_was_damaged_is_an_error() {
    for (table, body) in [
        ("paymux_intents", "''"),
        ("paymux_intents", "'null'"),
        ("paymux_intents", "'{}'"),
        ("paymux_intents", "substr(body, 1, length(body) / 2)"),
        ("paymux_intents", "replace(body, '\"done\"', '\"paid\"')"),
        ("paymux_intents", "replace(body, '\"attempt\":1', '\"attempt\":-1')"),
        ("paymux_intents", "x'fffe00'"),
        ("paymux_payments", "'[]'"),
        ("paymux_changes", "'{\"seq\":'"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db");
        let desk = desk(&file).await;
        let process = desk.process();
        let sold = process.gateway.sale(desk.charge("a001")).await.unwrap();
        let options = SqliteConnectOptions::new().filename(&file);
        let mut other = SqliteConnection::connect_with(&options).await.unwrap();
        let damage = format!("UPDATE {table} SET body = CAST({body} AS TEXT)");
        let damage = sqlx::raw_sql(sqlx::AssertSqlSafe(damage));
        assert!(damage.execute(&mut other).await.unwrap().rows_affected() > 0);
        let requests = desk.stand.provider.count();
        let journal = &process.journal;
        let error = match table {
            "paymux_intents" => journal.intents(&Filter::default()).await.unwrap_err(),
            "paymux_payments" => {
                let key = PaymentKey::of(&sold.payment.reference);
                journal.payment(&key).await.unwrap_err()
            }
            _ => journal.changes(0, 10).await.unwrap_err(),
        };
        assert!(error.to_string().contains("cannot be read"), "{table}, {body}: {error}");
        if table == "paymux_intents" {
            let error = process.gateway.sale(desk.charge("a001")).await.unwrap_err();
            assert_eq!(error.fate(), Fate::NotDone, "{body}: {error}");
            assert!(error.is_beside_another(), "{body}: what the row said is not known");
            assert_eq!(desk.stand.provider.count(), requests, "{body}: nothing was sent");
        }
        let next = process.gateway.sale(desk.charge("a002")).await.unwrap();
        assert!(next.outcome.is_approved(), "{table}, {body}");
    }
}
