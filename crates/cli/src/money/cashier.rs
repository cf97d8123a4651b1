//! A gateway for one operation, which can be left alone by Ctrl-C or SIGTERM.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use paymux::{
    Answer, Error, ErrorKind, Fate, Gateway, Gateways, Operation, PaymentGateway as _, PaymentRef, Recorder,
    Unresolved, async_trait,
};
use paymux_journal::{Intent, Journaled, State};

use crate::args::{JournalUrl, OnGateway};
use crate::exit::Failure;
use crate::{gateways, journal, output, stop};

/// After how long somebody who waits is told for whom.
const A_WHILE: Duration = Duration::from_secs(2);

/// A gateway, and what is known of the one operation that this process does.
pub(super) struct Cashier {
    pub(super) gateway: Gateway,
    book: Book,
}

/// Where what would be needed to ask is kept before money can move.
enum Book {
    /// In memory.
    Kept(Arc<Kept>),
    /// In the journal, through which the operation goes.
    Journal(Box<Journaled<Gateway>>),
}

/// The last entry; no longer than this process lives.
#[derive(Debug, Default)]
struct Kept(Mutex<Option<Unresolved>>);

#[async_trait]
impl Recorder for Kept {
    async fn record(&self, open: &Unresolved) -> Result<(), Error> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(open.clone());
        Ok(())
    }
}

impl Cashier {
    /// Opens a gateway that keeps what would be needed to ask, before money can move: in the journal, if one is named.
    pub(super) async fn open(config: &Path, on: &OnGateway, journal: Option<&JournalUrl>) -> Result<Self, Failure> {
        let Some(url) = journal else {
            let kept = Arc::<Kept>::default();
            let gateway = named(config, on, kept.clone())?;
            let book = Book::Kept(kept);
            return Ok(Self { gateway, book });
        };
        let journal = journal::open(url).await?;
        let gateway = named(config, on, journal.recorder())?;
        let book = Book::Journal(Box::new(journal.wrap(gateway.clone())?));
        Ok(Self { gateway, book })
    }

    /// Whether operations go through a journal.
    pub(super) const fn is_journaled(&self) -> bool {
        matches!(self.book, Book::Journal(_))
    }

    /// Does an operation. Ctrl-C or SIGTERM ends the wait, and what may have been sent by then is told; an answer that is there already counts.
    pub(super) async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        let result = match &self.book {
            Book::Kept(kept) => tokio::select! {
                biased;
                result = self.gateway.execute(operation) => result,
                () = stop::told() => Err(interrupted(operation, kept.take())),
            },
            Book::Journal(journaled) => tokio::select! {
                biased;
                result = journaled.execute(operation) => result,
                () = stop::told() => self.left(journaled, operation).await,
                () = waiting(journaled, operation) => Err(interrupted(operation, None)),
            },
        };
        result.map_err(|error| error.in_operation(self.gateway.name(), Some(operation.kind())))
    }

    /// What the journal has under the reference of an operation; `None` without a journal, and where that cannot be read.
    pub(super) async fn on_record(&self, operation: &Operation) -> Option<Intent> {
        let Book::Journal(journaled) = &self.book else {
            return None;
        };
        let key = journaled.key(operation)?;
        journaled.journal().intent(&key).await.ok().flatten()
    }

    /// What a call left in the journal that was left alone. If its outcome was written by then, that is it.
    async fn left(&self, journaled: &Journaled<Gateway>, operation: &Operation) -> Result<Answer, Error> {
        let failed = match journaled.abandon(operation).await {
            Ok(intent) => return came(operation, intent),
            Err(error) => error,
        };
        let open = match known(journaled, operation).await {
            Some(open) => open,
            // Nobody knows whether anything was written of it.
            None => {
                let about = operation.payment().cloned();
                let (name, capabilities) = (self.gateway.name(), self.gateway.capabilities());
                Unresolved::new(name, capabilities, operation, about, Vec::new(), Timestamp::now())
            }
        };
        Err(interrupted(operation, Some(open)).with_source(failed).not_recorded())
    }
}

/// What the journal has of an operation to ask with, where it can still be read: what was noted on the way.
async fn known(journaled: &Journaled<Gateway>, operation: &Operation) -> Option<Unresolved> {
    let (key, journal) = (journaled.key(operation)?, journaled.journal());
    let intent = journal.intent(&key).await.ok().flatten();
    let intent = intent.filter(|intent| is_that(intent, operation))?;
    if intent
        .lease
        .as_ref()
        .is_some_and(|lease| lease.holder != journal.holder())
    {
        return Some(intent.unresolved());
    }
    // This process sends no more.
    let mut open = intent.open;
    open.last_sent = open.last_sent.max(Timestamp::now());
    Some(open)
}

