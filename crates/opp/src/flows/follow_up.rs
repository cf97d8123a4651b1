//! Capture, void and refund: `POST payments/{id}` with the type of the follow-up.

use paymux_core::{
    Answer, Capture, Error, ErrorKind, Fate, Memo, Money, Outcome, PaymentRef, Reference, Refund, Void, Wire,
};

use super::once;
use crate::adapter::Opp;
use crate::codes::PaymentType;
use crate::config::is_id;
use crate::reading::ids::{Ids, Of};
use crate::reading::{Asked, Step};
use crate::shapes::Form;

impl Opp {
    /// Takes held money.
    pub(crate) async fn capture(&self, capture: &Capture, wire: &dyn Wire) -> Result<Answer, Error> {
        let ids = payment(&capture.payment)?;
        if ids.kind.is_some_and(|kind| kind != PaymentType::Pa) {
            return Err(Error::invalid(
                "payment",
                "is no authorization; there is nothing to capture",
            ));
        }
        in_currency(&ids, capture.amount)?;
        let mut form = self.form();
        form.put("paymentType", PaymentType::Cp.as_str());
        self.amount_fields(capture.amount, &mut form)?;
        let asked = asked(
            PaymentType::Cp,
            &capture.payment,
            ids.id,
            &capture.reference,
            Some(capture.amount),
        );
        self.follow_up(asked, form, wire).await
    }

    /// Lets a hold go.
    pub(crate) async fn void(&self, void: &Void, wire: &dyn Wire) -> Result<Answer, Error> {
        let ids = payment(&void.payment)?;
        if ids.kind.is_some_and(|kind| kind != PaymentType::Pa) {
            return Err(Error::invalid(
                "payment",
                "is no authorization and cannot be voided; refund it instead",
            ));
        }
        let mut form = self.form();
        form.put("paymentType", PaymentType::Rv.as_str());
        if let Some(amount) = void.amount {
            if let Some(whole) = ids.amount.filter(|whole| *whole != amount) {
                let rule = format!("must be the whole {whole}, or left out: a void ends the authorization");
                return Err(Error::invalid("amount", rule));
            }
            self.amount_fields(amount, &mut form)?;
        }
        let asked = asked(PaymentType::Rv, &void.payment, ids.id, &void.reference, void.amount);
        self.follow_up(asked, form, wire).await
    }

    /// Gives money back.
    pub(crate) async fn refund(&self, refund: &Refund, wire: &dyn Wire) -> Result<Answer, Error> {
        let ids = payment(&refund.payment)?;
        let parent = match (ids.kind, refund.capture.as_deref()) {
            (Some(PaymentType::Pa) | None, Some(capture)) => capture,
            (Some(PaymentType::Pa), None) => {
                let rule = "is needed to refund an authorized payment: the id of its capture entry";
                return Err(Error::invalid("capture", rule));
            }
            (None, None) => {
                let rule = "is of an unknown type; inquire first, or name the capture";
                return Err(Error::invalid("payment", rule));
            }
            (Some(_), Some(capture)) if capture != ids.id => {
                return Err(Error::invalid(
                    "capture",
                    "must be the payment's own id, or left out: it was taken at once",
                ));
            }
            (Some(_), _) => ids.id,
        };
        in_currency(&ids, refund.amount)?;
        if !is_id(parent) {
            return Err(Error::invalid("capture", "is not an id of this provider"));
        }
        if parent != ids.id {
            Box::pin(self.is_capture_of(parent, ids.id, wire)).await?;
        }
        let mut form = self.form();
        self.amount_fields(refund.amount, &mut form)?;
        form.put("paymentType", PaymentType::Rf.as_str());
        if !self.is_v1() {
            form.put("originalTransactionId", parent);
        }
        wire.note(Memo::new("parent", parent)).await?;
        let asked = asked(
            PaymentType::Rf,
            &refund.payment,
            parent,
            &refund.reference,
            Some(refund.amount),
        );
        self.follow_up(asked, form, wire).await
    }

    /// Asks whether an entry is a capture of this payment. The provider gives back what is named, whoever paid it.
    async fn is_capture_of(&self, entry: &str, payment: &str, wire: &dyn Wire) -> Result<(), Error> {
        let asked = Asked {
            kind: Some(PaymentType::Cp),
            id: Some(entry),
            parent: Some(payment),
            ..Asked::default()
        };
        let wrong = |rule: &str| Err(Error::invalid("capture", rule));
        match self.read_payment(asked, wire).await {
            Ok(Step::Done(answer)) if matches!(answer.outcome, Outcome::Declined(_)) => wrong("did not go through"),
            Ok(Step::Done(_)) => Ok(()),
            Ok(Step::Open(open)) => Err(open.error),
            Err(error) if error.kind() == ErrorKind::Mismatch => wrong("is no capture of this payment"),
            Err(error) if error.is_not_found() => wrong("is not known to the provider"),
            Err(error) => Err(error),
        }
        .map_err(|error| error.with_fate(Fate::NotDone))
    }

    async fn follow_up(&self, asked: Asked<'_>, mut form: Form, wire: &dyn Wire) -> Result<Answer, Error> {
        form.put_some("merchantTransactionId", asked.reference);
        let path = ["/payments/", asked.parent.unwrap_or_default()].concat();
        self.moves(asked, once(asked, self.post(&path, form)?, wire), wire)
            .await
    }
}

fn asked<'a>(
    kind: PaymentType,
    payment: &'a PaymentRef,
    parent: &'a str,
    reference: &'a Reference,
    amount: Option<Money>,
) -> Asked<'a> {
    Asked {
        kind: Some(kind),
        amount,
        reference: Some(reference.as_str()),
        parent: Some(parent),
        payment: Some(payment),
        id: None,
    }
}

/// A follow-up is in the currency of its payment.
fn in_currency(ids: &Ids<'_>, amount: Money) -> Result<(), Error> {
    match ids.amount.map(|held| held.currency()) {
        Some(held) if held != amount.currency() => Err(Error::invalid(
            "amount",
            format!("must be in {}, as the payment is", held.code()),
        )),
        _ => Ok(()),
    }
}

/// The ids of a payment that can be followed up.
fn payment(payment: &PaymentRef) -> Result<Ids<'_>, Error> {
    let ids = Ids::of(payment);
    match ids.of {
        Of::Payment if is_id(ids.id) => Ok(ids),
        Of::Payment => Err(Error::invalid("payment", "does not hold an id of this provider")),
        Of::Checkout => Err(Error::invalid(
            "payment",
            "is a checkout; inquire about it, and use the payment in the answer",
        )),
        Of::Reference => Err(Error::invalid(
            "payment",
            "was refused before it got an id; there is nothing to follow up",
        )),
    }
}
