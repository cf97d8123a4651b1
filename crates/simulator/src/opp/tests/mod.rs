//! Tests of the simulated platform, through its door.

mod doors;
mod elder;
mod money;
mod pages;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Opp, Settings};
use crate::Provider as _;

/// A sale that goes through on `/v3`, without its number.
const SALE: &str = "entityId=EB000001&amount=92.00&currency=EGP&paymentType=DB&card.holder=Jane+Jones\
                    &card.expiryMonth=05&card.expiryYear=2034&card.cvv=123&merchantTransactionId=ord-0001-a1\
                    &shopperResultUrl=https%3A%2F%2Fshop.example%2Fback&notificationUrl=https%3A%2F%2Fshop.example%2Fhook";
const ENTITY: &str = "entityId=EB000001";
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

/// A platform and a clock.
struct Desk {
    opp: Opp,
    now: Timestamp,
}

/// An answer, read.
struct Told {
    status: StatusCode,
    body: Value,
}

impl Desk {
    fn new(settings: Settings) -> Self {
        Self {
            opp: Opp::new(settings),
            now: "2026-03-01T12:00:00Z".parse().unwrap(),
        }
    }

    fn v3() -> Self {
        Self::new(Settings::v3())
    }

    fn v1() -> Self {
        let mut settings = Settings::v1();
        settings.entity_id = Some("EB000001".to_owned());
        settings.webhook_url = Some("https://shop.example/hook".to_owned());
        Self::new(settings)
    }

    fn wait(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    fn raw(&mut self, request: Request<Bytes>) -> Response<Bytes> {
        self.opp.handle(self.now, &request)
    }

    fn call(&mut self, method: Method, path: &str, body: &str) -> Told {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, "Bearer sim-token")
            .header(header::CONTENT_TYPE, FORM)
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        told(&self.raw(request))
    }

    fn post(&mut self, path: &str, body: &str) -> Told {
        self.call(Method::POST, path, body)
    }

    fn get(&mut self, path: &str) -> Told {
        self.call(Method::GET, path, "")
    }

    /// A browser, which has no token.
    fn browse(&mut self, method: Method, path: &str, body: &str) -> Response<Bytes> {
        let request = Request::builder().method(method).uri(path);
        self.raw(request.body(Bytes::from(body.to_owned())).unwrap())
    }

    fn pay(&mut self, number: &str, more: &str) -> Told {
        let version = self.opp.settings.version();
        self.post(
            &format!("/{version}/payments"),
            &format!("{SALE}&card.number={number}{more}"),
        )
    }

    fn authorize(&mut self) -> String {
        let body = format!("{}&card.number=4200000000000000", SALE.replace("=DB", "=PA"));
        let version = self.opp.settings.version();
        self.post(&format!("/{version}/payments"), &body).id()
    }

    fn follow(&mut self, id: &str, kind: &str, amount: &str) -> Told {
        let version = self.opp.settings.version();
        let body = format!("{ENTITY}&paymentType={kind}&amount={amount}&currency=EGP");
        self.post(&format!("/{version}/payments/{id}"), &body)
    }
}

impl Told {
    fn code(&self) -> &str {
        self.body["result"]["code"].as_str().unwrap_or_default()
    }

    fn id(&self) -> String {
        self.body["id"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn is(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{}", self.body);
        self
    }

    fn has(&self, name: &str) -> bool {
        self.body.get(name).is_some()
    }
}

fn told(response: &Response<Bytes>) -> Told {
    Told {
        status: response.status(),
        body: serde_json::from_slice(response.body()).unwrap_or(Value::Null),
    }
}

fn location(response: &Response<Bytes>) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[header::LOCATION].to_str().unwrap()
}
