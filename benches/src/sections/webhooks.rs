//! What it costs to verify a webhook and read it.

use std::time::Instant;

use bytes::Bytes;
use paymux::{OperationKind, PaymentGateway as _, WebhookError};

use crate::Effort;
use crate::stand::{FIRST, Stand};
use crate::stats::{Table, median, tenths};

const WORDS: &str = "A delivery, signed as the provider does, is verified over its raw bytes and read. The body is the answer to a sale, in the provider's \
    envelope where it has one. An altered one is refused without being read.";
const COUNT: u64 = 2000;

pub(crate) fn times(effort: Effort) -> Table {
    let mut table = Table::new(
        "Webhooks",
        WORDS,
        &["gateway", "bytes", "µs to verify and read", "µs to refuse"],
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for name in ["coolpay", "opp v1", "qolo"] {
        let stand = Stand::named(name);
        let gateway = stand.gateway(stand.recorder.clone(), None);
        let sale = runtime.block_on(stand.record(&gateway, OperationKind::Sale, FIRST));
        let last = sale.exchanges.last().expect("an exchange");
        let body = match name {
            "opp v1" => {
                let payment = String::from_utf8_lossy(&last.reply.body);
                Bytes::from(format!("{{\"type\":\"PAYMENT\",\"payload\":{payment}}}"))
            }
            _ => last.reply.body.clone(),
        };
        let delivery = gateway.sign(body.clone()).expect("it signs");
        let mut altered = delivery.clone();
        altered.body = other(&delivery.body);
        assert!(gateway.receive(&delivery).is_ok());
        assert!(matches!(
            gateway.receive(&altered),
            Err(WebhookError::Signature | WebhookError::Malformed)
        ));
        let mut taken = [const { Vec::new() }; 2];
        for _ in 0..effort.rounds {
            for (at, delivery) in [&delivery, &altered].into_iter().enumerate() {
                let start = Instant::now();
                for _ in 0..COUNT {
                    let _ = std::hint::black_box(gateway.receive(delivery));
                }
                taken[at].push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(0) / COUNT);
            }
        }
        let [read, refused] = taken.map(|each| tenths(median(&each), 1000));
        table.row([name.to_owned(), body.len().to_string(), read, refused]);
    }
    table
}

/// The body with one character changed.
fn other(body: &Bytes) -> Bytes {
    let (before, after) = body.split_at(body.len() / 2);
    let changed = if after.starts_with(b"1") { b"2" } else { b"1" };
    Bytes::from([before, changed, after.get(1..).unwrap_or_default()].concat())
}
