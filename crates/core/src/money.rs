//! Money: integer minor units of an ISO 4217 currency.

use std::fmt;
use std::str::FromStr;

pub use iso_currency::Currency;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::decimal::{self, DecimalError};

/// An amount in minor units (øre, cents, yen, fils) of one currency.
///
/// ```
/// use paymux_core::{Currency, Money};
/// let price: Money = "100.50 DKK".parse()?;
/// assert_eq!((price.minor(), price.currency()), (10050, Currency::DKK));
/// assert_eq!(Money::new(1234, Currency::KWD).to_string(), "1.234 KWD");
/// assert_eq!(Money::new(500, Currency::JPY).to_string(), "500 JPY");
/// # Ok::<(), paymux_core::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why something is not an amount of money.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoneyError {
    /// The amount's text breaks the currency's rule.
    #[error("amount `{text}` {problem} ({currency} has {scale})")]
    Amount {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        problem: DecimalError,
        /// The currency's code.
        currency: &'static str,
        /// The number of decimals that the currency has.
        scale: u32,
    },
    /// The text is not `AMOUNT CODE`.
    #[error("`{0}` is not an amount and a currency, as in `100.00 DKK`")]
    Form(String),
    /// The currency has no minor unit in ISO 4217 (metals, funds, test codes).
    #[error("currency {0} has no minor unit in ISO 4217 and cannot be paid in")]
    NoMinorUnit(&'static str),
    /// The provider's number of decimals for the currency is in dispute or does not fit.
    #[error("currency {currency}: {rule}")]
    Scale {
        /// The currency's code.
        currency: &'static str,
        /// The rule that refuses it.
        rule: String,
    },
    /// The code is not of ISO 4217 (three upper-case letters).
    #[error("`{0}` is not an ISO 4217 currency code (three upper-case letters)")]
    UnknownCurrency(String),
}

impl Money {
    /// An amount of `minor` units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads decimal text in major units, exactly: `100.5` DKK is 10050 øre, and `100.505` DKK is an error.
    ///
    /// # Errors
    /// The text is no decimal number, finer than the currency, or too large; or the currency has no minor unit.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let scale = exponent(currency)?;
        match decimal::read(text, scale) {
            Ok(minor) => Ok(Self::new(minor, currency)),
            Err(problem) => Err(MoneyError::Amount {
                text: text.to_owned(),
                problem,
                currency: currency.code(),
                scale,
            }),
        }
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount in major units as decimal text with the currency's number of decimals.
    #[must_use]
    pub fn decimal(self) -> String {
        decimal::write(self.minor, exponent(self.currency).unwrap_or(0))
    }

    /// The sum, or `None` if the currencies differ or the sum does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self::new(self.minor.checked_add(other.minor)?, self.currency))
    }

    /// The difference, or `None` if the currencies differ or it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self::new(self.minor.checked_sub(other.minor)?, self.currency))
    }
}

/// The number of decimals that ISO 4217 gives a currency.
///
/// # Errors
/// [`MoneyError::NoMinorUnit`] for metals, funds and test codes.
pub fn exponent(currency: Currency) -> Result<u32, MoneyError> {
    currency
        .exponent()
        .map(u32::from)
        .ok_or(MoneyError::NoMinorUnit(currency.code()))
}

/// Reads an ISO 4217 code of three upper-case letters.
///
/// # Errors
/// [`MoneyError::UnknownCurrency`].
pub fn currency(code: &str) -> Result<Currency, MoneyError> {
    Currency::from_code(code).ok_or_else(|| MoneyError::UnknownCurrency(code.to_owned()))
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency.code())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (amount, code) = text
            .trim()
            .split_once(' ')
            .ok_or_else(|| MoneyError::Form(text.to_owned()))?;
        Self::from_decimal(amount, currency(code.trim_start())?)
    }
}

#[derive(Serialize, Deserialize)]
struct Parts<'a> {
    minor: i64,
    #[serde(borrow)]
    currency: std::borrow::Cow<'a, str>,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Parts {
            minor: self.minor,
            currency: self.currency.code().into(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = Parts::deserialize(deserializer)?;
        let currency = currency(&parts.currency).map_err(serde::de::Error::custom)?;
        Ok(Self::new(parts.minor, currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_follow_iso_4217() {
        for (code, scale) in [
            ("JPY", 0),
            ("ISK", 0),
            ("DKK", 2),
            ("CVE", 2),
            ("MGA", 2),
            ("MRU", 2),
            ("KWD", 3),
            ("IQD", 3),
            ("CLF", 4),
            ("UYW", 4),
        ] {
            assert_eq!(exponent(currency(code).unwrap()), Ok(scale), "{code}");
        }
        assert_eq!(exponent(Currency::XAU), Err(MoneyError::NoMinorUnit("XAU")));
    }

    #[test]
    fn refusals_name_the_field_and_the_rule() {
        let fine = "1.001 DKK".parse::<Money>().unwrap_err().to_string();
        assert_eq!(fine, "amount `1.001` has more than 2 decimals (DKK has 2)");
        let large = "92233720368547758.08 DKK".parse::<Money>().unwrap_err().to_string();
        assert!(large.contains("is too large"), "{large}");
        let unknown = "1.00 DKR".parse::<Money>().unwrap_err().to_string();
        assert!(unknown.contains("`DKR` is not an ISO 4217 currency code"), "{unknown}");
        assert!("1.00".parse::<Money>().is_err());
        assert!("1.00 dkk".parse::<Money>().is_err());
    }

    #[test]
    fn sums_never_mix_currencies_or_wrap() {
        let max = Money::new(i64::MAX, Currency::DKK);
        assert_eq!(max.checked_add(Money::new(1, Currency::DKK)), None);
        assert_eq!(max.checked_sub(Money::new(1, Currency::SEK)), None);
    }

    #[test]
    fn json_keeps_the_integer() {
        let money = Money::new(10050, Currency::DKK);
        let json = serde_json::to_string(&money).unwrap();
        assert_eq!(json, r#"{"minor":10050,"currency":"DKK"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }
}
