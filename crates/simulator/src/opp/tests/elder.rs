//! What only `/v1` has: reports, registrations, payouts, encrypted webhooks, the widget.

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce};

use super::*;
use crate::{Kind, Webhook};

fn open(desk: &Desk, webhook: &Webhook) -> Option<Value> {
    let key = hex::decode(&desk.opp.settings.webhook_key).unwrap();
    let headers = webhook.request.headers();
    let vector: [u8; 12] = hex::decode(&headers["X-Initialization-Vector"])
        .unwrap()
        .try_into()
        .unwrap();
    let body = webhook.request.body();
    let body = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(wrapped)) => wrapped["encryptedBody"].as_str().unwrap().to_owned(),
        _ => String::from_utf8(body.to_vec()).unwrap(),
    };
    let mut sealed = hex::decode(body).unwrap();
    sealed.extend(hex::decode(&headers["X-Authentication-Tag"]).unwrap());
    let plain = Aes256Gcm::new_from_slice(&key)
        .unwrap()
        .decrypt(&Nonce::from(vector), sealed.as_slice())
        .ok()?;
    Some(serde_json::from_slice(&plain).unwrap())
}

#[test]
fn webhooks_are_encrypted_and_can_be_read_with_the_key() {
    let mut desk = Desk::v1();
    let id = desk.pay("4200000000000000", "").is(200, "000.100.110").id();
    let webhooks = desk.opp.due(desk.now);
    let content = open(&desk, &webhooks[0]).unwrap();
    assert_eq!(content["type"], "PAYMENT");
    assert_eq!(content["payload"]["id"], id);
    assert_eq!(content["payload"]["result"]["code"], "000.100.110");
    desk.opp
        .answered(desk.now, webhooks[0].id, Some(StatusCode::INTERNAL_SERVER_ERROR));
    assert!(desk.opp.due(desk.now).is_empty());
    desk.wait(60);
    desk.opp.settings.webhook_in_json = true;
    let again = desk.opp.due(desk.now);
    assert_eq!(open(&desk, &again[0]).unwrap(), content);
    assert_ne!(again[0].id, webhooks[0].id);
    let vector = |w: &Webhook| w.request.headers()["X-Initialization-Vector"].clone();
    assert_ne!(vector(&again[0]), vector(&webhooks[0]));
    desk.opp.answered(desk.now, again[0].id, Some(StatusCode::OK));
    desk.opp.spoil_next_webhook();
    desk.opp.notify_again(desk.now, &id);
    let spoilt = desk.opp.due(desk.now);
    assert_eq!(open(&desk, &spoilt[0]), None);
}

#[test]
fn reports_find_by_reference_and_by_id() {
    let mut desk = Desk::v1();
    let path = format!("/v1/query?{ENTITY}&merchantTransactionId=ord-0001-a1");
    desk.get(&path).is(404, "700.400.580");
    let declined = desk.pay("4200000000001552", "").id();
    let sale = desk.pay("4200000000000000", "").id();
    let refund = desk.follow(&sale, "RF", "10.00").id();
    desk.opp.add_foreign(desk.now, 9200, "EGP");
    let ids = |told: &Told, list: &str| -> Vec<String> {
        let entries = told.body[list].as_array().unwrap();
        entries.iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect()
    };
    let found = desk.get(&path);
    assert_eq!(
        ids(found.is(200, "000.000.100"), "payments"),
        [&declined, &sale, &refund].map(String::clone)
    );
    assert!(found.body["payments"][0].get("amount").is_none());
    let newer = desk.get(&path.replace("/v1/", "/v3/"));
    assert_eq!(ids(&newer, "records").len(), 3);
    let only = desk.get(&format!("{path}&paymentTypes=RF,CP"));
    assert_eq!(ids(&only, "payments"), [refund.as_str()]);
    let one = desk.get(&format!("/v3/query/{sale}?{ENTITY}"));
    assert_eq!(ids(&one, "records"), [sale.as_str()]);
    let tree = desk.get(&format!("/v1/query/{sale}?{ENTITY}&includeLinkedTransactions=true"));
    assert_eq!(ids(&tree, "payments"), [sale, refund]);
    desk.opp.settings.loose_reports = true;
    assert_eq!(ids(&desk.get(&path), "payments").len(), 4);
    assert_eq!(
        desk.get("/v1/query?merchantTransactionId=ord-0001-a1").code(),
        "200.300.404"
    );
}

