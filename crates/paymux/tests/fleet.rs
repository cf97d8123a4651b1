//! Processes that share a token store make one login, and none of its failures is one of a payment. Each registry stands for a process.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use common::adapter::TinyConfig;
use common::fake::{Fake, Fate, after, never, now, paid, reply};
use common::memory::{Memory, Mood};
use common::spans::Spans;
use common::{charge, payment};
use http::{Request, header};
use jiff::Timestamp;
use paymux::{Error, Gateway, Gateways, Inquiry, PaymentGateway as _, TokenStore as _, TokioClock, Wire as _};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const CONFIG: &str = "[gateways.cards]\nprovider = \"tiny\"\nmode = \"test\"\nlogs_in = true\napi_key = \"k1\"\n";

/// A provider, a store and a time that processes share.
struct World {
    fake: Arc<Fake>,
    store: Arc<Memory>,
    clock: TokioClock,
    /// The tokens below this number are refused.
    valid: Arc<AtomicUsize>,
}

/// The number of the token of a call; 0 for the login.
fn token(request: &Request<Bytes>) -> usize {
    let value = request.headers().get(header::AUTHORIZATION);
    value.map_or(0, |value| {
        let text = value.to_str().unwrap();
        text.strip_prefix("Bearer t").unwrap().parse().unwrap()
    })
}

