#![doc = include_str!("../README.md")]

mod link;
mod seal;
mod tokens;

pub use crate::tokens::RedisTokens;
