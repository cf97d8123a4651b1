//! The platform whose result codes are written `ddd.ddd.ddd`, in both of its shapes: the gateway under `/v3` and its elder under `/v1`.
//!
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use paymux_simulator::opp::{Opp, Settings};
//! use paymux_simulator::{Kind, Provider as _};
//!
//! let mut provider = Opp::new(Settings::v3());
//! let sale = "entityId=EB000001&amount=92.00&currency=EGP&paymentType=DB&merchantTransactionId=order1001a1\
//!             &card.number=4200000000000000&card.holder=Jane+Jones&card.expiryMonth=05&card.expiryYear=2034&card.cvv=123";
//! let request = Request::post("/v3/payments").header("authorization", "Bearer sim-token");
//! let request = request.header("content-type", "application/x-www-form-urlencoded").body(Bytes::from(sale))?;
//! let answer = provider.handle("2026-01-02T03:04:05Z".parse()?, &request);
//! assert!(answer.body().windows(11).any(|text| text == b"000.100.110"));
//! let mut booked = provider.ledger().by_reference("order1001a1");
//! assert!(booked.next().is_some_and(|one| (one.kind, one.minor) == (Kind::Capture, 9200)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not modelled:
//!
//! * schedules, payment links, authentication without a payment, rebills, receipts and reversed chargebacks;
//! * brands that are not cards, which are refused with `600.200.201`;
//! * changing or deleting a checkout, checkouts that only register a card, and reading a checkout under `payments/{id}`;
//! * reversing a part of an authorization or a debit; authorizations that lapse by themselves; windows for captures and refunds;
//! * lists of currencies and countries: any three capital letters are a currency;
//! * address checks, risk rules, recognition of duplicates, and the formats of customer, billing, shipping and browser fields;
//! * merchant advice codes and `resultDetails`;
//! * several merchants, tokens that end, and credentials in form fields;
//! * limits on anything but the reading of checkouts and, if wanted, of payments;
//! * notifications by `GET`, by other ciphers and by signature, and those about risk and schedules;
//! * the request that opens the hidden frame of the bank before a challenge: it may be made and is not missed.

mod cards;
mod challenge;
mod checkout;
mod codes;
mod engine;
mod follow;
mod form;
mod mail;
mod object;
mod office;
mod order;
mod payments;
mod record;
mod registrations;
mod reports;
mod routes;
mod settings;
mod test_cards;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;

use crate::{BackOfficeAction, Entry, Kind, Ledger, Movement, Origin, Provider, Webhook};

pub use settings::{Api, Settings};
pub use test_cards::TEST_CARDS;

/// The simulated platform.
#[derive(Clone, Debug)]
pub struct Opp {
    settings: Settings,
    ledger: Ledger,
    payments: BTreeMap<String, record::Payment>,
    checkouts: BTreeMap<String, checkout::Checkout>,
    registrations: BTreeMap<String, registrations::Registration>,
    mail: mail::Mail,
    later: Vec<(Timestamp, String, &'static str)>,
    reads: BTreeMap<String, Vec<Timestamp>>,
    forced: Option<String>,
    count: u64,
}

impl Opp {
    /// Starts a platform that knows of no payment.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            ledger: Ledger::default(),
            payments: BTreeMap::new(),
            checkouts: BTreeMap::new(),
            registrations: BTreeMap::new(),
            mail: mail::Mail::default(),
            later: Vec::new(),
            reads: BTreeMap::new(),
            forced: None,
            count: 0,
        }
    }

    /// Tells how the platform is set up.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Gives the set-up to be changed, such as the public address once it is known.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }
}

impl Provider for Opp {
    fn name(&self) -> &'static str {
        "opp"
    }

    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        self.settle_due(now);
        self.route(now, request)
    }

    fn only_reads(&self, request: &Request<Bytes>) -> bool {
        let path = request.uri().path();
        request.method() == Method::GET && !(path.contains("/checkouts/") && path.ends_with("/payment"))
    }

    fn due(&mut self, now: Timestamp) -> Vec<Webhook> {
        self.settle_due(now);
        self.mail.due(now, &self.settings)
    }

    fn answered(&mut self, now: Timestamp, webhook: u64, status: Option<StatusCode>) {
        self.mail.answered(now, webhook, status, self.settings.api);
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
        let id = self.new_id(now, "payment");
        let reference = format!("foreign-{}", self.count);
        let mut payment = self.blank(now, &id, record::Type::Debit, Origin::Foreign);
        payment.money = form::Money::of_minor(minor, currency);
        payment.reference = Some(reference.clone());
        payment.code = codes::success(&self.settings, false).to_owned();
        payment.booked = true;
        self.payments.insert(id.clone(), payment);
        self.ledger.book(Movement {
            at: now,
            kind: Kind::Capture,
            payment: id.clone(),
            id,
            reference: Some(reference),
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
