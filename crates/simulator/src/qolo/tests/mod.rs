//! The simulator by itself, request by request.

mod api;
mod money;
mod notices;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::seeds::{ACCOUNT, INSTRUMENT_ACH};
use super::{Qolo, Settings};
use crate::{Kind, Provider as _};

/// A logged-in caller with a clock.
struct Desk {
    qolo: Qolo,
    now: Timestamp,
    token: String,
}

impl Desk {
    fn new(settings: Settings) -> Self {
        let mut this = Self {
            qolo: Qolo::new(settings),
            now: "2025-03-01T12:00:00Z".parse().unwrap(),
            token: String::new(),
        };
        this.login();
        this
    }

    fn login(&mut self) {
        let response = self.post("auth/login", r#"{"login_id":"sim-login","api_key":"sim-key"}"#);
        self.token = text(&json(&response), "access_token");
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now.checked_add(Duration::from_secs(seconds)).unwrap();
    }

    fn send(&mut self, method: Method, path: &str, body: &str, key: Option<&str>) -> Response<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/{path}"))
            .header("Authorization", format!("Bearer {}", self.token));
        if !body.is_empty() {
            request = request.header("Content-Type", "application/json");
        }
        if let Some(key) = key {
            request = request.header("IdempotencyKey", key);
        }
        let request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        self.qolo.handle(self.now, &request)
    }

    fn get(&mut self, path: &str) -> Response<Bytes> {
        self.send(Method::GET, path, "", None)
    }

    fn post(&mut self, path: &str, body: &str) -> Response<Bytes> {
        self.send(Method::POST, path, body, None)
    }

    /// Creates a transfer and gives its guid.
    fn transfer(&mut self, body: &str) -> String {
        let response = self.post("transfers", body);
        assert_eq!(response.status(), StatusCode::CREATED, "{:?}", response.body());
        text(&json(&response), "txn_guid")
    }

    fn shown(&mut self, guid: &str) -> Value {
        let response = self.get(&format!("transactions/{guid}"));
        assert_eq!(response.status(), StatusCode::OK);
        json(&response)
    }

    fn total(&self, guid: &str, kind: Kind) -> i64 {
        self.qolo.ledger().total(guid, kind)
    }

    fn available(&self, account: &str) -> i64 {
        self.qolo.balances(account).unwrap().available
    }
}

fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn order(transfer_type: &str, amount: &str, currency: &str, source: (&str, &str), destination: (&str, &str)) -> String {
    format!(
        r#"{{"client_reference_id":"ref-1","transfer_type":"{transfer_type}","amount":{amount},"currency":"{currency}",
        "description":"Order 1","source":{{"{}":"{}"}},"destination":{{"{}":"{}"}}}}"#,
        source.0, source.1, destination.0, destination.1
    )
}

fn pull_with(transfer_type: &str, instrument: &str, amount: &str) -> String {
    order(
        transfer_type,
        amount,
        "USD",
        ("outside_instrument_guid", instrument),
        ("account_guid", ACCOUNT),
    )
}

/// An ACH debit of 25.10 USD.
fn pull() -> String {
    pull_with("BANKTOACCOUNT", INSTRUMENT_ACH, "25.10")
}

fn push_with(transfer_type: &str, instrument: &str, amount: &str) -> String {
    order(
        transfer_type,
        amount,
        "USD",
        ("account_guid", ACCOUNT),
        ("outside_instrument_guid", instrument),
    )
}
