//! Webhooks as a router of axum.
//!
//! ```
//! # use std::sync::Arc;
//! use paymux::webhooks::Received;
//!
//! async fn handle(received: Received) -> Result<(), paymux::Error> {
//!     if !received.is_askable() {
//!         return Ok(());
//!     }
//!     let answer = received.confirm().await?;
//!     println!("{} is {}", answer.payment.reference, answer.payment.state); // update the order, and commit
//!     Ok(())
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let config = "[gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'a'\nprivate_key = 'p'";
//! let gateways = Arc::new(paymux::Gateways::from_toml(config)?);
//! let app: axum::Router = axum::Router::new().nest("/webhooks", paymux::axum::webhooks(gateways, handle));
//! # Ok(()) }
//! ```
//!
//! The provider is then given the address `https://your.host/webhooks/cards`.

use std::sync::Arc;

use ::axum::Router;
use ::axum::body::to_bytes;
use ::axum::extract::rejection::PathRejection;
use ::axum::extract::{Path, Request, State};
use ::axum::http::StatusCode;
use ::axum::response::{IntoResponse, Response};
use ::axum::routing::any;
use paymux_core::Delivery;

use crate::Gateways;
use crate::webhooks::{Channel, Deliveries, Handler, Inbox};

/// A router with one path per gateway, `/{gateway}`, that hands verified events to the handler. A reload of the gateways is followed.
pub fn webhooks<H: Handler>(gateways: Arc<Gateways>, handler: H) -> Router {
    router(Inbox::new(gateways), handler)
}

/// The same, with events over a channel: each is acknowledged by [`Pending::done`](crate::webhooks::Pending::done), and delivered again if it is dropped.
pub fn webhook_channel(gateways: Arc<Gateways>, capacity: usize) -> (Router, Deliveries) {
    let (channel, deliveries) = Channel::new(capacity);
    (webhooks(gateways, channel), deliveries)
}

/// The same, on an inbox with settings of its own.
///
/// Every method is taken: some providers notify by GET, or try an address out by a request that they do not document. The answer has no body; its extensions have
/// the [`Acknowledgement`](crate::webhooks::Acknowledgement), for a middleware that logs.
pub fn router<H: Handler>(inbox: Inbox, handler: H) -> Router {
    Router::new()
        .route("/{gateway}", any(take::<H>))
        .with_state((inbox, Arc::new(handler)))
}

/// The part of the path that is ours, whatever the router is nested under.
#[derive(serde::Deserialize)]
struct Place {
    gateway: String,
}

async fn take<H: Handler>(
    State((inbox, handler)): State<(Inbox, Arc<H>)>,
    path: Result<Path<Place>, PathRejection>,
    request: Request,
) -> Response {
    let Ok(Path(Place { gateway })) = path else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, inbox.body_limit()).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let delivery = Delivery::from(Request::from_parts(head, body));
    let acknowledgement = inbox.take(&gateway, delivery, &handler).await;
    let mut response = acknowledgement.status.into_response();
    response.extensions_mut().insert(acknowledgement);
    response
}

/// The page about webhooks, so that its examples are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/webhooks.md")]
mod page {}
