//! What is asked about, finished or thought gone while it is in doubt.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Desk, Mood, fate, name, wait};
use http::StatusCode;
use jiff::Span;
use paymux::{
    Answer, Capabilities, Checkout, Clock as _, Decline, DeclineReason, Delivery, EntryKind, Error, ErrorKind, Event,
    Fate, Gateway, MethodQuery, Operation, Outcome, PaymentGateway, PaymentMethod, Transfer, WebhookError, async_trait,
};
use paymux_conformance::Fault;
use paymux_journal::{Finding, Journaled, Ruling, State, Step};

/// Longer than anything is booked late.
const SETTLED: u64 = 600;

fn is_note(step: &Step) -> bool {
    matches!(step, Step::Note { .. })
}

/// What was kept of an earlier call tells nothing of one that is on its way.
#[tokio::test(start_paused = true)]
async fn what_another_one_works_on_is_in_doubt_whatever_the_caller_kept() {
    let desk = Desk::new("coolpay");
    let (one, two) = (desk.process(), desk.process());
    desk.store.is(Mood::Waits(is_note, Duration::from_secs(20)));
    let sale = one.gateway.sale(desk.charge("a001"));
    let meanwhile = async {
        wait(1).await;
        desk.store.is(Mood::Well);
        let mut old = two.intent("a001").await.open;
        old.last_sent = old.last_sent.checked_sub(Span::new().hours(1)).unwrap();
        for process in [&one, &two] {
            let error = process.gateway.resolve(old.clone()).await.unwrap_err();
            assert_eq!(error.fate(), Fate::Unknown, "{error}");
            assert!(
                error.unresolved().unwrap().last_sent > old.last_sent,
                "as the journal has it"
            );
        }
    };
    let (sold, ()) = tokio::join!(sale, meanwhile);
    assert!(sold.unwrap().outcome.is_approved());
}

/// A gateway whose provider says this of whatever is asked about.
#[derive(Debug)]
struct Says(Gateway, Answer);

#[async_trait]
impl PaymentGateway for Says {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    async fn execute(&self, _: &Operation) -> Result<Answer, Error> {
        Ok(self.1.clone())
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.0.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.0.receive(delivery)
    }
}

/// Under the lease of a process that died, or is at work: what went through is told. That it was declined may be overtaken, and another's payment is another's.
#[tokio::test(start_paused = true)]
async fn under_another_s_lease_only_what_went_through_is_told() {
    let desk = Desk::new("coolpay");
    let (one, two) = (desk.process(), desk.process());
    let first = one.gateway.sale(desk.charge("a001")).await.unwrap();
    let is_end = |step: &Step| matches!(step, Step::Conclude { .. });
    desk.store.is(Mood::Hangs(is_end));
    let dead = tokio::time::timeout(Duration::from_secs(1), one.gateway.sale(desk.charge("a002")));
    assert!(dead.await.is_err());
    desk.store.is(Mood::Well);
    let intent = two.intent("a002").await;
    assert!(intent.lease.is_some_and(|lease| lease.until > two.clock.now()));
    let open = intent.open;
    let second = two.gateway.resolve(open.clone()).await.unwrap();
    assert!(second.outcome.is_approved());
    assert_ne!(second.payment.reference, first.payment.reference);
    let declined = Outcome::Declined(Decline::new(DeclineReason::DoNotHonor, "05"));
    for (answer, told) in [
        (second.clone(), true),
        (first, false),
        (Answer::new(declined, second.payment.clone()), false),
    ] {
        let says = Journaled::over(Arc::new(Says(two.bare.clone(), answer)), two.journal.clone());
        match says.resolve(open.clone()).await {
            Ok(answer) => assert!(told && answer.outcome.is_approved()),
            Err(error) => assert_eq!((error.fate(), told), (Fate::Unknown, false), "{error}"),
        }
    }
    assert_eq!(
        two.intent("a002").await.state,
        State::Open,
        "nothing is written beside another"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_is_answered_from_the_record() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    for _ in 0..3 {
        desk.fault(0, Fault::Refuse);
    }
    process.gateway.sale(desk.charge("a001")).await.unwrap_err();
    let paid = process.gateway.sale(desk.charge("a002")).await.unwrap();
    let requests = desk.stand.provider.count();
    let failed = process.intent("a001").await;
    let error = process.gateway.resolve(failed.open).await.unwrap_err();
    assert_eq!((failed.state, error.fate()), (State::Failed, Fate::NotDone), "{error}");
    let done = process.intent("a002").await;
    let found = process.gateway.resolve(done.open).await.unwrap();
    assert_eq!(found.payment.reference, paid.payment.reference);
    assert_eq!(desk.stand.provider.count(), requests);
}

#[tokio::test(start_paused = true)]
async fn what_the_journal_cannot_tell_is_in_doubt_and_what_it_does_not_know_is_asked_about() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    process.gateway.sale(desk.charge("a001")).await.unwrap();
    let mut open = process.intent("a001").await.open;
    desk.store.is(Mood::Down);
    let error = process.gateway.resolve(open.clone()).await.unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown, "{error}");
    assert_eq!(error.unresolved(), Some(&open));
    desk.store.is(Mood::Well);
    // Somebody without a journal makes it.
    let foreign = desk.stand.gateway().sale(desk.charge("a002")).await.unwrap();
    open.reference = Some(name("a002"));
    open.trail.clear();
    open.payment = None;
    let found = process.gateway.resolve(open).await.unwrap();
    assert_eq!(found.payment.reference, foreign.payment.reference);
}

