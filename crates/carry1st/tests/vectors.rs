//! The vectors of the provider's documents, and our own computed ones.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use bytes::Bytes;
use common::{adapter, token};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use paymux_core::{Adapter, Attempt, Delivery, Provenance, WebhookError};
use serde_json::json;

const PUBLISHED_KEY: &str = "hCyO_Flnu6aid-bhFYTYOowkxXRzoZkgzO32rB6Ik8Y";
const PUBLISHED_TIME: &str = "2025-03-17T08:10:52.544247646Z";
const PUBLISHED_BODY: &str = r#"{"countryCode":"NG","currencyCode":"NGN","amount":100,"partnerReference":"4a662291-2840-4bcd-aae9-553ab24601ed","callbackSuccessUrl":"<https://callback.success","callbackFailureUrl":"https://callback.failure","callbackPendingUrl":"https://callback.pending","callbackCancelUrl":"https://callback.cancel","webhookUrl":"https://webhook.success","products":[{"title":"10> Credits","sku":"12345","price":100,"quantity":1,"currencyCode":"NGN"}],"metadata":[{"key":"customerId","value":"1"}]}"#;
const PUBLISHED_SIGNATURE: &str = "85aa0862aa052f737d3cf4d38f92091ea7c015e782d207ea18cc5641d3e47755";

const TIME: &str = "2026-01-02T03:04:05Z";
const CREATE_BODY: &str = r#"{"amount":100.00,"countryCode":"NG","currencyCode":"NGN","partnerReference":"order-1","products":[{"title":"10 Credits","sku":"12345","price":100.00,"quantity":1,"currencyCode":"NGN"}],"metadata":[{"key":"customerId","value":"1"}]}"#;
const FULFILMENT_BODY: &str = r#"{"reference":"C-142710055596150-P","products":[{"sku":"12345","fulfilmentStatus":"FULFILLED","quantity":1,"fulfilmentTime":"2026-01-02T03:04:00Z"}]}"#;
const WEBHOOK_BODY: &str = r#"{"partnerId":9,"partnerCode":"DEMO","partnerReference":"order-1","reference":"C-142710055596150-P","orderAmount":100.00,"currencyCode":"NGN","countryCode":"NG","customerId":"1","status":"SUCCESSFUL"}"#;
const WEBHOOK_SIGNATURE: &str = "d32ba194a6a6be15bd448a613cd6a77f935d615afa4e577087cd403b13203ec2";

fn sealed(key: &str, sign_get: bool, method: Method, body: &'static str, now: &str) -> HeaderMap {
    let adapter = adapter(json!({"signing_key": key, "sign_get": sign_get}));
    let mut headers = HeaderMap::new();
    let token = token();
    let attempt = Attempt::new(Some(&token), now.parse().unwrap(), &method);
    adapter
        .seal(&mut headers, &Bytes::from_static(body.as_bytes()), &attempt)
        .unwrap();
    headers
}

#[test]
fn the_published_signature() {
    assert_eq!(PUBLISHED_BODY.len(), 485);
    let headers = sealed(PUBLISHED_KEY, false, Method::POST, PUBLISHED_BODY, PUBLISHED_TIME);
    assert_eq!(headers["X-TIMESTAMP"], PUBLISHED_TIME);
    assert_eq!(headers["X-SIGNATURE"], PUBLISHED_SIGNATURE);
    assert_eq!(headers["AccessToken"], "Bearer a+b/c==");
    assert!(headers["AccessToken"].is_sensitive());
}

#[test]
fn computed_signatures() {
    for (method, body, signature) in [
        (
            Method::GET,
            "",
            "8dcdf1a5788015249b025921a49cbbb0532470a9c7c6df75272c5b923b969186",
        ),
        (
            Method::POST,
            CREATE_BODY,
            "79736b07fc96e51127a3abdfb340ec76afbc49481901d55f1f6d4377f7f8c152",
        ),
        (
            Method::POST,
            FULFILMENT_BODY,
            "c86e4f081ce3aa419bd07ecd6137ff0bd5ba19ac594f8987b8c2c85679f43aac",
        ),
    ] {
        let headers = sealed("test-signing-key", true, method, body, TIME);
        assert_eq!(headers["X-SIGNATURE"], signature);
        assert_eq!(headers["X-TIMESTAMP"], TIME);
    }
}

#[test]
fn reads_are_unsigned_and_calls_without_a_token_are_untouched() {
    let headers = sealed("test-signing-key", false, Method::GET, "", TIME);
    assert_eq!(headers.len(), 1);
    assert!(headers.contains_key("accesstoken"));
    let mut headers = HeaderMap::new();
    let attempt = Attempt::new(None, TIME.parse().unwrap(), &Method::POST);
    adapter(json!({})).seal(&mut headers, &Bytes::new(), &attempt).unwrap();
    assert!(headers.is_empty());
}

#[test]
fn every_attempt_is_signed_anew() {
    let adapter = adapter(json!({}));
    let mut headers = HeaderMap::new();
    let body = Bytes::from_static(b"{}");
    let token = token();
    let mut seal = |now: &str| {
        let attempt = Attempt::new(Some(&token), now.parse().unwrap(), &Method::POST);
        adapter.seal(&mut headers, &body, &attempt).unwrap();
        assert_eq!(headers.len(), 3);
        headers["X-SIGNATURE"].clone()
    };
    assert_ne!(seal(TIME), seal("2026-01-02T03:04:06Z"));
}

