//! What the stores in SQL ask and write: each text, with the values of its places. Only how they send it differs.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{Arguments as _, Database, Encode, Type};

use super::Filter;
use super::row::{self, Trouble};
use crate::intent::{Intent, IntentKey, Known, PaymentKey, State};
use crate::step::{Old, Scope, Write};

/// A text, and what stands for `$1`, `$2` and so on.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) text: &'static str,
    values: Vec<Value<'a>>,
}

#[derive(Debug)]
enum Value<'a> {
    Flag(bool),
    Number(Option<i64>),
    Text(Option<Cow<'a, str>>),
}

impl Statement<'_> {
    /// The values as a database takes them.
    pub(super) fn arguments<D: Database>(&self) -> Result<D::Arguments, Trouble>
    where
        bool: for<'t> Encode<'t, D> + Type<D>,
        Option<i64>: for<'t> Encode<'t, D> + Type<D>,
        for<'t> Option<&'t str>: Encode<'t, D> + Type<D>,
    {
        let mut arguments = D::Arguments::default();
        for value in &self.values {
            let added = match value {
                Value::Flag(flag) => arguments.add(*flag),
                Value::Number(number) => arguments.add(*number),
                Value::Text(text) => arguments.add(text.as_deref()),
            };
            added.map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }
}

/// One intent.
pub(super) fn intent(key: &IntentKey) -> Statement<'_> {
    let IntentKey {
        provider,
        account,
        reference,
    } = key;
    Statement {
        text: INTENT,
        values: vec![text(provider), text(account), text(reference.as_str())],
    }
}

/// The intent that takes an order.
#[cfg(feature = "sqlite")]
pub(super) fn taker(order: &str) -> Statement<'_> {
    Statement {
        text: TAKER,
        values: vec![text(order)],
    }
}

/// One payment.
pub(super) fn payment(key: &PaymentKey) -> Statement<'_> {
    Statement {
        text: PAYMENT,
        values: vec![text(&key.provider), text(&key.account), text(&key.id)],
    }
}

/// The intents that are about a payment or made it.
pub(super) fn siblings(key: &PaymentKey) -> Statement<'_> {
    Statement {
        text: SIBLINGS,
        ..payment(key)
    }
}

/// The events that were parked for what a scope is about, where it wants them.
#[cfg(feature = "sqlite")]
pub(super) fn parked_for(scope: &Scope) -> Option<Statement<'_>> {
    let (provider, account) = scope.owner().filter(|_| scope.parked)?;
    let reference = scope.intent.as_ref().map(|key| key.reference.as_str());
    let payment = scope.payment.as_ref().map(|key| key.id.as_str());
    Some(Statement {
        text: PARKED_FOR,
        values: vec![text(provider), text(account), maybe(reference), maybe(payment)],
    })
}

/// All events that are parked.
pub(super) fn parked(limit: u32) -> Statement<'static> {
    Statement {
        text: PARKED,
        values: vec![number(i64::from(limit))],
    }
}

/// Whether an event was handled: a count.
pub(super) fn seen<'a>(gateway: &'a str, key: &'a str) -> Statement<'a> {
    Statement {
        text: SEEN,
        values: vec![text(gateway), text(key)],
    }
}

/// The changes above a number, with theirs.
pub(super) fn changes(since: u64, limit: u32) -> Statement<'static> {
    Statement {
        text: CHANGES,
        values: vec![counted(since), number(i64::from(limit))],
    }
}

