//! All the rules: what a step comes to on a page.

mod begin;
mod conclude;
mod entries;
mod observe;

use std::time::Duration;

use jiff::Timestamp;
use paymux::{Answer, Payment};

use crate::change::{Change, What};
use crate::intent::{Came, Intent, Lease, PaymentKey, Recorded, State};
use crate::step::{Hold, Page, Ruling, Step, Verdict, Write};

/// After how many questions in vain a person is called.
pub(crate) const PATIENCE: u32 = 6;

/// Whether what asking found is an intent's own, beside those that are about the same payment or made it.
pub(crate) fn is_own(intent: &Intent, answer: &Answer, siblings: Vec<Intent>) -> bool {
    let recorded = Recorded {
        came: Came::of(&answer.outcome),
        payment: answer.payment.clone(),
    };
    let page = Page {
        siblings,
        ..Page::default()
    };
    entries::own(intent, &recorded, true, &page).is_ok()
}

/// What a step comes to, and what is written for it.
pub(crate) fn decide(step: &Step, page: &Page) -> (Ruling, Vec<Write>) {
    match step {
        Step::Begin {
            intent,
            now,
            skew,
            anew,
        } => begin::begin(intent, *now, *skew, *anew, page),
        Step::Conclude { hold, finding, now } => conclude::conclude(hold, finding, *now, page),
        Step::Decide {
            key: _,
            verdict,
            remark,
            now,
            skew,
        } => decided(verdict, remark, *now, *skew, page),
        Step::Note { hold, open, now } => match page.intent.clone().filter(|intent| holds(hold, intent)) {
            Some(mut intent) if may_send(&intent, *now) => {
                intent.learn((**open).clone());
                intent.recorded = true;
                kept(intent, *now, Vec::new())
            }
            _ => fenced(page),
        },
        Step::Observe {
            payment,
            intent: _,
            order,
            now,
        } => {
            let mut writes = Vec::new();
            observe::contradicted(payment, order.as_deref(), *now, page, &mut writes);
            observe::observe(payment, *now, page, None, &mut writes);
            (nothing_of_an_intent(), writes)
        }
        Step::Park { parked } => simply(Write::Park(parked.clone())),
        Step::Prune { prune } => (nothing_of_an_intent(), prune.old().map(Write::Forget).collect()),
        Step::See { gateway, key, now } => simply(Write::Seen {
            gateway: gateway.clone(),
            key: key.clone(),
            at: *now,
        }),
        Step::Take {
            key: _,
            holder,
            until,
            sends,
            now,
            skew,
        } => {
            let lease = Lease {
                holder: holder.clone(),
                until: *until,
                sends: *sends,
            };
            take(lease, *now, *skew, page)
        }
        Step::Unpark { parked } => simply(Write::Unpark(parked.clone())),
    }
}

fn take(lease: Lease, now: Timestamp, skew: Duration, page: &Page) -> (Ruling, Vec<Write>) {
    let Some(mut intent) = page.intent.clone() else {
        return fenced(page);
    };
    if !intent.is_unsettled() {
        return (Ruling::Recorded(Box::new(intent)), Vec::new());
    }
    if intent.is_held(&lease.holder, now, skew) {
        return (Ruling::Held(Box::new(intent)), Vec::new());
    }
    intent.give(lease);
    intent.written = now;
    let write = Write::Intent(Box::new(intent.clone()));
    (Ruling::Open(Box::new(intent)), vec![write])
}

