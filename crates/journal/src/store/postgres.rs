//! A journal in a PostgreSQL database, which several machines share.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{Executor, query, query_as_with, query_scalar, query_scalar_with, query_with};

use super::row::{self, Trouble};
use super::statement::{self, Statement};
use super::{Filter, Store, StoreError};
use crate::change::Change;
use crate::event::Parked;
use crate::intent::{Intent, IntentKey, Known, PaymentKey};
use crate::step::{Page, Ruling, Scope, Step, Write};

/// A journal in a PostgreSQL database. Its tables begin with `paymux_`, and may stand beside the application's own.
#[derive(Debug)]
pub struct Postgres {
    pool: PgPool,
}

/// How many connections a process has at the most.
const CONNECTIONS: u32 = 10;
/// How long one step may take, the wait for a connection included.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a step is begun anew that met another one.
const TRIES: u32 = 5;

/// Excludes others on the same intent, order or payment, until the transaction ends. The names are sorted.
const LOCK: &str =
    "SELECT COUNT(pg_advisory_xact_lock(hashtextextended('paymux ' || name, 0))) FROM unnest($1) AS name";
/// Rows that may be written are held, also by a step that has no payment's name: it may write the intent that made the payment.
const INTENT: &str =
    "SELECT body FROM paymux_intents WHERE provider = $1 AND account = $2 AND reference = $3 FOR UPDATE";
const SIBLINGS: &str = "SELECT body FROM paymux_intents WHERE provider = $1 AND account = $2 AND payment = $3
    ORDER BY begun FOR UPDATE";
/// Gives numbers to what is committed and has none. A transaction that commits later has no number yet, whatever its id, so that none is skipped.
const NUMBER: &str = "WITH last AS (SELECT COALESCE(MAX(seq), 0) AS seq FROM paymux_changes),
    fresh AS (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM paymux_changes WHERE seq IS NULL)
    UPDATE paymux_changes SET seq = last.seq + fresh.place FROM last, fresh WHERE paymux_changes.id = fresh.id";