/// How an operation came out that was left alone, by its intent.
fn came(operation: &Operation, intent: Option<Intent>) -> Result<Answer, Error> {
    // What was refused as something else than stands there is not that.
    let Some(intent) = intent.filter(|intent| is_that(intent, operation)) else {
        return Err(interrupted(operation, None));
    };
    match (intent.state, intent.answer()) {
        (State::Failed, _) => Err(interrupted(operation, None)),
        (State::Open, _) | (_, None) => Err(interrupted(operation, Some(intent.unresolved()))),
        (_, Some(answer)) => Ok(answer),
    }
}

impl Kept {
    /// What is needed to ask about an operation that may have been sent until now.
    fn take(&self) -> Option<Unresolved> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.map(|mut open| {
            open.last_sent = Timestamp::now();
            open
        })
    }
}

fn named(config: &Path, on: &OnGateway, recorder: Arc<dyn Recorder>) -> Result<Gateway, Failure> {
    let gateways = gateways::load_with(Gateways::builder().recorder(recorder), config)?;
    // What was typed is at fault; the fate of an operation is not spoken of, least of all where one is looked up.
    let gateway = gateways.gateway(&on.gateway);
    gateway.map_err(|error| Failure::input(format!("--gateway: {}", error.message())))
}

/// An operation that was left alone: nobody knows whether it was done, unless nothing that moves money had been sent (`kept` is none).
fn interrupted(operation: &Operation, kept: Option<Unresolved>) -> Error {
    let open = match operation {
        Operation::Resolve(unresolved) => kept.or_else(|| Some((**unresolved).clone())),
        // What was sent before may have been done, whether or not it was sent again.
        Operation::Complete(completion) => kept.or_else(|| Some(completion.unresolved.clone())),
        _ => kept,
    };
    let error = Error::new(ErrorKind::Network, "interrupted before the answer came");
    match open {
        Some(open) => error.with_fate(Fate::Unknown).with_unresolved(open),
        None => error.with_fate(Fate::NotDone),
    }
}

fn is_that(intent: &Intent, operation: &Operation) -> bool {
    let about = |payment: Option<&PaymentRef>| payment.map(|payment| payment.id().to_owned());
    let same = intent.operation == operation.kind()
        && intent.amount == operation.amount()
        && about(intent.payment.as_ref()) == about(operation.payment());
    same || matches!(operation, Operation::Resolve(_))
}

/// Says, after a while, that another process is at work under the same reference. Never ends.
async fn waiting(journaled: &Journaled<Gateway>, operation: &Operation) {
    tokio::time::sleep(A_WHILE).await;
    let journal = journaled.journal();
    let settings = journal.settings();
    if let Some(key) = journaled.key(operation)
        && let Ok(Some(intent)) = journal.intent(&key).await
        && intent.is_held(journal.holder(), Timestamp::now(), settings.skew)
        && let Some(lease) = &intent.lease
    {
        let text = format!(
            "Another process may be at work under reference {} until {:.0}; waiting for it, {} s at the most.\n",
            key.reference,
            lease.until,
            settings.patience.as_secs()
        );
        output::aside(&text);
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use paymux::{Completion, Inquiry, Transfer};

    use super::*;

    #[tokio::test]
    async fn what_is_left_depends_on_what_may_have_been_sent() {
        let keys = [
            ("cards.provider", "coolpay"),
            ("cards.api_key", "key"),
            ("cards.mode", "test"),
        ];
        let gateway = Gateways::builder().from_pairs(keys).unwrap().gateway("cards").unwrap();
        let kept = Arc::<Kept>::default();
        let reference = "transfer-1".parse().unwrap();
        let transfer = Operation::Transfer(Transfer::new(reference, "10.00 USD".parse().unwrap(), "a", "b"));
        let capabilities = gateway.capabilities();
        let moment = Timestamp::UNIX_EPOCH;
        let open = Unresolved::new("cards", capabilities, &transfer, None, Vec::new(), moment);
        let inquiry = Operation::Inquire(Inquiry::Reference("transfer-1".parse().unwrap()));
        let resolve = Operation::Resolve(Box::new(open.clone()));
        let complete = Operation::Complete(Box::new(Completion::new(open.clone(), transfer.clone())));
        for (operation, fate, left) in [
            (&transfer, Fate::NotDone, None),
            (&inquiry, Fate::NotDone, None),
            (&resolve, Fate::Unknown, Some(&open)),
            // It was not sent again, and yet it may have been done.
            (&complete, Fate::Unknown, Some(&open)),
        ] {
            let error = interrupted(operation, kept.take());
            assert_eq!((error.fate(), error.unresolved()), (fate, left), "{operation:?}");
        }
        for operation in [&transfer, &complete] {
            kept.record(&open).await.unwrap();
            let error = interrupted(operation, kept.take());
            assert_eq!(error.fate(), Fate::Unknown);
            let left = error.unresolved().unwrap();
            assert!(
                left.last_sent > moment && left.first_sent == open.first_sent,
                "{left:?}"
            );
        }
    }
}
