//! What is believed of a lost operation, and from when on: nothing is taken for not done before its time, and after it every operation ends.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::*;
use paymux_core::script::Script;
use paymux_core::{
    Adapter, AdapterConfig, AskAfterwards, Error, ErrorKind, Fate, Mode, OperationKind as K, OperationKind, Outcome,
    PaymentState,
};

/// Five minutes before the scripts begin, to the second: something may still come.
const OPEN: &str = "2026-01-02T02:59:05Z";
/// A second more: nothing can come any more.
const OVER: &str = "2026-01-02T02:59:04Z";
const NOTED: [(&str, &str); 2] = [("payment", "1145"), ("operation", "1")];
const PAYOUT: &str = "GET /payouts/1145";
const PAYOUTS: &str = "GET /payouts?order_id=order1001a1&page_size=2";

/// An operation, what was noted, where its look goes, and a reply that shows nothing of it.
type Absence = (
    OperationKind,
    &'static [(&'static str, &'static str)],
    &'static str,
    String,
);

/// Everything that can be resolved.
fn nothing() -> Vec<Absence> {
    let empty = "[]".to_owned();
    vec![
        (K::Sale, &NOTED, READ, fresh()),
        (K::Sale, &[], SEARCH, empty.clone()),
        (K::Authorize, &NOTED, READ, fresh()),
        (K::Authorize, &[], SEARCH, empty.clone()),
        (K::Checkout, &NOTED, READ, fresh()),
        (K::Checkout, &[], SEARCH, empty.clone()),
        (K::Payout, &NOTED, PAYOUT, fresh()),
        (K::Payout, &[], PAYOUTS, empty),
        (K::Capture, &NOTED, READ, held()),
        (K::Capture, &[], READ, held()),
        (K::Void, &NOTED, READ, held()),
        (K::Refund, &[("operation", "2")], READ, taken()),
    ]
}

fn looks(count: usize, at: &str, reply: &str) -> Script {
    (0..count).fold(Script::new(), |script, _| script.json(at, 200, reply))
}

#[track_caller]
fn still_open(error: &Error) {
    assert_eq!(
        (error.fate(), error.is_not_found()),
        (Fate::Unknown, false),
        "{error:?}"
    );
    assert_ne!(error.kind(), ErrorKind::Refused, "{error:?}");
}

#[test]
fn every_operation_that_is_offered_can_be_asked_about_and_ends() {
    let adapter = adapter();
    let capabilities = adapter.capabilities();
    assert_eq!(capabilities.settle, Some(Duration::from_secs(300)));
    for ability in &capabilities.abilities {
        let kind = ability.operation;
        assert_eq!(ability.ask, AskAfterwards::Yes, "{kind}");
        // What became of a question does not matter.
        assert!(
            kind == K::Inquire || nothing().iter().any(|(asked, ..)| *asked == kind),
            "{kind}"
        );
    }
}

#[test]
fn nothing_is_believed_absent_before_its_time() {
    for (kind, notes, at, reply) in nothing() {
        let count = if reply == "[]" { 3 } else { 1 };
        let error = execute(&looks(count, at, &reply), &unresolved_since(kind, notes, OPEN)).unwrap_err();
        still_open(&error);
    }
}

#[test]
fn after_its_time_two_looks_that_agree_are_the_end() {
    for (kind, notes, at, reply) in nothing() {
        let resolve = unresolved_since(kind, notes, OVER);
        let error = execute(&looks(2, at, &reply), &resolve).unwrap_err();
        assert_eq!(
            (error.fate(), error.is_not_found()),
            (Fate::NotDone, true),
            "{kind}: {error:?}"
        );
        assert_eq!(error.payment().is_some(), reply != "[]", "{kind}");
        // One look is not enough: where the time does not reach for two, and where the second cannot be read or is another.
        let hasty = looks(1, at, &reply).with_patience(Duration::from_secs(2));
        still_open(&execute(&hasty, &resolve).unwrap_err());
        for status in [403, 404, 429, 500] {
            let error = execute(&looks(1, at, &reply).json(at, status, "{}"), &resolve).unwrap_err();
            assert_eq!(error.fate(), Fate::Unknown, "{kind} {status}");
        }
    }
}

