//! One reference is one operation, however often and from wherever it is asked for.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Desk, Mood, fate, name, wait};
use paymux::{
    Capture, Checkout, EntryKind, Fate, Money, NextAction, Outcome, PaymentGateway as _, PaymentState, Refund, Void,
};
use paymux_chaos::stands;
use paymux_conformance::{End, Fault};
use paymux_journal::{Filter, PaymentKey, State, Store as _};

#[tokio::test(start_paused = true)]
async fn the_recorded_outcome_is_returned() {
    let desk = Desk::new("coolpay");
    let first = desk
        .process()
        .gateway
        .sale(desk.charge_for("a001", "1001"))
        .await
        .unwrap();
    let requests = desk.stand.provider.count();
    // Another process, later: nothing is sent.
    let again = desk
        .process()
        .gateway
        .sale(desk.charge_for("a001", "1001"))
        .await
        .unwrap();
    assert!(again.outcome.is_approved() && !again.unrecorded);
    assert_eq!(again.payment.reference, first.payment.reference);
    assert_eq!(again.payment.entries, first.payment.entries);
    assert_eq!(desk.stand.provider.count(), requests);
    assert_eq!(desk.count(EntryKind::Capture), 1);
}

#[tokio::test(start_paused = true)]
async fn a_decline_is_recorded_with_its_reason() {
    let desk = Desk::new("opp-v1");
    let mut charge = desk.charge("order1001a1");
    charge.source = desk.stand.subject.declined.clone().unwrap();
    let reason = |answer: paymux::Answer| match answer.outcome {
        Outcome::Declined(decline) => decline,
        other => panic!("{other:?}"),
    };
    let first = reason(desk.process().gateway.sale(charge.clone()).await.unwrap());
    let requests = desk.stand.provider.count();
    let again = reason(desk.process().gateway.sale(charge).await.unwrap());
    assert_eq!(first, again);
    assert_eq!(desk.stand.provider.count(), requests);
}

#[tokio::test(start_paused = true)]
async fn something_else_under_the_same_reference_is_refused_with_both_named() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    let held = process
        .gateway
        .authorize(desk.charge("a001"))
        .await
        .unwrap()
        .payment
        .reference;
    let requests = desk.stand.provider.count();
    let other_amount = {
        let mut charge = desk.charge("a001");
        charge.amount = Money::new(1, charge.amount.currency());
        process.gateway.authorize(charge).await
    };
    let other_kind = process.gateway.sale(desk.charge("a001")).await;
    let on_a_payment = process.gateway.capture(desk.capture(&held, "a001")).await;
    let other_order = process.gateway.authorize(desk.charge_for("a001", "1002")).await;
    for (result, words) in [
        (other_amount, ["authorize of 100.00 DKK", "authorize of 0.01 DKK"]),
        (other_kind, ["authorize of 100.00 DKK", "sale of 100.00 DKK"]),
        (
            on_a_payment,
            ["authorize of 100.00 DKK", "capture of 25.00 DKK on pm1:"],
        ),
        (other_order, ["authorize of 100.00 DKK", "for order 1002"]),
    ] {
        let error = result.unwrap_err();
        assert_eq!(fate(&error), (Fate::NotDone, Some("reference")), "{error}");
        assert!(words.iter().all(|word| error.message().contains(word)), "{error}");
        assert_eq!(error.payment().unwrap().reference, held);
    }
    assert_eq!(desk.stand.provider.count(), requests);
}

