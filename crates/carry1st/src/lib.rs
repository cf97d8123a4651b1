#![doc = include_str!("../README.md")]
//!
//! ## Without a file
//!
//! ```
//! use paymux_carry1st::{CODES, Carry1stConfig};
//! use paymux_core::{AdapterConfig as _, CodeClass, Mode, OperationKind};
//!
//! let keys = r#"{"environment": "sandbox", "api_key": "a", "api_secret": "s", "signing_key": "k", "default_country": "NG"}"#;
//! let config: Carry1stConfig = serde_json::from_str(keys)?;
//! let adapter = config.build(Mode::Test).expect("no problem with the keys");
//! assert!(adapter.capabilities().offers(OperationKind::Checkout));
//! assert!((CODES.explain)("FAILED").is_some_and(|told| told.class == CodeClass::Declined));
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

pub use adapter::Carry1st;
pub use codes::CODES;
pub use config::Carry1stConfig;
pub use extras::Fulfilled;
