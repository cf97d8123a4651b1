//! The simulators as a process of their own, and the same commands on every gateway.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "shared by tests")]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Stdio};

use common::{Bench, binary, new_file, new_path, paymux};
use paymux_cli::lab::Lab;
use serde_json::Value;

/// The simulators' process; it ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn simulate(config: &str) -> (Process, Value) {
    let mut command = binary(&["simulate", "--json", "--write-config", config]);
    let mut child = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut text = String::new();
    for line in BufReader::new(child.0.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        text.push_str(&line);
        // The document's last line is the only one that is nothing but its brace.
        if line == "}" {
            break;
        }
    }
    let json = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    (child, json)
}

#[test]
fn the_same_commands_work_on_every_gateway() {
    let config = new_path("simulated.toml");
    let config = config.to_str().unwrap();
    let (_process, json) = simulate(config);
    let names: Vec<_> = json["gateways"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["gateway"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["coolpay", "opp-v3", "opp-v1", "qolo", "keybank", "carry1st"]);

    let listed = paymux(&["--config", config, "gateways", "--json"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert_eq!(listed.json()["gateways"].as_array().unwrap().len(), names.len());

    for (name, code, outcome) in [
        ("coolpay", 0, "approved"),
        ("opp-v3", 0, "approved"),
        ("opp-v1", 0, "approved"),
        ("qolo", 4, "pending"),
        ("keybank", 4, "pending"),
        ("carry1st", 4, "action_required"),
    ] {
        let sale = [
            "sale",
            "--amount",
            "100.00 USD",
            "--reference",
            "same-sale-1",
            "--test-card",
            "approved",
        ];
        let mut arguments = vec!["--config", config, "--json"];
        arguments.extend(sale);
        arguments.extend(["--gateway", name]);
        let ended = paymux(&arguments);
        assert_eq!(ended.code, code, "{name}: {ended:?}");
        let json = ended.json();
        assert_eq!(json["outcome"], outcome, "{name}");
        assert_eq!(json["payment"]["amount"]["minor"], 10000, "{name}");

        let payment = json["payment"]["reference"].as_str().unwrap();
        let asked = paymux(&[
            "--config",
            config,
            "--json",
            "inquire",
            "--gateway",
            name,
            "--payment",
            payment,
        ]);
        assert!(matches!(asked.code, 0 | 4), "{name}: {asked:?}");
        assert_eq!(asked.json()["payment"]["amount"]["minor"], 10000, "{name}");
    }
}

/// What a page answers.
fn page(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn every_checkout_is_a_page_that_a_person_can_open() {
    let config = new_path("pages.toml");
    let config = config.to_str().unwrap();
    let (_process, json) = simulate(config);
    assert_eq!(json["config"], std::fs::read_to_string(config).unwrap());
    for name in ["coolpay", "opp-v3", "opp-v1", "carry1st"] {
        let ended = paymux(&[
            "--config",
            config,
            "--json",
            "checkout",
            "--gateway",
            name,
            "--amount",
            "10.00 USD",
            "--reference",
            "order-1001",
            "--return-url",
            "https://shop.example/thanks",
        ]);
        assert_eq!(ended.code, 4, "{name}: {ended:?}");
        let json = ended.json();
        let url = json["action"]["redirect"].as_str();
        let shown = page(url.unwrap_or_else(|| panic!("{name}: {json}")));
        assert!(
            shown.starts_with("HTTP/1.1 200") && shown.contains("<form"),
            "{name}: {shown}"
        );
    }
}

#[test]
fn check_is_let_in_everywhere_and_tells_clock_and_version() {
    let config = new_path("checked.toml");
    let config = config.to_str().unwrap();
    let (process, _) = simulate(config);
    let ended = paymux(&["--config", config, "check", "--json"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    for gateway in ended.json()["gateways"].as_array().unwrap() {
        assert_eq!(gateway["access"], "let_in", "{gateway}");
        assert!(gateway["requests"].as_u64().unwrap() >= 1, "{gateway}");
        let ahead = gateway["clock_ahead_secs"].as_i64().unwrap();
        assert!((-5..=5).contains(&ahead), "{gateway}");
    }
    let version = |name: &str| {
        let json = ended.json();
        let gateways = json["gateways"].as_array().unwrap();
        gateways.iter().find(|g| g["gateway"] == name).unwrap()["api_version"].clone()
    };
    assert_eq!((version("opp-v3"), version("coolpay")), ("v3".into(), "v10".into()));

    // A key that is wrong is the configuration's fault; a provider that is away is not.
    let wrong = std::fs::read_to_string(config)
        .unwrap()
        .replacen("sim-api-key", "another-key", 1);
    let wrong = new_file("wrong-key.toml", &wrong);
    let ended = paymux(&["--config", wrong.to_str().unwrap(), "check"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.out.contains("refused"), "{ended:?}");
    drop(process);
    let ended = paymux(&["--config", config, "check"]);
    assert_eq!(ended.code, 1, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_a_clock_that_is_off() {
    let bench = Bench::start().await;
    let place = bench.lab.place("opp-v1").unwrap();
    place.server.advance(std::time::Duration::from_secs(90));
    let ended = bench.run(&["check"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let line = |name: &str| ended.out.lines().find(|line| line.starts_with(name)).unwrap();
    let off = line("opp-v1");
    assert!(
        off.contains("theirs is 90 s ahead") || off.contains("theirs is 89 s ahead"),
        "{off}"
    );
    assert!(line("opp-v3").contains("in step"), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_accounts_that_name_no_merchant() {
    let bench = Bench::start().await;
    let named = bench.run(&["check", "--json"]).json();
    let unnamed = without(&bench.lab.config(), &["merchant_id", "entity_id", "partner_code"]);
    // A second merchant on the same host: other credentials, and the same account.
    let twin = table(&unnamed, "carry1st").replace("[gateways.carry1st]", "[gateways.twin]");
    // Where the key is required, it cannot be left out.
    let all = bench.lab.config();
    let v1 = table(&all, "opp-v1");
    let config = format!("{}\n{twin}\n", unnamed.replace(table(&unnamed, "opp-v1"), v1));
    std::fs::write(&bench.config, config).unwrap();

    let json = bench.run(&["check", "--json"]).json();
    let of = |json: &Value, name: &str| {
        let gateways = json["gateways"].as_array().unwrap();
        gateways
            .iter()
            .find(|gateway| gateway["gateway"] == name)
            .unwrap()
            .clone()
    };
    for (name, key) in [
        ("coolpay", Some("merchant_id")),
        ("opp-v3", Some("entity_id")),
        ("carry1st", Some("partner_code")),
        ("twin", Some("partner_code")),
        ("opp-v1", None),
        ("qolo", None),
    ] {
        let gateway = of(&json, name);
        let keys: Vec<_> = gateway["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|w| w["key"].as_str())
            .collect();
        assert_eq!(keys, Vec::from_iter(key.map(Some)), "{gateway}");
        if name != "twin" {
            assert_eq!(of(&named, name)["warnings"], Value::Array(Vec::new()), "{named}");
        }
    }
    let twins = of(&json, "twin");
    assert_eq!(twins["account"], of(&json, "carry1st")["account"]);
    assert!(
        twins["warnings"][0]["what"].as_str().unwrap().contains("`carry1st`"),
        "{twins}"
    );

    let twins = format!("{}\n{twin}\n", table(&unnamed, "carry1st"));
    std::fs::write(&bench.config, twins).unwrap();
    let ended = bench.run(&["check"]);
    assert_eq!(ended.code, 0, "a warning is no failure: {ended:?}");
    assert_eq!(ended.err.matches("warning:").count(), 2, "{ended:?}");
    assert!(
        ended.err.contains("gateway `twin`: `partner_code` is not set"),
        "{ended:?}"
    );
}

/// A gateway's table.
fn table<'a>(config: &'a str, gateway: &str) -> &'a str {
    let begins = |table: &&str| table.starts_with(&format!("[gateways.{gateway}]"));
    config.split("\n\n").find(begins).unwrap()
}

/// A configuration without these keys.
fn without(config: &str, keys: &[&str]) -> String {
    let kept = |line: &&str| keys.iter().all(|key| !line.starts_with(&format!("{key} =")));
    config.lines().filter(kept).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_file_that_is_somebody_elses_is_not_written_over() {
    let mine = new_file("mine.toml", "[gateways.cards]\n");
    let ended = paymux(&["simulate", "--write-config", mine.to_str().unwrap()]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended.err.contains("--write-config") && ended.err.contains("is there already"),
        "{ended:?}"
    );
    assert_eq!(std::fs::read_to_string(mine).unwrap(), "[gateways.cards]\n");
}

#[test]
fn only_loopback_is_listened_on() {
    let ended = paymux(&["simulate", "--listen", "192.0.2.1:0"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.err.contains("loopback"), "{ended:?}");
}

#[tokio::test]
async fn a_port_is_the_first_of_six() {
    let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let error = Lab::start(on(65533)).await.unwrap_err();
    assert!(
        error.to_string().contains("six ports") || error.to_string().contains("in use"),
        "{error}"
    );
    for first in (21_000..29_000).step_by(97) {
        // Somebody else may have one of them.
        let Ok(lab) = Lab::start(on(first)).await else { continue };
        let ports: Vec<_> = lab.places().iter().map(|place| place.server.address().port()).collect();
        assert_eq!(ports, (first..first + 6).collect::<Vec<_>>());
        return;
    }
    panic!("no six free ports in a row");
}
