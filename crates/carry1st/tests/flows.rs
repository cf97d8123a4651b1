//! Lost answers, what is missing or different, refusals that may be an earlier attempt's, tokens, resolving.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{
    CREATE, CREATED, QUERY, REFUND, adapter, assert_clean, charge, inquire, payment, refund, refunded, sale, script,
    token, view,
};
use paymux_carry1st::Carry1st;
use paymux_core::script::{Script, run};
use paymux_core::{
    Adapter, Answer, Checkout, DeclineReason, Error, ErrorKind, Fate, Memo, Operation, PaymentRef, Tokens, Unresolved,
    Wire,
};
use secrecy::ExposeSecret;
use serde_json::json;

const TOKEN: &str = "POST /api/pay1st/auth/token";
const REFRESH: &str = "POST /api/pay1st/auth/refresh";
const PAIR: &str = r#"{"role":"API_USER","accessToken":"new","refreshToken":"next"}"#;

#[test]
fn a_lost_create_has_done_nothing_and_is_not_repeated() {
    for script in [
        script().lost(CREATE),
        script().not_sent(CREATE),
        script().json(CREATE, 201, ""),
        script().json(CREATE, 201, r#"{"status":"NEW"}"#),
        script().json(CREATE, 201, r#"{"reference":"","status":"NEW"}"#),
        script().json(CREATE, 201, "<html>"),
    ] {
        let error = sale(&adapter(json!({})), charge(), &script).unwrap_err();
        assert_eq!(error.fate(), Fate::NotDone, "{error}");
        assert!(error.message().contains("payment `order-1` was not opened"), "{error}");
        assert_eq!(script.sent().len(), 1);
        assert_clean(&error);
    }
}

#[test]
fn checkout_is_as_sale() {
    let checkout = Checkout::new("order-1".parse().unwrap(), "100.00 NGN".parse().unwrap());
    let script = script().json(CREATE, 201, CREATED);
    let answer = run(adapter(json!({})).execute(&Operation::Checkout(Box::new(checkout)), &script)).unwrap();
    assert_eq!(answer.outcome.as_str(), "action_required");
    assert_eq!(script.notes(), [Memo::new("payment", "C-1-P")]);
}

#[test]
fn what_a_create_s_reply_lacks_is_asked() {
    for reply in [
        r#"{"reference":"C-1-P"}"#,
        r#"{"reference":"C-1-P","partnerReference":"order-1","amount":100,"status":"NEW"}"#,
        r#"{"reference":"C-1-P","partnerReference":"order-1","currencyCode":"NGN","status":"NEW"}"#,
        r#"{"reference":"C-1-P","currencyCode":"NGN","amount":100.0,"status":"NEW"}"#,
        r#"{"reference":"C-1-P","partnerReference":"order-1","currencyCode":"NGN","amount":100,"status":"PENDING"}"#,
        r#"{"reference":"C-1-P","partnerReference":"order-1","currencyCode":"NGN","amount":90,"status":"NEW"}"#,
    ] {
        let script = script()
            .json(CREATE, 201, reply)
            .json(QUERY, 404, "{}")
            .lost(QUERY)
            .json(QUERY, 200, &view("NEW"));
        let answer = sale(&adapter(json!({})), charge(), &script).unwrap();
        assert_eq!(answer.outcome.as_str(), "action_required", "{reply}");
        assert!(script.left().is_empty());
    }
}

#[test]
fn an_older_payment_under_the_reference_is_told_as_it_is() {
    let old = CREATED.replace("NEW", "SUCCESSFUL");
    let paid = script().json(CREATE, 200, &old).json(QUERY, 200, &view("SUCCESSFUL"));
    let answer = sale(&adapter(json!({})), charge(), &paid).unwrap();
    assert_eq!(answer.outcome.as_str(), "approved");
    let never = script().json(CREATE, 200, &old).lost(QUERY).lost(QUERY).lost(QUERY);
    let error = sale(&adapter(json!({})), charge(), &never).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    assert_eq!(error.payment().unwrap().id(), "C-1-P");
}

#[test]
fn another_payment_under_the_reference_is_a_mismatch() {
    for (from, to) in [
        ("\"amount\":100", "\"amount\":100.5"),
        ("NGN\",\"amount", "ZAR\",\"amount"),
        ("order-1", "order-2"),
    ] {
        let held = view("SUCCESSFUL").replacen(from, to, 1);
        let script = script()
            .json(CREATE, 200, &CREATED.replacen(from, to, 1))
            .json(QUERY, 200, &held);
        let error = sale(&adapter(json!({})), charge(), &script).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Mismatch, Fate::Unknown),
            "{to}: {error}"
        );
        assert_eq!(error.payment().unwrap().state.as_str(), "captured");
    }
}

