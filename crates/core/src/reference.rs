//! The caller's own name for one attempt to pay, and the rules that providers have for it.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::visible;

/// The caller's own name for one attempt: of a payment, a capture, a refund, a payout.
///
/// An attempt is repeated (after a crash, say) under its reference, and only where [`Duplicates`](crate::Duplicates) says that the provider knows it again:
/// by a key, or, for what makes a payment, by a reference that it takes once. Where it does not, as for a capture, refund or void without a key, a repeat
/// is done again: ask what became of the first ([`Operation::Resolve`](crate::Operation::Resolve)). A new attempt has a new reference, and is right only
/// after a definitive decline, cancellation, expiry or an error whose fate is [`Fate::NotDone`](crate::Fate::NotDone).
///
/// ```
/// use paymux_core::Reference;
/// let reference: Reference = "order1001a1".parse()?;
/// assert!(Reference::new("").is_err());
/// # Ok::<(), paymux_core::ReferenceError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// Why a text cannot be a reference, at all or at one provider.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferenceError {
    /// Empty, longer than 255 bytes, or with control characters or blanks at an end.
    #[error("reference must have 1 to 255 bytes, no control characters and no blanks at its ends")]
    Form,
    /// The provider's rule is broken.
    #[error("reference `{reference}` {problem}: {provider} takes {rule}")]
    Rule {
        /// The reference, with what cannot be seen spelled out.
        reference: String,
        /// What is wrong with it.
        problem: String,
        /// The provider whose rule it is.
        provider: &'static str,
        /// The rule in words.
        rule: &'static str,
    },
}

impl Reference {
    /// A reference of 1 to 255 bytes. It is sent as it is, never shortened.
    ///
    /// # Errors
    /// [`ReferenceError::Form`].
    pub fn new(text: impl Into<String>) -> Result<Self, ReferenceError> {
        let text = text.into();
        let fine = (1..=255).contains(&text.len()) && !text.chars().any(char::is_control) && text.trim() == text;
        if fine {
            Ok(Self(text))
        } else {
            Err(ReferenceError::Form)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        Self::new(text)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

/// A provider's rule for references: how long, and which characters.
///
/// ```
/// use paymux_core::{Reference, ReferenceRule};
/// let rule = ReferenceRule::new(4..=20, |c| c.is_ascii_alphanumeric(), "4 to 20 letters and digits");
/// assert!(rule.check(&Reference::new("order1001a1")?, "acme").is_ok());
/// # Ok::<(), paymux_core::ReferenceError>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ReferenceRule {
    /// The fewest characters.
    pub min: usize,
    /// The most characters.
    pub max: usize,
    /// Whether a character may stand in it.
    pub allowed: fn(char) -> bool,
    /// The rule in words, as in "4 to 20 letters and digits".
    pub words: &'static str,
}

impl ReferenceRule {
    /// So many characters of those that are allowed, with the rule in words, as in "4 to 20 letters and digits".
    #[must_use]
    pub const fn new(length: RangeInclusive<usize>, allowed: fn(char) -> bool, words: &'static str) -> Self {
        Self {
            min: *length.start(),
            max: *length.end(),
            allowed,
            words,
        }
    }

    /// Checks a reference.
    ///
    /// # Errors
    /// [`ReferenceError::Rule`] says what is wrong and what the rule is.
    pub fn check(&self, reference: &Reference, provider: &'static str) -> Result<(), ReferenceError> {
        let length = reference.as_str().chars().count();
        let problem = if length < self.min || length > self.max {
            format!("has {length} characters")
        } else if let Some(bad) = reference.as_str().chars().find(|c| !(self.allowed)(*c)) {
            let mut text = [0; 4];
            format!("contains `{}`", visible(bad.encode_utf8(&mut text)))
        } else {
            return Ok(());
        };
        Err(ReferenceError::Rule {
            reference: visible(reference.as_str()).into_owned(),
            problem,
            provider,
            rule: self.words,
        })
    }
}

impl fmt::Debug for ReferenceRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_length_or_character() {
        let rule = ReferenceRule {
            min: 4,
            max: 20,
            allowed: |c| c.is_ascii_alphanumeric(),
            words: "4 to 20 letters and digits",
        };
        let check = |text: &str| {
            rule.check(&Reference::new(text).unwrap(), "acme")
                .map_err(|e| e.to_string())
        };
        assert_eq!(check("abcd"), Ok(()));
        assert_eq!(
            check("abc").unwrap_err(),
            "reference `abc` has 3 characters: acme takes 4 to 20 letters and digits"
        );
        assert_eq!(
            check("abc#1").unwrap_err(),
            "reference `abc#1` contains `#`: acme takes 4 to 20 letters and digits"
        );
        assert!(check("a".repeat(21).as_str()).is_err());
        // A character that turns the direction of writing would make the message itself unreadable.
        assert_eq!(
            check("abc\u{202e}1").unwrap_err(),
            "reference `abc\\u{202e}1` contains `\\u{202e}`: acme takes 4 to 20 letters and digits"
        );
    }
}
