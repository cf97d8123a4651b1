//! Simulates Qolo, and the same product under KeyBank's name: accounts, outside instruments, transfers between them, webhooks.
//!
//! There is no merchant acquiring: money comes in by pulling it from a stored outside instrument into an account, and
//! goes out by pushing it from an account to one.
//!
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use paymux_simulator::qolo::{Qolo, Settings, seeds};
//! use paymux_simulator::{Kind, Provider as _};
//!
//! let mut provider = Qolo::new(Settings::qolo());
//! let mut post = |path: &str, token: &str, body: String| {
//!     let request = Request::post(format!("/api/v1/{path}")).header("authorization", format!("Bearer {token}"));
//!     let request = request.header("content-type", "application/json").body(Bytes::from(body)).expect("a request");
//!     let answer = provider.handle(jiff::Timestamp::UNIX_EPOCH, &request);
//!     serde_json::from_slice::<serde_json::Value>(answer.body()).expect("JSON")
//! };
//! let told = post("auth/login", "", r#"{"login_id":"sim-login","api_key":"sim-key"}"#.to_owned());
//! let pull = format!(
//!     r#"{{"client_reference_id":"order1001a1","transfer_type":"BANKTOACCOUNT","amount":25.10,"currency":"USD","description":"Order",
//!     "source":{{"outside_instrument_guid":"{}"}},"destination":{{"account_guid":"{}"}}}}"#,
//!     seeds::INSTRUMENT_ACH, seeds::ACCOUNT,
//! );
//! let transfer = post("transfers", told["access_token"].as_str().expect("a token"), pull);
//! let guid = transfer["txn_guid"].as_str().expect("a transfer");
//! assert_eq!(provider.ledger().total(guid, Kind::Capture), 2510);
//! ```
//!
//! # When money counts as booked
//!
//! A transfer is booked in the ledger when it is accepted, pending or not, because a second POST without the same `IdempotencyKey`
//! would move the money again. What undoes it books its own movement: a reversal [`Kind::Refund`](crate::Kind::Refund), an ACH transfer
//! cancelled in time [`Kind::Void`](crate::Kind::Void), a bank's return [`Kind::Return`](crate::Kind::Return). Balances are another
//! matter: what comes in is in `suspense_balance` until it settles, what goes out leaves `available_balance` at once and
//! `ledger_balance` when it settles.
//!
//! In the ledger `payment` is the `txn_guid` (for what a disbursement carries out, the `payment_guid`), `reference` the
//! `client_reference_id`.
//!
//! # Choices where the documents are silent
//!
//! - Bodies are checked strictly: a field that is not known, or of another kind, is 400 with a map of errors; null counts as absent. An
//!   amount may have trailing zeros beyond the currency's decimals, nothing else beyond them, and no exponent.
//! - An `IdempotencyKey` belongs to one path and one body, byte by byte. Its first 2xx answer is repeated as it was; another body or
//!   path is 409 (settable). Refused requests are not remembered.
//! - A refusal for business reasons is 201 with `response_code` `DECLINE` (settable: 400). An accepted transfer's answer has no code;
//!   looked up, its code is `APPROVE` from the start, while `txn_status` is still `pending`.
//! - `txn_status` goes from `pending` to `settled`, `declined`, `cancelled` or `returned`; a returned one keeps its `settle_date`
//!   and has the bank's code as `reason_code`. A cancelled one has no `settle_date`.
//! - Nothing answers with the `client_reference_id` of a transfer, and no search finds it.
//! - Searches give the newest first; the first index is 1, and `count` is the number of rows on the page.
//! - Reversals: of pulls and internal transfers, in their own currency, at any time until they are declined, cancelled or returned, in
//!   parts up to the whole; each is a transaction of its own, with `base_txn_guid`.
//! - ACH is the rail of `BANKTOACCOUNT` and `ACCOUNTTOBANK` unless `channel_type` says otherwise.
//! - A new instrument whose number ends in 0001 returns (R01), in 0002 is declined, in 0003 returns both ways (R02).
//! - A forced code on a reversal or a cancellation is told in the answer's `response_code`, and nothing happens.
//!
//! # What is not modelled
//!
//! - The issuer's side: cards, wallets, card authorizations and their simulators, the real-time callback, fees, limits.
//! - Check transfers, and `eft_info`, `check_info`, `acquiring_info` in a transfer: 400.
//! - Unloading to zero: `CARDTOPARTNER_UNLOADTOZERO` moves the amount that is given.
//! - A lack of money for reversals and returns: they may leave an account below zero.
//! - Whether account and outside instrument belong to the same person.
//! - Approval of a second person (maker and checker), scheduled transfers, approving a real-time request.
//! - Scheduled payments are kept and can be cancelled, but never carried out; disbursements go to an account or a stored instrument only.
//! - Person checks, address checks, verification amounts, blocked countries, IBAN rules; persons and instruments keep a few fields only.
//! - Webhooks for anything but transfers, disbursements and returns; deliveries out of order.
//! - Rate limits (a host's faults give 429), batch files, reports, disputes.
//! - A second program or user: every token sees everything.

