//! What the janitor tells to do about what it leaves, and that it helps.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use paymux::{PaymentGateway as _, Transfer};
use paymux_simulator::qolo::seeds;
use paymux_simulator::{Fault, Kind, Matcher};

use super::common::{Bench, new_file};
use super::settle::{back_then, charge, of};
use super::{BOOKED, Book, sale};

#[tokio::test(flavor = "multi_thread")]
async fn a_held_sale_is_finished_by_the_same_command() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let text = bench.lab.config();
    let text = text.replace("[gateways.coolpay]", "[gateways.coolpay]\nsettle_secs = 60");
    std::fs::write(&bench.config, text).unwrap();
    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::ResetBefore);
    let gateway = back_then(&bench, &book, "coolpay").await;
    let lost = gateway.sale(charge("order-a1", "10.00 DKK", "1000000000000008")).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(bench.movements("coolpay"), BOOKED[..1]);
    // The engine has the time of today.
    let past = Timestamp::now().checked_sub(Duration::from_secs(600)).unwrap();
    let ago = format!("UPDATE paymux_intents SET due = 0, body = json_set(body, '$.open.last_sent', '{past}')");
    book.edit(&ago).await;

    let settled = bench.run(&["journal", "settle", "--journal", &url, "--json", "--at-once", "1"]);
    let found = of(&settled.json(), "order-a1");
    assert_eq!(found["next"], "same_command", "{found}");
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    let hint = "next for order-a1: the same command again, under the same reference";
    assert!(settled.out.contains(hint), "{settled:?}");
    let again = sale(&bench, &url, "10.00 DKK", "order-a1", &[]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(bench.movements("coolpay"), BOOKED, "once");
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!((settled.code, settled.out.as_str()), (0, "Nothing is left open.\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_a_key_is_completed_with_what_the_same_command_prints() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    for _ in 0..3 {
        bench.plan("qolo", Matcher::on(Method::POST, "/transfers"), Fault::ResetBefore);
    }
    let transfer = Transfer::new(
        "transfer-1".parse().unwrap(),
        "10.00 USD".parse().unwrap(),
        seeds::ACCOUNT,
        seeds::ACCOUNT_PERSON,
    );
    let lost = back_then(&bench, &book, "qolo").await.transfer(transfer).await;
    assert!(lost.is_err() && bench.movements("qolo").is_empty(), "{lost:?}");

    let settled = bench.run(&["journal", "settle", "--journal", &url, "--json"]);
    let found = of(&settled.json(), "transfer-1");
    assert_eq!(found["next"], "complete", "{found}");
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    assert!(
        settled
            .out
            .contains("next for transfer-1: finish under the key: `paymux complete FILE"),
        "{settled:?}"
    );

    let typed = |amount| {
        let transfer = [
            "transfer",
            "--from",
            seeds::ACCOUNT,
            "--to",
            seeds::ACCOUNT_PERSON,
            "--gateway",
            "qolo",
        ];
        [
            &transfer[..],
            &["--reference", "transfer-1", "--journal", &url, "--amount", amount],
        ]
        .concat()
    };
    let asked = bench.run(&typed("10.00 USD"));
    assert_eq!(asked.code, 5, "{asked:?}");
    let file = new_file("unresolved.json", &asked.out);
    let complete = |file: &str, amount| bench.run(&[&["complete", file, "--json"], &typed(amount)[..]].concat());
    let before = bench.requests();
    // Another amount than the journal's is refused, whatever the file says.
    let changed = new_file(
        "changed.json",
        &asked
            .out
            .replace("\"minor\": 1000", "\"minor\": 1001")
            .replace("10.00", "10.01"),
    );
    for file in [&file, &changed] {
        let other = complete(file.to_str().unwrap(), "10.01 USD");
        assert_eq!((other.code, bench.requests()), (2, before), "{other:?}");
        assert_eq!(other.json()["field"], "amount", "{other:?}");
        assert!(other.out.contains("nothing was sent"), "{other:?}");
    }
    let done = complete(file.to_str().unwrap(), "10.00 USD");
    assert_eq!(
        (done.code, done.json()["outcome"].as_str()),
        (4, Some("pending")),
        "{done:?}"
    );
    assert_eq!(bench.movements("qolo"), [(Kind::Transfer, 1000)], "once");
}
