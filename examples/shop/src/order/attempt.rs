//! One attempt to pay.

use jiff::Timestamp;
use paymux::{
    Answer, Decline, Entry, EntryKind, EntryOutcome, Money, NextAction, OperationKind, Outcome, Payment, PaymentRef,
    PaymentState, RawReply, Reference, Transition, Unresolved,
};

use super::follow_up::{Deed, FollowUp};

/// One attempt to pay an order.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) reference: Reference,
    /// The gateway's name; its payments may be asked about there only.
    pub(crate) gateway: String,
    /// Whether the money is held, to be captured in the back office.
    pub(crate) hold: bool,
    pub(crate) made: Timestamp,
    pub(crate) standing: Standing,
    /// The payment as the page was opened for it. Some providers name each try on the page anew: an older page is asked about by this.
    pub(crate) opened: Option<PaymentRef>,
    /// The way to the page. Kept in this process only: it may carry a token.
    pub(crate) page: Option<NextAction>,
    /// The payment as last told.
    pub(crate) payment: Option<Payment>,
    /// Why it was declined, if that is the last word.
    pub(crate) decline: Option<Decline>,
    /// Whether the provider's page can still be paid on.
    pub(crate) page_is_open: bool,
    /// Whether something is under way on top of the state.
    pub(crate) under_way: bool,
    /// Whether a question is under way.
    pub(crate) asking: bool,
    /// When somebody came back from the page. It proves nothing.
    pub(crate) returned: Option<Timestamp>,
    /// When the provider last told how it stands.
    pub(crate) told: Option<Timestamp>,
    /// Why the last question found nothing out.
    pub(crate) trouble: Option<String>,
    pub(crate) raw: Option<RawReply>,
    pub(crate) follow_ups: Vec<FollowUp>,
}

/// What is known of the opening of an attempt.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// The call is under way.
    Opening,
    /// The provider knows the payment.
    Open,
    /// Nothing was done, and nothing will be.
    NotDone(String),
    /// Nobody knows. This is what to ask with.
    Unknown(Box<Unresolved>),
}

impl Attempt {
    pub(crate) fn new(reference: Reference, gateway: String, hold: bool, made: Timestamp) -> Self {
        Self {
            reference,
            gateway,
            hold,
            made,
            standing: Standing::Opening,
            opened: None,
            page: None,
            payment: None,
            decline: None,
            page_is_open: false,
            under_way: false,
            asking: false,
            returned: None,
            told: None,
            trouble: None,
            raw: None,
            follow_ups: Vec::new(),
        }
    }

    /// The state of the payment, once there is one.
    pub(crate) fn state(&self) -> Option<PaymentState> {
        self.payment.as_ref().map(|payment| payment.state)
    }

    /// Whether it ended definitively and without money, so that another may begin. A page that can still be paid on is no end.
    pub(crate) fn is_over(&self) -> bool {
        use PaymentState::{Cancelled, Declined, Expired};
        match &self.standing {
            Standing::NotDone(_) => true,
            Standing::Opening | Standing::Unknown(_) => false,
            Standing::Open => matches!(self.state(), Some(Cancelled | Declined | Expired)) && !self.page_is_open,
        }
    }

    /// Whether money is or was held or taken.
    pub(crate) fn has_money(&self) -> bool {
        let state = self.state().filter(|state| *state != PaymentState::Voided);
        state.is_some_and(moved_money)
    }

    /// Whether there is nothing to wait for, so that nobody need go on asking.
    pub(crate) fn is_settled(&self) -> bool {
        let open = matches!(self.standing, Standing::Opening | Standing::Unknown(_));
        let waits = matches!(
            self.state(),
            None | Some(
                PaymentState::Created | PaymentState::Pending | PaymentState::RequiresAction | PaymentState::Review
            )
        );
        !open && (self.is_over() || !(waits || self.under_way))
    }

