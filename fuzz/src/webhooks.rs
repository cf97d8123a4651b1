//! Deliveries that nobody signed; and bodies of any bytes, signed, so that what reads them after the verification is reached.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use paymux::{
    Charge, Checkout, Delivery, Event, Gateway, Operation, OperationKind, PaymentGateway as _, Provenance, Source,
    WebhookError,
};
use paymux_chaos::{Stand, stands};
use paymux_simulator::qolo;

use crate::{block_on, came_of};

/// A scheme of OPP that its simulator does not send.
struct Scheme {
    name: &'static str,
    /// The keys of the configuration that it needs.
    keys: &'static [(&'static str, &'static str)],
    /// Bodies in the clear.
    bodies: &'static [&'static str],
}

const SCHEMES: [Scheme; 3] = [
    Scheme {
        name: "opp-aes-gcm-base64",
        keys: &[
            ("webhook_scheme", "aes-gcm-base64"),
            ("webhook_key", "AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8="),
        ],
        bodies: &OPP_JSON,
    },
    Scheme {
        name: "opp-form-hmac",
        keys: &[
            ("webhook_scheme", "form-hmac"),
            ("webhook_key", "3fcd7cf22f55119eadbe02d14de18c0c"),
        ],
        bodies: &OPP_FORM,
    },
    Scheme {
        name: "opp-header-hmac",
        keys: &[
            ("webhook_scheme", "header-hmac"),
            ("webhook_key", "s3cret"),
            ("webhook_url", "https://shop.example/webhooks/opp"),
        ],
        bodies: &OPP_FORM,
    },
];

/// A payment, one without a result, a registration, and what is signed and says nothing.
const OPP_JSON: [&str; 4] = [
    r#"{"type":"PAYMENT","payload":{"id":"8ac7a4a1","paymentType":"DB","amount":"92.00","currency":"EGP","merchantTransactionId":"order100001","result":{"code":"000.100.110","description":"done"}}}"#,
    r#"{"type":"PAYMENT","action":"CREATED","payload":{"id":"8ac7a4a1","referencedId":"8ac7a4a0","paymentType":"RF"}}"#,
    r#"{"type":"REGISTRATION","action":"CREATED","payload":{"id":"8ac7a4a2"}}"#,
    "[]",
];
const OPP_HINT: &str = r#"{"id":"8ac7a4a1","paymentType":"DB","amount":"92.00","currency":"EGP","merchantTransactionId":"order100001","result":{"code":"000.100.110"}}"#;
const OPP_FORM: [&str; 3] = [
    "id=8ac7a4a1&paymentType=DB&amount=92.00&currency=EGP&result.code=000.100.110&merchantTransactionId=order100001&note=a+b%2Fc",
    "id=8ac7a4a1&paymentType=RF&result_code=000.200.000",
    "note=nothing",
];

/// A gateway, and what its provider has signed, or sent unsigned where nothing is.
struct Ground {
    gateway: Gateway,
    genuine: Vec<Delivery>,
    /// What the genuine ones report, about which payment.
    said: Vec<(Option<String>, String)>,
    /// What is signed, where that is not the body as it comes.
    clear: Vec<Bytes>,
}

thread_local! {
    static GROUNDS: RefCell<BTreeMap<&'static str, Rc<Ground>>> = const { RefCell::new(BTreeMap::new()) };
}

fn ground(name: &'static str) -> Rc<Ground> {
    if let Some(known) = GROUNDS.with_borrow(|grounds| grounds.get(name).cloned()) {
        return known;
    }
    let new = Rc::new(block_on(build(name)));
    GROUNDS.with_borrow_mut(|grounds| grounds.insert(name, Rc::clone(&new)));
    new
}