#[test]
fn a_taken_reference_is_a_duplicate_of_unknown_fate() {
    for (status, message, duplicate) in [
        (400, "Duplicate payment", true),
        (400, "partnerReference must be unique", true),
        (422, "partner reference is used", true),
        (400, "order-1 was seen before", true),
        (418, "already there", true),
        (409, "", true),
        (400, "countryCode is required", false),
        (400, "country does not exist", false),
        (400, "order-12 is wrong", false),
        (404, "duplicate", false),
        (429, "already too many", false),
    ] {
        let script = script().json(CREATE, status, &json!({"errorMessage": message}).to_string());
        let error = sale(&adapter(json!({})), charge(), &script).unwrap_err();
        let decline = error.decline().unwrap();
        assert_eq!(decline.reason == DeclineReason::Duplicate, duplicate, "{message}");
        assert_eq!(error.fate() == Fate::Unknown, duplicate, "{message}: {error}");
        assert_eq!(
            error.kind() == ErrorKind::Refused,
            duplicate || status == 429,
            "{message}"
        );
    }
}

#[test]
fn an_inquiry_is_about_the_payment_that_was_asked_for() {
    let other = view("SUCCESSFUL").replace("C-1-P", "C-2-P");
    let error = inquire(&adapter(json!({})), &script().json(QUERY, 200, &other)).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::NotDone));
    for (from, to) in [
        ("\"amount\":100", "\"amount\":100.001"),
        ("\"amount\":100", "\"amount\":null"),
        ("\"amount\":100", "\"amount\":-100"),
        ("\"amount\":100", "\"amount\":0.00"),
        ("\"currencyCode\":\"NGN\"", "\"currencyCode\":\"???\""),
        ("\"status\":\"SUCCESSFUL\"", "\"state\":\"SUCCESSFUL\""),
        ("\"status\":\"SUCCESSFUL\"", "\"status\":\"\""),
        ("C-1-P", ""),
    ] {
        let script = script().json(QUERY, 200, &view("SUCCESSFUL").replacen(from, to, 1));
        let error = inquire(&adapter(json!({})), &script).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::NotDone),
            "{to}"
        );
    }
    let quoted = view("SUCCESSFUL").replacen("\"amount\":100", "\"amount\":\"100.00\"", 1);
    let quoted = quoted.replace("108", "\"108\"").replace("\"Opay Wallet\"", "7");
    let answer = inquire(&adapter(json!({})), &script().json(QUERY, 200, &quoted)).unwrap();
    assert_eq!(answer.payment.captured(), 10_000);
    let lost = inquire(&adapter(json!({})), &script().lost(QUERY)).unwrap_err();
    assert_eq!((lost.kind(), lost.fate()), (ErrorKind::Network, Fate::NotDone));
}

