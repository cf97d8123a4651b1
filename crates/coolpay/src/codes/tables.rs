//! The codes of the platform and of its acquirers, each with what it says.

use paymux_core::codes::{CodeTable, DecidedBy, Explanation, Row, find, list};
use paymux_core::{CodeClass, DeclineReason, RetryAdvice, networks};

use CodeClass::{Approved, Declined, Error, Pending};
use DeclineReason as R;
use RetryAdvice::{AfterAuthentication, Later, Never, SameRequest};

/// The platform's code for a rejection by the acquirer, whose own code says why.
pub(super) const REJECTED: &str = "40000";

/// `qp_status_code`.
static PLATFORM: [Row; 14] = [
    Row::new("20000", Approved, None, Never, "done"),
    Row::new("20200", Pending, None, Never, "waits for somebody's approval"),
    Row::new(
        "30100",
        Declined,
        Some(R::AuthenticationRequired),
        AfterAuthentication,
        "needs 3-D Secure first",
    ),
    Row::new(
        "30101",
        Declined,
        Some(R::AuthenticationRequired),
        AfterAuthentication,
        "the issuer wants the cardholder authenticated",
    ),
    Row::declined(
        REJECTED,
        R::DoNotHonor,
        "turned down by the acquirer, whose own code says why",
    ),
    Row::declined("40001", R::InvalidRequest, "something in the request is wrong"),
    Row::declined("40002", R::AuthorizationExpired, "the hold is too old"),
    Row::new(
        "40003",
        Declined,
        Some(R::Cancelled),
        SameRequest,
        "broken off before it was carried out",
    ),
    Row::declined("40004", R::InvalidRequest, "not valid, says the acquirer"),
    Row::declined("40300", R::SuspectedFraud, "stopped as likely fraud"),
    Row::declined(
        "41000",
        R::StoredInstrumentInvalid,
        "the scheme deleted the stored card",
    ),
    Row::new(
        "42300",
        Declined,
        Some(R::StoredInstrumentInvalid),
        Later(None),
        "the scheme put the stored card on hold",
    ),
    Row::new(
        "50000",
        Error,
        Some(R::ProviderUnavailable),
        Later(None),
        "the platform failed; whether it was done is open",
    ),
    Row::new(
        "50300",
        Error,
        Some(R::ProviderUnavailable),
        Later(None),
        "the line to the acquirer failed; whether it was done is open",
    ),
];

/// `aq_status_code` of Clearhaus.
pub(super) static CLEARHAUS: [Row; 23] = [
    Row::new("20000", Approved, None, Never, "done"),
    Row::declined("40000", R::InvalidRequest, "something in the input is wrong"),
    Row::declined("40110", R::InvalidCardNumber, "the card number is wrong"),
    Row::declined("40111", R::Unsupported, "cards of this scheme are not taken"),
    Row::declined("40120", R::InvalidCvv, "the CVV is wrong"),
    Row::declined("40130", R::InvalidExpiry, "the expiry date is wrong"),
    Row::declined("40135", R::ExpiredCard, "the card ran out"),
    Row::declined("40140", R::CurrencyInvalid, "the currency is wrong"),
    Row::declined("40150", R::InvalidRequest, "the text for the statement is wrong"),
    Row::declined("40190", R::InvalidRequest, "no valid transaction"),
    Row::declined("40200", R::RiskRejected, "a rule forbids it"),
    Row::declined("40300", R::AuthenticationFailed, "trouble with 3-D Secure"),
    Row::declined("40310", R::AuthenticationFailed, "3-D Secure was not passed"),
    Row::new(
        "40400",
        Error,
        Some(R::ProviderUnavailable),
        Later(None),
        "a system behind the acquirer failed",
    ),
    Row::new(
        "40410",
        Declined,
        Some(R::DoNotHonor),
        Later(None),
        "the issuer or scheme refused; not soon again",
    ),
    Row::declined("40411", R::CardBlocked, "the card's use is restricted"),
    Row::declined("40412", R::LostOrStolen, "the card is reported missing"),
    Row::declined("40413", R::InsufficientFunds, "not enough money"),
    Row::declined("40414", R::SuspectedFraud, "looks like fraud"),
    Row::declined("40415", R::LimitExceeded, "above a limit of amount"),
    Row::declined(
        "40416",
        R::AuthenticationRequired,
        "the cardholder must be authenticated",
    ),
    Row::declined("40420", R::RevokedByCardholder, "the cardholder shut the merchant out"),
    Row::new(
        "50000",
        Error,
        Some(R::ProviderUnavailable),
        Later(None),
        "the acquirer failed",
    ),
];

/// `aq_status_code` of Nets.
pub(super) static NETS: [Row; 2] = [
    Row::new("000", Approved, None, Never, "done"),
    Row::new("202", Pending, None, Never, "the acquirer still waits for an approval"),
];

/// The platform's own codes, `qp_status_code`.
pub const CODES: CodeTable = CodeTable::new(
    "coolpay",
    "2026-11",
    "the platform's list of qp_status_code; reasons and advice are ours",
    "five digits, as in 40000",
    || list(&PLATFORM),
    |code| is_code(code).then(|| platform(code)),
);

