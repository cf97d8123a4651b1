//! One answer for two readers.

use std::sync::{Mutex, PoisonError};

use paymux::{
    Answer, Capabilities, Delivery, Error, Event, MethodQuery, Operation, PaymentGateway, PaymentMethod, WebhookError,
    async_trait,
};

/// A gateway of which the first answer is kept. The journal asks what an event means, and writes it down; the order learns the same, and the provider is
/// not asked twice.
#[derive(Debug)]
pub(crate) struct Overheard<'a> {
    gateway: &'a dyn PaymentGateway,
    first: Mutex<Option<Result<Answer, Error>>>,
}

impl<'a> Overheard<'a> {
    pub(crate) fn new(gateway: &'a dyn PaymentGateway) -> Self {
        Self {
            gateway,
            first: Mutex::default(),
        }
    }

    /// What was answered first; `None` if nothing was asked.
    pub(crate) fn first(self) -> Option<Result<Answer, Error>> {
        self.first.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PaymentGateway for Overheard<'_> {
    fn name(&self) -> &str {
        self.gateway.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.gateway.capabilities()
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        let result = self.gateway.execute(operation).await;
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| result.clone());
        drop(first);
        result
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.gateway.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.gateway.receive(delivery)
    }
}
