//! One contract over all the stores.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use jiff::Timestamp;
use paymux_journal::{Memory, contract};

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::holds(|| async { Memory::new() }).await;
}

/// A moment of these tests.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
const NOW: Timestamp = Timestamp::constant(1_767_323_045, 0);

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use paymux::PaymentGateway as _;
    use paymux_chaos::stands;
    use paymux_journal::store::Sqlite;
    use paymux_journal::{Step, Store as _};
    use sqlx::Connection as _;

    use super::common::Desk;
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

    /// A journal that ends with its process is none.
    #[tokio::test]
    async fn what_is_no_file_is_refused() {
        for address in [
            "sqlite:",
            "sqlite::memory:",
            "sqlite://paymux.db",
            "sqlite:x?mode=rwc",
            "",
            "paymux.db",
            "mysql://u:hidden@h",
            "host=h password=hidden",
        ] {
            let error = paymux_journal::Journal::open(address).await.unwrap_err().to_string();
            assert!(
                error.contains("cannot be opened") && !error.contains("hidden"),
                "{address}: {error}"
            );
        }
    }

    /// What is only read is not made, and what is somebody else's is not changed.
    #[tokio::test]
    async fn a_journal_that_is_not_there_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("paymux.db");
        let address = format!("sqlite:{}", file.display());
        let existing = || paymux_journal::Journal::open_existing(&address);
        let error = existing().await.unwrap_err().to_string();
        assert!(error.contains("there is no file") && !file.exists(), "{error}");
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true);
        let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql("CREATE TABLE mine (a)")
            .execute(&mut other)
            .await
            .unwrap();
        other.close().await.unwrap();
        let before = std::fs::read(&file).unwrap();
        let error = existing().await.unwrap_err().to_string();
        assert!(error.contains("there is no journal in it"), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), before);
        drop(paymux_journal::Journal::open(&address).await.unwrap());
        existing().await.unwrap();
    }

    /// Steps that wait together are committed together, and what is committed is there when the file is opened again.
    #[tokio::test(flavor = "multi_thread")]
    async fn many_steps_share_a_commit_and_outlive_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("paymux.db");
        let store = Arc::new(Sqlite::open(&file).await.unwrap());
        let see = |number: u32| Step::See {
            gateway: "cards".to_owned(),
            key: number.to_string(),
            now: NOW,
        };
        let tasks = (0..400).map(|number| {
            let (store, step) = (Arc::clone(&store), see(number));
            tokio::spawn(async move { store.apply(&step).await.unwrap() })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let (commits, steps) = store.commits();
        assert_eq!(steps, 400);
        assert!(commits < 200, "{commits} commits for {steps} steps");
        drop(store);
        let again = Sqlite::open(&file).await.unwrap();
        for number in [0, 399] {
            assert!(again.seen("cards", &number.to_string()).await.unwrap());
        }
    }

    /// What is in flight together shares its commits, and so its fsyncs.
    #[tokio::test]
    async fn many_payments_in_flight_take_few_commits_each() {
        const PAYMENTS: u64 = 64;
        let directory = tempfile::tempdir().unwrap();
        let mut counted = Vec::new();
        for at_once in [false, true] {
            let file = directory.path().join(format!("{at_once}.db"));
            let store = Arc::new(Sqlite::open(&file).await.unwrap());
            let desk = Desk::on(stands::named("coolpay"), store.clone());
            let process = Arc::new(desk.process());
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..PAYMENTS {
                let (process, charge) = (
                    Arc::clone(&process),
                    desk.charge_for(&format!("a{number:03}"), &number.to_string()),
                );
                tasks.spawn(async move {
                    let answer = process.gateway.sale(charge).await.unwrap();
                    assert!(answer.outcome.is_approved() && !answer.unrecorded);
                });
                while !at_once && tasks.join_next().await.is_some() {}
            }
            while let Some(done) = tasks.join_next().await {
                done.unwrap();
            }
            counted.push(store.commits());
        }
        let [(alone, alone_steps), (together, steps)] = counted[..] else {
            panic!("{counted:?}");
        };
        assert_eq!(alone_steps, steps, "the same work");
        let hundredths = |commits: u64| commits * 100 / PAYMENTS;
        let _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "commits in hundredths a payment: {} one after the other, {} with {PAYMENTS} in flight\n",
                hundredths(alone),
                hundredths(together)
            ),
        );
        assert!(alone >= 3 * PAYMENTS, "begun, noted, concluded: {alone}");
        assert!(together * 4 < alone, "{together} and {alone} commits");
    }

    #[tokio::test]
    async fn a_file_of_a_newer_version_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("paymux.db");
        drop(Sqlite::open(&file).await.unwrap());
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let newer = sqlx::query("INSERT INTO paymux_journal (version) VALUES (99)");
        newer.execute(&mut connection).await.unwrap();
        let error = Sqlite::open(&file).await.unwrap_err();
        assert!(error.to_string().contains("version 99"), "{error}");
    }
}

#[cfg(feature = "postgres")]
#[path = "common/server.rs"]
mod server;

#[cfg(feature = "postgres")]
mod postgres {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use paymux::{Fate, PaymentGateway as _};
    use paymux_chaos::stands;
    use paymux_journal::Store as _;
    use paymux_journal::store::Postgres;
    use sqlx::Connection as _;

