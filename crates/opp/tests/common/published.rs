//! The groups of result codes as the platform publishes them: patterns, to be tried in this order.

use regex::Regex;

/// Name and pattern of every group.
pub(crate) const PATTERNS: [(&str, &str); 27] = [
    ("chargeback", r"^(000\.100\.2)"),
    ("success", r"^(000\.000\.|000\.100\.1|000\.[36]|000\.400\.1[12]0)"),
    ("success_review", r"^(000\.400\.0[^3]|000\.400\.100)"),
    ("pending_short", r"^(000\.200)"),
    ("pending_long", r"^(800\.400\.5|100\.400\.500)"),
    ("threeds_intercard", r"^(000\.400\.1[0-9][1-9]|000\.400\.2)"),
    ("bank", r"^(800\.[17]00|800\.800\.[123])"),
    ("communication", r"^(900\.[1234]00|000\.400\.030)"),
    ("system", r"^(800\.[56]|999\.|600\.1|800\.800\.[84])"),
    ("async", r"^(100\.39[765])"),
    ("soft_decline", r"^(300\.100\.100)"),
    (
        "external_risk",
        r"^(100\.400\.[0-3]|100\.380\.100|100\.380\.11|100\.380\.4|100\.380\.5|100\.370\.100|100\.370\.11)",
    ),
    ("address_avs", r"^(800\.400\.1)"),
    ("threeds", r"^(800\.400\.2|100\.390)"),
    ("blacklist", r"^(800\.[32])"),
    ("risk_validation", r"^(800\.1[123456]0)"),
    ("config", r"^(600\.[23]|500\.[12]|800\.121)"),
    ("registration", r"^(100\.[13]50)"),
    ("job", r"^(100\.250|100\.360)"),
    ("reference", r"^(700\.[1345][05]0)"),
    ("mac_control", r"^(700\.600|700\.601)"),
    ("format", r"^(200\.[123]|100\.[53][07]|800\.900|100\.[69]00\.500)"),
    ("address", r"^(100\.800)"),
    ("contact", r"^(100\.700|100\.900\.[0-46-9][0-9])"),
    ("account", r"^(100\.100|100\.2[01])"),
    ("amount", r"^(100\.55)"),
    ("risk_management", r"^(100\.380\.[23]|100\.380\.101)"),
];

/// The patterns, compiled.
pub(crate) fn compiled() -> Vec<(&'static str, Regex)> {
    let compile = |(name, pattern): (&'static str, &str)| (name, Regex::new(pattern).unwrap());
    PATTERNS.into_iter().map(compile).collect()
}

/// The first group whose pattern fits.
pub(crate) fn group(patterns: &[(&'static str, Regex)], code: &str) -> Option<&'static str> {
    let found = patterns.iter().find(|(_, pattern)| pattern.is_match(code));
    found.map(|(name, _)| *name)
}
