//! The till: everything that the shop asks of a gateway. It knows no provider.
//!
//! Each call runs in a task of its own, so that a browser that goes away stops nothing in the middle. What is asked, and under which reference, is on the disk
//! before it is sent, and goes through the journal, which keeps what came of it; what is answered is taken by the rules of [`Order`](crate::order::Order).

mod asking;
mod follow_up;

use std::sync::Arc;

use jiff::Timestamp;
use paymux::webhooks::{BoxError, Received};
use paymux::{
    Answer, Checkout, Error, Gateway, Gateways, LineItem, NextAction, Outcome, Payment, PaymentGateway as _, Reference,
};
use paymux_journal::{Journal, Journaled};
use tracing::Instrument as _;

use crate::facts::Fact;
use crate::order::{Attempt, Order, Standing};
use crate::overheard::Overheard;
use crate::store::Orders;

/// Takes payments for orders.
#[derive(Debug)]
pub(crate) struct Till {
    pub(crate) journal: Journal,
    pub(crate) gateways: Arc<Gateways>,
    pub(crate) orders: Arc<Orders>,
    /// The shop's address, without a slash at its end.
    pub(crate) here: String,
}

impl Till {
    /// Begins an attempt and opens the provider's page. `Ok` has the way to the page, if there is one by now.
    pub(crate) async fn pay(
        self: &Arc<Self>,
        order: &str,
        gateway: &str,
        hold: bool,
    ) -> Result<Option<NextAction>, String> {
        // A gateway that is not there is refused before anything is kept or sent.
        let opened_by = self.gateway(gateway).map_err(|error| error.to_string())?;
        let kept = self.orders.get(order).ok_or("there is no such order")?;
        self.ask_about_ended(&kept).await;
        let begun = self
            .orders
            .update(order, |order| order.begin(gateway, hold, Timestamp::now()));
        let reference = begun.ok_or("there is no such order")??;
        let checkout = self.checkout(&kept, &reference, gateway, hold);
        let till = Arc::clone(self);
        let span = call(&reference);
        let calling = async move {
            till.keep_attempt(&kept.id, &reference).await?;
            let result = opened_by.checkout(checkout).await;
            Ok(till.opened(&kept.id, &reference, result))
        };
        tokio::spawn(calling.instrument(span))
            .await
            .map_err(|error| error.to_string())?
    }

    /// The gateway of a name, over the journal.
    fn gateway(&self, name: &str) -> Result<Journaled<Gateway>, Error> {
        self.journal.wrap(self.gateways.gateway(name)?)
    }

    /// Writes down that an attempt begins. Without that, nothing is sent for it.
    async fn keep_attempt(&self, order: &str, reference: &Reference) -> Result<(), String> {
        let known = self.orders.get(order).ok_or("the order is gone")?;
        let attempt = known.attempt(reference.as_str()).ok_or("the attempt is gone")?;
        let kept = self.orders.keep(&Fact::attempt(order, attempt)).await;
        if let Err(why) = &kept {
            self.orders.update(order, |order| {
                order.change(reference.as_str(), |attempt| {
                    attempt.standing = Standing::NotDone(why.clone());
                });
            });
        }
        kept
    }

    fn checkout(&self, order: &Order, reference: &Reference, gateway: &str, hold: bool) -> Checkout {
        let mut checkout = Checkout::new(reference.clone(), order.amount);
        checkout.capture = !hold;
        checkout.charge.order = Some(order.id.clone());
        checkout.charge.items = vec![LineItem::new(
            order.product.sku,
            order.product.name,
            1,
            order.amount.minor(),
        )];
        checkout.charge.customer.id = Some(order.id.clone());
        let back = format!("{}/return/{reference}", self.here);
        checkout.charge.urls.back = Some(back.clone());
        checkout.charge.urls.cancel = Some(back);
        checkout.charge.urls.notify = Some(format!("{}/webhooks/{gateway}", self.here));
        checkout
    }

    /// Some pages can be paid on after a refusal: before another attempt, the ended ones are asked about once more.
    async fn ask_about_ended(&self, order: &Order) {
        for attempt in order
            .attempts
            .iter()
            .filter(|attempt| matches!(attempt.standing, Standing::Open))
        {
            self.ask(attempt.reference.as_str()).await;
        }
    }

