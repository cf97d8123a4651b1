//! Payments, subscriptions, saved cards and payouts: one shape for all four, as the provider has it.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::card::Card;
use crate::Origin;

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Type {
    Payment,
    Subscription,
    Card,
    Payout,
}

impl Type {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Payment => "Payment",
            Self::Subscription => "Subscription",
            Self::Card => "Card",
            Self::Payout => "Payout",
        }
    }

    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Payment => "payments",
            Self::Subscription => "subscriptions",
            Self::Card => "cards",
            Self::Payout => "payouts",
        }
    }

    pub(super) fn from_plural(text: &str) -> Option<Self> {
        [Self::Payment, Self::Subscription, Self::Card, Self::Payout]
            .into_iter()
            .find(|kind| kind.plural() == text)
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Authorize,
    Capture,
    Refund,
    Cancel,
    Renew,
    Recurring,
    Credit,
    Deadline,
}

impl Deed {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Cancel => "cancel",
            Self::Renew => "renew",
            Self::Recurring => "recurring",
            Self::Credit => "credit",
            Self::Deadline => "deadline",
        }
    }

    /// Whether a card is asked for money or for leave here.
    pub(super) fn meets_card(self) -> bool {
        matches!(self, Self::Authorize | Self::Recurring | Self::Credit)
    }
}

/// Where a resource stands, pending operations left aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Initial,
    New,
    Rejected,
    Processed,
    Active,
    Cancelled,
}

impl State {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::New => "new",
            Self::Rejected => "rejected",
            Self::Processed => "processed",
            Self::Active => "active",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How an operation came out: the platform's code and the acquirer's.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) code: String,
    pub(super) message: String,
    /// Absent if the acquirer was never asked.
    pub(super) acquirer: Option<(String, String)>,
}

/// Where and how the callback of an operation arrived.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) url: String,
    pub(super) at: Timestamp,
    pub(super) success: bool,
    pub(super) status: Option<StatusCode>,
}

/// One operation on a resource.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) id: u64,
    pub(super) deed: Deed,
    pub(super) amount: Option<i64>,
    pub(super) pending: bool,
    pub(super) verdict: Option<Verdict>,
    pub(super) secure: bool,
    pub(super) created_at: Timestamp,
    pub(super) delivery: Option<Delivery>,
    pub(super) ask: Ask,
}

/// What was asked for with an operation.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) deed: Deed,
    pub(super) amount: Option<i64>,
    pub(super) card: Option<Card>,
    /// The verdict that is certain from the start.
    pub(super) fixed: Option<Verdict>,
    pub(super) auto_capture: bool,
    pub(super) acquirer: Option<String>,
    pub(super) origin: Origin,
    pub(super) callback_url: Option<String>,
    /// Whether the cardholder proved who they are.
    pub(super) secure: bool,
    /// Whether somebody waits for the outcome.
    pub(super) waited_for: bool,
}

impl Ask {
    pub(super) fn new(deed: Deed, amount: Option<i64>, origin: Origin) -> Self {
        Self {
            deed,
            amount,
            card: None,
            fixed: None,
            auto_capture: false,
            acquirer: None,
            origin,
            callback_url: None,
            secure: false,
            waited_for: true,
        }
    }
}

/// A hosted page for a resource.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) hex: String,
    pub(super) amount: Option<i64>,
    pub(super) auto_capture: bool,
    pub(super) continue_url: Option<String>,
    pub(super) cancel_url: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) deadline: Option<i64>,
    pub(super) deadline_at: Option<Timestamp>,
    pub(super) acquirer: Option<String>,
    /// Other fields, given back as they came.
    pub(super) echo: Map<String, Value>,
    /// The card that waits for its holder to prove who they are.
    pub(super) challenge: Option<Card>,
}

/// A payment, subscription, saved card or payout.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) id: u64,
    pub(super) kind: Type,
    pub(super) order_id: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) accepted: bool,
    pub(super) test_mode: bool,
    pub(super) acquirer: Option<String>,
    pub(super) state: State,
    pub(super) operations: Vec<Operation>,
    pub(super) metadata: Map<String, Value>,
    pub(super) link: Option<Link>,
    pub(super) card: Option<Card>,
    pub(super) subscription_id: Option<u64>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// Other fields, given back as they came.
    pub(super) echo: Map<String, Value>,
}

impl Resource {
    pub(super) fn new(id: u64, kind: Type, now: Timestamp) -> Self {
        Self {
            id,
            kind,
            order_id: None,
            currency: None,
            accepted: false,
            test_mode: false,
            acquirer: None,
            state: State::Initial,
            operations: Vec::new(),
            metadata: Map::new(),
            link: None,
            card: None,
            subscription_id: None,
            created_at: now,
            updated_at: now,
            echo: Map::new(),
        }
    }

    pub(super) fn operation(&self, id: u64) -> Option<&Operation> {
        self.operations.iter().find(|o| o.id == id)
    }

    pub(super) fn operation_mut(&mut self, id: u64) -> Option<&mut Operation> {
        self.operations.iter_mut().find(|o| o.id == id)
    }

    /// The number of the next operation.
    pub(super) fn next_operation(&self) -> u64 {
        self.operations.last().map_or(1, |o| o.id + 1)
    }

    pub(super) fn pending(&self) -> bool {
        self.operations.iter().any(|o| o.pending)
    }

    fn approved(&self, deed: Deed) -> i64 {
        let done =
            |o: &&Operation| o.deed == deed && !o.pending && o.verdict.as_ref().is_some_and(|v| v.code == "20000");
        self.operations.iter().filter(done).filter_map(|o| o.amount).sum()
    }

    pub(super) fn authorized(&self) -> i64 {
        self.approved(Deed::Authorize) + self.approved(Deed::Recurring)
    }

    pub(super) fn captured(&self) -> i64 {
        self.approved(Deed::Capture)
    }

    /// What was captured and not given back.
    pub(super) fn balance(&self) -> i64 {
        self.captured() - self.approved(Deed::Refund)
    }

    pub(super) fn cancelled(&self) -> bool {
        self.state == State::Cancelled || (self.state == State::Processed && self.accepted && self.captured() == 0)
    }

    /// The state as it is shown.
    pub(super) fn shown_state(&self) -> &'static str {
        if self.pending() { "pending" } else { self.state.label() }
    }
}
