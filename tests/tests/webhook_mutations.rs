//! One thing is changed in a delivery that is right: it is not accepted, whatever it was. For every provider, and every scheme of OPP.
//!
//! What is the same by the provider's own rules is no change: hexadecimal digits in the other case, blanks around an encrypted body, another way to escape a form,
//! another end of a name in a form.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use paymux::{Delivery, Gateways, PaymentGateway, Provenance, WebhookError};
use proptest::prelude::{any, proptest};
use proptest::test_runner::{Config, TestRunner};

/// How a part of a delivery is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// In hexadecimal: bits of what it stands for are flipped.
    Hex,
    /// In base64, likewise.
    Base64,
    /// As it is.
    Plain,
    /// A form with its signature in it.
    Form,
}

struct Case {
    name: &'static str,
    config: &'static str,
    body: &'static str,
    /// The headers that count, and how each is written.
    headers: &'static [(&'static str, Written)],
    /// How the body is written.
    written: Written,
}

const COOLPAY: Case = Case {
    name: "coolpay",
    config: "provider = 'coolpay'\nmode = 'test'\napi_key = 'a'\nprivate_key = 'test-private-key'",
    body: r#"{"id":7,"order_id":"Order7","accepted":true}"#,
    headers: &[
        ("coolpay-checksum-sha256", Written::Hex),
        ("quickpay-checksum-sha256", Written::Hex),
    ],
    written: Written::Plain,
};
const QOLO: Case = Case {
    name: "qolo",
    config: "provider = 'qolo'\nmode = 'test'\npreset = 'qolo'\nlogin_id = 'l'\napi_key = 'a'\nwebhook_secret = 'qolo-test-secret'\n\
             account_guid = 'd2b7c9d2-85e7-4c51-92d0-3f97a47f8d76'\nprogram_guid = 'd2b7c9d2-85e7-4c51-92d0-3f97a47f8d77'",
    body: r#"{"event_type":"transfer.success","txn_guid":"0017d7fb-f072-440d-86fd-a7ae6238e591"}"#,
    headers: &[("x-qolo-signature", Written::Hex)],
    written: Written::Plain,
};
const CARRY1ST: Case = Case {
    name: "carry1st",
    config: "provider = 'carry1st'\nmode = 'test'\napi_key = 'a'\napi_secret = 'b'\nsigning_key = 'k'\npartner_code = 'DEMO'\n\
             api_base_url = 'http://127.0.0.1:1'\ncheckout_base_url = 'http://127.0.0.1:1'",
    body: r#"{"partnerReference":"order-1","reference":"C-142710055596150-P","status":"SUCCESSFUL"}"#,
    headers: &[("x-signature", Written::Hex), ("x-timestamp", Written::Plain)],
    written: Written::Plain,
};
const OPP_PAYLOAD: &str =
    r#"{"type":"PAYMENT","payload":{"id":"8ac7a4a1","paymentType":"DB","result":{"code":"000.100.110"}}}"#;
const OPP_GCM: Case = Case {
    name: "opp-aes-gcm",
    config: "provider = 'opp'\npreset = 'v1'\nmode = 'test'\naccess_token = 't'\nentity_id = 'e'\n\
             webhook_key = '000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f'",
    body: OPP_PAYLOAD,
    headers: &[
        ("x-initialization-vector", Written::Hex),
        ("x-authentication-tag", Written::Hex),
    ],
    written: Written::Hex,
};
const OPP_GCM_BASE64: Case = Case {
    name: "opp-aes-gcm-base64",
    config: "provider = 'opp'\npreset = 'v1'\nmode = 'test'\naccess_token = 't'\nentity_id = 'e'\nwebhook_scheme = 'aes-gcm-base64'\n\
             webhook_key = 'AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8='",
    body: OPP_PAYLOAD,
    headers: &[
        ("x-initialization-vector", Written::Base64),
        ("x-authentication-tag", Written::Base64),
    ],
    written: Written::Base64,
};
const OPP_FORM: Case = Case {
    name: "opp-form-hmac",
    config: "provider = 'opp'\npreset = 'v1'\nmode = 'test'\naccess_token = 't'\nentity_id = 'e'\nwebhook_scheme = 'form-hmac'\n\
             webhook_key = '3fcd7cf22f55119eadbe02d14de18c0c'",
    body: "id=8ac7a4a1&paymentType=DB&result.code=000.100.110&merchantTransactionId=ord-0001-a1&note=a+b%2Fc",
    headers: &[],
    written: Written::Form,
};
const OPP_HEADER: Case = Case {
    name: "opp-header-hmac",
    config: "provider = 'opp'\npreset = 'v1'\nmode = 'test'\naccess_token = 't'\nentity_id = 'e'\nwebhook_scheme = 'header-hmac'\n\
             webhook_key = 's3cret'\nwebhook_url = 'https://shop.example/webhooks/opp'",
    body: "id=8ac7a4a1&paymentType=DB&result.code=000.100.110",
    headers: &[
        ("x-webhook-signature", Written::Hex),
        ("x-webhook-timestamp", Written::Plain),
        ("x-webhook-id", Written::Plain),
    ],
    written: Written::Plain,
};

