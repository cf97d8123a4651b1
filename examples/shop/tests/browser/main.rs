//! A walk through the shop in a real browser: what the pages say, and what the providers' ledgers say.
//!
//! Needs Debian's packages chromium and chromium-driver. Without them nothing is walked, which is said on standard error; with PAYMUX_REQUIRE_BROWSER set it is a
//! failure. With PAYMUX_PICTURES=DIR, pictures of the pages are written there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod driver;
mod office;
mod pages;
mod walks;

use driver::Driver;
use pages::World;
use tokio::sync::Mutex;

/// One browser at a time: two cores are shared by everything that a page needs.
static TURN: Mutex<()> = Mutex::const_new(());

/// Every provider with a page of its own, each through every way that a checkout can go.
async fn walk(gateway: &'static str) {
    let _turn = TURN.lock().await;
    let Some(driver) = Driver::start() else {
        return;
    };
    let mut world = World::new(&driver, gateway).await;
    walks::paid(&mut world).await;
    walks::declined(&mut world).await;
    walks::abandoned(&mut world).await;
    walks::held_then_accepted(&mut world).await;
    walks::webhook_before_return(&mut world).await;
    walks::webhook_after_return(&mut world).await;
    walks::webhook_twice(&mut world).await;
    walks::forged(&mut world).await;
    walks::two_tabs_both_pay(&mut world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coolpay() {
    walk("coolpay").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opp_v3() {
    walk("opp-v3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opp_v1() {
    walk("opp-v1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn carry1st() {
    walk("carry1st").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_office() {
    let _turn = TURN.lock().await;
    let Some(driver) = Driver::start() else {
        return;
    };
    let mut world = World::new(&driver, "coolpay").await;
    office::capture_and_refund(&mut world).await;
    office::an_unknown_outcome_is_found_out(&mut world).await;
    office::another_configuration(&mut world).await;
    office::pictures(&mut world).await;
    world.end().await;
}
