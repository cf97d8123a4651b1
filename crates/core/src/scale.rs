//! How many decimals a provider's wire gives each currency.

use crate::decimal;
use crate::money::{Currency, Money, MoneyError, exponent};

/// How one provider writes amounts of one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scale {
    /// This many decimals, whatever ISO 4217 says.
    Digits(u32),
    /// The evidence disagrees; the currency is refused, for this reason, until the configuration says how many decimals there are.
    Disputed(&'static str),
    /// As ISO 4217 says.
    Iso,
}

/// The scale table of one adapter: a rule for every currency, and exceptions.
///
/// ```
/// use paymux_core::{Currency, Money, Scale, Scales};
/// let scales = Scales::new(Scale::Digits(2));
/// assert_eq!(scales.text(Money::new(100, Currency::JPY))?, "100.00");
/// assert!(scales.text(Money::new(1234, Currency::KWD)).is_err());
/// # Ok::<(), paymux_core::MoneyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scales {
    rule: Scale,
    exceptions: Vec<(Currency, Scale)>,
}

impl Scales {
    /// One rule for every currency.
    #[must_use]
    pub fn new(rule: Scale) -> Self {
        Self {
            rule,
            exceptions: Vec::new(),
        }
    }

    /// Adds or replaces the exception of one currency.
    #[must_use]
    pub fn with(mut self, currency: Currency, scale: Scale) -> Self {
        self.exceptions.retain(|(known, _)| *known != currency);
        self.exceptions.push((currency, scale));
        self
    }

    /// The number of decimals on the wire.
    ///
    /// # Errors
    /// The currency has no minor unit, or its scale is in dispute and not configured.
    pub fn digits(&self, currency: Currency) -> Result<u32, MoneyError> {
        let iso = exponent(currency)?;
        let exception = self.exceptions.iter().find(|(known, _)| *known == currency);
        match exception.map_or(&self.rule, |(_, scale)| scale) {
            Scale::Digits(digits) => Ok(*digits),
            Scale::Disputed(rule) => Err(MoneyError::Scale {
                currency: currency.code(),
                rule: (*rule).to_owned(),
            }),
            Scale::Iso => Ok(iso),
        }
    }

    /// The amount as an integer of the wire's smallest unit.
    ///
    /// # Errors
    /// As [`Scales::digits`]; or the amount is finer than the wire can say, or too large.
    pub fn units(&self, money: Money) -> Result<i64, MoneyError> {
        let digits = self.digits(money.currency())?;
        let iso = exponent(money.currency())?;
        let refuse = |rule: String| MoneyError::Scale {
            currency: money.currency().code(),
            rule,
        };
        let too_large = || refuse(format!("amount {money} is too large"));
        if digits >= iso {
            let factor = 10_i64.checked_pow(digits.saturating_sub(iso)).ok_or_else(too_large)?;
            money.minor().checked_mul(factor).ok_or_else(too_large)
        } else {
            let factor = 10_i64.checked_pow(iso.saturating_sub(digits)).ok_or_else(too_large)?;
            match (money.minor().checked_rem(factor), money.minor().checked_div(factor)) {
                (Some(0), Some(units)) => Ok(units),
                _ => Err(refuse(format!(
                    "amount {money} has more than the {digits} decimals that the provider takes"
                ))),
            }
        }
    }

    /// The amount in major units as decimal text with the wire's number of decimals.
    ///
    /// # Errors
    /// As [`Scales::units`].
    pub fn text(&self, money: Money) -> Result<String, MoneyError> {
        Ok(decimal::write(self.units(money)?, self.digits(money.currency())?))
    }

    /// Reads an integer of the wire's smallest unit.
    ///
    /// # Errors
    /// As [`Scales::units`].
    pub fn from_units(&self, units: i64, currency: Currency) -> Result<Money, MoneyError> {
        let digits = self.digits(currency)?;
        if digits == exponent(currency)? {
            return Ok(Money::new(units, currency));
        }
        Money::from_decimal(&decimal::write(units, digits), currency)
    }

    /// Reads decimal text in major units, as a provider writes it: fewer or more zeros than the wire's own scale are fine.
    ///
    /// # Errors
    /// The text is no decimal number, or finer than the currency.
    pub fn from_text(&self, text: &str, currency: Currency) -> Result<Money, MoneyError> {
        self.digits(currency)?;
        Money::from_decimal(text, currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_go_both_ways_or_are_refused() {
        let coarse = Scales::new(Scale::Iso).with(Currency::MGA, Scale::Digits(1));
        assert_eq!(coarse.units(Money::new(120, Currency::MGA)), Ok(12));
        assert_eq!(coarse.from_units(12, Currency::MGA), Ok(Money::new(120, Currency::MGA)));
        let refused = coarse.units(Money::new(121, Currency::MGA)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "currency MGA: amount 1.21 MGA has more than the 1 decimals that the provider takes"
        );
        let fine = Scales::new(Scale::Digits(2));
        assert!(fine.units(Money::new(i64::MAX, Currency::JPY)).is_err());
    }

    #[test]
    fn a_disputed_scale_is_refused_until_it_is_replaced() {
        let scales = Scales::new(Scale::Iso).with(Currency::CVE, Scale::Disputed("set `scales.CVE`"));
        assert!(scales.text(Money::new(100, Currency::CVE)).is_err());
        let scales = scales.with(Currency::CVE, Scale::Digits(2));
        assert_eq!(scales.text(Money::new(100, Currency::CVE)).unwrap(), "1.00");
    }
}
