//! No secret, card number, CVV or token can be read anywhere: on any gateway, in any operation, whatever goes wrong.
//!
//! The command line is held to the same by its own test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod leaks;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leaks::{Drive, Heard, Place, Wrong, leaky, wrongs};
use paymux::transport::{HyperTransport, ReqwestTransport, Transport};
use paymux::{Gateways, KeyKind, OperationKind, PaymentGateway as _, Source};
use paymux_conformance::{Canaries, Fault};
use paymux_simulator::Host;
use paymux_simulator::qolo;
use paymux_simulator::serve::Server;
use paymux_tests::{Stand, stands};

/// The keys of a provider's configuration that hold a secret.
fn secret_keys(provider: &str) -> Vec<&'static str> {
    let providers = Gateways::builder().providers();
    let (_, keys) = providers.into_iter().find(|(name, _)| *name == provider).unwrap();
    let secret = keys.iter().filter(|key| key.kind == KeyKind::Secret);
    secret.map(|key| key.name).collect()
}

fn provider(stand: &Stand) -> &str {
    let (_, name) = stand.keys.iter().find(|(key, _)| *key == "provider").unwrap();
    name
}

/// The stand of this name, where webhooks come.
fn stand(name: &str) -> Stand {
    let with_webhooks = |mut settings: qolo::Settings| {
        settings.webhook_url = Some("https://shop.example/hooks".to_owned());
        settings
    };
    match name {
        "qolo" => stands::qolo(with_webhooks(qolo::Settings::qolo())),
        "keybank" => stands::keybank(with_webhooks(qolo::Settings::keybank())),
        other => stands::named(other),
    }
}

fn drive(name: &str) -> Drive {
    let stand = stand(name);
    let secrets = secret_keys(provider(&stand));
    Drive::new(stand, &secrets)
}

fn nothing_leaks(name: &str, what: &str, drive: Drive) -> Heard {
    let (heard, canaries) = drive.finish();
    assert!(canaries.len() > 2, "{name}: what is looked for");
    let leaks = heard.leaks(&canaries);
    assert!(leaks.is_empty(), "{name}, {what}: {leaks:#?}");
    heard
}

/// Every operation with everything that can go wrong, at the first request, the second and the third.
async fn holds(name: &str) {
    let mut calm = drive(name);
    calm.operations(0, None).await;
    let accepted = calm.webhooks().await;
    let offered: BTreeSet<_> = {
        let stand = stands::named(name);
        let gateway = stand.gateway();
        let kinds = OperationKind::ALL.into_iter();
        kinds
            .filter(|kind| gateway.capabilities().offers(*kind))
            .map(OperationKind::as_str)
            .collect()
    };
    let done: BTreeSet<_> = calm.done.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(done, offered, "{name}: what is offered is done");
    assert!(accepted > 0, "{name}: no webhook was accepted");
    let heard = nothing_leaks(name, "nothing wrong", calm);
    // What is offered beyond the operations there has to do with no card.
    let extras = if name == "opp-v3" { "error" } else { "extra" };
    assert!(heard.count(extras) > 0, "{name}: nothing was heard of extras");
    for mishap in wrongs(&stands::named(name)) {
        for skip in 0..3 {
            let mut wrong = drive(name);
            wrong.operations(skip, Some(&mishap)).await;
            wrong.webhooks().await;
            nothing_leaks(name, &format!("{mishap:?} after {skip}"), wrong);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn coolpay() {
    holds("coolpay").await;
}

#[tokio::test(start_paused = true)]
async fn opp_v3() {
    holds("opp-v3").await;
}

#[tokio::test(start_paused = true)]
async fn opp_v1() {
    holds("opp-v1").await;
}

#[tokio::test(start_paused = true)]
async fn qolo() {
    holds("qolo").await;
}

#[tokio::test(start_paused = true)]
async fn keybank() {
    holds("keybank").await;
}

#[tokio::test(start_paused = true)]
async fn carry1st() {
    holds("carry1st").await;
}

/// What the transports' own crates say is heard, too.
async fn over_sockets(transport: Arc<dyn Transport>) {
    let mut others = 0;
    for name in stands::NAMES {
        let mut stand = stands::named(name);
        let host = Host::new(stand.provider.host().provider().fork());
        let server = Server::start(host, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .unwrap();
        for (key, value) in &mut stand.keys {
            if key.ends_with("base_url") {
                *value = server.url();
            }
        }
        let secrets = secret_keys(provider(&stand));
        let mut drive = Drive::over(stand, &secrets, Gateways::builder(), Arc::clone(&transport));
        assert!(drive.begin().await, "{name}");
        server.stop();
        assert!(!drive.begin().await, "{name}: nobody is there");
        others += drive.overheard();
        nothing_leaks(name, "over a socket", drive);
    }
    assert!(others > 0, "nothing was heard of the transport's own crates");
}

#[tokio::test]
async fn over_sockets_with_reqwest() {
    over_sockets(Arc::new(ReqwestTransport::new())).await;
}

#[tokio::test]
async fn over_sockets_with_hyper() {
    over_sockets(Arc::new(HyperTransport::new())).await;
}

/// A stand for every name is driven above.
#[test]
fn every_stand_is_driven() {
    assert_eq!(
        stands::NAMES,
        ["coolpay", "opp-v3", "opp-v1", "qolo", "keybank", "carry1st"]
    );
}

/// What a leak is planted as: the secret itself, and ways to write it.
fn forms(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let base64 = |text: String| STANDARD.encode(text);
    vec![
        secret.to_owned(),
        hex,
        percent,
        base64(secret.to_owned()),
        base64(format!(":{secret}")),
        base64(format!("ab{secret}x")),
    ]
}

async fn planted(place: Place, text: &str) -> (Heard, Canaries) {
    let stand = stands::named("coolpay");
    let secrets = secret_keys("coolpay");
    let mut drive = Drive::built(stand, &secrets, |builder| leaky(builder, place, text));
    drive.operations(0, None).await;
    let late = Wrong::Fault(Fault::Delay(Duration::from_secs(70)));
    for skip in [0, 1] {
        drive.operations(skip, Some(&late)).await;
    }
    drive.webhooks().await;
    drive.finish()
}

#[tokio::test(start_paused = true)]
async fn a_leak_is_found_wherever_it_is_and_however_it_is_written() {
    let Source::Card(card) = stands::named("coolpay").subject.approved else {
        panic!("a card");
    };
    let secrets = ["canary-api-key", "canary-private-key", card.expose_number()];
    let mut missed = Vec::new();
    for (number, place) in Place::ALL.into_iter().enumerate() {
        let secret = secrets[number % secrets.len()];
        let forms = forms(secret);
        let another = &forms[1 + number % (forms.len() - 1)];
        for text in [&forms[0], another] {
            let (heard, canaries) = planted(place, text).await;
            if !heard.leaks(&canaries).contains_key(place.heard()) {
                missed.push(format!("{place:?}: {text}"));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    // And nothing is found that was not planted.
    let (heard, canaries) = planted(Place::Error, "nothing").await;
    assert!(heard.leaks(&canaries).is_empty());
    for place in Place::ALL.into_iter().filter(|place| place.heard() != "cause") {
        assert!(heard.count(place.heard()) > 0, "{place:?}: nothing was heard");
    }
}
