//! Test and live do not mix; and what the engine stamps onto an answer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::time::Duration;

use common::adapter::Tiny;
use common::fake::{Fake, now, paid, refused, reply};
use common::{capture, charge, payment};
use paymux::{
    Entry, EntryKind, EntryOutcome, ErrorKind, Fate, Field, Gateway, Inquiry, Mode, Operation, Outcome, PaymentGateway,
    Reply,
};

type Answering = fn() -> Reply;

fn gateway(mode: Mode, reply: Answering) -> Gateway {
    let fake = Fake::new(move |_| now(reply()));
    let tiny = Tiny::new("https://tiny.example").mode(mode);
    common::gateway(tiny, fake.transport(), Duration::from_secs(60))
}

fn marked_test() -> Reply {
    reply(200, r#"{"id":"4711","test":true}"#)
}

fn marked_live() -> Reply {
    reply(200, r#"{"id":"4711","test":false}"#)
}

#[tokio::test]
async fn an_answer_of_the_other_mode_is_a_mismatch_that_carries_the_payment() {
    let mixed: [(Mode, Answering); 2] = [(Mode::Live, marked_test), (Mode::Test, marked_live)];
    for (mode, reply) in mixed {
        let gateway = gateway(mode, reply);
        let error = gateway.sale(charge("a1")).await.expect_err("the other mode");
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Mismatch, Fate::Unknown),
            "{mode:?}"
        );
        let payment = error.payment().expect("the payment");
        assert_eq!((payment.id(), payment.reference.gateway()), ("4711", "cards"));
        let unresolved = error.unresolved().expect("something to ask with");
        assert_eq!(unresolved.payment.as_ref(), Some(&payment.reference));
    }
}

#[tokio::test]
async fn an_answer_of_the_same_mode_or_of_none_is_fine() {
    let fine: [(Mode, Answering); 4] = [
        (Mode::Test, marked_test),
        (Mode::Live, marked_live),
        (Mode::Test, paid),
        (Mode::Live, paid),
    ];
    for (mode, reply) in fine {
        let answer = gateway(mode, reply).sale(charge("a1")).await.unwrap();
        assert!(answer.outcome.is_approved(), "{mode:?}");
    }
}

#[tokio::test]
async fn a_question_that_finds_the_other_mode_did_nothing() {
    let gateway = gateway(Mode::Live, marked_test);
    let error = gateway
        .inquire(Inquiry::Payment(payment("4711")))
        .await
        .expect_err("a test payment");
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::NotDone));
    // What became of an operation is not settled by it.
    let unknown = gateway.sale(charge("a1")).await.expect_err("a test payment");
    let error = gateway
        .resolve(unknown.unresolved().unwrap().clone())
        .await
        .expect_err("a test payment");
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::Unknown));
}

#[tokio::test]
async fn a_decline_of_the_other_mode_moved_no_money() {
    let fake = Fake::new(|_| now(reply(402, "")));
    let tiny = Tiny::new("https://tiny.example")
        .mode(Mode::Live)
        .flow(|tiny, operation, wire| {
            Box::pin(async move {
                let mut answer = tiny.once(operation, wire).await?;
                answer.payment.test = Some(true);
                Ok(answer)
            })
        });
    let gateway = common::gateway(tiny, fake.transport(), Duration::from_secs(60));
    let error = gateway.sale(charge("a1")).await.expect_err("a test payment");
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::Rejected));
}

#[tokio::test]
async fn a_decline_of_the_other_mode_beside_what_went_through_is_unknown() {
    let fake = Fake::new(|_| now(reply(402, "")));
    let tiny = Tiny::new("https://tiny.example")
        .mode(Mode::Test)
        .flow(|tiny, operation, wire| {
            Box::pin(async move {
                let mut answer = tiny.once(operation, wire).await?;
                answer.payment.test = Some(false);
                let held = Entry::new(EntryKind::Authorize, operation.amount(), EntryOutcome::Approved);
                answer.payment.entries.push(held);
                Ok(answer)
            })
        });
    let gateway = common::gateway(tiny, fake.transport(), Duration::from_secs(60));
    let error = gateway.sale(charge("a1")).await.expect_err("a live card");
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::Unknown));
    assert!(
        error
            .payment()
            .is_some_and(|payment| payment.entries.iter().any(Entry::is_approved))
    );
}

#[tokio::test]
async fn an_answer_is_stamped() {
    let gateway = gateway(Mode::Test, || reply(200, r#"{"id":"4711","token":"tok-canary"}"#));
    let mut sale = charge("a1");
    sale.order = Some("1001".to_owned());
    sale.description = Some("a book".to_owned());
    let payment = gateway.sale(sale).await.unwrap().payment;
    assert_eq!(payment.reference.gateway(), "cards");
    assert_eq!(
        (payment.order.as_deref(), payment.merchant_reference.as_deref()),
        (Some("1001"), Some("a1"))
    );
    assert_eq!(payment.dropped.len(), 2, "{:?}", payment.dropped);
    assert!(payment.dropped.contains(&Field::Order) && payment.dropped.contains(&Field::Description));
    let raw = payment.raw.as_ref().expect("the reply").scrubbed();
    assert_eq!(raw, r#"{"id":"4711","token":"***"}"#);
    assert!(!format!("{payment:?}").contains("tok-canary"));
}

#[tokio::test]
async fn a_follow_up_is_stamped_and_a_stranger_is_refused() {
    let fake = Fake::new(|_| now(paid()));
    let tiny = Tiny::new("https://tiny.example");
    let gateway = common::gateway(tiny, fake.transport(), Duration::from_secs(60));
    let answer = gateway.capture(capture("c1")).await.unwrap();
    assert!(matches!(answer.outcome, Outcome::Approved));
    assert_eq!(
        answer.payment.reference.to_string(),
        payment("4711").on("cards").to_string()
    );
    let mut stranger = capture("c2");
    stranger.payment = paymux::PaymentRef::new("other", common::adapter::account(), ["4711"]);
    let error = gateway
        .execute(&Operation::Capture(stranger))
        .await
        .expect_err("a stranger");
    assert_eq!((error.fate(), error.field()), (Fate::NotDone, Some("payment")));
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_says_where_it_happened() {
    let fake = Fake::new(|_| refused());
    let gateway = common::gateway(
        Tiny::new("https://tiny.example"),
        fake.transport(),
        Duration::from_secs(60),
    );
    let error = gateway.sale(charge("a1")).await.expect_err("no connection");
    assert_eq!(error.to_string(), "cards: sale: network: no connection [not_done]");
}
