//! The engine: what stands between an application's operation and an adapter's calls.

mod address;
mod extra;
mod fleet;
mod flight;
mod options;
mod policy;
mod questions;
mod recorder;
mod resolving;
mod running;
mod shares;
mod store;
mod tally;
mod token;
mod wire;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use paymux_core::{
    Account, Adapter, Answer, BoxFuture, Capabilities, Delivery, EntryOutcome, Error, ErrorKind, Event, Fate, Field,
    MethodQuery, Operation, OperationKind, Outcome, PaymentGateway, PaymentMethod, PaymentRef, WebhookError,
};
use tracing::Instrument as _;

pub(crate) use self::address::check_address;
pub use self::extra::ExtraWire;
pub(crate) use self::fleet::Fleet;
use self::fleet::Place;
pub(crate) use self::flight::Flights;
pub use self::options::Options;
pub use self::policy::Policy;
use self::policy::{Quiet, Restraint};
pub(crate) use self::questions::Questions;
pub use self::recorder::Recorder;
pub(crate) use self::shares::Shares;
pub use self::store::{StoredToken, TokenStore};
pub(crate) use self::token::TokenCache;
pub(crate) use self::wire::EngineWire;
use crate::clock::Clock;
use crate::metrics::{self, Measured};
use crate::transport::Transport;

/// The longest limit of time for one operation, and between two questions: a day.
const MOST_TIME: Duration = Duration::from_secs(86_400);

/// A configured adapter with a name: what the registry hands out. Cloning it is cheap.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) shared: Arc<Shared>,
}

/// The quiet that providers want, by provider and account.
pub(crate) type Quiets = Shares<(&'static str, Account), Quiet>;

pub(crate) struct Shared {
    pub(crate) name: Arc<str>,
    pub(crate) adapter: Box<dyn Adapter>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) timeout: Duration,
    pub(crate) follow_ups_only: bool,
    pub(crate) policy: Policy,
    pub(crate) recorder: Option<Arc<dyn Recorder>>,
    pub(crate) restraint: Restraint,
    pub(crate) tokens: Arc<TokenCache>,
    pub(crate) place: Option<Place>,
    pub(crate) flights: Arc<Flights>,
    pub(crate) questions: Arc<Questions>,
    /// The shortest time between two questions about one payment.
    pub(crate) interval: Duration,
}

impl Gateway {
    /// A gateway over an adapter, with the usual [`Options`].
    #[must_use]
    pub fn new(name: &str, adapter: Box<dyn Adapter>, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self::with_options(name, adapter, transport, clock, Options::default())
    }

    /// A gateway over an adapter, with these options.
    #[must_use]
    pub fn with_options(
        name: &str,
        adapter: Box<dyn Adapter>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Self {
        let capabilities = adapter.capabilities();
        let quiet = options.quiets.of((capabilities.provider, capabilities.account.clone()));
        let declared = capabilities.inquiry_interval;
        Self {
            shared: Arc::new(Shared {
                interval: options.inquiry_interval.unwrap_or(declared).min(MOST_TIME),
                name: name.into(),
                adapter,
                transport,
                clock,
                timeout: options.timeout.min(MOST_TIME),
                follow_ups_only: options.follow_ups_only,
                policy: options.policy,
                recorder: options.recorder,
                restraint: Restraint::new(options.policy, quiet),
                tokens: options.tokens.unwrap_or_default(),
                place: options.place,
                flights: options.flights,
                questions: options.questions,
            }),
        }
    }

    /// The adapter as its own type, with a wire, for what the provider offers beyond the common operations. Such calls move no money.
    ///
    /// # Errors
    /// The gateway's adapter is of another type.
    pub fn open<A: Adapter>(&self) -> Result<(&A, ExtraWire), Error> {
        let adapter: &dyn Any = self.shared.adapter.as_ref();
        match adapter.downcast_ref() {
            Some(adapter) => Ok((adapter, ExtraWire::new(self.clone()))),
            None => {
                let message = format!(
                    "gateway `{}` is on provider {}, whose adapter is of another type",
                    self.shared.name,
                    self.capabilities().provider
                );
                Err(Error::new(ErrorKind::InvalidRequest, message))
            }
        }
    }

    /// The limit of time for each operation, all its calls and waits together.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.shared.timeout
    }

    /// Where each operation's record is stored before a request that may move money is sent: what would be needed to ask.
    #[must_use]
    pub fn recorder(&self) -> Option<&Arc<dyn Recorder>> {
        self.shared.recorder.as_ref()
    }

