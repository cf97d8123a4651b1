//! Money commands from end to end: the binary against simulators, and the simulators' ledgers as the judge.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "shared by tests")]

mod common;

use common::{Bench, Ended, new_file, paymux};
use paymux_simulator::Kind;
use serde_json::Value;

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

/// What the person at the terminal is shown is in the JSON too, whole: who reads it sends the customer's browser on.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_shown_whole() {
    let bench = Bench::start().await;
    let sale = |reference: &str, more: &[&str]| {
        let order = ["sale", "--gateway", "opp-v3", "--amount", "10.00 EUR"];
        let card = [
            "--test-card",
            "challenge",
            "--return-url",
            "https://shop.example/back",
            "--reference",
        ];
        let ended = bench.run(&[&order[..], &card, &[reference], more].concat());
        assert_eq!(ended.code, 4, "{ended:?}");
        ended
    };
    let ended = sale("order1001a1", &["--json"]);
    let form = &ended.json()["action"]["form"];
    let first = &form["fields"][0];
    assert!(form["url"].as_str().unwrap().contains("/challenge/"), "{form}");
    assert_eq!(first["name"], "creq", "{form}");
    assert!(!first["value"].as_str().unwrap().is_empty(), "{form}");
    assert_eq!(form["before"][0]["fields"][0]["name"], "threeDSMethodData", "{form}");
    let text = sale("order1002a1", &[]).out;
    for part in [
        "/challenge/",
        "creq=",
        "threeDSMethodData=",
        "before that, in a hidden frame",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
