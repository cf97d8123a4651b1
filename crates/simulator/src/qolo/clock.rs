//! Lets time pass for transactions: they settle, and some come back.

use jiff::Timestamp;

use super::Qolo;
use super::state::State;
use crate::{Kind, Origin};

/// What happens next to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Settle,
    Return,
}

impl Qolo {
    /// Does everything that was to happen until `now`, in order.
    pub(super) fn tick(&mut self, now: Timestamp) {
        while let Some((at, step, guid)) = self.next_step(now) {
            match step {
                Step::Settle => self.settle(at, &guid),
                Step::Return => self.send_back(at, &guid, None),
            }
        }
    }

    fn next_step(&self, now: Timestamp) -> Option<(Timestamp, Step, String)> {
        let steps = self.rows.iter().filter_map(|row| match (row.state, &row.returns) {
            (State::Pending, _) => Some((row.settles_at, Step::Settle, row)),
            (State::Settled, Some((at, _))) => Some((*at, Step::Return, row)),
            _ => None,
        });
        let due = steps.filter(|(at, ..)| *at <= now);
        due.min_by_key(|(at, step, _)| (*at, *step))
            .map(|(at, step, row)| (at, step, row.guid.clone()))
    }

    /// Settles a pending transaction.
    pub(super) fn settle(&mut self, at: Timestamp, guid: &str) {
        let Some(row) = self.row_mut(guid) else { return };
        row.state = State::Settled;
        row.settled_at = Some(at);
        let row = row.clone();
        let (out, into) = (row.minor, row.arriving());
        self.shift(row.from.as_deref(), |a| a.ledger -= out);
        self.shift(row.to.as_deref(), |a| {
            a.suspense -= into;
            a.available += into;
            a.ledger += into;
        });
        if row.base.is_none() {
            self.announce(at, "transfer.success", &row);
        }
        if row.payment_guid.is_some() {
            self.announce(at, "payment.success", &row);
        }
    }

    /// Sends a transaction back, settled or still pending, with this code or with the one that was planned.
    pub(super) fn send_back(&mut self, at: Timestamp, guid: &str, code: Option<&str>) {
        let Some(row) = self.row_mut(guid) else { return };
        let was_settled = row.state == State::Settled;
        let planned = row.returns.take().map(|(_, code)| code);
        row.state = State::Returned;
        row.reason = code.map(str::to_owned).or(planned).unwrap_or_default();
        row.reason_text = Some(format!("Returned by the bank: {}", row.reason));
        let row = row.clone();
        let (out, into) = (row.minor, row.arriving());
        self.shift(row.from.as_deref(), |a| {
            a.available += out;
            a.ledger += if was_settled { out } else { 0 };
        });
        self.shift(row.to.as_deref(), |a| {
            if was_settled {
                a.available -= into;
                a.ledger -= into;
            } else {
                a.suspense -= into;
            }
        });
        self.book(at, &row, Kind::Return, row.minor, Origin::BackOffice);
        let event = if row.kind == Kind::Capture {
            "bankeft.debit.returned"
        } else {
            "bankeft.credit.returned"
        };
        self.announce(at, event, &row);
        if row.payment_guid.is_some() {
            self.announce(at, "payment.failure", &row);
        }
    }

    /// Lets go of a pending transaction that was cancelled in time.
    pub(super) fn let_go(&mut self, at: Timestamp, guid: &str) {
        let Some(row) = self.row_mut(guid) else { return };
        row.state = State::Cancelled;
        row.returns = None;
        let row = row.clone();
        let (out, into) = (row.minor, row.arriving());
        self.shift(row.from.as_deref(), |a| a.available += out);
        self.shift(row.to.as_deref(), |a| a.suspense -= into);
        self.book(at, &row, Kind::Void, row.minor, Origin::Api);
    }
}
