//! The shop's own facts, in a file: what was ordered, and what was begun under which reference. Each is on the disk before anything is sent for it.
//!
//! What came of it is not here: the journal has that. One line of JSON for a fact, and lines are only added.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use paymux::{Money, OperationKind, Reference};
use serde::{Deserialize, Serialize};

use crate::order::{Attempt, FollowUp, Order};

/// One line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fact {
    Order {
        id: String,
        sku: String,
        amount: Money,
        made: Timestamp,
    },
    Attempt {
        order: String,
        reference: Reference,
        gateway: String,
        hold: bool,
        made: Timestamp,
    },
    FollowUp {
        attempt: Reference,
        reference: Reference,
        kind: OperationKind,
        amount: Option<Money>,
        made: Timestamp,
    },
}

impl Fact {
    pub(crate) fn order(order: &Order) -> Self {
        Self::Order {
            id: order.id.clone(),
            sku: order.product.sku.to_owned(),
            amount: order.amount,
            made: order.made,
        }
    }

    pub(crate) fn attempt(order: &str, attempt: &Attempt) -> Self {
        Self::Attempt {
            order: order.to_owned(),
            reference: attempt.reference.clone(),
            gateway: attempt.gateway.clone(),
            hold: attempt.hold,
            made: attempt.made,
        }
    }

    pub(crate) fn follow_up(attempt: &Attempt, follow_up: &FollowUp) -> Self {
        Self::FollowUp {
            attempt: attempt.reference.clone(),
            reference: follow_up.reference.clone(),
            kind: follow_up.kind,
            amount: follow_up.amount,
            made: follow_up.made,
        }
    }
}

/// A fact that was read, with the file and line that a person finds it at.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) place: String,
    pub(crate) fact: Fact,
}

/// The file.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    file: Arc<Mutex<Written>>,
}

#[derive(Debug)]
struct Written {
    file: File,
    /// How much of it is whole lines.
    length: u64,
}

impl Facts {
    /// Opens the file, which is made where there is none, and reads it. A last line without its end was cut off by a crash: nothing was sent for it, and it
    /// is ignored.
    ///
    /// # Errors
    /// It cannot be opened, or one of its lines cannot be read.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Line>), String> {
        let shown = path.display();
        let (file, bytes) = read(path).map_err(|error| format!("--orders {shown}: {error}"))?;
        let mut lines = Vec::new();
        let mut length = 0_u64;
        for (bytes, number) in bytes.split_inclusive(|byte| *byte == b'\n').zip(1_u64..) {
            if !bytes.ends_with(b"\n") {
                break;
            }
            let place = format!("{shown}, line {number}");
            let fact = serde_json::from_slice(bytes).map_err(|error| format!("--orders {place}: {error}"))?;
            lines.push(Line { place, fact });
            length = length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        }
        let file = Arc::new(Mutex::new(Written { file, length }));
        Ok((Self { file }, lines))
    }

    /// Keeps a fact. It is on the disk when this returns.
    ///
    /// # Errors
    /// It is not.
    pub(crate) async fn keep(&self, fact: &Fact) -> Result<(), String> {
        let lost = |error: &dyn std::fmt::Display| format!("it could not be written down: {error}");
        let mut line = serde_json::to_vec(fact).map_err(|error| lost(&error))?;
        line.push(b'\n');
        let file = Arc::clone(&self.file);
        let writing = move || file.lock().unwrap_or_else(PoisonError::into_inner).add(&line);
        let written = tokio::task::spawn_blocking(writing).await;
        written.map_err(|error| lost(&error))?.map_err(|error| lost(&error))
    }
}

impl Written {
    /// Adds a line after the last whole one, in the place of what was cut off there.
    fn add(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(line)?;
        self.file.sync_data()?;
        let more = u64::try_from(line.len()).map_err(io::Error::other)?;
        self.length = self.length.saturating_add(more);
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<(File, Vec<u8>)> {
    let mut how = OpenOptions::new();
    let mut file = how.read(true).write(true).create(true).truncate(false).open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    // The name of a new file has to be on the disk as well, where folders can be synchronised.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or_else(|| Path::new("."))) {
        let _ = folder.sync_all();
    }
    Ok((file, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::PRODUCTS;

    fn order(id: &str) -> Fact {
        Fact::order(&Order::new(id.to_owned(), &PRODUCTS[1], Timestamp::UNIX_EPOCH))
    }

    fn ids(lines: &[Line]) -> Vec<&str> {
        lines
            .iter()
            .filter_map(|line| match &line.fact {
                Fact::Order { id, .. } => Some(id.as_str()),
                _ => None,
            })
            .collect()
    }

    #[tokio::test]
    async fn a_line_that_was_cut_off_is_ignored_and_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.jsonl");
        let (facts, none) = Facts::open(&path).unwrap();
        assert!(none.is_empty());
        facts.keep(&order("one")).await.unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut cut = whole.clone();
        cut.extend_from_slice(b"{\"fact\":\"order\",\"id\":\"tw\xff");
        std::fs::write(&path, cut).unwrap();
        let (facts, lines) = Facts::open(&path).unwrap();
        assert_eq!(ids(&lines), ["one"]);
        facts.keep(&order("three")).await.unwrap();
        let (_, lines) = Facts::open(&path).unwrap();
        assert_eq!(ids(&lines), ["one", "three"]);
    }

    #[tokio::test]
    async fn any_other_line_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.jsonl");
        let (facts, _) = Facts::open(&path).unwrap();
        facts.keep(&order("one")).await.unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"fact\":\"order\"}\n");
        text.push_str(&text.clone());
        std::fs::write(&path, text).unwrap();
        let problem = Facts::open(&path).unwrap_err();
        assert!(problem.contains("orders.jsonl, line 2: missing field"), "{problem}");
    }
}
