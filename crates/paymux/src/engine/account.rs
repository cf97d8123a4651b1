//! What one operation's calls may have done so far.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use paymux_core::{Fate, Memo};

/// The running account of one operation: the worst over its money calls, and what was noted.
#[derive(Debug, Default)]
pub(crate) struct Account {
    state: Mutex<State>,
}

/// A copy of the account.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// A money call was answered 2xx.
    pub(crate) accepted: bool,
    /// A money call whose body decides was answered at all.
    pub(crate) answered: bool,
    /// A money call's answer was lost.
    pub(crate) lost: bool,
    /// How many requests were made.
    pub(crate) attempts: u32,
    /// When the last request of a money call could leave.
    pub(crate) last_sent: Option<Timestamp>,
    /// What the adapter noted.
    pub(crate) notes: Vec<Memo>,
    /// The last reply's body.
    pub(crate) raw: Option<Bytes>,
}

impl Account {
    /// The state now.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The fate of the operation, given what the adapter makes of it: an error after money may have moved is unknown.
    pub(crate) fn fate(&self, claimed: Fate) -> Fate {
        let open = self.accepted || self.lost || (self.answered && claimed == Fate::NotDone);
        if open { Fate::Unknown } else { claimed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fate_is_the_worst_over_the_money_calls() {
        let fate = |accepted, answered, lost, claimed| {
            State {
                accepted,
                answered,
                lost,
                ..State::default()
            }
            .fate(claimed)
        };
        for claimed in [Fate::NotDone, Fate::Rejected, Fate::Unknown] {
            assert_eq!(fate(false, false, false, claimed), claimed);
            assert_eq!(fate(true, false, false, claimed), Fate::Unknown);
            assert_eq!(fate(false, false, true, claimed), Fate::Unknown);
        }
        assert_eq!(fate(false, true, false, Fate::Rejected), Fate::Rejected);
        assert_eq!(fate(false, true, false, Fate::NotDone), Fate::Unknown);
    }
}
