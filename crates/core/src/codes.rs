//! Codes as data: what a table of codes is, and what one says of a code.
//!
//! An adapter writes down what its provider's codes mean, sorted, and asks the table:
//!
//! ```
//! use paymux_core::codes::{Explanation, Row, find};
//! use paymux_core::{CodeClass, DeclineReason, RetryAdvice};
//!
//! const ROWS: [Row; 2] = [
//!     Row::declined("05", DeclineReason::DoNotHonor, "do not honour"),
//!     Row::declined("51", DeclineReason::InsufficientFunds, "not sufficient funds"),
//! ];
//! let explain = |code| find(&ROWS, code).map_or(Explanation::unknown(), Row::explanation);
//! assert_eq!(explain("51").reason, Some(DeclineReason::InsufficientFunds));
//! assert_eq!(explain("51").advice, RetryAdvice::Later(None));
//! assert_eq!(explain("99").class, CodeClass::Unknown, "never taken for a decline");
//! ```

use std::fmt;

use serde::{Serialize, Serializer};

use crate::vocabulary::{CodeClass, DeclineReason, RetryAdvice, Side};

/// What a code means in general, whatever was asked. An adapter judges it in the context of what it asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// What it says in general.
    pub class: CodeClass,
    /// Why something was refused, or why a person should look; `None` where nothing went wrong or the code does not say.
    pub reason: Option<DeclineReason>,
    /// Whether and how to try again. For pending, error and unknown codes: ask first.
    pub advice: RetryAdvice,
    /// Whose problem it is; `None` where there is none.
    pub side: Option<Side>,
    /// What decided it.
    pub decided_by: DecidedBy,
    /// The meaning in a few words.
    pub gloss: &'static str,
}

/// What decided the meaning of a code. Its string form is `exact`, `group:NAME` or `nothing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecidedBy {
    /// The code's own row.
    Exact,
    /// The group of this name: the code itself is not known.
    Group(&'static str),
    /// Nothing; it is taken for neither approved nor declined.
    Nothing,
}

impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.pad("exact"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Nothing => f.pad("nothing"),
        }
    }
}

impl Serialize for DecidedBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Explanation {
    /// An explanation; the side is the one that goes with the reason.
    #[must_use]
    pub const fn new(
        class: CodeClass,
        reason: Option<DeclineReason>,
        advice: RetryAdvice,
        decided_by: DecidedBy,
        gloss: &'static str,
    ) -> Self {
        let side = match reason {
            Some(reason) => Some(reason.side()),
            None => None,
        };
        Self {
            class,
            reason,
            advice,
            side,
            decided_by,
            gloss,
        }
    }

    /// What is said of a code that nothing decides.
    #[must_use]
    pub const fn unknown() -> Self {
        Self::new(
            CodeClass::Unknown,
            Some(DeclineReason::Unknown),
            RetryAdvice::Never,
            DecidedBy::Nothing,
            "not known",
        )
    }

    /// With another side than the reason's own.
    #[must_use]
    pub const fn with_side(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }

    /// What may be shown to a customer; `None` where there is nothing to say. Only what is refused is called refused: of an outcome that may
    /// still be a success it says that nobody knows yet.
    #[must_use]
    pub fn message(&self) -> Option<&'static str> {
        use DeclineReason::{Duplicate, InvalidState, ProviderUnavailable, Timeout, Unknown};
        let reason = self.reason?;
        let may_have_worked = match self.class {
            CodeClass::Declined => matches!(reason, Duplicate | InvalidState),
            CodeClass::Error => matches!(
                reason,
                Duplicate | InvalidState | ProviderUnavailable | Timeout | Unknown
            ),
            CodeClass::Unknown => true,
            _ => return None,
        };
        Some(if may_have_worked && self.advice != RetryAdvice::SameRequest {
            "We do not know yet whether the payment went through. Please wait before you pay again."
        } else {
            reason.message()
        })
    }
}

