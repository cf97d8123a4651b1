//! Golden requests: bytes and headers, per operation; and the configuration.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{
    CREATE, CREATED, QUERY, REFUND, adapter, build, charge, inquire, payment, refund, sale, script, token, view,
};
use http::HeaderMap;
use paymux_carry1st::Fulfilled;
use paymux_core::script::{Script, Sent, run, seal};
use paymux_core::{
    Adapter, AdapterConfig, Capabilities, Charge, ErrorKind, Fate, Field, LineItem, MethodQuery, Mode, NextAction,
    Operation, OperationKind, Outcome, Replay, Wire,
};
use serde_json::json;

const PAYMENT: &str = "application/vnd.carry1st.payments.payment+json";

fn headers(sent: &Sent, token: Option<&paymux_core::Token>) -> HeaderMap {
    seal(&adapter(json!({})), sent, token, script().now()).unwrap()
}

fn created(adapter: &paymux_carry1st::Carry1st, charge: Charge) -> (Sent, paymux_core::Answer) {
    let script = script().json(CREATE, 201, CREATED);
    let answer = sale(adapter, charge, &script).unwrap();
    (script.sent().remove(0), answer)
}

#[test]
fn the_smallest_create() {
    let (sent, answer) = created(&adapter(json!({})), charge());
    assert_eq!(
        sent.body(),
        r#"{"amount":100.00,"countryCode":"NG","currencyCode":"NGN","partnerReference":"order-1","products":[{"title":"Payment","sku":"order-1","price":100.00,"quantity":1,"currencyCode":"NGN"}],"metadata":[{"key":"customerId","value":"order-1"}]}"#
    );
    assert_eq!(
        sent.request.uri().host(),
        Some("api-gateway.platform.stage.carry1st.com")
    );
    assert!(!sent.moves);
    assert_eq!(sent.replay, Replay::Once);
    let headers = headers(&sent, Some(&token()));
    assert_eq!(headers["content-type"], PAYMENT);
    assert_eq!(
        headers["accept"],
        "application/vnd.carry1st.payments.payment+json, application/json, */*;q=0.1"
    );
    assert_eq!(headers["accesstoken"], "Bearer a+b/c==");
    assert_eq!(headers["x-timestamp"], "2026-01-02T03:04:05Z");
    assert_eq!(headers["x-signature"].len(), 64);
    assert!(!headers.contains_key("authorization"));
    assert_eq!(headers.len(), 5);
    let Outcome::ActionRequired(action) = answer.outcome else {
        panic!("{:?}", answer.outcome);
    };
    assert!(matches!(action, NextAction::Redirect(_)));
    assert_eq!(
        action.expose_url(),
        "https://pay.stage.carry1st.com/checkout?reference=C-1-P&accessToken=a%2Bb%2Fc%3D%3D"
    );
    assert_eq!(answer.payment.state.as_str(), "requires_action");
    assert_eq!(answer.payment.test, None);
}

#[test]
fn the_fullest_create() {
    let adapter = adapter(json!({"channel_id": 2, "callback_failure_url": "https://m.example/other"}));
    let mut charge = charge();
    charge.billing = common::country("ZA");
    charge.customer.id = Some("1".to_owned());
    charge.description = Some("Credits".to_owned());
    charge.items = vec![item("12345", 2500, 2), item("6", 5000, 1)];
    charge.metadata.insert("cart".to_owned(), "c-7".to_owned());
    charge.urls.back = Some("https://m.example/back".to_owned());
    charge.urls.cancel = Some("https://m.example/cancel".to_owned());
    charge.urls.notify = Some("https://m.example/wh".to_owned());
    let (sent, answer) = created(&adapter, charge);
    assert_eq!(
        sent.body(),
        r#"{"amount":100.00,"countryCode":"ZA","currencyCode":"NGN","partnerReference":"order-1","callbackSuccessUrl":"https://m.example/back","callbackFailureUrl":"https://m.example/back","callbackPendingUrl":"https://m.example/back","callbackCancelUrl":"https://m.example/cancel","webhookUrl":"https://m.example/wh","products":[{"title":"Credits 12345","sku":"12345","price":25.00,"quantity":2,"currencyCode":"NGN"},{"title":"Credits 6","sku":"6","price":50.00,"quantity":1,"currencyCode":"NGN"}],"metadata":[{"key":"customerId","value":"1"},{"key":"cart","value":"c-7"}]}"#
    );
    let Outcome::ActionRequired(action) = &answer.outcome else {
        panic!("{:?}", answer.outcome);
    };
    assert!(
        action
            .expose_url()
            .contains("/checkout?channelId=2&reference=C-1-P&accessToken=")
    );
    assert_eq!(answer.payment.dropped, [Field::Description]);
}

