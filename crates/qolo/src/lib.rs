#![doc = include_str!("../README.md")]
//!
//! ## Without a file
//!
//! ```
//! use paymux_core::{AdapterConfig as _, CodeClass, Mode, OperationKind};
//! use paymux_qolo::{CODES, QoloConfig};
//!
//! let config: QoloConfig = serde_json::from_str(r#"{"account_guid": "a", "login_id": "l", "api_key": "k"}"#)?;
//! let adapter = config.build(Mode::Test).expect("no problem with the keys");
//! assert!(adapter.capabilities().offers(OperationKind::Payout));
//! assert!(!adapter.capabilities().offers(OperationKind::Capture), "there is nothing to capture");
//! assert!((CODES.explain)("DECLINE").is_some_and(|told| told.class == CodeClass::Declined));
//! # Ok::<(), serde_json::Error>(())
//! ```

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod adapter;
mod codes;
mod config;
mod extras;
mod flows;
mod reading;
mod shapes;
mod webhook;

pub use adapter::Qolo;
pub use codes::CODES;
pub use config::QoloConfig;
pub use extras::{Balance, Quote, QuoteFee, Subscription};
