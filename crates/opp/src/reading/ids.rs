//! The ids in a payment's reference.
//!
//! | ids | what it is |
//! |---|---|
//! | id, type, amount | a payment: its type (`PA`, `DB`, `CD`) says what may follow, its amount whether a part or all was taken or given back |
//! | id | a payment of which only the id is known |
//! | id, `checkout`, type, amount, reference, seconds, id | a hosted checkout; when it was made, as seconds since 1970, or `-` where nobody knows; on v3 the payment that was seen under way on it. Older ones end with the reference. The payment made on it has an id of its own |
//! | reference, `reference`, type, amount | an attempt that was refused before it got an id |

use std::fmt::Write as _;

use jiff::Timestamp;
use paymux_core::{Money, PaymentRef, currency};

use crate::adapter::{Opp, PROVIDER};
use crate::codes::PaymentType;

/// What a payment's reference holds.
#[derive(Clone, Copy)]
pub(crate) struct Ids<'a> {
    /// The first id.
    pub(crate) id: &'a str,
    /// What the id is of.
    pub(crate) of: Of,
    /// The type, where it is known.
    pub(crate) kind: Option<PaymentType>,
    /// The amount, where it is known.
    pub(crate) amount: Option<Money>,
    /// The caller's reference, of a checkout.
    pub(crate) reference: Option<&'a str>,
    /// When a checkout was made, or later, where that is known.
    pub(crate) made: Option<Timestamp>,
    /// The payment that was seen under way on a checkout.
    pub(crate) tried: Option<&'a str>,
}

/// What the first id of a reference is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// A payment.
    Payment,
    /// A hosted checkout.
    Checkout,
    /// Nothing at the provider: it is the caller's reference.
    Reference,
}

impl<'a> Ids<'a> {
    pub(crate) fn of(payment: &'a PaymentRef) -> Self {
        let ids = payment.ids();
        let at = |index: usize| ids.get(index).map(String::as_str);
        let (of, next) = match at(1) {
            Some("checkout") => (Of::Checkout, 2),
            Some("reference") => (Of::Reference, 2),
            _ => (Of::Payment, 1),
        };
        Self {
            id: payment.id(),
            of,
            kind: at(next).and_then(|kind| kind.parse().ok()),
            amount: at(next + 1).and_then(money),
            reference: match of {
                Of::Checkout => at(4),
                Of::Reference => Some(payment.id()),
                Of::Payment => None,
            },
            made: at(5).filter(|_| of == Of::Checkout).and_then(moment),
            tried: at(6).filter(|_| of == Of::Checkout),
        }
    }
}

impl Opp {
    /// The reference of a payment.
    pub(crate) fn payment_ref(&self, id: &str, kind: Option<PaymentType>, amount: Option<Money>) -> PaymentRef {
        self.build(&[id], kind, amount, &[])
    }

    /// The reference of a hosted checkout.
    pub(crate) fn checkout_ref(&self, ids: &Ids<'_>) -> PaymentRef {
        let made = ids.made.map(|made| made.as_second().to_string());
        let last = [ids.reference, made.as_deref().or(Some(NOBODY_KNOWS)), ids.tried];
        let last: Vec<_> = last.into_iter().flatten().collect();
        self.build(&[ids.id, "checkout"], ids.kind, ids.amount, &last)
    }

    /// The reference of an attempt that got no id.
    pub(crate) fn nameless_ref(&self, reference: &str, kind: Option<PaymentType>, amount: Option<Money>) -> PaymentRef {
        self.build(&[reference, "reference"], kind, amount, &[])
    }

    fn build(&self, first: &[&str], kind: Option<PaymentType>, amount: Option<Money>, last: &[&str]) -> PaymentRef {
        let mut ids = Vec::with_capacity(6);
        ids.extend(first.iter().map(|&id| id.to_owned()));
        if let Some(kind) = kind {
            ids.push(kind.as_str().to_owned());
            if let Some(amount) = amount {
                let mut text = String::with_capacity(24);
                // Writing into a string does not fail.
                let _ = write!(text, "{}{}", amount.currency().code(), amount.minor());
                ids.push(text);
                ids.extend(last.iter().map(|&id| id.to_owned()));
            }
        }
        PaymentRef::new(PROVIDER, self.capabilities.account.clone(), ids)
    }
}

/// In place of the moment at which a checkout was made.
const NOBODY_KNOWS: &str = "-";

/// Reads a moment as seconds since 1970.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// Reads an amount as `EGP9200`: a currency and minor units.
fn money(text: &str) -> Option<Money> {
    let (code, minor) = text.split_at_checked(3)?;
    Some(Money::new(minor.parse().ok()?, currency(code).ok()?))
}