fn item(sku: &str, unit_minor: i64, quantity: u32) -> LineItem {
    LineItem::new(sku, format!("Credits {sku}"), quantity, unit_minor)
}

#[test]
fn configured_addresses_stand_in() {
    let adapter = adapter(json!({
        "callback_success_url": "https://m.example/1", "callback_failure_url": "https://m.example/2",
        "callback_pending_url": "https://m.example/3", "callback_cancel_url": "https://m.example/4",
        "webhook_url": "https://m.example/5",
    }));
    let (sent, _) = created(&adapter, charge());
    assert!(sent.body().contains(
        r#""callbackSuccessUrl":"https://m.example/1","callbackFailureUrl":"https://m.example/2","callbackPendingUrl":"https://m.example/3","callbackCancelUrl":"https://m.example/4","webhookUrl":"https://m.example/5""#
    ));
}

#[test]
fn the_scale_is_the_currency_s() {
    for (amount, text) in [("100 JPY", "100"), ("1.234 KWD", "1.234"), ("0.05 ZAR", "0.05")] {
        let mut charge = charge();
        charge.amount = amount.parse().unwrap();
        let code = charge.amount.currency().code();
        let reply = format!(
            r#"{{"reference":"C-1-P","partnerReference":"order-1","currencyCode":"{code}","amount":"{text}","status":"NEW"}}"#
        );
        let script = script().json(CREATE, 200, &reply);
        assert!(sale(&adapter(json!({})), charge, &script).is_ok());
        assert!(
            script.sent()[0]
                .body()
                .starts_with(&format!(r#"{{"amount":{text},"countryCode""#))
        );
    }
}

/// The field that a charge is refused for before anything is sent, without a default country.
fn refused(change: impl FnOnce(&mut Charge)) -> &'static str {
    let mut charge = charge();
    charge.billing = common::country("NG");
    change(&mut charge);
    let error = sale(&adapter(json!({"default_country": null})), charge, &Script::new()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidRequest, Fate::NotDone));
    error.field().unwrap()
}

#[test]
fn bad_charges_are_refused_before_anything_is_sent() {
    assert_eq!(refused(|c| c.billing = None), "country");
    assert_eq!(refused(|c| c.items = vec![item("1", 9999, 1)]), "items");
    assert_eq!(refused(|c| c.items = vec![item("1", 5000, 3)]), "items");
    assert_eq!(refused(|c| c.items = vec![item("1", i64::MAX, 2)]), "items");
    assert_eq!(refused(|c| c.items = vec![item("", 10000, 1)]), "items");
    let metadata = |key: &str, value: &str| {
        refused(|c| {
            c.customer.id = Some("1".to_owned());
            c.metadata.insert(key.to_owned(), value.to_owned());
        })
    };
    assert_eq!(metadata("customerId", "2"), "metadata");
    assert_eq!(metadata("", "v"), "metadata");
    assert_eq!(metadata(&"k".repeat(65), "v"), "metadata");
    assert_eq!(metadata("k", &"v".repeat(256)), "metadata");
    let many = (0..20).map(|n| (n.to_string(), "v".to_owned())).collect();
    assert_eq!(refused(|c| c.metadata = many), "metadata");
}

