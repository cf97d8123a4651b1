//! The exact bytes of every request.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use common::*;
use paymux_core::script::{Script, Sent, seal};
use paymux_core::{
    Adapter, Address, Agreement, Authentication, Browser, Capture, Charge, ErrorKind, Fate, Field, Initiator,
    Operation, Payout, Refund, Replay, Source, ThreeDs, Void, Wire,
};
use paymux_opp::Opp;

/// Runs an operation whose first call gets this answer, and gives what was sent.
fn sent(opp: &Opp, operation: &Operation, expect: &str, answer: &str) -> Sent {
    let wire = Script::new()
        .json(expect, 200, answer)
        .with_patience(std::time::Duration::ZERO);
    let _ = run(opp, operation, &wire);
    assert!(wire.left().is_empty());
    wire.sent().remove(0)
}

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

#[test]
fn sale() {
    let opp = v3();
    let sent = sent(
        &opp,
        &common::sale(),
        "POST /gateway/v3/payments",
        &body(ID, "DB", "92.00", "000.100.110"),
    );
    assert_eq!(sent.request.uri(), "https://ebe.sandbox.efaka.net/gateway/v3/payments");
    assert_eq!(
        sent.body(),
        "entityId=EB000001&amount=92.00&currency=EGP&paymentType=DB&paymentBrand=VISA&card.number=4200000000000000\
         &card.holder=Jane+Jones&card.expiryMonth=05&card.expiryYear=2034&card.cvv=123&merchantTransactionId=ord-0001-a1\
         &shopperResultUrl=https%3A%2F%2Fshop.example%2Fback"
    );
    assert!(sent.moves);
    assert_eq!(sent.replay, Replay::Once);
    let headers = seal(&opp, &sent, None, Script::new().now()).unwrap();
    assert_eq!(headers["authorization"], "Bearer canary-token");
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(headers["content-type"], FORM);
    assert_eq!(headers.len(), 2);
}

#[test]
fn authorization_and_payout() {
    let answer = body(ID, "PA", "92.00", "000.100.110");
    let sent_v1 = sent(&v1(), &authorize(), "POST /v1/payments", &answer);
    assert_eq!(sent_v1.request.uri(), "https://eu-test.oppwa.com/v1/payments");
    assert!(sent_v1.body().starts_with(&format!(
        "entityId={ENTITY}&amount=92.00&currency=EGP&paymentType=PA&paymentBrand=VISA"
    )));
    let sent_v1 = sent(
        &v1(),
        &payout(),
        "POST /v1/payments",
        &body(ID, "CD", "92.00", "000.100.110"),
    );
    assert_eq!(
        sent_v1.body(),
        format!(
            "entityId={ENTITY}&amount=92.00&currency=EGP&paymentType=CD&paymentBrand=VISA&card.number=4200000000000000\
             &card.holder=Jane+Jones&card.expiryMonth=05&card.expiryYear=2034&card.cvv=123&merchantTransactionId=ord-0001-a1"
        )
    );
    let error = run(&v3(), &payout(), &Script::new()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Unsupported, Fate::NotDone));
}

#[test]
fn follow_ups() {
    let path = format!("POST /gateway/v3/payments/{ID}");
    let opp = v3();
    let capture = sent(
        &opp,
        &capture(&opp, "60.00 EGP"),
        &path,
        &body(OTHER, "CP", "60.00", "000.100.110"),
    );
    assert_eq!(
        capture.body(),
        "entityId=EB000001&paymentType=CP&amount=60.00&currency=EGP&merchantTransactionId=cp-0001-a1"
    );
    let void = sent(&opp, &void(&opp), &path, &body(OTHER, "RV", "92.00", "000.100.110"));
    assert_eq!(
        void.body(),
        "entityId=EB000001&paymentType=RV&amount=92.00&currency=EGP&merchantTransactionId=rv-0001-a1"
    );
    let refund_v3 = sent(
        &opp,
        &refund(&opp, "10.00 EGP"),
        &path,
        &body(OTHER, "RF", "10.00", "000.100.110"),
    );
    assert_eq!(
        refund_v3.body(),
        format!(
            "entityId=EB000001&amount=10.00&currency=EGP&paymentType=RF&originalTransactionId={ID}&merchantTransactionId=rf-0001-a1"
        )
    );
    let opp = v1();
    let path = format!("POST /v1/payments/{ID}");
    let refund_v1 = sent(
        &opp,
        &refund(&opp, "10.00 EGP"),
        &path,
        &body(OTHER, "RF", "10.00", "000.100.110"),
    );
    assert_eq!(
        refund_v1.body(),
        format!("entityId={ENTITY}&amount=10.00&currency=EGP&paymentType=RF&merchantTransactionId=rf-0001-a1")
    );
    for call in [&capture, &void, &refund_v3, &refund_v1] {
        assert!(call.moves);
        assert_eq!(call.replay, Replay::Once);
    }
}

