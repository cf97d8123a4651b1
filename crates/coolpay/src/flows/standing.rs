//! What stands already under a reference, and what that means for the operation that was asked.

use paymux_core::{
    Answer, Decline, DeclineReason, EntryKind, Error, ErrorKind, Fate, NextAction, Outcome, Payment, currency,
};

use super::act::{Seen, twice};
use super::calls::Asked;
use crate::adapter::CoolPay;
use crate::codes::{self, Verdict};
use crate::reading::{self, Place};
use crate::shapes::{Op, Resource};

/// What an operation wants of a payment that it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// Money held.
    Hold,
    /// Money sent out.
    Send,
    /// Money taken.
    Take,
}

/// What stands already.
#[derive(Debug)]
pub(crate) enum Standing {
    /// The customer must be authenticated, and there is no link for it yet.
    Action(Decline),
    /// Held and not taken.
    Held,
    /// No operation of any kind.
    Fresh,
    /// Decided, or under way.
    Settled(Box<Answer>),
}

impl Want {
    /// The kind of operation that does it.
    const fn main(self) -> EntryKind {
        match self {
            Self::Hold | Self::Take => EntryKind::Authorize,
            Self::Send => EntryKind::Payout,
        }
    }
}

impl Standing {
    fn settled(outcome: Outcome, payment: Payment) -> Self {
        Self::Settled(Box::new(Answer::new(outcome, payment)))
    }
}

pub(crate) fn redirect(url: &str) -> Outcome {
    Outcome::ActionRequired(NextAction::Redirect(url.to_owned().into()))
}

/// A sale whose money is held and not taken: neither approved nor declined, and for a person or a later attempt under the same reference.
pub(crate) fn outstanding(why: Option<Error>, payment: Payment) -> Error {
    match why {
        Some(error) => error.context("authorized, capture outstanding"),
        None => Error::new(ErrorKind::Refused, "authorized, capture outstanding"),
    }
    .with_fate(Fate::Unknown)
    .with_payment(payment)
}

/// An operation whose code leaves its outcome open.
pub(crate) fn open(kind: Option<&str>, code: &str, payment: Payment) -> Error {
    let message = format!(
        "the provider's code for the {} is {code}, which decides nothing",
        kind.unwrap_or("operation")
    );
    Error::new(ErrorKind::Provider, message)
        .with_fate(Fate::Unknown)
        .with_payment(payment)
}

impl CoolPay {
    /// What one operation came to, where the customer has nothing to do any more.
    pub(crate) fn conclude(&self, seen: &Seen) -> Result<Answer, Error> {
        let payment = self.payment(&seen.place, &seen.body);
        let outcome = match seen.verdict() {
            Verdict::Approved => Outcome::Approved,
            Verdict::Pending => Outcome::Pending,
            Verdict::Declined(decline) | Verdict::Action(decline) => Outcome::Declined(decline),
            Verdict::Unknown(code) => return Err(open(seen.op.kind.as_deref(), &code, payment)),
        };
        Ok(Answer::new(outcome, payment))
    }

    /// Judges a payment that exists under the reference of an operation that makes one.
    pub(crate) fn standing(
        &self,
        place: &Place,
        body: &Resource,
        want: Want,
        asked: Option<Asked>,
    ) -> Result<Standing, Error> {
        let payment = || self.payment(place, body);
        let ops = body.operations.as_deref().unwrap_or_default();
        if let Some(asked) = asked {
            self.check_currency(place, body, asked)?;
        }
        if ops.is_empty() {
            return match reading::hidden(body, place.kind) {
                None => Ok(Standing::Fresh),
                Some(text) => Err(Error::new(ErrorKind::Provider, text)
                    .with_fate(Fate::Unknown)
                    .with_payment(payment())),
            };
        }
        let verdict = |op: &Op| codes::verdict(op, body.acquirer.as_deref());
        let main = want.main();
        let of_main = || {
            ops.iter()
                .filter(move |op: &&Op| codes::entry_kind(op.kind.as_deref()) == main)
        };
        if let Some(asked) = asked {
            let moving = |op: &&Op| !matches!(verdict(op), Verdict::Declined(_) | Verdict::Action(_));
            let other = |op: &Op| op.amount.filter(|amount| *amount != asked.units);
            if let Some(other) = of_main().filter(moving).find_map(other) {
                let message = format!(
                    "the payment of this reference is of {other} wire units, and {} was asked",
                    asked.money
                );
                return Err(Error::mismatch(message, payment()));
            }
        }
        if reading::pending(body).is_some() {
            return Ok(Standing::settled(Outcome::Pending, payment()));
        }
        if let Some(text) = reading::imbalance(body, place.kind) {
            return Err(Error::mismatch(text, payment()));
        }
        if let Some((op, code)) = of_main().find_map(|op| unknown(verdict(op)).map(|code| (op, code))) {
            return Err(open(op.kind.as_deref(), &code, payment()));
        }
        let mut approved = of_main().filter(|op| verdict(op) == Verdict::Approved);
        let Some(op) = approved.next() else {
            return Ok(self.last_word(place, body, main));
        };
        if approved.next().is_some() {
            let text = twice(op.kind.as_deref().unwrap_or("operation"));
            return Err(Error::mismatch(text, payment()));
        }
        if let Some(what) = missing(body, op) {
            return Err(incomplete(op, what, payment()));
        }
        match want {
            Want::Take => self.taken(place, body, asked),
            Want::Hold | Want::Send => Ok(Standing::settled(Outcome::Approved, payment())),
        }
    }

