//! Carry1st Pay1st, the gateway integration of version 4: tokens, payments with a hosted page, methods, fulfilments, refunds, webhooks.
//!
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use paymux_simulator::Provider as _;
//! use paymux_simulator::carry1st::{Carry1st, Settings};
//!
//! let mut provider = Carry1st::new(Settings::default());
//! let mut grant = |pair: &str| {
//!     let request = Request::post("/api/pay1st/auth/token").header("authorization", format!("Basic {pair}"));
//!     let request = request.header("content-type", "application/vnd.carry1st.payments.partnerauthentication+json");
//!     let request = request.body(Bytes::from(r#"{"role":"API_USER"}"#)).expect("a request");
//!     provider.handle(jiff::Timestamp::UNIX_EPOCH, &request)
//! };
//! let granted = grant("c2ltLWtleTpzaW0tc2VjcmV0"); // sim-key:sim-secret
//! let token: serde_json::Value = serde_json::from_slice(granted.body())?;
//! assert!(token["accessToken"].is_string());
//! assert_eq!(grant("c2ltLWtleTp3cm9uZw").status(), 401); // sim-key:wrong
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! What this simulator does not model:
//!
//! - real error codes: the provider publishes none, those here begin with `SIM_`;
//! - prices and quantities of products adding up to the amount;
//! - limits of amounts, lengths, currencies and countries; any pair of country and currency is taken;
//! - what the customer is asked for on the hosted page (PIN, one-time password, phone), other than as statuses on demand;
//! - a pending payment that settles by itself: it waits for the page, for [`Carry1st::finish`], or for its time to be over;
//! - lookups of refunds, anything about disputes but their status on a payment, the shop integration, and the older versions;
//! - refunds under way as `PROCESSING`, refunds that a channel cannot make, and a payment's status changing after a refund by the API;
//! - a `partnerRefundReference` that was used before: it makes another refund, as nothing is known that would stop it;
//! - whether a report of delivered products fits the payment;
//! - refresh tokens that expire, and access tokens that end when their pair is renewed;
//! - an `AccessToken` header on webhooks, and the older webhook signature without a timestamp;
//! - the `Accept` header: any is taken.

mod amount;
mod fulfilment;
mod methods;
mod order;
mod outbox;
mod page;
mod payment;
mod refund;
mod refusal;
mod settings;
mod signing;
#[cfg(test)]
mod tests;
mod tokens;
mod views;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub use fulfilment::{Fulfilled, Fulfilment};
pub use page::TEST_CARDS;
pub use settings::{Duplicate, Settings, Urls};

use self::payment::Payment;
use self::refund::Refund;
use self::refusal::Refusal;
use crate::{BackOfficeAction, Entry, Kind, Ledger, Movement, Origin, Provider, Webhook, wire};

const AUTHENTICATION: &str = "application/vnd.carry1st.payments.partnerauthentication+json";
const CHANNEL: &str = "application/vnd.carry1st.payments.paymentchannel+json";
const PAYMENT: &str = "application/vnd.carry1st.payments.payment+json";
const REFUND: &str = "application/vnd.carry1st.payments.refund+json";

/// The simulated provider.
#[derive(Clone, Debug)]
pub struct Carry1st {
    settings: Settings,
    tokens: tokens::Tokens,
    payments: Vec<Payment>,
    refunds: Vec<Refund>,
    fulfilments: Vec<Fulfilment>,
    outbox: outbox::Outbox,
    ledger: Ledger,
    forced: Option<String>,
    serial: u64,
}

#[derive(Clone, Copy)]
enum Call {
    Token,
    Renew,
    Methods,
    Create,
    LookUp,
    Fulfil,
    Refund,
}

