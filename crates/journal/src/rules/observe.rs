//! How a payment is seen to stand, and what that means for the intent that made it.

use jiff::Timestamp;
use paymux::{Payment, PaymentState, Transition};

use crate::change::{Change, What};
use crate::intent::{Came, Intent, Known, PaymentKey, Recorded, State};
use crate::step::{Page, Write};

/// Writes a payment as it was seen, unless it is known better by now. `at_hand` is the intent that is being written anyway.
pub(super) fn observe(
    payment: &Payment,
    now: Timestamp,
    page: &Page,
    at_hand: Option<&Intent>,
    writes: &mut Vec<Write>,
) {
    let known = page.known.as_ref().map(|known| &known.payment);
    let mut seen = payment.clone();
    seen.raw = None;
    let mut late = payment.late;
    if let Some(known) = known {
        // A look that lags behind shows fewer entries.
        if seen.entries.len() < known.entries.len() {
            return;
        }
        match known.state.transition(seen.state) {
            Transition::Forward => {}
            Transition::Late => late = true,
            Transition::Same if seen.entries == known.entries => return,
            Transition::Same => {}
            // The state is the one that it is on.
            Transition::UnderWay => seen.state = known.state,
            _ => return,
        }
    }
    undo(&seen, now, page, at_hand, writes);
    let mut makers = at_hand.into_iter().chain(&page.siblings);
    let maker = makers.find(|intent| intent.begins());
    let change = Change {
        seq: 0,
        at: now,
        gateway: seen.reference.gateway().to_owned(),
        payment: Some(seen.reference.clone()),
        order: seen.order.clone().or_else(|| maker?.order.clone()),
        reference: maker.map(|maker| maker.key.reference.clone()),
        what: What::Payment {
            from: known.map(|known| known.state),
            to: seen.state,
            late,
        },
    };
    writes.push(Write::Change(Box::new(change)));
    writes.push(Write::Known(Box::new(Known {
        payment: seen,
        seen: now,
    })));
}

/// Money is seen to have moved by what is on record as declined, as not done, or as let go. A person looks. The intent that the step is about waits again and takes its
/// order, if nobody else has it by now; otherwise the record stays, and nothing is sent for it any more.
pub(super) fn contradicted(seen: &Payment, order: Option<&str>, now: Timestamp, page: &Page, writes: &mut Vec<Write>) {
    use PaymentState::{Authorized, Captured, PaidOut, PartiallyCaptured, Transferred};
    let taken = seen.captured() > 0 || matches!(seen.state, Captured | PaidOut | PartiallyCaptured | Transferred);
    let known = page.known.as_ref().map(|known| known.payment.state);
    let never_held = matches!(known, Some(PaymentState::Cancelled | PaymentState::Expired));
    let key = PaymentKey::of(&seen.reference);
    let named = page.intent.iter().filter(|intent| intent.begins());
    let is_named = |maker: &Intent| page.intent.as_ref().is_some_and(|named| named.key == maker.key);
    let made = |intent: &&Intent| {
        !is_named(intent) && intent.begins() && intent.made.as_ref().is_some_and(|made| key.is_of(made))
    };
    for maker in named.chain(page.siblings.iter().filter(made)) {
        let contradicts = match maker.state {
            State::Declined | State::Failed => taken || seen.state == Authorized,
            // A look that lags behind may still show a hold that was let go; where none was ever seen, it is a new one.
            State::Undone => taken || (seen.state == Authorized && never_held),
            _ => false,
        };
        if contradicts && maker.lease.is_none() {
            let is_free = is_named(maker)
                && maker.order.as_deref() == order
                && page.taker.as_ref().is_none_or(|taker| taker.key == maker.key);
            let mut maker = maker.clone();
            let text = format!(
                "it is on record as {}, and {} is seen {}",
                maker.state, seen.reference, seen.state
            );
            super::remark(&mut maker, text, now, writes);
            maker.differs = true;
            maker.written = now;
            if is_free {
                reopen(&mut maker, seen, now);
                writes.push(Write::Change(Box::new(Change::state(&maker, now))));
            }
            writes.push(Write::Intent(Box::new(maker)));
        }
    }
}

/// What had ended waits again, on a payment that is seen, and is asked about at once.
fn reopen(maker: &mut Intent, seen: &Payment, now: Timestamp) {
    let mut payment = seen.clone();
    payment.raw = None;
    maker.state = State::Waiting;
    maker.made = Some(payment.reference.clone());
    maker.outcome = Some(Recorded {
        came: Came::Pending,
        payment,
    });
    maker.asked = 0;
    maker.ask_at = Some(now);
}

/// A payment that was let go without money moved frees the order of the intent that made it.
fn undo(seen: &Payment, now: Timestamp, page: &Page, at_hand: Option<&Intent>, writes: &mut Vec<Write>) {
    let gone = matches!(
        seen.state,
        PaymentState::Cancelled | PaymentState::Expired | PaymentState::Voided
    );
    if !gone || seen.captured() != 0 {
        return;
    }
    let key = PaymentKey::of(&seen.reference);
    let other = |intent: &&Intent| at_hand.is_none_or(|own| own.key != intent.key);
    for maker in page.siblings.iter().filter(other) {
        let made = maker.begins() && maker.made.as_ref().is_some_and(|made| key.is_of(made));
        // Who works on it writes its end himself.
        if !made || !matches!(maker.state, State::Done | State::Waiting) || maker.lease.is_some() {
            continue;
        }
        let mut maker = maker.clone();
        maker.state = State::Undone;
        maker.ask_at = None;
        maker.written = now;
        if let Some(recorded) = &mut maker.outcome {
            recorded.payment = seen.clone();
        }
        writes.push(Write::Change(Box::new(Change::state(&maker, now))));
        writes.push(Write::Intent(Box::new(maker)));
    }
}
