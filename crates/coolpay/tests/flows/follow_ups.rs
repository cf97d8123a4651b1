//! Captures, refunds and voids.

use super::*;

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

fn refunded(ops: &[String], balance: i64) -> String {
    let mut all = vec![op(1, "authorize", 1000, "20000"), op(2, "capture", 1000, "20000")];
    all.extend_from_slice(ops);
    body(&all, balance)
}

#[test]
fn one_that_is_known_to_be_done_is_not_done_again() {
    let twice = [refund(150), refund(150)];
    let begun = |reply: &str| Script::new().json(READ, 200, &taken()).json(REFUND, 200, reply);
    let back = refunded(&[op(3, "refund", 150, "20000")], 850);
    let script = begun(&back).json(READ, 200, &back);
    for result in in_turn(&script, &twice) {
        let answer = result.unwrap();
        assert!(answer.outcome.is_approved());
        assert_eq!(answer.payment.refunded(), 150);
    }
    assert_eq!(script.sent().iter().filter(|sent| sent.moves).count(), 1);
    // It is told as it stands now.
    let waits = refunded(&[pending(3, "refund", 150)], 1000);
    let script = begun(&waits).json(READ, 200, &waits);
    let ended = in_turn(&script, &twice).pop().unwrap().unwrap();
    assert_eq!(ended.outcome.as_str(), "pending");
    let declined = refunded(&[op(3, "refund", 150, "40000")], 1000);
    let script = begun(&waits).json(READ, 200, &declined);
    let ended = in_turn(&script, &twice).pop().unwrap().unwrap();
    assert_eq!(ended.outcome.as_str(), "declined");
    // A look that lags does not show it.
    let script = begun(&back).json(READ, 200, &taken());
    let error = in_turn(&script, &twice).pop().unwrap().unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    assert!(error.payment().is_some());
    // Another amount is another refund, which needs a reference of its own.
    let script = begun(&back).json(READ, 200, &back);
    let error = in_turn(&script, &[refund(150), refund(200)])
        .pop()
        .unwrap()
        .unwrap_err();
    assert_eq!((error.field(), error.fate()), (Some("reference"), Fate::NotDone));
    // So does a second one of the same.
    let other = Refund::new(payment_ref(), "refund2".parse().unwrap(), "1.50 DKK".parse().unwrap());
    let more = refunded(&[op(3, "refund", 150, "20000"), op(4, "refund", 150, "20000")], 700);
    let script = begun(&back).json(READ, 200, &back).json(REFUND, 200, &more);
    let second = in_turn(&script, &[refund(150), Operation::Refund(other)])
        .pop()
        .unwrap();
    assert_eq!(second.unwrap().payment.refunded(), 300);
    // A capture of the whole, which the provider would refuse the second time.
    let script = Script::new()
        .json(READ, 200, &held())
        .json(CAPTURE, 200, &taken())
        .json(READ, 200, &taken());
    for result in in_turn(&script, &[capture(1000), capture(1000)]) {
        assert!(result.unwrap().outcome.is_approved());
    }
    let voided = body(&[op(1, "authorize", 1000, "20000"), op(2, "cancel", 0, "20000")], 0);
    let script = Script::new()
        .json(READ, 200, &held())
        .json(CANCEL, 200, &voided)
        .json(READ, 200, &voided);
    for result in in_turn(&script, &[void(), void()]) {
        assert!(result.unwrap().outcome.is_approved());
    }
}

#[test]
fn a_sale_whose_capture_was_declined_is_captured_again_under_any_reference() {
    let declined = body(&[op(1, "authorize", 1000, "20000"), op(2, "capture", 1000, "40000")], 0);
    let ops = [
        op(1, "authorize", 1000, "20000"),
        op(2, "capture", 1000, "40000"),
        op(3, "capture", 1000, "20000"),
    ];
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(AUTHORIZE, 200, &held())
        .json(CAPTURE, 200, &declined)
        .json(READ, 200, &declined)
        .json(CAPTURE, 200, &body(&ops, 1000));
    let again = Capture::new(payment_ref(), REFERENCE.parse().unwrap(), "10.00 DKK".parse().unwrap());
    let results = in_turn(&script, &[sale(), Operation::Capture(again)]);
    let outcomes: Vec<_> = results.into_iter().map(|result| result.unwrap().outcome).collect();
    assert!(matches!(outcomes[..], [Outcome::Declined(_), Outcome::Approved]));
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
    for reason in [too_large, state] {
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
