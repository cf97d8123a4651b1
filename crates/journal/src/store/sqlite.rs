//! A journal in a file beside the application.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, query, query_scalar};

use super::row::{self, Columns, Trouble};
use super::writer::Writer;
use super::{Filter, Store, StoreError};
use crate::change::Change;
use crate::event::Parked;
use crate::intent::{Intent, IntentKey, Known, PaymentKey};
use crate::step::{Old, Page, Ruling, Scope, Step, Write};

/// A journal in a SQLite file. One task writes; several processes may have the file open, and wait for each other.
#[derive(Debug)]
pub struct Sqlite {
    writer: Writer,
    readers: SqlitePool,
}

/// How long another process's write is waited for.
const BUSY: Duration = Duration::from_secs(10);

impl Sqlite {
    /// Opens a journal, and makes it if there is none. Must be called inside a tokio runtime, in which its writer runs from then on.
    ///
    /// # Errors
    /// It cannot be opened, or is of a newer version.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::at(path.as_ref(), true).await
    }

    /// Opens a journal; if there is none, it is made, or that is an error.
    pub(crate) async fn at(path: &Path, make: bool) -> Result<Self, StoreError> {
        let failed = Trouble::on("cannot be opened");
        // SQLite would take both for a database that ends with the process.
        if path.as_os_str().is_empty() || path.as_os_str().as_encoded_bytes().starts_with(b":") {
            return Err(StoreError::new(
                "cannot be opened",
                "it must be a file that outlives the process, as in `sqlite:paymux.db`",
            ));
        }
        if !make {
            look(path).await.map_err(&failed)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What is committed is on the disk, also when the power fails.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY);
        let connect = || SqliteConnection::connect_with(&options);
        let mut connection = connect().await.map_err(|error| failed(error.into()))?;
        migrate(&mut connection).await.map_err(&failed)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.clone().read_only(true))
            .await
            .map_err(|error| failed(error.into()))?;
        Ok(Self {
            writer: Writer::begin(connection),
            readers,
        })
    }

    /// How many transactions were committed, and how many steps were in them. Each transaction costs one fsync.
    #[must_use]
    pub fn commits(&self) -> (u64, u64) {
        self.writer.commits()
    }
}

/// Whether there is a journal in a file. Nothing is changed: the file may be somebody else's.
async fn look(path: &Path) -> Result<(), Trouble> {
    if !path.exists() {
        return Err(Trouble::NoFile(path.to_owned()));
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let tables: i64 = query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = 'paymux_journal'")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    if tables == 0 { Err(Trouble::NoJournal) } else { Ok(()) }
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), Trouble> {
    // Of two processes that open a new file at once, one makes the tables.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    query(row::MAKE_VERSION).execute(&mut *transaction).await?;
    let version: i64 = query_scalar(row::READ_VERSION).fetch_one(&mut *transaction).await?;
    if version > row::VERSION {
        return Err(Trouble::Version(version));
    }
    if version < 1 {
        let tables = include_str!("../../migrations/sqlite-1.sql");
        sqlx::raw_sql(tables).execute(&mut *transaction).await?;
        query(row::WRITE_VERSION).bind(1_i64).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Applies a step inside the transaction that the connection is in.
pub(super) async fn apply(connection: &mut SqliteConnection, step: &Step) -> Result<Ruling, Trouble> {
    let page = page(connection, &step.scope()).await?;
    let (ruling, writes) = step.decide(&page);
    for write in writes {
        put(connection, write).await?;
    }
    Ok(ruling)
}

async fn page(connection: &mut SqliteConnection, scope: &Scope) -> Result<Page, Trouble> {
    let mut page = Page::default();
    if let Some(key) = &scope.intent {
        let found = query_scalar(row::INTENT)
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
        page.siblings = row::read_all(by_key(row::SIBLINGS).fetch_all(&mut *connection).await?)?;
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

async fn put(connection: &mut SqliteConnection, write: Write) -> Result<(), Trouble> {
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

impl Sqlite {
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
        let mut intents: Vec<Intent> = row::read_all(found.fetch_all(&self.readers).await?)?;
        if !filter.walk {
            intents.retain(|intent| filter.fits(intent));
        }
        Ok(intents)
    }

    async fn numbered(&self, since: u64, limit: u32) -> Result<Vec<Change>, Trouble> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT seq, body FROM paymux_changes WHERE seq > $1 ORDER BY seq LIMIT $2")
                .bind(i64::try_from(since).unwrap_or(i64::MAX))
                .bind(i64::from(limit))
                .fetch_all(&self.readers)
                .await?;
        rows.into_iter().map(row::numbered).collect()
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        self.writer.apply(step).await
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        let found = query_scalar(row::INTENT)
            .bind(&key.provider)
            .bind(&key.account)
            .bind(key.reference.as_str())
            .fetch_optional(&self.readers)
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
            .fetch_optional(&self.readers)
            .await;
        let read = found.map_err(Trouble::from).and_then(row::read_one);
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let read = self.numbered(since, limit).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        let found = query_scalar(row::PARKED)
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await;
        let read = found.map_err(Trouble::from).and_then(row::read_all);
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        let count: Result<i64, _> = query_scalar(row::SEEN)
            .bind(gateway)
            .bind(key)
            .fetch_one(&self.readers)
            .await;
        let count = count.map_err(Trouble::from).map_err(Trouble::on("cannot be read"))?;
        Ok(count > 0)
    }
}
