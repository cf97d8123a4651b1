//! The provider's words for transfers, states and codes, and what they mean in the one vocabulary.

use paymux_core::{CodeClass, Decline, DeclineReason, EntryKind};

use DeclineReason::{
    AccountClosed, AmountInvalid, Configuration, DoNotHonor, Duplicate, InsufficientFunds, InvalidAccount,
    InvalidRequest, NotPermitted, ProviderUnavailable, RevokedByCardholder, Unknown, Unsupported,
};

/// The rail that an outside instrument is reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rail {
    Ach,
    Card,
    Rtp,
}

impl Rail {
    /// The word in configurations and in front of a stored instrument's id.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "ach" => Some(Self::Ach),
            "card" => Some(Self::Card),
            "rtp" => Some(Self::Rtp),
            _ => None,
        }
    }

    /// Money in.
    pub(crate) const fn pull(self) -> TransferType {
        match self {
            Self::Ach => TransferType::BankToAccount,
            Self::Card => TransferType::CardToAccount,
            Self::Rtp => TransferType::BankToAccountRequest,
        }
    }

    /// Money out.
    pub(crate) const fn push(self) -> TransferType {
        match self {
            Self::Ach => TransferType::AccountToBank,
            Self::Card => TransferType::AccountToCard,
            Self::Rtp => TransferType::AccountToBankRealtime,
        }
    }
}

/// The transfer types that this adapter makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransferType {
    AccountToAccount,
    AccountToBank,
    AccountToBankRealtime,
    AccountToCard,
    BankToAccount,
    BankToAccountRequest,
    CardToAccount,
}

impl TransferType {
    const ALL: [Self; 7] = [
        Self::AccountToAccount,
        Self::AccountToBank,
        Self::AccountToBankRealtime,
        Self::AccountToCard,
        Self::BankToAccount,
        Self::BankToAccountRequest,
        Self::CardToAccount,
    ];

    /// As it is on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AccountToAccount => "ACCOUNTTOACCOUNT",
            Self::AccountToBank => "ACCOUNTTOBANK",
            Self::AccountToBankRealtime => "ACCOUNTTOBANKREALTIME",
            Self::AccountToCard => "ACCOUNTTOCCDC",
            Self::BankToAccount => "BANKTOACCOUNT",
            Self::BankToAccountRequest => "BANKTOACCOUNTREQUESTREALTIME",
            Self::CardToAccount => "CCDCTOACCOUNT",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The rail named beside the type, where the type leaves it open.
    pub(crate) const fn channel(self) -> Option<&'static str> {
        if self.is_ach() { Some("ACH") } else { None }
    }

    pub(crate) const fn is_ach(self) -> bool {
        matches!(self, Self::AccountToBank | Self::BankToAccount)
    }

    /// The step that it is for a merchant.
    pub(crate) const fn entry(self) -> EntryKind {
        match self {
            Self::AccountToAccount => EntryKind::Transfer,
            Self::AccountToBank | Self::AccountToBankRealtime | Self::AccountToCard => EntryKind::Payout,
            Self::BankToAccount | Self::BankToAccountRequest | Self::CardToAccount => EntryKind::Capture,
        }
    }
}

/// What a `response_code` says. `APPROVE` and `DECLINE` are documented for card authorizations; their participles and ISO 8583's `00` are our default.
pub(crate) fn response(code: &str) -> CodeClass {
    find(RESPONSES, code).unwrap_or(CodeClass::Unknown)
}

/// What a `txn_status` says. `pending` is documented; the words that plainly mean "done" are our default, and count only beside a settlement date.
pub(crate) fn status(word: &str) -> CodeClass {
    find(STATUSES, word).unwrap_or(CodeClass::Unknown)
}

/// Whether a `reason_code` is a return of the ACH network.
pub(crate) fn is_ach_return(code: &str) -> bool {
    find(ACH_RETURNS, code).is_some()
}

/// The decline behind a `response_code` that declines.
pub(crate) fn decline(response: &str, reason: Option<&str>, text: Option<String>) -> Decline {
    let meaning = reason.and_then(|code| find(ACH_RETURNS, code)).unwrap_or(Unknown);
    Decline::new(meaning, reason.unwrap_or(response)).with_text(text)
}

/// Looks a word up in a table that is sorted in upper case.
fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let upper = || word.bytes().map(|byte| byte.to_ascii_uppercase());
    let at = table.binary_search_by(|(known, _)| known.bytes().cmp(upper())).ok()?;
    table.get(at).map(|(_, meaning)| *meaning)
}

const RESPONSES: &[(&str, CodeClass)] = &[
    ("00", CodeClass::Approved),
    ("APPROVE", CodeClass::Approved),
    ("APPROVED", CodeClass::Approved),
    ("DECLINE", CodeClass::Declined),
    ("DECLINED", CodeClass::Declined),
];

const STATUSES: &[(&str, CodeClass)] = &[
    ("CLEARED", CodeClass::Approved),
    ("COMPLETE", CodeClass::Approved),
    ("COMPLETED", CodeClass::Approved),
    ("PENDING", CodeClass::Pending),
    ("POSTED", CodeClass::Approved),
    ("SETTLED", CodeClass::Approved),
    ("SUCCESS", CodeClass::Approved),
];

