//! What was sent for a reference, as the engine's spans and the transport tell: operations, attempts, exchanges. No secret is in either.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http::Request;
use jiff::Timestamp;
use paymux::transport::{MarkedBody, ReqwestTransport, Transport, TransportError};
use paymux::{Reply, async_trait};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// The span of a call of this shop; its field `reference` is what steps are found by.
const CALL: &str = "shop.call";
/// The engine's span of an operation.
const OPERATION: &str = "paymux.operation";
/// The target of the events of exchanges.
const EXCHANGE: &str = "shop.exchange";
/// How many steps are remembered.
const KEPT: usize = 4000;

static STEPS: Mutex<VecDeque<Step>> = Mutex::new(VecDeque::new());
static INSTALLED: OnceLock<()> = OnceLock::new();

/// One operation or one exchange.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The reference that it was for; empty for what serves all, such as an access token.
    reference: String,
    pub(crate) began: Timestamp,
    pub(crate) took: Duration,
    fields: Fields,
    pub(crate) is_operation: bool,
}

impl Step {
    /// The value of a field of the span or event; empty if it has none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    fn ended(&self) -> Timestamp {
        self.began.checked_add(self.took).unwrap_or(Timestamp::MAX)
    }
}

/// Starts to listen, once in a process. Where another subscriber is installed, timelines stay empty.
pub(crate) fn listen() {
    INSTALLED.get_or_init(|| {
        let _ = tracing::subscriber::set_global_default(Registry::default().with(Steps));
    });
}

/// The steps for a reference, oldest first, with the token calls that were made for all at the time.
pub(crate) fn of(reference: &str) -> Vec<Step> {
    let steps = STEPS.lock().unwrap_or_else(PoisonError::into_inner);
    let own: Vec<_> = steps
        .iter()
        .filter(|step| step.reference == reference)
        .cloned()
        .collect();
    let meanwhile = |shared: &&Step| {
        let within = |step: &Step| step.is_operation && step.began <= shared.began && shared.began <= step.ended();
        let same_host = |step: &Step| step.field("host") == shared.field("host");
        shared.reference.is_empty() && !shared.is_operation && own.iter().any(within) && own.iter().any(same_host)
    };
    let mut all: Vec<_> = steps.iter().filter(meanwhile).cloned().collect();
    drop(steps);
    all.extend(own);
    all.sort_by_key(|step| (step.began, !step.is_operation));
    all
}

fn keep(step: Step) {
    let mut steps = STEPS.lock().unwrap_or_else(PoisonError::into_inner);
    if steps.len() >= KEPT {
        steps.pop_front();
    }
    steps.push_back(step);
}

/// The layer that collects.
struct Steps;

/// A span's beginning and its fields.
struct Open {
    began: Timestamp,
    since: Instant,
    fields: Fields,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Steps {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| matches!(span.name(), CALL | OPERATION)) else {
            return;
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(Open {
            began: Timestamp::now(),
            since: Instant::now(),
            fields,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            values.record(&mut open.fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != EXCHANGE {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let took = Duration::from_millis(fields.get("ms").parse().unwrap_or_default());
        let now = Timestamp::now();
        keep(Step {
            reference: context.event_span(event).map(reference).unwrap_or_default(),
            began: now.checked_sub(took).unwrap_or(now),
            took,
            fields,
            is_operation: false,
        });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id).filter(|span| span.name() == OPERATION) else {
            return;
        };
        let open = span.extensions_mut().remove::<Open>();
        if let Some(open) = open {
            keep(Step {
                reference: reference(span),
                began: open.began,
                took: open.since.elapsed(),
                fields: open.fields,
                is_operation: true,
            });
        }
    }
}

fn reference<'a, R: LookupSpan<'a>>(span: SpanRef<'a, R>) -> String {
    let of = |span: SpanRef<'a, R>| {
        let extensions = span.extensions();
        let open = extensions.get::<Open>().filter(|_| span.name() == CALL)?;
        Some(open.fields.get("reference").to_owned())
    };
    span.scope().find_map(of).unwrap_or_default()
}

#[derive(Clone, Debug, Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .rev()
            .find(|(field, _)| *field == name)
            .map_or("", |(_, value)| value)
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

/// The usual transport, with an event for each exchange: method, host and path, what came back, how long it took. A query may hold ids and is left out.
#[derive(Debug, Default)]
pub(crate) struct Watched(ReqwestTransport);

/// Tells of an exchange when it ends, also when nobody waits for it any longer.
struct Exchange {
    method: String,
    host: String,
    path: String,
    said: String,
    since: Instant,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(target: EXCHANGE, method = %self.method, host = %self.host, path = %self.path, said = %self.said, ms);
    }
}

#[async_trait]
impl Transport for Watched {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let mut exchange = Exchange {
            method: request.method().to_string(),
            host: request.uri().authority().map(ToString::to_string).unwrap_or_default(),
            path: request.uri().path().to_owned(),
            said: "no answer in time".to_owned(),
            since: Instant::now(),
        };
        let result = self.0.send(request).await;
        exchange.said = match &result {
            Ok(reply) => reply.status.as_u16().to_string(),
            Err(error) => error.message.clone(),
        };
        result
    }
}
