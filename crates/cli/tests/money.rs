//! Money commands from end to end: the binary against simulators, and the simulators' ledgers as the judge.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "shared by tests")]

mod common;

use std::process::{Command, Stdio};

use common::{Bench, Ended, binary, new_file, paymux};
use http::Method;
use paymux_simulator::{Fault, Kind, Matcher};
use serde_json::Value;

impl Bench {
    fn movements(&self, gateway: &str) -> Vec<(Kind, i64)> {
        let place = self.lab.place(gateway).unwrap();
        let of = |m: &paymux_simulator::Movement| (m.kind, m.minor);
        place
            .server
            .with(|host, _| host.ledger().movements.iter().map(of).collect())
    }

    fn plan(&self, gateway: &str, matcher: Matcher, fault: Fault) {
        let place = self.lab.place(gateway).unwrap();
        place.server.with(|host, _| host.faults.add(matcher, fault));
    }
}

fn reference(ended: &Ended) -> String {
    ended.json()["payment"]["reference"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_captured_and_refunded_in_parts_and_another_is_let_go() {
    let bench = Bench::start().await;
    let card = "{\"number\":\"1000000000000008\",\"month\":12,\"year\":2040,\"cvv\":\"123\"}";
    let order = ["--json", "--gateway", "coolpay", "--amount"];
    let authorize = |reference: &str| {
        let arguments = [
            &["authorize"],
            &order[..],
            &["100.00 DKK", "--card-file", "-", "--reference", reference],
        ];
        let ended = bench.run_with_input(&arguments.concat(), card);
        assert_eq!(ended.code, 0, "{ended:?}");
        ended
    };
    let held = reference(&authorize("hold-1"));
    for (command, amount, name) in [
        ("capture", "40.00 DKK", "capture-1"),
        ("capture", "60.00 DKK", "capture-2"),
        ("refund", "25.00 DKK", "refund-1"),
    ] {
        let arguments = [
            &[command],
            &order[..],
            &[amount, "--payment", &held, "--reference", name],
        ];
        let ended = bench.run(&arguments.concat());
        assert_eq!(ended.code, 0, "{command} {amount}: {ended:?}");
    }
    let other = reference(&authorize("hold-2"));
    let ended = bench.run(&[
        "void",
        "--gateway",
        "coolpay",
        "--payment",
        &other,
        "--reference",
        "void-1",
    ]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("voided"), "{ended:?}");
    let ended = bench.run(&["inquire", "--json", "--gateway", "coolpay", "--reference", "hold-1"]);
    assert_eq!(
        (ended.code, ended.json()["payment"]["state"].as_str()),
        (0, Some("partially_refunded"))
    );
    let booked = [
        (Kind::Authorize, 10000),
        (Kind::Capture, 4000),
        (Kind::Capture, 6000),
        (Kind::Refund, 2500),
        (Kind::Authorize, 10000),
        (Kind::Void, 10000),
    ];
    assert_eq!(bench.movements("coolpay"), booked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_has_its_own_exit_code_and_says_what_to_do() {
    let bench = Bench::start().await;
    let arguments = [
        "sale",
        "--gateway",
        "opp-v1",
        "--amount",
        "10.00 EUR",
        "--test-card",
        "insufficient-funds",
        "--reference",
    ];
    let ended = bench.run(&[&arguments[..], &["order-1001"]].concat());
    assert_eq!(ended.code, 3, "{ended:?}");
    for text in [
        "declined",
        "insufficient funds",
        "800.100.155",
        "later",
        "for lack of funds",
    ] {
        assert!(ended.out.contains(text), "{text}: {}", ended.out);
    }
    let ended = bench.run(&[&arguments[..], &["order-1002", "--json"]].concat());
    let json = ended.json();
    assert_eq!(
        (ended.code, &json["decline"]["reason"]),
        (3, &Value::from("insufficient_funds"))
    );
    assert!(bench.movements("opp-v1").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_source_the_providers_page_is_opened() {
    let bench = Bench::start().await;
    for gateway in ["coolpay", "opp-v3", "opp-v1", "carry1st"] {
        let ended = bench.run(&[
            "sale",
            "--json",
            "--gateway",
            gateway,
            "--amount",
            "10.00 USD",
            "--reference",
            "order-1001",
            "--return-url",
            "https://shop.example/thanks",
        ]);
        assert_eq!(ended.code, 4, "{gateway}: {ended:?}");
        let json = ended.json();
        assert_eq!(json["outcome"], "action_required", "{gateway}");
        assert!(json["action"].is_object(), "{gateway}: {json}");
    }
}

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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_found_is_not_safe_to_send_again() {
    let bench = Bench::start().await;
    let ended = bench.run(&["inquire", "--gateway", "coolpay", "--reference", "order-1001"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.err.contains("this only asked"), "{ended:?}");
    assert!(!ended.err.contains("a new attempt is safe\n"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_never_reaches_a_stranger_who_has_the_name_now() {
    let bench = Bench::start().await;
    let sale = bench.run(&[
        "sale",
        "--json",
        "--gateway",
        "coolpay",
        "--amount",
        "10.00 USD",
        "--reference",
        "order-1001",
        "--test-card",
        "approved",
    ]);
    assert_eq!(sale.code, 0, "{sale:?}");
    let payment = reference(&sale);
    // The configuration now points the same name at another provider.
    let text = bench.lab.config();
    let text = text
        .replace("[gateways.coolpay]", "[gateways.old]")
        .replace("[gateways.opp-v1]", "[gateways.coolpay]");
    let config = new_file("switched.toml", &text);
    let before = bench.requests();
    let ended = paymux(&[
        "--config",
        config.to_str().unwrap(),
        "refund",
        "--gateway",
        "coolpay",
        "--amount",
        "10.00 USD",
        "--reference",
        "refund-1001",
        "--payment",
        &payment,
    ]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.err.contains("belongs to coolpay account"), "{ended:?}");
    assert!(ended.err.contains("this gateway is opp account"), "{ended:?}");
    assert_eq!(bench.requests(), before, "nothing may be sent");
    let ended = paymux(&[
        "--config",
        config.to_str().unwrap(),
        "refund",
        "--gateway",
        "old",
        "--amount",
        "10.00 USD",
        "--reference",
        "refund-1001",
        "--payment",
        &payment,
    ]);
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_out_and_between_accounts_and_methods_are_listed() {
    use paymux_simulator::qolo::seeds;
    let bench = Bench::start().await;
    let order = ["--gateway", "qolo", "--amount", "10.00 USD", "--reference"];
    let ended = bench.run(&[&["payout"], &order[..], &["payout-1", "--test-card", "approved"]].concat());
    assert_eq!(ended.code, 4, "{ended:?}");
    let accounts = ["--from", seeds::ACCOUNT, "--to", seeds::ACCOUNT_PERSON];
    let ended = bench.run(&[&["transfer"], &order[..], &["transfer-1"], &accounts].concat());
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_eq!(bench.movements("qolo"), [(Kind::Payout, 1000), (Kind::Transfer, 1000)]);
    let ended = bench.run(&["methods", "--json", "--gateway", "qolo", "--customer", seeds::PERSON]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let json = ended.json();
    assert!(
        json["methods"]
            .as_array()
            .unwrap()
            .iter()
            .any(|m| m["id"] == format!("card:{}", seeds::INSTRUMENT_CARD))
    );
}

/// A transfer whose answer is lost as often as it is sent, with these options besides.
fn lost_transfer(bench: &Bench, options: &[&str]) -> Ended {
    use paymux_simulator::qolo::seeds;
    for _ in 0..3 {
        bench.plan("qolo", Matcher::on(Method::POST, "/transfers"), Fault::ResetAfter);
    }
    let transfer = ["transfer", "--from", seeds::ACCOUNT, "--to", seeds::ACCOUNT_PERSON];
    let attempt = [
        "--gateway",
        "qolo",
        "--amount",
        "10.00 USD",
        "--reference",
        "transfer-1",
    ];
    bench.run(&[&transfer[..], &attempt, options].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_is_kept_in_a_file_and_finished_under_its_key() {
    use paymux_simulator::qolo::seeds;
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
    assert_eq!((other.code, bench.requests()), (5, before), "{other:?}");
    let json = other.json();
    assert_eq!((&json["field"], &json["unresolved"]), (&Value::from("amount"), &kept));
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
    /// A sale of 10.00 DKK on CoolPay that is interrupted as soon as so many requests are made.
    fn interrupted_sale(&self, after: u64) -> Ended {
        let config = self.config.to_str().unwrap();
        let mut command = binary(&[
            "--config",
            config,
            "sale",
            "--gateway",
            "coolpay",
            "--amount",
            "10.00 DKK",
        ]);
        command.args(["--reference", "order-1001", "--test-card", "approved"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while self.requests() < after {
            std::thread::yield_now();
        }
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        let output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Whoever loses patience is told what may have been sent, and can ask.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sale_is_unknown_and_can_be_asked_about() {
    let bench = Bench::start().await;
    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::Stuck);
    // A payment, its authorization, and the capture that is never answered.
    let ended = bench.interrupted_sale(3);
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
    let ended = bench.interrupted_sale(1);
    assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{ended:?}");
    assert!(ended.err.contains("interrupted before the answer came"), "{ended:?}");
    assert!(ended.err.contains("a new attempt is safe"), "{ended:?}");
    assert!(bench.movements("coolpay").is_empty());
}
