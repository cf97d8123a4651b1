//! The truth about the money.

use jiff::Timestamp;
use serde::Serialize;

/// What was booked, in the order in which it was booked. Declined and pending operations are not here: only money that moved or was held.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Ledger {
    /// Every movement, oldest first.
    pub movements: Vec<Movement>,
}

/// One booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Movement {
    /// When it was booked.
    pub at: Timestamp,
    /// What it was.
    pub kind: Kind,
    /// The provider's id of the payment that it belongs to (of the original for captures, refunds and voids).
    pub payment: String,
    /// The provider's id of this operation, unique within the provider.
    pub id: String,
    /// The caller's own reference, where the request carried one.
    pub reference: Option<String>,
    /// The amount in minor units, by ISO 4217.
    pub minor: i64,
    /// ISO 4217, three upper-case letters.
    pub currency: String,
    /// Who caused it.
    pub origin: Origin,
}

/// What a movement was. Exhaustive, so that no account of the money passes a new one over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "an account of the money must know each")]
pub enum Kind {
    /// Money held on the customer's instrument.
    Authorize,
    /// Money taken from the customer, from an authorization or at once.
    Capture,
    /// Money given back.
    Refund,
    /// A hold let go, or a movement cancelled before it was sent.
    Void,
    /// Money paid out to somebody.
    Payout,
    /// Money moved between accounts at the provider.
    Transfer,
    /// A bank took back what had been booked.
    Return,
    /// A cardholder's dispute took the money.
    Chargeback,
}

/// Who caused a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// A call of the API.
    Api,
    /// The customer, on a hosted page.
    Page,
    /// The merchant, in the provider's back office.
    BackOffice,
    /// Somebody else's payment.
    Foreign,
}

impl Movement {
    /// A booking that a call of the API caused; the other fields are public.
    #[must_use]
    pub fn new(
        at: Timestamp,
        kind: Kind,
        payment: impl Into<String>,
        id: impl Into<String>,
        minor: i64,
        currency: impl Into<String>,
    ) -> Self {
        Self {
            at,
            kind,
            payment: payment.into(),
            id: id.into(),
            reference: None,
            minor,
            currency: currency.into(),
            origin: Origin::Api,
        }
    }
}

impl Ledger {
    /// Books a movement.
    pub fn book(&mut self, movement: Movement) {
        self.movements.push(movement);
    }

    /// The movements of one payment, oldest first.
    pub fn of<'a>(&'a self, payment: &'a str) -> impl Iterator<Item = &'a Movement> {
        self.movements.iter().filter(move |m| m.payment == payment)
    }

    /// The sum of one kind over one payment, in minor units.
    #[must_use]
    pub fn total(&self, payment: &str, kind: Kind) -> i64 {
        self.of(payment).filter(|m| m.kind == kind).map(|m| m.minor).sum()
    }

    /// The movements that carry this reference of the caller.
    pub fn by_reference<'a>(&'a self, reference: &'a str) -> impl Iterator<Item = &'a Movement> {
        self.movements
            .iter()
            .filter(move |m| m.reference.as_deref() == Some(reference))
    }
}
