//! The test cards, and what they do.

/// Cards to test with: a name, the number, and what happens with it. Any expiry to come and any fitting verification number will do.
pub const TEST_CARDS: &[(&str, &str, &str)] = &[
    ("visa", "4200000000000000", "is approved"),
    ("master", "5200000000000007", "is approved"),
    (
        "amex",
        "377777777777770",
        "is approved (verification number of four digits)",
    ),
    (
        "frictionless",
        "4200000000000091",
        "is authenticated without the shopper, and approved",
    ),
    (
        "frictionless-2",
        "4200000000000026",
        "is authenticated without the shopper, and approved",
    ),
    (
        "attempted",
        "4200000000000109",
        "is approved after an attempt to authenticate",
    ),
    (
        "challenge",
        "4200000000000042",
        "sends the shopper to the bank's page, by a form with data",
    ),
    (
        "challenge-2",
        "4200000000000067",
        "sends the shopper to the bank's page, by a plain link",
    ),
    (
        "authentication-fails",
        "4200000000000018",
        "is refused with 100.390.114",
    ),
    (
        "authentication-fails-2",
        "4200000000000075",
        "is refused with 100.390.114",
    ),
    (
        "authentication-breaks",
        "4012001037461114",
        "is refused with 100.390.112",
    ),
    ("not-enrolled", "4012001037141112", "is refused with 000.400.102"),
    ("not-participating", "4532497088771651", "is refused with 000.400.101"),
    ("invalid", "4444444444444444", "is refused with 100.100.101"),
    ("do-not-honor", "4200000000001529", "is refused with 800.100.152"),
    ("wrong-cvv", "4200000000001537", "is refused with 800.100.153"),
    ("no-money", "4200000000001552", "is refused with 800.100.155"),
    ("expired-at-issuer", "4200000000001578", "is refused with 800.100.157"),
    ("stolen", "4200000000001594", "is refused with 800.100.159"),
    (
        "soft-decline",
        "4200000000003004",
        "is refused with 300.100.100 unless a challenge is asked for",
    ),
    (
        "slow",
        "4200000000005009",
        "is open with 800.400.500 for a minute, then approved",
    ),
    ("timeout", "4200000000009001", "ends with 900.100.300, nothing booked"),
];

/// What a card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// Nothing of its own.
    Plain,
    /// Authenticates without the shopper.
    Frictionless,
    /// Wants the shopper to authenticate, by a form with data or by a plain link.
    Challenge {
        /// By a form with data.
        data: bool,
    },
    /// Wants a challenge to have been asked for.
    SoftDecline,
    /// Is refused.
    Refuse(&'static str),
    /// Is open for a while.
    Slow,
}

/// What a card does by its number.
pub(super) fn behaviour(number: &str) -> Behaviour {
    match number {
        "4200000000000091" | "4200000000000026" | "4200000000000109" => Behaviour::Frictionless,
        "4200000000000042" => Behaviour::Challenge { data: true },
        "4200000000000067" => Behaviour::Challenge { data: false },
        "4200000000000018" | "4200000000000075" => Behaviour::Refuse("100.390.114"),
        "4012001037461114" => Behaviour::Refuse("100.390.112"),
        "4012001037141112" => Behaviour::Refuse("000.400.102"),
        "4532497088771651" => Behaviour::Refuse("000.400.101"),
        "4200000000001529" => Behaviour::Refuse("800.100.152"),
        "4200000000001537" => Behaviour::Refuse("800.100.153"),
        "4200000000001552" => Behaviour::Refuse("800.100.155"),
        "4200000000001578" => Behaviour::Refuse("800.100.157"),
        "4200000000001594" => Behaviour::Refuse("800.100.159"),
        "4200000000003004" => Behaviour::SoftDecline,
        "4200000000005009" => Behaviour::Slow,
        "4200000000009001" => Behaviour::Refuse("900.100.300"),
        _ => Behaviour::Plain,
    }
}
