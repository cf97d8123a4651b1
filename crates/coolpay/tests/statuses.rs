//! Every HTTP status: kind, fate and message, on a call that makes something and on one that moves money.

#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod common;

use common::*;
use paymux_core::script::Script;
use paymux_core::{ErrorKind, Fate, Inquiry, Operation};

/// Status, body, kind, fate, and a part of the message.
type Row = (u16, &'static str, ErrorKind, Fate, &'static str);

const REFUSALS: &[Row] = &[
    (
        400,
        r#"{"message":"Validation error","errors":{"currency":["must be three uppercase letters"]},"error_code":null}"#,
        ErrorKind::InvalidRequest,
        Fate::Rejected,
        "amount's currency: the provider refused the request: Validation error; currency must be three uppercase letters",
    ),
    (
        400,
        r#"{"message":"Validation error","errors":{"order_id":"must have length between 4 and 20"}}"#,
        ErrorKind::InvalidRequest,
        Fate::Rejected,
        "reference: the provider refused the request: Validation error; order_id must have length between 4 and 20",
    ),
    (
        400,
        r#"{"message":"Validation error","errors":{"body":["is invalid"]},"error_code":null}"#,
        ErrorKind::InvalidRequest,
        Fate::Rejected,
        "body is invalid",
    ),
    (
        401,
        r#"{"message":"Invalid API key","errors":null,"error_code":null}"#,
        ErrorKind::Configuration,
        Fate::NotDone,
        "the API key is not accepted; check `api_key`: Invalid API key",
    ),
    (
        401,
        "",
        ErrorKind::Configuration,
        Fate::NotDone,
        "the API key is not accepted",
    ),
    (
        401,
        r#"{"message":"Not authorized: Not authorized to POST /payments"}"#,
        ErrorKind::Configuration,
        Fate::NotDone,
        "the API key lacks the permission for this; grant it to its user: Not authorized: Not authorized to POST /payments",
    ),
    (
        402,
        r#"{"message":"Payment required","errors":null,"error_code":null}"#,
        ErrorKind::Configuration,
        Fate::NotDone,
        "the account needs a (larger) plan: Payment required",
    ),
    (
        403,
        r#"{"message":"Not authorized: Not authorized to POST /payments"}"#,
        ErrorKind::Configuration,
        Fate::NotDone,
        "the API key lacks the permission",
    ),
    (
        403,
        r#"{"message":"Invalid API key"}"#,
        ErrorKind::Configuration,
        Fate::NotDone,
        "the API key is not accepted",
    ),
    (
        404,
        r#"{"error":"Not found: No Payment with id 1145"}"#,
        ErrorKind::InvalidRequest,
        Fate::Rejected,
        "nothing stands under that id, or the API key may not see it: Not found: No Payment with id 1145",
    ),
    (
        405,
        r#"{"message":"Method not allowed"}"#,
        ErrorKind::Provider,
        Fate::NotDone,
        "method that is not allowed there: Method not allowed; this is a fault of the adapter",
    ),
    (
        406,
        r#"{"message":"Not acceptable"}"#,
        ErrorKind::Provider,
        Fate::NotDone,
        "accepts only JSON, which is not offered there: Not acceptable; this is a fault of the adapter",
    ),
    (
        415,
        r#"{"message":"Unsupported media type"}"#,
        ErrorKind::Provider,
        Fate::NotDone,
        "content type that is not taken there: Unsupported media type; this is a fault of the adapter",
    ),
    (
        422,
        r#"{"message":"Validation error","errors":{"amount":["is required"]}}"#,
        ErrorKind::InvalidRequest,
        Fate::Rejected,
        "amount: the provider refused the request: Validation error; amount is required",
    ),
    (429, "{}", ErrorKind::Refused, Fate::NotDone, "too many requests"),
];

