//! Visa's categories of decline: how often a refused payment may be tried again.

use crate::codes::{CodeTable, Explanation, Row, find, list};
use crate::vocabulary::CodeClass::Declined;
use crate::vocabulary::DeclineReason::{DoNotHonor, InvalidRequest, RetryBlocked};
use crate::vocabulary::RetryAdvice::{Later, Never, WithNewData};

/// Visa's categories of decline, 1 to 4.
pub const TABLE: CodeTable = CodeTable::new(
    "visa-category",
    "2026-11",
    "Visa's decline categories, as published by acquirers",
    "one digit, as in 1",
    || list(&ROWS),
    explain,
);

fn explain(code: &str) -> Option<Explanation> {
    let form = code.len() == 1 && code.bytes().all(|b| b.is_ascii_digit());
    form.then(|| find(&ROWS, code).map_or(Explanation::unknown(), Row::explanation))
}

static ROWS: [Row; 4] = [
    Row(
        "1",
        Declined,
        Some(RetryBlocked),
        Never,
        "the issuer will never approve",
    ),
    Row(
        "2",
        Declined,
        Some(DoNotHonor),
        Later(None),
        "the issuer cannot approve now; a limited number of tries",
    ),
    Row(
        "3",
        Declined,
        Some(InvalidRequest),
        WithNewData,
        "the data are wrong; correct them first",
    ),
    Row(
        "4",
        Declined,
        Some(DoNotHonor),
        Later(None),
        "a generic refusal; a limited number of tries",
    ),
];
