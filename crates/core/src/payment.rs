//! A payment as the provider holds it, and the answer to an operation.

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::capability::Field;
use crate::raw::RawReply;
use crate::vocabulary::{DeclineReason, RetryAdvice, Side};
use crate::{Money, PaymentRef};

/// What an operation came to, and the payment as the provider holds it now.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// What this operation came to.
    pub outcome: Outcome,
    /// The payment.
    pub payment: Payment,
}

/// What one operation came to. "Nobody knows" is not among them: that is an [`Error`](crate::Error) whose fate is
/// [`Fate::Unknown`](crate::Fate::Unknown).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The customer must do something first.
    ActionRequired(NextAction),
    /// Done.
    Approved,
    /// Refused by the payer's side or by a rule; this operation moved no money.
    Declined(Decline),
    /// Accepted and not decided yet: inquire later, or wait for the webhook.
    Pending,
    /// Done, and held for a person to look at.
    Review,
}

/// What the customer must do. Never stored: an inquiry makes it anew.
#[derive(Clone, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextAction {
    /// Send the browser to post these fields.
    Form {
        /// Where to.
        url: String,
        /// Names and values; they carry authentication data.
        #[serde(skip)]
        fields: Vec<(String, String)>,
        /// Forms to be posted in a hidden frame before this one.
        #[serde(skip)]
        before: Vec<(String, Vec<(String, String)>)>,
    },
    /// Send the browser to this address. It may carry a token: treat it as a secret.
    Redirect(#[serde(serialize_with = "exposed")] SecretString),
    /// Load this script into a page of the merchant.
    Widget {
        /// The script's address.
        script: String,
        /// The provider's id of the checkout.
        checkout: String,
    },
}

fn exposed<S: serde::Serializer>(url: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.expose_secret())
}

impl NextAction {
    /// The address to send the customer's browser to.
    #[must_use]
    pub fn expose_url(&self) -> &str {
        match self {
            Self::Form { url, .. } => url,
            Self::Redirect(url) => url.expose_secret(),
            Self::Widget { script, .. } => script,
        }
    }
}

impl fmt::Debug for NextAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form { .. } => "Form(…)",
            Self::Redirect(_) => "Redirect(…)",
            Self::Widget { .. } => "Widget(…)",
        })
    }
}

/// A refusal, in the one vocabulary, with the provider's own words kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Decline {
    /// Why.
    pub reason: DeclineReason,
    /// Whether and how to try again.
    pub advice: RetryAdvice,
    /// Whose problem it is.
    pub side: Side,
    /// The provider's own code, as it stood.
    pub code: String,
    /// The provider's own text, for logs and never for decisions.
    pub text: Option<String>,
}

impl Decline {
    /// A decline for `reason`, with the advice and side that usually go with it.
    #[must_use]
    pub fn new(reason: DeclineReason, code: impl Into<String>) -> Self {
        Self {
            reason,
            advice: reason.advice(),
            side: reason.side(),
            code: code.into(),
            text: None,
        }
    }

    /// With the provider's own text.
    #[must_use]
    pub fn with_text(mut self, text: Option<String>) -> Self {
        self.text = text;
        self
    }

    /// With the advice of the code's own table.
    #[must_use]
    pub const fn with_advice(mut self, advice: RetryAdvice) -> Self {
        self.advice = advice;
        self
    }
}

impl fmt::Display for Decline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {}, retry: {})", self.reason, self.code, self.advice)
    }
}

/// A payment as the provider holds it.
#[derive(Clone, Debug, Serialize)]
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
    /// The provider's last reply, readable only scrubbed.
    #[serde(skip)]
    pub raw: Option<RawReply>,
}

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

/// One step that the provider booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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

fn total(entries: &[Entry], kind: EntryKind) -> i64 {
    entries
        .iter()
        .filter(|e| e.kind == kind && e.is_approved())
        .filter_map(|e| e.amount)
        .fold(0, |sum, amount| sum.saturating_add(amount.minor()))
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

impl Answer {
    /// An answer.
    #[must_use]
    pub const fn new(outcome: Outcome, payment: Payment) -> Self {
        Self { outcome, payment }
    }
}

impl Outcome {
    /// Whether it is done without reservation.
    #[must_use]
    pub const fn is_approved(&self) -> bool {
        matches!(self, Self::Approved)
    }

    /// The stable string form.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ActionRequired(_) => "action_required",
            Self::Approved => "approved",
            Self::Declined(_) => "declined",
            Self::Pending => "pending",
            Self::Review => "review",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

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

    #[test]
    fn a_link_cannot_be_printed() {
        let action = NextAction::Redirect("https://pay.example/?token=canary".to_owned().into());
        assert!(!format!("{action:?}").contains("canary"));
    }
}
