//! Nothing secret is printed: no key of the configuration, card number, CVV or token, whatever is asked, and however it goes wrong.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;

use common::{Bench, Ended, new_file};
use http::StatusCode;
use paymux::{Gateways, KeyKind};
use paymux_chaos::Canaries;
use paymux_simulator::{Fault, Matcher};
use toml::{Table, Value};

/// A CVV that stands nowhere by chance.
const CVV: &str = "739";

/// A gateway, an amount, and the number of a card that is approved and of one that is declined.
const CARDS: [(&str, &str, [&str; 2]); 3] = [
    ("coolpay", "10.00 DKK", ["1000000000000008", "1000000000000016"]),
    ("opp-v3", "92.00 EGP", ["4200000000000000", "4200000000001552"]),
    ("opp-v1", "92.00 EGP", ["4200000000000000", "4200000000001552"]),
];

/// The secrets of a configuration, by gateway and key.
fn secrets(config: &str) -> Canaries {
    let mut canaries = Canaries::default();
    let providers: BTreeMap<_, _> = Gateways::builder().providers().into_iter().collect();
    let config: Table = config.parse().unwrap();
    for (gateway, section) in config["gateways"].as_table().unwrap() {
        let keys = providers[section["provider"].as_str().unwrap()];
        for key in keys.iter().filter(|key| key.kind == KeyKind::Secret) {
            if let Some(value) = section.get(key.name).and_then(Value::as_str) {
                canaries.add(&format!("{gateway}.{}", key.name), value);
            }
        }
    }
    canaries
}

/// The tokens that a simulator gave out, read from its state.
fn tokens(bench: &Bench, gateway: &str) -> Vec<String> {
    let place = bench.lab.place(gateway).unwrap();
    let state = place.server.with(|host, _| format!("{:?}", host.provider()));
    let after = |mark: &'static str| {
        let parts = state
            .split(mark)
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned());
        parts.collect::<Vec<_>>()
    };
    [after("Token { text: \""), after("{ token: \"")].concat()
}

struct Said {
    canaries: Canaries,
    texts: Vec<(String, String)>,
}

impl Said {
    fn hear(&mut self, arguments: &[&str], ended: &Ended) {
        let what = arguments.join(" ");
        self.texts.push((what.clone(), ended.out.clone()));
        self.texts.push((what, ended.err.clone()));
    }

    /// With JSON and without.
    fn run(&mut self, bench: &Bench, arguments: &[&str], input: &str) -> Ended {
        let text = bench.run_with_input(arguments, input);
        self.hear(arguments, &text);
        let ended = bench.run_with_input(&[arguments, &["--json"]].concat(), input);
        self.hear(arguments, &ended);
        ended
    }

    fn check(&self) {
        for (what, text) in &self.texts {
            if let Some(leak) = self.canaries.find(text) {
                panic!("`paymux {what}` prints {} ({})", leak.secret, leak.form);
            }
        }
    }
}

