//! No secret, card number, CVV or token can be read anywhere: on any gateway, in any operation, whatever goes wrong.
//!
//! The command line is held to the same by its own test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod kept;
mod leaks;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kept::Kept;
use leaks::{Drive, Heard, Place, Routed, Wrong, leaky, wrongs};
use paymux::transport::{HyperTransport, ReqwestTransport, Transport};
use paymux::{Gateways, KeyKind, OperationKind, PaymentGateway as _, Source};
use paymux_conformance::{Canaries, Fault};
use paymux_router::Rules;
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

/// The stand of this name, where webhooks come, and the keys before are still accepted.
fn stand(name: &str) -> Stand {
    let mut stand = with_webhooks(name);
    for key in secret_keys(provider(&stand)) {
        let rotated = key.strip_prefix("previous_");
        let now = stand.keys.iter().find(|(given, _)| Some(*given) == rotated);
        if let Some(previous) = now.map(|(_, value)| value.chars().rev().collect()) {
            stand.keys.push((key, previous));
        }
    }
    stand
}

fn with_webhooks(name: &str) -> Stand {
    let with_address = |mut settings: qolo::Settings| {
        settings.webhook_url = Some("https://shop.example/hooks".to_owned());
        settings
    };
    match name {
        "qolo" => stands::qolo(with_address(qolo::Settings::qolo())),
        "keybank" => stands::keybank(with_address(qolo::Settings::keybank())),
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

/// The same over a journal: what stands in its rows and in the bytes of its files, what it shows, and what its janitor and its own errors say.
async fn recorded(name: &str, wrong: Option<(&Wrong, u32)>, kept: &Arc<Kept>) -> Heard {
    let stand = stand(name);
    let secrets = secret_keys(provider(&stand));
    let mut drive = Drive::recorded(stand, &secrets, kept, "order", |builder| builder);
    let (skip, wrong) = wrong.map_or((0, None), |(wrong, skip)| (skip, Some(wrong)));
    drive.operations(skip, wrong).await;
    drive.webhooks().await;
    drive.look_back().await;
    nothing_leaks(name, &format!("over a journal, {wrong:?} after {skip}"), drive)
}

#[tokio::test(start_paused = true)]
async fn over_a_journal_in_memory() {
    for name in stands::NAMES {
        let heard = recorded(name, None, &Kept::memory()).await;
        for place in [
            "absorbed",
            "change",
            "intent",
            "janitor",
            "journal",
            "known payment",
            "parked",
        ] {
            assert!(heard.count(place) > 0, "{name}, {place}: nothing was heard");
        }
        for wrong in wrongs(&stands::named(name)) {
            recorded(name, Some((&wrong, 0)), &Kept::memory()).await;
        }
    }
}

/// A runtime in which SQLite works, while the test's clock stands still.
fn elsewhere() -> Arc<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Arc::new(builder.worker_threads(1).enable_all().build().unwrap())
}

fn paused<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(work)
}

#[test]
fn over_a_journal_in_a_file() {
    let runtime = elsewhere();
    let some = |wrong: &Wrong| {
        let seconds = Duration::from_secs;
        let few = [Fault::ResetAfter, Fault::Malformed, Fault::Delay(seconds(70))];
        match wrong {
            Wrong::Fault(fault) => few.contains(fault),
            Wrong::Echo(_) => true,
        }
    };
    for name in stands::NAMES {
        let calm = paused(recorded(name, None, &Kept::file(&runtime)));
        // Three files, read twice, and one where the others are gone.
        assert!(calm.count("journal file") > 3, "{name}: the files were read");
        assert!(calm.count("store error") > 0, "{name}: a closed store says so");
        assert!(
            calm.count("tracing of the store") > 0,
            "{name}: the client of the database was heard"
        );
        for wrong in wrongs(&stands::named(name)).iter().filter(|wrong| some(wrong)) {
            paused(recorded(name, Some((wrong, 0)), &Kept::file(&runtime)));
        }
    }
}

/// Two stands and their secrets, as the gateways of a router.
fn pair(names: [&str; 2], change: impl FnOnce(paymux::Builder) -> paymux::Builder) -> Routed {
    let with_secrets = |name| {
        let stand = stand(name);
        let secrets = secret_keys(provider(&stand));
        (stand, secrets)
    };
    Routed::over(names.map(with_secrets), change)
}

