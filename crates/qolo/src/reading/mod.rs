//! From a reply to an answer or an error: the integrity checks, and what a ledger row comes to.

mod refusal;

use std::borrow::Cow;

use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use paymux_core::{
    Answer, CodeClass, Entry, EntryKind, EntryOutcome, Error, ErrorKind, Fate, MethodSummary, Money, Outcome, Payment,
    PaymentRef, PaymentState, RawReply, Reference, Refund, Reply, Void, currency,
};

use crate::adapter::{PROVIDER, Qolo};
use crate::codes::{self, TransferType};
use crate::shapes::{CancelReply, LedgerRow, ReversalReply, TransferReply};

use refusal::plain;
pub(crate) use refusal::{is_bare, is_undone, refusal};

/// What was asked of `POST transfers`.
pub(crate) struct Asked<'a> {
    pub(crate) kind: TransferType,
    pub(crate) reference: &'a Reference,
    pub(crate) amount: Money,
    pub(crate) order: Option<&'a str>,
}

impl Qolo {
    /// A reference to the payment of a transaction, with what kind of transfer it is where that is known.
    pub(crate) fn payment_ref(&self, txn_guid: &str, kind: Option<TransferType>) -> PaymentRef {
        let kind = kind.map(TransferType::as_str);
        PaymentRef::new(
            PROVIDER,
            self.capabilities.account.clone(),
            std::iter::once(txn_guid).chain(kind),
        )
    }

    /// What `POST transfers` answered. Without a status of its own, an accepted transfer is pending.
    pub(crate) fn created(&self, reply: &Reply, asked: &Asked<'_>) -> Result<Answer, Error> {
        let body: TransferReply<'_> = reply.json().map_err(|error| error.with_fate(Fate::Unknown))?;
        // With an id that is none, the transfer could never be found again.
        let Some(guid) = body.txn_guid.as_deref().filter(|guid| is_guid(guid)) else {
            return Err(incomplete(reply, "txn_guid"));
        };
        let reference = self.payment_ref(guid, Some(asked.kind));
        let mut payment = Payment::new(reference, PaymentState::Pending);
        payment.merchant_reference = Some(asked.reference.to_string());
        payment.order = asked.order.map(str::to_owned);
        payment.amount = Some(asked.amount);
        let (outcome, entry_outcome) = booked(
            body.response_code.as_deref(),
            body.reason_code.as_deref(),
            body.reason_code_description.as_deref(),
            Outcome::Pending,
        );
        let mut entry = Entry::new(asked.kind.entry(), Some(asked.amount), entry_outcome).with_id(guid);
        entry.reference = Some(asked.reference.to_string());
        payment.entries = vec![entry];
        payment.state = PaymentState::of(&payment.entries).unwrap_or(PaymentState::Pending);
        let kind = body.transfer_type.as_deref();
        let echo = body.client_reference_id.as_deref();
        let difference = self
            .differs(body.amount.as_deref(), body.currency.as_deref(), asked.amount)
            .or_else(|| other("transfer_type", kind, asked.kind.as_str()))
            .or_else(|| other("client_reference_id", echo, asked.reference.as_str()));
        match difference {
            Some(difference) => Err(Error::mismatch(difference, payment).with_status(reply.status)),
            None => Ok(Answer::new(outcome, payment)),
        }
    }

    /// What a ledger row says of a payment.
    pub(crate) fn ledger(&self, row: LedgerRow<'_>, guid: &str, kind: Option<TransferType>, now: Timestamp) -> Answer {
        let amount = self.row_amount(&row);
        let (outcome, entry_outcome) = match judge(&row, now) {
            // An approval of nobody knows how much is none.
            (Outcome::Approved, _) if amount.is_none() => unread("txn_amount", row.txn_amount.as_deref().unwrap_or("")),
            judged => judged,
        };
        let mut payment = Payment::new(self.payment_ref(guid, kind), PaymentState::Pending);
        let entry_kind = kind.map_or(EntryKind::Other, TransferType::entry);
        let mut entry = Entry::new(entry_kind, amount, entry_outcome).with_id(guid);
        let dates = [&row.settle_date, &row.post_date, &row.txn_date];
        entry.at = dates.into_iter().flatten().find_map(|date| moment(date));
        entry.reference = row.client_reference_id.as_deref().map(str::to_owned);
        payment.merchant_reference = row.client_reference_id.map(Cow::into_owned);
        payment.amount = amount;
        payment.method = MethodSummary::of(row.channel_name.map(Cow::into_owned), None);
        payment.entries = vec![entry];
        payment.state = match (&outcome, kind) {
            // Settled, and nobody says in which direction.
            (Outcome::Approved, None) => PaymentState::Transferred,
            _ => PaymentState::of(&payment.entries).unwrap_or(PaymentState::Pending),
        };
        Answer::new(outcome, payment)
    }

