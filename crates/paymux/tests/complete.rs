//! Finishing an operation of unknown fate under its key: what is refused before anything is sent, what the engine holds it to, and what it comes to.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use paymux::{
    Answer, Call, Capabilities, Delivery, Duplicates, Error, ErrorKind, Event, Fate, Gateway, Lost, MethodQuery, Money,
    Operation, Outcome, PaymentGateway, PaymentMethod, TokioClock, Unresolved, Void, WebhookError, async_trait,
};

use common::adapter::{Flow, Tiny, account};
use common::fake::{BASE, Fake, Fate as Comes, ONCE, lost, now, paid, refused, reply, with_header};
use common::{capture, charge, payment};

const SECOND: Duration = Duration::from_secs(1);
/// How long the provider recognises a key.
const LIFE: Duration = Duration::from_secs(600);

/// One money call under a key; the adapter counts its life from now.
const KEYED: Flow = |tiny, operation, wire| {
    Box::pin(async move {
        let until = wire.now().checked_add(LIFE).unwrap_or(Timestamp::MAX);
        let call = Call::keyed(tiny.pay(operation)?, until).nothing_done_on(&[StatusCode::TOO_MANY_REQUESTS]);
        match wire.send(call).await {
            Ok(reply) => tiny.read(&reply, wire.now()),
            Err(Lost::NotSent(error) | Lost::Unknown(error)) => Err(error),
        }
    })
};

/// A gateway whose requests come to these, one after another.
fn gateway(tiny: Tiny, comes: Vec<Comes>) -> (Gateway, Arc<Fake>) {
    let comes = Mutex::new(comes.into_iter());
    let fake = Fake::new(move |_| {
        comes
            .lock()
            .expect("no test panics here")
            .next()
            .expect("another request")
    });
    let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
    (Gateway::new("cards", Box::new(tiny), fake.transport(), clock), fake)
}

fn keyed() -> Tiny {
    Tiny::new(BASE).flow(KEYED).duplicates(Duplicates::Key(LIFE))
}

fn sale() -> Operation {
    Operation::Sale(Box::new(charge("a1")))
}

/// A sale whose answer is lost three times, and what is left of it.
async fn in_doubt(comes: Vec<Comes>) -> (Gateway, Arc<Fake>, Unresolved) {
    let first = vec![lost(), lost(), lost()];
    let (gateway, fake) = gateway(keyed(), first.into_iter().chain(comes).collect());
    let error = gateway.execute(&sale()).await.expect_err("lost");
    let unresolved = error.unresolved().expect("something to go on with").clone();
    assert_eq!((error.fate(), fake.seen().len()), (Fate::Unknown, 3));
    (gateway, fake, unresolved)
}

#[tokio::test(start_paused = true)]
async fn it_is_sent_again_as_it_was_and_its_answer_ends_the_doubt() {
    let (gateway, fake, unresolved) = in_doubt(vec![now(paid())]).await;
    assert_eq!(unresolved.first_sent, Some(Timestamp::UNIX_EPOCH));
    let answer = gateway.complete(unresolved, sale()).await.unwrap();
    assert!(answer.outcome.is_approved());
    let bodies: Vec<_> = fake.seen().iter().map(|request| request.body().clone()).collect();
    assert_eq!(bodies.len(), 4);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test(start_paused = true)]
async fn a_decline_is_an_answer_too() {
    // As the provider's first result, played again: 200, and declined in the body.
    let declined: Flow = |tiny, operation, wire| {
        Box::pin(async move {
            let call = Call::keyed(tiny.pay(operation)?, wire.now() + LIFE);
            wire.send(call).await.map_err(Lost::give_up)?;
            tiny.read(&reply(402, ""), wire.now())
        })
    };
    let (_, _, unresolved) = in_doubt(Vec::new()).await;
    let tiny = Tiny::new(BASE).flow(declined).duplicates(Duplicates::Key(LIFE));
    let (gateway, _) = self::gateway(tiny, vec![now(paid())]);
    let answer = gateway.complete(unresolved, sale()).await.unwrap();
    assert!(matches!(answer.outcome, Outcome::Declined(_)));
}

