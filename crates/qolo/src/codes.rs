//! The provider's words for transfers, states and codes, and what they mean in the one vocabulary.

use paymux_core::codes::{CodeTable, DecidedBy, Explanation};
use paymux_core::networks;
use paymux_core::{CodeClass, Decline, DeclineReason, EntryKind, RetryAdvice};

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

    /// The side on which it is booked on the account that a search goes by: credit or debit.
    pub(crate) const fn side(self) -> &'static str {
        match self.entry() {
            EntryKind::Capture => "C",
            _ => "D",
        }
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

/// Whether a `reason_code` is a return of the ACH network. Whether Qolo passes them on there is not documented.
pub(crate) fn is_ach_return(code: &str) -> bool {
    ach_return(code).is_some()
}

fn ach_return(code: &str) -> Option<Explanation> {
    let meaning = (networks::NACHA_RETURN.explain)(&code.to_ascii_uppercase())?;
    (meaning.decided_by == DecidedBy::Exact).then_some(meaning)
}

/// The decline behind a `response_code` that declines.
pub(crate) fn decline(response: &str, reason: Option<&str>, text: Option<String>) -> Decline {
    let meaning = reason.and_then(ach_return).and_then(|meaning| meaning.reason);
    Decline::new(meaning.unwrap_or(DeclineReason::Unknown), reason.unwrap_or(response)).with_text(text)
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

/// Qolo's documented words and codes, to be asked and listed. Return codes of the ACH network go by [`networks::NACHA_RETURN`].
pub const CODES: CodeTable = CodeTable::new(
    "qolo",
    "2026-11",
    "Qolo's API reference (txn_status, response_code); words beyond the documented ones are our default",
    "a word of letters, digits, _ and -, as in DECLINE or R01",
    list,
    explain,
);

fn list() -> Vec<(String, Explanation)> {
    let responses = RESPONSES
        .iter()
        .map(|(word, class)| ((*word).to_owned(), of_class(*class)));
    let statuses = STATUSES
        .iter()
        .map(|(word, class)| ((*word).to_owned(), of_status(*class)));
    let mut rows: Vec<_> = responses
        .chain(statuses)
        .chain((networks::NACHA_RETURN.list)())
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

fn explain(code: &str) -> Option<Explanation> {
    if code.is_empty()
        || !code
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    {
        return None;
    }
    if is_ach_return(code) {
        return (networks::NACHA_RETURN.explain)(&code.to_ascii_uppercase());
    }
    let known = find(RESPONSES, code).map(of_class);
    let known = known.or_else(|| find(STATUSES, code).map(of_status));
    Some(known.unwrap_or(Explanation::unknown()))
}

/// A state that sounds done is, only beside a settlement date, which a word alone does not have.
const fn of_status(class: CodeClass) -> Explanation {
    match class {
        CodeClass::Approved => Explanation::new(
            CodeClass::Pending,
            None,
            RetryAdvice::Never,
            DecidedBy::Exact,
            "done once a settlement date has come; not a documented word",
        ),
        other => of_class(other),
    }
}

const fn of_class(class: CodeClass) -> Explanation {
    let (reason, gloss) = match class {
        CodeClass::Approved => (None, "done"),
        CodeClass::Pending => (None, "under way"),
        CodeClass::Declined => (Some(DeclineReason::Unknown), "refused; the reason code may say why"),
        _ => return Explanation::unknown(),
    };
    Explanation::new(class, reason, RetryAdvice::Never, DecidedBy::Exact, gloss)
}

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
        assert_eq!(
            (known.reason, known.code.as_str()),
            (DeclineReason::InsufficientFunds, "R01")
        );
        let unknown = decline("DECLINE", Some("X7"), Some("says why".to_owned()));
        assert_eq!((unknown.reason, unknown.code.as_str()), (DeclineReason::Unknown, "X7"));
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
