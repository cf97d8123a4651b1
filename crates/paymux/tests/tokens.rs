//! One token per credential set, however many callers wait, and whatever becomes of them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::adapter::Tiny;
use common::fake::{Fake, after, lost, never, now, paid, reply, with_header};
use common::{charge, payment};
use http::header;
use jiff::Timestamp;
use paymux::{Call, Clock, Error, ErrorKind, Fate, Gateway, Inquiry, PaymentGateway, TokioClock, Wire as _, request};

const SECOND: Duration = Duration::from_secs(1);

fn gateway_with(fake: &Arc<Fake>) -> Gateway {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
    let tiny = Tiny::new("https://tiny.example").with_tokens();
    Gateway::new("cards", Box::new(tiny), fake.transport(), clock)
}

fn gateway(
    answer: impl Fn(&http::Request<bytes::Bytes>) -> common::fake::Fate + Send + Sync + 'static,
) -> (Arc<Fake>, Gateway) {
    let fake = Fake::new(answer);
    let gateway = gateway_with(&fake);
    (fake, gateway)
}

/// Logins that give `t1`, `t2`, …, each with a refresh token `r1`, `r2`, …
fn logins(life_secs: i64) -> impl Fn() -> paymux::Reply {
    let count = AtomicUsize::new(0);
    move || {
        let n = count.fetch_add(1, Ordering::SeqCst) + 1;
        reply(
            200,
            &format!(r#"{{"access":"t{n}","refresh":"r{n}","life_secs":{life_secs}}}"#),
        )
    }
}

fn is_login(request: &http::Request<bytes::Bytes>) -> bool {
    request.uri().path() == "/token"
}

fn bearer(request: &http::Request<bytes::Bytes>) -> &str {
    let value = request.headers().get(header::AUTHORIZATION);
    value.map_or("", |value| value.to_str().expect("text"))
}

async fn ask(gateway: &Gateway) -> Result<(), Error> {
    gateway.inquire(Inquiry::Payment(payment("4711"))).await.map(|_| ())
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_callers_on_a_cold_cache_make_one_login() {
    let login = logins(3600);
    let (fake, gateway) = gateway(move |request| match is_login(request) {
        true => after(SECOND, login()),
        false => now(paid()),
    });
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..10_000 {
        let gateway = gateway.clone();
        calls.spawn(async move { gateway.sale(charge(&format!("a{n}"))).await.map(|_| ()) });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    assert_eq!((fake.count("/token"), fake.count("/pay")), (1, 10_000));
}

#[tokio::test(start_paused = true)]
async fn the_flight_outlives_the_caller_that_started_it() {
    let login = logins(3600);
    let (fake, gateway) = gateway(move |request| match is_login(request) {
        true => after(10 * SECOND, login()),
        false => now(paid()),
    });
    let leader = tokio::time::timeout(SECOND, ask(&gateway)).await;
    assert!(leader.is_err(), "the leader gave up");
    let (first, second) = tokio::join!(ask(&gateway), ask(&gateway));
    first.and(second).unwrap();
    assert_eq!(fake.count("/token"), 1);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_callers_whose_first_gave_up_have_one_flight() {
    let login = logins(3600);
    let (fake, gateway) = gateway(move |request| match is_login(request) {
        true => after(10 * SECOND, login()),
        false => now(paid()),
    });
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..10_000 {
        let gateway = gateway.clone();
        calls.spawn(async move {
            // The first one starts the flight; every second one gives up.
            let patience = if n % 2 == 0 { SECOND } else { 60 * SECOND };
            tokio::time::timeout(patience, ask(&gateway)).await
        });
    }
    let ends = calls.join_all().await;
    assert_eq!(ends.iter().filter(|end| matches!(end, Ok(Ok(())))).count(), 5_000);
    assert_eq!((fake.count("/token"), fake.count("/payments/4711")), (1, 5_000));
}

/// All at once, and again and again: each second one login at the most, and nothing goes out without a token.
#[tokio::test(start_paused = true)]
async fn ten_thousand_callers_of_a_failing_login_make_one_a_second() {
    let (fake, gateway) = gateway(|_| after(SECOND / 10, reply(503, "")));
    for round in 1..=10 {
        let calls: tokio::task::JoinSet<_> = (0..1_000)
            .map(|_| {
                let gateway = gateway.clone();
                async move { ask(&gateway).await.expect_err("no login").fate() }
            })
            .collect();
        assert!(calls.join_all().await.iter().all(|fate| *fate == Fate::NotDone));
        assert_eq!(fake.count("/token"), round);
        ask(&gateway).await.expect_err("held back");
        tokio::time::sleep(SECOND).await;
    }
    assert_eq!(fake.seen().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_flight_may_outlive_its_gateway() {
    let login = logins(3600);
    let (fake, gateway) = gateway(move |_| after(10 * SECOND, login()));
    tokio::time::timeout(SECOND, ask(&gateway)).await.unwrap_err();
    drop(gateway);
    assert_eq!(fake.open(), 1);
    tokio::time::sleep(20 * SECOND).await;
    assert_eq!((fake.open(), fake.count("/token")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failing_login_holds_everybody_back_for_a_second() {
    let (fake, gateway) = gateway(|_| now(reply(500, "")));
    for round in 1..=5 {
        for _ in 0..100 {
            let error = ask(&gateway).await.expect_err("no login");
            assert_eq!(error.fate(), Fate::NotDone);
            assert!(error.retry_after() <= Some(SECOND));
        }
        assert_eq!(fake.count("/token"), round);
        tokio::time::sleep(SECOND).await;
    }
    assert_eq!(fake.seen().len(), 5, "nothing else was sent");
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_the_login_holds_everybody_back_and_is_told() {
    let (fake, gateway) = gateway(|_| after(SECOND, with_header(reply(429, ""), header::RETRY_AFTER, "31")));
    let (first, second) = tokio::join!(gateway.sale(charge("a1")), ask(&gateway));
    for error in [first.expect_err("no login"), second.expect_err("no login")] {
        assert_eq!(error.retry_after(), Some(31 * SECOND));
        assert_eq!((error.fate(), error.is_rate_limited()), (Fate::NotDone, true));
    }
    tokio::time::sleep(10 * SECOND).await;
    let error = ask(&gateway).await.expect_err("held back");
    assert_eq!(error.retry_after(), Some(21 * SECOND));
    assert!(error.report().contains("wait      21 s"), "{}", error.report());
    assert_eq!(fake.count("/token"), 1);
    tokio::time::sleep(21 * SECOND).await;
    ask(&gateway).await.expect_err("another login");
    assert_eq!(fake.count("/token"), 2);
}

#[tokio::test(start_paused = true)]
async fn no_retry_after_holds_a_gateway_back_for_ever() {
    let (fake, gateway) = gateway(|_| now(with_header(reply(429, ""), header::RETRY_AFTER, "99999999999999")));
    ask(&gateway).await.expect_err("no login");
    tokio::time::sleep(3601 * SECOND).await;
    ask(&gateway).await.expect_err("another login");
    assert_eq!(fake.count("/token"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_401_gets_one_new_token_and_one_replay_with_the_same_bytes() {
    let login = logins(3600);
    let (fake, gateway) = gateway(move |request| match (is_login(request), bearer(request)) {
        (true, _) => now(login()),
        (_, "Bearer t1") => now(reply(401, "")),
        _ => now(paid()),
    });
    gateway.sale(charge("a1")).await.unwrap();
    let calls: Vec<_> = fake.seen().into_iter().filter(|request| !is_login(request)).collect();
    assert_eq!(calls.iter().map(bearer).collect::<Vec<_>>(), ["Bearer t1", "Bearer t2"]);
    assert_eq!(calls[0].body(), calls[1].body());
    assert_eq!(fake.count("/token"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_second_401_is_the_adapters_and_nothing_was_done() {
    let login = logins(3600);
    let (fake, gateway) = gateway(move |request| match is_login(request) {
        true => now(login()),
        false => now(reply(401, "")),
    });
    let error = gateway.sale(charge("a1")).await.expect_err("401");
    assert_eq!((error.fate(), error.kind()), (Fate::NotDone, ErrorKind::Configuration));
    assert_eq!((fake.count("/token"), fake.count("/pay")), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn without_tokens_a_401_is_not_repeated() {
    let fake = Fake::new(|_| now(reply(401, "")));
    let gateway = common::gateway(Tiny::new("https://tiny.example"), fake.transport(), SECOND);
    gateway.sale(charge("a1")).await.expect_err("401");
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_401_invalidates_only_the_token_that_got_it() {
    let login = logins(3600);
    let slow = AtomicUsize::new(0);
    let (fake, gateway) = gateway(move |request| match (is_login(request), bearer(request)) {
        (true, _) => now(login()),
        // Both have t1; the second answer comes when t2 is long there.
        (_, "Bearer t1") if slow.fetch_add(1, Ordering::SeqCst) == 0 => now(reply(401, "")),
        (_, "Bearer t1") => after(10 * SECOND, reply(401, "")),
        _ => now(paid()),
    });
    let (first, second) = tokio::join!(gateway.sale(charge("a1")), gateway.sale(charge("a2")));
    first.and(second).unwrap();
    assert_eq!(fake.count("/token"), 2, "t2 stays");
    let all = fake.seen();
    assert_eq!(all.iter().filter(|request| bearer(request) == "Bearer t2").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_used_once() {
    let login = logins(100);
    let (fake, gateway) = gateway({
        let count = AtomicUsize::new(0);
        move |request| match is_login(request) {
            true if count.fetch_add(1, Ordering::SeqCst) == 1 => lost(),
            true => now(login()),
            false => now(paid()),
        }
    });
    ask(&gateway).await.unwrap();
    tokio::time::sleep(100 * SECOND).await;
    ask(&gateway).await.expect_err("the refresh is lost");
    tokio::time::sleep(2 * SECOND).await;
    ask(&gateway).await.unwrap();
    tokio::time::sleep(100 * SECOND).await;
    ask(&gateway).await.unwrap();
    let logins = fake.seen().into_iter().filter(is_login);
    let bodies: Vec<_> = logins
        .map(|request| String::from_utf8_lossy(request.body()).into_owned())
        .collect();
    let refresh = |token: &str| format!("{{\"refresh\":\"{token}\"}}");
    assert_eq!(bodies, [refresh(""), refresh("r1"), refresh(""), refresh("r2")]);
}

/// A provider that hands out the same token until its end: no storm of logins as the end comes near.
#[tokio::test(start_paused = true)]
async fn the_same_token_near_its_end_makes_no_storm() {
    let clock = TokioClock::new(Timestamp::UNIX_EPOCH);
    let (fake, gateway) = gateway(move |request| match is_login(request) {
        true => {
            let left = 600 - clock.now().as_second();
            now(reply(200, &format!(r#"{{"access":"same","life_secs":{left}}}"#)))
        }
        false => now(paid()),
    });
    for _ in 0..7_000 {
        ask(&gateway).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // About one at every tenth of what is left, and one each second after the end.
    let logins = fake.count("/token");
    assert!((100..=125).contains(&logins), "{logins} logins");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_born_expired_costs_one_login_a_second() {
    let login = logins(-600);
    let (fake, gateway) = gateway(move |request| match is_login(request) {
        true => now(login()),
        false => now(paid()),
    });
    for _ in 0..100 {
        ask(&gateway).await.unwrap();
    }
    assert_eq!(fake.count("/token"), 1);
    tokio::time::sleep(2 * SECOND).await;
    ask(&gateway).await.unwrap();
    assert_eq!(fake.count("/token"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_panics_ends_the_flight_and_holds_back() {
    let count = Arc::new(AtomicUsize::new(0));
    let login = logins(3600);
    let (fake, gateway) = gateway(move |request| match is_login(request) {
        true if count.fetch_add(1, Ordering::SeqCst) == 0 => after(SECOND, reply(200, "panic")),
        true => now(login()),
        false => now(paid()),
    });
    let (first, second) = tokio::join!(ask(&gateway), gateway.sale(charge("a1")));
    for error in [first.expect_err("a panic"), second.expect_err("a panic")] {
        assert_eq!((error.fate(), error.kind()), (Fate::NotDone, ErrorKind::Network));
    }
    ask(&gateway).await.expect_err("held back");
    assert_eq!(fake.count("/token"), 1);
    tokio::time::sleep(SECOND).await;
    ask(&gateway).await.unwrap();
    assert_eq!(fake.count("/token"), 2);
}

/// Also when nobody waits for the flight any more.
#[tokio::test(start_paused = true)]
async fn a_login_that_panics_alone_leaves_nothing_stuck() {
    let count = AtomicUsize::new(0);
    let login = logins(3600);
    let (_, gateway) = gateway(move |request| match is_login(request) {
        true if count.fetch_add(1, Ordering::SeqCst) == 0 => after(10 * SECOND, reply(200, "panic")),
        true => now(login()),
        false => now(paid()),
    });
    tokio::time::timeout(SECOND, ask(&gateway)).await.unwrap_err();
    tokio::time::sleep(20 * SECOND).await;
    ask(&gateway).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_login_without_an_end_ends_with_the_deadline() {
    let (fake, gateway) = gateway(|_| never());
    let begin = tokio::time::Instant::now();
    let error = gateway.sale(charge("a1")).await.expect_err("no login");
    assert_eq!(error.fate(), Fate::NotDone);
    assert_eq!(begin.elapsed().as_secs(), 60);
    tokio::time::sleep(3 * SECOND).await;
    ask(&gateway).await.expect_err("no login");
    assert_eq!((fake.count("/token"), fake.seen().len()), (2, 2));
}

/// A runtime that nobody drives any more holds its flight for ever; a caller on another one does not wait for it for ever.
#[test]
fn a_flight_on_a_runtime_at_rest_is_passed_over() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let login = logins(3600);
    let fake = Fake::new(move |request| match is_login(request) {
        true => after(10 * SECOND, login()),
        false => now(paid()),
    });
    let (resting, driven) = (runtime(), runtime());
    let gateway = resting.block_on(async { gateway_with(&fake) });
    resting.block_on(async { tokio::time::timeout(SECOND, ask(&gateway)).await.unwrap_err() });
    driven.block_on(async {
        ask(&gateway).await.expect_err("the flight is at rest");
        tokio::time::sleep(2 * SECOND).await;
        ask(&gateway).await.unwrap();
    });
    assert_eq!(fake.count("/token"), 2);
    // The first flight goes on and lands late; the newer token stays.
    resting.block_on(async { tokio::time::sleep(20 * SECOND).await });
    driven.block_on(ask(&gateway)).unwrap();
    assert_eq!(bearer(fake.seen().last().unwrap()), "Bearer t2");
}

#[test]
fn a_runtime_that_is_shut_down_ends_its_flight() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let login = logins(3600);
    let fake = Fake::new(move |request| match is_login(request) {
        true => after(10 * SECOND, login()),
        false => now(paid()),
    });
    let first = runtime();
    let gateway = first.block_on(async { gateway_with(&fake) });
    first.block_on(async { tokio::time::timeout(SECOND, ask(&gateway)).await.unwrap_err() });
    drop(first);
    runtime().block_on(async {
        tokio::time::sleep(2 * SECOND).await;
        ask(&gateway).await.unwrap();
    });
    assert_eq!(fake.count("/token"), 2);
}

#[tokio::test(start_paused = true)]
async fn the_login_is_sealed_without_a_token_and_moves_no_money() {
    let login = logins(3600);
    let (fake, gateway) = gateway(move |request| match is_login(request) {
        true => now(login()),
        false => now(paid()),
    });
    ask(&gateway).await.unwrap();
    let seen = fake.seen();
    assert!(is_login(&seen[0]) && bearer(&seen[0]).is_empty() && seen[0].headers().contains_key("x-key"));
    let (tiny, wire) = gateway.open::<Tiny>().unwrap();
    assert_eq!(
        wire.token().await.unwrap().expires.map(Timestamp::as_second),
        Some(3600)
    );
    let call = Call::asks(request::empty(http::Method::GET, &tiny.base, "/balance").unwrap());
    wire.send(call).await.unwrap();
    assert_eq!(bearer(fake.seen().last().unwrap()), "Bearer t1");
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_an_error_of_the_login() {
    let bodies = Mutex::new(vec![r#"{"access":"tok-canary"#, r#"{"error":"tok-canary"}"#]);
    let (_, gateway) = gateway(move |_| now(reply(200, bodies.lock().unwrap().pop().unwrap_or_default())));
    for _ in 0..3 {
        let error = ask(&gateway).await.expect_err("no token in it");
        let raw = error.raw().map(|raw| raw.scrubbed());
        let all = format!("{error} {error:?} {} {raw:?} {gateway:?}", error.to_json());
        assert!(
            !all.contains("tok-canary") && !all.contains(common::adapter::KEY),
            "{all}"
        );
        tokio::time::sleep(2 * SECOND).await;
    }
}
