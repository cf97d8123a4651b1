//! An adapter around an adapter that lets a text out at one place: what the search must find.

use std::cell::RefCell;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use paymux::{
    Adapter, AdapterConfig, Answer, Attempt, Builder, Capabilities, Delivery, Error, Event, Key, Memo, MethodQuery,
    Mode, Operation, PaymentMethod, Problem, RawReply, Tokens, WebhookError, Wire,
};
use serde::Deserialize;

/// Where the text gets out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Adapter,
    Cause,
    CauseDebug,
    Error,
    Event,
    Log,
    Metric,
    Note,
    Payment,
    PaymentMethod,
    RawReply,
    Span,
    SpanField,
    Trace,
}

impl Place {
    pub(crate) const ALL: [Self; 14] = [
        Self::Adapter,
        Self::Cause,
        Self::CauseDebug,
        Self::Error,
        Self::Event,
        Self::Log,
        Self::Metric,
        Self::Note,
        Self::Payment,
        Self::PaymentMethod,
        Self::RawReply,
        Self::Span,
        Self::SpanField,
        Self::Trace,
    ];

    /// Where it must be heard.
    pub(crate) const fn heard(self) -> &'static str {
        match self {
            Self::Adapter => "gateway",
            Self::Cause | Self::CauseDebug => "cause",
            Self::Error => "error",
            Self::Event => "event",
            Self::Metric => "metrics",
            Self::Note => "unresolved",
            Self::Payment => "payment",
            Self::PaymentMethod => "payment methods",
            Self::RawReply => "raw reply",
            Self::Log | Self::Span | Self::SpanField | Self::Trace => "tracing",
        }
    }
}

thread_local! {
    static PLANTED: RefCell<Option<(Place, String)>> = const { RefCell::new(None) };
}

/// The text, if it gets out here.
fn planted(place: Place) -> Option<String> {
    PLANTED.with_borrow(|planted| {
        let (at, text) = planted.as_ref()?;
        (*at == place).then(|| text.clone())
    })
}

/// Registers the adapters with the layer around them, and plants the text.
pub(crate) fn leaky(builder: Builder, place: Place, text: &str) -> Builder {
    PLANTED.set(Some((place, text.to_owned())));
    builder.register::<Leaky<paymux::coolpay::CoolPayConfig>>()
}

#[derive(Deserialize)]
#[serde(transparent, bound = "C: AdapterConfig")]
struct Leaky<C>(C);

impl<C: AdapterConfig> AdapterConfig for Leaky<C> {
    const PROVIDER: &'static str = C::PROVIDER;
    const KEYS: &'static [Key] = C::KEYS;

    fn build(self, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
        let inner = self.0.build(mode)?;
        let mut capabilities = inner.capabilities().clone();
        capabilities.payment_methods = true;
        Ok(Box::new(Layer(inner, capabilities)))
    }
}

struct Layer(Box<dyn Adapter>, Capabilities);

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&planted(Place::Adapter).unwrap_or_default())
    }
}

/// An error that says one thing and shows another.
struct Behind {
    said: String,
    shown: String,
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl std::error::Error for Behind {}

fn talk() {
    if let Some(text) = planted(Place::Span) {
        let _ = tracing::trace_span!("adapter", text);
    }
    if let Some(text) = planted(Place::SpanField) {
        let span = tracing::debug_span!("adapter", later = tracing::field::Empty);
        span.record("later", text);
    }
    if let Some(text) = planted(Place::Trace) {
        tracing::trace!("sent with {text}");
    }
    if let Some(text) = planted(Place::Metric) {
        metrics::counter!("sent_total", "with" => text).increment(1);
    }
    if let Some(text) = planted(Place::Log) {
        log::trace!("sent with {text}");
    }
}

fn spoil(result: Result<Answer, Error>) -> Result<Answer, Error> {
    match result {
        Ok(mut answer) => {
            if let Some(text) = planted(Place::Payment) {
                answer.payment.merchant_reference = Some(text);
            }
            if let Some(text) = planted(Place::RawReply) {
                answer.payment.raw = Some(RawReply::new(Bytes::from(format!("{{\"echo\":\"{text}\"}}"))));
            }
            Ok(answer)
        }
        Err(mut error) => {
            if let Some(text) = planted(Place::Error) {
                error = error.context(&text);
            }
            let (said, shown) = (planted(Place::Cause), planted(Place::CauseDebug));
            if said.is_some() || shown.is_some() {
                let (said, shown) = (said.unwrap_or_default(), shown.unwrap_or_default());
                error = error.with_source(Behind { said, shown });
            }
            Err(error)
        }
    }
}

#[async_trait]
impl Adapter for Layer {
    fn capabilities(&self) -> &Capabilities {
        &self.1
    }

    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        talk();
        if let Some(text) = planted(Place::Note) {
            wire.note(Memo::new("note", text)).await?;
        }
        spoil(self.0.execute(operation, wire).await)
    }

    async fn payment_methods(&self, _: &MethodQuery, _: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        let name = planted(Place::PaymentMethod).unwrap_or_default();
        Ok(vec![PaymentMethod::new("1", name, "card")])
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        self.0.tokens()
    }

    fn seal(&self, headers: &mut HeaderMap, body: &Bytes, attempt: &Attempt<'_>) -> Result<(), Error> {
        self.0.seal(headers, body, attempt)
    }

    fn receive(&self, delivery: &Delivery, now: Timestamp) -> Result<Event, WebhookError> {
        let event = self.0.receive(delivery, now)?;
        Ok(match planted(Place::Event) {
            Some(text) => Event::hint(text, event.deduplication_key()).about(event.payment().cloned()),
            None => event,
        })
    }

    fn sign(&self, body: &Bytes, now: Timestamp) -> Result<Delivery, WebhookError> {
        self.0.sign(body, now)
    }
}
