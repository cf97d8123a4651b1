//! The exact bytes of every request.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod charges;
#[path = "../common/mod.rs"]
mod common;
mod follow_ups;
mod questions;
mod refused;
mod stored;

use common::*;
use paymux_core::Operation;
use paymux_core::script::{Script, Sent};
use paymux_opp::Opp;

/// Runs an operation whose first call gets this answer, and gives what was sent.
fn sent(opp: &Opp, operation: &Operation, expect: &str, answer: &str) -> Sent {
    let wire = Script::new()
        .json(expect, 200, answer)
        .with_patience(std::time::Duration::ZERO);
    let _ = run(opp, operation, &wire);
    assert!(wire.left().is_empty());
    wire.sent().remove(0)
}
