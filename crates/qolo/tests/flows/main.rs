//! What replies come to: pending, declined, settled, lost, different from what was asked, resolved.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Functions that tests share do not count as tests.

mod cancels;
#[path = "../common/mod.rs"]
mod common;
mod inquiries;
mod resolving;
mod reversals;
mod transfers;

use common::*;
use paymux_core::script::{Script, run};
use paymux_core::{
    Adapter, Answer, AskAfterwards, DeclineReason, Duplicates, EntryKind, EntryOutcome, Error, ErrorKind, Fate,
    Inquiry, Operation, OperationKind, Outcome, PaymentRef, PaymentState, Void, Webhooks, Wire,
};
use serde_json::json;

fn created(body: &str) -> Result<Answer, Error> {
    let script = Script::new().json("POST /api/v1/transfers", 201, body);
    play(&qolo(), &sale(), &script)
}

/// A ledger row with what is given, over what every row has.
fn row(changes: serde_json::Value) -> String {
    let mut row = json!({
        "txn_guid": TXN, "txn_date": "2026-01-02T01:00:00Z", "response_code": "APPROVE", "reason_code": "",
        "amount": 25.10, "account_currency": "USD", "txn_amount": 25.10, "txn_currency": "USD",
        "account_guid": ACCOUNT, "outside_instrument_guid": INSTRUMENT, "txn_description": "Order 1001",
        "channel_name": "ACH", "txn_dispute_detail": {"new": [1]},
    });
    for (key, value) in changes.as_object().unwrap() {
        row[key] = value.clone();
    }
    row.to_string()
}

fn inquired(changes: serde_json::Value) -> Answer {
    let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &row(changes));
    play(&qolo(), &inquire(), &script).unwrap()
}
