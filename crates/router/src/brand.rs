//! The brand of a card by its first digits.

/// The brands that a rule can name.
pub(crate) const BRANDS: [&str; 9] = [
    "amex",
    "dankort",
    "diners",
    "discover",
    "jcb",
    "maestro",
    "mastercard",
    "unionpay",
    "visa",
];

/// The brand, where the first digits leave no doubt. Ranges as the networks publish them (ISO/IEC 7812 issuer identification numbers); a card with two brands
/// (Visa/Dankort 4571, say) counts as the international one.
pub(crate) fn brand(number: &str) -> Option<&'static str> {
    let first = |digits: usize| number.get(..digits).and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    match (first(1), first(2), first(3), first(4)) {
        (4, ..) => Some("visa"),
        (_, 51..=55, ..) | (_, _, _, 2221..=2720) => Some("mastercard"),
        (_, 34 | 37, ..) => Some("amex"),
        (_, _, _, 3528..=3589) => Some("jcb"),
        (_, 36 | 38 | 39, ..) | (_, _, 300..=305, _) => Some("diners"),
        (_, 65, ..) | (_, _, 644..=649, _) | (_, _, _, 6011) => Some("discover"),
        (_, 62, ..) => Some("unionpay"),
        (_, _, _, 5019) => Some("dankort"),
        (_, _, _, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763) => Some("maestro"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_digits_name_a_brand_or_nothing() {
        for (number, expected) in [
            ("4571000000000001", Some("visa")),
            ("5019000000000000", Some("dankort")),
            ("5100000000000000", Some("mastercard")),
            ("5000000000000000", None),
            ("2220990000000000", None),
            ("2221000000000000", Some("mastercard")),
            ("2720990000000000", Some("mastercard")),
            ("2721000000000000", None),
            ("340000000000000", Some("amex")),
            ("3528000000000000", Some("jcb")),
            ("3600000000000000", Some("diners")),
            ("3050000000000000", Some("diners")),
            ("3060000000000000", None),
            ("6011000000000000", Some("discover")),
            ("6200000000000000", Some("unionpay")),
            ("6759000000000000", Some("maestro")),
            ("1000000000000008", None),
            ("", None),
        ] {
            assert_eq!(brand(number), expected, "{number}");
            assert!(expected.is_none_or(|brand| BRANDS.contains(&brand)));
        }
    }
}
