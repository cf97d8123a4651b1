//! A journal in a PostgreSQL database, which several machines share.

mod connections;
#[cfg(test)]
mod plans;
mod stepping;

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{Decode, FromRow, Type, query, query_as_with, query_scalar};

use self::connections::Connections;
use self::stepping::commit;
use super::row::{self, Trouble};
use super::statement::{self, Statement};
use super::{Filter, Store, StoreError};
use crate::change::Change;
use crate::event::Parked;
use crate::intent::{Intent, IntentKey, Known, PaymentKey};
use crate::step::{Ruling, Step};

/// A journal in a PostgreSQL database. Its tables begin with `paymux_`, and may stand beside the application's own.
#[derive(Debug)]
pub struct Postgres {
    connections: Connections,
}

/// How many connections a process has at the most, unless it is set.
const CONNECTIONS: u32 = 10;
/// How long one step may take, the wait for a connection included.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a step is begun anew that met another one.
const TRIES: u32 = 5;

/// Gives numbers to what is committed and has none. A transaction that commits later has no number yet, whatever its id, so that none is skipped.
const NUMBER: &str = "WITH last AS (SELECT COALESCE(MAX(seq), 0) AS seq FROM paymux_changes),
    fresh AS (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM paymux_changes WHERE seq IS NULL)
    UPDATE paymux_changes SET seq = last.seq + fresh.place FROM last, fresh WHERE paymux_changes.id = fresh.id";
/// How many of the indices are there that the tables of this version have gained.
const INDICES: &str = "SELECT COUNT(to_regclass(name)) FROM
    unnest(ARRAY['paymux_intents_by_payment', 'paymux_parked_by_payment', 'paymux_parked_by_reference']) AS name";

impl Postgres {
    /// Connects to a database, and makes the tables where they are missing. The process has ten connections at the most.
    ///
    /// # Errors
    /// It cannot be reached, or is of a newer version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::with_connections(url, CONNECTIONS).await
    }

    /// As [`Postgres::open`], with so many connections at the most. Each step has one for as long as it takes, a few milliseconds, and none is had while a provider is asked.
    ///
    /// # Errors
    /// As [`Postgres::open`].
    pub async fn with_connections(url: &str, most: u32) -> Result<Self, StoreError> {
        Self::at(url, most, true).await
    }

    /// Connects to a database with the usual number of connections; if there is no journal in it, that is an error.
    pub(crate) async fn existing(url: &str) -> Result<Self, StoreError> {
        Self::at(url, CONNECTIONS, false).await
    }

    async fn at(url: &str, most: u32, make: bool) -> Result<Self, StoreError> {
        let failed = Trouble::on("cannot be opened");
        let options: PgConnectOptions = url.parse().map_err(|error| failed(Trouble::Database(error)))?;
        let postgres = Self {
            connections: Connections::new(options, most),
        };
        in_time(postgres.prepare(make)).await.map_err(failed)?;
        Ok(postgres)
    }

    async fn prepare(&self, make: bool) -> Result<(), Trouble> {
        let is_there = "SELECT to_regclass('paymux_journal') IS NOT NULL";
        let there: bool = self.look(is_there).await?;
        if !there && !make {
            return Err(Trouble::NoJournal);
        }
        // Most often there is nothing to do, and a role that may not make tables is enough.
        if !there || self.look::<i64>(row::READ_VERSION).await? != row::VERSION {
            self.make_tables().await?;
        }
        if self.look::<i64>(INDICES).await? < 3
            && let Err(trouble) = self.make_indices().await
        {
            let error = trouble.to_string();
            tracing::warn!(error, "the journal's tables lack an index, and it cannot be made");
        }
        Ok(())
    }

    /// The one value that a text asks for.
    async fn look<T>(&self, text: &'static str) -> Result<T, Trouble>
    where
        T: for<'r> Decode<'r, sqlx::Postgres> + Type<sqlx::Postgres> + Send + Unpin,
    {
        let mut used = self.connections.take().await?;
        let found = query_scalar(text).fetch_one(&mut *used).await?;
        used.back();
        Ok(found)
    }

    async fn make_tables(&self) -> Result<(), Trouble> {
        // Of several processes that start at once, one makes the tables.
        let mut used = self.begin(&["migrate".to_owned()]).await?;
        query(row::MAKE_VERSION).execute(&mut *used).await?;
        let version: i64 = query_scalar(row::READ_VERSION).fetch_one(&mut *used).await?;
        if version > row::VERSION {
            return Err(Trouble::Version(version));
        }
        if version < 1 {
            let tables = include_str!("../../../migrations/postgres-1.sql");
            sqlx::raw_sql(tables).execute(&mut *used).await?;
            query(row::WRITE_VERSION).bind(1_i64).execute(&mut *used).await?;
        }
        commit(used).await
    }

    /// Tables that were made before have older indices. Processes of either kind work with both.
    async fn make_indices(&self) -> Result<(), Trouble> {
        let mut used = self.begin(&["migrate".to_owned()]).await?;
        let indices = include_str!("../../../migrations/indices.sql");
        sqlx::raw_sql(indices).execute(&mut *used).await?;
        commit(used).await
    }

    async fn numbered(&self, since: u64, limit: u32) -> Result<Vec<Change>, Trouble> {
        let mut used = self.begin(&["changes".to_owned()]).await?;
        query(NUMBER).execute(&mut *used).await?;
        let rows = rows(&mut used, &statement::changes(since, limit)).await?;
        commit(used).await?;
        rows.into_iter().map(row::numbered).collect()
    }

    async fn bodies(&self, statement: &Statement<'_>) -> Result<Vec<String>, StoreError> {
        let read = in_time(self.fetch::<(String,)>(statement)).await;
        let rows = read.map_err(Trouble::on("cannot be read"))?;
        Ok(rows.into_iter().map(|(body,)| body).collect())
    }

    async fn all<T: DeserializeOwned>(&self, statement: &Statement<'_>) -> Result<Vec<T>, StoreError> {
        let bodies = self.bodies(statement).await?;
        row::read_all(bodies).map_err(Trouble::on("cannot be read"))
    }

    async fn one<T: DeserializeOwned>(&self, statement: &Statement<'_>) -> Result<Option<T>, StoreError> {
        let body = self.bodies(statement).await?.pop();
        row::read_one(body).map_err(Trouble::on("cannot be read"))
    }
}

/// The rows that a statement finds.
async fn rows<R>(connection: &mut PgConnection, statement: &Statement<'_>) -> Result<Vec<R>, Trouble>
where
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let found = query_as_with(statement.text, statement.arguments::<sqlx::Postgres>()?);
    Ok(found.fetch_all(connection).await?)
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
        self.one(&statement::intent(key)).await
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        let mut intents: Vec<Intent> = self.all(&statement::intents(filter)).await?;
        if !filter.walk {
            intents.retain(|intent| filter.fits(intent));
        }
        Ok(intents)
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        self.one(&statement::payment(key)).await
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let read = in_time(self.numbered(since, limit)).await;
        read.map_err(Trouble::on("cannot be read"))
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.all(&statement::parked(limit)).await
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        let read = in_time(self.fetch::<(i64,)>(&statement::seen(gateway, key))).await;
        let count = read.map_err(Trouble::on("cannot be read"))?;
        Ok(count.iter().any(|(count,)| *count > 0))
    }

    async fn close(&self) {
        self.connections.close().await;
    }
}
