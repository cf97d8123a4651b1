//! Simulates CoolPay: the JSON API v10 of the QuickPay family, its hosted page and its callbacks.
//!
//! There is no sandbox at this provider: test cards ([`TEST_CARDS`]) go through the same account, and what comes of them is marked
//! `test_mode`. The number of the card decides what happens.
//!
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use paymux_simulator::coolpay::{CoolPay, Settings};
//! use paymux_simulator::{Kind, Provider as _};
//!
//! let now = jiff::Timestamp::constant(1_767_323_045, 0);
//! let mut provider = CoolPay::new(Settings::default());
//! let mut post = |path: &str, body: &'static str| {
//!     // The key `sim-api-key`, with an empty user.
//!     let request = Request::post(path).header("authorization", "Basic OnNpbS1hcGkta2V5");
//!     let request = request.header("accept-version", "v10").header("accept", "application/json");
//!     let request = request.header("content-type", "application/json").body(Bytes::from(body)).expect("a request");
//!     let answer = provider.handle(now, &request);
//!     serde_json::from_slice::<serde_json::Value>(answer.body()).expect("JSON")
//! };
//! let id = post("/payments", r#"{"order_id":"1001a1","currency":"DKK"}"#)["id"].to_string();
//! let card = r#"{"amount":1000,"card":{"number":"1000000000000008","expiration":"3012","cvd":"123"}}"#;
//! post(&format!("/payments/{id}/authorize?synchronized"), card);
//! assert_eq!(provider.ledger().total(&id, Kind::Authorize), 1000);
//! ```
//!
//! An operation without `?synchronized` is answered at once and ends [`Settings::operation_time`] later, at the first request or
//! [`crate::Provider::due`] after that. A held card ends after 60 seconds, whoever waits.
//!
//! A code for [`crate::Provider::force_code`] is a `qp_status_code`, with an acquirer's code after a slash where it matters:
//! `50300`, `40000/40413`. `20200` leaves the operation pending until [`CoolPay::decide`] or an abort ends it.
//!
//! The simulator does not model:
//!
//! - user logins, further agreements, rights per user beyond [`Settings::denied`], address restrictions, rate limits;
//! - wallets and other methods than cards: `session` and wallet tokens are refused, `mobile_number` is passed over;
//! - fees: `fee` is always null, `auto_fee` and `fee_vat` change nothing;
//! - the choice among acquirers: the account has one, or the request names one;
//! - the filter of `payment_methods`, languages, branding and framing of the hosted page, and the legacy form post;
//! - subscription groups, split captures, scheduled captures (`auto_capture_at`), capture by deadline, expiry of authorizations;
//! - 3-D Secure without the hosted page, other than a result that the caller brings (`cavv` and `eci`);
//! - fraud rules, disputes, settlements, bookkeeping and the administrative resources;
//! - the redelivery of a callback to another address after 301 or 307: both count as not taken;
//! - `page_key`, the old spellings of link fields on payments, and the versions of the API before and after v10;
//! - the reservation on the card itself: a subscription's authorization holds no money, a renewal changes none.

mod account;
mod callbacks;
mod card;
mod deeds;
mod input;
mod links;
mod office;
mod operate;
mod page;
mod refusal;
mod resources;
mod routes;
mod settings;
mod sign;
mod state;
mod test_cards;
mod verdict;
mod view;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use jiff::Timestamp;

pub use self::settings::{HeaderPrefix, Settings};
use self::state::{Resource, Type};
pub use self::test_cards::TEST_CARDS;
use crate::{BackOfficeAction, Entry, Ledger, Provider, Webhook, wire};

/// The simulated provider, with one merchant account.
#[derive(Clone, Debug)]
pub struct CoolPay {
    settings: Settings,
    resources: BTreeMap<u64, Resource>,
    orders: BTreeMap<(Type, String), u64>,
    hexes: BTreeMap<String, u64>,
    tokens: BTreeMap<String, Token>,
    /// What ends by itself: when, and which operation of which resource. Operation 0 is the deadline of the link.
    queue: BTreeSet<(Timestamp, u64, u64)>,
    callbacks: Vec<callbacks::Callback>,
    /// Cards that are approved once and were.
    used_once: BTreeSet<String>,
    forced: Option<String>,
    host: Option<String>,
    last_id: u64,
    last_delivery: u64,
    links_made: u64,
    ledger: Ledger,
}

/// A token for one charge of a saved card.
#[derive(Clone, Debug)]
struct Token {
    card: u64,
    used: bool,
}

impl CoolPay {
    /// Opens an account without any payment.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            last_id: settings.first_id,
            settings,
            resources: BTreeMap::new(),
            orders: BTreeMap::new(),
            hexes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            queue: BTreeSet::new(),
            callbacks: Vec::new(),
            used_once: BTreeSet::new(),
            forced: None,
            host: None,
            last_delivery: 0,
            links_made: 0,
            ledger: Ledger::default(),
        }
    }

    /// What addresses of this simulator begin with.
    fn base(&self) -> String {
        let set = self.settings.base_url.trim_end_matches('/');
        match &self.host {
            Some(host) if set.ends_with(":0") => format!("http://{host}"),
            _ => set.to_owned(),
        }
    }
}

impl Provider for CoolPay {
    fn name(&self) -> &'static str {
        "coolpay"
    }

    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        self.settle(now);
        if let Some(host) = wire::text(request.headers(), header::HOST.as_str()) {
            self.host = Some(host.to_owned());
        }
        match page::hex_of(&wire::segments(request)) {
            Some(hex) => self.hosted_page(now, request, hex),
            None => self.api(now, request),
        }
    }

    fn due(&mut self, now: Timestamp) -> Vec<Webhook> {
        self.settle(now);
        self.callbacks_due(now)
    }

    fn answered(&mut self, now: Timestamp, webhook: u64, status: Option<StatusCode>) {
        self.delivered(now, webhook, status);
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    fn force_code(&mut self, code: &str) {
        self.forced = Some(code.to_owned());
    }

    fn add_foreign(&mut self, now: Timestamp, minor: i64, currency: &str) {
        self.book_foreign(now, minor, currency);
    }

    fn entries(&self) -> Vec<Entry> {
        self.listed()
    }

    fn act(&mut self, now: Timestamp, payment: &str, action: BackOfficeAction, minor: Option<i64>) -> bool {
        self.take_action(now, payment, action, minor)
    }

    fn fork(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }
}

fn later(now: Timestamp, time: Duration) -> Timestamp {
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}
