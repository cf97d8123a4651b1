//! What transfers do to ledger and balances.

use super::super::seeds::{
    ACCOUNT_EUR, ACCOUNT_FROZEN, ACCOUNT_PERSON, CARD_PROXY, INSTRUMENT_CARD, INSTRUMENT_DECLINED, INSTRUMENT_R01,
    INSTRUMENT_R02, INSTRUMENT_RTP, PERSON, PROGRAM,
};
use super::super::{Balances, Declines, Settings};
use super::*;
use crate::Origin;

#[test]
fn a_pull_settles_and_is_booked_once() {
    let mut desk = Desk::new(Settings::qolo());
    let guid = desk.transfer(&pull_with("CCDCTOACCOUNT", INSTRUMENT_CARD, "25.10"));
    assert_eq!(desk.total(&guid, Kind::Capture), 2510);
    let shown = desk.shown(&guid);
    assert_eq!(
        (text(&shown, "txn_status").as_str(), shown["settle_date"].is_null()),
        ("pending", true)
    );
    assert_eq!(shown["response_code"], "APPROVE");
    let balances = desk.qolo.balances(ACCOUNT).unwrap();
    assert_eq!((balances.available, balances.suspense), (10_000_000, 2510));
    desk.wait(1);
    let shown = desk.shown(&guid);
    assert_eq!(shown["txn_status"], "settled");
    assert_eq!(shown["settle_date"], "2025-03-01T12:00:01Z");
    assert!(shown["client_reference_id"].is_null());
    let after = Balances {
        available: 10_002_510,
        ledger: 10_002_510,
        suspense: 0,
    };
    assert_eq!(desk.qolo.balances(ACCOUNT), Some(after));
    assert_eq!(desk.qolo.ledger().by_reference("ref-1").count(), 1);
    assert_eq!(desk.qolo.last_transaction(), Some(guid.as_str()));
}

#[test]
fn pushes_and_internal_transfers_move_balances() {
    let mut desk = Desk::new(Settings::qolo());
    let push = desk.transfer(&push_with("ACCOUNTTOBANKREALTIME", INSTRUMENT_RTP, "10"));
    assert_eq!(desk.available(ACCOUNT), 9_999_000);
    assert_eq!(desk.total(&push, Kind::Payout), 1000);
    let ends = [("account_guid", ACCOUNT), ("card_proxy", CARD_PROXY)];
    let load = desk.transfer(&order("PARTNERTOCARD", "20", "USD", ends[0], ends[1]));
    assert_eq!(desk.total(&load, Kind::Transfer), 2000);
    assert!(desk.qolo.settle_now(desk.now, &load));
    assert!(!desk.qolo.settle_now(desk.now, &load));
    assert_eq!(desk.available(ACCOUNT_PERSON), 52_000);
}

#[test]
fn business_refusals_book_nothing() {
    let mut desk = Desk::new(Settings::qolo());
    let poor = push_with("ACCOUNTTOCCDC", INSTRUMENT_CARD, "600").replace(ACCOUNT, ACCOUNT_PERSON);
    let cases = [
        (pull_with("CCDCTOACCOUNT", INSTRUMENT_DECLINED, "1"), "DO_NOT_HONOR"),
        (pull().replace(ACCOUNT, ACCOUNT_FROZEN), "ACCOUNT_FROZEN"),
        (poor, "INSUFF_FUNDS"),
    ];
    for (body, reason) in &cases {
        let response = desk.post("transfers", body);
        assert_eq!(response.status(), StatusCode::CREATED);
        let value = json(&response);
        assert_eq!(
            (&value["response_code"], &value["reason_code"]),
            (&"DECLINE".into(), &(*reason).into())
        );
        assert_eq!(desk.shown(&text(&value, "txn_guid"))["txn_status"], "declined");
    }
    desk.qolo.settings_mut().declines = Declines::BadRequest;
    assert_eq!(desk.post("transfers", &cases[0].0).status(), StatusCode::BAD_REQUEST);
    desk.qolo.force_code("REVIEW");
    assert_eq!(json(&desk.post("transfers", &pull()))["response_code"], "REVIEW");
    assert!(desk.qolo.ledger().movements.is_empty());
    assert!(json(&desk.post("transfers", &pull()))["response_code"].is_null());
    desk.qolo.force_code("APPROVE");
    desk.transfer(&cases[1].0);
    assert_eq!(desk.qolo.ledger().movements.len(), 2);
}

