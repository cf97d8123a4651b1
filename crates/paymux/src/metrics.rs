//! What is counted and timed, by the facade `metrics`: whatever recorder the application installs gets it.
//!
//! Labels hold few different values: a gateway's name, words of the one vocabulary, a status's class. No id, amount, code, text or address.
//!
//! ```
//! use paymux::metrics::{ALL, Kind, describe};
//!
//! describe(); // after the application has installed its recorder
//!
//! // What a dashboard is made of: how operations came out, by gateway.
//! let operations = ALL.iter().find(|metric| metric.name == "paymux_operations_total").ok_or("no such metric")?;
//! assert_eq!(operations.kind, Kind::Counter);
//! assert!(operations.labels.contains(&"gateway") && operations.labels.contains(&"outcome"));
//! # Ok::<(), &str>(())
//! ```

use std::sync::Arc;

use metrics::{SharedString, Unit, counter, gauge, histogram};
use paymux_core::{Answer, Error, Event, OperationKind, Outcome, Provenance, Token, WebhookError};
use tokio::time::Instant;

use crate::engine::Shared;

/// A metric: its name, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// The name.
    pub name: &'static str,
    /// What kind it is.
    pub kind: Kind,
    /// Its labels, sorted.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub doc: &'static str,
}

/// The kinds of metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Seconds, spread over buckets.
    Seconds,
}

const OPERATIONS: &str = "paymux_operations_total";
const OPERATION_SECONDS: &str = "paymux_operation_seconds";
const ATTEMPTS: &str = "paymux_attempts_total";
const ATTEMPT_SECONDS: &str = "paymux_attempt_seconds";
const REPETITIONS_LEFT: &str = "paymux_repetitions_left";
const QUIETS: &str = "paymux_quiets_total";
const TOKEN_FLIGHTS: &str = "paymux_token_flights_total";
const TOKEN_FLIGHT_SECONDS: &str = "paymux_token_flight_seconds";
const UNKNOWN_CODES: &str = "paymux_unknown_codes_total";
const WEBHOOKS: &str = "paymux_webhooks_total";

/// Every metric.
pub const ALL: [Metric; 10] = [
    metric(
        OPERATIONS,
        Kind::Counter,
        &["fate", "gateway", "operation", "outcome", "provider", "reason"],
        "Operations that ended, or were dropped by their caller.",
    ),
    metric(
        OPERATION_SECONDS,
        Kind::Seconds,
        &["gateway", "operation", "outcome", "provider"],
        "How long operations took, all their calls and waits together.",
    ),
    metric(
        ATTEMPTS,
        Kind::Counter,
        &["gateway", "provider", "result"],
        "Requests that were made of the provider, repetitions and requests for tokens included.",
    ),
    metric(
        ATTEMPT_SECONDS,
        Kind::Seconds,
        &["gateway", "provider", "result"],
        "How long these requests took.",
    ),
    metric(
        REPETITIONS_LEFT,
        Kind::Gauge,
        &["gateway", "provider"],
        "How many repetitions a gateway has in hand; at 0 nothing is sent again until good answers earn more.",
    ),
    metric(
        QUIETS,
        Kind::Counter,
        &["gateway", "provider"],
        "How often the provider answered 429, upon which every gateway on the account keeps quiet.",
    ),
    metric(
        TOKEN_FLIGHTS,
        Kind::Counter,
        &["gateway", "provider", "result"],
        "Requests for an access token, each for however many callers wait.",
    ),
    metric(
        TOKEN_FLIGHT_SECONDS,
        Kind::Seconds,
        &["gateway", "provider", "result"],
        "How long these took.",
    ),
    metric(
        UNKNOWN_CODES,
        Kind::Counter,
        &["gateway", "operation", "provider"],
        "Entries whose code nobody knows: neither approved nor declined.",
    ),
    metric(
        WEBHOOKS,
        Kind::Counter,
        &["gateway", "provider", "verdict"],
        "Webhooks that were received, by what the verification came to.",
    ),
];

const fn metric(name: &'static str, kind: Kind, labels: &'static [&'static str], doc: &'static str) -> Metric {
    Metric {
        name,
        kind,
        labels,
        doc,
    }
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Seconds => "histogram",
        }
    }
}

/// Tells the installed recorder what the metrics are; call it once, after installing the recorder.
pub fn describe() {
    for metric in ALL {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, Unit::Count, metric.doc),
            Kind::Gauge => metrics::describe_gauge!(metric.name, Unit::Count, metric.doc),
            Kind::Seconds => metrics::describe_histogram!(metric.name, Unit::Seconds, metric.doc),
        }
    }
}