    /// Whether a payment is in the currency that was asked. Where nothing was done with it yet, another one took the reference.
    fn check_currency(&self, place: &Place, body: &Resource, asked: Asked) -> Result<(), Error> {
        let Some(theirs) = body.currency.as_deref().filter(|theirs| *theirs != asked.currency) else {
            return Ok(());
        };
        let payment = self.payment(place, body);
        if body.operations.as_deref().unwrap_or_default().is_empty() {
            let rule = format!(
                "is taken by a payment in {theirs}, and the amount is in {}",
                asked.currency
            );
            return Err(Error::invalid("reference", rule).with_payment(payment));
        }
        let message = format!(
            "the payment of this reference is in {theirs}, and {} was asked",
            asked.money
        );
        Err(Error::mismatch(message, payment))
    }

    /// Of a payment of which nothing was approved, the last word counts.
    fn last_word(&self, place: &Place, body: &Resource, main: EntryKind) -> Standing {
        let settled = |outcome| Standing::settled(outcome, self.payment(place, body));
        let is_deadline = |op: &Op| op.kind.as_deref() == Some("deadline");
        let ops = body.operations.as_deref().unwrap_or_default();
        let last = ops
            .iter()
            .rfind(|op| codes::entry_kind(op.kind.as_deref()) == main || is_deadline(op));
        match last.map(|op| (op, codes::verdict(op, body.acquirer.as_deref()))) {
            Some((op, Verdict::Declined(decline))) => match reading::open_page(body, op) {
                Some(url) => settled(redirect(url)),
                None => settled(Outcome::Declined(decline)),
            },
            Some((_, Verdict::Action(decline))) => match reading::link(body) {
                Some(url) => settled(redirect(url)),
                None => Standing::Action(decline),
            },
            Some((op, Verdict::Approved)) if is_deadline(op) => settled(Outcome::Declined(expired())),
            _ => settled(Outcome::Pending),
        }
    }

    /// Judges a sale whose money was held.
    fn taken(&self, place: &Place, body: &Resource, asked: Option<Asked>) -> Result<Standing, Error> {
        let payment = self.payment(place, body);
        let acquirer = body.acquirer.as_deref();
        let ops = body.operations.as_deref().unwrap_or_default();
        let captured = reading::total(body, EntryKind::Capture);
        let captures = || {
            ops.iter()
                .filter(|op| codes::entry_kind(op.kind.as_deref()) == EntryKind::Capture)
        };
        let approved = |op: &&Op| codes::verdict(op, acquirer) == Verdict::Approved;
        if let Some(op) = captures().filter(approved).find(|op| op.amount.is_none()) {
            return Err(incomplete(op, "amount", payment));
        }
        if captures().any(|op| approved(&op)) {
            let units = asked.map_or_else(|| reading::total(body, EntryKind::Authorize), |asked| asked.units);
            if captured == units {
                return Ok(Standing::settled(Outcome::Approved, payment));
            }
            let message = format!("{captured} of {units} wire units were captured");
            return Err(Error::mismatch(message, payment));
        }
        let void = |op: &Op| codes::entry_kind(op.kind.as_deref()) == EntryKind::Void;
        if ops
            .iter()
            .any(|op| void(op) && codes::verdict(op, acquirer) == Verdict::Approved)
        {
            let decline = Decline::new(DeclineReason::Cancelled, "cancel");
            let decline = decline.with_text(Some("the hold was let go before it was captured".to_owned()));
            return Ok(Standing::settled(Outcome::Declined(decline), payment));
        }
        // Whatever came after it: it may have gone through.
        if let Some(code) = captures().find_map(|op| unknown(codes::verdict(op, acquirer))) {
            let error = open(Some("capture"), &code, payment.clone());
            return Err(outstanding(Some(error), payment));
        }
        match captures().next_back().map(|op| codes::verdict(op, acquirer)) {
            None if body.link.as_ref().and_then(|l| l.auto_capture) == Some(true) => {
                // The page captures by itself, a moment later.
                Ok(Standing::settled(Outcome::Pending, payment))
            }
            None => Ok(Standing::Held),
            Some(Verdict::Declined(decline) | Verdict::Action(decline)) => {
                Ok(Standing::settled(Outcome::Declined(decline), payment))
            }
            Some(_) => Err(outstanding(None, payment)),
        }
    }
}

/// What an approval would have to have, and has not.
pub(super) fn missing(body: &Resource, op: &Op) -> Option<&'static str> {
    let known = body.currency.as_deref().is_some_and(|code| currency(code).is_ok());
    match op.amount {
        _ if !known => Some("currency"),
        None => Some("amount"),
        Some(_) => None,
    }
}

/// An approval that lacks what would have to be compared.
pub(super) fn incomplete(op: &Op, what: &str, payment: Payment) -> Error {
    let kind = op.kind.as_deref().unwrap_or("operation");
    let message =
        format!("the provider shows an approved {kind} without a readable {what}, so that it cannot be believed");
    Error::new(ErrorKind::Provider, message)
        .with_fate(Fate::Unknown)
        .with_payment(payment)
}

/// The page's deadline passed.
pub(crate) fn expired() -> Decline {
    Decline::new(DeclineReason::Cancelled, "deadline").with_text(Some("not finished in time".to_owned()))
}

fn unknown(verdict: Verdict) -> Option<String> {
    match verdict {
        Verdict::Unknown(code) => Some(code),
        _ => None,
    }
}
