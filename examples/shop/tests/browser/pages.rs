//! The shop, its simulators and a browser, and how one gets from page to page.

use std::path::PathBuf;
use std::time::Duration;

use paymux_simulator::{Delivery, Host, Kind, Reception};
use shop::{Running, Settings};

use crate::driver::{Browser, Driver};

/// A shop with its simulators, and a browser in front of it.
pub(crate) struct World {
    pub(crate) shop: Running,
    pub(crate) browser: Browser,
    pub(crate) gateway: &'static str,
    config: PathBuf,
    _folder: tempfile::TempDir,
}

/// The ledger of one order: what was booked for it, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Booked {
    /// Captures, and how many there were.
    pub(crate) taken: (i64, usize),
    /// Refunds, and how many there were.
    pub(crate) back: (i64, usize),
}

/// What the field notebook costs, in minor units.
pub(crate) const PRICE: i64 = 1250;

/// Taken once, and nothing given back.
pub(crate) const ONCE: Booked = Booked {
    taken: (PRICE, 1),
    back: (0, 0),
};

/// Nothing was booked.
pub(crate) const NOTHING: Booked = Booked {
    taken: (0, 0),
    back: (0, 0),
};

impl World {
    pub(crate) async fn new(driver: &Driver, gateway: &'static str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let config = folder.path().join("shop.toml");
        let shop = shop::start(Settings::test(config.clone())).await.unwrap();
        Self {
            browser: driver.browser().await,
            shop,
            gateway,
            config,
            _folder: folder,
        }
    }

    pub(crate) async fn end(self) {
        self.browser.close().await;
    }

    pub(crate) const fn config(&self) -> &PathBuf {
        &self.config
    }

    /// Does something with the provider behind the gateway.
    pub(crate) fn provider<T>(&self, act: impl FnOnce(&mut Host) -> T) -> T {
        let simulator = self.shop.simulator(self.gateway).unwrap();
        simulator.server().with(|host, _| act(host))
    }

    /// Opens a page of the shop.
    pub(crate) async fn visit(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.shop.url())).await;
    }

    /// Buys the notebook, and stands before the provider's page. Gives the order's id.
    pub(crate) async fn order(&self, hold: bool) -> String {
        self.visit("/").await;
        self.browser.click("#product-notebook").await;
        self.browser.click(&format!("#gateway-{}", self.gateway)).await;
        if hold {
            self.browser.click("#hold").await;
        }
        self.browser.click("#pay").await;
        let provider = self.shop.simulator(self.gateway).unwrap().server().url();
        self.at(&provider).await;
        self.browser.sees("body", "No money moves here").await;
        self.newest_order().await
    }

    /// Waits until the page's address begins so.
    pub(crate) async fn at(&self, begin: &str) {
        for _ in 0..400 {
            if self.browser.url().await.starts_with(begin) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} does not begin with {begin}", self.browser.url().await);
    }

    /// Waits until the browser is back on the order's page.
    pub(crate) async fn back(&self, order: &str) {
        self.at(&format!("{}/orders/{order}", self.shop.url())).await;
    }

    /// The newest order, as the back office lists it. The page that the browser is on stays: another tab looks.
    async fn newest_order(&self) -> String {
        let first = self.browser.tab().await;
        self.visit("/office").await;
        let order = self.browser.attribute("#orders tr[data-order]", "data-order").await;
        self.browser.close_tab(first).await;
        order
    }

    /// Presses the button of the provider's page that means this.
    pub(crate) async fn press(&self, meaning: &str) {
        self.browser.click(&self.button(meaning)).await;
    }

    /// The same, without waiting for the page that it leads to.
    pub(crate) async fn press_and_leave(&self, meaning: &str) {
        self.browser.click_and_leave(&self.button(meaning)).await;
    }

    fn button(&self, meaning: &str) -> String {
        let (name, value) = match (self.gateway, meaning) {
            ("coolpay", value) => ("do", value),
            ("carry1st", "pay") => ("outcome", "pay"),
            ("carry1st", "decline") => ("outcome", "failed"),
            ("carry1st", "hold") => ("outcome", "pending"),
            ("carry1st", "close") => ("outcome", "abandoned"),
            ("carry1st", "cancel") => ("outcome", "cancelled"),
            (_, "hold") => ("action", "review"),
            (_, value) => ("action", value),
        };
        format!("#{name}-{value}")
    }

    /// Waits until the order's page says this status, without being loaded again.
    pub(crate) async fn status(&self, expected: &str) {
        self.browser
            .sees_attribute("#order-status", "data-status", expected)
            .await;
    }

    /// Waits until the ledger has so much of the order, and a little longer, in case more comes.
    pub(crate) async fn booked(&self, order: &str, expected: Booked) {
        let mut seen = Booked::default();
        for _ in 0..100 {
            seen = self.ledger(order);
            if seen == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(seen, expected, "{}: the ledger of order {order}", self.gateway);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(self.ledger(order), expected, "{}: more came for {order}", self.gateway);
    }

    fn ledger(&self, order: &str) -> Booked {
        self.provider(|host| {
            let movements = &host.ledger().movements;
            let of_order =
                |reference: &Option<String>| reference.as_deref().is_some_and(|text| text.starts_with(order));
            let payments: Vec<_> = movements
                .iter()
                .filter(|movement| of_order(&movement.reference))
                .map(|movement| movement.payment.clone())
                .collect();
            let sum = |kind| {
                let all = movements
                    .iter()
                    .filter(|m| m.kind == kind && payments.contains(&m.payment));
                all.fold((0, 0), |(minor, count), movement| (minor + movement.minor, count + 1))
            };
            Booked {
                taken: sum(Kind::Capture),
                back: sum(Kind::Refund),
            }
        })
    }

    /// What the shop answered to the deliveries with this note since then, once there are so many and none is under way.
    pub(crate) async fn answers(&self, note: Option<&str>, since: usize, at_least: usize) -> Vec<u16> {
        for _ in 0..200 {
            let new: Vec<Delivery> = self.provider(|host| host.deliveries().skip(since).cloned().collect());
            let underway = new.iter().any(|delivery| delivery.reception == Reception::Underway);
            let noted = new.iter().filter(|delivery| delivery.note == note);
            let answers: Vec<u16> = noted
                .map(|delivery| match delivery.reception {
                    Reception::Status(status) => status.as_u16(),
                    _ => 0,
                })
                .collect();
            if answers.len() >= at_least && !underway {
                return answers;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "{}: fewer than {at_least} deliveries with the note {note:?}",
            self.gateway
        );
    }

    /// How many deliveries there were.
    pub(crate) fn delivered(&self) -> usize {
        self.provider(|host| host.deliveries().count())
    }
}
