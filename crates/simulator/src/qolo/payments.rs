//! Keeps scheduled payments, and shows them together with queued disbursements.

use http::StatusCode;
use jiff::Timestamp;

use super::Qolo;
use super::reading::{Errors, Fields, wrong};
use super::route::window;
use super::state::{Payment, State};
use super::writing::{Answer, Object, Refusal, answer, page};
use crate::wire;

const REQUEST_CODES: [&str; 3] = ["PT_TOPUP", "PT_COLLECTION", "PT_ACCOUNTDISB"];

impl Qolo {
    pub(super) fn new_payment(&mut self, now: Timestamp, mut fields: Fields) -> Answer {
        let mut errors = Errors::new();
        let e = &mut errors;
        fields.required(e, "payment_base_currency");
        let currency = fields.currency(e, "payment_base_currency").unwrap_or_default();
        let reference = fields.must(e, "reference_code", 1..=32).unwrap_or_default();
        let due = fields
            .must(e, "payment_due_date", 1..=64)
            .map(|text| text.parse::<Timestamp>());
        let due = match due {
            Some(Ok(due)) => due,
            Some(Err(_)) => {
                wrong(e, "payment_due_date", "Must be a moment by RFC 3339.");
                now
            }
            None => now,
        };
        let minor = fields.money(e, "payment_amount", &currency);
        let description = fields.text(e, "payment_description", 0..=256);
        let request_code = fields.word(e, "payment_request_code", &REQUEST_CODES);
        let wallet_guid = fields.guid(e, "requestor_wallet_guid");
        fields.skip(&["payer", "payee", "payment_balance", "payment_schedule"]);
        fields.end(e);
        Refusal::unless_none(errors)?;
        let payment = Payment {
            guid: self.guid(),
            chain: self.guid(),
            schedule: self.guid(),
            at: now,
            due,
            wallet_guid,
            minor,
            currency,
            reference,
            request_code: request_code.map(str::to_owned),
            description,
            cancelled: false,
            txn: None,
        };
        let told = self.payment_shown(&payment);
        self.payments.push(payment);
        Ok(answer(StatusCode::CREATED, told))
    }

    pub(super) fn list_payments(&self, query: &[(String, String)]) -> Answer {
        let moment = |name: &str| match wire::first(query, name).map(str::parse::<Timestamp>) {
            None => Ok(None),
            Some(Ok(at)) => Ok(Some(at)),
            Some(Err(_)) => Err(Refusal::field(name, "Must be a moment by RFC 3339.")),
        };
        let (from, until) = (moment("start_search_date")?, moment("end_search_date")?);
        let wallet = wire::first(query, "wallet_guid");
        let (start, limit) = window(query, 100)?;
        let found = self.payments.iter().filter(|p| {
            (wallet.is_none() || p.wallet_guid.as_deref() == wallet)
                && from.is_none_or(|from| p.at >= from)
                && until.is_none_or(|until| p.at <= until)
        });
        Ok(page(found.map(|p| self.payment_shown(p)).collect(), start, limit))
    }

    pub(super) fn one_payment(&self, guid: &str) -> Answer {
        let found = self.payments.iter().find(|p| p.guid == guid);
        let found = found.ok_or_else(|| Refusal::unknown("payment"))?;
        Ok(answer(StatusCode::OK, self.payment_shown(found)))
    }

    /// Cancels a scheduled payment. A second time changes nothing; a queued disbursement cannot be cancelled.
    pub(super) fn cancel_payment(&mut self, guid: &str) -> Answer {
        let found = self.payments.iter_mut().find(|p| p.guid == guid);
        let found = found.ok_or_else(|| Refusal::unknown("payment"))?;
        if found.txn.is_some() {
            return Err(Refusal::bad("This payment is being carried out."));
        }
        found.cancelled = true;
        self.one_payment(guid)
    }

    pub(super) fn payment_log(&self, guid: &str, query: &[(String, String)]) -> Answer {
        let found = self.payments.iter().find(|p| p.guid == guid);
        let found = found.ok_or_else(|| Refusal::unknown("payment"))?;
        let (start, limit) = window(query, 100)?;
        let row = found.txn.as_deref().and_then(|txn| self.row(txn));
        let log = row.map(|row| {
            Object::new()
                .put("payment_guid", &found.guid)
                .put("schedule_guid", &found.schedule)
                .put("payment_date", &row.at)
                .put("response_code", &row.code)
                .put("reason_code", &row.reason)
                .put("txn_guid", &row.guid)
                .money("amount", row.minor, &row.currency)
                .put("error_description", &row.reason_text)
        });
        Ok(page(log.into_iter().collect(), start, limit))
    }

    fn payment_shown(&self, payment: &Payment) -> Object {
        let row = payment.txn.as_deref().and_then(|txn| self.row(txn));
        let status = match row.map(|row| row.state) {
            None if payment.cancelled => "CANCELLED",
            None => "SCHEDULED",
            Some(State::Pending) => "QUEUED",
            Some(State::Settled) => "COMPLETED",
            Some(State::Declined | State::Cancelled | State::Returned) => "FAILED",
        };
        let object = Object::new()
            .put("payment_guid", &payment.guid)
            .put("payment_chain", &payment.chain)
            .put("payment_base_currency", &payment.currency)
            .put("payment_due_date", &payment.due)
            .put("reference_code", &payment.reference)
            .put("payment_description", &payment.description)
            .put("payment_request_code", &payment.request_code)
            .put("requestor_wallet_guid", &payment.wallet_guid)
            .put("response_code", &row.map(|row| &row.code))
            .put("reason_code", &row.map(|row| &row.reason))
            .put("payment_status", status);
        match payment.minor {
            Some(minor) => object.money("payment_amount", minor, &payment.currency),
            None => object,
        }
    }
}
