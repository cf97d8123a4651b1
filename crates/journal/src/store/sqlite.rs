//! A journal in a file beside the application.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Executor, query, query_as_with, query_scalar, query_scalar_with, query_with};

use super::row::{self, Trouble};
use super::statement::{self, Statement};
use super::writer::{File, Writer};
use super::{Filter, Store, StoreError};
use crate::change::Change;
use crate::event::Parked;
use crate::intent::{Intent, IntentKey, Known, PaymentKey};
use crate::step::{Page, Ruling, Scope, Step, Write};

/// A journal in a SQLite file. One task writes; several processes may have the file open, and wait for each other.
#[derive(Debug)]
pub struct Sqlite {
    writer: Writer,
    readers: SqlitePool,
}

/// How many of the indices are there that the tables of this version have gained.
const INDICES: &str = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND name IN
    ('paymux_intents_by_payment', 'paymux_parked_by_payment', 'paymux_parked_by_reference')";
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
        if make {
            create(path);
        }
        // From here on by its whole name, whatever becomes of the process's directory.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let options = SqliteConnectOptions::new()
            .filename(&path)
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
            writer: Writer::begin(connection, File::at(path)),
            readers,
        })
    }

    /// How many transactions were committed, and how many steps were in them. Each transaction costs one fsync.
    #[must_use]
    pub fn commits(&self) -> (u64, u64) {
        self.writer.commits()
    }

    async fn numbered(&self, since: u64, limit: u32) -> Result<Vec<Change>, Trouble> {
        let statement = statement::changes(since, limit);
        let found = query_as_with(statement.text, statement.arguments::<sqlx::Sqlite>()?);
        let rows = found.fetch_all(&self.readers).await?;
        rows.into_iter().map(row::numbered).collect()
    }

    async fn count(&self, statement: &Statement<'_>) -> Result<i64, Trouble> {
        let found = query_scalar_with(statement.text, statement.arguments::<sqlx::Sqlite>()?);
        Ok(found.fetch_one(&self.readers).await?)
    }
}

/// Makes an empty file that its owner alone reads, if there is none: what is in a journal is about customers. What goes wrong is said when it is opened.
fn create(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
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
    // Most often there is nothing to do, and nobody who writes is waited for.
    let version = query_scalar::<_, i64>(row::READ_VERSION)
        .fetch_one(&mut *connection)
        .await;
    if version.is_ok_and(|version| version == row::VERSION) {
        let indices: i64 = query_scalar(INDICES).fetch_one(&mut *connection).await?;
        if indices == 3 {
            return Ok(());
        }
    }
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
    let indices = include_str!("../../migrations/indices.sql");
    sqlx::raw_sql(indices).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Applies a step inside the transaction that the connection is in.
pub(super) async fn apply(connection: &mut SqliteConnection, step: &Step) -> Result<Ruling, Trouble> {
    let page = page(connection, &step.scope()).await?;
    let (ruling, writes) = step.decide(&page);
    for write in writes {
        put(connection, &write).await?;
    }
    Ok(ruling)
}

/// What stands within a scope.
async fn page(connection: &mut SqliteConnection, scope: &Scope) -> Result<Page, Trouble> {
    let mut page = Page::default();
    if let Some(key) = &scope.intent {
        page.intent = one(&mut *connection, &statement::intent(key)).await?;
    }
    if let Some(order) = &scope.order {
        page.taker = one(&mut *connection, &statement::taker(order)).await?;
    }
    if let Some(key) = &scope.payment {
        page.known = one(&mut *connection, &statement::payment(key)).await?;
        page.siblings = all(&mut *connection, &statement::siblings(key)).await?;
    }
    if let Some(parked) = statement::parked_for(scope) {
        page.parked = all(&mut *connection, &parked).await?;
    }
    Ok(page)
}

async fn put(connection: &mut SqliteConnection, write: &Write) -> Result<(), Trouble> {
    let statement = statement::put(write)?;
    query_with(statement.text, statement.arguments::<sqlx::Sqlite>()?)
        .execute(connection)
        .await?;
    Ok(())
}

/// The row that a statement finds, if it finds one.
async fn one<T: DeserializeOwned>(
    on: impl Executor<'_, Database = sqlx::Sqlite>,
    statement: &Statement<'_>,
) -> Result<Option<T>, Trouble> {
    let found = query_scalar_with(statement.text, statement.arguments::<sqlx::Sqlite>()?);
    row::read_one(found.fetch_optional(on).await?)
}

/// The rows that a statement finds.
async fn all<T: DeserializeOwned>(
    on: impl Executor<'_, Database = sqlx::Sqlite>,
    statement: &Statement<'_>,
) -> Result<Vec<T>, Trouble> {
    let found = query_scalar_with(statement.text, statement.arguments::<sqlx::Sqlite>()?);
    row::read_all(found.fetch_all(on).await?)
}

#[async_trait]
impl Store for Sqlite {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        self.writer.apply(step).await
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        let read = one(&self.readers, &statement::intent(key)).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        let read = all(&self.readers, &statement::intents(filter)).await;
        let mut intents: Vec<Intent> = read.map_err(Trouble::on("cannot be read"))?;
        if !filter.walk {
            intents.retain(|intent| filter.fits(intent));
        }
        Ok(intents)
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        let read = one(&self.readers, &statement::payment(key)).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let read = self.numbered(since, limit).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        let read = all(&self.readers, &statement::parked(limit)).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        let read = self.count(&statement::seen(gateway, key)).await;
        Ok(read.map_err(Trouble::on("cannot be read"))? > 0)
    }

    async fn close(&self) {
        // The last one to leave must be one that may write.
        self.readers.close().await;
        self.writer.close().await;
    }
}
