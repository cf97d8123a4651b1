//! Every table of codes in one list.

use paymux_core::codes::CodeTable;
use paymux_core::networks;

/// Every table of codes: those of the adapters that are compiled in, then the networks' own. Names are unique.
///
/// ```
/// let tables = paymux::code_tables();
/// let bank = tables.iter().find(|table| table.name == "nacha-return").expect("always there");
/// let returned = (bank.explain)("R01").expect("a return code");
/// assert_eq!(returned.reason, Some(paymux::DeclineReason::InsufficientFunds));
/// ```
#[must_use]
pub fn code_tables() -> Vec<CodeTable> {
    let adapters: &[CodeTable] = &[
        #[cfg(feature = "opp")]
        paymux_opp::CODES,
        #[cfg(feature = "coolpay")]
        paymux_coolpay::CODES,
        #[cfg(feature = "coolpay")]
        paymux_coolpay::CLEARHAUS_CODES,
        #[cfg(feature = "coolpay")]
        paymux_coolpay::NETS_CODES,
        #[cfg(feature = "qolo")]
        paymux_qolo::CODES,
        #[cfg(feature = "carry1st")]
        paymux_carry1st::CODES,
    ];
    let own = [
        networks::ISO_8583,
        networks::MASTERCARD_ADVICE,
        networks::VISA_CATEGORY,
        networks::NACHA_RETURN,
    ];
    [adapters, &own].concat()
}