#[test]
fn what_the_capabilities_refuse() {
    let adapter = adapter(json!({}));
    let capabilities: &Capabilities = adapter.capabilities();
    let now = script().now();
    let check = |charge: Charge| capabilities.check(&Operation::Sale(Box::new(charge)), now);
    for (reference, good) in [("a.B_9-", true), ("order 1", false), ("order/1", false)] {
        let mut charge = charge();
        charge.reference = reference.parse().unwrap();
        assert_eq!(check(charge).is_ok(), good, "{reference}");
    }
    for (length, good) in [(64, true), (65, false)] {
        let mut charge = charge();
        charge.reference = "a".repeat(length).parse().unwrap();
        assert_eq!(check(charge).is_ok(), good, "{length}");
    }
    let mut full = charge();
    full.billing = common::country("NG");
    full.order = Some("order-1".to_owned());
    full.customer.id = Some("7".to_owned());
    assert_eq!(check(full).unwrap(), [Field::Order, Field::Billing]);
    for operation in [
        OperationKind::Authorize,
        OperationKind::Capture,
        OperationKind::Void,
        OperationKind::Refund,
    ] {
        assert!(!capabilities.offers(operation), "{operation}");
    }
    assert!(!capabilities.inquire_by_reference);
    let mut held = paymux_core::Checkout::new("order-1".parse().unwrap(), "1.00 NGN".parse().unwrap());
    held.capture = false;
    let error = run(adapter.execute(&Operation::Checkout(Box::new(held)), &Script::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn an_inquiry_has_a_content_type_and_no_signature() {
    let script = script().json(QUERY, 200, &view("SUCCESSFUL"));
    inquire(&adapter(json!({})), &script).unwrap();
    let sent = script.sent().remove(0);
    assert!(sent.request.body().is_empty());
    assert_eq!(sent.replay, Replay::Free);
    let headers = headers(&sent, Some(&token()));
    assert_eq!(headers["content-type"], PAYMENT);
    assert!(headers.contains_key("accesstoken"));
    assert!(!headers.contains_key("x-signature"));
    assert_eq!(headers.len(), 3);
}

#[test]
fn a_refund_reads_first_and_is_sent_once() {
    let adapter = adapter(json!({"refund_beta": true, "refund_webhook_url": "https://m.example/rf"}));
    let reply = r#"{"refundReference":"R-1","transactionReference":"C-12345-T","partnerRefundReference":"rf-1","amount":50.00,"currencyCode":"NGN","status":"PENDING"}"#;
    let mut asked = refund(&adapter);
    asked.reason = Some("broken".to_owned());
    for (capture, transaction) in [(None, "C-1-P"), (Some("C-12345-T"), "C-12345-T")] {
        asked.capture = capture.map(ToOwned::to_owned);
        let script = script().json(QUERY, 200, &view("SUCCESSFUL")).json(REFUND, 201, reply);
        run(adapter.execute(&Operation::Refund(asked.clone()), &script)).unwrap();
        let sent = script.sent().remove(1);
        assert_eq!(
            sent.body(),
            format!(
                r#"{{"transactionReference":"{transaction}","partnerRefundReference":"rf-1","amount":50.00,"reason":"broken","refundWebhookUrl":"https://m.example/rf"}}"#
            )
        );
        assert!(sent.moves);
        assert_eq!(sent.replay, Replay::Once);
        let headers = headers(&sent, Some(&token()));
        assert_eq!(headers["content-type"], "application/vnd.carry1st.payments.refund+json");
        assert_eq!(headers["x-signature"].len(), 64);
        assert_eq!(script.notes()[0].value, "C-1-P");
    }
    let ability = adapter.capabilities().ability(OperationKind::Refund).unwrap();
    assert!(ability.partial && ability.repeated);
    assert_eq!(ability.ask, paymux_core::AskAfterwards::None);
}

#[test]
fn tokens_are_got_by_the_key_pair_and_then_by_refreshing() {
    let adapter = adapter(json!({}));
    let tokens = adapter.tokens().unwrap();
    let reply = r#"{"role":"API_USER","accessToken":"new","refreshToken":"next"}"#;
    let script =
        Script::new()
            .json("POST /api/pay1st/auth/token", 200, reply)
            .json("POST /api/pay1st/auth/refresh", 200, reply);
    let first = run(tokens.obtain(None, &script)).unwrap();
    let second = run(tokens.obtain(Some(&token()), &script)).unwrap();
    assert_eq!(second.expires, Some("2026-01-02T03:08:05Z".parse().unwrap()));
    assert_eq!(first.expires, second.expires);
    let sent = script.sent();
    assert_eq!(sent[0].body(), r#"{"role":"API_USER"}"#);
    assert_eq!(sent[1].body(), r#"{"role":"API_USER","refreshToken":"r+1="}"#);
    let auth = "application/vnd.carry1st.payments.partnerauthentication+json";
    let minting = headers(&sent[0], None);
    assert_eq!(minting["authorization"], "Basic ZGVtby1rZXk6ZGVtby1zZWNyZXQ=");
    assert!(minting["authorization"].is_sensitive());
    assert_eq!(minting["content-type"], auth);
    assert_eq!(minting["accept"], format!("{auth}, application/json, */*;q=0.1"));
    let refreshing = headers(&sent[1], None);
    assert_eq!(refreshing["content-type"], auth);
    assert_eq!(refreshing["accept"], auth);
    assert_eq!(refreshing.len(), 2);
    assert_eq!(sent[1].replay, Replay::Once);
}

#[test]
fn payment_methods_are_of_a_country() {
    let adapter = adapter(json!({}));
    let reply = r#"{"data":{"groups":[{"id":1,"name":"Credit / Debit Card","imageLocation":"visa_mastercard.svg","channels":[
        {"id":2,"paymentOption":{"id":3,"name":"Paystack","code":"PAYSTACK","status":"ACTIVE"},
         "channel":{"id":8,"name":"Visa","code":"VISA","paymentMethod":"CARD","status":"ACTIVE","channelCode":"VI","imageLocation":"visa.svg"},
         "paymentMethodType":{"id":5,"name":"Basic","code":"BASIC","requiredParameters":"{\"personalInfo\":{}}"}},
        {"id":"9","channel":{"name":"Bank","paymentMethod":"BANK_TRANSFER","status":"SUSPENDED"}},
        {"id":10},{"channel":{"name":"without id"}}]}]}}"#;
    let script = script()
        .json("GET /api/pay1st/payments/methods?countryCode=ZA", 200, reply)
        .json(
            "GET /api/pay1st/payments/methods?countryCode=NG",
            200,
            r#"{"data":{"groups":[]}}"#,
        );
    let methods = run(adapter.payment_methods(&MethodQuery::country("ZA"), &script)).unwrap();
    let parts: Vec<_> = methods
        .iter()
        .map(|m| (m.id.as_str(), m.name.as_str(), m.kind.as_str(), m.active))
        .collect();
    assert_eq!(
        parts,
        [
            ("2", "Visa", "CARD", Some(true)),
            ("9", "Bank", "BANK_TRANSFER", Some(false)),
            ("10", "Credit / Debit Card", "Credit / Debit Card", None)
        ]
    );
    assert!(
        run(adapter.payment_methods(&MethodQuery::default(), &script))
            .unwrap()
            .is_empty()
    );
    let headers = headers(&script.sent()[0], Some(&token()));
    assert_eq!(
        headers["content-type"],
        "application/vnd.carry1st.payments.paymentchannel+json"
    );
    let refused = |query| run(adapter.payment_methods(&query, &Script::new())).unwrap_err();
    assert_eq!(refused(MethodQuery::country("Nigeria")).field(), Some("country"));
}

