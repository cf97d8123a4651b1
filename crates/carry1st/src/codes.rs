//! Pay1st's status words, and what they mean. Its error codes are not published, so errors are told apart by HTTP status.

use paymux_core::codes::{CodeTable, DecidedBy, Explanation};
use paymux_core::{CodeClass, DeclineReason, RetryAdvice};

/// What a payment's status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The customer must act on the hosted page.
    Action,
    /// Paid.
    Captured,
    /// Given up by the customer.
    Cancelled,
    /// Disputed.
    ChargedBack,
    /// Failed.
    Declined,
    /// Never finished, and lapsed.
    Expired,
    /// Under way.
    Pending,
    /// Given back; how much is not told.
    Refunded,
    /// A word that is in no list: not final, never success, never failure.
    Unknown,
}

/// What a refund's status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundStanding {
    /// Given back.
    Approved,
    /// Not given back.
    Declined,
    /// Under way.
    Pending,
    /// A word that is in no list.
    Unknown,
}

/// Payments: the words of the inquiry and those of the webhooks, both valid in both places. Sorted.
const PAYMENTS: [(&str, Standing, &str); 17] = [
    ("ABANDONED", Standing::Expired, "never finished, and lapsed"),
    ("CANCELLED", Standing::Cancelled, "given up by the customer"),
    (
        "CHARGEBACK",
        Standing::ChargedBack,
        "the cardholder's bank took it back",
    ),
    ("FAILED", Standing::Declined, "failed, and does not say why"),
    ("NEW", Standing::Action, "made; the customer has not paid yet"),
    ("PAY_OFFLINE", Standing::Pending, "the customer is to pay offline"),
    ("PENDING", Standing::Pending, "under way"),
    (
        "PENDING_INVESTIGATION",
        Standing::Pending,
        "under way, being looked into",
    ),
    ("READY", Standing::Pending, "under way, ready to be processed"),
    ("REFUND", Standing::Refunded, "given back; how much is not told"),
    ("SEND_BIRTHDAY", Standing::Action, "the page asks for a date of birth"),
    ("SEND_OTP", Standing::Action, "the page asks for a one-time code"),
    ("SEND_PHONE", Standing::Action, "the page asks for a telephone number"),
    ("SEND_PIN", Standing::Action, "the page asks for a PIN"),
    (
        "SEND_VALIDATION_TOKEN",
        Standing::Action,
        "the page asks for a validation token",
    ),
    ("SUCCESSFUL", Standing::Captured, "paid"),
    ("VALIDATED", Standing::Pending, "under way, validated"),
];

/// Refunds. Sorted.
const REFUNDS: [(&str, RefundStanding, &str); 5] = [
    ("FAILED", RefundStanding::Declined, "the refund failed"),
    ("PENDING", RefundStanding::Pending, "the refund is under way"),
    ("PROCESSING", RefundStanding::Pending, "the refund is being processed"),
    ("REJECTED", RefundStanding::Declined, "the refund was refused"),
    ("SUCCESSFUL", RefundStanding::Approved, "given back"),
];

/// What the status of a payment means.
pub(crate) fn payment(status: &str) -> Standing {
    look_up(&PAYMENTS, status).unwrap_or(Standing::Unknown)
}

/// What the status of a refund means.
pub(crate) fn refund(status: &str) -> RefundStanding {
    look_up(&REFUNDS, status).unwrap_or(RefundStanding::Unknown)
}

fn look_up<T: Copy>(table: &[(&str, T, &str)], word: &str) -> Option<T> {
    let at = table.binary_search_by_key(&word, |(known, ..)| known).ok()?;
    table.get(at).map(|(_, meaning, _)| *meaning)
}

/// Pay1st's statuses, to be asked and listed. Those of refunds are written `refund:STATUS`.
pub const CODES: CodeTable = CodeTable::new(
    "carry1st",
    "2026-11",
    "the payment statuses of the Pay1st gateway documents (query and webhooks), and the refund statuses",
    "a word of letters and _, as in FAILED; for a refund refund:FAILED",
    list,
    explain,
);

fn list() -> Vec<(String, Explanation)> {
    let payments = PAYMENTS
        .iter()
        .map(|(word, standing, gloss)| ((*word).to_owned(), of_payment(*standing, gloss)));
    let refunds = REFUNDS
        .iter()
        .map(|(word, standing, gloss)| (format!("refund:{word}"), of_refund(*standing, gloss)));
    payments.chain(refunds).collect()
}

/// Statuses are words of letters and underscores; what is nothing of the kind is no status.
fn explain(code: &str) -> Option<Explanation> {
    let word = code.strip_prefix("refund:").unwrap_or(code);
    if word.is_empty() || !word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_') {
        return None;
    }
    let known = if word.len() < code.len() {
        let row = REFUNDS.iter().find(|(known, ..)| *known == word);
        row.map(|(_, standing, gloss)| of_refund(*standing, gloss))
    } else {
        let row = PAYMENTS.iter().find(|(known, ..)| *known == word);
        row.map(|(_, standing, gloss)| of_payment(*standing, gloss))
    };
    Some(known.unwrap_or(Explanation::unknown()))
}

const fn of_payment(standing: Standing, gloss: &'static str) -> Explanation {
    let (class, reason) = match standing {
        Standing::Action | Standing::Pending => (CodeClass::Pending, None),
        Standing::Captured | Standing::Refunded => (CodeClass::Approved, None),
        Standing::Cancelled | Standing::Expired => (CodeClass::Declined, Some(DeclineReason::Cancelled)),
        Standing::ChargedBack => (CodeClass::Chargeback, None),
        Standing::Declined => (CodeClass::Declined, Some(DeclineReason::Unknown)),
        Standing::Unknown => return Explanation::unknown(),
    };
    let advice = match standing {
        Standing::Cancelled | Standing::Declined | Standing::Expired => RetryAdvice::WithNewData,
        _ => RetryAdvice::Never,
    };
    Explanation::new(class, reason, advice, DecidedBy::Exact, gloss)
}

const fn of_refund(standing: RefundStanding, gloss: &'static str) -> Explanation {
    let (class, reason) = match standing {
        RefundStanding::Approved => (CodeClass::Approved, None),
        RefundStanding::Declined => (CodeClass::Declined, Some(DeclineReason::Unknown)),
        RefundStanding::Pending => (CodeClass::Pending, None),
        RefundStanding::Unknown => return Explanation::unknown(),
    };
    Explanation::new(class, reason, RetryAdvice::Never, DecidedBy::Exact, gloss)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_every_word_is_found() {
        assert!(PAYMENTS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(REFUNDS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(PAYMENTS.iter().all(|(word, meaning, _)| payment(word) == *meaning));
        assert!(REFUNDS.iter().all(|(word, meaning, _)| refund(word) == *meaning));
    }

    #[test]
    fn other_words_are_unknown() {
        for word in ["", "successful", "SUCCESS", "SUCCESSFUL ", "PAID"] {
            assert_eq!(payment(word), Standing::Unknown, "{word:?}");
            assert_eq!(refund(word), RefundStanding::Unknown, "{word:?}");
        }
    }
}
