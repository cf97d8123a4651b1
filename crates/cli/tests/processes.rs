//! `paymux chaos --processes` as a command.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use common::paymux;

#[test]
fn a_process_is_killed_and_the_account_is_one_document() {
    let directory = tempfile::tempdir().unwrap();
    let journal = format!("sqlite:{}", directory.path().join("journal.db").display());
    let run = [
        "chaos",
        "--processes",
        "1",
        "--journal",
        &journal,
        "--kills",
        "6",
        "--seed",
        "7",
    ];
    let ended = paymux(&[&run[..], &["--gateway", "coolpay", "--json"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let document = ended.json();
    assert_eq!(document["kills"], 6, "{ended:?}");
    assert!(document["payments"].as_u64().unwrap() > 0, "{ended:?}");
    for key in ["double_charges", "lost", "false_approvals", "left_open", "stuck_leases"] {
        assert_eq!(document[key], 0, "{key}: {ended:?}");
    }
}

#[test]
fn what_does_not_go_together_is_refused_by_name() {
    for (arguments, said) in [
        (
            &["--processes", "4", "--journal", "sqlite:journal.db"][..],
            "on a SQLite journal this command runs one process",
        ),
        (&["--processes", "1"], "--journal"),
        (&["--journal", "sqlite:journal.db"], "--processes"),
        (&["--processes", "1", "--journal", "mysql://there"], "mysql"),
    ] {
        let ended = paymux(&[&["chaos"], arguments].concat());
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.err.contains(said), "{said}: {ended:?}");
    }
}
