//! Result codes: what they are called here, and what they do.

use super::settings::Settings;

/// Approved on the live host.
pub(super) const LIVE: &str = "000.000.000";
/// Approved by the test host itself.
pub(super) const TEST: &str = "000.100.110";
/// Approved by the test system of an acquirer.
pub(super) const TEST_ACQUIRER: &str = "000.100.112";
/// A lookup that found something.
pub(super) const FOUND: &str = "000.000.100";
/// The result is still open.
pub(super) const OPEN: &str = "000.200.000";
/// A checkout was made.
pub(super) const CHECKOUT_MADE: &str = "000.200.100";
/// A field is bad or absent, or there is no session.
pub(super) const BAD_FIELD: &str = "200.300.404";
/// The credentials are wrong.
pub(super) const CREDENTIALS: &str = "800.900.300";
/// The entity is not known.
pub(super) const ENTITY: &str = "800.900.201";
/// Asked too often.
pub(super) const THROTTLED: &str = "800.120.100";
/// Approved, and somebody should look at it.
pub(super) const REVIEW: &str = "000.400.000";
/// Waits for somebody else's confirmation.
pub(super) const WAITING: &str = "800.400.500";
/// Nothing is stored under this id or reference.
pub(super) const NOT_FOUND: &str = "700.400.580";

/// Every code that the simulator answers of itself, with its own words.
pub(super) const LIST: &[(&str, &str)] = &[
    ("000.000.000", "The payment went through"),
    ("000.000.100", "The request was carried out"),
    ("000.100.110", "The test payment went through, simulated at the gateway"),
    (
        "000.100.112",
        "The test payment went through, simulated at the acquirer",
    ),
    ("000.100.200", "The cardholder disputes the payment"),
    ("000.200.000", "The result is still open"),
    ("000.200.100", "The checkout is ready for the shopper"),
    ("000.400.000", "The payment went through and is held for review"),
    ("000.400.101", "The card takes no part in authentication"),
    ("000.400.102", "The cardholder is not enrolled for authentication"),
    ("000.400.109", "The card knows no second version of authentication"),
    ("100.100.101", "The card number is not valid"),
    ("100.100.303", "The card has expired"),
    ("100.100.401", "The holder's name is too short or too long"),
    ("100.100.501", "The brand is unknown"),
    ("100.100.600", "The brand wants a verification number"),
    ("100.100.601", "The verification number does not fit the brand"),
    ("100.100.700", "The card number does not belong to the brand"),
    ("100.150.200", "There is no such registration"),
    ("100.150.202", "The registration was deleted"),
    ("100.380.501", "The shopper took too long to authenticate"),
    ("100.390.112", "The authentication system failed"),
    ("100.390.114", "The issuer refused the authentication"),
    ("100.396.101", "The shopper gave up"),
    ("100.550.300", "The amount is too small"),
    ("100.550.303", "The amount has too many decimals"),
    ("200.300.403", "The method is not allowed here"),
    ("200.300.404", "A parameter is bad or absent, or the session is gone"),
    ("300.100.100", "The issuer wants the shopper to authenticate"),
    ("600.200.201", "The brand is not enabled"),
    ("600.200.400", "The payment type is not supported"),
    ("600.200.500", "The currency is not set up for this"),
    ("600.200.701", "A test mode is not possible on the live host"),
    ("700.300.200", "The earlier payment had failed"),
    ("700.300.300", "This was done before"),
    ("700.300.600", "The payment was charged back before"),
    ("700.300.800", "This cannot be undone"),
    ("700.400.100", "More than was authorized"),
    ("700.400.200", "More than is left to refund"),
    ("700.400.300", "More than there is to undo"),
    ("700.400.510", "There is no authorization to capture"),
    ("700.400.520", "There is no captured money to refund"),
    ("700.400.530", "There is nothing to undo"),
    ("700.400.550", "There is nothing to charge back"),
    ("700.400.570", "The earlier payment is still open"),
    ("700.400.580", "Nothing was found"),
    ("800.100.152", "The issuer refuses without a reason"),
    ("800.100.153", "The issuer says the verification number is wrong"),
    ("800.100.155", "The account lacks the money"),
    ("800.100.157", "The issuer says the expiry date is wrong"),
    ("800.100.159", "The card was stolen"),
    ("800.120.100", "Too many requests"),
    ("800.400.500", "The confirmation takes a while"),
    ("800.900.201", "The entity is unknown"),
    ("800.900.300", "The credentials are not valid"),
    ("900.100.300", "The acquirer did not answer in time"),
];

/// The simulator's words for a code.
pub(super) fn describe(code: &str) -> &'static str {
    LIST.iter()
        .find(|(known, _)| *known == code)
        .map_or("A code that the simulator has no words for", |(_, text)| text)
}

/// The code for an approved payment under these settings.
pub(super) fn success(settings: &Settings, acquirer: bool) -> &'static str {
    match (settings.live, acquirer) {
        (true, _) => LIVE,
        (false, false) => TEST,
        (false, true) => TEST_ACQUIRER,
    }
}

/// Whether money moved: approved, or approved with a remark. Approvals of the test host mean nothing on the live one.
pub(super) fn approves(code: &str, live: bool) -> bool {
    code == LIVE || (!live && matches!(code, TEST | TEST_ACQUIRER)) || remarked(code)
}

/// Whether the result is still to come.
pub(super) fn pends(code: &str) -> bool {
    code.starts_with("000.200.") || code.starts_with("800.400.5") || code == "100.400.500"
}

/// Whether the code is answered with status 200 in any case.
pub(super) fn fine(code: &str) -> bool {
    pends(code)
        || remarked(code)
        || ["000.000.", "000.100.1", "000.100.2", "000.3", "000.6"]
            .iter()
            .any(|start| code.starts_with(start))
        || matches!(code, "000.400.110" | "000.400.120")
}

/// Approved, with a remark that somebody should read.
pub(super) fn remarked(code: &str) -> bool {
    code == "000.400.100"
        || code
            .strip_prefix("000.400.0")
            .is_some_and(|rest| !rest.starts_with('3'))
}
