//! Reads a transfer request and checks that its parts belong together.

use jiff::Timestamp;

use super::Qolo;
use super::reading::{Errors, Fields, wrong};
use super::state::{Account, Instrument, Locator, Rail};
use super::writing::Refusal;
use crate::Kind;

/// The transfers that are modelled, in the spelling of the wire.
pub(super) const TYPES: [&str; 12] = [
    "CARDTOCARD",
    "PARTNERTOCARD",
    "CARDTOPARTNER",
    "PARTNERTOPARTNER",
    "ACCOUNTTOACCOUNT",
    "ACCOUNTTOBANK",
    "BANKTOACCOUNT",
    "CARDTOPARTNER_UNLOADTOZERO",
    "CCDCTOACCOUNT",
    "ACCOUNTTOCCDC",
    "ACCOUNTTOBANKREALTIME",
    "BANKTOACCOUNTREQUESTREALTIME",
];

const CHANNELS: [&str; 7] = [
    "NotSet",
    "ACH",
    "SameDayACH",
    "RTP",
    "Wire",
    "ManualWire",
    "CrossBorder",
];

const LOCATORS: [&str; 5] = [
    "account_guid",
    "wallet_guid",
    "wallet_id",
    "card_proxy",
    "outside_instrument_guid",
];

/// A transfer that may be accepted or declined.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) reference: String,
    pub(super) transfer_type: &'static str,
    pub(super) kind: Kind,
    pub(super) rail: Rail,
    pub(super) minor: i64,
    pub(super) currency: String,
    pub(super) arrives: Option<(i64, String)>,
    pub(super) quote: Option<String>,
    pub(super) source: Locator,
    pub(super) destination: Locator,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) instrument: Option<String>,
    pub(super) description: String,
}

/// One end of a transfer: exactly one locator, found or not.
pub(super) fn locator(errors: &mut Errors, fields: &mut Fields, side: &str) -> Option<Locator> {
    fields.required(errors, side);
    let at = fields.at(side);
    let mut inner = fields.object(errors, side)?;
    let mut found = Vec::new();
    for field in LOCATORS {
        let value = if field.ends_with("_guid") {
            inner.guid(errors, field)
        } else {
            inner.text(errors, field, 1..=64)
        };
        found.extend(value.map(|value| Locator { field, value }));
    }
    inner.end(errors);
    if found.len() != 1 {
        wrong(errors, at, "Must name exactly one place.");
        return None;
    }
    found.pop()
}

/// What a type of transfer does, and the rail that it takes on this channel. `None` if the two do not go together.
fn kind_and_rail(transfer_type: &str, channel: Option<&str>) -> Option<(Kind, Rail)> {
    let bank = match channel {
        None | Some("NotSet" | "ACH" | "SameDayACH") => Rail::Ach,
        Some("RTP") => Rail::Rtp,
        Some(_) => Rail::Wire,
    };
    Some(match transfer_type {
        "CCDCTOACCOUNT" => (Kind::Capture, Rail::Card),
        "ACCOUNTTOCCDC" => (Kind::Payout, Rail::Card),
        "BANKTOACCOUNT" if bank == Rail::Ach => (Kind::Capture, bank),
        "BANKTOACCOUNT" => return None,
        "ACCOUNTTOBANK" => (Kind::Payout, bank),
        "ACCOUNTTOBANKREALTIME" => (Kind::Payout, Rail::Rtp),
        "BANKTOACCOUNTREQUESTREALTIME" => (Kind::Capture, Rail::Rtp),
        _ => (Kind::Transfer, Rail::Book),
    })
}

impl Qolo {
    /// The account that a locator means.
    pub(super) fn account_at(&self, locator: &Locator) -> Option<&Account> {
        let value = Some(locator.value.as_str());
        self.accounts.iter().find(|a| match locator.field {
            "account_guid" => Some(a.guid.as_str()) == value,
            "wallet_guid" => a.wallet_guid.as_deref() == value,
            "wallet_id" => a.wallet_id.as_deref() == value,
            "card_proxy" => a.card_proxy.as_deref() == value,
            _ => false,
        })
    }

    fn instrument_at(&self, locator: &Locator) -> Option<&Instrument> {
        self.instruments
            .iter()
            .find(|i| locator.field == "outside_instrument_guid" && i.guid == locator.value)
    }

    /// Reads a transfer request, and checks that its parts belong together.
    pub(super) fn order(&self, now: Timestamp, fields: Fields) -> Result<Order, Refusal> {
        let read = Read::of(fields)?;
        let (kind, rail) = kind_and_rail(read.transfer_type, read.channel)
            .ok_or_else(|| read.wrong("channel_type", "Does not go with this type of transfer."))?;
        let is_taken = |reference: &String| self.rows.iter().any(|r| r.reference.as_ref() == Some(reference));
        if self.settings.unique_references && is_taken(&read.reference) {
            return Err(read.wrong("client_reference_id", "Was used before."));
        }
        let instrument = self.outside(&read, kind, rail)?.map(|i| i.guid.clone());
        let (from, to) = self.at_home(&read, kind)?;
        let arrives = self.arrives(now, &read)?;
        let (_, arriving_in) = read.check_arriving(arrives.as_ref())?;
        if self.settings.match_currency {
            let differs = |account: Option<&Account>, currency: &str| account.is_some_and(|a| a.currency != currency);
            if differs(from, &read.currency) || differs(to, arriving_in) {
                return Err(read.wrong("currency", "Is not the currency of the account."));
            }
        }
        Ok(Order {
            kind,
            rail,
            from: from.map(|a| a.guid.clone()),
            to: to.map(|a| a.guid.clone()),
            instrument,
            arrives,
            reference: read.reference,
            transfer_type: read.transfer_type,
            minor: read.minor,
            currency: read.currency,
            quote: read.quote,
            source: read.source,
            destination: read.destination,
            description: read.description,
        })
    }