#[test]
fn a_registration_is_made_paid_with_and_deleted() {
    let mut desk = Desk::v1();
    let card = "card.number=4200000000000000&card.expiryMonth=05&card.expiryYear=2034";
    let made = desk.post("/v1/registrations", &format!("{ENTITY}&paymentBrand=VISA&{card}"));
    let id = made.is(200, "000.100.110").id();
    assert_eq!(made.body["card"]["last4Digits"], "0000");
    let order = format!("{ENTITY}&paymentType=PA&amount=92.00&currency=EGP&standingInstruction.source=MIT");
    let path = format!("/v1/registrations/{id}");
    let paid = desk.post(&format!("{path}/payments"), &order);
    assert_eq!(paid.is(200, "000.100.110").body["registrationId"], id);
    desk.opp.settings.several_captures = true;
    desk.follow(&paid.id(), "CP", "10.00").is(200, "000.100.110");
    desk.follow(&paid.id(), "CP", "10.00").is(400, "700.300.300");
    desk.get(&format!("{path}?{ENTITY}")).is(200, "000.100.110");
    let types: Vec<Value> = desk
        .opp
        .due(desk.now)
        .iter()
        .map(|webhook| open(&desk, webhook).unwrap()["type"].clone())
        .collect();
    assert_eq!(types, ["REGISTRATION", "PAYMENT", "PAYMENT", "PAYMENT"]);
    desk.call(Method::DELETE, &format!("{path}?{ENTITY}"), "")
        .is(200, "000.100.110");
    desk.call(Method::DELETE, &format!("{path}?{ENTITY}"), "")
        .is(404, "100.150.200");
    desk.post(&format!("{path}/payments"), &order).is(400, "100.150.202");
    let sale = desk.pay("4200000000000000", "&createRegistration=true");
    let kept = sale.body["registrationId"].as_str().unwrap();
    desk.post(&format!("/v1/registrations/{kept}/payments"), &order)
        .is(200, "000.100.110");
}

#[test]
fn payouts_are_booked_on_v1_only() {
    for (mut desk, status, code) in [(Desk::v1(), 200, "000.100.110"), (Desk::v3(), 400, "600.200.400")] {
        let body = format!("{}&card.number=4200000000000000", SALE.replace("=DB", "=CD"));
        let path = format!("/{}/payments", desk.opp.settings.version());
        let answer = desk.post(&path, &body);
        answer.is(status, code);
        if status == 200 {
            assert_eq!(desk.opp.ledger.total(&answer.id(), Kind::Payout), 9200);
        }
    }
}

#[test]
fn the_entity_is_required_and_hexadecimal_where_any_is_taken() {
    let mut desk = Desk::v1();
    desk.opp.settings.entity_id = None;
    desk.pay("4200000000000000", "").is(400, "200.300.404");
    let entity = "8ac7a4c9000000000000000000000001";
    let body = format!("{}&card.number=4200000000000000", SALE.replace("EB000001", entity));
    desk.post("/v1/payments", &body).is(200, "000.100.110");
}

#[test]
fn the_list_of_codes_and_the_widget_need_no_token() {
    let mut desk = Desk::v1();
    let codes = told(&desk.browse(Method::GET, "/v1/resultcodes", ""));
    assert!(codes.body["resultCodes"].as_array().unwrap().len() > 40);
    let order = format!("{ENTITY}&amount=92.00&currency=EGP&paymentType=DB&integrity=true");
    let made = desk.post("/v1/checkouts", &order);
    assert!(made.body["integrity"].as_str().unwrap().starts_with("sha384-"));
    let script = desk.browse(
        Method::GET,
        &format!("/v1/paymentWidgets.js?checkoutId={}", made.id()),
        "",
    );
    assert!(String::from_utf8(script.body().to_vec()).unwrap().contains(&made.id()));
    let none = desk.browse(Method::GET, "/v1/paymentWidgets.js?checkoutId=other", "");
    assert_eq!(none.status(), 404);
    let page = format!(
        "/checkouts/{}/page?shopperResultUrl=https%3A%2F%2Fshop.example%2Fback",
        made.id()
    );
    let back = desk.browse(Method::POST, &page, "action=pay&card=377777777777770");
    assert!(location(&back).starts_with("https://shop.example/back?id="));
}
