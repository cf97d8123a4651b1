//! What stands against an operation: another one on the payment, or another attempt of the order.

use paymux::{Error, PaymentGateway};

use super::Journaled;
use super::lead::{Next, landed};
use super::refusal::{not_begun, ordered};
use crate::intent::{Intent, IntentKey};

impl<G: PaymentGateway + ?Sized> Journaled<G> {
    /// Another intent stands against this one. It is asked about once, if nobody works on it; then it counts as it stands.
    pub(super) async fn against(
        &self,
        other: Box<Intent>,
        asked: &mut Vec<IntentKey>,
        refused: impl Fn(&Intent) -> Error,
    ) -> Next {
        let (journal, capabilities) = (&self.journal, self.gateway.capabilities());
        if other.is_held(journal.holder(), journal.now(), journal.settings().skew) {
            return Next::Later(other);
        }
        let mine = IntentKey::of(capabilities, &other.key.reference) == other.key;
        if !other.is_unsettled() || !mine || asked.contains(&other.key) {
            return landed(Err(refused(&other)));
        }
        match journal.look_after(&*self.gateway, &other.key, None).await {
            Ok(Some(_)) => {
                asked.push(other.key.clone());
                Next::Again
            }
            Ok(None) => Next::Later(other),
            Err(error) => landed(Err(not_begun(error))),
        }
    }

    /// Another attempt takes the order. It is asked about; if it waits on a page, the page is closed once, where that is wanted and can be done. Whoever is at work on
    /// it has the order.
    pub(super) async fn in_the_way(
        &self,
        other: Box<Intent>,
        asked: &mut Vec<IntentKey>,
        closed: &mut Vec<IntentKey>,
    ) -> Next {
        let (journal, capabilities) = (&self.journal, self.gateway.capabilities());
        let refused = |other: &Intent| ordered(other, capabilities);
        let may_close = journal.settings().close_pages && capabilities.close_page;
        if may_close && other.has_page() && asked.contains(&other.key) && !closed.contains(&other.key) {
            closed.push(other.key.clone());
            return match journal.close_page(&*self.gateway, &other.key).await {
                Ok(Some(_)) => Next::Again,
                Ok(None) => landed(Err(refused(&other))),
                Err(error) => landed(Err(not_begun(error))),
            };
        }
        match self.against(other, asked, refused).await {
            Next::Later(other) => landed(Err(refused(&other))),
            next => next,
        }
    }
}
