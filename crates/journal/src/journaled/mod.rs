//! A gateway over a journal.

mod against;
mod lead;
pub(crate) mod refusal;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use paymux::{
    Answer, BoxFuture, Capabilities, Delivery, Error, Event, MethodQuery, Operation, Outcome, PaymentGateway,
    PaymentMethod, PaymentRef, Unresolved, WebhookError,
};

use self::refusal::{check_order, differs, not_begun, not_read, with_seen};
use crate::asking::{in_doubt, on_record};
use crate::event::Parked;
use crate::flights::{Entrance, Landed};
use crate::intent::{Intent, IntentKey, Lease, PaymentKey, order_of};
use crate::journal::Journal;
use crate::rules::is_own;
use crate::store::Filter;

/// A gateway whose operations are written down before they are sent, and after.
///
/// # Behavior
/// - Operations that move money, and checkouts, are intents of the journal: the crate's page tells the rules. Inquiries, methods and webhooks go through.
/// - A resolve asks under the journal's lease and writes what it finds, where the operation is the journal's: what is settled is answered from the record, what somebody
///   works on is in doubt. Any other goes through.
/// - A completion goes through the journal: its key counts from the first sending ever recorded. It is refused where what was found differs from what was asked.
/// - An answer or an error that could not be written says so: `unrecorded`.
pub struct Journaled<G: PaymentGateway + ?Sized> {
    gateway: Arc<G>,
    journal: Journal,
    /// How long an operation may send.
    lease: Duration,
    watched: bool,
    routed: bool,
}

impl<G: PaymentGateway + ?Sized> Journaled<G> {
    pub(crate) const fn new(gateway: Arc<G>, journal: Journal, lease: Duration, watched: bool) -> Self {
        Self {
            gateway,
            journal,
            lease,
            watched,
            routed: false,
        }
    }

    /// As one of several gateways of a router, which share their references: where what begins a payment names no order, its reference stands for the order
    /// ([`order_of`](crate::order_of)), so that under one reference one attempt at most is open, waiting or done, over all accounts.
    #[must_use]
    pub const fn routed(mut self) -> Self {
        self.routed = true;
        self
    }

    /// Puts any gateway over a journal. Whether the engine under it records in the journal is not known here, so that an operation which ended without a word is
    /// taken to have been sent until the end of its lease, and nothing stops one that was held up past it. With a gateway of the engine's, [`Journal::wrap`] is right.
    #[must_use]
    pub fn over(gateway: Arc<G>, journal: Journal) -> Self {
        let lease = journal.settings().lease;
        Self::new(gateway, journal, lease, false)
    }

    /// The gateway under it.
    #[must_use]
    pub const fn inner(&self) -> &Arc<G> {
        &self.gateway
    }

    /// The journal.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The intent of an operation, with a lease from now on.
    pub(crate) fn intent(&self, operation: &Operation) -> Option<Intent> {
        let (gateway, capabilities) = (self.gateway.name(), self.gateway.capabilities());
        let mut intent = Intent::new(gateway, capabilities, operation, self.journal.now())?;
        intent.watched = self.watched;
        if self.routed && intent.begins() {
            let own = order_of(&intent.key.reference);
            intent.order.get_or_insert(own);
        }
        intent.lease = Some(Lease {
            holder: self.journal.holder().to_owned(),
            until: self.journal.after(self.lease),
            sends: true,
        });
        Some(intent)
    }

    /// Closes a page, under the lease of the intent that waits on it, where it is the journal's.
    async fn close(&self, payment: &PaymentRef) -> Landed {
        let about = Filter::about(PaymentKey::of(payment));
        let intents = self.journal.intents(&about).await.map_err(not_begun)?;
        let Some(intent) = intents.into_iter().find(Intent::has_page) else {
            return self.gateway.close_page(payment).await;
        };
        match self.journal.close_page(&*self.gateway, &intent.key).await {
            Ok(Some(looked)) => looked.result,
            Ok(None) => {
                let rule = format!("{} is being worked on; nothing was closed", intent.key.reference);
                Err(with_seen(Error::invalid("payment", rule), &intent))
            }
            Err(error) => Err(not_begun(error)),
        }
    }

