//! The suite over every first-party gateway with a journal over it: a journal changes nothing for whoever does one thing at a time.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Desk, Process};
use paymux::{Duplicates, PaymentGateway as _, Source};
use paymux_chaos::stands;
use paymux_conformance::{Canaries, Line, Verdict, suite};
use paymux_journal::{Filter, PaymentKey};

#[tokio::test(start_paused = true)]
async fn every_gateway_passes_the_suite_over_a_journal() {
    for name in stands::NAMES {
        let desk = Desk::new(name);
        let process = desk.process();
        let report = suite(process.gateway.as_ref(), &desk.stand.subject).await;
        let failed = |line: &&Line| matches!(line.verdict, Verdict::Failed(_));
        let failed: Vec<_> = report.lines().iter().filter(failed).map(|line| line.case).collect();
        // The second of two equal calls is answered from the record, so that it sends no key, nor anything else.
        let expected: &[&str] = match process.gateway.capabilities().duplicates {
            Duplicates::Key(_) => &["a declared key is sent, and stays"],
            _ => &[],
        };
        assert_eq!(failed, expected, "{report}");
        no_secret_is_kept(&desk, &process).await;
    }
}

/// After all that the suite did, nothing in the record is a secret, in whatever form: no key of the merchant, no card, no link.
async fn no_secret_is_kept(desk: &Desk, process: &Process) {
    let mut filter = Filter::default();
    filter.limit = 100_000;
    let intents = process.journal.intents(&filter).await.unwrap();
    assert!(intents.len() > 10, "the suite did a lot");
    let mut kept = vec![serde_json::to_string(&process.journal.changes(0, 100_000).await.unwrap()).unwrap()];
    for intent in &intents {
        kept.push(serde_json::to_string(intent).unwrap());
        if let Some(payment) = intent.about() {
            let known = process.journal.payment(&PaymentKey::of(payment)).await.unwrap();
            kept.push(serde_json::to_string(&known).unwrap());
        }
    }
    let subject = &desk.stand.subject;
    let mut canaries = Canaries::default();
    for secret in &subject.secrets {
        canaries.add("a key of the merchant's", secret);
    }
    for source in [
        Some(&subject.approved),
        subject.declined.as_ref(),
        subject.payee.as_ref(),
    ] {
        if let Some(Source::Card(card)) = source {
            canaries.add("a card's number", card.expose_number());
        }
    }
    for beginning in ["https://", "http://"] {
        canaries.add("a link", beginning);
    }
    for text in &kept {
        if let Some(leak) = canaries.find(text) {
            panic!("{} is kept ({}): {text}", leak.secret, leak.form);
        }
    }
}
