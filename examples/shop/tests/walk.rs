//! Visitors walk through the shop over HTTP, and the pages are held against the simulators' ledgers.

mod common;

use common::{GATEWAYS, Visit};
use http::{Method, StatusCode};
use paymux_simulator::{BackOfficeAction, Kind, Matcher, WebhookFault};

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_paid_at_every_gateway() {
    let visit = Visit::new().await;
    for gateway in GATEWAYS {
        let (page, order) = visit.buy(gateway, false).await;
        assert_eq!(visit.status(&order).await, "to-pay", "{gateway}");
        let back = visit.press(gateway, &page, "pay").await.unwrap();
        let returned = visit.get(&back).await;
        assert_eq!(returned.location.as_deref(), Some(format!("/orders/{order}").as_str()));
        visit.until(&order, "paid").await;
        assert_eq!(visit.booked(gateway, Kind::Capture), 1800, "{gateway}");
        let office = visit.office(&order).await;
        assert!(
            office.contains("data-operation=\"checkout\" data-attempts"),
            "{gateway}: {office}"
        );
        assert!(office.contains("data-step=\"exchange\""), "{gateway}");
        // Paid is paid: no other attempt begins.
        let again = visit.post(&format!("/orders/{order}/pay"), "gateway=coolpay").await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{gateway}");
    }
    for gateway in GATEWAYS {
        let accepted = format!("data-delivery=\"accepted\" data-gateway=\"{gateway}\"");
        visit.shows("/office", &accepted).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_alone_is_enough() {
    let visit = Visit::new().await;
    for gateway in GATEWAYS {
        let (page, order) = visit.buy(gateway, false).await;
        visit.press(gateway, &page, "pay").await;
        visit.until(&order, "paid").await;
        assert_eq!(visit.booked(gateway, Kind::Capture), 1800, "{gateway}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_return_alone_is_enough_and_proves_nothing() {
    let visit = Visit::new().await;
    for gateway in GATEWAYS {
        let server = visit.shop.simulator(gateway).unwrap().server();
        server.with(|host, _| host.webhook_faults.add(Matcher::any(), WebhookFault::Lost));
        let (page, order) = visit.buy(gateway, false).await;
        let attempt = format!("/return/{order}a1");
        assert_eq!(visit.get(&attempt).await.status, StatusCode::SEE_OTHER);
        // The browser came back without having paid.
        visit.until(&order, "to-pay").await;
        visit.press(gateway, &page, "pay").await;
        visit.get(&attempt).await;
        visit.until(&order, "paid").await;
        assert_eq!(visit.booked(gateway, Kind::Capture), 1800, "{gateway}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_says_why_and_another_attempt_has_its_own_reference() {
    let visit = Visit::new().await;
    for gateway in GATEWAYS {
        let before = visit.booked("carry1st", Kind::Capture);
        let (page, order) = visit.buy(gateway, false).await;
        visit.press(gateway, &page, "decline").await;
        visit.until(&order, "declined").await;
        let office = visit.office(&order).await;
        assert!(
            office.contains("data-field=\"reason\"") && office.contains("data-field=\"advice\""),
            "{gateway}: {office}"
        );
        let again = visit.post(&format!("/orders/{order}/pay"), "gateway=carry1st").await;
        if gateway != "carry1st" {
            // Its page is still open, so that the attempt is.
            assert_eq!(again.status, StatusCode::CONFLICT);
            let go_on = visit.post(&format!("/orders/{order}/continue"), "").await;
            assert_eq!(go_on.location.as_deref(), Some(page.as_str()));
            visit.press(gateway, &page, "pay").await;
        } else {
            visit.press("carry1st", &again.location.unwrap(), "pay").await;
            assert!(
                visit
                    .office(&order)
                    .await
                    .contains(&format!("data-attempt=\"{order}a2\""))
            );
            visit.until(&order, "paid").await;
            assert_eq!(visit.booked("carry1st", Kind::Capture) - before, 1800, "{gateway}");
        }
        visit.until(&order, "paid").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_holds_back_changes_by_itself_when_it_decides() {
    let visit = Visit::new().await;
    for (gateway, button, status) in [
        ("coolpay", "hold", "pending"),
        ("opp-v3", "review", "review"),
        ("opp-v1", "hold", "pending"),
        ("carry1st", "hold", "pending"),
    ] {
        let (page, order) = visit.buy(gateway, false).await;
        // Not every provider sends word of what it has not decided: coming back leads to the question.
        let back = visit.press(gateway, &page, button).await.unwrap();
        visit.get(&back).await;
        visit.until(&order, status).await;
        // Nothing else begins meanwhile.
        let again = visit.post(&format!("/orders/{order}/pay"), "gateway=coolpay").await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{gateway}");
        let server = visit.shop.simulator(gateway).unwrap().server();
        let accepted = server.with(|host, now| {
            let payment = host.provider().entries()[0].payment.clone();
            host.provider().act(now, &payment, BackOfficeAction::Accept, None)
        });
        assert!(accepted, "{gateway}");
        visit.until(&order, "paid").await;
        assert_eq!(visit.booked(gateway, Kind::Capture), 1800, "{gateway}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_share_one_attempt() {
    let visit = Visit::new().await;
    for gateway in GATEWAYS {
        let (page, order) = visit.buy(gateway, false).await;
        let other = visit
            .post(&format!("/orders/{order}/continue"), "")
            .await
            .location
            .unwrap();
        visit.press(gateway, &page, "pay").await;
        let second = visit
            .request(Method::POST, &other, "do=pay&action=pay&number=1000000000000008", &[])
            .await;
        assert!(!second.status.is_server_error());
        visit.until(&order, "paid").await;
        assert_eq!(visit.booked(gateway, Kind::Capture), 1800, "{gateway}");
        let second = format!("data-attempt=\"{order}a2\"");
        assert!(!visit.office(&order).await.contains(&second), "{gateway}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_repeated_webhooks_change_nothing() {
    let visit = Visit::new().await;
    for gateway in GATEWAYS {
        let sent = visit
            .post("/office/faults", &format!("gateway={gateway}&fault=forged"))
            .await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
        let (page, order) = visit.buy(gateway, false).await;
        visit.press(gateway, &page, "decline").await;
        visit.until(&order, "declined").await;
        assert_eq!(visit.booked(gateway, Kind::Capture), 0, "{gateway}");
        if gateway != "opp-v3" {
            visit
                .shows(
                    "/office",
                    &format!("data-delivery=\"refused\" data-gateway=\"{gateway}\""),
                )
                .await;
        }
        visit
            .post("/office/faults", &format!("gateway={gateway}&fault=twice"))
            .await;
        let (page, order) = visit.buy(gateway, false).await;
        visit.press(gateway, &page, "pay").await;
        visit.until(&order, "paid").await;
        assert_eq!(visit.booked(gateway, Kind::Capture), 1800, "{gateway}");
    }
    // Nobody signs a forgery of our own either.
    let forged = visit
        .request(Method::POST, "/webhooks/coolpay", "{\"id\":1,\"accepted\":true}", &[])
        .await;
    assert_eq!((forged.status, forged.text.as_str()), (StatusCode::UNAUTHORIZED, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_back_office_captures_refunds_and_voids() {
    let visit = Visit::new().await;
    for gateway in ["coolpay", "opp-v1"] {
        let (page, order) = visit.buy(gateway, true).await;
        visit.press(gateway, &page, "pay").await;
        visit.until(&order, "authorized").await;
        let deed = |what: &str| format!("/office/attempts/{order}a1/{what}");
        assert_eq!(visit.post(&deed("capture"), "").await.status, StatusCode::SEE_OTHER);
        visit.until(&order, "paid").await;
        assert_eq!(visit.booked(gateway, Kind::Capture), 1800, "{gateway}");
        let too_much = visit.post(&deed("refund"), "amount=18.01").await;
        assert_eq!(too_much.status, StatusCode::CONFLICT);
        visit.post(&deed("refund"), "amount=5.50").await;
        visit.until(&order, "partly-refunded").await;
        visit.post(&deed("refund"), "amount=12.50").await;
        visit.until(&order, "refunded").await;
        assert_eq!(
            visit.booked(gateway, Kind::Refund),
            1800,
            "{gateway}: {}",
            visit.office(&order).await
        );

        let (page, order) = visit.buy(gateway, true).await;
        visit.press(gateway, &page, "pay").await;
        visit.until(&order, "authorized").await;
        visit.post(&format!("/office/attempts/{order}a1/void"), "").await;
        visit.until(&order, "voided").await;
        assert_eq!(visit.booked(gateway, Kind::Void), 1800, "{gateway}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knows_is_found_out_by_asking() {
    let visit = Visit::new().await;
    let (page, order) = visit.buy("coolpay", false).await;
    visit.press("coolpay", &page, "pay").await;
    visit.until(&order, "paid").await;
    // The fault counts questions: none of the sale's may come after it.
    visit.until_quiet("coolpay").await;
    visit.post("/office/faults", "gateway=coolpay&fault=reset").await;
    let refund = format!("/office/attempts/{order}a1/refund");
    visit.post(&refund, "amount=3.00").await;
    let office = visit.office(&order).await;
    assert!(
        office.contains("data-follow-up=\"refund\" data-outcome=\"unknown\""),
        "{office}"
    );
    // While nobody knows, nothing else is sent.
    assert_eq!(visit.post(&refund, "amount=3.00").await.status, StatusCode::CONFLICT);
    visit
        .shows(
            &format!("/office/orders/{order}"),
            "data-follow-up=\"refund\" data-outcome=\"approved\"",
        )
        .await;
    assert_eq!(visit.booked("coolpay", Kind::Refund), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn editing_the_file_switches_the_gateways() {
    let visit = Visit::new().await;
    let (page, order) = visit.buy("coolpay", false).await;
    visit.press("coolpay", &page, "pay").await;
    visit.until(&order, "paid").await;
    let first = std::fs::read_to_string(&visit.config).unwrap();
    assert!(first.starts_with("# Written by the example shop"));

    std::fs::write(
        &visit.config,
        first.replace("provider = \"coolpay\"", "provider = \"coolpai\""),
    )
    .unwrap();
    let office = visit.shows("/office", "id=\"config-problems\"").await;
    assert!(office.contains("did you mean `coolpay`?"), "{office}");
    assert!(visit.get("/").await.text.contains("id=\"gateway-coolpay\""));

    std::fs::write(&visit.config, first.replace("[gateways.coolpay]", "[gateways.nordic]")).unwrap();
    visit.shows("/", "id=\"gateway-nordic\"").await;
    assert!(!visit.get("/office").await.text.contains("id=\"config-problems\""));
    let refund = format!("/office/attempts/{order}a1/refund");
    visit.post(&refund, "amount=3.00").await;
    let office = visit.office(&order).await;
    assert!(
        office.contains("data-gateway-gone") && office.contains("data-outcome=\"not_done\""),
        "{office}"
    );
    assert_eq!(visit.booked("coolpay", Kind::Refund), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_sites_and_foreign_names_are_refused() {
    let visit = Visit::new().await;
    let foreign = visit
        .request(
            Method::POST,
            "/orders",
            "product=mug&gateway=coolpay",
            &[("sec-fetch-site", "cross-site")],
        )
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let renamed = visit
        .request(Method::GET, "/office", "", &[("host", "shop.example")])
        .await;
    assert_eq!(renamed.status, StatusCode::MISDIRECTED_REQUEST);
    assert!(visit.orders().await.is_empty());
    assert_eq!(visit.get("/orders/none").await.status, StatusCode::NOT_FOUND);
}
