//! Commands that are told to end.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use common::{Bench, binary, paymux};
use http::Method;
use paymux_simulator::{Fault, Matcher};
use serde_json::Value;

const SALE: [&str; 9] = [
    "sale",
    "--gateway",
    "coolpay",
    "--amount",
    "10.00 DKK",
    "--reference",
    "order-a1",
    "--test-card",
    "approved",
];

fn terminate(child: &Child) {
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(killed.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_money_command_that_is_terminated_says_what_it_leaves_and_lets_its_lease_go() {
    let bench = Bench::start().await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("paymux.db").display());
    bench.plan("coolpay", Matcher::on(Method::POST, "/payments"), Fault::Stuck);
    let alone = bench.signalled("-TERM", &SALE, 1);
    assert_eq!(alone.code, 1, "nothing that moves money was sent: {alone:?}");
    assert!(alone.err.contains("interrupted before the answer came"), "{alone:?}");

    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::Stuck);
    let journaled = [&SALE[..], &["--journal", &url]].concat();
    let ended = bench.signalled("-TERM", &journaled, bench.requests() + 3);
    assert_eq!(ended.code, 5, "{ended:?}");
    assert!(ended.err.contains("interrupted before the answer came"), "{ended:?}");
    let shown = paymux(&["journal", "show", "order-a1", "--json", "--journal", &url]).json();
    let intent = &shown["intents"][0];
    assert_eq!(
        (&intent["state"], &intent["lease"]),
        (&"open".into(), &Value::Null),
        "{intent}"
    );
}

/// Reads until a line holds a text, terminates, and gives the exit code.
fn terminated_after(mut command: Command, text: &str) -> Option<i32> {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(text)), "{text}");
    terminate(&child);
    assert_eq!(lines.count(), 0);
    child.wait().unwrap().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_until_it_is_told_to_end_ends_well_when_it_is_terminated() {
    let bench = Bench::start().await;
    let config = bench.config.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("paymux.db").display());
    let done = bench.run(&[&SALE[..], &["--journal", &url]].concat());
    assert_eq!(done.code, 0, "{done:?}");
    let settle = ["journal", "settle", "--every", "3600", "--journal", &url];
    for (arguments, text) in [
        (&settle[..], "Nothing is left open"),
        (&["simulate"], "Running until"),
        (
            &["webhook", "listen", "--gateway", "coolpay", "--port", "0"],
            "Listening on",
        ),
    ] {
        let command = binary(&[&["--config", config], arguments].concat());
        assert_eq!(terminated_after(command, text), Some(0), "{arguments:?}");
    }
}