/// The intents among which those are that fit.
pub(super) fn intents(filter: &Filter) -> Statement<'_> {
    let limit = || number(i64::from(filter.limit));
    let (words, values) = if filter.walk {
        // Without a key, what comes before all of them.
        let (provider, account, reference) = filter.after.as_ref().map_or(("", "", ""), |key| {
            (&key.provider, &key.account, key.reference.as_str())
        });
        (WALK, vec![text(provider), text(account), text(reference), limit()])
    } else if let Some(reference) = &filter.reference {
        (BY_REFERENCE, vec![text(reference.as_str())])
    } else if let Some(at) = filter.due {
        (DUE, vec![moment(at), limit()])
    } else if let Some(key) = &filter.payment {
        return siblings(key);
    } else if let Some(order) = &filter.order {
        (BY_ORDER, vec![text(order)])
    } else if filter.remarked && filter.state.is_none() {
        (REMARKED, vec![limit()])
    } else {
        let state = filter.state.map(State::as_str);
        (LIST, vec![maybe(state), Value::Flag(filter.remarked), limit()])
    };
    Statement { text: words, values }
}

/// A write.
pub(super) fn put(write: &Write) -> Result<Statement<'_>, Trouble> {
    let (words, values) = match write {
        Write::Change(change) => (PUT_CHANGE, vec![body(change)?]),
        Write::Forget(Old::Changes(through)) => (DROP_CHANGES, vec![counted(*through)]),
        Write::Forget(Old::Parked(before)) => (DROP_OLD_PARKED, vec![moment(*before)]),
        Write::Forget(Old::Seen(before)) => (DROP_OLD_SEEN, vec![moment(*before)]),
        Write::Intent(intent) => (PUT_INTENT, columns(intent)?),
        Write::Known(known) => (PUT_PAYMENT, payment_columns(known)?.into()),
        Write::Park(parked) => {
            let values = vec![
                text(&parked.gateway),
                text(&parked.deduplication_key),
                text(&parked.provider),
                text(&parked.account),
                maybe(parked.reference.as_ref().map(|reference| reference.as_str())),
                maybe(parked.payment.as_ref().map(|payment| payment.id())),
                moment(parked.at),
                body(parked)?,
            ];
            (PUT_PARKED, values)
        }
        Write::Seen { gateway, key, at } => (PUT_SEEN, vec![text(gateway), text(key), moment(*at)]),
        Write::Unpark(parked) => {
            let values = vec![text(&parked.gateway), text(&parked.deduplication_key)];
            (DROP_PARKED, values)
        }
    };
    Ok(Statement { text: words, values })
}

/// What a text reads within a scope: of an intent, an order, a payment, and of whatever is parked for them.
#[cfg(feature = "postgres")]
pub(super) fn page<'a>(words: &'static str, scope: &'a Scope) -> Statement<'a> {
    let intent = scope.intent.as_ref();
    let payment = scope.payment.as_ref();
    let owner = scope.owner().filter(|_| scope.parked);
    Statement {
        text: words,
        values: vec![
            maybe(intent.map(|key| key.provider.as_str())),
            maybe(intent.map(|key| key.account.as_str())),
            maybe(intent.map(|key| key.reference.as_str())),
            maybe(scope.order.as_deref()),
            maybe(payment.map(|key| key.provider.as_str())),
            maybe(payment.map(|key| key.account.as_str())),
            maybe(payment.map(|key| key.id.as_str())),
            maybe(owner.map(|(provider, _)| provider)),
            maybe(owner.map(|(_, account)| account)),
        ],
    }
}

/// A text that writes an intent, with its columns as the first of its places.
#[cfg(feature = "postgres")]
pub(super) fn put_intent<'a>(words: &'static str, intent: &'a Intent) -> Result<Statement<'a>, Trouble> {
    Ok(Statement {
        text: words,
        values: columns(intent)?,
    })
}

/// The same with a payment after it, each where it is given.
#[cfg(feature = "postgres")]
pub(super) fn put_page<'a>(
    words: &'static str,
    intent: Option<&'a Intent>,
    known: Option<&'a Known>,
) -> Result<Statement<'a>, Trouble> {
    let none = || Value::Text(None);
    let mut values = match intent {
        Some(intent) => columns(intent)?,
        None => {
            let mut values: Vec<_> = std::iter::repeat_with(none).take(7).collect();
            values.extend([Value::Flag(false), Value::Number(None), Value::Number(None), none()]);
            values
        }
    };
    match known {
        Some(known) => values.extend(payment_columns(known)?),
        None => values.extend(std::iter::repeat_with(none).take(4)),
    }
    Ok(Statement { text: words, values })
}

