//! Deliveries that come again, too early, or to a process that dies: whatever they do, what counts is how the payment stands when it is asked about.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use paymux::webhooks::{Inbox, Received, Verdict};
use paymux::{Charge, Checkout, Delivery, EntryKind, Gateways, PaymentGateway, PaymentState, Transition, WebhookError};
use paymux_conformance::{End, Fault, Faults as _};
use paymux_simulator::BackOfficeAction;
use paymux_tests::{Stand, stands};

const HOOK: &str = "https://shop.example/webhooks";

/// A checkout that is paid on the provider's page, and what the provider delivered about it.
async fn paid(stand: &Stand, gateway: &dyn PaymentGateway, capture: bool) -> (paymux::PaymentRef, Vec<Delivery>) {
    let mut checkout = Checkout::new("order1001a1".parse().unwrap(), stand.subject.amount);
    checkout.capture = capture;
    checkout.charge.urls.notify = Some(HOOK.to_owned());
    (stand.subject.complete)(&mut checkout.charge);
    let opened = gateway.checkout(checkout).await.unwrap();
    assert!(stand.subject.settle.settle(&opened, End::Approved).await);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let deliveries: Vec<_> = stand
        .provider
        .webhooks()
        .into_iter()
        .map(|webhook| Delivery::from(webhook.request))
        .collect();
    assert!(!deliveries.is_empty(), "{}", stand.name);
    let event = gateway.receive(&deliveries[0]).unwrap();
    (event.payment().unwrap().clone(), deliveries)
}

async fn state(gateway: &dyn PaymentGateway, payment: &paymux::PaymentRef) -> PaymentState {
    let inquiry = paymux::Inquiry::Payment(payment.clone());
    gateway.inquire(inquiry).await.unwrap().payment.state
}

/// What the provider's people do, whether money is only held before, and the state that stands afterwards.
const UNDONE: [(BackOfficeAction, bool, PaymentState); 4] = [
    (BackOfficeAction::Void, true, PaymentState::Voided),
    (BackOfficeAction::Refund, false, PaymentState::Refunded),
    (BackOfficeAction::Chargeback, false, PaymentState::ChargedBack),
    (BackOfficeAction::Return, false, PaymentState::Returned),
];

#[tokio::test(start_paused = true)]
async fn an_old_authentic_delivery_changes_nothing() {
    let mut tried = Vec::new();
    for name in ["coolpay", "opp-v1", "carry1st"] {
        for (action, hold, after) in UNDONE {
            let stand = stands::named(name);
            let gateway = stand.gateway();
            if hold && !gateway.capabilities().offers(paymux::OperationKind::Capture) {
                continue;
            }
            let (payment, old) = paid(&stand, &gateway, !hold).await;
            let before = state(&gateway, &payment).await;
            let now = stand.provider.now();
            {
                let mut host = stand.provider.host();
                let provider = host.provider();
                let entry = provider
                    .entries()
                    .into_iter()
                    .find(|entry| entry.actions.contains(&action));
                let Some(entry) = entry else {
                    continue;
                };
                assert!(provider.act(now, &entry.payment, action, None), "{name} {action:?}");
            }
            // What the provider delivers of it is taken: it is not dropped for coming after an end.
            tokio::time::sleep(Duration::from_secs(2)).await;
            let news = stand.provider.webhooks();
            let mut told = 0;
            for news in news.into_iter().map(|webhook| Delivery::from(webhook.request)) {
                let event = gateway
                    .receive(&news)
                    .unwrap_or_else(|error| panic!("{name} {action:?}: {error}"));
                let confirmed = gateway.confirm(&event).await.unwrap().payment;
                assert_eq!(
                    (confirmed.state, confirmed.id()),
                    (after, payment.id()),
                    "{name} {action:?}"
                );
                assert_eq!(confirmed.amount, Some(stand.subject.amount), "{name} {action:?}");
                told += 1;
            }
            // CoolPay calls the account's address for what its people do, and the account has none here.
            assert_eq!(told > 0, name != "coolpay", "{name} {action:?}");
            let known = state(&gateway, &payment).await;
            assert_eq!(known, after, "{name} {action:?}");
            assert_eq!(before.transition(known), Transition::Forward, "{name} {action:?}");

            let movements = stand.provider.host().ledger().movements.clone();
            for delivery in &old {
                let event = gateway.receive(delivery).unwrap();
                let mut confirmed = gateway.confirm(&event).await.unwrap().payment;
                assert_eq!(confirmed.follow(known), Transition::Same, "{name} {action:?}");
                assert!(!confirmed.late);
            }
            assert_eq!(stand.provider.host().ledger().movements, movements, "{name} {action:?}");
            tried.push((name, action));

            // A signed time ends even that.
            tokio::time::sleep(Duration::from_secs(400)).await;
            let later = gateway.receive(&old[0]).map(|_| ());
            let expected = if name == "carry1st" {
                Err(WebhookError::Stale)
            } else {
                Ok(())
            };
            assert_eq!(later, expected, "{name}");
            // In a queue it was received in time.
            let received = now;
            assert!(gateway.receive(&old[0].clone().received_at(received)).is_ok(), "{name}");
        }
    }
    println!("replayed after: {tried:?}");
    let expected = [
        ("coolpay", BackOfficeAction::Void),
        ("coolpay", BackOfficeAction::Refund),
        ("opp-v1", BackOfficeAction::Void),
        ("opp-v1", BackOfficeAction::Refund),
        ("opp-v1", BackOfficeAction::Chargeback),
        ("carry1st", BackOfficeAction::Refund),
        ("carry1st", BackOfficeAction::Chargeback),
    ];
    assert_eq!(tried, expected);
}

