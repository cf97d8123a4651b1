//! What the merchant says that it delivered.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;

use super::Carry1st;
use super::refusal::Refusal;
use crate::wire;

/// What a merchant reported as delivered.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fulfilment {
    /// The payment's reference.
    pub reference: String,
    /// What was delivered.
    pub products: Vec<Fulfilled>,
}

/// One delivered product.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Fulfilled {
    /// The merchant's number of the product.
    pub sku: String,
    /// How it went; `FULFILLED` is the only value that the documents show.
    pub fulfilment_status: String,
    /// How many.
    pub quantity: u32,
    /// When, as it was written.
    pub fulfilment_time: Option<String>,
}

impl Carry1st {
    /// Every report that was taken, oldest first.
    #[must_use]
    pub fn fulfilments(&self) -> &[Fulfilment] {
        &self.fulfilments
    }

    /// Answers a report.
    pub(super) fn fulfil(&mut self, body: &Bytes) -> Result<Response<Bytes>, Refusal> {
        let report: Fulfilment =
            serde_json::from_slice(body).map_err(|error| Refusal::field(format!("body: {error}")))?;
        if report.products.is_empty() {
            return Err(Refusal::field("products is empty"));
        }
        if !self
            .payments
            .iter()
            .any(|payment| payment.reference == report.reference)
        {
            return Err(Refusal::unknown("no payment has this reference"));
        }
        self.fulfilments.push(report);
        Ok(wire::empty(StatusCode::OK))
    }
}