impl Carry1st {
    /// A provider without any payment.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            serial: settings.first_number,
            settings,
            tokens: tokens::Tokens::default(),
            payments: Vec::new(),
            refunds: Vec::new(),
            fulfilments: Vec::new(),
            outbox: outbox::Outbox::default(),
            ledger: Ledger::default(),
            forced: None,
        }
    }

    /// The settings, to be changed while it runs.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// The references of all payments, oldest first.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        self.payments.iter().map(|payment| payment.reference.as_str())
    }

    /// A payment's status.
    #[must_use]
    pub fn status(&self, reference: &str) -> Option<&str> {
        self.payments
            .iter()
            .find(|payment| payment.reference == reference)
            .map(|payment| payment.status.as_str())
    }

    /// A link to the hosted page with a fresh token, for demos that have no merchant's side.
    pub fn link(&mut self, now: Timestamp, reference: &str) -> String {
        let token = self.tokens.mint(now, self.settings.token_life);
        format!(
            "{}{}?reference={reference}&accessToken={}",
            self.settings.checkout_base,
            page::PATH,
            utf8_percent_encode(&token, NON_ALPHANUMERIC),
        )
    }

    /// A number that was never given before.
    fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Does what time does.
    fn settle(&mut self, now: Timestamp) {
        self.decide(now);
        self.abandon(now);
    }

    fn api(&mut self, now: Timestamp, request: &Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
        let (method, media, call) = self.route(request.uri().path())?;
        if *request.method() != method {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "SIM_METHOD",
                format!("this resource takes {method} only"),
            ));
        }
        if wire::text(request.headers(), "content-type") != Some(media) {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "SIM_MEDIA_TYPE",
                format!("this resource takes {media} only"),
            ));
        }
        match call {
            Call::Token => return self.tokens.grant(now, &self.settings, request),
            Call::Renew => return self.tokens.renew(now, &self.settings, request),
            _ => self.tokens.check(now, request.headers())?,
        }
        if method == Method::POST || self.settings.signed_gets {
            signing::check(&self.settings.signing_key, self.settings.tolerance, now, request)?;
        }
        match call {
            Call::Methods => methods::list(request),
            Call::LookUp => self.look_up(request),
            Call::Create => self.create(now, request.body()),
            Call::Fulfil => self.fulfil(request.body()),
            Call::Refund => self.refund(now, request.body()),
            Call::Token | Call::Renew => Err(Refusal::unknown("no such resource")),
        }
    }

    fn route(&self, path: &str) -> Result<(Method, &'static str, Call), Refusal> {
        let route = match path {
            "/api/pay1st/auth/token" => (Method::POST, AUTHENTICATION, Call::Token),
            "/api/pay1st/auth/refresh" => (Method::POST, AUTHENTICATION, Call::Renew),
            "/api/pay1st/payments/methods" => (Method::GET, CHANNEL, Call::Methods),
            "/api/pay1st/payments/create" => (Method::POST, PAYMENT, Call::Create),
            "/api/pay1st/payments" => (Method::GET, PAYMENT, Call::LookUp),
            "/api/pay1st/payments/fulfilments" => (Method::POST, PAYMENT, Call::Fulfil),
            "/api/pay1st/transactions/refunds/create" if self.settings.refunds => (Method::POST, REFUND, Call::Refund),
            _ => return Err(Refusal::unknown("no such resource")),
        };
        Ok(route)
    }
}

impl Provider for Carry1st {
    fn name(&self) -> &'static str {
        "carry1st"
    }

    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        self.settle(now);
        if request.uri().path() == page::PATH {
            return self.page(now, request);
        }
        match self.api(now, request) {
            Ok(response) => response,
            Err(refusal) => refusal.answer(self.serial()),
        }
    }

    fn due(&mut self, now: Timestamp) -> Vec<Webhook> {
        self.settle(now);
        self.outbox.due(now, &self.settings)
    }

    fn answered(&mut self, now: Timestamp, webhook: u64, status: Option<StatusCode>) {
        self.outbox.answered(now, webhook, status, &self.settings);
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    fn expire_tokens(&mut self) {
        self.tokens.expire();
    }

    /// The next payment that is finished, or the next refund that is taken, comes to this status.
    fn force_code(&mut self, code: &str) {
        self.forced = Some(code.to_owned());
    }

    /// Only the ledger shows it: the provider has no search, and nobody can look up a payment of somebody else.
    fn add_foreign(&mut self, now: Timestamp, minor: i64, currency: &str) {
        let number = self.serial();
        self.ledger.book(Movement {
            at: now,
            kind: Kind::Capture,
            payment: format!("C-9{number:014}-P"),
            id: format!("C-9{number:014}-T"),
            reference: Some(format!("foreign-{number}")),
            minor,
            currency: currency.to_owned(),
            origin: Origin::Foreign,
        });
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
