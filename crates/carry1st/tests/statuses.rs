//! Every HTTP status: kind, fate and message; and every status word.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{CREATE, QUERY, REFUND, adapter, assert_clean, charge, inquire, refunded, sale, script, view};
use paymux_core::script::{Script, run};
use paymux_core::{Adapter, DeclineReason, EntryOutcome, Error, ErrorKind, Fate, Outcome, RetryAdvice};
use serde_json::json;

use ErrorKind::{Configuration, InvalidRequest, Provider, Refused};
use Fate::{NotDone, Rejected, Unknown};

const BODY: &str = r#"{"errorMessage":"text of theirs","errorCode":"SOURCE_CODE","sessionId":"s-77"}"#;

/// status → kind, fate when a payment is asked about or made, fate when one is refunded, part of the message
const TABLE: [(u16, ErrorKind, Fate, Fate, &str); 15] = [
    (302, Provider, NotDone, Unknown, "does not document"),
    (400, InvalidRequest, Rejected, Rejected, "`signing_key`"),
    (401, Configuration, NotDone, NotDone, "not even a new one"),
    (402, Provider, NotDone, Unknown, "does not document"),
    (403, Configuration, NotDone, NotDone, "no access"),
    (404, InvalidRequest, Rejected, Rejected, "nothing stands"),
    (405, InvalidRequest, Rejected, Rejected, "wrong method or content type"),
    (408, Provider, NotDone, Unknown, "does not document"),
    (409, Refused, Rejected, Unknown, ""),
    (422, InvalidRequest, Rejected, Rejected, "data are refused"),
    (429, Refused, NotDone, NotDone, "too many requests"),
    (500, Provider, NotDone, Unknown, "the provider failed"),
    (502, Provider, NotDone, Unknown, "the provider failed"),
    (503, Provider, NotDone, Unknown, "the provider failed"),
    (504, Provider, NotDone, Unknown, "the provider failed"),
];

fn check(error: &Error, status: u16, kind: ErrorKind, fate: Fate, message: &str) {
    assert_eq!((error.kind(), error.fate()), (kind, fate), "{status}: {error}");
    assert_eq!(error.status().unwrap().as_u16(), status);
    assert!(error.message().contains(message), "{status}: {error}");
    assert_clean(error);
}

#[test]
fn of_an_inquiry() {
    for (status, kind, fate, _, message) in TABLE {
        let error = inquire(&adapter(json!({})), &script().json(QUERY, status, BODY)).unwrap_err();
        check(&error, status, kind, fate, message);
        assert!(error.message().contains("session s-77"), "{error}");
        assert!(
            error.message().contains("SOURCE_CODE") && error.message().contains("text of theirs"),
            "{error}"
        );
        assert_eq!(error.decline().unwrap().code, "SOURCE_CODE");
        assert_eq!(error.is_not_found(), status == 404);
        assert_eq!(error.is_rate_limited(), status == 429);
    }
}

#[test]
fn of_a_create() {
    for (status, kind, fate, _, message) in TABLE {
        let error = sale(&adapter(json!({})), charge(), &script().json(CREATE, status, BODY)).unwrap_err();
        if status == 409 {
            check(
                &error,
                status,
                Refused,
                Unknown,
                "partnerReference `order-1` may be taken",
            );
        } else {
            check(&error, status, kind, fate, message);
        }
        if status >= 500 {
            assert!(error.message().contains("`order-1` was not opened"), "{error}");
        }
    }
}

#[test]
fn of_a_refund() {
    let adapter = adapter(json!({"refund_beta": true}));
    for (status, kind, _, fate, message) in TABLE {
        let script = script()
            .json(QUERY, 200, &view("SUCCESSFUL"))
            .json(REFUND, status, BODY);
        let error = refunded(&adapter, &script).unwrap_err();
        check(
            &error,
            status,
            kind,
            fate,
            // What does not say whether it was done reaches the adapter as a lost answer.
            if status >= 500 || matches!(status, 302 | 408) {
                "may have been made"
            } else {
                message
            },
        );
        assert_eq!(error.payment().unwrap().id(), "C-1-P");
    }
}

