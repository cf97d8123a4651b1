//! Two calls with one reference at the same time: one goes over the wire, and nobody waits for ever.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::adapter::{Tiny, TinyConfig};
use common::fake::{Fake, after, never, now, paid, reply, with_header};
use common::{capture, charge, payment};
use paymux::{Error, ErrorKind, Fate, Gateway, Gateways, Inquiry, Memo, PaymentGateway, Refund};

const SECOND: Duration = Duration::from_secs(1);

fn gateway(fake: &Arc<Fake>) -> Gateway {
    common::gateway(Tiny::new("https://tiny.example"), fake.transport(), 60 * SECOND)
}

async fn sale(gateway: &Gateway, reference: &str) -> Result<String, Error> {
    gateway
        .sale(charge(reference))
        .await
        .map(|answer| answer.payment.id().to_owned())
}

/// A provider that makes another payment for each request, and takes ten seconds for it.
fn provider() -> Arc<Fake> {
    let next = AtomicUsize::new(1);
    Fake::new(move |_| {
        let id = next.fetch_add(1, Ordering::SeqCst);
        after(10 * SECOND, reply(201, &format!("{{\"id\":\"{id}\"}}")))
    })
}

fn is_idle(gateway: &Gateway) -> bool {
    format!("{gateway:?}").contains("in_flight: 0")
}

