//! The page about what can be watched names every span, event and metric that there is, with its level, fields and labels, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod watched;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use metrics_util::debugging::DebuggingRecorder;
use paymux::webhooks::{BoxError, Inbox, Received, SeenEvents};
use paymux::{Charge, Gateway, Gateways, PaymentGateway as _, Reference, Source, async_trait, metrics};
use paymux_conformance::{Fault, Faults as _};
use paymux_tests::{Stand, stands};
use watched::{Seen, Watch};

/// By name: what stands in the second cell, and in the third.
type Table = BTreeMap<String, (String, Vec<String>)>;

fn table(heading: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/observability.md");
    let text = std::fs::read_to_string(path).unwrap();
    let start = format!("| {heading} |");
    let rows = text.lines().skip_while(|line| !line.starts_with(&start)).skip(2);
    let mut table = Table::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, second, fields, ..] = cells.as_slice() else {
            panic!("three cells: {row}");
        };
        let fields = fields.split(", ").filter(|field| *field != "none");
        let fields = fields.map(|field| field.trim_matches('`').to_owned()).collect();
        table.insert(name.trim_matches('`').to_owned(), ((*second).to_owned(), fields));
    }
    table
}

fn charge(stand: &Stand, reference: &str, source: Source) -> Charge {
    let reference: Reference = reference.parse().unwrap();
    let mut charge = Charge::new(reference, stand.subject.amount, source);
    (stand.subject.complete)(&mut charge);
    charge
}

/// A handler that fails for one event.
async fn handle(received: Received) -> Result<(), BoxError> {
    match received.event.reported() {
        "transfer.failed" => Err("no database".into()),
        _ => Ok(()),
    }
}

/// A memory that does.
#[derive(Debug)]
struct Sick;

#[async_trait]
impl SeenEvents for Sick {
    async fn seen(&self, _: &str, _: &str) -> Result<bool, BoxError> {
        Err("no database".into())
    }

    async fn record(&self, _: &str, _: &str) -> Result<(), BoxError> {
        Err("no database".into())
    }
}

/// Everything that is watched happens.
async fn everything() {
    let stand = stands::named("coolpay");
    let gateway = stand.gateway();
    let approved = stand.subject.approved.clone();
    let sell = async |reference: &str, source: Source| gateway.sale(charge(&stand, reference, source)).await;
    sell("order-1", approved.clone()).await.unwrap();
    sell("order-2", stand.subject.declined.clone().unwrap()).await.unwrap();
    for (reference, fault) in [
        ("order-3", Fault::Refuse),
        ("order-4", Fault::TooMany(Some(1))),
        ("order-5", Fault::ResetAfter),
    ] {
        stand.provider.plan(0, fault);
        sell(reference, approved.clone()).await.ok();
        stand.provider.clear();
    }
    for skip in 0..4 {
        stand.provider.plan(skip, Fault::Code("77777".to_owned()));
        sell(&format!("order-6{skip}"), approved.clone()).await.ok();
        stand.provider.clear();
    }
    stand.provider.plan(0, Fault::Delay(Duration::from_secs(9)));
    let waiting = tokio::time::timeout(Duration::from_secs(1), sell("order-7", approved));
    assert!(waiting.await.is_err(), "its caller stops waiting");
    stand.provider.clear();
    let stand = stands::named("qolo");
    let qolo = stand.gateway();
    qolo.sale(charge(&stand, "order-1", stand.subject.approved.clone()))
        .await
        .unwrap();
    webhooks(&stand, &qolo).await;
}

async fn webhooks(stand: &Stand, gateway: &Gateway) {
    let pairs = stand
        .keys
        .iter()
        .map(|(key, value)| (format!("qolo.{key}"), value.clone()));
    let pairs = pairs.chain([("qolo.mode".to_owned(), "test".to_owned())]);
    let gateways: Arc<Gateways> = Arc::new(stand.builder().from_pairs(pairs).unwrap());
    let inbox = Inbox::new(gateways).with_seen(Arc::new(Sick));
    let handler = Arc::new(handle);
    for event in ["transfer.success", "transfer.failed"] {
        let body = format!(r#"{{"event_type":"{event}","txn_guid":"0017d7fb"}}"#);
        let signed = gateway.sign(Bytes::from(body)).unwrap();
        inbox.take("qolo", signed, &handler).await;
    }
    let mut forged = gateway.sign(Bytes::from_static(b"{}")).unwrap();
    forged.body = Bytes::from_static(b"[]");
    inbox.take("qolo", forged.clone(), &handler).await;
    inbox.take("nobody", forged, &handler).await;
}

#[tokio::test(start_paused = true)]
async fn the_page_names_every_span_event_and_metric() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorded = ::metrics::set_default_local_recorder(&recorder);
    let watch = Watch::open();
    metrics::describe();
    everything().await;

    let Seen { spans, events } = watch.seen();
    assert_eq!(table("span"), spans);
    assert_eq!(table("event"), events);

    let declared: Table = metrics::ALL
        .iter()
        .map(|metric| {
            let labels = metric.labels.iter().map(|label| (*label).to_owned()).collect();
            (metric.name.to_owned(), (metric.kind.as_str().to_owned(), labels))
        })
        .collect();
    assert_eq!(table("metric"), declared);
    let mut recorded = Table::new();
    for (key, unit, doc, _) in snapshotter.snapshot().into_vec() {
        let kind = format!("{:?}", key.kind()).to_lowercase();
        let mut labels: Vec<_> = key.key().labels().map(|label| label.key().to_owned()).collect();
        labels.sort();
        let name = key.key().name().to_owned();
        assert!(unit.is_some() && doc.is_some(), "{name} is described");
        let known = recorded.insert(name.clone(), (kind.clone(), labels.clone()));
        assert!(
            known.is_none_or(|known| known == (kind, labels)),
            "{name}: always the same labels"
        );
    }
    assert_eq!(recorded, declared);
}
