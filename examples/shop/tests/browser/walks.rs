//! Every way that a checkout can go.

use std::time::Duration;

use http::Method;
use paymux_simulator::{Fault, Matcher, WebhookFault};

use crate::pages::{NOTHING, ONCE, World};

/// The customer pays, comes back, and the page says so.
pub(crate) async fn paid(world: &mut World) {
    let order = world.order(false).await;
    world.press("pay").await;
    world.back(&order).await;
    world.status("paid").await;
    world.browser.sees("#order-amount", "12.50 EUR").await;
    world.booked(&order, ONCE).await;
    assert_eq!(
        world.browser.count("#continue, #pay-again").await,
        0,
        "nothing more can be paid"
    );
}

/// The bank refuses; the page says so, and the customer may try again, on the same page or on another.
pub(crate) async fn declined(world: &mut World) {
    let order = world.order(false).await;
    world.press("decline").await;
    if world.gateway == "coolpay" {
        // Its window stays, and takes another card.
        world.browser.sees("#notice", "Not paid").await;
        world.visit(&format!("/orders/{order}")).await;
    }
    world.back(&order).await;
    world.status("declined").await;
    world.browser.sees("#order-next", "Nothing was charged").await;
    world.booked(&order, NOTHING).await;
    if world.browser.count("#continue").await > 0 {
        world.browser.click("#continue").await;
    } else {
        let gateway = format!("#pay-again #gateway-{}", world.gateway);
        world.browser.click(&gateway).await;
        world.browser.click("#pay-again #pay").await;
        world.browser.sees("body", "No money moves here").await;
    }
    world.press("pay").await;
    world.back(&order).await;
    world.status("paid").await;
    world.booked(&order, ONCE).await;
}

/// The customer closes the page without paying. Nothing is charged; where the page stays open, it can be gone on with.
pub(crate) async fn abandoned(world: &mut World) {
    let order = world.order(false).await;
    world.press("close").await;
    let over = world.gateway == "carry1st";
    world
        .browser
        .sees("h1", if over { "The end" } else { "You closed" })
        .await;
    world.visit(&format!("/orders/{order}")).await;
    world.status(if over { "expired" } else { "to-pay" }).await;
    world.booked(&order, NOTHING).await;
    assert_eq!(world.browser.count("#continue").await, usize::from(!over));
    assert_eq!(
        world.browser.count("#pay-again").await,
        usize::from(over),
        "another attempt only when the first is over"
    );
}

/// The provider holds the payment, or has not decided; the page says so, and says "paid" once the provider's people accept it.
pub(crate) async fn held_then_accepted(world: &mut World) {
    let order = world.order(false).await;
    world.press("hold").await;
    world.back(&order).await;
    let held = if world.gateway.starts_with("opp") {
        "review"
    } else {
        "pending"
    };
    world.status(held).await;
    assert_eq!(
        world.browser.count("#continue, #pay-again").await,
        0,
        "nobody may pay again while it is undecided"
    );
    let desk = world.browser.tab().await;
    let provider = world.shop.simulator(world.gateway).unwrap().server().url();
    world.browser.open(&format!("{provider}/simulator")).await;
    world.browser.click("#payments button[value=accept]").await;
    world.browser.sees("#payments", "").await;
    world.browser.close_tab(desk).await;
    // The page changes by itself.
    world.status("paid").await;
    world.booked(&order, ONCE).await;
}

/// The provider's word is there before the browser is.
pub(crate) async fn webhook_before_return(world: &mut World) {
    let since = world.delivered();
    let order = world.order(false).await;
    let page = world.browser.url().await;
    let path = page
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .unwrap()
        .1;
    let path = path.split('?').next().unwrap().to_owned();
    world.provider(|host| {
        host.faults
            .add(Matcher::on(Method::POST, &path), Fault::Delay(Duration::from_secs(3)));
    });
    let watching = world.browser.tab().await;
    world.visit(&format!("/orders/{order}")).await;
    world.status("to-pay").await;
    let watcher = world.browser.switch(watching.clone()).await;
    world.press_and_leave("pay").await;
    let paying = world.browser.switch(watcher).await;
    world.status("paid").await;
    let answers = world.answers(None, since, 1).await;
    assert!(answers.contains(&200), "{}: {answers:?}", world.gateway);
    world.browser.close_tab(paying).await;
    world.back(&order).await;
    world.status("paid").await;
    world.booked(&order, ONCE).await;
}

/// The browser is back before the provider's word: the shop asks, and the webhook changes nothing more.
pub(crate) async fn webhook_after_return(world: &mut World) {
    let since = world.delivered();
    let order = world.order(false).await;
    world.provider(|host| {
        host.webhook_faults
            .add(Matcher::any(), WebhookFault::Late(Duration::from_secs(3)));
    });
    world.press("pay").await;
    world.back(&order).await;
    world.status("paid").await;
    assert!(
        world.answers(Some("late"), since, 0).await.is_empty(),
        "it has not come yet"
    );
    let answers = world.answers(Some("late"), since, 1).await;
    assert!(
        answers.iter().all(|status| *status == 200),
        "{}: {answers:?}",
        world.gateway
    );
    world.status("paid").await;
    world.booked(&order, ONCE).await;
}

/// The same webhook comes twice.
pub(crate) async fn webhook_twice(world: &mut World) {
    let since = world.delivered();
    let order = world.order(false).await;
    world.provider(|host| host.webhook_faults.add(Matcher::any(), WebhookFault::Twice));
    world.press("pay").await;
    world.back(&order).await;
    world.status("paid").await;
    let twice = world.answers(Some("twice"), since, 1).await;
    assert_eq!(twice, [200], "{}", world.gateway);
    world.status("paid").await;
    world.booked(&order, ONCE).await;
    world.visit("/office").await;
    let verdict = if world.gateway == "opp-v3" { "accepted" } else { "seen" };
    world
        .browser
        .sees(&format!("#deliveries tr[data-delivery={verdict}]"), "")
        .await;
}

/// Somebody else says that the payment failed, before the provider says that it did not.
pub(crate) async fn forged(world: &mut World) {
    let since = world.delivered();
    let order = world.order(false).await;
    world.provider(|host| host.webhook_faults.add(Matcher::any(), WebhookFault::Forged));
    world.press("pay").await;
    world.back(&order).await;
    world.status("paid").await;
    let forged = world.answers(Some("forged"), since, 1).await;
    // Where nothing is signed, nothing shows a forgery: it only makes the shop ask.
    let expected = if world.gateway == "opp-v3" { 200 } else { 401 };
    assert_eq!(forged, [expected], "{}", world.gateway);
    world.status("paid").await;
    world.booked(&order, ONCE).await;
    if expected == 401 {
        world.visit("/office").await;
        world
            .browser
            .sees("#deliveries tr[data-delivery=refused]", "refused")
            .await;
    }
}

/// The customer has the provider's page open twice, and pays in both.
pub(crate) async fn two_tabs_both_pay(world: &mut World) {
    let order = world.order(false).await;
    let page = world.browser.url().await;
    let first = world.browser.tab().await;
    world.browser.open(&page).await;
    let second = world.browser.switch(first).await;
    world.press("pay").await;
    world.back(&order).await;
    world.status("paid").await;
    let done = world.browser.switch(second).await;
    // This tab still shows the form.
    world.press("pay").await;
    world.browser.sees("body", "").await;
    world.booked(&order, ONCE).await;
    world.browser.close_tab(done).await;
    world.visit(&format!("/orders/{order}")).await;
    world.status("paid").await;
}
