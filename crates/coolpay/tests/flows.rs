//! Declines, pending operations, lost answers, resumption, resolving.

#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod common;

use common::*;
use paymux_core::script::Script;
use paymux_core::{
    Agreement, Capture, Checkout, EntryKind, Error, ErrorKind, Fate, Initiator, Inquiry, NextAction, Operation,
    OperationKind, Outcome, PaymentState, Payout, Refund, Source, Void,
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

#[test]
fn a_sale_creates_authorizes_and_captures() {
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(AUTHORIZE, 200, &held())
        .json(CAPTURE, 202, &taken());
    let answer = execute(&script, &sale()).unwrap();
    assert!(answer.outcome.is_approved());
    let payment = answer.payment;
    assert_eq!(
        (payment.state, payment.captured(), payment.test),
        (PaymentState::Captured, 1000, Some(true))
    );
    assert_eq!(
        (payment.id(), payment.merchant_reference.as_deref()),
        ("1145", Some(REFERENCE))
    );
    let notes: Vec<_> = script.notes().into_iter().map(|m| (m.key, m.value)).collect();
    let note = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let expected = [
        note("payment", "1145"),
        note("operation", "0"),
        note("payment", "1145"),
        note("operation", "1"),
    ];
    assert_eq!(notes, expected);
    let moves: Vec<_> = script.sent().iter().map(|s| s.moves).collect();
    assert_eq!(moves, [false, true, true]);
}

#[test]
fn a_declined_authorization_ends_a_sale() {
    let declined = op(1, "authorize", 1000, "40000").replace(
        r#""aq_status_code":null,"aq_status_msg":null"#,
        r#""aq_status_code":"40413","aq_status_msg":"Insufficient funds""#,
    );
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(AUTHORIZE, 200, &body(&[declined], 0));
    let answer = execute(&script, &sale()).unwrap();
    let Outcome::Declined(decline) = answer.outcome else {
        panic!("{answer:?}")
    };
    assert_eq!(
        (decline.reason.as_str(), decline.code.as_str()),
        ("insufficient_funds", "40000")
    );
    assert_eq!(answer.payment.state, PaymentState::Declined);
}

#[test]
fn a_code_that_decides_nothing_is_unknown() {
    for code in ["50000", "50300", "20001", "banana"] {
        let script =
            Script::new()
                .json(CREATE, 201, &fresh())
                .json(AUTHORIZE, 200, &body(&[op(1, "authorize", 1000, code)], 0));
        let error = execute(&script, &sale()).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::Unknown));
        assert!(error.message().contains(code), "{error}");
        assert!(error.payment().is_some());
    }
}

#[test]
fn a_pending_operation_is_pending_whatever_its_code() {
    let waiting = op(1, "authorize", 1000, "20000").replace("false", "true");
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(AUTHORIZE, 202, &body(&[waiting], 0));
    let answer = execute(&script, &sale()).unwrap();
    assert!(matches!(answer.outcome, Outcome::Pending));
    assert_eq!(answer.payment.state, PaymentState::Pending);
}

#[test]
fn an_empty_202_leads_to_its_location() {
    let location = |at: &str| format!("{at}/payments/1145/operations/1");
    for at in ["https://api.coolpay.com", ""] {
        let script = Script::new()
            .json(CREATE, 201, &fresh())
            .reply(AUTHORIZE, 202, &[("location", &location(at))], "")
            .json(
                "GET /payments/1145/operations/1",
                200,
                &op(1, "authorize", 1000, "20000"),
            );
        assert!(execute(&script, &authorize()).unwrap().outcome.is_approved());
    }
    // Another host, or none: the payment is read.
    for headers in [
        vec![("location", "https://evil.example/payments/1145/operations/1")],
        vec![],
    ] {
        let script = Script::new()
            .json(CREATE, 201, &fresh())
            .reply(AUTHORIZE, 202, &headers, "")
            .json(READ, 200, &held());
        assert!(execute(&script, &authorize()).unwrap().outcome.is_approved());
    }
}

