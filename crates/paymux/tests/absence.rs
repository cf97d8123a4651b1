//! That nothing stands at the provider is believed only when it is said twice, both times late enough.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use paymux::{Answer, Error, Fate, Gateway, Memo, Operation, Options, PaymentGateway as _, TokioClock};

use common::adapter::Tiny;
use common::charge;
use common::fake::{BASE, Fake, Fate as Comes, after, lost, never, now, paid, reply};

const SECOND: Duration = Duration::from_secs(1);
const SETTLE: Duration = Duration::from_secs(300);

/// What comes of asking so long after the sale was lost, over these answers; and how many were used.
async fn asked(tiny: Tiny, wait: Duration, answers: Vec<Comes>) -> (Result<Answer, Error>, usize) {
    let comes = Mutex::new([lost()].into_iter().chain(answers));
    let fake = Fake::new(move |_| {
        comes
            .lock()
            .expect("no test panics here")
            .next()
            .expect("another answer")
    });
    let clock = Arc::new(TokioClock::new(Timestamp::UNIX_EPOCH));
    let mut options = Options::default();
    options.timeout = 20 * SECOND;
    let gateway = Gateway::with_options("cards", Box::new(tiny), fake.transport(), clock, options);
    let error = gateway.sale(charge("a1")).await.expect_err("lost");
    let unresolved = error.unresolved().expect("something to ask with").clone();
    tokio::time::sleep(wait).await;
    let result = gateway.resolve(unresolved.clone()).await;
    if let Err(error) = &result
        && error.fate() == Fate::Unknown
    {
        assert_eq!(error.unresolved(), Some(&unresolved), "to be asked with again");
    }
    (result, fake.count("/payments/4711"))
}

fn settling() -> Tiny {
    Tiny::new(BASE).settle(SETTLE)
}

fn absent() -> Comes {
    now(reply(404, ""))
}

#[tokio::test(start_paused = true)]
async fn twice_after_the_time_it_is_believed() {
    let begin = tokio::time::Instant::now();
    let (result, questions) = asked(settling(), SETTLE + SECOND, vec![absent(), absent()]).await;
    let error = result.expect_err("not found");
    assert_eq!(
        (error.fate(), error.is_not_found(), questions),
        (Fate::NotDone, true, 2)
    );
    assert!(error.unresolved().is_none(), "it is settled");
    assert!(begin.elapsed() >= SETTLE + 2 * SECOND, "with a pause between");
}

#[tokio::test(start_paused = true)]
async fn before_the_time_it_is_not_and_need_not_be_asked_again() {
    let (result, questions) = asked(settling(), SETTLE, vec![absent()]).await;
    assert_eq!((result.expect_err("early").fate(), questions), (Fate::Unknown, 1));
    // Asked before and told after: the provider may have looked at any moment in between.
    let slow = after(10 * SECOND, reply(404, ""));
    let (result, questions) = asked(settling(), SETTLE - 5 * SECOND, vec![slow]).await;
    assert_eq!((result.expect_err("early").fate(), questions), (Fate::Unknown, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_said_the_second_time_counts() {
    let (result, questions) = asked(settling(), SETTLE + SECOND, vec![absent(), now(paid())]).await;
    assert!(result.expect("found").outcome.is_approved());
    assert_eq!(questions, 2);
    let others: [fn() -> Vec<Comes>; 4] = [
        || vec![lost(), lost(), lost()],
        || vec![now(reply(500, "")), now(reply(500, "")), now(reply(500, ""))],
        || vec![now(reply(401, ""))],
        || vec![now(reply(200, "{"))],
    ];
    for second in others {
        let answers = [absent()].into_iter().chain(second()).collect();
        let (result, _) = asked(settling(), SETTLE + SECOND, answers).await;
        assert_eq!(result.expect_err("no answer").fate(), Fate::Unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_question_has_what_is_left_of_the_time() {
    let (result, questions) = asked(settling(), SETTLE + SECOND, vec![absent(), never()]).await;
    assert_eq!((result.expect_err("no answer").fate(), questions), (Fate::Unknown, 2));
    let slow = after(19 * SECOND, reply(404, ""));
    let (result, questions) = asked(settling(), SETTLE + SECOND, vec![slow]).await;
    assert_eq!((result.expect_err("no time").fate(), questions), (Fate::Unknown, 1));
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_say_how_late_it_may_be_booked_it_is_never_believed() {
    let (result, questions) = asked(Tiny::new(BASE), 1_000_000 * SECOND, vec![absent()]).await;
    assert_eq!((result.expect_err("absent").fate(), questions), (Fate::Unknown, 1));
}

/// The second question keeps its distance from the first, as any other.
#[tokio::test(start_paused = true)]
async fn the_second_question_waits_for_its_turn() {
    let (result, _) = asked(
        settling().interval(10 * SECOND),
        SETTLE + SECOND,
        vec![absent(), absent()],
    )
    .await;
    assert_eq!(result.expect_err("absent").fate(), Fate::NotDone);
    let (result, questions) = asked(settling().interval(30 * SECOND), SETTLE + SECOND, vec![absent()]).await;
    let error = result.expect_err("no turn in time");
    assert_eq!((error.fate(), questions), (Fate::Unknown, 1));
    assert!(error.retry_after().is_some());
}

#[tokio::test(start_paused = true)]
async fn what_a_question_noted_is_asked_with_the_next_time() {
    let fake = Fake::new(|_| lost());
    let tiny = settling().flow(|tiny, operation, wire| {
        Box::pin(async move {
            if matches!(operation, Operation::Resolve(_)) {
                wire.note(Memo::new("told once", "4711")).await?;
            }
            tiny.once(operation, wire).await
        })
    });
    let gateway = common::gateway(tiny, fake.transport(), 20 * SECOND);
    let error = gateway.sale(charge("a1")).await.expect_err("lost");
    let unresolved = error.unresolved().expect("something to ask with").clone();
    assert_eq!(unresolved.note("told once"), None);
    for _ in 0..2 {
        let error = gateway.resolve(unresolved.clone()).await.expect_err("lost, too");
        let open = error.unresolved().expect("something to ask with");
        assert_eq!((error.fate(), open.note("told once")), (Fate::Unknown, Some("4711")));
        assert_eq!(open.trail.len(), unresolved.trail.len() + 1);
        assert_eq!(open.last_sent, unresolved.last_sent);
    }
}
