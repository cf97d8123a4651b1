//! What the provider publishes, read as it stands: the webhook vector, bodies of answers; and the configuration.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use common::*;
use http::{HeaderMap, HeaderValue};
use paymux_core::{Adapter, AdapterConfig, Delivery, Event, Inquiry, Mode, Provenance, WebhookError, Webhooks};
use paymux_opp::{Opp, OppConfig};
use serde_json::{Value, json};

const KEY: &str = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";
const IV: &str = "000000000000000000000000";
const TAG: &str = "CE573FB7A41AB78E743180DC83FF09BD";
const BODY: &str = "0A3471C72D9BE49A8520F79C66BBD9A12FF9";

fn with_key(key: &str) -> Opp {
    let config = json!({"preset": "v1", "access_token": "t", "entity_id": ENTITY, "webhook_key": key});
    opp(Mode::Test, config)
}

fn headers(iv: &str, tag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-initialization-vector", HeaderValue::from_str(iv).unwrap());
    headers.insert("x-authentication-tag", HeaderValue::from_str(tag).unwrap());
    headers
}

fn receive(opp: &Opp, headers: HeaderMap, body: &str) -> Result<Event, WebhookError> {
    let delivery = Delivery::new(headers, body.to_owned().into());
    opp.receive(&delivery, "2026-01-02T03:04:05Z".parse().unwrap())
}

/// Encrypts as the platform does.
fn encrypt(plaintext: &str) -> (HeaderMap, String) {
    use aes_gcm::aead::Aead;
    use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
    let cipher = Aes256Gcm::new_from_slice(&hex::decode(KEY).unwrap()).unwrap();
    let iv = [7_u8; 12];
    let mut sealed = cipher.encrypt(&Nonce::from(iv), plaintext.as_bytes()).unwrap();
    let tag = sealed.split_off(sealed.len() - 16);
    (headers(&hex::encode(iv), &hex::encode(tag)), hex::encode_upper(sealed))
}

/// The example of Peach Payments' page on signing, whose scheme the form's is.
#[test]
fn the_published_form_signature() {
    let config = json!({
        "preset": "v1", "access_token": "t", "entity_id": ENTITY, "webhook_scheme": "form-hmac",
        "webhook_key": "3fcd7cf22f55119eadbe02d14de18c0c",
    });
    let opp = opp(Mode::Test, config);
    let body = |amount: &str| {
        format!(
            "amount={amount}&authentication.entityId=8ac7a4ca68c22c4d0168c2caab2e0025&currency=ZAR&defaultPaymentMethod=CARD\
             &merchantTransactionId=Test1234&nonce=JHGJSGHDSKJHGJDHGJH&paymentType=DB\
             &shopperResultUrl=https%3A%2F%2Fwebhook.site%2F4e9b63bf-0d99-4d62-bd24-1d36ca866e1b\
             &signature=311ed8e11e2da00d98c7479ca390a5396fe643e13629d850243dada877963afd"
        )
    };
    let event = receive(&opp, HeaderMap::new(), &body("2")).unwrap();
    assert_eq!(event.provenance(), Provenance::Signed);
    assert_eq!(
        receive(&opp, HeaderMap::new(), &body("3")).err(),
        Some(WebhookError::Signature)
    );
}

