//! The table of HTTP statuses: kind, fate and message of each, for calls that move money and for calls that ask.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Functions that tests share do not count as tests.

mod common;

use std::sync::Mutex;
use std::time::Duration;

use common::*;
use http::StatusCode;
use jiff::Timestamp;
use paymux_core::script::{Script, run};
use paymux_core::{Adapter, Call, Error, ErrorKind, Fate, Lost, Memo, Reply, Token, Wire, async_trait};

const PROBLEM: &str = r#"{"type":"about:blank","title":"One or more validation errors occurred.","status":400,"detail":null,
    "instance":null,"errors":{"amount":["must be above zero: 4111 1111 1111 1111"],"source.account_guid":["x"]},"traceId":"00-1"}"#;

const TRANSFERS: &str = "POST /api/v1/transfers";
/// Bodies that are not in the provider's words.
const BARE: [&str; 4] = ["", "{}", r#"{"title":null,"errors":{}}"#, "<html>canary</html>"];

fn sale_answered(status: u16, body: &str) -> Error {
    let script = Script::new().json(TRANSFERS, status, body);
    play(&qolo(), &sale(), &script).unwrap_err()
}

/// As is sent twice what is not in the provider's words.
fn sale_answered_twice(status: u16, body: &str) -> Error {
    let script = Script::new().json(TRANSFERS, status, body);
    let script = script.json(TRANSFERS, status, body);
    let error = play(&qolo(), &sale(), &script).unwrap_err();
    assert!(script.left().is_empty(), "{status} {body}");
    error
}

fn inquiry_answered(status: u16, body: &str) -> Error {
    let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), status, body);
    play(&qolo(), &inquire(), &script).unwrap_err()
}

#[test]
fn every_status_has_a_kind_a_fate_and_a_message() {
    use ErrorKind::{Configuration, InvalidRequest, Provider, Refused};
    use Fate::{NotDone, Rejected, Unknown};
    for (status, kind, money, asking, message) in [
        (
            400,
            InvalidRequest,
            Rejected,
            Rejected,
            "the provider refused the request",
        ),
        (
            401,
            Configuration,
            NotDone,
            NotDone,
            "the access token was refused: check",
        ),
        (402, Provider, Unknown, NotDone, "a status that it does not document"),
        (403, Configuration, NotDone, NotDone, "the token may not do this"),
        (
            404,
            InvalidRequest,
            Rejected,
            Rejected,
            "nothing stands under an id that was given",
        ),
        (
            405,
            Configuration,
            NotDone,
            NotDone,
            "the token is not permitted to use this method",
        ),
        (408, Provider, Unknown, NotDone, "a status that it does not document"),
        (409, Refused, Unknown, NotDone, "the provider reports a conflict"),
        (
            415,
            Provider,
            Rejected,
            Rejected,
            "the provider does not take application/json here",
        ),
        (422, Provider, Unknown, NotDone, "a status that it does not document"),
        (429, Refused, NotDone, NotDone, "too many requests; nothing was done"),
        (500, Provider, Unknown, NotDone, "the provider failed"),
        (503, Provider, Unknown, NotDone, "the provider failed"),
    ] {
        for body in BARE.into_iter().chain([PROBLEM]) {
            let asked = inquiry_answered(status, body);
            assert_eq!((asked.kind(), asked.fate()), (kind, asking), "{status} {asked}");
            assert!(asked.message().contains(message), "{status} {asked}");
            let bare = body != PROBLEM && !matches!(status, 401 | 408 | 429 | 500..);
            let (sold, money) = if bare {
                (sale_answered_twice(status, body), Unknown)
            } else {
                (sale_answered(status, body), money)
            };
            assert_eq!((sold.kind(), sold.fate()), (kind, money), "{status} {sold}");
            assert_eq!(
                sold.message().contains("not in the provider's words"),
                bare,
                "{status} {sold}"
            );
            // After a 408 or a 5xx the engine says it.
            let message = if status == 408 || status >= 500 {
                "the answer does not say"
            } else {
                message
            };
            assert!(sold.message().contains(message), "{status} {sold}");
            for error in [asked, sold] {
                assert_eq!(error.status().unwrap().as_u16(), status);
                assert!(!error.message().contains("canary"), "{error}");
            }
        }
    }
}

/// Something in front of the provider may have refused to pass its answer on: the key tells what it came to, and nothing but a success does.
#[test]
fn a_refusal_that_is_not_in_the_providers_words_is_sent_once_more_under_the_key() {
    for status in [400, 402, 403, 404, 405, 409, 415, 422] {
        for body in BARE {
            let first = || Script::new().json(TRANSFERS, status, body);
            let script = first().json(TRANSFERS, 201, CREATED);
            let answer = play(&qolo(), &sale(), &script).unwrap();
            assert!(matches!(answer.outcome, paymux_core::Outcome::Pending), "{status}");
            let sent = script.sent();
            assert_eq!(sent[0].body(), sent[1].body());
            let key = |call: usize| sent[call].request.headers()["idempotencykey"].clone();
            assert_eq!(key(0), key(1));

            let script = first().json(TRANSFERS, 400, PROBLEM);
            let error = play(&qolo(), &sale(), &script).unwrap_err();
            assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidRequest, Fate::Unknown));
            for script in [first().lost(TRANSFERS), first().not_sent(TRANSFERS)] {
                let error = play(&qolo(), &sale(), &script).unwrap_err();
                assert_eq!(
                    (error.status().unwrap().as_u16(), error.fate()),
                    (status, Fate::Unknown)
                );
            }
        }
    }
}

