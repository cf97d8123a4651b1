//! Mastercard's merchant advice codes: what the network advises about trying again.

use std::time::Duration;

use crate::codes::{CodeTable, Explanation, Row, find, list};
use crate::vocabulary::CodeClass::{Declined, Unknown};
use crate::vocabulary::DeclineReason;
use crate::vocabulary::DeclineReason::{
    AccountClosed, AuthenticationRequired, Configuration, RetryBlocked, RevokedByCardholder, Unsupported,
};
use crate::vocabulary::RetryAdvice::{self, Later, Never, WithNewData};

/// Mastercard's merchant advice codes. They come beside a decline and refine its advice; they approve nothing.
pub const TABLE: CodeTable = CodeTable::new(
    "mastercard-advice",
    "2026-11",
    "Mastercard's merchant advice codes, as published by acquirers",
    "two digits, as in 03",
    || list(&ROWS),
    explain,
);

fn explain(code: &str) -> Option<Explanation> {
    let form = code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit());
    form.then(|| find(&ROWS, code).map_or(Explanation::unknown(), Row::explanation))
}

const fn wait(code: &'static str, hours: u64, gloss: &'static str) -> Row {
    let time = Duration::from_secs(hours * 3600);
    Row(code, Declined, Some(RetryBlocked), Later(Some(time)), gloss)
}

const fn about(code: &'static str, gloss: &'static str) -> Row {
    Row(code, Unknown, None, Never, gloss)
}

const fn refused(code: &'static str, reason: DeclineReason, advice: RetryAdvice, gloss: &'static str) -> Row {
    Row(code, Declined, Some(reason), advice, gloss)
}

static ROWS: [Row; 17] = [
    refused(
        "01",
        AuthenticationRequired,
        WithNewData,
        "new card data or authentication needed",
    ),
    wait("02", 72, "not now; again after 72 hours"),
    refused("03", AccountClosed, Never, "do not try again"),
    refused("04", Configuration, WithNewData, "the token's requirements are not met"),
    refused("21", RevokedByCardholder, Never, "the cardholder ended the agreement"),
    refused(
        "22",
        Unsupported,
        Never,
        "the merchant does not qualify for the product",
    ),
    wait("24", 1, "again after 1 hour"),
    wait("25", 24, "again after 24 hours"),
    wait("26", 48, "again after 2 days"),
    wait("27", 96, "again after 4 days"),
    wait("28", 144, "again after 6 days"),
    wait("29", 192, "again after 8 days"),
    wait("30", 240, "again after 10 days"),
    about("40", "a prepaid card that cannot be topped up"),
    about("41", "a virtual card for one use"),
    about("42", "a card kind, for information"),
    about("43", "a virtual card for several uses"),
];
