//! Which operation of a payment belongs to which attempt.
//!
//! The provider books a capture, refund or void without the caller's name of it, so two of one amount look alike. What one attempt was told
//! to be its own is remembered here: no other attempt takes it for its own, and it is not sent again. So is what is on its way. It covers this process
//! only.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::act::Step;
use crate::reading::Place;

/// How many operations are remembered; the oldest go first. What is on its way is never forgotten.
const KEPT: usize = 10_000;

/// What is known of the operations on payments.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The attempts on their way, by payment.
    on_their_way: HashMap<Arc<str>, Vec<Attempt>>,
    /// The known operations of each payment, with the attempt that each belongs to.
    known: HashMap<Arc<str>, Vec<(Attempt, i64)>>,
    /// The payment of each operation that is known, oldest first.
    order: VecDeque<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attempt {
    kind: &'static str,
    name: Arc<str>,
    /// Whether it is a step of the operation that made the payment, and not one that follows on it.
    own: bool,
}

/// An attempt on its way; no longer when it is dropped.
pub(crate) struct OnItsWay<'a> {
    claims: &'a Claims,
    payment: Arc<str>,
    attempt: Attempt,
}

impl Attempt {
    fn of(step: &Step<'_>) -> Self {
        Self {
            kind: step.kind,
            name: step.attempt.into(),
            own: step.own,
        }
    }

    /// Whether it is another of the same kind.
    fn is_other(&self, step: &Step<'_>) -> bool {
        self.kind == step.kind && *self.name != *step.attempt
    }
}

impl Claims {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that an attempt is on its way.
    pub(crate) fn begin(&self, step: &Step<'_>) -> OnItsWay<'_> {
        let payment: Arc<str> = step.place.id.as_str().into();
        let attempt = Attempt::of(step);
        let mut state = self.lock();
        let there = state.on_their_way.entry(Arc::clone(&payment)).or_default();
        there.push(attempt.clone());
        drop(state);
        OnItsWay {
            claims: self,
            payment,
            attempt,
        }
    }

    /// Notes whose an operation is.
    pub(crate) fn settle(&self, step: &Step<'_>, operation: Option<i64>) {
        let mut state = self.lock();
        let Some(operation) = operation.filter(|operation| !state.is_taken(step, *operation)) else {
            return;
        };
        if state.order.len() >= KEPT
            && let Some(oldest) = state.order.pop_front()
        {
            state.forget(&oldest);
        }
        let payment: Arc<str> = step.place.id.as_str().into();
        state.order.push_back(Arc::clone(&payment));
        let known = state.known.entry(payment).or_default();
        known.push((Attempt::of(step), operation));
    }

    /// The operation that is known to be that of this very step, which was done before. A step without a name is none that was.
    pub(crate) fn done(&self, step: &Step<'_>) -> Option<i64> {
        if step.attempt.is_empty() {
            return None;
        }
        let attempt = Attempt::of(step);
        let state = self.lock();
        let known = state.known.get(step.place.id.as_str())?;
        let mut own = known.iter().filter(|(known, _)| *known == attempt);
        own.next_back().map(|(_, operation)| *operation)
    }

    /// The newest operation of a payment that is known to be somebody's; 0 for none.
    pub(crate) fn highest(&self, place: &Place) -> i64 {
        let state = self.lock();
        let known = state.known.get(place.id.as_str()).into_iter().flatten();
        known.map(|(_, operation)| *operation).max().unwrap_or(0)
    }

    /// Whether an operation is known to be another attempt's.
    pub(crate) fn is_taken(&self, step: &Step<'_>, operation: Option<i64>) -> bool {
        operation.is_some_and(|operation| self.lock().is_taken(step, operation))
    }

    /// Whether another attempt of the same kind on the payment is on its way.
    pub(crate) fn is_busy(&self, step: &Step<'_>) -> bool {
        let state = self.lock();
        let mut there = state.on_their_way.get(step.place.id.as_str()).into_iter().flatten();
        there.any(|attempt| attempt.is_other(step))
    }
}

impl State {
    fn is_taken(&self, step: &Step<'_>, operation: i64) -> bool {
        let mut known = self.known.get(step.place.id.as_str()).into_iter().flatten();
        known.any(|(attempt, known)| *known == operation && attempt.is_other(step))
    }

    /// Forgets the oldest known operation of a payment.
    fn forget(&mut self, payment: &str) {
        if let Some(known) = self.known.get_mut(payment) {
            if known.len() > 1 {
                known.remove(0);
            } else {
                self.known.remove(payment);
            }
        }
    }
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        let mut state = self.claims.lock();
        let Some(there) = state.on_their_way.get_mut(&self.payment) else {
            return;
        };
        if let Some(at) = there.iter().rposition(|attempt| *attempt == self.attempt) {
            there.swap_remove(at);
        }
        if there.is_empty() {
            state.on_their_way.remove(&self.payment);
        }
    }
}
