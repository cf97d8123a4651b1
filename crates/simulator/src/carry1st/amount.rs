//! Amounts on the wire: JSON numbers in major units, read digit by digit.

use serde_json::value::RawValue;

use super::refusal::Refusal;
use crate::wire;

/// Reads a JSON number as minor units of a currency. Quoted numbers, exponents, signs and finer amounts are refused.
pub(super) fn price(number: &RawValue, currency: &str) -> Result<i64, Refusal> {
    wire::minor(number.get(), wire::decimals(currency))
        .ok_or_else(|| Refusal::field(format!("{} is not an amount that {currency} can hold", number.get())))
}

/// Reads an amount that may not be zero.
pub(super) fn read(number: &RawValue, currency: &str) -> Result<i64, Refusal> {
    match price(number, currency)? {
        0 => Err(Refusal::field("amount is zero")),
        minor => Ok(minor),
    }
}

/// Writes minor units as the shortest JSON number in major units.
pub(super) fn write(minor: i64, currency: &str) -> Option<Box<RawValue>> {
    let text = wire::major(minor, wire::decimals(currency));
    let short = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    RawValue::from_string(short.to_owned()).ok()
}
