//! What the janitor finds is counted, by gateway and finding.
#![cfg(feature = "metrics")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{Desk, Mood, wait};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use paymux::PaymentGateway;
use paymux_journal::{Step, Store as _, metrics};

/// What was counted since the last time, by the label `finding`. A reading of a counter starts it anew.
fn counted(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for (key, _, doc, value) in snapshotter.snapshot().into_vec() {
        if key.key().name() != metrics::FOUND {
            continue;
        }
        let labels: BTreeMap<_, _> = key.key().labels().map(|label| (label.key(), label.value())).collect();
        assert_eq!(labels.keys().copied().collect::<Vec<_>>(), ["finding", "gateway"]);
        assert_eq!(labels.get("gateway"), Some(&"coolpay"));
        assert!(doc.is_some(), "it is described");
        let DebugValue::Counter(count) = value else {
            panic!("{value:?}");
        };
        if count > 0 {
            counted.insert(labels.get("finding").unwrap().to_string(), count);
        }
    }
    counted
}

#[tokio::test(start_paused = true)]
async fn what_the_janitor_finds_is_counted_by_gateway_and_finding() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorded = ::metrics::set_default_local_recorder(&recorder);
    metrics::describe();
    let desk = Desk::new("coolpay");
    let dead = desk.process();
    desk.store
        .is(Mood::HangsAfter(|step| matches!(step, Step::Note { .. })));
    let (gateway, charge) = (Arc::clone(&dead.gateway), desk.charge("order1001a1"));
    let sale = tokio::spawn(async move { gateway.sale(charge).await });
    wait(1).await;
    sale.abort();
    desk.store.is(Mood::Well);
    let capabilities = dead.gateway.capabilities();
    let parked = serde_json::from_value(serde_json::json!({
        "gateway": "coolpay", "provider": capabilities.provider, "account": capabilities.account, "payment": null,
        "reference": "nobodys1", "reported": "accepted", "deduplication_key": "1", "at": "2026-01-02T03:04:05Z",
    }));
    let parked = Step::Park {
        parked: parked.unwrap(),
    };
    desk.store.apply(&parked).await.unwrap();
    wait(600).await;
    let next = desk.process();

    let nobody: [Arc<dyn PaymentGateway>; 0] = [];
    for _ in 0..2 {
        next.journal.settle::<[_]>(&nobody).await.unwrap();
    }
    let found = |words: &[(&str, u64)]| words.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
    let expected: BTreeMap<String, u64> = found(&[("no_gateway", 2), ("parked", 2)]);
    assert_eq!(counted(&snapshotter), expected, "what stays counts in every run");

    let gateway: Arc<dyn PaymentGateway> = Arc::new(next.bare.clone());
    let report = next.journal.settle::<[_]>(&[gateway]).await.unwrap();
    let word = report.found.first().unwrap().as_str();
    let expected: BTreeMap<String, u64> = found(&[(word, 1), ("parked", 1)]);
    assert!(matches!(word, "open" | "settled"), "{word}");
    assert_eq!(counted(&snapshotter), expected);
}
