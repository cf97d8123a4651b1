//! The two traits: what applications hold, and what an adapter's author writes.

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;

use crate::answer::Answer;
use crate::capability::Capabilities;
use crate::completion::Completion;
use crate::delivery::{Delivery, WebhookError};
use crate::error::Error;
use crate::event::Event;
use crate::operation::{Capture, Charge, Checkout, Inquiry, Operation, Payout, Refund, Transfer, Void};
use crate::payment_ref::PaymentRef;
use crate::unresolved::Unresolved;
use crate::wire::{Attempt, Tokens, Wire};

/// A boxed future, as the provided methods of [`PaymentGateway`] give.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an application holds: a configured adapter with a name, as `Arc<dyn PaymentGateway>`.
///
/// A wrapper (a router, a journal, a meter) implements the required methods and gets the rest.
#[async_trait]
pub trait PaymentGateway: Debug + Send + Sync {
    /// The name in the configuration.
    fn name(&self) -> &str;

    /// What this gateway can do.
    fn capabilities(&self) -> &Capabilities;

    /// Does one operation.
    ///
    /// # Behavior
    /// - What the capabilities do not offer, and what breaks a limit, is refused before anything is sent.
    /// - A decline is an answer. `Ok` never means "unknown": that is an [`Error`] with [`Fate::Unknown`](crate::Fate::Unknown) and an [`Unresolved`].
    /// - A payment's reference of another provider or account is refused before anything is sent.
    /// - Dropping the future leaves nothing stuck; what had been sent stays sent.
    async fn execute(&self, operation: &Operation) -> Result<Answer, Error>;

    /// The ways to pay that the provider offers, where it can be asked.
    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error>;

    /// Verifies a webhook over its raw bytes, then reads it. Act on money only after [`PaymentGateway::confirm`].
    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError>;

    /// Signs a body as the provider would now, with the first of the secrets: for tests of what receives. A wrapper hands it on.
    ///
    /// # Errors
    /// [`WebhookError::NoSecret`], or [`WebhookError::Unsupported`] where the adapter has no signer.
    fn sign(&self, _body: Bytes) -> Result<Delivery, WebhookError> {
        Err(WebhookError::Unsupported)
    }

    /// Closes the provider's page of a payment, so that nobody can pay on it any more, and asks how the payment stands then. Never moves money. A wrapper
    /// hands it on.
    ///
    /// # Behavior
    /// - The outcome is a decline only where the page is seen closed, and nothing on the payment was approved or is under way. Who paid before it was closed has
    ///   paid: the outcome is then what an inquiry says.
    /// - Closing a page twice is as good as once, so that a close whose answer was lost is repeated.
    /// - Every error has fate [`NotDone`](crate::Fate::NotDone): nothing is said of the payment, and the page may be open or closed.
    /// - Whether the provider may still book what was begun on the page before, its adapter's page tells.
    fn close_page<'a>(&'a self, _payment: &'a PaymentRef) -> BoxFuture<'a, Result<Answer, Error>> {
        let error = Error::unsupported(self.capabilities().provider, CLOSING);
        let error = error.in_operation(self.name(), None);
        Box::pin(std::future::ready(Err(error)))
    }

    /// Takes money at once.
    fn sale(&self, charge: Charge) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Sale(Box::new(charge)))
    }

    /// Holds money for a later capture.
    fn authorize(&self, charge: Charge) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Authorize(Box::new(charge)))
    }

    /// Takes held money, all or part.
    fn capture(&self, capture: Capture) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Capture(capture))
    }

    /// Lets a hold go.
    fn void(&self, void: Void) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Void(void))
    }

    /// Gives captured money back, all or part.
    fn refund(&self, refund: Refund) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Refund(refund))
    }

    /// Looks a payment up. Never moves money.
    ///
    /// # Behavior
    /// - The outcome says how the payment stands, not what became of one operation: an authorized one is approved, and so is one of another amount. Compare
    ///   state, amount and entries with what was asked.
    /// - Every error of it has fate [`NotDone`](crate::Fate::NotDone): the question did nothing, and nothing is said of the payment.
    fn inquire(&self, inquiry: Inquiry) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Inquire(inquiry))
    }

    /// Opens the provider's page for a customer to pay on.
    fn checkout(&self, checkout: Checkout) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Checkout(Box::new(checkout)))
    }

    /// Sends money out.
    fn payout(&self, payout: Payout) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Payout(Box::new(payout)))
    }

    /// Moves money between the merchant's own accounts at the provider.
    fn transfer(&self, transfer: Transfer) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Transfer(transfer))
    }

    /// Finds out what became of an operation whose answer was lost. Never moves money.
    ///
    /// # Behavior
    /// - `Ok` is the operation's outcome. An error with fate [`NotDone`](crate::Fate::NotDone) or [`Rejected`](crate::Fate::Rejected) is one, too: it was not done, and
    ///   a new attempt is safe. With [`Unknown`](crate::Fate::Unknown) it is still open, and carries what to ask with again.
    /// - Absence counts from `last_sent` on: whoever does not know when the last request left sets it to a time by which it must have.
    fn resolve(&self, unresolved: Unresolved) -> BoxFuture<'_, Result<Answer, Error>> {
        run(self, Operation::Resolve(Box::new(unresolved)))
    }

    /// Finishes an operation whose answer was lost, by sending it again under the same idempotency key: the one call for that, and only where the
    /// provider recognises keys and this one has not ended. The operation is the one that was asked for, with everything in it as it was.
    ///
    /// # Behavior
    /// - Refused before anything is sent, with the field and the rule: by [`Completion::check`].
    /// - Every error of it has fate [`Unknown`](crate::Fate::Unknown) and carries the unresolved operation: what was in doubt before still is.
    fn complete(&self, unresolved: Unresolved, operation: Operation) -> BoxFuture<'_, Result<Answer, Error>> {
        run(
            self,
            Operation::Complete(Box::new(Completion::new(unresolved, operation))),
        )
    }

    /// Asks the provider about the payment that an event names. Never moves money.
    fn confirm<'a>(&'a self, event: &Event) -> BoxFuture<'a, Result<Answer, Error>> {
        match event.inquiry() {
            Some(inquiry) => run(self, Operation::Inquire(inquiry)),
            None => {
                let error = Error::invalid("event", "names no payment that could be asked about");
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }
}

