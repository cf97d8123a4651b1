//! What is refused before anything is sent.

use paymux_core::script::Script;
use paymux_core::{Address, Charge, ErrorKind, Fate, Operation, Source};

use crate::common::*;

#[test]
fn amounts_have_two_decimals_or_are_refused() {
    let body_of = |amount: &str| {
        let mut charge = charge();
        charge.amount = money(amount);
        let wire = Script::new().not_sent("POST /gateway/v3/payments");
        run(&v3(), &Operation::Sale(Box::new(charge)), &wire)
            .map(|_| ())
            .map_err(|e| (e, wire.sent()))
    };
    for (amount, text) in [
        ("1.00 EGP", "amount=1.00&currency=EGP"),
        ("100 JPY", "amount=100.00&currency=JPY"),
        ("1.230 KWD", "amount=1.23&currency=KWD"),
        ("9999999999.99 EGP", "amount=9999999999.99&currency=EGP"),
    ] {
        let (_, sent) = body_of(amount).unwrap_err();
        assert!(sent[0].body().contains(text), "{amount}");
    }
    for amount in ["1.234 KWD", "10000000000.00 EGP"] {
        let (error, sent) = body_of(amount).unwrap_err();
        assert!(sent.is_empty());
        assert_eq!(error.field(), Some("amount"), "{amount}");
    }
}

#[test]
fn a_follow_up_must_fit_its_payment() {
    let opp = v3();
    let Operation::Void(mut part) = void(&opp) else {
        panic!("a void");
    };
    part.amount = Some(money("10.00 EGP"));
    for (operation, says) in [
        (Operation::Void(part), "the whole 92.00 EGP"),
        (capture(&opp, "10.00 USD"), "must be in EGP"),
        (refund(&opp, "10.00 USD"), "must be in EGP"),
    ] {
        let wire = Script::new();
        let error = run(&opp, &operation, &wire).unwrap_err();
        assert_eq!((error.field(), error.fate()), (Some("amount"), Fate::NotDone));
        assert!(error.message().contains(says), "{error}");
        assert!(wire.sent().is_empty());
    }
}

#[test]
fn fields_that_break_a_rule_are_refused_by_name() {
    let refused = |change: fn(&mut Charge), field: &str, says: &str| {
        let mut charge = charge();
        change(&mut charge);
        let error = run(&v3(), &Operation::Sale(Box::new(charge)), &Script::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate(), error.field()),
            (ErrorKind::InvalidRequest, Fate::NotDone, Some(field))
        );
        assert!(error.message().contains(says), "{error}");
    };
    refused(
        |c| c.urls.back = Some("http://shop.example/".to_owned()),
        "return_url",
        "https",
    );
    refused(
        |c| c.urls.notify = Some(format!("https://shop.example/{}", "x".repeat(2048))),
        "notify_url",
        "2048",
    );
    refused(
        |c| drop(c.metadata.insert("id".to_owned(), "1".to_owned())),
        "metadata",
        "3 to 64",
    );
    refused(
        |c| drop(c.metadata.insert("a-b-c".to_owned(), "1".to_owned())),
        "metadata",
        "3 to 64",
    );
    refused(
        |c| drop(c.metadata.insert("abc".to_owned(), "x".repeat(2049))),
        "metadata",
        "2048",
    );
    refused(
        |c| c.customer.email = Some("a@b.c".to_owned()),
        "customer_email",
        "at least 6",
    );
    refused(
        |c| {
            let billing = c.billing.insert(Address::default());
            billing.postal_code = Some("12345678901234567".to_owned());
        },
        "billing",
        "postcode has 17 characters",
    );
    refused(
        |c| c.reference = "short".parse().unwrap(),
        "reference",
        "8 to 32 letters",
    );
    refused(
        |c| c.reference = "has_underscore".parse().unwrap(),
        "reference",
        "contains `_`",
    );
    refused(
        |c| c.customer.first_name = Some("x".repeat(51)),
        "customer_name",
        "at most 50",
    );
    refused(
        |c| c.source = Source::Card(card().with_holder("  ")),
        "card_holder",
        "at least 3",
    );
}

#[test]
fn loopback_is_for_tests_alone() {
    let mut charge = charge();
    charge.urls.back = Some("http://127.0.0.1:8080/back".to_owned());
    let operation = Operation::Sale(Box::new(charge));
    let wire = Script::new().not_sent("POST /v1/payments");
    assert_eq!(run(&v1(), &operation, &wire).unwrap_err().kind(), ErrorKind::Network);
    let error = run(&v1_live(), &operation, &Script::new()).unwrap_err();
    assert_eq!(error.field(), Some("return_url"));
}
