//! `--journal` on every command that moves money: the same reference again moves nothing and tells the same, and another amount is refused.

use paymux_simulator::Kind;
use paymux_simulator::qolo::seeds;

use super::common::{Bench, Ended, new_file};
use super::{BOOKED, Book, heal, journal, lose_the_answer, sale};

/// A command, without its amount and its reference.
struct Case<'a> {
    gateway: &'static str,
    command: &'a [&'a str],
    amount: &'static str,
    other: &'static str,
    code: i32,
    again: &'static str,
    booked: Option<(Kind, i64)>,
}

/// Types a command twice, and once with another amount; the first time counts.
fn thrice(bench: &Bench, url: &str, reference: &str, case: &Case<'_>) -> Ended {
    let run = |amount: &str| {
        let name = ["--journal", url, "--reference", reference, "--amount", amount];
        let on = ["--json", "--gateway", case.gateway];
        bench.run(&[case.command, &on, &name].concat())
    };
    let what = case.command;
    let before = bench.movements(case.gateway).len();
    let first = run(case.amount);
    assert_eq!(first.code, case.code, "{what:?}: {first:?}");
    let after_first = bench.requests();
    let second = run(case.amount);
    assert_eq!(second.code, case.code, "{what:?}: {second:?}");
    if case.code == 0 {
        assert_eq!(bench.requests(), after_first, "{what:?}: the record is the answer");
    }
    let (one, two) = (first.json(), second.json());
    assert_eq!(
        (&one["operation"], &two["outcome"]),
        (&two["operation"], &case.again.into()),
        "{what:?}"
    );
    assert_eq!(one["payment"]["reference"], two["payment"]["reference"], "{what:?}");
    let asked = bench.requests();
    let third = run(case.other);
    assert_eq!(third.code, 2, "{what:?}: {third:?}");
    let said = third.json()["error"].to_string();
    assert!(
        said.contains(reference) && said.contains("nothing was sent"),
        "{what:?}: {said}"
    );
    assert_eq!(bench.requests(), asked, "{what:?}");
    let moved = bench.movements(case.gateway).split_off(before);
    assert_eq!(moved, Vec::from_iter(case.booked), "{what:?}");
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_captures_and_refunds_are_done_once() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let case = |command, amount, other, booked| Case {
        gateway: "coolpay",
        command,
        amount,
        other,
        code: 0,
        again: "approved",
        booked: Some(booked),
    };
    let hold = ["authorize", "--test-card", "approved"];
    let hold = case(&hold, "100.00 DKK", "100.01 DKK", (Kind::Authorize, 10000));
    let held = |reference| {
        let first = thrice(&bench, &url, reference, &hold).json();
        first["payment"]["reference"].as_str().unwrap().to_owned()
    };
    let (payment, other) = (held("hold-1"), held("hold-2"));
    let capture = ["capture", "--payment", &payment];
    let capture = case(&capture, "40.00 DKK", "60.00 DKK", (Kind::Capture, 4000));
    thrice(&bench, &url, "capture-1", &capture);
    let refund = ["refund", "--payment", &payment];
    let refund = case(&refund, "25.00 DKK", "15.00 DKK", (Kind::Refund, 2500));
    thrice(&bench, &url, "refund-1", &refund);

    let void = |payment: &str| {
        let void = ["void", "--json", "--gateway", "coolpay", "--reference", "void-1"];
        bench.run(&[&void[..], &["--payment", payment, "--journal", &url]].concat())
    };
    let (once, asked) = (void(&other), bench.requests());
    assert_eq!(once.code, 0, "{once:?}");
    let (twice, stranger) = (void(&other), void(&payment));
    assert_eq!(
        once.json()["payment"]["reference"],
        twice.json()["payment"]["reference"]
    );
    assert_eq!((twice.code, stranger.code), (0, 2), "{twice:?} {stranger:?}");
    assert!(stranger.out.contains("nothing was sent"), "{stranger:?}");
    assert_eq!(bench.requests(), asked, "the record is the answer");
    let voids = bench
        .movements("coolpay")
        .into_iter()
        .filter(|(kind, _)| *kind == Kind::Void);
    assert_eq!(voids.collect::<Vec<_>>(), [(Kind::Void, 10000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_the_journal_has_never_seen_is_told() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let made = bench.run(&[
        "checkout",
        "--json",
        "--gateway",
        "coolpay",
        "--journal",
        &url,
        "--reference",
        "page-0001",
        "--amount",
        "10.00 DKK",
    ]);
    assert_eq!(made.code, 4, "{made:?}");
    for (name, is_known) in [("coolpay", true), ("colpay", false)] {
        let listed = journal(&url, &["list", "--gateway", name]);
        assert_eq!(listed.code, 0, "{listed:?}");
        assert_eq!(listed.out.contains("page-0001"), is_known, "{listed:?}");
        assert_eq!(
            listed.err.contains("was ever asked of a gateway `colpay`"),
            !is_known,
            "{listed:?}"
        );
    }
    assert_eq!(journal(&url, &["list", "--limit", "0"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_asked_about_and_not_sent_again() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let transfer = ["transfer", "--from", seeds::ACCOUNT, "--to", seeds::ACCOUNT_PERSON];
    for (reference, gateway, command, booked, again) in [
        (
            "payout-1",
            "qolo",
            &["payout", "--test-card", "approved"][..],
            Some((Kind::Payout, 1000)),
            "pending",
        ),
        ("transfer-1", "qolo", &transfer, Some((Kind::Transfer, 1000)), "pending"),
        // It does not say whether nobody has paid, or whether the session is gone.
        ("page-0001", "opp-v1", &["checkout"], None, "pending"),
        ("page-0002", "coolpay", &["checkout"], None, "action_required"),
        ("page-0003", "carry1st", &["checkout"], None, "action_required"),
    ] {
        let case = Case {
            gateway,
            command,
            amount: "10.00 USD",
            other: "10.01 USD",
            code: 4,
            again,
            booked,
        };
        thrice(&bench, &url, reference, &case);
        let listed = journal(&url, &["list", "--state", "waiting"]);
        assert!(listed.out.contains(reference), "{listed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_resolve_finds_is_written_down() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    lose_the_answer(&bench);
    let lost = sale(&bench, &url, "10.00 DKK", "order-a1", &[]);
    assert_eq!(lost.code, 5, "{lost:?}");
    heal(&bench);
    let state = || journal(&url, &["show", "order-a1", "--json"]).json()["intents"][0]["state"].clone();
    assert_eq!(state(), "open");
    let kept = new_file("unresolved.json", &lost.out);
    let asked = bench.run(&["resolve", kept.to_str().unwrap(), "--json", "--journal", &url]);
    assert_eq!(
        (asked.code, asked.json()["outcome"].as_str()),
        (0, Some("approved")),
        "{asked:?}"
    );
    assert_eq!(state(), "done");
    let before = bench.requests();
    let again = sale(&bench, &url, "10.00 DKK", "order-a1", &[]);
    assert_eq!((again.code, bench.requests()), (0, before), "{again:?}");
    assert_eq!(
        again.json()["payment"]["reference"],
        asked.json()["payment"]["reference"]
    );
    assert_eq!(bench.movements("coolpay"), BOOKED);
}
