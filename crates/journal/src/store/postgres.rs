//! A journal in a PostgreSQL database, which several machines share.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{query, query_scalar};

use super::row::{self, Columns, Trouble};
use super::{Filter, Store, StoreError};
use crate::change::Change;
use crate::event::Parked;
use crate::intent::{Intent, IntentKey, Known, PaymentKey};
use crate::step::{Old, Page, Ruling, Scope, Step, Write};

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
            put(&mut transaction, write).await?;
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
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT seq, body FROM paymux_changes WHERE seq > $1 ORDER BY seq LIMIT $2")
                .bind(i64::try_from(since).unwrap_or(i64::MAX))
                .bind(i64::from(limit))
                .fetch_all(&mut *transaction)
                .await?;
        transaction.commit().await?;
        rows.into_iter().map(row::numbered).collect()
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

async fn page(connection: &mut PgConnection, scope: &Scope) -> Result<Page, Trouble> {
    let mut page = Page::default();
    if let Some(key) = &scope.intent {
        let found = query_scalar(INTENT)
            .bind(&key.provider)
            .bind(&key.account)
            .bind(key.reference.as_str());
        page.intent = row::read_one(found.fetch_optional(&mut *connection).await?)?;
    }
    if let Some(order) = &scope.order {
        let found = query_scalar(row::TAKER)
            .bind(order)
            .fetch_optional(&mut *connection)
            .await?;
        page.taker = row::read_one(found)?;
    }
    if let Some(key) = &scope.payment {
        let by_key = |text| query_scalar(text).bind(&key.provider).bind(&key.account).bind(&key.id);
        page.known = row::read_one(by_key(row::PAYMENT).fetch_optional(&mut *connection).await?)?;
        page.siblings = row::read_all(by_key(SIBLINGS).fetch_all(&mut *connection).await?)?;
    }
    if let Some((provider, account)) = scope.owner().filter(|_| scope.parked) {
        let found = query_scalar(row::PARKED_FOR)
            .bind(provider)
            .bind(account)
            .bind(scope.intent.as_ref().map(|key| key.reference.as_str()))
            .bind(scope.payment.as_ref().map(|key| key.id.as_str()));
        page.parked = row::read_all(found.fetch_all(&mut *connection).await?)?;
    }
    Ok(page)
}

async fn put(connection: &mut PgConnection, write: Write) -> Result<(), Trouble> {
    let query = match &write {
        Write::Change(change) => query(row::PUT_CHANGE).bind(row::body(change)?),
        Write::Forget(Old::Changes(through)) => {
            query(row::DROP_CHANGES).bind(i64::try_from(*through).unwrap_or(i64::MAX))
        }
        Write::Forget(Old::Parked(before)) => query(row::DROP_OLD_PARKED).bind(before.as_microsecond()),
        Write::Forget(Old::Seen(before)) => query(row::DROP_OLD_SEEN).bind(before.as_microsecond()),
        Write::Intent(intent) => {
            let columns = Columns::of(intent)?;
            query(row::PUT_INTENT)
                .bind(&intent.key.provider)
                .bind(&intent.key.account)
                .bind(intent.key.reference.as_str())
                .bind(columns.payment)
                .bind(&intent.order)
                .bind(columns.taken)
                .bind(intent.state.as_str())
                .bind(intent.remark.is_some())
                .bind(columns.due)
                .bind(columns.begun)
                .bind(columns.body)
        }
        Write::Known(known) => {
            let payment = &known.payment.reference;
            query(row::PUT_PAYMENT)
                .bind(payment.provider())
                .bind(payment.account().as_str())
                .bind(payment.id())
                .bind(row::body(known)?)
        }
        Write::Park(parked) => query(row::PUT_PARKED)
            .bind(&parked.gateway)
            .bind(&parked.deduplication_key)
            .bind(&parked.provider)
            .bind(&parked.account)
            .bind(parked.reference.as_ref().map(|reference| reference.as_str()))
            .bind(parked.payment.as_ref().map(|payment| payment.id()))
            .bind(parked.at.as_microsecond())
            .bind(row::body(parked)?),
        Write::Seen { gateway, key, at } => query(row::PUT_SEEN).bind(gateway).bind(key).bind(at.as_microsecond()),
        Write::Unpark(parked) => query(row::DROP_PARKED)
            .bind(&parked.gateway)
            .bind(&parked.deduplication_key),
    };
    query.execute(connection).await?;
    Ok(())
}

impl Postgres {
    async fn list(&self, filter: &Filter) -> Result<Vec<Intent>, Trouble> {
        let limit = i64::from(filter.limit);
        let (provider, account, reference) = row::key_columns(filter.after.as_ref());
        let found = if filter.walk {
            query_scalar(row::WALK)
                .bind(provider)
                .bind(account)
                .bind(reference)
                .bind(limit)
        } else if let Some(reference) = &filter.reference {
            query_scalar(row::BY_REFERENCE).bind(reference.as_str())
        } else if let Some(at) = filter.due {
            query_scalar(row::DUE).bind(at.as_microsecond()).bind(limit)
        } else if let Some(key) = &filter.payment {
            query_scalar(row::SIBLINGS)
                .bind(&key.provider)
                .bind(&key.account)
                .bind(&key.id)
        } else if let Some(order) = &filter.order {
            query_scalar(row::BY_ORDER).bind(order)
        } else if filter.remarked && filter.state.is_none() {
            query_scalar(row::REMARKED).bind(limit)
        } else {
            query_scalar(row::LIST)
                .bind(filter.state.map(crate::State::as_str))
                .bind(filter.remarked)
                .bind(limit)
        };
        let mut intents: Vec<Intent> = row::read_all(found.fetch_all(&self.pool).await?)?;
        if !filter.walk {
            intents.retain(|intent| filter.fits(intent));
        }
        Ok(intents)
    }
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
        let found = query_scalar(row::INTENT)
            .bind(&key.provider)
            .bind(&key.account)
            .bind(key.reference.as_str())
            .fetch_optional(&self.pool)
            .await;
        let read = found.map_err(Trouble::from).and_then(row::read_one);
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        self.list(filter).await.map_err(Trouble::on("cannot be read"))
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        let found = query_scalar(row::PAYMENT)
            .bind(&key.provider)
            .bind(&key.account)
            .bind(&key.id)
            .fetch_optional(&self.pool)
            .await;
        let read = found.map_err(Trouble::from).and_then(row::read_one);
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let read = in_time(self.numbered(since, limit)).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        let found = query_scalar(row::PARKED)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await;
        let read = found.map_err(Trouble::from).and_then(row::read_all);
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        let count: Result<i64, _> = query_scalar(row::SEEN)
            .bind(gateway)
            .bind(key)
            .fetch_one(&self.pool)
            .await;
        let count = count.map_err(Trouble::from).map_err(Trouble::on("cannot be read"))?;
        Ok(count > 0)
    }
}
