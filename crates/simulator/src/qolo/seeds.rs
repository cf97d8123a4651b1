//! What is there from the start: accounts, persons and instruments, by names that tests can use.
//!
//! ```
//! use paymux_simulator::qolo::{Qolo, Settings, seeds};
//!
//! let provider = Qolo::new(Settings::qolo());
//! assert!(provider.balances(seeds::ACCOUNT).is_some_and(|balances| balances.available > 0));
//! assert!(provider.balances(seeds::INSTRUMENT_ACH).is_none(), "an instrument is no account");
//! ```

use super::state::{Account, Instrument, Person};

/// The program's guid.
pub const PROGRAM: &str = "9b0f6a52-3c1d-4e0a-8a55-0d2f4c7b1e00";
/// The program's funding account (`PROGFUND`), in USD, with 100000.00.
pub const ACCOUNT: &str = "d2b7c9d2-1111-4c51-92d0-3f97a47f8d01";
/// A general account of [`PERSON`], in USD, with 500.00; behind [`CARD_PROXY`], in [`WALLET`].
pub const ACCOUNT_PERSON: &str = "d2b7c9d2-1111-4c51-92d0-3f97a47f8d02";
/// A funding account in EUR, with 50000.00.
pub const ACCOUNT_EUR: &str = "d2b7c9d2-1111-4c51-92d0-3f97a47f8d03";
/// A funding account in JPY, with 1000000.
pub const ACCOUNT_JPY: &str = "d2b7c9d2-1111-4c51-92d0-3f97a47f8d04";
/// A funding account in KWD, with 20000.000.
pub const ACCOUNT_KWD: &str = "d2b7c9d2-1111-4c51-92d0-3f97a47f8d05";
/// A frozen account in USD: everything in or out is declined.
pub const ACCOUNT_FROZEN: &str = "d2b7c9d2-1111-4c51-92d0-3f97a47f8d06";
/// The wallet that holds [`ACCOUNT_PERSON`].
pub const WALLET: &str = "a7730000-2222-4b10-8f00-5b6ce0a10001";
/// The number of that wallet.
pub const WALLET_ID: &str = "5000000000000001";
/// The card that gives access to [`ACCOUNT_PERSON`].
pub const CARD_PROXY: &str = "7000000000000001";
/// A person who owns the instruments below.
pub const PERSON: &str = "c1a50000-3333-4d20-9e11-6f10a2b30001";
/// A stored card.
pub const INSTRUMENT_CARD: &str = "f2fb9354-4444-4fd1-819c-4ff2a66a4b01";
/// A stored bank account that ACH reaches.
pub const INSTRUMENT_ACH: &str = "f2fb9354-4444-4fd1-819c-4ff2a66a4b02";
/// A stored bank account that real-time payments reach as well.
pub const INSTRUMENT_RTP: &str = "f2fb9354-4444-4fd1-819c-4ff2a66a4b03";
/// A stored bank account whose ACH debits settle and then come back as R01.
pub const INSTRUMENT_R01: &str = "f2fb9354-4444-4fd1-819c-4ff2a66a4b04";
/// A stored card that is always declined.
pub const INSTRUMENT_DECLINED: &str = "f2fb9354-4444-4fd1-819c-4ff2a66a4b05";
/// A stored bank account that is always declined.
pub const INSTRUMENT_BANK_DECLINED: &str = "f2fb9354-4444-4fd1-819c-4ff2a66a4b06";
/// A stored card that its owner has had forgotten (`FORGET`).
pub const INSTRUMENT_FORGOTTEN: &str = "f2fb9354-4444-4fd1-819c-4ff2a66a4b07";
/// A stored bank account that is closed: ACH comes back as R02, both ways.
pub const INSTRUMENT_R02: &str = "f2fb9354-4444-4fd1-819c-4ff2a66a4b08";

pub(super) fn accounts() -> Vec<Account> {
    let fund = |guid: &str, name: &str, currency: &str, minor: i64| Account {
        guid: guid.to_owned(),
        name: name.to_owned(),
        kind: "PROGFUND",
        currency: currency.to_owned(),
        status: "ACTIVE".to_owned(),
        wallet_guid: None,
        wallet_id: None,
        card_proxy: None,
        person_guid: None,
        available: minor,
        ledger: minor,
        suspense: 0,
    };
    let mut person = fund(ACCOUNT_PERSON, "Everyday", "USD", 50_000);
    person.kind = "GENERAL";
    person.wallet_guid = Some(WALLET.to_owned());
    person.wallet_id = Some(WALLET_ID.to_owned());
    person.card_proxy = Some(CARD_PROXY.to_owned());
    person.person_guid = Some(PERSON.to_owned());
    let mut frozen = fund(ACCOUNT_FROZEN, "Frozen", "USD", 100_000);
    frozen.kind = "GENERAL";
    frozen.status = "FREEZE".to_owned();
    frozen.person_guid = Some(PERSON.to_owned());
    vec![
        fund(ACCOUNT, "Funding USD", "USD", 10_000_000),
        person,
        fund(ACCOUNT_EUR, "Funding EUR", "EUR", 5_000_000),
        fund(ACCOUNT_JPY, "Funding JPY", "JPY", 1_000_000),
        fund(ACCOUNT_KWD, "Funding KWD", "KWD", 20_000_000),
        frozen,
    ]
}

pub(super) fn persons() -> Vec<Person> {
    vec![Person {
        guid: PERSON.to_owned(),
        reference: Some("sim-person-1".to_owned()),
        first_name: Some("Ada".to_owned()),
        last_name: Some("Sample".to_owned()),
    }]
}

pub(super) fn instruments() -> Vec<Instrument> {
    let bank = |guid: &str, name: &str, last4: &str| Instrument {
        guid: guid.to_owned(),
        person_guid: PERSON.to_owned(),
        name: Some(name.to_owned()),
        kind: "BANKDDA".to_owned(),
        category: "INDIVIDUAL".to_owned(),
        country: "USA".to_owned(),
        status: "ACTIVE".to_owned(),
        usage: "PAY-IN-OUT".to_owned(),
        mask: format!("xxxxx{last4}"),
        realtime: false,
        declines: None,
        returns: None,
    };
    let card = |guid: &str, name: &str, last4: &str| Instrument {
        kind: "CARD".to_owned(),
        mask: format!("411111xx{last4}"),
        ..bank(guid, name, last4)
    };
    vec![
        card(INSTRUMENT_CARD, "Card", "1111"),
        bank(INSTRUMENT_ACH, "Bank account", "6789"),
        Instrument {
            realtime: true,
            ..bank(INSTRUMENT_RTP, "Bank account, real time", "6790")
        },
        Instrument {
            returns: Some("R01"),
            ..bank(INSTRUMENT_R01, "Bank account without money", "0001")
        },
        Instrument {
            declines: Some("DO_NOT_HONOR"),
            ..card(INSTRUMENT_DECLINED, "Declined card", "0002")
        },
        Instrument {
            realtime: true,
            declines: Some("ACCOUNT_BLOCKED"),
            ..bank(INSTRUMENT_BANK_DECLINED, "Declined bank account", "0002")
        },
        Instrument {
            status: "FORGET".to_owned(),
            ..card(INSTRUMENT_FORGOTTEN, "Forgotten card", "4444")
        },
        Instrument {
            returns: Some("R02"),
            ..bank(INSTRUMENT_R02, "Closed bank account", "0003")
        },
    ]
}
