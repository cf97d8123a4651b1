//! An order, its attempts to pay, and the rules about money. Nothing here speaks to anybody: what gateways answer is handed in.
//!
//! - An order has at most one attempt that is open or approved. A new one begins only after a definitive end of all others: declined, cancelled, expired, not done.
//! - Each attempt has a reference of its own, and so has each capture, refund and void; the order has its id.
//! - What a provider says of a payment counts only if it is the attempt's: by reference or payment reference, provider, account, amount and currency.
//! - A state follows another only by [`PaymentState::transition`].
//! - What nobody knows is kept with its [`Unresolved`], blocks everything else, and ends by asking.

mod attempt;
mod follow_up;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use paymux::{Answer, Error, Fate, Money, OperationKind, Payment, Reference, Transition, Unresolved};

pub(crate) use self::attempt::{Attempt, Standing};
pub(crate) use self::follow_up::{Deed, FollowUp};
use crate::catalog::Product;

/// One thing that one customer wants to buy.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Long and random: whoever knows it may see the order.
    pub(crate) id: String,
    pub(crate) product: &'static Product,
    pub(crate) amount: Money,
    pub(crate) made: Timestamp,
    /// Oldest first.
    pub(crate) attempts: Vec<Attempt>,
    /// What a person should know.
    pub(crate) remarks: Vec<Remark>,
}

/// Something that a person should know of an order.
#[derive(Clone, Debug)]
pub(crate) struct Remark {
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

impl Order {
    /// An order without an attempt.
    pub(crate) fn new(id: String, product: &'static Product, made: Timestamp) -> Self {
        Self {
            id,
            product,
            amount: product.price(),
            made,
            attempts: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Begins an attempt, before anything is sent for it, so that whatever comes back finds it here.
    ///
    /// # Errors
    /// Another attempt is open or approved, or nobody knows what became of it.
    pub(crate) fn begin(&mut self, gateway: &str, hold: bool, now: Timestamp) -> Result<Reference, String> {
        if let Some(other) = self.attempts.iter().find(|attempt| !attempt.is_over()) {
            return Err(format!("attempt {} is still open or approved", other.reference));
        }
        let number = self.attempts.len().saturating_add(1);
        let reference = Reference::new(format!("{}a{number}", self.id)).map_err(|error| error.to_string())?;
        let attempt = Attempt::new(reference.clone(), gateway.to_owned(), hold, now);
        self.attempts.push(attempt);
        Ok(reference)
    }

    /// The attempt that the order stands or falls with: one that has money if there is one, else the last.
    pub(crate) fn deciding(&self) -> Option<&Attempt> {
        let with_money = self.attempts.iter().rev().find(|attempt| attempt.has_money());
        with_money.or_else(|| self.attempts.last())
    }

    /// Whether a new attempt may begin.
    pub(crate) fn may_pay_again(&self) -> bool {
        self.attempts.iter().all(Attempt::is_over)
    }

    /// The attempt of a reference, its own or that of a follow-up.
    pub(crate) fn attempt(&self, reference: &str) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.has(reference))
    }

    fn attempt_mut(&mut self, reference: &str) -> Result<&mut Attempt, String> {
        let found = self.attempts.iter_mut().find(|attempt| attempt.has(reference));
        found.ok_or_else(|| format!("there is no attempt {reference}"))
    }

    /// Does something to the attempt of a reference.
    pub(crate) fn change(&mut self, reference: &str, change: impl FnOnce(&mut Attempt)) {
        if let Ok(attempt) = self.attempt_mut(reference) {
            change(attempt);
        }
    }

    /// Takes what a provider answered about the payment of an attempt.
    ///
    /// # Errors
    /// The payment is not the attempt's. Nothing is changed but a remark.
    pub(crate) fn learn(&mut self, reference: &str, answer: Answer, now: Timestamp) -> Result<Transition, String> {
        let amount = self.amount;
        let attempt = self.attempt_mut(reference)?;
        if let Err(difference) = attempt.check(&answer.payment, amount) {
            self.remark(now, format!("{reference}: {difference}"));
            return Err(difference);
        }
        let known = attempt.state();
        let said = answer.payment.state;
        let transition = attempt.learn(answer, now);
        match transition {
            Transition::Late => self.remark(now, format!("{reference}: money came late; it was {}", words(known))),
            Transition::Refused => {
                self.remark(
                    now,
                    format!("{reference}: said to be {said}, which cannot follow {}", words(known)),
                );
            }
            _ => {}
        }
        if self.attempts.iter().filter(|attempt| attempt.has_money()).count() > 1 {
            self.remark(now, "paid more than once: give one of the payments back".to_owned());
        }
        Ok(transition)
    }

    /// Takes the error that a checkout came to.
    pub(crate) fn failed(&mut self, reference: &str, error: &Error, now: Timestamp) {
        self.change(reference, |attempt| {
            attempt.keep_raw(error.raw());
            // An event may have told of the payment before.
            if attempt.payment.is_none() {
                attempt.standing = match (error.fate(), error.unresolved()) {
                    (Fate::Unknown, Some(unresolved)) => Standing::Unknown(Box::new(unresolved.clone())),
                    // Nobody knows, and there is nothing to ask with: it stays open, for a person.
                    (Fate::Unknown, None) => return,
                    _ => Standing::NotDone(error.to_string()),
                };
            }
        });
        if error.fate() == Fate::Unknown && error.unresolved().is_none() {
            self.remark(now, format!("{reference}: {error}"));
        }
    }

    /// Begins a follow-up, before anything is sent for it.
    ///
    /// # Errors
    /// Another is under way or nobody knows what became of it, or it does not fit the payment.
    pub(crate) fn begin_follow_up(
        &mut self,
        attempt: &str,
        kind: OperationKind,
        amount: Option<Money>,
        now: Timestamp,
    ) -> Result<Reference, String> {
        self.attempt_mut(attempt)?.begin_follow_up(kind, amount, now)
    }

    /// What has to be asked about, by its reference: the attempt's own or a follow-up's.
    pub(crate) fn unresolved(&self, reference: &str) -> Option<&Unresolved> {
        self.attempt(reference)?.unresolved(reference)
    }

    /// Adds a remark, unless the last one says the same.
    pub(crate) fn remark(&mut self, now: Timestamp, text: String) {
        if self.remarks.iter().all(|remark| remark.text != text) {
            self.remarks.push(Remark { at: now, text });
        }
    }

    /// Whether one of the attempts could be what a payment is about. That it fits is checked by [`Order::learn`].
    pub(crate) fn owner(&self, payment: &Payment) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.owns(payment))
    }
}

fn words(state: Option<paymux::PaymentState>) -> &'static str {
    state.map_or("not known", paymux::PaymentState::as_str)
}
