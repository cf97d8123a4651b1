//! What operations come to: approvals, declines, redirects, lost answers, refusals in doubt, questions.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod asked;
mod checkouts;
#[path = "../common/mod.rs"]
mod common;
mod inquiries;
mod lost;
mod money;
mod redirects;
mod resolving;
mod tries;

use std::time::Duration;

use common::*;
use paymux_core::script::Script;
use paymux_core::{
    Adapter, Answer, AskAfterwards, Decline, DeclineReason, EntryKind, EntryOutcome, Error, ErrorKind, Fate,
    NextAction, Operation, OperationKind, Outcome, PaymentState, Refund, RetryAdvice,
};
use paymux_opp::Opp;
use serde_json::json;

const PAY_V3: &str = "POST /gateway/v3/payments";
const PAY_V1: &str = "POST /v1/payments";
const REPORT: &str = "GET /v1/query";

fn get_v3(id: &str) -> String {
    format!("GET /gateway/v3/payments/{id}")
}

fn get_v1(id: &str) -> String {
    format!("GET /v1/payments/{id}")
}

fn linked(id: &str) -> String {
    format!("GET /v3/query/{id}?entityId={ENTITY}&includeLinkedTransactions=true")
}

/// An entry of a report.
fn row(id: &str, kind: &str, amount: &str, reference: Option<&str>, parent: Option<&str>, code: &str) -> String {
    let mut row = json!({"id": id, "paymentType": kind, "result": {"code": code}});
    if !amount.is_empty() {
        row["amount"] = amount.into();
        row["currency"] = "EGP".into();
    }
    if let Some(reference) = reference {
        row["merchantTransactionId"] = reference.into();
    }
    if let Some(parent) = parent {
        row["referencedId"] = parent.into();
    }
    row.to_string()
}

fn report(rows: &[String]) -> String {
    format!(
        r#"{{"result":{{"code":"000.000.100"}},"payments":[{}],"ndc":"x"}}"#,
        rows.join(",")
    )
}

fn own(id: &str, code: &str) -> String {
    row(id, "DB", "92.00", Some(REFERENCE), None, code)
}

fn ok(opp: &Opp, operation: &Operation, wire: &Script) -> Answer {
    let answer = run(opp, operation, wire).unwrap();
    assert!(wire.left().is_empty(), "{:?}", wire.left());
    answer
}

fn err(opp: &Opp, operation: &Operation, wire: &Script) -> Error {
    let error = run(opp, operation, wire).unwrap_err();
    assert!(wire.left().is_empty(), "{:?}", wire.left());
    error
}

fn declined(answer: &Answer) -> &Decline {
    match &answer.outcome {
        Outcome::Declined(decline) => decline,
        other => panic!("{other:?}"),
    }
}
