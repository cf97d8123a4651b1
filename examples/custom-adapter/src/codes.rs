//! The provider's codes, in the one vocabulary.

use paymux_core::{CodeClass, Decline, DeclineReason, EntryOutcome};

const CODES: &[(&str, CodeClass, DeclineReason)] = &[
    ("D05", CodeClass::Declined, DeclineReason::DoNotHonor),
    ("D51", CodeClass::Declined, DeclineReason::InsufficientFunds),
    ("OK", CodeClass::Approved, DeclineReason::Unknown),
];

/// What a step came to. A code that is not listed is neither approved nor declined.
pub(crate) fn outcome(code: &str) -> EntryOutcome {
    match CODES.iter().find(|(known, ..)| *known == code) {
        Some((_, CodeClass::Approved, _)) => EntryOutcome::Approved,
        Some((_, CodeClass::Declined, reason)) => EntryOutcome::Declined(Decline::new(*reason, code)),
        _ => EntryOutcome::Unknown(code.to_owned()),
    }
}
