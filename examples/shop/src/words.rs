//! What is said of an order: to the customer, and in the back office.

use paymux::{DeclineReason, PaymentState};

use crate::order::{Attempt, Order, Standing};

/// A status as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// For tests and styles.
    pub(crate) slug: &'static str,
    /// The word on the chip.
    pub(crate) word: &'static str,
    /// The chip's colour: `good`, `bad`, `busy`, `warn` or `quiet`.
    pub(crate) tone: &'static str,
    /// What happens next, for the customer.
    pub(crate) next: &'static str,
}

const fn status(slug: &'static str, word: &'static str, tone: &'static str, next: &'static str) -> Status {
    Status { slug, word, tone, next }
}

/// Where an order stands.
pub(crate) fn order(order: &Order) -> Status {
    order
        .deciding()
        .map_or(status("new", "Not paid", "quiet", "Choose how to pay."), attempt)
}

/// Where an attempt stands.
pub(crate) fn attempt(attempt: &Attempt) -> Status {
    match &attempt.standing {
        Standing::Opening => status(
            "opening",
            "Opening the page",
            "busy",
            "One moment: the payment page is being opened.",
        ),
        Standing::Unknown(_) => status(
            "unknown",
            "Unknown",
            "warn",
            "The provider's answer was lost, and we do not know yet what became of the payment. We are asking. Please do not pay again meanwhile.",
        ),
        Standing::NotDone(_) => status(
            "not-done",
            "Not started",
            "quiet",
            "Nothing was charged. You can try again.",
        ),
        Standing::Open if is_asking(attempt) => status(
            "asking",
            "Asking your bank",
            "busy",
            "You are back. We are asking your bank how the payment stands: that you came back proves nothing yet.",
        ),
        Standing::Open => known(attempt),
    }
}

/// Whether somebody came back, and nothing was told since.
fn is_asking(attempt: &Attempt) -> bool {
    attempt.asking
        && !attempt.is_settled()
        && attempt
            .returned
            .is_some_and(|at| attempt.told.is_none_or(|told| told < at))
}

fn known(attempt: &Attempt) -> Status {
    use PaymentState as S;
    // Only what the provider says was given back: what may have been is not told as done.
    let returned = attempt.returned_minor();
    let refund = returned > 0;
    match attempt.state() {
        Some(S::Captured | S::PartiallyCaptured | S::PartiallyRefunded)
            if refund
                && attempt
                    .payment
                    .as_ref()
                    .is_some_and(|payment| returned >= payment.captured()) =>
        {
            refunded()
        }
        Some(S::Captured | S::PartiallyCaptured | S::PartiallyRefunded) if refund => status(
            "partly-refunded",
            "Partly refunded",
            "good",
            "Part of your money is on its way back to you.",
        ),
        Some(S::Captured | S::PartiallyCaptured | S::PartiallyRefunded) => {
            status("paid", "Paid", "good", "Thank you. We are packing your order.")
        }
        Some(S::Authorized) => status(
            "authorized",
            "Reserved",
            "good",
            "Thank you. The money is reserved, and taken when your order leaves us.",
        ),
        Some(S::Review) => status(
            "review",
            "In review",
            "busy",
            "Somebody at the provider is looking at the payment. You need not do anything; this page changes by itself.",
        ),
        Some(S::Pending) => status(
            "pending",
            "Being processed",
            "busy",
            "The provider has not decided yet. Please do not pay again; this page changes by itself.",
        ),
        Some(S::Declined | S::RequiresAction) if attempt.page_is_open && attempt.decline.is_some() => status(
            "declined",
            "Declined",
            "bad",
            "Nothing was charged. The payment page is still open: you can try another card there.",
        ),
        Some(S::Declined) => status(
            "declined",
            "Declined",
            "bad",
            "Nothing was charged. You can pay in another way.",
        ),
        Some(S::Cancelled) => status(
            "cancelled",
            "Cancelled",
            "quiet",
            "Nothing was charged. You can start again.",
        ),
        Some(S::Expired) => status(
            "expired",
            "Expired",
            "quiet",
            "The time to pay is over. Nothing was charged. You can start again.",
        ),
        Some(S::Refunded) => refunded(),
        Some(S::Voided) => status(
            "voided",
            "Released",
            "quiet",
            "The reservation was let go. Nothing is taken.",
        ),
        Some(S::Returned) => status(
            "returned",
            "Returned",
            "warn",
            "A bank returned the payment. We will be in touch.",
        ),
        Some(S::ChargedBack) => status(
            "charged-back",
            "Charged back",
            "warn",
            "Your bank took the payment back.",
        ),
        _ => status(
            "to-pay",
            "Waiting for you",
            "quiet",
            "Nothing is paid yet. The payment page is still open.",
        ),
    }
}

const fn refunded() -> Status {
    status(
        "refunded",
        "Refunded",
        "quiet",
        "All of your money is on its way back to you.",
    )
}

/// Why it was declined, as a customer may read it.
pub(crate) fn reason(attempt: &Attempt) -> Option<&'static str> {
    if attempt.has_money() {
        return None;
    }
    let decline = attempt.decline.as_ref()?;
    (decline.reason != DeclineReason::Unknown).then(|| decline.reason.message())
}
