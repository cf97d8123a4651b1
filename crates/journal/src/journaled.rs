//! A gateway over a journal.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use paymux::{
    Answer, BoxFuture, Capabilities, Completion, Delivery, Duplicates, Error, ErrorKind, Event, Fate, MethodQuery,
    Operation, OperationKind, PaymentGateway, PaymentMethod, PaymentRef, Unresolved, WebhookError,
};
use tokio::time::Instant;

use crate::asking::{finding, in_doubt, unrecorded};
use crate::event::Parked;
use crate::flights::{Entrance, Landed, Landing};
use crate::intent::{Came, Intent, IntentKey, Lease, ORDER_OF, PaymentKey, State, order_of};
use crate::journal::Journal;
use crate::step::{Finding, Ruling, Step};
use crate::store::{Filter, StoreError};

/// A gateway whose operations are written down before they are sent, and after.
///
/// # Behavior
/// - Operations that move money, and checkouts, are intents of the journal: the crate's page tells the rules. Inquiries, methods and webhooks go through.
/// - A resolve asks under the journal's lease and writes what it finds, where the operation is the journal's; any other goes through.
/// - A completion goes through the journal: its key counts from the first sending ever recorded.
/// - An answer or an error that could not be written says so: `unrecorded`.
pub struct Journaled<G: PaymentGateway + ?Sized> {
    gateway: Arc<G>,
    journal: Journal,
    /// How long an operation may send.
    lease: Duration,
    watched: bool,
    routed: bool,
}

/// Between two looks at a row that another process works on: at first, and at the most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What the last step of a call made clear.
enum Next {
    /// Begin once more.
    Again,
    /// Somebody else is at work: look again later.
    Later(Box<Intent>),
    Landed(Box<Landed>),
}

