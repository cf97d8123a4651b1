#![doc = include_str!("../README.md")]
//!
//! ## What is in it
//!
//! [`Provider::handle`] takes the time and a request and gives a response, and [`Provider::due`] gives the webhooks that are due. Each keeps a [`Ledger`].
//! [`Host`] adds the faults of a [`FaultPlan`] and of a [`WebhookPlan`], and the page at `/simulator`, whose buttons are a [`BackOfficeAction`] each: what
//! [`Provider::act`] does. With the feature `serve`, a module of that name puts a host behind a socket.

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod back_office;
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

pub use back_office::{BackOfficeAction, Entry};
pub use fault::{Fault, FaultPlan, Matcher, Plan};
pub use host::{Exchange, Host};
pub use ledger::{Kind, Ledger, Movement, Origin};
pub use provider::{Provider, Webhook};
pub use webhook_faults::{Delivery, Reception, WebhookFault, WebhookPlan};
