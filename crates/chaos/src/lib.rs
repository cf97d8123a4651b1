#![doc = include_str!("../README.md")]
//!
//! ## What is in it
//!
//! [`plan`] makes a [`Plan`] of a seed: what the application does, and each [`Mishap`]. [`live`] lives through it on a [`Stand`], and the [`WorldReport`] names what
//! is [`Wrong`], and what a person must settle ([`Why`]). [`run`] does so for many seeds, [`small`] for every plan with one mishap; both give a [`Tally`].
//! [`stands`] has one stand for every first-party gateway.

mod book;
mod door;
mod doubt;
mod plan;
#[cfg(all(unix, feature = "processes"))]
pub mod processes;
mod run;
mod script;
mod seed;
mod shop;
mod stand;
pub mod stands;
mod tally;
mod verdict;
mod waiting;
mod world;

pub use paymux_conformance::Canaries;

pub use crate::book::End;
pub use crate::plan::{Mishap, Plan, Planned, Post};
pub use crate::run::{Run, run, small};
pub use crate::script::{Deed, Script, Share, Visit};
pub use crate::seed::{Ground, grounds, plan};
pub use crate::stand::Stand;
pub use crate::tally::{Ends, Failure, Tally};
pub use crate::verdict::{Finding, Why, WorldReport, Wrong};
pub use crate::world::{Sabotage, live};
