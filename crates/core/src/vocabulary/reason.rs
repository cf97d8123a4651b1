//! Why something was refused.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};

use super::{NotAWord, RetryAdvice, Side};

/// Why something was refused. The string form is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeclineReason {
    /// The account or card has been closed.
    AccountClosed,
    /// The billing address does not fit.
    AddressMismatch,
    /// The amount is not allowed.
    AmountInvalid,
    /// Authentication of the cardholder failed.
    AuthenticationFailed,
    /// The cardholder must be authenticated first.
    AuthenticationRequired,
    /// Authentication could not be done.
    AuthenticationUnavailable,
    /// The earlier authorization is no longer valid.
    AuthorizationExpired,
    /// The customer or the merchant cancelled.
    Cancelled,
    /// The card is blocked or restricted.
    CardBlocked,
    /// The merchant's set-up at the provider is at fault.
    Configuration,
    /// The provider does not take our credentials.
    CredentialsRejected,
    /// The currency is not allowed.
    CurrencyInvalid,
    /// The issuer refused and does not say why.
    DoNotHonor,
    /// The same was sent before.
    Duplicate,
    /// The card has expired.
    ExpiredCard,
    /// There is not enough money.
    InsufficientFunds,
    /// The bank account's data are wrong.
    InvalidAccount,
    /// The card number is wrong.
    InvalidCardNumber,
    /// The CVV is wrong.
    InvalidCvv,
    /// The expiry date is wrong.
    InvalidExpiry,
    /// The PIN is wrong.
    InvalidPin,
    /// The request has missing or wrong data.
    InvalidRequest,
    /// The payment is not in a state that allows it.
    InvalidState,
    /// A limit of the card, the account or the merchant is reached.
    LimitExceeded,
    /// The card was reported lost or stolen.
    LostOrStolen,
    /// Nothing stands under that id or reference.
    NotFound,
    /// The card, the account or the merchant may not do this.
    NotPermitted,
    /// The provider, the acquirer or the network cannot be reached or failed.
    ProviderUnavailable,
    /// Too many requests.
    RateLimited,
    /// A network's earlier advice forbids trying again now.
    RetryBlocked,
    /// The cardholder told the bank to stop this merchant's charges.
    RevokedByCardholder,
    /// A risk rule refused.
    RiskRejected,
    /// The stored instrument is gone, suspended or unusable.
    StoredInstrumentInvalid,
    /// Fraud is suspected.
    SuspectedFraud,
    /// No answer came in time on the provider's side.
    Timeout,
    /// The code says nothing that we know.
    Unknown,
    /// The scheme, the kind of card or the operation is not supported.
    Unsupported,
}