    /// The magnitude of a row: what was asked for, in its own currency. Whether debits carry a sign is not documented.
    pub(crate) fn row_amount(&self, row: &LedgerRow<'_>) -> Option<Money> {
        let (text, code) = match (row.txn_amount.as_deref(), row.txn_currency.as_deref()) {
            (Some(text), Some(code)) => (text, code),
            (None, None) => (row.amount.as_deref()?, row.account_currency.as_deref()?),
            _ => return None,
        };
        let code = currency(&code.to_ascii_uppercase()).ok()?;
        let magnitude = text.strip_prefix('-').unwrap_or(text);
        self.capabilities.scales.from_text(magnitude, code).ok()
    }

    /// What a reversal answered: accepted, and nothing says yet that money moved.
    pub(crate) fn reversed(&self, reply: &Reply, refund: &Refund, kind: Option<TransferType>) -> Result<Answer, Error> {
        let guid = refund.payment.id();
        // A 201 is documented without a body.
        let body: ReversalReply<'_> = if reply.status == StatusCode::CREATED && reply.body.trim_ascii().is_empty() {
            ReversalReply::default()
        } else {
            reply.json().map_err(|error| error.with_fate(Fate::Unknown))?
        };
        let (outcome, entry_outcome) = booked(
            body.response_code.as_deref(),
            body.reason_code.as_deref(),
            body.reason_code_description.as_deref(),
            Outcome::Pending,
        );
        let mut payment = Payment::new(self.payment_ref(guid, kind), PaymentState::Pending);
        let mut entry = Entry::new(EntryKind::Refund, Some(refund.amount), entry_outcome);
        entry.reference = Some(refund.reference.to_string());
        payment.entries = vec![entry];
        let difference = self
            .differs(body.amount.as_deref(), body.currency.as_deref(), refund.amount)
            .or_else(|| other("source_txn_guid", body.source_txn_guid.as_deref(), guid))
            .or_else(|| {
                let echo = body.client_reference_id.as_deref();
                other("client_reference_id", echo, refund.reference.as_str())
            });
        match difference {
            Some(difference) => Err(Error::mismatch(difference, payment).with_status(reply.status)),
            None => Ok(Answer::new(outcome, payment)),
        }
    }

    /// What the cancel of an ACH entry answered: done, if its code says so and what was asked is what it is about.
    pub(crate) fn cancelled(&self, reply: &Reply, void: &Void, kind: TransferType) -> Result<Answer, Error> {
        let guid = void.payment.id();
        let body: CancelReply<'_> = reply.json().map_err(|error| error.with_fate(Fate::Unknown))?;
        let response = body.response_code.as_deref();
        let whole = response.is_some() && (void.amount.is_none() || body.amount.is_some());
        let otherwise = if whole { Outcome::Approved } else { Outcome::Pending };
        let (outcome, entry_outcome) = booked(response, body.reason_code.as_deref(), None, otherwise);
        let mut payment = Payment::new(self.payment_ref(guid, Some(kind)), PaymentState::Pending);
        let mut entry = Entry::new(EntryKind::Void, void.amount, entry_outcome);
        entry.id = body.reverse_bank_eft_guid.map(Cow::into_owned);
        entry.reference = Some(void.reference.to_string());
        payment.entries = vec![entry];
        if outcome.is_approved() {
            payment.state = PaymentState::Voided;
        }
        let amount = body.amount.as_deref();
        let difference = void.amount.and_then(|asked| self.differs(amount, None, asked));
        match difference.or_else(|| other("txn_guid", body.txn_guid.as_deref(), guid)) {
            Some(difference) => Err(Error::mismatch(difference, payment).with_status(reply.status)),
            None if body.txn_guid.is_none() => Err(incomplete(reply, "txn_guid").with_payment(payment)),
            None => Ok(Answer::new(outcome, payment)),
        }
    }

    /// How an echoed amount or currency differs from what was asked; absent is no difference.
    fn differs(&self, amount: Option<&str>, code: Option<&str>, asked: Money) -> Option<String> {
        if let Some(code) = code
            && !code.eq_ignore_ascii_case(asked.currency().code())
        {
            return Some(format!(
                "the provider booked currency {}, and {asked} was asked",
                plain(code)
            ));
        }
        let amount = amount?;
        match self.capabilities.scales.from_text(amount, asked.currency()) {
            Ok(booked) if booked == asked => None,
            _ => Some(format!(
                "the provider booked amount {}, and {asked} was asked",
                plain(amount)
            )),
        }
    }
}

