//! A gateway without the engine's guard, for which the fate of an error is what the adapter said of it; and one that knows nothing.

use std::cell::Cell;
use std::sync::Arc;

use async_trait::async_trait;
use paymux::{
    Answer, Capabilities, Delivery, Error, ErrorKind, Event, Fate, MethodQuery, Operation, PaymentGateway,
    PaymentMethod, Unresolved, WebhookError,
};

use super::Rule;

thread_local! {
    /// What the adapter said last.
    pub(super) static CLAIM: Cell<Option<Fate>> = const { Cell::new(None) };
}

pub(crate) fn gateway(inner: Arc<dyn PaymentGateway>) -> Arc<dyn PaymentGateway> {
    match Rule::now() {
        Some(rule @ (Rule::FailureIsRefusal | Rule::LastFate | Rule::DuplicateIsRefusal | Rule::KnowsNothing)) => {
            Arc::new(Crooked { inner, rule })
        }
        _ => inner,
    }
}

#[derive(Debug)]
struct Crooked {
    inner: Arc<dyn PaymentGateway>,
    rule: Rule,
}

#[async_trait]
impl PaymentGateway for Crooked {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        CLAIM.take();
        let result = self.inner.execute(operation).await;
        if self.rule == Rule::KnowsNothing {
            let now = jiff::Timestamp::UNIX_EPOCH;
            let about = operation.payment().cloned();
            let open = Unresolved::new(self.name(), self.capabilities(), operation, about, Vec::new(), now);
            let error = Error::new(ErrorKind::Network, "who knows").with_fate(Fate::Unknown);
            return Err(error.with_unresolved(open));
        }
        match (operation, CLAIM.take()) {
            (Operation::Inquire(_) | Operation::Resolve(_), _) | (_, None) => result,
            (_, Some(fate)) => result.map_err(|error| error.with_fate(fate)),
        }
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.inner.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.inner.receive(delivery)
    }
}
