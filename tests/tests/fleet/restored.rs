//! A journal is restored to an older state, and the provider knows payments that it has forgotten.

use paymux::{Answer, Delivery, EntryKind, ErrorKind, Fate, Inquiry, Outcome, PaymentGateway as _};
use paymux_conformance::End;
use paymux_journal::{Absorbed, State};

use super::{Fleet, LEASE, Process, SETTLED, name, wait};

/// The gateways with a sale that is made at once.
pub(super) const PAYING: [&str; 5] = ["coolpay", "keybank", "opp-v1", "opp-v3", "qolo"];

/// A fleet that was paid for one order, and whose journal is back where it stood before.
pub(super) async fn forgotten(gateway: &str) -> (Fleet, Process, Answer) {
    let fleet = Fleet::new(gateway);
    let before = fleet.process();
    before
        .gateway
        .sale(fleet.charge_for("order1000a1", "1000"))
        .await
        .unwrap();
    let backup = fleet.store.backup();
    let paid = before
        .gateway
        .sale(fleet.charge_for("order1001a1", "1001"))
        .await
        .unwrap();
    drop(before);
    wait(SETTLED).await;
    fleet.store.restore(backup).await;
    let after = fleet.process();
    assert!(after.intent("order1000a1").await.is_some() && after.intent("order1001a1").await.is_none());
    assert_eq!(fleet.count(EntryKind::Capture), 2, "{gateway}");
    (fleet, after, paid)
}

#[tokio::test(start_paused = true)]
async fn what_the_backup_holds_is_not_sent_again() {
    for gateway in PAYING {
        let (fleet, after, _) = forgotten(gateway).await;
        after
            .gateway
            .sale(fleet.charge_for("order1000a1", "1000"))
            .await
            .unwrap();
        let error = after
            .gateway
            .sale(fleet.charge_for("order1000a2", "1000"))
            .await
            .unwrap_err();
        assert_eq!((error.fate(), error.field()), (Fate::NotDone, Some("order")), "{error}");
        assert_eq!(fleet.count(EntryKind::Capture), 2, "{gateway}");
    }
}

