//! Every currency of ISO 4217 at every provider: the exact text of an amount on the wire, or a refusal that names the rule.
//!
//! The table is `golden/scales.tsv`: gateway, currency, what 1 minor unit is written as, what 123450 minor units are written as. To write it
//! anew, run the test with `PAYMUX_GOLDEN=write`, and read the difference: a line that changes is an amount that changes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use http::Request;
use iso_currency::{Currency, IntoEnumIterator};
use paymux::{Charge, ErrorKind, Fate, Money, PaymentGateway};
use paymux_conformance::Tap as _;
use paymux_tests::{Stand, stands};

/// The amount as it stands in a request: the value of `amount`, in JSON or in a form.
fn amount(request: &Request<Bytes>) -> Option<String> {
    let body = String::from_utf8_lossy(request.body()).into_owned();
    if let Some((_, rest)) = body.split_once("\"amount\":") {
        return rest.split([',', '}']).next().map(str::to_owned);
    }
    body.split('&')
        .find_map(|pair| pair.strip_prefix("amount="))
        .map(str::to_owned)
}

/// What a sale of this amount puts on the wire, or the rule by which it is refused with nothing sent.
async fn written(stand: &Stand, gateway: &dyn PaymentGateway, money: Money, number: usize) -> String {
    let reference = format!("currency{number:06}").parse().unwrap();
    let mut charge = Charge::new(reference, money, stand.subject.approved.clone());
    (stand.subject.complete)(&mut charge);
    let before = stand.provider.count();
    let result = gateway.sale(charge).await;
    let requests = stand.provider.requests();
    let found: Vec<_> = requests.iter().skip(before).filter_map(amount).collect();
    match (found.first(), result) {
        (Some(text), _) => text.clone(),
        (None, Err(error)) => {
            assert_eq!(
                requests.len(),
                before,
                "{money} was refused after something was sent: {error}"
            );
            assert_eq!(
                (error.kind(), error.fate(), error.field()),
                (ErrorKind::InvalidRequest, Fate::NotDone, Some("amount"))
            );
            format!("refused: {}", error.message())
        }
        (None, Ok(answer)) => panic!("{money} was sent without an amount: {answer:?}"),
    }
}

async fn table() -> String {
    let mut table = String::from("gateway\tcurrency\t1 minor unit\t123450 minor units\n");
    let mut number = 0;
    for stand in stands::all() {
        let gateway = stand.gateway();
        let mut currencies: Vec<_> = Currency::iter().collect();
        currencies.sort_by_key(|currency| currency.code());
        for currency in currencies {
            write!(table, "{}\t{}", stand.name, currency.code()).unwrap();
            for minor in [1, 123_450] {
                number += 1;
                let text = written(&stand, &gateway, Money::new(minor, currency), number).await;
                assert!(!text.contains(['\t', '\n']), "{text}");
                write!(table, "\t{text}").unwrap();
            }
            table.push('\n');
        }
    }
    table
}

#[tokio::test(start_paused = true)]
async fn amounts_are_written_as_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/scales.tsv");
    let now = table().await;
    if std::env::var("PAYMUX_GOLDEN").as_deref() == Ok("write") {
        fs::write(&path, &now).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    for (line, (expected, found)) in golden.lines().zip(now.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of golden/scales.tsv", line + 1);
    }
    assert_eq!(now.lines().count(), golden.lines().count());
}
