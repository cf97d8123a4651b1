//! What the tests share: a gateway's adapter, operations, and the sample ids of the provider's portal.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses some of it.

use std::any::Any;

use paymux_core::script::{Script, run};
use paymux_core::{
    Account, Adapter, AdapterConfig, Answer, Charge, Error, Inquiry, Mode, Operation, PaymentRef, Payout, Problem,
    Refund, Source, Token, Transfer, Unresolved, Void, Wire,
};
use paymux_qolo::{Qolo, QoloConfig};
use serde_json::{Value, json};

pub(crate) const INSTRUMENT: &str = "f2fb9354-2f4f-40d1-819c-4ff2a66a4bd8";
pub(crate) const ACCOUNT: &str = "d2b7c9d2-85e7-4c51-92d0-3f97a47f8d76";
pub(crate) const TXN: &str = "0017d7fb-f072-440d-86fd-a7ae6238e591";
pub(crate) const PROGRAM: &str = "7f1f3a52-94f0-4a5b-b2c3-5d0f9f1f2a10";

pub(crate) const CREATED: &str = r#"{"txn_guid":"0017d7fb-f072-440d-86fd-a7ae6238e591","amount":25.10,"currency":"USD",
    "description":"Order 1001","source":{"outside_instrument_guid":"f2fb9354-2f4f-40d1-819c-4ff2a66a4bd8"},
    "destination":{"account_guid":"d2b7c9d2-85e7-4c51-92d0-3f97a47f8d76"},"added_later":{"x":[1]}}"#;

pub(crate) fn keys() -> Value {
    json!({
        "login_id": "login-canary",
        "api_key": "key-canary",
        "account_guid": ACCOUNT,
        "program_guid": PROGRAM,
        "webhook_secret": "qolo-test-secret",
    })
}

pub(crate) fn build(keys: Value, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
    let config: QoloConfig = serde_json::from_value(keys).expect("the keys are known");
    config.build(mode)
}

pub(crate) fn with(changes: Value) -> Qolo {
    let mut keys = keys();
    for (key, value) in changes.as_object().expect("a table") {
        match value {
            Value::Null => keys.as_object_mut().unwrap().remove(key),
            value => keys.as_object_mut().unwrap().insert(key.clone(), value.clone()),
        };
    }
    let adapter: Box<dyn Any> = build(keys, Mode::Test).expect("the keys fit");
    *adapter.downcast().expect("it is Qolo")
}

pub(crate) fn qolo() -> Qolo {
    with(json!({}))
}

pub(crate) fn charge(source: &str) -> Charge {
    Charge::new(
        "pay_1001".parse().unwrap(),
        "25.10 USD".parse().unwrap(),
        Source::Stored(source.to_owned()),
    )
}

pub(crate) fn sale() -> Operation {
    let mut charge = charge(&format!("ach:{INSTRUMENT}"));
    charge.description = Some("Order 1001".to_owned());
    Operation::Sale(Box::new(charge))
}

pub(crate) fn payout(to: &str) -> Operation {
    let to = Source::Stored(to.to_owned());
    Operation::Payout(Box::new(Payout::new(
        "out_1".parse().unwrap(),
        "25.10 USD".parse().unwrap(),
        to,
    )))
}

pub(crate) fn transfer() -> Operation {
    Operation::Transfer(Transfer::new(
        "move_1".parse().unwrap(),
        "25.10 USD".parse().unwrap(),
        ACCOUNT,
        "acc-2",
    ))
}

pub(crate) fn account() -> Account {
    Account::of(&["qolo", "devapi.qolopay.com", PROGRAM, "test"])
}

pub(crate) fn payment(kind: &str) -> PaymentRef {
    PaymentRef::new("qolo", account(), [TXN, kind])
}

pub(crate) fn refund() -> Operation {
    let mut refund = Refund::new(
        payment("BANKTOACCOUNT"),
        "back_1".parse().unwrap(),
        "5.00 USD".parse().unwrap(),
    );
    refund.reason = Some("damaged".to_owned());
    Operation::Refund(refund)
}

pub(crate) fn void(kind: &str) -> Operation {
    Operation::Void(Void::new(payment(kind), "stop_1".parse().unwrap()))
}

pub(crate) fn inquire() -> Operation {
    Operation::Inquire(Inquiry::Payment(payment("BANKTOACCOUNT")))
}

pub(crate) fn token() -> Token {
    Token::new("token-canary".to_owned(), None)
}

/// Runs an operation over a script, checking it first as the engine does, and that the script was played to its end.
pub(crate) fn play(qolo: &Qolo, operation: &Operation, script: &Script) -> Result<Answer, Error> {
    qolo.capabilities()
        .check(operation, script.now())
        .expect("the capabilities allow it");
    let result = run(qolo.execute(operation, script));
    assert_eq!(script.left(), Vec::<String>::new());
    result
}

/// What the engine would hand to a later `resolve`.
pub(crate) fn unresolved(
    qolo: &Qolo,
    operation: &Operation,
    script: &Script,
    payment: Option<PaymentRef>,
) -> Operation {
    let capabilities = qolo.capabilities();
    Operation::Resolve(Box::new(Unresolved::new(
        "bank",
        capabilities,
        operation,
        payment.or_else(|| operation.payment().cloned()),
        script.notes(),
        script.now(),
    )))
}
