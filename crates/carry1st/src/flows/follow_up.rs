//! Refund, a beta of the provider: sent once, and never asked about afterwards, for there is nothing to ask.

use jiff::Timestamp;
use paymux_core::{
    Answer, Call, Decline, DeclineReason, Entry, EntryKind, EntryOutcome, Error, ErrorKind, Fate, Lost, Memo, Outcome,
    Payment, PaymentState, Refund, Reply, Wire,
};

use super::{Media, NOTE};
use crate::Carry1st;
use crate::codes::{self, RefundStanding, Standing};
use crate::reading::{self, Seen};
use crate::shapes::{RefundRequest, RefundView};

const REFUND: Media = Media {
    content: "application/vnd.carry1st.payments.refund+json",
    accept: "application/vnd.carry1st.payments.refund+json, application/json, */*;q=0.1",
};

impl Carry1st {
    /// GET `payments`, since a refund's request names no currency; then POST `refunds/create`.
    pub(crate) async fn refund(&self, refund: &Refund, wire: &dyn Wire) -> Result<Answer, Error> {
        let reference = refund.reference.as_str();
        let before = self.ask_of(&refund.payment, wire).await?;
        if before.amount.currency() != refund.amount.currency() || before.amount.minor() < refund.amount.minor() {
            let rule = format!(
                "{} is more than, or not in the currency of, the payment's {}",
                refund.amount, before.amount
            );
            return Err(Error::invalid("amount", rule).with_payment(before.payment));
        }
        let body = RefundRequest {
            transaction_reference: refund.capture.as_deref().unwrap_or(refund.payment.id()),
            partner_refund_reference: reference,
            amount: self.number(refund.amount)?,
            reason: refund.reason.as_deref(),
            refund_webhook_url: self.config.refund_webhook_url.as_deref(),
        };
        let request = self.post("/api/pay1st/transactions/refunds/create", &REFUND, &body)?;
        wire.note(Memo::new(NOTE, refund.payment.id())).await?;
        let reply = match wire.send(Call::once(request)).await {
            Ok(reply) => reply,
            Err(Lost::NotSent(error)) => return Err(error),
            Err(Lost::Unknown(error)) => {
                let text = format!("refund `{reference}` may have been made; its webhook or the Console tells");
                return Err(error.context(&text).with_payment(before.payment));
            }
        };
        if !reply.status.is_success() {
            let refundable = matches!(
                before.standing,
                Standing::Captured | Standing::Refunded | Standing::ChargedBack
            );
            let error = reading::refund_refusal(&reply, reference, refundable, wire.now());
            return Err(error.with_payment(before.payment));
        }
        self.refunded(&reply, refund, before)
    }

    fn refunded(&self, reply: &Reply, refund: &Refund, before: Seen) -> Result<Answer, Error> {
        let mut payment = before.payment;
        let unknown = |error: Error, payment: Payment| error.with_fate(Fate::Unknown).with_payment(payment);
        let view: RefundView = match reading::object(reply) {
            Ok(view) => view,
            Err(error) => return Err(unknown(error, payment)),
        };
        let amount = reading::money(view.amount.as_ref(), view.currency_code.as_deref(), self.scales());
        let (Some(id), Some(own), Some(amount), Some(status)) = (
            view.refund_reference,
            view.partner_refund_reference,
            amount,
            view.status,
        ) else {
            let message = "the reply lacks refundReference, partnerRefundReference, amount, currencyCode or status";
            return Err(unknown(Error::new(ErrorKind::Provider, message), payment));
        };
        let (outcome, booked) = outcomes(&status, view.handling_type);
        let mut entry = Entry::new(EntryKind::Refund, Some(amount), booked.clone()).with_id(id);
        entry.reference = Some(own.clone());
        entry.at = view.created_date.and_then(|date| date.parse::<Timestamp>().ok());
        payment.entries.push(entry);
        payment.state = match booked {
            EntryOutcome::Unknown(_) => PaymentState::Pending,
            _ => PaymentState::of(&payment.entries).unwrap_or(payment.state),
        };
        if own != refund.reference.as_str() || amount != refund.amount {
            let message = format!(
                "the provider booked refund `{own}` of {amount}, and `{}` of {} was asked",
                refund.reference, refund.amount
            );
            return Err(Error::mismatch(message, payment));
        }
        // What `Refund::capture` names may belong to another payment; the reply tells whose it was.
        if let (Some(found), Some(held)) = (&view.partner_reference, &payment.merchant_reference)
            && found != held
        {
            let message = format!(
                "refund `{own}` was booked on payment `{}`, and that of `{held}` was to be refunded",
                reading::clean(found, 64)
            );
            return Err(Error::mismatch(message, payment));
        }
        Ok(Answer::new(outcome, payment))
    }
}

/// What a refund's status comes to, for the answer and as an entry. How the provider handles it is told with a refusal.
fn outcomes(status: &str, handling: Option<String>) -> (Outcome, EntryOutcome) {
    match codes::refund(status) {
        RefundStanding::Approved => (Outcome::Approved, EntryOutcome::Approved),
        RefundStanding::Pending => (Outcome::Pending, EntryOutcome::Pending),
        RefundStanding::Unknown => (Outcome::Pending, EntryOutcome::Unknown(reading::clean(status, 64))),
        RefundStanding::Declined => {
            let decline = Decline::new(DeclineReason::Unknown, status).with_text(handling);
            (Outcome::Declined(decline.clone()), EntryOutcome::Declined(decline))
        }
    }
}
