#![doc = include_str!("../README.md")]

mod adapter;
mod codes;
mod config;
mod extras;
mod flows;
mod reading;
mod shapes;
mod webhook;

pub use adapter::Opp;
pub use codes::{CODES, Context, NotACode, PaymentType, ResultCode, Surface, Verdict, classify, explain};
pub use config::{OppConfig, Preset};
pub use extras::Registration;
pub use webhook::WebhookScheme;
