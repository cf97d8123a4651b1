//! Accepts or declines transfers, and moves balances.

use http::StatusCode;
use jiff::Timestamp;

use super::order::Order;
use super::reading::Fields;
use super::state::{Account, Locator, Rail, Row, State};
use super::writing::{Answer, Object, Refusal, answer};
use super::{Declines, Qolo};
use crate::{Kind, Movement, Origin};

/// The code of a transfer that goes through.
pub(super) const APPROVE: &str = "APPROVE";

/// Whether a code means that the operation goes through.
pub(super) fn approves(code: &str) -> bool {
    code.eq_ignore_ascii_case(APPROVE) || code.eq_ignore_ascii_case("APPROVED")
}

/// The moment so much later.
pub(super) fn later(now: Timestamp, time: std::time::Duration) -> Timestamp {
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}

impl Qolo {
    pub(super) fn transfer(&mut self, now: Timestamp, fields: Fields) -> Answer {
        let order = self.order(now, fields)?;
        let guid = self.accept(now, order, None)?;
        let row = self.row(&guid).ok_or_else(|| Refusal::unknown("transaction"))?;
        Ok(answer(StatusCode::CREATED, transfer_answer(row)))
    }

    /// Makes a transaction of an order, accepted or declined, and gives its guid.
    pub(super) fn accept(&mut self, now: Timestamp, order: Order, payment: Option<&str>) -> Result<String, Refusal> {
        let declined = match self.forced.take() {
            Some(code) if approves(&code) => None,
            // With the reason after a slash where it matters: `DECLINE` or `DECLINE/R01`.
            Some(code) => Some(match code.split_once('/') {
                Some((code, reason)) => (code.to_owned(), reason.to_owned()),
                None => (code, "FORCED".to_owned()),
            }),
            None => match self.why_not(&order) {
                Some(reason) if self.settings.declines == Declines::BadRequest => {
                    return Err(Refusal::bad(format!("The transfer is declined: {reason}.")));
                }
                Some(reason) => Some(("DECLINE".to_owned(), reason.to_owned())),
                None => None,
            },
        };
        let guid = self.guid();
        let eft_guid = match order.rail {
            Rail::Book | Rail::Card => None,
            _ => Some(self.guid()),
        };
        let (sent_at, settles_at) = self.walk(now, order.rail);
        let returns = self
            .return_of(&order)
            .map(|code| (later(settles_at, self.settings.return_after), code));
        let accepted = declined.is_none();
        if let Some(quote) = self
            .quotes
            .iter_mut()
            .find(|q| accepted && Some(&q.reference) == order.quote.as_ref())
        {
            quote.used = true;
        }
        let row = Row {
            payment: payment.unwrap_or(&guid).to_owned(),
            payment_guid: payment.map(str::to_owned),
            guid: guid.clone(),
            eft_guid,
            base: None,
            transfer_type: order.transfer_type,
            kind: order.kind,
            rail: order.rail,
            minor: order.minor,
            currency: order.currency,
            arrives: order.arrives,
            source: Some(order.source),
            destination: Some(order.destination),
            from: order.from,
            to: order.to,
            instrument: order.instrument,
            reference: Some(order.reference),
            description: order.description,
            state: if accepted { State::Pending } else { State::Declined },
            at: now,
            sent_at,
            settles_at,
            settled_at: None,
            returns,
            code: declined.as_ref().map_or(APPROVE, |(code, _)| code).to_owned(),
            reason: declined.as_ref().map_or("NONE", |(_, reason)| reason).to_owned(),
            reason_text: declined.as_ref().map(|(_, reason)| format!("Declined: {reason}")),
            reversed: 0,
            origin: Origin::Api,
        };
        self.enter(now, row);
        Ok(guid)
    }

    /// Keeps a transaction; books it and holds the money unless it is declined.
    pub(super) fn enter(&mut self, now: Timestamp, row: Row) {
        if row.state == State::Pending {
            self.book(now, &row, row.kind, row.minor, row.origin);
            let (out, into) = (row.minor, row.arriving());
            self.shift(row.from.as_deref(), |a| a.available -= out);
            self.shift(row.to.as_deref(), |a| a.suspense += into);
        }
        self.rows.push(row);
    }

    /// Books a movement for a transaction.
    pub(super) fn book(&mut self, at: Timestamp, row: &Row, kind: Kind, minor: i64, origin: Origin) {
        let id = self.guid();
        self.ledger.book(Movement {
            at,
            kind,
            payment: row.payment.clone(),
            id,
            reference: row.reference.clone(),
            minor,
            currency: row.currency.clone(),
            origin,
        });
    }

    /// Changes an account, if there is one at this end.
    pub(super) fn shift(&mut self, guid: Option<&str>, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.accounts.iter_mut().find(|a| Some(a.guid.as_str()) == guid) {
            change(account);
        }
    }

    /// When a transfer is sent to the bank, and when it settles.
    pub(super) fn walk(&self, now: Timestamp, rail: Rail) -> (Timestamp, Timestamp) {
        match rail {
            Rail::Ach => (
                later(now, self.settings.ach_sent_after),
                later(now, self.settings.ach_settle_after),
            ),
            _ => (now, later(now, self.settings.settle_after)),
        }
    }

    /// The code with which the bank will send the transfer back, if it will.
    fn return_of(&self, order: &Order) -> Option<String> {
        let instrument = self.instrument(order.instrument.as_deref()?)?;
        let code = instrument.returns.filter(|_| order.rail == Rail::Ach)?;
        // Only a debit can fail for lack of money.
        (code != "R01" || order.kind == Kind::Capture).then(|| code.to_owned())
    }

    fn why_not(&self, order: &Order) -> Option<&'static str> {
        let ends = [order.from.as_deref(), order.to.as_deref()];
        let frozen = |guid: &str| self.account(guid).is_some_and(|a| a.status != "ACTIVE");
        if ends.into_iter().flatten().any(frozen) {
            return Some("ACCOUNT_FROZEN");
        }
        if let Some(instrument) = order.instrument.as_deref().and_then(|guid| self.instrument(guid)) {
            let unfit = if order.kind == Kind::Capture {
                "PAY-OUT"
            } else {
                "PAY-IN"
            };
            if instrument.status != "ACTIVE" {
                return Some("INSTR_INACTIVE");
            }
            if instrument.usage == unfit || instrument.usage == "RESTRICTED" {
                return Some("INSTR_USAGE");
            }
            if instrument.declines.is_some() {
                return instrument.declines;
            }
        }
        let payer = order.from.as_deref().and_then(|guid| self.account(guid));
        payer
            .is_some_and(|a| a.available < order.minor)
            .then_some("INSUFF_FUNDS")
    }
}

fn end(locator: Option<&Locator>) -> Option<Object> {
    locator.map(|l| Object::new().put(l.field, &l.value))
}

/// A transfer as its creation is answered.
pub(super) fn transfer_answer(row: &Row) -> Object {
    let object = Object::new()
        .put("txn_guid", &row.guid)
        .money("amount", row.minor, &row.currency)
        .put("currency", &row.currency)
        .put("description", &row.description)
        .maybe("source", end(row.source.as_ref()))
        .maybe("destination", end(row.destination.as_ref()))
        .maybe("bank_eft_guid", row.eft_guid.as_ref());
    let object = match &row.arrives {
        Some((minor, currency)) => object
            .money("destination_amount", *minor, currency)
            .put("destination_currency", currency),
        None => object,
    };
    if approves(&row.code) {
        return object;
    }
    object.put("response_code", &row.code).put("reason_code", &row.reason)
}
