//! What parent and worker say to each other, in lines.

use std::time::Duration;

use paymux_journal::Settings;
use serde::{Deserialize, Serialize};

/// What a worker is told, as the first line that it reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// The journal's address.
    pub journal: String,
    /// What tells this run from others.
    pub run: String,
    /// Where the orders come from.
    pub seed: u64,
    /// The gateways, and where their providers listen.
    pub gateways: Vec<(String, String)>,
    /// How long an operation may send, in milliseconds.
    pub lease_ms: u64,
    /// How far its clock is ahead of the system's, in milliseconds, as the providers' is.
    pub ahead_ms: u64,
}

/// What a worker says. Each is one line, written before the worker goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It has opened the journal.
    Ready,
    /// The journal has kept what is needed to ask: a request that may move money leaves now.
    Sends(String),
    /// The outcome of a reference is in the journal.
    Told(String),
    /// A customer is sent to a page of this gateway, to pay this.
    Page(String, String),
    /// An order came to its end, or is left for later.
    Left(u64, bool),
}

/// How far the clocks of processes on one machine differ.
const SKEW: Duration = Duration::from_millis(100);
/// How long a call waits for another process's.
const PATIENCE: Duration = Duration::from_millis(200);
/// How many questions the janitor has under way: most of them wait for the provider's interval, and thousands are to be asked.
const QUESTIONS: usize = 4096;

impl Told {
    /// The times of the journal.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.lease = Duration::from_millis(self.lease_ms);
        settings.asking = settings.lease;
        settings.skew = SKEW;
        settings.patience = PATIENCE;
        settings.questions = QUESTIONS;
        settings
    }

    /// The limit of time of each gateway's operations, in seconds: with half as much again it must fit into the lease.
    #[must_use]
    pub const fn timeout_secs(&self) -> u64 {
        let whole = self.lease_ms.saturating_mul(2) / 3000;
        if whole == 0 { 1 } else { whole }
    }
}

impl Heard {
    /// As a line.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            // Whoever runs this may have begun a line of its own.
            Self::Ready => "\nready".to_owned(),
            Self::Sends(reference) => format!("sends {reference}"),
            Self::Told(reference) => format!("told {reference}"),
            Self::Page(gateway, payment) => format!("page {gateway} {payment}"),
            Self::Left(number, ended) => format!("left {number} {ended}"),
        }
    }

    /// Out of a line; `None` where it is somebody else's.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let heard = match (words.next()?, words.next(), words.next()) {
            ("ready", None, None) => Self::Ready,
            ("sends", Some(reference), None) => Self::Sends(reference.to_owned()),
            ("told", Some(reference), None) => Self::Told(reference.to_owned()),
            ("page", Some(gateway), Some(payment)) => Self::Page(gateway.to_owned(), payment.to_owned()),
            ("left", Some(number), Some(ended)) => Self::Left(number.parse().ok()?, ended.parse().ok()?),
            _ => return None,
        };
        words.next().is_none().then_some(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let said = [
            Heard::Ready,
            Heard::Sends("k1n1a0".to_owned()),
            Heard::Told("k1n1a0".to_owned()),
            Heard::Page("carry1st".to_owned(), "P-1".to_owned()),
            Heard::Left(7, true),
        ];
        for one in said {
            assert_eq!(Heard::read(one.line().trim()), Some(one));
        }
        assert_eq!(Heard::read("test worker ... "), None);
        assert_eq!(Heard::read("left x true"), None);
    }
}
