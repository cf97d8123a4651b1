//! Money through the API: approvals, declines, follow-ups, and the ledger.

use super::*;
use crate::{Kind, Origin};

#[test]
fn a_sale_is_booked_told_and_refunded() {
    let mut desk = Desk::v3();
    let sale = desk.pay("4200000000000000", "&customParameters%5Border%5D=7");
    let id = sale.is(200, "000.100.110").id();
    assert!(id.len() >= 32);
    assert_eq!(sale.body["amount"], "92.00");
    assert_eq!(sale.body["currency"], "EGP");
    assert_eq!(sale.body["merchantTransactionId"], "ord-0001-a1");
    assert_eq!(sale.body["card"]["bin"], "420000");
    assert_eq!(sale.body["card"]["last4Digits"], "0000");
    assert_eq!(sale.body["customParameters"]["order"], "7");
    assert_eq!(sale.body["timestamp"], "2026-03-01 12:00:00.000+0000");
    assert!(!sale.body.to_string().contains("4200000000000000"));
    let inquiry = desk.get(&format!("/v3/payments/{id}?{ENTITY}"));
    assert_eq!(inquiry.is(200, "000.100.110").id(), id);
    assert_ne!(inquiry.body["ndc"], sale.body["ndc"]);

    let refund = desk.follow(&id, "RF", "10.00");
    assert_eq!(refund.is(200, "000.100.110").body["referencedId"], id);
    assert_eq!(refund.body["paymentType"], "RF");
    desk.follow(&id, "RF", "82.01").is(400, "700.400.200");
    desk.follow(&id, "RF", "82.00").is(200, "000.100.110");
    desk.follow(&id, "RF", "1.00").is(400, "700.300.300");
    let ledger = &desk.opp.ledger;
    assert_eq!(ledger.total(&id, Kind::Capture), 9200);
    assert_eq!(ledger.total(&id, Kind::Refund), 9200);
    assert_eq!(ledger.of(&id).count(), 3);
    let booked = ledger.by_reference("ord-0001-a1").next().unwrap();
    assert_eq!((booked.id.as_str(), booked.origin), (id.as_str(), Origin::Api));
}

#[test]
fn an_authorization_is_captured_and_the_capture_refunded() {
    let mut desk = Desk::v3();
    let id = desk.authorize();
    desk.follow(&id, "CP", "92.01").is(400, "700.400.100");
    let capture = desk.follow(&id, "CP", "60.00").is(200, "000.100.110").id();
    desk.follow(&id, "CP", "10.00").is(400, "700.300.300");
    desk.follow(&id, "RV", "92.00").is(400, "700.400.530");
    desk.follow(&id, "RF", "10.00").is(400, "700.400.520");
    desk.follow(&capture, "RF", "60.01").is(400, "700.400.200");
    let refund = desk.follow(&capture, "RF", "25.00").is(200, "000.100.110").id();
    desk.follow(&refund, "RF", "1.00").is(400, "700.400.520");
    let ledger = &desk.opp.ledger;
    let totals = [Kind::Authorize, Kind::Capture, Kind::Refund].map(|kind| ledger.total(&id, kind));
    assert_eq!(totals, [9200, 6000, 2500]);
}

#[test]
fn several_captures_where_allowed() {
    let mut desk = Desk::v3();
    desk.opp.settings.several_captures = true;
    let id = desk.authorize();
    desk.follow(&id, "CP", "60.00").is(200, "000.100.110");
    desk.follow(&id, "CP", "40.00").is(400, "700.400.100");
    desk.follow(&id, "CP", "32.00").is(200, "000.100.110");
    desk.follow(&id, "CP", "0.01").is(400, "700.300.300");
    assert_eq!(desk.opp.ledger.total(&id, Kind::Capture), 9200);
}

#[test]
fn a_void_ends_the_authorization() {
    let mut desk = Desk::v3();
    let id = desk.authorize();
    let void = desk.post(&format!("/v3/payments/{id}"), &format!("{ENTITY}&paymentType=RV"));
    assert!(!void.is(200, "000.100.110").has("amount"));
    assert_eq!(desk.opp.ledger.total(&id, Kind::Void), 9200);
    desk.follow(&id, "RV", "92.00").is(400, "700.300.300");
    desk.follow(&id, "CP", "92.00").is(400, "700.400.510");
    let sale = desk.pay("4200000000000000", "").id();
    desk.follow(&sale, "RV", "92.00").is(400, "700.400.530");
    desk.follow(&sale, "CP", "92.00").is(400, "700.400.510");
}

#[test]
fn follow_ups_must_fit_their_original() {
    let mut desk = Desk::v3();
    let declined = desk.pay("4200000000001552", "").id();
    desk.follow(&declined, "RF", "1.00").is(400, "700.300.200");
    let open = desk.pay("4200000000000042", "").id();
    desk.follow(&open, "RF", "1.00").is(400, "700.400.570");
    let sale = desk.pay("4200000000000000", "").id();
    let path = format!("/v3/payments/{sale}");
    let other = format!("{ENTITY}&paymentType=RF&amount=1.00&currency=USD");
    desk.post(&path, &other).is(400, "600.200.500");
    let wrong = format!("{ENTITY}&paymentType=RF&amount=1.00&currency=EGP&originalTransactionId={open}");
    desk.post(&path, &wrong).is(400, "200.300.404");
    desk.follow(&sale, "RB", "1.00").is(400, "600.200.400");
    assert_eq!(desk.opp.ledger.movements.len(), 1);
}

