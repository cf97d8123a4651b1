//! When it may be said that nothing was done: on v1, when the report says so, long enough after the request could last have left. Never on v3.

#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod common;

use std::time::Duration;

use common::*;
use paymux_core::script::{self, Script};
use paymux_core::{Adapter, AskAfterwards, ErrorKind, Fate, Mode, OperationKind, Wire};
use paymux_opp::Opp;
use serde_json::{Value, json};

const REPORT: &str = "GET /v1/query";
const SETTLE: u64 = 300;

/// Whether a question, asked so many seconds after the request was last sent, is told that nothing was done.
fn is_absent(opp: &Opp, trail: &Value, seconds: u64, wire: Script) -> bool {
    assert!(script::run(wire.wait(Duration::from_secs(seconds))));
    let question = unresolved(opp, OperationKind::Sale, None, trail.clone());
    let error = run(opp, &question, &wire).unwrap_err();
    assert!(wire.left().is_empty(), "{:?}", wire.left());
    assert_eq!(error.is_not_found(), error.fate() == Fate::NotDone, "{error}");
    // The engine takes a refusal for the end at any time.
    assert_ne!(error.kind(), ErrorKind::Refused, "{error}");
    error.is_not_found()
}

fn row(reference: &str, kind: &str, code: &str) -> Value {
    json!({
        "id": ID, "paymentType": kind, "amount": "92.00", "currency": "EGP", "merchantTransactionId": reference,
        "result": {"code": code},
    })
}

fn report(rows: &[Value]) -> String {
    json!({"result": {"code": "000.000.100"}, "payments": rows}).to_string()
}

/// What says that nothing of ours stands there.
fn nothing() -> Vec<(u16, String)> {
    vec![
        (404, code("700.400.580")),
        (200, code("700.400.580")),
        (200, report(&[row("ord-0002-a1", "DB", "000.100.110")])),
        // Refused as sent before, and what was sent before is not ours: this did nothing.
        (200, report(&[row(REFERENCE, "DB", "800.110.100")])),
    ]
}

#[test]
fn absence_is_believed_only_after_the_time_to_settle() {
    let opp = v1();
    assert_eq!(opp.capabilities().settle, Some(Duration::from_secs(SETTLE)));
    for (status, answer) in nothing() {
        let wire = || Script::new().json(REPORT, status, &answer);
        for seconds in [0, 1, SETTLE - 1, SETTLE] {
            assert!(!is_absent(&opp, &json!([]), seconds, wire()), "{seconds}: {answer}");
        }
        assert!(is_absent(&opp, &json!([]), SETTLE + 1, wire()), "{answer}");
    }
}

#[test]
fn the_time_to_settle_is_configured() {
    let config = json!({"preset": "v1", "access_token": "t", "entity_id": ENTITY, "settle_secs": 60});
    let quick = opp(Mode::Test, config);
    let wire = || Script::new().json(REPORT, 404, &code("700.400.580"));
    assert!(!is_absent(&quick, &json!([]), 60, wire()));
    assert!(is_absent(&quick, &json!([]), 61, wire()));
    for (preset, seconds) in [("v1", 59), ("v1", 86_401), ("v3", 300)] {
        let config = json!({"preset": preset, "access_token": "t", "entity_id": "e", "settle_secs": seconds});
        let problems = build(Mode::Test, config).unwrap_err();
        assert_eq!(
            problems.iter().map(|p| p.key.as_str()).collect::<Vec<_>>(),
            ["settle_secs"]
        );
    }
}

