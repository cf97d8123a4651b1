#![doc = include_str!("../README.md")]
//!
//! ## A first payment
//!
//! A gateway comes from a configuration and is used as `Arc<dyn PaymentGateway>`. Nothing below knows which provider is behind it.
//!
//! ```
//! use paymux::{Card, Charge, Fate, Gateways, Outcome, Source};
//! # use std::sync::Arc;
//! # use paymux::transport::{MarkedBody, Transport, TransportError};
//! # use paymux::{Reply, async_trait};
//! # /// Stands in for the provider: every payment is approved.
//! # #[derive(Debug)]
//! # struct Approving;
//! # #[async_trait]
//! # impl Transport for Approving {
//! #     async fn send(&self, _: http::Request<MarkedBody>) -> Result<Reply, TransportError> {
//! #         let body = r#"{"id":"8ac7a4a1","paymentType":"DB","amount":"100.00","currency":"EUR","merchantTransactionId":"order1001a1",
//! #             "result":{"code":"000.100.110","description":"approved in test mode"}}"#;
//! #         let mut headers = http::HeaderMap::new();
//! #         headers.insert("content-type", http::HeaderValue::from_static("application/json"));
//! #         Ok(Reply::new(http::StatusCode::OK, headers, body))
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = r#"
//!     [gateways.cards]
//!     provider = "opp"
//!     preset = "v3"
//!     mode = "test"
//!     access_token = "secret"
//! "#;
//! # let from_toml = |config| Gateways::builder().transport(Arc::new(Approving)).from_toml(config);
//! # #[cfg(any())]
//! let gateways = Gateways::from_toml(config)?; // or `from_file("paymux.toml")`
//! # let gateways = from_toml(config)?;
//! let gateway = gateways.get("cards")?;
//!
//! let card = Card::new("4200 0000 0000 0000", 12, 2030)?.with_cvv("123")?;
//! let charge = Charge::new("order1001a1".parse()?, "100.00 EUR".parse()?, Source::Card(card));
//! match gateway.sale(charge).await {
//!     Ok(answer) => match answer.outcome {
//!         // Keep the reference: captures, refunds and questions go by it, at any gateway on this account.
//!         Outcome::Approved => println!("paid: {}", answer.payment.reference),
//!         // For the customer, and for you: whether another attempt has a chance. It needs a new reference.
//!         Outcome::Declined(decline) => println!("{} ({})", decline.reason.message(), decline.advice),
//!         Outcome::ActionRequired(action) => println!("send the customer to {}", action.expose_url()),
//!         // Accepted and not decided: a webhook will come, or ask with `inquire`.
//!         _ => println!("not decided yet"),
//!     },
//!     // Money may have moved. Keep the record, and ask with `resolve`; no new attempt before that is settled.
//!     Err(error) if error.fate() == Fate::Unknown => println!("keep this: {:?}", error.unresolved()),
//!     Err(error) => println!("nothing was charged: {error}"),
//! }
//! # let charge = Charge::new("order1001a1".parse()?, "100.00 EUR".parse()?, Source::Card(Card::new("4200000000000000", 12, 2030)?.with_cvv("123")?));
//! # assert!(gateway.sale(charge).await?.outcome.is_approved());
//! # Ok(()) }
//! ```
//!
//! What cannot be done is known before, and refused before anything is sent:
//!
//! ```
//! use paymux::{Fate, Gateways, OperationKind, PaymentGateway as _, Refund};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let on = |host: &str| format!("[gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'k'\nbase_url = 'https://{host}'");
//! let (ours, other) = (Gateways::from_toml(&on("one.example"))?, Gateways::from_toml(&on("two.example"))?);
//! let gateway = ours.gateway("cards")?;
//! assert!(gateway.capabilities().offers(OperationKind::Refund));
//! assert!(!gateway.capabilities().offers(OperationKind::Transfer));
//!
//! // A payment of another account is not refunded at this one.
//! let account = other.gateway("cards")?.capabilities().account.clone();
//! let payment = paymux::PaymentRef::new("coolpay", account, ["1001"]);
//! let refund = Refund::new(payment, "order1001r1".parse()?, "25.00 DKK".parse()?);
//! assert_eq!(gateway.refund(refund).await.unwrap_err().fate(), Fate::NotDone);
//! # Ok(()) }
//! ```
//!
//! ## Where things are
//!
//! | to | look at |
//! |---|---|
//! | configure gateways, change them while they are in use | [`Gateways`], [`Builder`], [`ConfigError`] |
//! | take, hold, capture, void, refund, pay out, transfer, open a page | [`PaymentGateway`]; what goes in: [`Charge`], [`Checkout`], [`Capture`], [`Void`], [`Refund`], [`Payout`], [`Transfer`] |
//! | say from what is paid | [`Source`], [`Card`], [`ThreeDs`] |
//! | read what came of it | [`Answer`], [`Outcome`], [`Decline`], [`Payment`], [`Entry`] |
//! | read what went wrong | [`Error`], [`ErrorKind`], [`Fate`] |
//! | settle what nobody knows | [`Unresolved`], [`PaymentGateway::resolve`], [`PaymentGateway::complete`] |
//! | let a process die at any moment | [`Recorder`], and the crate `paymux-journal` |
//! | receive webhooks | [`webhooks`] |
//! | know what a gateway can do | [`Capabilities`], [`PaymentGateway::payment_methods`] |
//! | know what a provider's code means | [`code_tables`], [`vocabulary`] |
//! | use what only one provider has | [`Gateway::open`] |
//! | change how requests leave, or test without a socket | [`transport`], [`Builder::transport`], [`Clock`] |
//! | say how often something is tried again | [`Policy`], [`Options`] |
//! | write an adapter | [`Adapter`], [`AdapterConfig`], [`Wire`], [`Builder::register`] |

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

#[cfg(feature = "axum")]
pub mod axum;
mod clock;
mod code_tables;
mod engine;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(not(feature = "metrics"))]
#[path = "metrics/off.rs"]
mod metrics;
mod registry;
pub mod transport;
pub mod webhooks;

pub use paymux_core::*;

pub use crate::clock::{Clock, SystemClock, TokioClock};
pub use crate::code_tables::code_tables;
pub use crate::engine::{ExtraWire, Gateway, Options, Policy, Recorder, StoredToken, TokenStore};
pub use crate::registry::{Builder, COMMON_KEYS, ConfigError, ConfigProblem, Gateways, Planned, check_name, nearest};

#[cfg(feature = "carry1st")]
pub use paymux_carry1st as carry1st;
#[cfg(feature = "coolpay")]
pub use paymux_coolpay as coolpay;
#[cfg(feature = "opp")]
pub use paymux_opp as opp;
#[cfg(feature = "qolo")]
pub use paymux_qolo as qolo;