/// Whether a text has the form of an id: 32 hexadecimal digits, however hyphenated.
fn is_guid(text: &str) -> bool {
    let mut digits = text.bytes().filter(|b| *b != b'-');
    digits.clone().count() == 32 && digits.all(|b| b.is_ascii_hexdigit())
}

/// A success without a readable field that decides.
fn incomplete(reply: &Reply, field: &str) -> Error {
    Error::new(
        ErrorKind::Provider,
        format!("the provider accepted, and its reply has no readable {field}"),
    )
    .with_fate(Fate::Unknown)
    .with_status(reply.status)
    .with_raw(RawReply::new(reply.body.clone()))
}

/// How an echoed text differs from what was asked; ids are compared without regard to case.
fn other(field: &str, echo: Option<&str>, asked: &str) -> Option<String> {
    let echo = echo.filter(|echo| !echo.eq_ignore_ascii_case(asked))?;
    Some(format!(
        "the provider answers with {field} {}, and {asked} was asked",
        plain(echo)
    ))
}

/// What an accepting reply came to: `otherwise`, unless its response code declines or cannot be read.
fn booked(
    response: Option<&str>,
    reason: Option<&str>,
    text: Option<&str>,
    otherwise: Outcome,
) -> (Outcome, EntryOutcome) {
    let Some(code) = response else {
        return same(otherwise);
    };
    match codes::response(code) {
        CodeClass::Declined => declined(code, reason, text),
        CodeClass::Approved => same(otherwise),
        _ => unread("response_code", code),
    }
}

/// What a ledger row came to. Only a settlement date that has come, with no word against it, is an approval.
fn judge(row: &LedgerRow<'_>, now: Timestamp) -> (Outcome, EntryOutcome) {
    if let Some(code) = &row.response_code {
        match codes::response(code) {
            CodeClass::Declined => {
                let text = row.reason_code_description.as_deref();
                return declined(code, row.reason_code.as_deref(), text);
            }
            CodeClass::Approved => {}
            _ => return unread("response_code", code),
        }
    }
    if let Some(word) = &row.txn_status {
        match codes::status(word) {
            CodeClass::Approved => {}
            CodeClass::Pending => return same(Outcome::Pending),
            _ => return unread("txn_status", word),
        }
    }
    if let Some(code) = row.reason_code.as_deref().filter(|code| codes::is_ach_return(code)) {
        return unread("reason_code", code);
    }
    match row.settle_date.as_deref() {
        None => same(Outcome::Pending),
        // The zero of the provider's platform.
        Some(date) if date.starts_with("0001-01-01") => same(Outcome::Pending),
        Some(date) => match moment(date) {
            Some(settled) if settled <= now => same(Outcome::Approved),
            Some(_) => same(Outcome::Pending),
            None => unread("settle_date", date),
        },
    }
}

fn same(outcome: Outcome) -> (Outcome, EntryOutcome) {
    let entry = match outcome {
        Outcome::Approved => EntryOutcome::Approved,
        _ => EntryOutcome::Pending,
    };
    (outcome, entry)
}

fn declined(code: &str, reason: Option<&str>, text: Option<&str>) -> (Outcome, EntryOutcome) {
    let decline = codes::decline(code, reason, text.map(str::to_owned));
    (Outcome::Declined(decline.clone()), EntryOutcome::Declined(decline))
}

/// Not decided, with the word that we cannot read.
fn unread(field: &str, word: &str) -> (Outcome, EntryOutcome) {
    let kept = format!("{field} {}", plain(word));
    (Outcome::Pending, EntryOutcome::Unknown(kept))
}

/// A date as the provider writes it; without an offset it is taken as UTC.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let civil: DateTime = text.parse().ok()?;
    civil
        .to_zoned_datetime(TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}