fn payment_columns(known: &Known) -> Result<[Value<'_>; 4], Trouble> {
    let payment = &known.payment.reference;
    let (provider, account) = (payment.provider(), payment.account().as_str());
    Ok([text(provider), text(account), text(payment.id()), body(known)?])
}

/// The columns of an intent that are searched by; the rest is in its body.
fn columns(intent: &Intent) -> Result<Vec<Value<'_>>, Trouble> {
    let order = intent.order.as_deref();
    Ok(vec![
        text(&intent.key.provider),
        text(&intent.key.account),
        text(intent.key.reference.as_str()),
        maybe(intent.about().map(|payment| payment.id())),
        maybe(order),
        maybe(order.filter(|_| intent.takes_order())),
        text(intent.state.as_str()),
        Value::Flag(intent.remark.is_some()),
        Value::Number(intent.due().map(Timestamp::as_microsecond)),
        moment(intent.begun),
        body(intent)?,
    ])
}

fn text(text: &str) -> Value<'_> {
    maybe(Some(text))
}

fn maybe(text: Option<&str>) -> Value<'_> {
    Value::Text(text.map(Cow::Borrowed))
}

const fn number(number: i64) -> Value<'static> {
    Value::Number(Some(number))
}

fn counted(count: u64) -> Value<'static> {
    number(i64::try_from(count).unwrap_or(i64::MAX))
}

fn moment(at: Timestamp) -> Value<'static> {
    number(at.as_microsecond())
}

fn body<T: Serialize>(row: &T) -> Result<Value<'static>, Trouble> {
    Ok(Value::Text(Some(Cow::Owned(row::body(row)?))))
}

const INTENT: &str = "SELECT body FROM paymux_intents WHERE provider = $1 AND account = $2 AND reference = $3";
#[cfg(feature = "sqlite")]
const TAKER: &str = "SELECT body FROM paymux_intents WHERE taken = $1";
/// By the payment's id alone, which is nearly unique: left to itself SQLite takes the primary key and reads every intent of the account.
const SIBLINGS: &str = "SELECT body FROM paymux_intents
    WHERE payment = $3 AND provider || '' = $1 AND account || '' = $2 ORDER BY begun";
const DUE: &str = "SELECT body FROM paymux_intents WHERE due <= $1 ORDER BY due LIMIT $2";
const BY_ORDER: &str = "SELECT body FROM paymux_intents WHERE ordered = $1 ORDER BY begun";
/// All, narrowed by state and remark where they are given.
const LIST: &str = "SELECT body FROM paymux_intents WHERE (CAST($1 AS TEXT) IS NULL OR state = $1)
    AND (NOT $2 OR remarked) ORDER BY begun LIMIT $3";
/// What a person must look at, by an index of its own.
const REMARKED: &str = "SELECT body FROM paymux_intents WHERE remarked ORDER BY begun LIMIT $1";
const BY_REFERENCE: &str = "SELECT body FROM paymux_intents WHERE reference = $1 ORDER BY begun";
/// By the primary key, so that each page costs what it holds.
const WALK: &str = "SELECT body FROM paymux_intents WHERE (provider, account, reference) > ($1, $2, $3)
    ORDER BY provider, account, reference LIMIT $4";
const PAYMENT: &str = "SELECT body FROM paymux_payments WHERE provider = $1 AND account = $2 AND id = $3";
const PARKED: &str = "SELECT body FROM paymux_parked ORDER BY at LIMIT $1";
#[cfg(feature = "sqlite")]
const PARKED_FOR: &str = "SELECT body FROM paymux_parked WHERE provider = $1 AND account = $2
    AND (reference = $3 OR payment = $4) ORDER BY at";
const CHANGES: &str = "SELECT seq, body FROM paymux_changes WHERE seq > $1 ORDER BY seq LIMIT $2";
const SEEN: &str = "SELECT COUNT(*) FROM paymux_seen WHERE gateway = $1 AND key = $2";