#[tokio::test(start_paused = true)]
async fn calls_at_once_are_one_call_in_one_process_and_in_two() {
    for name in paymux_chaos::stands::NAMES {
        let desk = Desk::new(name);
        let (one, two) = (desk.process(), desk.process());
        if !one.gateway.capabilities().offers(paymux::OperationKind::Sale) {
            continue;
        }
        desk.fault(0, Fault::Delay(std::time::Duration::from_secs(3)));
        let sale = |process: &common::Process| {
            let gateway = process.gateway.clone();
            let charge = desk.charge("order1001a1");
            async move { gateway.sale(charge).await }
        };
        let (a, b, c, d) = tokio::join!(sale(&one), sale(&one), sale(&two), sale(&two));
        let ids: Vec<String> = [a, b, c, d]
            .into_iter()
            .map(|answer| answer.unwrap().payment.id().to_owned())
            .collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{name}: {ids:?}");
        let payments: std::collections::BTreeSet<_> = desk.booked().into_iter().map(|booked| booked.payment).collect();
        assert!(payments.len() <= 1, "{name}: {payments:?}");
        assert_eq!(one.intent("order1001a1").await.attempt, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_did_nothing_is_done_by_the_next_attempt() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    for _ in 0..3 {
        desk.fault(0, Fault::Refuse);
    }
    let error = process.gateway.sale(desk.charge_for("a001", "1001")).await.unwrap_err();
    assert_eq!((error.fate(), error.is_unrecorded()), (Fate::NotDone, false));
    let intent = process.intent("a001").await;
    assert_eq!((intent.state, intent.attempt), (State::Failed, 1));
    // The order is free meanwhile, and this attempt may have it again.
    process.gateway.sale(desk.charge_for("a001", "1001")).await.unwrap();
    let intent = process.intent("a001").await;
    assert_eq!((intent.state, intent.attempt), (State::Done, 2));
    assert_eq!(desk.count(EntryKind::Capture), 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_has_one_attempt() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    let paid = process
        .gateway
        .sale(desk.charge_for("a001", "1001"))
        .await
        .unwrap()
        .payment;
    let requests = desk.stand.provider.count();
    let error = desk
        .process()
        .gateway
        .sale(desk.charge_for("a002", "1001"))
        .await
        .unwrap_err();
    assert_eq!(fate(&error), (Fate::NotDone, Some("order")), "{error}");
    assert_eq!(error.payment().unwrap().reference, paid.reference);
    assert!(error.message().contains("reference a001"), "{error}");
    assert_eq!(desk.stand.provider.count(), requests, "what is done is not asked about");
    // A refund does not free it.
    let refund = Refund::new(paid.reference, name("r001"), desk.stand.subject.amount);
    process.gateway.refund(refund).await.unwrap();
    process.gateway.sale(desk.charge_for("a003", "1001")).await.unwrap_err();
    // Another order does not matter.
    process.gateway.sale(desk.charge_for("a004", "1002")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_declined_attempt_leaves_the_order_to_the_next_and_a_void_does() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    let mut declined = desk.charge_for("a001", "1001");
    declined.source = desk.stand.subject.declined.clone().unwrap();
    process.gateway.authorize(declined).await.unwrap();
    let held = process
        .gateway
        .authorize(desk.charge_for("a002", "1001"))
        .await
        .unwrap()
        .payment;
    process
        .gateway
        .authorize(desk.charge_for("a003", "1001"))
        .await
        .unwrap_err();
    let void = process
        .gateway
        .void(Void::new(held.reference.clone(), name("v001")))
        .await
        .unwrap();
    assert!(void.outcome.is_approved());
    assert_eq!(process.intent("a002").await.state, State::Undone);
    process
        .gateway
        .authorize(desk.charge_for("a004", "1001"))
        .await
        .unwrap();
    // The first outcome is still known, and the payment as it stands.
    let again = process
        .gateway
        .authorize(desk.charge_for("a002", "1001"))
        .await
        .unwrap();
    assert_eq!(again.payment.state, PaymentState::Voided);
}

#[tokio::test(start_paused = true)]
async fn an_open_page_keeps_its_order_and_its_link_is_made_anew() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    let checkout = |reference: &str| {
        let mut checkout = Checkout::new(name(reference), desk.stand.subject.amount);
        (desk.stand.subject.complete)(&mut checkout.charge);
        checkout.charge.order = Some("1001".to_owned());
        checkout
    };
    let answer = process.gateway.checkout(checkout("a001")).await.unwrap();
    let Outcome::ActionRequired(action) = &answer.outcome else {
        panic!("{answer:?}");
    };
    let text = serde_json::to_string(&process.intent("a001").await).unwrap();
    assert!(!text.contains(action.expose_url()), "no link is kept");
    let error = process.gateway.checkout(checkout("a002")).await.unwrap_err();
    assert!(error.message().contains("its page is open"), "{error}");
    // After a crash, the same reference brings the page back.
    let again = desk.process().gateway.checkout(checkout("a001")).await.unwrap();
    let Outcome::ActionRequired(link) = &again.outcome else {
        panic!("{again:?}");
    };
    assert_eq!(link.expose_url(), action.expose_url());
    // Once it is paid, whoever asks for another attempt learns of it.
    assert!(desk.stand.subject.settle.settle(&answer, End::Approved).await);
    wait(60).await;
    let error = process.gateway.checkout(checkout("a003")).await.unwrap_err();
    assert!(error.message().contains("it was done"), "{error}");
    assert_eq!(process.intent("a001").await.state, State::Done);
}

/// A form is the customer's browser's, with its fields: no row has any of it, nor what the application is told of the rows.
#[tokio::test(start_paused = true)]
async fn a_form_for_the_customer_is_not_kept() {
    let desk = Desk::new("opp-v3");
    let process = desk.process();
    let mut charge = desk.charge("order1001a1");
    charge.source = stands::card("4200000000000042");
    let answer = process.gateway.sale(charge).await.unwrap();
    let Outcome::ActionRequired(NextAction::Form {
        url, fields, before, ..
    }) = &answer.outcome
    else {
        panic!("{answer:?}");
    };
    let mut parts = vec![url.clone()];
    for (url, fields) in before.iter().chain([&(url.clone(), fields.clone())]) {
        parts.push(url.clone());
        parts.extend(fields.iter().map(|(_, value)| value.clone()));
    }
    // The payment's id is among the fields, and known to the record anyway.
    parts.retain(|part| part != answer.payment.id());
    assert!(parts.len() > 3, "an address, and fields before and in the form");
    let intents = desk.store.intents(&Filter::default()).await.unwrap();
    let changes = desk.store.changes(0, 100).await.unwrap();
    let known = desk
        .store
        .payment(&PaymentKey::of(&answer.payment.reference))
        .await
        .unwrap();
    assert!(intents.len() == 1 && !changes.is_empty() && known.is_some());
    let kept = serde_json::to_string(&(&intents, &changes, &known)).unwrap();
    let told = format!("{intents:?} {changes:?} {known:?} {answer:?}");
    for part in parts {
        assert!(!kept.contains(&part) && !told.contains(&part), "{part}");
    }
}

#[tokio::test(start_paused = true)]
async fn follow_ups_on_one_payment_come_one_after_the_other() {
    let desk = Desk::new("coolpay");
    let (one, two) = (desk.process(), desk.process());
    let held = one
        .gateway
        .authorize(desk.charge("a001"))
        .await
        .unwrap()
        .payment
        .reference;
    desk.fault(0, Fault::Delay(std::time::Duration::from_secs(5)));
    let (first, second) = tokio::join!(
        one.gateway.capture(desk.capture(&held, "c001")),
        two.gateway.capture(desk.capture(&held, "c002")),
    );
    assert!(first.unwrap().outcome.is_approved() && second.unwrap().outcome.is_approved());
    let entries = |intent: paymux_journal::Intent| intent.entries;
    let (first, second) = (entries(one.intent("c001").await), entries(one.intent("c002").await));
    assert!(
        first.len() == 1 && second.len() == 1 && first != second,
        "{first:?} {second:?}"
    );
    assert_eq!(desk.count(EntryKind::Capture), 2);
}

#[tokio::test(start_paused = true)]
async fn a_follow_up_in_doubt_keeps_others_out() {
    let desk = Desk::new("opp-v3");
    let process = desk.process();
    let held = process
        .gateway
        .authorize(desk.charge("order1001a1"))
        .await
        .unwrap()
        .payment
        .reference;
    desk.fault(0, Fault::ResetBefore);
    let whole = desk.stand.subject.amount;
    let error = process
        .gateway
        .capture(Capture::new(held.clone(), name("order1001c1"), whole))
        .await
        .unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    let error = process
        .gateway
        .void(Void::new(held.clone(), name("order1001v1")))
        .await
        .unwrap_err();
    assert_eq!(fate(&error), (Fate::NotDone, Some("payment")), "{error}");
    assert!(error.message().contains("reference order1001c1"), "{error}");
    // This provider cannot be asked. A person looks, and says so.
    let intent = process.intent("order1001c1").await;
    assert!(intent.remark.as_ref().unwrap().contains("back office"), "{intent:?}");
    let gateways: [std::sync::Arc<dyn paymux::PaymentGateway>; 0] = [];
    for _ in 0..2 {
        // Not due, and a person's all the same.
        let report = process.journal.settle(&gateways[..]).await.unwrap();
        let people: Vec<_> = report.for_a_person().map(|intent| &intent.key).collect();
        assert_eq!((people, report.found.len()), (vec![&intent.key], 0));
    }
    // What is unsettled is asked about as before when its remark is taken away.
    let stands = paymux_journal::Verdict::Stands;
    let looked = process
        .journal
        .decide(&intent.key, stands, "seen by Ada")
        .await
        .unwrap();
    assert_eq!(
        (looked.state, &looked.remark, looked.due()),
        (State::Open, &None, intent.due())
    );
    let report = process.journal.settle(&gateways[..]).await.unwrap();
    assert_eq!(report.for_a_person().count(), 0);
    let verdict = paymux_journal::Verdict::NotDone;
    process
        .journal
        .decide(&intent.key, verdict, "looked up by Ada")
        .await
        .unwrap();
    assert_eq!(process.intent("order1001c1").await.state, State::Failed);
    let mut void = Void::new(held, name("order1001v1"));
    void.amount = Some(whole);
    process.gateway.void(void).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_gateway_without_this_recorder_is_not_wrapped() {
    let desk = Desk::new("coolpay");
    let process = desk.process();
    let error = process.journal.wrap(desk.stand.gateway()).unwrap_err();
    assert!(error.message().contains("recorder"), "{error}");
    // And around the journal nothing is sent.
    let error = process.bare.sale(desk.charge("a001")).await.unwrap_err();
    assert_eq!(error.fate(), Fate::NotDone, "{error}");
    assert!(desk.booked().is_empty());
    desk.store.is(Mood::Well);
}
