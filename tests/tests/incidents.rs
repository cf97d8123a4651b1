//! What went wrong in other libraries, each as a test over the adapters: it does not go wrong here. Those that are about the engine are tests of the
//! crate `paymux`. Every doc comment tells the incident and where it is written down.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use paymux::{
    Charge, Checkout, CodeClass, Field, Operation, OperationKind, PaymentGateway as _, Source, code_tables,
    idempotency_key,
};
use paymux_conformance::Tap as _;
use paymux_tests::{Stand, stands};

fn charge(stand: &Stand, amount: &str, source: Source) -> Charge {
    let mut charge = Charge::new("incident1".parse().unwrap(), amount.parse().unwrap(), source);
    (stand.subject.complete)(&mut charge);
    charge
}

/// Everything that has gone over a stand's wire, as text.
fn wire(stand: &Stand) -> String {
    let requests = stand.provider.requests();
    let texts = requests
        .iter()
        .map(|request| String::from_utf8_lossy(request.body()).into_owned());
    texts.collect::<Vec<_>>().join("\n")
}

/// Two adapters promised an idempotency key and did not send it.
///
/// <https://github.com/productdevbook/kasapay/issues/165>
#[tokio::test(start_paused = true)]
async fn kasapay_promises_a_key_that_is_not_on_the_wire() {
    for name in ["qolo", "keybank"] {
        let stand = stands::named(name);
        let sale = Operation::Sale(Box::new(charge(&stand, "25.00 USD", stand.subject.approved.clone())));
        stand.gateway().execute(&sale).await.unwrap();
        let requests = stand.provider.requests();
        let transfer = requests
            .iter()
            .find(|request| request.uri().path().ends_with("/transfers"))
            .unwrap();
        let key = transfer.headers()["idempotencykey"].to_str().unwrap();
        assert_eq!(Some(key), idempotency_key(&sale).as_deref(), "{name}");
    }
}

/// A list of 544 codes lacked 145, and took twelve successes for pending, so that captured payments stayed in processing for ever.
///
/// <https://github.com/juspay/hyperswitch/pull/11944>
#[test]
fn aci_codes_are_missing_and_successes_are_pending() {
    let tables = code_tables();
    let opp = tables.iter().find(|table| table.name == "opp").unwrap();
    let class = |code: &str| (opp.explain)(code).unwrap().class;
    for approved in ["000.000.000", "000.100.112", "000.300.000", "000.600.000"] {
        assert_eq!(class(approved), CodeClass::Approved, "{approved}");
    }
    // What nobody has listed, and no group decides, is neither declined nor approved.
    for unlisted in ["123.456.789", "000.500.999"] {
        assert_eq!(class(unlisted), CodeClass::Unknown, "{unlisted}");
    }
    assert_eq!(class("000.200.000"), CodeClass::Pending);
}

/// A thousand yen were sent as ten, and 7.500 dinars as 7500.
///
/// <https://github.com/activemerchant/active_merchant/issues/1794>, <https://github.com/activemerchant/active_merchant/pull/2860>
#[tokio::test(start_paused = true)]
async fn active_merchant_sends_yen_by_the_hundredth_and_dinars_by_the_thousand() {
    for (name, amount, written) in [
        ("coolpay", "1000 JPY", "\"amount\":1000,"),
        ("coolpay", "7.500 KWD", "\"amount\":7500,"),
        ("coolpay", "10.00 DKK", "\"amount\":1000,"),
        ("opp-v1", "1000 JPY", "amount=1000.00&"),
        ("opp-v1", "7.500 KWD", "amount=7.50&"),
    ] {
        let stand = stands::named(name);
        let sale = charge(&stand, amount, stand.subject.approved.clone());
        let _ = stand.gateway().sale(sale).await;
        let sent = wire(&stand).replace('}', ",").replace('\n', "&");
        assert!(sent.contains(written), "{name}, {amount}: {sent}");
    }
    // A third decimal that does not fit is refused, and never rounded.
    let stand = stands::named("opp-v1");
    let odd = charge(&stand, "7.505 KWD", stand.subject.approved.clone());
    let refused = stand.gateway().sale(odd).await.unwrap_err();
    assert_eq!(refused.field(), Some("amount"), "{refused}");
    assert_eq!(stand.provider.count(), 0);
}

/// A store took metadata and kept none of it, and nobody was told.
///
/// <https://github.com/apache/opendal/issues/7565>
#[tokio::test(start_paused = true)]
async fn webdav_accepts_metadata_and_drops_it() {
    for stand in stands::all() {
        let gateway = stand.gateway();
        let hosted = !gateway
            .capabilities()
            .ability(OperationKind::Sale)
            .is_some_and(|ability| ability.sources.contains(&stand.subject.approved.kind()));
        let mut charge = charge(
            &stand,
            &stand.subject.amount.to_string(),
            stand.subject.approved.clone(),
        );
        charge.description = Some("canary-description".to_owned());
        charge
            .metadata
            .insert("canarykey".to_owned(), "canary-label".to_owned());
        charge.customer.email = Some("canary@shop.example".to_owned());
        let answer = if hosted {
            let mut checkout = Checkout::new(charge.reference.clone(), charge.amount);
            charge.source = Source::Hosted;
            checkout.charge = charge;
            gateway.checkout(checkout).await.unwrap()
        } else {
            gateway.sale(charge).await.unwrap()
        };
        let sent = wire(&stand).replace("%40", "@");
        for (field, text) in [
            (Field::Description, "canary-description"),
            (Field::Metadata, "canary-label"),
            (Field::CustomerEmail, "canary@shop.example"),
        ] {
            let dropped = answer.payment.dropped.contains(&field);
            assert_ne!(
                dropped,
                sent.contains(text),
                "{}: {field:?}: dropped {dropped}",
                stand.name
            );
        }
    }
}
