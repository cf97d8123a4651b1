//! Every HTTP status, with and without a result code: kind, fate, message.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use std::sync::Mutex;
use std::time::Duration;

use common::*;
use http::StatusCode;
use jiff::Timestamp;
use paymux_core::script::{self, Script};
use paymux_core::{
    Adapter as _, Call, Error, ErrorKind, Fate, Lost, Memo, Operation, Outcome, Reply, Token, Wire, async_trait,
};
use paymux_opp::Opp;

use ErrorKind::{Configuration, InvalidRequest, Network, Provider, Refused};
use Fate::{NotDone, Rejected, Unknown};

fn fails(opp: &Opp, operation: &Operation, expect: &str, status: u16, answer: &str) -> Error {
    // No time to ask: what the answer alone proves.
    let wire = Script::new()
        .json(expect, status, answer)
        .with_patience(std::time::Duration::ZERO);
    let error = run(opp, operation, &wire).unwrap_err();
    assert!(!format!("{error} {error:?} {}", error.to_json()).contains("canary"));
    error
}

const HTML: &str = "<html>canary</html>";

#[test]
fn without_a_code_the_status_of_a_request_to_pay_decides() {
    let opp = v3();
    for (status, kind, fate, says) in [
        (200, Provider, Unknown, "no readable result code"),
        (307, Provider, Unknown, "does not say"),
        (308, Provider, Unknown, "does not say"),
        (400, InvalidRequest, Unknown, "invalid or the payment failed"),
        (401, Configuration, NotDone, "check `access_token`"),
        (403, Configuration, Unknown, "check `access_token` and `entity_id`"),
        (404, Configuration, Unknown, "check `base_url`"),
        (405, Provider, Unknown, "does not document"),
        (408, Provider, Unknown, "does not say"),
        (418, Provider, Unknown, "does not document"),
        (429, Refused, NotDone, "too many requests"),
        (500, Provider, Unknown, "the provider failed"),
        (502, Provider, Unknown, "the provider failed"),
        (503, Provider, Unknown, "the provider failed"),
    ] {
        for answer in ["", HTML, "{}", r#"{"result":{"code":"80.100"}}"#, r#"{"result":{}}"#] {
            let error = fails(&opp, &sale(), "POST /gateway/v3/payments", status, answer);
            assert_eq!((error.kind(), error.fate()), (kind, fate), "{status} {answer}");
            assert_eq!(error.status().map(|s| s.as_u16()), Some(status));
            assert!(error.message().contains(says), "{status}: {error}");
            let front = matches!(status, 400 | 403 | 404 | 405 | 418);
            let said = error.message().contains("not in the provider's words");
            assert_eq!(said, front, "{status}: {error}");
        }
    }
}