mod accept;
mod accounts;
mod auth;
mod clock;
mod deliveries;
mod disbursements;
mod hooks;
mod idempotency;
mod instruments;
mod lookup;
mod office;
mod order;
mod payments;
mod persons;
mod quote;
mod reading;
mod route;
mod search;
pub mod seeds;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod undo;
mod writing;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

pub use self::office::Balances;
pub use self::settings::{Declines, LoginFields, Settings};

use self::auth::Token;
use self::deliveries::Delivery;
use self::hooks::Hook;
use self::idempotency::Remembered;
use self::state::{Account, Instrument, Payment, Person, Quote, Row};
use crate::{BackOfficeAction, Entry, Ledger, Provider, Webhook};

/// Simulates the provider.
#[derive(Clone, Debug)]
pub struct Qolo {
    settings: Settings,
    ledger: Ledger,
    made: u64,
    tokens: Vec<Token>,
    remembered: Vec<Remembered>,
    accounts: Vec<Account>,
    persons: Vec<Person>,
    instruments: Vec<Instrument>,
    quotes: Vec<Quote>,
    rows: Vec<Row>,
    payments: Vec<Payment>,
    hooks: Vec<Hook>,
    deliveries: Vec<Delivery>,
    delivered: u64,
    forced: Option<String>,
}

impl Qolo {
    /// Makes a provider with the seeded accounts, person and instruments (see [`seeds`]).
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut this = Self {
            ledger: Ledger::default(),
            made: 0,
            tokens: Vec::new(),
            remembered: Vec::new(),
            accounts: seeds::accounts(),
            persons: seeds::persons(),
            instruments: seeds::instruments(),
            quotes: Vec::new(),
            rows: Vec::new(),
            payments: Vec::new(),
            hooks: Vec::new(),
            deliveries: Vec::new(),
            delivered: 0,
            forced: None,
            settings,
        };
        this.subscribe_from_settings();
        this
    }

    /// The settings, to be changed at any time.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// The next guid; the same calls give the same guids.
    fn guid(&mut self) -> String {
        self.made += 1;
        let text = hex::encode(Sha256::digest(format!("{}#{}", self.settings.name, self.made)));
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        format!(
            "{}-{}-4{}-a{}-{}",
            part(0..8),
            part(8..12),
            part(13..16),
            part(17..20),
            part(20..32)
        )
    }

    fn account(&self, guid: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.guid == guid)
    }

    fn instrument(&self, guid: &str) -> Option<&Instrument> {
        self.instruments.iter().find(|i| i.guid == guid)
    }

    fn row(&self, guid: &str) -> Option<&Row> {
        self.rows.iter().find(|r| r.guid == guid)
    }

    fn row_mut(&mut self, guid: &str) -> Option<&mut Row> {
        self.rows.iter_mut().find(|r| r.guid == guid)
    }
}

impl Provider for Qolo {
    fn name(&self) -> &'static str {
        self.settings.name
    }

    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        self.tick(now);
        self.answer(now, request)
            .unwrap_or_else(|refusal| refusal.into_response(&self.guid()))
    }

    fn only_reads(&self, request: &Request<Bytes>) -> bool {
        request.method() == Method::GET || request.uri().path().ends_with("/search")
    }

    fn due(&mut self, now: Timestamp) -> Vec<Webhook> {
        self.tick(now);
        self.deliver(now)
    }

    fn answered(&mut self, now: Timestamp, webhook: u64, status: Option<StatusCode>) {
        self.delivery_answered(now, webhook, status);
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    fn expire_tokens(&mut self) {
        self.tokens.clear();
    }

    fn force_code(&mut self, code: &str) {
        self.forced = Some(code.to_owned());
    }

    fn add_foreign(&mut self, now: Timestamp, minor: i64, currency: &str) {
        self.stranger(now, minor, currency);
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