#[tokio::test(start_paused = true)]
async fn the_second_call_joins_the_first() {
    let fake = provider();
    let gateway = gateway(&fake);
    let late = async {
        tokio::time::sleep(5 * SECOND).await;
        assert!(!is_idle(&gateway));
        sale(&gateway, "a1").await
    };
    let (first, second, third) = tokio::join!(sale(&gateway, "a1"), sale(&gateway, "a1"), late);
    assert_eq!(
        (first.unwrap(), second.unwrap(), third.unwrap()),
        ("1".into(), "1".into(), "1".into())
    );
    assert_eq!(fake.seen().len(), 1);
    assert!(is_idle(&gateway));
    assert_eq!(
        sale(&gateway, "a1").await.unwrap(),
        "2",
        "afterwards it is a call of its own"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_is_joined_too() {
    let fake = Fake::new(|_| after(SECOND, reply(500, "")));
    let gateway = gateway(&fake);
    let (first, second) = tokio::join!(sale(&gateway, "a1"), sale(&gateway, "a1"));
    for error in [first.expect_err("500"), second.expect_err("500")] {
        assert_eq!((error.fate(), error.unresolved().is_some()), (Fate::Unknown, true));
    }
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_leader_leaves_its_follower_with_what_is_known() {
    let fake = provider();
    let gateway = gateway(&fake);
    let leader = tokio::time::timeout(5 * SECOND, sale(&gateway, "a1"));
    let (leader, follower) = tokio::join!(leader, sale(&gateway, "a1"));
    assert!(leader.is_err(), "dropped");
    let error = follower.expect_err("nobody knows");
    assert_eq!((error.fate(), error.kind()), (Fate::Unknown, ErrorKind::Network));
    let unresolved = error.unresolved().expect("something to ask with");
    assert_eq!(unresolved.note("payment"), Some("4711"), "the leader's notes");
    assert!(is_idle(&gateway));
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_leader_dropped_before_it_sent_anything_did_nothing() {
    let fake = Fake::new(|_| never());
    let tiny = Tiny::new("https://tiny.example").with_tokens();
    let gateway = common::gateway(tiny, fake.transport(), 60 * SECOND);
    let leader = tokio::time::timeout(5 * SECOND, sale(&gateway, "a1"));
    let (_, follower) = tokio::join!(leader, sale(&gateway, "a1"));
    assert_eq!(follower.expect_err("dropped").fate(), Fate::NotDone);
    assert_eq!((fake.count("/token"), fake.count("/pay")), (1, 0));
    assert!(is_idle(&gateway));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_panics_leaves_nothing_stuck() {
    let fake = Fake::new(|_| after(SECOND, paid()));
    let tiny = Tiny::new("https://tiny.example").flow(|tiny, operation, wire| {
        Box::pin(async move {
            wire.note(Memo::new("payment", "4711")).await?;
            tiny.once(operation, wire).await?;
            panic!("the adapter has a bug")
        })
    });
    let gateway = common::gateway(tiny, fake.transport(), 60 * SECOND);
    let leading = gateway.clone();
    let leader = tokio::spawn(async move { sale(&leading, "a1").await });
    let follower = async {
        tokio::time::sleep(SECOND / 2).await;
        sale(&gateway, "a1").await
    };
    let (leader, follower) = tokio::join!(leader, follower);
    assert!(leader.is_err_and(|error| error.is_panic()));
    assert_eq!(follower.expect_err("nobody knows").fate(), Fate::Unknown);
    assert!(is_idle(&gateway));
}

/// A leader whose future is kept and not polled any more.
#[tokio::test(start_paused = true)]
async fn a_follower_has_a_deadline_of_its_own() {
    let fake = Fake::new(|_| never());
    let gateway = gateway(&fake);
    let mut leader = Box::pin(sale(&gateway, "a1"));
    tokio::time::timeout(SECOND, &mut leader).await.unwrap_err();
    let begin = tokio::time::Instant::now();
    let error = sale(&gateway, "a1").await.expect_err("the leader sleeps");
    assert_eq!((error.fate(), begin.elapsed()), (Fate::Unknown, 60 * SECOND));
    assert_eq!(error.unresolved().unwrap().note("payment"), Some("4711"));
    drop(leader);
    assert!(is_idle(&gateway));
}

/// A gateway with less time follows one with more, which has sent nothing yet, and will.
#[tokio::test(start_paused = true)]
async fn a_leader_that_may_still_send_leaves_its_follower_in_doubt() {
    const CONFIG: &str = "[gateways.patient]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"k\"\n\
                          [gateways.hasty]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"k\"\ntimeout_secs = 5\n";
    let fake = Fake::new(|request| match request.uri().path() {
        "/pay" => now(paid()),
        _ => now(with_header(reply(429, ""), http::header::RETRY_AFTER, "20")),
    });
    let builder = Gateways::builder().register::<TinyConfig>().transport(fake.transport());
    let gateways = builder.from_toml(CONFIG).unwrap();
    let (patient, hasty) = (gateways.gateway("patient").unwrap(), gateways.gateway("hasty").unwrap());
    let question = Inquiry::Reference("a0".parse().unwrap());
    hasty.inquire(question).await.expect_err("the account must keep quiet");
    let (leader, follower) = tokio::join!(sale(&patient, "a1"), sale(&hasty, "a1"));
    assert_eq!(leader.unwrap(), "4711", "sent when the quiet ended");
    let error = follower.expect_err("nobody knows");
    assert_eq!(error.fate(), Fate::Unknown);
    let open = error.unresolved().unwrap();
    let span = open.last_sent.duration_since(open.first_sent.unwrap());
    assert_eq!(span.as_secs(), 55, "until the leader's time is up");
}

#[tokio::test(start_paused = true)]
async fn other_operations_do_not_join() {
    let fake = provider();
    let gateway = gateway(&fake);
    let refund = |id: &str| {
        let amount = "100.00 DKK".parse().unwrap();
        gateway.refund(Refund::new(payment(id), "a1".parse().unwrap(), amount))
    };
    let (one, two, three, four, five) = tokio::join!(
        sale(&gateway, "a1"),
        gateway.authorize(charge("a1")),
        gateway.capture(capture("a1")),
        refund("4711"),
        refund("4712"),
    );
    one.unwrap();
    for answer in [two, three, four, five] {
        answer.unwrap();
    }
    sale(&gateway, "a2").await.unwrap();
    assert_eq!(fake.seen().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn questions_do_not_join() {
    let fake = provider();
    let gateway = gateway(&fake);
    let ask = || gateway.inquire(Inquiry::Reference("a1".parse().unwrap()));
    let (first, second) = tokio::join!(ask(), ask());
    first.and(second).unwrap();
    assert_eq!(fake.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_amount_under_the_same_reference_is_refused() {
    let fake = provider();
    let gateway = gateway(&fake);
    let mut other = charge("a1");
    other.amount = "100.01 DKK".parse().unwrap();
    let (first, second) = tokio::join!(sale(&gateway, "a1"), gateway.sale(other));
    first.unwrap();
    let error = second.expect_err("not the same");
    assert_eq!((error.fate(), error.field()), (Fate::NotDone, Some("reference")));
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_join_across_names_and_reloads_of_one_account() {
    const CONFIG: &str = "[gateways.cards]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"k\"\n\
                          [gateways.more]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"k\"\n";
    let fake = provider();
    let builder = Gateways::builder().register::<TinyConfig>().transport(fake.transport());
    let gateways = builder.from_toml(CONFIG).unwrap();
    let old = gateways.gateway("cards").unwrap();
    let again = async {
        tokio::time::sleep(SECOND).await;
        gateways.reload(CONFIG).unwrap();
        let (new, more) = (gateways.gateway("cards").unwrap(), gateways.gateway("more").unwrap());
        tokio::join!(sale(&new, "a1"), sale(&more, "a1"))
    };
    let (first, (second, third)) = tokio::join!(sale(&old, "a1"), again);
    assert_eq!(
        (first.unwrap(), second.unwrap(), third.unwrap()),
        ("1".into(), "1".into(), "1".into())
    );
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_a_rule_does_not_join() {
    let fake = Fake::new(|_| now(paid()));
    let gateway = gateway(&fake);
    let mut wrong = charge("a1");
    wrong.amount = "0.00 DKK".parse().unwrap();
    let error = gateway.sale(wrong).await.expect_err("nothing to pay");
    assert_eq!((error.fate(), error.field()), (Fate::NotDone, Some("amount")));
    assert!(fake.seen().is_empty() && is_idle(&gateway));
}

/// What is under way has replies and notes; they are not printed.
#[tokio::test(start_paused = true)]
async fn nothing_under_way_is_printed() {
    let fake = Fake::new(|request| match request.uri().path() {
        "/pay" => never(),
        _ => now(reply(200, r#"{"id":"4711","jwt":"tok-canary"}"#)),
    });
    let tiny = Tiny::new("https://tiny.example").flow(|tiny, operation, wire| {
        Box::pin(async move {
            tiny.ask("4711", wire).await?;
            tiny.once(operation, wire).await
        })
    });
    let gateway = common::gateway(tiny, fake.transport(), 60 * SECOND);
    let mut leader = Box::pin(sale(&gateway, "a1"));
    tokio::time::timeout(SECOND, &mut leader).await.unwrap_err();
    let (_, wire) = gateway.open::<Tiny>().unwrap();
    let text = format!("{gateway:?} {wire:?}");
    assert!(text.contains("in_flight: 1") && !text.contains("canary"), "{text}");
}