impl Postgres {
    /// Connects to a database, and makes the tables where they are missing.
    ///
    /// # Errors
    /// It cannot be reached, or is of a newer version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::at(url, true).await
    }

    /// Connects to a database; if there is no journal in it, one is made, or that is an error.
    pub(crate) async fn at(url: &str, make: bool) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE / 3)
            .connect(url)
            .await
            .map_err(Trouble::from)
            .map_err(Trouble::on("cannot be opened"))?;
        let postgres = Self { pool };
        if !make {
            in_time(postgres.look())
                .await
                .map_err(Trouble::on("cannot be opened"))?;
        }
        in_time(postgres.migrate())
            .await
            .map_err(Trouble::on("cannot be opened"))?;
        Ok(postgres)
    }

    /// Whether there is a journal in it. Nothing is changed.
    async fn look(&self) -> Result<(), Trouble> {
        let there: bool = query_scalar("SELECT to_regclass('paymux_journal') IS NOT NULL")
            .fetch_one(&self.pool)
            .await?;
        if there { Ok(()) } else { Err(Trouble::NoJournal) }
    }

    async fn migrate(&self) -> Result<(), Trouble> {
        // Most often there is nothing to do, and a role that may not make tables is enough.
        let there = query_scalar::<_, i64>(row::READ_VERSION).fetch_one(&self.pool).await;
        if there.is_ok_and(|version| version == row::VERSION) {
            return Ok(());
        }
        let mut transaction = self.pool.begin().await?;
        // Of several processes that start at once, one makes the tables.
        query_scalar::<_, i64>(LOCK)
            .bind(vec!["migrate".to_owned()])
            .fetch_one(&mut *transaction)
            .await?;
        query(row::MAKE_VERSION).execute(&mut *transaction).await?;
        let version: i64 = query_scalar(row::READ_VERSION).fetch_one(&mut *transaction).await?;
        if version > row::VERSION {
            return Err(Trouble::Version(version));
        }
        if version < 1 {
            let tables = include_str!("../../migrations/postgres-1.sql");
            sqlx::raw_sql(tables).execute(&mut *transaction).await?;
            query(row::WRITE_VERSION).bind(1_i64).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn transact(&self, step: &Step) -> Result<Ruling, Trouble> {
        let scope = step.scope();
        let mut transaction = self.pool.begin().await?;
        let locks = scope.locks();
        if !locks.is_empty() {
            query_scalar::<_, i64>(LOCK)
                .bind(locks)
                .fetch_one(&mut *transaction)
                .await?;
        }
        let page = page(&mut transaction, &scope).await?;
        let (ruling, writes) = step.decide(&page);
        for write in writes {
            put(&mut transaction, &write).await?;
        }
        transaction.commit().await?;
        Ok(ruling)
    }

    async fn numbered(&self, since: u64, limit: u32) -> Result<Vec<Change>, Trouble> {
        let mut transaction = self.pool.begin().await?;
        query_scalar::<_, i64>(LOCK)
            .bind(vec!["changes".to_owned()])
            .fetch_one(&mut *transaction)
            .await?;
        query(NUMBER).execute(&mut *transaction).await?;
        let statement = statement::changes(since, limit);
        let found = query_as_with(statement.text, statement.arguments::<sqlx::Postgres>()?);
        let rows = found.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        rows.into_iter().map(row::numbered).collect()
    }

    async fn count(&self, statement: &Statement<'_>) -> Result<i64, Trouble> {
        let found = query_scalar_with(statement.text, statement.arguments::<sqlx::Postgres>()?);
        Ok(found.fetch_one(&self.pool).await?)
    }
}

/// Ends what takes too long, as when a connection hangs.
async fn in_time<T>(work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    tokio::time::timeout(PATIENCE, work)
        .await
        .unwrap_or(Err(Trouble::Late(PATIENCE.as_secs())))
}

/// Whether nothing was written because another transaction was in the way: a deadlock, a serialisation failure, or a row that was made in between.
fn met_another(trouble: &Trouble) -> bool {
    let Trouble::Database(sqlx::Error::Database(error)) = trouble else {
        return false;
    };
    matches!(error.code().as_deref(), Some("40001" | "40P01" | "23505"))
}

/// What stands within a scope.
async fn page(connection: &mut PgConnection, scope: &Scope) -> Result<Page, Trouble> {
    let mut page = Page::default();
    if let Some(key) = &scope.intent {
        page.intent = one(&mut *connection, &statement::intent(key).with_text(INTENT)).await?;
    }
    if let Some(order) = &scope.order {
        page.taker = one(&mut *connection, &statement::taker(order)).await?;
    }
    if let Some(key) = &scope.payment {
        page.known = one(&mut *connection, &statement::payment(key)).await?;
        page.siblings = all(&mut *connection, &statement::siblings(key).with_text(SIBLINGS)).await?;
    }
    if let Some(parked) = statement::parked_for(scope) {
        page.parked = all(&mut *connection, &parked).await?;
    }
    Ok(page)
}

async fn put(connection: &mut PgConnection, write: &Write) -> Result<(), Trouble> {
    let statement = statement::put(write)?;
    query_with(statement.text, statement.arguments::<sqlx::Postgres>()?)
        .execute(connection)
        .await?;
    Ok(())
}

/// The row that a statement finds, if it finds one.
async fn one<T: DeserializeOwned>(
    on: impl Executor<'_, Database = sqlx::Postgres>,
    statement: &Statement<'_>,
) -> Result<Option<T>, Trouble> {
    let found = query_scalar_with(statement.text, statement.arguments::<sqlx::Postgres>()?);
    row::read_one(found.fetch_optional(on).await?)
}

/// The rows that a statement finds.
async fn all<T: DeserializeOwned>(
    on: impl Executor<'_, Database = sqlx::Postgres>,
    statement: &Statement<'_>,
) -> Result<Vec<T>, Trouble> {
    let found = query_scalar_with(statement.text, statement.arguments::<sqlx::Postgres>()?);
    row::read_all(found.fetch_all(on).await?)
}

#[async_trait]
impl Store for Postgres {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match in_time(self.transact(step)).await {
                Err(trouble) if met_another(&trouble) && tries < TRIES => {}
                ruling => return ruling.map_err(Trouble::on("cannot be written")),
            }
        }
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        let read = one(&self.pool, &statement::intent(key)).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        let read = all(&self.pool, &statement::intents(filter)).await;
        let mut intents: Vec<Intent> = read.map_err(Trouble::on("cannot be read"))?;
        if !filter.walk {
            intents.retain(|intent| filter.fits(intent));
        }
        Ok(intents)
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        let read = one(&self.pool, &statement::payment(key)).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let read = in_time(self.numbered(since, limit)).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        let read = all(&self.pool, &statement::parked(limit)).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        let read = self.count(&statement::seen(gateway, key)).await;
        Ok(read.map_err(Trouble::on("cannot be read"))? > 0)
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