#[test]
fn a_decline_is_answered_with_400_or_200_and_books_nothing() {
    for (with_200, status) in [(false, 400), (true, 200)] {
        let mut desk = Desk::v3();
        desk.opp.settings.declines_with_200 = with_200;
        let declined = desk.pay("4200000000001537", "");
        assert!(!declined.is(status, "800.100.153").has("amount"));
        let id = declined.id();
        desk.get(&format!("/v3/payments/{id}?{ENTITY}"))
            .is(status, "800.100.153");
        desk.pay("4444444444444444", "").is(status, "100.100.101");
        assert!(desk.opp.ledger.movements.is_empty());
    }
}

#[test]
fn results_can_be_forced() {
    let mut desk = Desk::v3();
    desk.pay("4200000000000000", "&customParameters%5BforceResultCode%5D=800.100.159")
        .is(400, "800.100.159");
    desk.opp.force_code("900.100.300");
    desk.pay("4200000000000000", "").is(400, "900.100.300");
    assert!(desk.opp.ledger.movements.is_empty());
    let sale = desk.pay("4200000000000000", "").is(200, "000.100.110").id();
    desk.opp.force_code("800.100.152");
    desk.follow(&sale, "RF", "1.00").is(400, "800.100.152");
    desk.opp.force_code("000.400.010");
    desk.pay("4200000000000000", "").is(200, "000.400.010");
    assert_eq!(desk.opp.ledger.movements.len(), 2);
    desk.opp.force_code("000.200.000");
    let open = desk.pay("4200000000000000", "").is(200, "000.200.000").id();
    let (now, ledger) = (desk.now, desk.opp.ledger.movements.len());
    assert!(desk.opp.resolve(now, &open, "000.100.110"));
    assert!(!desk.opp.resolve(now, &open, "800.100.152"));
    assert_eq!(desk.opp.ledger.movements.len(), ledger + 1);
}

#[test]
fn the_live_host_has_its_own_success_and_forces_nothing() {
    let mut desk = Desk::v3();
    desk.opp.settings.live = true;
    desk.pay("4200000000000000", "&customParameters%5BforceResultCode%5D=800.100.159")
        .is(200, "000.000.000");
    desk.pay("4200000000000000", "&testMode=EXTERNAL")
        .is(400, "600.200.701");
    desk.opp.settings.live = false;
    desk.pay("4200000000000000", "&testMode=EXTERNAL")
        .is(200, "000.100.112");
    desk.opp.settings.live = true;
    desk.opp.force_code("000.100.110");
    desk.pay("4200000000000000", "").is(200, "000.100.110");
    assert_eq!(desk.opp.ledger.movements.len(), 2);
}

#[test]
fn a_slow_payment_is_approved_later_and_its_reference_may_be_used_twice() {
    let mut desk = Desk::v3();
    let slow = desk.pay("4200000000005009", "").is(200, "800.400.500").id();
    assert!(desk.opp.due(desk.now).is_empty());
    desk.pay("4200000000000000", "").is(200, "000.100.110");
    desk.wait(60);
    let hints = desk.opp.due(desk.now);
    assert_eq!(hints.len(), 1);
    assert_eq!(hints[0].request.uri(), "https://shop.example/hook");
    let hint: Value = serde_json::from_slice(hints[0].request.body()).unwrap();
    assert_eq!(hint["id"], slow);
    desk.get(&format!("/v3/payments/{slow}?{ENTITY}"))
        .is(200, "000.100.110");
    assert_eq!(desk.opp.ids_of("ord-0001-a1").len(), 2);
    assert_eq!(desk.opp.ledger.by_reference("ord-0001-a1").count(), 2);
}

#[test]
fn the_back_office_and_the_bank_act_too() {
    let mut desk = Desk::v3();
    let id = desk.authorize();
    let now = desk.now;
    let capture = desk.opp.capture(now, &id, 6000).unwrap();
    assert_eq!(desk.opp.capture(now, &id, 1), None);
    assert_eq!(desk.opp.void(now, &id), None);
    desk.opp.chargeback(now, &capture, 6000).unwrap();
    desk.follow(&capture, "RF", "1.00").is(400, "700.300.600");
    assert_eq!(desk.opp.chargeback(now, &capture, 1), None);
    assert_eq!(desk.opp.ledger.total(&id, Kind::Chargeback), 6000);
    let hints = desk.opp.due(now);
    let types: Vec<Value> = hints
        .iter()
        .map(|hint| serde_json::from_slice::<Value>(hint.request.body()).unwrap()["paymentType"].clone())
        .collect();
    assert_eq!(types, ["CP", "CB"]);
    let other = desk.authorize();
    desk.opp.void(now, &other).unwrap();
    let sale = desk.pay("4200000000000000", "").id();
    desk.opp.refund(now, &sale, 100).unwrap();
    assert_eq!(desk.opp.ledger.total(&sale, Kind::Refund), 100);
}
