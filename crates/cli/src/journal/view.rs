//! An intent and a change as data, under names that stay, and as cells.

use jiff::Timestamp;
use paymux_journal::{Came, Change, Intent, State, What};
use serde_json::{Value, json};

use crate::table::{BAD, Cell, GOOD, WARN};

/// An intent as data. The names are stable; others may be added.
pub(super) fn intent(intent: &Intent) -> Value {
    json!({
        "reference": intent.key.reference,
        "provider": intent.key.provider,
        "account": intent.key.account,
        "gateway": intent.gateway,
        "operation": intent.operation.as_str(),
        "amount": intent.amount,
        "order": intent.order,
        "payment": intent.payment,
        "made": intent.made,
        "state": intent.state.as_str(),
        "outcome": intent.outcome.as_ref().map(|recorded| json!({
            "came": recorded.came.as_str(),
            "decline": match &recorded.came {
                Came::Declined(decline) => json!(decline),
                _ => Value::Null,
            },
            "payment": recorded.payment,
        })),
        "entries": intent.entries,
        "said": intent.said,
        "remark": intent.remark,
        "differs": intent.differs,
        "attempt": intent.attempt,
        "generation": intent.generation,
        "lease": intent.lease.as_ref().map(|lease| json!({
            "holder": lease.holder,
            "until": lease.until,
            "sends": lease.sends,
        })),
        "sent": intent.recorded,
        "first_sent": intent.open.first_sent,
        "last_sent": intent.recorded.then_some(intent.open.last_sent),
        "trail": intent.open.trail,
        "idempotency_key": intent.idempotency_key,
        "asked": intent.asked,
        "ask_at": intent.ask_at,
        "begun": intent.begun,
        "written": intent.written,
    })
}

/// A change as data. The names are stable; others may be added.
pub(super) fn change(change: &Change) -> Value {
    json!({
        "number": change.seq,
        "at": change.at,
        "gateway": change.gateway,
        "reference": change.reference,
        "order": change.order,
        "payment": change.payment,
        "what": change.what,
    })
}

/// What changed, in words.
pub(super) fn words(what: &What) -> String {
    match what {
        What::Intent {
            operation,
            state,
            came: Some(came),
        } => format!("{operation} is {state}: {}", came.as_str()),
        What::Intent { operation, state, .. } => format!("{operation} is {state}"),
        What::Payment { from, to, late } => {
            let from = from.map_or("unknown", |state| state.as_str());
            let late = if *late { ", late" } else { "" };
            format!("payment from {from} to {}{late}", to.as_str())
        }
        What::Looked(text) => format!("a person has looked: {text}"),
        What::Remark(text) => format!("a person must look: {text}"),
        other => format!("{other:?}"),
    }
}

/// A state in its colour.
pub(super) fn state(intent: &Intent) -> Cell {
    let style = match intent.state {
        State::Done => GOOD,
        State::Open => BAD,
        _ => WARN,
    };
    Cell::styled(intent.state.as_str(), style)
}

/// How long ago, in one unit.
pub(super) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit_and_none_is_below_zero() {
        let then = Timestamp::from_second(1_000_000).unwrap();
        for (seconds, text) in [
            (-5, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7200, "2 h"),
            (200_000, "2 d"),
        ] {
            let now = Timestamp::from_second(1_000_000 + seconds).unwrap();
            assert_eq!(age(then, now), text);
        }
    }
}
