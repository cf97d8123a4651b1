//! What a refusal says of what is on record.

use http::Method;
use paymux::PaymentGateway as _;
use paymux_simulator::{Fault, Matcher};

use super::common::Bench;
use super::settle::{back_then, charge};
use super::{Book, journal};

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_take_and_that_hold_are_told_apart_by_name() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let page = |options: &[&str]| {
        let page = [
            "checkout",
            "--gateway",
            "coolpay",
            "--amount",
            "10.00 DKK",
            "--reference",
            "page-0001",
        ];
        bench.run(&[&page[..], &["--journal", &url], options].concat())
    };
    assert_eq!(page(&[]).code, 4);
    let other = page(&["--hold"]);
    assert_eq!(other.code, 2, "{other:?}");
    for text in [
        "checkout of 10.00 DKK that takes the money in the journal",
        "that only holds the money; nothing was sent",
    ] {
        assert!(other.err.contains(text), "{text}: {other:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_by_hand_is_told_as_that() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    bench.plan("opp-v3", Matcher::on(Method::POST, "/payments"), Fault::ResetAfter);
    let gateway = back_then(&bench, &book, "opp-v3").await;
    let lost = gateway.sale(charge("order-a1", "10.00 EUR", "4200000000000000")).await;
    assert!(lost.is_err(), "{lost:?}");
    let decided = journal(&url, &["decide", "order-a1", "done", "--because", "Ada looked"]);
    assert_eq!(decided.code, 0, "{decided:?}");
    let sale = [
        "sale",
        "--gateway",
        "opp-v3",
        "--amount",
        "10.00 EUR",
        "--test-card",
        "approved",
    ];
    let before = bench.requests();
    let again = bench.run(&[&sale[..], &["--reference", "order-a1", "--journal", &url]].concat());
    assert_eq!((again.code, bench.requests()), (5, before), "{again:?}");
    for text in [
        "is on record as done, by hand",
        "nothing was sent",
        "paymux journal show",
    ] {
        assert!(again.err.contains(text), "{text}: {again:?}");
    }
    assert!(
        !again.err.contains("no outcome yet") && !again.err.contains("the same command asks"),
        "{again:?}"
    );
    assert!(again.err.contains("Ada looked"), "{again:?}");
}
