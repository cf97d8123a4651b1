//! What is kept of one attempt, and of one payment.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use paymux::{
    Answer, Capabilities, Decline, DeclineReason, EntryKind, Money, Operation, OperationKind, Outcome, Payment,
    PaymentRef, PaymentState, Reference, Unresolved, idempotency_key,
};
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

/// Where an intent stands. The crate's page says what each state means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Refused by the payer's side.
    Declined,
    /// Approved.
    Done,
    /// It did nothing.
    Failed,
    /// Begun, and no outcome is written.
    Open,
    /// It was waiting or done, and was let go without money moved.
    Undone,
    /// Accepted, and not decided.
    Waiting,
}

/// Who works on an intent, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lease {
    /// The process, by the name that it gave itself.
    pub holder: String,
    /// When it ends. What may send stops sending then: it is `send_before`.
    pub until: Timestamp,
    /// Whether it may send, or only asks.
    pub sends: bool,
}

/// How an operation came out, as it is kept: without what the customer must do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Came {
    /// The customer must do something first. What, an inquiry tells.
    ActionRequired,
    /// Done.
    Approved,
    /// Refused.
    Declined(Decline),
    /// Accepted, and not decided.
    Pending,
    /// Done, and held for a person to look at.
    Review,
}

/// An outcome as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recorded {
    /// How it came out.
    pub came: Came,
    /// The payment as it was seen then.
    pub payment: Payment,
}

/// A payment as it was last seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Known {
    /// The payment.
    pub payment: Payment,
    /// When it was seen.
    pub seen: Timestamp,
}

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
    /// Whether the gateway records here before it sends, so that what nothing was recorded of was not sent.
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
    /// Whether what was found differs from what was asked, or may be another's: nothing is sent for it again.
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

/// The order that a reference stands for, where a router's gateway is asked for something without one.
#[must_use]
pub fn order_of(reference: &Reference) -> String {
    format!("{ORDER_OF}{reference}")
}

/// What an order that stands for a reference begins with; no caller's own does.
pub(crate) const ORDER_OF: &str = "reference:";

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

    /// What is needed to ask about it. Who may have sent until the end of his lease is taken to have done so.
    #[must_use]
    pub fn unresolved(&self) -> Unresolved {
        let mut unresolved = self.open.clone();
        if let Some(lease) = self.lease.as_ref().filter(|lease| lease.sends) {
            unresolved.last_sent = unresolved.last_sent.max(lease.until);
        }
        unresolved.payment = unresolved.payment.or_else(|| self.about().cloned());
        unresolved
    }

    /// Takes in what is known by now of what was sent. One record is right for all its sendings, with the first moment of them and the last; and a
    /// payment that was found once is not forgotten.
    pub(crate) fn learn(&mut self, mut open: Unresolved) {
        let known = &self.open;
        open.first_sent = match (known.first_sent, open.first_sent) {
            (Some(known), Some(new)) => Some(known.min(new)),
            // Of what was sent before, nobody knows when the first one was.
            (None, _) if self.recorded => None,
            (known, new) => known.or(new),
        };
        if self.recorded {
            open.last_sent = open.last_sent.max(known.last_sent);
        }
        open.payment = open.payment.or_else(|| known.payment.clone());
        if open.trail.is_empty() {
            open.trail.clone_from(&known.trail);
        }
        self.open = open;
    }

    /// Is given to somebody, under a new generation. Who had it may have sent until the end of his lease.
    pub(crate) fn give(&mut self, lease: Lease) {
        self.open = self.unresolved();
        self.generation = self.generation.saturating_add(1);
        self.lease = Some(lease);
    }

    /// Whether somebody other than `holder` may be at work on it.
    #[must_use]
    pub fn is_held(&self, holder: &str, now: Timestamp, skew: Duration) -> bool {
        self.lease.as_ref().is_some_and(|lease| {
            let over = lease.until.checked_add(skew).unwrap_or(Timestamp::MAX);
            lease.holder != holder && now <= over
        })
    }

    /// From when on it is to be asked about: after its lease, or when it was said.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        let lease = self.lease.as_ref().map(|lease| lease.until);
        lease.or(self.ask_at).filter(|_| self.is_unsettled())
    }

    /// The recorded outcome as an answer. `None` where there is none, and where the customer must act: how, is not kept.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        let recorded = self.outcome.as_ref()?;
        let outcome = match &recorded.came {
            Came::ActionRequired if self.state == State::Undone => {
                Outcome::Declined(Decline::new(DeclineReason::Cancelled, ""))
            }
            Came::ActionRequired => return None,
            Came::Approved => Outcome::Approved,
            Came::Declined(decline) => Outcome::Declined(decline.clone()),
            Came::Pending if self.state == State::Undone => {
                Outcome::Declined(Decline::new(DeclineReason::Cancelled, ""))
            }
            Came::Pending => Outcome::Pending,
            Came::Review => Outcome::Review,
        };
        Some(Answer::new(outcome, recorded.payment.clone()))
    }

    /// The payment as it was last seen here.
    #[must_use]
    pub fn seen(&self) -> Option<Payment> {
        let seen = self.outcome.as_ref().map(|recorded| recorded.payment.clone());
        seen.or_else(|| Some(Payment::new(self.about()?.clone(), PaymentState::Pending)))
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

impl Lease {
    /// A lease for a holder.
    #[must_use]
    pub fn new(holder: impl Into<String>, until: Timestamp, sends: bool) -> Self {
        Self {
            holder: holder.into(),
            until,
            sends,
        }
    }
}

impl Recorded {
    /// An outcome, with the payment as it was seen.
    #[must_use]
    pub const fn new(came: Came, payment: Payment) -> Self {
        Self { came, payment }
    }
}

impl Came {
    /// An outcome without what the customer must do.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::ActionRequired(_) => Self::ActionRequired,
            Outcome::Approved => Self::Approved,
            Outcome::Declined(decline) => Self::Declined(decline.clone()),
            Outcome::Review => Self::Review,
            // What is new is not decided, as far as we know.
            _ => Self::Pending,
        }
    }

    /// The state that an intent has by it.
    #[must_use]
    pub const fn state(&self) -> State {
        match self {
            Self::Approved => State::Done,
            Self::Declined(_) => State::Declined,
            Self::ActionRequired | Self::Pending | Self::Review => State::Waiting,
        }
    }

    /// The stable string form.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ActionRequired => "action_required",
            Self::Approved => "approved",
            Self::Declined(_) => "declined",
            Self::Pending => "pending",
            Self::Review => "review",
        }
    }
}

impl State {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Open => "open",
            Self::Undone => "undone",
            Self::Waiting => "waiting",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
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