#[test]
fn a_new_payment_s_link_is_made_with_the_token_of_now() {
    let mut newer = token();
    newer.access = "newer".to_owned().into();
    let script = Script::new().with_token(newer).json(QUERY, 200, &view("NEW"));
    let answer = inquire(&adapter(json!({})), &script).unwrap();
    let paymux_core::Outcome::ActionRequired(action) = answer.outcome else {
        panic!("no action");
    };
    assert!(action.expose_url().ends_with("&accessToken=newer"));
    let without = Script::new().json(QUERY, 200, &view("NEW"));
    let error = inquire(&adapter(json!({})), &without).unwrap_err();
    assert_eq!(error.payment().unwrap().state.as_str(), "requires_action");
}

fn beta() -> Carry1st {
    adapter(json!({"refund_beta": true}))
}

#[test]
fn a_lost_refund_is_unknown_and_never_repeated() {
    let script = script().json(QUERY, 200, &view("SUCCESSFUL")).lost(REFUND);
    let error = refunded(&beta(), &script).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Network, Fate::Unknown));
    assert_eq!(error.payment().unwrap().state.as_str(), "captured");
    assert!(error.message().contains("refund `rf-1` may have been made"), "{error}");
    let unsent = common::script().json(QUERY, 200, &view("SUCCESSFUL")).not_sent(REFUND);
    assert_eq!(refunded(&beta(), &unsent).unwrap_err().fate(), Fate::NotDone);
    let unread = common::script().lost(QUERY);
    assert_eq!(refunded(&beta(), &unread).unwrap_err().fate(), Fate::NotDone);
}

#[test]
fn a_refund_that_does_not_fit_the_payment_is_not_sent() {
    for (from, to) in [
        ("\"amount\":100", "\"amount\":49.99"),
        ("\"currencyCode\":\"NGN\"", "\"currencyCode\":\"ZAR\""),
    ] {
        let script = script().json(QUERY, 200, &view("SUCCESSFUL").replacen(from, to, 1));
        let error = refunded(&beta(), &script).unwrap_err();
        assert_eq!((error.field(), error.fate()), (Some("amount"), Fate::NotDone));
    }
}

#[test]
fn a_refund_s_reply_must_say_what_was_done() {
    let good = r#"{"refundReference":"R-1","partnerRefundReference":"rf-1","amount":50,"currencyCode":"NGN","status":"SUCCESSFUL"}"#;
    let reply = |reply: &str| script().json(QUERY, 200, &view("SUCCESSFUL")).json(REFUND, 201, reply);
    assert!(refunded(&beta(), &reply(good)).is_ok());
    for name in [
        "refundReference",
        "partnerRefundReference",
        "amount",
        "currencyCode",
        "status",
    ] {
        let without = good.replacen(&format!("\"{name}\""), "\"other\"", 1);
        let error = refunded(&beta(), &reply(&without)).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{name}"
        );
        assert_eq!(error.payment().unwrap().id(), "C-1-P");
    }
    for body in ["", "<html>", "{}", "null"] {
        assert_eq!(
            refunded(&beta(), &reply(body)).unwrap_err().fate(),
            Fate::Unknown,
            "{body}"
        );
    }
    for (from, to) in [("50", "49"), ("NGN", "ZAR"), ("rf-1", "rf-2")] {
        let error = refunded(&beta(), &reply(&good.replacen(from, to, 1))).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Mismatch, Fate::Unknown),
            "{to}"
        );
        assert_eq!(error.payment().unwrap().state.as_str(), "partially_refunded");
    }
}

#[test]
fn a_refund_that_was_booked_on_another_payment_is_a_mismatch() {
    for (whose, fits) in [("order-1", true), ("order-2", false)] {
        let reply = format!(
            r#"{{"refundReference":"R-1","partnerRefundReference":"rf-1","partnerReference":"{whose}","amount":50,"currencyCode":"NGN","status":"PENDING"}}"#
        );
        let script = script().json(QUERY, 200, &view("SUCCESSFUL")).json(REFUND, 201, &reply);
        match refunded(&beta(), &script) {
            Ok(_) => assert!(fits, "{whose}"),
            Err(error) => {
                assert!(!fits, "{error}");
                assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::Unknown));
                assert!(error.message().contains("`order-2`"), "{error}");
            }
        }
    }
}

