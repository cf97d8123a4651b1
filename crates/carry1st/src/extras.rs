//! What Pay1st offers beyond the common operations. Nothing here moves money.

use jiff::Timestamp;
use paymux_core::{Call, Error, NextAction, PaymentRef, Wire};

use crate::Carry1st;
use crate::adapter::PROVIDER;
use crate::flows::PAYMENT;
use crate::reading::{self, Endpoint};
use crate::shapes::{FulfilledProduct, FulfilmentRequest};

/// One product that was delivered to the customer, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fulfilled {
    /// The article number, as in the sale's items; a sale without items has one product, whose number is the sale's reference.
    pub sku: String,
    /// How many were delivered.
    pub quantity: u32,
    /// When.
    pub at: Timestamp,
    /// The provider's word for what became of it; `FULFILLED` is the only one documented.
    pub status: String,
}

impl Fulfilled {
    /// So many of a product, delivered at this time.
    #[must_use]
    pub fn new(sku: impl Into<String>, quantity: u32, at: Timestamp) -> Self {
        Self {
            sku: sku.into(),
            quantity,
            at,
            status: "FULFILLED".to_owned(),
        }
    }
}

impl Carry1st {
    /// Tells Carry1st, the merchant of record, what was delivered for a payment. Every merchant is expected to, after each delivery.
    ///
    /// # Errors
    /// The payment is another gateway's, or there is no product; or the provider refuses. It is never sent twice by itself; after a lost answer it
    /// may be sent again, for it moves no money (what a repetition does is not documented).
    pub async fn fulfil(&self, payment: &PaymentRef, products: &[Fulfilled], wire: &dyn Wire) -> Result<(), Error> {
        self.check_own(payment)?;
        if products.is_empty()
            || products
                .iter()
                .any(|p| p.sku.is_empty() || p.quantity == 0 || p.status.is_empty())
        {
            let rule = "must be at least one, each with a sku, a status and a quantity above zero";
            return Err(Error::invalid("products", rule));
        }
        let products = products.iter().map(|product| FulfilledProduct {
            sku: &product.sku,
            fulfilment_status: &product.status,
            quantity: product.quantity,
            fulfilment_time: product.at.to_string(),
        });
        let body = FulfilmentRequest {
            reference: payment.id(),
            products: products.collect(),
        };
        let request = self.post("/api/pay1st/payments/fulfilments", &PAYMENT, &body)?;
        match wire.send(Call::prepares(request)).await {
            Ok(reply) if reply.status.is_success() => Ok(()),
            Ok(reply) => Err(reading::refusal(&reply, Endpoint::Api, wire.now())),
            Err(lost) => Err(lost.give_up().context("the notice of fulfilment may not have arrived")),
        }
    }

    /// Makes a fresh link to a payment's page that opens at one channel: the [`id`](paymux_core::PaymentMethod::id) of a payment method.
    /// Without a channel, the customer chooses.
    ///
    /// The link carries an access token: treat it as a secret, and make it just before it is used.
    ///
    /// # Errors
    /// The payment is another gateway's, or there is no token.
    pub async fn checkout_link(
        &self,
        payment: &PaymentRef,
        channel_id: Option<&str>,
        wire: &dyn Wire,
    ) -> Result<NextAction, Error> {
        self.check_own(payment)?;
        self.link(payment.id(), channel_id, wire).await
    }

    fn check_own(&self, payment: &PaymentRef) -> Result<(), Error> {
        if payment.provider() == PROVIDER && payment.account() == self.account() {
            return Ok(());
        }
        Err(Error::stranger(payment, PROVIDER, self.account()))
    }
}
