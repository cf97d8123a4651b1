//! Where an intent stands, and what came of it.

use std::fmt;

use jiff::Timestamp;
use paymux::{Answer, Decline, DeclineReason, Outcome, Payment, PaymentState};
use serde::{Deserialize, Serialize};

use super::Intent;

/// Where an intent stands. The crate's page says what each state means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Refused by the payer's side.
    Declined,
    /// Approved.
    Done,
    /// It did nothing.
    Failed,
    /// Begun, and no outcome is written.
    Open,
    /// It was waiting or done, and was let go without money moved.
    Undone,
    /// Accepted, and not decided.
    Waiting,
}

/// How an operation came out, as it is kept: without what the customer must do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Came {
    /// The customer must do something first. What, an inquiry tells.
    ActionRequired,
    /// Done.
    Approved,
    /// Refused.
    Declined(Decline),
    /// Accepted, and not decided.
    Pending,
    /// Done, and held for a person to look at.
    Review,
}

/// An outcome as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recorded {
    /// How it came out.
    pub came: Came,
    /// The payment as it was seen then.
    pub payment: Payment,
}

/// A payment as it was last seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Known {
    /// The payment.
    pub payment: Payment,
    /// When it was seen.
    pub seen: Timestamp,
}

impl State {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Open => "open",
            Self::Undone => "undone",
            Self::Waiting => "waiting",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Came {
    /// An outcome without what the customer must do.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::ActionRequired(_) => Self::ActionRequired,
            Outcome::Approved => Self::Approved,
            Outcome::Declined(decline) => Self::Declined(decline.clone()),
            Outcome::Review => Self::Review,
            // What is new is not decided, as far as we know.
            _ => Self::Pending,
        }
    }

    /// The state that an intent has by it.
    #[must_use]
    pub const fn state(&self) -> State {
        match self {
            Self::Approved => State::Done,
            Self::Declined(_) => State::Declined,
            Self::ActionRequired | Self::Pending | Self::Review => State::Waiting,
        }
    }

    /// The stable string form.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ActionRequired => "action_required",
            Self::Approved => "approved",
            Self::Declined(_) => "declined",
            Self::Pending => "pending",
            Self::Review => "review",
        }
    }
}

impl Recorded {
    /// An outcome, with the payment as it was seen.
    #[must_use]
    pub const fn new(came: Came, payment: Payment) -> Self {
        Self { came, payment }
    }
}

impl Intent {
    /// The recorded outcome as an answer. `None` where there is none, and where the customer must act: how, is not kept.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        let recorded = self.outcome.as_ref()?;
        let outcome = match &recorded.came {
            Came::ActionRequired if self.state == State::Undone => {
                Outcome::Declined(Decline::new(DeclineReason::Cancelled, ""))
            }
            Came::ActionRequired => return None,
            Came::Approved => Outcome::Approved,
            Came::Declined(decline) => Outcome::Declined(decline.clone()),
            Came::Pending if self.state == State::Undone => {
                Outcome::Declined(Decline::new(DeclineReason::Cancelled, ""))
            }
            Came::Pending => Outcome::Pending,
            Came::Review => Outcome::Review,
        };
        Some(Answer::new(outcome, recorded.payment.clone()))
    }

    /// The payment as it was last seen here.
    #[must_use]
    pub fn seen(&self) -> Option<Payment> {
        let seen = self.outcome.as_ref().map(|recorded| recorded.payment.clone());
        seen.or_else(|| Some(Payment::new(self.about()?.clone(), PaymentState::Pending)))
    }
}
