//! What customers and merchants do.

use paymux::{Duplicates, OperationKind, SourceKind};

use crate::Stand;

/// A customer's and a merchant's doings with one order, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The steps.
    pub deeds: Vec<Deed>,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Hold the whole amount.
    Authorize,
    /// Take a part of what is held.
    Capture(Share),
    /// Open a page, on which the customer does this.
    Checkout(Visit),
    /// Send money out.
    Payout,
    /// Give a part back.
    Refund(Share),
    /// Take the whole amount.
    Sale,
    /// Take the whole amount from a source that is declined, and then from another.
    SecondTry,
    /// Take the whole amount from a source that is decided long after.
    SlowSale,
    /// Move money between accounts.
    Transfer,
    /// Let the hold go, or stop what has not been sent on.
    Void,
}

/// A part of the whole amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of it.
    Whole,
    /// A half.
    Half,
    /// A quarter.
    Quarter,
}

/// What a customer does on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// Never comes.
    Abandons,
    /// Gives up, or is declined.
    Fails,
    /// Pays.
    Pays,
    /// Is refused, leaves the page open in a tab, and pays there later: also when another attempt was begun and paid in the meantime.
    PaysLater,
}

impl Deed {
    /// The operation that it asks for.
    #[must_use]
    pub const fn operation(self) -> OperationKind {
        match self {
            Self::Authorize => OperationKind::Authorize,
            Self::Capture(_) => OperationKind::Capture,
            Self::Checkout(_) => OperationKind::Checkout,
            Self::Payout => OperationKind::Payout,
            Self::Refund(_) => OperationKind::Refund,
            Self::Sale | Self::SecondTry | Self::SlowSale => OperationKind::Sale,
            Self::Transfer => OperationKind::Transfer,
            Self::Void => OperationKind::Void,
        }
    }

    /// Whether it makes a payment, which later steps are about.
    #[must_use]
    pub const fn starts(self) -> bool {
        !matches!(self, Self::Capture(_) | Self::Refund(_) | Self::Void)
    }
}

impl Share {
    /// So much of this.
    #[must_use]
    pub const fn of(self, whole: i64) -> i64 {
        match self {
            Self::Whole => whole,
            Self::Half => whole / 2,
            Self::Quarter => whole / 4,
        }
    }
}

/// The scripts that a gateway's capabilities allow.
#[must_use]
pub(crate) fn scripts(stand: &Stand) -> Vec<Script> {
    use Deed::{Authorize, Capture, Checkout, Payout, Refund, Sale, SecondTry, SlowSale, Transfer, Void};
    use Share::{Half, Quarter, Whole};
    let gateway = stand.gateway();
    let capabilities = paymux::PaymentGateway::capabilities(&gateway);
    let pays = |kind| {
        let source = stand.subject.approved.kind();
        capabilities
            .ability(kind)
            .is_some_and(|ability| ability.sources.contains(&source))
    };
    let parts = |kind| capabilities.ability(kind).is_some_and(|ability| ability.partial);
    let again = |kind| capabilities.ability(kind).is_some_and(|ability| ability.repeated);
    let offers = |kind| capabilities.offers(kind);
    let mut all: Vec<Vec<Deed>> = Vec::new();
    let hosted = stand.subject.approved.kind() == SourceKind::Hosted;
    if pays(OperationKind::Sale) && !hosted {
        all.push(vec![Sale]);
        if stand.subject.declined.is_some() {
            all.push(vec![SecondTry]);
        }
        if stand.slow.is_some() {
            all.push(vec![SlowSale]);
        }
        if matches!(capabilities.duplicates, Duplicates::Key(_)) && offers(OperationKind::Payout) {
            all.push(vec![Sale, Payout]);
        }
        if offers(OperationKind::Refund) {
            all.push(vec![Sale, Refund(Whole)]);
            if parts(OperationKind::Refund) {
                all.push(vec![Sale, Refund(Half)]);
            }
            if again(OperationKind::Refund) {
                all.push(vec![Sale, Refund(Half), Refund(Half)]);
                all.push(vec![Sale, Refund(Quarter), Refund(Half)]);
            }
        }
    }
    if pays(OperationKind::Authorize) && offers(OperationKind::Capture) {
        all.push(vec![Authorize, Capture(Whole), Refund(Whole)]);
        all.push(vec![Authorize, Void]);
        if parts(OperationKind::Capture) {
            all.push(vec![Authorize, Capture(Half), Refund(Quarter)]);
        }
        if again(OperationKind::Capture) {
            all.push(vec![Authorize, Capture(Half), Capture(Half), Refund(Half)]);
            all.push(vec![Authorize, Capture(Quarter), Capture(Half)]);
        }
    }
    if pays(OperationKind::Sale) && !offers(OperationKind::Authorize) && offers(OperationKind::Void) {
        all.push(vec![Sale, Void]);
    }
    if offers(OperationKind::Checkout) {
        all.push(vec![Checkout(Visit::Pays)]);
        all.push(vec![Checkout(Visit::Fails)]);
        all.push(vec![Checkout(Visit::Abandons)]);
        if offers(OperationKind::Refund) {
            all.push(vec![Checkout(Visit::Pays), Refund(Half)]);
        }
    }
    if offers(OperationKind::Payout) && stand.subject.payee.is_some() {
        all.push(vec![Payout]);
    }
    if offers(OperationKind::Transfer) && stand.subject.accounts.is_some() {
        all.push(vec![Transfer]);
    }
    all.into_iter().map(|deeds| Script { deeds }).collect()
}
