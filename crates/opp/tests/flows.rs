//! What operations come to: approvals, declines, redirects, lost answers, refusals in doubt, questions.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use std::time::Duration;

use common::*;
use paymux_core::script::Script;
use paymux_core::{
    Adapter, Answer, AskAfterwards, Decline, DeclineReason, EntryKind, EntryOutcome, Error, ErrorKind, Fate,
    NextAction, Operation, OperationKind, Outcome, PaymentState, Refund, RetryAdvice,
};
use paymux_opp::Opp;
use serde_json::json;

const PAY_V3: &str = "POST /gateway/v3/payments";
const PAY_V1: &str = "POST /v1/payments";
const REPORT: &str = "GET /v1/query";

fn get_v3(id: &str) -> String {
    format!("GET /gateway/v3/payments/{id}")
}

fn get_v1(id: &str) -> String {
    format!("GET /v1/payments/{id}")
}

fn linked(id: &str) -> String {
    format!("GET /v3/query/{id}?entityId={ENTITY}&includeLinkedTransactions=true")
}

/// An entry of a report.
fn row(id: &str, kind: &str, amount: &str, reference: Option<&str>, parent: Option<&str>, code: &str) -> String {
    let mut row = json!({"id": id, "paymentType": kind, "result": {"code": code}});
    if !amount.is_empty() {
        row["amount"] = amount.into();
        row["currency"] = "EGP".into();
    }
    if let Some(reference) = reference {
        row["merchantTransactionId"] = reference.into();
    }
    if let Some(parent) = parent {
        row["referencedId"] = parent.into();
    }
    row.to_string()
}

fn report(rows: &[String]) -> String {
    format!(
        r#"{{"result":{{"code":"000.000.100"}},"payments":[{}],"ndc":"x"}}"#,
        rows.join(",")
    )
}

fn own(id: &str, code: &str) -> String {
    row(id, "DB", "92.00", Some(REFERENCE), None, code)
}

fn ok(opp: &Opp, operation: &Operation, wire: &Script) -> Answer {
    let answer = run(opp, operation, wire).unwrap();
    assert!(wire.left().is_empty(), "{:?}", wire.left());
    answer
}

fn err(opp: &Opp, operation: &Operation, wire: &Script) -> Error {
    let error = run(opp, operation, wire).unwrap_err();
    assert!(wire.left().is_empty(), "{:?}", wire.left());
    error
}

fn declined(answer: &Answer) -> &Decline {
    match &answer.outcome {
        Outcome::Declined(decline) => decline,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sale_is_approved() {
    let opp = v3();
    let wire = Script::new().json(PAY_V3, 200, &body(ID, "DB", "92.0", "000.100.110"));
    let Answer { outcome, payment, .. } = ok(&opp, &sale(), &wire);
    assert!(outcome.is_approved());
    assert_eq!(payment.state, PaymentState::Captured);
    assert_eq!(payment.reference.ids(), [ID, "DB", "EGP9200"]);
    assert_eq!(payment.merchant_reference.as_deref(), Some(REFERENCE));
    assert_eq!((payment.amount, payment.captured()), (Some(money("92.00 EGP")), 9200));
    assert_eq!(payment.test, Some(true));
    let method = payment.method.unwrap();
    assert_eq!(
        (method.brand.as_deref(), method.last4.as_deref()),
        (Some("VISA"), Some("0000"))
    );
    let entry = &payment.entries[0];
    assert_eq!(
        (entry.kind, entry.id.as_deref(), entry.reference.as_deref()),
        (EntryKind::Capture, Some(ID), Some(REFERENCE))
    );
    assert_eq!(entry.at.unwrap().to_string(), "2025-01-01T10:00:00Z");
}

#[test]
fn what_the_code_says_of_test_and_live() {
    for (text, test) in [
        ("000.000.000", Some(false)),
        ("000.100.112", Some(true)),
        ("000.600.000", None),
    ] {
        let wire = Script::new().json(PAY_V1, 200, &body(ID, "DB", "92.00", text));
        assert_eq!(ok(&v1(), &sale(), &wire).payment.test, test, "{text}");
    }
    for operation in [sale(), inquire(payment(&v1_live(), &[ID, "DB", "EGP9200"]))] {
        let path = match operation {
            Operation::Sale(_) => PAY_V1.to_owned(),
            _ => get_v1(ID),
        };
        let wire = Script::new().json(&path, 200, &body(ID, "DB", "92.00", "000.100.110"));
        let error = err(&v1_live(), &operation, &wire);
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Configuration, Fate::Unknown));
        assert_eq!(error.payment().unwrap().test, Some(true));
    }
}

#[test]
fn an_authorization_and_a_payout() {
    let wire = Script::new().json(PAY_V1, 200, &body(ID, "PA", "92.00", "000.100.110"));
    let held = ok(&v1(), &authorize(), &wire).payment;
    assert_eq!(
        (held.state, held.reference.ids()[1].as_str()),
        (PaymentState::Authorized, "PA")
    );
    assert_eq!(held.captured(), 0);
    let wire = Script::new().json(PAY_V1, 200, &body(ID, "CD", "92.00", "000.100.110"));
    let paid = ok(&v1(), &payout(), &wire).payment;
    assert_eq!(
        (paid.state, paid.entries[0].kind),
        (PaymentState::PaidOut, EntryKind::Payout)
    );
}

