//! What the back office shows and does.

use std::path::Path;

use crate::pages::{Booked, ONCE, PRICE, World};

/// Money that is only reserved is taken in the back office, and part of it given back.
pub(crate) async fn capture_and_refund(world: &mut World) {
    let order = world.order(true).await;
    world.press("pay").await;
    world.back(&order).await;
    world.status("authorized").await;
    world.visit(&format!("/office/orders/{order}")).await;
    world.browser.click("[data-deed=capture]").await;
    world.status("paid").await;
    world.booked(&order, ONCE).await;
    world.browser.write("[data-field=refund-amount]", "2.50").await;
    world.browser.click("[data-deed=refund]").await;
    world.status("partly-refunded").await;
    let part = Booked {
        taken: (PRICE, 1),
        back: (250, 1),
    };
    world.booked(&order, part).await;
    let entries = world.browser.count("[data-table=entries] tr[data-entry]").await;
    assert!(entries >= 3, "authorize, capture, refund: {entries}");
    world.browser.click("[data-field=raw] summary, details summary").await;
    let text = world.browser.text().await;
    for secret in ["sim-api-key", "sim-private-key"] {
        assert!(!text.contains(secret), "{secret} is shown");
    }
}

/// The answer to a refund is lost: the page says "unknown", then what was found out, and it was done once.
pub(crate) async fn an_unknown_outcome_is_found_out(world: &mut World) {
    let order = world.order(false).await;
    world.press("pay").await;
    world.back(&order).await;
    world.status("paid").await;
    world.visit("/office").await;
    world.browser.click("#fault-reset").await;
    world.browser.click("#fault-inject").await;
    world.browser.sees("[data-faults-left=coolpay]", "still to come").await;
    world.visit(&format!("/office/orders/{order}")).await;
    world.browser.write("[data-field=refund-amount]", "2.50").await;
    world.browser.click("[data-deed=refund]").await;
    world.browser.sees("[data-follow-up][data-outcome=unknown]", "").await;
    world.browser.sees("[data-follow-up][data-outcome=approved]", "").await;
    let part = Booked {
        taken: (PRICE, 1),
        back: (250, 1),
    };
    world.booked(&order, part).await;
}

/// A broken file changes nothing and is shown; a good one switches the gateways while the shop runs.
pub(crate) async fn another_configuration(world: &mut World) {
    let good = std::fs::read_to_string(world.config()).unwrap();
    world.visit("/office").await;
    std::fs::write(
        world.config(),
        good.replacen("provider = \"coolpay\"", "provider = \"coolpey\"", 1),
    )
    .unwrap();
    world.browser.sees("#config-problems", "coolpey").await;
    world
        .browser
        .sees("#gateways tr[data-gateway=coolpay]", "coolpay")
        .await;
    std::fs::write(
        world.config(),
        good.replacen("[gateways.coolpay]", "[gateways.danish-cards]", 1),
    )
    .unwrap();
    world
        .browser
        .sees("#gateways tr[data-gateway=danish-cards]", "coolpay")
        .await;
    assert_eq!(world.browser.count("#config-problems").await, 0);
    world.visit("/").await;
    world
        .browser
        .sees("label[for=gateway-danish-cards]", "danish-cards")
        .await;
    std::fs::write(world.config(), &good).unwrap();
    world.visit("/office").await;
    world
        .browser
        .sees("#gateways tr[data-gateway=coolpay]", "coolpay")
        .await;
}

/// Pictures of the pages, where they are wanted.
pub(crate) async fn pictures(world: &mut World) {
    let Some(folder) = std::env::var_os("PAYMUX_PICTURES") else {
        return;
    };
    let folder = Path::new(&folder);
    let save = |name: &str, picture: Vec<u8>| std::fs::write(folder.join(name), picture).unwrap();
    world.visit("/").await;
    save("shop.png", world.browser.picture().await);
    let order = world.order(false).await;
    save("provider.png", world.browser.picture().await);
    world.press("pay").await;
    world.back(&order).await;
    world.status("paid").await;
    save("order.png", world.browser.picture().await);
    world.visit("/office").await;
    save("office.png", world.browser.picture().await);
    world.visit(&format!("/office/orders/{order}")).await;
    save("back-office.png", world.browser.picture().await);
}
