//! What is kept of an operation whose outcome nobody knows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::capability::Capabilities;
use crate::operation::{Operation, OperationKind};
use crate::wire::Memo;
use crate::{Account, Money, PaymentRef, Reference};

/// An operation whose outcome is unknown, with all that is needed to ask later. Holds no secret; keep it until it is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unresolved {
    /// The gateway's name.
    pub gateway: String,
    /// The provider's name.
    pub provider: String,
    /// The merchant account.
    pub account: Account,
    /// What was asked.
    pub operation: OperationKind,
    /// The caller's name of the attempt.
    pub reference: Option<Reference>,
    /// The amount asked for.
    pub amount: Option<Money>,
    /// The payment that it was about, or that it made, as far as known.
    pub payment: Option<PaymentRef>,
    /// What the adapter noted on its way, to ask with.
    pub trail: Vec<Memo>,
    /// The last moment at which a request of it could leave.
    pub last_sent: Timestamp,
}

impl Unresolved {
    /// What is needed to ask about an operation later; made by the engine.
    #[must_use]
    pub fn new(
        gateway: &str,
        capabilities: &Capabilities,
        operation: &Operation,
        payment: Option<PaymentRef>,
        trail: Vec<Memo>,
        last_sent: Timestamp,
    ) -> Self {
        Self {
            gateway: gateway.to_owned(),
            provider: capabilities.provider.to_owned(),
            account: capabilities.account.clone(),
            operation: operation.kind(),
            reference: operation.reference().cloned(),
            amount: operation.amount(),
            payment,
            trail,
            last_sent,
        }
    }

    /// The last note under a key.
    #[must_use]
    pub fn note(&self, key: &str) -> Option<&str> {
        self.trail.iter().rev().find(|m| m.key == key).map(|m| m.value.as_str())
    }
}
