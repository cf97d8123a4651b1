//! Which operation of a payment belongs to which attempt.
//!
//! The provider books a capture, refund or void without the caller's name of it, so two of one amount look alike. What one attempt was told
//! to be its own is remembered here, and no other attempt takes it for its own; so is what is on its way. It covers this process only.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::act::Step;
use crate::reading::Place;

/// How many are remembered; the oldest go first.
const KEPT: usize = 10_000;

/// What is known of the operations on payments.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<VecDeque<Claim>>);

#[derive(Debug, PartialEq, Eq)]
struct Claim {
    payment: String,
    kind: &'static str,
    attempt: String,
    /// The operation, once it is known.
    operation: Option<i64>,
}

/// An attempt on its way; no longer when it is dropped.
pub(crate) struct OnItsWay<'a> {
    claims: &'a Claims,
    payment: String,
    kind: &'static str,
    attempt: String,
}

impl Claims {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, step: &Step<'_>, operation: Option<i64>) {
        let mut claims = self.lock();
        if claims.len() >= KEPT {
            claims.pop_front();
        }
        claims.push_back(Claim {
            payment: step.place.id.clone(),
            kind: step.kind,
            attempt: step.attempt.to_owned(),
            operation,
        });
    }

    /// Notes that an attempt is on its way.
    pub(crate) fn begin(&self, step: &Step<'_>) -> OnItsWay<'_> {
        self.push(step, None);
        OnItsWay {
            claims: self,
            payment: step.place.id.clone(),
            kind: step.kind,
            attempt: step.attempt.to_owned(),
        }
    }

    /// Notes whose an operation is.
    pub(crate) fn settle(&self, step: &Step<'_>, operation: Option<i64>) {
        if operation.is_some() && !self.is_taken(step, operation) {
            self.push(step, operation);
        }
    }

    /// The newest operation of a payment that is known to be somebody's; 0 for none.
    pub(crate) fn highest(&self, place: &Place) -> i64 {
        let claims = self.lock();
        let known = claims.iter().filter(|claim| claim.payment == place.id);
        known.filter_map(|claim| claim.operation).max().unwrap_or(0)
    }

    /// Whether an operation is known to be another attempt's.
    pub(crate) fn is_taken(&self, step: &Step<'_>, operation: Option<i64>) -> bool {
        self.others(step, |claim| claim.operation.is_some() && claim.operation == operation)
    }

    /// Whether another attempt of the same kind on the payment is on its way.
    pub(crate) fn is_busy(&self, step: &Step<'_>) -> bool {
        self.others(step, |claim| claim.operation.is_none())
    }

    fn others(&self, step: &Step<'_>, which: impl Fn(&Claim) -> bool) -> bool {
        let other =
            |claim: &&Claim| claim.payment == step.place.id && claim.kind == step.kind && claim.attempt != step.attempt;
        self.lock().iter().filter(other).any(which)
    }
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        let mut claims = self.claims.lock();
        let this = |claim: &Claim| {
            claim.operation.is_none()
                && claim.payment == self.payment
                && claim.kind == self.kind
                && claim.attempt == self.attempt
        };
        if let Some(at) = claims.iter().rposition(this) {
            claims.remove(at);
        }
    }
}