/// Where something else was found than was asked for, a completion would make a second one.
#[tokio::test(start_paused = true)]
async fn what_differs_is_not_completed() {
    let desk = Desk::new("qolo");
    let process = desk.process();
    let (from, to) = desk.stand.subject.accounts.clone().unwrap();
    let transfer = Transfer::new(name("order1001t1"), desk.stand.subject.amount, from, to);
    let operation = Operation::Transfer(transfer.clone());
    for _ in 0..3 {
        // The login comes first.
        desk.fault(1, Fault::ResetBefore);
    }
    let error = process.gateway.transfer(transfer).await.unwrap_err();
    let open = error.unresolved().unwrap().clone();
    let (key, now) = (process.intent("order1001t1").await.key, process.clock.now());
    let take = Step::Take {
        key: key.clone(),
        holder: "q".to_owned(),
        until: now,
        sends: false,
        now,
        skew: Duration::ZERO,
    };
    let Ruling::Open(taken) = process.journal.store().apply(&take).await.unwrap() else {
        panic!("somebody has it");
    };
    let differs = Step::Conclude {
        hold: taken.hold().unwrap(),
        finding: Box::new(Finding::Doubt {
            open: None,
            payment: None,
            said: "another amount".to_owned(),
            remark: Some("the provider holds something else than was asked".to_owned()),
            differs: true,
            asked: true,
        }),
        now,
    };
    process.journal.store().apply(&differs).await.unwrap();
    let before = process.intent("order1001t1").await;
    let requests = desk.stand.provider.count();
    let error = process
        .gateway
        .complete(open.clone(), operation.clone())
        .await
        .unwrap_err();
    assert_eq!(fate(&error).0, Fate::Unknown, "{error}");
    for text in ["nothing is sent for it again", "something else than was asked"] {
        assert!(error.message().contains(text), "{error}");
    }
    assert_eq!(desk.stand.provider.count(), requests);
    let after = process.intent("order1001t1").await;
    assert_eq!(
        (after.generation, &after.lease),
        (before.generation, &None),
        "nobody was given it"
    );
    // Once a person says that it was not done, it may be sent.
    let verdict = paymux_journal::Verdict::NotDone;
    process.journal.decide(&key, verdict, "looked up by Ada").await.unwrap();
    process.gateway.complete(open, operation).await.unwrap();
    assert_ne!(process.intent("order1001t1").await.state, State::Open);
}

/// A gateway that finds nothing.
#[derive(Debug)]
struct Blind(Gateway);

#[async_trait]
impl PaymentGateway for Blind {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    async fn execute(&self, _: &Operation) -> Result<Answer, Error> {
        let error = Error::new(ErrorKind::InvalidRequest, "no payment stands there");
        Err(error.with_status(StatusCode::NOT_FOUND).with_fate(Fate::NotDone))
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.0.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.0.receive(delivery)
    }
}

/// What the provider took in once is not gone because it does not show it by now.
#[tokio::test(start_paused = true)]
async fn what_was_seen_is_in_doubt_when_it_is_not_there_any_more() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    let mut checkout = Checkout::new(name("a001"), desk.stand.subject.amount);
    (desk.stand.subject.complete)(&mut checkout.charge);
    checkout.charge.order = Some("1001".to_owned());
    process.gateway.checkout(checkout).await.unwrap();
    // The answer to this one is lost.
    desk.fault(1, Fault::ResetBefore);
    desk.fault(1, Fault::ResetBefore);
    desk.fault(1, Fault::ResetBefore);
    let _ = process.gateway.sale(desk.charge_for("a002", "1002")).await;
    wait(SETTLED).await;
    let blind = Blind(process.bare.clone());
    for (reference, state) in [("a001", State::Waiting), ("a002", State::Open)] {
        let key = process.intent(reference).await.key;
        let before = process.intent(reference).await;
        assert_eq!((before.state, before.made.is_some()), (state, true), "{reference}");
        for _ in 0..7 {
            let looked = process.journal.look(&blind, &key).await.unwrap().unwrap();
            assert_eq!(looked.state, state, "{reference}");
        }
        let intent = process.intent(reference).await;
        assert!(
            intent.remark.is_some(),
            "after some time a person is called: {intent:?}"
        );
    }
    assert_eq!(desk.count(EntryKind::Capture), 0);
    // What nobody ever saw is not there.
    let dead = tokio::time::timeout(Duration::from_secs(1), process.gateway.sale(desk.charge("a003")));
    desk.store.is(Mood::HangsAfter(is_note));
    assert!(dead.await.is_err());
    desk.store.is(Mood::Well);
    let key = process.intent("a003").await.key;
    let looked = process.journal.look(&blind, &key).await.unwrap().unwrap();
    assert_eq!((looked.state, looked.made), (State::Failed, None));
}
