//! Requests and responses exactly as they are on the wire.
//!
//! Responses are read leniently: the provider adds fields without notice, and a field of the wrong type does not hide the others. Those that every
//! payment gets borrow their texts from the reply.

use std::borrow::Cow;
use std::collections::BTreeMap;

use paymux_core::decimal::Number;
use paymux_core::{apart, request};
use serde::de::IgnoredAny;
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
pub(crate) struct TransferReply<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) txn_guid: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) client_reference_id: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) transfer_type: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) amount: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) currency: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) response_code: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) reason_code: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) reason_code_description: Option<Cow<'a, str>>,
}

/// What a reversal answers; the new transaction's id is not in it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReversalReply<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) source_txn_guid: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) client_reference_id: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) amount: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) currency: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) response_code: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) reason_code: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) reason_code_description: Option<Cow<'a, str>>,
}

/// What the cancel of an ACH entry answers.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CancelReply<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) txn_guid: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) reverse_bank_eft_guid: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) amount: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) response_code: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) reason_code: Option<Cow<'a, str>>,
}

/// A row of the ledger, as `GET transactions/{txn_guid}` and the search answer it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct LedgerRow<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) txn_guid: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) txn_status: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) response_code: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) reason_code: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) reason_code_description: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) settle_date: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) post_date: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) txn_date: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) channel_name: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) amount: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) account_currency: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "word")]
    pub(crate) txn_amount: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) txn_currency: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) txn_description: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) account_guid: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) outside_instrument_guid: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) client_reference_id: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) memo_code: Option<Cow<'a, str>>,
}

/// One page of a list.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) end_index: Option<i64>,
    #[serde(default, deserialize_with = "apart::flag")]
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
    #[serde(rename = "conversionDetails", deserialize_with = "apart::object")]
    pub(crate) conversion: Option<Conversion>,
    #[serde(deserialize_with = "apart::value")]
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
    #[serde(deserialize_with = "apart::value")]
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
    #[serde(deserialize_with = "apart::value")]
    pub(crate) event_type: Option<Vec<String>>,
    #[serde(deserialize_with = "word")]
    pub(crate) headers: Option<String>,
    #[serde(deserialize_with = "apart::flag")]
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
    #[serde(deserialize_with = "apart::value")]
    pub(crate) errors: Option<BTreeMap<String, IgnoredAny>>,
}

/// A text; nothing for a value of another type. For what is only compared: a type that we do not know says nothing against it.
fn text<'de, D: Deserializer<'de>, T: From<Cow<'de, str>>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(request::text(raw).and_then(trimmed).map(T::from))
}

/// A word or an amount that decides: a string without blanks at its ends, anything else as it stands, so that it is seen to be unreadable;
/// nothing for null and for the empty string.
fn word<'de, D: Deserializer<'de>, T: From<Cow<'de, str>>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    let as_it_stands = Cow::Borrowed(raw.get());
    let word = match raw.get().as_bytes().first() {
        Some(b'"') => request::text(raw).map_or(Some(as_it_stands), trimmed),
        _ => (raw.get() != "null").then_some(as_it_stands),
    };
    Ok(word.map(T::from))
}

/// A text without blanks at its ends; nothing if that is all.
fn trimmed(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let trimmed = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (!trimmed.is_empty()).then_some(trimmed)
}
