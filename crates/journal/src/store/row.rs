//! What the stores in SQL have in common: the texts of their queries, and rows as they go in and come out.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::change::Change;
use crate::intent::{Intent, IntentKey};

/// The version of the tables that this code knows.
pub(super) const VERSION: i64 = 1;
pub(super) const MAKE_VERSION: &str = "CREATE TABLE IF NOT EXISTS paymux_journal (version BIGINT NOT NULL)";
pub(super) const READ_VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM paymux_journal";
pub(super) const WRITE_VERSION: &str = "INSERT INTO paymux_journal (version) VALUES ($1)";

pub(super) const INTENT: &str =
    "SELECT body FROM paymux_intents WHERE provider = $1 AND account = $2 AND reference = $3";
pub(super) const TAKER: &str = "SELECT body FROM paymux_intents WHERE taken = $1";
pub(super) const SIBLINGS: &str =
    "SELECT body FROM paymux_intents WHERE provider = $1 AND account = $2 AND payment = $3 ORDER BY begun";
pub(super) const DUE: &str = "SELECT body FROM paymux_intents WHERE due <= $1 ORDER BY due LIMIT $2";
pub(super) const BY_ORDER: &str = "SELECT body FROM paymux_intents WHERE ordered = $1 ORDER BY begun";
/// All, narrowed by state and remark where they are given.
pub(super) const LIST: &str = "SELECT body FROM paymux_intents WHERE (CAST($1 AS TEXT) IS NULL OR state = $1)
    AND (NOT $2 OR remarked) ORDER BY begun LIMIT $3";
/// What a person must look at, by an index of its own.
pub(super) const REMARKED: &str = "SELECT body FROM paymux_intents WHERE remarked ORDER BY begun LIMIT $1";
pub(super) const BY_REFERENCE: &str = "SELECT body FROM paymux_intents WHERE reference = $1 ORDER BY begun";
/// By the primary key, so that each page costs what it holds.
pub(super) const WALK: &str = "SELECT body FROM paymux_intents WHERE (provider, account, reference) > ($1, $2, $3)
    ORDER BY provider, account, reference LIMIT $4";
pub(super) const PAYMENT: &str = "SELECT body FROM paymux_payments WHERE provider = $1 AND account = $2 AND id = $3";
pub(super) const PARKED: &str = "SELECT body FROM paymux_parked ORDER BY at LIMIT $1";
pub(super) const PARKED_FOR: &str = "SELECT body FROM paymux_parked WHERE provider = $1 AND account = $2
    AND (reference = $3 OR payment = $4) ORDER BY at";
pub(super) const SEEN: &str = "SELECT COUNT(*) FROM paymux_seen WHERE gateway = $1 AND key = $2";

pub(super) const PUT_INTENT: &str = "INSERT INTO paymux_intents
    (provider, account, reference, payment, ordered, taken, state, remarked, due, begun, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (provider, account, reference) DO UPDATE SET payment = excluded.payment, ordered = excluded.ordered,
    taken = excluded.taken, state = excluded.state, remarked = excluded.remarked, due = excluded.due, body = excluded.body";
pub(super) const PUT_PAYMENT: &str = "INSERT INTO paymux_payments (provider, account, id, body) VALUES ($1, $2, $3, $4)
    ON CONFLICT (provider, account, id) DO UPDATE SET body = excluded.body";
pub(super) const PUT_CHANGE: &str = "INSERT INTO paymux_changes (body) VALUES ($1)";
pub(super) const PUT_PARKED: &str = "INSERT INTO paymux_parked
    (gateway, key, provider, account, reference, payment, at, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (gateway, key) DO UPDATE SET reference = excluded.reference, payment = excluded.payment, body = excluded.body";
pub(super) const DROP_PARKED: &str = "DELETE FROM paymux_parked WHERE gateway = $1 AND key = $2";
pub(super) const PUT_SEEN: &str = "INSERT INTO paymux_seen (gateway, key, at) VALUES ($1, $2, $3)
    ON CONFLICT (gateway, key) DO NOTHING";

pub(super) const DROP_CHANGES: &str =
    "DELETE FROM paymux_changes WHERE seq <= $1 AND seq < (SELECT MAX(seq) FROM paymux_changes)";
pub(super) const DROP_OLD_PARKED: &str = "DELETE FROM paymux_parked WHERE at < $1";
pub(super) const DROP_OLD_SEEN: &str = "DELETE FROM paymux_seen WHERE at < $1";

/// What goes wrong inside a store: its database does, or what it keeps cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    #[error("a row cannot be read or written: {0}")]
    Form(#[from] serde_json::Error),
    #[error("it did not answer within {0} s")]
    #[allow(dead_code, reason = "a file answers")]
    Late(u64),
    #[error("there is no file `{}`", .0.display())]
    #[allow(dead_code, reason = "a database has no file")]
    NoFile(std::path::PathBuf),
    #[error("there is no journal in it")]
    NoJournal,
    #[error("its tables are of version {0}, and this program knows {VERSION}")]
    Version(i64),
}

impl Trouble {
    pub(super) fn on(what: &'static str) -> impl Fn(Self) -> StoreError {
        move |trouble| StoreError::new(what, trouble)
    }
}

/// The columns of an intent that are searched by; the rest is in its body.
pub(super) struct Columns<'a> {
    pub(super) payment: Option<&'a str>,
    pub(super) taken: Option<&'a str>,
    pub(super) due: Option<i64>,
    pub(super) begun: i64,
    pub(super) body: String,
}

impl<'a> Columns<'a> {
    pub(super) fn of(intent: &'a Intent) -> Result<Self, Trouble> {
        Ok(Self {
            payment: intent.about().map(|payment| payment.id()),
            taken: intent.order.as_deref().filter(|_| intent.takes_order()),
            due: intent.due().map(Timestamp::as_microsecond),
            begun: intent.begun.as_microsecond(),
            body: body(intent)?,
        })
    }
}

/// A key's columns; without one, what comes before all of them.
pub(super) fn key_columns(key: Option<&IntentKey>) -> (&str, &str, &str) {
    key.map_or(("", "", ""), |key| {
        (&key.provider, &key.account, key.reference.as_str())
    })
}

pub(super) fn body<T: Serialize>(row: &T) -> Result<String, Trouble> {
    Ok(serde_json::to_string(row)?)
}

pub(super) fn read<T: DeserializeOwned>(body: &str) -> Result<T, Trouble> {
    Ok(serde_json::from_str(body)?)
}

pub(super) fn read_all<T: DeserializeOwned>(bodies: Vec<String>) -> Result<Vec<T>, Trouble> {
    bodies.iter().map(|body| read(body)).collect()
}

pub(super) fn read_one<T: DeserializeOwned>(body: Option<String>) -> Result<Option<T>, Trouble> {
    body.as_deref().map(read).transpose()
}

/// A change with its number.
pub(super) fn numbered((seq, body): (i64, String)) -> Result<Change, Trouble> {
    let change: Change = read(&body)?;
    Ok(Change {
        seq: u64::try_from(seq).unwrap_or(0),
        ..change
    })
}