    use super::common::{Desk, name};
    use super::server::Server;
    use super::*;

    /// A new database on the server, and the address of it.
    async fn database(server: &Server, number: u32) -> String {
        let mut connection = sqlx::PgConnection::connect(&server.url()).await.unwrap();
        let make = sqlx::AssertSqlSafe(format!("CREATE DATABASE j{number}"));
        sqlx::query(make).execute(&mut connection).await.unwrap();
        server.url_of(&format!("j{number}"))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn postgres_keeps_the_contract() {
        let Some(server) = Server::start("the contract of stores on PostgreSQL") else {
            return;
        };
        let number = AtomicU32::new(0);
        contract::holds(|| async {
            let number = number.fetch_add(1, Ordering::SeqCst);
            let url = database(&server, number).await;
            // Also where all wait for one connection.
            let most = if number.is_multiple_of(2) { 1 } else { 10 };
            Postgres::with_connections(&url, most).await.unwrap()
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn processes_that_start_at_once_make_the_tables_once() {
        let Some(server) = Server::start("the migration of PostgreSQL by several processes") else {
            return;
        };
        let url = server.url();
        let opened = (0..6).map(|_| {
            let url = url.clone();
            tokio::spawn(async move { Postgres::open(&url).await })
        });
        for opened in opened.collect::<Vec<_>>() {
            opened.await.unwrap().unwrap();
        }
    }

    /// Whoever deploys makes the tables; the application's role need not be allowed to.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_role_that_may_not_make_tables_is_enough_once_they_are_there() {
        let Some(server) = Server::start("a role of PostgreSQL with few rights") else {
            return;
        };
        let role = server.url().replace("postgres@", "app@");
        let mut admin = sqlx::PgConnection::connect(&server.url()).await.unwrap();
        sqlx::query("CREATE ROLE app LOGIN").execute(&mut admin).await.unwrap();
        assert!(
            Postgres::open(&role).await.is_err(),
            "there is nothing, and it can make nothing"
        );
        Postgres::open(&server.url()).await.unwrap();
        let grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
            GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app";
        sqlx::raw_sql(grant).execute(&mut admin).await.unwrap();
        let missing = "DROP INDEX paymux_intents_by_payment";
        for older in [false, true] {
            // Tables that were made before lack an index: it is not made, and they do without.
            if older {
                sqlx::raw_sql(missing).execute(&mut admin).await.unwrap();
            }
            let store = Arc::new(Postgres::open(&role).await.unwrap());
            let desk = Desk::on(stands::named("coolpay"), store);
            let charge = desk.charge_for(&format!("a{older}"), &format!("1001{older}"));
            let answer = desk.process().gateway.sale(charge).await.unwrap();
            assert!(answer.outcome.is_approved() && !answer.unrecorded);
        }
        Postgres::open(&server.url()).await.unwrap();
        let made = sqlx::raw_sql(missing).execute(&mut admin).await;
        assert!(made.is_ok(), "whoever may make it made it: {made:?}");
    }

    /// A change that commits late gets a late number, although its row is older: who has read further still gets it.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_change_that_commits_late_is_not_skipped() {
        let Some(server) = Server::start("changes that commit out of order on PostgreSQL") else {
            return;
        };
        let store = Postgres::open(&server.url()).await.unwrap();
        let body = |reference: &str| {
            serde_json::json!({
                "at": NOW, "gateway": "cards", "payment": null, "order": null,
                "reference": reference, "what": { "remark": "x" },
            })
            .to_string()
        };
        let mut slow = sqlx::PgConnection::connect(&server.url()).await.unwrap();
        let mut open = slow.begin().await.unwrap();
        let put = |body: String| sqlx::query("INSERT INTO paymux_changes (body) VALUES ($1)").bind(body);
        put(body("slow")).execute(&mut *open).await.unwrap();
        let mut quick = sqlx::PgConnection::connect(&server.url()).await.unwrap();
        put(body("quick")).execute(&mut quick).await.unwrap();
        let first = store.changes(0, 10).await.unwrap();
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].reference, Some(name("quick")));
        open.commit().await.unwrap();
        let then = store.changes(first[0].seq, 10).await.unwrap();
        assert_eq!(then.len(), 1);
        assert_eq!(then[0].reference, Some(name("slow")));
    }

    /// While the database is away nothing is sent, and what is asked for after it came back is done.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_database_that_restarts_loses_nothing() {
        let Some(mut server) = Server::start("a restart of PostgreSQL in the middle of a run") else {
            return;
        };
        let store = Arc::new(Postgres::open(&server.url()).await.unwrap());
        let desk = Desk::on(stands::named("coolpay"), store);
        let process = desk.process();
        process.gateway.sale(desk.charge("a001")).await.unwrap();
        server.down();
        let error = process.gateway.sale(desk.charge("a002")).await.unwrap_err();
        assert_eq!(error.fate(), Fate::NotDone, "{error}");
        assert_eq!(desk.count(paymux::EntryKind::Capture), 1);
        server.up();
        for reference in ["a001", "a002", "a003"] {
            process.gateway.sale(desk.charge(reference)).await.unwrap();
        }
        assert_eq!(desk.count(paymux::EntryKind::Capture), 3);
    }
}