/// A label's name and value; cloning one copies no text.
type Label = (&'static str, SharedString);

fn label(name: &'static str, value: &'static str) -> Label {
    (name, SharedString::const_str(value))
}

/// The labels that every metric has.
fn place(shared: &Shared) -> [Label; 2] {
    let gateway = SharedString::from_shared(Arc::clone(&shared.name));
    [
        ("gateway", gateway),
        label("provider", shared.adapter.capabilities().provider),
    ]
}

/// An operation under way. One that is dropped before its end counts as `dropped`.
pub(crate) struct Measured<'a> {
    shared: &'a Shared,
    kind: OperationKind,
    began: Instant,
    ended: bool,
}

impl<'a> Measured<'a> {
    pub(crate) fn begin(shared: &'a Shared, kind: OperationKind) -> Self {
        Self {
            shared,
            kind,
            began: Instant::now(),
            ended: false,
        }
    }

    pub(crate) fn end(mut self, result: &Result<Answer, Error>, unknown_codes: u64) {
        self.ended = true;
        let (outcome, reason, fate) = match result {
            Ok(answer) => match &answer.outcome {
                Outcome::Declined(decline) => ("declined", decline.reason.as_str(), "none"),
                other => (other.as_str(), "none", "none"),
            },
            Err(error) => ("error", error.kind().as_str(), error.fate().as_str()),
        };
        self.record(outcome, reason, fate);
        if unknown_codes > 0 {
            let [gateway, provider] = place(self.shared);
            counter!(UNKNOWN_CODES, &[gateway, provider, operation(self.kind)]).increment(unknown_codes);
        }
    }

    fn record(&self, outcome: &'static str, reason: &'static str, fate: &'static str) {
        let [gateway, provider] = place(self.shared);
        let (operation, outcome) = (operation(self.kind), label("outcome", outcome));
        let seconds = self.began.elapsed();
        let few = [gateway.clone(), provider.clone(), operation.clone(), outcome.clone()];
        histogram!(OPERATION_SECONDS, &few).record(seconds);
        let (reason, fate) = (label("reason", reason), label("fate", fate));
        counter!(OPERATIONS, &[gateway, provider, operation, outcome, reason, fate]).increment(1);
    }
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.record("dropped", "none", "none");
        }
    }
}

fn operation(kind: OperationKind) -> Label {
    label("operation", kind.as_str())
}

/// One request was made; `result` is what became of it.
pub(crate) fn attempt(shared: &Shared, result: &'static str, began: Instant) {
    let [gateway, provider] = place(shared);
    let labels = [gateway, provider, label("result", result)];
    counter!(ATTEMPTS, &labels).increment(1);
    histogram!(ATTEMPT_SECONDS, &labels).record(began.elapsed());
}

/// The provider wants quiet.
pub(crate) fn quiet(shared: &Shared) {
    counter!(QUIETS, &place(shared)).increment(1);
}

/// How many repetitions are left.
pub(crate) fn repetitions(shared: &Shared) {
    gauge!(REPETITIONS_LEFT, &place(shared)).set(shared.restraint.left());
}

/// A flight for a token ended.
pub(crate) fn token_flight(shared: &Shared, result: &Result<Token, Error>, began: Instant) {
    let [gateway, provider] = place(shared);
    let result = if result.is_ok() { "token" } else { "error" };
    let labels = [gateway, provider, label("result", result)];
    counter!(TOKEN_FLIGHTS, &labels).increment(1);
    histogram!(TOKEN_FLIGHT_SECONDS, &labels).record(began.elapsed());
}

/// A webhook was received.
pub(crate) fn webhook(shared: &Shared, result: &Result<Event, WebhookError>) {
    let verdict = match result {
        Ok(event) if event.provenance() == Provenance::Signed => "signed",
        Ok(_) => "hint",
        Err(WebhookError::Malformed) => "malformed",
        Err(WebhookError::Missing(_)) => "missing",
        Err(WebhookError::NoSecret(_)) => "no_secret",
        Err(WebhookError::Probe) => "probe",
        Err(WebhookError::Repeated(_)) => "repeated",
        Err(WebhookError::Signature) => "signature",
        Err(WebhookError::Stale) => "stale",
        Err(WebhookError::TooLarge) => "too_large",
        Err(_) => "unsupported",
    };
    let [gateway, provider] = place(shared);
    counter!(WEBHOOKS, &[gateway, provider, label("verdict", verdict)]).increment(1);
}
