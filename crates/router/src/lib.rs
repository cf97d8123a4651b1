#![doc = include_str!("../README.md")]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod brand;
mod breaker;
mod config;
mod legs;
mod offer;
mod pin;
mod router;
mod routers;
mod rule;
mod weight;

pub use crate::config::Rules;
pub use crate::legs::{Legs, Standing, Track};
pub use crate::router::Router;
pub use crate::routers::Routers;