/// A table of codes that can be asked, listed and compared.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CodeTable {
    /// Its name, as in `explain NAME CODE`.
    pub name: &'static str,
    /// When its facts were last checked, year and month.
    pub version: &'static str,
    /// Where its facts come from.
    pub source: &'static str,
    /// What its codes look like, to be told to who typed something else.
    pub form: &'static str,
    /// Every code that has a row of its own, with its explanation, in order.
    pub list: fn() -> Vec<(String, Explanation)>,
    /// What a code means; `None` if it is not a code of this table's form at all.
    pub explain: fn(&str) -> Option<Explanation>,
}

impl CodeTable {
    /// A table.
    #[must_use]
    pub const fn new(
        name: &'static str,
        version: &'static str,
        source: &'static str,
        form: &'static str,
        list: fn() -> Vec<(String, Explanation)>,
        explain: fn(&str) -> Option<Explanation>,
    ) -> Self {
        Self {
            name,
            version,
            source,
            form,
            list,
            explain,
        }
    }
}

/// One row of a table whose codes are texts: code, class, reason, advice, gloss.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row(
    /// The code.
    pub &'static str,
    /// What it says in general.
    pub CodeClass,
    /// Why.
    pub Option<DeclineReason>,
    /// Whether and how to try again.
    pub RetryAdvice,
    /// The meaning in a few words.
    pub &'static str,
);

impl Row {
    /// A row: code, class, reason, advice, gloss.
    #[must_use]
    pub const fn new(
        code: &'static str,
        class: CodeClass,
        reason: Option<DeclineReason>,
        advice: RetryAdvice,
        gloss: &'static str,
    ) -> Self {
        Self(code, class, reason, advice, gloss)
    }

    /// A refusal, with the advice that goes with its reason.
    #[must_use]
    pub const fn declined(code: &'static str, reason: DeclineReason, gloss: &'static str) -> Self {
        Self(code, CodeClass::Declined, Some(reason), reason.advice(), gloss)
    }

    /// What it says.
    #[must_use]
    pub const fn explanation(&self) -> Explanation {
        Explanation::new(self.1, self.2, self.3, DecidedBy::Exact, self.4)
    }
}

/// The row of a code, in rows that are sorted by code. Allocates nothing.
#[must_use]
pub fn find<'a>(rows: &'a [Row], code: &str) -> Option<&'a Row> {
    let at = rows.binary_search_by(|row| row.0.cmp(code)).ok()?;
    rows.get(at)
}

/// The rows as a list, for [`CodeTable::list`].
#[must_use]
pub fn list(rows: &[Row]) -> Vec<(String, Explanation)> {
    rows.iter().map(|row| (row.0.to_owned(), row.explanation())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_is_told_as_one() {
        let told =
            |class, reason, advice| Explanation::new(class, Some(reason), advice, DecidedBy::Exact, "x").message();
        let open = Explanation::unknown().message().unwrap();
        assert!(!open.contains("declined") && !open.contains("could not"), "{open}");
        for reason in [
            DeclineReason::Timeout,
            DeclineReason::ProviderUnavailable,
            DeclineReason::Duplicate,
        ] {
            assert_eq!(
                told(CodeClass::Error, reason, RetryAdvice::Never),
                Some(open),
                "{reason}"
            );
        }
        assert_eq!(
            told(CodeClass::Declined, DeclineReason::Duplicate, RetryAdvice::Never),
            Some(open)
        );
        for class in [
            CodeClass::Approved,
            CodeClass::Review,
            CodeClass::Pending,
            CodeClass::Chargeback,
        ] {
            assert_eq!(
                told(class, DeclineReason::InvalidCvv, RetryAdvice::Never),
                None,
                "{class}"
            );
        }
        // The provider says that nothing was done.
        let same = told(CodeClass::Error, DeclineReason::Timeout, RetryAdvice::SameRequest);
        assert_eq!(same, Some(DeclineReason::Timeout.message()));
        let refused = Row::declined("05", DeclineReason::DoNotHonor, "refused").explanation();
        assert_eq!(refused.message(), Some(DeclineReason::DoNotHonor.message()));
    }
}
