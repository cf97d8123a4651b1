//! From a delivery to the provider's answer: success only after the commit, and nothing lost.
#![cfg(all(feature = "coolpay", feature = "opp", feature = "qolo", feature = "rustls"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use paymux::webhooks::{BoxError, Channel, Handler, Inbox, MemorySeen, Received, SeenEvents, Verdict};
use paymux::{Delivery, Gateways, WebhookError, async_trait};
use tokio::sync::Notify;

const CARDS: &str = "[gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'a'\nprivate_key = 'p'\n";
const OTHERS: &str = "[gateways.hints]\nprovider = 'opp'\npreset = 'v3'\nmode = 'test'\naccess_token = 't'\n\
    [gateways.old]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'a'\n\
    [gateways.bank]\nprovider = 'qolo'\npreset = 'qolo'\nmode = 'test'\nlogin_id = 'l'\napi_key = 'a'\nwebhook_secret = 's'\n\
    account_guid = 'd2b7c9d2-85e7-4c51-92d0-3f97a47f8d76'\nprogram_guid = 'd2b7c9d2-85e7-4c51-92d0-3f97a47f8d77'\n";

fn gateways() -> Arc<Gateways> {
    Arc::new(Gateways::from_toml(&format!("{CARDS}{OTHERS}")).unwrap())
}

fn signed(gateways: &Gateways, body: &'static str) -> Delivery {
    gateways.get("cards").unwrap().sign(body.into()).unwrap()
}

fn hint() -> Delivery {
    Delivery::new(
        HeaderMap::new(),
        r#"{"id":"8ac7a4a1","result":{"code":"000.000.000"}}"#.into(),
    )
}

/// A handler that counts, and does what it is told.
#[derive(Default)]
struct Told {
    begun: AtomicUsize,
    ended: AtomicUsize,
    fails: Mutex<bool>,
    panics: bool,
    waits: Option<Arc<Notify>>,
}

fn handler(told: &Arc<Told>) -> Arc<impl Handler + use<>> {
    let told = Arc::clone(told);
    Arc::new(move |_: Received| {
        let told = Arc::clone(&told);
        async move {
            told.begun.fetch_add(1, Ordering::SeqCst);
            if let Some(notify) = &told.waits {
                notify.notified().await;
            }
            assert!(!told.panics, "as it was told");
            if *told.fails.lock().unwrap() {
                return Err::<(), BoxError>("the database is away".into());
            }
            told.ended.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    })
}

fn counts(told: &Told) -> (usize, usize) {
    (told.begun.load(Ordering::SeqCst), told.ended.load(Ordering::SeqCst))
}

const BODY: &str = r#"{"id":7,"order_id":"Order7","operations":[{"id":1,"type":"authorize","pending":false,"qp_status_code":"20000"}]}"#;

#[tokio::test]
async fn success_is_answered_after_the_commit_and_once() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways));
    let told = Arc::new(Told::default());
    *told.fails.lock().unwrap() = true;
    let handler = handler(&told);
    let failed = inbox.take("cards", signed(&gateways, BODY), &handler).await;
    assert_eq!(
        (failed.status, failed.verdict),
        (StatusCode::SERVICE_UNAVAILABLE, Verdict::Failed)
    );
    *told.fails.lock().unwrap() = false;
    let again = inbox.take("cards", signed(&gateways, BODY), &handler).await;
    assert_eq!(
        (again.status, again.verdict),
        (StatusCode::OK, Verdict::Handled),
        "what failed is not seen"
    );
    let third = inbox.take("cards", signed(&gateways, BODY), &handler).await;
    assert_eq!((third.status, third.verdict), (StatusCode::OK, Verdict::Seen));
    assert_eq!(counts(&told), (2, 1));
}

#[tokio::test]
async fn a_panic_is_a_failure() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways));
    let told = Arc::new(Told {
        panics: true,
        ..Told::default()
    });
    let answer = inbox.take("cards", signed(&gateways, BODY), &handler(&told)).await;
    assert_eq!((answer.status.as_u16(), answer.verdict), (503, Verdict::Failed));
}

