//! Requests and replies as they are on the wire.

use std::borrow::Cow;

use paymux_core::decimal::Number;
use paymux_core::{Reply, apart};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The body of POST `/api/pay1st/auth/token`.
#[derive(Debug, Serialize)]
pub(crate) struct TokenRequest {
    pub(crate) role: &'static str,
}

/// The body of POST `/api/pay1st/auth/refresh`. Not printable: it holds a token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshRequest<'a> {
    pub(crate) role: &'static str,
    pub(crate) refresh_token: &'a str,
}

/// The reply to both. Not printable: it holds tokens.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenReply {
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) access_token: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) refresh_token: Option<String>,
}

/// The body of POST `/api/pay1st/payments/create`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateRequest<'a> {
    pub(crate) amount: Number,
    pub(crate) country_code: &'a str,
    pub(crate) currency_code: &'static str,
    pub(crate) partner_reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback_success_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback_failure_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback_pending_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback_cancel_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook_url: Option<&'a str>,
    pub(crate) products: Vec<Product<'a>>,
    pub(crate) metadata: Vec<Pair<'a>>,
}

/// One line of what is bought.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product<'a> {
    pub(crate) title: &'a str,
    pub(crate) sku: &'a str,
    pub(crate) price: Number,
    pub(crate) quantity: u32,
    pub(crate) currency_code: &'static str,
}

/// One label.
#[derive(Debug, Serialize)]
pub(crate) struct Pair<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

/// The reply to create and to GET `/api/pay1st/payments`. Each field is read apart: one that is not what it should be is as absent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentView<'a> {
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) reference: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) partner_reference: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) currency_code: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) amount: Option<Number>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) status: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) channel_name: Option<Cow<'a, str>>,
}

/// The body of POST `/api/pay1st/transactions/refunds/create`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundRequest<'a> {
    pub(crate) transaction_reference: &'a str,
    pub(crate) partner_refund_reference: &'a str,
    pub(crate) amount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refund_webhook_url: Option<&'a str>,
}

/// The reply to it, read in the same way.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundView {
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) refund_reference: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) partner_refund_reference: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) partner_reference: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) currency_code: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) amount: Option<Number>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) handling_type: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) created_date: Option<String>,
}

/// The body of POST `/api/pay1st/payments/fulfilments`.
#[derive(Debug, Serialize)]
pub(crate) struct FulfilmentRequest<'a> {
    pub(crate) reference: &'a str,
    pub(crate) products: Vec<FulfilledProduct<'a>>,
}

/// One line of what was delivered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FulfilledProduct<'a> {
    pub(crate) sku: &'a str,
    pub(crate) fulfilment_status: &'a str,
    pub(crate) quantity: u32,
    pub(crate) fulfilment_time: String,
}

/// The reply to GET `/api/pay1st/payments/methods`.
#[derive(Debug, Deserialize)]
pub(crate) struct MethodsView {
    pub(crate) data: MethodsData,
}

/// Its content.
#[derive(Debug, Deserialize)]
pub(crate) struct MethodsData {
    #[serde(deserialize_with = "each")]
    pub(crate) groups: Vec<MethodGroup>,
}

/// A category of the checkout page.
#[derive(Debug, Deserialize)]
pub(crate) struct MethodGroup {
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "lenient_each")]
    pub(crate) channels: Vec<MethodChannel>,
}

/// One way to pay; its own id is the `channelId` of links.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MethodChannel {
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) id: Option<Id>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) payment_option: Option<MethodPart>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) channel: Option<MethodPart>,
}

/// The provider behind a way to pay, or its scheme.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MethodPart {
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) payment_method: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) status: Option<String>,
}

/// An id, as a number or a text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Id {
    Number(u64),
    Text(String),
}

/// The body of errors.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorView {
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) error_message: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) error_code: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) session_id: Option<String>,
}

/// The body of webhooks, about a payment or a refund.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookView {
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) reference: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) partner_reference: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) refund_reference: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) partner_refund_reference: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) transaction_reference: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) status: Option<String>,
}

/// Reads a reply's object.
pub(crate) fn read<T: DeserializeOwned>(reply: &Reply) -> Option<T> {
    serde_json::from_str(&reply.text()).ok()
}

/// Reads a list, without those of its items that cannot be read.
fn each<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let items = Vec::<&RawValue>::deserialize(deserializer)?;
    Ok(items
        .iter()
        .filter_map(|item| serde_json::from_str(item.get()).ok())
        .collect())
}

/// Reads such a list, empty where it is none.
fn lenient_each<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(each(&mut serde_json::Deserializer::from_str(raw.get())).unwrap_or_default())
}
