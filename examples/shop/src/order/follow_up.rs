//! Captures, refunds and voids of a payment.

use jiff::Timestamp;
use paymux::{
    Answer, Entry, EntryKind, EntryOutcome, Error, Fate, Money, OperationKind, Outcome, Reference, Unresolved,
};

use super::{Attempt, Order};

/// One capture, refund or void.
#[derive(Clone, Debug)]
pub(crate) struct FollowUp {
    pub(crate) kind: OperationKind,
    pub(crate) reference: Reference,
    /// How much; of a void, all that is held.
    pub(crate) amount: Option<Money>,
    pub(crate) made: Timestamp,
    pub(crate) deed: Deed,
}

/// What a follow-up came to.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// The provider answered.
    Answered(Outcome),
    /// Nothing was done.
    NotDone(String),
    /// The call is under way.
    Sent,
    /// Nobody knows. This is what to ask with.
    Unknown(Box<Unresolved>),
}

impl FollowUp {
    /// Whether it moved money, or may have.
    pub(crate) const fn may_have_moved(&self) -> bool {
        !matches!(self.deed, Deed::NotDone(_) | Deed::Answered(Outcome::Declined(_)))
    }

    const fn is_open(&self) -> bool {
        matches!(self.deed, Deed::Sent | Deed::Unknown(_))
    }
}

impl Attempt {
    pub(super) fn begin_follow_up(
        &mut self,
        kind: OperationKind,
        amount: Option<Money>,
        now: Timestamp,
    ) -> Result<Reference, String> {
        if let Some(open) = self.follow_ups.iter().find(|f| f.is_open()) {
            return Err(format!("{} {} is not decided yet", open.kind, open.reference));
        }
        let minor = amount.map_or(0, Money::minor);
        let fits = match kind {
            // One that is pending may still go through, whatever the look-up says.
            OperationKind::Capture | OperationKind::Void => self.capturable() && !self.is_being_settled(),
            OperationKind::Refund => (1..=self.refundable()).contains(&minor),
            _ => false,
        };
        if !fits {
            return Err(format!("a {kind} does not fit a payment that stands so"));
        }
        let number = self.follow_ups.len().saturating_add(1);
        let reference = Reference::new(format!("{}f{number}", self.reference)).map_err(|error| error.to_string())?;
        self.follow_ups.push(FollowUp {
            kind,
            reference: reference.clone(),
            amount,
            made: now,
            deed: Deed::Sent,
        });
        Ok(reference)
    }

    /// What was under way when it was answered may be decided by now: the entries say so.
    pub(super) fn confirm_follow_ups(&mut self, entries: &[Entry]) {
        for follow_up in &mut self.follow_ups {
            let kind = match follow_up.kind {
                OperationKind::Capture => EntryKind::Capture,
                OperationKind::Refund => EntryKind::Refund,
                _ => EntryKind::Void,
            };
            let own =
                |entry: &&Entry| entry.kind == kind && entry.reference.as_deref() == Some(follow_up.reference.as_str());
            match entries.iter().rev().find(own).map(|entry| &entry.outcome) {
                Some(EntryOutcome::Approved) => follow_up.deed = Deed::Answered(Outcome::Approved),
                Some(EntryOutcome::Declined(decline)) => {
                    follow_up.deed = Deed::Answered(Outcome::Declined(decline.clone()));
                }
                _ => {}
            }
        }
    }
}

impl Order {
    /// Takes what a follow-up came to, told at once or found out later by asking.
    pub(crate) fn followed(&mut self, reference: &str, result: Result<Answer, Error>, now: Timestamp) {
        let mut remark = None;
        self.change(reference, |attempt| {
            let deed = match result {
                Ok(answer) => {
                    attempt.follow(answer.payment);
                    Deed::Answered(answer.outcome)
                }
                Err(error) => {
                    attempt.keep_raw(error.raw());
                    attempt.trouble = Some(error.to_string());
                    match (error.fate(), error.unresolved()) {
                        (Fate::Unknown, Some(unresolved)) => Deed::Unknown(Box::new(unresolved.clone())),
                        (Fate::Unknown, None) => {
                            remark = Some(error.to_string());
                            Deed::Sent
                        }
                        _ => Deed::NotDone(error.to_string()),
                    }
                }
            };
            if let Some(found) = attempt
                .follow_ups
                .iter_mut()
                .find(|f| f.reference.as_str() == reference)
            {
                found.deed = deed;
            }
        });
        if let Some(text) = remark {
            self.remark(now, format!("{reference}: {text}"));
        }
    }
}
