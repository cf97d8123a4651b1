//! Asking what a payment is, and what became of a lost answer. Nothing here moves money.

use paymux_core::{
    Answer, Call, Decline, DeclineReason, Error, ErrorKind, Fate, OperationKind, Outcome, PaymentRef, Reference,
    Unresolved, Wire,
};

use super::{NOTE, PAYMENT, encoded};
use crate::Carry1st;
use crate::codes::Standing;
use crate::reading::{self, Endpoint, Seen};

impl Carry1st {
    /// Inquire: GET `payments`, by Pay1st's own reference.
    pub(crate) async fn inquire(&self, payment: &PaymentRef, wire: &dyn Wire) -> Result<Answer, Error> {
        let seen = self.ask_of(payment, wire).await?;
        self.answer(seen, wire).await
    }

    /// What a payment is now, held against what its reference says of it.
    pub(super) async fn ask_of(&self, payment: &PaymentRef, wire: &dyn Wire) -> Result<Seen, Error> {
        let seen = self.ask(payment.id(), wire).await?;
        let (reference, amount) = reading::known(payment);
        reading::check_asked(&seen, reference, amount).map_err(|error| error.with_fate(Fate::NotDone))?;
        Ok(seen)
    }

    /// What the payment is now.
    pub(super) async fn ask(&self, id: &str, wire: &dyn Wire) -> Result<Seen, Error> {
        let request = self.get(&["/api/pay1st/payments?reference=", &encoded(id)].concat(), &PAYMENT)?;
        let reply = match wire.send(Call::asks(request).about(id)).await {
            Ok(reply) => reply,
            Err(lost) => return Err(lost.give_up()),
        };
        if !reply.status.is_success() {
            return Err(reading::refusal(&reply, Endpoint::Api, wire.now()));
        }
        let text = reply.text();
        let seen = reading::seen(&reading::view(&text, &reply)?, self.account(), self.scales())?;
        if seen.payment.id() != id {
            let message = format!("asked about payment `{id}`, the provider shows another");
            return Err(Error::mismatch(message, seen.payment).with_fate(Fate::NotDone));
        }
        Ok(seen)
    }

    /// What a payment's standing comes to; one that waits for the customer gets a fresh link. An `async fn` would hold the payment twice.
    pub(super) fn answer(&self, seen: Seen, wire: &dyn Wire) -> impl Future<Output = Result<Answer, Error>> + Send {
        let cancelled = |code: &str| Outcome::Declined(Decline::new(DeclineReason::Cancelled, code));
        async move {
            let outcome = match seen.standing {
                Standing::Action => {
                    let channel = self.config.channel_id.map(|id| id.to_string());
                    match self.link(seen.payment.id(), channel.as_deref(), wire).await {
                        Ok(link) => Outcome::ActionRequired(link),
                        Err(error) => return Err(error.with_payment(seen.payment)),
                    }
                }
                Standing::Captured | Standing::Refunded => Outcome::Approved,
                Standing::Cancelled => cancelled("CANCELLED"),
                Standing::Expired => cancelled("ABANDONED"),
                Standing::ChargedBack => Outcome::Review,
                Standing::Declined => Outcome::Declined(reading::failed()),
                Standing::Pending | Standing::Unknown => Outcome::Pending,
            };
            Ok(Answer::new(outcome, seen.payment))
        }
    }

    /// Resolve: asks, where there is something to ask by.
    pub(crate) async fn resolve(&self, unresolved: &Unresolved, wire: &dyn Wire) -> Result<Answer, Error> {
        let id = unresolved
            .payment
            .as_ref()
            .map(|p| p.id())
            .or_else(|| unresolved.note(NOTE));
        let reference = unresolved.reference.as_ref().map_or("", Reference::as_str);
        match (unresolved.operation, id) {
            (OperationKind::Sale | OperationKind::Checkout, Some(id)) => {
                let open = |error: Error| error.with_fate(Fate::Unknown);
                let seen = self.ask(id, wire).await.map_err(open)?;
                let asked = unresolved.reference.as_ref().map(Reference::as_str);
                reading::check_asked(&seen, asked, unresolved.amount)?;
                self.answer(seen, wire).await.map_err(open)
            }
            (OperationKind::Refund, id) => {
                let message = format!(
                    "the provider documents no look-up of refunds: its webhook or the Console tells what became of `{reference}`"
                );
                let error = Error::new(ErrorKind::Unsupported, message).with_fate(Fate::Unknown);
                let Some(id) = id else {
                    return Err(error);
                };
                Err(match self.ask(id, wire).await {
                    Ok(seen) => error.with_payment(seen.payment),
                    Err(_) => error,
                })
            }
            (operation, _) => {
                let message = format!("{operation} `{reference}` cannot be asked about without Pay1st's own reference");
                Err(Error::new(ErrorKind::Unsupported, message).with_fate(Fate::Unknown))
            }
        }
    }
}
