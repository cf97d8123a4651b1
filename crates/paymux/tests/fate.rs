//! What an operation is said to have done: the worst over its money calls, whatever the adapter makes of it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::adapter::{Flow, Tiny};
use common::fake::{BASE, Fake, ONCE, after, lost, never, now, on, paid, refused, reply, sale};
use common::{capture, charge, payment};
use http::StatusCode;
use jiff::Timestamp;
use paymux::{Call, Error, ErrorKind, Fate, Gateway, Lost, Memo, Outcome, PaymentGateway, TokioClock};

const SECOND: Duration = Duration::from_secs(1);

/// The money call, and once more if its answer is lost, as an adapter with a key would.
const TWICE: Flow = |tiny, operation, wire| {
    Box::pin(async move {
        let call = || tiny.pay(operation).map(Call::once);
        match wire.send(call()?).await {
            Ok(reply) => tiny.read(&reply, wire.now()),
            Err(Lost::NotSent(error)) => Err(error),
            Err(_) => match wire
                .send(call()?.nothing_done_on(&[StatusCode::PAYMENT_REQUIRED]))
                .await
            {
                Ok(reply) => tiny.read(&reply, wire.now()),
                Err(lost) => Err(lost.give_up().with_fate(Fate::NotDone)),
            },
        }
    })
};

/// The money call, whose body decides whatever the status.
const BODY: Flow = |tiny, operation, wire| {
    Box::pin(async move {
        match wire.send(Call::once(tiny.pay(operation)?).body_decides()).await {
            Ok(mut reply) if reply.body == "declined" => {
                reply.status = StatusCode::PAYMENT_REQUIRED;
                tiny.read(&reply, wire.now())
            }
            Ok(reply) if reply.body == "refused" => Err(Error::new(ErrorKind::Refused, "no").with_fate(Fate::Rejected)),
            Ok(_) => Err(Error::new(ErrorKind::Provider, "unreadable")),
            Err(lost) => Err(lost.give_up()),
        }
    })
};

