//! Outcomes that nobody knows, from end to end: lost, interrupted, kept in a file, asked about, and finished under their key.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "shared by tests")]

mod common;

use common::{Bench, Ended, new_file};
use http::Method;
use paymux_simulator::qolo::seeds;
use paymux_simulator::{Fault, Kind, Matcher};
use serde_json::Value;

/// A transfer on Qolo, which takes idempotency keys.
const TRANSFER: [&str; 11] = [
    "transfer",
    "--from",
    seeds::ACCOUNT,
    "--to",
    seeds::ACCOUNT_PERSON,
    "--gateway",
    "qolo",
    "--amount",
    "10.00 USD",
    "--reference",
    "transfer-1",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_kept_and_asked_about_never_sent_again() {
    let bench = Bench::start().await;
    let text = bench
        .lab
        .config()
        .replace("[gateways.coolpay]", "[gateways.coolpay]\ntimeout_secs = 2");
    std::fs::write(&bench.config, text).unwrap();
    // The answer to the capture is lost after the money moved, and so is every question for a while.
    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::ResetAfter);
    for _ in 0..40 {
        let broken = Fault::StatusBefore(http::StatusCode::INTERNAL_SERVER_ERROR);
        bench.plan("coolpay", Matcher::on(Method::GET, "/payments"), broken);
    }
    let ended = bench.run(&[
        "sale",
        "--gateway",
        "coolpay",
        "--amount",
        "10.00 DKK",
        "--reference",
        "order-1001",
        "--test-card",
        "approved",
    ]);
    assert_eq!(ended.code, 5, "{ended:?}");
    assert!(ended.err.contains("paymux resolve --gateway coolpay FILE"), "{ended:?}");
    assert_eq!(ended.json()["operation"], "sale");
    assert!(!ended.err.contains("paymux complete"), "there is no key: {ended:?}");
    let kept = new_file("unresolved.json", &ended.out);

    let place = bench.lab.place("coolpay").unwrap();
    place
        .server
        .with(|host, _| host.faults = paymux_simulator::FaultPlan::none());
    let booked = [(Kind::Authorize, 1000), (Kind::Capture, 1000)];
    assert_eq!(bench.movements("coolpay"), booked);
    let asked = bench.run(&[
        "resolve",
        "--gateway",
        "coolpay",
        "--json",
        "--unresolved",
        kept.to_str().unwrap(),
    ]);
    assert_eq!(asked.code, 0, "{asked:?}");
    assert_eq!(asked.json()["payment"]["state"], "captured");
    assert_eq!(bench.movements("coolpay"), booked, "asking moves no money");

    // What is printed as JSON can be asked with as well, and the gateway need not be named.
    let wrapped = new_file(
        "error.json",
        &format!("{{\"error\":\"x\",\"unresolved\":{}}}", ended.out),
    );
    let again = bench.run(&["resolve", "--json", "--unresolved", wrapped.to_str().unwrap()]);
    assert_eq!(again.code, asked.code, "{again:?}");
    let again = bench.run(&["resolve", "--json", wrapped.to_str().unwrap()]);
    assert_eq!(again.code, asked.code, "{again:?}");
    let again = bench.run_with_input(&["resolve", "--json", "-"], &ended.out);
    assert_eq!(again.code, asked.code, "{again:?}");
    let neither = bench.run(&["resolve"]);
    assert_eq!(neither.code, 2, "{neither:?}");

    let marked = new_file("marked.json", &format!("\u{feff}{}", ended.out));
    let again = bench.run(&["resolve", "--json", "--unresolved", marked.to_str().unwrap()]);
    assert_eq!(again.code, asked.code, "{again:?}");

    // Asked on another account's gateway it stays unknown, and whoever reads is led back to its own.
    let kept = kept.to_str().unwrap();
    let stranger = bench.run(&["resolve", "--gateway", "opp-v1", "--unresolved", kept]);
    assert_eq!(stranger.code, 5, "{stranger:?}");
    let hint = "paymux resolve --gateway coolpay FILE";
    assert!(stranger.err.contains(hint), "{stranger:?}");
    // And a gateway that there is not says nothing of whether it may be sent again.
    let absent = bench.run(&["resolve", "--gateway", "acme", "--unresolved", kept]);
    assert_eq!(absent.code, 2, "{absent:?}");
    assert!(
        absent.err.contains("--gateway: there is no gateway `acme`"),
        "{absent:?}"
    );
    assert!(!absent.err.contains("safe"), "{absent:?}");

    let twice = ended.out.replacen('{', "{\"gateway\":\"qolo\",", 1);
    for broken in [
        "{}",
        "{\"unresolved\":{}}",
        &twice,
        &format!("{{\"unresolved\":{twice}}}"),
    ] {
        let broken = new_file("broken.json", broken);
        let ended = bench.run(&["resolve", "--unresolved", broken.to_str().unwrap()]);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.err.contains("is no unresolved operation"), "{ended:?}");
    }
}