/// The codes of the acquirer Clearhaus, as they come in `aq_status_code`.
pub const CLEARHAUS_CODES: CodeTable = CodeTable::new(
    "coolpay/clearhaus",
    "2026-11",
    "Clearhaus' list of transaction status codes; reasons and advice are ours",
    "five digits, as in 40413",
    || list(&CLEARHAUS),
    |code| is_code(code).then(|| find(&CLEARHAUS, code).map_or(Explanation::unknown(), Row::explanation)),
);

/// The codes of the acquirer Nets, as they come in `aq_status_code`. Those of two characters go by [`networks::ISO_8583`], which is our
/// default: Nets' own list is not public.
pub const NETS_CODES: CodeTable = CodeTable::new(
    "coolpay/nets",
    "2026-11",
    "the two codes that are told of Nets; codes of two characters are read as ISO 8583's, which is our default",
    "three digits or two characters, as in 202 or 51",
    || list(&NETS),
    nets,
);

fn nets(code: &str) -> Option<Explanation> {
    if let Some(row) = find(&NETS, code) {
        return Some(row.explanation());
    }
    if code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Explanation::unknown());
    }
    let mut meaning = (networks::ISO_8583.explain)(code)?;
    // What is a default may refuse, and never approves.
    if matches!(meaning.class, CodeClass::Approved | CodeClass::Review) {
        return Some(Explanation::unknown());
    }
    if meaning.decided_by == DecidedBy::Exact {
        meaning.decided_by = DecidedBy::Group(networks::ISO_8583.name);
    }
    Some(meaning)
}

fn is_code(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit())
}

/// What the platform's code means. One that is not listed goes by its category: 3xxxx asks the customer, 4xxxx is a rejection, and all others leave it open.
pub(super) fn platform(code: &str) -> Explanation {
    if let Some(row) = find(&PLATFORM, code) {
        return row.explanation();
    }
    match code.as_bytes().first() {
        Some(b'3') if is_code(code) => Explanation::new(
            Declined,
            Some(R::AuthenticationRequired),
            AfterAuthentication,
            DecidedBy::Group("3xxxx"),
            "the customer must do something first",
        ),
        Some(b'4') if is_code(code) => Explanation::new(
            Declined,
            Some(R::Unknown),
            Never,
            DecidedBy::Group("4xxxx"),
            "rejected, and nobody says why",
        ),
        _ => Explanation::unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        for table in [CODES, CLEARHAUS_CODES, NETS_CODES] {
            let rows = (table.list)();
            assert!(rows.is_sorted_by(|a, b| a.0 < b.0));
            for (code, meaning) in rows {
                assert_eq!((table.explain)(&code), Some(meaning), "{} {code}", table.name);
                assert!(!meaning.gloss.is_empty(), "{} {code}", table.name);
            }
        }
    }

    #[test]
    fn codes_without_a_row_go_by_their_category_or_by_nothing() {
        let explain = |table: CodeTable, code| (table.explain)(code).map(|m| (m.class, m.reason, m.decided_by));
        let category = |reason, name| Some((Declined, Some(reason), DecidedBy::Group(name)));
        let nothing = Some((CodeClass::Unknown, Some(R::Unknown), DecidedBy::Nothing));
        assert_eq!(explain(CODES, "30199"), category(R::AuthenticationRequired, "3xxxx"));
        assert_eq!(explain(CODES, "49999"), category(R::Unknown, "4xxxx"));
        for code in ["00000", "10000", "20001", "29999", "50001", "59999", "99999"] {
            assert_eq!(explain(CODES, code), nothing, "{code}");
        }
        for code in ["00000", "40001", "40399", "99999"] {
            assert_eq!(explain(CLEARHAUS_CODES, code), nothing, "{code}");
        }
        for text in ["", "4", "4000", "400000", "4000x", " 40000", "abc"] {
            assert_eq!(explain(CODES, text), None, "{text:?}");
            assert_eq!(explain(CLEARHAUS_CODES, text), None, "{text:?}");
        }
    }

    #[test]
    fn two_characters_of_nets_are_read_as_iso_8583() {
        let explain = |code| (NETS_CODES.explain)(code).map(|m| (m.class, m.reason, m.decided_by));
        let iso = DecidedBy::Group("iso8583");
        assert_eq!(explain("000"), Some((Approved, None, DecidedBy::Exact)));
        assert_eq!(explain("202"), Some((Pending, None, DecidedBy::Exact)));
        assert_eq!(explain("05"), Some((Declined, Some(R::DoNotHonor), iso)));
        assert_eq!(explain("51"), Some((Declined, Some(R::InsufficientFunds), iso)));
        let nothing = Some((CodeClass::Unknown, Some(R::Unknown), DecidedBy::Nothing));
        for code in ["Z9", "001", "203", "999", "00", "08", "10", "11", "85"] {
            assert_eq!(explain(code), nothing, "{code}");
        }
        for text in ["", "5", "0000", "zz", "abc"] {
            assert_eq!(explain(text), None, "{text:?}");
        }
    }
}
