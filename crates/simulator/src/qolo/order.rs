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

    /// Reads a transfer request.
    pub(super) fn order(&self, now: Timestamp, mut fields: Fields) -> Result<Order, Refusal> {
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
        let field = |name: &str, what: &str| Refusal::field(format!("{prefix}{name}"), what);
        let (kind, rail) = kind_and_rail(transfer_type, channel)
            .ok_or_else(|| field("channel_type", "Does not go with this type of transfer."))?;
        if self.settings.unique_references && self.rows.iter().any(|r| r.reference.as_ref() == Some(&reference)) {
            return Err(field("client_reference_id", "Was used before."));
        }

        let outside = match kind {
            Kind::Capture => Some(("source", &source)),
            Kind::Payout => Some(("destination", &destination)),
            _ => None,
        };
        let instrument = outside.map(|(side, end)| {
            self.instrument_at(end)
                .filter(|i| match rail {
                    Rail::Card => i.kind == "CARD",
                    Rail::Rtp => i.kind != "CARD" && i.realtime,
                    _ => i.kind != "CARD",
                })
                .map(|i| i.guid.clone())
                .ok_or_else(|| field(side, "Is not an outside instrument that this type of transfer can use."))
        });
        let instrument = instrument.transpose()?;
        let at_home = |side: &str, end: &Locator| {
            self.account_at(end)
                .ok_or_else(|| field(side, "Is not an account that is known."))
        };
        let from = (kind != Kind::Capture)
            .then(|| at_home("source", &source))
            .transpose()?;
        let to = (kind != Kind::Payout)
            .then(|| at_home("destination", &destination))
            .transpose()?;
        if from.is_some() && from.map(|a| &a.guid) == to.map(|a| &a.guid) {
            return Err(field("destination", "Is the source."));
        }

        let arrives = match &quote {
            Some(quote) => {
                let found = self.usable_quote(now, quote, minor, &currency);
                let found =
                    found.ok_or_else(|| field("quote_reference", "Is not a quote for this that still stands."))?;
                Some((found.to_minor, found.to_currency.clone()))
            }
            None => None,
        };
        let (arriving, arriving_in) = arrives.clone().unwrap_or((minor, currency.clone()));
        if to_minor.is_some_and(|m| m != arriving) || to_currency.is_some_and(|c| c != arriving_in) {
            return Err(field(
                "destination_amount",
                "Differs from what arrives; a change of currency needs its quote.",
            ));
        }
        if self.settings.match_currency {
            let differs = |account: Option<&Account>, currency: &str| account.is_some_and(|a| a.currency != currency);
            if differs(from, &currency) || differs(to, &arriving_in) {
                return Err(field("currency", "Is not the currency of the account."));
            }
        }
        Ok(Order {
            reference,
            transfer_type,
            kind,
            rail,
            minor,
            currency,
            arrives,
            quote,
            from: from.map(|a| a.guid.clone()),
            to: to.map(|a| a.guid.clone()),
            source,
            destination,
            instrument,
            description,
        })
    }
}
