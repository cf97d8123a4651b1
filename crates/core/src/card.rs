//! Card data on its way through. It cannot be printed.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// A payment card as the customer typed it. `Debug` shows its last four digits and nothing else.
///
/// Data like this brings an application into PCI DSS scope; hosted checkout does not.
///
/// ```
/// use paymux_core::Card;
/// let card = Card::new("4200 0000 0000 0000", 5, 2034)?.with_cvv("123")?.with_holder("Jane Jones");
/// assert_eq!(format!("{card:?}"), "Card(… 0000)");
/// assert!(Card::new("4200000000000001", 5, 2034).is_err());
/// # Ok::<(), paymux_core::CardError>(())
/// ```
#[derive(Clone)]
pub struct Card {
    number: SecretString,
    month: i8,
    year: i16,
    cvv: Option<SecretString>,
    holder: Option<String>,
}

/// Why something is not a card. No message repeats what was typed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardError {
    /// The check digit is wrong.
    #[error("card number fails the Luhn check")]
    Luhn,
    /// The number is not 12 to 19 digits, blanks and hyphens aside.
    #[error("card number must have 12 to 19 digits")]
    Number,
    /// The month is not 1 to 12, or the year has not four digits.
    #[error("card expiry must be a month from 1 to 12 and a year of four digits")]
    Expiry,
    /// The CVV is not three or four digits.
    #[error("card CVV must have 3 or 4 digits")]
    Cvv,
    /// The last day of the expiry month is over.
    #[error("card has expired")]
    Expired,
}

impl Card {
    /// A card by its number (blanks and hyphens are dropped), expiry month (1 to 12) and year (four digits).
    ///
    /// # Errors
    /// [`CardError`] names the rule that is broken.
    pub fn new(number: &str, month: u8, year: u16) -> Result<Self, CardError> {
        let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if !(12..=19).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CardError::Number);
        }
        if !luhn(digits.bytes()) {
            return Err(CardError::Luhn);
        }
        if !(1..=12).contains(&month) || !(2000..=2999).contains(&year) {
            return Err(CardError::Expiry);
        }
        Ok(Self {
            number: digits.into(),
            month: i8::try_from(month).map_err(|_| CardError::Expiry)?,
            year: i16::try_from(year).map_err(|_| CardError::Expiry)?,
            cvv: None,
            holder: None,
        })
    }

    /// With the card verification value.
    ///
    /// # Errors
    /// [`CardError::Cvv`] if it is not three or four digits.
    pub fn with_cvv(mut self, cvv: &str) -> Result<Self, CardError> {
        if !(3..=4).contains(&cvv.len()) || !cvv.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CardError::Cvv);
        }
        self.cvv = Some(cvv.to_owned().into());
        Ok(self)
    }

    /// With the name on the card.
    #[must_use]
    pub fn with_holder(mut self, holder: impl Into<String>) -> Self {
        self.holder = Some(holder.into());
        self
    }

    /// The number, for an adapter to put on the wire.
    #[must_use]
    pub fn expose_number(&self) -> &str {
        self.number.expose_secret()
    }

    /// The card verification value, for an adapter to put on the wire.
    #[must_use]
    pub fn expose_cvv(&self) -> Option<&str> {
        self.cvv.as_ref().map(ExposeSecret::expose_secret)
    }

    /// The name on the card.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        self.holder.as_deref()
    }

    /// The expiry month, 1 to 12.
    #[must_use]
    pub const fn month(&self) -> i8 {
        self.month
    }

    /// The expiry year, four digits.
    #[must_use]
    pub const fn year(&self) -> i16 {
        self.year
    }

    /// The last four digits.
    #[must_use]
    pub fn last4(&self) -> &str {
        let number = self.expose_number();
        number.get(number.len().saturating_sub(4)..).unwrap_or("")
    }

    /// Whether the expiry month is over everywhere on earth.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        let Ok(first) = Date::new(self.year, self.month, 1) else {
            return true;
        };
        let end = first
            .last_of_month()
            .at(23, 59, 59, 0)
            .to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(-12)));
        end.map_or(true, |end| now > end.timestamp())
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card(… {})", self.last4())
    }
}

/// Whether digits pass the Luhn check. Anything but ASCII digits fails.
pub(crate) fn luhn(digits: impl DoubleEndedIterator<Item = u8>) -> bool {
    let mut sum: u32 = 0;
    let mut double = false;
    for digit in digits.rev() {
        if !digit.is_ascii_digit() {
            return false;
        }
        let value = u32::from(digit.wrapping_sub(b'0'));
        let value = if double { value.saturating_mul(2) } else { value };
        sum = sum.saturating_add(if value > 9 { value.saturating_sub(9) } else { value });
        double = !double;
    }
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_rule_and_never_the_digits() {
        assert_eq!(Card::new("4200000000000001", 5, 2034).unwrap_err(), CardError::Luhn);
        assert_eq!(Card::new("4200", 5, 2034).unwrap_err(), CardError::Number);
        assert_eq!(Card::new("4200000000000000", 13, 2034).unwrap_err(), CardError::Expiry);
        assert_eq!(Card::new("4200000000000000", 5, 34).unwrap_err(), CardError::Expiry);
        let card = Card::new("4200000000000000", 5, 2034).unwrap();
        assert_eq!(card.with_cvv("12a").unwrap_err(), CardError::Cvv);
    }

    #[test]
    fn a_card_is_good_through_its_last_day() {
        let card = Card::new("4200000000000000", 5, 2034).unwrap();
        assert!(!card.has_expired("2034-05-31T23:59:59Z".parse().unwrap()));
        assert!(!card.has_expired("2034-06-01T11:59:59Z".parse().unwrap()));
        assert!(card.has_expired("2034-06-01T12:00:00Z".parse().unwrap()));
    }
}