    /// What the engine checks before anything is sent, and the optional data that would be dropped.
    pub(crate) fn check(&self, operation: &Operation) -> Result<Vec<Field>, Error> {
        let starts =
            operation.payment().is_none() && !matches!(operation, Operation::Inquire(_) | Operation::Resolve(_));
        if self.shared.follow_ups_only && starts {
            let message = format!(
                "gateway `{}` takes follow-ups only (`follow_ups_only = true`), and a {} starts a payment",
                self.shared.name,
                operation.kind()
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        if let Operation::Resolve(unresolved) = operation {
            unresolved.check_owner(self.capabilities())?;
        }
        self.capabilities().check(operation, self.shared.clock.now())
    }

    fn verify(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        if delivery.body.len() > Delivery::BODY_LIMIT {
            return Err(WebhookError::TooLarge);
        }
        let now = delivery.received.unwrap_or_else(|| self.shared.clock.now());
        let event = self.shared.adapter.receive(delivery, now)?;
        Ok(event.on(&self.shared.name))
    }
}

#[async_trait]
impl PaymentGateway for Gateway {
    fn name(&self) -> &str {
        &self.shared.name
    }

    fn capabilities(&self) -> &Capabilities {
        self.shared.adapter.capabilities()
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        let span = tracing::info_span!(
            "paymux.operation",
            gateway = %self.shared.name,
            provider = self.capabilities().provider,
            operation = operation.kind().as_str(),
            attempts = tracing::field::Empty,
            outcome = tracing::field::Empty,
            reason = tracing::field::Empty,
            fate = tracing::field::Empty,
            unknown_codes = tracing::field::Empty,
        );
        let measured = Measured::begin(&self.shared, operation.kind());
        let mut result = self.join(operation, &span).instrument(span.clone()).await;
        match operation {
            // Whatever keeps one from asking leaves open what there was to ask about.
            Operation::Resolve(unresolved) => result = result.map_err(|error| self.still_open(unresolved, error)),
            Operation::Complete(completion) => result = result.map_err(|error| completion.in_doubt(error)),
            // A question does nothing, whatever it finds.
            Operation::Inquire(_) => result = result.map_err(|error| error.with_fate(Fate::NotDone)),
            _ => {}
        }
        let unknown = unknown_codes(&result);
        if unknown > 0 {
            span.record("unknown_codes", unknown);
        }
        measured.end(&result, unknown);
        match &result {
            Ok(answer) => {
                span.record("outcome", answer.outcome.as_str());
                if let Outcome::Declined(decline) = &answer.outcome {
                    span.record("reason", decline.reason.as_str());
                }
            }
            Err(error) => {
                span.record("outcome", "error");
                span.record("reason", error.kind().as_str());
                span.record("fate", error.fate().as_str());
            }
        }
        result.map_err(|error| error.in_operation(&self.shared.name, Some(operation.kind())))
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        if !self.capabilities().payment_methods {
            let error = Error::unsupported(self.capabilities().provider, "payment methods");
            return Err(error.in_operation(&self.shared.name, None));
        }
        let wire = ExtraWire::new(self.clone());
        let methods = self.shared.adapter.payment_methods(query, &wire).await;
        methods.map_err(|error| error.in_operation(&self.shared.name, None))
    }

    fn close_page<'a>(&'a self, payment: &'a PaymentRef) -> BoxFuture<'a, Result<Answer, Error>> {
        Box::pin(async move {
            let named = |error: Error| {
                let error = error.with_fate(Fate::NotDone);
                error.in_operation(&self.shared.name, None)
            };
            let capabilities = self.capabilities();
            if !capabilities.close_page {
                return Err(named(Error::unsupported(capabilities.provider, "closing a page")));
            }
            if payment.provider() != capabilities.provider || *payment.account() != capabilities.account {
                let stranger = Error::stranger(payment, capabilities.provider, &capabilities.account);
                return Err(named(stranger));
            }
            let wire = ExtraWire::new(self.clone());
            let mut answer = (self.shared.adapter.close_page(payment, &wire).await).map_err(named)?;
            answer.payment.reference.put_on(&self.shared.name);
            self.check_mode(OperationKind::Inquire, answer).map_err(named)
        })
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        let result = self.verify(delivery);
        metrics::webhook(&self.shared, &result);
        result
    }

    fn sign(&self, body: Bytes) -> Result<Delivery, WebhookError> {
        self.shared.adapter.sign(&body, self.shared.clock.now())
    }
}

/// How many entries have a code that nobody knows: a number to be watched, since such entries are neither approved nor declined.
fn unknown_codes(result: &Result<Answer, Error>) -> u64 {
    let payment = match result {
        Ok(answer) => Some(&answer.payment),
        Err(error) => error.payment(),
    };
    let entries = payment.map(|payment| payment.entries.iter()).into_iter().flatten();
    let unknown = entries.filter(|entry| matches!(entry.outcome, EntryOutcome::Unknown(_)));
    u64::try_from(unknown.count()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shared, f)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("name", &self.name)
            .field("adapter", &self.adapter)
            .field("in_flight", &self.flights.count())
            .finish_non_exhaustive()
    }
}
