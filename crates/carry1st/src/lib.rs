#![doc = include_str!("../README.md")]

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
