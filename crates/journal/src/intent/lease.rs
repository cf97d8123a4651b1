//! Who works on an intent, and what is known of what was sent.

use std::time::Duration;

use jiff::Timestamp;
use paymux::Unresolved;
use serde::{Deserialize, Serialize};

use super::Intent;

/// Who works on an intent, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lease {
    /// The process, by the name that it gave itself.
    pub holder: String,
    /// When it ends. What may send stops sending then: it is `send_before`.
    pub until: Timestamp,
    /// Whether it may send, or only asks.
    pub sends: bool,
}

impl Lease {
    /// A lease for a holder.
    #[must_use]
    pub fn new(holder: impl Into<String>, until: Timestamp, sends: bool) -> Self {
        Self {
            holder: holder.into(),
            until,
            sends,
        }
    }
}

impl Intent {
    /// What is needed to ask about it. Who may have sent until the end of his lease is taken to have done so.
    #[must_use]
    pub fn unresolved(&self) -> Unresolved {
        let mut unresolved = self.open.clone();
        if let Some(lease) = self.lease.as_ref().filter(|lease| lease.sends) {
            unresolved.last_sent = unresolved.last_sent.max(lease.until);
        }
        unresolved.payment = unresolved.payment.or_else(|| self.about().cloned());
        unresolved
    }

    /// Takes in what is known by now of what was sent. One record is right for all its sendings, with the first moment of them and the last; and a
    /// payment that was found once is not forgotten.
    pub(crate) fn learn(&mut self, mut open: Unresolved) {
        let known = &self.open;
        open.first_sent = match (known.first_sent, open.first_sent) {
            (Some(known), Some(new)) => Some(known.min(new)),
            // Of what was sent before, nobody knows when the first one was.
            (None, _) if self.recorded => None,
            (known, new) => known.or(new),
        };
        if self.recorded {
            open.last_sent = open.last_sent.max(known.last_sent);
        }
        open.payment = open.payment.or_else(|| known.payment.clone());
        if open.trail.is_empty() {
            open.trail.clone_from(&known.trail);
        }
        self.open = open;
    }

    /// Is given to somebody, under a new generation. Who had it may have sent until the end of his lease.
    pub(crate) fn give(&mut self, lease: Lease) {
        self.open = self.unresolved();
        self.generation = self.generation.saturating_add(1);
        self.lease = Some(lease);
    }

    /// Whether somebody other than `holder` may be at work on it.
    #[must_use]
    pub fn is_held(&self, holder: &str, now: Timestamp, skew: Duration) -> bool {
        self.lease.as_ref().is_some_and(|lease| {
            let over = lease.until.checked_add(skew).unwrap_or(Timestamp::MAX);
            lease.holder != holder && now <= over
        })
    }

    /// From when on it is to be asked about: after its lease, or when it was said.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        let lease = self.lease.as_ref().map(|lease| lease.until);
        lease.or(self.ask_at).filter(|_| self.is_unsettled())
    }
}
