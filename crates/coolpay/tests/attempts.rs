//! Two attempts at one thing: what one knows of the other, and what it may say.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use paymux_core::script::Script;
use paymux_core::{ErrorKind, Fate, Inquiry, Operation, PaymentState, Payout, Source};

const STATE: &str = r#"{"message":"Payment is not in a valid state for authorize","errors":null,"error_code":null}"#;
const NO: &str = r#"{"message":"No"}"#;

/// The reference is taken, and nothing shows on its payment.
fn adopted() -> Script {
    let row = format!("[{}]", fresh());
    let script = Script::new().json(CREATE, 400, duplicate()).json(SEARCH, 200, &row);
    (0..3).fold(script, |script, _| script.json(READ, 200, &fresh()))
}

#[test]
fn a_refusal_on_an_adopted_payment_leaves_the_earlier_attempt_open() {
    // The earlier attempt's authorization stands, and reads do not show it yet.
    let script = adopted()
        .json(AUTHORIZE, 400, STATE)
        .json(READ, 200, &fresh())
        .json(READ, 200, &fresh());
    let error = execute(&script, &sale()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::Unknown));
    for status in [401, 402, 403, 429] {
        let error = execute(&adopted().json(AUTHORIZE, status, NO), &sale()).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown, "{status}");
    }
    // On a payment of its own, nothing else can have happened.
    for status in [401, 402, 403, 429] {
        let script = Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, status, NO);
        assert_eq!(execute(&script, &sale()).unwrap_err().fate(), Fate::NotDone, "{status}");
    }
}

/// The same of a payment that was made longer ago than anything can still be booked.
fn adopted_late() -> Script {
    let old = fresh().replace("2026-01-02T03:04:05Z", "2026-01-02T02:59:04Z");
    let script = Script::new()
        .json(CREATE, 400, duplicate())
        .json(SEARCH, 200, &format!("[{old}]"));
    (0..3).fold(script, |script, _| script.json(READ, 200, &old))
}

#[test]
fn a_decline_beside_an_earlier_attempt_is_the_end_only_after_its_time() {
    let declined = body(&[op(1, "authorize", 1000, "40000")], 0);
    let script = adopted().json(AUTHORIZE, 200, &declined);
    let error = execute(&script, &sale()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::Unknown));
    assert!(error.message().contains("until 2026-01-02T03:09:05Z"), "{error}");
    assert_eq!(error.payment().unwrap().state, PaymentState::Declined);
    // It is noted before anything is sent, so that a question knows it, too.
    let (key, until) = ("earlier", "2026-01-02T03:09:05Z");
    let noted = script.notes().iter().any(|memo| memo.key == key && memo.value == until);
    assert!(noted, "{:?}", script.notes());
    let resolve = |until: &str| {
        let notes = [("earlier", until), ("payment", "1145"), ("operation", "0")];
        let asked = unresolved(paymux_core::OperationKind::Sale, &notes);
        execute(&Script::new().json(READ, 200, &declined), &asked)
    };
    let error = resolve("2026-01-02T03:04:05Z").unwrap_err();
    assert_eq!((error.fate(), error.is_not_found()), (Fate::Unknown, false));
    let over = resolve("2026-01-02T03:04:04Z").unwrap();
    assert_eq!(over.outcome.as_str(), "declined");
    // A payment that does not say how old it is counts as young.
    let ageless = |line: &str| line.replace(r#","created_at":"2026-01-02T03:04:05Z""#, "");
    let script = Script::new()
        .json(CREATE, 400, duplicate())
        .json(SEARCH, 200, &format!("[{}]", ageless(&fresh())));
    let script = (0..3).fold(script, |script, _| script.json(READ, 200, &ageless(&fresh())));
    let error = execute(&script.json(AUTHORIZE, 200, &declined), &sale()).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    // So is what was declined for want of a page.
    let asks = body(&[op(1, "authorize", 1000, "30100")], 0);
    let script = adopted().json(AUTHORIZE, 200, &asks).json(LINK, 403, "{}");
    assert_eq!(execute(&script, &sale()).unwrap_err().fate(), Fate::Unknown);
    // Later, nothing of the earlier one can come any more.
    let answer = execute(&adopted_late().json(AUTHORIZE, 200, &declined), &sale()).unwrap();
    assert_eq!(answer.outcome.as_str(), "declined");
    // An approval is one.
    let script = adopted().json(AUTHORIZE, 200, &held()).json(CAPTURE, 200, &taken());
    assert!(execute(&script, &sale()).unwrap().outcome.is_approved());
}

#[test]
fn a_payout_beside_an_earlier_attempt_is_declined_only_after_its_time() {
    let (search, read) = ("GET /payouts?order_id=order1001a1&page_size=2", "GET /payouts/1145");
    let to = Source::Card(card());
    let payout = Payout::new(REFERENCE.parse().unwrap(), "10.00 DKK".parse().unwrap(), to);
    let operation = Operation::Payout(Box::new(payout));
    let declined = body(&[op(1, "credit", 1000, "40000")], 0);
    let result = |standing: &str| {
        let script = Script::new()
            .json("POST /payouts", 400, duplicate())
            .json(search, 200, &format!("[{standing}]"));
        let script = (0..3).fold(script, |script, _| script.json(read, 200, standing));
        let script = script.json("POST /payouts/1145/credit?synchronized", 200, &declined);
        execute(&script, &operation)
    };
    assert_eq!(result(&fresh()).unwrap_err().fate(), Fate::Unknown);
    let old = fresh().replace("2026-01-02T03:04:05Z", "2026-01-02T02:59:04Z");
    assert_eq!(result(&old).unwrap().outcome.as_str(), "declined");
}

