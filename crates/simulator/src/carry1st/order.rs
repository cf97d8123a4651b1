//! What a payment request says.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::amount;
use super::refusal::Refusal;
use super::settings::Urls;

/// A payment request as it was sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) amount: Box<RawValue>,
    pub(super) country_code: String,
    pub(super) currency_code: String,
    pub(super) partner_reference: String,
    callback_success_url: Option<String>,
    callback_failure_url: Option<String>,
    callback_pending_url: Option<String>,
    callback_cancel_url: Option<String>,
    webhook_url: Option<String>,
    pub(super) products: Vec<Product>,
    pub(super) metadata: Vec<Entry>,
}

/// One thing that is bought.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    sku: String,
    price: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_code: Option<String>,
    quantity: u32,
}

/// One pair of metadata.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Entry {
    key: String,
    value: String,
}

impl Order {
    /// Reads a request, and its amount in minor units.
    pub(super) fn read(body: &Bytes) -> Result<(Self, i64), Refusal> {
        let order: Self = serde_json::from_slice(body).map_err(|error| Refusal::field(format!("body: {error}")))?;
        let minor = order.check()?;
        Ok((order, minor))
    }

    fn check(&self) -> Result<i64, Refusal> {
        if !letters(&self.country_code, 2) {
            return Err(Refusal::field("countryCode is not a country's two letters"));
        }
        if !letters(&self.currency_code, 3) {
            return Err(Refusal::field("currencyCode is not a currency's three letters"));
        }
        if self.partner_reference.trim().is_empty() {
            return Err(Refusal::field("partnerReference is empty"));
        }
        if self.products.is_empty() {
            return Err(Refusal::field("products is empty"));
        }
        for product in &self.products {
            amount::price(&product.price, &self.currency_code)?;
            if product.quantity == 0 {
                return Err(Refusal::field("a product's quantity is zero"));
            }
            if product
                .currency_code
                .as_ref()
                .is_some_and(|currency| *currency != self.currency_code)
            {
                return Err(Refusal::field("a product is in another currency than its payment"));
            }
        }
        amount::read(&self.amount, &self.currency_code)
    }

    /// The URLs that count: the request's own, and the merchant's where it has none.
    pub(super) fn urls(&self, fallback: &Urls) -> Urls {
        let pick = |own: &Option<String>, other: &Option<String>| own.clone().or_else(|| other.clone());
        Urls {
            success: pick(&self.callback_success_url, &fallback.success),
            failure: pick(&self.callback_failure_url, &fallback.failure),
            pending: pick(&self.callback_pending_url, &fallback.pending),
            cancel: pick(&self.callback_cancel_url, &fallback.cancel),
            webhook: pick(&self.webhook_url, &fallback.webhook),
        }
    }

    /// The customer's id, as the metadata say it.
    pub(super) fn customer(&self) -> Option<&str> {
        self.metadata
            .iter()
            .find(|entry| entry.key == "customerId")
            .map(|entry| entry.value.as_str())
    }
}

impl Product {
    /// One line for the hosted page.
    pub(super) fn line(&self) -> String {
        format!("{} × {}", self.quantity, self.title.as_ref().unwrap_or(&self.sku))
    }
}

fn letters(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|b| b.is_ascii_uppercase())
}
