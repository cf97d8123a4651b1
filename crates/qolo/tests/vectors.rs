//! The signature vector, webhook bodies, amounts as they are written, and the provider's sample bodies.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Functions that tests share do not count as tests.

mod common;

use bytes::Bytes;
use common::{TXN, qolo, with};
use http::HeaderMap;
use jiff::Timestamp;
use paymux_core::{Adapter, Delivery, Event, Inquiry, Provenance, WebhookError, hmac};
use serde_json::json;

const SECRET: &[u8] = b"qolo-test-secret";
const BODY: &str = r#"{"event_type":"transfer.success","txn_guid":"0017d7fb-f072-440d-86fd-a7ae6238e591"}"#;
const SIGNATURE: &str = "f90fd1a7c4df253ba8e56a3364b53f56429a3b04fe52967c48654435afe79de1";

fn delivery(body: &str, signature: Option<&str>) -> Delivery {
    let mut headers = HeaderMap::new();
    if let Some(signature) = signature {
        headers.insert("x-qolo-signature", signature.parse().unwrap());
    }
    Delivery::new(headers, Bytes::copy_from_slice(body.as_bytes()))
}

fn receive(body: &str) -> Result<Event, WebhookError> {
    let signature = hmac::hex(SECRET, &[body.as_bytes()]);
    qolo().receive(&delivery(body, Some(&signature)), Timestamp::UNIX_EPOCH)
}

#[test]
fn the_signature_vector() {
    assert_eq!(hmac::hex(SECRET, &[BODY.as_bytes()]), SIGNATURE);
    for signature in [SIGNATURE.to_owned(), SIGNATURE.to_uppercase()] {
        let event = qolo()
            .receive(&delivery(BODY, Some(&signature)), Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!(event.provenance(), Provenance::Signed);
        assert_eq!(event.reported(), "transfer.success");
        assert_eq!(event.deduplication_key(), Event::digest(BODY.as_bytes()));
        let Some(Inquiry::Payment(payment)) = event.inquiry() else {
            panic!("the event names a payment");
        };
        assert_eq!(payment.ids(), [TXN]);
    }
}

#[test]
fn what_is_not_signed_is_not_read() {
    let refuse = |body: &str, signature: Option<&str>| {
        let result = qolo().receive(&delivery(body, signature), Timestamp::UNIX_EPOCH);
        result.unwrap_err()
    };
    assert_eq!(refuse(BODY, None), WebhookError::Missing("x-qolo-signature"));
    assert_eq!(refuse(r#"{"event_type":"ping"}"#, None), WebhookError::Probe);
    assert_eq!(refuse("", None), WebhookError::Probe);
    let tampered = BODY.replace("success", "succesS");
    for (body, signature) in [
        (tampered.as_str(), SIGNATURE),
        (BODY, ""),
        (BODY, "zz"),
        (BODY, &SIGNATURE[..62]),
        (
            BODY,
            "sha256=f90fd1a7c4df253ba8e56a3364b53f56429a3b04fe52967c48654435afe79de1",
        ),
    ] {
        assert_eq!(refuse(body, Some(signature)), WebhookError::Signature, "{signature}");
    }
    let mut twice = delivery(BODY, Some(SIGNATURE));
    twice.headers.append("x-qolo-signature", SIGNATURE.parse().unwrap());
    let refused = qolo().receive(&twice, Timestamp::UNIX_EPOCH).unwrap_err();
    assert_eq!(refused, WebhookError::Repeated("x-qolo-signature"));
    let without = with(json!({"webhook_secret": null}));
    let refused = without.receive(&delivery(BODY, Some(SIGNATURE)), Timestamp::UNIX_EPOCH);
    assert_eq!(refused.unwrap_err(), WebhookError::NoSecret("webhook_secret"));
}

#[test]
fn the_secret_before_is_still_accepted() {
    let rotated = with(json!({"webhook_secret": "new", "previous_webhook_secret": "qolo-test-secret"}));
    let delivery = delivery(BODY, Some(SIGNATURE));
    assert!(rotated.receive(&delivery, Timestamp::UNIX_EPOCH).is_ok());
    let only_new = with(json!({"webhook_secret": "new"}));
    assert!(only_new.receive(&delivery, Timestamp::UNIX_EPOCH).is_err());
}

#[test]
fn the_body_is_searched_leniently() {
    for (body, reported, ids) in [
        (r#"{"event":"a","data":{"txn_guid":"t1"}}"#, "a", vec!["t1"]),
        (r#"{"type":"b","payload":{"txn_guid":"t2"}}"#, "b", vec!["t2"]),
        (r#"{"event_name":"c","transaction":{"txn_guid":"t3"}}"#, "c", vec!["t3"]),
        (r#"{"event_type":["x"],"event":"d","txn_guid":7}"#, "d", vec![]),
        (
            r#"{"event":"e","txn_guid":"t4","transfer_type":"CCDCTOACCOUNT"}"#,
            "e",
            vec!["t4", "CCDCTOACCOUNT"],
        ),
        (
            r#"{"event":"payment.failure","payment_guid":"p1","data":{"bank_eft_guid":"b1"}}"#,
            "payment.failure",
            vec!["p1", "payment_guid"],
        ),
        (
            r#"{"event":"f","bank_eft_guid":"b1"}"#,
            "f",
            vec!["b1", "bank_eft_guid"],
        ),
        (r#"{"something":"else"}"#, "unnamed", vec![]),
    ] {
        let event = receive(body).unwrap();
        assert_eq!(event.reported(), reported, "{body}");
        let found = event
            .payment()
            .map(|payment| payment.ids().to_vec())
            .unwrap_or_default();
        assert_eq!(found, ids, "{body}");
    }
    let event = receive(r#"{"event":"a","data":{"client_reference_id":"pay_1001"}}"#).unwrap();
    assert_eq!(event.reference().unwrap().as_str(), "pay_1001");
    for body in ["", "[]", "null", "{", "\"x\""] {
        assert_eq!(receive(body).unwrap_err(), WebhookError::Malformed, "{body}");
    }
}

#[test]
fn amounts_are_written_with_the_decimals_of_their_currency() {
    let qolo = qolo();
    let scales = &qolo.capabilities().scales;
    for (asked, wire) in [
        ("13.13 USD", "13.13"),
        ("0.10 USD", "0.10"),
        ("500 JPY", "500"),
        ("1.234 KWD", "1.234"),
        ("92233720368547758.07 EUR", "92233720368547758.07"),
    ] {
        assert_eq!(scales.text(asked.parse().unwrap()).unwrap(), wire);
    }
}
