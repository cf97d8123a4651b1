//! A call that its own process gave up, as by Ctrl-C: what it leaves is written at once, so that nobody waits for the end of its lease.

use paymux::{Operation, PaymentGateway};

use crate::flights::Entrance;
use crate::intent::{Intent, IntentKey, State};
use crate::journal::Journal;
use crate::journaled::Journaled;
use crate::step::Finding;
use crate::store::StoreError;

const SAID: &str = "interrupted before the answer came";

impl<G: PaymentGateway + ?Sized> Journaled<G> {
    /// What names the intent of an operation. `None` of one that is none, as an inquiry.
    #[must_use]
    pub fn key(&self, operation: &Operation) -> Option<IntentKey> {
        match operation {
            Operation::Inquire(_) => None,
            Operation::Resolve(open) => IntentKey::of_unresolved(open),
            other => Some(IntentKey::of(self.inner().capabilities(), other.reference()?)),
        }
    }

    /// Writes what a call left whose future was dropped, and lets its lease go: it did nothing, if nothing of it that may move money had been sent; else it is in
    /// doubt, and was last sent now. The intent as it stands then; `None` where there is none.
    ///
    /// # Behavior
    /// - Nothing is written of an intent that another process holds, or on which another call of this process works.
    /// - No money moves.
    ///
    /// # Errors
    /// The store cannot be read or written. Then the lease ends by itself, and the intent is found by the janitor.
    pub async fn abandon(&self, operation: &Operation) -> Result<Option<Intent>, StoreError> {
        match self.key(operation) {
            Some(key) => self.journal().let_go(&key).await,
            None => Ok(None),
        }
    }
}

impl Journal {
    async fn let_go(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        // Whoever leads works on it still.
        let entrance = self.flights().enter(key, None);
        let found = self.intent(key).await?;
        let (Entrance::Lead(landing), Some(intent)) = (entrance, found.clone()) else {
            return Ok(found);
        };
        let own = intent.lease.as_ref().filter(|lease| lease.holder == self.holder());
        let (Some(lease), Some(hold)) = (own, intent.hold()) else {
            return Ok(found);
        };
        let finding = if intent.state == State::Open && intent.sent_nothing() {
            // What the dropped call still had to keep is kept too late: the request that was to follow is gone with it.
            Finding::Nothing {
                absent: false,
                said: SAID.to_owned(),
            }
        } else {
            let sent = lease.sends.then(|| {
                let mut open = intent.open.clone();
                open.last_sent = open.last_sent.max(self.now());
                Box::new(open)
            });
            Finding::Doubt {
                asked: sent.is_none(),
                open: sent,
                payment: None,
                said: SAID.to_owned(),
                remark: None,
                differs: false,
            }
        };
        let written = self.conclude(hold, finding).await?;
        drop(landing);
        match written {
            Some((intent, _)) => Ok(Some(intent)),
            // It is another's by now.
            None => self.intent(key).await,
        }
    }
}
