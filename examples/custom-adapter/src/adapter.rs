//! How Acme is spoken to.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use jiff::Timestamp;
use paymux_core::{
    Ability, Account, Adapter, Answer, AskAfterwards, Attempt, Call, Capabilities, Delivery, Duplicates, Error,
    ErrorKind, Event, Fate, Inquiry, MethodQuery, Mode, Money, Operation, OperationKind, PaymentMethod, PaymentRef,
    ReferenceRule, Scale, Scales, Source, SourceKind, Tokens, WebhookError, Wire, async_trait, idempotency_key,
    request,
};
use serde::Serialize;

use crate::config::AcmeConfig;
use crate::reading::{Asked, standing};
use crate::shapes::{Charge, NewCard, NewCharge, NewStep};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The adapter of Acme.
#[derive(Debug)]
pub struct Acme {
    config: AcmeConfig,
    capabilities: Capabilities,
}

impl Acme {
    pub(crate) fn new(config: AcmeConfig, mode: Mode) -> Self {
        let rule = ReferenceRule::new(
            1..=40,
            |c| c.is_ascii_alphanumeric() || c == '-',
            "1 to 40 letters, digits and hyphens",
        );
        let account = Account::of(&[&config.merchant, mode.as_str()]);
        let mut capabilities = Capabilities::new("acme", mode, account, rule, Scales::new(Scale::Iso));
        let ability = |kind| Ability::new(kind).ask(AskAfterwards::Yes);
        capabilities.abilities = vec![
            ability(OperationKind::Sale).from(&[SourceKind::Card]),
            ability(OperationKind::Authorize).from(&[SourceKind::Card]),
            ability(OperationKind::Capture).partial(),
            ability(OperationKind::Refund).partial().repeated(),
            ability(OperationKind::Void),
            ability(OperationKind::Inquire),
        ];
        capabilities.inquire_by_reference = true;
        capabilities.duplicates = Duplicates::Key(DAY);
        Self { config, capabilities }
    }

    fn post<T: Serialize>(&self, path: &str, body: &T, operation: &Operation) -> Result<Request<Bytes>, Error> {
        let mut request = request::json(Method::POST, &self.config.base_url, path, "application/json", body)?;
        let key = idempotency_key(operation).unwrap_or_default();
        let key = HeaderValue::try_from(key).map_err(|_| Error::invalid("reference", "makes no key"))?;
        request.headers_mut().insert("idempotency-key", key);
        Ok(request)
    }

    fn new_charge(&self, operation: &Operation, capture: bool) -> Result<Request<Bytes>, Error> {
        let Some((charge, Source::Card(card))) = operation.charge().map(|charge| (charge, &charge.source)) else {
            return Err(Error::unsupported("acme", "sources other than cards"));
        };
        let body = NewCharge {
            reference: charge.reference.as_str(),
            amount: charge.amount.minor(),
            currency: charge.amount.currency().code(),
            capture,
            card: NewCard {
                number: card.expose_number(),
                expiry: format!("{:02}/{}", card.month(), card.year()),
                cvv: card.expose_cvv(),
            },
        };
        self.post("/charges", &body, operation)
    }

    fn new_step(&self, operation: &Operation, what: &str, amount: Money) -> Result<Request<Bytes>, Error> {
        let Some(payment) = operation.payment() else {
            return Err(Error::invalid("payment", "must be given"));
        };
        let body = NewStep {
            reference: operation.reference().map_or("", |reference| reference.as_str()),
            amount: amount.minor(),
        };
        self.post(&format!("{}/{what}", path(payment)?), &body, operation)
    }

    /// Makes a call that moves money. Whatever does not tell what came of it leads to a question.
    async fn step(&self, operation: &Operation, request: Request<Bytes>, wire: &dyn Wire) -> Result<Answer, Error> {
        let asked = Asked::by(operation)?;
        let until = wire.now().checked_add(DAY).unwrap_or(Timestamp::MAX);
        let call = Call::keyed(request, until).nothing_done_on(&[StatusCode::TOO_MANY_REQUESTS]);
        let told = match wire.send(call).await {
            Ok(reply) => self
                .charge(&reply, wire)
                .and_then(|charge| self.answer(&charge, &asked)),
            Err(lost) if lost.is_unknown() => Err(lost.give_up()),
            Err(lost) => return Err(lost.give_up()),
        };
        match told {
            Err(error) if error.fate() == Fate::Unknown && error.kind() != ErrorKind::Mismatch => {
                let found = self.find(&asked, wire).await;
                found.map_err(|_| error)
            }
            other => other,
        }
    }

    /// Asks what became of a step.
    async fn find(&self, asked: &Asked, wire: &dyn Wire) -> Result<Answer, Error> {
        let path = match &asked.payment {
            Some(payment) => path(payment)?,
            None => format!("/charges?reference={}", asked.reference),
        };
        self.answer(&self.get(&path, wire).await?, asked)
    }

    async fn get(&self, path: &str, wire: &dyn Wire) -> Result<Charge, Error> {
        let request = request::empty(Method::GET, &self.config.base_url, path)?;
        match wire.send(Call::asks(request)).await {
            Ok(reply) => self.charge(&reply, wire),
            Err(lost) => Err(lost.give_up()),
        }
    }
}

#[async_trait]
impl Adapter for Acme {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        let request = match operation {
            Operation::Sale(_) => self.new_charge(operation, true),
            Operation::Authorize(_) => self.new_charge(operation, false),
            Operation::Capture(capture) => self.new_step(operation, "captures", capture.amount),
            Operation::Refund(refund) => self.new_step(operation, "refunds", refund.amount),
            Operation::Void(void) => {
                let amount = void.amount.ok_or_else(|| Error::invalid("amount", "must be given"))?;
                self.new_step(operation, "voids", amount)
            }
            Operation::Inquire(inquiry) => {
                let path = match inquiry {
                    Inquiry::Payment(payment) => path(payment)?,
                    Inquiry::Reference(reference) => format!("/charges?reference={reference}"),
                    _ => return Err(Error::unsupported("acme", "this inquiry")),
                };
                let charge = self.get(&path, wire).await;
                let payment = charge.and_then(|charge| self.payment(&charge));
                // Whatever goes wrong with a question, it did nothing.
                let payment = payment.map_err(|error| error.with_fate(Fate::NotDone))?;
                return Ok(Answer::new(standing(&payment), payment));
            }
            Operation::Resolve(_) => {
                let found = self.find(&Asked::by(operation)?, wire).await;
                return found.map_err(|error| error.with_fate(Fate::Unknown));
            }
            other => Err(Error::unsupported("acme", other.kind().as_str())),
        };
        self.step(operation, request?, wire).await
    }

    async fn payment_methods(&self, _: &MethodQuery, _: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        Err(Error::unsupported("acme", "payment methods"))
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        None
    }

    fn seal(&self, headers: &mut HeaderMap, _: &Bytes, _: &Attempt<'_>) -> Result<(), Error> {
        request::secret_header(headers, header::AUTHORIZATION, "Bearer ", &self.config.api_key)
    }

    fn receive(&self, _: &Delivery, _: Timestamp) -> Result<Event, WebhookError> {
        Err(WebhookError::Unsupported)
    }
}

/// The path of a charge. An id that the provider never gives goes into no path.
fn path(payment: &PaymentRef) -> Result<String, Error> {
    let id = payment.id();
    if id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        Ok(format!("/charges/{id}"))
    } else {
        Err(Error::invalid("payment", "does not hold an id of this provider"))
    }
}
