//! What the merchant, the bank or an operator does without the API.

use jiff::Timestamp;

use super::Opp;
use super::form::Money;
use super::order::Extra;
use super::record::Type;
use crate::Origin;

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
