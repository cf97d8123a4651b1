//! What the merchant, the bank or an operator does without the API.

use jiff::Timestamp;

use super::form::Money;
use super::order::Extra;
use super::record::{Payment, Type};
use super::{Opp, codes};
use crate::{BackOfficeAction, Entry, Origin};

impl Opp {
    /// Captures so many minor units of an authorization in the back office, and gives the id of the capture if it is allowed.
    pub fn capture(&mut self, now: Timestamp, payment: &str, minor: i64) -> Option<String> {
        self.office(now, payment, Type::Capture, minor)
    }

    /// Lets an authorization go in the back office, and gives the id of the reversal if it is allowed.
    pub fn void(&mut self, now: Timestamp, payment: &str) -> Option<String> {
        let whole = self.payments.get(payment)?.money.as_ref()?.minor()?;
        self.office(now, payment, Type::Reversal, whole)
    }

    /// Refunds so many minor units of a debit or capture in the back office, and gives the id of the refund if it is allowed.
    pub fn refund(&mut self, now: Timestamp, payment: &str, minor: i64) -> Option<String> {
        self.office(now, payment, Type::Refund, minor)
    }

    /// Takes so many minor units of a debit or capture back for the cardholder, and gives the id of the chargeback if it is allowed.
    pub fn chargeback(&mut self, now: Timestamp, payment: &str, minor: i64) -> Option<String> {
        self.office(now, payment, Type::Chargeback, minor)
    }

    /// Gives a payment that is not approved another result, as a late answer of the acquirer would; tells whether there is such a payment.
    pub fn resolve(&mut self, now: Timestamp, payment: &str, code: &str) -> bool {
        if self.payments.get(payment).is_none_or(|p| p.booked) {
            return false;
        }
        self.conclude(now, payment, code);
        self.announce(now, payment, true);
        true
    }

    /// Accepts a payment that is held for review: its result is the plain approval from now on, and word of it is sent. The money was booked
    /// before. Tells whether it was held.
    pub fn accept_review(&mut self, now: Timestamp, payment: &str) -> bool {
        let Some(held) = self.payments.get_mut(payment).filter(|p| in_review(p)) else {
            return false;
        };
        held.code = held.approval.to_owned();
        held.at = now;
        self.announce(now, payment, true);
        true
    }

    /// Refuses a payment that is held for review: an authorization is reversed, a debit is refunded. Gives the id of that.
    pub fn refuse_review(&mut self, now: Timestamp, payment: &str) -> Option<String> {
        let held = self.payments.get(payment).filter(|p| in_review(p))?;
        match held.kind {
            Type::Authorization => self.void(now, payment),
            _ => {
                let left = self.left(payment)?;
                self.refund(now, payment, left)
            }
        }
    }

    /// The transactions as the platform's people see them.
    pub(super) fn listed(&self) -> Vec<Entry> {
        let mut payments: Vec<_> = self.payments.values().collect();
        payments.sort_by_key(|p| std::cmp::Reverse(p.place));
        payments.into_iter().map(|payment| self.entry(payment)).collect()
    }

    /// Takes an action of the platform's people.
    pub(super) fn take_action(
        &mut self,
        now: Timestamp,
        payment: &str,
        action: BackOfficeAction,
        minor: Option<i64>,
    ) -> bool {
        self.settle_due(now);
        let Some(found) = self.payments.get(payment) else {
            return false;
        };
        let (review, approval) = (in_review(found), found.approval);
        if !self.entry(found).actions.contains(&action) {
            return false;
        }
        let Some(left) = minor.or_else(|| self.left(payment)) else {
            return false;
        };
        match action {
            BackOfficeAction::Accept if review => self.accept_review(now, payment),
            BackOfficeAction::Accept => self.resolve(now, payment, approval),
            BackOfficeAction::Refuse if review => self.refuse_review(now, payment).is_some(),
            BackOfficeAction::Refuse => self.resolve(now, payment, "800.100.152"),
            BackOfficeAction::Capture => self.capture(now, payment, left).is_some(),
            BackOfficeAction::Void => minor.is_none() && self.void(now, payment).is_some(),
            BackOfficeAction::Refund => self.refund(now, payment, left).is_some(),
            BackOfficeAction::Chargeback => self.chargeback(now, payment, left).is_some(),
            BackOfficeAction::Return => false,
        }
    }

    fn entry(&self, payment: &Payment) -> Entry {
        let mut actions = Vec::new();
        let open = codes::pends(&payment.code) && payment.challenge.is_none();
        let left = self.left(&payment.id).unwrap_or(0);
        if open || (in_review(payment) && left > 0) {
            actions.extend([BackOfficeAction::Accept, BackOfficeAction::Refuse]);
        }
        match payment.kind {
            Type::Authorization if payment.booked && !self.followed(&payment.id) => {
                actions.extend([BackOfficeAction::Capture, BackOfficeAction::Void]);
            }
            Type::Debit | Type::Capture if payment.booked && left > 0 => {
                actions.extend([BackOfficeAction::Refund, BackOfficeAction::Chargeback]);
            }
            _ => {}
        }
        let money = payment.money.as_ref();
        Entry {
            payment: payment.id.clone(),
            reference: payment.reference.clone(),
            minor: money.and_then(Money::minor).unwrap_or(0),
            currency: money.map(|m| m.currency.clone()).unwrap_or_default(),
            state: format!(
                "{} {} ({})",
                payment.kind.letters(),
                payment.code,
                codes::describe(&payment.code)
            ),
            actions,
        }
    }

    /// What follow-ups have left of a transaction, in minor units.
    fn left(&self, id: &str) -> Option<i64> {
        let whole = self.payments.get(id)?.money.as_ref()?.minor()?;
        let taken: i64 = self.booked_after(id).filter_map(|p| p.money.as_ref()?.minor()).sum();
        Some(whole - taken)
    }

    fn followed(&self, id: &str) -> bool {
        self.booked_after(id).next().is_some()
    }

    fn booked_after<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Payment> {
        self.payments
            .values()
            .filter(move |p| p.booked && p.referenced.as_deref() == Some(id))
    }

    /// Sends word of a payment once more, unasked; for messages that come twice.
    pub fn notify_again(&mut self, now: Timestamp, payment: &str) {
        self.announce(now, payment, true);
    }

    /// Gives the next encrypted webhook a tag that does not fit.
    pub fn spoil_next_webhook(&mut self) {
        self.mail.spoil = true;
    }

    /// Tells the ids of all transactions with this reference of the caller, oldest first.
    #[must_use]
    pub fn ids_of(&self, reference: &str) -> Vec<String> {
        let mut found: Vec<_> = self
            .payments
            .values()
            .filter(|p| p.reference.as_deref() == Some(reference))
            .collect();
        found.sort_by_key(|p| p.place);
        found.iter().map(|p| p.id.clone()).collect()
    }

    fn office(&mut self, now: Timestamp, payment: &str, kind: Type, minor: i64) -> Option<String> {
        let currency = self.payments.get(payment)?.money.as_ref()?.currency.clone();
        let money = Money::of_minor(minor, &currency)?;
        let id = self.follow(now, payment, kind, Some(money), Extra::default(), Origin::BackOffice);
        if !self.payments.get(&id).is_some_and(|p| p.booked) {
            self.payments.remove(&id);
            return None;
        }
        self.announce(now, &id, true);
        Some(id)
    }
}

fn in_review(payment: &Payment) -> bool {
    payment.booked && codes::remarked(&payment.code)
}
