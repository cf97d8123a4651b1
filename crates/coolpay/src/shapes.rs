//! Request and response shapes exactly as on the wire; no logic.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use paymux_core::decimal::Number;
use paymux_core::{apart, request};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// `POST /payments` and `POST /payouts`.
#[derive(Debug, Serialize)]
pub(crate) struct NewPayment<'a> {
    pub order_id: &'a str,
    pub currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_on_statement: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub basket: Vec<BasketItem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_address: Option<Address<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address<'a>>,
}

/// One line of `basket`; all five keys must be there.
#[derive(Debug, Serialize)]
pub(crate) struct BasketItem<'a> {
    pub qty: u32,
    pub item_no: &'a str,
    pub item_name: &'a str,
    pub item_price: i64,
    pub vat_rate: Number,
}

/// `invoice_address` and `shipping_address`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Address<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
}

/// `POST /payments/{id}/authorize` and `POST /payouts/{id}/credit`.
#[derive(Serialize)]
pub(crate) struct Authorize<'a> {
    pub amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_capture: Option<bool>,
    pub card: Card<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Person<'a>>,
}

/// `card` of an authorization or a credit. Not `Debug`: it holds the card's data.
#[derive(Default, Serialize)]
pub(crate) struct Card<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<&'a str>,
    /// Year first: `YYMM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvd: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eci: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xav: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cavv: Option<&'a str>,
}

/// `person` of a credit.
#[derive(Debug, Serialize)]
pub(crate) struct Person<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
}

/// `POST /payments/{id}/capture` and `/refund`.
#[derive(Debug, Serialize)]
pub(crate) struct Amount {
    pub amount: i64,
}

/// A body without fields; it must be an object.
#[derive(Debug, Serialize)]
pub(crate) struct Empty {}

/// `POST /subscriptions/{id}/recurring`.
#[derive(Debug, Serialize)]
pub(crate) struct Recurring<'a> {
    pub amount: i64,
    pub order_id: &'a str,
    pub auto_capture: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_on_statement: Option<&'a str>,
}

/// `PUT /payments/{id}/link` and `PUT /subscriptions/{id}/link`.
#[derive(Debug, Serialize)]
pub(crate) struct NewLink<'a> {
    pub amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_capture: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continue_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_methods: Option<&'a str>,
}

/// `PUT /cards/{id}/link`, whose names are joined.
#[derive(Debug, Serialize)]
pub(crate) struct NewCardLink<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continueurl: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelurl: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callbackurl: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'a str>,
}

/// `POST /cards`.
#[derive(Debug, Serialize)]
pub(crate) struct NewCard<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<&'a str, &'a str>,
}

/// `POST /subscriptions`.
#[derive(Debug, Serialize)]
pub(crate) struct NewSubscription<'a> {
    pub order_id: &'a str,
    pub currency: &'a str,
    pub description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_on_statement: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<&'a str, &'a str>,
}

/// A payment, payout, subscription or card.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Resource {
    #[serde(default, deserialize_with = "text")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub order_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub merchant_id: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "word")]
    pub kind: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "apart::flag")]
    pub accepted: Option<bool>,
    #[serde(default, deserialize_with = "word")]
    pub state: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "word")]
    pub currency: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "whole")]
    pub balance: Option<i64>,
    #[serde(default, deserialize_with = "apart::flag")]
    pub test_mode: Option<bool>,
    #[serde(default, deserialize_with = "word")]
    pub acquirer: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "text")]
    pub subscription_id: Option<String>,
    #[serde(default, deserialize_with = "apart::each")]
    pub operations: Option<Vec<Op>>,
    #[serde(default, deserialize_with = "apart::object")]
    pub metadata: Option<Metadata>,
    #[serde(default, deserialize_with = "apart::object")]
    pub variables: Option<Variables>,
    #[serde(default, deserialize_with = "apart::object")]
    pub link: Option<Link>,
    #[serde(default, deserialize_with = "moment")]
    pub created_at: Option<Timestamp>,
}

/// One operation of a payment.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Op {
    #[serde(default, deserialize_with = "whole")]
    pub id: Option<i64>,
    #[serde(default, rename = "type", deserialize_with = "word")]
    pub kind: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "whole")]
    pub amount: Option<i64>,
    #[serde(default, deserialize_with = "apart::flag")]
    pub pending: Option<bool>,
    #[serde(default, deserialize_with = "word")]
    pub qp_status_code: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "word")]
    pub qp_status_msg: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "word")]
    pub aq_status_code: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "word")]
    pub aq_status_msg: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "word")]
    pub acquirer: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "moment")]
    pub created_at: Option<Timestamp>,
}

/// What the provider says of the card.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default, deserialize_with = "word")]
    pub brand: Option<Cow<'static, str>>,
    #[serde(default, deserialize_with = "text")]
    pub last4: Option<String>,
}

/// The one variable that is read back.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Variables {
    #[serde(default, deserialize_with = "text")]
    pub order: Option<String>,
}

/// The hosted page of a payment, and the answer to `PUT …/link`. Not `Debug`-printed with its address.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Link {
    #[serde(default, deserialize_with = "text")]
    pub url: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    pub amount: Option<i64>,
    #[serde(default, deserialize_with = "apart::flag")]
    pub auto_capture: Option<bool>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link(…)")
    }
}

/// `POST /cards/{id}/tokens`. Not `Debug`: the token pays.
#[derive(Deserialize)]
pub(crate) struct CardToken {
    pub token: String,
}

/// The body of an error.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Problem {
    #[serde(default, deserialize_with = "text")]
    pub message: Option<String>,
    /// What some routes send in place of `message`.
    #[serde(default, deserialize_with = "text")]
    pub error: Option<String>,
    #[serde(default, deserialize_with = "apart::value")]
    pub errors: Option<BTreeMap<String, Texts>>,
}

/// One text, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Texts {
    One(String),
    Several(Vec<String>),
}

/// A text, or a number kept as it stands.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(read(raw).map(Cow::into_owned))
}

/// The same, of a field that mostly holds one of a few words, which are not copied.
fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'static, str>>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(read(raw).map(|text| match WORDS.iter().find(|word| **word == text) {
        Some(word) => Cow::Borrowed(*word),
        None => Cow::Owned(text.into_owned()),
    }))
}

/// A moment; nothing for what is none.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(read(raw).and_then(|text| text.parse().ok()))
}

fn read(raw: &RawValue) -> Option<Cow<'_, str>> {
    match raw.get().as_bytes().first() {
        Some(b'"') => request::text(raw),
        Some(b'0'..=b'9' | b'-') => Some(Cow::Borrowed(raw.get())),
        _ => None,
    }
}

/// The words that most replies are made of. Nothing depends on which stand here.
const WORDS: [&str; 18] = [
    "20000",
    "Approved",
    "DKK",
    "EUR",
    "NOK",
    "Payment",
    "SEK",
    "authorize",
    "cancel",
    "capture",
    "clearhaus",
    "create",
    "mastercard",
    "new",
    "pending",
    "processed",
    "refund",
    "visa",
];

/// A whole number, bare or quoted.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    let bare = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Ok(bare.unwrap_or(raw).parse().ok())
}
