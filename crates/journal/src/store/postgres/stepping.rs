//! A step on PostgreSQL: in as few round trips as hold it together.

use std::fmt::Write as _;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe, FromRow, query_as_with, query_with, raw_sql};

use super::Postgres;
use super::connections::Used;
use crate::intent::{Intent, Known};
use crate::step::{Page, Ruling, Scope, Step, Write};
use crate::store::row::{self, Trouble};
use crate::store::statement::{self, Statement};

/// What stands within a scope without a payment.
pub(super) const ALONE: &str =
    "SELECT 'intent', body FROM paymux_intents WHERE provider = $1 AND account = $2 AND reference = $3
    UNION ALL SELECT 'taker', body FROM paymux_intents WHERE taken = $4
    UNION ALL SELECT 'parked', body FROM paymux_parked WHERE reference = $3 AND provider = $8 AND account = $9";
/// What stands within a scope. Rows that may be written are held, also by a step that has no payment's name: it may write the intent that made the payment.
/// Siblings are found by the payment's id alone, which is nearly unique: by what is known of an empty table the primary key would be taken, and every intent of the account
/// read. Parked events are found by one name after the other for the same reason.
pub(super) const WHOLE: &str = "SELECT 'intent', body FROM
    (SELECT body FROM paymux_intents WHERE provider = $1 AND account = $2 AND reference = $3 FOR UPDATE) AS intent
    UNION ALL SELECT 'taker', body FROM paymux_intents WHERE taken = $4
    UNION ALL SELECT 'known', body FROM paymux_payments WHERE provider = $5 AND account = $6 AND id = $7
    UNION ALL SELECT 'sibling', body FROM (SELECT body FROM paymux_intents
        WHERE payment = $7 AND provider || '' = $5 AND account || '' = $6 FOR UPDATE) AS sibling
    UNION ALL SELECT 'parked', body FROM paymux_parked WHERE reference = $3 AND provider = $8 AND account = $9
    UNION ALL SELECT 'parked', body FROM paymux_parked
        WHERE payment = $7 AND provider = $8 AND account = $9 AND (reference = $3) IS NOT TRUE";
/// Makes an intent where none has its reference, and none takes its order. Others are kept from both until it stands: also those that look before they write.
pub(super) const MAKE: &str = "WITH locks AS MATERIALIZED
    (SELECT COUNT(pg_advisory_xact_lock(hashtextextended('paymux ' || name, 0))) AS held FROM unnest($12::text[]) AS name),
    put AS (INSERT INTO paymux_intents
        (provider, account, reference, payment, ordered, taken, state, remarked, due, begun, body)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM locks WHERE held >= 0 ON CONFLICT DO NOTHING RETURNING 1),
    told AS (INSERT INTO paymux_changes (body) SELECT body FROM unnest($13::text[]) WITH ORDINALITY AS fresh (body, place)
        WHERE EXISTS (SELECT FROM put) ORDER BY place)
    SELECT COUNT(*) FROM put";
/// Writes an intent if it still stands as it was read.
pub(super) const SWAP: &str = "WITH put AS (UPDATE paymux_intents SET payment = $4, ordered = $5, taken = $6, state = $7, remarked = $8,
        due = $9, body = $11 WHERE provider = $1 AND account = $2 AND reference = $3 AND body = $12 RETURNING 1),
    told AS (INSERT INTO paymux_changes (body) SELECT body FROM unnest($13::text[]) WITH ORDINALITY AS fresh (body, place)
        WHERE EXISTS (SELECT FROM put) ORDER BY place)
    SELECT COUNT(*) FROM put";
