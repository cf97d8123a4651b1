#![doc = include_str!("../../../README.md")]

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
pub use crate::registry::{Builder, COMMON_KEYS, ConfigError, ConfigProblem, Gateways, Planned, nearest};

#[cfg(feature = "carry1st")]
pub use paymux_carry1st as carry1st;
#[cfg(feature = "coolpay")]
pub use paymux_coolpay as coolpay;
#[cfg(feature = "opp")]
pub use paymux_opp as opp;
#[cfg(feature = "qolo")]
pub use paymux_qolo as qolo;
