//! Every request, byte by byte: address, headers, body, credentials.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Functions that tests share do not count as tests.

mod common;

use common::*;
use http::Method;
use paymux_core::script::{Script, Sent, run, seal};
use paymux_core::{Adapter, Currency, MethodQuery, Operation, Replay, Wire, idempotency_key};
use paymux_qolo::Qolo;
use secrecy::ExposeSecret;
use serde_json::json;

const JWT_EXP_2026_01_02_05: &str = "e30.eyJleHAiOjE3NjczMzAwMDB9.c2ln";

fn only(script: &Script) -> Sent {
    let mut sent = script.sent();
    assert_eq!(sent.len(), 1);
    sent.remove(0)
}

fn sent(operation: &Operation, expect: &str, reply: &str) -> Sent {
    let script = Script::new().json(expect, 201, reply);
    play(&qolo(), operation, &script).unwrap();
    only(&script)
}

/// A money call: its key, for how long, and that it is sealed with the token.
fn check_money(sent: &Sent, operation: &Operation) {
    let now = Script::new().now();
    assert!(sent.moves);
    assert_eq!(sent.replay, Replay::Keyed(now + std::time::Duration::from_secs(43_200)));
    let key = idempotency_key(operation).unwrap();
    assert_eq!(sent.request.headers()["IdempotencyKey"], key.as_str());
    assert!(
        !sent.request.headers().contains_key("authorization"),
        "credentials come with the seal"
    );
    let headers = seal(&qolo(), sent, Some(&token()), now).unwrap();
    assert_eq!(headers["authorization"], "Bearer token-canary");
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["accept"], "application/json");
}

#[test]
fn sale_by_ach() {
    let sent = sent(&sale(), "POST /api/v1/transfers", CREATED);
    assert_eq!(sent.request.uri(), "https://devapi.qolopay.com/api/v1/transfers");
    assert_eq!(
        sent.body(),
        r#"{"client_reference_id":"pay_1001","transfer_type":"BANKTOACCOUNT","channel_type":"ACH","amount":25.10,"currency":"USD","description":"Order 1001","memo_code":"pay_1001","source":{"outside_instrument_guid":"f2fb9354-2f4f-40d1-819c-4ff2a66a4bd8"},"destination":{"account_guid":"d2b7c9d2-85e7-4c51-92d0-3f97a47f8d76"}}"#
    );
    check_money(&sent, &sale());
    assert_eq!(
        sent.request.headers()["IdempotencyKey"],
        "62e537a619c69c03d0275721f00449fb"
    );
}