#[test]
fn fulfilment_is_told() {
    let adapter = adapter(json!({}));
    let expect = "POST /api/pay1st/payments/fulfilments";
    let script = script()
        .reply(expect, 200, &[], "")
        .json(expect, 404, "{}")
        .lost(expect);
    let done = [Fulfilled::new("12345", 1, "2026-01-02T03:04:00Z".parse().unwrap())];
    let fulfil = || run(adapter.fulfil(&payment(&adapter), &done, &script));
    fulfil().unwrap();
    assert!(fulfil().unwrap_err().is_not_found());
    assert_eq!(fulfil().unwrap_err().kind(), ErrorKind::Network);
    let sent = script.sent().remove(0);
    assert_eq!(
        sent.body(),
        r#"{"reference":"C-1-P","products":[{"sku":"12345","fulfilmentStatus":"FULFILLED","quantity":1,"fulfilmentTime":"2026-01-02T03:04:00Z"}]}"#
    );
    assert!(!sent.moves);
    assert_eq!(headers(&sent, Some(&token()))["content-type"], PAYMENT);
    let none = run(adapter.fulfil(&payment(&adapter), &[], &script)).unwrap_err();
    assert_eq!(none.field(), Some("products"));
    let strange = paymux_core::PaymentRef::new("carry1st", paymux_core::Account::of(&["x"]), ["C-1-P"]);
    assert_eq!(
        run(adapter.fulfil(&strange, &done, &script)).unwrap_err().field(),
        Some("payment")
    );
}

#[test]
fn a_link_opens_at_a_method() {
    let adapter = adapter(json!({"channel_id": 2}));
    let link = |channel| run(adapter.checkout_link(&payment(&adapter), channel, &script())).unwrap();
    assert!(
        link(Some("9 a"))
            .expose_url()
            .contains("/checkout?channelId=9%20a&reference=C-1-P&")
    );
    assert!(link(None).expose_url().contains("/checkout?reference=C-1-P&"));
    assert!(!format!("{:?}", link(None)).contains("a%2Bb"));
}