const CASES: [&Case; 7] = [
    &COOLPAY,
    &QOLO,
    &CARRY1ST,
    &OPP_GCM,
    &OPP_GCM_BASE64,
    &OPP_FORM,
    &OPP_HEADER,
];

impl Case {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        let config = format!("[gateways.one]\n{}", self.config);
        Gateways::from_toml(&config)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
            .get("one")
            .unwrap()
    }
}

impl Written {
    /// What the bytes stand for.
    fn decode(self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Hex => hex::decode(std::str::from_utf8(bytes).ok()?.trim()).ok(),
            Self::Base64 => STANDARD.decode(std::str::from_utf8(bytes).ok()?.trim()).ok(),
            Self::Plain => Some(bytes.to_vec()),
            // Names and values are signed with nothing between them: where one ends and the next begins is not. What an event of it names is asked about.
            Self::Form => {
                let mut fields: Vec<(String, String)> = serde_html_form::from_bytes(bytes).ok()?;
                fields.sort();
                let at = fields.iter().position(|(name, _)| name == "signature")?;
                let signature = fields.remove(at).1.to_ascii_lowercase();
                let twice = fields.windows(2).any(|pair| pair[0].0 == pair[1].0);
                let signed: String = fields.into_iter().flat_map(|(name, value)| [name, value]).collect();
                Some(format!("{signature} {twice} {signed}").into_bytes())
            }
        }
    }

    fn encode(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Hex => hex::encode(bytes).into_bytes(),
            Self::Base64 => STANDARD.encode(bytes).into_bytes(),
            Self::Plain | Self::Form => bytes.to_vec(),
        }
    }
}

/// Every way in which one thing of these bytes is another.
fn changed(written: Written, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..bytes.len() {
        for other in [bytes[at] ^ 1, bytes[at] ^ 0x20, bytes[at] ^ 0x80, 0, b'0', b' ', b'"'] {
            let mut bytes = bytes.to_vec();
            bytes[at] = other;
            all.push(bytes);
        }
        // Cut before, cut out, and doubled.
        all.push(bytes[..at].to_vec());
        all.push([&bytes[..at], &bytes[at + 1..]].concat());
        all.push([&bytes[..=at], &bytes[at..]].concat());
    }
    for more in [&b"0"[..], b"00", b" ", b"\n", b"\0", b"&x=1", b"{}"] {
        all.push([bytes, more].concat());
        all.push([more, bytes].concat());
    }
    if matches!(written, Written::Hex | Written::Base64) {
        let decoded = written.decode(bytes).unwrap();
        for bit in 0..decoded.len() * 8 {
            let mut flipped = decoded.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            all.push(written.encode(&flipped));
        }
    }
    let same = written.decode(bytes);
    all.retain(|other| {
        other != bytes && (written == Written::Plain || written.decode(other) != same || same.is_none())
    });
    all
}

fn refuse(case: &Case, gateway: &dyn PaymentGateway, delivery: &Delivery, what: &str) {
    let error = match gateway.receive(delivery) {
        Ok(event) => panic!("{}: {what} is accepted: {event:?} of {:?}", case.name, delivery.body),
        Err(error) => error,
    };
    let refused = matches!(
        error,
        WebhookError::Signature | WebhookError::Missing(_) | WebhookError::Repeated(_) | WebhookError::Probe
    );
    assert!(refused, "{}: {what}: {error:?}", case.name);
}

/// Everything that can be changed in one delivery.
fn mutate(case: &Case) -> usize {
    let gateway = case.gateway();
    let right = gateway.sign(case.body.into()).unwrap();
    let event = gateway
        .receive(&right)
        .unwrap_or_else(|error| panic!("{}: {error}", case.name));
    assert_eq!(event.provenance(), Provenance::Signed);
    assert!(event.payment().is_some(), "{}: it names a payment", case.name);
    let mut count = 0;
    let mut try_one = |delivery: Delivery, what: &str| {
        count += 1;
        refuse(case, gateway.as_ref(), &delivery, what);
    };
    for body in changed(case.written, &right.body) {
        let mut delivery = right.clone();
        delivery.body = body.into();
        try_one(delivery, "another body");
    }
    for (name, written) in case.headers {
        let value = right
            .headers
            .get(*name)
            .unwrap_or_else(|| panic!("{}: {name}", case.name))
            .clone();
        for other in changed(*written, value.as_bytes()) {
            // What cannot stand in a header does not arrive. Blanks around a value do not either: HTTP takes them away.
            let Ok(other) = HeaderValue::from_bytes(&other) else {
                continue;
            };
            if other.as_bytes().trim_ascii() != other.as_bytes() {
                continue;
            }
            let mut delivery = right.clone();
            delivery.headers.insert(*name, other);
            try_one(delivery, name);
        }
        let mut delivery = right.clone();
        delivery.headers.append(*name, value.clone());
        try_one(delivery, "a header given twice");
        for (other, _) in case.headers.iter().filter(|(other, _)| other != name) {
            let theirs = right.headers.get(*other).unwrap().clone();
            if theirs == value {
                continue;
            }
            let mut delivery = right.clone();
            delivery.headers.insert(*name, theirs);
            delivery.headers.insert(*other, value.clone());
            try_one(delivery, "two headers in each other's place");
        }
        // CoolPay takes either of its two names.
        if case.name != "coolpay" {
            let mut delivery = right.clone();
            delivery.headers.remove(*name);
            try_one(delivery, "a header that is missing");
        }
    }
    let mut bare = right.clone();
    bare.headers = HeaderMap::new();
    if case.written != Written::Form {
        try_one(bare, "no header at all");
    }
    let mut other = gateway.sign(format!("{} ", case.body).into()).unwrap();
    if case.written == Written::Plain {
        other.body = right.body.clone();
        try_one(other, "the signature of another body");
    }
    for stranger in CASES.iter().filter(|stranger| stranger.name != case.name) {
        let theirs = stranger.gateway().sign(case.body.into());
        if let Ok(theirs) = theirs {
            try_one(theirs, stranger.name);
        }
    }
    count
}

