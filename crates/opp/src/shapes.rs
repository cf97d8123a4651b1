//! What stands on the wire: form bodies out, JSON answers in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use paymux_core::{apart, request};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The names and values of a form or a query, in the order in which they are written; percent-encoded once.
pub(crate) struct Form(String);

/// With room for what most forms hold.
impl Default for Form {
    fn default() -> Self {
        Self(String::with_capacity(512))
    }
}

impl Form {
    /// Adds a field.
    pub(crate) fn put(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.write(name.as_ref());
        self.0.push('=');
        self.write(value.as_ref());
        self
    }

    /// A name or a value; most have nothing to encode.
    fn write(&mut self, text: &str) {
        if text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'*' | b'-' | b'.' | b'_'))
        {
            self.0.push_str(text);
        } else {
            self.0.extend(form_urlencoded::byte_serialize(text.as_bytes()));
        }
    }

    /// Adds a number with so many digits at least.
    pub(crate) fn put_digits(&mut self, name: &str, number: i16, digits: usize) -> &mut Self {
        self.put(name, "");
        // Writing into a string does not fail.
        let _ = write!(self.0, "{number:0digits$}");
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
/// Each field is read apart: one that is not what it should be is as absent, and spoils none of the others. Texts are borrowed from the reply.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body<'a> {
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) referenced_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) payment_type: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) payment_brand: Option<Cow<'a, str>>,
    /// As it stands. A string by the documents; a bare number is read too.
    #[serde(default, borrow, rename = "amount", deserialize_with = "as_it_stands")]
    pub(crate) raw_amount: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) currency: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) merchant_transaction_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) timestamp: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient_result")]
    pub(crate) result: ResultBody<'a>,
    #[serde(default, borrow, deserialize_with = "apart::borrowed")]
    pub(crate) card: Option<CardBody<'a>>,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) redirect: Option<Redirect>,
    /// As they stand: they are read only to explain a refusal.
    #[serde(default, borrow, deserialize_with = "as_it_stands")]
    pub(crate) result_details: Option<Cow<'a, str>>,
}

impl<'a> Body<'a> {
    /// The body in a reply's text.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The same, for longer than the reply is there.
    pub(crate) fn into_owned(self) -> Body<'static> {
        Body {
            id: owned(self.id),
            referenced_id: owned(self.referenced_id),
            payment_type: owned(self.payment_type),
            payment_brand: owned(self.payment_brand),
            raw_amount: owned(self.raw_amount),
            currency: owned(self.currency),
            merchant_transaction_id: owned(self.merchant_transaction_id),
            timestamp: owned(self.timestamp),
            result: ResultBody {
                code: self.result.code.into_owned().into(),
                description: owned(self.result.description),
                parameter_errors: self.result.parameter_errors,
            },
            card: self.card.map(|card| CardBody {
                last4_digits: owned(card.last4_digits),
                expiry_month: owned(card.expiry_month),
                expiry_year: owned(card.expiry_year),
            }),
            redirect: self.redirect,
            result_details: owned(self.result_details),
        }
    }

    /// The network's merchant advice code, two digits. The names of details vary in case and in the marks between words.
    pub(crate) fn merchant_advice(&self) -> Option<String> {
        let is_it = |name: &str| {
            let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
            letters.map(|b| b.to_ascii_lowercase()).eq("merchantadvicecode".bytes())
        };
        let details: BTreeMap<String, Value> = serde_json::from_str(self.result_details.as_deref()?).ok()?;
        let (_, value) = details.iter().find(|(name, _)| is_it(name))?;
        match value {
            Value::String(text) => Some(format!("{:0>2}", text.trim())),
            Value::Number(number) => Some(format!("{:0>2}", number.to_string())),
            _ => None,
        }
    }

    /// The text of the amount.
    pub(crate) fn amount(&self) -> Option<&str> {
        Some(self.raw_amount.as_deref()?.trim_matches('"'))
    }
}

fn owned(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
    text.map(|text| text.into_owned().into())
}

/// The result of an answer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultBody<'a> {
    #[serde(default, borrow, deserialize_with = "lenient_text")]
    pub(crate) code: Cow<'a, str>,
    #[serde(default, borrow, deserialize_with = "apart::text")]
    pub(crate) description: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "apart::value")]
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
pub(crate) struct CardBody<'a> {
    #[serde(default, borrow, deserialize_with = "text_or_null")]
    pub(crate) last4_digits: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "text_or_null")]
    pub(crate) expiry_month: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "text_or_null")]
    pub(crate) expiry_year: Option<Cow<'a, str>>,
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
pub(crate) struct Report<'a> {
    #[serde(default, borrow, deserialize_with = "lenient_result")]
    pub(crate) result: ResultBody<'a>,
    #[serde(default, borrow, deserialize_with = "apart::borrowed")]
    pub(crate) payments: Option<Vec<&'a RawValue>>,
    #[serde(default, borrow, deserialize_with = "apart::borrowed")]
    pub(crate) records: Option<Vec<&'a RawValue>>,
}

/// The body of an encrypted webhook, where it is wrapped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Encrypted<'a> {
    #[serde(borrow)]
    pub(crate) encrypted_body: Cow<'a, str>,
}

/// A decrypted webhook.
#[derive(Deserialize)]
pub(crate) struct Webhook {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "apart::value")]
    pub(crate) action: Option<String>,
    pub(crate) payload: Option<Box<RawValue>>,
}

/// Reads a text that spoils what it stands in if it is something else.
fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    match request::text(raw) {
        None if raw.get() != "null" => Err(D::Error::custom("is no text")),
        text => Ok(text),
    }
}

/// A value as it stands in the reply; nothing for a null.
fn as_it_stands<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    Ok((raw != "null").then_some(Cow::Borrowed(raw)))
}

fn lenient_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    Ok(apart::text(deserializer)?.unwrap_or_default())
}

fn lenient_result<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ResultBody<'de>, D::Error> {
    Ok(apart::object(deserializer)?.unwrap_or_default())
}
