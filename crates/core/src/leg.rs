//! Which gateways a router went to for one operation, why, and what came of it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One gateway that a router went to for an operation, or passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Leg {
    /// The gateway's name.
    pub gateway: String,
    /// The number of the router's rule that led there, from 1; `None` where none did.
    pub rule: Option<u32>,
    /// Why this gateway.
    pub why: LegWhy,
    /// What came of it.
    pub outcome: LegOutcome,
    /// What was said of it, for people; empty where the outcome says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
}

/// Why a router chose a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LegWhy {
    /// The gateways before it in the rule did nothing, or declined with advice that allows another provider.
    Next,
    /// An attempt of the same order is there.
    Order,
    /// It holds the payment.
    Payment,
    /// Chosen earlier, as the record says; why, is not kept.
    Recorded,
    /// The reference's own leg is there.
    Reference,
    /// It stands first in the rule.
    Rule,
    /// Drawn by the rule's weights.
    Weight,
}

/// What came of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LegOutcome {
    /// The customer must do something first.
    ActionRequired,
    /// Done.
    Approved,
    /// Refused by the payer's side.
    Declined,
    /// It did nothing.
    NotDone,
    /// Passed over for now, since it did not answer lately. Nothing was sent.
    Passed,
    /// Accepted, and not decided.
    Pending,
    /// The provider refused the request.
    Rejected,
    /// Done, and held for a person to look at.
    Review,
    /// It was waiting or done, and was let go without money moved.
    Undone,
    /// It may have been done.
    Unknown,
    /// The gateway cannot do it. Nothing was sent.
    Unsuited,
}

impl Leg {
    /// A leg.
    #[must_use]
    pub fn new(gateway: &str, rule: Option<u32>, why: LegWhy, outcome: LegOutcome) -> Self {
        Self {
            gateway: gateway.to_owned(),
            rule,
            why,
            outcome,
            said: String::new(),
        }
    }

    /// With what was said of it.
    #[must_use]
    pub fn saying(mut self, said: impl Into<String>) -> Self {
        self.said = said.into();
        self
    }
}

impl LegWhy {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Recorded => "recorded",
            Self::Reference => "reference",
            Self::Rule => "rule",
            Self::Weight => "weight",
        }
    }
}

impl LegOutcome {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActionRequired => "action_required",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::NotDone => "not_done",
            Self::Passed => "passed",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Review => "review",
            Self::Undone => "undone",
            Self::Unknown => "unknown",
            Self::Unsuited => "unsuited",
        }
    }
}

/// As people read it: `backup (rule 1, next): approved`.
impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.gateway)?;
        if let Some(rule) = self.rule {
            write!(f, "rule {rule}, ")?;
        }
        write!(f, "{}): {}", self.why.as_str(), self.outcome.as_str())?;
        if self.said.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_written_for_people_and_for_programs() {
        let leg = Leg::new("backup", Some(1), LegWhy::Next, LegOutcome::NotDone).saying("no connection");
        assert_eq!(leg.to_string(), "backup (rule 1, next): not_done: no connection");
        let json = serde_json::to_value(&leg).unwrap();
        assert_eq!((&json["why"], &json["outcome"]), (&"next".into(), &"not_done".into()));
        assert_eq!(serde_json::from_value::<Leg>(json).unwrap(), leg);
        let short = Leg::new("cards", None, LegWhy::Payment, LegOutcome::Approved);
        assert_eq!(short.to_string(), "cards (payment): approved");
        for why in [
            LegWhy::Next,
            LegWhy::Order,
            LegWhy::Payment,
            LegWhy::Recorded,
            LegWhy::Reference,
            LegWhy::Rule,
            LegWhy::Weight,
        ] {
            assert_eq!(serde_json::to_value(why).unwrap(), why.as_str());
        }
    }
}
