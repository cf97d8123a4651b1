//! What stands on the wire: form bodies out, JSON answers in.

use std::collections::BTreeMap;

use bytes::Bytes;
use paymux_core::Reply;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The names and values of a form or a query, in the order in which they are written; percent-encoded once.
pub(crate) struct Form(String);

/// With room for what most forms hold.
impl Default for Form {
    fn default() -> Self {
        Self(String::with_capacity(256))
    }
}

impl Form {
    /// Adds a field.
    pub(crate) fn put(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(form_urlencoded::byte_serialize(name.as_ref().as_bytes()));
        self.0.push('=');
        self.0
            .extend(form_urlencoded::byte_serialize(value.as_ref().as_bytes()));
        self
    }

    /// Adds a field that is present.
    pub(crate) fn put_some(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.put(name, value);
        }
        self
    }

    /// The form as it is written.
    pub(crate) fn text(self) -> String {
        self.0
    }

    /// The form as a body.
    pub(crate) fn body(self) -> Bytes {
        self.0.into()
    }
}

/// An answer about one payment, checkout or registration; also an entry of a report. Everything but the result code may be absent.
///
/// Each field is read apart: one that is not what it should be is as absent, and spoils none of the others.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) referenced_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) payment_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) payment_brand: Option<String>,
    /// A string by the documents; a bare number is read too.
    #[serde(default, rename = "amount")]
    pub(crate) raw_amount: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) currency: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) merchant_transaction_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) timestamp: Option<String>,
    #[serde(default, deserialize_with = "lenient_result")]
    pub(crate) result: ResultBody,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) card: Option<CardBody>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) redirect: Option<Redirect>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) result_details: Option<BTreeMap<String, Value>>,
}

impl Body {
    /// The body of a reply. A byte in it that is no text spoils only the field that it stands in.
    pub(crate) fn of(reply: &Reply) -> Option<Self> {
        match std::str::from_utf8(&reply.body) {
            Ok(text) => serde_json::from_str(text).ok(),
            Err(_) => serde_json::from_str(&String::from_utf8_lossy(&reply.body)).ok(),
        }
    }

    /// The network's merchant advice code, two digits. The names of details vary in case and in the marks between words.
    pub(crate) fn merchant_advice(&self) -> Option<String> {
        let is_it = |name: &str| {
            let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
            letters.map(|b| b.to_ascii_lowercase()).eq("merchantadvicecode".bytes())
        };
        let (_, value) = self.result_details.iter().flatten().find(|(name, _)| is_it(name))?;
        match value {
            Value::String(text) => Some(format!("{:0>2}", text.trim())),
            Value::Number(number) => Some(format!("{:0>2}", number.to_string())),
            _ => None,
        }
    }

    /// The text of the amount.
    pub(crate) fn amount(&self) -> Option<&str> {
        Some(self.raw_amount.as_ref()?.get().trim_matches('"'))
    }
}

/// The result of an answer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultBody {
    #[serde(default, deserialize_with = "lenient_text")]
    pub(crate) code: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) parameter_errors: Option<Vec<ParameterError>>,
}

/// A field that was refused. Its value and the message about it may hold card data and are not read.
#[derive(Deserialize)]
pub(crate) struct ParameterError {
    #[serde(default)]
    pub(crate) name: String,
}

/// What an answer says of a card.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CardBody {
    pub(crate) last4_digits: Option<String>,
    pub(crate) expiry_month: Option<String>,
    pub(crate) expiry_year: Option<String>,
}

/// Where the customer's browser must go.
#[derive(Deserialize)]
pub(crate) struct Redirect {
    pub(crate) url: String,
    pub(crate) method: Option<String>,
    pub(crate) parameters: Option<Vec<Parameter>>,
    pub(crate) preconditions: Option<Vec<Precondition>>,
}

/// A form that is posted in a hidden frame before the redirect.
#[derive(Deserialize)]
pub(crate) struct Precondition {
    pub(crate) url: String,
    pub(crate) parameters: Option<Vec<Parameter>>,
}

/// A field of a redirect.
#[derive(Deserialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A report: the newer one's name for the list has not been seen, so both are read.
#[derive(Default, Deserialize)]
pub(crate) struct Report {
    #[serde(default, deserialize_with = "lenient_result")]
    pub(crate) result: ResultBody,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) payments: Option<Vec<Box<RawValue>>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) records: Option<Vec<Box<RawValue>>>,
}

/// The body of an encrypted webhook, where it is wrapped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Encrypted<'a> {
    #[serde(borrow)]
    pub(crate) encrypted_body: std::borrow::Cow<'a, str>,
}

/// A decrypted webhook.
#[derive(Deserialize)]
pub(crate) struct Webhook {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) action: Option<String>,
    pub(crate) payload: Option<Box<RawValue>>,
}

/// Reads a field apart from the others: of another shape, it is as absent.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    // A null is read as one, since making an error costs more than reading the value.
    Ok(serde_json::from_str::<Option<T>>(raw.get()).ok().flatten())
}

fn lenient_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(lenient(deserializer)?.unwrap_or_default())
}

fn lenient_result<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ResultBody, D::Error> {
    Ok(lenient(deserializer)?.unwrap_or_default())
}
