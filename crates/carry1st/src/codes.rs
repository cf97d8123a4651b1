//! Pay1st's status words, and what they mean. Its error codes are not published, so errors are told apart by HTTP status.

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
const PAYMENTS: [(&str, Standing); 17] = [
    ("ABANDONED", Standing::Expired),
    ("CANCELLED", Standing::Cancelled),
    ("CHARGEBACK", Standing::ChargedBack),
    ("FAILED", Standing::Declined),
    ("NEW", Standing::Action),
    ("PAY_OFFLINE", Standing::Pending),
    ("PENDING", Standing::Pending),
    ("PENDING_INVESTIGATION", Standing::Pending),
    ("READY", Standing::Pending),
    ("REFUND", Standing::Refunded),
    ("SEND_BIRTHDAY", Standing::Action),
    ("SEND_OTP", Standing::Action),
    ("SEND_PHONE", Standing::Action),
    ("SEND_PIN", Standing::Action),
    ("SEND_VALIDATION_TOKEN", Standing::Action),
    ("SUCCESSFUL", Standing::Captured),
    ("VALIDATED", Standing::Pending),
];

/// Refunds. Sorted.
const REFUNDS: [(&str, RefundStanding); 5] = [
    ("FAILED", RefundStanding::Declined),
    ("PENDING", RefundStanding::Pending),
    ("PROCESSING", RefundStanding::Pending),
    ("REJECTED", RefundStanding::Declined),
    ("SUCCESSFUL", RefundStanding::Approved),
];

/// What the status of a payment means.
pub(crate) fn payment(status: &str) -> Standing {
    look_up(&PAYMENTS, status).unwrap_or(Standing::Unknown)
}

/// What the status of a refund means.
pub(crate) fn refund(status: &str) -> RefundStanding {
    look_up(&REFUNDS, status).unwrap_or(RefundStanding::Unknown)
}

fn look_up<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let at = table.binary_search_by_key(&word, |(known, _)| known).ok()?;
    table.get(at).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_every_word_is_found() {
        assert!(PAYMENTS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(REFUNDS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(PAYMENTS.iter().all(|(word, meaning)| payment(word) == *meaning));
        assert!(REFUNDS.iter().all(|(word, meaning)| refund(word) == *meaning));
    }

    #[test]
    fn other_words_are_unknown() {
        for word in ["", "successful", "SUCCESS", "SUCCESSFUL ", "PAID"] {
            assert_eq!(payment(word), Standing::Unknown, "{word:?}");
            assert_eq!(refund(word), RefundStanding::Unknown, "{word:?}");
        }
    }
}
