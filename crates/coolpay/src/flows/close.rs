//! Closing the hosted page of a payment, and seeing that it is closed.

use paymux_core::{Answer, Decline, DeclineReason, Error, ErrorKind, Outcome, PaymentRef, PaymentState, Wire};

use super::act::LAG;
use crate::adapter::CoolPay;
use crate::reading::{self, Kind, Place};
use crate::shapes::Resource;

impl CoolPay {
    /// Takes the link away, and reads the payment twice: it is closed where neither look shows a link, or an operation that was approved or is under way.
    /// What the deletion itself said counts only where the link is still there.
    pub(crate) async fn close(&self, payment: &PaymentRef, wire: &dyn Wire) -> Result<Answer, Error> {
        let place = Place::of(payment)?;
        if place.kind == Kind::Payout {
            return Err(Error::invalid("payment", "is a payout, which has no page"));
        }
        let closing = self.close_link(payment, wire).await;
        let first = self.closed(&place, &self.read(&place, wire).await?, &closing)?;
        if !matches!(first.outcome, Outcome::Declined(_)) {
            return Ok(first);
        }
        if !wire.wait(LAG).await {
            let text = "the page was closed, and there was no time to look twice whether somebody paid on it before";
            return Err(Error::new(ErrorKind::Network, text));
        }
        self.closed(&place, &self.read(&place, wire).await?, &closing)
    }

    /// How a payment stands whose link was taken away.
    fn closed(&self, place: &Place, body: &Resource, closing: &Result<(), Error>) -> Result<Answer, Error> {
        if reading::link(body).is_some() {
            return match closing {
                Err(error) => Err(error.clone().context("the page is still open")),
                Ok(()) => self.report(place, body),
            };
        }
        if let Some(text) = reading::hidden(body, place.kind) {
            return Err(Error::new(ErrorKind::Provider, text).with_payment(self.payment(place, body)));
        }
        let mut answer = match body.operations.as_deref() {
            Some([]) => {
                let decline = Decline::new(DeclineReason::Cancelled, "");
                let decline = decline.with_text(Some("its page was closed before anything was paid".to_owned()));
                Answer::new(Outcome::Declined(decline), self.payment(place, body))
            }
            _ => self.report(place, body)?,
        };
        // Nobody can act on it any more.
        let open = matches!(
            answer.payment.state,
            PaymentState::Created | PaymentState::RequiresAction
        );
        if open && matches!(answer.outcome, Outcome::Declined(_)) {
            answer.payment.state = PaymentState::Cancelled;
        }
        Ok(answer)
    }
}