#[test]
fn a_refusal_that_fits_an_earlier_attempt_is_unknown() {
    for body in [
        r#"{"title":"One or more errors","errors":{"client_reference_id":["not unique"]}}"#,
        r#"{"title":"x","errors":{"ClientReferenceId":["taken"]}}"#,
        r#"{"title":"Bad Request","detail":"This IdempotencyKey was used for another request."}"#,
        r#"{"title":"Duplicate transfer"}"#,
    ] {
        let sold = sale_answered(400, body);
        assert_eq!(
            (sold.kind(), sold.fate()),
            (ErrorKind::Refused, Fate::Unknown),
            "{sold}"
        );
        assert!(sold.message().contains("taken by an earlier attempt"), "{sold}");
        assert_eq!(inquiry_answered(400, body).fate(), Fate::Rejected);
    }
}

#[test]
fn the_providers_own_words_are_named() {
    let error = sale_answered(400, PROBLEM);
    assert_eq!(
        error.message(),
        "the provider refused the request: One or more validation errors occurred (fields: amount, source.account_guid)"
    );
    assert!(!format!("{error:?} {}", error.to_json()).contains("4111"), "{error:?}");
    let lenient = r#"{"title":7,"detail":"funds 4111 1111 1111 1111 are short.","errors":["x"],"status":"400"}"#;
    assert_eq!(
        sale_answered(400, lenient).message(),
        "the provider refused the request: 7: funds *** are short"
    );
    assert!(sale_answered(404, r#"{"title":"Not Found"}"#).is_not_found());
}

#[test]
fn a_rate_limit_says_how_long_to_wait() {
    let limited = |headers: &[(&'static str, &str)]| {
        let script = Script::new().reply("POST /api/v1/transfers", 429, headers, "");
        play(&qolo(), &sale(), &script).unwrap_err()
    };
    let error = limited(&[("retry-after", "7")]);
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(limited(&[]).retry_after(), None);
}

#[test]
fn a_429_proves_that_nothing_was_done_on_every_money_call() {
    for (operation, path) in [
        (sale(), "/api/v1/transfers".to_owned()),
        (payout("ach:g"), "/api/v1/transfers".to_owned()),
        (transfer(), "/api/v1/transfers".to_owned()),
        (void("ACCOUNTTOBANK"), "/api/v1/transfers/eft/cancel".to_owned()),
        (refund(), format!("/api/v1/transfers/{TXN}/reversals")),
    ] {
        let script = Script::new().json(&format!("POST {path}"), 429, "");
        let error = play(&qolo(), &operation, &script).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::NotDone));
    }
}

/// A wire that keeps the statuses by which a call proves that nothing was done; a script does not show them.
#[derive(Default)]
struct Spy {
    proof: Mutex<Vec<StatusCode>>,
}

#[async_trait]
impl Wire for Spy {
    async fn send(&self, call: Call) -> Result<Reply, Lost> {
        *self.proof.lock().unwrap() = call.nothing_done_on.into_owned();
        Err(Lost::NotSent(Error::new(ErrorKind::Network, "seen enough")))
    }

    async fn wait(&self, _: Duration) -> bool {
        false
    }

    async fn note(&self, _: Memo) -> Result<(), Error> {
        Ok(())
    }

    async fn token(&self) -> Result<Token, Error> {
        Ok(token())
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[test]
fn every_money_call_says_that_429_is_a_proof_and_nothing_else_is() {
    for operation in [sale(), payout("g"), transfer(), void("BANKTOACCOUNT"), refund()] {
        let spy = Spy::default();
        assert!(run(qolo().execute(&operation, &spy)).is_err());
        assert_eq!(
            *spy.proof.lock().unwrap(),
            [StatusCode::TOO_MANY_REQUESTS],
            "{operation:?}"
        );
    }
}

#[test]
fn a_host_without_the_cancel_route_is_told_from_an_unknown_payment() {
    const CANCEL: &str = "POST /api/v1/transfers/eft/cancel";
    for body in BARE {
        let script = Script::new().json(CANCEL, 404, body).json(CANCEL, 404, body);
        let error = play(&qolo(), &void("BANKTOACCOUNT"), &script).unwrap_err();
        // Whether the host does not know it, or something in front of it says so after it was done, is not to be told.
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Unsupported, Fate::Unknown));
    }
    let script = Script::new().json(CANCEL, 404, r#"{"title":"Not Found","status":404}"#);
    let error = play(&qolo(), &void("BANKTOACCOUNT"), &script).unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.fate(), Fate::Rejected);
}

#[test]
fn a_login_that_is_refused_names_the_keys_to_check() {
    for (status, kind, message) in [
        (400, ErrorKind::Configuration, "check `login_id` and `api_key`"),
        (401, ErrorKind::Configuration, "check `login_id` and `api_key`"),
        (403, ErrorKind::Configuration, "check `login_id` and `api_key`"),
        (404, ErrorKind::InvalidRequest, "login: nothing stands under"),
        (429, ErrorKind::Refused, "login: too many requests"),
        (500, ErrorKind::Provider, "login: the provider failed"),
    ] {
        let script = Script::new().json("POST /api/v1/auth/login", status, PROBLEM);
        let error = run(qolo().tokens().unwrap().obtain(None, &script)).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (kind, Fate::NotDone), "{status}");
        assert!(error.message().contains(message), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
    }
}