#[test]
fn ach_is_cancelled_in_time_or_not_at_all() {
    let mut desk = Desk::new(Settings::qolo());
    let guid = desk.transfer(&pull());
    let body = format!(r#"{{"txn_guid":"{guid}"}}"#);
    desk.wait(4);
    let first = desk.send(Method::POST, "transfers/eft/cancel", &body, Some("c1"));
    assert_eq!(first.status(), StatusCode::CREATED);
    let again = desk.send(Method::POST, "transfers/eft/cancel", &body, Some("c1"));
    assert_eq!(first.body(), again.body());
    assert_eq!(desk.total(&guid, Kind::Void), 2510);
    assert_eq!(desk.shown(&guid)["txn_status"], "cancelled");
    assert_eq!(
        desk.post("transfers/eft/cancel", &body).status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(desk.qolo.balances(ACCOUNT).unwrap().suspense, 0);

    let late = desk.post("transfers", &pull());
    let eft = text(&json(&late), "bank_eft_guid");
    desk.wait(5);
    let body = format!(r#"{{"bank_eft_guid":"{eft}"}}"#);
    assert_eq!(
        desk.post("transfers/eft/cancel", &body).status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        desk.post("transfers/eft/cancel", "{}").status(),
        StatusCode::BAD_REQUEST
    );
    let card = desk.transfer(&pull_with("CCDCTOACCOUNT", INSTRUMENT_CARD, "1"));
    let body = format!(r#"{{"txn_guid":"{card}"}}"#);
    assert_eq!(
        desk.post("transfers/eft/cancel", &body).status(),
        StatusCode::BAD_REQUEST
    );
}

#[test]
fn reversals_give_back_up_to_the_whole() {
    let mut desk = Desk::new(Settings::qolo());
    let guid = desk.transfer(&pull_with("CCDCTOACCOUNT", INSTRUMENT_CARD, "25.10"));
    desk.wait(1);
    let path = format!("transfers/{guid}/reversals");
    let part = format!(
        r#"{{"source_txn_guid":"{guid}","amount":10.10,"currency":"USD","client_reference_id":"rf-1","transfer_type":"CCDCTOACCOUNT"}}"#
    );
    let first = desk.send(Method::POST, &path, &part, Some("r1"));
    assert_eq!(first.status(), StatusCode::OK);
    assert!(json(&first)["txn_guid"].is_null());
    desk.send(Method::POST, &path, &part, Some("r1"));
    assert_eq!(desk.total(&guid, Kind::Refund), 1010);
    assert_eq!(
        desk.post(&path, r#"{"amount":15.01}"#).status(),
        StatusCode::BAD_REQUEST
    );
    desk.qolo.settings_mut().empty_reversals = true;
    let rest = desk.post(&path, "");
    assert_eq!((rest.status(), rest.body().len()), (StatusCode::CREATED, 0));
    assert_eq!(desk.total(&guid, Kind::Refund), 2510);
    assert_eq!(desk.post(&path, "").status(), StatusCode::BAD_REQUEST);
    desk.wait(1);
    desk.get("webhooks");
    assert_eq!(desk.available(ACCOUNT), 10_000_000);
    assert_eq!(desk.qolo.balances(ACCOUNT).unwrap().ledger, 10_000_000);
    let push = desk.transfer(&push_with("ACCOUNTTOCCDC", INSTRUMENT_CARD, "1"));
    assert_eq!(
        desk.post(&format!("transfers/{push}/reversals"), "").status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        desk.post("transfers/none/reversals", "").status(),
        StatusCode::NOT_FOUND
    );
}

#[test]
fn bad_debits_come_back() {
    let mut desk = Desk::new(Settings::qolo());
    let guid = desk.transfer(&pull_with("BANKTOACCOUNT", INSTRUMENT_R01, "25.10"));
    desk.wait(10);
    assert_eq!(desk.shown(&guid)["txn_status"], "settled");
    desk.wait(10);
    let shown = desk.shown(&guid);
    assert_eq!(
        (&shown["txn_status"], &shown["reason_code"]),
        (&"returned".into(), &"R01".into())
    );
    assert_eq!(desk.total(&guid, Kind::Return), 2510);
    assert_eq!(desk.available(ACCOUNT), 10_000_000);
    let push = desk.transfer(&push_with("ACCOUNTTOBANK", INSTRUMENT_R02, "5"));
    desk.wait(20);
    desk.shown(&push);
    assert_eq!(desk.total(&push, Kind::Return), 500);
    assert_eq!(desk.available(ACCOUNT), 10_000_000);
    let by_hand = desk.transfer(&pull());
    assert!(desk.qolo.return_ach(desk.now, &by_hand, "R03"));
    assert!(!desk.qolo.return_ach(desk.now, &by_hand, "R03"));
    assert_eq!(desk.shown(&by_hand)["reason_code"], "R03");
}

#[test]
fn real_time_money_is_only_asked_back() {
    let mut desk = Desk::new(Settings::qolo());
    let guid = desk.transfer(&push_with("ACCOUNTTOBANKREALTIME", INSTRUMENT_RTP, "5"));
    let body = format!(r#"{{"txn_guid":"{guid}"}}"#);
    let asked = desk.post("transfers/RequestForTransferRefund", &body);
    assert_eq!(asked.status(), StatusCode::CREATED);
    assert_eq!(json(&asked)["beneficiary_instrument_guid"], INSTRUMENT_RTP);
    assert_eq!(desk.qolo.ledger().movements.len(), 1);
    let ach = desk.transfer(&pull());
    let body = format!(r#"{{"txn_guid":"{ach}"}}"#);
    assert_eq!(
        desk.post("transfers/RequestForTransferRefund", &body).status(),
        StatusCode::BAD_REQUEST
    );
}

#[test]
fn currencies_change_by_quote_only() {
    let mut desk = Desk::new(Settings::qolo());
    let ends = [("account_guid", ACCOUNT), ("account_guid", ACCOUNT_EUR)];
    let plain = order("ACCOUNTTOACCOUNT", "110.00", "USD", ends[0], ends[1]);
    assert_eq!(desk.post("transfers", &plain).status(), StatusCode::BAD_REQUEST);
    let ask = r#"{"amount":110,"currency":"USD","destination_currency":"EUR"}"#;
    let quote = desk.post("transfers/quote", ask);
    assert_eq!(quote.status(), StatusCode::CREATED);
    assert!(String::from_utf8_lossy(quote.body()).contains("\"destination_amount\":100.00"));
    let reference = text(&json(&quote)["conversionDetails"], "reference");
    let quoted = plain.replacen(
        '{',
        &format!(r#"{{"quote_reference":"{reference}","destination_currency":"EUR","#),
        1,
    );
    let guid = desk.transfer(&quoted);
    assert_eq!(desk.total(&guid, Kind::Transfer), 11_000);
    assert_eq!(desk.post("transfers", &quoted).status(), StatusCode::BAD_REQUEST);
    desk.wait(1);
    desk.shown(&guid);
    assert_eq!(desk.available(ACCOUNT_EUR), 5_010_000);
    let late = text(
        &json(&desk.post("transfers/quote", ask))["conversionDetails"],
        "reference",
    );
    desk.wait(60);
    assert_eq!(
        desk.post("transfers", &quoted.replace(&reference, &late)).status(),
        StatusCode::BAD_REQUEST
    );
}

#[test]
fn disbursements_are_queued_and_carried_out() {
    let mut desk = Desk::new(Settings::qolo());
    let transfer = push_with("ACCOUNTTOCCDC", INSTRUMENT_CARD, "7.50");
    let body = format!(
        r#"{{"program_guid":"{PROGRAM}","disbursement_type":"OUTSIDEINSTRUMENT","person_details":{{"person_guid":"{PERSON}"}},
        "transfer_details":{transfer}}}"#
    );
    let made = desk.post("disbursements", &body);
    assert_eq!(made.status(), StatusCode::CREATED, "{:?}", made.body());
    let guid = text(&json(&made), "payment_guid");
    assert_eq!(desk.total(&guid, Kind::Payout), 750);
    assert_eq!(json(&desk.get(&format!("payments/{guid}")))["payment_status"], "QUEUED");
    desk.wait(1);
    assert_eq!(
        json(&desk.get(&format!("payments/{guid}")))["payment_status"],
        "COMPLETED"
    );
    let log = json(&desk.get(&format!("payments/{guid}/transactions")));
    let txn = text(&log["data"][0], "txn_guid");
    assert_eq!(desk.shown(&txn)["txn_status"], "settled");
    let wrong = body.replace("ref-1\",", "ref-1\",\"nonsense\":1,");
    assert!(json(&desk.post("disbursements", &wrong))["errors"]["transfer_details.nonsense"].is_array());
}

#[test]
fn payments_are_scheduled_and_cancelled() {
    let mut desk = Desk::new(Settings::qolo());
    let body = r#"{"payment_base_currency":"USD","payment_due_date":"2025-04-01T00:00:00Z","reference_code":"rent","payment_amount":12.5}"#;
    let made = desk.post("payments", body);
    assert_eq!(made.status(), StatusCode::CREATED);
    let guid = text(&json(&made), "payment_guid");
    let path = format!("payments/{guid}");
    assert_eq!(json(&desk.get(&path))["payment_status"], "SCHEDULED");
    assert_eq!(
        json(&desk.send(Method::PUT, &path, "", None))["payment_status"],
        "CANCELLED"
    );
    assert_eq!(
        json(&desk.get("payments?start_search_date=2025-03-01T00:00:00Z"))["count"],
        1
    );
    assert!(desk.qolo.ledger().movements.is_empty());
}

#[test]
fn strangers_look_like_the_last_transfer() {
    let mut desk = Desk::new(Settings::qolo());
    desk.qolo.add_foreign(desk.now, 500, "KWD");
    let own = desk.transfer(&push_with("ACCOUNTTOBANKREALTIME", INSTRUMENT_RTP, "5"));
    desk.qolo.add_foreign(desk.now, 500, "USD");
    let body = format!(r#"{{"account_guid":"{ACCOUNT}","txn_type":"D","txn_amount":5.00}}"#);
    let found = json(&desk.post("transactions/search", &body));
    assert_eq!(found["count"], 2);
    assert_eq!(text(&found["data"][1], "txn_guid"), own);
    let foreign = desk
        .qolo
        .ledger()
        .movements
        .iter()
        .filter(|m| m.origin == Origin::Foreign);
    assert_eq!(foreign.count(), 2);
    assert_eq!(desk.qolo.ledger().by_reference("ref-1").count(), 1);
}

#[test]
fn copies_go_their_own_way() {
    let mut desk = Desk::new(Settings::qolo());
    let copy = desk.qolo.fork();
    desk.transfer(&pull());
    assert!(copy.ledger().movements.is_empty());
}