/// What something in front of the platform says in its place is asked about, where that can be done.
#[test]
fn without_a_code_a_refusal_is_asked_about() {
    let entry = body(ID, "DB", "92.00", "000.100.110");
    let entry = entry.replacen('{', &format!(r#"{{"merchantTransactionId":"{REFERENCE}","#), 1);
    let report = format!(r#"{{"result":{{"code":"000.000.100"}},"payments":[{entry}]}}"#);
    for status in [400, 403, 404, 405, 422] {
        for answer in ["", HTML] {
            let wire = Script::new()
                .json("POST /v1/payments", status, answer)
                .json("GET /v1/query", 200, &report);
            let answer = run(&v1(), &sale(), &wire).unwrap();
            assert!(answer.outcome.is_approved(), "{status}");
            assert!(wire.left().is_empty(), "{status}");
        }
    }
}

#[test]
fn without_a_code_the_status_of_a_follow_up_decides() {
    let opp = v3();
    let path = format!("POST /gateway/v3/payments/{ID}");
    for operation in [capture(&opp, "60.00 EGP"), void(&opp), refund(&opp, "10.00 EGP")] {
        for (status, kind, fate) in [
            (200, Provider, Unknown),
            (400, InvalidRequest, Unknown),
            (401, Configuration, NotDone),
            (403, Configuration, Unknown),
            (404, InvalidRequest, Unknown),
            (408, Provider, Unknown),
            (429, Refused, NotDone),
            (500, Provider, Unknown),
        ] {
            let error = fails(&opp, &operation, &path, status, HTML);
            assert_eq!((error.kind(), error.fate()), (kind, fate), "{status}");
        }
        assert!(fails(&opp, &operation, &path, 404, HTML).is_not_found());
        assert!(fails(&opp, &operation, &path, 429, HTML).is_rate_limited());
    }
}

#[test]
fn without_a_code_the_status_of_a_question_decides() {
    let opp = v3();
    let path = format!("GET /gateway/v3/payments/{ID}");
    let ask = inquire(payment(&opp, &[ID, "DB", "EGP9200"]));
    for (status, kind) in [
        (200, Provider),
        (307, Provider),
        (400, InvalidRequest),
        (401, Configuration),
        (403, Configuration),
        (404, InvalidRequest),
        (408, Network),
        (429, Refused),
        (500, Provider),
    ] {
        let error = fails(&opp, &ask, &path, status, HTML);
        assert_eq!((error.kind(), error.fate()), (kind, NotDone), "{status}");
    }
    assert!(fails(&opp, &ask, &path, 404, HTML).is_not_found());
}

#[test]
fn the_code_decides_whatever_the_status() {
    let opp = v3();
    for status in [200, 400, 402, 404, 422, 500, 502] {
        let answer =
            format!(r#"{{"id":"{ID}","paymentType":"DB","result":{{"code":"800.100.153","description":"text"}}}}"#);
        let wire = Script::new().json("POST /gateway/v3/payments", status, &answer);
        let answer = run(&opp, &sale(), &wire).unwrap();
        let Outcome::Declined(decline) = answer.outcome else {
            panic!("{status}")
        };
        assert_eq!(
            (decline.code.as_str(), decline.text.as_deref()),
            ("800.100.153", Some("text"))
        );
    }
}

#[test]
fn an_approval_under_an_error_status_is_not_believed() {
    let opp = v3();
    for status in [400, 401, 403, 404, 500] {
        let wire = Script::new()
            .json(
                "POST /gateway/v3/payments",
                status,
                &body(ID, "DB", "92.00", "000.100.110"),
            )
            .json(
                &format!("GET /gateway/v3/payments/{ID}"),
                200,
                &body(ID, "DB", "92.00", "000.100.110"),
            );
        let answer = run(&opp, &sale(), &wire).unwrap();
        assert!(answer.outcome.is_approved(), "asked and found");
        assert!(wire.left().is_empty());
        assert_eq!(wire.notes()[0].value, ID);

        let error = fails(
            &opp,
            &sale(),
            "POST /gateway/v3/payments",
            status,
            &body(ID, "DB", "92.00", "000.100.110"),
        );
        assert_eq!(error.fate(), Unknown, "{status}");
        assert!(error.message().contains("not believed"), "{error}");
    }
}

#[test]
fn bad_credentials_win_over_a_refusal() {
    let opp = v3();
    for (status, text) in [
        (401, "800.100.152"),
        (403, "800.100.152"),
        (403, "800.900.300"),
        (401, "123.456.789"),
    ] {
        let error = fails(&opp, &sale(), "POST /gateway/v3/payments", status, &code(text));
        assert_eq!(
            (error.kind(), error.fate()),
            (Configuration, NotDone),
            "{status} {text}"
        );
        assert!(error.message().contains("check `access_token`"), "{error}");
        let path = format!("GET /gateway/v3/payments/{ID}");
        let error = fails(&opp, &inquire(payment(&opp, &[ID, "DB"])), &path, status, &code(text));
        assert_eq!(error.kind(), Configuration);
    }
    // The same code under 400.
    let error = fails(&opp, &sale(), "POST /gateway/v3/payments", 400, &code("800.900.300"));
    assert_eq!((error.kind(), error.fate()), (Configuration, Rejected));
}

/// A code that leaves the money open, or that an earlier attempt may have caused, is not overruled by a status that says that nobody looked.
#[test]
fn bad_credentials_do_not_win_over_what_may_have_been_done() {
    let opp = v3();
    for status in [401, 403] {
        for text in ["900.100.300", "999.999.999", "800.110.100", "800.600.100"] {
            let error = fails(&opp, &sale(), "POST /gateway/v3/payments", status, &code(text));
            assert_eq!(error.fate(), Unknown, "{status} {text}: {error}");
        }
        let path = format!("POST /gateway/v3/payments/{ID}");
        let error = fails(&opp, &capture(&opp, "60.00 EGP"), &path, status, &code("700.400.510"));
        assert_eq!(error.fate(), Unknown, "{status}: {error}");
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
        Err(Lost::NotSent(Error::new(Network, "seen enough")))
    }

    async fn wait(&self, _: Duration) -> bool {
        false
    }

    async fn note(&self, _: Memo) -> Result<(), Error> {
        Ok(())
    }

    async fn token(&self) -> Result<Token, Error> {
        Err(Error::new(Network, "there are no tokens"))
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[test]
fn every_money_call_says_which_statuses_prove_that_nothing_was_done() {
    let opp = v1();
    let door = [401, 403].map(|status| StatusCode::from_u16(status).unwrap());
    let made = [door.as_slice(), &[StatusCode::TOO_MANY_REQUESTS]].concat();
    for (operation, proof) in [
        (sale(), made.as_slice()),
        (authorize(), &made),
        (payout(), &made),
        // Whether a follow-up that is throttled did nothing is not documented.
        (capture(&opp, "60.00 EGP"), &door),
        (void(&opp), &door),
        (refund(&opp, "10.00 EGP"), &door),
    ] {
        let spy = Spy::default();
        assert!(script::run(opp.execute(&operation, &spy)).is_err());
        assert_eq!(*spy.proof.lock().unwrap(), proof, "{operation:?}");
    }
}

#[test]
fn an_address_to_come_back_to_is_asked_for_by_our_name() {
    let answer = r#"{"result":{"code":"200.300.404","description":"text","parameterErrors":[
        {"name":"shopperResultUrl","message":"is required where the shopper must authenticate"}]}}"#;
    let mut charge = charge();
    charge.urls.back = None;
    let bare = Operation::Sale(Box::new(charge.clone()));
    for operation in [&bare, &Operation::Authorize(Box::new(charge.clone()))] {
        let error = fails(&v3(), operation, "POST /gateway/v3/payments", 400, answer);
        assert_eq!((error.kind(), error.fate()), (InvalidRequest, Rejected));
        assert_eq!(error.field(), Some("return_url"));
        assert!(error.message().starts_with("return_url must be given"), "{error}");
        assert_eq!(error.decline().map(|d| d.code.as_str()), Some("200.300.404"));
    }
    // Where it is known before: nothing is sent.
    charge.three_ds = browser();
    for operation in [
        Operation::Sale(Box::new(charge.clone())),
        Operation::Authorize(Box::new(charge)),
    ] {
        let error = run(&v3(), &operation, &Script::new()).unwrap_err();
        assert_eq!((error.field(), error.fate()), (Some("return_url"), NotDone));
    }
}

#[test]
fn a_wrong_path_is_a_wrong_configuration() {
    let opp = v3();
    let error = fails(&opp, &sale(), "POST /gateway/v3/payments", 404, &code("200.300.404"));
    assert_eq!((error.kind(), error.fate()), (Configuration, Rejected));
    let error = fails(&opp, &checkout(), "POST /gateway/v3/checkouts", 404, HTML);
    assert_eq!((error.kind(), error.fate()), (Configuration, Rejected));
    assert!(error.message().contains("check `base_url` and `preset`"), "{error}");
}

#[test]
fn requests_that_were_refused_by_code() {
    let opp = v3();
    for (text, kind, fate) in [
        ("100.550.300", InvalidRequest, Rejected),
        ("600.200.500", Configuration, Rejected),
        ("100.310.401", Provider, Unknown),
        ("700.300.200", Refused, Rejected),
        ("700.400.580", InvalidRequest, Rejected),
        ("700.400.101", ErrorKind::Unsupported, Rejected),
        ("800.120.100", Refused, Rejected),
        ("800.900.300", Configuration, Rejected),
        ("900.100.300", Provider, Unknown),
        ("123.456.789", Provider, Unknown),
    ] {
        let error = fails(
            &opp,
            &capture(&opp, "60.00 EGP"),
            &format!("POST /gateway/v3/payments/{ID}"),
            400,
            &code(text),
        );
        assert_eq!((error.kind(), error.fate()), (kind, fate), "{text}: {error}");
        assert_eq!(error.decline().map(|d| d.code.as_str()), Some(text));
        assert!(error.message().contains(text), "{error}");
    }
    let throttled = fails(&opp, &sale(), "POST /gateway/v3/payments", 200, &code("800.120.100"));
    assert!(throttled.is_rate_limited());
    let missing = fails(
        &opp,
        &capture(&opp, "60.00 EGP"),
        &format!("POST /gateway/v3/payments/{ID}"),
        400,
        &code("700.400.580"),
    );
    assert!(missing.is_not_found());
}

#[test]
fn a_wrong_field_is_named_without_its_value() {
    let answer = r#"{"result":{"code":"200.300.404","description":"text","parameterErrors":[
        {"name":"card.cvv","value":"canary","message":"canary"},{"name":"4200000000000000","value":"x","message":"m"}]}}"#;
    let error = fails(&v3(), &sale(), "POST /gateway/v3/payments", 400, answer);
    assert_eq!((error.kind(), error.fate()), (InvalidRequest, Rejected));
    assert!(
        error.message().ends_with("(code 200.300.404), fields card.cvv"),
        "{error}"
    );
}

#[test]
fn a_wait_is_passed_on() {
    let wire = Script::new().reply("POST /gateway/v3/payments", 429, &[("retry-after", "31")], "");
    let error = run(&v3(), &sale(), &wire).unwrap_err();
    assert_eq!(error.retry_after().map(|w| w.as_secs()), Some(31));
    let wire = Script::new().reply(
        "POST /gateway/v3/payments",
        400,
        &[("retry-after", "7")],
        &code("800.120.100"),
    );
    let error = run(&v3(), &sale(), &wire).unwrap_err();
    assert_eq!(error.retry_after().map(|w| w.as_secs()), Some(7));
}