#[test]
fn the_rail_comes_from_the_id_or_the_configuration() {
    for (funding, id, kind) in [
        (None, "g1", "BANKTOACCOUNT"),
        (Some("card"), "g1", "CCDCTOACCOUNT"),
        (Some("rtp"), "g1", "BANKTOACCOUNTREQUESTREALTIME"),
        (Some("card"), "ach:g1", "BANKTOACCOUNT"),
        (None, "card:g1", "CCDCTOACCOUNT"),
        (None, "rtp:g1", "BANKTOACCOUNTREQUESTREALTIME"),
    ] {
        let qolo = funding.map_or_else(qolo, |rail| with(json!({"funding": rail})));
        let script = Script::new().json("POST /api/v1/transfers", 201, CREATED);
        let answer = play(&qolo, &Operation::Sale(Box::new(charge(id))), &script).unwrap();
        assert_eq!(answer.payment.reference.ids(), [TXN, kind]);
        let body = only(&script).body();
        assert!(body.contains(&format!(r#""transfer_type":"{kind}""#)), "{body}");
        assert_eq!(
            body.contains(r#""channel_type":"ACH""#),
            kind == "BANKTOACCOUNT",
            "{body}"
        );
        assert!(body.contains(r#""source":{"outside_instrument_guid":"g1"}"#), "{body}");
        assert!(!body.contains("description"), "{body}");
    }
    for id in ["wire:g1", "card:", ":g1", "ach:card:g1"] {
        let script = Script::new();
        let error = play(&qolo(), &Operation::Sale(Box::new(charge(id))), &script).unwrap_err();
        assert_eq!(error.field(), Some("source"), "{id}");
    }
}

#[test]
fn payouts_go_from_the_account_to_the_instrument() {
    for (id, kind, channel) in [
        ("ach:g1", "ACCOUNTTOBANK", r#""channel_type":"ACH","#),
        ("card:g1", "ACCOUNTTOCCDC", ""),
        ("rtp:g1", "ACCOUNTTOBANKREALTIME", ""),
    ] {
        let operation = payout(id);
        let sent = sent(&operation, "POST /api/v1/transfers", CREATED);
        let body = format!(
            r#"{{"client_reference_id":"out_1","transfer_type":"{kind}",{channel}"amount":25.10,"currency":"USD","memo_code":"out_1","source":{{"account_guid":"{ACCOUNT}"}},"destination":{{"outside_instrument_guid":"g1"}}}}"#
        );
        assert_eq!(sent.body(), body);
        check_money(&sent, &operation);
    }
}

#[test]
fn amounts_are_numbers_with_the_decimals_of_their_currency() {
    for (amount, written) in [
        ("500 JPY", "500"),
        ("1.234 KWD", "1.234"),
        ("0.10 EUR", "0.10"),
        ("1.0000 CLF", "1.0000"),
    ] {
        let mut charge = charge("g1");
        charge.amount = amount.parse().unwrap();
        let reply = format!(r#"{{"txn_guid":"{TXN}","amount":{written}}}"#);
        let sent = sent(&Operation::Sale(Box::new(charge)), "POST /api/v1/transfers", &reply);
        let body = sent.body();
        assert!(body.contains(&format!(r#""amount":{written},"#)), "{body}");
    }
    let mut metal = charge("g1");
    metal.amount = paymux_core::Money::new(1, Currency::XAU);
    let now = Script::new().now();
    let refused = qolo().capabilities().check(&Operation::Sale(Box::new(metal)), now);
    assert_eq!(refused.unwrap_err().field(), Some("amount"));
}

#[test]
fn transfers_stay_inside() {
    let sent = sent(&transfer(), "POST /api/v1/transfers", CREATED);
    assert_eq!(
        sent.body(),
        r#"{"client_reference_id":"move_1","transfer_type":"ACCOUNTTOACCOUNT","amount":25.10,"currency":"USD","memo_code":"move_1","source":{"account_guid":"d2b7c9d2-85e7-4c51-92d0-3f97a47f8d76"},"destination":{"account_guid":"acc-2"}}"#
    );
    check_money(&sent, &transfer());
}

#[test]
fn a_cancel_names_the_transaction() {
    let reply = format!(r#"{{"txn_guid":"{TXN}"}}"#);
    let operation = void("BANKTOACCOUNT");
    let sent = sent(&operation, "POST /api/v1/transfers/eft/cancel", &reply);
    assert_eq!(sent.body(), r#"{"txn_guid":"0017d7fb-f072-440d-86fd-a7ae6238e591"}"#);
    check_money(&sent, &operation);
}

#[test]
fn a_reversal_repeats_what_it_reverses() {
    let path = format!("POST /api/v1/transfers/{TXN}/reversals");
    let sent = sent(&refund(), &path, "");
    assert_eq!(
        sent.body(),
        r#"{"source_txn_guid":"0017d7fb-f072-440d-86fd-a7ae6238e591","transfer_type":"BANKTOACCOUNT","amount":5.00,"currency":"USD","client_reference_id":"back_1","reason_description":"damaged"}"#
    );
    check_money(&sent, &refund());
}

#[test]
fn an_inquiry_is_a_plain_get() {
    let row = format!(r#"{{"txn_guid":"{TXN}"}}"#);
    let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &row);
    play(&qolo(), &inquire(), &script).unwrap();
    let sent = only(&script);
    assert_eq!((sent.moves, sent.replay), (false, Replay::Free));
    assert!(!sent.request.headers().contains_key("IdempotencyKey"));
    assert!(sent.request.body().is_empty());
}

#[test]
fn the_life_of_a_key_is_a_setting() {
    let qolo = with(json!({"idempotency_life_secs": 600}));
    let script = Script::new().json("POST /api/v1/transfers", 201, CREATED);
    play(&qolo, &sale(), &script).unwrap();
    let until = Script::new().now() + std::time::Duration::from_secs(600);
    assert_eq!(only(&script).replay, Replay::Keyed(until));
}

fn log_in(qolo: &Qolo, reply: &str) -> (Result<paymux_core::Token, paymux_core::Error>, Sent) {
    let script = Script::new().json("POST /api/v1/auth/login", 200, reply);
    let result = run(qolo.tokens().expect("there is a login").obtain(None, &script));
    (result, only(&script))
}

#[test]
fn the_login_sends_two_values_and_no_credentials() {
    let (result, sent) = log_in(&qolo(), r#"{"access_token":"t"}"#);
    assert_eq!(sent.body(), r#"{"login_id":"login-canary","api_key":"key-canary"}"#);
    assert!(!sent.moves && !sent.request.headers().contains_key("IdempotencyKey"));
    let now = Script::new().now();
    let headers = seal(&qolo(), &sent, None, now).unwrap();
    assert!(!headers.contains_key("authorization"));
    let life = std::time::Duration::from_secs(43_200);
    assert_eq!(result.unwrap().expires, Some(now + life));
    let renamed = with(json!({"login_id_field": "loginid", "api_key_field": "apikey"}));
    let (_, sent) = log_in(&renamed, r#"{"access_token":"t"}"#);
    assert_eq!(sent.body(), r#"{"loginid":"login-canary","apikey":"key-canary"}"#);
}

#[test]
fn the_token_is_found_where_it_may_stand() {
    for reply in [
        r#"{"access_token":"t","token":"other"}"#,
        r#"{"accessToken":"t"}"#,
        r#"{"token":"t","x":1}"#,
        r#"{"jwt":"t"}"#,
        r#"{"data":{"access_token":"t"}}"#,
        r#"{"result":{"jwt":" t "}}"#,
        r#""t""#,
    ] {
        let token = log_in(&qolo(), reply).0.unwrap();
        assert_eq!(token.access.expose_secret(), "t", "{reply}");
        assert!(token.refresh.is_none());
    }
    let error = log_in(&qolo(), r#"{"key":"value-canary","bearer":"b-canary","a-b":1}"#)
        .0
        .unwrap_err();
    assert_eq!(
        error.message(),
        "the login's reply holds no token; it has the fields bearer, key"
    );
    for reply in [
        "",
        "token-canary",
        "[]",
        "null",
        "{}",
        r#"{"access_token":""}"#,
        r#"{"token":7}"#,
    ] {
        let error = log_in(&qolo(), reply).0.unwrap_err();
        assert!(!format!("{error:?} {}", error.to_json()).contains("canary"), "{reply}");
        assert!(error.raw().is_none(), "a login's reply is not kept");
    }
}

#[test]
fn a_token_says_when_it_ends_and_never_later_than_twelve_hours() {
    let now = Script::new().now();
    let expires = |token: &str| log_in(&qolo(), &format!("\"{token}\"")).0.unwrap().expires.unwrap();
    assert_eq!(expires(JWT_EXP_2026_01_02_05).to_string(), "2026-01-02T05:00:00Z");
    let latest = now + std::time::Duration::from_secs(43_200);
    // exp in the year 2100; no JWT; a JWT without exp; a JWT whose middle is not base64.
    for token in ["e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln", "opaque", "e30.e30.c2ln", "a.***.b"] {
        assert_eq!(expires(token), latest, "{token}");
    }
}

#[test]
fn a_static_token_needs_no_login() {
    let qolo = with(json!({"login_id": null, "api_key": null, "static_token": "static-canary"}));
    assert!(qolo.tokens().is_none());
    let script = Script::new().json("POST /api/v1/transfers", 201, CREATED);
    run(qolo.execute(&sale(), &script)).unwrap();
    let headers = seal(&qolo, &only(&script), None, script.now()).unwrap();
    assert_eq!(headers["authorization"], "Bearer static-canary");
}

#[test]
fn instruments_are_listed_by_person_over_pages() {
    let page = |rest: &str, end: u32, more: bool| {
        format!(r#"{{"count":3,"start_index":1,"end_index":{end},"has_more":{more},"data":[{rest}]}}"#)
    };
    let first = page(
        r#"{"outside_instrument_guid":"i1","instrument_type":"CARD","instrument_name":"Main","instrument_status":"ACTIVE","new":{}},
           {"outside_instrument_guid":"i2","instrument_type":"BANKDDA","mask_account_number":"***1234","instrument_status":"SUSPEND"}"#,
        2,
        true,
    );
    let second = page(
        r#"{"outside_instrument_guid":"i3","instrument_type":"IBAN","instrument_name":7}, {}"#,
        3,
        false,
    );
    let script = Script::new()
        .json("GET /api/v1/outside_instruments?person_guid=p%2F1", 200, &first)
        .json(
            "GET /api/v1/outside_instruments?person_guid=p%2F1&start_index=3",
            200,
            &second,
        );
    let methods = run(qolo().payment_methods(&MethodQuery::customer("p/1"), &script)).unwrap();
    let short: Vec<_> = methods
        .iter()
        .map(|m| (m.id.as_str(), m.name.as_str(), m.kind.as_str(), m.active))
        .collect();
    assert_eq!(
        short,
        [
            ("card:i1", "Main", "CARD", Some(true)),
            ("ach:i2", "***1234", "BANKDDA", Some(false)),
            ("i3", "7", "IBAN", None),
        ]
    );
    assert!(
        script
            .sent()
            .iter()
            .all(|sent| !sent.moves && sent.replay == Replay::Free)
    );
    let script = Script::new();
    let error = run(qolo().payment_methods(&MethodQuery::default(), &script)).unwrap_err();
    assert_eq!(error.field(), Some("customer"));
}

#[test]
fn a_list_that_repeats_itself_ends() {
    let page = r#"{"end_index":1,"has_more":true,"data":[{}]}"#;
    let script = Script::new().json("GET /api/v1/outside_instruments", 200, page).json(
        "GET /api/v1/outside_instruments",
        200,
        page,
    );
    let error = run(qolo().payment_methods(&MethodQuery::customer("p"), &script)).unwrap_err();
    assert!(error.message().contains("does not come to an end"), "{error}");
    for page in [r#"{"has_more":true,"data":[]}"#, r#"{"data":[]}"#, "[]"] {
        let script = Script::new().json("GET /api/v1/outside_instruments", 200, page);
        assert!(
            run(qolo().payment_methods(&MethodQuery::customer("p"), &script))
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn balance_is_read_exactly() {
    let reply = format!(
        r#"{{"account_guid":"{ACCOUNT}","account_currency":"USD","available_balance":-0.1,"ledger_balance":1234.56,"suspense_balance":null}}"#
    );
    let script = Script::new().json(&format!("GET /api/v1/accounts/{ACCOUNT}"), 200, &reply);
    let balance = run(qolo().balance(ACCOUNT, &script)).unwrap();
    assert_eq!(balance.available.to_string(), "-0.10 USD");
    assert_eq!(balance.ledger.unwrap().to_string(), "1234.56 USD");
    assert_eq!(balance.suspense, None);
    let script = Script::new().json("GET /api/v1/accounts/a", 200, r#"{"available_balance":1}"#);
    assert!(run(qolo().balance("a", &script)).is_err());
}

#[test]
fn quote_is_for_what_was_asked() {
    let reply = |from: &str| {
        format!(
            r#"{{"fees":[{{"name":"fx","amount":0.5,"currency":"USD"}},{{"name":"odd"}}],"conversionDetails":{{"reference":"q1","conversion_rate":0.9123,"from_currency":"USD","to_currency":"EUR","from_amount":{from},"to_amount":22.90,"expiry_seconds":30}}}}"#
        )
    };
    let script = Script::new().json("POST /api/v1/transfers/quote", 201, &reply("25.1"));
    let amount = "25.10 USD".parse().unwrap();
    let quote = run(qolo().quote("i1", amount, Currency::EUR, &script)).unwrap();
    assert_eq!(
        (quote.reference.as_str(), quote.rate.as_deref()),
        ("q1", Some("0.9123"))
    );
    assert_eq!(quote.to.to_string(), "22.90 EUR");
    assert_eq!(quote.expires, Some(script.now() + std::time::Duration::from_secs(30)));
    assert_eq!(quote.fees.len(), 1);
    let sent = only(&script);
    assert!(!sent.moves && !sent.request.headers().contains_key("IdempotencyKey"));
    assert_eq!(
        sent.body(),
        r#"{"source":{"account_guid":"d2b7c9d2-85e7-4c51-92d0-3f97a47f8d76"},"destination":{"outside_instrument_guid":"i1"},"amount":25.10,"currency":"USD","destination_currency":"EUR"}"#
    );
    let script = Script::new().json("POST /api/v1/transfers/quote", 201, &reply("25.11"));
    assert!(run(qolo().quote("i1", amount, Currency::EUR, &script)).is_err());
}

#[test]
fn webhooks_are_registered_listed_and_stopped() {
    let held = format!(
        r#"{{"notification_guid":"n1","program_guid":"{PROGRAM}","url":"https://shop.example/hook","event_type":["transfer.success"],"headers":"x: y","secret":"s","active":true}}"#
    );
    let script = Script::new().json("POST /api/v1/webhooks", 201, &held);
    let reference = "hook1".parse().unwrap();
    let url = "https://shop.example/hook";
    let made = run(qolo().register_webhook(&reference, url, &["transfer.success"], &script)).unwrap();
    assert_eq!((made.id.as_str(), made.active), ("n1", Some(true)));
    let sent = only(&script);
    assert_eq!(
        sent.body(),
        r#"{"program_guid":"7f1f3a52-94f0-4a5b-b2c3-5d0f9f1f2a10","url":"https://shop.example/hook","event_type":["transfer.success"],"secret":"qolo-test-secret","active":true}"#
    );
    assert_eq!(sent.request.headers()["IdempotencyKey"].len(), 64);
    assert!(!sent.moves && sent.replay == Replay::Once);

    let list = format!(r#"{{"count":1,"start_index":1,"end_index":1,"has_more":false,"data":[{held}]}}"#);
    let script = Script::new().json("GET /api/v1/webhooks?limit=10&start_index=1", 200, &list);
    assert_eq!(run(qolo().webhooks(&script)).unwrap(), [made]);

    let script = Script::new()
        .json("GET /api/v1/webhooks/n1", 200, &held)
        .json("PUT /api/v1/webhooks/n1", 204, "");
    run(qolo().deactivate_webhook("n1", &script)).unwrap();
    let sent = script.sent().pop().unwrap();
    assert_eq!(sent.request.method(), Method::PUT);
    assert_eq!(
        sent.body(),
        r#"{"program_guid":"7f1f3a52-94f0-4a5b-b2c3-5d0f9f1f2a10","url":"https://shop.example/hook","event_type":["transfer.success"],"headers":"x: y","active":false}"#
    );

    let script = Script::new();
    let plain = run(qolo().register_webhook(&reference, "http://shop.example", &[], &script)).unwrap_err();
    assert_eq!(plain.field(), Some("url"));
    let without = with(json!({"webhook_secret": null}));
    let error = run(without.register_webhook(&reference, url, &[], &script)).unwrap_err();
    assert!(error.message().contains("`webhook_secret`"), "{error}");
}

#[test]
fn no_secret_is_printed() {
    let qolo = qolo();
    let config: paymux_qolo::QoloConfig = serde_json::from_value(keys()).unwrap();
    for text in [format!("{qolo:?}"), format!("{config:?}")] {
        assert!(
            !text.contains("key-canary") && !text.contains("qolo-test-secret"),
            "{text}"
        );
    }
}
