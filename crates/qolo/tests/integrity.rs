//! Every field of every reply, in turn removed, renamed and of every other type: what decides about money is missed, and nothing else is.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Functions that tests share do not count as tests.

mod common;

use common::*;
use paymux_core::script::{How, Mutation, Script, mutations, run, with_more};
use paymux_core::{Adapter, Answer, Error, ErrorKind, Fate, Operation, Outcome};
use serde_json::json;

/// What a change may do to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// Nothing: the answer is as without it.
    None,
    /// There is no answer that could be acted on: an error of fate unknown.
    Open,
    /// No approval and no decline; pending, or unknown.
    Undecided,
}

struct Flow {
    operation: Operation,
    call: String,
    status: u16,
    reply: String,
    /// How it ends where nothing is wrong.
    end: &'static str,
    weight: fn(&Mutation) -> Weight,
}

/// A settled row of the ledger, with every field that the provider's reference names.
fn row() -> String {
    json!({
        "txn_guid": TXN, "txn_date": "2026-01-01T01:00:00Z", "post_date": "2026-01-01T02:00:00Z",
        "settle_date": "2026-01-01T03:00:00Z", "txn_status": "settled", "response_code": "APPROVE", "reason_code": "NONE",
        "reason_code_description": "none", "request_code": "ST-TRANSFER", "channel_name": "ACH", "amount": 25.10,
        "account_currency": "USD", "txn_amount": 25.10, "txn_currency": "USD", "account_guid": ACCOUNT,
        "outside_instrument_guid": INSTRUMENT, "txn_description": "Order 1001", "client_reference_id": "pay_1001",
        "memo_code": "pay_1001", "variance_amount": 0, "mcc": "0000", "available_balance": 100.50,
        "txn_dispute_detail": {"since": null, "steps": [1]},
    })
    .to_string()
}

fn of_transfer(change: &Mutation) -> Weight {
    match (change.field.as_str(), change.how) {
        ("/txn_guid", _) => Weight::Open,
        // Absent is no difference, since the answer decides nothing yet; another one is.
        ("/amount" | "/currency", How::Removed | How::Renamed | How::Null) => Weight::None,
        ("/amount" | "/currency", _) => Weight::Open,
        ("/response_code", How::Removed | How::Renamed | How::Null) => Weight::None,
        ("/response_code", _) => Weight::Undecided,
        ("/transfer_type" | "/client_reference_id", How::Text) => Weight::Open,
        _ => Weight::None,
    }
}

fn of_reversal(change: &Mutation) -> Weight {
    match (change.field.as_str(), change.how) {
        ("/source_txn_guid", How::Text) => Weight::Open,
        ("/transfer_type", _) => Weight::None,
        _ => of_transfer(change),
    }
}

fn of_cancel(change: &Mutation) -> Weight {
    match change.field.as_str() {
        "/txn_guid" => Weight::Open,
        "/response_code" => Weight::Undecided,
        _ => Weight::None,
    }
}

fn of_row(change: &Mutation) -> Weight {
    match (change.field.as_str(), change.how) {
        ("/txn_guid", _) => Weight::Open,
        ("/settle_date" | "/txn_amount" | "/txn_currency", How::Number) if change.field == "/txn_amount" => {
            Weight::None
        }
        ("/settle_date" | "/txn_amount" | "/txn_currency", _) => Weight::Undecided,
        // They only count against a settlement: nothing says that a settled row has them.
        ("/response_code" | "/txn_status", How::Removed | How::Renamed | How::Null) => Weight::None,
        ("/response_code" | "/txn_status", _) => Weight::Undecided,
        _ => Weight::None,
    }
}

/// The same row, found by a search: everything that tells it apart counts.
fn of_search(change: &Mutation) -> Weight {
    let at = change.field.strip_prefix("/data/0").unwrap_or(&change.field);
    let mut inner = change.clone();
    inner.field = at.to_owned();
    match (at, change.how) {
        ("/data" | "/has_more" | "", _) => Weight::Open,
        ("/txn_guid", How::Text) => Weight::None,
        ("/txn_guid" | "/txn_amount" | "/txn_currency" | "/account_guid" | "/outside_instrument_guid", _) => {
            Weight::Open
        }
        _ => of_row(&inner),
    }
}

