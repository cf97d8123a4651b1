//! The end of an operation, or that it is in doubt.

use std::time::Duration;

use jiff::Timestamp;
use paymux::{Payment, Unresolved};

use super::{PATIENCE, entries, fenced, holds, kept, observe, remark, settle};
use crate::change::Change;
use crate::intent::{Came, Intent, PaymentKey, Recorded, State};
use crate::step::{Finding, Hold, Page, Ruling, Write};

/// The pauses before what is in doubt is asked about, in seconds; the last one again and again.
const IN_DOUBT: [u64; 7] = [15, 60, 300, 900, 3600, 3600, 21_600];
/// The same for what waits at the provider, which tells of its end by itself.
const WAITING: [u64; 5] = [900, 3600, 3600, 21_600, 86_400];

pub(super) fn conclude(hold: &Hold, finding: &Finding, now: Timestamp, page: &Page) -> (Ruling, Vec<Write>) {
    let Some(mut intent) = page.intent.clone().filter(|intent| holds(hold, intent)) else {
        return too_late(finding, now, page);
    };
    let mut writes = Vec::new();
    match finding {
        Finding::Answer { recorded, asked } => match entries::own(&intent, recorded, *asked, page) {
            Err(doubt) if *asked => {
                doubted(&mut intent, &doubt, true, now, &mut writes);
                intent.differs = true;
                remark(&mut intent, doubt, now, &mut writes);
            }
            own => {
                answered(&mut intent, recorded, now);
                writes.push(Write::Change(Box::new(Change::state(&intent, now))));
                match own {
                    Ok(own) => intent.entries = own,
                    // The provider's own reply stands; a person looks at what does not fit.
                    Err(doubt) => remark(&mut intent, doubt, now, &mut writes),
                }
            }
        },
        Finding::Closed { payment } => {
            closed(&mut intent, payment);
            writes.push(Write::Change(Box::new(Change::state(&intent, now))));
        }
        Finding::Nothing { absent, said } if is_reopened(&intent) || (*absent && was_seen(&intent)) => {
            let said = format!("it was seen, and asking says otherwise: {said}");
            let in_vain = intent.asked >= PATIENCE;
            doubted(&mut intent, &said, true, now, &mut writes);
            if in_vain {
                remark(&mut intent, said, now, &mut writes);
            }
        }
        Finding::Nothing { said, .. } => {
            intent.state = State::Failed;
            intent.outcome = None;
            intent.said.clone_from(said);
            settle(&mut intent);
            writes.push(Write::Change(Box::new(Change::state(&intent, now))));
        }
        Finding::Doubt {
            open,
            payment,
            said,
            remark: text,
            differs,
            asked,
        } => {
            learned(&mut intent, open.as_deref(), payment.as_deref(), *asked);
            doubted(&mut intent, said, *asked, now, &mut writes);
            intent.differs |= differs;
            if let Some(text) = text {
                remark(&mut intent, text.clone(), now, &mut writes);
            }
        }
    }
    // What a follow-up made beside the payment that it is about is no page's payment.
    let on_page = |payment: &&Payment| hold.about.as_ref().is_none_or(|about| about.is_of(&payment.reference));
    if let Some(payment) = finding.payment().filter(on_page) {
        observe::observe(payment, now, page, Some(&intent), &mut writes);
    }
    let (mut ruling, writes) = kept(intent, now, writes);
    if let Ruling::Kept { parked, .. } = &mut ruling {
        parked.clone_from(&page.parked);
    }
    (ruling, writes)
}

/// Whether the provider has shown it, or something of it.
const fn was_seen(intent: &Intent) -> bool {
    matches!(intent.state, State::Waiting) || intent.made.is_some()
}

/// Whether it waits again since money was seen to have moved by it, or waits on what is not as it was asked.
fn is_reopened(intent: &Intent) -> bool {
    intent.state == State::Waiting && intent.differs
}

