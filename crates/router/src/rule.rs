//! A rule: which operations it fits, and where it leads.

use paymux::{Currency, Money, Operation, Source, SourceKind};

use crate::brand::brand;
use crate::weight::drawn;

/// One rule of a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Its number, from 1.
    pub(crate) number: u32,
    pub(crate) when: When,
    pub(crate) to: Targets,
}

/// What an operation must be, all of it; what is empty fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct When {
    pub(crate) currencies: Vec<Currency>,
    pub(crate) countries: Vec<String>,
    pub(crate) brands: Vec<String>,
    pub(crate) sources: Vec<String>,
    pub(crate) from: Option<Money>,
    pub(crate) below: Option<Money>,
}

/// Where a rule leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Targets {
    /// In this order.
    Ordered(Vec<String>),
    /// By these weights.
    Weighted(Vec<(String, u32)>),
}

/// What rules look at in an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    amount: Option<Money>,
    country: Option<&'a str>,
    brand: Option<&'static str>,
    source: Option<SourceKind>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(operation: &'a Operation) -> Self {
        let charge = operation.charge();
        let source = match operation {
            Operation::Payout(payout) => Some(&payout.to),
            _ => charge.map(|charge| &charge.source),
        };
        let country = charge.and_then(|charge| {
            let of = |address: &'a Option<paymux::Address>| address.as_ref()?.country.as_deref();
            of(&charge.billing).or_else(|| of(&charge.shipping))
        });
        Self {
            amount: operation.amount(),
            country,
            brand: source.and_then(|source| match source {
                Source::Card(card) => brand(card.expose_number()),
                _ => None,
            }),
            source: source.map(Source::kind),
        }
    }
}

impl When {
    pub(crate) fn fits(&self, facts: &Facts<'_>) -> bool {
        let currency = facts.amount.map(Money::currency);
        let among = |known: &[String], asked: Option<&str>| {
            known.is_empty() || asked.is_some_and(|asked| known.iter().any(|known| known.eq_ignore_ascii_case(asked)))
        };
        let of_currency = |limit: Money| facts.amount.filter(|amount| amount.currency() == limit.currency());
        (self.currencies.is_empty() || currency.is_some_and(|asked| self.currencies.contains(&asked)))
            && among(&self.countries, facts.country)
            && among(&self.brands, facts.brand)
            && among(&self.sources, facts.source.map(SourceKind::as_str))
            && self
                .from
                .is_none_or(|from| of_currency(from).is_some_and(|amount| amount.minor() >= from.minor()))
            && self
                .below
                .is_none_or(|below| of_currency(below).is_some_and(|amount| amount.minor() < below.minor()))
    }
}

impl Targets {
    /// The names, as they stand in the configuration.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Self::Ordered(names) => names.iter().map(String::as_str).collect(),
            Self::Weighted(shares) => shares.iter().map(|(name, _)| name.as_str()).collect(),
        }
    }

    /// The names in the order in which they are tried for a key.
    pub(crate) fn line(&self, key: &str, rule: u32) -> Vec<&str> {
        let names = self.names();
        match self {
            Self::Ordered(_) => names,
            Self::Weighted(shares) => {
                let weights: Vec<_> = shares.iter().map(|(_, weight)| *weight).collect();
                let places = drawn(key, rule, &weights).into_iter();
                places.filter_map(|place| names.get(place).copied()).collect()
            }
        }
    }

    pub(crate) const fn is_weighted(&self) -> bool {
        matches!(self, Self::Weighted(_))
    }
}

#[cfg(test)]
mod tests {
    use paymux::{Address, Card, Charge, Payout};

    use super::*;

    fn sale(amount: &str, source: Source, fill: impl FnOnce(&mut Charge)) -> Operation {
        let mut charge = Charge::new("a1".parse().unwrap(), amount.parse().unwrap(), source);
        fill(&mut charge);
        Operation::Sale(Box::new(charge))
    }

    fn visa() -> Source {
        Source::Card(Card::new("4200000000000000", 5, 2034).unwrap())
    }

    fn country(code: &str) -> Option<Address> {
        let mut address = Address::default();
        address.country = Some(code.to_owned());
        Some(address)
    }

    #[test]
    fn every_condition_must_fit() {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let when = When {
            currencies: vec![Currency::DKK, Currency::EUR],
            countries: texts(&["DK"]),
            brands: texts(&["visa"]),
            sources: texts(&["card"]),
            from: Some("10.00 EUR".parse().unwrap()),
            below: Some("20.00 EUR".parse().unwrap()),
        };
        let in_denmark = |charge: &mut Charge| charge.billing = country("DK");
        let fits = |operation: &Operation| when.fits(&Facts::of(operation));
        assert!(fits(&sale("10.00 EUR", visa(), in_denmark)));
        assert!(fits(&sale("19.99 EUR", visa(), |c| c.shipping = country("DK"))));
        for other in [
            sale("9.99 EUR", visa(), in_denmark),
            sale("20.00 EUR", visa(), in_denmark),
            sale("10.00 DKK", visa(), in_denmark),
            sale("10.00 USD", visa(), in_denmark),
            sale("10.00 EUR", Source::Hosted, in_denmark),
            sale("10.00 EUR", visa(), |_| {}),
            sale("10.00 EUR", visa(), |c| {
                c.billing = country("SE");
                c.shipping = country("DK");
            }),
            sale(
                "10.00 EUR",
                Source::Card(Card::new("5100000000000008", 5, 2034).unwrap()),
                in_denmark,
            ),
        ] {
            assert!(!fits(&other), "{:?}", Facts::of(&other));
        }
        assert!(When::default().fits(&Facts::of(&sale("0.01 USD", Source::Hosted, |_| {}))));
    }

    #[test]
    fn a_payout_goes_by_its_destination() {
        let payout = Payout::new("p1".parse().unwrap(), "1.00 EUR".parse().unwrap(), visa());
        let payout = Operation::Payout(Box::new(payout));
        let facts = Facts::of(&payout);
        assert_eq!((facts.brand, facts.source), (Some("visa"), Some(SourceKind::Card)));
    }

    #[test]
    fn an_order_is_kept_and_weights_are_drawn() {
        let ordered = Targets::Ordered(vec!["b".to_owned(), "a".to_owned()]);
        assert_eq!(ordered.line("any", 1), ["b", "a"]);
        let weighted = Targets::Weighted(vec![("a".to_owned(), 1), ("b".to_owned(), 1_000_000)]);
        assert_eq!(weighted.line("order1001", 1), ["b", "a"]);
        assert_eq!(weighted.names(), ["a", "b"]);
    }
}
