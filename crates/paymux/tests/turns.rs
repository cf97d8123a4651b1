//! Questions about one payment keep the provider's interval, whoever asks.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{StatusCode, header};
use paymux::{Error, ErrorKind, Fate, Gateway, Gateways, Inquiry, Lost, Operation, PaymentGateway as _};
use tokio::time::Instant;

use common::adapter::{Flow, Tiny, TinyConfig};
use common::fake::{BASE, Fake, Fate as Comes, lost, now, paid, refused, reply, with_header};
use common::{charge, payment};

const SECOND: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(25);

/// Asks about the payment that it made when its answer is lost.
const ASKS_AFTER: Flow = |tiny, operation, wire| {
    Box::pin(async move {
        if !matches!(operation, Operation::Sale(_)) {
            return tiny.once(operation, wire).await;
        }
        match wire.send(paymux::Call::once(tiny.pay(operation)?)).await {
            Ok(reply) => tiny.read(&reply, wire.now()),
            Err(Lost::NotSent(error)) => Err(error),
            Err(Lost::Unknown(_)) => tiny.ask("4711", wire).await,
        }
    })
};

fn gateway(fake: &Arc<Fake>) -> Gateway {
    let tiny = Tiny::new(BASE).interval(INTERVAL).flow(ASKS_AFTER);
    common::gateway(tiny, fake.transport(), 60 * SECOND)
}

async fn ask(gateway: &Gateway, id: &str) -> Result<(), Error> {
    gateway.inquire(Inquiry::Payment(payment(id))).await.map(drop)
}

/// When each request went out, counted from the first.
fn times() -> (Arc<Fake>, Arc<Mutex<Vec<Duration>>>) {
    let begin = Instant::now();
    let times = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&times);
    let fake = Fake::new(move |_| {
        noted.lock().expect("no test panics here").push(begin.elapsed());
        now(paid())
    });
    (fake, times)
}

