//! What replies come to: pending, declined, settled, lost, different from what was asked, resolved.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Functions that tests share do not count as tests.

mod common;

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

#[test]
fn an_accepted_transfer_is_pending() {
    let answer = created(CREATED).unwrap();
    assert!(matches!(answer.outcome, Outcome::Pending));
    let payment = answer.payment;
    assert_eq!(payment.reference.ids(), [TXN, "BANKTOACCOUNT"]);
    assert_eq!(payment.state, PaymentState::Pending);
    assert_eq!(payment.amount.unwrap().to_string(), "25.10 USD");
    assert_eq!(payment.merchant_reference.as_deref(), Some("pay_1001"));
    assert_eq!(payment.entries[0].kind, EntryKind::Capture);
    assert_eq!(payment.entries[0].outcome, EntryOutcome::Pending);
    // Amounts in other spellings, and fields of other types.
    for body in [
        format!(r#"{{"txn_guid":"{TXN}","amount":25.1,"currency":"usd","response_code":"APPROVE"}}"#),
        format!(r#"{{"txn_guid":"{TXN}","amount":"25.100","source":7,"txn_status":"settled"}}"#),
        format!(r#"{{"txn_guid":"{TXN}","amount":null,"currency":null,"response_code":null}}"#),
    ] {
        assert!(matches!(created(&body).unwrap().outcome, Outcome::Pending), "{body}");
    }
}

#[test]
fn a_declining_code_is_a_decline() {
    for code in ["DECLINE", "Declined"] {
        let body = format!(
            r#"{{"txn_guid":"{TXN}","amount":25.10,"currency":"USD","response_code":"{code}","reason_code":"R01","reason_code_description":"NSF"}}"#
        );
        let answer = created(&body).unwrap();
        let Outcome::Declined(decline) = answer.outcome else {
            panic!("declined: {body}");
        };
        assert_eq!(
            (decline.reason, decline.code.as_str()),
            (DeclineReason::InsufficientFunds, "R01")
        );
        assert_eq!(decline.text.as_deref(), Some("NSF"));
        assert_eq!(answer.payment.state, PaymentState::Declined);
    }
    // What cannot be read is kept, and is neither.
    let answer = created(&format!(r#"{{"txn_guid":"{TXN}","response_code":5}}"#)).unwrap();
    assert!(matches!(answer.outcome, Outcome::Pending));
    assert_eq!(
        answer.payment.entries[0].outcome,
        EntryOutcome::Unknown("response_code 5".to_owned())
    );
}

#[test]
fn a_difference_is_a_mismatch_with_the_payment() {
    for (field, value) in [
        ("amount", json!(25.11)),
        ("amount", json!(2510)),
        ("amount", json!(-25.10)),
        ("amount", json!("much")),
        ("amount", json!([25.10])),
        ("currency", json!("EUR")),
        ("transfer_type", json!("ACCOUNTTOBANK")),
        ("client_reference_id", json!("pay_1002")),
    ] {
        let mut body: serde_json::Value = serde_json::from_str(CREATED).unwrap();
        body[field] = value;
        let script = Script::new().json("POST /api/v1/transfers", 201, &body.to_string());
        let error = play(&qolo(), &sale(), &script).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Mismatch, Fate::Unknown),
            "{body}"
        );
        assert_eq!(error.payment().unwrap().id(), TXN);
        let noted = script.notes().into_iter().find(|memo| memo.key == "payment");
        assert_eq!(noted.unwrap().value, TXN, "what was made is noted");
    }
}

#[test]
fn an_acceptance_that_cannot_be_read_is_unknown() {
    for body in [
        "",
        "{}",
        "<html>",
        "{\"txn_guid\":",
        r#"{"txn_guid":"","amount":25.10}"#,
        "[]",
        "null",
        "7",
    ] {
        let error = created(body).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{body}"
        );
    }
}

#[test]
fn a_lost_answer_is_unknown_and_nothing_is_looked_for() {
    for (operation, path) in [
        (sale(), "/api/v1/transfers".to_owned()),
        (payout("card:g"), "/api/v1/transfers".to_owned()),
        (transfer(), "/api/v1/transfers".to_owned()),
        (void("BANKTOACCOUNT"), "/api/v1/transfers/eft/cancel".to_owned()),
        (refund(), format!("/api/v1/transfers/{TXN}/reversals")),
    ] {
        let expect = format!("POST {path}");
        let lost = play(&qolo(), &operation, &Script::new().lost(&expect)).unwrap_err();
        assert_eq!(lost.fate(), Fate::Unknown, "{operation:?}");
        let failed = play(&qolo(), &operation, &Script::new().json(&expect, 500, "")).unwrap_err();
        assert_eq!(failed.fate(), Fate::Unknown, "{operation:?}");
        let unsent = play(&qolo(), &operation, &Script::new().not_sent(&expect)).unwrap_err();
        assert_eq!(unsent.fate(), Fate::NotDone, "{operation:?}");
    }
}

#[test]
fn what_is_needed_to_ask_later_is_noted_before_sending() {
    let notes = |operation: &Operation, path: &str| {
        let script = Script::new().lost(path);
        let _ = play(&qolo(), operation, &script);
        let notes = script.notes();
        notes.into_iter().map(|memo| (memo.key, memo.value)).collect::<Vec<_>>()
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        notes(&sale(), "POST /api/v1/transfers"),
        [
            pair("account", ACCOUNT),
            pair("instrument", INSTRUMENT),
            pair("transfer", "BANKTOACCOUNT")
        ]
    );
    assert_eq!(
        notes(&transfer(), "POST /api/v1/transfers"),
        [pair("account", ACCOUNT), pair("transfer", "ACCOUNTTOACCOUNT")]
    );
    assert_eq!(
        notes(&void("BANKTOACCOUNT"), "POST /api/v1/transfers/eft/cancel"),
        [pair("payment", TXN)]
    );
}

#[test]
fn only_a_settlement_that_has_come_is_an_approval() {
    let settled = "2026-01-02T03:00:00Z"; // The script's time is 2026-01-02T03:04:05Z.
    for (changes, outcome, kept) in [
        (json!({"settle_date": settled}), "approved", None),
        (json!({"settle_date": settled, "response_code": null}), "approved", None),
        (
            json!({"settle_date": settled, "txn_status": "Settled"}),
            "approved",
            None,
        ),
        (json!({"settle_date": "2026-01-02T03:00:00"}), "approved", None),
        (json!({"settle_date": "2026-01-02"}), "approved", None),
        (
            json!({"settle_date": settled, "txn_status": "PENDING"}),
            "pending",
            None,
        ),
        (json!({"settle_date": "2026-01-03T00:00:00Z"}), "pending", None),
        (json!({"settle_date": "0001-01-01T00:00:00"}), "pending", None),
        (json!({"settle_date": null, "txn_status": "settled"}), "pending", None),
        (json!({"post_date": settled}), "pending", None),
        (json!({}), "pending", None),
        (json!({"settle_date": "soon"}), "pending", Some("settle_date soon")),
        (
            json!({"settle_date": settled, "txn_status": "returned"}),
            "pending",
            Some("txn_status returned"),
        ),
        (
            json!({"settle_date": settled, "response_code": "51"}),
            "pending",
            Some("response_code 51"),
        ),
        (
            json!({"settle_date": settled, "reason_code": "R01"}),
            "pending",
            Some("reason_code R01"),
        ),
        (
            json!({"settle_date": settled, "response_code": "DECLINE"}),
            "declined",
            None,
        ),
        (
            json!({"txn_status": "pending", "response_code": "decline"}),
            "declined",
            None,
        ),
    ] {
        let answer = inquired(changes.clone());
        assert_eq!(answer.outcome.as_str(), outcome, "{changes}");
        let state = match outcome {
            "approved" => PaymentState::Captured,
            "declined" => PaymentState::Declined,
            _ => PaymentState::Pending,
        };
        assert_eq!(answer.payment.state, state, "{changes}");
        if let Some(kept) = kept {
            assert_eq!(
                answer.payment.entries[0].outcome,
                EntryOutcome::Unknown(kept.to_owned())
            );
        }
    }
}

#[test]
fn an_inquiry_shows_the_payment() {
    let answer = inquired(json!({"settle_date": "2026-01-02T03:00:00Z", "client_reference_id": "pay_1001"}));
    let payment = answer.payment;
    assert_eq!(payment.reference, self::payment("BANKTOACCOUNT"));
    assert_eq!(payment.captured(), 2510);
    assert_eq!(payment.merchant_reference.as_deref(), Some("pay_1001"));
    assert_eq!(payment.method.unwrap().brand.as_deref(), Some("ACH"));
    assert_eq!(payment.entries[0].at.unwrap().to_string(), "2026-01-02T03:00:00Z");
    // A debit may carry a sign; an amount that cannot be read is not made up.
    assert_eq!(
        inquired(json!({"txn_amount": -25.10})).payment.amount.unwrap().minor(),
        2510
    );
    assert_eq!(inquired(json!({"txn_amount": 25.101})).payment.amount, None);
    assert_eq!(inquired(json!({"txn_amount": null})).payment.amount, None);
}

#[test]
fn the_kind_of_transfer_decides_what_a_settlement_is() {
    for (kind, state) in [
        (Some("CCDCTOACCOUNT"), PaymentState::Captured),
        (Some("ACCOUNTTOCCDC"), PaymentState::PaidOut),
        (Some("ACCOUNTTOACCOUNT"), PaymentState::Transferred),
        (None, PaymentState::Transferred),
    ] {
        let reference = PaymentRef::new("qolo", account(), std::iter::once(TXN).chain(kind));
        let script = Script::new().json(
            &format!("GET /api/v1/transactions/{TXN}"),
            200,
            &row(json!({"settle_date": "2026-01-02T03:00:00Z"})),
        );
        let answer = play(&qolo(), &Operation::Inquire(Inquiry::Payment(reference)), &script).unwrap();
        assert_eq!(answer.payment.state, state, "{kind:?}");
    }
    let event = PaymentRef::new("qolo", account(), ["p1", "payment_guid"]);
    let error = play(&qolo(), &Operation::Inquire(Inquiry::Payment(event)), &Script::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn an_inquiry_that_answers_about_something_else_is_refused() {
    for changes in [json!({"txn_guid": "other"}), json!({"txn_guid": null})] {
        let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &row(changes));
        assert_eq!(
            play(&qolo(), &inquire(), &script).unwrap_err().kind(),
            ErrorKind::Provider
        );
    }
    // The same id in another case is the same.
    let upper = row(json!({"txn_guid": TXN.to_uppercase()}));
    let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &upper);
    assert_eq!(play(&qolo(), &inquire(), &script).unwrap().payment.id(), TXN);
}

#[test]
fn only_ach_can_be_cancelled() {
    for kind in [
        "CCDCTOACCOUNT",
        "ACCOUNTTOBANKREALTIME",
        "ACCOUNTTOACCOUNT",
        "payment_guid",
    ] {
        let error = play(&qolo(), &void(kind), &Script::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Unsupported, Fate::NotDone),
            "{kind}"
        );
        assert!(error.message().contains(kind), "{error}");
    }
    let unknown = PaymentRef::new("qolo", account(), [TXN]);
    let void = Operation::Void(Void::new(unknown, "s".parse().unwrap()));
    assert_eq!(
        play(&qolo(), &void, &Script::new()).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

fn cancelled(operation: &Operation, body: &str) -> Result<Answer, Error> {
    let script = Script::new().json("POST /api/v1/transfers/eft/cancel", 201, body);
    play(&qolo(), operation, &script)
}

#[test]
fn a_cancel_voids() {
    let body = format!(
        r#"{{"channel_name":"ACH","txn_guid":"{TXN}","bank_eft_guid":"b1","reverse_bank_eft_guid":"b2","amount":25.10,"response_code":"APPROVE"}}"#
    );
    let answer = cancelled(&void("ACCOUNTTOBANK"), &body).unwrap();
    assert!(answer.outcome.is_approved());
    assert_eq!(answer.payment.state, PaymentState::Voided);
    assert_eq!(answer.payment.entries[0].id.as_deref(), Some("b2"));
    assert_eq!(answer.payment.reference, payment("ACCOUNTTOBANK"));

    let declined = cancelled(
        &void("BANKTOACCOUNT"),
        &format!(r#"{{"txn_guid":"{TXN}","response_code":"DECLINE"}}"#),
    );
    let declined = declined.unwrap();
    assert!(matches!(declined.outcome, Outcome::Declined(_)));
    assert_ne!(declined.payment.state, PaymentState::Voided);

    let unread = cancelled(
        &void("BANKTOACCOUNT"),
        &format!(r#"{{"txn_guid":"{TXN}","response_code":"?"}}"#),
    )
    .unwrap();
    assert!(matches!(unread.outcome, Outcome::Pending));

    for body in ["", "{}", r#"{"bank_eft_guid":"b1"}"#] {
        let error = cancelled(&void("BANKTOACCOUNT"), body).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{body}"
        );
    }
    let error = cancelled(&void("BANKTOACCOUNT"), r#"{"txn_guid":"other"}"#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    let script = before(row(json!({}))).json(
        "POST /api/v1/transfers/eft/cancel",
        201,
        &format!(r#"{{"txn_guid":"{TXN}","amount":1}}"#),
    );
    let error = play(&qolo(), &void_of("25.10 USD"), &script).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
}

fn void_of(amount: &str) -> Operation {
    let mut void = Void::new(payment("BANKTOACCOUNT"), "s".parse().unwrap());
    void.amount = Some(amount.parse().unwrap());
    Operation::Void(void)
}

/// What is read before a cancel that names an amount.
fn before(row: String) -> Script {
    Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &row)
}

#[test]
fn a_cancel_of_another_amount_is_not_sent() {
    for amount in ["1.00 USD", "25.10 EUR", "25.11 USD"] {
        let error = play(&qolo(), &void_of(amount), &before(row(json!({})))).unwrap_err();
        assert_eq!((error.field(), error.fate()), (Some("amount"), Fate::NotDone));
        assert!(error.message().contains("which is 25.10 USD"), "{error}");
    }
    // What cannot be compared is not sent either.
    for unclear in [
        row(json!({"txn_amount": null})),
        row(json!({"txn_amount": "?", "amount": "?"})),
        row(json!({"txn_guid": INSTRUMENT})),
    ] {
        let error = play(&qolo(), &void_of("25.10 USD"), &before(unclear)).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::NotDone));
    }
    let get = format!("GET /api/v1/transactions/{TXN}");
    for script in [
        Script::new().lost(&get),
        Script::new().json(&get, 400, "{}"),
        Script::new().json(&get, 500, ""),
    ] {
        let error = play(&qolo(), &void_of("25.10 USD"), &script).unwrap_err();
        assert_eq!(error.fate(), Fate::NotDone, "{error}");
    }
    let script = before(row(json!({}))).json(
        "POST /api/v1/transfers/eft/cancel",
        201,
        &format!(r#"{{"txn_guid":"{TXN}","amount":25.10,"response_code":"APPROVE"}}"#),
    );
    assert!(
        play(&qolo(), &void_of("25.10 USD"), &script)
            .unwrap()
            .outcome
            .is_approved()
    );
}

/// How the ledger shows a cancelled entry is not documented: no word for it approves, declines, or is taken for a void. The void's own answer is
/// what says that it was done.
#[test]
fn an_inquiry_after_a_cancel_decides_nothing() {
    for word in ["cancelled", "canceled", "void", "voided", "Cancelled"] {
        let answer = inquired(json!({"txn_status": word}));
        assert!(matches!(answer.outcome, Outcome::Pending), "{word}");
        assert_eq!(answer.payment.state, PaymentState::Pending, "{word}");
        let kept = &answer.payment.entries[0].outcome;
        assert_eq!(*kept, paymux_core::EntryOutcome::Unknown(format!("txn_status {word}")));
    }
}

#[test]
fn a_reversal_of_a_capture_is_of_the_whole_transfer() {
    let of = |capture: &str| {
        let Operation::Refund(mut refund) = refund() else {
            unreachable!()
        };
        refund.capture = Some(capture.to_owned());
        Operation::Refund(refund)
    };
    for capture in ["nonsense", "", INSTRUMENT] {
        let error = play(&qolo(), &of(capture), &Script::new()).unwrap_err();
        assert_eq!(
            (error.field(), error.fate()),
            (Some("capture"), Fate::NotDone),
            "{capture}"
        );
    }
    for capture in [TXN.to_owned(), TXN.to_uppercase()] {
        let script = Script::new().json(&format!("POST /api/v1/transfers/{TXN}/reversals"), 201, "");
        assert!(matches!(
            play(&qolo(), &of(&capture), &script).unwrap().outcome,
            Outcome::Pending
        ));
    }
}

#[test]
fn a_late_cancel_is_rejected() {
    let script = Script::new().json(
        "POST /api/v1/transfers/eft/cancel",
        400,
        r#"{"title":"Already sent to the bank","status":400}"#,
    );
    let error = play(&qolo(), &void("BANKTOACCOUNT"), &script).unwrap_err();
    assert_eq!(
        (error.kind(), error.fate()),
        (ErrorKind::InvalidRequest, Fate::Rejected)
    );
    assert!(error.message().ends_with(": Already sent to the bank"), "{error}");
}

fn reversed(status: u16, body: &str) -> Result<Answer, Error> {
    let script = Script::new().json(&format!("POST /api/v1/transfers/{TXN}/reversals"), status, body);
    play(&qolo(), &refund(), &script)
}

#[test]
fn a_reversal_is_accepted_and_pending() {
    let full = format!(
        r#"{{"transfer_type":"BANKTOACCOUNT","amount":5.0,"currency":"USD","client_reference_id":"back_1","source_txn_guid":"{TXN}"}}"#
    );
    for (status, body) in [
        (200, full.as_str()),
        (201, full.as_str()),
        (201, ""),
        (201, "{}"),
        (200, "{}"),
    ] {
        let answer = reversed(status, body).unwrap();
        assert!(matches!(answer.outcome, Outcome::Pending), "{status} {body}");
        assert_eq!(answer.payment.reference, payment("BANKTOACCOUNT"));
        assert_eq!(answer.payment.state, PaymentState::Pending);
        let entry = &answer.payment.entries[0];
        assert_eq!(
            (entry.kind, entry.reference.as_deref()),
            (EntryKind::Refund, Some("back_1"))
        );
        assert_eq!(answer.payment.refunded(), 0, "nothing is given back yet");
    }
    for (status, body) in [(200, ""), (201, "<html>"), (200, "{")] {
        assert_eq!(
            reversed(status, body).unwrap_err().fate(),
            Fate::Unknown,
            "{status} {body}"
        );
    }
    for other in [
        r#"{"amount":5.01}"#,
        r#"{"currency":"EUR"}"#,
        r#"{"source_txn_guid":"x"}"#,
        r#"{"client_reference_id":"back_2"}"#,
    ] {
        assert_eq!(reversed(201, other).unwrap_err().kind(), ErrorKind::Mismatch, "{other}");
    }
    let declined = reversed(201, r#"{"response_code":"DECLINED","reason_code":"X"}"#).unwrap();
    assert!(matches!(declined.outcome, Outcome::Declined(_)));
}

/// A sale whose answer is lost, then resolved by a search that finds these rows.
fn resolved(rows: &[String]) -> Result<Answer, Error> {
    let first = Script::new().lost("POST /api/v1/transfers");
    let _ = play(&qolo(), &sale(), &first);
    let resolve = unresolved(&qolo(), &sale(), &first, None);
    let body = format!(
        r#"{{"count":{},"end_index":1,"has_more":false,"data":[{}]}}"#,
        rows.len(),
        rows.join(",")
    );
    let script = Script::new().json("POST /api/v1/transactions/search", 200, &body);
    let result = play(&qolo(), &resolve, &script);
    let sent = script.sent();
    assert!(!sent[0].moves && !sent[0].request.headers().contains_key("IdempotencyKey"));
    assert_eq!(
        sent[0].body(),
        r#"{"limit":100,"account_guid":"d2b7c9d2-85e7-4c51-92d0-3f97a47f8d76","txn_type":"C","start_date":"2026-01-01 03:04:05","end_date":"2026-01-03 03:04:05","txn_amount":25.10,"txn_currency":"USD"}"#
    );
    result
}

#[test]
fn a_search_adopts_only_the_one_row_that_names_the_reference() {
    for named in [
        json!({"client_reference_id": "pay_1001"}),
        json!({"memo_code": "pay_1001"}),
        json!({"txn_description": "Order, pay_1001"}),
    ] {
        let stranger = row(json!({"txn_guid": "other", "memo_code": "pay_10011"}));
        let answer = resolved(&[stranger, row(named.clone())]).unwrap();
        assert!(matches!(answer.outcome, Outcome::Pending), "{named}");
        assert_eq!(answer.payment.reference, payment("BANKTOACCOUNT"));
        assert_eq!(answer.payment.merchant_reference.as_deref(), Some("pay_1001"));
    }
}

#[test]
fn anything_else_stays_unknown() {
    let named = |changes: serde_json::Value| {
        let mut changes = changes;
        changes["memo_code"] = json!("pay_1001");
        row(changes)
    };
    for rows in [
        vec![],
        // Fits, and does not say whose it is.
        vec![row(json!({}))],
        // Says whose it is, and does not fit.
        vec![named(json!({"txn_amount": 25.11}))],
        vec![named(json!({"txn_currency": "EUR"}))],
        vec![named(json!({"account_guid": "other"}))],
        vec![named(json!({"outside_instrument_guid": "other"}))],
        vec![named(json!({"outside_instrument_guid": null}))],
        vec![named(json!({"txn_guid": null}))],
        // Two of them.
        vec![named(json!({"txn_guid": "t1"})), named(json!({"txn_guid": "t2"}))],
    ] {
        let error = resolved(&rows).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown, "{rows:?}");
        assert!(error.message().contains("ambiguous"), "{error}");
    }
}

#[test]
fn a_search_reads_all_pages_and_fails_as_unknown() {
    let first = Script::new().lost("POST /api/v1/transfers");
    let _ = play(&qolo(), &sale(), &first);
    let resolve = unresolved(&qolo(), &sale(), &first, None);
    let page = |row: &str, end: u32, more: bool| format!(r#"{{"end_index":{end},"has_more":{more},"data":[{row}]}}"#);
    let script = Script::new()
        .json(
            "POST /api/v1/transactions/search",
            200,
            &page(&row(json!({"txn_guid": "t1"})), 100, true),
        )
        .json(
            "POST /api/v1/transactions/search",
            200,
            &page(&row(json!({"memo_code": "pay_1001"})), 101, false),
        );
    assert_eq!(play(&qolo(), &resolve, &script).unwrap().payment.id(), TXN);
    assert!(script.sent()[1].body().contains(r#""start_index":101"#));
    for status in [400, 401, 404, 405, 429, 500] {
        let script = Script::new().json("POST /api/v1/transactions/search", status, "");
        assert_eq!(
            play(&qolo(), &resolve, &script).unwrap_err().fate(),
            Fate::Unknown,
            "{status}"
        );
    }
    let script = Script::new().lost("POST /api/v1/transactions/search");
    assert_eq!(play(&qolo(), &resolve, &script).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn a_known_transaction_is_asked_about_by_its_id() {
    let mut body: serde_json::Value = serde_json::from_str(CREATED).unwrap();
    body["amount"] = json!(25.11);
    let first = Script::new().json("POST /api/v1/transfers", 201, &body.to_string());
    let _ = play(&qolo(), &sale(), &first);
    let resolve = unresolved(&qolo(), &sale(), &first, None);
    let ask = |changes| {
        let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &row(changes));
        play(&qolo(), &resolve, &script)
    };
    assert_eq!(ask(json!({})).unwrap().payment.reference, payment("BANKTOACCOUNT"));
    let error = ask(json!({"txn_amount": 25.11})).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::Unknown));
    let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 404, "");
    assert_eq!(play(&qolo(), &resolve, &script).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn a_reversal_or_a_cancel_cannot_be_found_out() {
    for operation in [refund(), void("BANKTOACCOUNT")] {
        let resolve = unresolved(&qolo(), &operation, &Script::new(), None);
        let expect = format!("GET /api/v1/transactions/{TXN}");
        let script = Script::new().json(&expect, 200, &row(json!({"settle_date": "2026-01-02T03:00:00Z"})));
        let error = play(&qolo(), &resolve, &script).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown);
        assert_eq!(error.payment().unwrap().state, PaymentState::Captured);
        let error = play(&qolo(), &resolve, &Script::new().lost(&expect)).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown);
    }
    let bare = unresolved(&qolo(), &sale(), &Script::new(), None);
    let error = play(&qolo(), &bare, &Script::new()).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown, "nothing was noted");
}

#[test]
fn what_is_offered() {
    let qolo = qolo();
    let capabilities = qolo.capabilities();
    assert_eq!(capabilities.provider, "qolo");
    assert_eq!(capabilities.account, account());
    for (kind, ask) in [
        (OperationKind::Sale, AskAfterwards::Ambiguous),
        (OperationKind::Payout, AskAfterwards::Ambiguous),
        (OperationKind::Transfer, AskAfterwards::Ambiguous),
        (OperationKind::Refund, AskAfterwards::None),
        (OperationKind::Void, AskAfterwards::None),
    ] {
        assert_eq!(capabilities.ability(kind).unwrap().ask, ask, "{kind}");
    }
    for kind in [
        OperationKind::Authorize,
        OperationKind::Capture,
        OperationKind::Checkout,
    ] {
        assert!(!capabilities.offers(kind));
    }
    assert!(capabilities.payment_methods && !capabilities.inquire_by_reference);
    assert_eq!(capabilities.webhooks, Webhooks::Signed);
    assert_eq!(
        capabilities.duplicates,
        Duplicates::Key(std::time::Duration::from_secs(43_200))
    );
    let now = Script::new().now();
    let refused = |change: fn(&mut paymux_core::Charge)| {
        let mut charge = charge("g1");
        change(&mut charge);
        capabilities.check(&Operation::Sale(Box::new(charge)), now).unwrap_err()
    };
    assert_eq!(
        refused(|c| c.description = Some("x".repeat(49))).field(),
        Some("description")
    );
    assert_eq!(
        refused(|c| c.reference = "a b".parse().unwrap()).field(),
        Some("reference")
    );
    assert_eq!(
        refused(|c| c.reference = "x".repeat(65).parse().unwrap()).field(),
        Some("reference")
    );
    let hosted = Operation::Authorize(Box::new(charge("g1")));
    let error = run(qolo.execute(&hosted, &Script::new())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unsupported: unsupported by qolo: authorize [not_done]"
    );
}
