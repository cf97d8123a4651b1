//! Forgetting what is old.

use jiff::Timestamp;

use crate::journal::Journal;
use crate::step::{Old, Step};
use crate::store::StoreError;

/// What may be forgotten: nothing, unless set. Intents and payments are never forgotten; the crate's page says why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prune {
    /// The changes up to this number. Every reader must be past it: who is not gets those above it, and is not told what he missed.
    pub changes_through: Option<u64>,
    /// The events that came before this and match nothing still.
    pub parked_before: Option<Timestamp>,
    /// That an event was handled before this. If it is delivered again, it is handled again.
    pub seen_before: Option<Timestamp>,
}

impl Prune {
    /// Each thing to be forgotten.
    pub(crate) fn old(&self) -> impl Iterator<Item = Old> {
        let changes = self.changes_through.map(Old::Changes);
        let parked = self.parked_before.map(Old::Parked);
        changes.into_iter().chain(parked).chain(self.seen_before.map(Old::Seen))
    }
}

impl Journal {
    /// Forgets what is old, in one transaction. The newest change always stays, since the next one is numbered after it.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn prune(&self, prune: &Prune) -> Result<(), StoreError> {
        self.store().apply(&Step::Prune { prune: *prune }).await.map(|_| ())
    }
}