#[tokio::test(start_paused = true)]
async fn behind_a_router() {
    let pairs = [
        ["coolpay", "opp-v1"],
        ["opp-v1", "coolpay"],
        ["qolo", "coolpay"],
        ["carry1st", "opp-v3"],
    ];
    let mut onward = Vec::new();
    for names in pairs {
        let mut tried = 0;
        let wrongs = wrongs(&stands::named(names[0]));
        for wrong in wrongs.iter().map(Some).chain([None]) {
            let mut routed = pair(names, |builder| builder);
            for at in [&[0][..], &[1], &[0, 1]] {
                routed.operations(0, wrong, at).await;
            }
            routed.webhooks().await;
            tried = tried.max(routed.legs);
            let (heard, canaries) = routed.finish().await;
            assert!(canaries.len() > 2, "{names:?}: what is looked for");
            let leaks = heard.leaks(&canaries);
            assert!(leaks.is_empty(), "{names:?}, {wrong:?}: {leaks:#?}");
            for place in ["intent", "leg", "router", "tracing"] {
                assert!(heard.count(place) > 0, "{names:?}, {place}: nothing was heard");
            }
        }
        onward.extend((tried > 1).then_some(names));
    }
    assert!(
        onward.starts_with(&pairs[..2]),
        "what one refuses goes on to the other: {onward:?}"
    );
}

/// Rules stand in one text with the gateways' secrets.
#[test]
fn rules_that_are_refused_repeat_no_secret() {
    let mut canaries = Canaries::default();
    canaries.add("api_key", "canary-api-key");
    let names = ["a".to_owned(), "b".to_owned()];
    for text in [
        "[gateways.a]\napi_key = 'canary-api-key\n[router.r]\nrules = []",
        "[gateways.a]\napi_key = canary-api-key",
        "[router.r]\napi_key = 'canary-api-key'\nrules = [{ to = ['a'] }]",
        "[router.r]\nrules = 'canary-api-key'",
        "[router.r]\nrules = [{ to = ['a'], api_key = 'canary-api-key' }]",
        "[router.r]\nbreaker_failures = 'canary-api-key'\nrules = [{ to = ['a'] }]",
        "router = 'canary-api-key'",
    ] {
        let error = Rules::from_toml(text, &names).expect_err(text);
        let said = format!("{error} {error:?}");
        assert!(canaries.find(&said).is_none(), "{said}");
    }
}

/// A stand for every name is driven above.
#[test]
fn every_stand_is_driven() {
    assert_eq!(
        stands::NAMES,
        ["coolpay", "opp-v3", "opp-v1", "qolo", "keybank", "carry1st"]
    );
    let previous = |stand: &Stand| {
        stand
            .keys
            .iter()
            .filter(|(key, _)| key.starts_with("previous_"))
            .count()
    };
    let previous = stands::NAMES.map(|name| previous(&stand(name)));
    assert_eq!(
        previous,
        [1, 0, 1, 1, 1, 1],
        "each with the key before, where webhooks are signed"
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

/// The same in a journal and behind a router: what gets out below is found in rows, files and legs.
#[test]
fn a_leak_is_found_in_a_journal() {
    let runtime = elsewhere();
    let secret = "canary-api-key";
    let mut missed = Vec::new();
    for (place, order, talks, found) in [
        (
            Some(Place::Payment),
            "order",
            false,
            &["intent", "journal file", "known payment"][..],
        ),
        (
            Some(Place::Note),
            "order",
            false,
            &["intent", "janitor", "journal file"],
        ),
        (Some(Place::Event), "order", false, &["journal file", "parked"]),
        (None, secret, false, &["change", "intent", "journal file"]),
        (None, "order", true, &["journal"]),
        (None, "order", false, &[]),
    ] {
        let kept = match talks {
            false => Kept::file(&runtime),
            true => Kept::talking(&runtime, secret),
        };
        let stand = stands::named("coolpay");
        let secrets = secret_keys("coolpay");
        let (heard, canaries) = paused(async {
            let mut drive = Drive::recorded(stand, &secrets, &kept, order, |builder| match place {
                Some(place) => leaky(builder, place, secret),
                None => builder,
            });
            drive.operations(0, None).await;
            drive.webhooks().await;
            drive.look_back().await;
            drive.finish()
        });
        let leaks = heard.leaks(&canaries);
        let not_there = found.iter().filter(|place| !leaks.contains_key(**place));
        missed.extend(not_there.map(|there| format!("{place:?} in {there}")));
        assert_eq!(leaks.is_empty(), found.is_empty(), "{place:?}: {leaks:?}");
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_leak_is_found_behind_a_router() {
    let secret = "canary-private-key";
    for (place, found) in [
        (Place::Error, "leg"),
        (Place::Payment, "payment"),
        (Place::Trace, "tracing"),
    ] {
        let mut routed = pair(["coolpay", "opp-v1"], |builder| leaky(builder, place, secret));
        routed.operations(0, Some(&Wrong::Fault(Fault::Refuse)), &[0]).await;
        routed.operations(0, None, &[]).await;
        let (heard, canaries) = routed.finish().await;
        assert!(
            heard.leaks(&canaries).contains_key(found),
            "{place:?}: nothing in {found}"
        );
    }
}