fn flows() -> Vec<Flow> {
    let created = json!({
        "txn_guid": TXN, "amount": 25.10, "currency": "USD", "description": "Order 1001", "transfer_type": "BANKTOACCOUNT",
        "client_reference_id": "pay_1001", "source": {"outside_instrument_guid": INSTRUMENT}, "bank_eft_guid": "b",
        "destination": {"account_guid": ACCOUNT}, "destination_amount": null, "response_code": "APPROVE",
        "reason_code": "NONE", "reason_code_description": null,
    });
    let mut paid_out = created.clone();
    paid_out["transfer_type"] = json!("ACCOUNTTOCCDC");
    paid_out["client_reference_id"] = json!("out_1");
    let mut moved = created.clone();
    moved["transfer_type"] = json!("ACCOUNTTOACCOUNT");
    moved["client_reference_id"] = json!("move_1");
    let reversed = json!({
        "transfer_type": "BANKTOACCOUNT", "amount": 5.00, "currency": "USD", "client_reference_id": "back_1",
        "source_txn_guid": TXN, "response_code": "APPROVE", "reason_code": "NONE",
    });
    let cancelled = json!({
        "channel_name": "ACH", "txn_guid": TXN, "bank_eft_guid": "b1", "reverse_bank_eft_guid": "b2", "amount": 25.10,
        "response_code": "APPROVE", "reason_code": "NONE",
    });
    let lost = Script::new().lost("POST /api/v1/transfers");
    let _ = play(&qolo(), &sale(), &lost);
    let search = format!(
        r#"{{"count":1,"start_index":1,"end_index":1,"has_more":false,"data":[{}]}}"#,
        row()
    );
    let transfers = || "POST /api/v1/transfers".to_owned();
    let flow = |operation, call, status, reply: String, end, weight| Flow {
        operation,
        call,
        status,
        reply,
        end,
        weight,
    };
    let get = format!("GET /api/v1/transactions/{TXN}");
    let known = unresolved(&qolo(), &sale(), &lost, Some(payment("BANKTOACCOUNT")));
    vec![
        flow(sale(), transfers(), 201, created.to_string(), "pending", of_transfer),
        flow(
            payout(&format!("card:{INSTRUMENT}")),
            transfers(),
            201,
            paid_out.to_string(),
            "pending",
            of_transfer,
        ),
        flow(transfer(), transfers(), 201, moved.to_string(), "pending", of_transfer),
        flow(
            refund(),
            format!("POST /api/v1/transfers/{TXN}/reversals"),
            200,
            reversed.to_string(),
            "pending",
            of_reversal,
        ),
        flow(
            void("BANKTOACCOUNT"),
            "POST /api/v1/transfers/eft/cancel".to_owned(),
            201,
            cancelled.to_string(),
            "approved",
            of_cancel,
        ),
        flow(inquire(), get.clone(), 200, row(), "approved", of_row),
        flow(known, get, 200, row(), "approved", |change| {
            match (change.field.as_str(), change.how) {
                // It is known what was asked.
                ("/txn_amount", How::Number) => Weight::Open,
                _ => of_row(change),
            }
        }),
        flow(
            unresolved(&qolo(), &sale(), &lost, None),
            "POST /api/v1/transactions/search".to_owned(),
            200,
            search,
            "approved",
            of_search,
        ),
    ]
}

fn answer(flow: &Flow, reply: &str) -> Result<Answer, Error> {
    let script = Script::new().json(&flow.call, flow.status, reply);
    run(qolo().execute(&flow.operation, &script))
}

/// Where there is more, the next page is asked for.
fn is_one_page(change: &Mutation) -> bool {
    (change.field.as_str(), change.how) != ("/has_more", How::Bool)
}

