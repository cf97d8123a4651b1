//! What a restored journal has forgotten, and the application's own orders know, is written down as in doubt.

use jiff::Span;
use paymux::{EntryKind, Fate, Inquiry, Operation, PaymentGateway as _};
use paymux_journal::State;

use super::restored::{PAYING, forgotten};
use super::{Fleet, SETTLED, name, quarter_back, wait};

/// Then nothing is paid twice, whatever the provider.
#[tokio::test(start_paused = true)]
async fn what_is_remembered_is_never_paid_twice() {
    for gateway in PAYING {
        let (fleet, after, paid) = forgotten(gateway).await;
        let sale = || fleet.charge_for("order1001a1", "1001");
        let operation = Operation::Sale(Box::new(sale()));
        let since = fleet.stand.clock().now() - Span::new().hours(1);
        let intent = after.gateway.remember(&operation, since).await.unwrap();
        assert_eq!((intent.state, intent.open.first_sent), (State::Open, Some(since)));
        // Twice is once, and what the backup holds stays as it is.
        after.gateway.remember(&operation, since).await.unwrap();
        let older = Operation::Sale(Box::new(fleet.charge_for("order1000a1", "1000")));
        let known = after.gateway.remember(&older, since).await.unwrap();
        assert_ne!(known.state, State::Open, "{gateway}");

        let error = after
            .gateway
            .sale(fleet.charge_for("order1001a2", "1001"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.fate(), error.field()),
            (Fate::NotDone, Some("order")),
            "{gateway}: {error}"
        );
        wait(SETTLED).await;
        after.settle().await;
        let again = after.gateway.sale(sale()).await;
        if ["coolpay", "opp-v1"].contains(&gateway) {
            assert_eq!(again.unwrap().payment.id(), paid.payment.id(), "{gateway}");
        } else {
            assert_eq!(
                again.unwrap_err().fate(),
                Fate::Unknown,
                "{gateway}: asking does not tell it"
            );
            // Under a key that still lives since that moment it may be finished.
            let open = after.intent("order1001a1").await.unwrap().unresolved();
            let finished = after.gateway.complete(open, operation).await;
            let same = finished.is_ok_and(|answer| answer.payment.id() == paid.payment.id());
            assert_eq!(same, gateway != "opp-v3", "{gateway}");
        }
        assert_eq!(fleet.count(EntryKind::Capture), 2, "{gateway}");
    }
}

/// A backup that was taken while the sale was under way holds it as `open`: also there it may have been sent since.
#[tokio::test(start_paused = true)]
async fn what_the_backup_holds_as_begun_may_have_been_sent_since() {
    for gateway in PAYING {
        for before_it_was_noted in [true, false] {
            let fleet = Fleet::new(gateway);
            let sale = || fleet.charge_for("order1001a1", "1001");
            let since = fleet.stand.clock().now();
            let paid = fleet.process().gateway.sale(sale()).await.unwrap();
            wait(SETTLED).await;
            let backup = match before_it_was_noted {
                true => fleet.store.backup_at_the_beginning(),
                false => fleet.store.backup_in_flight(),
            };
            fleet.store.restore(backup).await;
            let after = fleet.process();
            let held = after.intent("order1001a1").await.unwrap();
            assert_eq!(
                (held.state, held.sent_nothing()),
                (State::Open, before_it_was_noted),
                "{gateway}"
            );

            let now = fleet.stand.clock().now();
            let operation = Operation::Sale(Box::new(sale()));
            let intent = after.gateway.remember(&operation, since).await.unwrap();
            assert_eq!((intent.state, intent.sent_nothing()), (State::Open, false), "{gateway}");
            assert_eq!(intent.open.first_sent, Some(since), "{gateway}");
            assert!(intent.open.last_sent >= now && intent.lease.is_none(), "{gateway}");
            after.settle().await;
            wait(SETTLED).await;
            after.settle().await;
            let again = after.gateway.sale(sale()).await;
            after
                .gateway
                .sale(fleet.charge_for("order1001a2", "1001"))
                .await
                .unwrap_err();
            let found = again.is_ok_and(|answer| answer.payment.id() == paid.payment.id());
            assert_eq!(found, ["coolpay", "opp-v1"].contains(&gateway), "{gateway}");
            assert_eq!(fleet.count(EntryKind::Capture), 1, "{gateway}");
        }
    }
}

/// What waited when the backup was taken waits on, and its absence counts from now.
#[tokio::test(start_paused = true)]
async fn a_page_that_the_backup_holds_waits_on() {
    let fleet = Fleet::new("coolpay");
    let page = || fleet.page("order1001a1", "1001");
    let since = fleet.stand.clock().now();
    fleet.process().gateway.checkout(page()).await.unwrap();
    fleet.store.restore(fleet.store.backup()).await;
    wait(SETTLED).await;
    let (after, now) = (fleet.process(), fleet.stand.clock().now());
    let operation = Operation::Checkout(Box::new(page()));
    let intent = after.gateway.remember(&operation, since).await.unwrap();
    assert_eq!((intent.state, intent.open.first_sent), (State::Waiting, Some(since)));
    assert!(intent.open.last_sent >= now && intent.made.is_some(), "{intent:?}");
}

/// What was never sent is found to have failed where the provider can be asked, and may then be sent.
#[tokio::test(start_paused = true)]
async fn what_is_remembered_and_was_not_sent_is_free_again() {
    for gateway in ["coolpay", "opp-v1"] {
        let fleet = Fleet::new(gateway);
        let process = fleet.process();
        let sale = || fleet.charge_for("order1001a1", "1001");
        let now = fleet.stand.clock().now();
        process
            .gateway
            .remember(&Operation::Sale(Box::new(sale())), now)
            .await
            .unwrap();
        wait(SETTLED).await;
        process.settle().await;
        assert_eq!(
            process.intent("order1001a1").await.unwrap().state,
            State::Failed,
            "{gateway}"
        );
        assert!(process.gateway.sale(sale()).await.unwrap().outcome.is_approved());
        assert_eq!(fleet.count(EntryKind::Capture), 1, "{gateway}");
        let question = Operation::Inquire(Inquiry::Reference(name("order1001a1")));
        assert_eq!(
            process.gateway.remember(&question, now).await.unwrap_err().fate(),
            Fate::NotDone
        );
    }
}

/// A refund that is in doubt keeps others from its payment, and is not made again.
#[tokio::test(start_paused = true)]
async fn a_remembered_refund_is_not_made_again() {
    for gateway in PAYING {
        let (fleet, paid) = Fleet::that_forgot_a_refund(gateway).await;
        let after = fleet.process();
        let refund = Operation::Refund(quarter_back(&paid, "order1001r1"));
        let since = fleet.stand.clock().now() - Span::new().hours(1);
        after.gateway.remember(&refund, since).await.unwrap();
        wait(SETTLED).await;
        let _ = after.refund(&paid, "order1001r1").await;
        let other = after.refund(&paid, "order1001r2").await;
        let state = after.intent("order1001r1").await.unwrap().state;
        assert_eq!(other.is_err(), state == State::Open, "{gateway}: {state}");
        assert_eq!(
            fleet.count(EntryKind::Refund),
            1 + usize::from(other.is_ok()),
            "{gateway}"
        );
    }
}