#[tokio::test(start_paused = true)]
async fn statuses_that_say_nothing_of_a_money_call_are_unknown() {
    for status in [101, 408, 500, 502, 503, 504, 599, 600, 999] {
        let (result, fake) = sale(vec![now(reply(status, ""))], ONCE).await;
        let error = result.expect_err("no answer");
        assert_eq!(
            (error.fate(), fake.seen().len()),
            (Fate::Unknown, 1),
            "{status}: {error}"
        );
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
    }
    for (status, fate) in [
        (401, Fate::NotDone),
        (403, Fate::NotDone),
        (429, Fate::NotDone),
        (409, Fate::Rejected),
    ] {
        let error = sale(vec![now(reply(status, ""))], ONCE).await.0.expect_err("no");
        assert_eq!(error.fate(), fate, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_5xx_reaches_an_adapter_whose_body_decides() {
    let declined = sale(vec![now(reply(500, "declined"))], BODY).await.0.unwrap();
    assert!(matches!(declined, Outcome::Declined(_)));
    for (body, fate) in [("refused", Fate::Rejected), ("", Fate::Unknown)] {
        let error = sale(vec![now(reply(500, body))], BODY).await.0.expect_err("no");
        assert_eq!(error.fate(), fate, "`{body}`");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_money_call_only_a_2xx_counts() {
    assert!(sale(vec![lost(), now(paid())], TWICE).await.0.unwrap().is_approved());
    // 402 is declared to prove that nothing was done; after a lost call it proves nothing of that one.
    for status in [400, 401, 402, 404, 409, 422, 429, 500] {
        let error = sale(vec![lost(), now(reply(status, ""))], TWICE)
            .await
            .0
            .expect_err("no answer");
        assert_eq!(error.fate(), Fate::Unknown, "{status}: {error}");
        assert!(error.unresolved().is_some(), "{status}");
    }
    let error = sale(vec![lost(), refused(), refused(), refused()], TWICE)
        .await
        .0
        .expect_err("no answer");
    assert_eq!(
        error.fate(),
        Fate::Unknown,
        "a second call that was not sent makes the first no better"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_after_an_accepted_money_call_is_unknown_and_carries_the_notes() {
    let flow: Flow = |tiny, operation, wire| {
        Box::pin(async move {
            wire.note(Memo::new("payment", "4711")).await?;
            wire.send(Call::once(tiny.pay(operation)?))
                .await
                .map_err(Lost::give_up)?;
            Err(Error::new(ErrorKind::Refused, "something else").with_fate(Fate::NotDone))
        })
    };
    let fake = Fake::new(|_| after(5 * SECOND, paid()));
    let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
    let tiny = Box::new(Tiny::new(BASE).flow(flow));
    let gateway = Gateway::new("cards", tiny, fake.transport(), clock);
    let error = gateway.capture(capture("c1")).await.expect_err("an adapter's error");
    assert_eq!(error.fate(), Fate::Unknown);
    let unresolved = error.unresolved().expect("something to ask with");
    assert_eq!(unresolved.note("payment"), Some("4711"));
    assert_eq!(
        (unresolved.gateway.as_str(), unresolved.operation.as_str()),
        ("cards", "capture")
    );
    assert_eq!(
        unresolved.reference.as_ref().map(ToString::to_string).as_deref(),
        Some("c1")
    );
    assert_eq!(unresolved.payment, Some(payment("4711")));
    assert_eq!(
        unresolved.amount.map(|amount| amount.to_string()).as_deref(),
        Some("100.00 DKK")
    );
    // It may have left at any time until the reply, not only when the exchange began.
    assert_eq!(unresolved.last_sent.as_second(), 5);
}

/// The capture that was booked, and reported as failed because its reply could not be read.
#[tokio::test(start_paused = true)]
async fn a_reply_that_cannot_be_read_is_unknown() {
    for body in ["", "{", "<html>OK</html>", r#"{"result":"HE_00"}"#] {
        let error = sale(vec![now(reply(200, body))], ONCE).await.0.expect_err("unreadable");
        assert_eq!(
            (error.fate(), error.kind()),
            (Fate::Unknown, ErrorKind::Provider),
            "`{body}`"
        );
        assert!(error.unresolved().is_some() && error.raw().is_some(), "`{body}`");
    }
    // So is a refusal: who knows what a page of a proxy means?
    let error = sale(vec![now(reply(400, "<html>"))], ONCE)
        .await
        .0
        .expect_err("unreadable");
    assert_eq!(error.fate(), Fate::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_lost_question_makes_nothing_unknown() {
    let ask_first: Flow = |tiny, operation, wire| {
        Box::pin(async move {
            tiny.ask("4711", wire).await?;
            tiny.once(operation, wire).await
        })
    };
    for (broken, asked) in [
        (vec![lost(), lost(), lost()], 3),
        (vec![never()], 1),
        (vec![now(reply(503, "")), lost(), now(reply(503, ""))], 3),
    ] {
        let (result, fake) = sale(broken, ask_first).await;
        assert_eq!(result.expect_err("lost").fate(), Fate::NotDone);
        assert_eq!(fake.seen().len(), asked);
    }
    let ask_after: Flow = |tiny, operation, wire| {
        Box::pin(async move {
            let answer = tiny.once(operation, wire).await?;
            tiny.ask("4711", wire).await.map(|_| answer)
        })
    };
    let (result, _) = sale(vec![now(reply(409, "")), lost()], ask_after).await;
    assert_eq!(result.expect_err("rejected").fate(), Fate::Rejected);
    let (result, _) = sale(vec![now(paid()), lost(), lost(), lost()], ask_after).await;
    assert_eq!(result.expect_err("accepted before").fate(), Fate::Unknown);
}

/// Nothing is known of an operation by a question that failed: only the provider's word settles it.
#[tokio::test(start_paused = true)]
async fn a_failed_resolve_leaves_the_operation_unknown() {
    let lost_sale = on(&Fake::new(|_| lost()), ONCE)
        .sale(charge("a1"))
        .await
        .expect_err("lost");
    let unresolved = lost_sale.unresolved().unwrap().clone();
    type Question = fn() -> common::fake::Fate;
    let questions: Vec<(&str, Question)> = vec![
        ("lost", lost),
        ("not sent", refused),
        ("no answer", never),
        ("401", || now(reply(401, ""))),
        ("403", || now(reply(403, ""))),
        ("404, and a late request may still be booked", || now(reply(404, ""))),
        ("429", || now(reply(429, ""))),
        ("500", || now(reply(500, ""))),
        ("unreadable", || now(reply(200, "{"))),
    ];
    for (what, question) in questions {
        let gateway = on(&Fake::new(move |_| question()), ONCE);
        let error = gateway.resolve(unresolved.clone()).await.expect_err(what);
        assert_eq!(
            (error.fate(), error.unresolved()),
            (Fate::Unknown, Some(&unresolved)),
            "{what}"
        );
    }
    let mut stranger = unresolved.clone();
    stranger.provider = "other".to_owned();
    let error = on(&Fake::new(|_| now(paid())), ONCE)
        .resolve(stranger.clone())
        .await
        .expect_err("a stranger");
    assert_eq!((error.fate(), error.unresolved()), (Fate::Unknown, Some(&stranger)));
    assert!(
        on(&Fake::new(|_| now(paid())), ONCE)
            .resolve(unresolved)
            .await
            .unwrap()
            .outcome
            .is_approved()
    );
}

#[tokio::test(start_paused = true)]
async fn absence_counts_once_nothing_can_be_booked_any_more() {
    let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
    let count = AtomicUsize::new(0);
    let fake = Fake::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => lost(),
        _ => now(reply(404, "")),
    });
    let tiny = Box::new(Tiny::new(BASE).settle(300 * SECOND));
    let gateway = Gateway::new("cards", tiny, fake.transport(), clock);
    let error = gateway.sale(charge("a1")).await.expect_err("lost");
    let unresolved = error.unresolved().unwrap().clone();
    tokio::time::sleep(300 * SECOND).await;
    let early = gateway.resolve(unresolved.clone()).await.expect_err("not found");
    assert_eq!(early.fate(), Fate::Unknown);
    tokio::time::sleep(SECOND).await;
    let late = gateway.resolve(unresolved).await.expect_err("not found");
    assert_eq!((late.fate(), late.is_not_found()), (Fate::NotDone, true));
}

/// Waiting on the wire of another operation's lock must not be broken by a panic in it.
#[tokio::test(start_paused = true)]
async fn an_adapter_that_panics_breaks_only_its_own_operation() {
    let fake = Fake::new(|request| match request.body().windows(3).any(|bytes| bytes == b"bad") {
        true => now(reply(200, "{")),
        false => now(paid()),
    });
    let gateway = on(&fake, |tiny, operation, wire| {
        Box::pin(async move { Ok(tiny.once(operation, wire).await.expect("the adapter panics")) })
    });
    let panicking = gateway.clone();
    let panicked = tokio::spawn(async move { panicking.sale(charge("bad")).await }).await;
    assert!(panicked.is_err_and(|error| error.is_panic()));
    gateway.sale(charge("good")).await.unwrap();
    assert!(format!("{gateway:?}").contains("in_flight: 0"), "{gateway:?}");
}
