//! An adapter that makes one call, and a transport that answers it at once: what is left is the engine.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{
    Ability, Account, Adapter, Answer, Attempt, Call, Capabilities, Charge, Delivery, Error, Event, Gateway, Lost,
    Memo, MethodQuery, Mode, Operation, OperationKind, Outcome, Payment, PaymentMethod, PaymentRef, PaymentState,
    ReferenceRule, Reply, Scale, Scales, Source, SourceKind, SystemClock, Token, Tokens, WebhookError, Wire,
};

use crate::stand::{FIRST, reference};

/// The adapter.
#[derive(Debug)]
pub(crate) struct OneCall {
    capabilities: Capabilities,
    request: Request<Bytes>,
    has_tokens: bool,
}

impl OneCall {
    pub(crate) fn new(has_tokens: bool) -> Self {
        let rule = ReferenceRule::new(1..=64, |c| c.is_ascii_graphic(), "1 to 64 visible characters");
        let account = Account::of(&["bench"]);
        let mut capabilities = Capabilities::new("bench", Mode::Test, account, rule, Scales::new(Scale::Iso));
        capabilities.abilities = vec![Ability::new(OperationKind::Sale).from(&[SourceKind::Hosted])];
        let mut request = Request::new(Bytes::from_static(b"{\"amount\":10000}"));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = http::Uri::from_static("http://127.0.0.1:1/sale");
        Self {
            capabilities,
            request,
            has_tokens,
        }
    }

    /// A gateway on it.
    pub(crate) fn gateway(self) -> Gateway {
        Gateway::new("bench", Box::new(self), Arc::new(AtOnce), Arc::new(SystemClock))
    }
}

/// The sale that is made over and over.
pub(crate) fn sale() -> Operation {
    let charge = Charge::new(
        reference(FIRST),
        "100.00 DKK".parse().expect("an amount"),
        Source::Hosted,
    );
    Operation::Sale(Box::new(charge))
}

#[async_trait]
impl Adapter for OneCall {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        let reply = wire
            .send(Call::once(self.request.clone()))
            .await
            .map_err(Lost::give_up)?;
        assert!(reply.status.is_success() && operation.amount().is_some());
        let account = self.capabilities.account.clone();
        let payment = Payment::new(PaymentRef::new("bench", account, ["4711"]), PaymentState::Captured);
        Ok(Answer::new(Outcome::Approved, payment))
    }

    async fn payment_methods(&self, _: &MethodQuery, _: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        Ok(Vec::new())
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        self.has_tokens.then_some(self)
    }

    fn seal(&self, _: &mut HeaderMap, _: &Bytes, _: &Attempt<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn receive(&self, _: &Delivery, _: Timestamp) -> Result<Event, WebhookError> {
        Err(WebhookError::Unsupported)
    }
}

#[async_trait]
impl Tokens for OneCall {
    async fn obtain(&self, _: Option<&Token>, wire: &dyn Wire) -> Result<Token, Error> {
        Ok(Token::new(
            "a-token-of-some-length-as-they-are-given-out".to_owned(),
            wire.now().checked_add(Duration::from_secs(3600)).ok(),
        ))
    }
}

/// Answers at once: as a transport, and as a wire without an engine before it.
#[derive(Debug)]
pub(crate) struct AtOnce;

fn reply() -> Reply {
    Reply::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(b"{\"id\":4711}"))
}

#[async_trait]
impl Transport for AtOnce {
    async fn send(&self, mut request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        request.body_mut().take();
        Ok(reply())
    }
}

#[async_trait]
impl Wire for AtOnce {
    async fn send(&self, _: Call) -> Result<Reply, Lost> {
        Ok(reply())
    }

    async fn wait(&self, _: Duration) -> bool {
        false
    }

    async fn note(&self, _: Memo) -> Result<(), Error> {
        Ok(())
    }

    async fn token(&self) -> Result<Token, Error> {
        Err(Error::unsupported("bench", "tokens"))
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}
