//! What changed, for applications to act on.

use jiff::Timestamp;
use paymux::{OperationKind, PaymentRef, PaymentState, Reference};
use serde::{Deserialize, Serialize};

use crate::intent::{Came, Intent, State};

/// One change of an intent or a payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Change {
    /// Its number: above all that were given out before it. 0 before it has one.
    #[serde(default)]
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The gateway's name.
    pub gateway: String,
    /// The payment, as far as known.
    pub payment: Option<PaymentRef>,
    /// What is being paid.
    pub order: Option<String>,
    /// The caller's name of the attempt.
    pub reference: Option<Reference>,
    /// What changed.
    pub what: What,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// An intent came to another state.
    Intent {
        /// What it asked.
        operation: OperationKind,
        /// Where it stands now.
        state: State,
        /// How it came out, where it did.
        came: Option<Came>,
    },
    /// A payment was seen to stand elsewhere, or to have other entries.
    Payment {
        /// Where it stood; `None` where it was not known.
        from: Option<PaymentState>,
        /// Where it stands.
        to: PaymentState,
        /// Whether it came after a decline, a cancellation or an expiry.
        late: bool,
    },
    /// A person has looked, and the record stands.
    Looked(String),
    /// A person must look.
    Remark(String),
}

impl Change {
    /// A change of an intent.
    pub(crate) fn of(intent: &Intent, what: What, at: Timestamp) -> Self {
        Self {
            seq: 0,
            at,
            gateway: intent.gateway.clone(),
            payment: intent.about().cloned(),
            order: intent.order.clone(),
            reference: Some(intent.key.reference.clone()),
            what,
        }
    }

    /// That an intent stands where it does.
    pub(crate) fn state(intent: &Intent, at: Timestamp) -> Self {
        let what = What::Intent {
            operation: intent.operation,
            state: intent.state,
            came: intent.outcome.as_ref().map(|recorded| recorded.came.clone()),
        };
        Self::of(intent, what, at)
    }
}
