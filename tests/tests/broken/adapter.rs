//! An adapter around an adapter: it changes what goes over the wire, and what is made of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use paymux::{
    Account, Adapter, AdapterConfig, Answer, Attempt, Builder, Call, Capabilities, CodeClass, Decline, DeclineReason,
    Delivery, Duplicates, EntryOutcome, Error, ErrorKind, Event, Fate, Key, Lost, Memo, MethodQuery, Mode, Operation,
    Outcome, Payment, PaymentMethod, PaymentRef, PaymentState, Problem, Replay, Reply, Token, Tokens, WebhookError,
    Wire,
};
use serde::Deserialize;

use super::Rule;
use super::gateway::CLAIM;

/// Registers every adapter with the layer around it.
pub(crate) fn builder(builder: Builder) -> Builder {
    builder
        .register::<Crooked<paymux::carry1st::Carry1stConfig>>()
        .register::<Crooked<paymux::coolpay::CoolPayConfig>>()
        .register::<Crooked<paymux::opp::OppConfig>>()
        .register::<Crooked<paymux::qolo::QoloConfig>>()
}

#[derive(Deserialize)]
#[serde(transparent, bound = "C: AdapterConfig")]
pub(crate) struct Crooked<C>(C);

impl<C: AdapterConfig> AdapterConfig for Crooked<C> {
    const PROVIDER: &'static str = C::PROVIDER;
    const KEYS: &'static [Key] = C::KEYS;

    fn build(self, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
        let inner = self.0.build(mode)?;
        let Some(rule) = Rule::now() else { return Ok(inner) };
        let mut capabilities = inner.capabilities().clone();
        match rule {
            Rule::ExpiredKey => capabilities.duplicates = Duplicates::Key(Duration::from_secs(100 * 24 * 3600)),
            Rule::AbsenceAtOnce => capabilities.settle = Some(Duration::ZERO),
            _ => {}
        }
        Ok(Box::new(Layer {
            inner,
            capabilities,
            rule,
        }))
    }
}

#[derive(Debug)]
struct Layer {
    inner: Box<dyn Adapter>,
    capabilities: Capabilities,
    rule: Rule,
}

/// The wire as it is bent, and what was seen on it.
struct Bent<'a> {
    wire: &'a dyn Wire,
    rule: Rule,
    asks: bool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    lost: bool,
    empty: bool,
    duplicate: bool,
    code: Option<String>,
    last: Option<Fate>,
}

impl Layer {
    fn twist(&self, operation: &Operation, result: Result<Answer, Error>, seen: &Seen) -> Result<Answer, Error> {
        let about = |error: &Error| {
            let known = error.payment().map(|payment| payment.reference.clone());
            let known = known.or_else(|| operation.payment().cloned());
            known.unwrap_or_else(|| {
                let account: Account = self.capabilities.account.clone();
                PaymentRef::new(self.capabilities.provider, account, ["0"])
            })
        };
        let declined = |payment: Payment| {
            let decline = Decline::new(DeclineReason::DoNotHonor, "0");
            Ok(Answer::new(Outcome::Declined(decline), payment))
        };
        let open = |payment: &Payment| {
            payment
                .entries
                .iter()
                .any(|e| matches!(e.outcome, EntryOutcome::Unknown(_)))
        };
        match (self.rule, result) {
            (Rule::EmptyIsApproved, Err(error)) if seen.empty => {
                let payment = Payment::new(about(&error), PaymentState::Captured);
                Ok(Answer::new(Outcome::Approved, payment))
            }
            (Rule::EmptyIsApproved, Ok(answer)) if seen.empty => Ok(Answer::new(Outcome::Approved, answer.payment)),
            (Rule::UnknownCodeIsDeclined, Err(error)) if error.payment().is_some_and(open) => {
                declined(Payment::new(about(&error), PaymentState::Declined))
            }
            (Rule::UnknownCodeIsDeclined, Err(error))
                if error.decline().is_some() && error.fate() == Fate::Unknown && !operation_asks(operation) =>
            {
                declined(Payment::new(about(&error), PaymentState::Declined))
            }
            (Rule::CodeWithoutContext, Err(error)) if operation_asks(operation) => {
                let class = seen.code.as_deref().and_then(explained);
                if matches!(class, Some(CodeClass::Declined | CodeClass::Error)) {
                    declined(Payment::new(about(&error), PaymentState::Declined))
                } else {
                    Err(error)
                }
            }
            (Rule::DuplicateIsRefusal, _) if seen.duplicate => {
                CLAIM.set(Some(Fate::Rejected));
                Err(Error::new(ErrorKind::Refused, "duplicate").with_fate(Fate::Rejected))
            }
            (Rule::LastFate, Err(error)) => {
                CLAIM.set(seen.last);
                Err(error)
            }
            (_, Err(error)) => {
                CLAIM.set(Some(error.fate()));
                Err(error)
            }
            (_, result) => result,
        }
    }
}

