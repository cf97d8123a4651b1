//! Keeping what would be needed to ask, before money can move.

use std::fmt::Debug;

use async_trait::async_trait;
use paymux_core::{Error, Unresolved};

/// Keeps, outside this process, what would be needed to ask about an operation if the process ended now.
///
/// The engine calls it before each call that may move money, and makes the call only after it returned. A process that finds an entry
/// at its start, and no outcome beside it, does not know what became of that operation: it asks
/// ([`PaymentGateway::resolve`](paymux_core::PaymentGateway::resolve)) with the entry, its `last_sent` set to the time of that start. So the
/// application writes the outcome beside it, an answer or an error alike; a completion, or another run under the same reference, makes an entry
/// that has no outcome yet. Where there is no entry, nothing that moves money was sent.
///
/// An entry has what the adapter had noted by then. What it notes after that, from a reply, makes a new entry in place of it.
#[async_trait]
pub trait Recorder: Debug + Send + Sync {
    /// Keeps an entry, in place of an earlier one of the same operation, payment and reference. It is durable when this returns.
    ///
    /// # Errors
    /// It cannot be kept. Then nothing more is sent.
    async fn record(&self, open: &Unresolved) -> Result<(), Error>;

    /// Whether a request of this operation that may move money may go out now. It is asked immediately before each such request, after every wait
    /// for a token, a turn or another attempt, so that a process that was stopped for long sends nothing that somebody else has settled since.
    /// The operation is as it began, without notes. Always, unless said otherwise.
    ///
    /// # Errors
    /// It may not. Then nothing more is sent.
    fn may_send(&self, open: &Unresolved) -> Result<(), Error> {
        let _ = open;
        Ok(())
    }
}
