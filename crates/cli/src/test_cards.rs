//! The simulators' test cards, by names that are the same on every gateway.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use paymux::{Capabilities, Card, Mode, Source, SourceKind};
use paymux_simulator::qolo::seeds;
use paymux_simulator::{carry1st, coolpay, opp};

use crate::exit::Failure;

/// A test card: what to type for it, and what happens with it.
#[derive(Clone, Debug)]
pub(crate) struct TestCard {
    /// The name after `--test-card`.
    pub(crate) name: &'static str,
    /// The card's number, or the stored instrument's id.
    pub(crate) number: String,
    /// What happens with it.
    pub(crate) happens: &'static str,
    kind: SourceKind,
}

/// The common names, each with what the providers' simulators call the same.
const COMMON: [(&str, &[(&str, &str)]); 4] = [
    (
        "approved",
        &[
            ("coolpay", "visa-approved"),
            ("opp", "visa"),
            ("carry1st", "4084084084084081"),
        ],
    ),
    (
        "declined",
        &[
            ("coolpay", "visa-declined"),
            ("opp", "do-not-honor"),
            ("carry1st", "4000000000000002"),
        ],
    ),
    ("insufficient-funds", &[("opp", "no-money")]),
    ("3ds", &[("coolpay", "visa-3ds"), ("opp", "challenge")]),
];

/// Stored instruments of the simulated Qolo: name, rail, id, and what happens.
const INSTRUMENTS: [(&str, &str, &str, &str); 4] = [
    (
        "approved",
        "card",
        seeds::INSTRUMENT_CARD,
        "is accepted and settles a second later",
    ),
    ("declined", "card", seeds::INSTRUMENT_DECLINED, "is declined"),
    (
        "insufficient-funds",
        "ach",
        seeds::INSTRUMENT_R01,
        "is accepted, settles, and is returned for lack of money",
    ),
    (
        "bank-account",
        "ach",
        seeds::INSTRUMENT_ACH,
        "is accepted and settles 10 seconds later; can be voided for 5 seconds",
    ),
];

/// Every test card of a provider, the common names first.
pub(crate) fn all(provider: &str) -> Vec<TestCard> {
    let own = own(provider);
    let common = COMMON.iter().filter_map(|(name, known)| {
        let (_, theirs) = known.iter().find(|(p, _)| *p == provider)?;
        let card = own.iter().find(|card| card.name == *theirs || card.number == *theirs)?;
        Some(TestCard { name, ..card.clone() })
    });
    let mut all: Vec<TestCard> = common.collect();
    // Where the card is typed on the provider's page, only the common names are names; and a number that no card can have
    // (the platform's `invalid`) is refused long before it is sent.
    all.extend(own.into_iter().filter(|card| match card.kind {
        SourceKind::Card => Card::new(&card.number, 12, 2999).is_ok(),
        kind => kind != SourceKind::Hosted,
    }));
    all
}

fn own(provider: &str) -> Vec<TestCard> {
    let of = |kind, cards: &[(&'static str, &str, &'static str)]| {
        let card = |(name, number, happens): &(&'static str, &str, &'static str)| TestCard {
            name,
            number: (*number).to_owned(),
            happens,
            kind,
        };
        cards.iter().map(card).collect()
    };
    match provider {
        "coolpay" => of(SourceKind::Card, coolpay::TEST_CARDS),
        "opp" => of(SourceKind::Card, opp::TEST_CARDS),
        "carry1st" => of(SourceKind::Hosted, carry1st::TEST_CARDS),
        "qolo" => INSTRUMENTS
            .iter()
            .map(|(name, rail, id, happens)| TestCard {
                name,
                number: format!("{rail}:{id}"),
                happens,
                kind: SourceKind::Stored,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The test card of a name on a gateway.
///
/// # Errors
/// The gateway is live, or its provider's simulator has no such card.
pub(crate) fn find(capabilities: &Capabilities, name: &str) -> Result<TestCard, Failure> {
    if capabilities.mode == Mode::Live {
        return Err(Failure::input(
            "--test-card: this gateway is in mode live, where no test card belongs",
        ));
    }
    let mut all = all(capabilities.provider);
    match all.iter().position(|card| card.name == name) {
        Some(at) => Ok(all.swap_remove(at)),
        None => {
            let names: Vec<_> = all.iter().map(|card| card.name).collect();
            Err(Failure::input(format!(
                "--test-card: {} has no test card `{name}`; it has {}",
                capabilities.provider,
                if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                },
            )))
        }
    }
}

impl TestCard {
    /// What it is paid with: the card, the stored instrument, or the page that the card is typed on.
    pub(crate) fn source(&self, now: Timestamp) -> Result<Source, Failure> {
        Ok(match self.kind {
            SourceKind::Card => Source::Card(card(&self.number, now)?),
            SourceKind::Stored => Source::Stored(self.number.clone()),
            _ => Source::Hosted,
        })
    }

    /// The number to type on the provider's page, where that is where the card goes.
    pub(crate) fn to_type(&self) -> Option<&str> {
        (self.kind == SourceKind::Hosted).then_some(&self.number)
    }
}

fn card(number: &str, now: Timestamp) -> Result<Card, Failure> {
    let failed = |error: paymux::CardError| Failure::Other(format!("the test card cannot be used: {error}"));
    let year = now.to_zoned_datetime(TimeZone::UTC).year().saturating_add(3);
    // The one brand with a longer verification value.
    let cvv = if number.starts_with("37") { "1234" } else { "123" };
    let year = u16::try_from(year).unwrap_or(2999);
    let card = Card::new(number, 12, year).and_then(|card| card.with_cvv(cvv));
    Ok(card.map_err(failed)?.with_holder("Jane Jones"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_names_lead_to_something_on_every_provider() {
        for provider in ["coolpay", "opp", "qolo", "carry1st"] {
            let names: Vec<_> = all(provider).iter().map(|card| card.name).collect();
            assert!(names.contains(&"approved"), "{provider}");
            assert!(names.contains(&"declined"), "{provider}");
        }
        for (name, known) in COMMON {
            for (provider, theirs) in known {
                assert!(
                    all(provider).iter().any(|card| card.name == name),
                    "{provider} {theirs}"
                );
            }
        }
    }

    #[test]
    fn every_card_of_the_simulators_is_a_card() {
        let now = "2025-01-01T00:00:00Z".parse().unwrap();
        for provider in ["coolpay", "opp"] {
            for card in all(provider) {
                assert!(card.source(now).is_ok(), "{provider} {}", card.name);
            }
        }
    }
}