#[test]
fn of_the_token_endpoint() {
    let adapter = adapter(json!({}));
    for (status, kind, fate, message) in [
        (400, Configuration, NotDone, "`api_key` and `api_secret`"),
        (
            401,
            Configuration,
            NotDone,
            "the role `API_USER` or the pair of `api_key` and `api_secret`",
        ),
        (403, Configuration, NotDone, "lacks the permission"),
        (404, Configuration, NotDone, "`api_base_url`"),
        (405, InvalidRequest, Rejected, "wrong method or content type"),
        (429, Refused, NotDone, "too many requests"),
        (500, Provider, NotDone, "the provider failed"),
    ] {
        let script = Script::new().reply("POST /api/pay1st/auth/token", status, &[("retry-after", "7")], BODY);
        let error = run(adapter.tokens().unwrap().obtain(None, &script)).unwrap_err();
        check(&error, status, kind, fate, message);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}

#[test]
fn bodies_may_be_anything() {
    for body in [
        "",
        "<html>Bad gateway</html>",
        "[]",
        "null",
        r#"{"errorMessage":5,"errorCode":{},"sessionId":null}"#,
    ] {
        let error = inquire(&adapter(json!({})), &script().json(QUERY, 500, body)).unwrap_err();
        check(&error, 500, Provider, NotDone, "the provider failed");
        assert_eq!(error.decline().unwrap().code, "500");
        assert_eq!(error.decline().unwrap().reason, DeclineReason::ProviderUnavailable);
    }
}

#[test]
fn too_many_requests_says_how_long_to_wait() {
    let script = script().reply(CREATE, 429, &[("retry-after", "30")], "");
    let error = sale(&adapter(json!({})), charge(), &script).unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert_eq!(error.decline().unwrap().advice, RetryAdvice::Later(None));
}

#[test]
fn every_status_word() {
    for (word, state, outcome) in [
        ("ABANDONED", "expired", "declined"),
        ("CANCELLED", "cancelled", "declined"),
        ("CHARGEBACK", "charged_back", "review"),
        ("FAILED", "declined", "declined"),
        ("NEW", "requires_action", "action_required"),
        ("PAY_OFFLINE", "pending", "pending"),
        ("PENDING", "pending", "pending"),
        ("PENDING_INVESTIGATION", "pending", "pending"),
        ("READY", "pending", "pending"),
        ("REFUND", "refunded", "approved"),
        ("SEND_BIRTHDAY", "requires_action", "action_required"),
        ("SEND_OTP", "requires_action", "action_required"),
        ("SEND_PHONE", "requires_action", "action_required"),
        ("SEND_PIN", "requires_action", "action_required"),
        ("SEND_VALIDATION_TOKEN", "requires_action", "action_required"),
        ("SUCCESSFUL", "captured", "approved"),
        ("VALIDATED", "pending", "pending"),
        ("SETTLED", "pending", "pending"),
        ("successful", "pending", "pending"),
    ] {
        let answer = inquire(&adapter(json!({})), &script().json(QUERY, 200, &view(word))).unwrap();
        let payment = &answer.payment;
        assert_eq!(
            (payment.state.as_str(), answer.outcome.as_str()),
            (state, outcome),
            "{word}"
        );
        assert_eq!(payment.merchant_reference.as_deref(), Some("order-1"));
        assert_eq!(payment.amount.unwrap().to_string(), "100.00 NGN");
        assert_eq!(payment.method.as_ref().unwrap().brand.as_deref(), Some("Opay Wallet"));
        let taken = if ["SUCCESSFUL", "REFUND", "CHARGEBACK"].contains(&word) {
            10_000
        } else {
            0
        };
        assert_eq!(payment.captured(), taken, "{word}");
        let unknown =
            matches!(&payment.entries.first().map(|e| &e.outcome), Some(EntryOutcome::Unknown(kept)) if kept == word);
        assert_eq!(unknown, ["SETTLED", "successful"].contains(&word), "{word}");
        if let Outcome::Declined(decline) = &answer.outcome {
            assert_eq!(decline.code, word);
            assert_eq!(decline.advice, RetryAdvice::WithNewData);
            let reason = if word == "FAILED" {
                DeclineReason::Unknown
            } else {
                DeclineReason::Cancelled
            };
            assert_eq!(decline.reason, reason);
        }
    }
}

#[test]
fn every_refund_status_word() {
    let adapter = adapter(json!({"refund_beta": true}));
    for (word, outcome, state) in [
        ("FAILED", "declined", "captured"),
        ("PENDING", "pending", "pending"),
        ("PROCESSING", "pending", "pending"),
        ("REJECTED", "declined", "captured"),
        ("SUCCESSFUL", "approved", "partially_refunded"),
        ("DONE", "pending", "pending"),
    ] {
        let reply = format!(
            r#"{{"refundReference":"R-1","transactionReference":"C-1-P","partnerRefundReference":"rf-1","amount":50,"currencyCode":"NGN","status":"{word}","handlingType":"NO_REFUND","fullRefund":false,"createdDate":"2026-01-02T03:04:05Z"}}"#
        );
        let script = script().json(QUERY, 200, &view("SUCCESSFUL")).json(REFUND, 201, &reply);
        let answer = refunded(&adapter, &script).unwrap();
        assert_eq!(
            (answer.outcome.as_str(), answer.payment.state.as_str()),
            (outcome, state),
            "{word}"
        );
        let entry = answer.payment.entries.last().unwrap();
        assert_eq!(
            (entry.id.as_deref(), entry.reference.as_deref()),
            (Some("R-1"), Some("rf-1"))
        );
        assert_eq!(entry.amount.unwrap().to_string(), "50.00 NGN");
        assert!(entry.at.is_some());
        assert_eq!(entry.outcome == EntryOutcome::Unknown(word.to_owned()), word == "DONE");
        if let Outcome::Declined(decline) = &answer.outcome {
            assert_eq!(decline.text.as_deref(), Some("NO_REFUND"));
        }
    }
}