/// The page's table: what a repetition under the same reference comes to.
#[tokio::test(start_paused = true)]
async fn the_same_reference_is_paid_once_where_the_provider_knows_it() {
    for (gateway, payments) in [
        ("coolpay", 1),
        ("keybank", 1),
        ("opp-v1", 2),
        ("opp-v3", 2),
        ("qolo", 1),
    ] {
        let (fleet, after, paid) = forgotten(gateway).await;
        let again = after
            .gateway
            .sale(fleet.charge_for("order1001a1", "1001"))
            .await
            .unwrap();
        wait(SETTLED).await;
        assert_eq!(fleet.count(EntryKind::Capture), 1 + payments, "{gateway}");
        assert_eq!(again.payment.id() == paid.payment.id(), payments == 1, "{gateway}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_protects_for_as_long_as_it_lives() {
    let (fleet, after, _) = forgotten("qolo").await;
    wait(24 * 60 * 60).await;
    after
        .gateway
        .sale(fleet.charge_for("order1001a1", "1001"))
        .await
        .unwrap();
    wait(SETTLED).await;
    assert_eq!(fleet.count(EntryKind::Capture), 3);
}

#[tokio::test(start_paused = true)]
async fn the_order_is_free_for_another_reference() {
    for gateway in PAYING {
        let (fleet, after, _) = forgotten(gateway).await;
        after
            .gateway
            .sale(fleet.charge_for("order1001a2", "1001"))
            .await
            .unwrap();
        wait(SETTLED).await;
        assert_eq!(fleet.count(EntryKind::Capture), 3, "{gateway}");
    }
}

/// What follows on a payment has no reference that is unique anywhere: only a key stands against the second time.
#[tokio::test(start_paused = true)]
async fn a_forgotten_refund_is_made_again_where_there_is_no_key() {
    for (gateway, refunds) in [
        ("coolpay", 2),
        ("keybank", 1),
        ("opp-v1", 2),
        ("opp-v3", 2),
        ("qolo", 1),
    ] {
        let (fleet, paid) = Fleet::that_forgot_a_refund(gateway).await;
        fleet.process().refund(&paid, "order1001r1").await.unwrap();
        wait(SETTLED).await;
        assert_eq!(fleet.count(EntryKind::Refund), refunds, "{gateway}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_capture_of_a_part_is_made_again() {
    let fleet = Fleet::new("coolpay");
    let before = fleet.process();
    let held = before.gateway.authorize(fleet.charge("order1001a1")).await.unwrap();
    let backup = fleet.store.backup();
    before.capture(&held, "order1001c1").await.unwrap();
    fleet.store.restore(backup).await;
    fleet.process().capture(&held, "order1001c1").await.unwrap();
    assert_eq!(fleet.count(EntryKind::Capture), 2);
}

/// Step 3 of the page: asked by their references, before anything is sent.
#[tokio::test(start_paused = true)]
async fn what_was_forgotten_is_found_by_its_reference_where_the_gateway_can_be_asked() {
    for gateway in ["coolpay", "opp-v1"] {
        let (fleet, after, paid) = forgotten(gateway).await;
        let found = after
            .gateway
            .inquire(Inquiry::Reference(name("order1001a1")))
            .await
            .unwrap();
        assert!(found.outcome.is_approved());
        assert_eq!(
            found.payment.captured(),
            fleet.stand.subject.amount.minor(),
            "{gateway}"
        );
        assert_eq!(found.payment.id(), paid.payment.id());
        let error = after
            .gateway
            .inquire(Inquiry::Reference(name("order1002a1")))
            .await
            .unwrap_err();
        assert!(error.is_not_found(), "{gateway}: {error}");
    }
    for gateway in ["keybank", "opp-v3", "qolo", "carry1st"] {
        let question = Inquiry::Reference(name("order1001a1"));
        let error = Fleet::new(gateway)
            .process()
            .gateway
            .inquire(question)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{gateway}: {error}");
    }
}

/// Opening a page charges nothing; but the customer may have the first one.
#[tokio::test(start_paused = true)]
async fn a_second_page_is_opened_for_a_forgotten_one_under_another_reference() {
    for (reference, pages) in [("order1001a1", 1), ("order1001a2", 2)] {
        let fleet = Fleet::new("carry1st");
        let before = fleet.process();
        let backup = fleet.store.backup();
        let first = before
            .gateway
            .checkout(fleet.page("order1001a1", "1001"))
            .await
            .unwrap();
        fleet.store.restore(backup).await;
        let second = fleet.process().gateway.checkout(fleet.page(reference, "1001")).await;
        // What a repeated reference meets is not documented; the simulator refuses it.
        assert_eq!(
            second.as_ref().err().map(|error| error.fate()),
            (pages == 1).then_some(Fate::Unknown)
        );
        for answer in [Ok(first), second].into_iter().flatten() {
            assert!(matches!(answer.outcome, Outcome::ActionRequired(_)));
            assert!(fleet.stand.subject.settle.settle(&answer, End::Approved).await);
        }
        assert_eq!(fleet.count(EntryKind::Capture), pages, "each page takes money");
    }
}

/// The backup was made between the request and its answer.
#[tokio::test(start_paused = true)]
async fn what_was_under_way_at_the_backup_is_asked_about_and_not_sent_again() {
    for gateway in PAYING {
        let fleet = Fleet::new(gateway);
        let before = fleet.process();
        let paid = before
            .gateway
            .sale(fleet.charge_for("order1001a1", "1001"))
            .await
            .unwrap();
        let booked = fleet.count(EntryKind::Capture);
        fleet.store.restore(fleet.store.backup_in_flight()).await;
        wait(LEASE + SETTLED).await;
        let after = fleet.process();
        assert_eq!(after.intent("order1001a1").await.unwrap().state, State::Open);
        after.settle().await;
        let state = after.intent("order1001a1").await.unwrap().state;
        let again = after.gateway.sale(fleet.charge_for("order1001a1", "1001")).await;
        if ["coolpay", "opp-v1"].contains(&gateway) {
            assert_eq!(state, State::Done, "{gateway}");
            assert_eq!(again.unwrap().payment.id(), paid.payment.id(), "{gateway}");
        } else {
            assert_eq!(state, State::Open, "{gateway}: asking does not tell it for certain");
            assert_eq!(again.unwrap_err().fate(), Fate::Unknown, "{gateway}");
        }
        assert_eq!((booked, fleet.count(EntryKind::Capture)), (1, 1), "{gateway}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_about_a_forgotten_payment_is_parked() {
    let fleet = Fleet::new("coolpay");
    let before = fleet.process();
    let backup = fleet.store.backup();
    let mut charge = fleet.charge_for("order1001a1", "1001");
    charge.urls.notify = Some("https://shop.example/hooks".to_owned());
    before.gateway.sale(charge.clone()).await.unwrap();
    fleet.store.restore(backup).await;
    wait(120).await;
    let after = fleet.process();
    let webhooks = fleet.stand.provider.webhooks();
    assert!(!webhooks.is_empty());
    for webhook in webhooks {
        let (parts, body) = webhook.request.into_parts();
        let event = after.gateway.receive(&Delivery::new(parts.headers, body)).unwrap();
        let absorbed = after.journal.absorb(&after.gateway, &event).await.unwrap();
        assert!(matches!(absorbed, Absorbed::Parked), "{absorbed:?}");
    }
    assert!(after.settle().await.parked > 0);
    // The same reference again finds the payment, and the events meet it.
    let answer = after.gateway.sale(charge).await.unwrap();
    assert!(matches!(answer.outcome, Outcome::Approved));
    assert_eq!((after.settle().await.parked, fleet.count(EntryKind::Capture)), (0, 1));
}
