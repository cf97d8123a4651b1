//! The codes of card and bank networks, which several providers hand through as they are.
//!
//! | table | what |
//! |---|---|
//! | [`ISO_8583`] | response codes of card networks, two characters |
//! | [`MASTERCARD_ADVICE`] | Mastercard's merchant advice codes |
//! | [`VISA_CATEGORY`] | Visa's categories of decline |
//! | [`NACHA_RETURN`] | return codes of the ACH network |
//!
//! ```
//! use paymux_core::networks::{ISO_8583, TABLES};
//! use paymux_core::{DeclineReason, RetryAdvice};
//!
//! let told = (ISO_8583.explain)("51").ok_or("not of two characters")?;
//! assert_eq!((told.reason, told.advice), (Some(DeclineReason::InsufficientFunds), RetryAdvice::Later(None)));
//! let stolen = (ISO_8583.explain)("43").ok_or("not of two characters")?;
//! assert_eq!(stolen.advice, RetryAdvice::Never);
//! assert!(TABLES.iter().all(|table| !(table.list)().is_empty()));
//! # Ok::<(), &str>(())
//! ```

mod iso8583;
mod mastercard;
mod nacha;
mod visa;

use crate::codes::CodeTable;

pub use iso8583::TABLE as ISO_8583;
pub use mastercard::TABLE as MASTERCARD_ADVICE;
pub use nacha::TABLE as NACHA_RETURN;
pub use visa::TABLE as VISA_CATEGORY;

/// Every network's table.
pub const TABLES: [CodeTable; 4] = [ISO_8583, MASTERCARD_ADVICE, NACHA_RETURN, VISA_CATEGORY];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{CodeClass, RetryAdvice};

    #[test]
    fn tables_are_sorted_unique_and_every_code_is_found() {
        for table in TABLES {
            let rows = (table.list)();
            assert!(rows.is_sorted_by(|a, b| a.0 < b.0), "{}", table.name);
            for (code, meaning) in rows {
                assert_eq!((table.explain)(&code), Some(meaning), "{} {code}", table.name);
                assert!(!meaning.gloss.is_empty(), "{} {code}", table.name);
            }
        }
    }

    #[test]
    fn what_is_not_listed_is_unknown_and_what_is_no_code_is_none() {
        for (table, unlisted, no_code) in [
            (ISO_8583, "Z9", "051"),
            (MASTERCARD_ADVICE, "99", "x"),
            (NACHA_RETURN, "R99", "01"),
            (VISA_CATEGORY, "9", "11"),
        ] {
            let meaning = (table.explain)(unlisted).map(|m| m.class);
            assert_eq!(meaning, Some(CodeClass::Unknown), "{}", table.name);
            assert_eq!((table.explain)(no_code), None, "{}", table.name);
            assert_eq!((table.explain)(""), None, "{}", table.name);
        }
    }

    #[test]
    fn never_means_never() {
        for code in ["04", "07", "41", "43", "R0", "R1", "R3"] {
            let meaning = (ISO_8583.explain)(code).unwrap();
            assert_eq!(meaning.advice, RetryAdvice::Never, "{code}");
        }
        assert_eq!((VISA_CATEGORY.explain)("1").unwrap().advice, RetryAdvice::Never);
        assert_eq!((MASTERCARD_ADVICE.explain)("03").unwrap().advice, RetryAdvice::Never);
    }
}