#[test]
fn refusals_of_a_create() {
    for (status, body, kind, fate, message) in REFUSALS {
        let error = execute(&Script::new().json(CREATE, *status, body), &sale()).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (*kind, *fate), "{status} {error}");
        assert!(error.message().contains(message), "{status} {error}");
        assert_eq!(error.status().unwrap().as_u16(), *status);
    }
}

#[test]
fn refusals_of_a_call_that_moves_money() {
    for (status, body, kind, fate, message) in REFUSALS {
        let script = Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, *status, body);
        let error = execute(&script, &sale()).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (*kind, *fate), "{status} {error}");
        assert!(error.message().contains(message), "{status} {error}");
        assert!(error.payment().is_some(), "{status} {error}");
    }
}

/// Refusals that something in front of the provider may have given, with what they are on a call that moves no money.
const WORDLESS: &[(u16, ErrorKind, Fate, &str)] = &[
    (
        402,
        ErrorKind::Configuration,
        Fate::NotDone,
        "the account needs a (larger) plan",
    ),
    (
        403,
        ErrorKind::Configuration,
        Fate::NotDone,
        "the API key lacks the permission",
    ),
    (
        404,
        ErrorKind::InvalidRequest,
        Fate::Rejected,
        "nothing stands under that id",
    ),
    (
        405,
        ErrorKind::Provider,
        Fate::NotDone,
        "method that is not allowed there",
    ),
    (406, ErrorKind::Provider, Fate::NotDone, "accepts only JSON"),
    (
        415,
        ErrorKind::Provider,
        Fate::NotDone,
        "content type that is not taken there",
    ),
];

const BODIES: [&str; 5] = [
    "",
    "{}",
    "404 Not Found",
    "<html><body>The request was blocked</body></html>",
    r#"{"message":null,"errors":{}}"#,
];

#[test]
fn a_refusal_without_words_proves_nothing_of_a_call_that_moves_money() {
    let more = [
        (400, ErrorKind::InvalidRequest, "the provider refused the request"),
        (422, ErrorKind::InvalidRequest, "the provider refused the request"),
        (409, ErrorKind::Refused, "it conflicts with what the provider holds"),
        (428, ErrorKind::Refused, "a precondition of the provider does not hold"),
    ];
    let wordless = WORDLESS
        .iter()
        .map(|(status, kind, _, message)| (*status, *kind, *message));
    for (status, kind, message) in wordless.chain(more) {
        for body in BODIES {
            let script = || Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, status, body);
            let absent = (0..4).fold(script(), |s, _| s.json(READ, 200, &fresh()));
            let error = execute(&absent, &sale()).unwrap_err();
            assert_eq!((error.kind(), error.fate()), (kind, Fate::Unknown), "{status} {error}");
            assert_eq!(error.status().unwrap().as_u16(), status);
            assert!(error.message().contains(message), "{status} {error}");
            assert!(error.message().contains("not in the provider's words"), "{error}");
            assert!(error.payment().is_some(), "{status} {error}");
            // What the payment shows decides.
            let done = execute(&script().json(READ, 200, &held()), &authorize()).unwrap();
            assert!(done.outcome.is_approved(), "{status} {body}");
        }
    }
}

#[test]
fn a_refusal_without_words_of_a_create_is_believed_since_it_moves_no_money() {
    for (status, kind, fate, message) in WORDLESS {
        for body in BODIES {
            let error = execute(&Script::new().json(CREATE, *status, body), &sale()).unwrap_err();
            assert_eq!((error.kind(), error.fate()), (*kind, *fate), "{status} {error}");
            assert!(error.message().contains(message), "{status} {error}");
        }
    }
}

#[test]
fn the_door_and_too_many_requests_are_believed_without_words() {
    for (status, kind) in [(401, ErrorKind::Configuration), (429, ErrorKind::Refused)] {
        for body in BODIES {
            let script = Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, status, body);
            let error = execute(&script, &sale()).unwrap_err();
            assert_eq!((error.kind(), error.fate()), (kind, Fate::NotDone), "{status} {error}");
        }
    }
}