#[test]
fn an_answer_without_its_operation_is_never_an_approval() {
    let foreign = body(&[op(1, "session", 1000, "20000")], 0);
    let no_amount = held().replace(r#""amount":1000"#, r#""amount":null"#);
    let no_currency = held().replace(r#""currency":"DKK""#, r#""currency":null"#);
    for incomplete in [
        "{}",
        &foreign,
        &no_amount,
        &no_currency,
        &held().replace(r#""id":1145"#, r#""id":null"#),
    ] {
        let script = Script::new()
            .json(CREATE, 201, &fresh())
            .json(AUTHORIZE, 200, incomplete)
            .json(READ, 200, &held());
        assert!(
            execute(&script, &authorize()).unwrap().outcome.is_approved(),
            "{incomplete}"
        );
        let mut script = Script::new()
            .json(CREATE, 201, &fresh())
            .json(AUTHORIZE, 200, incomplete);
        let reads = if incomplete == "{}" { 4 } else { 3 };
        for _ in 0..reads {
            script = script.json(READ, 200, &foreign);
        }
        let error = execute(&script, &authorize()).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown, "{incomplete}");
    }
}

#[test]
fn a_confirmed_difference_is_a_mismatch_with_the_payment() {
    for (what, wrong) in [
        ("amount", held().replace(r#""amount":1000"#, r#""amount":999"#)),
        ("currency", held().replace("DKK", "SEK")),
        ("id", held().replace("1145", "1146")),
    ] {
        let script = Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, 200, &wrong);
        let error = execute(&script, &sale()).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Mismatch, Fate::Unknown),
            "{what}"
        );
        assert!(error.payment().is_some());
    }
    // The balance contradicts the operations, for good.
    let wrong = body(&[op(1, "authorize", 1000, "20000"), op(2, "capture", 1000, "20000")], 0);
    let script = Script::new()
        .json(READ, 200, &held())
        .json(CAPTURE, 200, &wrong)
        .json(READ, 200, &wrong)
        .json(READ, 200, &wrong)
        .json(READ, 200, &wrong);
    assert_eq!(
        execute(&script, &capture(1000)).unwrap_err().kind(),
        ErrorKind::Mismatch
    );
}

#[test]
fn a_lost_authorization_is_asked_about_and_never_sent_again() {
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .lost(AUTHORIZE)
        .json(READ, 200, &fresh())
        .json(READ, 500, "")
        .json(READ, 200, &held())
        .json(CAPTURE, 200, &taken());
    assert!(execute(&script, &sale()).unwrap().outcome.is_approved());
    let mut script = Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, 503, "<html>");
    for _ in 0..4 {
        script = script.json(READ, 200, &fresh());
    }
    let error = execute(&script, &sale()).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    assert_eq!(error.payment().unwrap().state, PaymentState::Created);
    let script = Script::new().json(CREATE, 201, &fresh()).not_sent(AUTHORIZE);
    assert_eq!(execute(&script, &sale()).unwrap_err().fate(), Fate::NotDone);
}

