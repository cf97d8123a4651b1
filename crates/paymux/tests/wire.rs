//! What the wire does with a call: sealing, resending, redirects, the deadline, and who may move money.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::adapter::{Flow, KEY, Tiny};
use common::fake::{BASE, Fake, ONCE, after, lost, never, now, on, paid, refused, reply, sale, with_header};
use common::{charge, gateway, payment};
use http::{Method, Request, header};
use jiff::Timestamp;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{
    Call, ErrorKind, Fate, Gateway, Inquiry, Lost, MethodQuery, PaymentGateway, Reply, TokioClock, Wire, async_trait,
    request,
};

const SECOND: Duration = Duration::from_secs(1);

fn redirect(status: u16, location: &str) -> common::fake::Fate {
    now(with_header(reply(status, ""), header::LOCATION, location))
}

#[tokio::test(start_paused = true)]
async fn a_307_on_the_same_host_is_followed_with_the_same_bytes_sealed_anew() {
    let start = Timestamp::UNIX_EPOCH;
    for status in [307, 308] {
        let fake = Fake::new(move |request| match request.uri().path() {
            "/pay" => after(SECOND, with_header(reply(status, ""), header::LOCATION, "/v2/pay?x=1")),
            _ => now(paid()),
        });
        let clock = Arc::new(TokioClock::new(start));
        let gateway = Gateway::new("cards", Box::new(Tiny::new(BASE)), fake.transport(), clock);
        gateway.sale(charge("a1")).await.unwrap();
        let seen = fake.seen();
        assert_eq!(seen[1].uri(), "https://tiny.example/v2/pay?x=1");
        assert_eq!((seen[0].body(), seen[0].method()), (seen[1].body(), seen[1].method()));
        let times: Vec<_> = seen.iter().map(|request| request.headers()["x-time"].clone()).collect();
        assert_eq!(times, ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"]);
        assert_eq!(
            seen[1].headers().get_all("x-key").iter().count(),
            1,
            "sealed anew, not on top"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_elsewhere_is_not_followed() {
    for location in [
        "https://evil.example/pay",
        "http://tiny.example/pay",
        "https://tiny.example:8443/pay",
        "//evil.example/pay",
        "https://x@tiny.example/pay",
        "https://tiny.example.evil.example/pay",
    ] {
        let (result, fake) = sale(vec![redirect(307, location)], ONCE).await;
        assert_eq!(result.expect_err(location).fate(), Fate::Unknown, "{location}");
        assert_eq!(fake.seen().len(), 1, "{location}: no credential leaves");
    }
}

#[tokio::test(start_paused = true)]
async fn two_hops_at_most() {
    let hop = || redirect(307, "/pay");
    sale(vec![hop(), hop(), now(paid())], ONCE).await.0.unwrap();
    let (result, fake) = sale(vec![hop(), hop(), hop()], ONCE).await;
    assert_eq!(result.expect_err("too many hops").fate(), Fate::Unknown);
    assert_eq!(fake.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn redirects_that_change_the_method_are_not_followed() {
    for status in [301, 302, 303, 304] {
        let (result, fake) = sale(vec![redirect(status, "/pay")], ONCE).await;
        assert_eq!(result.expect_err("no answer").fate(), Fate::Unknown, "{status}");
        assert_eq!(fake.seen().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn money_that_was_not_sent_is_sent_again_and_no_other_is() {
    let (result, fake) = sale(vec![refused(), refused(), now(paid())], ONCE).await;
    result.unwrap();
    assert_eq!(fake.seen().len(), 3);
    for broken in [lost(), now(reply(502, ""))] {
        let (result, fake) = sale(vec![broken], ONCE).await;
        result.expect_err("lost");
        assert_eq!(fake.seen().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_sealed_anew() {
    let count = AtomicUsize::new(0);
    let fake = Fake::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => refused(),
        _ => now(paid()),
    });
    let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
    let gateway = Gateway::new("cards", Box::new(Tiny::new(BASE)), fake.transport(), clock);
    gateway.sale(charge("a1")).await.unwrap();
    let times: Vec<_> = fake
        .seen()
        .iter()
        .map(|request| {
            request.headers()["x-time"]
                .to_str()
                .unwrap()
                .parse::<Timestamp>()
                .unwrap()
        })
        .collect();
    assert_eq!(times.len(), 3);
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn extras_and_method_lists_move_no_money() {
    let fake = Fake::new(|_| now(reply(200, "{}")));
    let gateway = on(&fake, ONCE);
    let (tiny, wire) = gateway.open::<Tiny>().unwrap();
    let request = |path| request::empty(Method::POST, &tiny.base, path).unwrap();
    for call in [
        Call::once(request("/pay")),
        Call::keyed(request("/pay"), Timestamp::MAX),
    ] {
        let lost = wire.send(call).await.expect_err("no money here");
        assert!(!lost.is_unknown());
        assert_eq!(lost.give_up().kind(), ErrorKind::Unsupported);
    }
    assert!(fake.seen().is_empty());
    wire.send(Call::prepares(request("/quote"))).await.unwrap();
    gateway.payment_methods(&MethodQuery::country("DK")).await.unwrap();
    assert_eq!(fake.seen().len(), 2);
}

/// An adapter that pays while it is only asked.
#[tokio::test(start_paused = true)]
async fn questions_move_no_money_whatever_the_adapter_does() {
    let fake = Fake::new(|_| now(paid()));
    let gateway = on(&fake, |tiny, operation, wire| {
        Box::pin(async move {
            let reply = wire
                .send(Call::once(tiny.pay(operation)?))
                .await
                .map_err(Lost::give_up)?;
            tiny.read(&reply, wire.now())
        })
    });
    gateway
        .inquire(Inquiry::Payment(payment("4711")))
        .await
        .expect_err("refused");
    let unknown = on(&Fake::new(|_| lost()), ONCE)
        .sale(charge("a1"))
        .await
        .expect_err("lost");
    gateway
        .resolve(unknown.unresolved().unwrap().clone())
        .await
        .expect_err("refused");
    assert!(fake.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_over_everything() {
    let begin = tokio::time::Instant::now();
    let (result, _) = sale(vec![never()], ONCE).await;
    assert_eq!(
        (result.expect_err("no answer").fate(), begin.elapsed()),
        (Fate::Unknown, 60 * SECOND)
    );

    let flow: Flow = |tiny, operation, wire| {
        Box::pin(async move {
            let mut waits = 0;
            while wire.wait(7 * SECOND).await {
                waits += 1;
            }
            assert_eq!(waits, 8, "the ninth would end after the deadline");
            tiny.once(operation, wire).await
        })
    };
    let begin = tokio::time::Instant::now();
    let (result, _) = sale(vec![never()], flow).await;
    assert_eq!(
        (result.expect_err("no answer").fate(), begin.elapsed()),
        (Fate::Unknown, 60 * SECOND)
    );
}

/// The first call takes all the time; the next ones are not sent.
#[tokio::test(start_paused = true)]
async fn after_the_deadline_nothing_is_sent() {
    let fake = Fake::new(|_| never());
    let gateway = on(&fake, |tiny, operation, wire| {
        Box::pin(async move {
            tiny.ask("4711", wire).await.expect_err("no answer");
            tiny.once(operation, wire).await
        })
    });
    let error = gateway.sale(charge("a1")).await.expect_err("no time");
    assert_eq!((error.fate(), error.kind()), (Fate::NotDone, ErrorKind::Network));
    assert_eq!((fake.count("/payments/4711"), fake.count("/pay")), (1, 0));
}

/// A client whose connection is a task of its own, and sends on after the exchange was dropped.
#[derive(Debug, Default)]
struct Straggler {
    sent: Arc<Mutex<Vec<Option<Bytes>>>>,
}

#[async_trait]
impl Transport for Straggler {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let sent = Arc::clone(&self.sent);
        tokio::spawn(async move {
            tokio::time::sleep(61 * SECOND).await;
            use http_body_util::BodyExt as _;
            let body = request.into_body().collect().await.ok().map(|body| body.to_bytes());
            sent.lock().unwrap().push(body);
        });
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_as_not_sent_cannot_be_sent_later() {
    let straggler = Arc::new(Straggler::default());
    let gateway = gateway(Tiny::new(BASE), straggler.clone(), 60 * SECOND);
    let error = gateway.sale(charge("a1")).await.expect_err("no answer");
    assert_eq!(error.fate(), Fate::NotDone);
    tokio::time::sleep(10 * SECOND).await;
    assert_eq!(*straggler.sent.lock().unwrap(), [None], "the body is closed");
}

#[tokio::test(start_paused = true)]
async fn plain_http_goes_to_loopback_only_and_is_refused_before_sending() {
    let fake = Fake::new(|_| now(paid()));
    for base in [
        "http://tiny.example",
        "http://10.1.2.3",
        "ftp://127.0.0.1",
        "http://127.0.0.1.evil.example",
    ] {
        let gateway = gateway(Tiny::new(base).with_tokens(), fake.transport(), SECOND);
        let error = gateway.sale(charge("a1")).await.expect_err(base);
        assert_eq!(
            (error.fate(), error.kind()),
            (Fate::NotDone, ErrorKind::Configuration),
            "{base}"
        );
        assert!(!format!("{error} {error:?}").contains(KEY), "{base}");
    }
    assert!(fake.seen().is_empty(), "no login either");
    for base in ["http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"] {
        gateway(Tiny::new(base), fake.transport(), SECOND)
            .sale(charge("a1"))
            .await
            .unwrap();
    }
}