    fn opened(
        self: &Arc<Self>,
        order: &str,
        reference: &Reference,
        result: Result<Answer, Error>,
    ) -> Option<NextAction> {
        let now = Timestamp::now();
        match result {
            Ok(answer) => {
                let page = match &answer.outcome {
                    Outcome::ActionRequired(page) => Some(page.clone()),
                    _ => None,
                };
                self.orders.update(order, |order| {
                    // Also if an event was faster and told more: this is how the page was opened.
                    order.change(reference.as_str(), |attempt| {
                        attempt.opened = Some(answer.payment.reference.clone());
                        attempt.page.clone_from(&page);
                    });
                    // What does not fit leaves a remark, and the attempt open.
                    order.learn(reference.as_str(), answer, now).is_ok()
                });
                page
            }
            Err(error) => {
                self.orders
                    .update(order, |order| order.failed(reference.as_str(), &error, now));
                self.settle(reference);
                None
            }
        }
    }

    /// The way to the page of the open attempt, made anew by asking, or as it was opened where the answer has none; after a restart, as the same checkout
    /// brings it again.
    pub(crate) async fn page(self: &Arc<Self>, order: &str) -> Option<NextAction> {
        let open = || {
            let order = self.orders.get(order)?;
            let attempt = order
                .attempts
                .iter()
                .rev()
                .find(|attempt| !attempt.is_over())
                .cloned()?;
            Some((order, attempt))
        };
        self.ask(open()?.1.reference.as_str()).await;
        let (kept, attempt) = open()?;
        let waits = attempt.page_is_open
            || attempt
                .state()
                .is_none_or(|state| state == paymux::PaymentState::RequiresAction);
        if !waits || !matches!(attempt.standing, Standing::Open) {
            return None;
        }
        match attempt.page {
            Some(page) => Some(page),
            None => self.page_again(kept, attempt).await,
        }
    }

    /// The same checkout again, under the same reference: the journal sends nothing anew of what is on its way.
    async fn page_again(self: &Arc<Self>, order: Order, attempt: Attempt) -> Option<NextAction> {
        let reference = attempt.reference;
        let gateway = self.gateway(&attempt.gateway).ok()?;
        let checkout = self.checkout(&order, &reference, &attempt.gateway, attempt.hold);
        let till = Arc::clone(self);
        let span = call(&reference);
        let calling = async move {
            let result = gateway.checkout(checkout).await;
            till.take_answer(&order.id, reference.as_str(), result)?.page
        };
        tokio::spawn(calling.instrument(span)).await.ok()?
    }

    /// A verified event, or a hint. It names a payment and proves nothing: the provider is asked, and what it answers is matched and taken.
    ///
    /// An attempt is kept before its page is opened, so an event that overtakes the answer of `checkout` is matched by reference; what matches nothing is
    /// an error, so that the event comes again.
    ///
    /// # Errors
    /// The order is not updated.
    pub(crate) async fn webhook(&self, received: Received) -> Result<(), BoxError> {
        if !received.is_askable() {
            // A test message, or an event about no payment: authentic, and nothing to do.
            return Ok(());
        }
        let named = received.event.reference().map_or("", Reference::as_str).to_owned();
        let gateway = Overheard::new(received.gateway.as_ref());
        self.journal
            .absorb(&gateway, &received.event)
            .instrument(tracing::info_span!("shop.call", reference = named))
            .await?;
        self.confirmed(gateway.first().ok_or("nothing was asked")??)
    }

    pub(crate) fn confirmed(&self, answer: Answer) -> Result<(), BoxError> {
        let unknown = |payment: &Payment| format!("payment {} is of no order", payment.id());
        let (order, reference) = self
            .orders
            .by_payment(&answer.payment)
            .ok_or_else(|| unknown(&answer.payment))?;
        let learned = self
            .orders
            .update(&order, |order| order.learn(&reference, answer, Timestamp::now()));
        learned.ok_or("the order is gone")??;
        Ok(())
    }
}

/// The span that the timeline finds a call's reference in.
fn call(reference: &Reference) -> tracing::Span {
    tracing::info_span!("shop.call", reference = reference.as_str())
}