fn delivery(signature: &str, timestamp: &str, body: &'static str) -> Delivery {
    let mut headers = HeaderMap::new();
    headers.insert("x-signature", signature.parse().unwrap());
    headers.insert("x-timestamp", timestamp.parse().unwrap());
    Delivery::new(headers, Bytes::from_static(body.as_bytes()))
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_webhook_vector_is_accepted() {
    let adapter = adapter(json!({}));
    for signature in [WEBHOOK_SIGNATURE.to_owned(), WEBHOOK_SIGNATURE.to_uppercase()] {
        let event = adapter
            .receive(&delivery(&signature, TIME, WEBHOOK_BODY), time("2026-01-02T03:09:05Z"))
            .unwrap();
        assert_eq!(event.provenance(), Provenance::Signed);
        assert_eq!(event.reported(), "SUCCESSFUL");
        assert_eq!(event.payment().unwrap().id(), "C-142710055596150-P");
        assert_eq!(event.payment().unwrap().account(), &adapter.capabilities().account);
        assert_eq!(event.reference().unwrap().as_str(), "order-1");
        assert!(event.deduplication_key().starts_with("C-142710055596150-P:SUCCESSFUL:"));
    }
}

#[test]
fn other_webhooks_are_refused() {
    let adapter = adapter(json!({}));
    let receive = |delivery: &Delivery, now: &str| adapter.receive(delivery, time(now)).unwrap_err();
    let good = delivery(WEBHOOK_SIGNATURE, TIME, WEBHOOK_BODY);
    assert_eq!(receive(&good, "2026-01-02T03:09:05.1Z"), WebhookError::Stale);
    assert_eq!(receive(&good, "2026-01-02T02:59:04Z"), WebhookError::Stale);
    let mut queued = good.clone();
    queued.received = Some(time(TIME));
    assert!(adapter.receive(&queued, time("2026-02-02T00:00:00Z")).is_ok());
    for forged in [
        delivery(PUBLISHED_SIGNATURE, TIME, WEBHOOK_BODY),
        delivery("", TIME, WEBHOOK_BODY),
        delivery(WEBHOOK_SIGNATURE, "2026-01-02T03:04:06Z", WEBHOOK_BODY),
        delivery(WEBHOOK_SIGNATURE, TIME, CREATE_BODY),
    ] {
        assert_eq!(receive(&forged, TIME), WebhookError::Signature);
    }
    for name in ["x-signature", "x-timestamp"] {
        let mut missing = good.clone();
        missing.headers.remove(name);
        assert_eq!(receive(&missing, TIME), WebhookError::Missing(name));
        let mut twice = good.clone();
        twice.headers.append(name, "x".parse().unwrap());
        assert_eq!(receive(&twice, TIME), WebhookError::Repeated(name));
    }
}

/// A delivery signed by a key, as the provider would.
fn signed(key: &str, body: &'static str) -> Delivery {
    let signature = paymux_core::hmac::hex(key.as_bytes(), &[TIME.as_bytes(), body.as_bytes()]);
    delivery(&signature, TIME, body)
}

#[test]
fn an_older_key_is_good_while_keys_rotate() {
    let adapter = adapter(json!({"previous_signing_key": "old"}));
    assert!(adapter.receive(&signed("old", WEBHOOK_BODY), time(TIME)).is_ok());
    assert!(
        adapter
            .receive(&signed("test-signing-key", WEBHOOK_BODY), time(TIME))
            .is_ok()
    );
    assert!(adapter.receive(&signed("older", WEBHOOK_BODY), time(TIME)).is_err());
    assert!(!format!("{adapter:?}").contains("old"));
}

#[test]
fn webhooks_about_refunds_and_other_things() {
    let adapter = adapter(json!({}));
    let receive = |body| adapter.receive(&signed("test-signing-key", body), time(TIME));
    let event = receive(
        r#"{"refundReference":"R-1001","transactionReference":"C-1-P","partnerReference":"order-1","partnerRefundReference":"rf-1","amount":50.00,"currencyCode":"NGN","status":"SUCCESSFUL"}"#,
    )
    .unwrap();
    assert_eq!(event.reported(), "refund:SUCCESSFUL");
    assert!(event.deduplication_key().starts_with("R-1001:SUCCESSFUL:"));
    assert_eq!(event.reference().unwrap().as_str(), "rf-1");
    assert_eq!(event.payment().unwrap().id(), "C-1-P");
    let event = receive(r#"{"refundReference":"R-1","transactionReference":"C-12345-T","status":"NEWS"}"#).unwrap();
    assert_eq!((event.payment(), event.reported()), (None, "refund:NEWS"));
    let event = receive(r#"{"chargebackReference":"CB-1","partnerId":"9","reference":17}"#).unwrap();
    assert_eq!((event.payment(), event.reported()), (None, "unknown"));
    assert_eq!(event.deduplication_key().len(), 64);
    assert_eq!(receive("not json").unwrap_err(), WebhookError::Malformed);
}
