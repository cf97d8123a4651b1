//! A gateway for one operation, which can be left alone by Ctrl-C.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use paymux::{
    Answer, Error, ErrorKind, Fate, Gateway, Gateways, Operation, PaymentGateway as _, Recorder, Unresolved,
    async_trait,
};

use crate::args::OnGateway;
use crate::exit::Failure;
use crate::gateways;

/// A gateway, and what it kept of the one operation that this process does.
pub(super) struct Desk {
    pub(super) gateway: Gateway,
    kept: Arc<Kept>,
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

impl Desk {
    /// Opens a gateway that keeps what would be needed to ask, before money can move.
    pub(super) fn open(config: &Path, on: &OnGateway) -> Result<Self, Failure> {
        let kept = Arc::<Kept>::default();
        let gateways = gateways::load_with(Gateways::builder().recorder(kept.clone()), config)?;
        // What was typed is at fault; the fate of an operation is not spoken of, least of all where one is looked up.
        let gateway = gateways.gateway(&on.gateway);
        let gateway = gateway.map_err(|error| Failure::input(format!("--gateway: {}", error.message())))?;
        Ok(Self { gateway, kept })
    }

    /// Does an operation. Ctrl-C ends the wait, and what may have been sent by then is told; an answer that is there already counts.
    pub(super) async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        tokio::select! {
            biased;
            result = self.gateway.execute(operation) => result,
            () = interrupt() => Err(self.interrupted(operation)),
        }
    }

    /// An operation that was left alone: nobody knows whether it was done, unless nothing that moves money had been sent.
    fn interrupted(&self, operation: &Operation) -> Error {
        let kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let kept = kept.map(|mut open| {
            open.last_sent = Timestamp::now();
            open
        });
        let open = match operation {
            Operation::Resolve(unresolved) => Some((**unresolved).clone()),
            // What was sent before may have been done, whether or not it was sent again.
            Operation::Complete(completion) => kept.or_else(|| Some(completion.unresolved.clone())),
            _ => kept,
        };
        let error = Error::new(ErrorKind::Network, "interrupted before the answer came");
        let error = match open {
            Some(open) => error.with_fate(Fate::Unknown).with_unresolved(open),
            None => error.with_fate(Fate::NotDone),
        };
        error.in_operation(self.gateway.name(), Some(operation.kind()))
    }
}

/// Comes with Ctrl-C; never where that cannot be waited for.
async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
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
        let desk = Desk { gateway, kept };
        let reference = "transfer-1".parse().unwrap();
        let transfer = Operation::Transfer(Transfer::new(reference, "10.00 USD".parse().unwrap(), "a", "b"));
        let capabilities = desk.gateway.capabilities();
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
            let error = desk.interrupted(operation);
            assert_eq!((error.fate(), error.unresolved()), (fate, left), "{operation:?}");
        }
        for operation in [&transfer, &complete] {
            desk.kept.record(&open).await.unwrap();
            let error = desk.interrupted(operation);
            assert_eq!(error.fate(), Fate::Unknown);
            let left = error.unresolved().unwrap();
            assert!(
                left.last_sent > moment && left.first_sent == open.first_sent,
                "{left:?}"
            );
        }
    }
}
