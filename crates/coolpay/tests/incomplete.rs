//! Replies that lack something, or bring it in another form: asked for, or not believed, and never more than that.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use paymux_core::script::Script;
use paymux_core::{Capture, ErrorKind, Fate, Inquiry, Operation, OperationKind, PaymentState};

fn inquire(standing: &str) -> Result<paymux_core::Answer, paymux_core::Error> {
    let inquiry = Operation::Inquire(Inquiry::Payment(payment_ref()));
    execute(&Script::new().json(READ, 200, standing), &inquiry)
}

fn taken_by(standing: &str) -> Script {
    Script::new()
        .json(CREATE, 400, duplicate())
        .json(SEARCH, 200, &format!("[{standing}]"))
        .json(READ, 200, standing)
}

#[test]
fn an_approval_without_amount_or_currency_is_no_approval() {
    let no_amount = held().replace(r#""amount":1000"#, r#""amount":null"#);
    let no_currency = held().replace(r#""currency":"DKK""#, r#""currency":null"#);
    let no_capture = taken().replace(r#""type":"capture","amount":1000"#, r#""type":"capture","amount":null"#);
    let no_capture = no_capture.replace(r#""balance":1000"#, r#""balance":null"#);
    for standing in [&no_amount, &no_currency, &no_capture] {
        let operation = if standing == &no_capture { sale() } else { authorize() };
        let error = execute(&taken_by(standing), &operation).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{error:?}"
        );
        assert!(error.payment().is_some());
        let kind = operation.kind();
        let resolve = unresolved(kind, &[("payment", "1145")]);
        let error = execute(&Script::new().json(READ, 200, standing), &resolve).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown);
        let error = inquire(standing).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Provider);
        assert!(error.message().contains("without a readable"), "{error}");
    }
    let resolve = unresolved(OperationKind::Sale, &[("payment", "1145")]);
    assert!(execute(&Script::new().json(READ, 200, &taken()), &resolve).is_ok());
}

#[test]
fn nothing_is_sent_on_a_payment_whose_operations_cannot_be_told_apart() {
    // The capture that is there has no id in the first read, and has one in the next: it is not the new one.
    let part = body(
        &[op(1, "authorize", 1000, "20000"), op(2, "capture", 400, "20000")],
        400,
    );
    let nameless = part.replace(r#""id":2"#, r#""no":2"#);
    let amount = "4.00 DKK".parse().unwrap();
    let capture = Operation::Capture(Capture::new(payment_ref(), "capture1".parse().unwrap(), amount));
    let error = execute(&Script::new().json(READ, 200, &nameless), &capture).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::NotDone));
    assert!(error.message().contains("nothing was sent"), "{error}");
}

#[test]
fn one_odd_operation_does_not_hide_the_others() {
    for odd in ["null", "7", r#""x""#, "[]", "{}"] {
        let odd = odd.to_owned();
        let seen = body(&[odd, op(1, "authorize", 1000, "20000")], 0);
        let script = Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, 200, &seen);
        assert!(execute(&script, &authorize()).unwrap().outcome.is_approved(), "{seen}");
    }
}

#[test]
fn the_newest_is_the_one_with_the_highest_id() {
    let ops = [op(2, "authorize", 1000, "40000"), op(1, "authorize", 1000, "30100")];
    let answer = inquire(&body(&ops, 0)).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("declined", PaymentState::Declined)
    );
    let ops = [op(2, "authorize", 1000, "30100"), op(1, "authorize", 1000, "40000")];
    let answer = inquire(&body(&ops, 0)).unwrap();
    assert_eq!(answer.payment.state, PaymentState::RequiresAction);
}

#[test]
fn a_payment_that_hides_its_operations_is_not_adopted() {
    let hiding = fresh().replace(r#""state":"initial""#, r#""state":"new""#);
    let script = taken_by(&hiding).json(READ, 200, &hiding).json(READ, 200, &hiding);
    let error = execute(&script, &sale()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::Unknown));
    assert!(script.sent().iter().all(|sent| !sent.moves));
}