#[test]
fn a_refusal_of_a_refund_without_a_word_is_unknown() {
    for held in ["SUCCESSFUL", "NEW"] {
        for (status, kind) in [
            (400, ErrorKind::InvalidRequest),
            (403, ErrorKind::Configuration),
            (404, ErrorKind::InvalidRequest),
            (405, ErrorKind::InvalidRequest),
            (409, ErrorKind::Refused),
            (415, ErrorKind::Provider),
            (422, ErrorKind::InvalidRequest),
        ] {
            for body in ["", "<html>", "{}", r#"{"message":"Forbidden"}"#] {
                let script = script().json(QUERY, 200, &view(held)).json(REFUND, status, body);
                let error = refunded(&beta(), &script).unwrap_err();
                assert_eq!((error.kind(), error.fate()), (kind, Fate::Unknown), "{held} {error}");
                assert!(error.message().contains("not in the provider's words"), "{error}");
            }
        }
        for status in [401, 429] {
            let script = script().json(QUERY, 200, &view(held)).json(REFUND, status, "");
            assert_eq!(
                refunded(&beta(), &script).unwrap_err().fate(),
                Fate::NotDone,
                "{status}"
            );
        }
    }
}

/// Whatever it hides, nobody has the link.
#[test]
fn a_refusal_of_a_create_without_a_word_opened_nothing() {
    for (status, kind) in [
        (400, ErrorKind::InvalidRequest),
        (403, ErrorKind::Configuration),
        (404, ErrorKind::InvalidRequest),
        (405, ErrorKind::InvalidRequest),
        (422, ErrorKind::InvalidRequest),
    ] {
        for body in ["", "<html>", "{}"] {
            let script = script().json(CREATE, status, body);
            let error = sale(&adapter(json!({})), charge(), &script).unwrap_err();
            assert_eq!((error.kind(), error.fate()), (kind, Fate::NotDone), "{status} {error}");
            assert!(error.message().contains("`order-1` was not opened"), "{error}");
        }
    }
}

#[test]
fn a_refusal_that_fits_an_earlier_refund_is_unknown_unless_nothing_was_paid() {
    for (held, status, message, fate) in [
        ("SUCCESSFUL", 400, "duplicate partnerRefundReference", Fate::Unknown),
        ("SUCCESSFUL", 400, "rf-1 was seen", Fate::Unknown),
        ("SUCCESSFUL", 422, "amount exceeds what is left", Fate::Unknown),
        ("REFUND", 400, "already refunded", Fate::Unknown),
        ("SUCCESSFUL", 409, "", Fate::Unknown),
        ("SUCCESSFUL", 400, "reason is too long", Fate::Rejected),
        ("NEW", 400, "already there", Fate::Rejected),
        ("FAILED", 409, "", Fate::Rejected),
    ] {
        let body = json!({"errorMessage": message}).to_string();
        let script = script().json(QUERY, 200, &view(held)).json(REFUND, status, &body);
        let error = refunded(&beta(), &script).unwrap_err();
        assert_eq!(error.fate(), fate, "{held} {status} {message}");
        if fate == Fate::Unknown {
            assert_eq!(error.decline().unwrap().reason, DeclineReason::Duplicate);
        }
    }
}

#[test]
fn a_whole_refund() {
    let adapter = beta();
    let mut whole = refund(&adapter);
    whole.amount = "100.00 NGN".parse().unwrap();
    let reply = r#"{"refundReference":"R-1","partnerRefundReference":"rf-1","amount":100.00,"currencyCode":"NGN","status":"SUCCESSFUL","fullRefund":true}"#;
    let script = script().json(QUERY, 200, &view("SUCCESSFUL")).json(REFUND, 201, reply);
    let answer = run(adapter.execute(&Operation::Refund(whole), &script)).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state.as_str()),
        ("approved", "refunded")
    );
    assert_eq!(answer.payment.refunded(), 10_000);
}