#[test]
fn follow_ups_are_entries_of_the_payment_that_they_follow() {
    let opp = v3();
    let path = format!("POST /gateway/v3/payments/{ID}");
    let answer = |operation: &Operation, kind: &str, amount: &str| {
        let wire = Script::new().json(&path, 200, &body(OTHER, kind, amount, "000.100.110"));
        let payment = ok(&opp, operation, &wire).payment;
        assert_eq!(payment.id(), ID);
        let kinds: Vec<_> = payment.entries.iter().map(|e| e.kind).collect();
        assert_eq!(payment.entries[1].id.as_deref(), Some(OTHER));
        (payment.state, kinds, payment)
    };
    let (state, kinds, payment) = answer(&capture(&opp, "60.00 EGP"), "CP", "60.00");
    assert_eq!((state, payment.captured()), (PaymentState::PartiallyCaptured, 6000));
    assert_eq!(kinds, [EntryKind::Authorize, EntryKind::Capture]);
    assert_eq!(payment.amount, Some(money("92.00 EGP")));
    let (state, ..) = answer(&capture(&opp, "92.00 EGP"), "CP", "92.00");
    assert_eq!(state, PaymentState::Captured);
    let (state, kinds, _) = answer(&refund(&opp, "10.00 EGP"), "RF", "10.00");
    assert_eq!(state, PaymentState::PartiallyRefunded);
    assert_eq!(kinds, [EntryKind::Capture, EntryKind::Refund]);
    let (state, _, payment) = answer(&refund(&opp, "92.00 EGP"), "RF", "92.00");
    assert_eq!((state, payment.refunded()), (PaymentState::Refunded, 9200));

    // The answer to a reversal names no amount.
    let answer =
        format!(r#"{{"id":"{OTHER}","referencedId":"{ID}","paymentType":"RV","result":{{"code":"000.100.110"}}}}"#);
    let wire = Script::new().json(&path, 200, &answer);
    let voided = ok(&opp, &void(&opp), &wire).payment;
    assert_eq!(
        (voided.state, voided.entries[1].kind),
        (PaymentState::Voided, EntryKind::Void)
    );
}

#[test]
fn a_refund_of_a_capture_shows_all_three() {
    let opp = v3();
    let held = payment(&opp, &[ID, "PA", "EGP9200"]);
    let mut refund = Refund::new(held, "rf-0001-a1".parse().unwrap(), money("92.00 EGP"));
    refund.capture = Some(OTHER.to_owned());
    let wire = Script::new()
        .json(
            &format!("GET /gateway/v3/payments/{OTHER}?entityId=EB000001"),
            200,
            &body(OTHER, "CP", "92.00", "000.100.110"),
        )
        .json(
            &format!("POST /gateway/v3/payments/{OTHER}"),
            200,
            &body("8ac7-rf", "RF", "92.00", "000.100.110"),
        );
    let back = ok(&opp, &Operation::Refund(refund), &wire).payment;
    let entries: Vec<_> = back.entries.iter().map(|e| (e.kind, e.id.as_deref())).collect();
    assert_eq!(
        entries,
        [
            (EntryKind::Authorize, Some(ID)),
            (EntryKind::Capture, Some(OTHER)),
            (EntryKind::Refund, Some("8ac7-rf"))
        ]
    );
    assert_eq!(back.state, PaymentState::Refunded);
    assert_eq!(
        (wire.notes()[0].key.as_str(), wire.notes()[0].value.as_str()),
        ("parent", OTHER)
    );
}

#[test]
fn a_refund_that_names_what_is_no_capture_of_its_payment_is_not_sent() {
    let opp = v3();
    let linked = |parent: &str, kind: &str, code: &str| {
        let body = body(OTHER, kind, "92.00", code);
        body.replacen('{', &format!(r#"{{"referencedId":"{parent}","#), 1)
    };
    let ask = format!("GET /gateway/v3/payments/{OTHER}?entityId=EB000001");
    let third = "8ac7a4a0000000000000000000000003";
    for ids in [&[ID, "PA", "EGP9200"][..], &[ID]] {
        let mut refund = Refund::new(payment(&opp, ids), "rf-0001-a1".parse().unwrap(), money("10.00 EGP"));
        refund.capture = Some(OTHER.to_owned());
        for (status, answer, says) in [
            (200, linked(third, "CP", "000.100.110"), "no capture of this payment"),
            (200, linked(ID, "DB", "000.100.110"), "no capture of this payment"),
            (200, linked(ID, "RV", "000.100.110"), "no capture of this payment"),
            (400, linked(ID, "CP", "800.100.152"), "did not go through"),
            (404, code("700.400.580"), "not known"),
        ] {
            let wire = Script::new().json(&ask, status, &answer);
            let error = run(&opp, &Operation::Refund(refund.clone()), &wire).unwrap_err();
            assert_eq!(
                (error.kind(), error.fate(), error.field()),
                (ErrorKind::InvalidRequest, Fate::NotDone, Some("capture")),
                "{error}"
            );
            assert!(error.message().contains(says), "{error}");
        }
        // The question came to nothing, and the refund was not sent.
        for (status, answer) in [(429, String::new()), (503, String::new()), (200, "<html>".to_owned())] {
            let wire = Script::new().json(&ask, status, &answer);
            let error = run(&opp, &Operation::Refund(refund.clone()), &wire).unwrap_err();
            assert_eq!(error.fate(), Fate::NotDone, "{error}");
        }
    }
}

#[test]
fn a_declined_follow_up_leaves_the_payment_as_it_was() {
    let opp = v3();
    let path = format!("POST /gateway/v3/payments/{ID}");
    for (operation, state) in [
        (capture(&opp, "60.00 EGP"), PaymentState::Authorized),
        (void(&opp), PaymentState::Authorized),
        (refund(&opp, "10.00 EGP"), PaymentState::Captured),
    ] {
        let wire = Script::new().json(&path, 400, &code("800.100.152"));
        let answer = ok(&opp, &operation, &wire);
        assert_eq!(declined(&answer).reason, DeclineReason::DoNotHonor);
        assert_eq!((answer.payment.id(), answer.payment.state), (ID, state));
        assert!(matches!(answer.payment.entries[1].outcome, EntryOutcome::Declined(_)));
    }
}

#[test]
fn a_networks_advice_sharpens_that_of_a_decline() {
    let opp = v3();
    let hours = |hours: u64| RetryAdvice::Later(Some(Duration::from_secs(hours * 3600)));
    let later = RetryAdvice::Later(None);
    for (code, details, advice) in [
        ("800.100.155", r#"{"MerchantAdviceCode":"24"}"#, hours(1)),
        (
            "800.100.155",
            r#"{"merchant.advice.code":"02","AcquirerResponse":"51"}"#,
            hours(72),
        ),
        ("800.100.155", r#"{"merchantAdviceCode":3}"#, RetryAdvice::Never),
        ("800.100.152", r#"{"MerchantAdviceCode":"21"}"#, RetryAdvice::Never),
        ("800.100.152", r#"{"MerchantAdviceCode":"30"}"#, hours(240)),
        ("700.600.002", r#"{"MerchantAdviceCode":"25"}"#, hours(24)),
        // A card that is stolen stays so, and an issuer that asks for authentication gets it.
        ("800.100.159", r#"{"MerchantAdviceCode":"24"}"#, RetryAdvice::Never),
        (
            "300.100.100",
            r#"{"MerchantAdviceCode":"01"}"#,
            RetryAdvice::AfterAuthentication,
        ),
        ("300.100.100", r#"{"MerchantAdviceCode":"03"}"#, RetryAdvice::Never),
        // For information, not known, no code, no details.
        ("800.100.155", r#"{"MerchantAdviceCode":"40"}"#, later),
        ("800.100.155", r#"{"MerchantAdviceCode":"99"}"#, later),
        ("800.100.155", r#"{"MerchantAdviceCode":"later"}"#, later),
        ("800.100.155", r#"{"MerchantAdviceCode":null}"#, later),
        ("800.100.155", r#"{"MerchantAdvice":"03"}"#, later),
        ("800.100.155", r#""MerchantAdviceCode""#, later),
    ] {
        let plain = body(ID, "DB", "92.00", code);
        let answer = plain.replacen('{', &format!(r#"{{"resultDetails":{details},"#), 1);
        let answer = ok(&opp, &sale(), &Script::new().json(PAY_V3, 400, &answer));
        let decline = declined(&answer);
        assert_eq!((decline.code.as_str(), decline.advice), (code, advice), "{details}");
    }
}

#[test]
fn declines() {
    let opp = v3();
    let answer = format!(
        r#"{{"id":"{ID}","paymentType":"DB","result":{{"code":"800.100.153","description":"CVV 4200000000000000"}}}}"#
    );
    let wire = Script::new().json(PAY_V3, 400, &answer);
    let answer = ok(&opp, &sale(), &wire);
    let decline = declined(&answer);
    assert_eq!(
        (decline.reason, decline.advice),
        (DeclineReason::InvalidCvv, RetryAdvice::WithNewData)
    );
    assert_eq!(decline.text.as_deref(), Some("CVV ***"), "scrubbed");
    assert_eq!(
        (answer.payment.id(), answer.payment.state),
        (ID, PaymentState::Declined)
    );

    for (text, reason, advice, state) in [
        (
            "300.100.100",
            DeclineReason::AuthenticationRequired,
            RetryAdvice::AfterAuthentication,
            PaymentState::Declined,
        ),
        (
            "100.396.103",
            DeclineReason::Timeout,
            RetryAdvice::WithNewData,
            PaymentState::Expired,
        ),
        (
            "900.300.600",
            DeclineReason::Timeout,
            RetryAdvice::WithNewData,
            PaymentState::Expired,
        ),
        (
            "900.100.301",
            DeclineReason::Timeout,
            RetryAdvice::SameRequest,
            PaymentState::Declined,
        ),
        (
            "900.100.310",
            DeclineReason::Timeout,
            RetryAdvice::SameRequest,
            PaymentState::Declined,
        ),
        (
            "800.100.999",
            DeclineReason::Unknown,
            RetryAdvice::WithNewData,
            PaymentState::Declined,
        ),
    ] {
        let wire = Script::new().json(PAY_V3, 200, &body(ID, "DB", "92.00", text));
        let answer = ok(&opp, &sale(), &wire);
        let decline = declined(&answer);
        assert_eq!(
            (decline.reason, decline.advice, answer.payment.state),
            (reason, advice, state),
            "{text}"
        );
    }
}

#[test]
fn a_decline_of_something_else_is_asked_about() {
    let opp = v3();
    for code in ["800.100.152", "900.100.310", "100.396.103"] {
        let of = |reference: &str| row(ID, "DB", "92.00", Some(reference), None, code);
        let wire = Script::new().json(PAY_V3, 400, &of("ord-9999-a1")).json(
            &get_v3(ID),
            200,
            &row(ID, "DB", "92.00", Some(REFERENCE), None, "000.100.110"),
        );
        assert!(ok(&opp, &sale(), &wire).outcome.is_approved(), "{code}");
        declined(&ok(&opp, &sale(), &Script::new().json(PAY_V3, 400, &of(REFERENCE))));
    }
    let wire = Script::new()
        .json(
            &format!("POST /gateway/v3/payments/{ID}"),
            400,
            &row(OTHER, "CP", "", None, Some("another"), "800.100.152"),
        )
        .with_patience(Duration::ZERO);
    assert_eq!(err(&opp, &capture(&opp, "60.00 EGP"), &wire).fate(), Fate::Unknown);
}

#[test]
fn a_decline_without_an_id_is_named_by_its_reference() {
    let opp = v1();
    let wire = Script::new().json(PAY_V1, 400, &code("100.100.101"));
    let reference = ok(&opp, &sale(), &wire).payment.reference;
    assert_eq!(reference.ids(), [REFERENCE, "reference", "DB", "EGP9200"]);
    let wire = Script::new().json(REPORT, 200, &report(&[own(ID, "100.100.101")]));
    let answer = ok(&opp, &inquire(reference.clone()), &wire);
    assert_eq!(
        (declined(&answer).code.as_str(), answer.payment.id()),
        ("100.100.101", ID)
    );
    let wire = Script::new().json(PAY_V3, 400, &code("100.100.101"));
    let reference = ok(&v3(), &sale(), &wire).payment.reference;
    assert_eq!(
        err(&v3(), &inquire(reference), &Script::new()).kind(),
        ErrorKind::Unsupported
    );
}

#[test]
fn reviews() {
    let wire = Script::new().json(PAY_V3, 200, &body(ID, "DB", "92.00", "000.400.010"));
    let answer = ok(&v3(), &sale(), &wire);
    assert!(matches!(answer.outcome, Outcome::Review));
    assert_eq!(
        (answer.payment.state, answer.payment.captured()),
        (PaymentState::Review, 9200)
    );
}

#[test]
fn pending() {
    for text in ["000.200.000", "100.400.500", "800.400.500", "000.400.110"] {
        let wire = Script::new().json(PAY_V3, 200, &body(ID, "DB", "92.00", text));
        let answer = ok(&v3(), &sale(), &wire);
        assert!(matches!(answer.outcome, Outcome::Pending), "{text}");
        assert_eq!(answer.payment.state, PaymentState::Pending);
    }
}

fn with_redirect(redirect: &str) -> String {
    let payment = body(ID, "DB", "92.00", "000.200.000");
    format!(r#"{},"redirect":{redirect}}}"#, payment.strip_suffix('}').unwrap())
}

fn action(redirect: &str) -> NextAction {
    let wire = Script::new().json(PAY_V3, 200, &with_redirect(redirect));
    let answer = ok(&v3(), &sale(), &wire);
    assert_eq!(answer.payment.state, PaymentState::RequiresAction);
    match answer.outcome {
        Outcome::ActionRequired(action) => action,
        other => panic!("{other:?}"),
    }
}

#[test]
fn redirects() {
    let form = r#"{"url":"https://acs.example/c","method":"POST","parameters":[{"name":"PaReq","value":"x"},{"name":"MD","value":"y"}],
        "preconditions":[{"origin":"iframe#hidden","waitUntil":"iframe#onload","method":"POST","url":"https://acs.example/m",
        "parameters":[{"name":"threeDSMethodData","value":"z"}]}]}"#;
    let NextAction::Form { url, fields, before } = action(form) else {
        panic!()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(url, "https://acs.example/c");
    assert_eq!(fields, [pair("PaReq", "x"), pair("MD", "y")]);
    assert_eq!(
        before,
        [("https://acs.example/m".to_owned(), vec![pair("threeDSMethodData", "z")])]
    );

    // Without a method, fields are posted, and a bare address is opened.
    let form = action(r#"{"url":"https://acs.example/c","parameters":[{"name":"a","value":"1"}]}"#);
    assert!(matches!(form, NextAction::Form { fields, .. } if fields.len() == 1));
    for bare in [
        r#"{"url":"https://acs.example/c","parameters":[]}"#,
        r#"{"url":"https://acs.example/c"}"#,
        r#"{"url":"https://acs.example/c","method":"get","preconditions":null}"#,
    ] {
        let redirect = action(bare);
        assert!(matches!(redirect, NextAction::Redirect(_)));
        assert_eq!(redirect.expose_url(), "https://acs.example/c");
    }
    let opened =
        action(r#"{"url":"https://acs.example/c?x=1","method":"GET","parameters":[{"name":"a b","value":"&"}]}"#);
    assert_eq!(opened.expose_url(), "https://acs.example/c?x=1&a+b=%26");
    let posted = action(r#"{"url":"https://acs.example/c","method":"POST"}"#);
    assert!(matches!(posted, NextAction::Form { fields, .. } if fields.is_empty()));
}

#[test]
fn a_redirect_to_plain_http_is_refused() {
    for url in ["http://acs.example/c", "javascript:alert(1)", "ftp://x/y", ""] {
        let wire = Script::new().json(PAY_V3, 200, &with_redirect(&json!({"url": url}).to_string()));
        let error = err(&v3(), &sale(), &wire);
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{url}"
        );
    }
    assert!(matches!(
        action(r#"{"url":"http://127.0.0.1:9/c"}"#),
        NextAction::Redirect(_)
    ));
    let wire = Script::new().json(PAY_V1, 200, &with_redirect(r#"{"url":"http://127.0.0.1:9/c"}"#));
    assert_eq!(err(&v1_live(), &sale(), &wire).kind(), ErrorKind::Provider);
}

#[test]
fn an_unreadable_redirect_is_pending() {
    let wire = Script::new().json(PAY_V3, 200, &with_redirect(r#""somewhere""#));
    assert!(matches!(ok(&v3(), &sale(), &wire).outcome, Outcome::Pending));
}

#[test]
fn an_inquiry_makes_the_redirect_anew() {
    let opp = v3();
    let wire = Script::new().json(&get_v3(ID), 200, &with_redirect(r#"{"url":"https://acs.example/c"}"#));
    let answer = ok(&opp, &inquire(payment(&opp, &[ID, "DB", "EGP9200"])), &wire);
    assert!(matches!(
        answer.outcome,
        Outcome::ActionRequired(NextAction::Redirect(_))
    ));
}

#[test]
fn a_confirmed_difference_is_a_mismatch() {
    let opp = v3();
    let with = |change: fn(&mut serde_json::Value)| {
        let mut answer: serde_json::Value = serde_json::from_str(&body(ID, "DB", "92.00", "000.100.110")).unwrap();
        change(&mut answer);
        let wire = Script::new().json(PAY_V3, 200, &answer.to_string());
        err(&opp, &sale(), &wire)
    };
    for error in [
        with(|a| a["amount"] = "92.01".into()),
        with(|a| a["amount"] = 9200.into()),
        with(|a| a["currency"] = "EUR".into()),
        with(|a| a["merchantTransactionId"] = "ord-0002-a1".into()),
    ] {
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Mismatch, Fate::Unknown),
            "{error}"
        );
        assert_eq!(error.payment().unwrap().id(), ID);
    }
    let answer = format!(
        r#"{{"id":"{OTHER}","referencedId":"someone","paymentType":"CP","amount":"60.00","currency":"EGP","result":{{"code":"000.100.110"}}}}"#
    );
    let wire = Script::new().json(&format!("POST /gateway/v3/payments/{ID}"), 200, &answer);
    let error = err(&opp, &capture(&opp, "60.00 EGP"), &wire);
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.message().contains("referencedId"), "{error}");
}

#[test]
fn what_is_absent_is_asked_for() {
    let opp = v3();
    for answer in [
        format!(r#"{{"id":"{ID}","paymentType":"DB","result":{{"code":"000.100.110"}}}}"#),
        format!(r#"{{"id":"{ID}","paymentType":"DB","amount":"92.00","result":{{"code":"000.100.110"}}}}"#),
        format!(
            r#"{{"id":"{ID}","paymentType":"DB","amount":"ninety","currency":"EGP","result":{{"code":"000.100.110"}}}}"#
        ),
        format!(r#"{{"id":"{ID}","amount":"92.00","currency":"EGP","result":{{"code":"000.100.110"}}}}"#),
        body(ID, "PA", "92.00", "000.100.110"),
        body(ID, "DB", "92.00", "900.100.300"),
        body(ID, "DB", "92.00", "000.400.030"),
        body(ID, "DB", "92.00", "000.100.211"),
        body(ID, "DB", "92.00", "123.456.789"),
    ] {
        let wire =
            Script::new()
                .json(PAY_V3, 200, &answer)
                .json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "000.100.110"));
        assert!(ok(&opp, &sale(), &wire).outcome.is_approved(), "{answer}");
        assert_eq!(
            (wire.notes()[0].key.as_str(), wire.notes()[0].value.as_str()),
            ("payment", ID)
        );
    }
    // An approval without an id cannot be asked about on v3.
    let wire = Script::new().json(PAY_V3, 200, &code("000.100.110"));
    assert_eq!(err(&opp, &sale(), &wire).fate(), Fate::Unknown);
    // Confirmed by the inquiry, a wrong type is a mismatch.
    let wire = Script::new()
        .json(PAY_V3, 200, &body(ID, "PA", "92.00", "000.100.110"))
        .json(&get_v3(ID), 200, &body(ID, "PA", "92.00", "000.100.110"));
    let error = err(&opp, &sale(), &wire);
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.message().contains("of type PA, and DB was asked for"), "{error}");
}

#[test]
fn asking_ends_at_the_deadline() {
    let opp = v3();
    let wire = Script::new()
        .json(PAY_V3, 500, &body(ID, "DB", "92.00", "900.100.300"))
        .json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "900.100.300"))
        .lost(&get_v3(ID))
        .with_patience(Duration::from_secs(60));
    let error = err(&opp, &sale(), &wire);
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::Unknown));
    assert_eq!(
        error.payment().map(|p| (p.id().to_owned(), p.state)),
        Some((ID.to_owned(), PaymentState::Pending))
    );
    assert_eq!(error.decline().unwrap().reason, DeclineReason::Timeout);
}

#[test]
fn probably_cancelled_is_declined_when_it_is_said_twice() {
    let opp = v3();
    let doubt = body(ID, "DB", "92.00", "100.396.104");
    let wire = Script::new().json(PAY_V3, 200, &doubt).json(&get_v3(ID), 200, &doubt);
    let answer = ok(&opp, &sale(), &wire);
    assert_eq!(declined(&answer).reason, DeclineReason::Cancelled);
    assert_eq!(answer.payment.state, PaymentState::Cancelled);
    let wire = Script::new()
        .json(PAY_V3, 200, &doubt)
        .json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(ok(&opp, &sale(), &wire).outcome.is_approved(), "a later success wins");

    let ask = inquire(payment(&opp, &[ID, "DB", "EGP9200"]));
    let wire = Script::new()
        .json(&get_v3(ID), 200, &doubt)
        .json(&get_v3(ID), 200, &doubt);
    assert_eq!(declined(&ok(&opp, &ask, &wire)).reason, DeclineReason::Cancelled);
    let wire = Script::new()
        .json(&get_v3(ID), 200, &doubt)
        .with_patience(Duration::ZERO);
    assert_eq!(err(&opp, &ask, &wire).fate(), Fate::NotDone);
}

#[test]
fn what_was_not_sent_was_not_done() {
    let wire = Script::new().not_sent(PAY_V3);
    assert_eq!(err(&v3(), &sale(), &wire).fate(), Fate::NotDone);
}

#[test]
fn a_lost_answer_on_v3_stays_unknown() {
    let opp = v3();
    let path = format!("POST /gateway/v3/payments/{ID}");
    for (operation, path) in [
        (sale(), PAY_V3),
        (authorize(), PAY_V3),
        (capture(&opp, "60.00 EGP"), &path),
        (void(&opp), &path),
        (refund(&opp, "10.00 EGP"), &path),
    ] {
        let kind = operation.kind();
        assert_eq!(opp.capabilities().ability(kind).unwrap().ask, AskAfterwards::None);
        assert_eq!(v1().capabilities().ability(kind).unwrap().ask, AskAfterwards::Yes);
        let error = err(&opp, &operation, &Script::new().lost(path));
        assert_eq!(error.fate(), Fate::Unknown, "{kind}");
    }
}

#[test]
fn a_lost_sale_is_found_by_its_reference_on_v1() {
    let opp = v1();
    let found = |rows: &[String]| {
        let wire = Script::new().lost(PAY_V1).json(REPORT, 200, &report(rows));
        run(&opp, &sale(), &wire)
    };
    let others = row(OTHER, "DB", "92.00", Some("ord-0002-a1"), None, "000.100.110");
    let nameless = r#"{"paymentType":"DB","result":{"code":"000.100.110"}}"#.to_owned();
    let answer = found(&[others, nameless, own(ID, "000.100.110")]).unwrap();
    assert!(answer.outcome.is_approved());
    assert_eq!(
        (answer.payment.id(), answer.payment.merchant_reference.as_deref()),
        (ID, Some(REFERENCE))
    );

    assert!(matches!(
        found(&[own(ID, "000.200.000")]).unwrap().outcome,
        Outcome::Pending
    ));
    let refused = row(ID, "DB", "", Some(REFERENCE), None, "800.100.155");
    assert_eq!(
        declined(&found(&[refused]).unwrap()).reason,
        DeclineReason::InsufficientFunds
    );
    let throttled = own(ID, "800.120.100");
    assert_eq!(
        declined(&found(&[throttled]).unwrap()).reason,
        DeclineReason::RateLimited
    );

    let error = found(&[row(ID, "DB", "91.00", Some(REFERENCE), None, "000.100.110")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    let error = found(&[row(ID, "PA", "92.00", Some(REFERENCE), None, "000.100.110")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    let error = found(&[own(ID, "000.100.110"), own(OTHER, "000.100.110")]).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::Unknown));
    assert!(error.message().contains(&format!(
        "double charge: several payments stand under one reference ({ID}, {OTHER})"
    )));
}

#[test]
fn a_lost_sale_is_asked_about_again_and_again() {
    let opp = v1();
    let wire = Script::new()
        .lost(PAY_V1)
        .json(REPORT, 404, &code("700.400.580"))
        .json(REPORT, 200, &code("800.120.100"))
        .json(REPORT, 200, &report(&[own(ID, "000.100.110")]));
    assert!(ok(&opp, &sale(), &wire).outcome.is_approved());

    let wire = Script::new()
        .lost(PAY_V1)
        .json(REPORT, 200, &code("700.400.580"))
        .json(REPORT, 200, &report(&[]))
        .with_patience(Duration::from_secs(60));
    let error = err(&opp, &sale(), &wire);
    assert_eq!(error.fate(), Fate::Unknown, "absence proves nothing yet");
}

#[test]
fn a_lost_follow_up_is_found_by_its_own_reference() {
    let opp = v1();
    let path = format!("POST /v1/payments/{ID}");
    let wire = Script::new().lost(&path).json(
        REPORT,
        200,
        &report(&[row(OTHER, "CP", "60.00", Some("cp-0001-a1"), Some(ID), "000.100.110")]),
    );
    let answer = ok(&opp, &capture(&opp, "60.00 EGP"), &wire);
    assert!(answer.outcome.is_approved());
    assert_eq!(
        (answer.payment.id(), answer.payment.state),
        (ID, PaymentState::PartiallyCaptured)
    );
    assert!(
        wire.sent()[1]
            .request
            .uri()
            .to_string()
            .ends_with("merchantTransactionId=cp-0001-a1")
    );

    // A reversal's entry names no amount; an entry on another payment is not ours.
    let wire = Script::new()
        .lost(&path)
        .json(
            REPORT,
            200,
            &report(&[row(OTHER, "RV", "", Some("rv-0001-a1"), Some("another"), "000.100.110")]),
        )
        .json(
            REPORT,
            200,
            &report(&[row(OTHER, "RV", "", Some("rv-0001-a1"), Some(ID), "000.100.110")]),
        );
    assert_eq!(ok(&opp, &void(&opp), &wire).payment.state, PaymentState::Voided);
}

#[test]
fn an_entry_without_an_amount_is_asked_for_by_its_id() {
    let opp = v1();
    let back = |amount: &str| row(OTHER, "RF", amount, Some("rf-0001-a1"), Some(ID), "000.100.110");
    let wire = Script::new()
        .lost(&format!("POST /v1/payments/{ID}"))
        .json(REPORT, 200, &report(&[back("")]))
        .json(&get_v1(OTHER), 200, &back("10.00"));
    let answer = ok(&opp, &refund(&opp, "10.00 EGP"), &wire);
    assert!(answer.outcome.is_approved());
    assert_eq!((answer.payment.id(), answer.payment.refunded()), (ID, 1000));
}

#[test]
fn refusals_in_doubt_stay_open_on_v3() {
    let opp = v3();
    for text in ["800.110.100", "800.130.100", "200.200.106", "800.700.100"] {
        let wire = Script::new().json(PAY_V3, 400, &body(ID, "DB", "92.00", text));
        let error = err(&opp, &sale(), &wire);
        assert_eq!(error.fate(), Fate::Unknown, "{text}");
        assert_eq!(error.decline().unwrap().code, text);
        assert!(
            error.payment().is_none() && wire.notes().is_empty(),
            "not the id of the refused attempt"
        );
    }
    let path = format!("POST /gateway/v3/payments/{ID}");
    for text in ["700.300.300", "700.400.510", "700.400.570"] {
        let wire = Script::new().json(&path, 400, &code(text));
        assert_eq!(
            err(&opp, &capture(&opp, "60.00 EGP"), &wire).fate(),
            Fate::Unknown,
            "{text}"
        );
    }
    // More than the payment is of cannot have been done by an earlier attempt either.
    let wire = Script::new().json(&path, 400, &code("700.400.200"));
    let error = err(&opp, &refund(&opp, "92.01 EGP"), &wire);
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::Rejected));
}

#[test]
fn refusals_in_doubt_are_looked_into_on_v1() {
    let opp = v1();
    let path = format!("POST /v1/payments/{ID}");
    let operation = capture(&opp, "60.00 EGP");
    let wire = Script::new().json(&path, 400, &code("700.300.300")).json(
        REPORT,
        200,
        &report(&[row(OTHER, "CP", "60.00", Some("cp-0001-a1"), Some(ID), "000.100.110")]),
    );
    assert!(
        ok(&opp, &operation, &wire).outcome.is_approved(),
        "an earlier attempt worked"
    );

    let nothing = code("700.400.580");
    let somebodys = report(&[
        row(ID, "PA", "92.00", Some(REFERENCE), None, "000.100.110"),
        row(OTHER, "CP", "60.00", Some("cp-0000-a1"), Some(ID), "000.100.110"),
    ]);
    let wire = Script::new()
        .json(&path, 400, &code("700.300.300"))
        .json(REPORT, 404, &nothing)
        .json(REPORT, 404, &nothing)
        .json(&linked(ID), 200, &somebodys);
    let error = err(&opp, &operation, &wire);
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::Rejected));
    assert_eq!(error.decline().unwrap().code, "700.300.300");

    // Ours may be there without its name; and a record that explains nothing proves nothing.
    for rows in [
        vec![row(OTHER, "CP", "60.00", None, Some(ID), "000.100.110")],
        vec![row(OTHER, "CP", "60.00", Some("cp-0001-a1"), Some(ID), "000.100.110")],
        vec![row(OTHER, "CP", "60.00", Some("cp-0000-a1"), Some(ID), "800.100.152")],
        // Beside another's, an entry that cannot be read may be ours.
        vec![
            row(OTHER, "CP", "60.00", Some("cp-0000-a1"), Some(ID), "000.100.110"),
            r#"{"id":7,"paymentType":"CP"}"#.to_owned(),
        ],
        vec![],
    ] {
        let wire = Script::new()
            .json(&path, 400, &code("700.300.300"))
            .json(REPORT, 404, &nothing)
            .json(REPORT, 404, &nothing)
            .json(&linked(ID), 200, &report(&rows))
            .with_patience(Duration::from_secs(60));
        assert_eq!(err(&opp, &operation, &wire).fate(), Fate::Unknown);
    }
}

/// Another's refund explains the refusal of ours only if it left too little; else an earlier attempt of ours may have taken the rest.
#[test]
fn a_refused_refund_is_explained_by_what_is_left() {
    let opp = v1();
    let operation = refund(&opp, "82.00 EGP");
    for (others, fate) in [
        ("10.00", Fate::Unknown),
        ("10.01", Fate::Rejected),
        ("92.00", Fate::Rejected),
        ("", Fate::Unknown),
    ] {
        let rows = [
            row(ID, "DB", "92.00", Some(REFERENCE), None, "000.100.110"),
            row(OTHER, "RF", others, Some("rf-0000-a1"), Some(ID), "000.100.110"),
        ];
        let nothing = code("700.400.580");
        let wire = Script::new()
            .json(&format!("POST /v1/payments/{ID}"), 400, &code("700.400.200"))
            .json(REPORT, 404, &nothing)
            .json(REPORT, 404, &nothing)
            .json(&linked(ID), 200, &report(&rows))
            .with_patience(Duration::from_secs(60));
        assert_eq!(err(&opp, &operation, &wire).fate(), fate, "{others}");
    }
}

#[test]
fn a_duplicate_is_its_original() {
    let opp = v1();
    let duplicate = row(OTHER, "DB", "", Some(REFERENCE), None, "800.110.100");
    let asked = |rows: &[String]| {
        let wire = Script::new()
            .json(PAY_V1, 400, &body(OTHER, "DB", "92.00", "800.110.100"))
            .json(REPORT, 200, &report(rows))
            .with_patience(Duration::from_secs(6));
        run(&opp, &sale(), &wire)
    };
    let answer = asked(&[own(ID, "000.100.110"), duplicate.clone()]).unwrap();
    assert_eq!((answer.outcome.is_approved(), answer.payment.id()), (true, ID));
    let answer = asked(&[own(ID, "800.100.152"), duplicate.clone()]).unwrap();
    assert_eq!(declined(&answer).reason, DeclineReason::DoNotHonor);
    let error = asked(&[duplicate]).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown, "never a decline without the original");
}

#[test]
fn an_inquiry_tells_what_the_payment_is() {
    let opp = v3();
    let ask = inquire(payment(&opp, &[ID, "DB", "EGP9200"]));
    let answer = |text: &str| {
        let wire = Script::new().json(&get_v3(ID), 200, &body(ID, "DB", "92.00", text));
        ok(&opp, &ask, &wire)
    };
    let approved = answer("000.100.110");
    assert!(approved.outcome.is_approved());
    assert_eq!(approved.payment.reference.ids(), [ID, "DB", "EGP9200"]);
    assert_eq!(
        declined(&answer("800.100.155")).reason,
        DeclineReason::InsufficientFunds
    );
    assert_eq!(declined(&answer("100.550.300")).reason, DeclineReason::AmountInvalid);
    assert!(matches!(answer("800.400.500").outcome, Outcome::Pending));
    assert!(matches!(answer("800.700.100").outcome, Outcome::Pending));
    let back = answer("000.100.220");
    assert!(matches!(back.outcome, Outcome::Review));
    assert_eq!(back.payment.state, PaymentState::ChargedBack);
    let kinds: Vec<_> = back.payment.entries.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [EntryKind::Capture, EntryKind::Chargeback]);
}

#[test]
fn an_inquiry_that_fails_says_nothing_of_the_payment() {
    let opp = v3();
    let ask = inquire(payment(&opp, &[ID, "DB", "EGP9200"]));
    let error = |status: u16, answer: &str| err(&opp, &ask, &Script::new().json(&get_v3(ID), status, answer));
    for (answer, kind) in [
        (code("800.120.100"), ErrorKind::Refused),
        (body(OTHER, "DB", "92.00", "800.120.100"), ErrorKind::Refused),
        (code("700.400.580"), ErrorKind::InvalidRequest),
        (code("200.300.404"), ErrorKind::Provider),
        (code("800.900.300"), ErrorKind::Configuration),
        (code("800.100.152"), ErrorKind::Provider),
        (code("123.456.789"), ErrorKind::Provider),
        (body(ID, "DB", "92.00", "900.100.300"), ErrorKind::Provider),
        (body(ID, "DB", "92.00", "123.456.789"), ErrorKind::Provider),
        (body(OTHER, "DB", "92.00", "000.100.110"), ErrorKind::Provider),
        (body(OTHER, "DB", "92.00", "800.100.152"), ErrorKind::Provider),
    ] {
        let error = error(200, &answer);
        assert_eq!((error.kind(), error.fate()), (kind, Fate::NotDone), "{answer}");
    }
    assert!(error(200, &code("700.400.580")).is_not_found());
    assert!(error(200, &code("800.120.100")).is_rate_limited());
    let wrong = error(200, &body(ID, "PA", "92.00", "000.100.110"));
    assert_eq!(wrong.kind(), ErrorKind::Mismatch);
    let wrong = error(200, &body(ID, "DB", "91.00", "000.100.110"));
    assert_eq!(wrong.kind(), ErrorKind::Mismatch);
    let wrong = error(200, &body(ID, "DB", "92.00", "000.100.211"));
    assert_eq!(wrong.kind(), ErrorKind::Mismatch);
    assert_eq!(
        err(&opp, &inquire(payment(&opp, &["../x", "DB"])), &Script::new()).kind(),
        ErrorKind::InvalidRequest
    );
}

#[test]
fn an_inquiry_by_an_id_alone_takes_the_type_from_the_answer() {
    let opp = v3();
    let ask = inquire(payment(&opp, &[ID]));
    let wire = Script::new().json(&get_v3(ID), 200, &body(ID, "PA", "92.00", "000.100.110"));
    let held = ok(&opp, &ask, &wire).payment;
    assert_eq!(
        (held.reference.ids()[1].as_str(), held.state),
        ("PA", PaymentState::Authorized)
    );
    let untyped = format!(r#"{{"id":"{ID}","amount":"92.00","currency":"EGP","result":{{"code":"000.100.110"}}}}"#);
    let wire = Script::new().json(&get_v3(ID), 200, &untyped);
    assert_eq!(err(&opp, &ask, &wire).kind(), ErrorKind::Provider);
    // A follow-up leads to the payment that it followed.
    let taken = format!(
        r#"{{"id":"{OTHER}","referencedId":"{ID}","paymentType":"CP","amount":"60.00","currency":"EGP","result":{{"code":"000.100.110"}}}}"#
    );
    let wire = Script::new().json(&get_v3(OTHER), 200, &taken);
    let payment = ok(&opp, &inquire(payment(&opp, &[OTHER, "CP"])), &wire).payment;
    assert_eq!(payment.reference.ids(), [ID, "PA"]);
    assert_eq!(payment.captured(), 6000);
}

#[test]
fn an_inquiry_on_v1_shows_what_followed() {
    let opp = v1();
    let ask = inquire(payment(&opp, &[ID, "PA", "EGP9200"]));
    let held = body(ID, "PA", "92.00", "000.100.110");
    let show = |rows: &[String]| {
        let wire = Script::new()
            .json(&get_v1(ID), 200, &held)
            .json(&linked(ID), 200, &report(rows));
        ok(&opp, &ask, &wire).payment
    };
    let root = row(ID, "PA", "92.00", Some(REFERENCE), None, "000.100.110");
    let taken = row("cp1", "CP", "92.00", Some("cp-0001-a1"), Some(ID), "000.100.110");
    let back = row("rf1", "RF", "46.00", Some("rf-0001-a1"), Some("cp1"), "000.100.110");
    assert_eq!(show(std::slice::from_ref(&root)).state, PaymentState::Authorized);
    assert_eq!(show(&[root.clone(), taken.clone()]).state, PaymentState::Captured);
    // In any order.
    let payment = show(&[back.clone(), taken, root.clone()]);
    assert_eq!(
        (payment.state, payment.refunded()),
        (PaymentState::PartiallyRefunded, 4600)
    );
    assert_eq!(payment.entries.last().unwrap().reference.as_deref(), Some("rf-0001-a1"));
    let let_go = row("rv1", "RV", "", None, Some(ID), "000.100.110");
    assert_eq!(show(&[root.clone(), let_go]).state, PaymentState::Voided);
    let failed = row("cp1", "CP", "", Some("cp-0001-a1"), Some(ID), "800.100.152");
    assert_eq!(show(&[root, failed]).state, PaymentState::Authorized);

    // Without the report the payment is told as it is.
    let wire = Script::new().json(&get_v1(ID), 200, &held).json(&linked(ID), 403, "");
    assert_eq!(ok(&opp, &ask, &wire).payment.state, PaymentState::Authorized);
}

#[test]
fn inquiries_by_reference() {
    let opp = v1();
    // Where it went through, what is linked to it is asked for; here that is nothing more.
    let ask_of = |id: &str, answer: &str| {
        let wire = Script::new()
            .json(REPORT, 200, answer)
            .json(&linked(id), 200, &report(&[]));
        run(&opp, &by_reference(REFERENCE), &wire)
    };
    let ask = |answer: &str| ask_of(ID, answer);
    let taken = own(ID, "000.100.112");
    let back = row(OTHER, "RF", "92.00", None, Some(ID), "000.100.112");
    let refunded = ask(&report(&[taken.clone(), back.clone()])).unwrap();
    assert!(refunded.outcome.is_approved());
    assert_eq!(
        (refunded.payment.state, refunded.payment.refunded()),
        (PaymentState::Refunded, 9200)
    );
    assert_eq!(refunded.payment.id(), ID);

    // A refund that failed cancels nothing; one that worked makes room for another payment.
    let failed = row(OTHER, "RF", "", None, Some(ID), "700.400.200");
    assert_eq!(
        ask(&report(&[taken.clone(), failed])).unwrap().payment.state,
        PaymentState::Captured
    );
    let again = own("db2", "000.100.112");
    assert_eq!(
        ask_of("db2", &report(&[taken.clone(), back, again.clone()]))
            .unwrap()
            .payment
            .id(),
        "db2"
    );
    let part = row(OTHER, "RF", "10.00", None, Some(ID), "000.100.112");
    assert_eq!(
        ask(&report(&[taken.clone(), part, again])).unwrap_err().kind(),
        ErrorKind::Mismatch
    );
    let disputed = row("cb1", "CB", "92.00", None, Some(ID), "000.100.220");
    assert_eq!(
        ask(&report(&[taken.clone(), disputed])).unwrap().payment.state,
        PaymentState::ChargedBack
    );

    // A pending try beside a declined one is pending; the last of several declines counts.
    let refused = own("db0", "800.100.152");
    let open = own(ID, "000.200.000");
    assert!(matches!(
        ask(&report(&[refused.clone(), open])).unwrap().outcome,
        Outcome::Pending
    ));
    let later = own("db1", "800.100.155");
    assert_eq!(ask(&report(&[refused, later])).unwrap().payment.id(), "db1");

    // Nothing but a refusal as duplicate is what stands there.
    let duplicate = ask(&report(&[own(ID, "800.110.100")])).unwrap();
    assert_eq!(declined(&duplicate).reason, DeclineReason::Duplicate);

    // A follow-up's own reference leads to the payment that it followed.
    let follow_up = row(OTHER, "CP", "60.00", Some(REFERENCE), Some(ID), "000.100.112");
    assert_eq!(ask(&report(&[follow_up])).unwrap().payment.reference.ids(), [ID, "PA"]);

    // The list stands under either name, alone, or is one entry.
    for answer in [
        format!(r#"{{"result":{{"code":"000.000.100"}},"records":[{taken}]}}"#),
        format!("[{taken}]"),
        taken,
    ] {
        assert_eq!(ask(&answer).unwrap().payment.id(), ID, "{answer}");
    }
    for nothing in [report(&[]), code("700.400.580")] {
        let error = ask(&nothing).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidRequest, Fate::NotDone));
        assert!(error.is_not_found(), "{nothing}");
    }
    // Beside an entry that says nothing yet, a refusal is not the end.
    let unread = own("x", "900.100.300");
    for open in [vec![unread.clone()], vec![unread, own(ID, "800.100.152")]] {
        assert_eq!(ask(&report(&open)).unwrap_err().kind(), ErrorKind::Provider);
    }
    assert!(ask(&code("800.120.100")).unwrap_err().is_rate_limited());
    assert_eq!(ask("<html>").unwrap_err().kind(), ErrorKind::Provider);
}

#[test]
fn an_inquiry_by_reference_shows_what_followed_under_other_references() {
    let opp = v1();
    let ask = by_reference(REFERENCE);
    let held = row(ID, "PA", "92.00", Some(REFERENCE), None, "000.100.110");
    let taken = row(OTHER, "CP", "60.00", Some("cp-0001-a1"), Some(ID), "000.100.110");
    let refused = row("cp2", "CP", "", Some("cp-0002-a1"), Some(ID), "700.300.300");
    let wire = Script::new()
        .json(REPORT, 200, &report(std::slice::from_ref(&held)))
        .json(&linked(ID), 200, &report(&[held.clone(), taken, refused]));
    let payment = ok(&opp, &ask, &wire).payment;
    assert_eq!(
        (payment.state, payment.captured()),
        (PaymentState::PartiallyCaptured, 6000)
    );
    let amounts: Vec<_> = payment
        .entries
        .iter()
        .map(|entry| entry.amount.map(paymux_core::Money::minor))
        .collect();
    assert_eq!(
        amounts,
        [Some(9200), Some(6000), None],
        "a refusal without an amount has none"
    );
    // Without the second report it is told as far as the first goes.
    let wire = Script::new()
        .json(REPORT, 200, &report(&[held]))
        .json(&linked(ID), 403, "");
    assert_eq!(ok(&opp, &ask, &wire).payment.state, PaymentState::Authorized);
}

#[test]
fn resolving_on_v3() {
    let opp = v3();
    let question = unresolved(
        &opp,
        OperationKind::Sale,
        None,
        json!([{"key": "payment", "value": ID}]),
    );
    let wire = Script::new().json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(ok(&opp, &question, &wire).outcome.is_approved());
    let made = payment(&opp, &[ID, "DB", "EGP9200"]);
    let question = unresolved(&opp, OperationKind::Sale, Some(made), json!([]));
    let wire = Script::new().json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "800.100.152"));
    declined(&ok(&opp, &question, &wire));
    let wire = Script::new().json(&get_v3(ID), 404, "");
    assert_eq!(err(&opp, &question, &wire).fate(), Fate::Unknown);

    for kind in [OperationKind::Sale, OperationKind::Authorize] {
        let question = unresolved(&opp, kind, None, json!([]));
        let error = err(&opp, &question, &Script::new());
        assert_eq!(error.fate(), Fate::Unknown);
        assert!(error.message().contains("back office"), "{error}");
    }
    let held = payment(&opp, &[ID, "PA", "EGP9200"]);
    let question = unresolved(&opp, OperationKind::Capture, Some(held), json!([]));
    assert_eq!(err(&opp, &question, &Script::new()).fate(), Fate::Unknown);
}

#[test]
fn resolving_on_v1() {
    let opp = v1();
    let question = unresolved(&opp, OperationKind::Sale, None, json!([]));
    let wire = Script::new().json(REPORT, 200, &report(&[own(ID, "000.100.110")]));
    assert!(ok(&opp, &question, &wire).outcome.is_approved());
    for answer in [
        code("700.400.580"),
        report(&[]),
        code("800.120.100"),
        code("800.900.300"),
        String::new(),
    ] {
        let wire = Script::new().json(REPORT, 200, &answer);
        let error = err(&opp, &question, &wire);
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{answer}"
        );
    }
    let wire = Script::new().lost(REPORT);
    assert_eq!(err(&opp, &question, &wire).fate(), Fate::Unknown);

    let held = payment(&opp, &[ID, "PA", "EGP9200"]);
    let trail = json!([{"key": "parent", "value": OTHER}]);
    let question = unresolved(&opp, OperationKind::Refund, Some(held), trail);
    let back = row("rf1", "RF", "92.00", Some(REFERENCE), Some(OTHER), "000.100.110");
    let wire = Script::new().json(REPORT, 200, &report(&[back]));
    let answer = ok(&opp, &question, &wire);
    assert_eq!(
        (answer.payment.id(), answer.payment.state),
        (ID, PaymentState::Refunded)
    );
}

const CHECKOUT: &str = "ABCDEF0123456789ABCDEF0123456789.uat01-vm-tx04";

fn made(opp: &Opp) -> Operation {
    inquire(payment(opp, &[CHECKOUT, "checkout", "DB", "EGP9200", REFERENCE]))
}

#[test]
fn a_checkout_is_made() {
    let answer = format!(r#"{{"result":{{"code":"000.200.100"}},"id":"{CHECKOUT}","ndc":"x"}}"#);
    let wire = Script::new().json("POST /v1/checkouts", 200, &answer);
    let opened = ok(&v1(), &checkout(), &wire);
    let Outcome::ActionRequired(NextAction::Widget { script, checkout: id }) = &opened.outcome else {
        panic!()
    };
    assert_eq!(
        script,
        &format!("https://eu-test.oppwa.com/v1/paymentWidgets.js?checkoutId={CHECKOUT}")
    );
    assert_eq!(id, CHECKOUT);
    assert_eq!(
        opened.payment.reference.ids(),
        [CHECKOUT, "checkout", "DB", "EGP9200", REFERENCE]
    );
    assert_eq!(opened.payment.state, PaymentState::RequiresAction);
    assert_eq!(wire.notes()[0].value, CHECKOUT);

    let wire = Script::new().json("POST /gateway/v3/checkouts", 200, &answer);
    let Outcome::ActionRequired(page) = ok(&v3(), &checkout(), &wire).outcome else {
        panic!()
    };
    assert_eq!(page.expose_url(), format!("https://pay.example/page?id={CHECKOUT}"));

    let bare = opp(paymux_core::Mode::Test, json!({"preset": "v3", "access_token": "t"}));
    assert!(!bare.capabilities().offers(OperationKind::Checkout));
    assert_eq!(err(&bare, &checkout(), &Script::new()).kind(), ErrorKind::Unsupported);
}

#[test]
fn a_checkout_is_made_only_by_its_own_code() {
    let opp = v1();
    for (status, answer, kind) in [
        (
            200,
            format!(r#"{{"id":"{CHECKOUT}","result":{{"code":"000.200.000"}}}}"#),
            ErrorKind::Provider,
        ),
        (
            200,
            format!(r#"{{"id":"{CHECKOUT}","result":{{"code":"000.000.000"}}}}"#),
            ErrorKind::Provider,
        ),
        (200, code("000.200.100"), ErrorKind::Provider),
        (
            400,
            format!(r#"{{"id":"{CHECKOUT}","result":{{"code":"000.200.100"}}}}"#),
            ErrorKind::Provider,
        ),
        (400, code("200.300.404"), ErrorKind::InvalidRequest),
        (403, code("800.900.300"), ErrorKind::Configuration),
        (500, String::new(), ErrorKind::Provider),
    ] {
        let wire = Script::new().json("POST /v1/checkouts", status, &answer);
        assert_eq!(err(&opp, &checkout(), &wire).kind(), kind, "{status} {answer}");
    }
    let wire = Script::new().lost("POST /v1/checkouts");
    assert_eq!(err(&opp, &checkout(), &wire).fate(), Fate::NotDone, "no money moves");
}

#[test]
fn a_checkout_was_paid() {
    let opp = v3();
    let path = format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment?entityId=EB000001");
    let wire = Script::new().json(&path, 200, &body(ID, "DB", "92.00", "000.100.110"));
    let paid = ok(&opp, &made(&opp), &wire);
    assert!(paid.outcome.is_approved());
    assert_eq!(paid.payment.reference.ids(), [ID, "DB", "EGP9200"]);
    assert_eq!(
        (wire.notes()[0].key.as_str(), wire.notes()[0].value.as_str()),
        ("payment", ID)
    );

    let wire = Script::new().json(&path, 400, &body(ID, "DB", "92.00", "800.100.152"));
    assert_eq!(ok(&opp, &made(&opp), &wire).payment.state, PaymentState::Declined);
    for different in [
        body(ID, "DB", "1.00", "000.100.110"),
        body(ID, "PA", "92.00", "000.100.110"),
        body(ID, "DB", "92.00", "000.100.110").replace(r#""currency""#, r#""merchantTransactionId":"x","currency""#),
    ] {
        let wire = Script::new().json(&path, 200, &different);
        assert_eq!(err(&opp, &made(&opp), &wire).kind(), ErrorKind::Mismatch, "{different}");
    }
    // The other address, on 404 alone.
    let wire = Script::new()
        .json(&path, 404, "")
        .json(&get_v3(CHECKOUT), 200, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(ok(&opp, &made(&opp), &wire).outcome.is_approved());
}

#[test]
fn a_checkout_that_nobody_paid_yet() {
    let opp = v3();
    let path = format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment");
    for answer in [
        code("000.200.000"),
        format!(r#"{{"id":"{CHECKOUT}","result":{{"code":"000.200.000"}}}}"#),
    ] {
        let wire = Script::new().json(&path, 200, &answer);
        let open = ok(&opp, &made(&opp), &wire);
        assert!(matches!(open.outcome, Outcome::ActionRequired(NextAction::Redirect(_))));
        assert_eq!(open.payment.reference.ids()[0], CHECKOUT);
        assert!(wire.notes().is_empty());
    }
    let wire = Script::new().json(&path, 200, &code("000.200.102"));
    assert_eq!(ok(&opp, &made(&opp), &wire).payment.state, PaymentState::Cancelled);
    let wire = Script::new().json(&path, 200, &body(ID, "DB", "92.00", "000.200.000"));
    let under_way = ok(&opp, &made(&opp), &wire);
    assert!(matches!(under_way.outcome, Outcome::Pending));
    assert_eq!(under_way.payment.id(), ID);
    let throttled = format!(r#"{{"id":"{OTHER}","result":{{"code":"800.120.100"}}}}"#);
    let wire = Script::new().json(&path, 200, &throttled);
    assert!(err(&opp, &made(&opp), &wire).is_rate_limited());
    assert!(wire.notes().is_empty(), "not the id of a payment");
}

#[test]
fn a_checkout_without_a_session_may_be_paid() {
    let opp = v3();
    let path = format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment");
    for status in [200, 400] {
        let wire = Script::new().json(&path, status, &code("200.300.404"));
        let error = err(&opp, &made(&opp), &wire);
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::Unknown));
        assert_eq!(error.payment().unwrap().state, PaymentState::Pending);
    }
    let opp = v1();
    let path = format!("GET /v1/checkouts/{CHECKOUT}/payment");
    let gone = |report: &str| {
        let wire = Script::new()
            .json(&path, 400, &code("200.300.404"))
            .json(REPORT, 200, report);
        (run(&opp, &made(&opp), &wire), wire)
    };
    let (paid, wire) = gone(&report(&[own(ID, "000.100.110")]));
    assert!(paid.unwrap().outcome.is_approved());
    assert_eq!(wire.notes()[0].value, ID);
    for nothing in [code("700.400.580"), report(&[])] {
        let open = gone(&nothing).0.unwrap();
        assert!(matches!(open.outcome, Outcome::Pending));
        assert_eq!(open.payment.id(), CHECKOUT);
    }
    assert_eq!(gone("").0.unwrap_err().fate(), Fate::Unknown);
    // The answer was used up and did not arrive.
    let wire = Script::new()
        .lost(&path)
        .json(REPORT, 200, &report(&[own(ID, "000.100.110")]));
    assert!(ok(&opp, &made(&opp), &wire).outcome.is_approved());
    let wire = Script::new().lost(&format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment"));
    assert_eq!(err(&v3(), &made(&v3()), &wire).fate(), Fate::Unknown);
}

#[test]
fn a_checkout_result_in_doubt_is_asked_for_by_the_payment() {
    let opp = v3();
    let path = format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment");
    let untyped = format!(r#"{{"id":"{ID}","paymentType":"DB","result":{{"code":"000.100.110"}}}}"#);
    let wire = Script::new()
        .json(&path, 200, &untyped)
        .json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "000.100.110"));
    let paid = ok(&opp, &made(&opp), &wire);
    assert_eq!((paid.outcome.is_approved(), paid.payment.id()), (true, ID));
}

#[test]
fn resolving_a_checkout() {
    let opp = v1();
    let question = unresolved(
        &opp,
        OperationKind::Checkout,
        None,
        json!([{"key": "checkout", "value": CHECKOUT}]),
    );
    let path = format!("GET /v1/checkouts/{CHECKOUT}/payment");
    let wire = Script::new().json(&path, 200, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(ok(&opp, &question, &wire).outcome.is_approved());
    let question = unresolved(&opp, OperationKind::Checkout, None, json!([]));
    let wire = Script::new().json(REPORT, 200, &code("700.400.580"));
    assert_eq!(err(&opp, &question, &wire).fate(), Fate::Unknown);
    let trail = json!([{"key": "payment", "value": ID}]);
    let question = unresolved(&opp, OperationKind::Inquire, None, trail);
    let wire = Script::new()
        .json(&get_v1(ID), 200, &body(ID, "DB", "92.00", "000.100.110"))
        .json(&linked(ID), 404, "");
    assert!(ok(&opp, &question, &wire).outcome.is_approved());
}