fn granted(n: usize) -> paymux::Reply {
    let text = format!(r#"{{"access":"t{n}","refresh":"r{n}","life_secs":3600}}"#);
    reply(200, &text)
}

impl World {
    /// With a provider that answers the n-th login (from 1) like this.
    fn new(login: impl Fn(usize) -> Fate + Send + Sync + 'static) -> Self {
        let valid = Arc::new(AtomicUsize::new(0));
        let least = Arc::clone(&valid);
        let count = AtomicUsize::new(0);
        let fake = Fake::new(move |request| match request.uri().path() {
            "/token" => login(count.fetch_add(1, Ordering::SeqCst) + 1),
            _ if token(request) < least.load(Ordering::SeqCst) => now(reply(401, "")),
            _ => now(paid()),
        });
        Self {
            fake,
            store: Memory::new(),
            clock: TokioClock::new(Timestamp::UNIX_EPOCH),
            valid,
        }
    }

    fn process(&self) -> Gateway {
        let builder = Gateways::builder().register::<TinyConfig>();
        let builder = builder.transport(self.fake.transport()).clock(Arc::new(self.clock));
        let gateways = builder.token_store(self.store.clone()).from_toml(CONFIG).unwrap();
        gateways.gateway("cards").unwrap()
    }

    fn logins(&self) -> usize {
        self.fake.count("/token")
    }

    /// The refresh tokens that the logins were made with.
    fn refreshes(&self) -> Vec<String> {
        let logins = self.fake.seen().into_iter().filter(|r| r.uri().path() == "/token");
        logins
            .map(|r| {
                String::from_utf8_lossy(r.body())
                    .replace(['{', '}', '"'], "")
                    .replace("refresh:", "")
            })
            .collect()
    }
}

async fn ask(gateway: &Gateway) -> Result<(), Error> {
    gateway.inquire(Inquiry::Payment(payment("4711"))).await.map(drop)
}

/// The token that a question goes out with.
async fn served(world: &World, gateway: &Gateway) -> usize {
    ask(gateway).await.unwrap();
    token(&world.fake.last())
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

fn prompt() -> World {
    World::new(|n| after(SECOND, granted(n)))
}

#[tokio::test(start_paused = true)]
async fn four_processes_with_a_thousand_callers_each_make_one_login() {
    let world = prompt();
    let processes = [(); 4].map(|()| world.process());
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..4_000 {
        let gateway = processes[n % 4].clone();
        calls.spawn(async move { gateway.sale(charge(&format!("a{n}"))).await.map(drop) });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    assert_eq!((world.logins(), world.fake.count("/pay")), (1, 4_000));
}

#[tokio::test(start_paused = true)]
async fn one_renews_for_all_with_the_refresh_token_that_another_got() {
    let world = prompt();
    let (first, second) = (world.process(), world.process());
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (1, 1));
    for round in 2..=5 {
        pass(3590 * SECOND).await;
        for gateway in [&second, &first] {
            ask(gateway).await.unwrap();
            pass(5 * SECOND).await;
        }
        assert_eq!(
            (served(&world, &first).await, served(&world, &second).await),
            (round, round)
        );
    }
    assert_eq!(world.refreshes(), ["", "r1", "r2", "r3", "r4"]);
}

/// Who waits for another's login is served the token that is still good meanwhile.
#[tokio::test(start_paused = true)]
async fn the_old_token_is_served_while_another_process_renews_it() {
    let world = World::new(|n| match n {
        1 => now(granted(n)),
        _ => after(20 * SECOND, granted(n)),
    });
    let (first, second) = (world.process(), world.process());
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (1, 1));
    pass(3550 * SECOND).await;
    let begin = Instant::now();
    for _ in 0..10 {
        assert_eq!((served(&world, &first).await, served(&world, &second).await), (1, 1));
        pass(SECOND).await;
    }
    assert!(begin.elapsed() < 11 * SECOND, "nobody waited");
    pass(15 * SECOND).await;
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (2, 2));
    assert_eq!(world.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_holder_is_gone_costs_its_rest() {
    let world = prompt();
    world.store.hold(5 * SECOND);
    let begin = Instant::now();
    assert_eq!(served(&world, &world.process()).await, 1);
    let waited = begin.elapsed();
    assert!((6 * SECOND..=6 * SECOND + SECOND / 10).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_login_that_takes_several_leases_is_still_one() {
    let world = World::new(|n| after(25 * SECOND, granted(n)));
    let (first, second) = (world.process(), world.process());
    let (one, two) = tokio::join!(ask(&first), ask(&second));
    one.and(two).unwrap();
    assert_eq!(world.logins(), 1);
}

/// Half of an operation's time; no payment fails because another process hangs.
#[tokio::test(start_paused = true)]
async fn who_waited_long_enough_logs_in_by_itself() {
    let world = World::new(|n| match n {
        1 => never(),
        _ => after(SECOND, granted(n)),
    });
    let (first, second) = (world.process(), world.process());
    let begin = Instant::now();
    let hanging = tokio::spawn(async move { ask(&first).await });
    pass(SECOND).await;
    assert_eq!(served(&world, &second).await, 2);
    let waited = begin.elapsed();
    assert!((32 * SECOND..=33 * SECOND).contains(&waited), "{waited:?}");
    hanging.await.unwrap().expect_err("its own login hangs");
}

#[tokio::test(start_paused = true)]
async fn without_the_store_each_process_logs_in_and_says_so_once() {
    let (spans, _watch) = Spans::watch();
    let world = prompt();
    world.store.mood(Mood::Fails);
    let (first, second) = (world.process(), world.process());
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (1, 2));
    assert_eq!(spans.said("WARN").len(), 2, "once for each: {:?}", spans.said("WARN"));
    // And goes on by itself, with its own refresh token.
    pass(3600 * SECOND).await;
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (3, 4));
    assert_eq!(world.refreshes(), ["", "", "r1", "r2"]);
    assert_eq!(spans.said("WARN").len(), 2, "{:?}", spans.said("WARN"));
    // It is back: one login for both, with the refresh token of the one that makes it.
    world.store.mood(Mood::Well);
    pass(3600 * SECOND).await;
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (5, 5));
    assert_eq!(world.refreshes().last().unwrap(), "r3");
    assert_eq!(spans.said("INFO").len(), 2, "once for each: {:?}", spans.said("INFO"));
    world.store.mood(Mood::Fails);
    pass(3600 * SECOND).await;
    ask(&first).await.unwrap();
    assert_eq!(spans.said("WARN").len(), 3, "another outage");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_costs_half_a_second_once() {
    let (spans, _watch) = Spans::watch();
    let world = prompt();
    world.store.mood(Mood::Hangs);
    let gateway = world.process();
    let begin = Instant::now();
    ask(&gateway).await.unwrap();
    assert_eq!(begin.elapsed(), SECOND + SECOND / 2);
    for _ in 0..100 {
        ask(&gateway).await.unwrap();
    }
    assert_eq!(begin.elapsed(), SECOND + SECOND / 2);
    assert_eq!((world.logins(), spans.said("WARN").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_is_still_shared() {
    let world = prompt();
    world.store.mood(Mood::Slow(SECOND * 2 / 5));
    let (first, second) = (world.process(), world.process());
    let (one, two) = tokio::join!(ask(&first), ask(&second));
    one.and(two).unwrap();
    assert_eq!(world.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_in_the_middle_of_a_login_loses_nothing() {
    for mood in [Mood::Fails, Mood::Hangs, Mood::ReadOnly] {
        let world = World::new(|n| after(10 * SECOND, granted(n)));
        let (first, second) = (world.process(), world.process());
        let both = async {
            let (one, two) = tokio::join!(ask(&first), ask(&second));
            one.and(two)
        };
        let gone = async {
            pass(SECOND).await;
            world.store.mood(mood);
        };
        let (both, ()) = tokio::join!(both, gone);
        both.unwrap_or_else(|error| panic!("{mood:?}: {error}"));
        assert_eq!(world.logins(), 2, "{mood:?}: two that fall back both log in");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_forgets_everything_costs_nothing_until_the_token_ends() {
    let world = prompt();
    let (first, second) = (world.process(), world.process());
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (1, 1));
    world.store.flush();
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (1, 1));
    pass(3600 * SECOND).await;
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (2, 2));
    assert_eq!(world.logins(), 2);
}

/// The lease is gone with the rest, and another takes it: two logins, and the older one puts nothing over the newer.
#[tokio::test(start_paused = true)]
async fn a_store_that_forgets_a_lease_lets_two_log_in() {
    let world = World::new(|n| after(SECOND * if n == 1 { 10 } else { 2 }, granted(n)));
    let (first, second) = (world.process(), world.process());
    let slow = tokio::spawn({
        let first = first.clone();
        async move { ask(&first).await }
    });
    pass(SECOND).await;
    world.store.flush();
    assert_eq!(served(&world, &second).await, 2);
    slow.await.unwrap().unwrap();
    assert_eq!(served(&world, &first).await, 1, "its own token is good as well");
    assert_eq!(served(&world, &world.process()).await, 2, "and not the fleet's");
    assert_eq!(world.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_401_at_one_process_gets_one_new_token_for_all() {
    let world = prompt();
    let (first, second) = (world.process(), world.process());
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (1, 1));
    pass(60 * SECOND).await;
    world.valid.store(2, Ordering::SeqCst);
    assert_eq!(served(&world, &first).await, 2);
    // The other one meets its 401 long after, says so, and is given the new one: it does not end that.
    pass(60 * SECOND).await;
    assert_eq!(served(&world, &second).await, 2);
    let (_, generation, refused) = world.store.only();
    assert_eq!((generation.as_str(), refused), ("lease2", false));
    assert_eq!(served(&world, &world.process()).await, 2);
    assert_eq!(world.refreshes(), ["", "r1"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_refused_is_given_to_nobody() {
    let world = prompt();
    ask(&world.process()).await.unwrap();
    let (credentials, generation, _) = world.store.only();
    world.store.invalidate(&credentials, "lease0").await.unwrap();
    assert_eq!(served(&world, &world.process()).await, 1, "another generation stays");
    world.store.invalidate(&credentials, &generation).await.unwrap();
    assert_eq!(served(&world, &world.process()).await, 2);
    assert_eq!(world.refreshes(), ["", "r1"]);
}

/// A process fell back and logged in; the store came back with the token from before. That one is no answer to a 401 of the newer one, since a call
/// is made again only once.
#[tokio::test(start_paused = true)]
async fn an_older_token_is_not_taken_for_one_that_was_refused() {
    let world = prompt();
    let (first, second) = (world.process(), world.process());
    ask(&first).await.unwrap();
    pass(60 * SECOND).await;
    world.store.mood(Mood::Fails);
    assert_eq!(served(&world, &second).await, 2);
    world.store.mood(Mood::Well);
    pass(60 * SECOND).await;
    world.valid.store(3, Ordering::SeqCst);
    assert_eq!(served(&world, &second).await, 3);
    assert_eq!(served(&world, &first).await, 3);
    assert_eq!(world.logins(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_gives_its_lease_back() {
    let world = World::new(|n| match n {
        1 => now(reply(503, "")),
        _ => now(granted(n)),
    });
    let (first, second) = (world.process(), world.process());
    ask(&first).await.expect_err("no login");
    let begin = Instant::now();
    assert_eq!(served(&world, &second).await, 2);
    assert!(begin.elapsed() < SECOND / 10);
    pass(SECOND).await;
    assert_eq!(served(&world, &first).await, 2);
}

/// A refresh token is taken out before it is used, so that whoever comes after a lost answer mints.
#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_used_once_in_the_fleet() {
    let lost = Mutex::new(Some(()));
    let world = World::new(move |n| match n {
        2 if lost.lock().unwrap().take().is_some() => common::fake::lost(),
        _ => now(granted(n)),
    });
    let (first, second) = (world.process(), world.process());
    assert_eq!((served(&world, &first).await, served(&world, &second).await), (1, 1));
    pass(3600 * SECOND).await;
    ask(&first).await.expect_err("the answer of the refresh is lost");
    assert_eq!(served(&world, &second).await, 3);
    pass(3600 * SECOND).await;
    assert_eq!(served(&world, &first).await, 4);
    assert_eq!(world.refreshes(), ["", "r1", "", "r3"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_but_the_login_is_given_the_refresh_token() {
    let world = prompt();
    for gateway in [world.process(), world.process()] {
        let (_, wire) = gateway.open::<common::adapter::Tiny>().unwrap();
        assert!(wire.token().await.unwrap().refresh.is_none());
    }
    let (credentials, ..) = world.store.only();
    assert!(credentials.len() == 64 && credentials.bytes().all(|b| b.is_ascii_hexdigit()));
    let stored = world.store.load(&credentials).await.unwrap().unwrap();
    assert!(stored.token.refresh.is_none());
    assert!(!format!("{stored:?} {:?}", world.store).contains("t1"));
}
