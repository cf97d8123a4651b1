//! The payment methods of a few countries. Every entry has three ids that differ, and only the outermost is the one that links take.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;

use super::refusal::Refusal;
use crate::wire;

/// One way to pay in some countries.
#[derive(Debug)]
pub(super) struct Channel {
    /// The id that links take.
    pub(super) id: u32,
    pub(super) name: &'static str,
    /// Whether a card number is asked for.
    pub(super) method: &'static str,
    pub(super) active: bool,
    countries: &'static [&'static str],
    group: (u32, &'static str, &'static str),
    option: (u32, &'static str, &'static str),
    inner: u32,
    code: (&'static str, &'static str),
}

const CARDS: (u32, &str, &str) = (1, "Credit / Debit Card", "cards.svg");
const WALLETS: (u32, &str, &str) = (4, "Wallet", "wallets.svg");
const BANKS: (u32, &str, &str) = (6, "Bank", "banks.svg");

const CHANNELS: &[Channel] = &[
    Channel {
        id: 2,
        name: "Visa",
        method: "CARD",
        active: true,
        countries: &["NG", "GH", "KE", "EG"],
        group: CARDS,
        option: (3, "Paystack", "PAYSTACK"),
        inner: 8,
        code: ("VISA", "VI"),
    },
    Channel {
        id: 11,
        name: "Mastercard",
        method: "CARD",
        active: true,
        countries: &["NG", "GH", "KE", "EG", "ZA"],
        group: CARDS,
        option: (13, "Cardhouse", "CARDHOUSE"),
        inner: 9,
        code: ("MASTERCARD", "MC"),
    },
    Channel {
        id: 108,
        name: "Opay Wallet",
        method: "WALLET",
        active: true,
        countries: &["NG", "EG"],
        group: WALLETS,
        option: (21, "Opay", "OPAY"),
        inner: 34,
        code: ("OPAY_QR", "OQ"),
    },
    Channel {
        id: 121,
        name: "Instant EFT",
        method: "BANK_TRANSFER",
        active: true,
        countries: &["ZA"],
        group: BANKS,
        option: (27, "Instant EFT", "INSTANT_EFT"),
        inner: 41,
        code: ("INSTANT_EFT", "IE"),
    },
    Channel {
        id: 124,
        name: "Bank Transfer",
        method: "BANK_TRANSFER",
        active: true,
        countries: &["NG", "GH", "KE"],
        group: BANKS,
        option: (3, "Paystack", "PAYSTACK"),
        inner: 43,
        code: ("BANK_TRANSFER", "BT"),
    },
    Channel {
        id: 130,
        name: "Mobile Money",
        method: "MOBILE_MONEY",
        active: false,
        countries: &["KE"],
        group: WALLETS,
        option: (29, "Mobile Money", "MOMO"),
        inner: 47,
        code: ("MOBILE_MONEY", "MM"),
    },
];

/// The channels of a country, suspended ones included.
pub(super) fn of(country: &str) -> impl Iterator<Item = &'static Channel> {
    CHANNELS
        .iter()
        .filter(move |channel| channel.countries.contains(&country))
}

/// The channel that a link may name in a country.
pub(super) fn find(country: &str, id: &str) -> Option<&'static Channel> {
    let id: u32 = id.parse().ok()?;
    of(country).find(|channel| channel.id == id && channel.active)
}

/// A channel by its id.
pub(super) fn by_id(id: u32) -> Option<&'static Channel> {
    CHANNELS.iter().find(|channel| channel.id == id)
}

/// Answers the list of a country's methods.
pub(super) fn list(request: &Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
    let query = wire::query(request);
    let country = wire::first(&query, "countryCode")
        .filter(|country| !country.is_empty())
        .ok_or_else(|| Refusal::field("countryCode is missing"))?;
    let mut groups: Vec<GroupView> = Vec::new();
    for channel in of(country) {
        let view = ChannelView::new(channel);
        match groups.iter_mut().find(|group| group.id == channel.group.0) {
            Some(group) => group.channels.push(view),
            None => groups.push(GroupView {
                id: channel.group.0,
                name: channel.group.1,
                image_location: channel.group.2,
                channels: vec![view],
            }),
        }
    }
    let body = Body { data: Data { groups } };
    Ok(wire::json(StatusCode::OK, &body))
}

#[derive(Serialize)]
struct Body {
    data: Data,
}

#[derive(Serialize)]
struct Data {
    groups: Vec<GroupView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupView {
    id: u32,
    name: &'static str,
    image_location: &'static str,
    channels: Vec<ChannelView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChannelView {
    id: u32,
    payment_option: OptionView,
    channel: InnerView,
    payment_method_type: TypeView,
}

#[derive(Serialize)]
struct OptionView {
    id: u32,
    name: &'static str,
    code: &'static str,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InnerView {
    id: u32,
    name: &'static str,
    code: &'static str,
    payment_method: &'static str,
    status: &'static str,
    channel_code: &'static str,
    image_location: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TypeView {
    id: u32,
    name: &'static str,
    code: &'static str,
    required_parameters: &'static str,
}

impl ChannelView {
    fn new(channel: &Channel) -> Self {
        Self {
            id: channel.id,
            payment_option: OptionView {
                id: channel.option.0,
                name: channel.option.1,
                code: channel.option.2,
                status: "ACTIVE",
            },
            channel: InnerView {
                id: channel.inner,
                name: channel.name,
                code: channel.code.0,
                payment_method: channel.method,
                status: if channel.active { "ACTIVE" } else { "SUSPENDED" },
                channel_code: channel.code.1,
                image_location: format!("{}.svg", channel.code.0.to_lowercase()),
            },
            payment_method_type: TypeView {
                id: 5,
                name: "Basic",
                code: "BASIC",
                required_parameters: r#"{"personalInfo":{"firstName":{"dataType":"string"},"lastName":{"dataType":"string"},"email":{"dataType":"string"}}}"#,
            },
        }
    }
}
