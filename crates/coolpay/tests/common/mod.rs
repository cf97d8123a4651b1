//! What the tests share: an adapter, bodies, operations.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod stage;

use paymux_coolpay::{CoolPay, CoolPayConfig};
use paymux_core::script::{Script, run};
use paymux_core::{
    Account, Adapter, Answer, Card, Charge, Error, Mode, Operation, OperationKind, PaymentRef, Source, Unresolved,
};

pub(crate) const REFERENCE: &str = "order1001a1";

pub(crate) fn adapter_of(config: &str) -> CoolPay {
    let config: CoolPayConfig = serde_json::from_str(config).unwrap();
    CoolPay::new(config, Mode::Test).unwrap()
}

pub(crate) fn adapter() -> CoolPay {
    adapter_of(r#"{"api_key":"APIKEY","private_key":"test-private-key"}"#)
}

pub(crate) fn account() -> Account {
    Account::of(&["coolpay", "api.coolpay.com", "", "test"])
}

pub(crate) fn payment_ref() -> PaymentRef {
    PaymentRef::new("coolpay", account(), ["1145"])
}

pub(crate) fn card() -> Card {
    Card::new("1000000000000008", 12, 2030)
        .unwrap()
        .with_cvv("123")
        .unwrap()
}

pub(crate) fn charge() -> Charge {
    Charge::new(
        REFERENCE.parse().unwrap(),
        "10.00 DKK".parse().unwrap(),
        Source::Card(card()),
    )
}

pub(crate) fn sale() -> Operation {
    Operation::Sale(Box::new(charge()))
}

pub(crate) fn authorize() -> Operation {
    Operation::Authorize(Box::new(charge()))
}

/// What is kept of an operation whose answer was lost when the script begins.
pub(crate) fn unresolved(kind: OperationKind, notes: &[(&str, &str)]) -> Operation {
    unresolved_since(kind, notes, "2026-01-02T03:04:05Z")
}

/// What is kept of an operation whose last request left at this time; scripts begin at 2026-01-02T03:04:05Z.
pub(crate) fn unresolved_since(kind: OperationKind, notes: &[(&str, &str)], last_sent: &str) -> Operation {
    let amount = (kind != OperationKind::Void).then_some(serde_json::json!({"minor": 1000, "currency": "DKK"}));
    let trail: Vec<_> = notes
        .iter()
        .map(|(k, v)| serde_json::json!({"key": k, "value": v}))
        .collect();
    let follows = matches!(
        kind,
        OperationKind::Capture | OperationKind::Refund | OperationKind::Void
    );
    let unresolved: Unresolved = serde_json::from_value(serde_json::json!({
        "gateway": "cards", "provider": "coolpay", "account": account(), "operation": kind, "reference": REFERENCE,
        "amount": amount, "payment": follows.then(|| payment_ref().to_string()), "trail": trail, "last_sent": last_sent,
    }))
    .unwrap();
    Operation::Resolve(Box::new(unresolved))
}

pub(crate) fn execute(script: &Script, operation: &Operation) -> Result<Answer, Error> {
    let adapter = adapter();
    adapter
        .capabilities()
        .check(operation, paymux_core::Wire::now(script))
        .unwrap();
    let result = run(adapter.execute(operation, script));
    assert_eq!(script.left(), Vec::<String>::new(), "{result:?}");
    result
}

/// An operation with amount.
pub(crate) fn op(id: i64, kind: &str, amount: i64, code: &str) -> String {
    format!(
        r#"{{"id":{id},"type":"{kind}","amount":{amount},"pending":false,"qp_status_code":"{code}","qp_status_msg":"said","aq_status_code":null,"aq_status_msg":null}}"#
    )
}

pub(crate) fn pending(id: i64, kind: &str, amount: i64) -> String {
    format!(r#"{{"id":{id},"type":"{kind}","amount":{amount},"pending":true}}"#)
}

/// A payment of these operations, with this balance.
pub(crate) fn body(ops: &[String], balance: i64) -> String {
    format!(
        r#"{{"id":1145,"order_id":"{REFERENCE}","accepted":true,"type":"Payment","state":"new","test_mode":true,"currency":"DKK",
        "acquirer":"clearhaus","operations":[{}],"metadata":{{"brand":"visa","last4":"0008"}},"balance":{balance}}}"#,
        ops.join(",")
    )
}

pub(crate) fn fresh() -> String {
    format!(
        r#"{{"id":1145,"order_id":"{REFERENCE}","accepted":false,"type":"Payment","state":"initial","test_mode":false,"currency":"DKK",
        "acquirer":null,"operations":[],"metadata":{{}},"balance":0,"created_at":"2026-01-02T03:04:05Z"}}"#
    )
}

pub(crate) fn held() -> String {
    body(&[op(1, "authorize", 1000, "20000")], 0)
}

pub(crate) fn taken() -> String {
    body(
        &[op(1, "authorize", 1000, "20000"), op(2, "capture", 1000, "20000")],
        1000,
    )
}

pub(crate) fn duplicate() -> &'static str {
    r#"{"message":"Validation error","errors":{"order_id":["already exists on another payment"]},"error_code":null}"#
}

pub(crate) const CREATE: &str = "POST /payments";
pub(crate) const AUTHORIZE: &str = "POST /payments/1145/authorize?synchronized";
pub(crate) const CAPTURE: &str = "POST /payments/1145/capture?synchronized";
pub(crate) const REFUND: &str = "POST /payments/1145/refund?synchronized";
pub(crate) const CANCEL: &str = "POST /payments/1145/cancel?synchronized";
pub(crate) const READ: &str = "GET /payments/1145";
pub(crate) const SEARCH: &str = "GET /payments?order_id=order1001a1&page_size=2";
pub(crate) const LINK: &str = "PUT /payments/1145/link";
