//! Cards: how they are read, and which are accepted.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::form::{Reader, digits};

/// The card brands that can be paid with.
const BRANDS: &[&str] = &[
    "VISA", "MASTER", "AMEX", "JCB", "DINERS", "DISCOVER", "UNIONPAY", "MAESTRO", "MADA",
];

/// Brands that the platform has and the simulator does not take.
const OTHER_BRANDS: &[&str] = &[
    "STC_PAY",
    "APPLEPAY",
    "GOOGLEPAY",
    "IDEAL",
    "EPS",
    "GIROPAY",
    "SOFORTUEBERWEISUNG",
    "PRZELEWY",
    "TRUSTLY",
    "MBWAY",
    "ALIPAY",
    "EFT",
    "INTERAC_ONLINE",
];

/// A card as it came.
#[derive(Clone, Debug)]
pub(super) struct Card {
    /// Digits only.
    pub(super) number: String,
    /// The name on it.
    pub(super) holder: Option<String>,
    /// Two digits.
    pub(super) month: String,
    /// Four digits.
    pub(super) year: String,
    /// The verification number.
    pub(super) cvv: Option<String>,
    /// The brand that the caller named.
    pub(super) brand: Option<String>,
}

impl Card {
    /// A test card, filled in as a shopper would.
    pub(super) fn test(number: &str) -> Self {
        let amex = brand_of(number) == Some("AMEX");
        Self {
            number: number.to_owned(),
            holder: Some("Jane Jones".to_owned()),
            month: "12".to_owned(),
            year: "2099".to_owned(),
            cvv: Some(if amex { "1234" } else { "123" }.to_owned()),
            brand: None,
        }
    }

    /// Reads the card's fields, complaining about the badly written.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let number = reader.required("card.number", digits(12, 19));
        let month = reader.required("card.expiryMonth", |m| {
            digits(2, 2)(m) && matches!(m.parse(), Ok(1..=12))
        });
        let year = reader.required("card.expiryYear", |y| {
            digits(4, 4)(y) && (y.starts_with("19") || y.starts_with("20"))
        });
        let cvv = reader.optional("card.cvv", digits(3, 4));
        let brand = reader.optional("paymentBrand", |b| {
            (1..=32).contains(&b.len()) && b.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
        });
        Some(Self {
            number: number?,
            holder: reader.form().get("card.holder").map(str::to_owned),
            month: month?,
            year: year?,
            cvv,
            brand,
        })
    }

    /// The brand, named or told by the number.
    pub(super) fn brand(&self) -> Option<&str> {
        self.brand.as_deref().or_else(|| brand_of(&self.number))
    }

    /// What makes the card unusable, if anything does.
    pub(super) fn flaw(&self, now: Timestamp, cvv_needed: bool) -> Option<&'static str> {
        let Some(brand) = self.brand() else {
            return Some("100.100.501");
        };
        if OTHER_BRANDS.contains(&brand) {
            return Some("600.200.201");
        }
        if !BRANDS.contains(&brand) {
            return Some("100.100.501");
        }
        if !luhn(&self.number) {
            return Some("100.100.101");
        }
        if !matches!(brand, "MADA" | "MAESTRO") && brand_of(&self.number) != Some(brand) {
            return Some("100.100.700");
        }
        if self.expired(now) {
            return Some("100.100.303");
        }
        let holder = self.holder.as_deref().map(|h| h.trim().chars().count());
        if holder.is_some_and(|length| !(3..=128).contains(&length)) {
            return Some("100.100.401");
        }
        match &self.cvv {
            None if cvv_needed => Some("100.100.600"),
            Some(cvv) if (cvv.len() == 4) != (brand == "AMEX") => Some("100.100.601"),
            _ => None,
        }
    }

    fn expired(&self, now: Timestamp) -> bool {
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        let expiry = (self.year.parse().unwrap_or(0), self.month.parse().unwrap_or(0));
        expiry < (today.year(), today.month())
    }
}

fn brand_of(number: &str) -> Option<&'static str> {
    let two: u32 = number.get(..2)?.parse().ok()?;
    let four: u32 = number.get(..4)?.parse().ok()?;
    match (two, four) {
        (40..=49, _) => Some("VISA"),
        (51..=55, _) | (_, 2221..=2720) => Some("MASTER"),
        (34 | 37, _) => Some("AMEX"),
        (35, _) => Some("JCB"),
        (30 | 36 | 38 | 39, _) => Some("DINERS"),
        (65, _) | (_, 6011) => Some("DISCOVER"),
        (62, _) => Some("UNIONPAY"),
        (50 | 56..=69, _) => Some("MAESTRO"),
        _ => None,
    }
}

fn luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit.saturating_sub(b'0'));
            if place % 2 == 0 {
                digit
            } else {
                digit * 2 / 10 + digit * 2 % 10
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::super::test_cards::TEST_CARDS;
    use super::*;

    #[test]
    fn every_test_card_but_the_invalid_one_is_usable() {
        let now: Timestamp = "2026-01-15T00:00:00Z".parse().unwrap();
        for (name, number, _) in TEST_CARDS {
            let expected = (*name == "invalid").then_some("100.100.101");
            assert_eq!(Card::test(number).flaw(now, true), expected, "{name}");
        }
    }

    #[test]
    fn a_card_lives_until_the_end_of_its_month() {
        let mut card = Card::test("4200000000000000");
        (card.month, card.year) = ("01".to_owned(), "2026".to_owned());
        assert_eq!(card.flaw("2026-01-31T23:59:59Z".parse().unwrap(), true), None);
        assert_eq!(
            card.flaw("2026-02-01T00:00:00Z".parse().unwrap(), true),
            Some("100.100.303")
        );
    }

    #[test]
    fn brand_and_verification_number_must_fit() {
        let now: Timestamp = "2026-01-15T00:00:00Z".parse().unwrap();
        let mut card = Card::test("4200000000000000");
        card.cvv = Some("1234".to_owned());
        assert_eq!(card.flaw(now, true), Some("100.100.601"));
        card.cvv = None;
        assert_eq!(card.flaw(now, true), Some("100.100.600"));
        assert_eq!(card.flaw(now, false), None);
        card.brand = Some("MASTER".to_owned());
        assert_eq!(card.flaw(now, false), Some("100.100.700"));
        card.brand = Some("IDEAL".to_owned());
        assert_eq!(card.flaw(now, false), Some("600.200.201"));
    }
}
