//! Rules, and the layers that break them: around the transport, around the adapter and its wire, around the gateway.

mod adapter;
mod gateway;
mod transport;

use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) use adapter::builder;
pub(crate) use gateway::gateway;
pub(crate) use transport::transport;

/// A rule that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// What may never be repeated is repeated after a lost answer.
    ReplaysNever,
    /// Each attempt has a key of its own.
    NewKeyPerAttempt,
    /// The key does not depend on the operation's kind.
    KeyWithoutKind,
    /// A key that has ended is used again.
    ExpiredKey,
    /// A 5xx is taken as a refusal.
    FailureIsRefusal,
    /// A refusal that is not in the provider's words is taken for one that is.
    BareIsRefusal,
    /// An empty body is taken as an approval.
    EmptyIsApproved,
    /// An unknown code is taken as a decline.
    UnknownCodeIsDeclined,
    /// A code is read without what was asked.
    CodeWithoutContext,
    /// A lost answer is not asked for.
    NeverAsks,
    /// Absence is believed at once.
    AbsenceAtOnce,
    /// A payment is adopted as if what is pending on it were not there.
    AdoptsPending,
    /// The fate of the last call is that of the operation.
    LastFate,
    /// A refusal as duplicate is taken as a refusal.
    DuplicateIsRefusal,
    /// A webhook is believed unconfirmed.
    BelievesWebhooks,
    /// A reply is not held against what was asked.
    NoIntegrity,
    /// Every outcome is said to be unknown, which no ledger contradicts.
    KnowsNothing,
}

pub(crate) const RULES: [Rule; 17] = [
    Rule::ReplaysNever,
    Rule::NewKeyPerAttempt,
    Rule::KeyWithoutKind,
    Rule::ExpiredKey,
    Rule::FailureIsRefusal,
    Rule::BareIsRefusal,
    Rule::EmptyIsApproved,
    Rule::UnknownCodeIsDeclined,
    Rule::CodeWithoutContext,
    Rule::NeverAsks,
    Rule::AbsenceAtOnce,
    Rule::AdoptsPending,
    Rule::LastFate,
    Rule::DuplicateIsRefusal,
    Rule::BelievesWebhooks,
    Rule::NoIntegrity,
    Rule::KnowsNothing,
];

/// Which rule is broken now: an index, past the end for none. Adapters read it when they are built.
static NOW: AtomicUsize = AtomicUsize::new(usize::MAX);

impl Rule {
    pub(crate) fn set(self) {
        let at = RULES.iter().position(|rule| *rule == self).unwrap_or(usize::MAX);
        NOW.store(at, Ordering::SeqCst);
    }

    pub(crate) fn now() -> Option<Self> {
        RULES.get(NOW.load(Ordering::SeqCst)).copied()
    }

    /// Where it matters most.
    pub(crate) const fn place(self) -> &'static str {
        match self {
            Self::NewKeyPerAttempt | Self::KeyWithoutKind | Self::ExpiredKey => "qolo",
            Self::CodeWithoutContext => "opp-v3",
            Self::BelievesWebhooks => "carry1st",
            Self::NeverAsks | Self::UnknownCodeIsDeclined => "opp-v1",
            _ => "coolpay",
        }
    }
}
