#![doc = include_str!("../README.md")]
//!
//! ## Without a file
//!
//! ```
//! use paymux_coolpay::{CODES, CoolPayConfig};
//! use paymux_core::{AdapterConfig as _, CodeClass, Mode, OperationKind};
//!
//! let config: CoolPayConfig = serde_json::from_str(r#"{"api_key": "a", "private_key": "p"}"#)?;
//! let adapter = config.build(Mode::Test).expect("no problem with the keys");
//! assert!(adapter.capabilities().offers(OperationKind::Capture));
//! assert!((CODES.explain)("40000").is_some_and(|told| told.class == CodeClass::Declined));
//! # Ok::<(), serde_json::Error>(())
//! ```

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod adapter;
mod codes;
mod config;
mod countries;
mod extras;
mod flows;
mod reading;
mod shapes;
mod webhook;

pub use adapter::CoolPay;
pub use codes::{CLEARHAUS_CODES, CODES, NETS_CODES};
pub use config::{CoolPayConfig, Decimals, Preset};
pub use extras::{NewSubscription, Stored};
