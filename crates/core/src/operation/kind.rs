//! The names of what can be asked of a gateway.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kinds of [`Operation`](super::Operation). Their string forms are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OperationKind {
    /// [`Operation::Authorize`](super::Operation::Authorize).
    Authorize,
    /// [`Operation::Capture`](super::Operation::Capture).
    Capture,
    /// [`Operation::Checkout`](super::Operation::Checkout).
    Checkout,
    /// [`Operation::Inquire`](super::Operation::Inquire).
    Inquire,
    /// [`Operation::Payout`](super::Operation::Payout).
    Payout,
    /// [`Operation::Refund`](super::Operation::Refund).
    Refund,
    /// [`Operation::Resolve`](super::Operation::Resolve).
    Resolve,
    /// [`Operation::Sale`](super::Operation::Sale).
    Sale,
    /// [`Operation::Transfer`](super::Operation::Transfer).
    Transfer,
    /// [`Operation::Void`](super::Operation::Void).
    Void,
}

impl OperationKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Sale,
        Self::Authorize,
        Self::Capture,
        Self::Void,
        Self::Refund,
        Self::Inquire,
        Self::Checkout,
        Self::Payout,
        Self::Transfer,
        Self::Resolve,
    ];

    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Checkout => "checkout",
            Self::Inquire => "inquire",
            Self::Payout => "payout",
            Self::Refund => "refund",
            Self::Resolve => "resolve",
            Self::Sale => "sale",
            Self::Transfer => "transfer",
            Self::Void => "void",
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
