//! A reference that is taken already.

use super::*;

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
fn a_full_page_of_other_references_shows_no_absence() {
    let row = |reference: &str| held().replace(REFERENCE, reference);
    let full = format!("[{},{}]", row("ORDER1001A1"), row("Order1001a1"));
    // The one that is looked for may be on the next page: nothing is made or sent.
    let lost = Script::new().lost(CREATE).json(SEARCH, 200, &full);
    assert_eq!(execute(&lost, &sale()).unwrap_err().fate(), Fate::Unknown);
    let asked = unresolved_since(OperationKind::Sale, &[], "2026-01-02T02:59:04Z");
    let error = execute(&Script::new().json(SEARCH, 200, &full), &asked).unwrap_err();
    assert_eq!((error.fate(), error.is_not_found()), (Fate::Unknown, false));
    let inquiry = Operation::Inquire(Inquiry::Reference(REFERENCE.parse().unwrap()));
    let error = execute(&Script::new().json(SEARCH, 200, &full), &inquiry).unwrap_err();
    assert!(!error.is_not_found(), "{error}");
    // Where it is on the page, it is found.
    let both = format!("[{},{}]", row("ORDER1001A1"), held());
    let found = Script::new().json(SEARCH, 200, &both).json(READ, 200, &held());
    assert!(execute(&found, &inquiry).unwrap().outcome.is_approved());
}