#[test]
fn a_refund_of_an_authorization_goes_to_its_capture() {
    let opp = v3();
    let mut refund = Refund::new(
        payment(&opp, &[ID, "PA", "EGP9200"]),
        "rf-0001-a1".parse().unwrap(),
        money("10.00 EGP"),
    );
    let error = run(&opp, &Operation::Refund(refund.clone()), &Script::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.fate(), error.field()),
        (ErrorKind::InvalidRequest, Fate::NotDone, Some("capture"))
    );
    assert!(error.message().contains("id of its capture entry"), "{error}");

    refund.capture = Some(OTHER.to_owned());
    let captured = body(OTHER, "CP", "92.00", "000.100.110");
    let ask = format!("GET /gateway/v3/payments/{OTHER}?entityId=EB000001");
    let refunded = body(ID, "RF", "10.00", "000.100.110");
    let wire =
        Script::new()
            .json(&ask, 200, &captured)
            .json(&format!("POST /gateway/v3/payments/{OTHER}"), 200, &refunded);
    run(&opp, &Operation::Refund(refund.clone()), &wire).unwrap();
    let call = wire.sent().remove(1);
    assert!(call.body().contains(&format!("originalTransactionId={OTHER}&")));

    refund.payment = payment(&opp, &[ID, "DB"]);
    let error = run(&opp, &Operation::Refund(refund.clone()), &Script::new()).unwrap_err();
    assert_eq!(error.field(), Some("capture"));
    refund.payment = payment(&opp, &[ID]);
    refund.capture = None;
    let error = run(&opp, &Operation::Refund(refund), &Script::new()).unwrap_err();
    assert!(error.message().contains("inquire first"), "{error}");
}

#[test]
fn what_cannot_follow_is_refused_before_anything_is_sent() {
    let opp = v3();
    let refused = |operation: Operation, says: &str| {
        let error = run(&opp, &operation, &Script::new()).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidRequest, Fate::NotDone));
        assert!(error.message().contains(says), "{error}");
    };
    let void = |ids: &[&str]| Operation::Void(Void::new(payment(&opp, ids), "rv-0001-a1".parse().unwrap()));
    let capture = |ids: &[&str]| {
        Operation::Capture(Capture::new(
            payment(&opp, ids),
            "cp-0001-a1".parse().unwrap(),
            money("1.00 EGP"),
        ))
    };
    refused(void(&[ID, "DB", "EGP9200"]), "refund it instead");
    refused(capture(&[ID, "DB", "EGP9200"]), "nothing to capture");
    refused(capture(&[ID, "checkout", "PA", "EGP9200", REFERENCE]), "is a checkout");
    refused(capture(&[REFERENCE, "reference", "PA"]), "was refused");
    for id in ["..", "a/b", "a b", ""] {
        refused(capture(&[id, "PA"]), "does not hold an id");
    }
}

