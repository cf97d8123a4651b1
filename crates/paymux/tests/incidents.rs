//! What went wrong in other libraries, each as a test of the engine: it does not go wrong here. Every doc comment tells the incident and where it is written
//! down.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use common::adapter::{Flow, Tiny};
use common::fake::{BASE, Fake, ONCE, lost, never, now, on, paid, reply, sale, with_header};
use common::server::{Act, Server};
use common::{charge, payment, transports};
use http::{HeaderValue, Method, Request, header};
use jiff::Timestamp;
use paymux::{
    Call, Clock as _, Error, Fate, Gateway, Inquiry, Lost, Operation, Options, PaymentGateway, Policy, SystemClock,
    TokioClock, idempotency_key, request,
};

const SECOND: Duration = Duration::from_secs(1);

/// A metadata server gives the same token until shortly before its end, and a cache that wants more life than is left asks again for every request.
///
/// <https://github.com/apache/arrow-rs-object-store/issues/41>
#[tokio::test(start_paused = true)]
async fn gke_token_storm_when_the_provider_repeats_a_token_near_its_end() {
    let clock = TokioClock::new(Timestamp::UNIX_EPOCH);
    let grant = move || {
        // The same one for an hour, and then another for an hour.
        let (hour, second) = (clock.now().as_second() / 3600, clock.now().as_second() % 3600);
        reply(
            200,
            &format!(r#"{{"access":"hour{hour}","life_secs":{}}}"#, 3600 - second),
        )
    };
    let fake = Fake::new(move |request| match request.uri().path() {
        "/token" => now(grant()),
        _ => now(paid()),
    });
    let tiny = Box::new(Tiny::new(BASE).with_tokens());
    let gateway = Gateway::new("cards", tiny, fake.transport(), Arc::new(clock));
    tokio::time::sleep(3000 * SECOND).await;
    for _ in 0..6600 {
        gateway.inquire(Inquiry::Payment(payment("4711"))).await.unwrap();
        let (hour, second) = (clock.now().as_second() / 3600, clock.now().as_second() % 3600);
        // What is left of a life is told in whole seconds.
        if second > 1 {
            let bearer = format!("Bearer hour{hour}");
            assert!(
                fake.last().headers()[header::AUTHORIZATION] == bearer,
                "{second} s after {bearer}"
            );
        }
        tokio::time::sleep(SECOND / 10).await;
    }
    let logins = fake.count("/token");
    assert!((2..=10).contains(&logins), "{logins} logins for 6600 questions");
}

/// A client that was told never to retry sends once more when the server closes a connection that was kept alive, since that is taken for "not sent"; but the
/// server may have read the request.
///
/// <https://github.com/stripe/stripe-node/blob/master/src/RequestSender.ts>, `_shouldRetry`
#[tokio::test]
async fn stripe_node_retries_on_a_closed_keep_alive_connection_although_retries_are_off() {
    for policy in [Policy::never(), Policy::default()] {
        for act in [Act::WriteFin(""), Act::ResetRead] {
            for (name, transport) in transports() {
                let server = Server::start([Act::Write(common::server::paid()), act.clone()]).await;
                let mut options = Options::default();
                options.policy = policy;
                let tiny = Box::new(Tiny::new(&server.base()));
                let gateway = Gateway::with_options("cards", tiny, transport, Arc::new(SystemClock), options);
                gateway.sale(charge("first")).await.unwrap();
                let error = gateway.sale(charge("second")).await.expect_err("closed");
                assert_eq!(error.fate(), Fate::Unknown, "{name}: {error}");
                assert!(error.unresolved().is_some(), "{name}");
                assert_eq!((server.begun(), server.connections()), (2, 1), "{name}: sent once each");
            }
        }
    }
}

/// A payment is made by a GET, which a client takes for safe to repeat: the customer pays twice.
///
/// <https://github.com/activemerchant/active_merchant/pull/2082>
#[tokio::test(start_paused = true)]
async fn cashnet_pays_again_when_its_get_is_retried() {
    let by_get: Flow = |tiny, operation, wire| {
        Box::pin(async move {
            if matches!(operation, Operation::Inquire(_)) {
                return tiny.once(operation, wire).await;
            }
            let call = Call::once(request::empty(Method::GET, &tiny.base, "/pay?amount=100")?);
            match wire.send(call).await {
                Ok(reply) => tiny.read(&reply, wire.now()),
                Err(Lost::NotSent(error) | Lost::Unknown(error)) => Err(error),
            }
        })
    };
    for broken in [
        lost(),
        never(),
        now(reply(503, "")),
        now(reply(408, "")),
        now(reply(500, "")),
    ] {
        let (result, fake) = sale(vec![broken], by_get).await;
        let error = result.expect_err("no answer");
        assert_eq!((error.fate(), fake.seen().len()), (Fate::Unknown, 1), "{error}");
    }
}

/// The primary host says that it is unavailable, and the payment is sent to a second host; the first had made it.
///
/// <https://github.com/arambert/Paybox-Direct-Plus/issues/11>
#[tokio::test(start_paused = true)]
async fn paybox_sends_again_to_its_backup_address() {
    let moved = |status| {
        now(with_header(
            reply(status, ""),
            header::LOCATION,
            "https://backup.example/pay",
        ))
    };
    for unavailable in [
        now(reply(503, "")),
        now(with_header(reply(503, ""), header::RETRY_AFTER, "1")),
        now(reply(502, "")),
        lost(),
        moved(302),
        moved(307),
        moved(308),
    ] {
        let (result, fake) = sale(vec![unavailable], ONCE).await;
        let error = result.expect_err("no proof");
        assert_eq!((error.fate(), fake.seen().len()), (Fate::Unknown, 1), "{error}");
        assert!(error.unresolved().is_some(), "it can be asked about");
    }
}

/// One money call whose key is in a header.
const KEYED: Flow = |tiny, operation, wire| {
    Box::pin(async move {
        let mut request = tiny.pay(operation)?;
        let key = idempotency_key(operation).expect("a reference");
        let value = HeaderValue::from_str(&key).expect("hexadecimal");
        request.headers_mut().insert("idempotency-key", value);
        let until = wire.now().checked_add(3600 * SECOND).unwrap_or(Timestamp::MAX);
        match wire.send(Call::keyed(request, until)).await {
            Ok(reply) => tiny.read(&reply, wire.now()),
            Err(Lost::NotSent(error) | Lost::Unknown(error)) => Err(error),
        }
    })
};

/// The keys that went out, in order.
fn keys(fake: &Fake) -> Vec<String> {
    let key = |request: &Request<Bytes>| {
        request
            .headers()
            .get("idempotency-key")?
            .to_str()
            .ok()
            .map(str::to_owned)
    };
    fake.seen().iter().filter_map(key).collect()
}

/// A job that charges a customer is delivered more than once, and each delivery makes a payment of its own: two and three charges. The key has to live with
/// the attempt, through every restart, and change with the attempt only.
///
/// <https://github.com/akash-network/console/pull/3449>
#[tokio::test(start_paused = true)]
async fn akash_charges_again_with_every_delivery_of_the_job() {
    let fake = Fake::new(|_| now(paid()));
    for _ in 0..3 {
        // A process that starts anew, and knows nothing but the reference.
        on(&fake, KEYED).sale(charge("invoice-7-attempt-1")).await.unwrap();
    }
    on(&fake, KEYED).sale(charge("invoice-7-attempt-2")).await.unwrap();
    let keys = keys(&fake);
    assert_eq!(keys.len(), 4);
    assert!(
        keys[0] == keys[1] && keys[1] == keys[2] && keys[2] != keys[3],
        "{keys:?}"
    );
}

/// The key is computed from a token that lives for minutes, so that a repetition with a fresh token looks like another payment.
///
/// <https://github.com/tempoxyz/pympp/pull/155>
#[tokio::test(start_paused = true)]
async fn pympp_takes_a_new_key_with_a_new_token() {
    let (logins, pays) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let fake = Fake::new(move |request| match request.uri().path() {
        "/token" => {
            let n = logins.fetch_add(1, Ordering::SeqCst);
            now(reply(200, &format!(r#"{{"access":"t{n}","life_secs":3600}}"#)))
        }
        _ if pays.fetch_add(1, Ordering::SeqCst) == 0 => now(reply(401, "")),
        _ => now(paid()),
    });
    let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
    let tiny = Box::new(Tiny::new(BASE).with_tokens().flow(KEYED));
    let gateway = Gateway::new("cards", tiny, fake.transport(), clock);
    gateway.sale(charge("a1")).await.unwrap();
    tokio::time::sleep(3600 * SECOND).await;
    gateway.sale(charge("a1")).await.unwrap();
    let tokens = fake.seen().into_iter().filter(|request| request.uri().path() == "/pay");
    let tokens: Vec<_> = tokens
        .map(|request| request.headers()[header::AUTHORIZATION].clone())
        .collect();
    assert_eq!(tokens, ["Bearer t0", "Bearer t1", "Bearer t2"]);
    let keys = keys(&fake);
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

/// A connector draws its key at random each time that it builds the request, so that no repetition is recognised.
///
/// <https://github.com/juspay/hyperswitch-prism>, `connectors/truelayer.rs`
#[tokio::test(start_paused = true)]
async fn truelayer_draws_a_random_key_for_each_attempt() {
    let (result, fake) = sale(vec![lost(), now(reply(500, "")), now(paid())], KEYED).await;
    result.unwrap();
    let keys = keys(&fake);
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let bodies: Vec<_> = fake.seen().into_iter().map(Request::into_body).collect();
    assert!(
        bodies.iter().all(|body| *body == bodies[0]),
        "nor does anything else change"
    );
}

/// A capture went through, its answer could not be read, and the caller was told that something went wrong: it looked like a failure.
///
/// <https://github.com/juspay/hyperswitch/issues/9652>
#[tokio::test(start_paused = true)]
async fn aci_capture_succeeded_and_was_told_as_a_failure() {
    for body in ["", "{}", "null", "<html>", r#"{"id":4711}"#, r#"{"id":"47"#] {
        let body = body.to_owned();
        let fake = Fake::new(move |_| now(reply(200, &body)));
        let error: Error = on(&fake, ONCE)
            .capture(common::capture("c1"))
            .await
            .expect_err("unreadable");
        assert_eq!(error.fate(), Fate::Unknown, "{error}");
        assert!(
            error.unresolved().is_some() && error.raw().is_some(),
            "what came is kept"
        );
        assert_eq!(fake.seen().len(), 1);
    }
}