fn operation_asks(operation: &Operation) -> bool {
    matches!(operation, Operation::Inquire(_) | Operation::Resolve(_))
}

/// What a code of the result-code platform says in general.
fn explained(code: &str) -> Option<CodeClass> {
    let tables = paymux::code_tables();
    let table = tables.iter().find(|table| table.name == "opp")?;
    (table.explain)(code).map(|meaning| meaning.class)
}

/// A refusal in the provider's words.
const REFUSAL: &str = r#"{"message":"Validation error","errors":{"x":["is invalid"]},"error_code":null}"#;

impl Bent<'_> {
    fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hear(&self, moves: bool, result: &Result<Reply, Lost>) {
        self.seen(|seen| match result {
            Ok(reply) => {
                let text = String::from_utf8_lossy(&reply.body);
                seen.empty |= moves && reply.status.is_success() && reply.body.is_empty();
                seen.duplicate |= reply.status.is_client_error() && text.contains("already exists");
                if !moves {
                    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                    seen.code = value
                        .pointer("/result/code")
                        .and_then(|code| code.as_str())
                        .map(str::to_owned);
                }
                seen.last = Some(Fate::NotDone);
            }
            Err(lost) => {
                seen.lost |= moves && lost.is_unknown();
                seen.last = Some(if moves && lost.is_unknown() {
                    Fate::Unknown
                } else {
                    Fate::NotDone
                });
            }
        });
    }
}

#[async_trait]
impl Wire for Bent<'_> {
    async fn send(&self, mut call: Call) -> Result<Reply, Lost> {
        let moves = call.moves;
        match (self.rule, call.replay) {
            (Rule::ReplaysNever, Replay::Once) if moves => call.replay = Replay::Keyed(Timestamp::MAX),
            (Rule::ExpiredKey, Replay::Keyed(_)) => call.replay = Replay::Keyed(Timestamp::MAX),
            (Rule::NeverAsks, _) if !moves && (self.asks || self.seen(|seen| seen.lost)) => {
                let error = Error::new(ErrorKind::Network, "not asked");
                return Err(Lost::NotSent(error));
            }
            _ => {}
        }
        let result = self.wire.send(call).await;
        self.hear(moves, &result);
        match result {
            Err(Lost::Unknown(error))
                if self.rule == Rule::FailureIsRefusal
                    && moves
                    && error.status().is_some_and(|status| status.is_server_error()) =>
            {
                Ok(Reply::new(
                    StatusCode::BAD_REQUEST,
                    HeaderMap::new(),
                    Bytes::from_static(REFUSAL.as_bytes()),
                ))
            }
            Ok(mut reply)
                if self.rule == Rule::BareIsRefusal
                    && moves
                    && reply.status.is_client_error()
                    && !reply.body.starts_with(b"{") =>
            {
                reply.body = Bytes::from_static(REFUSAL.as_bytes());
                Ok(reply)
            }
            result => result,
        }
    }

    async fn wait(&self, time: Duration) -> bool {
        self.wire.wait(time).await
    }

    async fn note(&self, memo: Memo) -> Result<(), Error> {
        self.wire.note(memo).await
    }

    async fn token(&self) -> Result<Token, Error> {
        self.wire.token().await
    }

    fn now(&self) -> Timestamp {
        let now = self.wire.now();
        if self.rule == Rule::AbsenceAtOnce && self.asks {
            return now.checked_add(Duration::from_secs(24 * 3600)).unwrap_or(now);
        }
        now
    }
}

#[async_trait]
impl Adapter for Layer {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        let bent = Bent {
            wire,
            rule: self.rule,
            asks: operation_asks(operation),
            seen: Mutex::default(),
        };
        let result = self.inner.execute(operation, &bent).await;
        let seen = bent.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.twist(operation, result, &seen)
    }

    async fn payment_methods(&self, query: &MethodQuery, wire: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        self.inner.payment_methods(query, wire).await
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        self.inner.tokens()
    }

    fn seal(&self, headers: &mut HeaderMap, body: &Bytes, attempt: &Attempt<'_>) -> Result<(), Error> {
        self.inner.seal(headers, body, attempt)
    }

    fn receive(&self, delivery: &Delivery, now: Timestamp) -> Result<Event, WebhookError> {
        self.inner.receive(delivery, now)
    }
}
