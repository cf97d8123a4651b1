//! Requests and responses exactly as they are on the wire.
//!
//! Responses are read leniently: the provider adds fields without notice, and a field of the wrong type does not hide the others.

use std::collections::BTreeMap;

use paymux_core::decimal::Number;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// One side of a transfer; exactly one of the two.
#[derive(Serialize)]
pub(crate) struct Locator<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_guid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outside_instrument_guid: Option<&'a str>,
}

impl<'a> Locator<'a> {
    pub(crate) const fn account(guid: &'a str) -> Self {
        Self {
            account_guid: Some(guid),
            outside_instrument_guid: None,
        }
    }

    pub(crate) const fn instrument(guid: &'a str) -> Self {
        Self {
            account_guid: None,
            outside_instrument_guid: Some(guid),
        }
    }
}

/// `POST transfers`.
#[derive(Serialize)]
pub(crate) struct TransferRequest<'a> {
    pub(crate) client_reference_id: &'a str,
    pub(crate) transfer_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel_type: Option<&'static str>,
    pub(crate) amount: Number,
    pub(crate) currency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    pub(crate) memo_code: &'a str,
    pub(crate) source: Locator<'a>,
    pub(crate) destination: Locator<'a>,
}

/// `POST transfers/{txn_guid}/reversals`.
#[derive(Serialize)]
pub(crate) struct ReversalRequest<'a> {
    pub(crate) source_txn_guid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transfer_type: Option<&'static str>,
    pub(crate) amount: Number,
    pub(crate) currency: &'static str,
    pub(crate) client_reference_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason_description: Option<&'a str>,
}

/// `POST transfers/eft/cancel`.
#[derive(Serialize)]
pub(crate) struct CancelRequest<'a> {
    pub(crate) txn_guid: &'a str,
}

/// `POST transactions/search`.
#[derive(Serialize)]
pub(crate) struct SearchRequest<'a> {
    pub(crate) limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_index: Option<i64>,
    pub(crate) account_guid: &'a str,
    /// `C` for money that came into the account, `D` for money that left it.
    pub(crate) txn_type: &'static str,
    pub(crate) start_date: &'a str,
    pub(crate) end_date: &'a str,
    pub(crate) txn_amount: Number,
    pub(crate) txn_currency: &'static str,
}

/// `POST transfers/quote`.
#[derive(Serialize)]
pub(crate) struct QuoteRequest<'a> {
    pub(crate) source: Locator<'a>,
    pub(crate) destination: Locator<'a>,
    pub(crate) amount: Number,
    pub(crate) currency: &'static str,
    pub(crate) destination_currency: &'static str,
}

/// `POST webhooks` and `PUT webhooks/{notification_guid}`.
#[derive(Serialize)]
pub(crate) struct SubscriptionRequest<'a> {
    pub(crate) program_guid: &'a str,
    pub(crate) url: &'a str,
    pub(crate) event_type: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headers: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<&'a str>,
    pub(crate) active: bool,
}

/// What `POST transfers` answers. Amounts are kept as text.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct TransferReply {
    #[serde(deserialize_with = "text")]
    pub(crate) txn_guid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) client_reference_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) transfer_type: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) amount: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) currency: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) response_code: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) reason_code: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) reason_code_description: Option<String>,
}

/// What a reversal answers; the new transaction's id is not in it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReversalReply {
    #[serde(deserialize_with = "text")]
    pub(crate) source_txn_guid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) client_reference_id: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) amount: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) currency: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) response_code: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) reason_code: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) reason_code_description: Option<String>,
}

/// What the cancel of an ACH entry answers.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CancelReply {
    #[serde(deserialize_with = "text")]
    pub(crate) txn_guid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) reverse_bank_eft_guid: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) amount: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) response_code: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) reason_code: Option<String>,
}

/// A row of the ledger, as `GET transactions/{txn_guid}` and the search answer it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct LedgerRow {
    #[serde(deserialize_with = "text")]
    pub(crate) txn_guid: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) txn_status: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) response_code: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) reason_code: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) reason_code_description: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) settle_date: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) post_date: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) txn_date: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) channel_name: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) amount: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) account_currency: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) txn_amount: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) txn_currency: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) txn_description: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) account_guid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) outside_instrument_guid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) client_reference_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) memo_code: Option<String>,
}

/// One page of a list.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) end_index: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) has_more: Option<bool>,
    pub(crate) data: Vec<T>,
}

/// An outside instrument.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Instrument {
    #[serde(deserialize_with = "word")]
    pub(crate) outside_instrument_guid: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) instrument_type: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) instrument_name: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) mask_account_number: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) financial_inst_name: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) instrument_status: Option<String>,
}

/// An account, as `GET accounts/{account_guid}` answers it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct AccountReply {
    #[serde(deserialize_with = "word")]
    pub(crate) account_guid: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) account_currency: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) available_balance: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) ledger_balance: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) suspense_balance: Option<String>,
}

/// A quote.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct QuoteReply {
    #[serde(rename = "conversionDetails", deserialize_with = "lenient")]
    pub(crate) conversion: Option<Conversion>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) fees: Option<Vec<ConversionFee>>,
}

/// The rate of a quote, and until when it holds.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Conversion {
    #[serde(deserialize_with = "word")]
    pub(crate) reference: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) conversion_rate: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) from_currency: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) from_amount: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) to_currency: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) to_amount: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) expiry_seconds: Option<u64>,
}

/// A fee of a quote.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ConversionFee {
    #[serde(deserialize_with = "word")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) amount: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) currency: Option<String>,
}

/// A webhook subscription.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct SubscriptionReply {
    #[serde(deserialize_with = "word")]
    pub(crate) notification_guid: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) program_guid: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) url: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) event_type: Option<Vec<String>>,
    #[serde(deserialize_with = "word")]
    pub(crate) headers: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) active: Option<bool>,
}

/// An error, as ASP.NET Core writes it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ProblemDetails {
    #[serde(deserialize_with = "word")]
    pub(crate) title: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) detail: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) errors: Option<BTreeMap<String, IgnoredAny>>,
}

/// A text; nothing for a value of another type. For what is only compared: a type that we do not know says nothing against it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = lenient(deserializer)?;
    Ok(text.map(trimmed).filter(|text| !text.is_empty()))
}

/// A word or an amount that decides: a string without blanks at its ends, anything else as it stands, so that it is seen to be unreadable;
/// nothing for null and for the empty string.
fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    let raw = raw.get();
    let text = match raw.as_bytes().first() {
        Some(b'"') => Some(serde_json::from_str(raw).map_or_else(|_| raw.to_owned(), trimmed)),
        _ => (raw != "null").then(|| raw.to_owned()),
    };
    Ok(text.filter(|text| !text.is_empty()))
}

/// A text without blanks at its ends; most have none.
fn trimmed(text: String) -> String {
    let trimmed = text.trim();
    if trimmed.len() == text.len() {
        return text;
    }
    trimmed.to_owned()
}

/// A value of a type, or nothing where it is of another.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    // A null is read as one, since making an error costs more than reading the value.
    Ok(serde_json::from_str::<Option<T>>(raw.get()).ok().flatten())
}