/// A transfer whose answer is lost as often as it is sent, with these options besides.
fn lost_transfer(bench: &Bench, options: &[&str]) -> Ended {
    for _ in 0..3 {
        bench.plan("qolo", Matcher::on(Method::POST, "/transfers"), Fault::ResetAfter);
    }
    bench.run(&[&TRANSFER[..], options].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_is_kept_in_a_file_and_finished_under_its_key() {
    let bench = Bench::start().await;
    let path = common::new_path("unresolved.json");
    let file = path.to_str().unwrap();
    let ended = lost_transfer(&bench, &["--unresolved", file]);
    assert_eq!(ended.code, 5, "{ended:?}");
    for hint in [
        format!("paymux resolve --gateway qolo {file}"),
        format!("paymux complete {file} transfer --gateway qolo"),
    ] {
        assert!(ended.err.contains(&hint), "{hint}: {ended:?}");
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(kept, ended.json());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(bench.movements("qolo"), [(Kind::Transfer, 1000)]);

    let complete = |amount: &str| {
        let transfer = ["transfer", "--from", seeds::ACCOUNT, "--to", seeds::ACCOUNT_PERSON];
        let attempt = ["--gateway", "qolo", "--amount", amount, "--reference", "transfer-1"];
        bench.run(&[&["complete", file, "--json"], &transfer[..], &attempt].concat())
    };
    let before = bench.requests();
    let other = complete("10.01 USD");
    assert_eq!((other.code, bench.requests()), (2, before), "{other:?}");
    assert_eq!(other.json()["field"], "amount");
    assert!(other.out.contains("nothing was sent"), "{other:?}");
    let done = complete("10.00 USD");
    assert_eq!((done.code, done.json()["outcome"].as_str()), (4, Some("pending")));
    assert_eq!(bench.movements("qolo"), [(Kind::Transfer, 1000)], "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_there_is_never_overwritten_and_none_is_left_without_need() {
    let bench = Bench::start().await;
    let there = new_file("there.json", "precious");
    let before = bench.requests();
    let ended = lost_transfer(&bench, &["--unresolved", there.to_str().unwrap()]);
    assert_eq!((ended.code, bench.requests()), (2, before), "{ended:?}");
    assert!(
        ended.err.contains("--unresolved") && ended.err.contains("nothing was sent"),
        "{ended:?}"
    );
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "precious");
    let nowhere = common::new_path("no-such-folder").join("unresolved.json");
    let ended = lost_transfer(&bench, &["--unresolved", nowhere.to_str().unwrap()]);
    assert_eq!((ended.code, bench.requests()), (2, before), "{ended:?}");

    let path = common::new_path("not-needed.json");
    let arguments = [
        "--amount",
        "10.00 DKK",
        "--reference",
        "order-1001",
        "--test-card",
        "approved",
    ];
    let keep = ["sale", "--gateway", "coolpay", "--unresolved", path.to_str().unwrap()];
    let ended = bench.run(&[&keep[..], &arguments].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!path.exists(), "its outcome is known");
}

#[cfg(unix)]
impl Bench {
    /// A sale of 10.00 DKK on CoolPay, with these options besides, that is interrupted as soon as so many requests are made.
    fn interrupted_sale(&self, options: &[&str], after: u64) -> Ended {
        let sale = ["sale", "--gateway", "coolpay", "--amount", "10.00 DKK"];
        let what = ["--reference", "order-1001", "--test-card", "approved"];
        self.interrupted(&[&sale[..], &what, options].concat(), after)
    }
}

/// Whoever loses patience is told what may have been sent, and can ask.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sale_is_unknown_and_can_be_asked_about() {
    let bench = Bench::start().await;
    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::Stuck);
    // A payment, its authorization, and the capture that is never answered.
    let ended = bench.interrupted_sale(&[], 3);
    assert_eq!(ended.code, 5, "{ended:?}");
    assert!(ended.err.contains("interrupted before the answer came"), "{ended:?}");
    let noted = ended.json()["trail"].as_array().map_or(0, Vec::len);
    assert!(
        noted > 0,
        "what the adapter noted on its way is there to ask with: {ended:?}"
    );
    let kept = new_file("interrupted.json", &ended.out);
    let asked = bench.run(&["resolve", "--json", "--unresolved", kept.to_str().unwrap()]);
    assert_eq!(asked.json()["unresolved"]["reference"], "order-1001", "{asked:?}");
    assert_eq!(bench.movements("coolpay"), [(Kind::Authorize, 1000)]);
}

/// Nothing that moves money was sent yet, and that is said.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_is_interrupted_before_money_could_move_did_nothing() {
    let bench = Bench::start().await;
    bench.plan("coolpay", Matcher::on(Method::POST, "/payments"), Fault::Stuck);
    let ended = bench.interrupted_sale(&[], 1);
    assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{ended:?}");
    assert!(ended.err.contains("interrupted before the answer came"), "{ended:?}");
    assert!(ended.err.contains("a new attempt is safe"), "{ended:?}");
    assert!(bench.movements("coolpay").is_empty());
}

