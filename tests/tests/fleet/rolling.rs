//! Old and new processes with different settings over one journal.

use std::time::Duration;

use paymux::{EntryKind, ErrorKind, Fate, PaymentGateway as _};
use paymux_conformance::{Fault, Faults as _};
use paymux_journal::{Settings, State};

use super::{Fleet, LEASE, SETTLED, dies, wait};

/// With a longer lease, and less patience.
fn newer() -> Settings {
    let mut settings = Settings::default();
    settings.lease = Duration::from_secs(400);
    settings.patience = Duration::from_secs(10);
    settings
}

/// A lease is as long as its holder wrote it, whatever the others' settings are.
#[tokio::test(start_paused = true)]
async fn a_lease_counts_as_its_holder_wrote_it() {
    for (dead, next, held) in [(Settings::default(), newer(), 150), (newer(), Settings::default(), 400)] {
        for gateway in ["coolpay", "opp-v1"] {
            let fleet = Fleet::new(gateway);
            // The last request acts at once, and is answered when nobody is there any more.
            let skip = u32::from(gateway == "coolpay");
            assert!(fleet.stand.provider.plan(skip, Fault::Delay(Duration::from_secs(30))));
            let dead = fleet.process_with(dead, &[]);
            dies(dead.gateway.sale(fleet.charge_for("order1001a1", "1001"))).await;
            drop(dead);
            let next = fleet.process_with(next, &[]);
            wait(held - 65).await;
            let requests = fleet.requests();
            assert!(next.settle().await.found.is_empty());
            let error = next
                .gateway
                .sale(fleet.charge_for("order1001a1", "1001"))
                .await
                .unwrap_err();
            assert_eq!(error.fate(), Fate::Unknown, "{error}");
            assert_eq!(
                fleet.requests(),
                requests,
                "{gateway}: nobody sends or asks under another's lease"
            );
            wait(75).await;
            assert_eq!(next.settle().await.found.len(), 1, "{gateway}");
            wait(SETTLED).await;
            let answer = next
                .gateway
                .sale(fleet.charge_for("order1001a1", "1001"))
                .await
                .unwrap();
            assert!(answer.outcome.is_approved());
            assert_eq!(fleet.count(EntryKind::Capture), 1, "{gateway}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn old_and_new_join_each_others_calls() {
    for gateway in ["coolpay", "keybank", "opp-v1", "opp-v3", "qolo"] {
        let fleet = Fleet::new(gateway);
        let old = fleet.process();
        let new = fleet.process_with(newer(), &[("timeout_secs", "100"), ("attempts", "1")]);
        let charge = || fleet.charge_for("order1001a1", "1001");
        let (one, two) = tokio::join!(old.gateway.sale(charge()), new.gateway.sale(charge()));
        assert_eq!(one.unwrap().payment.id(), two.unwrap().payment.id(), "{gateway}");
        wait(SETTLED).await;
        let requests = fleet.requests();
        old.settle().await;
        if old.intent("order1001a1").await.unwrap().state == State::Done {
            new.gateway.sale(charge()).await.unwrap();
            assert!(
                fleet.requests() <= requests + 2,
                "{gateway}: it is answered from the record"
            );
        }
        assert_eq!(fleet.count(EntryKind::Capture), 1, "{gateway}");
    }
}

/// A key that identifies the merchant makes another account: the same reference is a new one there, and only the order stands against it.
#[tokio::test(start_paused = true)]
async fn a_deploy_that_changes_the_account_is_held_by_orders_alone() {
    for (gateway, payments) in [("coolpay", 1), ("opp-v1", 2)] {
        let fleet = Fleet::new(gateway);
        let old = fleet.process();
        let new = fleet.process_with(Settings::default(), &[("base_url", "http://127.0.0.2:1")]);
        assert_ne!(old.gateway.capabilities().account, new.gateway.capabilities().account);
        let paid = old.gateway.sale(fleet.charge_for("order1001a1", "1001")).await.unwrap();
        old.gateway.sale(fleet.charge("order1002a1")).await.unwrap();
        wait(LEASE).await;

        let requests = fleet.requests();
        for reference in ["order1001a1", "order1001a2"] {
            let error = new.gateway.sale(fleet.charge_for(reference, "1001")).await.unwrap_err();
            assert_eq!((error.fate(), error.field()), (Fate::NotDone, Some("order")), "{error}");
        }
        let error = new.refund(&paid, "order1001r1").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::InvalidRequest, Fate::NotDone),
            "{error}"
        );
        assert_eq!(fleet.requests(), requests, "{gateway}: nothing was sent");

        new.gateway.sale(fleet.charge("order1002a1")).await.unwrap();
        wait(SETTLED).await;
        assert_eq!(fleet.count(EntryKind::Capture), 1 + payments, "{gateway}");
    }
}