#[test]
fn refusals_that_fit_an_earlier_success_are_rejected_after_a_look() {
    for (status, body, kind, message) in [
        (
            400,
            r#"{"message":"Validation error","errors":{"amount":["is too large"]},"error_code":null}"#,
            ErrorKind::Refused,
            "the provider refused it in this state: Validation error; amount is too large",
        ),
        (
            400,
            r#"{"message":"Payment is not in a valid state for authorize"}"#,
            ErrorKind::Refused,
            "the provider refused it in this state: Payment is not in a valid state for authorize",
        ),
        (
            409,
            r#"{"message":"Conflict"}"#,
            ErrorKind::Refused,
            "it conflicts with what the provider holds",
        ),
        (
            428,
            r#"{"message":"Precondition required"}"#,
            ErrorKind::Refused,
            "a precondition of the provider does not hold",
        ),
    ] {
        let script = Script::new()
            .json(CREATE, 201, &fresh())
            .json(AUTHORIZE, status, body)
            .json(READ, 200, &fresh())
            .json(READ, 200, &fresh());
        let error = execute(&script, &sale()).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (kind, Fate::Rejected), "{status} {error}");
        assert!(error.message().contains(message), "{status} {error}");
    }
}

#[test]
fn a_taken_reference_is_named() {
    for status in [400, 409] {
        let absent = (0..3).fold(Script::new().json(CREATE, status, duplicate()), |s, _| {
            s.json(SEARCH, 200, "[]")
        });
        let error = execute(&absent, &sale()).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown);
        assert!(
            error.message().contains("order_id already exists on another payment"),
            "{error}"
        );
    }
}

#[test]
fn failures_of_the_provider_and_undocumented_statuses_are_unknown_once_money_may_have_moved() {
    for status in [301, 408, 418, 425, 500, 502, 503, 504, 599] {
        let script = Script::new()
            .json(CREATE, 201, &fresh())
            .json(AUTHORIZE, status, "<html>");
        let script = (0..4).fold(script, |s, _| s.json(READ, 200, &fresh()));
        let error = execute(&script, &sale()).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{status}"
        );
        // A create moves no money: it is looked up, made again, looked up again.
        let absent = |s: Script| (0..3).fold(s.json(CREATE, status, "<html>"), |s, _| s.json(SEARCH, 200, "[]"));
        let error = execute(&absent(absent(Script::new())), &sale()).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::NotDone),
            "{status}"
        );
        let message = if status < 500 {
            "a status that it does not document"
        } else {
            "the provider failed"
        };
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn a_read_that_is_refused_did_nothing() {
    let inquiry = Operation::Inquire(Inquiry::Payment(payment_ref()));
    for status in [400, 401, 402, 403, 404, 405, 406, 429, 500, 503] {
        let error = execute(&Script::new().json(READ, status, "{}"), &inquiry).unwrap_err();
        assert_eq!(error.fate(), Fate::NotDone, "{status}");
        assert_eq!(error.is_not_found(), status == 404);
    }
    let script = Script::new().reply(READ, 429, &[("retry-after", "7")], "{}");
    let error = execute(&script, &inquiry).unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after().unwrap().as_secs(), 7);
}

#[test]
fn every_success_of_a_create_counts_alike() {
    for status in [200, 201, 202] {
        let script = Script::new()
            .json(CREATE, status, &fresh())
            .json(AUTHORIZE, status, &held());
        assert!(execute(&script, &authorize()).unwrap().outcome.is_approved());
    }
}

#[test]
fn no_card_number_reaches_an_error() {
    let echo = r#"{"message":"Validation error","errors":{"card":["1000000000000008 is not valid"]}}"#;
    let error = execute(
        &Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, 400, echo),
        &sale(),
    )
    .unwrap_err();
    assert!(!format!("{error} {error:?} {}", error.to_json()).contains("1000000000000008"));
}
