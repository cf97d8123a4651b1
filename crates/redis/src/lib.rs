#![doc = include_str!("../README.md")]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod link;
mod seal;
mod tokens;

pub use crate::tokens::RedisTokens;
