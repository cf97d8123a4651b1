//! Closing the page of an attempt, so that its order can be attempted again. No money moves here.

use paymux::{Answer, EntryKind, EntryOutcome, Error, ErrorKind, Fate, Outcome, Payment, PaymentGateway, PaymentState};

use crate::asking::{Looked, finding, in_doubt, judged, unrecorded};
use crate::flights::Entrance;
use crate::intent::{Intent, IntentKey, PaymentKey, State};
use crate::journal::Journal;
use crate::step::Finding;
use crate::store::StoreError;

impl Journal {
    /// Closes the page of an intent that waits on it, under a lease, asks how its payment stands then, and writes what is found. `None` where somebody else works on
    /// the intent, or it is settled by now.
    pub(crate) async fn close_page<G: PaymentGateway + ?Sized>(
        &self,
        gateway: &G,
        key: &IntentKey,
    ) -> Result<Option<Looked>, StoreError> {
        let Entrance::Lead(landing) = self.flights().enter(key, None) else {
            return Ok(None);
        };
        let Some(intent) = self.take(key, None).await? else {
            return Ok(None);
        };
        let looked = match intent.made.clone().filter(|_| intent.has_page()) {
            Some(made) => {
                let said = gateway.close_page(&made).await;
                self.closed(intent, said).await
            }
            // It went on in the meantime.
            None => self.ask(gateway, intent, None).await,
        };
        drop(landing);
        looked.map(Some)
    }

    async fn closed(&self, intent: Intent, said: Result<Answer, Error>) -> Result<Looked, StoreError> {
        let Some(hold) = intent.hold() else {
            return Ok(Looked {
                result: Err(in_doubt(&intent)),
                intent,
            });
        };
        let (finding, result) = match said {
            Ok(answer) if is_dead(&intent, &answer) => {
                let payment = Box::new(answer.payment.clone());
                (Finding::Closed { payment }, Ok(answer))
            }
            Ok(answer) if matches!(answer.outcome, Outcome::Declined(_)) => doubt(Error::new(
                ErrorKind::Provider,
                "its page was closed, and what the provider shows does not prove that nothing was paid",
            )),
            Ok(answer) => judged(&intent, &answer).unwrap_or_else(|| {
                doubt(Error::new(
                    ErrorKind::Provider,
                    "its page could not be closed: it was paid on",
                ))
            }),
            Err(error) => doubt(error.context("its page could not be closed")),
        };
        match self.conclude(hold, finding).await? {
            Some((intent, _)) => Ok(Looked { intent, result }),
            None => Ok(Looked {
                intent,
                result: unrecorded(result),
            }),
        }
    }
}

/// Nothing is said of the payment: the intent waits on.
fn doubt(error: Error) -> (Finding, Result<Answer, Error>) {
    let result = Err(error.with_fate(Fate::Unknown));
    let finding = finding(&result, true);
    (finding, result.map_err(|error| error.with_fate(Fate::NotDone)))
}

/// Whether it is certain that nothing was paid on the page, and that nothing can be.
fn is_dead(intent: &Intent, answer: &Answer) -> bool {
    use PaymentState::{Cancelled, Declined, Expired};
    let payment: &Payment = &answer.payment;
    let same = intent
        .made
        .as_ref()
        .is_some_and(|made| PaymentKey::of(&payment.reference).is_of(made));
    let over = matches!(payment.state, Cancelled | Declined | Expired) && payment.captured() == 0;
    let nothing = payment
        .entries
        .iter()
        .all(|entry| entry.kind == EntryKind::Other || matches!(entry.outcome, EntryOutcome::Declined(_)));
    let declined = matches!(answer.outcome, Outcome::Declined(_));
    intent.state == State::Waiting && same && over && nothing && declined
}
