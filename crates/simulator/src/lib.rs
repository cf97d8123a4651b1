//! Simulators of payment providers: the providers' side of the wire, written from their documents and from nothing else.
//!
//! Each simulator is pure: [`Provider::handle`] takes the time and a request and gives a response, and [`Provider::due`] gives the webhooks
//! that are due. It keeps a [`Ledger`], which is the truth about the money, and is strict about what the provider is strict
//! about. [`Host`] adds the faults of a [`FaultPlan`] and of a [`WebhookPlan`],
//! and a page at `/simulator` where a person plays the provider; [`serve`] puts a host behind a socket on loopback.
//!
//! No type is shared with the adapters that are tested against them: otherwise one misreading would pass both sides.
//!
//! ```
//! # #[cfg(feature = "coolpay")] {
//! use bytes::Bytes;
//! use http::Request;
//! use paymux_simulator::coolpay::{CoolPay, Settings};
//! use paymux_simulator::{Exchange, Fault, Host, Matcher};
//!
//! let mut host = Host::new(Box::new(CoolPay::new(Settings::default())));
//! host.faults.add(Matcher::any(), Fault::ResetAfter);
//! let request = Request::get("/ping").body(Bytes::new()).expect("a request");
//! let now = jiff::Timestamp::UNIX_EPOCH;
//! assert!(matches!(host.exchange(now, &request), Exchange::Lost));
//! assert!(matches!(host.exchange(now, &request), Exchange::Answer(..)), "each fault happens once");
//! # }
//! ```

mod desk;
mod fault;
mod host;
mod ledger;
mod page;
mod provider;
mod webhook_faults;
mod wire;

#[cfg(feature = "carry1st")]
pub mod carry1st;
#[cfg(feature = "coolpay")]
pub mod coolpay;
#[cfg(feature = "opp")]
pub mod opp;
#[cfg(feature = "qolo")]
pub mod qolo;
#[cfg(feature = "serve")]
pub mod serve;

pub use desk::{Deed, Entry};
pub use fault::{Fault, FaultPlan, Matcher, Plan};
pub use host::{Exchange, Host};
pub use ledger::{Kind, Ledger, Movement, Origin};
pub use provider::{Provider, Webhook};
pub use webhook_faults::{Delivery, Reception, WebhookFault, WebhookPlan};
