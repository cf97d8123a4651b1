//! Where a payment stands.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::payment::{Entry, EntryKind, EntryOutcome, total};

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PaymentState {
    /// The money is held.
    Authorized,
    /// Given up by the customer or the merchant before money moved.
    Cancelled,
    /// All of the money is taken.
    Captured,
    /// The cardholder's bank took the money back.
    ChargedBack,
    /// Made; nothing was tried yet.
    Created,
    /// Refused.
    Declined,
    /// Lapsed before money moved.
    Expired,
    /// Sent out.
    PaidOut,
    /// Part of the held money is taken.
    PartiallyCaptured,
    /// Part of the taken money was given back.
    PartiallyRefunded,
    /// Something is under way.
    Pending,
    /// All of the taken money was given back.
    Refunded,
    /// The customer must act.
    RequiresAction,
    /// A bank returned it.
    Returned,
    /// Held for a person to look at.
    Review,
    /// Moved between accounts.
    Transferred,
    /// The hold was let go.
    Voided,
}

impl PaymentState {
    /// The state that a list of entries adds up to, oldest first; `None` for an empty list. An entry under way makes the payment pending.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Option<Self> {
        let last = entries.last()?;
        if entries.iter().any(|e| matches!(e.outcome, EntryOutcome::Pending)) {
            return Some(Self::Pending);
        }
        let done = |kind| entries.iter().any(|e| e.kind == kind && e.is_approved());
        let (held, taken, back) = (
            total(entries, EntryKind::Authorize),
            total(entries, EntryKind::Capture),
            total(entries, EntryKind::Refund),
        );
        let disputed = entries
            .iter()
            .rev()
            .find(|e| matches!(e.kind, EntryKind::Chargeback | EntryKind::ChargebackReversal) && e.is_approved());
        Some(if disputed.is_some_and(|e| e.kind == EntryKind::Chargeback) {
            Self::ChargedBack
        } else if done(EntryKind::Return) {
            Self::Returned
        } else if done(EntryKind::Void) && taken == 0 {
            Self::Voided
        } else if done(EntryKind::Refund) {
            if back >= taken {
                Self::Refunded
            } else {
                Self::PartiallyRefunded
            }
        } else if done(EntryKind::Capture) {
            if held > taken && !done(EntryKind::Void) {
                Self::PartiallyCaptured
            } else {
                Self::Captured
            }
        } else if done(EntryKind::Authorize) {
            Self::Authorized
        } else if done(EntryKind::Payout) {
            Self::PaidOut
        } else if done(EntryKind::Transfer) {
            Self::Transferred
        } else if matches!(last.outcome, EntryOutcome::Declined(_)) {
            Self::Declined
        } else {
            Self::Pending
        })
    }

    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Cancelled => "cancelled",
            Self::Captured => "captured",
            Self::ChargedBack => "charged_back",
            Self::Created => "created",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::PaidOut => "paid_out",
            Self::PartiallyCaptured => "partially_captured",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Pending => "pending",
            Self::Refunded => "refunded",
            Self::RequiresAction => "requires_action",
            Self::Returned => "returned",
            Self::Review => "review",
            Self::Transferred => "transferred",
            Self::Voided => "voided",
        }
    }
}

impl fmt::Display for PaymentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, Decline, DeclineReason, Money};

    fn entry(kind: EntryKind, minor: i64) -> Entry {
        Entry::new(kind, Some(Money::new(minor, Currency::DKK)), EntryOutcome::Approved)
    }

    fn state(entries: &[Entry]) -> &'static str {
        PaymentState::of(entries).map_or("none", PaymentState::as_str)
    }

    #[test]
    fn entries_add_up_to_a_state() {
        use EntryKind::{Authorize, Capture, Chargeback, ChargebackReversal, Refund, Void};
        let declined = Entry::new(
            Capture,
            None,
            EntryOutcome::Declined(Decline::new(DeclineReason::DoNotHonor, "1")),
        );
        let pending = Entry::new(Refund, None, EntryOutcome::Pending);
        let auth = || entry(Authorize, 100);
        for (entries, expected) in [
            (vec![], "none"),
            (vec![declined.clone()], "declined"),
            (vec![auth()], "authorized"),
            (vec![auth(), declined], "authorized"),
            (vec![auth(), entry(Void, 100)], "voided"),
            (vec![auth(), entry(Capture, 40)], "partially_captured"),
            (vec![auth(), entry(Capture, 40), entry(Capture, 60)], "captured"),
            (vec![entry(Capture, 100)], "captured"),
            (vec![entry(Capture, 100), entry(Refund, 1)], "partially_refunded"),
            (
                vec![entry(Capture, 100), entry(Refund, 1), entry(Refund, 99)],
                "refunded",
            ),
            (vec![entry(Capture, 100), pending], "pending"),
            (vec![entry(Capture, 100), entry(Chargeback, 100)], "charged_back"),
            (
                vec![
                    entry(Capture, 100),
                    entry(Chargeback, 100),
                    entry(ChargebackReversal, 100),
                ],
                "captured",
            ),
        ] {
            assert_eq!(state(&entries), expected, "{entries:?}");
        }
    }
}