#[test]
fn the_published_webhook() {
    let wrapped = format!(r#"{{"encryptedBody":"{BODY}"}}"#);
    for body in [BODY, &BODY.to_lowercase(), &format!(" {BODY}\n"), &wrapped] {
        let event = receive(&with_key(KEY), headers(IV, TAG), body).unwrap();
        assert_eq!((event.provenance(), event.reported()), (Provenance::Signed, "PAYMENT"));
        assert!(event.payment().is_none() && event.inquiry().is_none());
    }
    assert_eq!(with_key(KEY).capabilities().webhooks, Webhooks::Signed);
    let lower = receive(&with_key(KEY), headers(IV, &TAG.to_lowercase()), BODY);
    assert!(lower.is_ok());
    let other = "ff".repeat(32);
    for (key, previous) in [(&*other, KEY), (KEY, &*other)] {
        let config = json!({
            "preset": "v1", "access_token": "t", "entity_id": ENTITY, "webhook_key": key, "previous_webhook_key": previous,
        });
        let rotated = opp(Mode::Test, config);
        assert!(receive(&rotated, headers(IV, TAG), BODY).is_ok(), "either key");
    }
}

#[test]
fn anything_else_is_rejected() {
    let opp = with_key(KEY);
    let wrong = |headers: HeaderMap, body: &str| receive(&opp, headers, body).unwrap_err();
    let flip = |text: &str, at: usize| {
        let mut bytes = hex::decode(text).unwrap();
        bytes[at] ^= 1;
        hex::encode(bytes)
    };
    for at in 0..18 {
        assert_eq!(wrong(headers(IV, TAG), &flip(BODY, at)), WebhookError::Signature);
    }
    for at in 0..16 {
        assert_eq!(wrong(headers(IV, &flip(TAG, at)), BODY), WebhookError::Signature);
    }
    for at in 0..12 {
        assert_eq!(wrong(headers(&flip(IV, at), TAG), BODY), WebhookError::Signature);
    }
    assert_eq!(wrong(headers(IV, &TAG[..30]), BODY), WebhookError::Signature);
    assert_eq!(wrong(headers(&IV[..22], TAG), BODY), WebhookError::Signature);
    assert_eq!(wrong(headers(IV, TAG), &BODY[..35]), WebhookError::Signature, "odd");
    assert_eq!(wrong(headers(IV, TAG), "not hexadecimal"), WebhookError::Signature);
    assert_eq!(wrong(headers(IV, TAG), r#"{"id":"x"}"#), WebhookError::Signature);
    assert_eq!(wrong(headers(IV, TAG), ""), WebhookError::Signature);
    let plain = body(ID, "DB", "92.00", "000.000.000");
    assert_eq!(
        wrong(HeaderMap::new(), &plain),
        WebhookError::Missing("x-initialization-vector")
    );
    let mut half = headers(IV, TAG);
    half.remove("x-authentication-tag");
    assert_eq!(wrong(half, BODY), WebhookError::Missing("x-authentication-tag"));
    let mut twice = headers(IV, TAG);
    twice.append("x-authentication-tag", HeaderValue::from_static(TAG));
    assert_eq!(wrong(twice, BODY), WebhookError::Repeated("x-authentication-tag"));
    let another = with_key(&"ff".repeat(32));
    assert_eq!(
        receive(&another, headers(IV, TAG), BODY).unwrap_err(),
        WebhookError::Signature
    );
    assert_eq!(
        receive(&v1(), headers(IV, TAG), BODY).unwrap_err(),
        WebhookError::NoSecret("webhook_key")
    );
}

#[test]
fn a_payment_that_was_reported_under_encryption() {
    let opp = with_key(KEY);
    let read = |plaintext: &str| {
        let (headers, body) = encrypt(plaintext);
        receive(&opp, headers, &body)
    };
    let payload = body(ID, "DB", "92.00", "000.100.110");
    let payload = payload.replacen('{', r#"{"merchantTransactionId":"ord-0001-a1","#, 1);
    let event = read(&format!(r#"{{"type":"PAYMENT","payload":{payload}}}"#)).unwrap();
    assert_eq!(event.provenance(), Provenance::Signed);
    assert_eq!(event.payment().unwrap().ids(), [ID, "DB", "EGP9200"]);
    assert_eq!(event.reference().unwrap().as_str(), REFERENCE);
    assert_eq!(event.reported(), "DB 000.100.110");
    assert!(matches!(event.inquiry(), Some(Inquiry::Payment(_))));
    // Equal for the same id, code and type, whatever the request's own number.
    let again = read(&format!(
        r#"{{"type":"PAYMENT","payload":{}}}"#,
        payload.replace("x_1", "x_2")
    ))
    .unwrap();
    assert_eq!(event.deduplication_key(), again.deduplication_key());
    let other = read(&format!(
        r#"{{"type":"PAYMENT","payload":{}}}"#,
        payload.replace("100.110", "100.112")
    ))
    .unwrap();
    assert_ne!(event.deduplication_key(), other.deduplication_key());

    let registration = read(r#"{"type":"REGISTRATION","action":"CREATED","payload":{"id":"8acda4a0"}}"#).unwrap();
    assert_eq!(
        (registration.reported(), registration.payment()),
        ("REGISTRATION.CREATED", None)
    );
    for unusable in [
        r#"{"type":"PAYMENT","payload":{"id":"../x"}}"#,
        r#"{"type":"PAYMENT","payload":7}"#,
        "{}",
    ] {
        assert_eq!(read(unusable).unwrap().payment(), None, "{unusable}");
    }
    // It would be delivered again for thirty days, and be no clearer.
    let unreadable = read("no json").unwrap();
    assert_eq!(
        (unreadable.reported(), unreadable.inquiry().is_none()),
        ("unreadable", true)
    );
    // What a customer typed cannot pass for a form.
    let typed = read(r#"{"type":"PAYMENT","payload":{"descriptor":"x&id=8acda4a0&paymentType=DB&"}}"#).unwrap();
    assert!(typed.payment().is_none(), "{typed:?}");
}

#[test]
fn unsigned_notifications_are_hints() {
    let opp = v3();
    assert_eq!(opp.capabilities().webhooks, Webhooks::Hint);
    let event = receive(&opp, HeaderMap::new(), &body(ID, "DB", "92.00", "000.000.000")).unwrap();
    assert_eq!(event.provenance(), Provenance::Hint);
    assert_eq!(event.payment().unwrap().ids(), [ID, "DB", "EGP9200"]);
    let form = format!("id={ID}&paymentType=PA&result.code=000.100.110&merchantTransactionId=ord-0001-a1");
    let event = receive(&opp, HeaderMap::new(), &form).unwrap();
    assert_eq!(event.payment().unwrap().ids(), [ID, "PA"]);
    assert_eq!(event.reported(), "PA 000.100.110");
    assert_eq!(event.reference().unwrap().as_str(), REFERENCE);

    let mut delivery = Delivery::new(HeaderMap::new(), bytes::Bytes::new());
    delivery.query = Some(format!("id={ID}&resourcePath=%2Fv1%2Fpayments%2F{OTHER}"));
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    for opp in [v3(), v1()] {
        let event = opp.receive(&delivery, now).unwrap();
        assert_eq!(event.payment().unwrap().ids(), [ID], "the path is never believed");
    }
    for nothing in ["", "{}", "id=..", "id=a%2Fb", r#"{"id":"a/b"}"#, "x"] {
        assert_eq!(
            receive(&opp, HeaderMap::new(), nothing).unwrap_err(),
            WebhookError::Malformed,
            "{nothing}"
        );
    }
}

#[test]
fn nothing_secret_is_printed() {
    let config = json!({
        "preset": "v1", "access_token": "canary-token", "entity_id": ENTITY, "webhook_key": KEY,
        "previous_webhook_key": "ab".repeat(32),
    });
    let parsed: OppConfig = serde_json::from_value(config.clone()).unwrap();
    let text = format!("{parsed:?} {:?}", opp(Mode::Test, config));
    let secrets = ["canary", &KEY[..20], "abab"];
    assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
}

#[test]
fn every_key_is_documented() {
    let config = json!({
        "preset": "v1", "access_token": "t", "base_url": "https://a.example", "entity_id": "e", "entity_type": "t",
        "merchant_id": "m", "checkout_page": "https://p.example/{checkout}", "multiple_captures": true, "reference_max": 16,
        "webhook_key": KEY, "previous_webhook_key": KEY, "settle_secs": 60, "webhook_scheme": "header-hmac", "webhook_url": "https://shop.example/hook",
        "webhook_tolerance_secs": 60,
    });
    let mut keys: Vec<_> = config.as_object().unwrap().keys().map(String::as_str).collect();
    let mut documented: Vec<_> = OppConfig::KEYS.iter().map(|key| key.name).collect();
    keys.sort_unstable();
    documented.sort_unstable();
    assert_eq!(keys, documented);
    build(Mode::Live, config).unwrap();
    assert!(serde_json::from_value::<OppConfig>(json!({"preset": "v1", "access_token": "t", "x": 1})).is_err());
    assert!(serde_json::from_value::<OppConfig>(json!({"access_token": "t"})).is_err());
    assert!(serde_json::from_value::<OppConfig>(json!({"preset": "v2", "access_token": "t"})).is_err());
}

#[test]
fn a_configuration_is_refused_with_every_problem() {
    let problems = |mode: Mode, config: Value| -> Vec<String> {
        build(mode, config).unwrap_err().into_iter().map(|p| p.key).collect()
    };
    let bad = json!({
        "preset": "v3", "access_token": "a\nb", "entity_id": "a/b", "entity_type": "", "merchant_id": "\u{7}",
        "checkout_page": "https://p.example/", "reference_max": 7, "webhook_key": KEY,
    });
    assert_eq!(
        problems(Mode::Live, bad),
        [
            "access_token",
            "base_url",
            "entity_id",
            "entity_type",
            "merchant_id",
            "checkout_page",
            "reference_max",
            "webhook_key"
        ]
    );
    let bad = json!({"preset": "v1", "access_token": "", "reference_max": 256, "webhook_key": "00", "base_url": "https://a.example/?x=1"});
    assert_eq!(
        problems(Mode::Test, bad),
        ["access_token", "base_url", "entity_id", "reference_max", "webhook_key"]
    );
    let bad = json!({"preset": "v3", "access_token": "t", "checkout_page": "http://127.0.0.1/{checkout}", "base_url": "https://a.example"});
    assert_eq!(problems(Mode::Live, bad.clone()), ["checkout_page"]);
    build(Mode::Test, bad).unwrap();
}

#[test]
fn a_key_is_one_key_and_the_one_before_is_held_to_the_same() {
    let problems = |changes: Value| -> Vec<String> {
        let mut config = json!({"preset": "v1", "access_token": "t", "entity_id": ENTITY});
        for (key, value) in changes.as_object().unwrap() {
            config[key] = value.clone();
        }
        let problems = build(Mode::Test, config).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    };
    let digits = "must be 64 hexadecimal digits";
    let base64 = "AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8=";
    assert_eq!(
        problems(json!({"webhook_key": format!("{KEY}, {KEY}")})),
        [format!(
            "`webhook_key` {digits}, one key; the key before is `previous_webhook_key`"
        )]
    );
    assert_eq!(
        problems(json!({"webhook_scheme": "aes-gcm-base64", "webhook_key": format!("{base64},{base64}")})),
        ["`webhook_key` must be 32 bytes in base64, one key; the key before is `previous_webhook_key`"]
    );
    assert_eq!(
        problems(json!({"webhook_key": KEY, "previous_webhook_key": base64})),
        [format!("`previous_webhook_key` {digits}")]
    );
    assert_eq!(
        problems(json!({"previous_webhook_key": KEY})),
        ["`previous_webhook_key` is of no use without `webhook_key`"]
    );
    let unsigned = "is of no use on v3: its notifications carry no signature";
    assert_eq!(
        problems(json!({"preset": "v3", "webhook_key": KEY, "previous_webhook_key": KEY})),
        ["webhook_key", "previous_webhook_key"].map(|key| format!("`{key}` {unsigned}"))
    );
    let hmac = |key: &str, previous: &str| {
        problems(json!({"webhook_scheme": "form-hmac", "webhook_key": key, "previous_webhook_key": previous}))
    };
    assert_eq!(hmac("new", " "), ["`previous_webhook_key` must not be empty"]);
    assert!(
        hmac("a,b", "old").is_empty(),
        "no document says that a secret has no comma"
    );
}

#[test]
fn addresses_are_chosen_by_preset_and_mode() {
    use paymux_core::script::Script;
    let address = |mode: Mode, preset: &str, base: Option<&str>| {
        let mut config = json!({"preset": preset, "access_token": "t", "entity_id": ENTITY});
        if let Some(base) = base {
            config["base_url"] = base.into();
        }
        let opp = opp(mode, config);
        let path = match base.and_then(|b| b.split_once(".example")).map(|(_, path)| path) {
            Some(path) if path.starts_with("/pre") => format!("POST /pre/{preset}/payments"),
            None if preset == "v3" => "POST /gateway/v3/payments".to_owned(),
            _ => format!("POST /{preset}/payments"),
        };
        let wire = Script::new().not_sent(&path);
        let _ = run(&opp, &sale(), &wire);
        wire.sent()[0].request.uri().to_string()
    };
    assert_eq!(address(Mode::Live, "v1", None), "https://eu-prod.oppwa.com/v1/payments");
    assert_eq!(address(Mode::Test, "v1", None), "https://eu-test.oppwa.com/v1/payments");
    assert_eq!(
        address(Mode::Test, "v3", None),
        "https://ebe.sandbox.efaka.net/gateway/v3/payments"
    );
    for base in [
        "https://a.example",
        "https://a.example/",
        "https://a.example/v3",
        "https://a.example/v3/",
    ] {
        assert_eq!(address(Mode::Live, "v3", Some(base)), "https://a.example/v3/payments");
    }
    assert_eq!(
        address(Mode::Live, "v3", Some("https://a.example/pre/v3")),
        "https://a.example/pre/v3/payments"
    );
    assert_eq!(
        address(Mode::Live, "v1", Some("https://a.example/pre")),
        "https://a.example/pre/v1/payments"
    );
}

#[test]
fn accounts_differ_by_host_entity_and_mode() {
    let account = |mode: Mode, entity: &str, base: &str| {
        let config = json!({"preset": "v1", "access_token": "t", "entity_id": entity, "base_url": base});
        opp(mode, config).capabilities().account.clone()
    };
    let one = account(Mode::Test, "e1", "https://a.example/v1");
    assert_eq!(one, paymux_core::Account::of(&["opp", "a.example", "e1", "test"]));
    assert_eq!(one, account(Mode::Test, "e1", "https://a.example"));
    assert_ne!(one, account(Mode::Live, "e1", "https://a.example"));
    assert_ne!(one, account(Mode::Test, "e2", "https://a.example"));
    assert_ne!(one, account(Mode::Test, "e1", "https://b.example"));
}

#[test]
fn references_and_captures_are_as_configured() {
    let with = |key: &str, value: Value| {
        let mut config = json!({"preset": "v3", "access_token": "t"});
        config[key] = value;
        opp(Mode::Test, config)
    };
    let rule = with("reference_max", 16.into()).capabilities().reference;
    assert_eq!((rule.min, rule.max), (8, 16));
    let capture = |opp: Opp| {
        opp.capabilities()
            .ability(paymux_core::OperationKind::Capture)
            .unwrap()
            .repeated
    };
    assert!(!capture(with("entity_id", "e".into())));
    assert!(capture(with("multiple_captures", true.into())));
}
