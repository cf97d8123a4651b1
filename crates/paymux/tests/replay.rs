//! What is sent again: questions, and money under a key that the provider recognises; how often, how fast, and until when.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, header};
use jiff::Timestamp;
use paymux::{
    Account, Call, Error, ErrorKind, Fate, Gateway, Gateways, Inquiry, Lost, Operation, Options, PaymentGateway,
    Policy, TokioClock,
};

use common::adapter::{Flow, Tiny, TinyConfig};
use common::fake::{BASE, Fake, ONCE, lost, never, now, on, paid, refused, reply, sale, with_header};
use common::{charge, payment};

const SECOND: Duration = Duration::from_secs(1);

/// One money call under a key, good for ten seconds.
const KEYED: Flow = |tiny, operation, wire| {
    Box::pin(async move {
        if matches!(operation, Operation::Inquire(_)) {
            return tiny.once(operation, wire).await;
        }
        let until = wire.now().checked_add(10 * SECOND).unwrap_or(Timestamp::MAX);
        let call = Call::keyed(tiny.pay(operation)?, until).nothing_done_on(&[StatusCode::TOO_MANY_REQUESTS]);
        match wire.send(call).await {
            Ok(reply) => tiny.read(&reply, wire.now()),
            Err(Lost::NotSent(error) | Lost::Unknown(error)) => Err(error),
        }
    })
};

async fn ask(gateway: &Gateway) -> Result<(), Error> {
    gateway.inquire(Inquiry::Payment(payment("4711"))).await.map(drop)
}

fn with_policy(fake: &Arc<Fake>, flow: Flow, policy: Policy) -> Gateway {
    let mut options = Options::default();
    options.policy = policy;
    let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
    Gateway::with_options(
        "cards",
        Box::new(Tiny::new(BASE).flow(flow)),
        fake.transport(),
        clock,
        options,
    )
}

