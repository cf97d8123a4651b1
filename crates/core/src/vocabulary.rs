#![doc = include_str!("vocabulary.md")]
//!
//! # By its words
//!
//! ```
//! use paymux_core::vocabulary::{DeclineReason, NotAWord, RetryAdvice, Side};
//!
//! let reason: DeclineReason = "insufficient_funds".parse()?;
//! assert_eq!((reason.advice(), reason.side()), (RetryAdvice::Later(None), Side::Cardholder));
//! assert_eq!((reason.as_str(), reason.message_key()), ("insufficient_funds", "funds"));
//! assert!("no such word".parse::<DeclineReason>().is_err());
//! # Ok::<(), NotAWord>(())
//! ```

mod advice;
mod reason;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use advice::RetryAdvice;
pub use reason::DeclineReason;

/// A text that is no word of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotAWord;

impl fmt::Display for NotAWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a word of the vocabulary")
    }
}

impl std::error::Error for NotAWord {}

/// What a provider's code says in general.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodeClass {
    /// It went through.
    Approved,
    /// It went through, and somebody should look at it.
    Review,
    /// Not decided yet.
    Pending,
    /// The payer, a bank, a scheme or a risk rule refused.
    Declined,
    /// The request, the set-up or the platform is at fault.
    Error,
    /// The cardholder's bank took the money back, or moved in a dispute.
    Chargeback,
    /// Nobody knows; never taken for approved or declined.
    Unknown,
}

/// Whose problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Side {
    /// The payer: wrong data, no money, no authentication.
    Cardholder,
    /// The payer's bank.
    Issuer,
    /// The merchant: request or set-up.
    Merchant,
    /// The provider, the acquirer or the network.
    Provider,
    /// A risk rule, whoever owns it.
    Risk,
}

impl CodeClass {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Review => "review",
            Self::Pending => "pending",
            Self::Declined => "declined",
            Self::Error => "error",
            Self::Chargeback => "chargeback",
            Self::Unknown => "unknown",
        }
    }
}

impl Side {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cardholder => "cardholder",
            Self::Issuer => "issuer",
            Self::Merchant => "merchant",
            Self::Provider => "provider",
            Self::Risk => "risk",
        }
    }
}

impl fmt::Display for CodeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("vocabulary.md");

    #[test]
    fn the_documented_table_has_every_reason_with_what_goes_with_it() {
        let rows: Vec<_> = TABLE.lines().filter(|line| line.starts_with("| [`")).collect();
        assert_eq!(rows.len(), DeclineReason::ALL.len());
        for (row, reason) in rows.iter().zip(DeclineReason::ALL) {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            assert_eq!(cells[1], format!("[`{reason}`](DeclineReason::{reason:?})"));
            assert!(cells[2].len() > 20 && cells[2].ends_with('.'), "{reason}: {}", cells[2]);
            let with = [reason.advice().as_str(), reason.side().as_str(), reason.message_key()];
            assert_eq!(cells[3..6], with.map(|word| format!("`{word}`")), "{reason}");
        }
    }

    #[test]
    fn the_other_words_are_documented_too() {
        for class in CLASSES {
            assert!(TABLE.contains(&format!("`{class}`")), "{class}");
        }
        for side in SIDES {
            assert!(TABLE.contains(&format!("`{side}`")), "{side}");
        }
    }

    const CLASSES: [CodeClass; 7] = [
        CodeClass::Approved,
        CodeClass::Review,
        CodeClass::Pending,
        CodeClass::Declined,
        CodeClass::Error,
        CodeClass::Chargeback,
        CodeClass::Unknown,
    ];

    const SIDES: [Side; 5] = [
        Side::Cardholder,
        Side::Issuer,
        Side::Merchant,
        Side::Provider,
        Side::Risk,
    ];

    #[test]
    fn string_forms_are_those_of_serde() {
        for class in CLASSES {
            let text = serde_json::to_string(&class).unwrap();
            assert_eq!(text, format!("\"{class}\""));
            assert_eq!(serde_json::from_str::<CodeClass>(&text).unwrap(), class);
        }
        for side in SIDES {
            let text = serde_json::to_string(&side).unwrap();
            assert_eq!(text, format!("\"{side}\""));
            assert_eq!(serde_json::from_str::<Side>(&text).unwrap(), side);
        }
        assert!(serde_json::from_str::<CodeClass>("\"approve\"").is_err());
    }
}