    /// Whether a reference is its own, or that of one of its follow-ups.
    pub(super) fn has(&self, reference: &str) -> bool {
        self.reference.as_str() == reference || self.follow_ups.iter().any(|f| f.reference.as_str() == reference)
    }

    /// The payment to ask about: where the last try was refused, the page that it was made on, since another may have followed there.
    pub(crate) fn question(&self) -> Option<&PaymentRef> {
        let last = self.payment.as_ref().map(|payment| &payment.reference);
        if self.has_money() {
            last
        } else {
            self.opened.as_ref().or(last)
        }
    }

    /// Whether a payment is likely this attempt's: the provider repeats the reference, or it is a payment that is known here.
    pub(super) fn owns(&self, payment: &Payment) -> bool {
        match &payment.merchant_reference {
            Some(reference) => self.has(reference),
            None => self.knows(&payment.reference),
        }
    }

    fn knows(&self, reference: &PaymentRef) -> bool {
        let last = self.payment.as_ref().map(|payment| &payment.reference);
        let same = |known: &PaymentRef| {
            (known.provider(), known.account(), known.id())
                == (reference.provider(), reference.account(), reference.id())
        };
        self.opened.iter().chain(last).any(same)
    }

    /// Whether a payment is this attempt's, in everything that can be compared.
    pub(super) fn check(&self, payment: &Payment, amount: Money) -> Result<(), String> {
        if !self.owns(payment) {
            return Err(format!("payment {} is not of this attempt", payment.id()));
        }
        if let Some(opened) = &self.opened
            && (opened.provider(), opened.account()) != (payment.reference.provider(), payment.reference.account())
        {
            return Err(format!("payment {} is of another account", payment.id()));
        }
        if self.opened.is_none() && payment.reference.gateway() != self.gateway {
            return Err(format!("payment {} came by another gateway", payment.id()));
        }
        match payment.amount {
            Some(paid) if paid == amount => Ok(()),
            Some(paid) => Err(format!(
                "payment {} is of {paid}, and the order of {amount}",
                payment.id()
            )),
            // What moved no money need not say how much it was.
            None if !moved_money(payment.state) => Ok(()),
            None => Err(format!("payment {} does not say how much it is", payment.id())),
        }
    }

    /// Takes an answer about the payment as a whole, which was checked.
    pub(super) fn learn(&mut self, answer: Answer, now: Timestamp) -> Transition {
        let Answer {
            outcome, mut payment, ..
        } = answer;
        self.told = Some(now);
        self.trouble = None;
        self.keep_raw(payment.raw.as_ref());
        if let Outcome::Declined(decline) = &outcome
            && self.is_try(&payment.reference)
        {
            // What became of the page is asked by the reference that it was opened under.
            self.decline = Some(decline.clone());
            return Transition::Same;
        }
        self.confirm_follow_ups(&payment.entries);
        let transition = match &self.payment {
            Some(known) => {
                payment.late |= known.late;
                payment.follow(known.state)
            }
            None => Transition::Forward,
        };
        self.standing = Standing::Open;
        if self.opened.is_none() {
            self.opened = Some(payment.reference.clone());
        }
        self.under_way = transition == Transition::UnderWay;
        if matches!(transition, Transition::UnderWay | Transition::Refused) {
            return transition;
        }
        self.decline = match &outcome {
            Outcome::Declined(decline) => Some(decline.clone()),
            _ => declined(&payment),
        };
        self.page_is_open = matches!(outcome, Outcome::ActionRequired(_));
        if let Outcome::ActionRequired(action) = outcome {
            self.page = Some(action);
        }
        self.payment = Some(payment);
        transition
    }

