//! Captures, refunds and voids.

use std::sync::Arc;

use jiff::Timestamp;
use paymux::{Answer, Capture, Error, ErrorKind, Money, OperationKind, PaymentGateway, Reference, Refund, Void};
use tracing::Instrument as _;

use super::{Till, call};
use crate::facts::Fact;
use crate::order::Attempt;

impl Till {
    /// Captures, refunds or voids.
    pub(crate) async fn follow_up(
        self: &Arc<Self>,
        attempt: &str,
        kind: OperationKind,
        amount: Option<Money>,
    ) -> Result<(), String> {
        let order = self.orders.by_reference(attempt).ok_or("there is no such attempt")?;
        let begun = self.orders.update(&order.id, |order| {
            let reference = order.begin_follow_up(attempt, kind, amount, Timestamp::now())?;
            Ok::<_, String>((reference, order.attempt(attempt).cloned()))
        });
        let (reference, Some(attempt)) = begun.ok_or("the order is gone")?? else {
            return Err("the attempt is gone".to_owned());
        };
        let till = Arc::clone(self);
        let span = call(&reference);
        let calling = async move {
            let sent = match till.keep_follow_up(&order.id, &reference).await {
                Ok(()) => till.gateway(&attempt.gateway),
                Err(why) => Err(Error::new(ErrorKind::Configuration, why)),
            };
            let result = match sent {
                Ok(gateway) => send(&gateway, &attempt, kind, reference.clone(), amount).await,
                Err(error) => Err(error),
            };
            let answered = result.is_ok();
            till.orders.update(&order.id, |order| {
                order.followed(reference.as_str(), result, Timestamp::now())
            });
            till.settle(&reference);
            if answered {
                till.ask(attempt.reference.as_str()).await;
            }
        };
        tokio::spawn(calling.instrument(span))
            .await
            .map_err(|error| error.to_string())
    }

    /// Writes down that a follow-up begins. Without that, nothing is sent for it.
    async fn keep_follow_up(&self, order: &str, reference: &Reference) -> Result<(), String> {
        let known = self.orders.get(order).ok_or("the order is gone")?;
        let attempt = known.attempt(reference.as_str()).ok_or("the attempt is gone")?;
        let follow_up = attempt.follow_ups.iter().find(|known| known.reference == *reference);
        let follow_up = follow_up.ok_or("it is gone")?;
        self.orders.keep(&Fact::follow_up(attempt, follow_up)).await
    }
}

async fn send(
    gateway: &dyn PaymentGateway,
    attempt: &Attempt,
    kind: OperationKind,
    reference: Reference,
    amount: Option<Money>,
) -> Result<Answer, Error> {
    let Some(payment) = attempt.payment.as_ref().map(|payment| payment.reference.clone()) else {
        return Err(Error::invalid("payment", "is not known yet"));
    };
    match (kind, amount) {
        (OperationKind::Capture, Some(amount)) => gateway.capture(Capture::new(payment, reference, amount)).await,
        (OperationKind::Refund, Some(amount)) => {
            let mut refund = Refund::new(payment, reference, amount);
            refund.capture = attempt.capture_id();
            gateway.refund(refund).await
        }
        (OperationKind::Void, _) => gateway.void(Void::new(payment, reference)).await,
        _ => Err(Error::invalid("amount", "is missing")),
    }
}
