//! What tracing shows of an operation, and what it does not.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::time::Duration;

use common::adapter::{KEY, Tiny};
use common::fake::{Fake, lost, now, paid, refused, reply};
use common::spans::{Span, Spans};
use common::{charge, gateway, payment};
use paymux::{Inquiry, PaymentGateway};

async fn sale(answer: fn() -> common::fake::Fate) -> Span {
    let (spans, _guard) = Spans::watch();
    let fake = Fake::new(move |request| match request.uri().path() {
        "/token" => now(reply(200, r#"{"access":"tok-canary"}"#)),
        _ => answer(),
    });
    let tiny = Tiny::new("https://tiny.example").with_tokens();
    let gateway = gateway(tiny, fake.transport(), Duration::from_secs(60));
    gateway.sale(charge("a1")).await.ok();
    let mut all = spans.operations();
    assert_eq!(all.len(), 1);
    let text = format!("{all:?}");
    assert!(!text.contains(KEY) && !text.contains("tok-canary"), "{text}");
    all.remove(0)
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_one_span() {
    let span = sale(|| now(paid())).await;
    assert_eq!(span.name, "paymux.operation");
    let fields: Vec<_> = [
        "gateway",
        "provider",
        "operation",
        "outcome",
        "attempts",
        "reason",
        "fate",
        "unknown_codes",
    ]
    .iter()
    .map(|name| span.field(name))
    .collect();
    assert_eq!(fields, ["cards", "tiny", "sale", "approved", "1", "", "", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_decline_and_an_error_say_why() {
    let span = sale(|| now(reply(402, ""))).await;
    assert_eq!(
        (span.field("outcome"), span.field("reason")),
        ("declined", "insufficient_funds")
    );
    let span = sale(lost).await;
    assert_eq!(
        (span.field("outcome"), span.field("reason"), span.field("fate")),
        ("error", "network", "unknown")
    );
    let span = sale(refused).await;
    assert_eq!((span.field("fate"), span.attempts()), ("not_done", 3));
    let span = sale(|| now(reply(401, ""))).await;
    assert_eq!((span.field("reason"), span.attempts()), ("configuration", 2));
}

#[tokio::test(start_paused = true)]
async fn codes_that_nobody_knows_are_counted() {
    let span = sale(|| now(reply(200, r#"{"id":"4711","unlisted":["X1","X2"]}"#))).await;
    assert_eq!((span.field("outcome"), span.field("unknown_codes")), ("pending", "2"));
    // An answer that comes to an error counts too: this gateway is a test, and the provider says that it is none.
    let span = sale(|| now(reply(200, r#"{"id":"4711","unlisted":["X1"],"test":false}"#))).await;
    assert_eq!((span.field("outcome"), span.field("unknown_codes")), ("error", "1"));
}

#[tokio::test(start_paused = true)]
async fn questions_have_spans_too() {
    let (spans, _guard) = Spans::watch();
    let gateway = gateway(
        Tiny::new("https://tiny.example"),
        Fake::new(|_| now(paid())).transport(),
        Duration::from_secs(60),
    );
    gateway.inquire(Inquiry::Payment(payment("4711"))).await.unwrap();
    assert_eq!(spans.last().field("operation"), "inquire");
}

/// A span of the application that happens to have the same field is left alone.
#[tokio::test(start_paused = true)]
async fn another_span_is_not_written_to() {
    let (spans, _guard) = Spans::watch();
    let outer = tracing::info_span!(target: "paymux_test", "checkout", attempts = "mine");
    let gateway = gateway(
        Tiny::new("https://tiny.example"),
        Fake::new(|_| now(paid())).transport(),
        Duration::from_secs(60),
    );
    let entered = tracing::Instrument::instrument(async { gateway.sale(charge("a1")).await }, outer);
    entered.await.unwrap();
    assert_eq!(spans.all()[0].field("attempts"), "mine");
    assert_eq!(spans.last().attempts(), 1);
}
