//! Finds out what a request asks for, and lets it in.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use jiff::Timestamp;

use super::Qolo;
use super::reading::{Errors, Fields, wrong};
use super::writing::{Answer, Refusal};
use crate::wire;

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
enum Ask<'a> {
    Login,
    Transfer,
    Quote,
    Cancel,
    RefundRequest,
    Reversal(&'a str),
    Transaction(&'a str),
    Transactions,
    Disburse,
    PayoutOptions,
    NewPayment,
    Payments,
    Payment(&'a str),
    CancelPayment(&'a str),
    PaymentLog(&'a str),
    NewInstrument,
    Instruments,
    Instrument(&'a str),
    InstrumentStatus(&'a str),
    NewPerson,
    Persons,
    Person(&'a str),
    Accounts,
    Account(&'a str),
    ProgramAccounts(&'a str),
    NewHook,
    Hooks,
    Hook(&'a str),
    ChangeHook(&'a str),
}

impl<'a> Ask<'a> {
    fn of(method: &str, path: &[&'a str]) -> Option<Self> {
        Some(match (method, path) {
            ("POST", ["auth", "login"]) => Self::Login,
            ("POST", ["transfers"]) => Self::Transfer,
            ("POST", ["transfers", "quote"]) => Self::Quote,
            ("POST", ["transfers", "eft", "cancel"]) => Self::Cancel,
            ("POST", ["transfers", "RequestForTransferRefund"]) => Self::RefundRequest,
            ("POST", ["transfers", guid, "reversals"]) => Self::Reversal(guid),
            ("POST", ["transactions", "search"]) => Self::Transactions,
            ("GET", ["transactions", guid]) => Self::Transaction(guid),
            ("POST", ["disbursements"]) => Self::Disburse,
            ("GET", ["disbursements", "payoutoptions"]) => Self::PayoutOptions,
            ("POST", ["payments"]) => Self::NewPayment,
            ("GET", ["payments"]) => Self::Payments,
            ("GET", ["payments", guid]) => Self::Payment(guid),
            ("PUT", ["payments", guid]) => Self::CancelPayment(guid),
            ("GET", ["payments", guid, "transactions"]) => Self::PaymentLog(guid),
            ("POST", ["outside_instruments"]) => Self::NewInstrument,
            ("GET", ["outside_instruments"]) => Self::Instruments,
            ("GET", ["outside_instruments", guid]) => Self::Instrument(guid),
            ("POST", ["outside_instruments", guid]) => Self::InstrumentStatus(guid),
            ("POST", ["persons"]) => Self::NewPerson,
            ("POST", ["persons", "search"]) => Self::Persons,
            ("GET", ["persons", guid]) => Self::Person(guid),
            ("GET", ["accounts"]) => Self::Accounts,
            ("GET", ["accounts", guid]) => Self::Account(guid),
            ("GET", ["accounts", "program", guid]) => Self::ProgramAccounts(guid),
            ("POST", ["webhooks"]) => Self::NewHook,
            ("GET", ["webhooks"]) => Self::Hooks,
            ("GET", ["webhooks", guid]) => Self::Hook(guid),
            ("PUT", ["webhooks", guid]) => Self::ChangeHook(guid),
            _ => return None,
        })
    }

    /// Whether an `IdempotencyKey` means something here.
    fn creates(self) -> bool {
        matches!(
            self,
            Self::Transfer
                | Self::Cancel
                | Self::RefundRequest
                | Self::Reversal(_)
                | Self::Disburse
                | Self::NewPayment
                | Self::NewInstrument
                | Self::InstrumentStatus(_)
                | Self::NewPerson
                | Self::NewHook
        )
    }

    /// Whether the request may come without a body.
    fn bodiless(self) -> bool {
        matches!(self, Self::Reversal(_) | Self::CancelPayment(_))
    }
}

impl Qolo {
    /// Answers a request, time having passed already.
    pub(super) fn answer(&mut self, now: Timestamp, request: &Request<Bytes>) -> Answer {
        let segments = wire::segments(request);
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ["api", "v1", path @ ..] = parts.as_slice() else {
            return Err(Refusal::unknown("resource"));
        };
        let method = request.method().as_str();
        let Some(ask) = Ask::of(method, path) else {
            let known = ["GET", "POST", "PUT"].iter().any(|m| Ask::of(m, path).is_some());
            return Err(if known {
                Refusal::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "The resource does not have this method.",
                )
            } else {
                Refusal::unknown("resource")
            });
        };
        if !matches!(ask, Ask::Login) {
            self.let_in(now, request)?;
        }
        if matches!(method, "POST" | "PUT") {
            json_only(request)?;
        }
        if !ask.creates() {
            return self.perform(now, ask, request);
        }
        if let Some(again) = self.recall(now, request)? {
            return Ok(again);
        }
        let response = self.perform(now, ask, request)?;
        self.remember(now, request, &response);
        Ok(response)
    }

    fn perform(&mut self, now: Timestamp, ask: Ask<'_>, request: &Request<Bytes>) -> Answer {
        let mut fields = Fields::none();
        if matches!(request.method().as_str(), "POST" | "PUT") && !(ask.bodiless() && request.body().is_empty()) {
            fields = Fields::parse(request.body())
                .ok_or_else(|| Refusal::field("$", "The body must be one JSON object."))?;
        }
        let query = wire::query(request);
        match ask {
            Ask::Login => self.login(now, fields),
            Ask::Transfer => self.transfer(now, fields),
            Ask::Quote => self.quote(now, fields),
            Ask::Cancel => self.cancel(now, fields),
            Ask::RefundRequest => self.request_refund(now, fields),
            Ask::Reversal(guid) => self.reverse(now, guid, fields),
            Ask::Transaction(guid) => self.transaction(guid),
            Ask::Transactions => self.transactions(now, fields),
            Ask::Disburse => self.disburse(now, fields),
            Ask::PayoutOptions => self.payout_options(&query),
            Ask::NewPayment => self.new_payment(now, fields),
            Ask::Payments => self.list_payments(&query),
            Ask::Payment(guid) => self.one_payment(guid),
            Ask::CancelPayment(guid) => self.cancel_payment(guid),
            Ask::PaymentLog(guid) => self.payment_log(guid, &query),
            Ask::NewInstrument => self.new_instrument(fields),
            Ask::Instruments => self.list_instruments(&query),
            Ask::Instrument(guid) => self.one_instrument(guid),
            Ask::InstrumentStatus(guid) => self.instrument_status(guid, fields),
            Ask::NewPerson => self.new_person(fields),
            Ask::Persons => self.search_persons(fields),
            Ask::Person(guid) => self.one_person(guid),
            Ask::Accounts => self.list_accounts(&query),
            Ask::Account(guid) => self.one_account(guid),
            Ask::ProgramAccounts(guid) => self.program_accounts(now, guid, &query),
            Ask::NewHook => self.new_hook(now, fields),
            Ask::Hooks => self.list_hooks(&query),
            Ask::Hook(guid) => self.one_hook(guid),
            Ask::ChangeHook(guid) => self.change_hook(now, guid, fields),
        }
    }
}

/// Refuses a body that is not said to be JSON.
fn json_only(request: &Request<Bytes>) -> Result<(), Refusal> {
    let kind = wire::text(request.headers(), header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if request.body().is_empty() || kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "Bodies are application/json.",
    ))
}

/// Start index and limit of a list's query; the index counts from one.
pub(super) fn window(query: &[(String, String)], default: i64) -> Result<(i64, i64), Refusal> {
    let mut errors = Errors::new();
    let mut read = |name: &str, absent: i64, least: i64| match wire::first(query, name).map(str::parse::<i64>) {
        None => absent,
        Some(Ok(number)) if (least..=1000).contains(&number) || (name == "start_index" && number >= least) => number,
        Some(_) => {
            wrong(&mut errors, name, "Must be a whole number in range.");
            absent
        }
    };
    let found = (read("start_index", 1, 0), read("limit", default, 1));
    Refusal::unless_none(errors)?;
    Ok(found)
}
