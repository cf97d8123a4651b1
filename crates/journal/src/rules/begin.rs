//! Beginning an intent: what may be sent, and what stands against it.

use std::time::Duration;

use jiff::Timestamp;

use crate::intent::{Intent, State};
use crate::step::{Page, Ruling, Write};

pub(super) fn begin(new: &Intent, now: Timestamp, skew: Duration, anew: bool, page: &Page) -> (Ruling, Vec<Write>) {
    let Some(old) = page.intent.clone() else {
        let first = || {
            let mut intent = new.clone();
            intent.before = before(page);
            begun(intent, now)
        };
        return against(new, page).unwrap_or_else(first);
    };
    if !old.is_same(new) {
        return (Ruling::Differs(Box::new(old)), Vec::new());
    }
    let holder = new.lease.as_ref().map_or("", |lease| lease.holder.as_str());
    match old.state {
        // Money was seen to have moved by it: a person decides.
        State::Failed if old.differs || !anew => return (Ruling::Recorded(Box::new(old)), Vec::new()),
        State::Failed => {}
        State::Open if old.is_held(holder, now, skew) => return (Ruling::Held(Box::new(old)), Vec::new()),
        State::Open if old.sent_nothing() => {}
        // Whoever comes with a record of his own wants to send, and not to ask.
        State::Open if old.differs && new.recorded => return (Ruling::Recorded(Box::new(old)), Vec::new()),
        State::Open => return in_doubt(old, new, now),
        _ => return (Ruling::Recorded(Box::new(old)), Vec::new()),
    }
    against(new, page).unwrap_or_else(|| begun(again(old, new, page), now))
}

/// Who asks takes it, and may not send.
fn in_doubt(mut old: Intent, new: &Intent, now: Timestamp) -> (Ruling, Vec<Write>) {
    let Some(mut lease) = new.lease.clone() else {
        return (Ruling::Held(Box::new(old)), Vec::new());
    };
    lease.sends = false;
    old.give(lease);
    old.written = now;
    let write = Write::Intent(Box::new(old.clone()));
    (Ruling::Open(Box::new(old)), vec![write])
}

/// Another attempt of the order, or another operation on the payment.
fn against(new: &Intent, page: &Page) -> Option<(Ruling, Vec<Write>)> {
    let other = |intent: &&Intent| intent.key != new.key;
    if let Some(taker) = page.taker.as_ref().filter(other) {
        return Some((Ruling::Ordered(Box::new(taker.clone())), Vec::new()));
    }
    if new.begins() {
        return None;
    }
    let mut busy = page.siblings.iter().filter(other);
    let busy = busy.find(|intent| intent.state == State::Open)?;
    Some((Ruling::Busy(Box::new(busy.clone())), Vec::new()))
}

/// The next attempt of an intent that did nothing.
fn again(old: Intent, new: &Intent, page: &Page) -> Intent {
    let mut intent = new.clone();
    intent.attempt = old.attempt.saturating_add(1);
    intent.generation = old.generation.saturating_add(1);
    intent.begun = old.begun;
    intent.said = old.said;
    intent.before = before(page);
    if old.recorded {
        // A key lives from its first use, by whichever attempt.
        intent.open.first_sent = old.open.first_sent;
    }
    intent
}

fn begun(mut intent: Intent, now: Timestamp) -> (Ruling, Vec<Write>) {
    intent.state = State::Open;
    intent.written = now;
    let write = Write::Intent(Box::new(intent.clone()));
    (Ruling::Begun(Box::new(intent)), vec![write])
}

/// The entries that the payment is known to have.
fn before(page: &Page) -> Vec<String> {
    let entries = page.known.iter().flat_map(|known| &known.payment.entries);
    entries.filter_map(|entry| entry.id.clone()).collect()
}