#[test]
fn questions() {
    let opp = v3();
    let expect = format!("GET /gateway/v3/payments/{ID}?entityId=EB000001");
    let known = payment(&opp, &[ID, "DB", "EGP9200"]);
    let call = sent(&opp, &inquire(known), &expect, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(!call.moves && call.request.body().is_empty());
    assert_eq!(call.replay, Replay::Free);

    let expect = format!("GET /v1/query?entityId={ENTITY}&merchantTransactionId={REFERENCE}");
    sent(&v1(), &by_reference(REFERENCE), &expect, r#"{"payments":[]}"#);
    let error = run(&v3(), &by_reference(REFERENCE), &Script::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_checkout_and_its_result() {
    let opp = v3();
    let answer = format!(r#"{{"id":"{OTHER}.uat01-vm-tx04","result":{{"code":"000.200.100"}}}}"#);
    let call = sent(&opp, &checkout(), "POST /gateway/v3/checkouts", &answer);
    assert_eq!(
        call.body(),
        "entityId=EB000001&entityType=PARTICIPATOR&amount=92.00&currency=EGP&paymentType=DB&merchantTransactionId=ord-0001-a1"
    );
    assert!(!call.moves);
    assert_eq!(call.replay, Replay::Once);

    let made = payment(&opp, &["c1.x", "checkout", "DB", "EGP9200", REFERENCE]);
    let expect = "GET /gateway/v3/checkouts/c1.x/payment?entityId=EB000001";
    let call = sent(&opp, &inquire(made), expect, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(!call.moves);
    assert_eq!(call.replay, Replay::Once, "the answer is used up");
}

#[test]
fn every_optional_field_has_its_name() {
    let mut charge = charge();
    charge.order = Some("order 1".to_owned());
    charge.description = Some("two books".to_owned());
    charge.statement_descriptor = Some("SHOP".to_owned());
    charge.customer.id = Some("c-7".to_owned());
    charge.customer.first_name = Some("Jane".to_owned());
    charge.customer.last_name = Some("Jones".to_owned());
    charge.customer.email = Some("jane@example.org".to_owned());
    charge.customer.phone = Some("+20 1".to_owned());
    charge.customer.ip = Some("192.0.2.1".parse().unwrap());
    charge.billing = Some(Address {
        street: Some("Nile 1".to_owned()),
        city: Some("Cairo".to_owned()),
        postal_code: Some("11511".to_owned()),
        country: Some("EG".to_owned()),
        ..Address::default()
    });
    charge.shipping = Some(Address {
        street2: Some("back".to_owned()),
        region: Some("C".to_owned()),
        ..Address::default()
    });
    charge.metadata.insert("shop.id".to_owned(), "a&b".to_owned());
    charge.urls.notify = Some("https://shop.example/n".to_owned());
    charge.three_ds = ThreeDs::Browser(Box::new(Browser {
        accept: "text/html".to_owned(),
        user_agent: "UA".to_owned(),
        language: "ar".to_owned(),
        screen_height: 600,
        screen_width: 800,
        color_depth: 24,
        timezone_minutes: -120,
        java: false,
        javascript: true,
    }));
    let operation = Operation::Sale(Box::new(charge));
    let answer = body(ID, "DB", "92.00", "000.100.110");
    let call = sent(&v3(), &operation, "POST /gateway/v3/payments", &answer);
    let (_, rest) = call
        .body()
        .split_once("&shopperResultUrl=")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert_eq!(
        rest,
        "https%3A%2F%2Fshop.example%2Fback&notificationUrl=https%3A%2F%2Fshop.example%2Fn&merchantInvoiceId=order+1\
         &descriptor=SHOP&merchantMemo=two+books&customer.merchantCustomerId=c-7&customer.givenName=Jane\
         &customer.surname=Jones&customer.email=jane%40example.org&customer.phone=%2B20+1&customer.ip=192.0.2.1\
         &billing.street1=Nile+1&billing.city=Cairo&billing.postcode=11511&billing.country=EG&shipping.street2=back\
         &shipping.state=C&customer.browser.acceptHeader=text%2Fhtml&customer.browser.language=ar\
         &customer.browser.screenHeight=600&customer.browser.screenWidth=800&customer.browser.timezone=-120\
         &customer.browser.userAgent=UA&customer.browser.javaEnabled=false&customer.browser.javascriptEnabled=true\
         &customer.browser.screenColorDepth=24&customParameters%5Bshop.id%5D=a%26b"
    );
    let dropped = v3().capabilities().check(&operation, Script::new().now()).unwrap();
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn stored_instruments_and_merchant_initiated_payments() {
    let stored = |initiator| {
        let mut charge = Charge::new(
            REFERENCE.parse().unwrap(),
            money("92.00 EGP"),
            Source::Stored("8acda4a0".to_owned()),
        );
        charge.initiator = initiator;
        Operation::Sale(Box::new(charge))
    };
    let answer = body(ID, "DB", "92.00", "000.100.110");
    let path = "POST /v1/registrations/8acda4a0/payments";
    let merchant = Initiator::Merchant {
        kind: Agreement::Recurring,
        agreement: Some("a1".to_owned()),
        network_transaction_id: Some("n1".to_owned()),
    };
    let operation = stored(merchant.clone());
    let call = sent(&v1(), &operation, path, &answer);
    assert_eq!(
        call.body(),
        format!(
            "entityId={ENTITY}&amount=92.00&currency=EGP&paymentType=DB&standingInstruction.mode=REPEATED\
             &standingInstruction.type=RECURRING&standingInstruction.source=MIT\
             &standingInstruction.initialTransactionId=n1&merchantTransactionId=ord-0001-a1"
        )
    );
    let dropped = v1().capabilities().check(&operation, Script::new().now()).unwrap();
    assert_eq!(dropped, [Field::Agreement]);
    let call = sent(&v1(), &stored(Initiator::Customer), path, &answer);
    assert!(
        call.body()
            .contains("standingInstruction.type=UNSCHEDULED&standingInstruction.source=CIT&merchant")
    );

    let error = run(&v3(), &stored(Initiator::Customer), &Script::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let mut with_card = charge();
    with_card.initiator = merchant;
    let error = run(&v3(), &Operation::Sale(Box::new(with_card)), &Script::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "not dropped on v3");

    let mut payout = Payout::new(
        REFERENCE.parse().unwrap(),
        money("5.00 EGP"),
        Source::Stored("8acda4a0".to_owned()),
    );
    payout.description = Some("prize".to_owned());
    let call = sent(
        &v1(),
        &Operation::Payout(Box::new(payout)),
        path,
        &body(ID, "CD", "5.00", "000.100.110"),
    );
    assert_eq!(
        call.body(),
        format!(
            "entityId={ENTITY}&amount=5.00&currency=EGP&paymentType=CD&merchantTransactionId=ord-0001-a1&merchantMemo=prize"
        )
    );
}

#[test]
fn an_authentication_from_elsewhere() {
    let mut result = Authentication {
        eci: "05".to_owned(),
        cavv: "AAABBB=".to_owned(),
        version: Some("2.2.0".to_owned()),
        ds_transaction_id: Some("ds-1".to_owned()),
        status: Some("Y".to_owned()),
        xid: None,
    };
    let operation = |result: &Authentication| {
        let mut charge = charge();
        charge.three_ds = ThreeDs::External(Box::new(result.clone()));
        Operation::Sale(Box::new(charge))
    };
    let answer = body(ID, "DB", "92.00", "000.100.110");
    let call = sent(&v1(), &operation(&result), "POST /v1/payments", &answer);
    assert!(call.body().ends_with(
        "&threeDSecure.eci=05&threeDSecure.verificationId=AAABBB%3D&threeDSecure.version=2.2.0\
         &threeDSecure.dsTransactionId=ds-1&threeDSecure.authenticationStatus=Y"
    ));
    result.xid = Some("x".to_owned());
    let error = run(&v1(), &operation(&result), &Script::new()).unwrap_err();
    assert_eq!(error.field(), Some("xid"));
    result.xid = None;
    let error = run(&v3(), &operation(&result), &Script::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

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
            c.billing = Some(Address {
                postal_code: Some("12345678901234567".to_owned()),
                ..Address::default()
            });
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

#[test]
fn brands_are_sent_where_the_number_leaves_no_doubt() {
    for (number, brand) in [
        ("4200000000000000", Some("VISA")),
        ("5200000000000007", Some("MASTER")),
        ("2223000048400011", Some("MASTER")),
        ("377777777777770", Some("AMEX")),
        ("3530111333300000", Some("JCB")),
        ("36000000000008", Some("DINERS")),
        ("6759649826438453", None),
    ] {
        let mut charge = charge();
        charge.source = Source::Card(paymux_core::Card::new(number, 5, 2034).unwrap());
        let wire = Script::new().not_sent("POST /gateway/v3/payments");
        let _ = run(&v3(), &Operation::Sale(Box::new(charge)), &wire);
        let body = wire.sent()[0].body();
        match brand {
            Some(brand) => assert!(
                body.contains(&format!("paymentBrand={brand}&card.number={number}")),
                "{body}"
            ),
            None => assert!(!body.contains("paymentBrand"), "{body}"),
        }
    }
}

#[test]
fn registrations() {
    use paymux_core::script;
    let opp = v1();
    let answer = r#"{"id":"8acda4a0","paymentBrand":"VISA","result":{"code":"000.100.110"},"card":{"last4Digits":"0000","expiryMonth":"05","expiryYear":"2034"}}"#;
    let wire = Script::new().json("POST /v1/registrations", 200, answer);
    let made = script::run(opp.create_registration(&card(), &wire)).unwrap();
    assert_eq!((made.id.as_str(), made.test), ("8acda4a0", Some(true)));
    assert_eq!(made.expiry, Some(("05".to_owned(), "2034".to_owned())));
    assert_eq!(made.method.unwrap().last4.as_deref(), Some("0000"));
    let call = wire.sent().remove(0);
    assert!(!call.moves);
    assert_eq!(
        call.body(),
        format!(
            "entityId={ENTITY}&paymentBrand=VISA&card.number=4200000000000000&card.holder=Jane+Jones&card.expiryMonth=05\
             &card.expiryYear=2034&card.cvv=123"
        )
    );

    let refused = Script::new().json("POST /v1/registrations", 400, &code("100.100.101"));
    let error = script::run(opp.create_registration(&card(), &refused)).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::Rejected));
    let broken = Script::new().json("POST /v1/registrations", 200, &code("000.200.999"));
    let error = script::run(opp.create_registration(&card(), &broken)).unwrap_err();
    assert_eq!(error.fate(), Fate::Rejected, "{error}");

    let delete = format!("DELETE /v1/registrations/8acda4a0?entityId={ENTITY}");
    for (status, answer) in [
        (200, code("000.100.110")),
        (404, String::new()),
        (400, code("100.150.202")),
    ] {
        let wire = Script::new().json(&delete, status, &answer);
        script::run(opp.delete_registration("8acda4a0", &wire)).unwrap();
    }
    let wire = Script::new().json(&delete, 403, &code("800.900.300"));
    let error = script::run(opp.delete_registration("8acda4a0", &wire)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(script::run(opp.delete_registration("../payments", &Script::new())).is_err());

    let error = script::run(v3().create_registration(&card(), &Script::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
