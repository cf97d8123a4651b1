//! Promises exchange rates for a while.

use http::StatusCode;
use jiff::Timestamp;

use super::Qolo;
use super::accept::later;
use super::order::locator;
use super::reading::{Errors, Fields, wrong};
use super::state::Quote;
use super::writing::{Answer, Object, Refusal, answer};
use crate::wire;

/// How long a quote stands.
const EXPIRY_SECONDS: u64 = 60;

/// What one unit is worth, in millionths of a US dollar. Invented, and always the same.
fn worth(currency: &str) -> Option<i128> {
    Some(match currency {
        "USD" => 1_000_000,
        "EUR" => 1_100_000,
        "GBP" => 1_250_000,
        "JPY" => 6_500,
        "KWD" => 3_250_000,
        _ => return None,
    })
}

/// The amount in the other currency, rounded down to its minor unit.
fn exchange(minor: i64, from: &str, to: &str) -> Option<i64> {
    let up = 10_i128.checked_pow(wire::decimals(to))?;
    let down = 10_i128.checked_pow(wire::decimals(from))?;
    let value = i128::from(minor).checked_mul(worth(from)?)?.checked_mul(up)?;
    i64::try_from(value / worth(to)?.checked_mul(down)?)
        .ok()
        .filter(|m| *m > 0)
}

impl Qolo {
    pub(super) fn quote(&mut self, now: Timestamp, mut fields: Fields) -> Answer {
        let mut errors = Errors::new();
        let e = &mut errors;
        for side in ["source", "destination"] {
            if fields.has(side) {
                locator(e, &mut fields, side);
            }
        }
        for name in ["currency", "destination_currency"] {
            fields.required(e, name);
        }
        let currency = fields.currency(e, "currency").unwrap_or_default();
        let to_currency = fields.currency(e, "destination_currency").unwrap_or_default();
        let minor = fields.money(e, "amount", &currency);
        let to_minor = fields.money(e, "destination_amount", &to_currency);
        fields.end(e);
        let known = worth(&currency).is_some() && worth(&to_currency).is_some() && currency != to_currency;
        if e.is_empty() && !known {
            wrong(e, "destination_currency", "There is no rate between these two.");
        }
        if minor.is_some() == to_minor.is_some() && e.is_empty() {
            wrong(e, "amount", "Either this or destination_amount is required.");
        }
        Refusal::unless_none(errors)?;
        let (minor, to_minor) = match (minor, to_minor) {
            (Some(minor), _) => (Some(minor), exchange(minor, &currency, &to_currency)),
            (None, Some(to)) => (exchange(to, &to_currency, &currency), Some(to)),
            (None, None) => (None, None),
        };
        let (Some(minor), Some(to_minor)) = (minor, to_minor) else {
            return Err(Refusal::field("amount", "Cannot be exchanged."));
        };
        let quote = Quote {
            reference: self.guid(),
            minor,
            currency,
            to_minor,
            to_currency,
            until: later(now, std::time::Duration::from_secs(EXPIRY_SECONDS)),
            used: false,
        };
        let details = Object::new()
            .put("reference", &quote.reference)
            .put("source_currency", &quote.currency)
            .put("target_currency", &quote.to_currency)
            .money("source_amount", quote.minor, &quote.currency)
            .money("target_amount", quote.to_minor, &quote.to_currency);
        let told = Object::new()
            .money("amount", quote.minor, &quote.currency)
            .put("currency", &quote.currency)
            .money("destination_amount", quote.to_minor, &quote.to_currency)
            .put("destination_currency", &quote.to_currency)
            .put("expiry_seconds", &EXPIRY_SECONDS)
            .put("conversionDetails", &details);
        self.quotes.push(quote);
        Ok(answer(StatusCode::CREATED, told))
    }

    /// The quote of this reference, if it still stands and is for this amount.
    pub(super) fn usable_quote(&self, now: Timestamp, reference: &str, minor: i64, currency: &str) -> Option<&Quote> {
        let found = self.quotes.iter().find(|q| q.reference == reference)?;
        let stands = !found.used && now < found.until && found.minor == minor && found.currency == currency;
        stands.then_some(found)
    }
}