#[tokio::test]
async fn what_is_not_accepted_reaches_no_handler() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways)).with_body_limit(200);
    let told = Arc::new(Told::default());
    let handler = handler(&told);
    let bare = |body: &'static str| Delivery::new(HeaderMap::new(), body.into());
    let mut forged = signed(&gateways, BODY);
    forged.body = BODY.replace("20000", "40000").into();
    let mut large = signed(&gateways, BODY);
    large.body = vec![b' '; 201].into();
    for (gateway, delivery, status, verdict) in [
        ("nobody", signed(&gateways, BODY), 404, Verdict::Unknown),
        ("cards", forged, 401, Verdict::Refused(WebhookError::Signature)),
        ("cards", large, 413, Verdict::Refused(WebhookError::TooLarge)),
        (
            "cards",
            signed(&gateways, "no json"),
            422,
            Verdict::Refused(WebhookError::Malformed),
        ),
        (
            "old",
            signed(&gateways, BODY),
            503,
            Verdict::Refused(WebhookError::NoSecret("private_key")),
        ),
        // The activation ping of Qolo: its form is not documented.
        ("bank", bare(""), 200, Verdict::Refused(WebhookError::Probe)),
        ("bank", bare("anything"), 200, Verdict::Refused(WebhookError::Probe)),
    ] {
        let answer = inbox.take(gateway, delivery, &handler).await;
        assert_eq!((answer.status.as_u16(), answer.verdict), (status, verdict), "{gateway}");
    }
    assert_eq!(counts(&told), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_takes_longer_than_the_provider_waits_goes_on_and_counts() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways));
    let notify = Arc::new(Notify::new());
    let told = Arc::new(Told {
        waits: Some(Arc::clone(&notify)),
        ..Told::default()
    });
    let handler = handler(&told);
    let began = tokio::time::Instant::now();
    let late = inbox.take("cards", signed(&gateways, BODY), &handler).await;
    assert_eq!((late.status.as_u16(), late.verdict), (503, Verdict::Late));
    assert_eq!(
        began.elapsed(),
        Duration::from_secs(4),
        "before the provider's five seconds are over"
    );
    notify.notify_one();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(counts(&told), (1, 1));
    let again = inbox.take("cards", signed(&gateways, BODY), &handler).await;
    assert_eq!(again.verdict, Verdict::Seen, "and is not done twice");
}

#[tokio::test]
async fn a_sender_that_hangs_up_stops_nothing() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways));
    let notify = Arc::new(Notify::new());
    let told = Arc::new(Told {
        waits: Some(Arc::clone(&notify)),
        ..Told::default()
    });
    let handler = handler(&told);
    let taking = inbox.take("cards", signed(&gateways, BODY), &handler);
    assert!(tokio::time::timeout(Duration::from_millis(20), taking).await.is_err());
    notify.notify_one();
    while counts(&told).1 == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(counts(&told), (1, 1));
}

/// Whoever sends a hint first must not make the provider's own be skipped.
#[tokio::test]
async fn hints_are_never_taken_for_seen_and_few_are_handled_at_once() {
    let gateways = gateways();
    let inbox = Inbox::new(gateways).with_hints(2);
    let told = Arc::new(Told::default());
    for _ in 0..3 {
        let answer = inbox.take("hints", hint(), &handler(&told)).await;
        assert_eq!((answer.status.as_u16(), answer.verdict), (200, Verdict::Handled));
    }
    assert_eq!(counts(&told), (3, 3));

    let notify = Arc::new(Notify::new());
    let slow = Arc::new(Told {
        waits: Some(Arc::clone(&notify)),
        ..Told::default()
    });
    let slow_handler = handler(&slow);
    let flood = |_| {
        let (inbox, handler) = (inbox.clone(), Arc::clone(&slow_handler));
        tokio::spawn(async move { inbox.take("hints", hint(), &handler).await.verdict })
    };
    let tasks: Vec<_> = (0..2).map(flood).collect();
    while counts(&slow).0 < 2 {
        tokio::task::yield_now().await;
    }
    let more = inbox.take("hints", hint(), &slow_handler).await;
    assert_eq!((more.status.as_u16(), more.verdict), (503, Verdict::Busy));
    notify.notify_waiters();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Verdict::Handled);
    }
}