fn landed(landed: Landed) -> Next {
    Next::Landed(Box::new(landed))
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
                    for event in parked {
                        // What cannot be tried now, the janitor tries.
                        let _ = self.journal.try_again(&*self.gateway, event).await;
                    }
                    return landed;
                }
            }
        }
    }

    /// The intent of an operation, with a lease from now on.
    fn intent(&self, operation: &Operation) -> Option<Intent> {
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

    /// Begins, or does what the record says that is to be done, until that is clear.
    async fn lead(&self, operation: &Operation, landing: &Landing, parked: &mut Vec<Parked>) -> Landed {
        let settings = self.journal.settings();
        let deadline = Instant::now() + settings.patience;
        let mut pause = LOOKS.0;
        let (mut asked, mut closed) = (Vec::new(), Vec::new());
        loop {
            let Some(intent) = self.intent(operation) else {
                return self.gateway.execute(operation).await;
            };
            let what = intent.clone();
            let step = Step::Begin {
                intent: Box::new(intent),
                now: self.journal.now(),
                skew: settings.skew,
            };
            let next = match self.journal.store().apply(&step).await {
                Err(error) => return Err(not_begun(error)),
                Ok(Ruling::Begun(intent)) => landed(self.send(operation, &intent, false, landing, parked).await),
                Ok(Ruling::Open(intent)) => self.resume(operation, *intent, landing, parked).await,
                Ok(Ruling::Recorded(intent)) => self.recorded(*intent).await,
                Ok(Ruling::Differs(intent)) => landed(Err(differs(&intent, &what))),
                Ok(Ruling::Busy(other)) => self.against(other, &mut asked, busy).await,
                Ok(Ruling::Ordered(other)) => self.in_the_way(other, &mut asked, &mut closed).await,
                Ok(Ruling::Held(intent)) => Next::Later(intent),
                Ok(other) => landed(Err(not_begun(StoreError::new("answered", format!("{other:?}"))))),
            };
            match next {
                Next::Landed(landed) => return *landed,
                Next::Again => {}
                Next::Later(intent) if Instant::now() + pause >= deadline => {
                    return Err(if intent.key == what.key {
                        in_doubt(&intent)
                    } else {
                        busy(&intent)
                    });
                }
                Next::Later(_) => {
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(LOOKS.1);
                }
            }
        }
    }

    /// Sends, under the lease that the intent has. `again`: an earlier run is in doubt, of which a failure of this one says nothing.
    async fn send(
        &self,
        operation: &Operation,
        intent: &Intent,
        again: bool,
        landing: &Landing,
        parked: &mut Vec<Parked>,
    ) -> Landed {
        let (Some(hold), Some(lease)) = (intent.hold(), &intent.lease) else {
            return Err(in_doubt(intent));
        };
        landing.sends(hold.clone(), lease.until);
        let result = match operation {
            Operation::Complete(completion) => {
                // The record knows the first use of the key.
                let completion = Completion::new(intent.open.clone(), completion.operation.clone());
                self.gateway.execute(&Operation::Complete(Box::new(completion))).await
            }
            other => self.gateway.execute(other).await,
        };
        landing.stops();
        let result = match result {
            Err(error) if again && error.fate() != Fate::Unknown => {
                Err(error.with_fate(Fate::Unknown).with_unresolved(intent.open.clone()))
            }
            other => other,
        };
        let mut written = finding(&result, false);
        if let (Finding::Doubt { open, .. }, true) = (&mut written, again && result_is_old(&result, intent)) {
            *open = None;
        }
        match self.journal.conclude(hold, written).await {
            Ok(Some((intent, events))) => {
                parked.extend(events);
                result.map_err(|error| match error.fate() {
                    Fate::Unknown => error.with_unresolved(intent.unresolved()),
                    _ => error,
                })
            }
            lost => {
                let why = lost
                    .err()
                    .map_or("another process has taken it".to_owned(), |error| error.to_string());
                let (reference, gateway) = (intent.key.reference.as_str(), self.gateway.name());
                tracing::error!(gateway, reference, why, "an outcome could not be written");
                unrecorded(result)
            }
        }
    }

    /// An intent in doubt, taken to ask about it.
    async fn resume(&self, operation: &Operation, intent: Intent, landing: &Landing, parked: &mut Vec<Parked>) -> Next {
        let (key, in_doubt) = (intent.key.clone(), in_doubt(&intent));
        if !matches!(operation, Operation::Complete(_)) {
            let looked = match self.journal.ask(&*self.gateway, intent, None).await {
                Ok(looked) => looked,
                Err(error) => return landed(Err(in_doubt.with_source(error).not_recorded())),
            };
            match looked.intent.state {
                State::Failed => return Next::Again,
                State::Open if self.may_run_again(&looked.intent) => {}
                _ => return landed(looked.result),
            }
        }
        match self.journal.take(&key, Some(self.lease)).await {
            Ok(Some(intent)) => landed(self.send(operation, &intent, true, landing, parked).await),
            Ok(None) => Next::Again,
            Err(error) => landed(Err(in_doubt.with_source(error))),
        }
    }

    /// Whether an operation in doubt may be run again under its reference: the provider refuses a second payment of it, and nothing of the first can be
    /// booked any more.
    fn may_run_again(&self, intent: &Intent) -> bool {
        let capabilities = self.gateway.capabilities();
        let settled = capabilities.settle.and_then(|settle| {
            let open = intent.unresolved();
            open.last_sent.checked_add(settle).ok()
        });
        capabilities.duplicates == Duplicates::UniqueReference
            && intent.begins()
            && !intent.differs
            && settled.is_some_and(|settled| self.journal.now() > settled)
    }

    /// What is on record; of what waits at the provider, how it stands now.
    async fn recorded(&self, intent: Intent) -> Next {
        if intent.state != State::Waiting {
            let known = intent.answer().ok_or_else(|| in_doubt(&intent));
            return landed(known);
        }
        let known = intent.answer();
        match self.journal.take(&intent.key, None).await {
            Ok(Some(taken)) => match self.journal.ask(&*self.gateway, taken, None).await {
                Ok(looked) if looked.intent.state == State::Failed => Next::Again,
                Ok(looked) => landed(looked.result.or_else(|error| known.ok_or(error))),
                Err(_) => landed(known.ok_or_else(|| in_doubt(&intent))),
            },
            // It is asked about at this moment, or is settled by now.
            Ok(None) => Next::Later(Box::new(intent)),
            Err(_) => landed(known.ok_or_else(|| in_doubt(&intent))),
        }
    }

    /// Another intent stands against this one. It is asked about once, if nobody works on it; then it counts as it stands.
    async fn against(
        &self,
        other: Box<Intent>,
        asked: &mut Vec<IntentKey>,
        refused: impl Fn(&Intent) -> Error,
    ) -> Next {
        let (journal, capabilities) = (&self.journal, self.gateway.capabilities());
        if other.is_held(journal.holder(), journal.now(), journal.settings().skew) {
            return Next::Later(other);
        }
        let mine = IntentKey::of(capabilities, &other.key.reference) == other.key;
        if !other.is_unsettled() || !mine || asked.contains(&other.key) {
            return landed(Err(refused(&other)));
        }
        match journal.look_after(&*self.gateway, &other.key, None).await {
            Ok(Some(_)) => {
                asked.push(other.key.clone());
                Next::Again
            }
            Ok(None) => Next::Later(other),
            Err(error) => landed(Err(not_begun(error))),
        }
    }

    /// Another attempt takes the order. It is asked about; if it waits on a page, the page is closed once, where that is wanted and can be done. Whoever is at work on
    /// it has the order.
    async fn in_the_way(&self, other: Box<Intent>, asked: &mut Vec<IntentKey>, closed: &mut Vec<IntentKey>) -> Next {
        let (journal, capabilities) = (&self.journal, self.gateway.capabilities());
        let refused = |other: &Intent| ordered(other, capabilities);
        let may_close = journal.settings().close_pages && capabilities.close_page;
        if may_close && other.has_page() && asked.contains(&other.key) && !closed.contains(&other.key) {
            closed.push(other.key.clone());
            return match journal.close(&*self.gateway, &other.key).await {
                Ok(Some(_)) => Next::Again,
                Ok(None) => landed(Err(refused(&other))),
                Err(error) => landed(Err(not_begun(error))),
            };
        }
        match self.against(other, asked, refused).await {
            Next::Later(other) => landed(Err(refused(&other))),
            next => next,
        }
    }

    /// Closes a page, under the lease of the intent that waits on it, where it is the journal's.
    async fn close(&self, payment: &PaymentRef) -> Landed {
        let about = Filter::about(PaymentKey::of(payment));
        let intents = self.journal.intents(&about).await.map_err(not_begun)?;
        let Some(intent) = intents.into_iter().find(Intent::has_page) else {
            return self.gateway.close_page(payment).await;
        };
        match self.journal.close(&*self.gateway, &intent.key).await {
            Ok(Some(looked)) => looked.result,
            Ok(None) => {
                let rule = format!("{} is being worked on; nothing was closed", intent.key.reference);
                Err(with_seen(Error::invalid("payment", rule), &intent))
            }
            Err(error) => Err(not_begun(error)),
        }
    }

    /// Asks about an operation, under a lease where it is the journal's.
    async fn resolve(&self, open: &Unresolved, operation: &Operation) -> Landed {
        if open.check_owner(self.gateway.capabilities()).is_ok()
            && let Some(key) = IntentKey::of_unresolved(open)
            && let Ok(Some(looked)) = self.journal.look_after(&*self.gateway, &key, None).await
        {
            return looked.result;
        }
        self.gateway.execute(operation).await
    }
}

