#![doc = include_str!("../README.md")]
//!
//! ## Without a file
//!
//! ```
//! use paymux_core::{AdapterConfig as _, DeclineReason, Mode, OperationKind};
//! use paymux_opp::{OppConfig, explain};
//!
//! let keys = r#"{"preset": "v1", "access_token": "t", "entity_id": "8ac7a4c79394bdc801939736f17e063d"}"#;
//! let config: OppConfig = serde_json::from_str(keys)?;
//! let adapter = config.build(Mode::Test).expect("no problem with the keys");
//! assert!(adapter.capabilities().offers(OperationKind::Capture));
//! assert_eq!(explain("800.100.153".parse()?).reason, Some(DeclineReason::InvalidCvv));
//! # Ok::<(), Box<dyn std::error::Error>>(())
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

pub use adapter::Opp;
pub use codes::{
    CODES, Context, NotACode, NotAPaymentType, PaymentType, ResultCode, Surface, Verdict, classify, explain,
};
pub use config::{OppConfig, Preset};
pub use extras::Registration;
pub use webhook::WebhookScheme;
