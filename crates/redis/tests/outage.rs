//! Redis forgets everything, hangs, and dies, while four processes pay with tokens that last a second: no payment notices.
#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use common::{Redis, SECOND, pay, process, provider, tokens};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

static SAID: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

/// Keeps what is said.
struct Ear;

impl Subscriber for Ear {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("paymux") && metadata.is_event()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        SAID.lock().unwrap().push((*event.metadata().level(), text.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

/// What was said with these words, and forgets it.
fn said(level: Level, words: &str) -> usize {
    let mut said = SAID.lock().unwrap();
    let fits = |(l, text): &(Level, String)| *l == level && text.contains(words);
    let count = said.iter().filter(|said| fits(said)).count();
    said.retain(|said| !fits(said));
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_payment_is_lost_whatever_becomes_of_redis() {
    let Some(mut redis) = Redis::start("outage") else {
        return;
    };
    tracing::subscriber::set_global_default(Ear).unwrap();
    let (server, counts) = provider().await;
    let over = Arc::new(AtomicBool::new(false));
    let paid = Arc::new(AtomicUsize::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..4 {
        let gateway = process(&server.url(), redis.tokens(), 1);
        for caller in 0..4 {
            let (gateway, over, paid) = (Arc::clone(&gateway), Arc::clone(&over), Arc::clone(&paid));
            callers.spawn(async move {
                let mut count = 0;
                while !over.load(Ordering::Relaxed) {
                    pay(gateway.as_ref(), &format!("p{n}-{caller}-{count}")).await?;
                    count += 1;
                    paid.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(SECOND / 50).await;
                }
                Ok::<_, paymux::Error>(())
            });
        }
    }
    let run = async |seconds: u32| {
        let (paid_before, logins) = (paid.load(Ordering::Relaxed), counts.logins());
        tokio::time::sleep(SECOND * seconds).await;
        assert!(paid.load(Ordering::Relaxed) > paid_before + 16, "payments go on");
        counts.logins() - logins
    };
    let together = run(2).await;
    assert!(
        (1..=3).contains(&together),
        "{together} logins in two seconds for four processes"
    );

    redis::cmd("FLUSHALL").exec(&mut redis.connection().unwrap()).unwrap();
    run(2).await;
    assert_eq!(said(Level::WARN, ""), 0, "an empty store answers");

    redis.hang(true);
    let alone = run(4).await;
    assert!(alone >= 4, "{alone} logins: each by itself");
    assert_eq!(
        said(Level::WARN, "the token store does not answer"),
        4,
        "once for each process"
    );
    redis.hang(false);
    run(2).await;
    assert_eq!(said(Level::INFO, "the token store answers again"), 4);

    redis.stop();
    run(3).await;
    assert_eq!(
        said(Level::WARN, "the token store does not answer"),
        4,
        "once for each process"
    );
    redis.run();
    run(2).await;
    assert_eq!(said(Level::INFO, "the token store answers again"), 4);

    over.store(true, Ordering::Relaxed);
    for caller in callers.join_all().await {
        caller.unwrap();
    }
    assert_eq!(counts.payments(), paid.load(Ordering::Relaxed));
    assert_eq!(said(Level::WARN, ""), 0, "nothing else was said");

    // A process with another key finds nothing that it can read, says so once, and pays.
    let before = counts.logins();
    pay(process(&server.url(), redis.tokens(), 240).as_ref(), "friend")
        .await
        .unwrap();
    let stranger = process(&server.url(), tokens(&redis.url(), &"ab".repeat(32)), 240);
    for n in 0..3 {
        pay(stranger.as_ref(), &format!("stranger-{n}")).await.unwrap();
    }
    assert_eq!(counts.logins() - before, 2);
    assert_eq!(said(Level::WARN, "cannot be opened"), 1, "{:?}", SAID.lock().unwrap());
}