#[tokio::test(start_paused = true)]
async fn a_question_is_asked_up_to_three_times() {
    for status in [408, 500, 502, 503, 504] {
        let fake = Fake::new(move |_| now(reply(status, "")));
        ask(&on(&fake, ONCE)).await.expect_err("no answer");
        assert_eq!(fake.seen().len(), 3, "{status}");
    }
    for status in [400, 403, 404, 409, 422] {
        let fake = Fake::new(move |_| now(reply(status, "")));
        ask(&on(&fake, ONCE)).await.expect_err("refused");
        assert_eq!(fake.seen().len(), 1, "{status} is an answer");
    }
    let fake = Fake::new(|_| lost());
    ask(&on(&fake, ONCE)).await.expect_err("lost");
    assert_eq!(fake.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn money_under_a_key_is_sent_again_byte_for_byte() {
    for first in [lost(), now(reply(500, "")), now(reply(408, ""))] {
        let (result, fake) = sale(vec![first, now(paid())], KEYED).await;
        assert!(result.unwrap().is_approved());
        let bodies: Vec<Bytes> = fake.seen().iter().map(|request| request.body().clone()).collect();
        assert_eq!(bodies.len(), 2);
        assert_eq!(bodies[0], bodies[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn once_an_attempt_was_lost_nothing_but_a_2xx_ends_the_doubt() {
    for second in [409, 400, 401, 429, 500] {
        let replies = (0..3).map(|_| now(reply(second, "")));
        let (result, _) = sale([lost()].into_iter().chain(replies).collect(), KEYED).await;
        let error = result.expect_err("no answer");
        assert_eq!(error.fate(), Fate::Unknown, "{second}: {error}");
        assert!(error.unresolved().is_some());
    }
    let (result, fake) = sale(vec![lost(), refused(), refused()], KEYED).await;
    assert_eq!(result.expect_err("not sent, and lost before").fate(), Fate::Unknown);
    assert_eq!(fake.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_has_ended_is_not_sent_again() {
    let fake = Fake::new(|_| common::fake::after(11 * SECOND, reply(500, "")));
    let policy = Policy::default();
    let error = with_policy(&fake, KEYED, policy)
        .sale(charge("a1"))
        .await
        .expect_err("no answer");
    assert_eq!((error.fate(), fake.seen().len()), (Fate::Unknown, 1));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_ends_while_the_provider_wants_quiet_is_not_sent_again() {
    let quiet = now(with_header(reply(429, ""), header::RETRY_AFTER, "31"));
    let replies = Mutex::new(vec![quiet, lost()]);
    let fake = Fake::new(move |_| replies.lock().unwrap().pop().expect("no third request"));
    let gateway = with_policy(&fake, KEYED, Policy::default());
    let error = gateway.sale(charge("a1")).await.expect_err("no answer");
    assert_eq!((error.fate(), fake.seen().len()), (Fate::Unknown, 2));
}

#[tokio::test(start_paused = true)]
async fn money_without_a_key_is_never_sent_again() {
    for broken in [
        lost(),
        never(),
        now(reply(500, "")),
        now(reply(408, "")),
        now(reply(429, "")),
    ] {
        let (_, fake) = sale(vec![broken], ONCE).await;
        assert_eq!(fake.seen().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn never_means_once_even_for_what_was_not_sent() {
    for flow in [ONCE, KEYED] {
        let fake = Fake::new(|_| refused());
        let gateway = with_policy(&fake, flow, Policy::never());
        assert_eq!(
            gateway.sale(charge("a1")).await.expect_err("refused").fate(),
            Fate::NotDone
        );
        ask(&gateway).await.expect_err("refused");
        assert_eq!(fake.seen().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn one_429_quiets_every_caller_for_as_long_as_it_says() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let fake = Fake::new(move |_| match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => now(with_header(reply(429, ""), header::RETRY_AFTER, "31")),
        _ => now(paid()),
    });
    let gateway = on(&fake, KEYED);
    let start = tokio::time::Instant::now();
    let (first, second) = tokio::join!(gateway.sale(charge("a1")), async {
        tokio::time::sleep(SECOND).await;
        ask(&gateway).await
    });
    assert!(first.unwrap().outcome.is_approved());
    second.unwrap();
    assert!(start.elapsed() >= 31 * SECOND, "{:?}", start.elapsed());
    assert_eq!(fake.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_longer_than_the_deadline_fails_at_once_and_says_when() {
    let fake = Fake::new(|_| now(with_header(reply(429, ""), header::RETRY_AFTER, "600")));
    let gateway = on(&fake, KEYED);
    let start = tokio::time::Instant::now();
    gateway.sale(charge("a1")).await.expect_err("too many");
    let error = ask(&gateway).await.expect_err("still too many");
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::NotDone));
    assert!(
        error.is_rate_limited() && error.retry_after() > Some(599 * SECOND),
        "{error}"
    );
    assert!(start.elapsed() < SECOND);
    assert_eq!(fake.seen().len(), 1, "the second was not sent");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_not_multiplied_beyond_the_budget() {
    let fake = Fake::new(|_| now(reply(503, "")));
    let gateway = on(&fake, ONCE);
    for _ in 0..100 {
        ask(&gateway).await.expect_err("down");
    }
    assert_eq!(fake.seen().len(), 100 + 20, "twenty repetitions in hand");
}

/// The provider's own way to say when: a date.
#[tokio::test(start_paused = true)]
async fn a_date_after_a_429_is_kept_like_seconds() {
    let replies = Mutex::new(vec![
        now(paid()),
        now(with_header(
            reply(429, ""),
            header::RETRY_AFTER,
            "Thu, 01 Jan 1970 00:00:31 GMT",
        )),
    ]);
    let fake = Fake::new(move |_| replies.lock().unwrap().pop().expect("no third request"));
    let begin = tokio::time::Instant::now();
    with_policy(&fake, KEYED, Policy::default())
        .sale(charge("a1"))
        .await
        .unwrap();
    let elapsed = begin.elapsed();
    assert!(elapsed >= 31 * SECOND && elapsed < 32 * SECOND, "{elapsed:?}");
}

/// An adapter that forgets to say when.
const FORGETFUL: Flow = |tiny, operation, wire| {
    Box::pin(async move {
        let answer = tiny.once(operation, wire).await;
        answer.map_err(|error| error.with_retry_after(None))
    })
};

#[tokio::test(start_paused = true)]
async fn money_that_may_not_be_repeated_is_reported_after_a_429_and_the_error_says_when() {
    for flow in [ONCE, FORGETFUL] {
        for when in ["31", "Thu, 01 Jan 1970 00:00:31 GMT"] {
            let fake = Fake::new(move |_| now(with_header(reply(429, ""), header::RETRY_AFTER, when)));
            let gateway = with_policy(&fake, flow, Policy::default());
            let begin = tokio::time::Instant::now();
            let error = gateway.sale(charge("a1")).await.expect_err("too many");
            assert_eq!(
                (error.retry_after(), begin.elapsed()),
                (Some(31 * SECOND), Duration::ZERO)
            );
            assert_eq!((error.fate(), error.is_rate_limited()), (Fate::NotDone, true));
            assert!(error.report().contains("wait      31 s"), "{}", error.report());
            assert_eq!(fake.seen().len(), 1, "{when}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_quiets_every_gateway_on_the_account_and_across_a_reload() {
    const CONFIG: &str = "[gateways.cards]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"k1\"\n\
                          [gateways.more]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"k2\"\n";
    let fake = Fake::new(|_| now(with_header(reply(429, ""), header::RETRY_AFTER, "600")));
    let builder = Gateways::builder().register::<TinyConfig>().transport(fake.transport());
    let gateways = builder.from_toml(CONFIG).unwrap();
    let hushed = async |name: &str| {
        let error = ask(&gateways.gateway(name).unwrap()).await.expect_err("too many");
        assert!(
            error.is_rate_limited() && error.retry_after() > Some(590 * SECOND),
            "{error}"
        );
    };
    hushed("cards").await;
    hushed("more").await;
    for config in [
        CONFIG.to_owned(),
        CONFIG.replace("cards", "other"),
        CONFIG.replace("k1", "k3"),
    ] {
        gateways.reload(&config).unwrap();
        hushed("more").await;
    }
    hushed("cards").await;
    assert_eq!(fake.seen().len(), 1, "only the first one went out");
    tokio::time::sleep(600 * SECOND).await;
    hushed("more").await;
    assert_eq!(fake.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn other_accounts_are_not_quieted() {
    let fake = Fake::new(|_| now(with_header(reply(429, ""), header::RETRY_AFTER, "600")));
    let options = Options::default();
    let on = |account: &[&str]| {
        let tiny = Tiny::new(BASE).account(Account::of(account));
        let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
        Gateway::with_options("cards", Box::new(tiny), fake.transport(), clock, options.clone())
    };
    let (mine, mine_too, other) = (on(&["m1"]), on(&["m1"]), on(&["m2"]));
    for gateway in [&mine, &mine_too, &other] {
        let inquiry = Inquiry::Reference("a1".parse().unwrap());
        gateway.inquire(inquiry).await.expect_err("too many");
    }
    assert_eq!(fake.seen().len(), 2);
}
