//! Tokens are renewed early and apart from each other, served while they are renewed, and never past their end; and gateways with the same credentials
//! share them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use common::adapter::{Tiny, TinyConfig};
use common::fake::{BASE, Fake, Fate, after, lost, never, now, paid, reply, with_header};
use common::{charge, payment};
use http::{Request, header};
use jiff::Timestamp;
use paymux::{Error, Gateway, Gateways, Inquiry, Options, PaymentGateway, TokioClock, Wire as _};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn gateway_on(fake: &Arc<Fake>) -> Gateway {
    gateway_at(fake, TokioClock::new(Timestamp::UNIX_EPOCH))
}

fn gateway_at(fake: &Arc<Fake>, clock: TokioClock) -> Gateway {
    let clock = Arc::new(clock);
    Gateway::new(
        "cards",
        Box::new(Tiny::new(BASE).with_tokens()),
        fake.transport(),
        clock,
    )
}

/// The number of the token of a call; 0 for the login.
fn token(request: &Request<Bytes>) -> usize {
    let value = request.headers().get(header::AUTHORIZATION);
    value.map_or(0, |value| {
        let text = value.to_str().unwrap();
        text.strip_prefix("Bearer t").unwrap().parse().unwrap()
    })
}

/// The token and the refresh token of this number.
fn granted(n: usize, life_secs: u64) -> paymux::Reply {
    let text = format!(r#"{{"access":"t{n}","refresh":"r{n}","life_secs":{life_secs}}}"#);
    reply(200, &text)
}

/// A provider that answers the n-th login (from 1) like this, and every call well.
fn provider(login: impl Fn(usize) -> Fate + Send + Sync + 'static) -> (Arc<Fake>, Gateway) {
    let count = AtomicUsize::new(0);
    let fake = Fake::new(move |request| match request.uri().path() {
        "/token" => login(count.fetch_add(1, Ordering::SeqCst) + 1),
        _ => now(paid()),
    });
    let gateway = gateway_on(&fake);
    (fake, gateway)
}

async fn ask(gateway: &Gateway) -> Result<(), Error> {
    gateway.inquire(Inquiry::Payment(payment("4711"))).await.map(drop)
}

/// The token that a question goes out with.
async fn served(fake: &Fake, gateway: &Gateway) -> usize {
    ask(gateway).await.unwrap();
    token(&fake.last())
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_a_minute_before_its_end_or_up_to_half_a_minute_earlier() {
    let (fake, gateway) = provider(|n| now(granted(n, 3600)));
    assert_eq!(served(&fake, &gateway).await, 1);
    pass((3600 - 91) * SECOND).await;
    assert_eq!(served(&fake, &gateway).await, 1);
    pass(SECOND / 10).await;
    assert_eq!(fake.count("/token"), 1);
    pass(31 * SECOND).await;
    ask(&gateway).await.unwrap();
    pass(SECOND / 10).await;
    assert_eq!(fake.count("/token"), 2, "a minute before its end it is renewed");
    assert_eq!(served(&fake, &gateway).await, 2);
}

/// Many that log in one after the other do not come back in step.
#[tokio::test(start_paused = true)]
async fn renewals_are_spread() {
    let mut moments = BTreeSet::new();
    let clock = TokioClock::new(Timestamp::UNIX_EPOCH);
    for _ in 0..20 {
        let (fake, _) = provider(|n| now(granted(n, 240)));
        let gateway = gateway_at(&fake, clock);
        let begin = Instant::now();
        while fake.count("/token") < 2 {
            assert_eq!(served(&fake, &gateway).await, 1);
            pass(SECOND / 4).await;
        }
        let moment = begin.elapsed();
        assert!((204 * SECOND..=217 * SECOND).contains(&moment), "{moment:?}");
        moments.insert(moment);
        pass(SECOND / 7).await;
    }
    assert!(moments.len() > 5, "{moments:?}");
}

#[tokio::test(start_paused = true)]
async fn the_old_token_is_served_while_the_new_one_is_fetched() {
    let (fake, gateway) = provider(|n| match n {
        1 => now(granted(n, 240)),
        _ => after(10 * SECOND, granted(n, 240)),
    });
    ask(&gateway).await.unwrap();
    pass(217 * SECOND).await;
    let begin = Instant::now();
    for _ in 0..100 {
        assert_eq!(served(&fake, &gateway).await, 1);
    }
    assert_eq!(begin.elapsed(), Duration::ZERO, "nobody waited");
    pass(9 * SECOND).await;
    assert_eq!(served(&fake, &gateway).await, 1);
    pass(2 * SECOND).await;
    assert_eq!(served(&fake, &gateway).await, 2);
    assert_eq!(fake.count("/token"), 2);
}

/// Who comes after its end waits for the flight that is under way.
#[tokio::test(start_paused = true)]
async fn no_token_is_served_past_its_end() {
    let (fake, gateway) = provider(|n| match n {
        1 => now(granted(n, 240)),
        _ => after(40 * SECOND, granted(n, 240)),
    });
    let begin = Instant::now();
    let mut served_at = Vec::new();
    while begin.elapsed() < 300 * SECOND {
        let token = served(&fake, &gateway).await;
        served_at.push((token, begin.elapsed()));
        pass(SECOND / 8).await;
    }
    let last_of_first = served_at.iter().rev().find(|(token, _)| *token == 1).unwrap().1;
    assert!(
        last_of_first < 240 * SECOND && last_of_first > 239 * SECOND,
        "{last_of_first:?}"
    );
    assert_eq!(fake.count("/token"), 2, "the one flight is waited for");
}

#[tokio::test(start_paused = true)]
async fn a_failing_renewal_is_not_hammered_and_the_old_token_lasts_to_its_end() {
    let (fake, gateway) = provider(|n| match n {
        1 => now(granted(n, 3600)),
        _ => now(reply(503, "")),
    });
    ask(&gateway).await.unwrap();
    pass(3500 * SECOND).await;
    let begin = Instant::now();
    while begin.elapsed() < 99 * SECOND {
        assert_eq!(served(&fake, &gateway).await, 1);
        pass(SECOND / 100).await;
    }
    // 1, 2, 4, 8, 16 and 32 seconds apart.
    let renewals = fake.count("/token") - 1;
    assert!((6..=7).contains(&renewals), "{renewals} renewals");
    let with_refresh = refreshes(&fake).iter().filter(|refresh| !refresh.is_empty()).count();
    assert_eq!(with_refresh, 1, "the first renewal used it up");
    pass(2 * SECOND).await;
    ask(&gateway).await.expect_err("it has ended");
    ask(&gateway).await.expect_err("and the login fails");
    assert_eq!(fake.count("/token") - 1, renewals + 1);
    assert!(fake.seen().iter().all(|request| token(request) <= 1));
}

/// The pauses between failed renewals grow; once the token has ended, nobody waits that long for the next login.
#[tokio::test(start_paused = true)]
async fn a_provider_that_recovers_is_found_within_a_second_of_the_end() {
    let is_up = Arc::new(AtomicBool::new(true));
    let up = Arc::clone(&is_up);
    let (fake, gateway) = provider(move |n| match up.load(Ordering::SeqCst) {
        true => now(granted(n, 240)),
        false => now(reply(503, "")),
    });
    ask(&gateway).await.unwrap();
    is_up.store(false, Ordering::SeqCst);
    let begin = Instant::now();
    while begin.elapsed() < 239 * SECOND {
        ask(&gateway).await.unwrap();
        pass(SECOND / 10).await;
    }
    is_up.store(true, Ordering::SeqCst);
    pass(2 * SECOND).await;
    assert!(served(&fake, &gateway).await > 1);
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_a_renewal_is_kept_while_the_old_token_is_served() {
    let (fake, gateway) = provider(|n| match n {
        1 => now(granted(n, 3600)),
        2 => now(with_header(reply(429, ""), header::RETRY_AFTER, "20")),
        _ => now(granted(n, 3600)),
    });
    ask(&gateway).await.unwrap();
    pass(3541 * SECOND).await;
    for _ in 0..19 {
        assert_eq!(served(&fake, &gateway).await, 1);
        pass(SECOND).await;
    }
    assert_eq!(fake.count("/token"), 2);
    pass(2 * SECOND).await;
    assert_eq!(served(&fake, &gateway).await, 1);
    pass(SECOND).await;
    assert_eq!(served(&fake, &gateway).await, 3);
}

/// The refused token is under renewal already: everybody waits for that flight, and nobody gets the refused one.
#[tokio::test(start_paused = true)]
async fn a_refused_token_is_served_to_nobody_although_its_renewal_is_slow() {
    let refuses = Arc::new(AtomicBool::new(false));
    let count = AtomicUsize::new(0);
    let fake = Fake::new({
        let refuses = Arc::clone(&refuses);
        move |request| match (request.uri().path(), token(request)) {
            ("/token", _) => match count.fetch_add(1, Ordering::SeqCst) + 1 {
                1 => now(granted(1, 240)),
                n => after(10 * SECOND, granted(n, 240)),
            },
            (_, 1) if refuses.load(Ordering::SeqCst) => now(reply(401, "")),
            _ => now(paid()),
        }
    });
    let gateway = gateway_on(&fake);
    ask(&gateway).await.unwrap();
    pass(217 * SECOND).await;
    assert_eq!(served(&fake, &gateway).await, 1);
    refuses.store(true, Ordering::SeqCst);
    let first = gateway.sale(charge("a1"));
    let others = async {
        pass(SECOND).await;
        for n in 0..100 {
            tokio::time::timeout(Duration::from_millis(1), gateway.sale(charge(&format!("b{n}"))))
                .await
                .expect_err("no token");
        }
    };
    let (sold, ()) = tokio::join!(first, others);
    sold.unwrap();
    let with_first = fake.seen().iter().filter(|request| token(request) == 1).count();
    assert_eq!(with_first, 3, "two questions, and the sale that was refused");
    assert_eq!(fake.count("/token"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_not_served_when_its_renewal_fails_either() {
    let count = AtomicUsize::new(0);
    let fake = Fake::new(move |request| match (request.uri().path(), token(request)) {
        ("/token", _) => match count.fetch_add(1, Ordering::SeqCst) + 1 {
            1 => now(granted(1, 3600)),
            _ => now(reply(503, "")),
        },
        _ => now(reply(401, "")),
    });
    let gateway = gateway_on(&fake);
    for _ in 0..50 {
        gateway.sale(charge("a1")).await.expect_err("no token");
        pass(SECOND / 10).await;
    }
    assert_eq!(fake.count("/pay"), 1);
    assert!(fake.count("/token") <= 6, "{}", fake.count("/token"));
}

/// A provider that refuses whatever it grants: no login for every call.
#[tokio::test(start_paused = true)]
async fn tokens_that_are_all_refused_cost_one_login_a_second() {
    let count = AtomicUsize::new(0);
    let fake = Fake::new(move |request| match request.uri().path() {
        "/token" => now(granted(count.fetch_add(1, Ordering::SeqCst) + 1, 3600)),
        _ => now(reply(401, "")),
    });
    let gateway = gateway_on(&fake);
    let begin = Instant::now();
    for n in 0..20 {
        let error = gateway.sale(charge(&format!("a{n}"))).await.expect_err("refused");
        assert_eq!(error.fate(), paymux::Fate::NotDone);
    }
    let (logins, seconds) = (fake.count("/token"), begin.elapsed().as_secs());
    assert!(logins <= 21 && seconds >= 18, "{logins} logins in {seconds} s");
}

#[tokio::test(start_paused = true)]
async fn a_token_of_one_second_costs_one_login_a_second() {
    let (fake, gateway) = provider(|n| now(granted(n, 1)));
    let begin = Instant::now();
    while begin.elapsed() < 20 * SECOND {
        ask(&gateway).await.unwrap();
        pass(SECOND / 100).await;
    }
    assert!((19..=21).contains(&fake.count("/token")), "{}", fake.count("/token"));
}

/// What each login was asked with, in order.
fn refreshes(fake: &Fake) -> Vec<String> {
    let logins = fake
        .seen()
        .into_iter()
        .filter(|request| request.uri().path() == "/token");
    let text = |request: Request<Bytes>| String::from_utf8_lossy(request.body()).into_owned();
    let inner = |text: String| text["{\"refresh\":\"".len()..text.len() - 2].to_owned();
    logins.map(text).map(inner).collect()
}

/// With renewals that are lost, slow and refused, and tokens that get a 401 meanwhile.
#[tokio::test(start_paused = true)]
async fn no_refresh_token_is_used_twice() {
    let count = AtomicUsize::new(0);
    let calls = AtomicUsize::new(0);
    let fake = Fake::new(move |request| match request.uri().path() {
        "/token" => {
            let n = count.fetch_add(1, Ordering::SeqCst) + 1;
            match n % 5 {
                2 => lost(),
                3 => after(20 * SECOND, granted(n, 240)),
                4 => now(reply(401, "")),
                _ => now(granted(n, 240)),
            }
        }
        _ if calls.fetch_add(1, Ordering::SeqCst) % 397 == 396 => now(reply(401, "")),
        _ => now(paid()),
    });
    let gateway = gateway_on(&fake);
    let begin = Instant::now();
    while begin.elapsed() < 7200 * SECOND {
        let asked = || tokio::time::timeout(5 * SECOND, ask(&gateway));
        let _ = tokio::join!(asked(), asked(), asked());
        pass(3 * SECOND).await;
    }
    let used: Vec<_> = refreshes(&fake)
        .into_iter()
        .filter(|refresh| !refresh.is_empty())
        .collect();
    let once: BTreeSet<_> = used.iter().collect();
    assert_eq!(once.len(), used.len(), "{used:?}");
    assert!(used.len() > 10, "{used:?}");
}

/// Nobody can use what nobody is given.
#[tokio::test(start_paused = true)]
async fn only_the_login_is_given_the_refresh_token() {
    let (fake, gateway) = provider(|n| now(granted(n, 240)));
    let (_, wire) = gateway.open::<Tiny>().unwrap();
    assert!(wire.token().await.unwrap().refresh.is_none());
    pass(240 * SECOND).await;
    assert!(wire.token().await.unwrap().refresh.is_none());
    assert_eq!(refreshes(&fake), ["", "r1"]);
}

/// The renewal stands still with its runtime: the old token is served, and then another login is made.
#[test]
fn a_renewal_on_a_runtime_at_rest_is_passed_over() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    };
    let (resting, driven) = (runtime(), runtime());
    let count = AtomicUsize::new(0);
    let fake = Fake::new(move |request| match request.uri().path() {
        "/token" => match count.fetch_add(1, Ordering::SeqCst) + 1 {
            2 => never(),
            n => now(granted(n, 3600)),
        },
        _ => now(paid()),
    });
    let gateway = resting.block_on(async {
        let mut options = Options::default();
        options.timeout = 5 * SECOND;
        let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
        let tiny = Box::new(Tiny::new(BASE).with_tokens());
        Gateway::with_options("cards", tiny, fake.transport(), clock, options)
    });
    resting.block_on(async {
        ask(&gateway).await.unwrap();
        pass(3511 * SECOND).await;
        while fake.count("/token") < 2 {
            ask(&gateway).await.unwrap();
            pass(SECOND).await;
        }
        assert_eq!(fake.count("/token"), 2);
    });
    driven.block_on(async {
        // A paused clock of its own.
        pass(3580 * SECOND).await;
        assert_eq!(served(&fake, &gateway).await, 1);
        pass(SECOND).await;
        assert_eq!(served(&fake, &gateway).await, 3);
    });
}

fn config(names: &[(&str, &str)]) -> String {
    let gateway = |(name, key): &(&str, &str)| {
        format!("[gateways.{name}]\nprovider = \"tiny\"\nmode = \"test\"\nlogs_in = true\napi_key = \"{key}\"\n")
    };
    names.iter().map(gateway).collect()
}

/// A registry on a provider that counts its logins, whoever makes them.
fn registry(config: &str) -> (Arc<Fake>, Gateways) {
    let count = AtomicUsize::new(0);
    let fake = Fake::new(move |request| match request.uri().path() {
        "/token" => after(SECOND, granted(count.fetch_add(1, Ordering::SeqCst) + 1, 3600)),
        _ => now(paid()),
    });
    let builder = Gateways::builder().register::<TinyConfig>().transport(fake.transport());
    let gateways = builder.from_toml(config).unwrap();
    (fake, gateways)
}

#[tokio::test(start_paused = true)]
async fn gateways_with_the_same_credentials_share_one_login_across_names_and_reloads() {
    let both = config(&[("cards", "k1"), ("more", "k1")]);
    let (fake, gateways) = registry(&both);
    let (cards, more) = (gateways.gateway("cards").unwrap(), gateways.gateway("more").unwrap());
    let (first, second) = tokio::join!(ask(&cards), ask(&more));
    first.and(second).unwrap();
    gateways.reload(&both).unwrap();
    drop((cards, more));
    assert_eq!(served(&fake, &gateways.gateway("more").unwrap()).await, 1);
    let renamed = config(&[("others", "k1")]).replace("mode", "timeout_secs = 5\nmode");
    gateways.reload(&renamed).unwrap();
    assert_eq!(served(&fake, &gateways.gateway("others").unwrap()).await, 1);
    assert_eq!(fake.count("/token"), 1);
}

#[tokio::test(start_paused = true)]
async fn changed_credentials_get_a_token_of_their_own() {
    let (fake, gateways) = registry(&config(&[("cards", "k1"), ("more", "k2")]));
    let of = |name| gateways.gateway(name).unwrap();
    assert_eq!(served(&fake, &of("cards")).await, 1);
    assert_eq!(served(&fake, &of("more")).await, 2);
    gateways.reload(&config(&[("cards", "k3"), ("more", "k2")])).unwrap();
    assert_eq!(served(&fake, &of("cards")).await, 3);
    assert_eq!(served(&fake, &of("more")).await, 2, "what did not change keeps its own");
    gateways.reload(&config(&[("cards", "k1")])).unwrap();
    assert_eq!(served(&fake, &of("cards")).await, 4, "and what went is forgotten");
    let keys = |request: &Request<Bytes>| request.headers()["x-key"].to_str().unwrap().to_owned();
    for request in fake.seen().iter().filter(|request| token(request) > 0) {
        let key = ["k1", "k2", "k3", "k1"][token(request) - 1];
        assert_eq!(keys(request), key, "a token goes out with the key that got it");
    }
}

/// A copy of a builder may have another transport, so another world.
#[tokio::test(start_paused = true)]
async fn registries_share_no_token() {
    let text = config(&[("cards", "k1")]);
    let fake = Fake::new(|request| match request.uri().path() {
        "/token" => now(granted(1, 3600)),
        _ => now(paid()),
    });
    let builder = Gateways::builder().register::<TinyConfig>().transport(fake.transport());
    let (one, two) = (
        builder.clone().from_toml(&text).unwrap(),
        builder.from_toml(&text).unwrap(),
    );
    ask(&one.gateway("cards").unwrap()).await.unwrap();
    ask(&two.gateway("cards").unwrap()).await.unwrap();
    assert_eq!(fake.count("/token"), 2);
}