fn decided(verdict: &Verdict, remark: &str, now: Timestamp, skew: Duration, page: &Page) -> (Ruling, Vec<Write>) {
    let Some(mut intent) = page.intent.clone() else {
        return fenced(page);
    };
    let is_moot = match verdict {
        Verdict::Stands => intent.remark.is_none() && (intent.is_unsettled() || !intent.differs),
        Verdict::Done(_) | Verdict::NotDone => !intent.is_unsettled(),
    };
    if is_moot {
        return (Ruling::Recorded(Box::new(intent)), Vec::new());
    }
    // Who decides does not lead the intent's flight: a lease of this process, too, may be that of a call under way.
    if intent.is_held("", now, skew) {
        return (Ruling::Held(Box::new(intent)), Vec::new());
    }
    if let Verdict::Done(Some(payment)) = verdict
        && let Some(refused) = cannot_be(&intent, payment, page)
    {
        return (refused, Vec::new());
    }
    let mut writes = Vec::new();
    match verdict {
        Verdict::Done(payment) => {
            if let Some(payment) = payment.as_deref() {
                intent.made = intent.made.or_else(|| Some(payment.reference.clone()));
                observe::observe(payment, now, page, Some(&intent), &mut writes);
            }
            if let Some(payment) = payment.as_deref().cloned().or_else(|| intent.seen()) {
                intent.outcome = Some(Recorded {
                    came: Came::Approved,
                    payment,
                });
            }
            intent.state = State::Done;
        }
        Verdict::NotDone => intent.state = State::Failed,
        Verdict::Stands => {
            intent.remark = None;
            // What is unsettled is not sent again for that; what is settled may be.
            intent.differs &= intent.is_unsettled();
            let looked = Change::of(&intent, What::Looked(remark.to_owned()), now);
            return kept(intent, now, vec![Write::Change(Box::new(looked))]);
        }
    }
    remark.clone_into(&mut intent.said);
    settle(&mut intent);
    writes.push(Write::Change(Box::new(Change::state(&intent, now))));
    kept(intent, now, writes)
}

/// Why a payment that a person names is not the intent's: it is elsewhere or of another amount, or another intent made it.
fn cannot_be(intent: &Intent, payment: &Payment, page: &Page) -> Option<Ruling> {
    let key = PaymentKey::of(&payment.reference);
    let elsewhere = key.provider != intent.key.provider || key.account != intent.key.account;
    let other_amount = payment.amount.is_some() && intent.amount.is_some() && payment.amount != intent.amount;
    if elsewhere || (intent.begins() && other_amount) {
        return Some(Ruling::Differs(Box::new(intent.clone())));
    }
    // A follow-up is about what another one made.
    if intent.payment.as_ref().is_some_and(|about| key.is_of(about)) {
        return None;
    }
    let made = |other: &&Intent| other.key != intent.key && other.made.as_ref().is_some_and(|made| key.is_of(made));
    let maker = page.siblings.iter().find(made)?;
    Some(Ruling::Busy(Box::new(maker.clone())))
}

/// Nobody holds it any more, and nobody need look.
fn settle(intent: &mut Intent) {
    intent.generation = intent.generation.saturating_add(1);
    intent.lease = None;
    intent.remark = None;
    intent.differs = false;
    intent.asked = 0;
    intent.ask_at = None;
}

fn holds(hold: &Hold, intent: &Intent) -> bool {
    let holder = intent.lease.as_ref().map(|lease| &lease.holder);
    intent.generation == hold.generation && holder == Some(&hold.holder) && intent.is_unsettled()
}

fn may_send(intent: &Intent, now: Timestamp) -> bool {
    let lease = intent.lease.as_ref();
    lease.is_some_and(|lease| lease.sends && now < lease.until)
}

/// Somebody else has it by now.
fn fenced(page: &Page) -> (Ruling, Vec<Write>) {
    (Ruling::Fenced(page.intent.clone().map(Box::new)), Vec::new())
}

const fn nothing_of_an_intent() -> Ruling {
    Ruling::Kept {
        intent: None,
        parked: Vec::new(),
    }
}

fn simply(write: Write) -> (Ruling, Vec<Write>) {
    (nothing_of_an_intent(), vec![write])
}

/// The intent is written, with what else there is.
fn kept(mut intent: Intent, now: Timestamp, mut writes: Vec<Write>) -> (Ruling, Vec<Write>) {
    intent.written = now;
    writes.push(Write::Intent(Box::new(intent.clone())));
    let ruling = Ruling::Kept {
        intent: Some(Box::new(intent)),
        parked: Vec::new(),
    };
    (ruling, writes)
}

/// A person must look; told once for the same reason.
fn remark(intent: &mut Intent, text: String, now: Timestamp, writes: &mut Vec<Write>) {
    if intent.remark.as_ref() != Some(&text) {
        let change = Change::of(intent, What::Remark(text.clone()), now);
        writes.push(Write::Change(Box::new(change)));
        intent.remark = Some(text);
    }
}