/// Writes an intent, a payment and changes, as far as they are given.
pub(super) const PUT: &str = "WITH told AS (INSERT INTO paymux_changes (body)
        SELECT body FROM unnest($16::text[]) WITH ORDINALITY AS fresh (body, place) ORDER BY place),
    seen AS (INSERT INTO paymux_payments (provider, account, id, body) SELECT $12, $13, $14, $15 WHERE $12 IS NOT NULL
        ON CONFLICT (provider, account, id) DO UPDATE SET body = excluded.body)
    INSERT INTO paymux_intents (provider, account, reference, payment, ordered, taken, state, remarked, due, begun, body)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 WHERE $1 IS NOT NULL
    ON CONFLICT (provider, account, reference) DO UPDATE SET payment = excluded.payment, ordered = excluded.ordered,
    taken = excluded.taken, state = excluded.state, remarked = excluded.remarked, due = excluded.due, body = excluded.body";

/// What was read for a step.
#[derive(Default)]
struct Read {
    page: Page,
    /// The intent's row as it stands.
    intent: Option<String>,
}

/// What is written in one statement.
#[derive(Default)]
struct Batch<'a> {
    intent: Option<&'a Intent>,
    known: Option<&'a Known>,
    changes: Vec<String>,
}

impl Postgres {
    pub(super) async fn transact(&self, step: &Step) -> Result<Ruling, Trouble> {
        let scope = step.scope();
        if scope.owner().is_none() {
            return self.simply(step).await;
        }
        if scope.payment.is_none()
            && let Some(ruling) = self.alone(step, &scope).await?
        {
            return Ok(ruling);
        }
        self.together(step, &scope).await
    }

    /// A step that looks at nothing. All that such a step writes may be written twice.
    async fn simply(&self, step: &Step) -> Result<Ruling, Trouble> {
        let (ruling, writes) = step.decide(&Page::default());
        for write in &writes {
            self.fetch::<(i64,)>(&statement::put(write)?).await?;
        }
        Ok(ruling)
    }

    /// A step on an intent alone: read, and written in one statement if the intent still stands as it was read. `None` where it does not, or there is more to write.
    async fn alone(&self, step: &Step, scope: &Scope) -> Result<Option<Ruling>, Trouble> {
        let (mut used, rows) = self.first(&statement::page(ALONE, scope)).await?;
        let read = Read::of(rows)?;
        let (ruling, writes) = step.decide(&read.page);
        let Some((intent, changes)) = Batch::of_one(&writes)? else {
            used.back();
            return Ok(writes.is_empty().then_some(ruling));
        };
        let text = if read.intent.is_some() { SWAP } else { MAKE };
        let put = statement::put_intent(text, intent)?;
        let mut arguments = put.arguments::<sqlx::Postgres>()?;
        let added = match read.intent {
            Some(row) => arguments.add(row),
            None => arguments.add(scope.locks()),
        };
        added.map_err(sqlx::Error::Encode)?;
        arguments.add(changes).map_err(sqlx::Error::Encode)?;
        let (written,): (i64,) = query_as_with(put.text, arguments).fetch_one(&mut *used).await?;
        used.back();
        Ok((written > 0).then_some(ruling))
    }

    /// A step on a payment and what else there is, which excludes others by their names.
    async fn together(&self, step: &Step, scope: &Scope) -> Result<Ruling, Trouble> {
        let mut used = self.begin(&scope.locks()).await?;
        let whole = statement::page(WHOLE, scope);
        // Read when the locks are held: a statement sees what was committed when it began.
        let rows = query_as_with(whole.text, whole.arguments::<sqlx::Postgres>()?)
            .fetch_all(&mut *used)
            .await?;
        let (ruling, writes) = step.decide(&Read::of(rows)?.page);
        write(&mut used, &writes).await?;
        commit(used).await?;
        Ok(ruling)
    }

