//! Asking how things stand, at once or until it is known. No money moves here.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use paymux::{Answer, Error, Inquiry, PaymentGateway as _, Reference};
use paymux_journal::IntentKey;
use tracing::Instrument as _;

use super::{Till, call};
use crate::order::{Attempt, Deed, Standing};

/// The pauses between questions about one thing, in seconds; the last one again and again.
const PAUSES: [u64; 7] = [1, 2, 4, 8, 15, 30, 60];
/// How often the shop asks by itself how a payment stands after a customer came back. Later on, webhooks and the button tell.
const QUESTIONS: usize = 8;

impl Till {
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
    pub(super) fn take_answer(&self, order: &str, reference: &str, result: Result<Answer, Error>) -> Option<Attempt> {
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

    /// Finds out, in the background, what became of something that nobody knows; there is nothing to do if it is known. Asks until it is settled: it never
    /// sends again.
    pub(super) fn settle(self: &Arc<Self>, reference: &Reference) {
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