#[test]
fn what_decides_is_missed_and_nothing_else_is() {
    let mut weights = Vec::new();
    for flow in flows() {
        let whole = answer(&flow, &flow.reply).unwrap();
        assert_eq!(whole.outcome.as_str(), flow.end, "{:?}", flow.operation);
        let more = answer(&flow, &with_more(&flow.reply)).unwrap();
        assert_eq!(more.outcome.as_str(), flow.end, "more fields: {:?}", flow.operation);
        for change in mutations(&flow.reply).into_iter().filter(is_one_page) {
            let weight = (flow.weight)(&change);
            weights.push(weight);
            let result = answer(&flow, &change.reply);
            let what = format!(
                "{} by {}: {} {:?}: {result:?}",
                flow.operation.kind(),
                flow.call,
                change.field,
                change.how
            );
            match (weight, &result) {
                (Weight::None, Ok(answer)) => assert_eq!(answer.outcome.as_str(), flow.end, "{what}"),
                (Weight::Undecided, Ok(answer)) => assert!(matches!(answer.outcome, Outcome::Pending), "{what}"),
                (Weight::Open | Weight::Undecided, Err(error)) => {
                    let asked = matches!(flow.operation, Operation::Inquire(_));
                    assert!(
                        error.fate() == Fate::Unknown || asked && !error.is_not_found(),
                        "{what}"
                    );
                }
                _ => panic!("{what}"),
            }
            // Whoever gets an answer can find the payment again.
            if let Ok(answer) = result
                && weight != Weight::None
            {
                assert_eq!(answer.payment.id(), TXN, "{what}");
            }
        }
    }
    for kind in [Weight::None, Weight::Open, Weight::Undecided] {
        let count = weights.iter().filter(|weight| **weight == kind).count();
        assert!(count > 30, "{kind:?}: {count}");
    }
}

#[test]
fn a_decline_is_never_an_approval() {
    for flow in flows() {
        let declined = flow.reply.replace("APPROVE", "DECLINE");
        assert!(matches!(
            answer(&flow, &declined).unwrap().outcome,
            Outcome::Declined(_)
        ));
        for change in mutations(&declined).into_iter().filter(is_one_page) {
            let at = change.field.strip_prefix("/data/0").unwrap_or(&change.field);
            // A settled row without its code is an approval; the provider settles nothing that it declines.
            if at == "/response_code" && matches!(change.how, How::Removed | How::Renamed | How::Null) {
                continue;
            }
            let result = answer(&flow, &change.reply);
            let approved = result.as_ref().is_ok_and(|answer| answer.outcome.is_approved());
            assert!(!approved, "{} {:?}: {result:?}", change.field, change.how);
        }
    }
}

#[test]
fn an_approval_needs_a_readable_amount() {
    let script = |reply: &str| {
        let call = format!("GET /api/v1/transactions/{TXN}");
        let script = Script::new().json(&call, 200, reply);
        play(&qolo(), &inquire(), &script).unwrap()
    };
    assert!(script(&row()).outcome.is_approved());
    for (from, to) in [
        (r#""txn_amount":25.1"#, r#""txn_amount":25.101"#),
        (r#""txn_amount":25.1,"#, ""),
        (r#""txn_currency":"USD""#, r#""txn_currency":"US""#),
    ] {
        let changed = row().replace(from, to);
        assert_ne!(changed, row());
        let answer = script(&changed);
        assert!(matches!(answer.outcome, Outcome::Pending), "{answer:?}");
        assert_eq!(answer.payment.captured(), 0);
    }
}

#[test]
fn a_cancel_without_its_code_is_not_done_yet() {
    let call = "POST /api/v1/transfers/eft/cancel";
    let body = format!(r#"{{"txn_guid":"{TXN}","amount":25.10}}"#);
    let answer = play(&qolo(), &void("BANKTOACCOUNT"), &Script::new().json(call, 201, &body)).unwrap();
    assert!(matches!(answer.outcome, Outcome::Pending), "{answer:?}");
}

#[test]
fn an_undo_that_was_done_before_is_not_refused() {
    for (operation, call) in [
        (void("BANKTOACCOUNT"), "POST /api/v1/transfers/eft/cancel".to_owned()),
        (refund(), format!("POST /api/v1/transfers/{TXN}/reversals")),
    ] {
        for (text, fate) in [
            ("The transfer is already reversed.", Fate::Unknown),
            ("This entry has been cancelled", Fate::Unknown),
            ("Already sent to the bank", Fate::Rejected),
            ("This transaction cannot be reversed.", Fate::Rejected),
        ] {
            let body = json!({"title": "Bad Request", "status": 400, "detail": text}).to_string();
            let error = play(&qolo(), &operation, &Script::new().json(&call, 400, &body)).unwrap_err();
            assert_eq!(
                (error.kind(), error.fate()),
                (ErrorKind::InvalidRequest, fate),
                "{text}"
            );
        }
    }
}
