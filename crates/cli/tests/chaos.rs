//! `paymux chaos` as a command: what it prints, and that a seed says everything.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "shared by tests")]

mod common;

use common::{Ended, paymux};
use serde_json::Value;

/// 300 payments of the worlds from seed 7, with these options besides.
fn chaos(options: &[&str]) -> Ended {
    let worlds = ["chaos", "--payments", "300", "--seed", "7"];
    paymux(&[&worlds[..], options].concat())
}

const WRONGS: [&str; 4] = ["double_charges", "false_approvals", "false_declines", "lost_outcomes"];

#[test]
fn the_account_is_one_document_and_equal_seeds_give_equal_ones() {
    let ended = chaos(&["--json"]);
    let mut document = ended.json();
    for key in ["payments", "seed", "needs_person", "faults"].iter().chain(&WRONGS) {
        assert!(document.get(key).is_some(), "there is no {key}: {ended:?}");
    }
    assert_eq!(
        (&document["payments"], &document["seed"]),
        (&Value::from(300), &Value::from(7))
    );
    for key in ["double_charges", "false_approvals", "false_declines"] {
        assert_eq!(document[key], 0, "{key}: {ended:?}");
    }
    let is_wrong = WRONGS.iter().any(|key| document[key] != 0);
    assert!(ended.code == 1 || (ended.code == 0 && !is_wrong), "{ended:?}");
    // A world in which nothing goes wrong would say nothing.
    let faults = document["faults"].as_array().unwrap();
    let injected: u64 = faults.iter().filter_map(|fault| fault["injected"].as_u64()).sum();
    assert!(injected > 100, "{injected} faults: {ended:?}");
    for key in ["fault", "gateway", "operation"] {
        assert!(faults.iter().all(|fault| fault[key].is_string()), "{key}: {ended:?}");
    }

    // Not by how many hands the work was done, either.
    let again = chaos(&["--json", "--threads", "1"]);
    let mut other = again.json();
    for document in [&mut document, &mut other] {
        let seconds = document.as_object_mut().unwrap().remove("seconds");
        assert!(seconds.is_some_and(|seconds| seconds.is_u64()));
    }
    assert_eq!((document, ended.code), (other, again.code));

    let elsewhere = paymux(&["chaos", "--payments", "300", "--seed", "900000", "--json"]);
    assert_ne!(elsewhere.json()["faults"], again.json()["faults"], "the seed decides");
}

#[test]
fn no_payments_at_all_are_refused_by_name() {
    for options in [&[][..], &["--json"]] {
        let ended = paymux(&[&["chaos", "--payments", "0"], options].concat());
        assert_eq!(ended.code, 2, "{ended:?}");
        let said = if options.is_empty() {
            ended.err.clone()
        } else {
            ended.json()["error"].to_string()
        };
        assert!(said.contains("--payments"), "{ended:?}");
    }
}

#[test]
fn a_pipe_gets_text_without_colours_and_without_a_bar() {
    let ended = chaos(&[]);
    for heading in ["300 payments (seed 7)", "What went wrong, and how it ended"] {
        assert!(ended.out.contains(heading), "{heading}: {ended:?}");
    }
    for name in ["double charges", "false approvals", "false declines", "lost outcomes"] {
        assert!(ended.out.contains(name), "{name}: {ended:?}");
    }
    assert!(!ended.out.contains('\x1b'), "{ended:?}");
    assert_eq!(ended.err, "");
}
