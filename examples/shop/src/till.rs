//! The till: everything that the shop asks of a gateway. It knows no provider.
//!
//! Each call runs in a task of its own, so that a browser that goes away stops nothing in the middle. What is asked, and under which reference, is on the disk
//! before it is sent, and goes through the journal, which keeps what came of it; what is answered is taken by the rules of [`Order`](crate::order::Order).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use paymux::webhooks::{BoxError, Received};
use paymux::{
    Answer, Capture, Checkout, Customer, Error, ErrorKind, Gateway, Gateways, Inquiry, LineItem, Money, NextAction,
    OperationKind, Outcome, Payment, PaymentGateway, Reference, Refund, Urls, Void,
};
use paymux_journal::{IntentKey, Journal, Journaled};
use tracing::Instrument as _;

use crate::facts::Fact;
use crate::order::{Attempt, Deed, Order, Standing};
use crate::overheard::Overheard;
use crate::store::Orders;

/// The pauses between questions about one thing, in seconds; the last one again and again.
const PAUSES: [u64; 7] = [1, 2, 4, 8, 15, 30, 60];
/// How often the shop asks by itself how a payment stands after a customer came back. Later on, webhooks and the button tell.
const QUESTIONS: usize = 8;

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
        checkout.charge.items = vec![LineItem {
            sku: order.product.sku.to_owned(),
            name: order.product.name.to_owned(),
            quantity: 1,
            unit_minor: order.amount.minor(),
        }];
        checkout.charge.customer = Customer {
            id: Some(order.id.clone()),
            ..Customer::default()
        };
        let back = format!("{}/return/{reference}", self.here);
        checkout.charge.urls = Urls {
            back: Some(back.clone()),
            cancel: Some(back),
            notify: Some(format!("{}/webhooks/{gateway}", self.here)),
        };
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

    /// Somebody came back from the page of an attempt. It proves nothing: the provider is asked, now and again until it has decided.
    pub(crate) fn returned(self: &Arc<Self>, reference: &str) -> Option<String> {
        let order = self.orders.by_reference(reference)?.id;
        let first = self.orders.update(&order, |order| {
            let mut first = false;
            order.change(reference, |attempt| {
                first = !attempt.asking;
                attempt.asking = true;
                attempt.returned = Some(Timestamp::now());
            });
            first
        })?;
        if first {
            let (till, id, reference) = (Arc::clone(self), order.clone(), reference.to_owned());
            tokio::spawn(async move {
                till.ask_until_settled(&reference).await;
                till.orders
                    .update(&id, |order| order.change(&reference, |attempt| attempt.asking = false));
            });
        }
        Some(order)
    }

    /// Goes on where the last process ended: asks about all that may not be as it was left. No money moves.
    pub(crate) fn go_on(self: &Arc<Self>) {
        for attempt in self.orders.all().into_iter().flat_map(|order| order.attempts) {
            for follow_up in &attempt.follow_ups {
                if matches!(follow_up.deed, Deed::Unknown(_)) {
                    self.settle(&follow_up.reference);
                }
            }
            if matches!(attempt.standing, Standing::Unknown(_)) {
                self.settle(&attempt.reference);
            } else if !attempt.is_over() {
                let till = Arc::clone(self);
                tokio::spawn(async move { till.ask_until_settled(attempt.reference.as_str()).await });
            }
        }
    }

    async fn ask_until_settled(&self, reference: &str) {
        for pause in PAUSES.into_iter().cycle().take(QUESTIONS) {
            let settled = self.ask(reference).await.is_none_or(|attempt| attempt.is_settled());
            if settled {
                break;
            }
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
    }

    /// Asks how the payment of an attempt stands, and keeps what is answered. Asking never moves money.
    pub(crate) async fn ask(&self, reference: &str) -> Option<Attempt> {
        let order = self.orders.by_reference(reference)?;
        let attempt = order.attempt(reference)?;
        let result = match (self.gateway(&attempt.gateway), attempt.question()) {
            (Err(error), _) => Err(error),
            (Ok(_), None) => return Some(attempt.clone()),
            (Ok(gateway), Some(payment)) => {
                let payment = payment.clone();
                let asking = async move {
                    let key = IntentKey::of(gateway.capabilities(), &attempt.reference);
                    match self.journal.intent(&key).await {
                        // The journal waits for it as well: it asks, and writes down what is found.
                        Ok(Some(intent)) if intent.is_unsettled() => gateway.resolve(intent.unresolved()).await,
                        _ => gateway.inquire(Inquiry::Payment(payment)).await,
                    }
                };
                asking.instrument(call(&attempt.reference)).await
            }
        };
        self.take_answer(&order.id, reference, result)
    }

    /// Keeps what is answered about the payment of an attempt; gives the attempt as it stands then.
    fn take_answer(&self, order: &str, reference: &str, result: Result<Answer, Error>) -> Option<Attempt> {
        let now = Timestamp::now();
        self.orders.update(order, |order| {
            match result {
                Ok(answer) => {
                    // What does not fit leaves a remark.
                    let _ = order.learn(reference, answer, now);
                }
                // A question that failed says nothing of the payment.
                Err(error) => order.change(reference, |attempt| {
                    attempt.keep_raw(error.raw());
                    attempt.trouble = Some(error.to_string());
                }),
            }
            order.attempt(reference).cloned()
        })?
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

    /// Finds out, in the background, what became of something that nobody knows; there is nothing to do if it is known. Asks until it is settled: it never
    /// sends again.
    fn settle(self: &Arc<Self>, reference: &Reference) {
        let (till, reference) = (Arc::clone(self), reference.clone());
        let span = call(&reference);
        let last = PAUSES.last().copied().unwrap_or(60);
        let asking = async move {
            for pause in PAUSES.into_iter().chain(std::iter::repeat(last)) {
                tokio::time::sleep(Duration::from_secs(pause)).await;
                if till.resolve(&reference).await.is_none() {
                    return;
                }
            }
        };
        tokio::spawn(asking.instrument(span));
    }

    /// Asks once what became of an operation; `None` when there is nothing more to ask.
    async fn resolve(self: &Arc<Self>, reference: &Reference) -> Option<()> {
        let order = self.orders.by_reference(reference.as_str())?;
        let attempt = order.attempt(reference.as_str())?;
        let unresolved = order.unresolved(reference.as_str())?.clone();
        let result = match self.gateway(&attempt.gateway) {
            Ok(gateway) => gateway.resolve(unresolved.clone()).await,
            // It cannot even be asked: it stays what it is.
            Err(error) => Err(error.with_fate(paymux::Fate::Unknown).with_unresolved(unresolved)),
        };
        let own = attempt.reference == *reference;
        let answered = result.is_ok();
        self.orders.update(&order.id, |order| {
            // An event may have settled it in the meantime.
            order.unresolved(reference.as_str())?;
            let now = Timestamp::now();
            match result {
                Ok(answer) if own => {
                    let _ = order.learn(reference.as_str(), answer, now);
                }
                Err(error) if own => order.failed(reference.as_str(), &error, now),
                result => order.followed(reference.as_str(), result, now),
            }
            Some(())
        })??;
        if answered && !own {
            self.ask(attempt.reference.as_str()).await;
        }
        Some(())
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

/// The span that the timeline finds a call's reference in.
fn call(reference: &Reference) -> tracing::Span {
    tracing::info_span!("shop.call", reference = reference.as_str())
}
