//! What happens when a configuration changes under an application, and when test and live are mixed up.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use paymux::{
    Answer, Charge, Error, ErrorKind, Fate, Gateways, Inquiry, Outcome, PaymentGateway, PaymentRef, Refund, Source,
};
use paymux_conformance::InProcess;
use paymux_simulator::{coolpay, opp};
use paymux_tests::{Stand, stands};

/// The application: it knows the gateway's name, and what the customer pays with.
async fn sell(gateways: &Gateways, price: &str, source: Source) -> Result<Answer, Error> {
    let cards = gateways.get("cards")?;
    let mut charge = Charge::new("order1001a1".parse().unwrap(), price.parse().unwrap(), source);
    charge.urls.back = Some("https://shop.example/back".to_owned());
    cards.sale(charge).await
}

fn bookings(provider: &InProcess) -> usize {
    use paymux_conformance::Truth as _;
    provider.all().len()
}

#[tokio::test(start_paused = true)]
async fn one_line_of_configuration_changes_the_provider() {
    for stand in stands::all() {
        let gateways = stand.builder().from_uri(&stand.line("cards")).unwrap();
        let price = stand.subject.amount.to_string();
        let answer = sell(&gateways, &price, stand.subject.approved.clone()).await.unwrap();
        let fine = matches!(
            answer.outcome,
            Outcome::Approved | Outcome::Pending | Outcome::ActionRequired(_)
        );
        assert!(fine, "{}: {answer:?}", stand.name);
        assert_eq!(answer.payment.reference.gateway(), "cards");
        assert_eq!(
            answer.payment.reference.provider(),
            gateways.get("cards").unwrap().capabilities().provider
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_payment_is_not_refunded_at_another_provider() {
    let (before, after) = (
        stands::coolpay(coolpay::Settings::default()),
        stands::opp_v3(opp::Settings::v3()),
    );
    let gateways = before.builder().from_uri(&before.line("cards")).unwrap();
    let answer = sell(&gateways, "100.00 DKK", before.subject.approved.clone())
        .await
        .unwrap();
    let stored = answer.payment.reference.to_string();

    let gateways = after.builder().from_uri(&after.line("cards")).unwrap();
    let cards = gateways.get("cards").unwrap();
    let payment: PaymentRef = stored.parse().unwrap();
    let refund = Refund::new(
        payment.clone(),
        "order1001r1".parse().unwrap(),
        "100.00 DKK".parse().unwrap(),
    );
    for result in [
        cards.refund(refund).await,
        cards.inquire(Inquiry::Payment(payment.clone())).await,
    ] {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidRequest, Fate::NotDone));
        let mine = cards.capabilities();
        for name in ["coolpay", "opp", payment.account().as_str(), mine.account.as_str()] {
            assert!(error.message().contains(name), "{name} is not named: {error}");
        }
    }
    assert_eq!(after.provider.count(), 0, "something was sent to the other provider");
}

#[tokio::test(start_paused = true)]
async fn an_old_payment_is_not_refunded_on_another_account() {
    let stand = |entity: &str| {
        let mut settings = opp::Settings::v1();
        settings.entity_id = Some(entity.to_owned());
        stands::opp_v1(settings)
    };
    let (before, after) = (
        stand("8ac7a4c9000000000000000000000001"),
        stand("8ac7a4c9000000000000000000000002"),
    );
    let gateways = before.builder().from_uri(&before.line("cards")).unwrap();
    let sold = sell(&gateways, "92.00 EGP", before.subject.approved.clone())
        .await
        .unwrap();
    let gateways = after.builder().from_uri(&after.line("cards")).unwrap();
    let refund = Refund::new(
        sold.payment.reference,
        "order1001r1".parse().unwrap(),
        "92.00 EGP".parse().unwrap(),
    );
    let error = gateways.get("cards").unwrap().refund(refund).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.fate(), error.field()),
        (ErrorKind::InvalidRequest, Fate::NotDone, Some("payment"))
    );
    assert_eq!(after.provider.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_changes_leaves_old_payments_alone() {
    let (stand, other) = (
        stands::coolpay(coolpay::Settings::default()),
        stands::opp_v3(opp::Settings::v3()),
    );
    let text = |stand: &Stand| {
        let keys = stand.keys.iter().map(|(key, value)| format!("{key} = \"{value}\"\n"));
        format!("[gateways.cards]\nmode = \"test\"\n{}", keys.collect::<String>())
    };
    let gateways = stand.builder().from_toml(&text(&stand)).unwrap();
    let old = gateways.get("cards").unwrap();
    let sold = sell(&gateways, "100.00 DKK", stand.subject.approved.clone())
        .await
        .unwrap();

    gateways.reload(&text(&other)).unwrap();
    let new = gateways.get("cards").unwrap();
    assert_eq!(
        (old.capabilities().provider, new.capabilities().provider),
        ("coolpay", "opp")
    );
    let refund = || {
        let amount = "100.00 DKK".parse().unwrap();
        Refund::new(sold.payment.reference.clone(), "order1001r1".parse().unwrap(), amount)
    };
    let requests = stand.provider.count();
    assert_eq!(
        new.refund(refund()).await.unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
    assert_eq!(stand.provider.count(), requests);
    // Whoever still holds the old gateway finishes on it.
    assert!(old.refund(refund()).await.unwrap().outcome.is_approved());
}

/// CoolPay, where cards count as real ones.
fn live_coolpay() -> Stand {
    let mut settings = coolpay::Settings::default();
    settings.live = true;
    let mut stand = stands::coolpay(settings);
    stand.subject.approved = stands::card("4200000000000000");
    stand
}

/// A sale and an inquiry about it are both errors that carry the payment. Whose fault it is, the adapter may know better than the engine.
async fn mixed_up(stand: &Stand, mode: &str, test: bool) {
    let gateway = stand.gateway_in(mode);
    let what = format!("{} in mode {mode}", stand.name);
    let mut charge = Charge::new(
        "order1001a1".parse().unwrap(),
        stand.subject.amount,
        stand.subject.approved.clone(),
    );
    (stand.subject.complete)(&mut charge);
    let error = gateway.sale(charge).await.expect_err(&what);
    let kinds = [ErrorKind::Mismatch, ErrorKind::Configuration];
    assert!(kinds.contains(&error.kind()), "{what}: {error}");
    assert_eq!(error.fate(), Fate::Unknown, "{what}: {error}");
    let payment = error.payment().expect(&what);
    assert_eq!(payment.test, Some(test), "{what}");
    assert_eq!(payment.captured(), stand.subject.amount.minor(), "{what}");
    assert!(bookings(&stand.provider) > 0, "{what}");

    tokio::time::sleep(gateway.capabilities().inquiry_interval).await;
    let asked = gateway.inquire(Inquiry::Payment(payment.reference.clone())).await;
    let error = asked.expect_err(&what);
    assert!(kinds.contains(&error.kind()), "{what}: {error}");
    assert_eq!(error.fate(), Fate::NotDone, "{what}: {error}");
    assert_eq!(error.payment().expect(&what).id(), payment.id(), "{what}");
}

#[tokio::test(start_paused = true)]
async fn a_test_payment_is_not_taken_on_a_live_gateway() {
    for stand in [
        stands::coolpay(coolpay::Settings::default()),
        stands::opp_v3(opp::Settings::v3()),
        stands::opp_v1(opp::Settings::v1()),
    ] {
        mixed_up(&stand, "live", true).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_live_payment_is_not_taken_on_a_test_gateway() {
    let stand = live_coolpay();
    mixed_up(&stand, "test", false).await;
}

#[tokio::test(start_paused = true)]
async fn live_gateways_take_live_payments() {
    let mut settings = opp::Settings::v3();
    settings.live = true;
    for stand in [live_coolpay(), stands::opp_v3(settings)] {
        let gateway = stand.gateway_in("live");
        let mut charge = Charge::new(
            "order1001a1".parse().unwrap(),
            stand.subject.amount,
            stand.subject.approved.clone(),
        );
        (stand.subject.complete)(&mut charge);
        let answer = gateway.sale(charge).await.unwrap();
        assert!(answer.outcome.is_approved(), "{}: {answer:?}", stand.name);
        assert_ne!(answer.payment.test, Some(true));
    }
}
