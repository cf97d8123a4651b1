//! Cards, and what the number of a test card makes happen.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::input;

/// What a test card's number makes happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scenario {
    Approved,
    Rejected,
    Expired,
    CaptureRejected,
    RefundRejected,
    CancelRejected,
    RecurringRejected,
    Secure,
    Once,
    Held,
}

/// A card as it was given.
#[derive(Clone, Debug, Default)]
pub(super) struct Card {
    pub(super) number: String,
    /// `YYMM`.
    pub(super) expiration: String,
    pub(super) cvd: Option<String>,
    pub(super) issued_to: Option<String>,
    pub(super) brand_wanted: Option<String>,
    /// Whether the caller brings the result of a 3-D Secure of its own.
    pub(super) authenticated: bool,
}

impl Card {
    /// Reads the `card` object; a token in it is for the caller to resolve.
    pub(super) fn read(map: &Map<String, Value>) -> Self {
        let some = |name: &str| input::text(map, name).filter(|t| !t.is_empty());
        Self {
            number: some("number").unwrap_or_default().replace([' ', '-'], ""),
            expiration: some("expiration").unwrap_or_default(),
            cvd: some("cvd"),
            issued_to: some("issued_to"),
            brand_wanted: some("brand"),
            authenticated: some("cavv").is_some() && some("eci").is_some(),
        }
    }

    /// Says what is wrong with the card's data, if anything is.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let month = self.expiration.get(2..).and_then(|m| m.parse::<u8>().ok());
        if !luhn(&self.number) {
            Some("Card number is not valid")
        } else if self.expiration.len() != 4
            || !digits(&self.expiration)
            || !month.is_some_and(|m| (1..=12).contains(&m))
        {
            Some("Card expiration is not valid")
        } else if self
            .cvd
            .as_ref()
            .is_some_and(|c| !digits(c) || !(3..=4).contains(&c.len()))
        {
            Some("Card cvd is not valid")
        } else {
            None
        }
    }

    /// Whether the card's last month is over.
    pub(super) fn expired(&self, now: Timestamp) -> bool {
        self.expiration < year_month(now, 0)
    }

    /// The two digits for the brand and the scenario, if the number is one of a test card.
    fn test(&self) -> Option<(u8, char)> {
        let rest = self.number.strip_prefix("1000").filter(|_| self.number.len() == 16)?;
        let brand = rest.get(..2)?.parse().ok().filter(|b| *b <= 10)?;
        let scenario = rest.get(2..)?.strip_prefix("00000000")?.chars().next()?;
        Some((brand, scenario))
    }

    pub(super) fn is_test(&self) -> bool {
        self.test().is_some()
    }

    pub(super) fn scenario(&self) -> Scenario {
        let Some((brand, digit)) = self.test() else {
            return Scenario::Approved;
        };
        let secure = matches!(brand, 0 | 1 | 5 | 6);
        match digit {
            '1' => Scenario::Rejected,
            '2' => Scenario::Expired,
            '3' => Scenario::CaptureRejected,
            '4' => Scenario::RefundRejected,
            '5' => Scenario::CancelRejected,
            '6' => Scenario::RecurringRejected,
            '7' if secure => Scenario::Secure,
            '7' => Scenario::Once,
            '8' if secure => Scenario::Once,
            '8' => Scenario::Held,
            '9' if secure => Scenario::Held,
            _ => Scenario::Approved,
        }
    }

    fn brand(&self) -> &str {
        if let Some(brand) = &self.brand_wanted {
            return brand;
        }
        match self.test().map(|(brand, _)| brand) {
            Some(0) => "visa",
            Some(1) => "mastercard",
            Some(2 | 6) => "dankort",
            Some(3) => "american-express",
            Some(4) => "maestro",
            Some(5) => "visa-electron",
            Some(7) => "diners",
            Some(8) => "fbg1886",
            Some(9) => "jcb",
            Some(10) => "mastercard-debet",
            _ if self.number.starts_with('4') => "visa",
            _ if self.number.starts_with("34") || self.number.starts_with("37") => "american-express",
            _ => "mastercard",
        }
    }

    /// What the platform tells about the card afterwards.
    pub(super) fn metadata(&self, generic_test_brand: bool, secure: bool, origin: &str) -> Map<String, Value> {
        let brand = if generic_test_brand && self.is_test() {
            "quickpay-test-card"
        } else {
            self.brand()
        };
        let country = if self.cvd.as_deref() == Some("752") {
            "SWE"
        } else {
            "DNK"
        };
        let part = |range: std::ops::Range<usize>| self.number.get(range).unwrap_or("");
        let last4 = self.number.get(self.number.len().saturating_sub(4)..).unwrap_or("");
        let mut map = Map::new();
        for (name, value) in [
            ("type", "card"),
            ("origin", origin),
            ("brand", brand),
            ("country", country),
        ] {
            map.insert(name.to_owned(), value.into());
        }
        map.insert("bin".to_owned(), part(0..6).into());
        map.insert("last4".to_owned(), last4.into());
        if let (Some(Ok(year)), Some(Ok(month))) = (
            self.expiration.get(..2).map(str::parse::<i16>),
            self.expiration.get(2..).map(str::parse::<i16>),
        ) {
            map.insert("exp_year".to_owned(), (2000 + year).into());
            map.insert("exp_month".to_owned(), month.into());
        }
        map.insert("is_3d_secure".to_owned(), secure.into());
        map.insert("issued_to".to_owned(), self.issued_to.clone().into());
        map.insert("hash".to_owned(), super::sign::digest(&["card", &self.number]).into());
        map.insert("corporate".to_owned(), false.into());
        map.insert("fraud_suspected".to_owned(), false.into());
        map.insert("fraud_remarks".to_owned(), Value::Array(Vec::new()));
        map.insert("fraud_reported".to_owned(), false.into());
        map
    }
}

/// This month, so many years later, as `YYMM`.
pub(super) fn year_month(now: Timestamp, years: i16) -> String {
    let day = now.to_zoned_datetime(TimeZone::UTC);
    format!("{:02}{:02}", (day.year() + years).rem_euclid(100), day.month())
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn luhn(number: &str) -> bool {
    if !digits(number) || !(12..=19).contains(&number.len()) {
        return false;
    }
    let sum: u32 = number
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => digit,
            (_, double) => double / 10 + double % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::super::test_cards::TEST_CARDS;
    use super::*;

    #[test]
    fn every_test_card_has_a_right_number() {
        for (name, number, _) in TEST_CARDS {
            let card = Card {
                number: (*number).to_owned(),
                expiration: "3012".to_owned(),
                ..Card::default()
            };
            assert_eq!(card.fault(), None, "{name}");
            assert!(card.is_test(), "{name}");
            assert_eq!(
                card.scenario() == Scenario::Approved,
                name.ends_with("approved"),
                "{name}"
            );
            assert_eq!(card.scenario() == Scenario::Held, name.ends_with("held"), "{name}");
            assert_eq!(card.scenario() == Scenario::Once, name.ends_with("once"), "{name}");
        }
    }

    #[test]
    fn expiry_is_the_end_of_the_month() {
        let card = Card {
            expiration: "2606".to_owned(),
            ..Card::default()
        };
        assert!(!card.expired("2026-06-30T23:00:00Z".parse().unwrap()));
        assert!(card.expired("2026-07-01T00:00:00Z".parse().unwrap()));
    }
}