impl DeclineReason {
    /// Every reason, in the order of its name.
    pub const ALL: [Self; 37] = [
        Self::AccountClosed,
        Self::AddressMismatch,
        Self::AmountInvalid,
        Self::AuthenticationFailed,
        Self::AuthenticationRequired,
        Self::AuthenticationUnavailable,
        Self::AuthorizationExpired,
        Self::Cancelled,
        Self::CardBlocked,
        Self::Configuration,
        Self::CredentialsRejected,
        Self::CurrencyInvalid,
        Self::DoNotHonor,
        Self::Duplicate,
        Self::ExpiredCard,
        Self::InsufficientFunds,
        Self::InvalidAccount,
        Self::InvalidCardNumber,
        Self::InvalidCvv,
        Self::InvalidExpiry,
        Self::InvalidPin,
        Self::InvalidRequest,
        Self::InvalidState,
        Self::LimitExceeded,
        Self::LostOrStolen,
        Self::NotFound,
        Self::NotPermitted,
        Self::ProviderUnavailable,
        Self::RateLimited,
        Self::RetryBlocked,
        Self::RevokedByCardholder,
        Self::RiskRejected,
        Self::StoredInstrumentInvalid,
        Self::SuspectedFraud,
        Self::Timeout,
        Self::Unknown,
        Self::Unsupported,
    ];

    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountClosed => "account_closed",
            Self::AddressMismatch => "address_mismatch",
            Self::AmountInvalid => "amount_invalid",
            Self::AuthenticationFailed => "authentication_failed",
            Self::AuthenticationRequired => "authentication_required",
            Self::AuthenticationUnavailable => "authentication_unavailable",
            Self::AuthorizationExpired => "authorization_expired",
            Self::Cancelled => "cancelled",
            Self::CardBlocked => "card_blocked",
            Self::Configuration => "configuration",
            Self::CredentialsRejected => "credentials_rejected",
            Self::CurrencyInvalid => "currency_invalid",
            Self::DoNotHonor => "do_not_honor",
            Self::Duplicate => "duplicate",
            Self::ExpiredCard => "expired_card",
            Self::InsufficientFunds => "insufficient_funds",
            Self::InvalidAccount => "invalid_account",
            Self::InvalidCardNumber => "invalid_card_number",
            Self::InvalidCvv => "invalid_cvv",
            Self::InvalidExpiry => "invalid_expiry",
            Self::InvalidPin => "invalid_pin",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidState => "invalid_state",
            Self::LimitExceeded => "limit_exceeded",
            Self::LostOrStolen => "lost_or_stolen",
            Self::NotFound => "not_found",
            Self::NotPermitted => "not_permitted",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::RateLimited => "rate_limited",
            Self::RetryBlocked => "retry_blocked",
            Self::RevokedByCardholder => "revoked_by_cardholder",
            Self::RiskRejected => "risk_rejected",
            Self::StoredInstrumentInvalid => "stored_instrument_invalid",
            Self::SuspectedFraud => "suspected_fraud",
            Self::Timeout => "timeout",
            Self::Unknown => "unknown",
            Self::Unsupported => "unsupported",
        }
    }

    /// What may be shown to a customer. It gives nothing away (a stolen card is "declined"); translate by [`DeclineReason::message_key`].
    #[must_use]
    pub fn message(self) -> &'static str {
        match self.message_key() {
            "check_details" => "Some of the payment details are not right. Please check them and try again.",
            "expired" => "The card has expired. Please use another one.",
            "authenticate" => "Your bank wants to make sure that it is you. Please try again and confirm the payment.",
            "funds" => "The payment was declined for lack of funds. Please use another card or account.",
            "limit" => "The payment is above a limit of your card or account. Please use another one or ask your bank.",
            "cancelled" => "The payment was cancelled.",
            "later" => "The payment could not be made just now. Please try again later.",
            "merchant" => "The payment could not be made. You have not done anything wrong; please contact us.",
            _ => "The payment was declined. Please use another card or ask your bank.",
        }
    }

    /// The key of [`DeclineReason::message`], for an application's own translations.
    #[must_use]
    pub const fn message_key(self) -> &'static str {
        match self {
            Self::AddressMismatch
            | Self::InvalidAccount
            | Self::InvalidCardNumber
            | Self::InvalidCvv
            | Self::InvalidExpiry
            | Self::InvalidPin => "check_details",
            Self::ExpiredCard => "expired",
            Self::AuthenticationFailed | Self::AuthenticationRequired => "authenticate",
            Self::InsufficientFunds => "funds",
            Self::LimitExceeded => "limit",
            Self::Cancelled => "cancelled",
            Self::AuthenticationUnavailable | Self::ProviderUnavailable | Self::RateLimited | Self::Timeout => "later",
            Self::AmountInvalid
            | Self::AuthorizationExpired
            | Self::Configuration
            | Self::CredentialsRejected
            | Self::CurrencyInvalid
            | Self::Duplicate
            | Self::InvalidRequest
            | Self::InvalidState
            | Self::NotFound => "merchant",
            _ => "declined",
        }
    }

    /// Whose problem it is, where the code's own table does not say otherwise.
    #[must_use]
    pub const fn side(self) -> Side {
        match self {
            Self::AccountClosed
            | Self::CardBlocked
            | Self::DoNotHonor
            | Self::LimitExceeded
            | Self::LostOrStolen
            | Self::NotPermitted
            | Self::RetryBlocked => Side::Issuer,
            Self::AddressMismatch
            | Self::AuthenticationFailed
            | Self::AuthenticationRequired
            | Self::Cancelled
            | Self::ExpiredCard
            | Self::InsufficientFunds
            | Self::InvalidAccount
            | Self::InvalidCardNumber
            | Self::InvalidCvv
            | Self::InvalidExpiry
            | Self::InvalidPin
            | Self::RevokedByCardholder
            | Self::StoredInstrumentInvalid => Side::Cardholder,
            Self::AmountInvalid
            | Self::AuthorizationExpired
            | Self::Configuration
            | Self::CredentialsRejected
            | Self::CurrencyInvalid
            | Self::Duplicate
            | Self::InvalidRequest
            | Self::InvalidState
            | Self::NotFound
            | Self::Unsupported => Side::Merchant,
            Self::AuthenticationUnavailable
            | Self::ProviderUnavailable
            | Self::RateLimited
            | Self::Timeout
            | Self::Unknown => Side::Provider,
            Self::RiskRejected | Self::SuspectedFraud => Side::Risk,
        }
    }

    /// The advice that fits the reason, where the code's own table does not say otherwise.
    #[must_use]
    pub const fn advice(self) -> RetryAdvice {
        match self {
            Self::AuthenticationFailed | Self::AuthenticationRequired => RetryAdvice::AfterAuthentication,
            Self::AuthenticationUnavailable
            | Self::InsufficientFunds
            | Self::LimitExceeded
            | Self::ProviderUnavailable
            | Self::RateLimited
            | Self::RetryBlocked
            | Self::Timeout => RetryAdvice::Later(None),
            Self::AddressMismatch
            | Self::Cancelled
            | Self::DoNotHonor
            | Self::ExpiredCard
            | Self::InvalidAccount
            | Self::InvalidCardNumber
            | Self::InvalidCvv
            | Self::InvalidExpiry
            | Self::InvalidPin
            | Self::StoredInstrumentInvalid => RetryAdvice::WithNewData,
            _ => RetryAdvice::Never,
        }
    }
}

impl fmt::Display for DeclineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DeclineReason {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        let found = Self::ALL.into_iter().find(|reason| reason.as_str() == text);
        found.ok_or(NotAWord)
    }
}

impl Serialize for DeclineReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DeclineReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique_and_every_reason_has_words_for_a_customer() {
        let names: Vec<_> = DeclineReason::ALL.iter().map(|r| r.as_str()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
        for reason in DeclineReason::ALL {
            assert!(reason.message().ends_with('.'));
            assert!(!reason.message().to_lowercase().contains("stolen"));
        }
    }

    #[test]
    fn string_forms_go_both_ways() {
        for reason in DeclineReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
            let text = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<DeclineReason>(&text).unwrap(), reason);
        }
        for other in ["", "Unknown", "insufficient funds"] {
            assert_eq!(other.parse::<DeclineReason>(), Err(NotAWord), "{other}");
        }
    }
}
