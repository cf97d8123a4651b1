//! What was sent twice under one reference, because a look did not show the first in time.

use super::*;

/// A sale that is held already sends a capture, and is answered with this.
fn second_capture(answer: &str) -> Script {
    taken_by(&held()).json(CAPTURE, 200, answer)
}

fn captures(ops: &[String], balance: i64) -> String {
    let mut all = vec![op(1, "authorize", 1000, "20000")];
    all.extend_from_slice(ops);
    body(&all, balance)
}

fn payout() -> Operation {
    let to = Source::Card(card());
    let payout = Payout::new(REFERENCE.parse().unwrap(), "10.00 DKK".parse().unwrap(), to);
    Operation::Payout(Box::new(payout))
}

const CREDIT: &str = "POST /payouts/1145/credit?synchronized";

#[track_caller]
fn for_a_person(error: &Error) {
    assert_eq!(
        (error.kind(), error.fate()),
        (ErrorKind::Mismatch, Fate::Unknown),
        "{error:?}"
    );
    assert!(error.message().contains("twice"), "{error}");
    assert!(error.payment().is_some());
}

#[test]
fn what_an_earlier_one_came_to_is_not_hidden_by_a_younger_decline() {
    let declined = op(3, "capture", 1000, "40000");
    // The first went through after all.
    let answer = captures(&[op(2, "capture", 1000, "20000"), declined.clone()], 1000);
    let answer = execute(&second_capture(&answer), &sale()).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("approved", PaymentState::Captured)
    );
    let answer = captures(&[pending(2, "capture", 1000), declined.clone()], 0);
    let answer = execute(&second_capture(&answer), &sale()).unwrap();
    assert_eq!(answer.outcome.as_str(), "pending");
    // Nobody knows of the first.
    let answer = captures(&[op(2, "capture", 1000, "50300"), declined.clone()], 0);
    outstanding(&execute(&second_capture(&answer), &sale()).unwrap_err());
    // Whatever the order.
    let answer = captures(
        &[op(2, "capture", 1000, "40000"), op(3, "capture", 1000, "20000")],
        1000,
    );
    assert!(
        execute(&second_capture(&answer), &sale())
            .unwrap()
            .outcome
            .is_approved()
    );
    let answer = captures(&[op(2, "capture", 1000, "40000"), declined], 0);
    assert_eq!(
        execute(&second_capture(&answer), &sale()).unwrap().outcome.as_str(),
        "declined"
    );
}

#[test]
fn one_of_another_amount_that_was_not_declined_is_told() {
    let answer = captures(&[op(2, "capture", 400, "20000"), op(3, "capture", 1000, "40000")], 400);
    let error = execute(&second_capture(&answer), &sale()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::Unknown));
    // One whose amount is not to be read may be either.
    let nameless = op(2, "capture", 1000, "20000").replace(r#""amount":1000"#, r#""amount":null"#);
    let answer = captures(&[nameless, op(3, "capture", 1000, "40000")], 1000);
    let script = (0..3).fold(second_capture(&answer), |script, _| script.json(READ, 200, &answer));
    assert_eq!(execute(&script, &sale()).unwrap_err().fate(), Fate::Unknown);
    let answer = captures(&[op(2, "capture", 400, "40000"), op(3, "capture", 1000, "20000")], 1000);
    assert!(
        execute(&second_capture(&answer), &sale())
            .unwrap()
            .outcome
            .is_approved()
    );
}

#[test]
fn one_that_is_still_open_keeps_open_whether_it_was_done_twice() {
    let adopted = |reply: &str| {
        Script::new()
            .json("POST /payouts", 201, &fresh())
            .json(CREDIT, 200, reply)
    };
    let answer = body(&[pending(1, "credit", 1000), op(2, "credit", 1000, "20000")], 0);
    let answer = execute(&adopted(&answer), &payout()).unwrap();
    assert_eq!(answer.outcome.as_str(), "pending");
    let answer = body(&[op(1, "credit", 1000, "50000"), op(2, "credit", 1000, "20000")], 0);
    let error = execute(&adopted(&answer), &payout()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::Unknown));
}

#[test]
fn done_twice_is_for_a_person() {
    // Two captures, which the provider's balance agrees with.
    let answer = captures(
        &[op(2, "capture", 1000, "20000"), op(3, "capture", 1000, "20000")],
        2000,
    );
    for_a_person(&execute(&second_capture(&answer), &sale()).unwrap_err());
    // Two holds.
    let twice = body(
        &[op(1, "authorize", 1000, "20000"), op(2, "authorize", 1000, "20000")],
        0,
    );
    for operation in [sale(), authorize()] {
        let begun = || Script::new().json(CREATE, 201, &fresh());
        for_a_person(&execute(&begun().json(AUTHORIZE, 200, &twice), &operation).unwrap_err());
        // After a lost answer, and after a refusal.
        for_a_person(&execute(&begun().lost(AUTHORIZE).json(READ, 200, &twice), &operation).unwrap_err());
        let state = r#"{"message":"Payment is not in a valid state for authorize"}"#;
        let refused = begun().json(AUTHORIZE, 400, state).json(READ, 200, &twice);
        for_a_person(&execute(&refused, &operation).unwrap_err());
        // And later, when the reference is used again, or asked about.
        for_a_person(&execute(&taken_by(&twice), &operation).unwrap_err());
        let asked = unresolved(operation.kind(), &[("payment", "1145"), ("operation", "0")]);
        for_a_person(&execute(&Script::new().json(READ, 200, &twice), &asked).unwrap_err());
    }
    // Money sent out twice.
    let twice = body(&[op(1, "credit", 1000, "20000"), op(2, "credit", 1000, "20000")], 0);
    let script = Script::new()
        .json("POST /payouts", 201, &fresh())
        .json(CREDIT, 200, &twice);
    for_a_person(&execute(&script, &payout()).unwrap_err());
}

#[test]
fn an_earlier_capture_of_unknown_outcome_keeps_a_sale_open() {
    let standing = captures(&[op(2, "capture", 1000, "50000"), op(3, "capture", 1000, "40000")], 0);
    outstanding(&execute(&taken_by(&standing), &sale()).unwrap_err());
    let asked = unresolved(OperationKind::Sale, &[("payment", "1145"), ("operation", "1")]);
    outstanding(&execute(&Script::new().json(READ, 200, &standing), &asked).unwrap_err());
}

#[test]
fn what_this_process_knows_to_be_booked_is_not_sent_again_when_a_look_lags() {
    let waits = captures(&[pending(2, "capture", 1000)], 0);
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(AUTHORIZE, 200, &held())
        .json(CAPTURE, 202, &waits)
        // The capture does not show any more.
        .json(CREATE, 400, duplicate())
        .json(SEARCH, 200, &format!("[{}]", held()))
        .json(READ, 200, &held());
    let mut results = in_turn(&script, &[sale(), sale()]);
    let error = results.pop().unwrap().unwrap_err();
    outstanding(&error);
    assert!(error.message().contains("operation 2"), "{error}");
    assert_eq!(results.pop().unwrap().unwrap().outcome.as_str(), "pending");
    // Nor does the authorization.
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(AUTHORIZE, 200, &held())
        .json(CREATE, 400, duplicate())
        .json(SEARCH, 200, &format!("[{}]", fresh()));
    let script = (0..3).fold(script, |script, _| script.json(READ, 200, &fresh()));
    let error = in_turn(&script, &[authorize(), authorize()])
        .pop()
        .unwrap()
        .unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::Unknown));
}
