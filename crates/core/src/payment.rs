//! A payment as the provider holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answer::Decline;
use crate::fields::Field;
use crate::leg::Leg;
use crate::payment_state::PaymentState;
use crate::raw::RawReply;
use crate::{Money, PaymentRef};

/// A payment as the provider holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Payment {
    /// Leads back to it; store this.
    pub reference: PaymentRef,
    /// The caller's own name of the attempt, as the provider echoes it.
    pub merchant_reference: Option<String>,
    /// What is being paid, as asked or echoed.
    pub order: Option<String>,
    /// Where it stands.
    pub state: PaymentState,
    /// The amount that it was made for.
    pub amount: Option<Money>,
    /// Every step that the provider booked, oldest first.
    pub entries: Vec<Entry>,
    /// What it was paid with.
    pub method: Option<MethodSummary>,
    /// Whether the provider marks it as a test; `None` where it does not say.
    pub test: Option<bool>,
    /// A success that came after a decline, cancellation or expiry was reported.
    pub late: bool,
    /// What the provider could not carry and was left out.
    pub dropped: Vec<Field>,
    /// The gateways that a router went to for this, in order; empty where there was no router.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<Leg>,
    /// The provider's last reply, readable only scrubbed.
    #[serde(skip)]
    pub raw: Option<RawReply>,
}

/// One step that the provider booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// What it was.
    pub kind: EntryKind,
    /// The provider's id of it.
    pub id: Option<String>,
    /// The caller's own name of it, as the provider echoes it.
    pub reference: Option<String>,
    /// How much.
    pub amount: Option<Money>,
    /// What it came to.
    pub outcome: EntryOutcome,
    /// When, as the provider says.
    pub at: Option<Timestamp>,
}

/// What a step was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryKind {
    /// Money held.
    Authorize,
    /// Money taken.
    Capture,
    /// Taken back by the cardholder's bank.
    Chargeback,
    /// A chargeback undone.
    ChargebackReversal,
    /// Something that has no name here.
    Other,
    /// Money sent out.
    Payout,
    /// Money given back.
    Refund,
    /// Returned by a bank.
    Return,
    /// Moved between accounts.
    Transfer,
    /// A hold let go.
    Void,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryOutcome {
    /// Done.
    Approved,
    /// Refused.
    Declined(Decline),
    /// Under way.
    Pending,
    /// Done, and held for a person to look at.
    Review,
    /// The provider says something that we cannot read; kept as it stood.
    Unknown(String),
}

/// What a payment was paid with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodSummary {
    /// Card brand or method name, as the provider writes it.
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
}

impl MethodSummary {
    /// A summary; `None` if both parts are.
    #[must_use]
    pub fn of(brand: Option<String>, last4: Option<String>) -> Option<Self> {
        (brand.is_some() || last4.is_some()).then_some(Self { brand, last4 })
    }
}

impl Entry {
    /// A step.
    #[must_use]
    pub const fn new(kind: EntryKind, amount: Option<Money>, outcome: EntryOutcome) -> Self {
        Self {
            kind,
            id: None,
            reference: None,
            amount,
            outcome,
            at: None,
        }
    }

    /// With the provider's id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Whether it is done (held for review included).
    #[must_use]
    pub const fn is_approved(&self) -> bool {
        matches!(self.outcome, EntryOutcome::Approved | EntryOutcome::Review)
    }
}

impl Payment {
    /// A payment in a state, with nothing else known.
    #[must_use]
    pub const fn new(reference: PaymentRef, state: PaymentState) -> Self {
        Self {
            reference,
            merchant_reference: None,
            order: None,
            state,
            amount: None,
            entries: Vec::new(),
            method: None,
            test: None,
            late: false,
            dropped: Vec::new(),
            legs: Vec::new(),
            raw: None,
        }
    }

    /// The provider's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.reference.id()
    }

    /// The sum of the approved entries of a kind, in minor units. Entries without an amount count nothing.
    #[must_use]
    pub fn total(&self, kind: EntryKind) -> i64 {
        total(&self.entries, kind)
    }

    /// What was taken, in minor units.
    #[must_use]
    pub fn captured(&self) -> i64 {
        self.total(EntryKind::Capture)
    }

    /// What was given back, in minor units.
    #[must_use]
    pub fn refunded(&self) -> i64 {
        self.total(EntryKind::Refund)
    }
}

/// The sum of the approved entries of a kind, in minor units.
pub(crate) fn total(entries: &[Entry], kind: EntryKind) -> i64 {
    entries
        .iter()
        .filter(|e| e.kind == kind && e.is_approved())
        .filter_map(|e| e.amount)
        .fold(0, |sum, amount| sum.saturating_add(amount.minor()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Account, DeclineReason};

    /// What is kept of a payment comes back as it was, but for the raw reply, which is not kept.
    #[test]
    fn a_payment_goes_into_a_record_and_back() {
        let reference = PaymentRef::new("acme", Account::of(&["m"]), ["4711"]).on("cards");
        let mut payment = Payment::new(reference, PaymentState::Authorized);
        payment.amount = Some("100.00 DKK".parse().unwrap());
        payment.dropped.push(Field::Order);
        payment.method = MethodSummary::of(Some("visa".to_owned()), Some("0008".to_owned()));
        for outcome in [
            EntryOutcome::Approved,
            EntryOutcome::Declined(Decline::new(DeclineReason::DoNotHonor, "05").with_text(Some("no".to_owned()))),
            EntryOutcome::Pending,
            EntryOutcome::Review,
            EntryOutcome::Unknown("x".to_owned()),
        ] {
            payment
                .entries
                .push(Entry::new(EntryKind::Capture, payment.amount, outcome).with_id("1"));
        }
        let text = serde_json::to_string(&payment).unwrap();
        let mut back: Payment = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        assert_eq!(back.entries, payment.entries);
        payment.raw = Some(RawReply::new("secret".into()));
        back = serde_json::from_str(&serde_json::to_string(&payment).unwrap()).unwrap();
        assert!(back.raw.is_none());
    }
}
