//! The suite over every first-party gateway with a journal over it: a journal changes nothing for whoever does one thing at a time.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Desk;
use paymux::{Duplicates, PaymentGateway as _};
use paymux_chaos::stands;
use paymux_conformance::{Line, Verdict, suite};

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
    }
}