#[tokio::test(start_paused = true)]
async fn another_operation_is_refused_before_anything_is_sent() {
    let (gateway, fake, unresolved) = in_doubt(Vec::new()).await;
    let money = |text: &str| text.parse::<Money>().unwrap();
    let mut dearer = charge("a1");
    dearer.amount = money("100.01 DKK");
    let nested = Operation::Complete(Box::new(paymux::Completion::new(unresolved.clone(), sale())));
    for (operation, field) in [
        (Operation::Authorize(Box::new(charge("a1"))), "operation"),
        (Operation::Resolve(Box::new(unresolved.clone())), "operation"),
        (nested, "operation"),
        (Operation::Sale(Box::new(charge("a2"))), "reference"),
        (Operation::Sale(Box::new(dearer)), "amount"),
    ] {
        let error = gateway
            .complete(unresolved.clone(), operation)
            .await
            .expect_err("another");
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)));
        assert!(
            error.message().contains("must be the one that was sent") && error.message().contains("nothing was sent"),
            "{error}"
        );
        // What was sent before may have been done: no refusal here makes a new attempt safe.
        assert_eq!((error.fate(), error.unresolved()), (Fate::Unknown, Some(&unresolved)));
    }
    assert_eq!(fake.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn another_payment_is_refused() {
    let (gateway, fake) = self::gateway(keyed(), vec![lost(), lost(), lost(), now(paid())]);
    let asked = Operation::Capture(capture("c1"));
    let error = gateway.execute(&asked).await.expect_err("lost");
    let unresolved = error.unresolved().expect("something to ask with").clone();
    let mut other = capture("c1");
    other.payment = payment("4712");
    let error = gateway
        .complete(unresolved.clone(), Operation::Capture(other))
        .await
        .expect_err("another payment");
    assert_eq!((error.field(), fake.seen().len()), (Some("payment"), 3));
    let mut none = unresolved.clone();
    none.payment = None;
    let error = gateway.complete(none, asked.clone()).await.expect_err("no payment");
    assert_eq!((error.field(), fake.seen().len()), (Some("payment"), 3));
    let void = Operation::Void(Void::new(payment("4711"), "c1".parse().unwrap()));
    let error = gateway
        .complete(unresolved.clone(), void)
        .await
        .expect_err("another kind");
    assert_eq!((error.field(), fake.seen().len()), (Some("operation"), 3));
    // The gateway's name is not part of what a payment is.
    let mut renamed = capture("c1");
    renamed.payment = renamed.payment.on("old cards");
    gateway.complete(unresolved, Operation::Capture(renamed)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn anothers_operation_is_refused() {
    let (gateway, fake, unresolved) = in_doubt(Vec::new()).await;
    let mut provider = unresolved.clone();
    provider.provider = "other".to_owned();
    let mut merchant = unresolved;
    merchant.account = paymux::Account::of(&["m2"]);
    assert_ne!(merchant.account, account());
    for stranger in [provider, merchant] {
        let error = gateway.complete(stranger, sale()).await.expect_err("a stranger");
        assert_eq!((error.field(), error.fate()), (Some("unresolved"), Fate::Unknown));
        assert!(error.message().contains("belongs to"), "{error}");
    }
    assert_eq!(fake.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_keys_there_is_nothing_to_complete_by() {
    let (_, _, unresolved) = in_doubt(Vec::new()).await;
    for duplicates in [Duplicates::None, Duplicates::UniqueReference] {
        let tiny = Tiny::new(BASE).flow(KEYED).duplicates(duplicates);
        let (gateway, fake) = self::gateway(tiny, Vec::new());
        let error = gateway.complete(unresolved.clone(), sale()).await.expect_err("no key");
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Unsupported, Fate::Unknown));
        assert!(error.message().contains("`resolve`"), "{error}");
        assert!(error.unresolved().is_some() && fake.seen().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_ends_with_the_life_of_its_first_use() {
    let (gateway, fake, unresolved) = in_doubt(vec![now(paid())]).await;
    let asked = tokio::time::Instant::now();
    // Its last use was later than its first; that does not prolong it.
    assert!(Some(unresolved.last_sent) > unresolved.first_sent);
    let end = Timestamp::UNIX_EPOCH + LIFE;
    let left = end.duration_since(unresolved.last_sent).unsigned_abs();
    tokio::time::sleep_until(asked + left).await;
    let error = gateway
        .complete(unresolved.clone(), sale())
        .await
        .expect_err("the key has ended");
    assert_eq!((error.field(), error.fate()), (Some("unresolved"), Fate::Unknown));
    assert!(error.message().contains("for 600 s"), "{error}");
    let mut unsure = unresolved;
    unsure.first_sent = None;
    let error = gateway.complete(unsure, sale()).await.expect_err("who knows when");
    assert!(error.message().contains("does not say when"), "{error}");
    assert_eq!(fake.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_resend_of_it_is_bound_by_the_first_use_too() {
    let slow = || common::fake::after(20 * SECOND, reply(500, ""));
    let (gateway, fake, unresolved) = in_doubt(vec![slow(), now(paid())]).await;
    tokio::time::sleep(LIFE - 10 * SECOND).await;
    // The adapter says that the key is good for ten minutes from now; after twenty seconds it is not.
    let error = gateway
        .complete(unresolved, sale())
        .await
        .expect_err("the key has ended");
    assert_eq!((error.fate(), fake.seen().len()), (Fate::Unknown, 4));
}

#[tokio::test(start_paused = true)]
async fn the_first_sending_of_it_waits_no_longer_than_the_key_lasts() {
    let quiet = now(with_header(reply(429, ""), http::header::RETRY_AFTER, "30"));
    let (gateway, fake, unresolved) = in_doubt(vec![quiet, now(paid())]).await;
    tokio::time::sleep(LIFE - 10 * SECOND).await;
    let other = gateway.clone();
    let hush = tokio::spawn(async move { other.sale(charge("b1")).await });
    tokio::task::yield_now().await;
    let error = gateway
        .complete(unresolved, sale())
        .await
        .expect_err("the key has ended");
    assert_eq!(error.fate(), Fate::Unknown);
    assert!(hush.await.unwrap().unwrap().outcome.is_approved());
    let mine = fake
        .seen()
        .iter()
        .filter(|r| r.body().ends_with(b"\"a1\",\"amount\":10000}"))
        .count();
    assert_eq!(mine, 3, "not sent again");
}

#[tokio::test(start_paused = true)]
async fn a_call_without_the_key_is_refused_there() {
    let (_, _, unresolved) = in_doubt(Vec::new()).await;
    let tiny = Tiny::new(BASE).flow(ONCE).duplicates(Duplicates::Key(LIFE));
    let (gateway, fake) = self::gateway(tiny, Vec::new());
    let error = gateway
        .complete(unresolved.clone(), sale())
        .await
        .expect_err("no key on it");
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Unsupported, Fate::Unknown));
    assert!(fake.seen().is_empty());
    let kept = error.unresolved().unwrap();
    assert_eq!(
        (kept.first_sent, kept.last_sent),
        (unresolved.first_sent, unresolved.last_sent)
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_but_a_2xx_ends_the_doubt_and_the_first_moment_is_kept() {
    for status in [400, 401, 402, 403, 409, 422, 429, 500] {
        let comes = (0..3).map(|_| now(reply(status, "")));
        let (gateway, _, unresolved) = in_doubt(comes.collect()).await;
        tokio::time::sleep(5 * SECOND).await;
        let error = gateway
            .complete(unresolved.clone(), sale())
            .await
            .expect_err("no answer");
        assert_eq!(error.fate(), Fate::Unknown, "{status}");
        let kept = error.unresolved().unwrap();
        assert_eq!(kept.first_sent, unresolved.first_sent, "{status}");
        assert!(kept.last_sent >= unresolved.last_sent + 5 * SECOND, "{status}");
        assert_eq!(
            (&kept.operation, &kept.reference, &kept.amount, &kept.trail),
            (
                &unresolved.operation,
                &unresolved.reference,
                &unresolved.amount,
                &unresolved.trail
            )
        );
    }
    // Not sent at all: as it was, to the moment.
    let (gateway, _, unresolved) = in_doubt((0..3).map(|_| refused()).collect()).await;
    tokio::time::sleep(5 * SECOND).await;
    let error = gateway
        .complete(unresolved.clone(), sale())
        .await
        .expect_err("not sent");
    assert_eq!((error.fate(), error.unresolved()), (Fate::Unknown, Some(&unresolved)));
    // An approval that cannot be read proves nothing either.
    let (gateway, _, unresolved) = in_doubt(vec![now(reply(200, "{"))]).await;
    let error = gateway.complete(unresolved, sale()).await.expect_err("unreadable");
    assert_eq!(error.fate(), Fate::Unknown);
}

/// A completion and the operation itself are one thing: whichever comes second joins the first.
#[tokio::test(start_paused = true)]
async fn it_joins_what_is_in_flight() {
    let slow = common::fake::after(SECOND, paid());
    let (gateway, fake, unresolved) = in_doubt(vec![slow]).await;
    let (first, second) = tokio::join!(gateway.complete(unresolved, sale()), gateway.sale(charge("a1")));
    assert!(first.unwrap().outcome.is_approved() && second.unwrap().outcome.is_approved());
    assert_eq!(fake.seen().len(), 4);
}

/// A wrapper has one method, and carries this like everything else.
#[derive(Debug)]
struct Wrapper(Gateway);

#[async_trait]
impl PaymentGateway for Wrapper {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        self.0.execute(operation).await
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.0.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.0.receive(delivery)
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrapper_that_implements_execute_carries_it() {
    let (gateway, fake, unresolved) = in_doubt(vec![now(paid())]).await;
    let answer = Wrapper(gateway).complete(unresolved, sale()).await.unwrap();
    assert!(answer.outcome.is_approved());
    assert_eq!(fake.seen().len(), 4);
}