/// What is in doubt may have taught something all the same: what to ask by, or which payment it made.
fn learned(intent: &mut Intent, open: Option<&Unresolved>, payment: Option<&Payment>, asked: bool) {
    if let Some(open) = open {
        intent.learn(open.clone());
        intent.recorded |= !asked;
    }
    if let Some(payment) = payment
        && intent.begins()
    {
        intent.made = intent.made.take().or_else(|| Some(payment.reference.clone()));
    }
}

/// Its page was taken away, and nobody had paid on it.
fn closed(intent: &mut Intent, payment: &Payment) {
    let mut payment = payment.clone();
    payment.raw = None;
    intent.state = State::Undone;
    "its page was closed before anything was paid".clone_into(&mut intent.said);
    intent.outcome = Some(Recorded {
        came: Came::ActionRequired,
        payment,
    });
    settle(intent);
}

fn answered(intent: &mut Intent, recorded: &Recorded, now: Timestamp) {
    let reopened = is_reopened(intent);
    intent.state = recorded.came.state();
    if intent.begins() {
        intent.made = Some(recorded.payment.reference.clone());
    }
    recorded.came.as_str().clone_into(&mut intent.said);
    let mut recorded = recorded.clone();
    recorded.payment.raw = None;
    intent.outcome = Some(recorded);
    let asked = intent.asked;
    // What had ended otherwise before: settled by now, and a person looks all the same.
    let remark = intent.remark.take().filter(|_| reopened);
    settle(intent);
    intent.remark = remark;
    if intent.state == State::Waiting {
        intent.differs = reopened;
        intent.asked = asked.saturating_add(1);
        intent.ask_at = after(now, &WAITING, asked);
    }
}

/// Nobody holds it, and it is to be asked about.
fn doubted(intent: &mut Intent, said: &str, asked: bool, now: Timestamp, writes: &mut Vec<Write>) {
    said.clone_into(&mut intent.said);
    if asked {
        // Whoever held it before may have sent until the end of his lease.
        intent.open = intent.unresolved();
    }
    intent.lease = None;
    intent.generation = intent.generation.saturating_add(1);
    let pauses: &[u64] = if intent.state == State::Waiting {
        &WAITING
    } else {
        &IN_DOUBT
    };
    intent.ask_at = after(now, pauses, if asked { intent.asked } else { 0 });
    intent.asked = if asked { intent.asked.saturating_add(1) } else { 0 };
    if !asked {
        writes.push(Write::Change(Box::new(Change::state(intent, now))));
    }
}

fn after(now: Timestamp, pauses: &[u64], asked: u32) -> Option<Timestamp> {
    let place = usize::try_from(asked).unwrap_or(usize::MAX);
    let seconds = pauses.get(place).or(pauses.last())?;
    now.checked_add(Duration::from_secs(*seconds)).ok()
}

/// Whoever lost the lease writes nothing of the outcome. What he learned is not lost where the record says otherwise, or says nothing yet: the payment is kept, and a person
/// looks.
fn too_late(finding: &Finding, now: Timestamp, page: &Page) -> (Ruling, Vec<Write>) {
    let (ruling, mut writes) = fenced(page);
    let (Some(intent), Finding::Answer { recorded, .. }) = (&page.intent, finding) else {
        return (ruling, writes);
    };
    let moved = !matches!(recorded.came, Came::Declined(_));
    let key = PaymentKey::of(&recorded.payment.reference);
    let same = intent.about().is_some_and(|known| key.is_of(known));
    let contradicts = match intent.state {
        State::Declined | State::Failed | State::Open => moved,
        State::Done | State::Undone | State::Waiting => moved && intent.begins() && !same,
    };
    if contradicts {
        let mut intent = intent.clone();
        if intent.begins() {
            intent.made = intent.made.or_else(|| Some(recorded.payment.reference.clone()));
        }
        let text = format!(
            "an answer that came too late says {} on {}, and the record says {}",
            recorded.came.as_str(),
            recorded.payment.reference,
            intent.state
        );
        remark(&mut intent, text, now, &mut writes);
        intent.differs = true;
        writes.push(Write::Intent(Box::new(intent)));
    }
    (ruling, writes)
}
