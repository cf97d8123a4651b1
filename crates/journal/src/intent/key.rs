//! What names an intent, a payment, and an order that is only a reference.

use paymux::{Capabilities, PaymentRef, Reference, Unresolved};
use serde::{Deserialize, Serialize};

/// What names an intent: the caller's reference at a merchant account of a provider. Gateways may be renamed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IntentKey {
    /// The provider's name.
    pub provider: String,
    /// The digest of the merchant account.
    pub account: String,
    /// The caller's name of the attempt.
    pub reference: Reference,
}

/// What names a payment: the provider's id at a merchant account of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PaymentKey {
    /// The provider's name.
    pub provider: String,
    /// The digest of the merchant account.
    pub account: String,
    /// The provider's id.
    pub id: String,
}

impl IntentKey {
    /// The intent of a reference at the account of these capabilities.
    #[must_use]
    pub fn of(capabilities: &Capabilities, reference: &Reference) -> Self {
        Self {
            provider: capabilities.provider.to_owned(),
            account: capabilities.account.as_str().to_owned(),
            reference: reference.clone(),
        }
    }

    pub(crate) fn of_unresolved(unresolved: &Unresolved) -> Option<Self> {
        Some(Self {
            provider: unresolved.provider.clone(),
            account: unresolved.account.as_str().to_owned(),
            reference: unresolved.reference.clone()?,
        })
    }
}

impl PaymentKey {
    /// The payment that a reference leads to.
    #[must_use]
    pub fn of(payment: &PaymentRef) -> Self {
        Self {
            provider: payment.provider().to_owned(),
            account: payment.account().as_str().to_owned(),
            id: payment.id().to_owned(),
        }
    }

    pub(crate) fn is_of(&self, payment: &PaymentRef) -> bool {
        self.provider == payment.provider() && self.account == payment.account().as_str() && self.id == payment.id()
    }
}

/// The order that a reference stands for, where a router's gateway is asked for something without one.
#[must_use]
pub fn order_of(reference: &Reference) -> String {
    format!("{ORDER_OF}{reference}")
}

/// What an order that stands for a reference begins with; no caller's own does.
pub(crate) const ORDER_OF: &str = "reference:";
