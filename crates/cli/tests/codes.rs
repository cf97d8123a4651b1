//! `paymux explain` and `paymux codes`, as they are typed.

#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod common;

use common::{Ended, new_file, paymux, paymux_with_input};
use serde_json::{Value, json};

const PROVIDERS: [&str; 10] = [
    "opp",
    "coolpay",
    "coolpay/clearhaus",
    "coolpay/nets",
    "qolo",
    "carry1st",
    "iso8583",
    "mastercard-advice",
    "visa-category",
    "nacha-return",
];

fn explain(provider: &str, code: &str) -> Value {
    let ended = paymux(&["explain", provider, code, "--json"]);
    assert_eq!(ended.code, 0, "{provider} {code}: {ended:?}");
    ended.json()
}

#[test]
fn a_wrong_cvv() {
    assert_eq!(
        explain("opp", "800.100.153"),
        json!({
            "code": "800.100.153",
            "class": "declined",
            "reason": "invalid_cvv",
            "advice": "with_new_data",
            "side": "cardholder",
            "message": "Some of the payment details are not right. Please check them and try again.",
            "decided_by": "exact",
        })
    );
}

#[test]
fn codes_in_general() {
    for (provider, code, class, reason, advice, decided_by) in [
        ("opp", "000.400.030", "error", "invalid_state", "later", "exact"),
        ("opp", "000.200.000", "pending", "", "never", "exact"),
        ("opp", "100.400.500", "pending", "", "never", "exact"),
        ("opp", "000.100.220", "chargeback", "", "never", "exact"),
        (
            "opp",
            "300.100.100",
            "declined",
            "authentication_required",
            "after_authentication",
            "exact",
        ),
        ("opp", "999.999.999", "error", "unknown", "later", "exact"),
        (
            "opp",
            "800.100.998",
            "declined",
            "unknown",
            "with_new_data",
            "group:bank",
        ),
        (
            "opp",
            "700.600.028",
            "declined",
            "retry_blocked",
            "later:144h",
            "group:mac_control",
        ),
        ("opp", "123.456.789", "unknown", "unknown", "never", "nothing"),
        ("coolpay", "20000", "approved", "", "never", "exact"),
        ("coolpay", "20200", "pending", "", "never", "exact"),
        (
            "coolpay",
            "30101",
            "declined",
            "authentication_required",
            "after_authentication",
            "exact",
        ),
        ("coolpay", "40399", "declined", "unknown", "never", "group:4xxxx"),
        ("coolpay", "50300", "error", "provider_unavailable", "later", "exact"),
        ("coolpay", "60000", "unknown", "unknown", "never", "nothing"),
        (
            "coolpay/clearhaus",
            "40413",
            "declined",
            "insufficient_funds",
            "later",
            "exact",
        ),
        ("coolpay/nets", "202", "pending", "", "never", "exact"),
        (
            "coolpay/nets",
            "51",
            "declined",
            "insufficient_funds",
            "later",
            "group:iso8583",
        ),
        ("qolo", "R01", "declined", "insufficient_funds", "later", "exact"),
        ("qolo", "pending", "pending", "", "never", "exact"),
        ("qolo", "SOMETHING", "unknown", "unknown", "never", "nothing"),
        ("carry1st", "FAILED", "declined", "unknown", "with_new_data", "exact"),
        ("carry1st", "refund:PROCESSING", "pending", "", "never", "exact"),
        ("carry1st", "PAID", "unknown", "unknown", "never", "nothing"),
        ("iso8583", "51", "declined", "insufficient_funds", "later", "exact"),
        (
            "mastercard-advice",
            "02",
            "declined",
            "retry_blocked",
            "later:72h",
            "exact",
        ),
        ("visa-category", "1", "declined", "retry_blocked", "never", "exact"),
        ("nacha-return", "R02", "declined", "account_closed", "never", "exact"),
        ("nacha-return", "R99", "unknown", "unknown", "never", "nothing"),
    ] {
        let said = explain(provider, code);
        assert_eq!(
            [&said["class"], &said["reason"], &said["advice"], &said["decided_by"]],
            [
                &json!(class),
                &(if reason.is_empty() { Value::Null } else { json!(reason) }),
                &json!(advice),
                &json!(decided_by)
            ],
            "{provider} {code}"
        );
        let keys: Vec<_> = said.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            ["advice", "class", "code", "decided_by", "message", "reason", "side"]
        );
        let silent = reason.is_empty() || matches!(class, "approved" | "review" | "pending" | "chargeback");
        assert_eq!(said["message"].is_null(), silent, "{provider} {code}");
    }
}

#[test]
fn only_what_is_no_code_is_refused_and_the_form_is_named() {
    for (provider, code, form) in [
        ("opp", "abc", "three groups of three digits"),
        ("opp", "", "three groups of three digits"),
        ("opp", "800.100.1530", "three groups of three digits"),
        ("opp", " 800.100.153", "three groups of three digits"),
        ("opp", "-1", "three groups of three digits"),
        ("coolpay", "4000", "five digits"),
        ("coolpay/clearhaus", "R01", "five digits"),
        ("coolpay/nets", "5", "three digits or two characters"),
        ("qolo", "two words", "a word of letters"),
        ("carry1st", "200", "a word of letters"),
        ("iso8583", "051", "two digits or capital letters"),
        ("mastercard-advice", "3", "two digits"),
        ("visa-category", "11", "one digit"),
        ("nacha-return", "01", "an R and two digits"),
    ] {
        let ended = paymux(&["explain", provider, code]);
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (2, ""),
            "{provider} {code}: {ended:?}"
        );
        assert!(ended.err.contains(form), "{provider} {code}: {ended:?}");
        let ended = paymux(&["explain", provider, code, "--json"]);
        assert_eq!(ended.code, 2);
        assert!(ended.json()["error"].as_str().unwrap().contains(form));
    }
    let ended = paymux(&["explain", "acme", "1"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("coolpay/clearhaus"), "{ended:?}");
}

