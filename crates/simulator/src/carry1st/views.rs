//! Payments as they go over the wire.

use serde::Serialize;
use serde_json::value::RawValue;

use super::order::{Entry, Product};
use super::payment::Payment;
use super::settings::Settings;
use super::{amount, methods};

/// The answer to a request for a payment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Made<'a> {
    reference: &'a str,
    partner_reference: &'a str,
    country_code: &'a str,
    currency_code: &'a str,
    amount: Option<Box<RawValue>>,
    status: &'a str,
}

impl<'a> Made<'a> {
    pub(super) fn new(payment: &'a Payment) -> Self {
        Self {
            reference: &payment.reference,
            partner_reference: &payment.order.partner_reference,
            country_code: &payment.order.country_code,
            currency_code: payment.currency(),
            amount: amount::write(payment.minor, payment.currency()),
            status: &payment.status,
        }
    }
}

/// The answer to a lookup.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Full<'a> {
    country_code: &'a str,
    currency_code: &'a str,
    amount: Option<Box<RawValue>>,
    reference: &'a str,
    partner_reference: &'a str,
    partner_settings: PartnerSettings,
    products: &'a [Product],
    metadata: &'a [Entry],
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_reference: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PartnerSettings {
    partner_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_callback_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_callback_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_callback_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_callback_url: Option<String>,
}

impl<'a> Full<'a> {
    pub(super) fn new(payment: &'a Payment, settings: &Settings) -> Self {
        let urls = payment.order.urls(&settings.fallback);
        Self {
            country_code: &payment.order.country_code,
            currency_code: payment.currency(),
            amount: amount::write(payment.minor, payment.currency()),
            reference: &payment.reference,
            partner_reference: &payment.order.partner_reference,
            partner_settings: PartnerSettings {
                partner_id: settings.partner_id,
                webhook_url: urls.webhook,
                success_callback_url: urls.success,
                failure_callback_url: urls.failure,
                pending_callback_url: urls.pending,
                cancel_callback_url: urls.cancel,
            },
            products: &payment.order.products,
            metadata: &payment.order.metadata,
            status: &payment.status,
            channel_id: payment.channel,
            channel_name: payment.channel.and_then(methods::by_id).map(|channel| channel.name),
            transaction_reference: transaction(payment, settings),
        }
    }
}

/// The webhook of a payment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    partner_id: u32,
    partner_code: &'a str,
    partner_reference: &'a str,
    reference: &'a str,
    /// The amount as it was sent.
    order_amount: &'a RawValue,
    currency_code: &'a str,
    country_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<&'a str>,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_reference: Option<&'a str>,
}

impl<'a> Event<'a> {
    pub(super) fn new(payment: &'a Payment, settings: &'a Settings) -> Self {
        Self {
            partner_id: settings.partner_id,
            partner_code: &settings.partner_code,
            partner_reference: &payment.order.partner_reference,
            reference: &payment.reference,
            order_amount: &payment.order.amount,
            currency_code: payment.currency(),
            country_code: &payment.order.country_code,
            customer_id: payment.order.customer(),
            status: &payment.status,
            transaction_reference: transaction(payment, settings),
        }
    }
}

/// The transaction's reference, where it is said at all.
fn transaction<'a>(payment: &'a Payment, settings: &Settings) -> Option<&'a str> {
    (settings.strict_transactions && payment.captured).then_some(payment.transaction.as_str())
}