#[test]
fn what_the_second_look_finds_counts() {
    let resolve = |script: Script, kind| execute(&script, &unresolved_since(kind, &NOTED, OVER));
    let late = looks(1, READ, &fresh()).json(READ, 200, &taken());
    assert!(resolve(late, K::Sale).unwrap().outcome.is_approved());
    let late = looks(1, READ, &held()).json(READ, 200, &taken());
    assert!(resolve(late, K::Sale).unwrap().outcome.is_approved());
    let late = looks(1, READ, &held()).json(READ, 200, &taken());
    assert!(resolve(late, K::Capture).unwrap().outcome.is_approved());
    // Two that do not agree settle nothing.
    for (first, second) in [(fresh(), held()), (held(), fresh())] {
        still_open(&resolve(looks(1, READ, &first).json(READ, 200, &second), K::Sale).unwrap_err());
    }
}

#[test]
fn a_sale_whose_capture_never_came_is_outstanding_for_good() {
    let open = execute(&looks(1, READ, &held()), &unresolved_since(K::Sale, &NOTED, OPEN)).unwrap_err();
    still_open(&open);
    let over = execute(&looks(2, READ, &held()), &unresolved_since(K::Sale, &NOTED, OVER)).unwrap_err();
    assert_eq!((over.kind(), over.fate()), (ErrorKind::Refused, Fate::Unknown));
    assert!(over.message().contains("none can any more"), "{over}");
    for error in [open, over] {
        assert!(
            error.message().starts_with("authorized, capture outstanding"),
            "{error}"
        );
        let payment = error.payment().unwrap();
        assert_eq!((payment.state, payment.captured()), (PaymentState::Authorized, 0));
    }
}

#[test]
fn a_capture_whose_code_decides_nothing_is_not_the_end() {
    let undecided = body(&[op(1, "authorize", 1000, "20000"), op(2, "capture", 1000, "50300")], 0);
    let error = execute(&looks(1, READ, &undecided), &unresolved_since(K::Sale, &NOTED, OVER)).unwrap_err();
    still_open(&error);
    assert!(error.message().ends_with("50300, which decides nothing"), "{error}");
    assert_eq!(error.payment().unwrap().state, PaymentState::Authorized);
}

