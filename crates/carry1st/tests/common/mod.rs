//! What the tests share.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::any::Any;

use paymux_carry1st::{Carry1st, Carry1stConfig};
use paymux_core::script::{Script, run};
use paymux_core::{
    Adapter, AdapterConfig, Address, Answer, Charge, Error, Inquiry, Mode, Operation, PaymentRef, Problem, Refund,
    Source, Token,
};
use serde_json::{Value, json};

pub(crate) const CREATE: &str = "POST /api/pay1st/payments/create";
pub(crate) const QUERY: &str = "GET /api/pay1st/payments?reference=C-1-P";
pub(crate) const REFUND: &str = "POST /api/pay1st/transactions/refunds/create";
pub(crate) const CREATED: &str = r#"{"reference":"C-1-P","partnerReference":"order-1","countryCode":"NG","currencyCode":"NGN","amount":100,"status":"NEW"}"#;

/// The configuration of a sandbox, with these keys added or replaced; `null` removes one.
pub(crate) fn build(mode: Mode, extra: Value) -> Result<Box<dyn Adapter>, Vec<Problem>> {
    let mut config = json!({
        "environment": "sandbox",
        "api_key": "demo-key",
        "api_secret": "demo-secret",
        "signing_key": "test-signing-key",
        "default_country": "NG",
    });
    let map = config.as_object_mut().unwrap();
    for (key, value) in extra.as_object().unwrap() {
        map.insert(key.clone(), value.clone());
    }
    map.retain(|_, value| !value.is_null());
    serde_json::from_value::<Carry1stConfig>(config).unwrap().build(mode)
}

pub(crate) fn adapter(extra: Value) -> Carry1st {
    let adapter: Box<dyn Any> = build(Mode::Test, extra).unwrap();
    *adapter.downcast().unwrap()
}

pub(crate) fn token() -> Token {
    Token::new("a+b/c==", None).with_refresh(Some("r+1=".into()))
}

pub(crate) fn script() -> Script {
    Script::new().with_token(token())
}

pub(crate) fn charge() -> Charge {
    Charge::new(
        "order-1".parse().unwrap(),
        "100.00 NGN".parse().unwrap(),
        Source::Hosted,
    )
}

pub(crate) fn country(code: &str) -> Option<Address> {
    let mut address = Address::default();
    address.country = Some(code.to_owned());
    Some(address)
}

pub(crate) fn payment(adapter: &Carry1st) -> PaymentRef {
    PaymentRef::new("carry1st", adapter.capabilities().account.clone(), ["C-1-P"])
}

pub(crate) fn refund(adapter: &Carry1st) -> Refund {
    Refund::new(payment(adapter), "rf-1".parse().unwrap(), "50.00 NGN".parse().unwrap())
}

pub(crate) fn sale(adapter: &Carry1st, charge: Charge, script: &Script) -> Result<Answer, Error> {
    run(adapter.execute(&Operation::Sale(Box::new(charge)), script))
}

pub(crate) fn inquire(adapter: &Carry1st, script: &Script) -> Result<Answer, Error> {
    let inquiry = Inquiry::Payment(payment(adapter));
    run(adapter.execute(&Operation::Inquire(inquiry), script))
}

pub(crate) fn refunded(adapter: &Carry1st, script: &Script) -> Result<Answer, Error> {
    run(adapter.execute(&Operation::Refund(refund(adapter)), script))
}

/// A payment of 100.00 NGN as an inquiry shows it.
pub(crate) fn view(status: &str) -> String {
    format!(
        r#"{{"countryCode":"NG","currencyCode":"NGN","amount":100,"reference":"C-1-P","partnerReference":"order-1",
        "partnerSettings":{{"partnerId":9,"webhookUrl":"https://m.example/wh"}},
        "products":[{{"title":"10Credits","sku":"12345","price":100,"currencyCode":"NGN","quantity":1}}],
        "metadata":[{{"key":"customerId","value":"1"}}],"status":"{status}","channelId":108,"channelName":"Opay Wallet"}}"#
    )
}

/// Nothing secret is in any rendering.
pub(crate) fn assert_clean(error: &Error) {
    let text = format!("{error} {error:?} {}", error.to_json());
    for secret in ["demo-secret", "test-signing-key", "a+b/c==", "a%2Bb", "ZGVtby1rZXk6"] {
        assert!(!text.contains(secret), "{text}");
    }
}