    /// Begins a transaction, and keeps others from these names until it ends. They are sorted.
    pub(super) async fn begin(&self, locks: &[String]) -> Result<Used<'_>, Trouble> {
        let text = begin_text(locks);
        loop {
            let mut used = self.connections.take().await?;
            let begun = raw_sql(AssertSqlSafe(text.as_str())).execute(&mut *used).await;
            match begun {
                Ok(_) => return Ok(used),
                // The server may have left it long ago.
                Err(_) if !used.is_fresh() => self.connections.forget(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The rows that a statement finds, on a connection that may be used on. The statement may run twice.
    async fn first<R>(&self, statement: &Statement<'_>) -> Result<(Used<'_>, Vec<R>), Trouble>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        loop {
            let mut used = self.connections.take().await?;
            let found = query_as_with(statement.text, statement.arguments::<sqlx::Postgres>()?);
            match found.fetch_all(&mut *used).await {
                Ok(rows) => return Ok((used, rows)),
                Err(_) if !used.is_fresh() => self.connections.forget(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The rows that a statement finds. The statement may run twice.
    pub(super) async fn fetch<R>(&self, statement: &Statement<'_>) -> Result<Vec<R>, Trouble>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let (used, rows) = self.first(statement).await?;
        used.back();
        Ok(rows)
    }
}

/// Ends a transaction: what was written is durable.
pub(super) async fn commit(mut used: Used<'_>) -> Result<(), Trouble> {
    raw_sql("COMMIT").execute(&mut *used).await?;
    used.back();
    Ok(())
}

/// The names are sent with the beginning, in digits, so that no name can be a part of the text.
fn begin_text(locks: &[String]) -> String {
    let mut text = "BEGIN".to_owned();
    for name in locks {
        text.push_str("; SELECT pg_advisory_xact_lock(hashtextextended('paymux ' || convert_from(decode('");
        for byte in name.bytes() {
            let _ = write!(text, "{byte:02x}");
        }
        text.push_str("', 'hex'), 'UTF8'), 0))");
    }
    text
}

async fn write(connection: &mut PgConnection, writes: &[Write]) -> Result<(), Trouble> {
    let mut batch = Batch::default();
    for write in writes {
        if !batch.take(write)? {
            let one = statement::put(write)?;
            query_with(one.text, one.arguments::<sqlx::Postgres>()?)
                .execute(&mut *connection)
                .await?;
        }
    }
    if batch.is_empty() {
        return Ok(());
    }
    let put = statement::put_page(PUT, batch.intent, batch.known)?;
    let mut arguments = put.arguments::<sqlx::Postgres>()?;
    arguments.add(batch.changes).map_err(sqlx::Error::Encode)?;
    query_with(put.text, arguments).execute(connection).await?;
    Ok(())
}

impl Read {
    fn of(rows: Vec<(String, String)>) -> Result<Self, Trouble> {
        let mut read = Self::default();
        let page = &mut read.page;
        for (part, body) in rows {
            match part.as_str() {
                "intent" => {
                    page.intent = Some(row::read(&body)?);
                    read.intent = Some(body);
                }
                "taker" => page.taker = Some(row::read(&body)?),
                "known" => page.known = Some(row::read(&body)?),
                "sibling" => page.siblings.push(row::read(&body)?),
                _ => page.parked.push(row::read(&body)?),
            }
        }
        page.siblings.sort_by_key(|intent| intent.begun);
        page.parked.sort_by_key(|parked| parked.at);
        Ok(read)
    }
}

impl<'a> Batch<'a> {
    /// Takes a write that fits in: one intent, one payment, any changes.
    fn take(&mut self, write: &'a Write) -> Result<bool, Trouble> {
        match write {
            Write::Change(change) => self.changes.push(row::body(change)?),
            Write::Intent(intent) if self.intent.is_none_or(|known| known.key == intent.key) => {
                self.intent = Some(intent);
            }
            Write::Known(known) if self.known.is_none() => self.known = Some(known),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The writes of one intent and its changes, and nothing else. `None` where that is not all, or there are none.
    fn of_one(writes: &'a [Write]) -> Result<Option<(&'a Intent, Vec<String>)>, Trouble> {
        let mut batch = Self::default();
        for write in writes {
            if !batch.take(write)? {
                return Ok(None);
            }
        }
        let intent = batch.intent.filter(|_| batch.known.is_none());
        Ok(intent.map(|intent| (intent, batch.changes)))
    }

    const fn is_empty(&self) -> bool {
        self.intent.is_none() && self.known.is_none() && self.changes.is_empty()
    }
}
