//! A caller may drop its future at any await: nothing stays behind that stops the next call.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use common::adapter::{Flow, Tiny};
use common::fake::{BASE, Fake, Fate, lost, paid, refused, reply, with_header};
use common::{charge, payment};
use http::{StatusCode, header};
use jiff::Timestamp;
use paymux::{Call, Error, Gateway, Inquiry, Lost, Operation, PaymentGateway, Reply, TokioClock, Wire as _};

const SECOND: Duration = Duration::from_secs(1);

/// A reply that takes several polls: some at once, some after a time.
fn slowly(reply: Reply) -> Fate {
    Box::pin(async move {
        for _ in 0..2 {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(reply)
    })
}

/// Polls a future so often and drops it; `true` if it was done before.
async fn dropped_after<T>(polls: usize, future: impl Future<Output = T>) -> bool {
    let mut future = pin!(future);
    let mut made = 0;
    poll_fn(|context| {
        if made == polls {
            return Poll::Ready(false);
        }
        made += 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

/// One money call under a key, with a wait, a note and a question before it: every await that an adapter can make.
const EVERYTHING: Flow = |tiny, operation, wire| {
    Box::pin(async move {
        if matches!(operation, Operation::Inquire(_)) {
            return tiny.once(operation, wire).await;
        }
        wire.token().await?;
        wire.wait(SECOND / 10).await;
        tiny.ask("4711", wire).await.ok();
        wire.note(paymux::Memo::new("payment", "4711")).await?;
        let until = wire.now().checked_add(3600 * SECOND).unwrap_or(Timestamp::MAX);
        let call = Call::keyed(tiny.pay(operation)?, until).nothing_done_on(&[StatusCode::TOO_MANY_REQUESTS]);
        match wire.send(call).await {
            Ok(reply) => tiny.read(&reply, wire.now()),
            Err(Lost::NotSent(error) | Lost::Unknown(error)) => Err(error),
        }
    })
};

/// A provider at which everything happens once: a login that fails, tokens that end, a 401, a 429, a request that does not leave, a lost answer, a 500.
fn provider(refuses_first_login: bool) -> Arc<Fake> {
    let (logins, calls) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Fake::new(move |request| {
        if request.uri().path() == "/token" {
            let n = logins.fetch_add(1, Ordering::SeqCst);
            return match n {
                0 if refuses_first_login => slowly(reply(503, "")),
                _ => slowly(reply(
                    200,
                    &format!(r#"{{"access":"t{n}","refresh":"r{n}","life_secs":20}}"#),
                )),
            };
        }
        match calls.fetch_add(1, Ordering::SeqCst) {
            0 => slowly(reply(401, "")),
            1 => slowly(with_header(reply(429, ""), header::RETRY_AFTER, "3")),
            2 => refused(),
            3 => lost(),
            4 => slowly(reply(500, "")),
            _ => slowly(paid()),
        }
    })
}

fn gateway_on(fake: &Arc<Fake>) -> Gateway {
    let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
    let tiny = Tiny::new(BASE).with_tokens().flow(EVERYTHING);
    Gateway::new("cards", Box::new(tiny), fake.transport(), clock)
}

/// Drops one call of a fresh gateway after every possible number of polls. Each time, the next calls go through: a question, the same sale, and after a
/// minute of rest nothing is left under way. Gives the number of polls that the whole call takes.
async fn drop_everywhere<F, T>(refuses_first_login: bool, call: impl Fn(Gateway) -> F) -> usize
where
    F: Future<Output = Result<T, Error>>,
{
    for polls in 0.. {
        let fake = provider(refuses_first_login);
        let gateway = gateway_on(&fake);
        let done = dropped_after(polls, call(gateway.clone())).await;
        // The hold-back after a failed login, and the quiet that the provider asked for, are no fault of who was dropped.
        tokio::time::sleep(4 * SECOND).await;
        let logins = fake.count("/token");
        let goes_through = async {
            // What the provider still has in hand against the next calls is not what is tested.
            for _ in 0..3 {
                gateway.inquire(Inquiry::Payment(payment("4711"))).await.ok();
                tokio::time::sleep(4 * SECOND).await;
            }
            gateway.inquire(Inquiry::Payment(payment("4711"))).await.map(drop)?;
            gateway.sale(charge("a1")).await.map(drop)
        };
        let went = tokio::time::timeout(40 * SECOND, goes_through).await;
        went.unwrap_or_else(|_| panic!("stuck after {polls} polls"))
            .unwrap_or_else(|error| panic!("after {polls} polls: {error}"));
        tokio::time::sleep(60 * SECOND).await;
        assert_eq!(fake.open(), 0, "after {polls} polls an exchange is left");
        assert!(format!("{gateway:?}").contains("in_flight: 0"), "after {polls} polls");
        assert!(logins <= 3, "after {polls} polls: {logins} logins");
        if done {
            return polls;
        }
        assert!(polls < 1000, "it has no end");
    }
    unreachable!("the loop has no end of its own")
}

#[tokio::test(start_paused = true)]
async fn a_sale_may_be_dropped_at_any_await() {
    let polls = drop_everywhere(false, |gateway| async move { gateway.sale(charge("a1")).await }).await;
    assert!(polls > 20, "only {polls} polls");
    let polls = drop_everywhere(true, |gateway| async move {
        let _ = gateway.sale(charge("a0")).await;
        tokio::time::sleep(SECOND).await;
        gateway.sale(charge("a1")).await
    })
    .await;
    assert!(polls > 20, "only {polls} polls");
}

#[tokio::test(start_paused = true)]
async fn a_question_may_be_dropped_at_any_await() {
    let inquire = |gateway: Gateway| async move { gateway.inquire(Inquiry::Payment(payment("4711"))).await };
    let polls = drop_everywhere(false, inquire).await;
    assert!(polls > 10, "only {polls} polls");
}

#[tokio::test(start_paused = true)]
async fn a_token_may_be_dropped_at_any_await() {
    for refuses in [false, true] {
        let token = |gateway: Gateway| async move {
            let (_, wire) = gateway.open::<Tiny>()?;
            wire.token().await
        };
        let polls = drop_everywhere(refuses, token).await;
        assert!(polls > 1, "only {polls} polls");
    }
}

/// Callers who joined a call whose leader is dropped at any await get an error, and the next one goes through.
#[tokio::test(start_paused = true)]
async fn a_leader_may_be_dropped_at_any_await_while_others_follow() {
    for polls in 1.. {
        let fake = provider(false);
        let gateway = gateway_on(&fake);
        let sale = || gateway.sale(charge("a1"));
        let follower = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            tokio::time::timeout(61 * SECOND, sale())
                .await
                .expect("a follower has an end")
        };
        let leader = async {
            let done = dropped_after(polls, sale()).await;
            // Somebody who comes right after it.
            if !done {
                tokio::time::timeout(61 * SECOND, sale())
                    .await
                    .expect("the next one has an end")
                    .ok();
            }
            done
        };
        let (done, followed) = tokio::join!(leader, follower);
        if let Err(error) = followed {
            assert_eq!(
                error.fate() == paymux::Fate::Unknown,
                error.unresolved().is_some(),
                "{error}"
            );
        }
        tokio::time::sleep(60 * SECOND).await;
        assert_eq!(fake.open(), 0, "after {polls} polls");
        assert!(format!("{gateway:?}").contains("in_flight: 0"), "after {polls} polls");
        if done {
            assert!(polls > 10, "only {polls} polls");
            return;
        }
    }
}

/// As many as one likes, each dropped at another moment; the repetitions in hand are spent by what was sent again, and by nothing else.
#[tokio::test(start_paused = true)]
async fn a_thousand_dropped_calls_leave_a_gateway_as_it_was() {
    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let fake = Fake::new(move |request| match request.uri().path() {
        "/token" => slowly(reply(200, r#"{"access":"t","life_secs":3600}"#)),
        _ if down.load(Ordering::SeqCst) => refused(),
        _ => slowly(paid()),
    });
    let gateway = gateway_on(&fake);
    for n in 0..1000 {
        dropped_after(n % 12, gateway.sale(charge(&format!("a{n}")))).await;
    }
    gateway.sale(charge("last")).await.unwrap();
    assert_eq!((fake.open(), fake.count("/token")), (0, 1));
    assert!(format!("{gateway:?}").contains("in_flight: 0"));
    is_down.store(true, Ordering::SeqCst);
    let before = fake.seen().len();
    gateway
        .inquire(Inquiry::Payment(payment("4711")))
        .await
        .expect_err("down");
    assert_eq!(fake.seen().len() - before, 3);
}