fn problems(mode: Mode, extra: serde_json::Value) -> Vec<String> {
    let problems = build(mode, extra).err().unwrap_or_default();
    problems.iter().map(|p| p.key.clone()).collect()
}

#[test]
fn configurations_are_refused_with_every_problem() {
    for (mode, extra, keys) in [
        (Mode::Live, json!({}), vec!["environment"]),
        (Mode::Test, json!({"environment": "production"}), vec!["environment"]),
        (Mode::Test, json!({"environment": "stage"}), vec!["environment"]),
        (Mode::Test, json!({"environment": null}), vec!["environment"]),
        (
            Mode::Test,
            json!({"environment": null, "api_base_url": "https://a.example"}),
            vec!["environment"],
        ),
        (
            Mode::Test,
            json!({"environment": null, "checkout_base_url": "https://b.example", "api_base_url": "https://api-gateway.carry1st.com/api/"}),
            vec!["api_base_url"],
        ),
        (
            Mode::Test,
            json!({"default_country": "ng", "callback_success_url": "nonsense", "callback_cancel_url": "myapp://back", "api_key": "a:b", "signing_key": "", "previous_signing_key": "", "token_max_age_secs": 0,
                   "webhook_tolerance_secs": 90000, "api_base_url": "https://user@host.example", "checkout_base_url": "https://h.example/?x=1"}),
            vec![
                "api_base_url",
                "checkout_base_url",
                "signing_key",
                "previous_signing_key",
                "api_key",
                "default_country",
                "callback_success_url",
                "token_max_age_secs",
                "webhook_tolerance_secs",
            ],
        ),
        (Mode::Live, json!({"environment": "production"}), vec![]),
    ] {
        assert_eq!(problems(mode, extra.clone()), keys, "{extra}");
    }
}

#[test]
fn the_roots_of_hosts_are_kept() {
    for given in [
        "https://a.example",
        "https://a.example/",
        "https://a.example/api",
        "https://a.example/api/",
    ] {
        let adapter =
            adapter(json!({"environment": null, "api_base_url": given, "checkout_base_url": "https://p.example/"}));
        let script = script().json(CREATE, 201, CREATED);
        let answer = sale(&adapter, charge(), &script).unwrap();
        assert_eq!(
            script.sent()[0].request.uri(),
            "https://a.example/api/pay1st/payments/create"
        );
        let Outcome::ActionRequired(action) = answer.outcome else {
            panic!("no action");
        };
        assert!(action.expose_url().starts_with("https://p.example/checkout?"));
    }
}

#[test]
fn accounts_differ_by_host_partner_and_mode_and_not_by_keys() {
    let account = |mode, extra| build(mode, extra).unwrap().capabilities().account.clone();
    let test = account(Mode::Test, json!({}));
    assert_eq!(
        test,
        account(
            Mode::Test,
            json!({"api_key": "other", "signing_key": "other", "channel_id": 1})
        )
    );
    assert_ne!(test, account(Mode::Test, json!({"partner_code": "DEMO"})));
    assert_ne!(test, account(Mode::Live, json!({"environment": "production"})));
}

#[test]
fn keys_are_the_struct_s_and_nothing_secret_is_printed() {
    let keys = paymux_carry1st::Carry1stConfig::KEYS;
    let all: serde_json::Map<_, _> = keys.iter().map(|key| (key.name.to_owned(), json!(null))).collect();
    let error = serde_json::from_value::<paymux_carry1st::Carry1stConfig>(all.into()).unwrap_err();
    assert!(!error.to_string().contains("unknown field"), "{error}");
    let unknown = serde_json::from_value::<paymux_carry1st::Carry1stConfig>(json!({"base_url": "x"})).unwrap_err();
    let listed = unknown.to_string();
    assert!(
        keys.iter().all(|key| listed.contains(&format!("`{}`", key.name))),
        "{listed}"
    );
    assert_eq!(listed.matches('`').count(), 2 * keys.len() + 2, "{listed}");
    let printed = format!("{:?}", adapter(json!({})));
    assert!(
        !printed.contains("demo-secret") && !printed.contains("test-signing-key"),
        "{printed}"
    );
}
