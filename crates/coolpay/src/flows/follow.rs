//! What follows on a payment: capture, refund, void.

use http::Method;
use paymux_core::{Answer, Capture, Error, ErrorKind, Money, PaymentRef, Reference, Refund, Void, Wire};
use serde::Serialize;

use super::act::Step;
use crate::adapter::CoolPay;
use crate::reading::{self, Kind, Place};
use crate::shapes;

impl CoolPay {
    pub(crate) async fn capture(&self, capture: &Capture, wire: &dyn Wire) -> Result<Answer, Error> {
        let body = self.amount_of(capture.amount)?;
        let about = (&capture.payment, &capture.reference);
        self.follow(about, "capture", Some(capture.amount), &body, wire).await
    }

    pub(crate) async fn refund(&self, refund: &Refund, wire: &dyn Wire) -> Result<Answer, Error> {
        let body = self.amount_of(refund.amount)?;
        let about = (&refund.payment, &refund.reference);
        self.follow(about, "refund", Some(refund.amount), &body, wire).await
    }

    pub(crate) async fn void(&self, void: &Void, wire: &dyn Wire) -> Result<Answer, Error> {
        let about = (&void.payment, &void.reference);
        self.follow(about, "cancel", None, &shapes::Empty {}, wire).await
    }

    fn amount_of(&self, money: Money) -> Result<shapes::Amount, Error> {
        Ok(shapes::Amount {
            amount: self.asked(money)?.units,
        })
    }

    /// Reads the payment, notes how far it is, and sends one operation, unless another is under way: the provider would take both.
    async fn follow<T: Serialize>(
        &self,
        (payment, attempt): (&PaymentRef, &Reference),
        kind: &'static str,
        amount: Option<Money>,
        body: &T,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        let place = Place::of(payment)?;
        if place.kind == Kind::Payout {
            return Err(Error::invalid("payment", format!("is a payout, which has no {kind}")));
        }
        let before = self.read(wire, &place).await?;
        let asked = amount.map(|money| self.asked(money)).transpose()?;
        if let (Some(theirs), Some(asked)) = (before.currency.as_deref(), asked)
            && theirs != asked.currency
        {
            let rule = format!("is in {}, and the payment is in {theirs}", asked.currency);
            return Err(Error::invalid("amount", rule).with_payment(self.payment(&place, &before)));
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
        let seen = self.act(wire, step, &before).await?;
        self.conclude(&seen)
    }
}
