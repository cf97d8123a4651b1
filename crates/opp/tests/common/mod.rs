//! What the tests have in common: an adapter by preset and mode, and the operations that they do.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::any::Any;

use paymux_core::{
    Account, Adapter, AdapterConfig, Answer, Browser, Capture, Card, Charge, Checkout, Error, Inquiry, Mode, Money,
    Operation, OperationKind, PaymentRef, Payout, Problem, Refund, Source, ThreeDs, Unresolved, Void, script,
};
use paymux_opp::{Opp, OppConfig};
use serde_json::{Value, json};

pub(crate) const ENTITY: &str = "8ac7a4c79394bdc801939736f17e063d";
pub(crate) const REFERENCE: &str = "ord-0001-a1";
pub(crate) const ID: &str = "8ac7a4a0000000000000000000000001";
pub(crate) const OTHER: &str = "8ac7a4a0000000000000000000000002";

pub(crate) fn build(mode: Mode, config: Value) -> Result<Box<dyn Adapter>, Vec<Problem>> {
    serde_json::from_value::<OppConfig>(config).unwrap().build(mode)
}

pub(crate) fn opp(mode: Mode, config: Value) -> Opp {
    let any: Box<dyn Any> = build(mode, config).unwrap();
    *any.downcast::<Opp>().unwrap()
}

pub(crate) fn v3() -> Opp {
    let config = json!({
        "preset": "v3", "access_token": "canary-token", "entity_id": "EB000001", "entity_type": "PARTICIPATOR",
        "checkout_page": "https://pay.example/page?id={checkout}",
    });
    opp(Mode::Test, config)
}

pub(crate) fn v1() -> Opp {
    opp(
        Mode::Test,
        json!({"preset": "v1", "access_token": "canary-token", "entity_id": ENTITY}),
    )
}

pub(crate) fn v1_live() -> Opp {
    opp(
        Mode::Live,
        json!({"preset": "v1", "access_token": "canary-token", "entity_id": ENTITY}),
    )
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn card() -> Card {
    let card = Card::new("4200000000000000", 5, 2034).unwrap();
    card.with_cvv("123").unwrap().with_holder("Jane Jones")
}

pub(crate) fn charge() -> Charge {
    let source = Source::Card(card());
    let mut charge = Charge::new(REFERENCE.parse().unwrap(), money("92.00 EGP"), source);
    charge.urls.back = Some("https://shop.example/back".to_owned());
    charge
}

pub(crate) fn sale() -> Operation {
    Operation::Sale(Box::new(charge()))
}

pub(crate) fn authorize() -> Operation {
    Operation::Authorize(Box::new(charge()))
}

pub(crate) fn payout() -> Operation {
    let payout = Payout::new(REFERENCE.parse().unwrap(), money("92.00 EGP"), Source::Card(card()));
    Operation::Payout(Box::new(payout))
}

pub(crate) fn payment(opp: &Opp, ids: &[&str]) -> PaymentRef {
    PaymentRef::new("opp", opp.capabilities().account.clone(), ids.iter().copied())
}

pub(crate) fn capture(opp: &Opp, amount: &str) -> Operation {
    let held = payment(opp, &[ID, "PA", "EGP9200"]);
    Operation::Capture(Capture::new(held, "cp-0001-a1".parse().unwrap(), money(amount)))
}

pub(crate) fn void(opp: &Opp) -> Operation {
    let mut void = Void::new(payment(opp, &[ID, "PA", "EGP9200"]), "rv-0001-a1".parse().unwrap());
    void.amount = Some(money("92.00 EGP"));
    Operation::Void(void)
}

pub(crate) fn refund(opp: &Opp, amount: &str) -> Operation {
    let taken = payment(opp, &[ID, "DB", "EGP9200"]);
    Operation::Refund(Refund::new(taken, "rf-0001-a1".parse().unwrap(), money(amount)))
}

pub(crate) fn checkout() -> Operation {
    Operation::Checkout(Box::new(Checkout::new(REFERENCE.parse().unwrap(), money("92.00 EGP"))))
}

pub(crate) fn inquire(payment: PaymentRef) -> Operation {
    Operation::Inquire(Inquiry::Payment(payment))
}

pub(crate) fn by_reference(reference: &str) -> Operation {
    Operation::Inquire(Inquiry::Reference(reference.parse().unwrap()))
}

/// Checks the operation as the engine does, then runs it over the script.
pub(crate) fn run(opp: &Opp, operation: &Operation, wire: &script::Script) -> Result<Answer, Error> {
    opp.capabilities().check(operation, paymux_core::Wire::now(wire))?;
    script::run(opp.execute(operation, wire))
}

/// An unresolved operation, as the engine would keep it.
pub(crate) fn unresolved(opp: &Opp, operation: OperationKind, payment: Option<PaymentRef>, trail: Value) -> Operation {
    let account: &Account = &opp.capabilities().account;
    let unresolved: Unresolved = serde_json::from_value(json!({
        "gateway": "cards", "provider": "opp", "account": account, "operation": operation, "reference": REFERENCE,
        "amount": money("92.00 EGP"), "payment": payment, "trail": trail, "last_sent": "2026-01-02T03:04:05Z",
    }))
    .unwrap();
    Operation::Resolve(Box::new(unresolved))
}

/// A payment's body: id, type, amount, code.
pub(crate) fn body(id: &str, kind: &str, amount: &str, code: &str) -> String {
    format!(
        r#"{{"id":"{id}","paymentType":"{kind}","paymentBrand":"VISA","amount":"{amount}","currency":"EGP","result":{{"code":"{code}","description":"text"}},"card":{{"bin":"420000","last4Digits":"0000"}},"timestamp":"2025-01-01 10:00:00.000+0000","ndc":"x_1"}}"#
    )
}

/// A body with nothing but a code.
pub(crate) fn code(code: &str) -> String {
    format!(r#"{{"result":{{"code":"{code}","description":"text"}},"ndc":"x_1"}}"#)
}

/// A customer's browser, as 3-D Secure asks for it.
pub(crate) fn browser() -> ThreeDs {
    let mut browser = Browser::default();
    browser.accept = "text/html".to_owned();
    browser.user_agent = "UA".to_owned();
    browser.language = "ar".to_owned();
    browser.screen_height = 600;
    browser.screen_width = 800;
    browser.color_depth = 24;
    browser.timezone_minutes = -120;
    browser.javascript = true;
    ThreeDs::Browser(Box::new(browser))
}