fn resolve(
    adapter: &Carry1st,
    operation: &Operation,
    known: Option<PaymentRef>,
    trail: Vec<Memo>,
    script: &Script,
) -> Result<Answer, Error> {
    let unresolved = Unresolved::new("africa", adapter.capabilities(), operation, known, trail, script.now());
    run(adapter.execute(&Operation::Resolve(Box::new(unresolved)), script))
}

#[test]
fn a_sale_is_resolved_by_pay1st_s_reference_alone() {
    let adapter = adapter(json!({}));
    let operation = Operation::Sale(Box::new(charge()));
    for (known, trail) in [
        (Some(payment(&adapter)), vec![]),
        (None, vec![Memo::new("payment", "C-1-P")]),
    ] {
        let script = script().json(QUERY, 200, &view("SUCCESSFUL"));
        let answer = resolve(&adapter, &operation, known, trail, &script).unwrap();
        assert_eq!(answer.outcome.as_str(), "approved");
    }
    let error = resolve(&adapter, &operation, None, vec![], &script()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Unsupported, Fate::Unknown));
    let found = |script: &Script| resolve(&adapter, &operation, Some(payment(&adapter)), vec![], script).unwrap_err();
    let other = view("SUCCESSFUL").replace("order-1", "order-2");
    assert_eq!(found(&script().json(QUERY, 200, &other)).kind(), ErrorKind::Mismatch);
    for script in [
        script().json(QUERY, 404, "{}"),
        script().lost(QUERY),
        script().json(QUERY, 200, "{}"),
    ] {
        assert_eq!(found(&script).fate(), Fate::Unknown);
    }
}

#[test]
fn a_refund_cannot_be_resolved_but_its_payment_is_shown() {
    let adapter = beta();
    let operation = Operation::Refund(refund(&adapter));
    let script = script().json(QUERY, 200, &view("REFUND"));
    let error = resolve(&adapter, &operation, Some(payment(&adapter)), vec![], &script).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    assert_eq!(error.payment().unwrap().state.as_str(), "refunded");
}

#[test]
fn a_refresh_that_does_not_help_leads_to_the_key_pair() {
    let adapter = adapter(json!({}));
    for script in [
        Script::new().json(REFRESH, 400, "{}"),
        Script::new().json(REFRESH, 401, "{}"),
        Script::new().json(REFRESH, 403, "{}"),
        Script::new().json(REFRESH, 500, ""),
        Script::new().json(REFRESH, 200, "{"),
        Script::new().json(REFRESH, 200, r#"{"accessToken":""}"#),
        Script::new().lost(REFRESH),
        Script::new().not_sent(REFRESH),
    ] {
        let script = script.json(TOKEN, 200, PAIR);
        let got = run(adapter.obtain(Some(&token()), &script)).unwrap();
        assert_eq!(got.access.expose_secret(), "new");
        assert_eq!(got.refresh.unwrap().expose_secret(), "next");
        assert!(script.left().is_empty());
    }
    let script = Script::new().json(REFRESH, 429, "");
    assert!(
        run(adapter.obtain(Some(&token()), &script))
            .unwrap_err()
            .is_rate_limited()
    );
}

#[test]
fn a_token_that_cannot_be_read_is_an_error_without_it() {
    let adapter = adapter(json!({}));
    for body in [
        "",
        r#"{"accessToken":"a+b/c=="#,
        r#"{"role":"API_USER"}"#,
        r#"{"accessToken":["a+b/c=="]}"#,
    ] {
        let error = run(adapter.obtain(None, &Script::new().json(TOKEN, 200, body))).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::NotDone));
        assert!(error.raw().is_none());
        assert_clean(&error);
    }
    let error = run(adapter.obtain(None, &Script::new().lost(TOKEN))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
}
