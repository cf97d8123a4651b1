//! Getting in, schemas, keys, lists.

use super::super::seeds::{ACCOUNT_FROZEN, ACCOUNT_KWD, ACCOUNT_PERSON, INSTRUMENT_CARD, PERSON, PROGRAM};
use super::super::{LoginFields, Settings};
use super::*;

#[test]
fn login_reads_the_spelling_that_is_set() {
    let joined = r#"{"loginid":"sim-login","apikey":"sim-key"}"#;
    let plain = r#"{"login_id":"sim-login","api_key":"sim-key"}"#;
    let mut desk = Desk::new(Settings::qolo());
    assert_eq!(desk.post("auth/login", joined).status(), StatusCode::BAD_REQUEST);
    desk.qolo.settings_mut().login_fields = LoginFields::Joined;
    assert_eq!(desk.post("auth/login", joined).status(), StatusCode::OK);
    assert_eq!(desk.post("auth/login", plain).status(), StatusCode::BAD_REQUEST);
    desk.qolo.settings_mut().login_fields = LoginFields::Either;
    assert_eq!(desk.post("auth/login", joined).status(), StatusCode::OK);
    assert_eq!(desk.post("auth/login", plain).status(), StatusCode::OK);
    let wrong = desk.post("auth/login", r#"{"login_id":"sim-login","api_key":"no"}"#);
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(json(&wrong)["status"], 401);
}

#[test]
fn tokens_expire() {
    let mut desk = Desk::new(Settings::qolo());
    assert_eq!(desk.token.split('.').count(), 3);
    desk.wait(12 * 60 * 60 - 1);
    assert_eq!(desk.get("webhooks").status(), StatusCode::OK);
    desk.wait(1);
    assert_eq!(desk.get("webhooks").status(), StatusCode::UNAUTHORIZED);
    desk.login();
    assert_eq!(desk.get("webhooks").status(), StatusCode::OK);
    desk.qolo.expire_tokens();
    assert_eq!(desk.get("webhooks").status(), StatusCode::UNAUTHORIZED);
    desk.qolo.settings_mut().static_token = Some(desk.token.clone());
    assert_eq!(desk.get("webhooks").status(), StatusCode::OK);
}

#[test]
fn doors_are_closed_to_what_does_not_belong() {
    let mut desk = Desk::new(Settings::keybank());
    assert_eq!(desk.qolo.name(), "keybank");
    assert_eq!(desk.get("transfers").status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(desk.get("nothing").status(), StatusCode::NOT_FOUND);
    assert_eq!(desk.get("transactions/nothing").status(), StatusCode::NOT_FOUND);
    let forbidden = (Method::POST, "/transfers".to_owned());
    desk.qolo.settings_mut().forbidden.push(forbidden);
    assert_eq!(desk.post("transfers", &pull()).status(), StatusCode::METHOD_NOT_ALLOWED);
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/persons/search")
        .header("Authorization", format!("Bearer {}", desk.token))
        .header("Content-Type", "text/plain")
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    let response = desk.qolo.handle(desk.now, &request);
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[test]
fn transfers_are_read_strictly() {
    let mut desk = Desk::new(Settings::qolo());
    let good = pull();
    let bad = [
        (good.replace("\"currency\"", "\"curency\""), "curency"),
        (
            good.replace("\"client_reference_id\":\"ref-1\",", ""),
            "client_reference_id",
        ),
        (good.replace("25.10", "\"25.10\""), "amount"),
        (good.replace("25.10", "25.101"), "amount"),
        (good.replace("25.10", "0"), "amount"),
        (good.replace("25.10", "-1"), "amount"),
        (good.replace("25.10", "1e2"), "amount"),
        (good.replace("25.10", "92233720368547758.07"), "amount"),
        (good.replace("USD", "USDX"), "currency"),
        (good.replace("USD", "EUR"), "currency"),
        (good.replace("BANKTOACCOUNT", "UNKNOWN"), "transfer_type"),
        (good.replace("BANKTOACCOUNT", "CCDCTOACCOUNT"), "source"),
        (good.replace("Order 1", &"x".repeat(49)), "description"),
        (
            good.replace("\"source\":{", "\"source\":{\"card_proxy\":\"1\","),
            "source",
        ),
        (
            good.replace("\"source\":{", "\"source\":{\"iban\":\"1\","),
            "source.iban",
        ),
        (good.replace(ACCOUNT, INSTRUMENT_ACH), "destination"),
        (good.replacen('{', "{\"channel_type\":\"Wire\",", 1), "channel_type"),
        ("[]".to_owned(), "$"),
    ];
    for (body, field) in bad {
        let response = desk.post("transfers", &body);
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
        assert!(
            json(&response)["errors"][field].is_array(),
            "{field}: {:?}",
            response.body()
        );
    }
    assert!(desk.qolo.ledger().movements.is_empty());
    let nulls = good.replace("\"source\":{", "\"memo_code\":null,\"source\":{\"account_guid\":null,");
    let response = desk.post("transfers", &nulls);
    assert_eq!(response.status(), StatusCode::CREATED);
    assert!(json(&response)["added_later"].is_string());
    let body = String::from_utf8_lossy(response.body()).into_owned();
    assert!(body.contains("\"amount\":25.10,"), "{body}");
    assert!(!body.contains("ref-1"));
}

#[test]
fn amounts_follow_the_currency() {
    let mut desk = Desk::new(Settings::qolo());
    let ends = [
        ("outside_instrument_guid", INSTRUMENT_CARD),
        ("account_guid", ACCOUNT_KWD),
    ];
    let guid = desk.transfer(&order("CCDCTOACCOUNT", "1.005", "KWD", ends[0], ends[1]));
    assert_eq!(desk.total(&guid, Kind::Capture), 1005);
}

#[test]
fn a_key_makes_once() {
    let mut desk = Desk::new(Settings::qolo());
    let first = desk.send(Method::POST, "transfers", &pull(), Some("k1"));
    let again = desk.send(Method::POST, "transfers", &pull(), Some("k1"));
    assert_eq!(first.status(), StatusCode::CREATED);
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(first.body(), again.body());
    assert_eq!(desk.qolo.ledger().movements.len(), 1);
    let other = desk.send(Method::POST, "transfers", &pull().replace("25.10", "26"), Some("k1"));
    assert_eq!(other.status(), StatusCode::CONFLICT);
    let refused = desk.send(Method::POST, "transfers", "{}", Some("k2"));
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let mended = desk.send(Method::POST, "transfers", &pull(), Some("k2"));
    assert_eq!(mended.status(), StatusCode::CREATED);
    desk.wait(24 * 60 * 60);
    desk.login();
    desk.send(Method::POST, "transfers", &pull(), Some("k1"));
    assert_eq!(desk.qolo.ledger().movements.len(), 3);
    assert_eq!(desk.post("transfers", &pull()).status(), StatusCode::CREATED);
    desk.qolo.settings_mut().unique_references = true;
    assert_eq!(desk.post("transfers", &pull()).status(), StatusCode::BAD_REQUEST);
}

#[test]
fn search_filters_and_pages() {
    let mut desk = Desk::new(Settings::qolo());
    let mut guids = Vec::new();
    for amount in ["1", "2", "3", "4", "5"] {
        guids.push(desk.transfer(&pull_with("BANKTOACCOUNT", INSTRUMENT_ACH, amount)));
        desk.wait(1);
    }
    desk.qolo.add_foreign(desk.now, 300, "USD");
    let mut find = |body: &str| {
        let response = desk.post("transactions/search", body);
        assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
        let value = json(&response);
        let rows = value["data"].as_array().unwrap();
        let guids: Vec<String> = rows.iter().map(|row| text(row, "txn_guid")).collect();
        (guids, value["has_more"] == true, value["end_index"].as_i64().unwrap())
    };
    let (page, more, end) = find(r#"{"limit":4}"#);
    assert_eq!((page.len(), more, end), (4, true, 4));
    let (page, more, end) = find(r#"{"limit":4,"start_index":5}"#);
    assert_eq!((page.len(), more, end), (2, false, 6));
    assert_eq!(page[1], guids[0]);
    assert!(find(r#"{"start_index":7}"#).0.is_empty());
    assert_eq!(find(r#"{"txn_amount":3.00}"#).0.len(), 2);
    assert_eq!(find(r#"{"txn_amount_from":4}"#).0, [guids[4].clone(), guids[3].clone()]);
    assert_eq!(
        find(r#"{"start_date":"2025-03-01 12:00:01","end_date":"2025-03-01 12:00:02"}"#)
            .0
            .len(),
        2
    );
    assert_eq!(find(r#"{"txn_status":["PENDING"],"txn_days":1}"#).0.len(), 6);
    assert_eq!(find(r#"{"txn_type":"D"}"#).0.len(), 0);
    assert_eq!(
        find(&format!(r#"{{"txn_type":"C","account_guid":"{ACCOUNT}"}}"#))
            .0
            .len(),
        6
    );
    assert_eq!(find(&format!(r#"{{"txn_guid":"{}"}}"#, guids[1])).0, [guids[1].clone()]);
    let unknown = desk.post("transactions/search", r#"{"client_reference_id":"ref-1"}"#);
    assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn instruments_are_listed_stored_and_changed() {
    let mut desk = Desk::new(Settings::qolo());
    let list = json(&desk.get(&format!("outside_instruments?person_guid={PERSON}")));
    assert_eq!(list["count"], 8);
    assert_eq!(desk.get("outside_instruments").status(), StatusCode::BAD_REQUEST);
    let body = format!(
        r#"{{"person_guid":"{PERSON}","instrument_country":"USA","instrument_type":"CARD","instrument_category":"INDIVIDUAL",
        "account_details":{{"card_account":{{"card_number":"4111111111110002","expiration_date":"12/30","verification_code":"123"}}}}}}"#
    );
    let made = desk.post("outside_instruments", &body);
    assert_eq!(made.status(), StatusCode::CREATED, "{:?}", made.body());
    assert!(!String::from_utf8_lossy(made.body()).contains("41111111"));
    let guid = text(&json(&made), "outside_instrument_guid");
    let declined = desk.post("transfers", &pull_with("CCDCTOACCOUNT", &guid, "1"));
    assert_eq!(json(&declined)["response_code"], "DECLINE");
    let path = format!("outside_instruments/{guid}");
    assert_eq!(
        json(&desk.post(&path, r#"{"instrument_status":"FORGET"}"#))["instrument_status"],
        "FORGET"
    );
    assert_eq!(json(&desk.get(&path))["instrument_status"], "FORGET");
    let bad = desk.post(
        "outside_instruments",
        &body.replace("\"verification_code\":\"123\"", "\"cvv\":\"123\""),
    );
    assert!(json(&bad)["errors"]["account_details.card_account.cvv"].is_array());
}

#[test]
fn persons_and_accounts_are_shown() {
    let mut desk = Desk::new(Settings::qolo());
    let body =
        format!(r#"{{"program_guid":"{PROGRAM}","person_details":{{"first_name":"Bo","client_reference_id":"p-2"}}}}"#);
    assert_eq!(desk.post("persons", &body).status(), StatusCode::CREATED);
    let found = json(&desk.post("persons/search", r#"{"client_reference_id":"p-2"}"#));
    let guid = text(&found["data"][0], "person_guid");
    assert_eq!(json(&desk.get(&format!("persons/{guid}")))["first_name"], "Bo");
    let one = desk.get(&format!("accounts/{ACCOUNT_PERSON}"));
    assert!(String::from_utf8_lossy(one.body()).contains("\"available_balance\":500.00"));
    assert_eq!(json(&desk.get(&format!("accounts?person_guid={PERSON}")))["count"], 2);
    let program = format!("accounts/program/{PROGRAM}?account_status=FREEZE");
    assert_eq!(json(&desk.get(&program))[0]["account_guid"], ACCOUNT_FROZEN);
    desk.qolo.settings_mut().program_accounts_paged = true;
    assert_eq!(json(&desk.get(&program))["data"][0]["account_guid"], ACCOUNT_FROZEN);
}
