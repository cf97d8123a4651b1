//! What is paid: sales, authorizations and payouts, and everything that may be said with them.

use paymux_core::script::{Script, seal};
use paymux_core::{Adapter, Address, Authentication, ErrorKind, Fate, Field, Operation, Replay, Source, ThreeDs, Wire};

use super::sent;
use crate::common::{self, *};

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
    let billing = charge.billing.insert(Address::default());
    billing.street = Some("Nile 1".to_owned());
    billing.city = Some("Cairo".to_owned());
    billing.postal_code = Some("11511".to_owned());
    billing.country = Some("EG".to_owned());
    let shipping = charge.shipping.insert(Address::default());
    shipping.street2 = Some("back".to_owned());
    shipping.region = Some("C".to_owned());
    charge.metadata.insert("shop.id".to_owned(), "a&b".to_owned());
    charge.urls.notify = Some("https://shop.example/n".to_owned());
    charge.three_ds = browser();
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
    let dropped = |operation: &Operation| v3().capabilities().check(operation, Script::new().now()).unwrap();
    assert_eq!(dropped(&operation), []);
    let Operation::Sale(mut charge) = operation else {
        panic!()
    };
    charge.shipping.as_mut().unwrap().name = Some("Jane Jones".to_owned());
    let named = Operation::Sale(charge);
    assert_eq!(dropped(&named), [Field::Addressee]);
    let same = sent(&v3(), &named, "POST /gateway/v3/payments", &answer);
    assert_eq!(same.body(), call.body());
}

#[test]
fn an_authentication_from_elsewhere() {
    let mut result = Authentication::new("05", "AAABBB=");
    result.version = Some("2.2.0".to_owned());
    result.ds_transaction_id = Some("ds-1".to_owned());
    result.status = Some("Y".to_owned());
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
