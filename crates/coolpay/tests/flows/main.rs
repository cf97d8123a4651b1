//! Declines, pending operations, lost answers, resumption, resolving.

#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod charges;
#[path = "../common/mod.rs"]
mod common;
mod follow_ups;
mod inquiries;
mod lost;
mod pages;
mod resolving;
mod sources;
mod taken;
mod twice;

use common::*;
use paymux_core::script::Script;
use paymux_core::{
    Agreement, Authentication, Capture, Checkout, EntryKind, Error, ErrorKind, Fate, Field, Initiator, Inquiry,
    NextAction, Operation, OperationKind, Outcome, PaymentState, Payout, Refund, Source, ThreeDs, Void,
};

fn capture(minor: i64) -> Operation {
    let amount = paymux_core::Money::new(minor, paymux_core::Currency::DKK);
    Operation::Capture(Capture::new(payment_ref(), "capture1".parse().unwrap(), amount))
}

fn refund(minor: i64) -> Operation {
    let amount = paymux_core::Money::new(minor, paymux_core::Currency::DKK);
    Operation::Refund(Refund::new(payment_ref(), "refund1".parse().unwrap(), amount))
}

fn void() -> Operation {
    Operation::Void(Void::new(payment_ref(), "void1".parse().unwrap()))
}

#[track_caller]
fn outstanding(error: &Error) {
    assert!(
        error.message().starts_with("authorized, capture outstanding"),
        "{error:?}"
    );
    assert_eq!(error.fate(), Fate::Unknown);
    assert_eq!(error.payment().unwrap().state, PaymentState::Authorized, "{error:?}");
}

/// A reference that is taken, by a payment that stands like this.
fn taken_by(standing: &str) -> Script {
    Script::new()
        .json(CREATE, 400, duplicate())
        .json(SEARCH, 200, &format!("[{standing}]"))
        .json(READ, 200, standing)
}

/// Does these one after the other, in one process.
fn in_turn(script: &Script, operations: &[Operation]) -> Vec<Result<paymux_core::Answer, Error>> {
    let adapter = adapter();
    let execute = |operation| paymux_core::script::run(paymux_core::Adapter::execute(&adapter, operation, script));
    let results = operations.iter().map(execute).collect();
    assert_eq!(script.left(), Vec::<String>::new(), "{results:?}");
    results
}
