//! What is kept of one attempt, and of one payment.

mod key;
mod lease;
mod outcome;

use std::fmt;

use jiff::Timestamp;
use paymux::{
    Capabilities, Duplicates, EntryKind, Money, Operation, OperationKind, PaymentRef, PaymentState, Unresolved,
    idempotency_key,
};
use serde::{Deserialize, Serialize};

pub(crate) use self::key::ORDER_OF;
pub use self::key::{IntentKey, PaymentKey, order_of};
pub use self::lease::Lease;
pub use self::outcome::{Came, Known, Recorded, State};

/// One attempt to do one operation: what was asked, who works on it, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Intent {
    /// What names it.
    pub key: IntentKey,
    /// The gateway's name.
    pub gateway: String,
    /// What is asked.
    pub operation: OperationKind,
    /// The payment that it is about, where it is about one that exists.
    pub payment: Option<PaymentRef>,
    /// What is being paid.
    pub order: Option<String>,
    /// How much.
    pub amount: Option<Money>,
    /// The idempotency key.
    pub idempotency_key: Option<String>,
    /// Whether money is taken by it at once; not so with an authorization, and a page that only holds it.
    pub takes: bool,
    /// Which attempt under the same reference this is.
    pub attempt: u32,
    /// Where it stands.
    pub state: State,
    /// Counts who has held it.
    pub generation: u64,
    /// Who works on it.
    pub lease: Option<Lease>,
    /// Whether the engine records here before each request that may move money. If so, `recorded` being false proves that none has left.
    pub watched: bool,
    /// What is needed to ask.
    pub open: Unresolved,
    /// Whether the engine has recorded that a request that may move money is about to leave, or has left.
    pub recorded: bool,
    /// The payment that it made, or that it was about.
    pub made: Option<PaymentRef>,
    /// The provider's ids of the entries that the payment had before.
    pub before: Vec<String>,
    /// The provider's ids of the entries that are its own.
    pub entries: Vec<String>,
    /// What came of it.
    pub outcome: Option<Recorded>,
    /// What was last said of it, for people.
    pub said: String,
    /// What a person must look at.
    pub remark: Option<String>,
    /// Whether what was found differs from what was asked, or from what was on record, or may be another's: nothing is sent for it again.
    pub differs: bool,
    /// How often it was asked about since the last answer.
    pub asked: u32,
    /// When it is to be asked about, if nobody does before.
    pub ask_at: Option<Timestamp>,
    /// When it was begun.
    pub begun: Timestamp,
    /// When it was last written.
    pub written: Timestamp,
}

impl Intent {
    /// An intent that is about to be begun, without a lease. Only the fields that are named here leave the operation. `None` where the operation has no
    /// reference.
    #[must_use]
    pub fn new(gateway: &str, capabilities: &Capabilities, operation: &Operation, now: Timestamp) -> Option<Self> {
        let asked = match operation {
            Operation::Complete(completion) => &completion.operation,
            other => other,
        };
        let takes = match asked {
            Operation::Sale(_) => true,
            Operation::Checkout(checkout) => checkout.capture,
            _ => false,
        };
        let (open, recorded) = match operation {
            Operation::Complete(completion) => (completion.unresolved.clone(), true),
            other => {
                let about = other.payment().cloned();
                let open = Unresolved::new(gateway, capabilities, other, about, Vec::new(), now);
                (open, false)
            }
        };
        Some(Self {
            key: IntentKey::of(capabilities, operation.reference()?),
            gateway: gateway.to_owned(),
            operation: operation.kind(),
            payment: operation.payment().cloned(),
            order: operation.charge().and_then(|charge| charge.order.clone()),
            amount: operation.amount(),
            idempotency_key: idempotency_key(operation),
            takes,
            attempt: 1,
            state: State::Open,
            generation: 1,
            lease: None,
            watched: false,
            open,
            recorded,
            made: None,
            before: Vec::new(),
            entries: Vec::new(),
            outcome: None,
            said: String::new(),
            remark: None,
            differs: false,
            asked: 0,
            ask_at: None,
            begun: now,
            written: now,
        })
    }

    /// Whether it begins a payment, or is about one that exists.
    #[must_use]
    pub const fn begins(&self) -> bool {
        self.payment.is_none()
    }

    /// The payment that it is about or made, as far as known.
    #[must_use]
    pub fn about(&self) -> Option<&PaymentRef> {
        self.payment.as_ref().or(self.made.as_ref())
    }

    /// Whether another attempt of its order must not be made.
    #[must_use]
    pub const fn takes_order(&self) -> bool {
        matches!(self.state, State::Open | State::Waiting | State::Done)
    }

    /// Whether its end is still to come.
    #[must_use]
    pub const fn is_unsettled(&self) -> bool {
        matches!(self.state, State::Open | State::Waiting)
    }

    /// Whether it waits for a customer who has, or had, a page to pay on: also where the page is gone by now, and nobody wrote down why.
    #[must_use]
    pub fn has_page(&self) -> bool {
        let paged = |recorded: &Recorded| {
            let unused = self.operation == OperationKind::Checkout && recorded.payment.state == PaymentState::Created;
            recorded.came == Came::ActionRequired || unused
        };
        self.begins() && self.state == State::Waiting && self.outcome.as_ref().is_some_and(paged)
    }

    /// Whether it is surely known that no request of it that may move money left.
    #[must_use]
    pub const fn sent_nothing(&self) -> bool {
        self.watched && !self.recorded
    }

    /// Whether the same call may run it again while it is in doubt: the provider refuses a second payment under its reference, and nothing of the first can be booked
    /// any more.
    #[must_use]
    pub fn may_run_again(&self, capabilities: &Capabilities, now: Timestamp) -> bool {
        let settled = capabilities.settle.and_then(|settle| {
            let open = self.unresolved();
            open.last_sent.checked_add(settle).ok()
        });
        capabilities.duplicates == Duplicates::UniqueReference
            && self.begins()
            && !self.differs
            && settled.is_some_and(|settled| now > settled)
    }

    /// Whether it asks for the same thing as another.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let payment = |intent: &Self| intent.payment.as_ref().map(PaymentKey::of);
        self.operation == other.operation
            && self.amount == other.amount
            && self.own_order() == other.own_order()
            && self.takes == other.takes
            && payment(self) == payment(other)
    }

    /// The order; none where only the reference stands for one, as it does among the gateways of a router.
    fn own_order(&self) -> Option<&str> {
        let own = order_of(&self.key.reference);
        self.order.as_deref().filter(|order| *order != own)
    }

    /// The kind of entry that it books on a payment that exists.
    pub(crate) const fn books(&self) -> Option<EntryKind> {
        match self.operation {
            OperationKind::Capture => Some(EntryKind::Capture),
            OperationKind::Refund => Some(EntryKind::Refund),
            OperationKind::Void => Some(EntryKind::Void),
            _ => None,
        }
    }
}

/// As people read it: `sale of 100.00 DKK for order 1001`.
impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.operation)?;
        if let Some(amount) = self.amount {
            write!(f, " of {amount}")?;
        }
        if let Some(payment) = &self.payment {
            write!(f, " on {payment}")?;
        }
        if let Some(order) = &self.order {
            write!(f, " for order {}", paymux::visible(order))?;
        }
        Ok(())
    }
}
