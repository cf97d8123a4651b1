//! An operation whose answer was lost is finished under its key where the provider recognises keys, and nowhere else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::time::Duration;

use http::Method;
use paymux::{Error, ErrorKind, Fate, Operation, PaymentGateway as _, Refund, Transfer, Unresolved};
use paymux_simulator::{Fault, Kind, Matcher, coolpay, qolo};
use paymux_tests::{Stand, stands};

/// How long a key is taken to be recognised, unless configured.
const LIFE: Duration = Duration::from_secs(12 * 60 * 60);

fn transfer(amount: &str) -> Operation {
    let (from, to) = (qolo::seeds::ACCOUNT, qolo::seeds::ACCOUNT_PERSON);
    let reference = "transfer-1".parse().unwrap();
    Operation::Transfer(Transfer::new(reference, stands::money(amount), from, to))
}

/// An operation on a gateway that loses every answer (or request) to it, and what is kept of it: through its text, as an application keeps it.
async fn in_doubt(stand: &Stand, operation: &Operation, path: &str, fault: Fault) -> Unresolved {
    for _ in 0..3 {
        let matcher = Matcher::on(Method::POST, path);
        stand.provider.host().faults.add(matcher, fault.clone());
    }
    let error = stand.gateway().execute(operation).await.expect_err("lost");
    assert_eq!(error.fate(), Fate::Unknown, "{error}");
    stand.provider.host().faults = paymux_simulator::FaultPlan::none();
    let text = serde_json::to_string(error.unresolved().unwrap()).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn booked(stand: &Stand) -> Vec<(Kind, i64)> {
    let host = stand.provider.host();
    host.ledger().movements.iter().map(|m| (m.kind, m.minor)).collect()
}

/// Refused with nothing sent, the doubt left as it was.
async fn refused(stand: &Stand, unresolved: &Unresolved, operation: Operation) -> Error {
    let before = stand.provider.count();
    let result = stand.gateway().complete(unresolved.clone(), operation).await;
    let error = result.expect_err("refused");
    assert_eq!(stand.provider.count(), before, "nothing is sent: {error}");
    assert_eq!((error.fate(), error.unresolved()), (Fate::Unknown, Some(unresolved)));
    error
}

#[tokio::test(start_paused = true)]
async fn a_transfer_whose_answer_was_lost_is_finished_and_booked_once() {
    for fault in [Fault::ResetAfter, Fault::ResetBefore] {
        for settings in [qolo::Settings::qolo(), qolo::Settings::keybank()] {
            let stand = stands::qolo(settings);
            let unresolved = in_doubt(&stand, &transfer("10.00 USD"), "/transfers", fault.clone()).await;
            tokio::time::sleep(LIFE - Duration::from_secs(60)).await;
            let gateway = stand.gateway();
            let answer = gateway.complete(unresolved, transfer("10.00 USD")).await.unwrap();
            assert_eq!(booked(&stand), [(Kind::Transfer, 1000)], "{fault:?}");
            let found = stand.provider.host().ledger().movements[0].payment.clone();
            assert_eq!(answer.payment.id(), found);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reversal_that_nothing_can_be_asked_about_is_finished_too() {
    let stand = stands::qolo(qolo::Settings::qolo());
    let gateway = stand.gateway();
    let made = gateway.execute(&transfer("10.00 USD")).await.unwrap().payment;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let refund = Refund::new(made.reference, "refund-1".parse().unwrap(), stands::money("4.00 USD"));
    let refund = Operation::Refund(refund);
    let unresolved = in_doubt(&stand, &refund, "/reversals", Fault::ResetAfter).await;
    let asked = gateway.resolve(unresolved.clone()).await.expect_err("no way to ask");
    assert_eq!(asked.fate(), Fate::Unknown);
    gateway.complete(unresolved, refund).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    stand.provider.webhooks();
    let refunds = booked(&stand).into_iter().filter(|(kind, _)| *kind == Kind::Refund);
    assert_eq!(refunds.collect::<Vec<_>>(), [(Kind::Refund, 400)]);
}

#[tokio::test(start_paused = true)]
async fn after_the_life_of_its_key_it_is_refused() {
    let stand = stands::qolo(qolo::Settings::qolo());
    let unresolved = in_doubt(&stand, &transfer("10.00 USD"), "/transfers", Fault::ResetAfter).await;
    tokio::time::sleep(LIFE).await;
    let error = refused(&stand, &unresolved, transfer("10.00 USD")).await;
    assert_eq!(error.field(), Some("unresolved"));
    assert!(error.message().contains("for 43200 s"), "{error}");
    assert_eq!(booked(&stand), [(Kind::Transfer, 1000)]);
}

#[tokio::test(start_paused = true)]
async fn another_amount_is_refused() {
    let stand = stands::qolo(qolo::Settings::qolo());
    let unresolved = in_doubt(&stand, &transfer("10.00 USD"), "/transfers", Fault::ResetAfter).await;
    let error = refused(&stand, &unresolved, transfer("10.01 USD")).await;
    assert_eq!(error.field(), Some("amount"));
    assert_eq!(booked(&stand), [(Kind::Transfer, 1000)]);
}

#[tokio::test(start_paused = true)]
async fn where_no_key_is_recognised_it_is_unsupported_and_asking_is_the_way() {
    let stand = stands::coolpay(coolpay::Settings::default());
    let charge = paymux::Charge::new(
        "order-1001".parse().unwrap(),
        stand.subject.amount,
        stand.subject.approved.clone(),
    );
    let sale = Operation::Sale(Box::new(charge));
    let matcher = || Matcher::on(Method::GET, "/payments");
    for _ in 0..100 {
        let broken = Fault::StatusBefore(http::StatusCode::INTERNAL_SERVER_ERROR);
        stand.provider.host().faults.add(matcher(), broken);
    }
    let unresolved = in_doubt(&stand, &sale, "/capture", Fault::ResetAfter).await;
    let error = refused(&stand, &unresolved, sale).await;
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("ask with `resolve`"), "{error}");
    let answer = stand.gateway().resolve(unresolved).await.unwrap();
    assert!(answer.outcome.is_approved());

    // So it is with what belongs to another provider altogether.
    let other = stands::qolo(qolo::Settings::qolo());
    let unresolved = in_doubt(&other, &transfer("10.00 USD"), "/transfers", Fault::ResetAfter).await;
    let error = refused(&stand, &unresolved, transfer("10.00 USD")).await;
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