/// What is not offered where a page cannot be closed.
const CLOSING: &str = "closing a page";

fn run<G: PaymentGateway + ?Sized>(gateway: &G, operation: Operation) -> BoxFuture<'_, Result<Answer, Error>> {
    Box::pin(async move { gateway.execute(&operation).await })
}

/// What an adapter's author writes: how one provider is spoken to. Its only way out is the [`Wire`].
#[async_trait]
pub trait Adapter: Any + Debug + Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// Does one operation, by calls over the wire.
    ///
    /// # Behavior
    /// - The operation was checked against the capabilities before.
    /// - A reply is an approval only if id, operation type, amount and currency are present wherever the provider sends them, and equal what was asked.
    /// - A lost answer leads to a question, then to an error with fate unknown; never to an approval or a decline.
    /// - [`Operation::Inquire`] and [`Operation::Resolve`] only ask. [`Operation::Complete`] never comes here: its operation does.
    /// - Secrets never enter an error, a note or an answer.
    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error>;

    /// The ways to pay that the provider offers.
    async fn payment_methods(&self, query: &MethodQuery, wire: &dyn Wire) -> Result<Vec<PaymentMethod>, Error>;

    /// Closes the page of a payment and asks how the payment stands, as [`PaymentGateway::close_page`] says. Offered where the capabilities say `close_page`.
    ///
    /// # Errors
    /// The provider refuses, cannot be asked, or has no such call.
    async fn close_page(&self, _payment: &PaymentRef, _wire: &dyn Wire) -> Result<Answer, Error> {
        Err(Error::unsupported(self.capabilities().provider, CLOSING))
    }

    /// How tokens are got; `None` where the provider has none.
    fn tokens(&self) -> Option<&dyn Tokens>;

    /// Puts credentials, timestamps and signatures on one attempt, after its body is final.
    ///
    /// # Errors
    /// A credential cannot be written into a header.
    fn seal(&self, headers: &mut HeaderMap, body: &Bytes, attempt: &Attempt<'_>) -> Result<(), Error>;

    /// Verifies a webhook over its raw bytes, then reads it.
    ///
    /// # Errors
    /// [`WebhookError`] says what is missing or wrong; nothing of the body is read before it is verified.
    fn receive(&self, delivery: &Delivery, now: Timestamp) -> Result<Event, WebhookError>;

    /// Signs a body as the provider does: the verifier's counterpart, so that what receives can be tested.
    ///
    /// # Errors
    /// [`WebhookError::NoSecret`]; [`WebhookError::Unsupported`] unless the adapter has a signer.
    fn sign(&self, _body: &Bytes, _now: Timestamp) -> Result<Delivery, WebhookError> {
        Err(WebhookError::Unsupported)
    }
}

/// Whether a gateway moves real money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "it does or it does not")]
pub enum Mode {
    /// Real money.
    Live,
    /// The provider's test system, or its test cards.
    Test,
}

impl Mode {
    /// The word in configurations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// What to narrow a list of payment methods by. A gateway takes what its provider lists by, and needs no more.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MethodQuery {
    /// ISO 3166-1 alpha-2, where the provider lists by country.
    pub country: Option<String>,
    /// The provider's id of the customer, where the provider lists stored instruments.
    pub customer: Option<String>,
}

impl MethodQuery {
    /// The methods of a country (ISO 3166-1 alpha-2).
    #[must_use]
    pub fn country(code: impl Into<String>) -> Self {
        Self {
            country: Some(code.into()),
            customer: None,
        }
    }

    /// With the provider's id of the customer.
    #[must_use]
    pub fn of(mut self, id: impl Into<String>) -> Self {
        self.customer = Some(id.into());
        self
    }

    /// The instruments stored for a customer, by the provider's id.
    #[must_use]
    pub fn customer(id: impl Into<String>) -> Self {
        Self {
            country: None,
            customer: Some(id.into()),
        }
    }
}

/// A way to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PaymentMethod {
    /// The provider's id, as it goes into a request.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What kind it is, in the provider's word.
    pub kind: String,
    /// Whether it can be used now; `None` where the provider does not say.
    pub active: Option<bool>,
}

impl PaymentMethod {
    /// A way to pay.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            kind: kind.into(),
            active: None,
        }
    }
}
