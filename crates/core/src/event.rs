//! Webhooks: as received, and as verified.

use bytes::Bytes;
use hmac_sha256::Hash;
use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;

use crate::operation::Inquiry;
use crate::{PaymentRef, Reference};

/// A webhook as it was received, untouched.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's raw query string.
    pub query: Option<String>,
    /// The raw bytes of the body.
    pub body: Bytes,
    /// When it was received, if it is handled later (from a queue); ages are measured against it.
    pub received: Option<Timestamp>,
}

impl Delivery {
    /// A delivery that is handled as it comes.
    #[must_use]
    pub const fn new(headers: HeaderMap, body: Bytes) -> Self {
        Self {
            headers,
            query: None,
            body,
            received: None,
        }
    }

    /// The only value of a header.
    ///
    /// # Errors
    /// The header is absent, given twice, or not text.
    pub fn header(&self, name: &'static str) -> Result<&str, WebhookError> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().ok_or(WebhookError::Missing(name))?;
        if values.next().is_some() {
            return Err(WebhookError::Repeated(name));
        }
        value.to_str().map_err(|_| WebhookError::Signature)
    }
}

/// Why a webhook was not accepted. It says nothing of the body.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// The verified body is not what the provider sends.
    #[error("the verified body cannot be read")]
    Malformed,
    /// A header is missing.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// The configuration has no secret to verify with.
    #[error("no webhook secret is configured (key `{0}`)")]
    NoSecret(&'static str),
    /// A header was given more than once.
    #[error("header {0} was given more than once")]
    Repeated(&'static str),
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// The signed time is too far from the time of receipt.
    #[error("the signed time is outside the tolerance")]
    Stale,
    /// This provider's webhooks are not supported.
    #[error("this gateway receives no webhooks")]
    Unsupported,
}

/// What a provider once said, verified. It carries ids and what was reported, never a payment: ask with
/// [`PaymentGateway::confirm`](crate::PaymentGateway::confirm) before acting on money.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// How far it can be trusted.
    pub provenance: Provenance,
    /// The payment that it is about.
    pub payment: Option<PaymentRef>,
    /// The caller's reference that it names.
    pub reference: Option<Reference>,
    /// What was reported, in the provider's word: a status, a code, an event's name.
    pub reported: String,
    /// Equal for repeated deliveries of one event.
    pub deduplication_key: String,
}

/// How far an event can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Provenance {
    /// Nothing was signed: anybody may have sent it.
    Hint,
    /// The signature is right: the provider said it, once.
    Signed,
}

impl Event {
    /// An event, made by an adapter after verification.
    #[must_use]
    pub fn new(provenance: Provenance, reported: impl Into<String>, deduplication_key: impl Into<String>) -> Self {
        Self {
            provenance,
            payment: None,
            reference: None,
            reported: reported.into(),
            deduplication_key: deduplication_key.into(),
        }
    }

    /// A deduplication key from the body, where the provider gives no event id.
    #[must_use]
    pub fn digest(body: &[u8]) -> String {
        hex::encode(Hash::hash(body))
    }

    /// The question that confirms it.
    #[must_use]
    pub fn inquiry(&self) -> Option<Inquiry> {
        match (&self.payment, &self.reference) {
            (Some(payment), _) => Some(Inquiry::Payment(payment.clone())),
            (None, Some(reference)) => Some(Inquiry::Reference(reference.clone())),
            (None, None) => None,
        }
    }
}