/// Of one event one delivery is handled at a time, also when its handler panics or is left alone; another event is not held up.
#[tokio::test]
async fn one_delivery_of_an_event_is_handled_at_a_time() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways));
    let notify = Arc::new(Notify::new());
    let told = Arc::new(Told {
        waits: Some(Arc::clone(&notify)),
        ..Told::default()
    });
    let handler = handler(&told);
    let first = {
        let (inbox, handler, delivery) = (inbox.clone(), Arc::clone(&handler), signed(&gateways, BODY));
        tokio::spawn(async move { inbox.take("cards", delivery, &handler).await.verdict })
    };
    while counts(&told).0 == 0 {
        tokio::task::yield_now().await;
    }
    let meanwhile = inbox.take("cards", signed(&gateways, BODY), &handler).await;
    assert_eq!((meanwhile.status.as_u16(), meanwhile.verdict), (503, Verdict::Busy));
    let quick = Arc::new(|_: Received| async { Ok::<(), BoxError>(()) });
    let other = inbox.take("cards", signed(&gateways, r#"{"id":8}"#), &quick).await;
    assert_eq!(other.verdict, Verdict::Handled);
    notify.notify_one();
    assert_eq!(first.await.unwrap(), Verdict::Handled);

    let panics = Arc::new(Told {
        panics: true,
        ..Told::default()
    });
    let panicking = self::handler(&panics);
    for _ in 0..2 {
        let failed = inbox.take("cards", signed(&gateways, r#"{"id":9}"#), &panicking).await;
        assert_eq!(failed.verdict, Verdict::Failed, "its turn ends with it");
    }
}

#[tokio::test]
async fn over_a_channel_done_is_success_and_dropped_is_not() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways));
    let (channel, mut deliveries) = Channel::new(1);
    let channel = Arc::new(channel);
    let taking = |delivery| {
        let (inbox, channel) = (inbox.clone(), Arc::clone(&channel));
        tokio::spawn(async move { inbox.take("cards", delivery, &channel).await.verdict })
    };
    let first = taking(signed(&gateways, BODY));
    let pending = deliveries.recv().await.unwrap();
    assert_eq!(pending.received().event.reported(), "authorize 20000");
    assert!(!first.is_finished(), "nothing is answered before it is acknowledged");
    drop(pending);
    assert_eq!(first.await.unwrap(), Verdict::Failed);
    let second = taking(signed(&gateways, BODY));
    deliveries.recv().await.unwrap().done();
    assert_eq!(second.await.unwrap(), Verdict::Handled);
    drop(deliveries);
    let third = taking(signed(&gateways, r#"{"id":8}"#));
    assert_eq!(third.await.unwrap(), Verdict::Failed, "nobody listens");
}

#[tokio::test]
async fn a_reload_is_followed() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways));
    let handler = handler(&Arc::default());
    let delivery = signed(&gateways, BODY);
    gateways.reload(&CARDS.replace("'p'", "'new'")).unwrap();
    let refused = inbox.take("cards", delivery, &handler).await;
    assert_eq!(refused.verdict, Verdict::Refused(WebhookError::Signature));
    assert_eq!(
        inbox.take("cards", signed(&gateways, BODY), &handler).await.verdict,
        Verdict::Handled
    );
    assert_eq!(inbox.take("hints", hint(), &handler).await.verdict, Verdict::Unknown);
}

/// A memory that is away: events are handled again, and none is lost.
#[derive(Debug)]
struct Away;

#[async_trait]
impl SeenEvents for Away {
    async fn seen(&self, _: &str, _: &str) -> Result<bool, BoxError> {
        Err("away".into())
    }

    async fn record(&self, _: &str, _: &str) -> Result<(), BoxError> {
        Err("away".into())
    }
}

/// Hangs when it is to remember.
#[derive(Debug)]
struct Hangs;

#[async_trait]
impl SeenEvents for Hangs {
    async fn seen(&self, _: &str, _: &str) -> Result<bool, BoxError> {
        Ok(false)
    }

    async fn record(&self, _: &str, _: &str) -> Result<(), BoxError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_memory_that_hangs_keeps_no_event_off_for_long() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways)).with_seen(Arc::new(Hangs));
    let told = Arc::new(Told::default());
    let first = inbox.take("cards", signed(&gateways, BODY), &handler(&told)).await;
    assert!(
        matches!(first.verdict, Verdict::Handled | Verdict::Late),
        "{:?}",
        first.verdict
    );
    tokio::time::sleep(Duration::from_secs(60)).await;
    let second = inbox.take("cards", signed(&gateways, BODY), &handler(&told)).await;
    assert_ne!(second.verdict, Verdict::Busy);
    assert_eq!(counts(&told), (2, 2));
}

#[tokio::test]
async fn the_memory_is_an_economy() {
    let gateways = gateways();
    let inbox = Inbox::new(Arc::clone(&gateways)).with_seen(Arc::new(Away));
    let told = Arc::new(Told::default());
    for _ in 0..2 {
        let answer = inbox.take("cards", signed(&gateways, BODY), &handler(&told)).await;
        assert_eq!(answer.verdict, Verdict::Handled);
    }
    assert_eq!(counts(&told), (2, 2));

    let small = MemorySeen::new(2);
    for key in ["a", "b", "b", "c"] {
        small.record("cards", key).await.unwrap();
    }
    let mut known = Vec::new();
    for (gateway, key) in [("cards", "a"), ("cards", "b"), ("cards", "c"), ("other", "c")] {
        known.push(small.seen(gateway, key).await.unwrap());
    }
    assert_eq!(
        known,
        [false, true, true, false],
        "the oldest is forgotten; each gateway has its own"
    );
}
