//! What is kept of an operation whose outcome nobody knows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::capability::Capabilities;
use crate::error::Error;
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
    /// The first moment at which a request of it could leave, and its key be used; `None` where nobody knows, as in records made before this was
    /// kept: such an operation can be asked about, and not completed.
    #[serde(default)]
    pub first_sent: Option<Timestamp>,
    /// The last moment at which a request of it could leave. With too early a moment absence is believed too soon; with too
    /// late a one later, and where operations are told apart by their time, more of them fit.
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
            first_sent: None,
            last_sent,
        }
    }

    /// With the first moment at which a request of it could leave.
    #[must_use]
    pub const fn with_first_sent(mut self, first: Option<Timestamp>) -> Self {
        self.first_sent = first;
        self
    }

    /// Whether it belongs to this provider and account.
    ///
    /// # Errors
    /// Whose it is, and whose these capabilities are.
    pub fn check_owner(&self, capabilities: &Capabilities) -> Result<(), Error> {
        if self.provider == capabilities.provider && self.account == capabilities.account {
            return Ok(());
        }
        let message = format!(
            "unresolved operation belongs to {} account {}, and this gateway is {} account {}; nothing was sent",
            self.provider,
            self.account.as_str(),
            capabilities.provider,
            capabilities.account.as_str()
        );
        Err(Error::invalid("unresolved", message))
    }

    /// The last note under a key.
    #[must_use]
    pub fn note(&self, key: &str) -> Option<&str> {
        self.trail.iter().rev().find(|m| m.key == key).map(|m| m.value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an application kept before `first_sent` was written down can still be read, and asked with.
    #[test]
    fn an_old_record_has_no_first_moment() {
        let old = r#"{"gateway":"cards","provider":"acme","account":"00","operation":"sale","reference":"a1","amount":null,
            "payment":null,"trail":[],"last_sent":"2026-01-02T03:04:05Z"}"#;
        let unresolved: Unresolved = serde_json::from_str(old).unwrap();
        assert_eq!(unresolved.first_sent, None);
        let first = unresolved.last_sent;
        let new = unresolved.with_first_sent(Some(first));
        let text = serde_json::to_string(&new).unwrap();
        assert_eq!(serde_json::from_str::<Unresolved>(&text).unwrap(), new);
    }
}