/// The return codes of the ACH network, as Nacha publishes them. Whether Qolo passes them on in `reason_code` is not documented.
const ACH_RETURNS: &[(&str, DeclineReason)] = &[
    ("R01", InsufficientFunds),   // not enough money in the account
    ("R02", AccountClosed),       // the account was closed
    ("R03", InvalidAccount),      // no account can be found, or the name does not fit the number
    ("R04", InvalidAccount),      // the number is not built like an account number
    ("R05", NotPermitted),        // a consumer's account was debited by an entry meant for companies
    ("R06", Unknown),             // returned because the sending bank asked for it
    ("R07", RevokedByCardholder), // the customer took the authorization back
    ("R08", RevokedByCardholder), // the customer stopped this payment
    ("R09", InsufficientFunds),   // the money is there and not yet available
    ("R10", NotPermitted),        // the customer does not know or never authorized the sender
    ("R11", NotPermitted),        // authorized, and the entry does not follow what was authorized
    ("R12", InvalidAccount),      // the account moved to another bank
    ("R13", InvalidAccount),      // the routing number is of no bank that takes part
    ("R14", AccountClosed),       // the representative payee died or cannot act
    ("R15", AccountClosed),       // the account's holder or beneficiary died
    ("R16", NotPermitted),        // the account is frozen
    ("R17", InvalidRequest),      // the bank cannot process the entry's fields
    ("R18", InvalidRequest),      // the effective date is wrong
    ("R19", AmountInvalid),       // the amount field is wrong
    ("R20", NotPermitted),        // the account takes no such transactions
    ("R21", Configuration),       // the company identification is wrong
    ("R22", InvalidRequest),      // the receiver's identification is wrong
    ("R23", DoNotHonor),          // the receiver refused the credit
    ("R24", Duplicate),           // the entry looks like one sent before
    ("R25", InvalidRequest),      // an addenda record is wrong
    ("R26", InvalidRequest),      // a mandatory field is wrong
    ("R27", InvalidRequest),      // the trace number is missing or wrong
    ("R28", InvalidAccount),      // the routing number's check digit is wrong
    ("R29", NotPermitted),        // the company that was debited did not authorize it
    ("R30", Unsupported),         // the bank takes no part in check truncation
    ("R31", DoNotHonor),          // a return that both banks agreed on
    ("R32", ProviderUnavailable), // the receiving bank cannot settle
    ("R33", DoNotHonor),          // a destroyed-check entry was returned
    ("R34", Unsupported),         // the bank's part in the network is limited
    ("R35", Unsupported),         // debits of this kind are not allowed
    ("R36", Unsupported),         // credits of this kind are not allowed
    ("R37", Duplicate),           // the check behind the entry was presented too
    ("R38", RevokedByCardholder), // the check behind the entry was stopped
    ("R39", InvalidRequest),      // the document behind the entry is not fit for it
    ("R50", Unsupported),         // a state's law forbids re-presented checks
    ("R51", InvalidRequest),      // the re-presented check is not eligible
    ("R52", RevokedByCardholder), // the re-presented check was stopped
    ("R53", Duplicate),           // the re-presented check was presented on paper too
    ("R80", InvalidRequest),      // an international entry is coded wrongly
    ("R81", Unsupported),         // the sender takes no part in international entries
    ("R82", InvalidAccount),      // the foreign bank's identification is wrong
    ("R83", ProviderUnavailable), // the foreign bank cannot settle
    ("R84", ProviderUnavailable), // the gateway bank did not process the entry
    ("R85", InvalidRequest),      // an outbound international entry is coded as a domestic one
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_every_line_is_found() {
        fn check<T: Copy>(table: &[(&str, T)]) {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
            for (word, _) in table {
                assert!(
                    find(table, word).is_some() && find(table, &word.to_lowercase()).is_some(),
                    "{word}"
                );
            }
        }
        check(RESPONSES);
        check(STATUSES);
        check(ACH_RETURNS);
    }

    #[test]
    fn what_is_not_listed_is_neither_approved_nor_declined() {
        for word in [
            "",
            "05",
            "APPROVEX",
            "DECLIN",
            "returned",
            "failed",
            "processing",
            "R",
            "pending?",
        ] {
            assert_eq!(response(word), CodeClass::Unknown, "{word}");
            assert_eq!(status(word), CodeClass::Unknown, "{word}");
        }
        assert_eq!(response("Declined"), CodeClass::Declined);
        assert_eq!(status("Pending"), CodeClass::Pending);
        assert!(is_ach_return("R01") && !is_ach_return("R99") && !is_ach_return("APPROVE"));
    }

    #[test]
    fn a_decline_keeps_the_code_and_never_guesses() {
        let known = decline("DECLINE", Some("R01"), None);
        assert_eq!((known.reason, known.code.as_str()), (InsufficientFunds, "R01"));
        let unknown = decline("DECLINE", Some("X7"), Some("says why".to_owned()));
        assert_eq!((unknown.reason, unknown.code.as_str()), (Unknown, "X7"));
        assert_eq!(decline("DECLINE", None, None).code, "DECLINE");
    }

    #[test]
    fn wire_names_go_both_ways() {
        for kind in TransferType::ALL {
            assert_eq!(TransferType::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(TransferType::parse("UNKNOWN"), None);
    }
}