#[test]
fn a_payout_that_fails_after_an_earlier_attempt_is_open() {
    let (search, read) = ("GET /payouts?order_id=order1001a1&page_size=2", "GET /payouts/1145");
    let row = format!("[{}]", fresh());
    let script = Script::new()
        .json("POST /payouts", 400, duplicate())
        .json(search, 200, &row);
    let script = (0..3).fold(script, |script, _| script.json(read, 200, &fresh()));
    let to = Source::Stored("card:7".to_owned());
    let payout = Payout::new(REFERENCE.parse().unwrap(), "10.00 DKK".parse().unwrap(), to);
    let operation = Operation::Payout(Box::new(payout));
    let error = execute(&script.lost("POST /cards/7/tokens"), &operation).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
}

#[test]
fn a_create_that_is_refused_without_a_word_is_looked_up() {
    let refused = || Script::new().json(CREATE, 400, "");
    let found = refused()
        .json(SEARCH, 200, &format!("[{}]", taken()))
        .json(READ, 200, &taken());
    assert!(execute(&found, &sale()).unwrap().outcome.is_approved());
    // A search may lag behind, so that nothing is found proves nothing.
    let absent = (0..3).fold(refused(), |script, _| script.json(SEARCH, 200, "[]"));
    assert_eq!(execute(&absent, &sale()).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn a_decline_on_a_page_that_is_still_open_is_not_the_end() {
    let inquiry = Operation::Inquire(Inquiry::Payment(payment_ref()));
    let linked = |standing: &str| {
        let link = r#""link":{"url":"https://payment.coolpay.com/x","amount":1000},"balance":0"#;
        standing.replace(r#""balance":0"#, link)
    };
    let declined = body(&[op(1, "authorize", 1000, "40000")], 0);
    let open = linked(&declined);
    let taken_by = Script::new()
        .json(CREATE, 400, duplicate())
        .json(SEARCH, 200, &format!("[{open}]"))
        .json(READ, 200, &open);
    for answer in [
        execute(&Script::new().json(READ, 200, &open), &inquiry).unwrap(),
        execute(&taken_by, &sale()).unwrap(),
    ] {
        assert_eq!(
            (answer.outcome.as_str(), answer.payment.state),
            ("action_required", PaymentState::RequiresAction)
        );
        assert_eq!(answer.payment.entries.len(), 1);
    }
    // Once its link is closed, or its time is over, it is declined.
    let late = body(&[op(1, "authorize", 1000, "40000"), op(2, "deadline", 0, "20000")], 0);
    for standing in [declined, linked(&late)] {
        let answer = execute(&Script::new().json(READ, 200, &standing), &inquiry).unwrap();
        assert_eq!(answer.outcome.as_str(), "declined");
    }
}

#[test]
fn that_it_is_no_test_is_not_believed_before_something_is_decided() {
    let inquiry = Operation::Inquire(Inquiry::Payment(payment_ref()));
    let flag = |standing: &str| {
        let script = Script::new().json(READ, 200, standing);
        execute(&script, &inquiry).unwrap().payment.test
    };
    let off = |standing: &str| standing.replace(r#""test_mode":true"#, r#""test_mode":false"#);
    let waits = body(&[pending(1, "authorize", 1000)], 0);
    assert_eq!(flag(&waits), Some(true));
    assert_eq!(flag(&off(&waits)), None);
    assert_eq!(flag(&off(&held())), Some(false));
}

#[test]
fn an_operation_much_younger_than_the_lost_one_is_not_taken_for_it() {
    let lost = Script::new().json(READ, 200, &held()).lost(CAPTURE);
    let lost = (0..4).fold(lost, |script, _| script.json(READ, 200, &held()));
    let payment = payment_ref();
    let reference = REFERENCE.parse().unwrap();
    let capture = paymux_core::Capture::new(payment.clone(), reference, "4.00 DKK".parse().unwrap());
    let operation = Operation::Capture(capture);
    assert_eq!(execute(&lost, &operation).unwrap_err().fate(), Fate::Unknown);
    let now = paymux_core::Wire::now(&Script::new());
    let resolve = |seconds: i64| {
        let made = now + std::time::Duration::from_secs(seconds.unsigned_abs());
        let capture = op(2, "capture", 400, "20000").replace(r#""id":2"#, &format!(r#""id":2,"created_at":"{made}""#));
        let seen = body(&[op(1, "authorize", 1000, "20000"), capture], 400);
        let trail = [("payment", "1145"), ("operation", "1")].map(|(key, value)| paymux_core::Memo::new(key, value));
        let (adapter, script) = (adapter(), Script::new().json(READ, 200, &seen));
        let capabilities = paymux_core::Adapter::capabilities(&adapter);
        let unresolved = paymux_core::Unresolved::new(
            "cards",
            capabilities,
            &operation,
            Some(payment.clone()),
            trail.to_vec(),
            now,
        );
        execute(&script, &Operation::Resolve(Box::new(unresolved)))
    };
    assert!(resolve(60).unwrap().outcome.is_approved());
    assert!(resolve(300).unwrap().outcome.is_approved());
    assert_eq!(resolve(301).unwrap_err().fate(), Fate::Unknown);
    assert_eq!(resolve(3600).unwrap_err().fate(), Fate::Unknown);
}
