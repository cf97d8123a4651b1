//! What one operation's calls may have done so far.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use jiff::Timestamp;
use paymux_core::{Call, Error, ErrorKind, Fate, Lost, Memo, RawReply, Reply, Unresolved};

/// The running tally of one operation: the worst over its money calls, and what was noted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    state: Mutex<State>,
}

/// What the tally holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// A money call was answered 2xx.
    pub(crate) accepted: bool,
    /// A money call whose body decides was answered at all.
    pub(crate) answered: bool,
    /// A money call was refused, by a status that does not say by itself that nothing was done.
    pub(crate) refused: bool,
    /// A money call's answer was lost.
    pub(crate) lost: bool,
    /// How many requests were made.
    pub(crate) attempts: u32,
    /// When the first request of a money call could leave.
    pub(crate) first_sent: Option<Timestamp>,
    /// When the last request of a money call could leave.
    pub(crate) last_sent: Option<Timestamp>,
    /// What the adapter noted.
    pub(crate) notes: Vec<Memo>,
    /// The last reply's body.
    pub(crate) raw: Option<RawReply>,
}

impl Tally {
    /// The tally of an operation that had a lost attempt before: everything that was known of it still is.
    pub(crate) fn of(unresolved: &Unresolved) -> Self {
        let state = State {
            lost: true,
            first_sent: unresolved.first_sent,
            last_sent: Some(unresolved.last_sent),
            notes: unresolved.trail.clone(),
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// The state now.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The fate of the operation, given what the adapter makes of it: an error after money may have moved is unknown. So is a refusal
    /// that the adapter could not read.
    pub(crate) fn fate(&self, error: &Error) -> Fate {
        let nothing = error.fate() == Fate::NotDone;
        let unread = self.refused && error.kind() == ErrorKind::Provider;
        if self.accepted || self.lost || (nothing && (self.answered || unread)) {
            Fate::Unknown
        } else {
            error.fate()
        }
    }

    /// Takes a reply into the tally. The reply itself, or that it does not say whether the call was acted on.
    pub(crate) fn judge(&mut self, call: &Call, reply: Reply) -> Result<Reply, Lost> {
        self.raw = Some(RawReply::new(reply.body.clone()));
        if !call.moves {
            return Ok(reply);
        }
        let (status, success) = (reply.status, reply.status.is_success());
        if call.nothing_done_on.contains(&status) && !self.lost {
            return Ok(reply);
        }
        // A 408 comes from whoever lost patience, not from whoever did it.
        let refused = status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT;
        let failed = status.is_server_error();
        if !(success || refused || failed && call.body_decides) || (self.lost && !success) {
            self.lost = true;
            let message = if failed {
                "the provider failed, and may have done it before"
            } else {
                "the answer does not say whether it was done"
            };
            let error = Error::new(ErrorKind::Provider, message)
                .with_status(reply.status)
                .with_fate(Fate::Unknown);
            return Err(Lost::Unknown(error));
        }
        if call.body_decides {
            self.answered = true;
        } else {
            self.accepted |= success;
            // A 403 may be of something in front of the provider that keeps its answer back.
            self.refused |= refused && (status == StatusCode::FORBIDDEN || !is_turned_away(status));
        }
        Ok(reply)
    }

    /// Keeps a note, unless it says what the last one under its key does. Whether it says something new.
    pub(crate) fn note(&mut self, memo: Memo) -> bool {
        let last = self.notes.iter().rev().find(|known| known.key == memo.key);
        let is_new = last != Some(&memo);
        if is_new {
            self.notes.push(memo);
        }
        is_new
    }

    /// What is known of an operation whose end was not seen: nothing was done unless a money call was begun.
    pub(crate) fn unseen(&self) -> Fate {
        if self.last_sent.is_some() {
            Fate::Unknown
        } else {
            Fate::NotDone
        }
    }
}

/// Statuses by which a question is turned away before it is looked at.
pub(crate) fn is_turned_away(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(state: &State, kind: ErrorKind, claimed: Fate) -> Fate {
        state.fate(&Error::new(kind, "x").with_fate(claimed))
    }

    #[test]
    fn the_fate_is_the_worst_over_the_money_calls() {
        let state = |accepted, answered, lost| State {
            accepted,
            answered,
            lost,
            ..State::default()
        };
        let fate = |state: State, claimed| fate(&state, ErrorKind::Refused, claimed);
        for claimed in [Fate::NotDone, Fate::Rejected, Fate::Unknown] {
            assert_eq!(fate(state(false, false, false), claimed), claimed);
            assert_eq!(fate(state(true, false, false), claimed), Fate::Unknown);
            assert_eq!(fate(state(false, false, true), claimed), Fate::Unknown);
        }
        assert_eq!(fate(state(false, true, false), Fate::Rejected), Fate::Rejected);
        assert_eq!(fate(state(false, true, false), Fate::NotDone), Fate::Unknown);
    }

    #[test]
    fn an_unreadable_refusal_is_unknown() {
        let refused = State {
            refused: true,
            ..State::default()
        };
        assert_eq!(fate(&refused, ErrorKind::Provider, Fate::NotDone), Fate::Unknown);
        assert_eq!(fate(&refused, ErrorKind::Provider, Fate::Rejected), Fate::Rejected);
        assert_eq!(fate(&refused, ErrorKind::Configuration, Fate::NotDone), Fate::NotDone);
    }
}
