//! Nothing is counted: the feature `metrics` is off.

use paymux_core::{Answer, Error, Event, OperationKind, Token, WebhookError};
use tokio::time::Instant;

use crate::engine::Shared;

pub(crate) struct Measured;

impl Measured {
    pub(crate) const fn begin(_: &Shared, _: OperationKind) -> Self {
        Self
    }

    pub(crate) const fn end(self, _: &Result<Answer, Error>, _: u64) {}
}

pub(crate) const fn attempt(_: &Shared, _: &'static str, _: Instant) {}

pub(crate) const fn quiet(_: &Shared) {}

pub(crate) const fn repetitions(_: &Shared) {}

pub(crate) const fn token_flight(_: &Shared, _: &Result<Token, Error>, _: Instant) {}

pub(crate) const fn webhook(_: &Shared, _: &Result<Event, WebhookError>) {}
