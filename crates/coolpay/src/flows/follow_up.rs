//! What follows on a payment: capture, refund, void.

use http::Method;
use paymux_core::{
    Answer, Capture, Entry, EntryKind, Error, ErrorKind, Money, Payment, PaymentRef, Reference, Refund, Void, Wire,
};
use serde::Serialize;

use super::act::{Seen, Step, not_shown};
use super::standing::{incomplete, missing};
use crate::adapter::CoolPay;
use crate::reading::{self, Kind, Place};
use crate::shapes::{self, Resource};

impl CoolPay {
    pub(crate) async fn capture(&self, capture: &Capture, wire: &dyn Wire) -> Result<Answer, Error> {
        let body = self.amount_of(capture.amount)?;
        let about = (&capture.payment, &capture.reference);
        self.follow(about, "capture", Some(capture.amount), &body, |_| Ok(()), wire)
            .await
    }

    pub(crate) async fn refund(&self, refund: &Refund, wire: &dyn Wire) -> Result<Answer, Error> {
        let body = self.amount_of(refund.amount)?;
        let about = (&refund.payment, &refund.reference);
        let capture = refund.capture.as_deref();
        let fits = |before: &Payment| capture.map_or(Ok(()), |capture| is_capture(capture, before));
        self.follow(about, "refund", Some(refund.amount), &body, fits, wire)
            .await
    }

    pub(crate) async fn void(&self, void: &Void, wire: &dyn Wire) -> Result<Answer, Error> {
        let about = (&void.payment, &void.reference);
        let fits = |before: &Payment| void.amount.map_or(Ok(()), |asked| is_held(asked, before));
        self.follow(about, "cancel", None, &shapes::Empty {}, fits, wire).await
    }

    fn amount_of(&self, money: Money) -> Result<shapes::Amount, Error> {
        Ok(shapes::Amount {
            amount: self.asked(money)?.units,
        })
    }

    /// Reads the payment, notes how far it is, and sends one operation, unless it is known to be done, or another is under way: the provider would take
    /// both. `fits`: whether what was asked, and is not sent, is so on the payment that was read.
    async fn follow<T: Serialize>(
        &self,
        (payment, attempt): (&PaymentRef, &Reference),
        kind: &'static str,
        amount: Option<Money>,
        body: &T,
        fits: impl Fn(&Payment) -> Result<(), Error> + Send,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        let place = Place::of(payment)?;
        if place.kind == Kind::Payout {
            return Err(Error::invalid("payment", format!("is a payout, which has no {kind}")));
        }
        let before = self.read(&place, wire).await?;
        let asked = amount.map(|money| self.asked(money)).transpose()?;
        if let (Some(theirs), Some(asked)) = (before.currency.as_deref(), asked)
            && theirs != asked.currency
        {
            let rule = format!("is in {}, and the payment is in {theirs}", asked.currency);
            return Err(Error::invalid("amount", rule).with_payment(self.payment(&place, &before)));
        }
        let path = format!("{}/{kind}?synchronized", place.path());
        let step = Step {
            place: &place,
            kind,
            amount: asked.map(|asked| asked.units),
            currency: asked.map(|asked| asked.currency),
            own: false,
            attempt: attempt.as_str(),
            request: self.request(Method::POST, &path, body)?,
        };
        if let Some(operation) = self.claims.done(&step) {
            return self.done_before(&step, before, operation);
        }
        if let Some(op) = reading::pending(&before) {
            let message = format!(
                "operation {} ({}) of the payment is still under way; nothing was sent",
                op.id.unwrap_or_default(),
                op.kind.as_deref().unwrap_or("unknown"),
            );
            return Err(Error::new(ErrorKind::Refused, message).with_payment(self.payment(&place, &before)));
        }
        if before.operations.iter().flatten().any(|op| op.id.is_none()) {
            let message =
                "an operation of the payment has no id, so a new one could not be told from it; nothing was sent";
            return Err(Error::new(ErrorKind::Provider, message).with_payment(self.payment(&place, &before)));
        }
        let payment = self.payment(&place, &before);
        fits(&payment).map_err(|error| error.with_payment(payment))?;
        let seen = self.act(step, &before, wire).await?;
        self.conclude(&seen)
    }

    /// What a step came to that this process knows to be done already, as it stands now.
    pub(super) fn done_before(&self, step: &Step<'_>, body: Resource, operation: i64) -> Result<Answer, Error> {
        let payment = self.payment(step.place, &body);
        let Some(op) = body.operations.iter().flatten().find(|op| op.id == Some(operation)) else {
            return Err(not_shown(step.kind, operation).with_payment(payment));
        };
        if step.amount.is_some() {
            if let Some(what) = missing(&body, op) {
                return Err(incomplete(op, what, payment));
            }
            if op.amount != step.amount {
                let rule = format!(
                    "is that of a {} of another amount, which was done; nothing was sent",
                    step.kind
                );
                return Err(Error::invalid("reference", rule).with_payment(payment));
            }
        }
        if let Some(text) = reading::imbalance(&body, step.place.kind) {
            return Err(Error::mismatch(text, payment));
        }
        let (place, op) = (step.place.clone(), op.clone());
        self.conclude(&Seen { place, body, op })
    }
}

/// The entries of a kind that went through.
fn approved(payment: &Payment, kind: EntryKind) -> impl Iterator<Item = &Entry> {
    payment
        .entries
        .iter()
        .filter(move |entry| entry.kind == kind && entry.is_approved())
}

/// Whether an amount is the whole hold: a cancel names none, and lets all of it go.
fn is_held(asked: Money, payment: &Payment) -> Result<(), Error> {
    let holds: Option<Vec<Money>> = approved(payment, EntryKind::Authorize)
        .map(|entry| entry.amount)
        .collect();
    let Some(holds) = holds else {
        let message =
            "the payment does not show how much is held, so the amount to void cannot be compared; nothing was sent";
        return Err(Error::new(ErrorKind::Provider, message));
    };
    let currency = holds.first().map_or(asked.currency(), |hold| hold.currency());
    let held = holds.iter().map(|hold| hold.minor()).fold(0, i64::saturating_add);
    let held = Money::new(held, currency);
    if held == asked {
        return Ok(());
    }
    let rule = format!("must be the whole hold, which is {held}, or be left out, and is {asked}; nothing was sent");
    Err(Error::invalid("amount", rule))
}

/// Whether an id is that of a capture of the payment: a refund names none, and goes to the payment.
fn is_capture(id: &str, payment: &Payment) -> Result<(), Error> {
    if approved(payment, EntryKind::Capture).any(|entry| entry.id.as_deref() == Some(id)) {
        return Ok(());
    }
    let rule = "must be the id of a capture entry of this payment that went through, or be left out; nothing was sent";
    Err(Error::invalid("capture", rule))
}
