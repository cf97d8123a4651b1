//! Deliveries that nobody signed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use paymux::{Charge, Checkout, Delivery, Gateway, Operation, OperationKind, PaymentGateway as _, Provenance, Source};
use paymux_chaos::{Stand, stands};
use paymux_simulator::qolo;

use crate::{block_on, came_of};

/// A gateway, and what its provider has signed.
struct Ground {
    gateway: Gateway,
    genuine: Vec<Delivery>,
    /// What the genuine ones report, about which payment.
    said: Vec<(Option<String>, String)>,
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
    let stand = match name {
        "qolo" => {
            let mut settings = qolo::Settings::qolo();
            settings.webhook_url = Some("https://shop.example/hooks".to_owned());
            stands::qolo(settings)
        }
        other => stands::named(other),
    };
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
    for webhook in stand.provider.webhooks() {
        let (parts, body) = webhook.request.into_parts();
        let mut headers = HeaderMap::new();
        headers.extend(parts.headers);
        genuine.push(Delivery::new(headers, body));
    }
    genuine.extend(gateway.sign(Bytes::from_static(br#"{"id":7,"status":"SUCCESSFUL"}"#)));
    let now = stand.provider.now();
    let genuine: Vec<_> = genuine.into_iter().map(|delivery| delivery.received_at(now)).collect();
    let events = genuine.iter().filter_map(|delivery| gateway.receive(delivery).ok());
    let said: Vec<_> = events.map(|event| said(&event)).collect();
    assert!(!said.is_empty(), "{name}: nothing genuine");
    Ground { gateway, genuine, said }
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

fn said(event: &paymux::Event) -> (Option<String>, String) {
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
            assert!(
                event.provenance() != Provenance::Signed || ground.said.contains(&said),
                "{name}: forged {said:?}"
            );
            came_of(&["accepted", &said.1])
        }
        Err(error) => came_of(&[&error.to_string()]),
    }
}

pub(crate) fn seeds(name: &'static str) -> Vec<Vec<u8>> {
    ground(name).genuine.iter().map(write).collect()
}

/// Lines of headers, an empty line, and the body.
fn write(delivery: &Delivery) -> Vec<u8> {
    let mut out = Vec::new();
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
    let mut rest = data;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        if line.is_empty() {
            break;
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
    Delivery::new(headers, Bytes::copy_from_slice(rest))
}