/// Says how much was tried, and that it was not little.
fn none_is_accepted(case: &Case) {
    let count = mutate(case);
    println!("{}: {count} altered deliveries, none accepted", case.name);
    assert!(count > 500, "{}: {count}", case.name);
}

#[test]
fn coolpay() {
    none_is_accepted(&COOLPAY);
}

#[test]
fn qolo() {
    none_is_accepted(&QOLO);
}

#[test]
fn carry1st() {
    none_is_accepted(&CARRY1ST);
}

#[test]
fn opp_aes_gcm() {
    none_is_accepted(&OPP_GCM);
    none_is_accepted(&OPP_GCM_BASE64);
}

#[test]
fn opp_form_hmac() {
    none_is_accepted(&OPP_FORM);
}

#[test]
fn opp_header_hmac() {
    none_is_accepted(&OPP_HEADER);
}

/// Where a time is signed, a delivery is as old as its time, to the second, in both directions; the time of receipt counts, if it is given.
#[test]
fn a_signed_time_ends_a_replay() {
    for case in [&CARRY1ST, &OPP_HEADER] {
        let gateway = case.gateway();
        let signed = gateway.sign(case.body.into()).unwrap();
        let text = signed.headers.get(case.headers[1].0).unwrap().to_str().unwrap();
        let at: jiff::Timestamp = match text.parse::<i64>() {
            Ok(second) => jiff::Timestamp::from_second(second).unwrap(),
            Err(_) => text.parse().unwrap(),
        };
        for (seconds, accepted) in [
            (0, true),
            (300, true),
            (301, false),
            (-300, true),
            (-301, false),
            (86_400 * 365, false),
        ] {
            let received = at.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
            let result = gateway.receive(&signed.clone().received_at(received));
            match accepted {
                true => assert!(result.is_ok(), "{} {seconds}", case.name),
                false => assert_eq!(result.unwrap_err(), WebhookError::Stale, "{} {seconds}", case.name),
            }
        }
    }
}

/// Any bytes at all: nothing is accepted, and nothing panics.
#[test]
fn noise_is_refused() {
    let gateways: Vec<_> = CASES.iter().map(|case| (*case, case.gateway())).collect();
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(2000)
    });
    let noise = (any::<Vec<u8>>(), any::<Vec<u8>>(), any::<Option<String>>(), 0_u8..4);
    runner
        .run(&noise, |(body, value, query, kind)| {
            for (case, gateway) in &gateways {
                let mut headers = HeaderMap::new();
                for (name, _) in case.headers {
                    let value = match kind {
                        0 => hex::encode(&value).into_bytes(),
                        1 => STANDARD.encode(&value).into_bytes(),
                        2 => hex::encode([7; 12]).into_bytes(),
                        _ => value.clone(),
                    };
                    if let Ok(value) = HeaderValue::from_bytes(&value) {
                        headers.insert(HeaderName::from_static(name), value);
                    }
                }
                let mut delivery = Delivery::new(headers, body.clone().into());
                delivery.query = query.clone();
                proptest::prop_assert!(gateway.receive(&delivery).is_err(), "{}", case.name);
            }
            Ok(())
        })
        .unwrap();
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    /// What is not signed at all is read by anybody's rules, and never panics. It is at most a hint.
    #[test]
    fn an_unsigned_notification_is_at_most_a_hint(body in any::<Vec<u8>>(), query in any::<Option<String>>()) {
        let config = "[gateways.one]\nprovider = 'opp'\npreset = 'v3'\nmode = 'test'\naccess_token = 't'";
        let gateway = Gateways::from_toml(config).unwrap().get("one").unwrap();
        let mut delivery = Delivery::new(HeaderMap::new(), body.into());
        delivery.query = query;
        if let Ok(event) = gateway.receive(&delivery) {
            proptest::prop_assert_eq!(event.provenance(), Provenance::Hint);
        }
    }
}
