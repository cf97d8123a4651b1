//! The shop ends in the middle of things, as a crash ends it, and starts again beside the same providers.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use std::time::Duration;

use common::{GATEWAYS, Visit};
use http::{Method, StatusCode};
use jiff::Timestamp;
use paymux_simulator::{Fault, Kind, Matcher, WebhookFault};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, query};

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_was_on_the_page_comes_back_to_a_new_process() {
    let mut visit = Visit::new().await;
    for gateway in GATEWAYS {
        visit.lose_webhooks(gateway);
        let (page, order) = visit.buy(gateway, false).await;
        visit.shop.restart().await.unwrap();
        // The shop was told once that the page is open, and asked again.
        visit.until(&order, "to-pay").await;
        let back = visit.press(gateway, &page, "pay").await.unwrap();
        let returned = visit.get(&back).await;
        assert_eq!(returned.location.as_deref(), Some(format!("/orders/{order}").as_str()));
        visit.until(&order, "paid").await;
        assert_eq!(visit.captures(gateway), 1, "{gateway}");
        assert_eq!(visit.booked(gateway, Kind::Capture), 1800, "{gateway}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_the_page_is_brought_again() {
    let mut visit = Visit::new().await;
    for gateway in GATEWAYS {
        let (_, order) = visit.buy(gateway, false).await;
        visit.shop.restart().await.unwrap();
        let go_on = visit.post(&format!("/orders/{order}/continue"), "").await;
        let page = go_on.location.unwrap();
        let provider = visit.shop.simulator(gateway).unwrap().server().url();
        assert!(page.starts_with(&provider), "{gateway}: {page}");
        visit.press(gateway, &page, "pay").await;
        visit.until(&order, "paid").await;
        assert_eq!(visit.captures(gateway), 1, "{gateway}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_alone_reaches_a_new_process() {
    let mut visit = Visit::new().await;
    for gateway in GATEWAYS {
        let server = visit.shop.simulator(gateway).unwrap().server();
        let late = WebhookFault::Late(Duration::from_secs(2));
        server.with(|host, _| host.webhook_faults.add(Matcher::any(), late));
        let (page, order) = visit.buy(gateway, false).await;
        visit.shop.crash().await;
        visit.press(gateway, &page, "pay").await;
        visit.shop.restart().await.unwrap();
        visit.until(&order, "paid").await;
        assert_eq!(visit.captures(gateway), 1, "{gateway}");
        let accepted = format!("data-delivery=\"accepted\" data-gateway=\"{gateway}\"");
        visit.shows("/office", &accepted).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paid_stays_paid_and_is_given_back_once() {
    let mut visit = Visit::new().await;
    for gateway in GATEWAYS {
        let (page, order) = visit.buy(gateway, false).await;
        let back = visit.press(gateway, &page, "pay").await.unwrap();
        visit.get(&back).await;
        visit.until(&order, "paid").await;
        visit.shop.restart().await.unwrap();
        visit.until(&order, "paid").await;
        let again = visit.post(&format!("/orders/{order}/pay"), "gateway=coolpay").await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{gateway}");

        let refund = format!("/office/attempts/{order}a1/refund");
        assert_eq!(visit.post(&refund, "amount=18.00").await.status, StatusCode::SEE_OTHER);
        // One of them tells of the end of a refund in its back office only.
        let (status, outcome) = match gateway {
            "carry1st" => ("paid", "pending"),
            _ => ("refunded", "approved"),
        };
        visit.until(&order, status).await;
        visit.shop.restart().await.unwrap();
        visit.until(&order, status).await;
        let told = format!("data-follow-up=\"refund\" data-outcome=\"{outcome}\"");
        let office = visit.office(&order).await;
        assert!(office.contains(&told), "{gateway}: {office}");
        let more = visit.post(&refund, "amount=18.00").await;
        assert_eq!(more.status, StatusCode::CONFLICT, "{gateway}");
        // Where it takes its time, it is booked a second later, and no second one with it.
        for _ in 0..100 {
            if visit.booked(gateway, Kind::Refund) > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            visit.post(&format!("/office/attempts/{order}a1/ask"), "").await;
        }
        assert_eq!(visit.booked(gateway, Kind::Refund), 1800, "{gateway}");
        assert_eq!(visit.captures(gateway), 1, "{gateway}");
        assert_eq!(visit.orders().await[0], order);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_that_was_cut_off_is_asked_about_and_not_sent_again() {
    let mut visit = Visit::new().await;
    for gateway in GATEWAYS {
        // The provider acts, and the shop ends before it hears of it.
        let server = visit.shop.simulator(gateway).unwrap().server();
        let late = Fault::Delay(Duration::from_secs(6));
        server.with(|host, _| host.faults.add(opening(gateway), late));
        let form = format!("product=mug&gateway={gateway}");
        let buying = visit.post("/orders", &form);
        let cut = tokio::time::timeout(Duration::from_millis(1500), buying).await;
        assert!(cut.is_err(), "{gateway}: {cut:?}");
        let server = visit.shop.simulator(gateway).unwrap().server();
        assert_eq!(server.with(|host, _| host.faults.left()), 0, "{gateway}");
        let order = visit.orders().await.remove(0);
        visit.shop.restart().await.unwrap();

        // Nothing else begins while nobody knows.
        assert_eq!(visit.status(&order).await, "unknown", "{gateway}");
        let again = visit.post(&format!("/orders/{order}/pay"), "gateway=coolpay").await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{gateway}");
        if gateway != "coolpay" {
            // A page whose id was lost cannot be asked about there, or not yet: it stays unknown, and nothing is sent.
            let asked = "data-operation=\"resolve\"";
            visit.shows(&format!("/office/orders/{order}"), asked).await;
            assert_eq!(visit.status(&order).await, "unknown", "{gateway}");
            assert_eq!(visit.captures(gateway), 0, "{gateway}");
            continue;
        }
        visit.until(&order, "to-pay").await;
        let go_on = visit.post(&format!("/orders/{order}/continue"), "").await;
        visit.press(gateway, &go_on.location.unwrap(), "pay").await;
        visit.get(&format!("/return/{order}a1")).await;
        visit.until(&order, "paid").await;
        assert_eq!(visit.captures(gateway), 1, "{gateway}");
        assert!(
            !visit
                .office(&order)
                .await
                .contains(&format!("data-attempt=\"{order}a2\""))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_was_cut_off_is_asked_about_and_not_sent_again() {
    let mut visit = Visit::new().await;
    for gateway in GATEWAYS {
        let (page, order) = visit.buy(gateway, false).await;
        let back = visit.press(gateway, &page, "pay").await.unwrap();
        visit.get(&back).await;
        visit.until(&order, "paid").await;
        // The provider acts, and the shop ends before it hears of it. Whoever sent it has the lease for minutes yet.
        let server = visit.shop.simulator(gateway).unwrap().server();
        let late = Fault::Delay(Duration::from_secs(6));
        server.with(|host, _| host.faults.add(giving_back(gateway), late));
        let refund = format!("/office/attempts/{order}a1/refund");
        let sent = visit.post(&refund, "amount=18.00");
        let cut = tokio::time::timeout(Duration::from_millis(1500), sent).await;
        assert!(cut.is_err(), "{gateway}: {cut:?}");
        let server = visit.shop.simulator(gateway).unwrap().server();
        assert_eq!(server.with(|host, _| host.faults.left()), 0, "{gateway}");
        visit.shop.restart().await.unwrap();

        let told = |outcome| format!("data-follow-up=\"refund\" data-outcome=\"{outcome}\"");
        if matches!(gateway, "coolpay" | "opp-v1") {
            let office = format!("/office/orders/{order}");
            visit.shows(&office, &told("approved")).await;
            visit.until(&order, "refunded").await;
        } else {
            // It cannot be asked about there: a person must look.
            let office = visit.office(&order).await;
            assert!(office.contains(&told("unknown")), "{gateway}: {office}");
        }
        // Nothing else is given back, whether it is known or not.
        let more = visit.post(&refund, "amount=18.00").await;
        assert_eq!(more.status, StatusCode::CONFLICT, "{gateway}");
        assert_eq!(visit.booked(gateway, Kind::Refund), 1800, "{gateway}");
        assert_eq!(visit.captures(gateway), 1, "{gateway}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_refund_waits_for_the_lease_of_one_that_was_cut_off() {
    let mut visit = Visit::new().await;
    let (page, order) = visit.buy("coolpay", false).await;
    let back = visit.press("coolpay", &page, "pay").await.unwrap();
    visit.get(&back).await;
    visit.until(&order, "paid").await;
    let server = visit.shop.simulator("coolpay").unwrap().server();
    let late = Fault::Delay(Duration::from_secs(6));
    server.with(|host, _| host.faults.add(giving_back("coolpay"), late));
    let refund = format!("/office/attempts/{order}a1/refund");
    let cut = tokio::time::timeout(Duration::from_millis(1500), visit.post(&refund, "amount=9.00")).await;
    assert!(cut.is_err(), "{cut:?}");
    visit.shop.restart().await.unwrap();
    let told = "data-follow-up=\"refund\" data-outcome=\"approved\"";
    visit.shows(&format!("/office/orders/{order}"), told).await;

    // The provider tells of the first one. To the journal whoever sent it may still be at work, so that it keeps the second one back.
    let ending = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(visit.booked("coolpay", Kind::Refund), 900, "its lease goes on");
        visit.let_leases_end().await;
    };
    let (more, ()) = tokio::join!(visit.post(&refund, "amount=9.00"), ending);
    assert_eq!(more.status, StatusCode::SEE_OTHER, "{more:?}");
    visit.until(&order, "refunded").await;
    assert_eq!(visit.booked("coolpay", Kind::Refund), 1800);
}

/// The request that gives money back.
fn giving_back(gateway: &str) -> Matcher {
    match gateway {
        "opp-v1" => Matcher::on(Method::POST, "/v1/payments/").with_body("RF"),
        "opp-v3" => Matcher::on(Method::POST, "/v3/payments/").with_body("RF"),
        "carry1st" => Matcher::on(Method::POST, "/refunds/create"),
        _ => Matcher::on(Method::POST, "/refund"),
    }
}

/// The request that opens a page.
fn opening(gateway: &str) -> Matcher {
    match gateway {
        "opp-v1" => Matcher::on(Method::POST, "/v1/checkouts"),
        "opp-v3" => Matcher::on(Method::POST, "/v3/checkouts"),
        "carry1st" => Matcher::on(Method::POST, "/payments/create"),
        _ => Matcher::on(Method::PUT, "/link"),
    }
}

impl Visit {
    /// Every lease in the journal is as if it had been taken ten minutes earlier.
    async fn let_leases_end(&self) {
        let past = Timestamp::now().checked_sub(Duration::from_secs(600)).unwrap();
        let options = SqliteConnectOptions::new().filename(self.config.with_extension("db"));
        let mut file = SqliteConnection::connect_with(&options).await.unwrap();
        let ends = "UPDATE paymux_intents SET due = 0, body = json_set(body, '$.lease.until', $1) \
            WHERE json_extract(body, '$.lease.until') IS NOT NULL";
        query(ends).bind(past.to_string()).execute(&mut file).await.unwrap();
        file.close().await.unwrap();
    }

    /// No webhook of this gateway's arrives from now on.
    fn lose_webhooks(&self, gateway: &str) {
        let server = self.shop.simulator(gateway).unwrap().server();
        server.with(|host, _| {
            for _ in 0..10 {
                host.webhook_faults.add(Matcher::any(), WebhookFault::Lost);
            }
        });
    }

    /// How many times money was taken at a gateway.
    fn captures(&self, gateway: &str) -> usize {
        let server = self.shop.simulator(gateway).unwrap().server();
        server.with(|host, _| {
            let captures = host.ledger().movements.iter().filter(|m| m.kind == Kind::Capture);
            captures.count()
        })
    }
}