    /// Asks about an operation, under a lease where it is the journal's: of that, what the caller has kept counts for nothing, since it may be older than what is on its
    /// way.
    async fn resolve(&self, open: &Unresolved, operation: &Operation) -> Landed {
        let mine = open.check_owner(self.gateway.capabilities()).is_ok();
        let Some(key) = IntentKey::of_unresolved(open).filter(|_| mine) else {
            return self.gateway.execute(operation).await;
        };
        let unread = |error| not_read(error, open);
        if let Some(looked) = self
            .journal
            .look_after(&*self.gateway, &key, None)
            .await
            .map_err(unread)?
        {
            return looked.result;
        }
        match self.journal.intent(&key).await.map_err(unread)? {
            None => self.gateway.execute(operation).await,
            Some(intent) if intent.is_unsettled() => self.beside(&intent).await,
            Some(intent) => on_record(&intent),
        }
    }

    /// Asks about an intent that somebody is at work on, or was when he died. What is found to have gone through, and is no other intent's, is told; all else may be overtaken
    /// by what is on its way, so that the outcome stays unknown.
    async fn beside(&self, intent: &Intent) -> Landed {
        let open = Operation::Resolve(Box::new(intent.unresolved()));
        let found = self.gateway.execute(&open).await.ok();
        let Some(answer) = found.filter(|answer| !matches!(answer.outcome, Outcome::Declined(_))) else {
            return Err(in_doubt(intent));
        };
        let about = Filter::about(PaymentKey::of(&answer.payment.reference));
        let siblings = self.journal.intents(&about).await.ok();
        if siblings.is_some_and(|siblings| is_own(intent, &answer, siblings)) {
            Ok(answer)
        } else {
            Err(in_doubt(intent))
        }
    }
}

impl<G: PaymentGateway + ?Sized + 'static> Journaled<G> {
    /// Does an operation that is an intent.
    async fn pay(&self, operation: &Operation) -> Landed {
        self.gateway.capabilities().check(operation, self.journal.now())?;
        check_order(operation)?;
        let Some(what) = self.intent(operation) else {
            return self.gateway.execute(operation).await;
        };
        loop {
            match self.journal.flights().enter(&what.key, Some(&what)) {
                Entrance::Differs(known) => return Err(differs(&known, &what)),
                Entrance::Follow(mut flight) => {
                    // Whoever only asked, or was dropped, leaves nothing to join.
                    if let Ok(landed) = flight.wait_for(Option::is_some).await
                        && let Some(landed) = landed.clone()
                    {
                        return landed;
                    }
                }
                Entrance::Lead(landing) => {
                    let mut parked = Vec::new();
                    let landed = self.lead(operation, &landing, &mut parked).await;
                    landing.land(&landed);
                    self.try_later(parked);
                    return landed;
                }
            }
        }
    }

    /// Tries events that were parked for a payment which is known by now. Each asks, and may wait for its turn: no caller waits for that. What cannot be tried, or ends with
    /// its process, the janitor tries.
    fn try_later(&self, parked: Vec<Parked>) {
        if parked.is_empty() {
            return;
        }
        let (journal, gateway) = (self.journal.clone(), Arc::clone(&self.gateway));
        tokio::spawn(async move {
            for event in parked {
                let _ = journal.try_again(&*gateway, event).await;
            }
        });
    }
}

#[async_trait]
impl<G: PaymentGateway + ?Sized + 'static> PaymentGateway for Journaled<G> {
    fn name(&self) -> &str {
        self.gateway.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.gateway.capabilities()
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        let landed = match operation {
            Operation::Inquire(_) => self.gateway.execute(operation).await,
            Operation::Resolve(open) => self.resolve(open, operation).await,
            _ => self.pay(operation).await,
        };
        let landed = landed.map_err(|error| match operation {
            Operation::Complete(completion) => completion.in_doubt(error),
            _ => error,
        });
        landed.map_err(|error| error.in_operation(self.gateway.name(), Some(operation.kind())))
    }

    fn close_page<'a>(&'a self, payment: &'a PaymentRef) -> BoxFuture<'a, Result<Answer, Error>> {
        Box::pin(async move {
            let closed = self.close(payment).await;
            closed.map_err(|error| error.in_operation(self.gateway.name(), None))
        })
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.gateway.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.gateway.receive(delivery)
    }

    fn sign(&self, body: Bytes) -> Result<Delivery, WebhookError> {
        self.gateway.sign(body)
    }
}

impl<G: PaymentGateway + ?Sized> fmt::Debug for Journaled<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journaled")
            .field("gateway", &self.gateway.name())
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}
