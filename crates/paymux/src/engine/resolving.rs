//! What became of an operation whose answer was lost: when a question settles it, and when it stays open.

use std::time::Duration;

use jiff::Timestamp;
use paymux_core::{Answer, Error, ErrorKind, Fate, Field, Operation, PaymentGateway as _, Unresolved, Wire as _};
use tracing::Span;

use super::{EngineWire, Gateway, tally};

/// The pause before absence is asked about once more.
const PAUSE: Duration = Duration::from_secs(1);

impl Gateway {
    /// Asks what became of an operation. That nothing stands there is believed only when it is said twice, both times asked after the last moment
    /// at which a late request could still be booked.
    pub(super) async fn ask(
        &self,
        unresolved: &Unresolved,
        operation: &Operation,
        dropped: Vec<Field>,
        wire: &EngineWire,
        span: &Span,
    ) -> Result<Answer, Error> {
        let asked = self.shared.clock.now();
        let mut result = self.run(operation, dropped.clone(), wire, span).await;
        if let Err(error) = &result
            && is_absence(error)
        {
            if !self.is_settled(unresolved, asked) || !wire.wait(PAUSE).await {
                return result.map_err(|error| error.with_fate(Fate::Unknown));
            }
            // An absence again, or whatever else is said now.
            result = self.run(operation, dropped, wire, span).await;
        }
        result.map_err(|error| {
            let mut open = unresolved.clone();
            // What was noted on the way may be told only once.
            for memo in &wire.tally.lock().notes {
                if !open.trail.contains(memo) {
                    open.trail.push(memo.clone());
                }
            }
            self.still_open(&open, error)
        })
    }

    /// Whether nothing of an operation can be booked any more at a time.
    fn is_settled(&self, unresolved: &Unresolved, at: Timestamp) -> bool {
        let settle = self.capabilities().settle;
        let until = settle.and_then(|settle| unresolved.last_sent.checked_add(settle).ok());
        until.is_some_and(|until| at > until)
    }

    /// A question that failed proves nothing of the operation that it was about. What does: the provider's refusal to have anything of the
    /// kind, or its absence, as [`Gateway::ask`] believes it.
    pub(super) fn still_open(&self, unresolved: &Unresolved, error: Error) -> Error {
        if error.unresolved().is_some() {
            return error;
        }
        let absent = is_absence(&error);
        let turned_away = error.status().is_some_and(tally::is_turned_away);
        if absent || (error.kind() == ErrorKind::Refused && !turned_away) {
            return error;
        }
        error.with_fate(Fate::Unknown).with_unresolved(unresolved.clone())
    }
}

/// Whether an adapter says that nothing stands there. That a look-up came to a 404 is not enough: that may be somebody in front of the provider.
fn is_absence(error: &Error) -> bool {
    error.is_not_found() && error.fate() == Fate::NotDone
}
