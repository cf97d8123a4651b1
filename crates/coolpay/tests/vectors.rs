//! Vectors: signatures, credentials, the scale of every currency, references, configurations.

#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod common;

use common::*;
use paymux_coolpay::{CoolPay, CoolPayConfig};
use paymux_core::script::run;
use paymux_core::{
    Adapter, AdapterConfig, Currency, Delivery, Mode, Money, OperationKind, Provenance, Reference, WebhookError, hmac,
};

const KEY: &[u8] = b"test-private-key";
const CALLBACK: &str = r#"{"id":7,"order_id":"Order7","accepted":true}"#;
const SIGNATURE: &str = "a7a5a01af74aeaae41a0aaa5bf7ffb590ece9cd38465d3834403419e9705a730";

fn delivery(body: &str, signatures: &[(&'static str, &str)]) -> Delivery {
    let mut headers = http::HeaderMap::new();
    for (name, value) in signatures {
        headers.append(*name, value.parse().unwrap());
    }
    Delivery::new(headers, bytes::Bytes::copy_from_slice(body.as_bytes()))
}

fn receive(adapter: &CoolPay, delivery: &Delivery) -> Result<paymux_core::Event, WebhookError> {
    adapter.receive(delivery, "2026-01-02T03:04:05Z".parse().unwrap())
}

#[test]
fn the_signature_of_a_callback() {
    assert_eq!(CALLBACK.len(), 44);
    assert_eq!(hmac::hex(KEY, &[CALLBACK.as_bytes()]), SIGNATURE);
    let adapter = adapter();
    let zeros = "0".repeat(64);
    for name in ["coolpay-checksum-sha256", "quickpay-checksum-sha256"] {
        let event = receive(&adapter, &delivery(CALLBACK, &[(name, SIGNATURE)])).unwrap();
        assert_eq!(event.provenance(), Provenance::Signed);
        assert_eq!(event.payment().unwrap().id(), "7");
        assert_eq!(event.reference().unwrap().as_str(), "Order7");
        let forged = CALLBACK.replace("true", "fals");
        assert_eq!(
            receive(&adapter, &delivery(&forged, &[(name, SIGNATURE)])).unwrap_err(),
            WebhookError::Signature
        );
        let twice = delivery(CALLBACK, &[(name, SIGNATURE), (name, SIGNATURE)]);
        assert_eq!(receive(&adapter, &twice).unwrap_err(), WebhookError::Repeated(name));
    }
    let both = |one, other| {
        let headers = [("coolpay-checksum-sha256", one), ("quickpay-checksum-sha256", other)];
        receive(&adapter, &delivery(CALLBACK, &headers)).map(|_| ())
    };
    assert_eq!(both(SIGNATURE, SIGNATURE), Ok(()));
    assert_eq!(both(SIGNATURE, &zeros), Err(WebhookError::Signature));
    assert_eq!(both(&zeros, SIGNATURE), Err(WebhookError::Signature));
    let bare = receive(&adapter, &delivery(CALLBACK, &[])).unwrap_err();
    assert_eq!(bare, WebhookError::Missing("coolpay-checksum-sha256"));
}

#[test]
fn keys_are_changed_without_losing_callbacks_and_none_means_none() {
    let signed = delivery(CALLBACK, &[("coolpay-checksum-sha256", SIGNATURE)]);
    let changed = adapter_of(r#"{"api_key":"k","private_key":"new","previous_private_key":"test-private-key"}"#);
    assert!(receive(&changed, &signed).is_ok());
    let without = adapter_of(r#"{"api_key":"k"}"#);
    assert_eq!(
        receive(&without, &signed).unwrap_err(),
        WebhookError::NoSecret("private_key")
    );
    let problems = |json: &str| -> Vec<String> {
        let config: CoolPayConfig = serde_json::from_str(json).unwrap();
        let problems = config.build(Mode::Test).unwrap_err();
        problems.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        problems(r#"{"api_key":"k","previous_private_key":"old"}"#),
        ["`previous_private_key` is of no use without `private_key`"]
    );
    assert_eq!(
        problems(r#"{"api_key":"k","private_key":"new","previous_private_key":" "}"#),
        ["`previous_private_key` must not be empty"]
    );
}

/// A key without its end, which says how every operation stands.
fn without_digest(key: &str) -> String {
    key.rsplit_once(':').unwrap().0.to_owned()
}

#[test]
fn callbacks_are_told_apart_by_payment_operation_and_whether_it_is_decided() {
    let adapter = adapter();
    let event = |body: &str| {
        let signature = hmac::hex(KEY, &[body.as_bytes()]);
        receive(&adapter, &delivery(body, &[("quickpay-checksum-sha256", &signature)]))
    };
    let read = |body: &str| {
        let event = event(body).unwrap();
        (event.reported().to_owned(), without_digest(event.deduplication_key()))
    };
    let pair = |reported: &str, key: &str| (reported.to_owned(), key.to_owned());
    assert_eq!(read(&held()), pair("authorize 20000", "payment:1145:1:decided"));
    assert_eq!(read(&taken()), pair("capture 20000", "payment:1145:2:decided"));
    let waiting = body(&[op(1, "authorize", 1000, "20000"), pending(2, "capture", 1000)], 0);
    assert_eq!(read(&waiting), pair("capture pending", "payment:1145:2:pending"));
    assert_eq!(read(&fresh()), pair("initial", "payment:1145:0:decided"));
    let subscription = event(&held().replace("Payment", "Subscription")).unwrap();
    assert_eq!((subscription.payment(), subscription.reference()), (None, None));
    assert_eq!(
        without_digest(subscription.deduplication_key()),
        "subscription:1145:1:decided"
    );

    // An older operation that is decided after a newer one is another event.
    let both = |first: &str| {
        format!(
            r#"{{"id":7,"operations":[{{"id":2,"type":"capture",{first}}},{{"id":3,"type":"capture","pending":false,"qp_status_code":"20000"}}]}}"#
        )
    };
    let key = |body: &str| event(body).unwrap().deduplication_key().to_owned();
    assert_ne!(
        key(&both(r#""pending":true"#)),
        key(&both(r#""pending":false,"qp_status_code":"40000""#))
    );
    assert_eq!(key(&both(r#""pending":true"#)), key(&both(r#""pending":true"#)));
    for wrong in ["", "[]", "{}", "<html>"] {
        assert_eq!(event(wrong).unwrap_err(), WebhookError::Malformed);
    }
}

#[test]
fn credentials_have_an_empty_user() {
    use paymux_core::script::{Script, seal};
    for (key, expected) in [("APIKEY", "Basic OkFQSUtFWQ=="), ("secret", "Basic OnNlY3JldA==")] {
        let adapter = adapter_of(&format!(r#"{{"api_key":"{key}"}}"#));
        let script = Script::new().json(CREATE, 402, "");
        run(adapter.execute(&sale(), &script)).unwrap_err();
        let headers = seal(&adapter, &script.sent()[0], None, paymux_core::Wire::now(&script)).unwrap();
        assert_eq!(headers["authorization"], expected);
        assert!(headers["authorization"].is_sensitive());
        assert!(!format!("{adapter:?}").contains(key) && !format!("{adapter:?}").contains(&expected[6..]));
    }
}

#[test]
fn every_currency_is_written_in_its_smallest_unit_or_refused() {
    let adapter = adapter();
    let scales = &adapter.capabilities().scales;
    let all = all_currencies();
    assert!(all.len() > 150, "{}", all.len());
    for code in all {
        let money = Money::new(12345, code);
        match code {
            Currency::CVE | Currency::MGA | Currency::MRU | Currency::UYW => {
                let refusal = scales.units(money).unwrap_err().to_string();
                assert!(refusal.contains(&format!("scales.{}", code.code())), "{refusal}");
            }
            _ if paymux_core::exponent(code).is_err() => assert!(scales.units(money).is_err(), "{code:?}"),
            _ => assert_eq!(scales.units(money), Ok(12345), "{code:?}"),
        }
    }
    let adapter = adapter_of(r#"{"api_key":"k","scales":{"CVE":0,"MGA":1,"UYW":2}}"#);
    let scales = &adapter.capabilities().scales;
    assert_eq!(scales.units(Money::new(1200, Currency::CVE)), Ok(12));
    assert!(scales.units(Money::new(1201, Currency::CVE)).is_err());
    assert_eq!(scales.units(Money::new(120, Currency::MGA)), Ok(12));
    assert_eq!(scales.units(Money::new(120_000, Currency::UYW)), Ok(1200));
}

/// Every code of three letters that ISO 4217 knows.
fn all_currencies() -> Vec<Currency> {
    let letters = || (b'A'..=b'Z').map(char::from);
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
    codes.filter_map(|code| paymux_core::currency(&code).ok()).collect()
}

#[test]
fn references_have_4_to_20_characters() {
    let rule = adapter().capabilities().reference;
    for fine in ["abcd", "A1B2C3D4", "a.b_c-d e", "12345678901234567890"] {
        assert!(rule.check(&Reference::new(fine).unwrap(), "coolpay").is_ok(), "{fine}");
    }
    for wrong in ["abc", "123456789012345678901", "order#1", "ordré", "a/b/c"] {
        assert!(
            rule.check(&Reference::new(wrong).unwrap(), "coolpay").is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn configurations_are_refused_with_every_problem() {
    let parse = |json: &str| serde_json::from_str::<CoolPayConfig>(json);
    assert!(parse(r#"{"api_key":"k","apikey":"k"}"#).is_err());
    assert!(parse("{}").is_err());
    assert!(parse(r#"{"api_key":"k","preset":"fastpay"}"#).is_err());
    let config = parse(
        r#"{"api_key":" ","private_key":"","merchant_id":"","base_url":"not a url","scales":{"CVE":9,"DKR":2,"XAU":2}}"#,
    );
    let problems = config.unwrap().build(Mode::Live).unwrap_err();
    let keys: Vec<_> = problems.iter().map(|p| p.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "api_key",
            "private_key",
            "merchant_id",
            "base_url",
            "scales.CVE",
            "scales.DKR",
            "scales.XAU"
        ]
    );
    // Decimals that are no whole number are told with the rest.
    let config = parse(
        r#"{"api_key":" ","scales":{"CVE":"2","DKK":2,"EUR":2.5,"JPY":-1,"MGA":null,"MRU":{"digits":2},"USD":[2],"UYW":4294967298}}"#,
    );
    let problems = config.unwrap().build(Mode::Test).unwrap_err();
    let keys: Vec<_> = problems.iter().map(|p| p.key.as_str()).collect();
    let wrong = ["CVE", "EUR", "JPY", "MGA", "MRU", "USD", "UYW"].map(|code| format!("scales.{code}"));
    assert_eq!(keys[0], "api_key");
    assert_eq!(keys[1..], wrong);
    assert!(problems[1..].iter().all(|p| p.what.contains("whole number")));
    let config = parse(r#"{"api_key":"canary","private_key":"canary","previous_private_key":"canary"}"#).unwrap();
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn an_address_has_neither_query_nor_fragment() {
    for (base, fine) in [
        ("https://pay.example", true),
        ("https://pay.example/gateway/", true),
        ("https://pay.example/?x=1", false),
        ("https://pay.example/#fragment", false),
        ("https://pay.example#", false),
        ("https://pay.example?", false),
        ("pay.example", false),
    ] {
        let config: CoolPayConfig =
            serde_json::from_value(serde_json::json!({"api_key": "k", "base_url": base})).unwrap();
        let keys = config
            .build(Mode::Test)
            .map_or_else(|problems| problems.into_iter().map(|p| p.key).collect(), |_| Vec::new());
        assert_eq!(keys.is_empty(), fine, "{base}");
        assert!(fine || keys == ["base_url"], "{base}: {keys:?}");
    }
}

#[test]
fn every_key_of_the_configuration_is_declared() {
    let declared: Vec<_> = CoolPayConfig::KEYS.iter().map(|k| k.name).collect();
    let error = serde_json::from_str::<CoolPayConfig>(r#"{"nonsense":1}"#)
        .unwrap_err()
        .to_string();
    let known: Vec<_> = error.split('`').skip(3).step_by(2).collect();
    assert!(!known.is_empty());
    for key in &known {
        assert!(declared.contains(key), "{key}");
    }
    assert_eq!(known.len(), declared.len());
    let readme = include_str!("../README.md");
    for key in declared {
        assert!(readme.contains(&format!("| `{key}`")), "{key} is not in the README");
    }
}

#[test]
fn the_account_is_told_apart_by_host_merchant_and_mode() {
    let account = |json: &str, mode| {
        let config: CoolPayConfig = serde_json::from_str(json).unwrap();
        CoolPay::new(config, mode).unwrap().capabilities().account.clone()
    };
    let plain = account(r#"{"api_key":"k"}"#, Mode::Test);
    assert_eq!(plain, common::account());
    assert_eq!(plain, account(r#"{"api_key":"other","private_key":"p"}"#, Mode::Test));
    for other in [
        account(r#"{"api_key":"k"}"#, Mode::Live),
        account(r#"{"api_key":"k","preset":"quickpay"}"#, Mode::Test),
        account(r#"{"api_key":"k","merchant_id":"7"}"#, Mode::Test),
        account(r#"{"api_key":"k","base_url":"http://127.0.0.1:8080/"}"#, Mode::Test),
    ] {
        assert_ne!(plain, other);
    }
}

#[test]
fn capabilities_offer_what_is_documented() {
    let adapter = adapter();
    let capabilities = adapter.capabilities();
    assert!(!capabilities.offers(OperationKind::Transfer));
    for kind in [
        OperationKind::Sale,
        OperationKind::Checkout,
        OperationKind::Payout,
        OperationKind::Void,
    ] {
        assert!(capabilities.offers(kind), "{kind}");
    }
    assert!(capabilities.ability(OperationKind::Refund).unwrap().repeated);
}