async fn build(name: &str) -> Ground {
    let scheme = SCHEMES.iter().find(|scheme| scheme.name == name);
    let mut stand = match name {
        "qolo" => {
            let mut settings = qolo::Settings::qolo();
            settings.webhook_url = Some("https://shop.example/hooks".to_owned());
            stands::qolo(settings)
        }
        other if scheme.is_none() => stands::named(other),
        _ => stands::named("opp-v1"),
    };
    if let Some(scheme) = scheme {
        let keys = scheme.keys.iter().map(|(key, value)| (*key, (*value).to_owned()));
        stand.keys.retain(|(key, _)| *key != "webhook_key");
        stand.keys.extend(keys);
    }
    let gateway = stand.gateway();
    let paid = gateway.execute(&begin(&stand, &gateway)).await;
    if let Ok(answer) = &paid {
        stand
            .subject
            .settle
            .settle(answer, paymux_conformance::End::Approved)
            .await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut genuine = Vec::new();
    let clear: Vec<Bytes> = match (name, scheme) {
        (_, Some(scheme)) => scheme.bodies.iter().map(|body| Bytes::from(*body)).collect(),
        ("opp-v3", _) => vec![Bytes::from_static(OPP_HINT.as_bytes())],
        ("opp-v1", _) => OPP_JSON.into_iter().map(Bytes::from).collect(),
        _ => vec![Bytes::from_static(br#"{"id":7,"status":"SUCCESSFUL"}"#)],
    };
    // What the simulator sends is signed by the scheme that it knows.
    if scheme.is_none() {
        genuine.extend(
            stand
                .provider
                .webhooks()
                .into_iter()
                .map(|webhook| Delivery::from(webhook.request)),
        );
    }
    genuine.extend(clear.iter().filter_map(|body| gateway.sign(body.clone()).ok()));
    if name == "opp-v3" {
        let query = "id=8ac7a4a1&resourcePath=%2Fv3%2Fpayments%2F8ac7a4a1";
        genuine.push(Delivery::new(HeaderMap::new(), Bytes::new()).with_query(query));
        genuine.push(Delivery::new(
            HeaderMap::new(),
            Bytes::from_static(OPP_FORM[0].as_bytes()),
        ));
    }
    let now = stand.provider.now();
    let genuine: Vec<_> = genuine.into_iter().map(|delivery| delivery.received_at(now)).collect();
    let events = genuine.iter().filter_map(|delivery| gateway.receive(delivery).ok());
    let said: Vec<_> = events.map(|event| said(&event)).collect();
    assert!(!said.is_empty(), "{name}: nothing genuine");
    Ground {
        gateway,
        genuine,
        said,
        clear,
    }
}

fn begin(stand: &Stand, gateway: &Gateway) -> Operation {
    let reference = || "order100001".parse().unwrap_or_else(|error| panic!("{error}"));
    let approved = stand.subject.approved.clone();
    let mut charge = Charge::new(reference(), stand.subject.amount, approved);
    (stand.subject.complete)(&mut charge);
    charge.urls.notify = Some("https://shop.example/hooks".to_owned());
    if gateway.capabilities().offers(OperationKind::Sale) {
        return Operation::Sale(Box::new(charge));
    }
    charge.source = Source::Hosted;
    let mut checkout = Checkout::new(reference(), stand.subject.amount);
    checkout.charge = charge;
    Operation::Checkout(Box::new(checkout))
}

fn said(event: &Event) -> (Option<String>, String) {
    (event.payment().map(ToString::to_string), event.reported().to_owned())
}

/// Whatever is accepted as signed says what the provider has said.
pub(crate) fn run(name: &'static str, data: &[u8]) -> u64 {
    let ground = ground(name);
    let received = ground.genuine.first().and_then(|delivery| delivery.received);
    let mut delivery = read(data);
    delivery.received = received;
    match ground.gateway.receive(&delivery) {
        Ok(event) => {
            let said = said(&event);
            let is_signed = event.provenance() == Provenance::Signed;
            // In a form nothing stands between a name and its value in what is signed: where one ends may be moved, and asking tells what is so.
            let is_form = name == "opp-form-hmac";
            let told = match is_form {
                true => {
                    let text = form_text(&delivery.body);
                    ground.genuine.iter().any(|genuine| form_text(&genuine.body) == text)
                }
                false => ground.said.contains(&said),
            };
            assert!(!is_signed || told, "{name}: forged {said:?}");
            assert!(!is_signed || name != "opp-v3", "{name}: nothing is signed there");
            came_of(&["accepted", &said.1])
        }
        Err(error) => came_of(&[&error.to_string()]),
    }
}

/// What is signed of a form.
fn form_text(body: &[u8]) -> String {
    let mut fields: Vec<(String, String)> = serde_html_form::from_bytes(body).unwrap_or_default();
    fields.retain(|(name, _)| name != "signature");
    fields.sort();
    fields.into_iter().flat_map(|(name, value)| [name, value]).collect()
}

/// A body of any bytes that the provider has signed: it is accepted, whatever stands in it, or it is not what the provider sends.
pub(crate) fn signed(name: &'static str, data: &[u8]) -> u64 {
    let ground = ground(name);
    let received = ground.genuine.first().and_then(|delivery| delivery.received);
    let mut delivery = match ground.gateway.sign(Bytes::copy_from_slice(data)) {
        Ok(delivery) => delivery,
        Err(error) => return came_of(&["not signed", &error.to_string()]),
    };
    delivery.received = received;
    match ground.gateway.receive(&delivery) {
        Ok(event) => {
            assert_eq!(event.provenance(), Provenance::Signed, "{name}");
            assert!(!format!("{event:?}").is_empty() && !event.deduplication_key().is_empty());
            if let Some(payment) = event.payment() {
                // What it names can be kept and read again, and asked about.
                let again = payment.to_string().parse();
                assert_eq!(again.ok().as_ref(), Some(payment), "{name}");
                assert!(event.inquiry().is_some());
            }
            let named = [event.payment().is_some(), event.reference().is_some()];
            came_of(&["accepted", event.reported(), &format!("{named:?}")])
        }
        Err(error) => {
            let refused = matches!(error, WebhookError::Signature | WebhookError::NoSecret(_));
            assert!(!refused, "{name}: {error}");
            came_of(&[&error.to_string()])
        }
    }
}

/// What the provider signs, before it does.
pub(crate) fn signed_seeds(name: &'static str) -> Vec<Vec<u8>> {
    let ground = ground(name);
    let mut seeds: Vec<_> = ground.clear.iter().map(|body| body.to_vec()).collect();
    if !name.starts_with("opp") {
        seeds.extend(ground.genuine.iter().map(|delivery| delivery.body.to_vec()));
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

pub(crate) fn seeds(name: &'static str) -> Vec<Vec<u8>> {
    let ground = ground(name);
    let mut seeds: Vec<_> = ground.genuine.iter().map(write).collect();
    // Broken in three ways: cut off, without headers, and with a body that was not signed.
    if let Some(genuine) = ground.genuine.first() {
        let whole = write(genuine);
        seeds.push(whole.get(..whole.len() / 2).unwrap_or_default().to_vec());
        seeds.push(write(&Delivery::new(HeaderMap::new(), genuine.body.clone())));
        let other = Bytes::from([&genuine.body, &b" "[..]].concat());
        seeds.push(write(&Delivery::new(genuine.headers.clone(), other)));
    }
    seeds
}

/// The query behind a question mark, lines of headers, an empty line, and the body.
fn write(delivery: &Delivery) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(query) = &delivery.query {
        out.extend_from_slice(format!("?{query}\n").as_bytes());
    }
    for (name, value) in &delivery.headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(&delivery.body);
    out
}

fn read(data: &[u8]) -> Delivery {
    let mut headers = HeaderMap::new();
    let mut query = None;
    let mut rest = data;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix(b"?") {
            query = std::str::from_utf8(text).ok().map(str::to_owned);
            continue;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let mut delivery = Delivery::new(headers, Bytes::copy_from_slice(rest));
    delivery.query = query;
    delivery
}