const PUT_INTENT: &str = "INSERT INTO paymux_intents
    (provider, account, reference, payment, ordered, taken, state, remarked, due, begun, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (provider, account, reference) DO UPDATE SET payment = excluded.payment, ordered = excluded.ordered,
    taken = excluded.taken, state = excluded.state, remarked = excluded.remarked, due = excluded.due, body = excluded.body";
const PUT_PAYMENT: &str = "INSERT INTO paymux_payments (provider, account, id, body) VALUES ($1, $2, $3, $4)
    ON CONFLICT (provider, account, id) DO UPDATE SET body = excluded.body";
const PUT_CHANGE: &str = "INSERT INTO paymux_changes (body) VALUES ($1)";
const PUT_PARKED: &str = "INSERT INTO paymux_parked
    (gateway, key, provider, account, reference, payment, at, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (gateway, key) DO UPDATE SET reference = excluded.reference, payment = excluded.payment, body = excluded.body";
const DROP_PARKED: &str = "DELETE FROM paymux_parked WHERE gateway = $1 AND key = $2";
const PUT_SEEN: &str = "INSERT INTO paymux_seen (gateway, key, at) VALUES ($1, $2, $3)
    ON CONFLICT (gateway, key) DO NOTHING";

const DROP_CHANGES: &str = "DELETE FROM paymux_changes WHERE seq <= $1 AND seq < (SELECT MAX(seq) FROM paymux_changes)";
const DROP_OLD_PARKED: &str = "DELETE FROM paymux_parked WHERE at < $1";
const DROP_OLD_SEEN: &str = "DELETE FROM paymux_seen WHERE at < $1";

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail so")]

    use sqlx::{Connection as _, SqliteConnection};

    use super::*;
    use crate::store::Sqlite;

    /// What journals of this version had before they gained others.
    const OLDER: &str = "DROP INDEX paymux_intents_by_payment; DROP INDEX paymux_parked_by_reference; DROP INDEX paymux_parked_by_payment;
        CREATE INDEX paymux_intents_payment ON paymux_intents (provider, account, payment) WHERE payment IS NOT NULL;
        CREATE INDEX paymux_parked_reference ON paymux_parked (provider, account, reference);
        CREATE INDEX paymux_parked_payment ON paymux_parked (provider, account, payment)";

    async fn plan(connection: &mut SqliteConnection, text: &str) -> String {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
        let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(connection).await.unwrap();
        let plan: Vec<_> = rows.into_iter().map(|row| row.3).collect();
        plan.join("; ")
    }

    /// What is read in each step must not grow with the journal, also with one that was made before.
    #[tokio::test]
    async fn what_each_step_reads_is_found_by_an_index_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("journal.db");
        drop(Sqlite::open(&file).await.unwrap());
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(OLDER).execute(&mut connection).await.unwrap();
        let older = plan(&mut connection, SIBLINGS).await;
        assert!(!older.contains("(payment=?)"), "what is tested for can fail: {older}");
        drop(Sqlite::open(&file).await.unwrap());
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        for (text, indices) in [
            (INTENT, &["reference=?"][..]),
            (TAKER, &["paymux_intents_taken (taken=?)"]),
            (SIBLINGS, &["paymux_intents_by_payment (payment=?)"]),
            (PAYMENT, &["id=?"]),
            (
                PARKED_FOR,
                &[
                    "paymux_parked_by_reference (reference=?",
                    "paymux_parked_by_payment (payment=?",
                ],
            ),
        ] {
            let plan = plan(&mut connection, text).await;
            for index in indices {
                assert!(plan.contains(index), "{text}: {plan}");
            }
        }
        let names = "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('paymux_intents_payment', 'paymux_parked_reference', 'paymux_parked_payment')";
        let left: i64 = sqlx::query_scalar(names).fetch_one(&mut connection).await.unwrap();
        assert_eq!(left, 0, "what was there for it before is gone");
    }
}