#[tokio::test(start_paused = true)]
async fn too_early_waits_and_past_the_deadline_fails_at_once() {
    let (fake, times) = times();
    let gateway = gateway(&fake);
    let begin = Instant::now();
    let late = async {
        tokio::task::yield_now().await;
        tokio::time::sleep(SECOND).await;
        let asked = Instant::now();
        let result = ask(&gateway, "4711").await;
        (result.expect_err("no turn in 60 s"), asked.elapsed())
    };
    let (first, second, third, (error, took)) = tokio::join!(
        ask(&gateway, "4711"),
        ask(&gateway, "4711"),
        ask(&gateway, "4711"),
        late
    );
    first.and(second).and(third).unwrap();
    assert_eq!(begin.elapsed().as_secs(), 50);
    let seconds: Vec<_> = times.lock().unwrap().iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [0, 25, 50]);
    // Its turn comes after two others, and it has 60 s.
    assert_eq!(took, Duration::ZERO);
    assert_eq!((error.fate(), error.kind()), (Fate::NotDone, ErrorKind::Network));
    assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(74));
    assert!(
        error.message().contains("one question every 25 s") && error.message().contains("in 74 s"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn other_payments_are_asked_about_at_once() {
    let (fake, _) = times();
    let gateway = gateway(&fake);
    let begin = Instant::now();
    for id in 0..100 {
        ask(&gateway, &id.to_string()).await.unwrap();
    }
    assert_eq!(begin.elapsed(), Duration::ZERO);
    ask(&gateway, "0").await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 25);
    tokio::time::sleep(INTERVAL).await;
    ask(&gateway, "0").await.unwrap();
    assert_eq!(
        begin.elapsed().as_secs(),
        50,
        "the interval is over, and so is the wait"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sale_that_asks_after_a_lost_answer_counts() {
    let begin = Instant::now();
    let fake = Fake::new(move |request| match request.uri().path() {
        "/pay" => lost(),
        _ => now(paid()),
    });
    let gateway = gateway(&fake);
    gateway.sale(charge("a1")).await.unwrap();
    ask(&gateway, "4711").await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 25);
    // Where no turn comes in time, the sale stays unknown: it is the question that did nothing.
    let short = common::gateway(
        Tiny::new(BASE).interval(INTERVAL).flow(|tiny, operation, wire| {
            Box::pin(async move {
                tiny.ask("4711", wire).await?;
                ASKS_AFTER(tiny, operation, wire).await
            })
        }),
        fake.transport(),
        20 * SECOND,
    );
    let error = short.sale(charge("a2")).await.expect_err("no turn");
    assert_eq!(error.fate(), Fate::Unknown);
    assert!(error.unresolved().is_some());
}

/// What was never looked at is asked again without a wait; a question that may have arrived counts.
#[tokio::test(start_paused = true)]
async fn only_what_may_have_been_asked_counts() {
    let quiet = || {
        now(with_header(
            reply(307, ""),
            header::LOCATION,
            "https://tiny.example/payments/there",
        ))
    };
    let cases: [(fn() -> Comes, u64); 4] = [
        (refused, 0),
        (lost, 25),
        (|| now(reply(503, "")), 25),
        (|| now(reply(408, "")), 25),
    ];
    for (first, seconds) in cases {
        let comes = Mutex::new([first(), now(paid())].into_iter());
        let fake = Fake::new(move |_| comes.lock().expect("no test panics here").next().expect("another"));
        let begin = Instant::now();
        ask(&gateway(&fake), "4711").await.unwrap();
        assert_eq!(begin.elapsed().as_secs(), seconds);
        assert_eq!(fake.seen().len(), 2);
    }
    let comes = Mutex::new([quiet(), now(paid())].into_iter());
    let fake = Fake::new(move |_| comes.lock().expect("no test panics here").next().expect("another"));
    let begin = Instant::now();
    ask(&gateway(&fake), "4711").await.unwrap();
    assert_eq!((begin.elapsed(), fake.seen().len()), (Duration::ZERO, 2));
}

/// No repetition fits into the time: the error is what came of the question, not that it came too soon.
#[tokio::test(start_paused = true)]
async fn a_repetition_that_would_be_too_late_is_not_begun() {
    let fake = Fake::new(|_| now(reply(503, "")));
    let tiny = Tiny::new(BASE).interval(INTERVAL);
    let gateway = common::gateway(tiny, fake.transport(), 20 * SECOND);
    let begin = Instant::now();
    let error = ask(&gateway, "4711").await.expect_err("503");
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!((fake.seen().len(), begin.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn it_holds_across_gateways_of_one_registry_and_a_reload() {
    const CONFIG: &str = "[gateways.cards]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"k\"\ninquiry_interval_secs = 25\n\
                          [gateways.more]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"k\"\ninquiry_interval_secs = 25\n";
    let (fake, times) = times();
    let builder = Gateways::builder().register::<TinyConfig>().transport(fake.transport());
    let gateways = builder.from_toml(CONFIG).unwrap();
    ask(&gateways.gateway("cards").unwrap(), "4711").await.unwrap();
    ask(&gateways.gateway("more").unwrap(), "4711").await.unwrap();
    gateways.reload(CONFIG).unwrap();
    ask(&gateways.gateway("cards").unwrap(), "4711").await.unwrap();
    let seconds: Vec<_> = times.lock().unwrap().iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [0, 25, 50]);
    // Declared by the adapter, and switched off by the configuration.
    let off = CONFIG.replace("inquiry_interval_secs = 25", "inquiry_interval_secs = 0");
    gateways.reload(&off).unwrap();
    ask(&gateways.gateway("cards").unwrap(), "4711").await.unwrap();
    assert_eq!(times.lock().unwrap().len(), 4);
    let wrong = CONFIG.replace("inquiry_interval_secs = 25", "inquiry_interval_secs = 3601");
    let error = gateways.reload(&wrong).expect_err("an hour at most").to_string();
    assert!(
        error.contains("`inquiry_interval_secs` must be at least 0 and at most 3600"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_who_waits_leaves_nothing_stuck() {
    let (fake, _) = times();
    let gateway = gateway(&fake);
    let begin = Instant::now();
    ask(&gateway, "4711").await.unwrap();
    for _ in 0..10 {
        let dropped = tokio::time::timeout(SECOND, ask(&gateway, "4711")).await;
        assert!(dropped.is_err());
    }
    ask(&gateway, "4711").await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 25);
}