#[test]
fn what_is_no_word_of_the_platform_is_not_absence() {
    let opp = v1();
    let bare = json!({"id": ID, "result": {"code": "000.100.110"}});
    for (status, answer) in [
        (404, String::new()),
        (404, "<html>".to_owned()),
        (404, code("200.300.404")),
        (401, code("700.400.580")),
        (403, code("700.400.580")),
        (429, code("700.400.580")),
        (503, code("700.400.580")),
        (200, String::new()),
        (200, "{}".to_owned()),
        (200, "[]".to_owned()),
        (200, report(&[])),
        (200, r#"{"payments":[]}"#.to_owned()),
        (
            200,
            json!({"result": {"code": "800.120.100"}, "payments": []}).to_string(),
        ),
        (
            200,
            json!({"result": {"code": "999.999.999"}, "payments": []}).to_string(),
        ),
        (
            200,
            json!({"result": {"code": "000.000.100"}, "payments": null}).to_string(),
        ),
        (
            200,
            json!({"result": {"code": "000.000.100"}, "entries": []}).to_string(),
        ),
        (200, json!([row("ord-0002-a1", "DB", "000.100.110")]).to_string()),
        (200, code("800.120.100")),
        (200, code("800.900.300")),
        // Entries that cannot be read, and may be ours.
        (200, report(&["text".into()])),
        (200, report(&[json!({})])),
        (200, report(&[bare])),
        (200, report(&[row(REFERENCE, "XX", "000.100.110")])),
        (200, report(&[row(REFERENCE, "DB", "no code")])),
        (
            200,
            report(&[row("ord-0002-a1", "DB", "000.100.110"), json!({"id": 7})]),
        ),
    ] {
        let wire = Script::new().json(REPORT, status, &answer);
        assert!(!is_absent(&opp, &json!([]), 100 * SETTLE, wire), "{status} {answer}");
    }
    assert!(!is_absent(&opp, &json!([]), 100 * SETTLE, Script::new().lost(REPORT)));
}

/// Which name the list has is not published: what stands under either counts.
#[test]
fn an_empty_list_beside_another_that_is_not_is_not_absence() {
    let opp = v1();
    let question = unresolved(&opp, OperationKind::Sale, None, json!([]));
    let paid = [row(REFERENCE, "DB", "000.100.110")];
    for (payments, records) in [(&paid[..], &[][..]), (&[], &paid)] {
        let answer = json!({"result": {"code": "000.000.100"}, "payments": payments, "records": records}).to_string();
        let wire = Script::new().json(REPORT, 200, &answer);
        assert!(run(&opp, &question, &wire).unwrap().outcome.is_approved());
    }
}

/// An entry that cannot be read beside a refusal may be the one that went through.
#[test]
fn a_refusal_beside_an_entry_that_cannot_be_read_is_not_the_end() {
    let opp = v1();
    let question = unresolved(&opp, OperationKind::Sale, None, json!([]));
    let refused = row(REFERENCE, "DB", "800.100.152");
    let wire = Script::new().json(REPORT, 200, &report(std::slice::from_ref(&refused)));
    assert!(run(&opp, &question, &wire).is_ok());
    let unread = json!({"paymentType": "DB", "result": {"code": "000.100.110"}});
    let wire = Script::new().json(REPORT, 200, &report(&[refused, unread]));
    assert_eq!(run(&opp, &question, &wire).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn what_has_an_id_is_absent_only_under_both() {
    let opp = v1();
    let trail = json!([{"key": "payment", "value": ID}]);
    let get = format!("GET /v1/payments/{ID}");
    let none = || (404, code("700.400.580"));
    for (by_id, absent) in [
        (Some(none()), true),
        (Some((404, String::new())), true),
        (Some((200, body(ID, "DB", "92.00", "900.100.300"))), false),
        (Some((200, code("200.300.404"))), false),
        (Some((200, code("800.120.100"))), false),
        (None, false),
    ] {
        let wire = match &by_id {
            Some((status, answer)) => Script::new().json(&get, *status, answer),
            None => Script::new().lost(&get),
        };
        let wire = wire.json(REPORT, none().0, &none().1);
        assert_eq!(is_absent(&opp, &trail, SETTLE + 1, wire), absent, "{by_id:?}");
    }
    // The id leads nowhere, and the reference does.
    let question = unresolved(&opp, OperationKind::Sale, None, trail);
    let wire = Script::new().json(&get, 404, &code("700.400.580")).json(
        REPORT,
        200,
        &report(&[row(REFERENCE, "DB", "000.100.110")]),
    );
    assert!(run(&opp, &question, &wire).unwrap().outcome.is_approved());
}

#[test]
fn follow_ups_are_absent_by_their_own_reference() {
    let opp = v1();
    let held = payment(&opp, &[ID, "PA", "EGP9200"]);
    for kind in [OperationKind::Capture, OperationKind::Void, OperationKind::Refund] {
        assert_eq!(opp.capabilities().ability(kind).unwrap().ask, AskAfterwards::Yes);
        let question = unresolved(&opp, kind, Some(held.clone()), json!([]));
        for (seconds, fate) in [(SETTLE, Fate::Unknown), (SETTLE + 1, Fate::NotDone)] {
            let wire = Script::new().json(REPORT, 404, &code("700.400.580"));
            assert!(script::run(wire.wait(Duration::from_secs(seconds))));
            let error = run(&opp, &question, &wire).unwrap_err();
            assert_eq!(
                (error.fate(), error.is_not_found()),
                (fate, fate == Fate::NotDone),
                "{kind}"
            );
        }
    }
}

#[test]
fn v3_never_says_that_nothing_is_there() {
    let opp = v3();
    assert_eq!(opp.capabilities().settle, None);
    assert!(!is_absent(&opp, &json!([]), 100 * SETTLE, Script::new()));
    let trail = json!([{"key": "payment", "value": ID}]);
    for answer in [String::new(), code("700.400.580")] {
        let wire = Script::new().json(&format!("GET /gateway/v3/payments/{ID}"), 404, &answer);
        assert!(!is_absent(&opp, &trail, 100 * SETTLE, wire), "{answer}");
    }
}

/// A checkout's payment that was noted is held against what the checkout was for.
#[test]
fn a_noted_payment_must_be_the_checkouts() {
    let opp = v3();
    let trail =
        json!([{"key": "checkout", "value": "C1"}, {"key": "type", "value": "DB"}, {"key": "payment", "value": ID}]);
    let question = unresolved(&opp, OperationKind::Checkout, None, trail);
    for (amount, kind, fine) in [("92.00", "DB", true), ("1.00", "DB", false), ("92.00", "PA", false)] {
        let wire = Script::new()
            .json("GET /gateway/v3/checkouts/C1/payment", 400, &code("200.300.404"))
            .json(
                &format!("GET /gateway/v3/payments/{ID}"),
                200,
                &body(ID, kind, amount, "000.100.110"),
            );
        let result = run(&opp, &question, &wire);
        assert!(wire.left().is_empty(), "{:?}", wire.left());
        assert_eq!(
            result.is_ok_and(|answer| answer.outcome.is_approved()),
            fine,
            "{amount} {kind}"
        );
    }
}
