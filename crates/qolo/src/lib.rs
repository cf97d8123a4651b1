#![doc = include_str!("../README.md")]

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
