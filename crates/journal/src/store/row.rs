//! What the stores in SQL have in common beside their [statements](super::statement): the version of their tables, what goes wrong, and rows as they go in and come out.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::change::Change;

/// The version of the tables that this code knows.
pub(super) const VERSION: i64 = 1;
pub(super) const MAKE_VERSION: &str = "CREATE TABLE IF NOT EXISTS paymux_journal (version BIGINT NOT NULL)";
pub(super) const READ_VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM paymux_journal";
pub(super) const WRITE_VERSION: &str = "INSERT INTO paymux_journal (version) VALUES ($1)";

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
    #[error("its file was moved, removed or replaced while it was open")]
    #[allow(dead_code, reason = "a database has no file")]
    Moved,
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
