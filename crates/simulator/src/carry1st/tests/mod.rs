//! The simulator against what the documents say.

mod auth;
mod page;
mod payments;
mod refunds;
mod webhooks;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::*;

const CREATE: &str = "/api/pay1st/payments/create";
const REFUNDS: &str = "/api/pay1st/transactions/refunds/create";
const SUCCESS: &str = "https://shop.example/ok?order=1&x=a%20b";

/// A provider, a clock, and a merchant that does everything right.
struct Bench {
    provider: Carry1st,
    now: Timestamp,
    token: String,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let mut bench = Self {
            provider: Carry1st::new(settings),
            now: "2026-01-02T03:04:05Z".parse().unwrap(),
            token: String::new(),
        };
        bench.token = bench.grant().1["accessToken"].as_str().unwrap().to_owned();
        bench
    }

    fn plain() -> Self {
        Self::new(Settings::default())
    }

    fn pass(&mut self, seconds: u64) {
        self.now = later(self.now, Duration::from_secs(seconds));
    }

    fn send(&mut self, request: Request<Bytes>) -> (StatusCode, Value) {
        let response = self.provider.handle(self.now, &request);
        let body = if response.body().is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(response.body()).unwrap()
        };
        (response.status(), body)
    }

    fn grant(&mut self) -> (StatusCode, Value) {
        self.grant_as("sim-key:sim-secret", r#"{"role":"API_USER"}"#)
    }

    fn grant_as(&mut self, pair: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::post("/api/pay1st/auth/token")
            .header("authorization", format!("Basic {}", STANDARD.encode(pair)))
            .header("content-type", AUTHENTICATION)
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        self.send(request)
    }

    fn renew(&mut self, token: &str) -> (StatusCode, Value) {
        let request = Request::post("/api/pay1st/auth/refresh")
            .header("content-type", AUTHENTICATION)
            .body(Bytes::from(format!(
                r#"{{"role":"API_USER","refreshToken":"{token}"}}"#
            )))
            .unwrap();
        self.send(request)
    }

    /// A signed POST, to be altered before it is sent.
    fn signed(&self, path: &str, media: &str, body: &str) -> Request<Bytes> {
        let timestamp = self.now.to_string();
        Request::post(path)
            .header("AccessToken", format!("Bearer {}", self.token))
            .header("content-type", media)
            .header(
                "x-signature",
                signing::sign("sim-signing-key", &timestamp, body.as_bytes()),
            )
            .header("x-timestamp", timestamp)
            .body(Bytes::from(body.to_owned()))
            .unwrap()
    }

    fn post(&mut self, path: &str, body: &str) -> (StatusCode, Value) {
        let media = if path == REFUNDS { REFUND } else { PAYMENT };
        let request = self.signed(path, media, body);
        self.send(request)
    }

    fn get(&mut self, path: &str) -> (StatusCode, Value) {
        let media = if path.contains("methods") { CHANNEL } else { PAYMENT };
        let request = Request::get(path)
            .header("AccessToken", format!("Bearer {}", self.token))
            .header("content-type", media)
            .body(Bytes::new())
            .unwrap();
        self.send(request)
    }

    /// A payment of 100.50 NGN, by its reference.
    fn pay(&mut self, order: &str) -> String {
        let (status, body) = self.post(CREATE, &order_of(order));
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["reference"].as_str().unwrap().to_owned()
    }

    /// A payment that succeeded, its webhook delivered.
    fn paid(&mut self, order: &str) -> String {
        let reference = self.pay(order);
        assert!(self.provider.finish(self.now, &reference, "SUCCESSFUL"));
        self.hooks();
        reference
    }

    fn look_up(&mut self, reference: &str) -> Value {
        let (status, body) = self.get(&format!("/api/pay1st/payments?reference={reference}"));
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    /// The webhooks that are due, all acknowledged.
    fn hooks(&mut self) -> Vec<Value> {
        let due = self.provider.due(self.now);
        for webhook in &due {
            self.provider.answered(self.now, webhook.id, Some(StatusCode::OK));
        }
        due.iter()
            .map(|webhook| serde_json::from_slice(webhook.request.body()).unwrap())
            .collect()
    }

    fn booked(&self, reference: &str, kind: Kind) -> i64 {
        self.provider.ledger().total(reference, kind)
    }
}

fn order_of(reference: &str) -> String {
    format!(
        r#"{{"amount":100.50,"countryCode":"NG","currencyCode":"NGN","partnerReference":"{reference}","callbackSuccessUrl":"{SUCCESS}","callbackCancelUrl":"https://shop.example/cancel","webhookUrl":"http://127.0.0.1:1/hook","products":[{{"title":"10 <Credits>","sku":"12345","price":100.50,"quantity":1,"currencyCode":"NGN"}}],"metadata":[{{"key":"customerId","value":"1"}}]}}"#
    )
}

fn code(answer: &(StatusCode, Value)) -> (u16, &str) {
    (answer.0.as_u16(), answer.1["errorCode"].as_str().unwrap_or(""))
}
