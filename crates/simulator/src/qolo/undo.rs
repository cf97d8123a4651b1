//! Reverses transfers, cancels ACH transfers in time, and asks for real-time money back.

use http::StatusCode;
use jiff::Timestamp;

use super::Qolo;
use super::accept::{APPROVE, approves};
use super::order::TYPES;
use super::reading::{Errors, Fields};
use super::state::{Rail, Row, State};
use super::writing::{Answer, Object, Refusal, answer};
use crate::{Kind, Origin, wire};

impl Qolo {
    /// The code that was forced on the next operation, unless it lets the operation go through.
    fn forced_refusal(&mut self) -> Option<String> {
        self.forced.take().filter(|code| !approves(code))
    }

    pub(super) fn reverse(&mut self, now: Timestamp, guid: &str, fields: Fields) -> Answer {
        let original = self.row(guid).cloned().ok_or_else(|| Refusal::unknown("transaction"))?;
        let (asked, reference) = reversal(fields, &original)?;
        let minor = reversible(&original, asked)?;
        let told = Object::new()
            .put("transfer_type", original.transfer_type)
            .money("amount", minor, &original.currency)
            .put("currency", &original.currency)
            .put("client_reference_id", &reference)
            .put("source_txn_guid", &original.guid);
        if let Some(code) = self.forced_refusal() {
            if self.settings.empty_reversals {
                return Err(Refusal::bad(format!("The reversal came to {code}.")));
            }
            return Ok(answer(
                StatusCode::OK,
                told.put("response_code", &code).put("reason_code", "FORCED"),
            ));
        }
        let row = self.reversing(now, &original, minor, reference);
        self.enter(now, row);
        if let Some(row) = self.row_mut(&original.guid) {
            row.reversed += minor;
        }
        if self.settings.empty_reversals {
            return Ok(wire::empty(StatusCode::CREATED));
        }
        Ok(answer(StatusCode::OK, told))
    }

    /// The transaction that takes so much of another one back.
    fn reversing(&mut self, now: Timestamp, original: &Row, minor: i64, reference: Option<String>) -> Row {
        let (sent_at, settles_at) = self.walk(now, original.rail);
        Row {
            guid: self.guid(),
            eft_guid: original.eft_guid.as_ref().map(|_| self.guid()),
            payment_guid: None,
            base: Some(original.guid.clone()),
            kind: Kind::Refund,
            from: original.to.clone(),
            to: original.from.clone(),
            source: original.destination.clone(),
            destination: original.source.clone(),
            minor,
            reference,
            state: State::Pending,
            at: now,
            sent_at,
            settles_at,
            settled_at: None,
            returns: None,
            reversed: 0,
            origin: Origin::Api,
            code: APPROVE.to_owned(),
            reason: "NONE".to_owned(),
            reason_text: None,
            ..original.clone()
        }
    }

    pub(super) fn cancel(&mut self, now: Timestamp, mut fields: Fields) -> Answer {
        let mut errors = Errors::new();
        let txn = fields.guid(&mut errors, "txn_guid");
        let eft = fields.guid(&mut errors, "bank_eft_guid");
        fields.end(&mut errors);
        Refusal::unless_none(errors)?;
        let found = match (&txn, &eft) {
            (None, None) => return Err(Refusal::field("txn_guid", "Is required, or bank_eft_guid is.")),
            _ => self
                .rows
                .iter()
                .find(|r| txn.as_ref().is_none_or(|guid| *guid == r.guid) && (eft.is_none() || eft == r.eft_guid)),
        };
        let row = found.cloned().ok_or_else(|| Refusal::unknown("transfer"))?;
        if row.rail != Rail::Ach || row.base.is_some() {
            return Err(Refusal::bad("Only ACH transfers can be cancelled."));
        }
        if row.state != State::Pending || row.reversed > 0 {
            return Err(Refusal::bad("This transfer cannot be cancelled any more."));
        }
        if now >= row.sent_at {
            return Err(Refusal::bad("This transfer has been sent to the bank."));
        }
        let forced = self.forced_refusal();
        let reverse_guid = forced.is_none().then(|| self.guid());
        if forced.is_none() {
            self.let_go(now, &row.guid);
        }
        Ok(answer(
            StatusCode::CREATED,
            Object::new()
                .put("channel_name", row.rail.name())
                .put("txn_guid", &row.guid)
                .put("bank_eft_guid", &row.eft_guid)
                .put("reverse_bank_eft_guid", &reverse_guid)
                .money("amount", row.minor, &row.currency)
                .put("response_code", forced.as_deref().unwrap_or(APPROVE))
                .put("reason_code", if forced.is_some() { "FORCED" } else { "NONE" }),
        ))
    }