#[test]
fn a_reply_that_hides_something_shows_no_absence() {
    let twice = |at, reply: &str, kind| {
        let script = looks(1, at, reply);
        let error = execute(
            &script,
            &unresolved_since(kind, if at == SEARCH { &[] } else { &NOTED }, OVER),
        );
        still_open(&error.unwrap_err());
    };
    // A payment without operations that is more than begun.
    for (from, to) in [
        (r#""state":"initial""#, r#""state":"new""#),
        (r#""state":"initial""#, r#""state":"processed""#),
        (r#""state":"initial""#, r#""state":"pending""#),
        (r#""state":"initial""#, r#""state":"rejected""#),
        (r#""accepted":false"#, r#""accepted":true"#),
        (r#""balance":0"#, r#""balance":1000"#),
    ] {
        twice(READ, &fresh().replace(from, to), K::Sale);
        twice(READ, &fresh().replace(from, to), K::Authorize);
    }
    // A payment with a capture, void or refund that its operations do not show.
    for reply in [
        held().replace(r#""state":"new""#, r#""state":"processed""#),
        held().replace(r#""state":"new""#, r#""state":"pending""#),
        held().replace(r#""balance":0"#, r#""balance":1000"#),
    ] {
        for kind in [K::Sale, K::Capture, K::Void] {
            let script = looks(1, READ, &reply);
            let error = execute(&script, &unresolved_since(kind, &NOTED, OVER)).unwrap_err();
            assert_eq!(
                (error.fate(), error.is_not_found()),
                (Fate::Unknown, false),
                "{error:?}"
            );
        }
    }
    // An operation that could be the one that is looked for.
    let capture = op(2, "capture", 1000, "20000");
    for (from, to) in [
        (r#""id":2"#, r#""id":null"#),
        (r#""type":"capture""#, r#""kind":"capture""#),
        (r#""amount":1000"#, r#""amount":null"#),
    ] {
        let ops = [op(1, "authorize", 1000, "20000"), capture.replace(from, to)];
        twice(READ, &body(&ops, 0).replace(r#","balance":0"#, ""), K::Capture);
    }
    twice(READ, &held().replace(r#""currency":"DKK","#, ""), K::Capture);
    // Rows of another search, or that do not say whose they are.
    for row in [
        fresh().replace(REFERENCE, "order9999z9"),
        fresh().replace("order_id", "orderId"),
        fresh().replace(r#""order1001a1""#, "null"),
        "{}".to_owned(),
    ] {
        twice(SEARCH, &format!("[{row}]"), K::Sale);
    }
}

#[test]
fn what_other_attempts_did_is_no_obstacle() {
    // A capture of another amount is another's.
    let other = body(
        &[op(1, "authorize", 1000, "20000"), op(2, "capture", 300, "20000")],
        300,
    );
    let error = execute(&looks(2, READ, &other), &unresolved_since(K::Capture, &NOTED, OVER)).unwrap_err();
    assert_eq!((error.fate(), error.is_not_found()), (Fate::NotDone, true));
    // Where it is not known how far the payment was, one that is there may be the lost one or not.
    let error = execute(&looks(1, READ, &taken()), &unresolved_since(K::Capture, &[], OVER)).unwrap_err();
    still_open(&error);
}

#[test]
fn a_page_that_is_open_may_still_be_paid_on() {
    let link = r#""link":{"url":"https://payment.coolpay.com/x","amount":1000}"#;
    let linked = fresh().replace(r#""balance":0"#, &format!(r#"{link},"balance":0"#));
    for since in [OPEN, OVER] {
        let answer = execute(&looks(1, READ, &linked), &unresolved_since(K::Checkout, &NOTED, since)).unwrap();
        assert!(matches!(answer.outcome, Outcome::ActionRequired(_)), "{answer:?}");
    }
    // A page that captures by itself has not taken the money yet.
    let noted = [("capture", "true"), ("payment", "1145")];
    let answer = execute(&looks(1, READ, &held()), &unresolved_since(K::Checkout, &noted, OVER)).unwrap();
    assert!(matches!(answer.outcome, Outcome::Pending), "{answer:?}");
    let answer = execute(&looks(1, READ, &taken()), &unresolved_since(K::Checkout, &noted, OVER)).unwrap();
    assert!(answer.outcome.is_approved());
    let noted = [("capture", "false"), ("payment", "1145")];
    let answer = execute(&looks(1, READ, &held()), &unresolved_since(K::Checkout, &noted, OVER)).unwrap();
    assert!(answer.outcome.is_approved());
}

#[test]
fn the_time_is_configured_within_limits() {
    let built = |seconds: u64| {
        let config = format!(r#"{{"api_key":"k","settle_secs":{seconds}}}"#);
        let config: paymux_coolpay::CoolPayConfig = serde_json::from_str(&config).unwrap();
        config.build(Mode::Test)
    };
    for seconds in [60, 900, 86_400] {
        let settle = built(seconds).unwrap().capabilities().settle;
        assert_eq!(settle, Some(Duration::from_secs(seconds)));
    }
    for seconds in [0, 59, 86_401] {
        let problems = built(seconds).unwrap_err();
        assert_eq!(
            problems[0].to_string(),
            format!("`settle_secs` must be 60 to 86400 seconds, and is {seconds}")
        );
    }
}
