//! A visitor without a screen: requests over real HTTP, forms as a browser sends them, no redirect followed unasked.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests, and not every test uses all"
)]

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use paymux::transport::{MarkedBody, ReqwestTransport, Transport as _};
use shop::{Running, Settings, start};
use tempfile::TempDir;

/// A shop, a visitor, and the folder of the shop's files.
pub(crate) struct Visit {
    pub(crate) shop: Running,
    pub(crate) config: PathBuf,
    client: ReqwestTransport,
    /// Goes after the shop does.
    _folder: TempDir,
}

/// What a request came to.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
}

impl Visit {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("shop.toml");
        Self {
            shop: start(Settings::test(config.clone())).await.unwrap(),
            config,
            client: ReqwestTransport::new(),
            _folder: folder,
        }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.shop.url())
        }
    }

    pub(crate) async fn get(&self, address: &str) -> Seen {
        self.request(Method::GET, address, "", &[]).await
    }

    /// Sends a form as a page of ours does.
    pub(crate) async fn post(&self, address: &str, form: &str) -> Seen {
        self.request(Method::POST, address, form, &[("sec-fetch-site", "same-origin")])
            .await
    }

    pub(crate) async fn request(
        &self,
        method: Method,
        address: &str,
        form: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Seen {
        let mut request = Request::builder().method(method.clone()).uri(self.at(address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = MarkedBody::new(Bytes::copy_from_slice(form.as_bytes())).0;
        let reply = self.client.send(request.body(body).unwrap()).await.unwrap();
        let location = reply
            .headers
            .get(header::LOCATION)
            .map(|value| value.to_str().unwrap().to_owned());
        Seen {
            status: reply.status,
            location,
            text: String::from_utf8_lossy(&reply.body).into_owned(),
        }
    }

    /// Buys the mug and gives the provider's page and the attempt's reference.
    pub(crate) async fn buy(&self, gateway: &str, hold: bool) -> (String, String) {
        let known = self.orders().await;
        let hold = if hold { "&hold=yes" } else { "" };
        let sent = self
            .post("/orders", &format!("product=mug&gateway={gateway}{hold}"))
            .await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        let page = sent.location.unwrap();
        assert!(
            page.starts_with(&self.shop.simulator(gateway).unwrap().server().url()),
            "{page}"
        );
        let new: Vec<_> = self
            .orders()
            .await
            .into_iter()
            .filter(|order| !known.contains(order))
            .collect();
        assert_eq!(new.len(), 1);
        (page, new[0].clone())
    }

    /// The ids of all orders, newest first.
    pub(crate) async fn orders(&self) -> Vec<String> {
        let office = self.get("/office").await.text;
        let rows = office.split("<tr data-order=\"").skip(1);
        rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
    }

    /// Presses a button on a provider's page; gives where the browser is sent.
    pub(crate) async fn press(&self, gateway: &str, page: &str, what: &str) -> Option<String> {
        let (address, form) = match (gateway, what) {
            ("coolpay", "pay") => (page.to_owned(), "do=pay&number=1000000000000008".to_owned()),
            ("coolpay", other) => (page.to_owned(), format!("do={other}&number=1000000000000008")),
            ("carry1st", what) => {
                let outcome = match what {
                    "pay" => "SUCCESSFUL",
                    "decline" => "FAILED",
                    "cancel" => "CANCELLED",
                    "hold" => "PENDING_INVESTIGATION",
                    other => other,
                };
                let (address, query) = page.split_once('?').unwrap();
                (address.to_owned(), format!("{query}&outcome={outcome}"))
            }
            (_, what) => (page.to_owned(), format!("action={what}&card=4200000000000000")),
        };
        let sent = self.request(Method::POST, &address, &form, &[]).await;
        assert!(
            sent.status.is_success() || sent.status.is_redirection(),
            "{gateway} {what}: {} {}",
            sent.status,
            sent.text
        );
        sent.location
    }

    /// The order's status as its page says it.
    pub(crate) async fn status(&self, order: &str) -> String {
        let page = self.get(&format!("/orders/{order}")).await.text;
        attribute(&page, "id=\"order-status\" data-status=\"")
    }

    /// Waits until the page says this.
    pub(crate) async fn until(&self, order: &str, status: &str) {
        let mut last = String::new();
        for _ in 0..600 {
            last = self.status(order).await;
            if last == status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let office = self.office(order).await;
        panic!("the page says {last}, and {status} was expected: {office}");
    }

    pub(crate) async fn office(&self, order: &str) -> String {
        self.get(&format!("/office/orders/{order}")).await.text
    }

    /// Waits until a page has a text.
    pub(crate) async fn shows(&self, address: &str, text: &str) -> String {
        let mut page = String::new();
        for _ in 0..1000 {
            page = self.get(address).await.text;
            if page.contains(text) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{address} does not show {text}: {page}");
    }

    /// Until nobody asks a provider anything any more, as webhooks make the shop do.
    pub(crate) async fn until_quiet(&self, gateway: &str) {
        let server = self.shop.simulator(gateway).unwrap().server();
        let mut before = u64::MAX;
        for _ in 0..60 {
            let requests = server.with(|host, _| host.requests());
            if requests == before {
                return;
            }
            before = requests;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("{gateway} is asked without end");
    }

    /// What the provider's ledger has of a kind, all payments together, in minor units.
    pub(crate) fn booked(&self, gateway: &str, kind: paymux_simulator::Kind) -> i64 {
        let server = self.shop.simulator(gateway).unwrap().server();
        server.with(|host, _| {
            host.ledger()
                .movements
                .iter()
                .filter(|m| m.kind == kind)
                .map(|m| m.minor)
                .sum()
        })
    }
}

pub(crate) fn attribute(page: &str, before: &str) -> String {
    let rest = page.split_once(before).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// Every gateway that the shop starts with.
pub(crate) const GATEWAYS: [&str; 4] = ["coolpay", "opp-v3", "opp-v1", "carry1st"];