    /// Asks the other bank for the money of a real-time payment; nothing moves.
    pub(super) fn request_refund(&mut self, now: Timestamp, mut fields: Fields) -> Answer {
        let mut errors = Errors::new();
        fields.required(&mut errors, "txn_guid");
        let guid = fields.guid(&mut errors, "txn_guid").unwrap_or_default();
        fields.end(&mut errors);
        Refusal::unless_none(errors)?;
        let row = self
            .row(&guid)
            .cloned()
            .ok_or_else(|| Refusal::unknown("transaction"))?;
        if row.rail != Rail::Rtp {
            return Err(Refusal::bad("Only real-time payments can be asked back."));
        }
        if !matches!(row.state, State::Pending | State::Settled) {
            return Err(Refusal::bad("This payment did not go through."));
        }
        let (payer, beneficiary) = match row.kind {
            Kind::Capture => (row.instrument.as_ref(), None),
            _ => (None, row.instrument.as_ref()),
        };
        Ok(answer(
            StatusCode::CREATED,
            Object::new()
                .put("bank_eft_guid", &self.guid())
                .put("channel_name", row.rail.name())
                .put("request_code", "RTP-REFUND-REQ")
                .put("response_code", APPROVE)
                .put("reason_code", "NONE")
                .money("txn_amount", row.minor, &row.currency)
                .put("txn_currency_code", &row.currency)
                .put("txn_date", &now)
                .put("payment_date", &now)
                .put("reference_number", &row.guid.replace('-', ""))
                .put("payer_instrument_guid", &payer)
                .put("beneficiary_instrument_guid", &beneficiary)
                .put("orig_account_guid", &row.from)
                .put("recv_account_guid", &row.to),
        ))
    }
}

/// Reads a reversal of a transfer: the amount and the reference, if they are given.
fn reversal(mut fields: Fields, original: &Row) -> Result<(Option<i64>, Option<String>), Refusal> {
    let mut errors = Errors::new();
    let e = &mut errors;
    let transfer_type = fields.word(e, "transfer_type", &TYPES);
    let minor = fields.money(e, "amount", &original.currency);
    let currency = fields.currency(e, "currency");
    let reference = fields.text(e, "client_reference_id", 1..=usize::MAX);
    let source = fields.guid(e, "source_txn_guid");
    fields.text(e, "reason_description", 0..=4000);
    fields.end(e);
    Refusal::unless_none(errors)?;
    if transfer_type.is_some_and(|t| t != original.transfer_type) {
        return Err(Refusal::field("transfer_type", "Is not the type of the transfer."));
    }
    if currency.is_some_and(|c| c != original.currency) {
        return Err(Refusal::field("currency", "Is not the currency of the transfer."));
    }
    if source.is_some_and(|s| s != original.guid) {
        return Err(Refusal::field("source_txn_guid", "Is not the transaction in the path."));
    }
    Ok((minor, reference))
}

/// How much of a transfer is reversed, if that much can be: what is asked, or all that is left.
fn reversible(original: &Row, asked: Option<i64>) -> Result<i64, Refusal> {
    let can_be = matches!(original.kind, Kind::Capture | Kind::Transfer)
        && matches!(original.state, State::Pending | State::Settled)
        && original.arrives.is_none();
    if !can_be {
        return Err(Refusal::bad("This transaction cannot be reversed."));
    }
    let left = original.minor - original.reversed;
    let minor = asked.unwrap_or(left);
    if minor > left || left == 0 {
        return Err(Refusal::field("amount", "Is more than what is left of the transfer."));
    }
    Ok(minor)
}
