//! What the provider remembers.

use jiff::Timestamp;

use crate::{Kind, Origin};

/// An account at the provider. Balances are minor units.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) guid: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) currency: String,
    pub(super) status: String,
    pub(super) wallet_guid: Option<String>,
    pub(super) wallet_id: Option<String>,
    pub(super) card_proxy: Option<String>,
    pub(super) person_guid: Option<String>,
    pub(super) available: i64,
    pub(super) ledger: i64,
    pub(super) suspense: i64,
}

/// A person, of whom hardly anything is kept.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) guid: String,
    pub(super) reference: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
}

/// A bank account or card outside. Only the last digits are kept.
#[derive(Clone, Debug)]
pub(super) struct Instrument {
    pub(super) guid: String,
    pub(super) person_guid: String,
    pub(super) name: Option<String>,
    pub(super) kind: String,
    pub(super) category: String,
    pub(super) country: String,
    pub(super) status: String,
    pub(super) usage: String,
    pub(super) mask: String,
    pub(super) realtime: bool,
    pub(super) declines: Option<&'static str>,
    pub(super) returns: Option<&'static str>,
}

/// A rate that was promised.
#[derive(Clone, Debug)]
pub(super) struct Quote {
    pub(super) reference: String,
    pub(super) minor: i64,
    pub(super) currency: String,
    pub(super) to_minor: i64,
    pub(super) to_currency: String,
    pub(super) until: Timestamp,
    pub(super) used: bool,
}

/// The road that the money takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rail {
    /// Between accounts at the provider.
    Book,
    /// The card networks.
    Card,
    /// The batch bank network.
    Ach,
    /// The real-time bank network.
    Rtp,
    /// A wire.
    Wire,
}

impl Rail {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Book => "BOOK",
            Self::Card => "CARD",
            Self::Ach => "ACH",
            Self::Rtp => "RTP",
            Self::Wire => "WIRE",
        }
    }
}

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Settled,
    Declined,
    Cancelled,
    Returned,
}

impl State {
    /// The word in `txn_status`; only the first is the provider's own, the others are not published.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Settled => "settled",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }
}

/// One end of a transfer, as the caller named it.
#[derive(Clone, Debug)]
pub(super) struct Locator {
    pub(super) field: &'static str,
    pub(super) value: String,
}

/// A transaction.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) guid: String,
    /// What the ledger calls the payment: `guid`, or the payment that this transaction carries out.
    pub(super) payment: String,
    pub(super) payment_guid: Option<String>,
    pub(super) eft_guid: Option<String>,
    /// The transaction that this one reverses.
    pub(super) base: Option<String>,
    pub(super) transfer_type: &'static str,
    pub(super) kind: Kind,
    pub(super) rail: Rail,
    pub(super) minor: i64,
    pub(super) currency: String,
    /// What arrives, where the currency changes on the way.
    pub(super) arrives: Option<(i64, String)>,
    pub(super) source: Option<Locator>,
    pub(super) destination: Option<Locator>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) instrument: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) description: String,
    pub(super) state: State,
    pub(super) at: Timestamp,
    pub(super) sent_at: Timestamp,
    pub(super) settles_at: Timestamp,
    pub(super) settled_at: Option<Timestamp>,
    /// When it comes back, and why.
    pub(super) returns: Option<(Timestamp, String)>,
    pub(super) code: String,
    pub(super) reason: String,
    pub(super) reason_text: Option<String>,
    /// How much of it was reversed.
    pub(super) reversed: i64,
    pub(super) origin: Origin,
}

impl Row {
    /// What arrives at the other end.
    pub(super) fn arriving(&self) -> i64 {
        self.arrives.as_ref().map_or(self.minor, |(minor, _)| *minor)
    }

    /// The account in whose books the transaction is shown.
    pub(super) fn account(&self) -> Option<&str> {
        match self.kind {
            Kind::Capture => self.to.as_deref(),
            _ => self.from.as_deref().or(self.to.as_deref()),
        }
    }
}

/// A payment that was queued or scheduled.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub(super) guid: String,
    pub(super) chain: String,
    pub(super) schedule: String,
    pub(super) at: Timestamp,
    pub(super) due: Timestamp,
    pub(super) wallet_guid: Option<String>,
    pub(super) minor: Option<i64>,
    pub(super) currency: String,
    pub(super) reference: String,
    pub(super) request_code: Option<String>,
    pub(super) description: Option<String>,
    pub(super) cancelled: bool,
    /// The transaction that carries it out; a scheduled payment has none here.
    pub(super) txn: Option<String>,
}
