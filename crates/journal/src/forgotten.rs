//! What a journal has forgotten that was restored to an older state: the application's orders still know of it.

use jiff::Timestamp;
use paymux::{Error, Operation, PaymentGateway};

use crate::flights::Entrance;
use crate::intent::{Intent, IntentKey};
use crate::journaled::Journaled;
use crate::journaled::refusal::{busy, differs, not_begun, ordered};
use crate::step::{Finding, Ruling, Step};

const SAID: &str = "the journal was restored to an older state, and this may have been sent since";

impl<G: PaymentGateway + ?Sized> Journaled<G> {
    /// Writes down an operation that this journal has forgotten, as one in doubt that may have been sent at any time from `since` until now: since the moment that the journal
    /// was restored to. From then on nothing is sent under its reference before it is settled, and its order is taken. The intent as it stands then.
    ///
    /// # Behavior
    /// - Give it as it was: kind, reference, amount, order, payment. The rest is not kept.
    /// - What the journal knows to be done, declined or let go stays as it is. What it knows as begun, waiting or failed may have been sent since, and is in doubt, too: its
    ///   absence counts from now.
    /// - No money moves, and nothing is asked: the janitor does that, and the same reference again.
    ///
    /// # Errors
    /// The journal knows the reference as something else; another attempt takes the order, or another operation on the payment is not at its end; it is being worked on,
    /// or the lease of whoever did lasts still, so that it is to be remembered after that; or the store cannot be written. Nothing is sent in any case.
    pub async fn remember(&self, operation: &Operation, since: Timestamp) -> Result<Intent, Error> {
        let Some(mut what) = self.intent(operation).filter(|_| is_sent(operation)) else {
            return Err(Error::invalid("operation", "operation is none that is recorded"));
        };
        let journal = self.journal();
        let Entrance::Lead(_landing) = journal.flights().enter(&what.key, None) else {
            return Err(at_work(&what.key));
        };
        let now = journal.now();
        // As if it had been sent, from the first row on: also where this process dies before the next one.
        what.recorded = true;
        what.open.first_sent = Some(since);
        what.open.last_sent = now;
        let step = Step::Begin {
            intent: Box::new(what.clone()),
            now,
            skew: journal.settings().skew,
            anew: true,
        };
        let taken = match journal.store().apply(&step).await.map_err(not_begun)? {
            Ruling::Begun(intent) | Ruling::Open(intent) => Some(*intent),
            Ruling::Recorded(known) if !known.is_unsettled() => return Ok(*known),
            Ruling::Recorded(known) => journal.take(&known.key, None).await.map_err(not_begun)?,
            Ruling::Busy(other) => return Err(busy(&other)),
            Ruling::Differs(known) => return Err(differs(&known, &what)),
            Ruling::Ordered(other) => return Err(ordered(&other, self.inner().capabilities())),
            // Somebody has it, or came in between.
            _ => None,
        };
        let doubt = Finding::Doubt {
            open: Some(Box::new(what.open)),
            payment: None,
            said: SAID.to_owned(),
            remark: None,
            differs: false,
            asked: false,
        };
        let hold = taken
            .and_then(|intent| intent.hold())
            .ok_or_else(|| at_work(&what.key))?;
        let written = journal.conclude(hold, doubt).await.map_err(not_begun)?;
        written.map(|(intent, _)| intent).ok_or_else(|| at_work(&what.key))
    }
}

/// Whether it is an operation of its own, and not a question or the end of another.
const fn is_sent(operation: &Operation) -> bool {
    !matches!(
        operation,
        Operation::Complete(_) | Operation::Inquire(_) | Operation::Resolve(_)
    )
}

fn at_work(key: &IntentKey) -> Error {
    let rule = format!("{} is being worked on; nothing was written", key.reference);
    Error::invalid("reference", rule).beside_another()
}