#[test]
fn the_deadline_ends_the_asking() {
    let script = Script::new()
        .with_patience(std::time::Duration::from_secs(2))
        .json(CREATE, 201, &fresh())
        .lost(AUTHORIZE)
        .json(READ, 200, &fresh())
        .json(READ, 200, &fresh());
    assert_eq!(execute(&script, &sale()).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn a_sale_whose_capture_fails_is_outstanding() {
    let begun = || Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, 200, &held());
    let lost = |script: Script| (0..4).fold(script, |script, _| script.json(READ, 200, &held()));
    outstanding(&execute(&lost(begun().lost(CAPTURE)), &sale()).unwrap_err());
    outstanding(&execute(&begun().not_sent(CAPTURE), &sale()).unwrap_err());
    outstanding(&execute(&begun().json(CAPTURE, 403, "{}"), &sale()).unwrap_err());
    let state = r#"{"message":"Payment is not in a valid state for capture"}"#;
    let refused = begun().json(CAPTURE, 400, state);
    let looked = (0..2).fold(refused, |script, _| script.json(READ, 200, &held()));
    outstanding(&execute(&looked, &sale()).unwrap_err());
    let ended = |code| {
        let body = body(&[op(1, "authorize", 1000, "20000"), op(2, "capture", 1000, code)], 0);
        execute(&begun().json(CAPTURE, 200, &body), &sale())
    };
    outstanding(&ended("50300").unwrap_err());
    // A capture that was declined is an answer: the sale was refused, and the hold stands.
    let answer = ended("40000").unwrap();
    assert!(matches!(answer.outcome, Outcome::Declined(_)), "{answer:?}");
    assert_eq!(answer.payment.state, PaymentState::Authorized);
}

#[test]
fn a_lost_create_is_looked_up_and_made_again_only_when_absent() {
    let row = format!("[{}]", fresh());
    let script = Script::new()
        .lost(CREATE)
        .json(SEARCH, 200, "[]")
        .json(SEARCH, 200, &row)
        .json(READ, 200, &fresh())
        .json(READ, 200, &fresh())
        .json(READ, 200, &fresh())
        .json(AUTHORIZE, 200, &held());
    assert!(execute(&script, &authorize()).unwrap().outcome.is_approved());
    let absent = |script: Script| (0..3).fold(script, |script, _| script.json(SEARCH, 200, "[]"));
    let script = absent(Script::new().json(CREATE, 500, ""))
        .json(CREATE, 201, &fresh())
        .json(AUTHORIZE, 200, &held());
    assert!(execute(&script, &authorize()).unwrap().outcome.is_approved());
    let error = execute(&absent(absent(Script::new().lost(CREATE)).lost(CREATE)), &authorize()).unwrap_err();
    assert_eq!(error.fate(), Fate::NotDone);
    // An unreadable or incomplete answer is looked past.
    for reply in ["", "{}", "<html>", r#"{"id":1145}"#] {
        let script = Script::new()
            .json(CREATE, 201, reply)
            .json(SEARCH, 200, &row)
            .json(READ, 200, &fresh())
            .json(READ, 200, &fresh())
            .json(READ, 200, &fresh())
            .json(AUTHORIZE, 200, &held());
        assert!(execute(&script, &authorize()).unwrap().outcome.is_approved(), "{reply}");
    }
}

/// A reference that is taken, by a payment that stands like this.
fn taken_by(standing: &str) -> Script {
    Script::new()
        .json(CREATE, 400, duplicate())
        .json(SEARCH, 200, &format!("[{standing}]"))
        .json(READ, 200, standing)
}

#[test]
fn a_payment_without_operations_is_adopted_after_a_second_look() {
    let script = taken_by(&fresh())
        .json(READ, 200, &fresh())
        .json(READ, 200, &fresh())
        .json(AUTHORIZE, 200, &held());
    assert!(execute(&script, &authorize()).unwrap().outcome.is_approved());
    // An operation that shows late is not doubled.
    let script = taken_by(&fresh()).json(READ, 200, &held());
    assert!(execute(&script, &authorize()).unwrap().outcome.is_approved());
    // A 409 says the same as a 400.
    let script = Script::new()
        .json(CREATE, 409, r#"{"message":"Conflict"}"#)
        .json(SEARCH, 200, &format!("[{}]", held()))
        .json(READ, 200, &held());
    assert!(execute(&script, &authorize()).unwrap().outcome.is_approved());
}

#[test]
fn a_taken_reference_resumes_where_the_payment_stands() {
    let answer = execute(&taken_by(&taken()), &sale()).unwrap();
    assert!(answer.outcome.is_approved());
    // Held, and no capture: goes on.
    let script = taken_by(&held()).json(CAPTURE, 200, &taken());
    assert!(execute(&script, &sale()).unwrap().outcome.is_approved());
    // A capture under way is not doubled.
    let under_way = body(&[op(1, "authorize", 1000, "20000"), pending(2, "capture", 1000)], 0);
    assert!(matches!(
        execute(&taken_by(&under_way), &sale()).unwrap().outcome,
        Outcome::Pending
    ));
    let declined = body(&[op(1, "authorize", 1000, "40000")], 0);
    assert!(matches!(
        execute(&taken_by(&declined), &sale()).unwrap().outcome,
        Outcome::Declined(_)
    ));
    let refused = body(&[op(1, "authorize", 1000, "20000"), op(2, "capture", 1000, "40000")], 0);
    let answer = execute(&taken_by(&refused), &sale()).unwrap();
    assert!(matches!(answer.outcome, Outcome::Declined(_)));
    assert_eq!(answer.payment.state, PaymentState::Authorized);
    let voided = body(&[op(1, "authorize", 1000, "20000"), op(2, "cancel", 0, "20000")], 0);
    let answer = execute(&taken_by(&voided), &sale()).unwrap();
    assert!(matches!(answer.outcome, Outcome::Declined(_)));
    assert_eq!(answer.payment.state, PaymentState::Voided);
    let open = body(&[op(1, "authorize", 1000, "50300")], 0);
    assert_eq!(execute(&taken_by(&open), &sale()).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn a_taken_reference_with_another_amount_or_currency_is_a_mismatch() {
    for wrong in [
        body(&[op(1, "authorize", 900, "20000")], 0),
        body(&[pending(1, "authorize", 900)], 0),
        held().replace("DKK", "SEK"),
        body(
            &[op(1, "authorize", 1000, "20000"), op(2, "capture", 400, "20000")],
            400,
        ),
    ] {
        let error = execute(&taken_by(&wrong), &sale()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error:?}");
        assert!(error.payment().is_some());
    }
    let elsewhere = fresh().replace("DKK", "SEK");
    let script = taken_by(&elsewhere)
        .json(READ, 200, &elsewhere)
        .json(READ, 200, &elsewhere);
    let error = execute(&script, &sale()).unwrap_err();
    assert_eq!(
        (error.kind(), error.field(), error.fate()),
        (ErrorKind::InvalidRequest, Some("reference"), Fate::NotDone)
    );
}

#[test]
fn a_taken_reference_that_cannot_be_found_is_unknown() {
    let absent = (0..3).fold(Script::new().json(CREATE, 400, duplicate()), |s, _| {
        s.json(SEARCH, 200, "[]")
    });
    assert_eq!(execute(&absent, &sale()).unwrap_err().fate(), Fate::Unknown);
    // The search must match exactly.
    let other = format!("[{}]", held().replace(REFERENCE, "ORDER1001A1"));
    let other = (0..3).fold(Script::new().json(CREATE, 400, duplicate()), |s, _| {
        s.json(SEARCH, 200, &other)
    });
    assert_eq!(execute(&other, &sale()).unwrap_err().fate(), Fate::Unknown);
    let two = format!("[{0},{0}]", held());
    let two = Script::new().json(CREATE, 400, duplicate()).json(SEARCH, 200, &two);
    assert_eq!(execute(&two, &sale()).unwrap_err().fate(), Fate::Unknown);
    let failing = Script::new().json(CREATE, 400, duplicate()).json(SEARCH, 500, "");
    assert_eq!(execute(&failing, &sale()).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn a_payment_with_an_open_page_is_not_charged_behind_its_back() {
    let linked = fresh().replace(
        r#""balance":0"#,
        r#""balance":0,"link":{"url":"https://payment.coolpay.com/x","amount":1000}"#,
    );
    let script = taken_by(&linked).json(READ, 200, &linked).json(READ, 200, &linked);
    let error = execute(&script, &sale()).unwrap_err();
    assert_eq!((error.field(), error.fate()), (Some("reference"), Fate::NotDone));
}

#[test]
fn authentication_is_done_on_a_page_of_the_same_payment() {
    for code in ["30100", "30101"] {
        let asked = body(&[op(1, "authorize", 1000, code)], 0);
        let script = Script::new()
            .json(CREATE, 201, &fresh())
            .json(AUTHORIZE, 200, &asked)
            .json(LINK, 200, r#"{"url":"https://payment.coolpay.com/x"}"#);
        let answer = execute(&script, &sale()).unwrap();
        let Outcome::ActionRequired(action) = &answer.outcome else {
            panic!("{answer:?}")
        };
        assert!(matches!(action, NextAction::Redirect(_)));
        assert_eq!(action.expose_url(), "https://payment.coolpay.com/x");
        assert_eq!(answer.payment.state, PaymentState::RequiresAction);
        let link = script.sent().pop().unwrap();
        assert_eq!(link.body(), r#"{"amount":1000,"auto_capture":true}"#);
        // Without the page, it was declined for want of authentication.
        let script = Script::new()
            .json(CREATE, 201, &fresh())
            .json(AUTHORIZE, 200, &asked)
            .lost(LINK)
            .json(
                LINK,
                403,
                r#"{"message":"Not authorized: Not authorized to PUT /payments/:id/link"}"#,
            );
        let answer = execute(&script, &authorize()).unwrap();
        let Outcome::Declined(decline) = answer.outcome else {
            panic!()
        };
        assert_eq!(decline.reason.as_str(), "authentication_required");
    }
}

#[test]
fn a_page_that_captures_by_itself_is_waited_for() {
    let paid = held().replace(
        r#""balance":0"#,
        r#""balance":0,"link":{"url":"https://p.example/x","auto_capture":true}"#,
    );
    assert!(matches!(
        execute(&taken_by(&paid), &sale()).unwrap().outcome,
        Outcome::Pending
    ));
}

#[test]
fn a_checkout_is_a_link_and_is_made_once() {
    let mut checkout = Checkout::new(REFERENCE.parse().unwrap(), "10.00 DKK".parse().unwrap());
    checkout.charge.urls.back = Some("https://shop.example/back".to_owned());
    checkout.capture = false;
    let checkout = Operation::Checkout(Box::new(checkout));
    let script =
        Script::new()
            .json(CREATE, 201, &fresh())
            .json(LINK, 200, r#"{"url":"https://payment.coolpay.com/x"}"#);
    let answer = execute(&script, &checkout).unwrap();
    assert!(matches!(answer.outcome, Outcome::ActionRequired(_)));
    assert_eq!(
        answer.payment.test, None,
        "before the first operation the flag says nothing"
    );
    assert!(!script.sent().iter().any(|s| s.moves));
    assert!(execute(&taken_by(&held()), &checkout).unwrap().outcome.is_approved());
}

#[test]
fn follow_ups_read_first_and_the_newest_of_their_type_decides() {
    let part = body(
        &[op(1, "authorize", 1000, "20000"), op(2, "capture", 400, "20000")],
        400,
    );
    let script = Script::new().json(READ, 200, &held()).json(CAPTURE, 200, &part);
    let answer = execute(&script, &capture(400)).unwrap();
    assert!(answer.outcome.is_approved());
    assert_eq!(
        (answer.payment.state, answer.payment.captured()),
        (PaymentState::PartiallyCaptured, 400)
    );
    // A second one of the same amount: the first does not count for it.
    let script = Script::new()
        .json(READ, 200, &part)
        .json(CAPTURE, 200, &part)
        .json(READ, 200, &part);
    let script = script.json(READ, 200, &part).json(READ, 200, &part);
    assert_eq!(execute(&script, &capture(400)).unwrap_err().fate(), Fate::Unknown);
    let twice = body(
        &[
            op(1, "authorize", 1000, "20000"),
            op(2, "capture", 400, "20000"),
            op(3, "capture", 400, "20000"),
        ],
        800,
    );
    let script = Script::new().json(READ, 200, &part).json(CAPTURE, 200, &twice);
    assert_eq!(execute(&script, &capture(400)).unwrap().payment.captured(), 800);
    let back = body(
        &[
            op(1, "authorize", 1000, "20000"),
            op(2, "capture", 1000, "20000"),
            op(3, "refund", 150, "20000"),
        ],
        850,
    );
    let script = Script::new().json(READ, 200, &taken()).json(REFUND, 200, &back);
    let answer = execute(&script, &refund(150)).unwrap();
    assert_eq!(
        (answer.payment.state, answer.payment.refunded()),
        (PaymentState::PartiallyRefunded, 150)
    );
    let voided = body(&[op(1, "authorize", 1000, "20000"), op(2, "cancel", 0, "20000")], 0);
    let voided = voided.replace(r#""amount":0"#, r#""amount":null"#);
    let script = Script::new().json(READ, 200, &held()).json(CANCEL, 200, &voided);
    let answer = execute(&script, &void()).unwrap();
    assert_eq!(
        (answer.payment.state, answer.payment.entries[1].kind),
        (PaymentState::Voided, EntryKind::Void)
    );
}

#[test]
fn a_declined_refund_is_a_captured_payment_with_a_declined_last_entry() {
    let ops = [
        op(1, "authorize", 1000, "20000"),
        op(2, "capture", 1000, "20000"),
        op(3, "refund", 150, "40000"),
    ];
    let script = Script::new()
        .json(READ, 200, &taken())
        .json(REFUND, 200, &body(&ops, 1000));
    let answer = execute(&script, &refund(150)).unwrap();
    assert!(matches!(answer.outcome, Outcome::Declined(_)));
    assert_eq!(answer.payment.state, PaymentState::Captured);
}

#[test]
fn nothing_is_sent_while_an_operation_is_under_way() {
    let busy = body(&[op(1, "authorize", 1000, "20000"), pending(2, "capture", 400)], 0);
    for operation in [capture(400), refund(400), void()] {
        let error = execute(&Script::new().json(READ, 200, &busy), &operation).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::NotDone));
        assert!(error.message().contains("operation 2 (capture)"), "{error}");
        assert!(error.payment().is_some());
    }
    let other = held().replace("DKK", "SEK");
    let error = execute(&Script::new().json(READ, 200, &other), &capture(400)).unwrap_err();
    assert_eq!((error.field(), error.fate()), (Some("amount"), Fate::NotDone));
}

#[test]
fn what_a_follow_up_names_and_the_wire_does_not_carry_must_be_so() {
    let of = |amount: &str| {
        let mut void = Void::new(payment_ref(), "void1".parse().unwrap());
        void.amount = Some(amount.parse().unwrap());
        Operation::Void(void)
    };
    for (amount, standing, says) in [
        ("1.00 DKK", held(), "must be the whole hold, which is 10.00 DKK"),
        ("10.00 SEK", held(), "must be the whole hold, which is 10.00 DKK"),
        ("10.00 DKK", fresh(), "must be the whole hold, which is 0.00 DKK"),
        (
            "10.00 DKK",
            body(&[op(1, "authorize", 1000, "40000")], 0),
            "must be the whole hold, which is 0.00 DKK",
        ),
    ] {
        let error = execute(&Script::new().json(READ, 200, &standing), &of(amount)).unwrap_err();
        assert_eq!((error.field(), error.fate()), (Some("amount"), Fate::NotDone));
        assert!(error.message().contains(says) && error.payment().is_some(), "{error}");
    }
    // What cannot be compared is not sent either.
    for unclear in [
        held().replace(r#""amount":1000"#, r#""amount":null"#),
        held().replace(r#""currency":"DKK""#, r#""currency":null"#),
    ] {
        let error = execute(&Script::new().json(READ, 200, &unclear), &of("10.00 DKK")).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::NotDone));
    }
    let voided = body(&[op(1, "authorize", 1000, "20000"), op(2, "cancel", 0, "20000")], 0);
    let script = Script::new().json(READ, 200, &held()).json(CANCEL, 200, &voided);
    assert!(execute(&script, &of("10.00 DKK")).unwrap().outcome.is_approved());

    let of = |capture: &str| {
        let mut refund = Refund::new(payment_ref(), "refund1".parse().unwrap(), "1.50 DKK".parse().unwrap());
        refund.capture = Some(capture.to_owned());
        Operation::Refund(refund)
    };
    let parts = [
        op(1, "authorize", 1000, "20000"),
        op(2, "capture", 400, "20000"),
        op(3, "capture", 600, "40000"),
    ];
    let part = body(&parts, 400);
    // Nonsense, the payment itself, its authorization, a capture that was declined.
    for capture in ["nonsense", "", "1145", "1", "3", "02"] {
        let error = execute(&Script::new().json(READ, 200, &part), &of(capture)).unwrap_err();
        assert_eq!(
            (error.field(), error.fate()),
            (Some("capture"), Fate::NotDone),
            "{capture}"
        );
        assert!(error.payment().is_some());
    }
    let [first, second, third] = parts;
    let back = body(&[first, second, third, op(4, "refund", 150, "20000")], 250);
    let script = Script::new().json(READ, 200, &part).json(REFUND, 200, &back);
    assert!(execute(&script, &of("2")).unwrap().outcome.is_approved());
}

#[test]
fn a_lost_capture_is_found_or_stays_unknown() {
    let part = body(
        &[op(1, "authorize", 1000, "20000"), op(2, "capture", 400, "20000")],
        400,
    );
    let lost = || Script::new().json(READ, 200, &held()).lost(CAPTURE);
    let script = lost().json(READ, 200, &held()).json(READ, 200, &part);
    assert!(execute(&script, &capture(400)).unwrap().outcome.is_approved());
    // Another's capture of another amount, or two of the same: nobody knows.
    let two = body(
        &[
            op(1, "authorize", 1000, "20000"),
            op(2, "capture", 300, "20000"),
            op(3, "capture", 300, "20000"),
        ],
        600,
    );
    for (seen, minor) in [(part, 300), (two, 300)] {
        let script = (0..4).fold(lost(), |s, _| s.json(READ, 200, &seen));
        let error = execute(&script, &capture(minor)).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Network, Fate::Unknown));
        assert!(error.payment().is_some());
    }
}

#[test]
fn a_refusal_that_fits_an_earlier_success_is_asked_about() {
    let too_large = r#"{"message":"Validation error","errors":{"amount":["is too large"]},"error_code":null}"#;
    let state = r#"{"message":"Payment is not in a valid state for capture","errors":null,"error_code":null}"#;
    for reason in [too_large, state, ""] {
        let refused = || Script::new().json(READ, 200, &held()).json(CAPTURE, 400, reason);
        let looked = refused().json(READ, 200, &held());
        let error = execute(&looked.json(READ, 200, &held()), &capture(1000)).unwrap_err();
        assert_eq!(error.fate(), Fate::Rejected);
        assert_eq!(error.payment().unwrap().state, PaymentState::Authorized);
        // The first look lags behind.
        let lagging = refused().json(READ, 200, &held());
        let error = execute(&lagging.json(READ, 200, &taken()), &capture(1000)).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown);
        // Something new is there: it may be this one.
        let error = execute(&refused().json(READ, 200, &taken()), &capture(1000)).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown);
        // Nothing can be read: nobody knows.
        let error = execute(&refused().lost(READ), &capture(1000)).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown);
    }
    // A plain mistake is not asked about.
    let missing = r#"{"message":"Validation error","errors":{"amount":["is required"]},"error_code":null}"#;
    let script = Script::new().json(READ, 200, &held()).json(CAPTURE, 400, missing);
    let error = execute(&script, &capture(1000)).unwrap_err();
    assert_eq!((error.fate(), error.field()), (Fate::Rejected, Some("amount")));
    // Whatever is found on a payment of one's own attempt is that attempt's.
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(
            AUTHORIZE,
            400,
            r#"{"message":"Payment is not in a valid state for authorize"}"#,
        )
        .json(READ, 200, &held());
    assert!(execute(&script, &authorize()).unwrap().outcome.is_approved());
}

#[test]
fn inquiries_report_what_stands() {
    let by_id = |standing: &str| {
        let inquiry = Operation::Inquire(Inquiry::Payment(payment_ref()));
        execute(&Script::new().json(READ, 200, standing), &inquiry)
    };
    let answer = by_id(&taken()).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("approved", PaymentState::Captured)
    );
    assert_eq!(answer.payment.amount.unwrap().to_string(), "10.00 DKK");
    assert_eq!(answer.payment.method.unwrap().last4.as_deref(), Some("0008"));
    let answer = by_id(&fresh()).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("pending", PaymentState::Created)
    );
    let linked = fresh().replace(
        r#""balance":0"#,
        r#""link":{"url":"https://p.example/x","amount":1000}"#,
    );
    let answer = by_id(&linked).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("action_required", PaymentState::RequiresAction)
    );
    let declined = body(&[op(1, "authorize", 1000, "40000")], 0);
    assert_eq!(by_id(&declined).unwrap().outcome.as_str(), "declined");
    let expired = body(&[op(1, "deadline", 0, "20000")], 0);
    let answer = by_id(&expired).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("declined", PaymentState::Expired)
    );
    assert_eq!(
        by_id(&body(&[pending(1, "authorize", 1000)], 0))
            .unwrap()
            .outcome
            .as_str(),
        "pending"
    );
    let open = by_id(&body(&[op(1, "authorize", 1000, "50300")], 0)).unwrap_err();
    assert!(open.payment().is_some() && open.fate() == Fate::Unknown);
    let unbalanced = taken().replace(r#""balance":1000"#, r#""balance":1"#);
    assert_eq!(by_id(&unbalanced).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn inquiries_by_reference_look_among_payouts_too() {
    let inquiry = Operation::Inquire(Inquiry::Reference(REFERENCE.parse().unwrap()));
    let script = Script::new()
        .json(SEARCH, 200, &format!("[{}]", taken()))
        .json(READ, 200, &taken());
    assert_eq!(execute(&script, &inquiry).unwrap().payment.id(), "1145");
    let absent = || (0..3).fold(Script::new(), |s, _| s.json(SEARCH, 200, "[]"));
    for (status, reply) in [(200, "[]"), (403, "{}"), (404, "404 Not Found")] {
        let error = execute(&absent().json("GET /payouts", status, reply), &inquiry).unwrap_err();
        assert!(error.is_not_found(), "{error:?}");
    }
    let error = execute(&absent().lost("GET /payouts"), &inquiry).unwrap_err();
    assert!(!error.is_not_found());
    let paid = body(&[op(1, "credit", 1000, "20000")], 0);
    let script = absent()
        .json("GET /payouts", 200, &format!("[{paid}]"))
        .json("GET /payouts/1145", 200, &paid);
    let answer = execute(&script, &inquiry).unwrap();
    assert_eq!(answer.payment.state, PaymentState::PaidOut);
    assert_eq!(answer.payment.reference.ids(), ["1145", "payout"]);
}

#[test]
fn payouts_credit_a_card_once() {
    let to = Source::Card(card());
    let payout = Payout::new(REFERENCE.parse().unwrap(), "10.00 DKK".parse().unwrap(), to);
    let payout = Operation::Payout(Box::new(payout));
    let paid = body(&[op(1, "credit", 1000, "20000")], 0);
    let script =
        Script::new()
            .json("POST /payouts", 201, &fresh())
            .json("POST /payouts/1145/credit?synchronized", 200, &paid);
    let answer = execute(&script, &payout).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("approved", PaymentState::PaidOut)
    );
    let reference = answer.payment.reference;
    let script = Script::new()
        .json("POST /payouts", 201, &fresh())
        .lost("POST /payouts/1145/credit?synchronized")
        .json("GET /payouts/1145", 200, &paid);
    assert!(execute(&script, &payout).unwrap().outcome.is_approved());
    let script = Script::new()
        .json("POST /payouts", 400, duplicate())
        .json("GET /payouts", 200, &format!("[{paid}]"))
        .json("GET /payouts/1145", 200, &paid);
    assert!(execute(&script, &payout).unwrap().outcome.is_approved());
    let void = Operation::Void(Void::new(reference, "void1".parse().unwrap()));
    assert_eq!(execute(&Script::new(), &void).unwrap_err().field(), Some("payment"));
}

fn under_subscription() -> Operation {
    let mut charge = charge();
    charge.source = Source::Stored("subscription:77".to_owned());
    charge.order = Some("A-1".to_owned());
    charge.initiator = Initiator::Merchant {
        kind: Agreement::Recurring,
        agreement: None,
        network_transaction_id: None,
    };
    Operation::Sale(Box::new(charge))
}

#[test]
fn a_subscription_is_charged_in_a_payment_of_its_own() {
    const RECURRING: &str = "POST /subscriptions/77/recurring?synchronized";
    let begun = body(&[op(1, "recurring", 1000, "20000")], 0);
    let done = body(
        &[op(1, "recurring", 1000, "20000"), op(2, "capture", 1000, "20000")],
        1000,
    );
    let script = Script::new().json(RECURRING, 202, &begun).json(CAPTURE, 200, &done);
    let answer = execute(&script, &under_subscription()).unwrap();
    assert_eq!(answer.payment.state, PaymentState::Captured);
    assert_eq!(answer.payment.dropped, [paymux_core::Field::Order]);
    let sent = script.sent();
    assert_eq!(
        sent[0].body(),
        r#"{"amount":1000,"order_id":"order1001a1","auto_capture":false}"#
    );
    let row = format!("[{begun}]");
    for script in [
        Script::new()
            .lost(RECURRING)
            .json(SEARCH, 200, &row)
            .json(READ, 200, &begun),
        Script::new()
            .json(RECURRING, 400, duplicate())
            .json(SEARCH, 200, &row)
            .json(READ, 200, &begun),
        Script::new()
            .json(RECURRING, 202, "")
            .json(SEARCH, 200, &row)
            .json(READ, 200, &begun),
        Script::new()
            .reply(RECURRING, 202, &[("location", "/payments/1145/operations/1")], "")
            .json(READ, 200, &begun),
    ] {
        let script = script.json(CAPTURE, 200, &done);
        assert!(execute(&script, &under_subscription()).unwrap().outcome.is_approved());
    }
    let script = (0..4).fold(Script::new().lost(RECURRING), |s, _| s.json(SEARCH, 200, "[]"));
    assert_eq!(
        execute(&script, &under_subscription()).unwrap_err().fate(),
        Fate::Unknown
    );
    // The reference names a payment of another kind, without operations: refused; of this subscription: unknown.
    for (standing, fate) in [
        (fresh(), Fate::Rejected),
        (
            fresh().replace(r#""balance":0"#, r#""subscription_id":77"#),
            Fate::Unknown,
        ),
    ] {
        let script = Script::new()
            .json(RECURRING, 400, duplicate())
            .json(SEARCH, 200, &format!("[{standing}]"))
            .json(READ, 200, &standing);
        assert_eq!(execute(&script, &under_subscription()).unwrap_err().fate(), fate);
    }
}

#[test]
fn sources_that_do_not_fit_are_refused_before_anything_is_sent() {
    let with = |change: fn(&mut paymux_core::Charge)| {
        let mut charge = charge();
        change(&mut charge);
        execute(&Script::new(), &Operation::Sale(Box::new(charge))).unwrap_err()
    };
    assert_eq!(
        with(|c| c.source = Source::Stored("4711".to_owned())).field(),
        Some("source")
    );
    assert_eq!(
        with(|c| c.source = Source::Stored("card:../1".to_owned())).field(),
        Some("source")
    );
    assert_eq!(
        with(|c| c.source = Source::Stored("subscription:1".to_owned())).field(),
        Some("initiator")
    );
    let error = with(|c| {
        c.initiator = Initiator::Merchant {
            kind: Agreement::Unscheduled,
            agreement: None,
            network_transaction_id: None,
        }
    });
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn resolving_only_asks() {
    use OperationKind as K;
    let resolve = |script: Script, kind, notes: &[(&str, &str)]| {
        let result = execute(&script, &unresolved(kind, notes));
        assert!(script.sent().iter().all(|s| s.request.method() == "GET" && !s.moves));
        result
    };
    let read = |standing: &str| Script::new().json(READ, 200, standing);
    let noted = [("payment", "1145"), ("operation", "1")];
    assert!(resolve(read(&taken()), K::Sale, &noted).unwrap().outcome.is_approved());
    outstanding(&resolve(read(&held()), K::Sale, &noted).unwrap_err());
    assert!(
        resolve(read(&held()), K::Authorize, &noted)
            .unwrap()
            .outcome
            .is_approved()
    );
    let declined = body(&[op(1, "authorize", 1000, "40000")], 0);
    assert_eq!(
        resolve(read(&declined), K::Sale, &noted).unwrap().outcome.as_str(),
        "declined"
    );
    let error = resolve(read(&fresh()), K::Sale, &noted).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    // By reference, where no payment was noted.
    let found = Script::new()
        .json(SEARCH, 200, &format!("[{}]", taken()))
        .json(READ, 200, &taken());
    assert!(resolve(found, K::Sale, &[]).unwrap().outcome.is_approved());
    let absent = (0..3).fold(Script::new(), |s, _| s.json(SEARCH, 200, "[]"));
    assert_eq!(resolve(absent, K::Sale, &[]).unwrap_err().fate(), Fate::Unknown);
    // Capture, refund and void go by what was noted before they were sent.
    assert!(
        resolve(read(&taken()), K::Capture, &noted)
            .unwrap()
            .outcome
            .is_approved()
    );
    let late = [("payment", "1145"), ("operation", "2")];
    for (standing, notes) in [(taken(), &late[..]), (taken(), &[]), (held(), &noted[..])] {
        assert_eq!(
            resolve(read(&standing), K::Capture, notes).unwrap_err().fate(),
            Fate::Unknown
        );
    }
    let voided = body(&[op(1, "authorize", 1000, "20000"), op(2, "cancel", 0, "20000")], 0);
    assert!(resolve(read(&voided), K::Void, &noted).unwrap().outcome.is_approved());
    assert_eq!(
        resolve(Script::new().lost(READ), K::Refund, &noted).unwrap_err().fate(),
        Fate::Unknown
    );
    let paid = body(&[op(1, "credit", 1000, "20000")], 0);
    let payout = Script::new().json("GET /payouts/1145", 200, &paid);
    assert!(resolve(payout, K::Payout, &noted).unwrap().outcome.is_approved());
}

#[test]
fn a_reference_of_another_merchant_is_told() {
    let adapter = adapter_of(r#"{"api_key":"k","merchant_id":"7"}"#);
    let script = Script::new().json(
        CREATE,
        201,
        &fresh().replace(r#""id":1145"#, r#""id":1145,"merchant_id":8"#),
    );
    let error = paymux_core::script::run(paymux_core::Adapter::execute(&adapter, &sale(), &script)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("merchant 8"), "{error}");
}
