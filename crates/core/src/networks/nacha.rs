//! Return codes of the ACH network, as Nacha publishes them.

use crate::codes::{CodeTable, Explanation, Row, find, list};
use crate::vocabulary::DeclineReason::{
    AccountClosed, AmountInvalid, Configuration, DoNotHonor, Duplicate, InsufficientFunds, InvalidAccount,
    InvalidRequest, NotPermitted, ProviderUnavailable, RevokedByCardholder, Unknown, Unsupported,
};

/// The return codes of the ACH network.
pub const TABLE: CodeTable = CodeTable::new(
    "nacha-return",
    "2026-11",
    "Nacha's public list of ACH return codes: R01 to R39, R50 to R53 and R80 to R85; the others have no row here",
    "an R and two digits, as in R01",
    || list(&ROWS),
    explain,
);

fn explain(code: &str) -> Option<Explanation> {
    let mut bytes = code.bytes();
    let form = code.len() == 3 && bytes.next() == Some(b'R') && bytes.all(|b| b.is_ascii_digit());
    form.then(|| find(&ROWS, code).map_or(Explanation::unknown(), Row::explanation))
}

static ROWS: [Row; 49] = [
    Row::declined("R01", InsufficientFunds, "not enough money in the account"),
    Row::declined("R02", AccountClosed, "the account was closed"),
    Row::declined(
        "R03",
        InvalidAccount,
        "no account can be found, or the name does not fit the number",
    ),
    Row::declined("R04", InvalidAccount, "the number is not built like an account number"),
    Row::declined(
        "R05",
        NotPermitted,
        "a consumer's account was debited by an entry meant for companies",
    ),
    Row::declined("R06", Unknown, "returned because the sending bank asked for it"),
    Row::declined("R07", RevokedByCardholder, "the customer took the authorization back"),
    Row::declined("R08", RevokedByCardholder, "the customer stopped this payment"),
    Row::declined("R09", InsufficientFunds, "the money is there and not yet available"),
    Row::declined(
        "R10",
        NotPermitted,
        "the customer does not know or never authorized the sender",
    ),
    Row::declined(
        "R11",
        NotPermitted,
        "authorized, and the entry does not follow what was authorized",
    ),
    Row::declined("R12", InvalidAccount, "the account moved to another bank"),
    Row::declined(
        "R13",
        InvalidAccount,
        "the routing number is of no bank that takes part",
    ),
    Row::declined("R14", AccountClosed, "the representative payee died or cannot act"),
    Row::declined("R15", AccountClosed, "the account's holder or beneficiary died"),
    Row::declined("R16", NotPermitted, "the account is frozen"),
    Row::declined("R17", InvalidRequest, "the bank cannot process the entry's fields"),
    Row::declined("R18", InvalidRequest, "the effective date is wrong"),
    Row::declined("R19", AmountInvalid, "the amount field is wrong"),
    Row::declined("R20", NotPermitted, "the account takes no such transactions"),
    Row::declined("R21", Configuration, "the company identification is wrong"),
    Row::declined("R22", InvalidRequest, "the receiver's identification is wrong"),
    Row::declined("R23", DoNotHonor, "the receiver refused the credit"),
    Row::declined("R24", Duplicate, "the entry looks like one sent before"),
    Row::declined("R25", InvalidRequest, "an addenda record is wrong"),
    Row::declined("R26", InvalidRequest, "a mandatory field is wrong"),
    Row::declined("R27", InvalidRequest, "the trace number is missing or wrong"),
    Row::declined("R28", InvalidAccount, "the routing number's check digit is wrong"),
    Row::declined("R29", NotPermitted, "the company that was debited did not authorize it"),
    Row::declined("R30", Unsupported, "the bank takes no part in check truncation"),
    Row::declined("R31", DoNotHonor, "a return that both banks agreed on"),
    Row::declined("R32", ProviderUnavailable, "the receiving bank cannot settle"),
    Row::declined("R33", DoNotHonor, "a destroyed-check entry was returned"),
    Row::declined("R34", Unsupported, "the bank's part in the network is limited"),
    Row::declined("R35", Unsupported, "debits of this kind are not allowed"),
    Row::declined("R36", Unsupported, "credits of this kind are not allowed"),
    Row::declined("R37", Duplicate, "the check behind the entry was presented too"),
    Row::declined("R38", RevokedByCardholder, "the check behind the entry was stopped"),
    Row::declined("R39", InvalidRequest, "the document behind the entry is not fit for it"),
    Row::declined("R50", Unsupported, "a state's law forbids re-presented checks"),
    Row::declined("R51", InvalidRequest, "the re-presented check is not eligible"),
    Row::declined("R52", RevokedByCardholder, "the re-presented check was stopped"),
    Row::declined("R53", Duplicate, "the re-presented check was presented on paper too"),
    Row::declined("R80", InvalidRequest, "an international entry is coded wrongly"),
    Row::declined("R81", Unsupported, "the sender takes no part in international entries"),
    Row::declined("R82", InvalidAccount, "the foreign bank's identification is wrong"),
    Row::declined("R83", ProviderUnavailable, "the foreign bank cannot settle"),
    Row::declined("R84", ProviderUnavailable, "the gateway bank did not process the entry"),
    Row::declined(
        "R85",
        InvalidRequest,
        "an outbound international entry is coded as a domestic one",
    ),
];