async fn bench() -> (Bench, Said) {
    let bench = Bench::start().await;
    let mut canaries = secrets(&bench.lab.config());
    assert!(canaries.len() > 6, "{}", canaries.len());
    canaries.add("cvv", CVV);
    for (_, _, numbers) in CARDS {
        for number in numbers {
            canaries.add("card number", number);
        }
    }
    let texts = Vec::new();
    (bench, Said { canaries, texts })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_and_checked() {
    let (bench, mut said) = bench().await;
    for command in ["gateways", "check"] {
        assert_eq!(said.run(&bench, &[command], "").code, 0);
    }
    // Wrong secrets, and secrets where something else belongs.
    let right = bench.lab.config();
    for (from, to) in [
        ("api_key = \"", "api_key = \"wrong-"),
        ("access_token = \"", "access_token = \"wrong-"),
        ("webhook_key = \"", "webhook_key = \"wrong-"),
        ("mode = \"test\"", "mode = \"sim-key\""),
        ("api_key = ", "api_keys = "),
        ("base_url = \"http://", "base_url = \"http://sim-key@"),
        ("api_key = \"sim-key\"", "api_key = [\"sim-key\"]"),
    ] {
        assert!(right.contains(from), "{from}");
        std::fs::write(&bench.config, right.replace(from, to)).unwrap();
        for command in ["gateways", "check"] {
            said.run(&bench, &[command], "");
        }
    }
    let mut found = 0;
    for gateway in ["qolo", "keybank", "carry1st"] {
        let tokens = tokens(&bench, gateway);
        found += usize::from(!tokens.is_empty());
        for token in tokens {
            said.canaries.add(&format!("{gateway}: token"), &token);
        }
    }
    assert_eq!(found, 3, "a token of each gateway that has them");
    said.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn money_with_a_card_whatever_goes_wrong() {
    let (bench, mut said) = bench().await;
    // No waiting for a question's turn.
    let hasty = "mode = \"test\"\ntimeout_secs = 2\ninquiry_interval_secs = 0";
    let config = bench.lab.config().replace("mode = \"test\"", hasty);
    assert!(config.contains(hasty));
    std::fs::write(&bench.config, config).unwrap();
    let lost = [
        Fault::ResetAfter,
        Fault::Malformed,
        Fault::StatusBefore(StatusCode::BAD_REQUEST),
    ];
    for (gateway, amount, numbers) in CARDS {
        let faults = lost.iter().map(Some).chain([None, None]);
        for (count, fault) in faults.enumerate() {
            let number = numbers[count % numbers.len()];
            let card = format!(r#"{{"number":"{number}","month":5,"year":2034,"cvv":"{CVV}","holder":"Jane Jones"}}"#);
            let reference = format!("canary{count}{}", gateway.replace('-', ""));
            if let Some(fault) = fault {
                bench.plan(gateway, Matcher::on(http::Method::POST, ""), fault.clone());
            }
            let arguments = [
                "sale",
                "--gateway",
                gateway,
                "--amount",
                amount,
                "--reference",
                &reference,
                "--card-file",
                "-",
                "--return-url",
                "https://shop.example/back",
            ];
            let ended = bench.run_with_input(&arguments, &card);
            assert_ne!(ended.code, -1, "{ended:?}");
            said.hear(&arguments, &ended);
            if ended.code == 5 {
                let kept = new_file("unresolved.json", &ended.out);
                let kept = kept.to_str().unwrap();
                said.run(&bench, &["resolve", "--gateway", gateway, kept], "");
            }
            said.run(
                &bench,
                &["inquire", "--gateway", gateway, "--reference", &reference],
                "",
            );
        }
        // Cards that are none.
        for card in [
            format!(r#"{{"number":"{}1","month":5,"year":2034,"cvv":"{CVV}"}}"#, numbers[0]),
            format!(r#"{{"number":"{}","month":15,"year":2034,"cvv":"{CVV}"}}"#, numbers[0]),
            format!(r#"{{"number":"{}","month":5,"year":2034,"pin":"{CVV}"}}"#, numbers[0]),
            format!("number {} cvv {CVV}", numbers[0]),
        ] {
            let arguments = [
                "sale",
                "--gateway",
                gateway,
                "--amount",
                amount,
                "--reference",
                "none",
                "--card-file",
                "-",
            ];
            assert_eq!(said.run(&bench, &arguments, &card).code, 2);
        }
    }
    said.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_journal_keeps_and_shows() {
    let (bench, _) = bench().await;
    let mut said = Said {
        canaries: secrets(&bench.lab.config()),
        texts: Vec::new(),
    };
    // Three digits stand in a time of day by chance; as a value of their own they do not.
    said.canaries.add("cvv", &format!("\"{CVV}\""));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("paymux.db");
    let journal = format!("sqlite:{}", file.display());
    for (gateway, amount, numbers) in CARDS {
        for (count, number) in numbers.iter().chain([&numbers[0]]).enumerate() {
            said.canaries.add("card number", number);
            let card = format!(r#"{{"number":"{number}","month":5,"year":2034,"cvv":"{CVV}","holder":"Jane Jones"}}"#);
            let reference = format!("canary{count}{}", gateway.replace('-', ""));
            if count == 2 {
                bench.plan(gateway, Matcher::on(http::Method::POST, ""), Fault::ResetAfter);
            }
            let sale = [
                "sale",
                "--gateway",
                gateway,
                "--amount",
                amount,
                "--reference",
                &reference,
            ];
            let with = [
                "--journal",
                &journal,
                "--card-file",
                "-",
                "--return-url",
                "https://shop.example/back",
            ];
            said.run(&bench, &[&sale[..], &with[..]].concat(), &card);
            said.run(&bench, &["journal", "show", &reference, "--journal", &journal], "");
        }
    }
    for command in [&["list"][..], &["settle"], &["export"], &["export", "--changes"]] {
        let arguments = [&["journal"], command, &["--journal", &journal]].concat();
        let ended = said.run(&bench, &arguments, "");
        let shows = command != ["settle"];
        assert_eq!(ended.out.contains("canary0coolpay"), shows, "{arguments:?}: {ended:?}");
    }
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        said.texts.push((path.display().to_string(), text));
    }
    said.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_signed_and_verified() {
    let (bench, mut said) = bench().await;
    for (gateway, body) in [
        ("coolpay", r#"{"id":7,"order_id":"Order7","accepted":true}"#),
        (
            "opp-v1",
            r#"{"type":"PAYMENT","payload":{"id":"8ac7a4a1","paymentType":"DB","result":{"code":"000.100.110"}}}"#,
        ),
        ("qolo", r#"{"event_type":"transfer.success","txn_guid":"0017d7fb"}"#),
        (
            "carry1st",
            r#"{"reference":"C-1-P","partnerReference":"order-1","status":"SUCCESSFUL"}"#,
        ),
    ] {
        let body = new_file("body.json", body);
        let signed = bench.run(&["webhook", "sign", "--gateway", gateway, body.to_str().unwrap()]);
        assert_eq!(signed.code, 0, "{signed:?}");
        said.hear(&["webhook", "sign"], &signed);
        let altered = format!("{}00", signed.out.trim_end());
        for (text, code) in [(&signed.out, 0), (&altered, 1)] {
            let file = new_file("delivery", text);
            let ended = said.run(
                &bench,
                &["webhook", "verify", "--gateway", gateway, file.to_str().unwrap()],
                "",
            );
            assert_eq!(ended.code, code, "{gateway}: {ended:?}");
        }
    }
    said.check();
}

/// The search bites: what is asked for by its name is not found to be safe.
#[tokio::test(flavor = "multi_thread")]
async fn a_printed_key_is_found() {
    let (bench, mut said) = bench().await;
    said.run(&bench, &["inquire", "--gateway", "sim-api-key", "--reference", "x"], "");
    let found = said.texts.iter().any(|(_, text)| said.canaries.find(text).is_some());
    assert!(found, "what was typed is repeated: {:?}", said.texts);
}