    /// Whether a payment is a try on the page that has an id of its own. Refused, it is not the end of the page: another may follow there.
    fn is_try(&self, payment: &PaymentRef) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.id() != payment.id())
    }

    /// Takes what a follow-up came to: its state may go on, but the payment is asked about by the reference that it has.
    pub(crate) fn follow(&mut self, mut payment: Payment) {
        self.keep_raw(payment.raw.as_ref());
        let Some(known) = &mut self.payment else { return };
        let transition = payment.follow(known.state);
        self.under_way = transition == Transition::UnderWay;
        if transition == Transition::Forward {
            known.state = payment.state;
        }
        if payment.entries.len() >= known.entries.len() {
            known.entries = payment.entries;
        }
    }

    pub(crate) fn keep_raw(&mut self, raw: Option<&RawReply>) {
        if let Some(raw) = raw {
            self.raw = Some(raw.clone());
        }
    }

    /// What has to be asked about, by a reference of this attempt.
    pub(super) fn unresolved(&self, reference: &str) -> Option<&Unresolved> {
        if self.reference.as_str() == reference {
            return match &self.standing {
                Standing::Unknown(unresolved) => Some(unresolved),
                _ => None,
            };
        }
        let found = self.follow_ups.iter().find(|f| f.reference.as_str() == reference)?;
        match &found.deed {
            Deed::Unknown(unresolved) => Some(unresolved),
            _ => None,
        }
    }

    /// What of the money may still be captured.
    pub(crate) fn capturable(&self) -> bool {
        matches!(self.state(), Some(PaymentState::Authorized))
    }

    /// Whether a capture or a void went through, or may have.
    pub(super) fn is_being_settled(&self) -> bool {
        let settles = |kind| matches!(kind, OperationKind::Capture | OperationKind::Void);
        self.follow_ups.iter().any(|f| settles(f.kind) && f.may_have_moved())
    }

    /// How much was given back, as the provider says, in minor units.
    pub(crate) fn returned_minor(&self) -> i64 {
        self.payment.as_ref().map_or(0, Payment::refunded)
    }

    /// How much may still be given back, in minor units: what was taken, less what was or may have been given back.
    pub(crate) fn refundable(&self) -> i64 {
        use PaymentState::{Captured, PartiallyCaptured, PartiallyRefunded};
        let Some(payment) = self.payment.as_ref() else { return 0 };
        if !matches!(payment.state, Captured | PartiallyCaptured | PartiallyRefunded) {
            return 0;
        }
        let whole = payment.amount.map_or(0, Money::minor);
        let taken = if payment.captured() > 0 {
            payment.captured()
        } else {
            whole
        };
        taken.saturating_sub(self.given_back()).max(0)
    }

    /// How much was or may have been given back, in minor units.
    pub(crate) fn given_back(&self) -> i64 {
        let ours = self
            .follow_ups
            .iter()
            .filter(|f| f.kind == OperationKind::Refund && f.may_have_moved());
        let ours = ours
            .filter_map(|f| f.amount)
            .fold(0_i64, |sum, amount| sum.saturating_add(amount.minor()));
        ours.max(self.payment.as_ref().map_or(0, Payment::refunded))
    }

    /// The provider's id of the capture, which some providers want to hear with a refund of a held payment.
    pub(crate) fn capture_id(&self) -> Option<String> {
        let entries = self.payment.as_ref().filter(|_| self.hold)?.entries.iter();
        let captures = entries.filter(|entry| entry.kind == EntryKind::Capture && entry.is_approved());
        captures.rev().find_map(|entry| entry.id.clone())
    }
}

/// The refusal that is the last word so far: with the page still open, the customer may try another card.
fn declined(payment: &Payment) -> Option<Decline> {
    let last: &Entry = payment.entries.last()?;
    match &last.outcome {
        EntryOutcome::Declined(decline)
            if matches!(payment.state, PaymentState::Declined | PaymentState::RequiresAction) =>
        {
            Some(decline.clone())
        }
        _ => None,
    }
}

/// Whether money was held or moved to come to a state.
const fn moved_money(state: PaymentState) -> bool {
    use PaymentState::{Cancelled, Created, Declined, Expired, Pending, RequiresAction};
    !matches!(
        state,
        Cancelled | Created | Declined | Expired | Pending | RequiresAction
    )
}