/// The event names the refund; asking tells how the payment stands that it is of.
#[tokio::test(start_paused = true)]
async fn a_refund_of_a_part_is_not_told_as_one_of_all() {
    let stand = stands::named("opp-v1");
    let gateway = stand.gateway();
    let (payment, _) = paid(&stand, &gateway, true).await;
    let now = stand.provider.now();
    let refunded = stand
        .provider
        .host()
        .provider()
        .act(now, payment.id(), BackOfficeAction::Refund, Some(1000));
    assert!(refunded);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let news: Vec<_> = stand
        .provider
        .webhooks()
        .into_iter()
        .map(|webhook| Delivery::from(webhook.request))
        .collect();
    assert_eq!(news.len(), 1);
    let event = gateway.receive(&news[0]).unwrap();
    assert!(event.reported().starts_with("RF "), "{event:?}");
    let confirmed = gateway.confirm(&event).await.unwrap().payment;
    assert_eq!(confirmed.state, PaymentState::PartiallyRefunded);
    assert_eq!((confirmed.id(), confirmed.refunded()), (payment.id(), 1000));
    assert_eq!(confirmed.captured(), stand.subject.amount.minor());
}

/// The provider's word is there before its answer to the call: it names the reference, asking gives the truth, and the answer that comes then is of the same payment.
#[tokio::test(start_paused = true)]
async fn an_event_may_come_before_the_answer() {
    let stand = stands::named("coolpay");
    let gateway = Arc::new(stand.gateway());
    // The second call is the one that holds the money.
    let delay = Fault::Delay(Duration::from_secs(9));
    assert!(stand.provider.plan(1, delay));
    let mut charge = Charge::new(
        "order1001a1".parse().unwrap(),
        stand.subject.amount,
        stands::card("1000000000000008"),
    );
    charge.urls.notify = Some(HOOK.to_owned());
    let paying = {
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move { gateway.sale(charge).await })
    };
    let mut early = Vec::new();
    for _ in 0..80 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        early = stand.provider.webhooks();
        if !early.is_empty() {
            break;
        }
    }
    assert!(!paying.is_finished(), "the answer is still on its way");
    let event = gateway.receive(&Delivery::from(early.remove(0).request)).unwrap();
    assert_eq!(
        event.reference().unwrap().as_str(),
        "order1001a1",
        "it finds the order by the reference"
    );
    let confirmed = gateway.confirm(&event).await.unwrap();
    let answer = paying.await.unwrap().unwrap();
    assert!(answer.outcome.is_approved());
    assert_eq!(answer.payment.id(), confirmed.payment.id());
    let captured = gateway.confirm(&event).await.unwrap().payment;
    assert_eq!(captured.state, PaymentState::Captured);
    assert_eq!(
        captured
            .entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Capture)
            .count(),
        1
    );
}

/// The process dies while its handler works: nothing was acknowledged, so the provider delivers again, and the next process handles it.
#[test]
fn a_process_that_dies_in_the_middle_loses_nothing() {
    let world = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    world.block_on(async {
        let stand = stands::named("coolpay");
        let keys = stand
            .keys
            .iter()
            .map(|(key, value)| (format!("coolpay.{key}"), value.clone()));
        let keys: Vec<_> = keys.chain([("coolpay.mode".to_owned(), "test".to_owned())]).collect();
        let gateways = Arc::new(stand.builder().from_pairs(keys).unwrap());
        let gateway = gateways.get("coolpay").unwrap();
        let mut checkout = Checkout::new("order1001a1".parse().unwrap(), stand.subject.amount);
        checkout.charge.urls.notify = Some(HOOK.to_owned());
        let opened = gateway.checkout(checkout).await.unwrap();
        assert!(stand.subject.settle.settle(&opened, End::Approved).await);
        tokio::time::sleep(Duration::from_secs(2)).await;

        let committed = Arc::new(AtomicUsize::new(0));
        for webhook in stand.provider.webhooks() {
            let id = webhook.id;
            die(&gateways, Delivery::from(webhook.request));
            let now = stand.provider.now();
            // Whoever delivers sees a connection that breaks.
            stand.provider.host().answered(now, id, None);
        }

        // The next process.
        let inbox = Inbox::new(Arc::clone(&gateways));
        let counted = Arc::clone(&committed);
        let handler = Arc::new(move |received: Received| {
            let counted = Arc::clone(&counted);
            async move {
                let answer = received.confirm().await?;
                assert_eq!(answer.payment.state, PaymentState::Captured);
                counted.fetch_add(1, Ordering::SeqCst);
                Ok::<(), paymux::Error>(())
            }
        });
        tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
        let again = stand.provider.webhooks();
        assert!(!again.is_empty(), "the provider delivers again");
        for webhook in again {
            let answer = inbox.take("coolpay", Delivery::from(webhook.request), &handler).await;
            assert_eq!((answer.status, answer.verdict), (StatusCode::OK, Verdict::Handled));
        }
        assert!(committed.load(Ordering::SeqCst) > 0);
    });
}

/// A process of its own that begins to handle a delivery, and ends before it has.
fn die(gateways: &Arc<Gateways>, delivery: Delivery) {
    let process = std::thread::scope(|scope| {
        let died = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let inbox = Inbox::new(Arc::clone(gateways));
            let begun = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&begun);
            let handler = Arc::new(move |_: Received| {
                counted.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<Result<(), std::io::Error>>()
            });
            runtime.block_on(async {
                let taking = inbox.take("coolpay", delivery, &handler);
                assert!(tokio::time::timeout(Duration::from_millis(20), taking).await.is_err());
            });
            // Its tasks end with it, wherever they are.
            runtime.shutdown_background();
            begun.load(Ordering::SeqCst)
        });
        died.join().unwrap()
    });
    assert_eq!(process, 1, "it had begun");
}
