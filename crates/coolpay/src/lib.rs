#![doc = include_str!("../README.md")]

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
