//! Webhooks as they are received.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use thiserror::Error;

/// A webhook as it was received, untouched.
#[derive(Clone)]
#[non_exhaustive]
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
    /// The largest body that is looked at, in bytes. No provider documents a larger one, or any limit.
    pub const BODY_LIMIT: usize = 1024 * 1024;

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

    /// With the request's raw query string.
    #[must_use]
    pub fn with_query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// With the time at which it was received.
    #[must_use]
    pub const fn received_at(mut self, received: Timestamp) -> Self {
        self.received = Some(received);
        self
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

/// A request as a server took it in.
///
/// ```
/// use paymux_core::Delivery;
/// let request = http::Request::post("/webhooks/cards?id=4711").header("x-signature", "ab").body("{}".into())?;
/// let delivery = Delivery::from(request);
/// assert_eq!((delivery.query.as_deref(), delivery.header("x-signature")?), (Some("id=4711"), "ab"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl From<Request<Bytes>> for Delivery {
    fn from(request: Request<Bytes>) -> Self {
        let (head, body) = request.into_parts();
        let mut delivery = Self::new(head.headers, body);
        delivery.query = head.uri.query().map(str::to_owned);
        delivery
    }
}

/// Shows what there is, and nothing of it: a body has a customer's data, and headers may have tokens.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field(
                "headers",
                &self.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(),
            )
            .field("query", &self.query.is_some())
            .field("body_bytes", &self.body.len())
            .field("received", &self.received)
            .finish()
    }
}

/// Why a webhook was not accepted. It says nothing of the body.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// The verified body is not what the provider sends.
    #[error("the verified body cannot be read")]
    Malformed,
    /// A header, or a field that stands for one, is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The configuration has no secret to verify with.
    #[error("no webhook secret is configured (key `{0}`)")]
    NoSecret(&'static str),
    /// An unsigned call by which the provider tries the address out: it is answered as a success, and acts on nothing.
    #[error("an unsigned call that tries the address out")]
    Probe,
    /// A header, or a field that stands for one, was given more than once.
    #[error("{0} was given more than once")]
    Repeated(&'static str),
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// The signed time is too far from the time of receipt.
    #[error("the signed time is outside the tolerance")]
    Stale,
    /// The body is larger than [`Delivery::BODY_LIMIT`].
    #[error("the body is too large")]
    TooLarge,
    /// This provider's webhooks are not supported.
    #[error("this gateway receives no webhooks")]
    Unsupported,
}

impl WebhookError {
    /// What to answer the sender with. What the provider did send and we cannot use is answered so that it is sent again.
    ///
    /// ```
    /// use paymux_core::WebhookError;
    ///
    /// assert_eq!(WebhookError::Signature.status(), 401);
    /// assert_eq!(WebhookError::Probe.status(), 200);
    /// assert_eq!(WebhookError::NoSecret("webhook_secret").status(), 503);
    /// ```
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Probe => StatusCode::OK,
            Self::Missing(_) | Self::Repeated(_) | Self::Signature | Self::Stale => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoSecret(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported => StatusCode::NOT_FOUND,
        }
    }
}
