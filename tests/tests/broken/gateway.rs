//! A gateway without the engine's guard: the fate of an error is what the adapter said of it.

use std::cell::Cell;
use std::sync::Arc;

use async_trait::async_trait;
use paymux::{
    Answer, Capabilities, Delivery, Error, Event, Fate, MethodQuery, Operation, PaymentGateway, PaymentMethod,
    WebhookError,
};

use super::Rule;

thread_local! {
    /// What the adapter said last.
    pub(super) static CLAIM: Cell<Option<Fate>> = const { Cell::new(None) };
}

pub(crate) fn gateway(inner: Arc<dyn PaymentGateway>) -> Arc<dyn PaymentGateway> {
    match Rule::now() {
        Some(Rule::FailureIsRefusal | Rule::LastFate | Rule::DuplicateIsRefusal) => Arc::new(Unguarded(inner)),
        _ => inner,
    }
}

#[derive(Debug)]
struct Unguarded(Arc<dyn PaymentGateway>);

#[async_trait]
impl PaymentGateway for Unguarded {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        CLAIM.take();
        let result = self.0.execute(operation).await;
        match (operation, CLAIM.take()) {
            (Operation::Inquire(_) | Operation::Resolve(_), _) | (_, None) => result,
            (_, Some(fate)) => result.map_err(|error| error.with_fate(fate)),
        }
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.0.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.0.receive(delivery)
    }
}