/// Whether a doubt is that of the earlier run, and nothing was sent by this one.
fn result_is_old(result: &Landed, intent: &Intent) -> bool {
    let open = result.as_ref().err().and_then(Error::unresolved);
    open == Some(&intent.open)
}

/// Nothing was begun, so that nothing was sent.
fn not_begun(error: StoreError) -> Error {
    let message = format!("{error}; nothing was sent by this call, and repeating it under the same reference is safe");
    Error::new(ErrorKind::Network, message).with_source(error)
}

/// The same reference stands for something else.
fn differs(known: &Intent, what: &Intent) -> Error {
    let rule = format!(
        "{} stands for a {known} in the journal, and this is a {what}; nothing was sent",
        known.key.reference
    );
    with_seen(Error::invalid("reference", format!("reference {rule}")), known)
}

/// An order is a name that is the caller's own.
fn check_order(operation: &Operation) -> Result<(), Error> {
    let order = operation.charge().and_then(|charge| charge.order.as_deref());
    match order {
        Some(order) if order.trim().is_empty() => Err(Error::invalid("order", "order must not be blank: leave it out")),
        Some(order) if order.starts_with(ORDER_OF) => Err(Error::invalid(
            "order",
            format!("order must not begin with `{ORDER_OF}`, which the journal puts before references"),
        )),
        _ => Ok(()),
    }
}

/// Another attempt takes the order.
fn ordered(taker: &Intent, capabilities: &Capabilities) -> Error {
    let provider = &taker.key.provider;
    let mine = *provider == capabilities.provider;
    let way = match taker.state {
        State::Done => "it was done".to_owned(),
        State::Waiting if taker.operation == OperationKind::Checkout && mine && !capabilities.close_page => {
            format!("it waits on a page, and {provider} closes none: it ends when it is paid or expires")
        }
        State::Waiting if taker.has_page() && !taker.said.is_empty() && taker.said != Came::ActionRequired.as_str() => {
            format!("its page is open ({})", taker.said)
        }
        State::Waiting if taker.has_page() => "its page is open: close it, or let it expire".to_owned(),
        State::Waiting => "it waits at the provider".to_owned(),
        _ => "it is under way or in doubt: settle it first".to_owned(),
    };
    let rule = format!(
        "order {} is taken by reference {} on gateway {}: {way}; nothing was sent",
        paymux::visible(taker.order.as_deref().unwrap_or_default()),
        taker.key.reference,
        taker.gateway
    );
    with_seen(Error::invalid("order", rule), taker)
}

/// Another operation on the payment is not at its end.
fn busy(other: &Intent) -> Error {
    let rule = format!(
        "payment has a {} under reference {} that is under way or in doubt: settle it first; nothing was sent",
        other.operation, other.key.reference
    );
    with_seen(Error::invalid("payment", rule), other)
}

fn with_seen(error: Error, intent: &Intent) -> Error {
    match intent.seen() {
        Some(payment) => error.with_payment(payment),
        None => error,
    }
}

#[async_trait]
impl<G: PaymentGateway + ?Sized> PaymentGateway for Journaled<G> {
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
