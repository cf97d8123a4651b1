//! The test cards by name.

/// Test cards by name: the name, the number, and what happens with it. Any expiry date in the future and any three digits of CVD go with them.
pub const TEST_CARDS: &[(&str, &str, &str)] = &[
    ("visa-approved", "1000000000000008", "Everything is approved"),
    ("visa-declined", "1000000000000016", "The authorization is declined"),
    (
        "visa-expired",
        "1000000000000024",
        "The authorization is declined: the card has expired",
    ),
    (
        "visa-capture-declined",
        "1000000000000032",
        "Authorized; every capture is declined",
    ),
    (
        "visa-refund-declined",
        "1000000000000040",
        "Authorized and captured; every refund is declined",
    ),
    (
        "visa-cancel-declined",
        "1000000000000057",
        "Authorized; cancelling is declined",
    ),
    (
        "visa-recurring-declined",
        "1000000000000065",
        "Authorized; later recurring charges are declined",
    ),
    ("visa-3ds", "1000000000000073", "The bank asks for 3-D Secure first"),
    (
        "visa-once",
        "1000000000000081",
        "Authorized the first time, declined from then on",
    ),
    (
        "visa-held",
        "1000000000000099",
        "The answer comes only after 60 seconds",
    ),
    ("mastercard-approved", "1000010000000007", "Everything is approved"),
    (
        "mastercard-declined",
        "1000010000000015",
        "The authorization is declined",
    ),
    (
        "mastercard-expired",
        "1000010000000023",
        "The authorization is declined: the card has expired",
    ),
    (
        "mastercard-capture-declined",
        "1000010000000031",
        "Authorized; every capture is declined",
    ),
    (
        "mastercard-refund-declined",
        "1000010000000049",
        "Authorized and captured; every refund is declined",
    ),
    (
        "mastercard-cancel-declined",
        "1000010000000056",
        "Authorized; cancelling is declined",
    ),
    (
        "mastercard-recurring-declined",
        "1000010000000064",
        "Authorized; later recurring charges are declined",
    ),
    (
        "mastercard-3ds",
        "1000010000000072",
        "The bank asks for 3-D Secure first",
    ),
    (
        "mastercard-once",
        "1000010000000080",
        "Authorized the first time, declined from then on",
    ),
    (
        "mastercard-held",
        "1000010000000098",
        "The answer comes only after 60 seconds",
    ),
    ("dankort-approved", "1000020000000006", "Everything is approved"),
    ("dankort-declined", "1000020000000014", "The authorization is declined"),
    (
        "dankort-once",
        "1000020000000071",
        "Authorized the first time, declined from then on",
    ),
    (
        "dankort-held",
        "1000020000000089",
        "The answer comes only after 60 seconds",
    ),
    (
        "american-express-approved",
        "1000030000000005",
        "Everything is approved",
    ),
    ("maestro-approved", "1000040000000004", "Everything is approved"),
    ("visa-electron-approved", "1000050000000003", "Everything is approved"),
    ("visa-dankort-approved", "1000060000000002", "Everything is approved"),
    ("diners-approved", "1000070000000001", "Everything is approved"),
    ("fbg1886-approved", "1000080000000000", "Everything is approved"),
    ("jcb-approved", "1000090000000009", "Everything is approved"),
    (
        "mastercard-debet-approved",
        "1000100000000006",
        "Everything is approved",
    ),
];

/// The number of a test card by its name.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    TEST_CARDS
        .iter()
        .find(|(n, _, _)| *n == name)
        .map(|(_, number, _)| *number)
}