#[test]
fn a_card_for_a_person() {
    let ended = paymux(&["explain", "opp", "700.600.025"]);
    assert_eq!(ended.code, 0);
    for line in [
        "opp 700.600.025",
        "declined",
        "later (after 24 h)",
        "The payment was declined. Please use another card or ask your bank.",
        "its own entry",
        "What the code says in general.",
    ] {
        assert!(ended.out.contains(line), "{line}: {}", ended.out);
    }
    let ended = paymux(&["explain", "opp", "000.000.000"]);
    assert!(!ended.out.contains("to the customer"), "{}", ended.out);
}

#[test]
fn help_lists_every_provider() {
    for command in ["explain", "codes"] {
        let help = paymux(&[command, "--help"]);
        assert_eq!(help.code, 0);
        for provider in PROVIDERS {
            assert!(help.out.contains(provider), "{command} {provider}: {}", help.out);
        }
    }
}

#[test]
fn lists_for_people_and_programs() {
    for provider in PROVIDERS {
        let data = paymux(&["codes", provider, "--json"]).json();
        let codes = data["codes"].as_array().unwrap();
        assert!(!codes.is_empty(), "{provider}");
        assert_eq!(data["provider"], provider);
        let csv = paymux(&["codes", provider, "--csv"]);
        assert_eq!(csv.code, 0);
        let mut lines = csv.out.lines();
        assert_eq!(lines.next(), Some("code,class,reason,advice,side,meaning"));
        assert_eq!(lines.count(), codes.len(), "{provider}");
        let text = paymux(&["codes", provider]).out;
        for code in codes {
            let said = text_of(code);
            assert!(text.contains(&said), "{provider} {said}");
        }
        assert!(text.contains(&format!("{} codes, checked ", codes.len())), "{provider}");
    }
    let opp = paymux(&["codes", "opp", "--json"]).json();
    assert_eq!(opp["codes"].as_array().unwrap().len(), 633);
    let both = paymux(&["codes", "opp", "--csv", "--json"]);
    assert_eq!(both.code, 2);
}

fn text_of(code: &Value) -> String {
    code["code"].as_str().unwrap().to_owned()
}

fn diff(list: &str, more: &[&str]) -> Ended {
    let file = new_file("list", list);
    let mut arguments = vec!["codes", "opp", "--diff", file.to_str().unwrap()];
    arguments.extend(more);
    let ended = paymux(&arguments);
    std::fs::remove_file(&file).unwrap();
    ended
}

#[test]
fn a_list_beside_ours() {
    let lists = [
        "code,description\n800.100.153,wrong CVV\n800.100.998,\"new, at a bank\"\n123.456.789,from nowhere\nend,x\n",
        "code\tdescription\n800.100.153\twrong CVV\n800.100.998\tnew, at a bank\n123.456.789\tfrom nowhere\nend\tx\n",
        r#"{"resultCodes":[{"code":"800.100.153","description":"wrong CVV"},
            {"code":"800.100.998","description":"new, at a bank"},
            {"code":"123.456.789","description":"from nowhere"},{"code":"end","description":"x"}]}"#,
    ];
    for list in lists {
        let ended = diff(list, &["--json"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        let data = ended.json();
        assert_eq!((&data["here"], &data["in_list"]), (&json!(633), &json!(3)));
        assert_eq!(
            data["missing"],
            json!([
                { "code": "123.456.789", "text": "from nowhere", "class": "unknown", "decided_by": "nothing" },
                { "code": "800.100.998", "text": "new, at a bank", "class": "declined", "decided_by": "group:bank" },
            ])
        );
        assert_eq!(data["by_group"], json!(["800.100.998"]));
        let only_here = data["only_here"].as_array().unwrap();
        assert_eq!(only_here.len(), 632);
        assert!(!only_here.contains(&json!("800.100.153")));
        assert_eq!(data["not_read"].as_array().unwrap().len(), 1);

        let ended = diff(list, &[]);
        assert_eq!(ended.code, 0);
        for part in [
            "633 codes here",
            "3 in the list, 1 in both",
            "decided by nothing: unknown: 1",
            "decided by their group: 1",
            "Here only: 632",
            "`end`",
        ] {
            assert!(ended.out.contains(part), "{part}: {}", ended.out);
        }
    }
}

#[test]
fn a_list_beside_itself() {
    for provider in PROVIDERS {
        let csv = paymux(&["codes", provider, "--csv"]).out;
        let ended = paymux_with_input(&["codes", provider, "--diff", "-", "--json"], &csv);
        assert_eq!(ended.code, 0, "{ended:?}");
        let data = ended.json();
        for key in ["missing", "by_group", "only_here", "not_read"] {
            assert_eq!(data[key], json!([]), "{provider} {key}");
        }
    }
}

#[test]
fn files_that_are_no_list() {
    for (list, rule) in [
        ("", "has no code of opp"),
        ("nothing,here\n", "has no code of opp"),
        ("{\"codes\":", "is not JSON"),
    ] {
        let ended = diff(list, &[]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{ended:?}");
        assert!(ended.err.contains(rule), "{ended:?}");
    }
    let ended = paymux(&["codes", "opp", "--diff", "no-such-file"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("--diff no-such-file"), "{ended:?}");
}
