//! What is wrong with the input is told by field and rule, with exit code 2 and nothing sent.

mod common;

use common::{Bench, binary, new_file, new_path, paymux};

const CARD: &str = "number=1000000000000008\nmonth=12\nyear=2040\ncvv=123\n";

fn sale<'a>(gateway: &'a str, amount: &'a str, reference: &'a str) -> Vec<&'a str> {
    vec![
        "sale",
        "--gateway",
        gateway,
        "--card-file",
        "-",
        "--amount",
        amount,
        "--reference",
        reference,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_and_references() {
    let bench = Bench::start().await;
    for (amount, reference, field, rule) in [
        ("1.001 DKK", "order-1", "--amount", "has more than 2 decimals"),
        ("1.5 JPY", "order-1", "--amount", "has more than 0 decimals"),
        ("0.00 DKK", "order-1", "amount", "must be above zero"),
        ("-1.00 DKK", "order-1", "amount", "must be above zero"),
        ("92233720368547758.08 DKK", "order-1", "--amount", "is too large"),
        ("1.00 DKR", "order-1", "--amount", "is not an ISO 4217 currency code"),
        ("1.00 XAU", "order-1", "--amount", "has no minor unit"),
        ("1.00", "order-1", "--amount", "is not an amount and a currency"),
        ("1,00 DKK", "order-1", "--amount", "is not a decimal number"),
        ("1.00 CVE", "order-1", "amount", "set `scales.CVE`"),
        (
            "1.00 DKK",
            "order-10000000000000000",
            "reference",
            "has 23 characters: coolpay takes 4 to 20",
        ),
        ("1.00 DKK", "order#1", "reference", "contains `#`: coolpay takes"),
        ("1.00 DKK", "", "--reference", "must have 1 to 255 bytes"),
    ] {
        let ended = bench.run_with_input(&sale("coolpay", amount, reference), CARD);
        assert_eq!(ended.code, 2, "{amount} {reference}: {ended:?}");
        assert!(
            ended.err.contains(field) && ended.err.contains(rule),
            "{amount} {reference}: {ended:?}"
        );
        assert_eq!(ended.out, "");
    }
    assert_eq!(bench.requests(), 0);
    let ended = bench.run_with_input(&sale("coolpay", "1.00 DKK", "order-1"), CARD);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(bench.requests() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn cards() {
    let bench = Bench::start().await;
    for (card, rule) in [
        (
            "number=4200000000000001\nmonth=12\nyear=2040\n",
            "card number fails the Luhn check",
        ),
        (
            "number=4200\nmonth=12\nyear=2040\n",
            "card number must have 12 to 19 digits",
        ),
        ("number=4200000000000000\nmonth=12\nyear=2020\n", "card has expired"),
        (
            "number=4200000000000000\nmonth=13\nyear=2040\n",
            "card expiry must be a month from 1 to 12",
        ),
        ("number=4200000000000000\nyear=2040\n", "`month` is missing"),
        ("{\"number\":\"4200000000000000\",", "is not JSON"),
        ("", "`number` is missing"),
    ] {
        let ended = bench.run_with_input(&sale("opp-v1", "1.00 EUR", "order-1001"), card);
        assert_eq!(ended.code, 2, "{rule}: {ended:?}");
        assert!(ended.err.contains(rule), "{rule}: {ended:?}");
        assert!(!format!("{}{}", ended.out, ended.err).contains("4200"), "{ended:?}");
    }
    let large = new_file("large.card", &"#".repeat((8 << 20) + 1));
    let latin1 = new_path("latin1.card");
    std::fs::write(&latin1, b"holder=J\xf8rgen\n").unwrap();
    for (file, rule) in [
        ("no-such-file", "--card-file no-such-file"),
        (large.to_str().unwrap(), "large.card: it holds more than 8 MiB"),
        (latin1.to_str().unwrap(), "latin1.card: it is not UTF-8 text"),
    ] {
        let order = ["--amount", "1.00 EUR", "--reference", "order-1001"];
        let ended = bench.run(&[&["sale", "--gateway", "opp-v1", "--card-file", file][..], &order].concat());
        assert_eq!(ended.code, 2, "{file}: {ended:?}");
        assert!(ended.err.contains(rule), "{file}: {ended:?}");
    }
    std::fs::remove_file(large).unwrap();
    assert_eq!(bench.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources() {
    let bench = Bench::start().await;
    let order = ["--amount", "1.00 USD", "--reference", "order-1001"];
    for (arguments, rule) in [
        (
            vec!["sale", "--gateway", "qolo"],
            "nothing is given to make a sale with; qolo takes stored",
        ),
        (
            vec!["sale", "--gateway", "qolo", "--test-card", "3ds"],
            "qolo has no test card `3ds`; it has approved",
        ),
        (
            vec!["sale", "--gateway", "coolpay", "--source", "card"],
            "--source card: no card is given",
        ),
        (
            vec!["sale", "--gateway", "coolpay", "--source", "stored"],
            "--source stored: no instrument is given",
        ),
        (
            vec!["sale", "--gateway", "carry1st", "--card-file", "-"],
            "takes no card data",
        ),
        (
            vec!["sale", "--gateway", "coolpay", "--source", "hosted", "--card-file", "-"],
            "--card-file: is not read with --source hosted",
        ),
        (
            vec!["sale", "--gateway", "coolpay", "--source", "hosted", "--stored", "x"],
            "--stored: is not used with --source hosted",
        ),
        (
            vec!["checkout", "--gateway", "carry1st", "--return-url", "shop"],
            "return_url must be a whole address",
        ),
        (
            vec!["sale", "--gateway", "opp-v3", "--stored", "x"],
            "unsupported by opp: sale with source stored",
        ),
        (
            vec!["authorize", "--gateway", "qolo", "--stored", "x"],
            "unsupported by qolo: authorize",
        ),
        (
            vec!["authorize", "--gateway", "carry1st", "--test-card", "approved"],
            "unsupported by carry1st: authorize",
        ),
        (
            vec![
                "sale",
                "--gateway",
                "coolpay",
                "--test-card",
                "approved",
                "--order",
                "a\u{1b}[31mb",
            ],
            "order must not hold control characters",
        ),
        (
            vec!["payout", "--gateway", "opp-v3", "--test-card", "approved"],
            "unsupported by opp: payout",
        ),
        (
            vec!["sale", "--gateway", "acme"],
            "there is no gateway `acme`; the configuration has carry1st, coolpay",
        ),
    ] {
        let ended = bench.run_with_input(&[&arguments[..], &order].concat(), CARD);
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(rule), "{arguments:?}: {ended:?}");
    }
    assert_eq!(bench.requests(), 0);
}

#[test]
fn arguments_that_are_missing_or_clash() {
    for (arguments, rule) in [
        (vec!["sale", "--gateway", "x"], "--amount"),
        (vec!["inquire", "--gateway", "x"], "--payment <REF>|--reference <TEXT>"),
        (
            vec![
                "capture",
                "--gateway",
                "x",
                "--amount",
                "1.00 DKK",
                "--reference",
                "r",
                "--payment",
                "4711",
            ],
            "is not a payment reference",
        ),
        (
            vec![
                "sale",
                "--gateway",
                "x",
                "--amount",
                "1.00 DKK",
                "--reference",
                "r",
                "--stored",
                "s",
                "--test-card",
                "t",
            ],
            "cannot be used with",
        ),
        (vec!["sales"], "unrecognized subcommand"),
        (
            vec!["--config", "no-such-file.toml", "gateways"],
            "--config: there is no file `no-such-file.toml`",
        ),
    ] {
        let ended = paymux(&arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(rule), "{arguments:?}: {ended:?}");
        let json = paymux(&[&arguments[..], &["--json"]].concat());
        assert_eq!((json.code, json.err.as_str()), (2, ""), "{json:?}");
        let what = json.json()["error"].as_str().unwrap().to_owned();
        assert!(what.contains(rule) && !what.contains("--help"), "{what}");
    }
}

#[test]
fn a_configuration_is_refused_with_every_problem_at_once() {
    let config = new_file(
        "problems.toml",
        r#"
        [gateways.one]
        provider = "coolpay"
        mode = "test"
        api_key = "k"
        privat_key = "p"

        [gateways.two]
        provider = "coolpay"
        api_key = "env:PAYMUX_TEST_NO_SUCH_VARIABLE"

        [gateways.three]
        provider = "coolpay"
        mode = "test"
        api_key = "k"
        base_url = "http://api.example"

        [gateways.four]
        provider = "coolpey"
        mode = "test"
        "#,
    );
    let config = config.to_str().unwrap();
    for command in ["check", "gateways"] {
        let ended = paymux(&["--config", config, command]);
        assert_eq!(ended.code, 2, "{ended:?}");
        for problem in [
            "gateway `one`: `privat_key` is not a key (did you mean `private_key`?)",
            "gateway `two`: `mode` is missing",
            "gateway `two`: `api_key` names the environment variable `PAYMUX_TEST_NO_SUCH_VARIABLE`, which is not set",
            "gateway `three`: `base_url` plain http is allowed to loopback only, and the host is `api.example`",
            "gateway `four`: `provider` `coolpey` is not a provider of this build (did you mean `coolpay`?)",
        ] {
            assert!(ended.err.contains(problem), "{problem}: {}", ended.err);
        }
    }
    let json = paymux(&["--config", config, "check", "--json"]);
    assert_eq!(json.code, 2);
    assert_eq!(json.json()["problems"].as_array().unwrap().len(), 5);
}

#[test]
fn a_kept_outcome_is_no_standard_input() {
    let config = new_file(
        "kept.toml",
        "[gateways.cards]\nprovider = \"coolpay\"\nmode = \"test\"\napi_key = \"k\"\n",
    );
    let arguments = sale("cards", "1.00 DKK", "order-1");
    let whole = [
        &["--config", config.to_str().unwrap()],
        &arguments[..],
        &["--unresolved", "-"],
    ]
    .concat();
    let ended = common::paymux_with_input(&whole, CARD);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.err.contains("--unresolved: must be a file"), "{ended:?}");
    assert!(!std::path::Path::new("-").exists());
}

/// Answers every request with a web page that says that nothing is there.
fn web_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut buffer = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut buffer);
            let page = "<html><body>404 Not Found</body></html>";
            let head = "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length";
            let _ = std::io::Write::write_all(&mut stream, format!("{head}: {}\r\n\r\n{page}", page.len()).as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_web_server_that_knows_no_payment_has_let_nobody_in() {
    let text = format!(
        "[gateways.cards]\nprovider = \"coolpay\"\nmode = \"test\"\napi_key = \"k\"\nbase_url = \"{}\"\n",
        web_server()
    );
    let config = new_file("web.toml", &text);
    let ended = paymux(&["--config", config.to_str().unwrap(), "check"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended.out.contains("refused") && ended.err.contains("check `base_url`"),
        "{ended:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_not_called_unset() {
    use std::os::unix::ffi::OsStrExt as _;
    let text = "[gateways.cards]\nprovider = \"coolpay\"\nmode = \"test\"\napi_key = \"env:PAYMUX_TEST_KEY\"\n";
    let config = new_file("variable.toml", text);
    let mut command = binary(&["--config", config.to_str().unwrap(), "gateways"]);
    let output = command
        .env("PAYMUX_TEST_KEY", std::ffi::OsStr::from_bytes(b"key\xff"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let rule = "`api_key` names the environment variable `PAYMUX_TEST_KEY`, which is not UTF-8 text";
    assert!(said.contains(rule) && !said.contains("key\\xff"), "{said}");
}

#[test]
fn no_test_card_goes_to_a_live_gateway() {
    let text = "[gateways.cards]\nprovider = \"coolpay\"\nmode = \"live\"\napi_key = \"k\"\nbase_url = \"http://127.0.0.1:1\"\n";
    let config = new_file("live.toml", text);
    let ended = paymux(&[
        "--config",
        config.to_str().unwrap(),
        "sale",
        "--gateway",
        "cards",
        "--amount",
        "1.00 DKK",
        "--reference",
        "order-1",
        "--test-card",
        "approved",
    ]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended.err.contains("--test-card: this gateway is in mode live"),
        "{ended:?}"
    );
}
