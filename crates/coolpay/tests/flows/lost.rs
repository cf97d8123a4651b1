//! Answers that were lost.

use super::*;

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
    outstanding(&execute(&begun().json(CAPTURE, 403, r#"{"message":"Not authorized"}"#), &sale()).unwrap_err());
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
