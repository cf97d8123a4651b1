//! Commands that are told to end, and results that nobody can read.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use common::{Bench, binary, new_path, paymux};
use http::Method;
use paymux_simulator::{Fault, Kind, Matcher};
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

const BOOKED: [(Kind, i64); 2] = [(Kind::Authorize, 1000), (Kind::Capture, 1000)];

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

/// What a command says that cannot write its result, and its exit code.
fn unread(bench: &Bench, arguments: &[&str], is_full: bool) -> (Option<i32>, String) {
    let mut command = binary(&[&["--config", bench.config.to_str().unwrap()], arguments].concat());
    command.stderr(Stdio::piped());
    if is_full {
        command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
    } else {
        // Whoever should read is gone before anything is written.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.stdout(writer);
    }
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_cannot_be_written_is_told_in_one_line_and_keeps_its_code() {
    let bench = Bench::start().await;
    let text = bench.lab.config();
    let text = text.replace("[gateways.coolpay]", "[gateways.coolpay]\ntimeout_secs = 2");
    std::fs::write(&bench.config, text).unwrap();
    for (is_full, as_json) in [(true, true), (true, false), (false, true), (false, false)] {
        let before = bench.movements("coolpay").len();
        let reference = format!("order-{is_full}-{as_json}");
        let mut arguments = SALE.to_vec();
        arguments[6] = &reference;
        arguments.extend(as_json.then_some("--json"));
        let (code, said) = unread(&bench, &arguments, is_full);
        assert_eq!(code, Some(0), "the money was taken: {said}");
        assert_eq!(bench.movements("coolpay")[before..], BOOKED);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.contains("could not be written") && said.contains("approved, payment pm1:coolpay:"),
            "{said}"
        );
    }
    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::ResetAfter);
    for _ in 0..60 {
        let broken = Fault::StatusBefore(http::StatusCode::INTERNAL_SERVER_ERROR);
        bench.plan("coolpay", Matcher::on(Method::GET, "/payments"), broken);
    }
    let (code, said) = unread(&bench, &SALE, true);
    assert_eq!(code, Some(5), "{said}");
    let (_, open) = said.split_once("keep this to ask with: ").unwrap();
    let open: Value = serde_json::from_str(open.trim()).unwrap();
    assert_eq!(open["reference"], "order-a1");
    let (code, said) = unread(&bench, &["gateways"], true);
    assert_eq!(code, Some(1));
    assert!(said.contains("standard output"), "{said}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_export_ends_quietly_where_whoever_reads_wants_no_more_and_not_where_the_disk_is_full() {
    let bench = Bench::start().await;
    let path = new_path("export.db");
    let url = format!("sqlite:{}", path.display());
    let done = bench.run(&[&SALE[..], &["--journal", &url]].concat());
    assert_eq!(done.code, 0, "{done:?}");
    let export = ["journal", "export", "--journal", &url];
    assert_eq!(unread(&bench, &export, false), (Some(0), String::new()));
    let (code, said) = unread(&bench, &export, true);
    assert!(code == Some(1) && said.contains("standard output"), "{said}");
}
