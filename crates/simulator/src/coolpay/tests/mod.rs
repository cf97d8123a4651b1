//! The simulator, held to what the provider's documents say.

mod api;
mod hosted;
mod operations;
mod vault;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::test_cards::by_name;
use super::{CoolPay, Settings};
use crate::{Kind, Provider};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_323_045 + seconds).unwrap()
}

fn sim() -> CoolPay {
    with(Settings {
        base_url: "http://sim.test".to_owned(),
        ..Settings::default()
    })
}

fn with(settings: Settings) -> CoolPay {
    CoolPay::new(settings)
}

fn request(method: &str, path: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Basic {}", STANDARD.encode(":sim-api-key")))
        .header("accept-version", "v10")
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

fn send(sim: &mut CoolPay, seconds: i64, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let response = sim.handle(at(seconds), &request(method, path, body));
    (response.status(), parsed(&response))
}

fn parsed(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or(Value::Null)
}

/// Makes a payment and gives its number.
fn payment(sim: &mut CoolPay, order_id: &str) -> String {
    let body = format!(r#"{{"order_id":"{order_id}","currency":"DKK"}}"#);
    let (status, made) = send(sim, 0, "POST", "/payments", &body);
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["id"].to_string()
}

/// Authorizes 1000 with a test card, synchronized.
fn authorized(sim: &mut CoolPay, order_id: &str, card: &str) -> (String, Value) {
    let id = payment(sim, order_id);
    let (status, body) = send(
        sim,
        1,
        "POST",
        &format!("/payments/{id}/authorize?synchronized"),
        &charge(card),
    );
    assert_eq!(status, StatusCode::OK, "{body}");
    (id, body)
}

fn charge(card: &str) -> String {
    let number = by_name(card).unwrap();
    format!(r#"{{"amount":1000,"card":{{"number":"{number}","expiration":"3012","cvd":"123"}}}}"#)
}

fn act(sim: &mut CoolPay, seconds: i64, id: &str, deed: &str, body: &str) -> (StatusCode, Value) {
    send(
        sim,
        seconds,
        "POST",
        &format!("/payments/{id}/{deed}?synchronized"),
        body,
    )
}

fn last(body: &Value) -> &Value {
    body["operations"].as_array().unwrap().last().unwrap()
}

fn total(sim: &CoolPay, id: &str, kind: Kind) -> i64 {
    sim.ledger().total(id, kind)
}