/// What is kept by Ctrl-C is in the file that was asked for, and nothing is in it where nothing was done.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_an_interrupted_sale_leaves_is_in_the_file() {
    let bench = Bench::start().await;
    let path = common::new_path("interrupted.json");
    let keep = ["--unresolved", path.to_str().unwrap()];
    bench.plan("coolpay", Matcher::on(Method::POST, "/payments"), Fault::Stuck);
    let ended = bench.interrupted_sale(&keep, 1);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(!path.exists(), "nothing was done: {ended:?}");

    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::Stuck);
    let before = bench.requests();
    let ended = bench.interrupted_sale(&keep, before + 3);
    assert_eq!(ended.code, 5, "{ended:?}");
    let hint = format!("paymux resolve --gateway coolpay {}", path.display());
    assert!(ended.err.contains(&hint), "{ended:?}");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(kept, ended.json());
    let asked = bench.run(&["resolve", "--json", path.to_str().unwrap()]);
    assert_eq!(asked.json()["unresolved"]["reference"], "order-1001", "{asked:?}");
}

/// What was sent before may have been done, however early the second sending is left.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_completion_is_as_unknown_as_before_and_can_be_done_again() {
    let bench = Bench::start().await;
    let path = common::new_path("unresolved.json");
    let file = path.to_str().unwrap();
    let lost = lost_transfer(&bench, &["--unresolved", file]);
    assert_eq!(lost.code, 5, "{lost:?}");
    let first_sent = &lost.json()["first_sent"];
    assert!(first_sent.is_string(), "{lost:?}");

    let again = common::new_path("again.json");
    let complete = [&["complete", file], &TRANSFER[..]].concat();
    let with_file = [&complete[..], &["--unresolved", again.to_str().unwrap()]].concat();
    // The login is not answered, so nothing is sent; then it is the transfer.
    for (path, requests) in [("/login", 1), ("/transfers", 2)] {
        bench.plan("qolo", Matcher::on(Method::POST, path), Fault::Stuck);
        let ended = bench.interrupted(&with_file, bench.requests() + requests);
        assert_eq!(ended.code, 5, "{path}: {ended:?}");
        assert!(ended.err.contains("interrupted before the answer came"), "{ended:?}");
        let hint = format!("paymux complete {} transfer --gateway qolo", again.display());
        assert!(ended.err.contains(&hint), "{path}: {ended:?}");
        let kept: Value = serde_json::from_str(&std::fs::read_to_string(&again).unwrap()).unwrap();
        assert_eq!((&kept, &kept["first_sent"]), (&ended.json(), first_sent), "{path}");
        std::fs::remove_file(&again).unwrap();
    }
    let done = bench.run(&[&complete[..], &["--json"]].concat());
    assert_eq!((done.code, done.json()["outcome"].as_str()), (4, Some("pending")));
    assert_eq!(bench.movements("qolo"), [(Kind::Transfer, 1000)], "once");
}