    /// The stored instrument at the one end that is outside, where there is one.
    fn outside(&self, read: &Read, kind: Kind, rail: Rail) -> Result<Option<&Instrument>, Refusal> {
        let (side, end) = match kind {
            Kind::Capture => ("source", &read.source),
            Kind::Payout => ("destination", &read.destination),
            _ => return Ok(None),
        };
        let found = self.instrument_at(end).filter(|i| match rail {
            Rail::Card => i.kind == "CARD",
            Rail::Rtp => i.kind != "CARD" && i.realtime,
            _ => i.kind != "CARD",
        });
        match found {
            Some(instrument) => Ok(Some(instrument)),
            None => Err(read.wrong(side, "Is not an outside instrument that this type of transfer can use.")),
        }
    }

    /// The accounts at the ends that are not outside.
    fn at_home(&self, read: &Read, kind: Kind) -> Result<(Option<&Account>, Option<&Account>), Refusal> {
        let account = |side: &str, end: &Locator| {
            self.account_at(end)
                .ok_or_else(|| read.wrong(side, "Is not an account that is known."))
        };
        let from = (kind != Kind::Capture)
            .then(|| account("source", &read.source))
            .transpose()?;
        let to = (kind != Kind::Payout)
            .then(|| account("destination", &read.destination))
            .transpose()?;
        if from.is_some() && from.map(|a| &a.guid) == to.map(|a| &a.guid) {
            return Err(read.wrong("destination", "Is the source."));
        }
        Ok((from, to))
    }

    /// What arrives by the quote that is named, if one is.
    fn arrives(&self, now: Timestamp, read: &Read) -> Result<Option<(i64, String)>, Refusal> {
        let Some(quote) = &read.quote else {
            return Ok(None);
        };
        match self.usable_quote(now, quote, read.minor, &read.currency) {
            Some(found) => Ok(Some((found.to_minor, found.to_currency.clone()))),
            None => Err(read.wrong("quote_reference", "Is not a quote for this that still stands.")),
        }
    }
}

/// A transfer request whose parts are readable, each by itself.
struct Read {
    /// Where it stands in the body, for what is said of its fields.
    prefix: String,
    reference: String,
    transfer_type: &'static str,
    channel: Option<&'static str>,
    currency: String,
    minor: i64,
    source: Locator,
    destination: Locator,
    description: String,
    quote: Option<String>,
    to_currency: Option<String>,
    to_minor: Option<i64>,
}

impl Read {
    fn of(mut fields: Fields) -> Result<Self, Refusal> {
        let mut errors = Errors::new();
        let e = &mut errors;
        let prefix = fields.at("");
        let reference = fields.must(e, "client_reference_id", 1..=usize::MAX);
        fields.required(e, "transfer_type");
        let transfer_type = fields.word(e, "transfer_type", &TYPES);
        let channel = fields.word(e, "channel_type", &CHANNELS);
        fields.required(e, "currency");
        let currency = fields.currency(e, "currency");
        let scale_of = currency.clone().unwrap_or_default();
        fields.required(e, "amount");
        let minor = fields.money(e, "amount", &scale_of);
        let source = locator(e, &mut fields, "source");
        let destination = locator(e, &mut fields, "destination");
        let description = fields.text(e, "description", 0..=48).unwrap_or_default();
        fields.text(e, "memo_code", 0..=64);
        let quote = fields.text(e, "quote_reference", 1..=64);
        let to_currency = fields.currency(e, "destination_currency");
        let to_scale_of = to_currency.clone().unwrap_or(scale_of);
        let to_minor = fields.money(e, "destination_amount", &to_scale_of);
        fields.skip(&["quoteoutput", "verification_code"]);
        fields.end(e);
        let (Some(reference), Some(transfer_type), Some(currency), Some(minor), Some(source), Some(destination), true) = (
            reference,
            transfer_type,
            currency,
            minor,
            source,
            destination,
            errors.is_empty(),
        ) else {
            return Err(Refusal::fields(errors));
        };
        Ok(Self {
            prefix,
            reference,
            transfer_type,
            channel,
            currency,
            minor,
            source,
            destination,
            description,
            quote,
            to_currency,
            to_minor,
        })
    }

    fn wrong(&self, name: &str, what: &str) -> Refusal {
        Refusal::field(format!("{}{name}", self.prefix), what)
    }

    /// What arrives: by the quote, or what is sent. What the request says of it must be the same.
    fn check_arriving<'a>(&'a self, arrives: Option<&'a (i64, String)>) -> Result<(i64, &'a str), Refusal> {
        let (minor, currency) = arrives.map_or((self.minor, &self.currency), |(minor, currency)| (*minor, currency));
        if self.to_minor.is_some_and(|m| m != minor) || self.to_currency.as_ref().is_some_and(|c| c != currency) {
            return Err(self.wrong(
                "destination_amount",
                "Differs from what arrives; a change of currency needs its quote.",
            ));
        }
        Ok((minor, currency))
    }
}
