//! How requests leave: one small trait, and a client behind it.
//!
//! A transport sends once. It follows no redirect, retries nothing, keeps no cookie and takes no proxy from the environment; whether something
//! was sent at all is read off the [`Mark`] that its request body carries.
//!
//! ```
//! use std::sync::Arc;
//! use paymux::transport::{MarkedBody, Transport, TransportError};
//! use paymux::{Card, Charge, Fate, Gateways, PaymentGateway as _, Reply, Source, async_trait};
//!
//! /// Nobody is reached.
//! #[derive(Debug)]
//! struct Unplugged;
//!
//! #[async_trait]
//! impl Transport for Unplugged {
//!     async fn send(&self, _: http::Request<MarkedBody>) -> Result<Reply, TransportError> {
//!         Err(TransportError::new(true, "the network is not there"))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let config = "[gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'a'\nprivate_key = 'p'";
//! # let clock = Arc::new(paymux::TokioClock::new("2026-01-02T03:04:05Z".parse()?));
//! let gateways = Gateways::builder().transport(Arc::new(Unplugged)).clock(clock).from_toml(config)?;
//! let card = Source::Card(Card::new("1000000000000008", 12, 2030)?.with_cvv("123")?);
//! let charge = Charge::new("order1001a1".parse()?, "100.00 DKK".parse()?, card);
//! let error = gateways.get("cards")?.sale(charge).await.unwrap_err();
//! assert_eq!(error.fate(), Fate::NotDone, "nothing was sent, and that is proven");
//! # Ok(()) }
//! ```

#[cfg(feature = "hyper")]
mod hyper;
mod mark;
#[cfg(feature = "rustls")]
mod reqwest;
#[cfg(any(feature = "hyper", feature = "rustls"))]
mod tls;

use std::fmt::Debug;

use async_trait::async_trait;
use http::Request;
use paymux_core::Reply;

#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
pub use self::mark::{Mark, MarkedBody};
#[cfg(feature = "rustls")]
pub use self::reqwest::ReqwestTransport;

/// Sends one request over the network, once.
#[async_trait]
pub trait Transport: Debug + Send + Sync {
    /// Sends the request and reads the whole reply.
    ///
    /// # Behavior
    /// - The body's [`Mark`] is set before the first byte can leave.
    /// - No retry, no redirect; whoever drops the future ends the exchange.
    ///
    /// # Errors
    /// What went wrong, and whether it is proven that nothing was sent.
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError>;
}

/// Why there is no reply.
#[derive(Debug)]
#[non_exhaustive]
pub struct TransportError {
    /// Whether the client itself proves that nothing was sent: the connection was never made, or the request was handed back.
    pub not_sent: bool,
    /// What happened, in words, without the address or any data.
    pub message: String,
}

impl TransportError {
    /// An error of a transport.
    #[must_use]
    pub fn new(not_sent: bool, message: impl Into<String>) -> Self {
        Self {
            not_sent,
            message: message.into(),
        }
    }
}

/// The most bytes of a reply's body.
pub const MAX_BODY: usize = 4 << 20;

/// The transport that the features offer: reqwest where it is compiled in, else hyper-util, else none.
pub(crate) fn default_transport() -> Option<std::sync::Arc<dyn Transport>> {
    #[cfg(feature = "rustls")]
    return Some(std::sync::Arc::new(ReqwestTransport::new()));
    #[cfg(all(feature = "hyper", not(feature = "rustls")))]
    return Some(std::sync::Arc::new(HyperTransport::new()));
    #[cfg(not(any(feature = "hyper", feature = "rustls")))]
    None
}

#[cfg(any(feature = "hyper", feature = "rustls"))]
async fn collect<B>(body: B) -> Result<bytes::Bytes, TransportError>
where
    B: http_body::Body<Data = bytes::Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let broken = || TransportError::new(false, "the reply broke off or is too large");
    let mut body = std::pin::pin!(body);
    // Most replies come in one piece, which is kept as it is.
    let mut first = bytes::Bytes::new();
    let mut whole = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let data = frame.map_err(|_| broken())?.into_data().unwrap_or_default();
        if first.len().max(whole.len()).saturating_add(data.len()) > MAX_BODY {
            return Err(broken());
        }
        if first.is_empty() {
            first = data;
        } else {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}
