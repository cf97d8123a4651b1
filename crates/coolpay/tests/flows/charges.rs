//! Sales and authorizations, and what their answers come to.

use super::*;

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
    let notes: Vec<_> = script
        .notes()
        .into_iter()
        .map(|m| (m.key.into_owned(), m.value))
        .collect();
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
fn what_the_api_has_no_place_for_in_an_authentication_is_listed_as_dropped() {
    let with = |version: Option<&str>, directory: Option<&str>| {
        let mut charge = charge();
        let mut result = Authentication::new("05", "Y2F2dg==");
        result.version = version.map(str::to_owned);
        result.ds_transaction_id = directory.map(str::to_owned);
        charge.three_ds = ThreeDs::External(Box::new(result));
        let script = Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, 200, &held());
        let answer = execute(&script, &Operation::Authorize(Box::new(charge))).unwrap();
        answer.payment.dropped
    };
    assert_eq!(with(None, None), []);
    assert_eq!(with(Some("2.2.0"), None), [Field::ThreeDsExternal]);
    assert_eq!(with(None, Some("ds-1")), [Field::ThreeDsExternal]);
}
