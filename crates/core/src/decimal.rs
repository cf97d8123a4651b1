//! Decimal text to integers and back, by integer arithmetic only.
//!
//! Of a provider that writes amounts in major units:
//!
//! ```
//! use paymux_core::Money;
//! use paymux_core::decimal::{DecimalError, read, write};
//!
//! let fee = read("2.5", 2)?;
//! let total: Money = "100.10 DKK".parse()?;
//! assert_eq!(write(total.minor() + fee, 2), "102.60");
//! assert_eq!(read("0.105", 2), Err(DecimalError::TooFine(2)), "nothing is rounded");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use thiserror::Error;

/// Why a text is not an amount of a given number of decimals.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecimalError {
    /// The text is not of the form `-?[0-9]+(\.[0-9]+)?`.
    #[error("is not a decimal number")]
    NotANumber,
    /// The text has more decimals, other than zeros, than the scale allows.
    #[error("has more than {0} decimals")]
    TooFine(u32),
    /// The value does not fit 64 bits.
    #[error("is too large")]
    TooLarge,
}

/// Writes `value` units of 10^-`scale` as decimal text with exactly `scale` decimals.
///
/// ```
/// assert_eq!(paymux_core::decimal::write(12345, 2), "123.45");
/// assert_eq!(paymux_core::decimal::write(-5, 3), "-0.005");
/// assert_eq!(paymux_core::decimal::write(7, 0), "7");
/// ```
#[must_use]
pub fn write(value: i64, scale: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let units = value.unsigned_abs();
    let width = usize::try_from(scale).unwrap_or(usize::MAX);
    // With room for what 64 bits hold, so that it does not grow.
    let mut out = String::with_capacity(24);
    // Beyond what 64 bits hold, all of it is behind the point. Writing into a string does not fail.
    let _ = match 10_u64.checked_pow(scale) {
        Some(1) => write!(out, "{sign}{units}"),
        Some(one) => write!(out, "{sign}{}.{:0>width$}", units / one, units % one),
        None => write!(out, "{sign}0.{units:0>width$}"),
    };
    out
}

/// Reads decimal text as units of 10^-`scale`. Fewer decimals, and zeros beyond the scale, are fine; anything finer is an error, never rounded.
///
/// # Errors
/// [`DecimalError`] says what is wrong with the text.
///
/// ```
/// use paymux_core::decimal::{DecimalError, read};
/// assert_eq!(read("92.0", 2), Ok(9200));
/// assert_eq!(read("1.005", 2), Err(DecimalError::TooFine(2)));
/// ```
pub fn read(text: &str, scale: u32) -> Result<i64, DecimalError> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match rest.split_once('.') {
        Some((_, "")) => return Err(DecimalError::NotANumber),
        Some(parts) => parts,
        None => (rest, ""),
    };
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::NotANumber);
    }
    let mut value: i64 = 0;
    let mut push = |digit: u8| -> Result<(), DecimalError> {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        let next = value.checked_mul(10).and_then(|v| {
            if negative {
                v.checked_sub(digit)
            } else {
                v.checked_add(digit)
            }
        });
        value = next.ok_or(DecimalError::TooLarge)?;
        Ok(())
    };
    for digit in whole.bytes() {
        push(digit)?;
    }
    let mut fraction = fraction.bytes();
    for _ in 0..scale {
        push(fraction.next().unwrap_or(b'0'))?;
    }
    if fraction.any(|digit| digit != b'0') {
        return Err(DecimalError::TooFine(scale));
    }
    Ok(value)
}

/// A JSON number whose text is kept exactly, for providers that write amounts in major units. Reads a bare or a quoted number; writes a bare one.
///
/// ```
/// use paymux_core::decimal::Number;
/// let number: Number = serde_json::from_str("100.10")?;
/// assert_eq!(number.as_str(), "100.10");
/// assert_eq!(serde_json::to_string(&Number::new(2510, 2))?, "25.10");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    /// The number `value` × 10^-`scale`, written with `scale` decimals.
    #[must_use]
    pub fn new(value: i64, scale: u32) -> Self {
        Self(write(value, scale))
    }

    /// The text as it stood.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let quoted = raw.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let text = quoted
            .map(str::to_owned)
            .unwrap_or_else(|| Box::<str>::from(raw).into());
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-') && !text.is_empty() {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom("is not a plain decimal number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_back_at_the_edges() {
        for scale in (0..=4).chain(18..=22) {
            for value in [0, 1, -1, 9, 10, 99, 100, 12345, i64::MAX, i64::MIN] {
                assert_eq!(read(&write(value, scale), scale), Ok(value), "{value} at {scale}");
            }
        }
    }

    #[test]
    fn refuses_what_is_no_number_or_too_fine_or_too_large() {
        for text in ["", ".", "1.", ".5", "1,0", "+1", "1e3", " 1", "1 ", "0x1", "--1", "١"] {
            assert_eq!(read(text, 2), Err(DecimalError::NotANumber), "{text:?}");
        }
        assert_eq!(read("0.001", 2), Err(DecimalError::TooFine(2)));
        assert_eq!(read("1.5", 0), Err(DecimalError::TooFine(0)));
        assert_eq!(read("1.500", 1), Ok(15));
        assert_eq!(read("92233720368547758.08", 2), Err(DecimalError::TooLarge));
        assert_eq!(read("-92233720368547758.08", 2), Ok(i64::MIN));
    }

    #[test]
    fn json_numbers_keep_their_text() {
        for (json, text) in [("100", "100"), ("100.0", "100.0"), ("\"7.50\"", "7.50"), ("-1", "-1")] {
            let number: Number = serde_json::from_str(json).unwrap();
            assert_eq!(number.as_str(), text);
        }
        for json in ["1e2", "\"x\"", "\"\"", "null", "[1]"] {
            assert!(serde_json::from_str::<Number>(json).is_err(), "{json}");
        }
    }
}
