//! What answers claim: the movements of money that must be in the ledger if they are true.

use paymux::{Answer, Entry, EntryKind, EntryOutcome, Money, OperationKind, Outcome};
use paymux_simulator::Kind;

use super::{Claim, Seen};

/// Whether an answer of "accepted, not decided yet" counts as booked: for what cannot be asked about, or is undone before it is decided.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pending {
    Counts,
    IsNotEnough,
}

/// What an answer says that was booked: the operation itself, and the hold in front of money that is taken.
pub(super) fn claims(
    answer: &Answer,
    operation: OperationKind,
    amount: Money,
    payment: &str,
    pending: Pending,
) -> Result<Vec<Claim>, Seen> {
    let (entry, kind) = match operation {
        OperationKind::Authorize => (EntryKind::Authorize, Kind::Authorize),
        OperationKind::Void => (EntryKind::Void, Kind::Void),
        OperationKind::Refund => (EntryKind::Refund, Kind::Refund),
        OperationKind::Payout => (EntryKind::Payout, Kind::Payout),
        OperationKind::Transfer => (EntryKind::Transfer, Kind::Transfer),
        _ => (EntryKind::Capture, Kind::Capture),
    };
    let accepted = pending == Pending::Counts && matches!(answer.outcome, Outcome::Pending);
    let outcome = answer.outcome.as_str();
    if !accepted && !answer.outcome.is_approved() {
        return Err(Seen::Wrong(format!(
            "it should be approved in the end, and is {outcome}"
        )));
    }
    // A void may leave out its amount: it is the whole hold.
    let fits = |e: &Entry| {
        let sum = e.amount == Some(amount) || (e.amount.is_none() && entry == EntryKind::Void);
        let stands = e.outcome == EntryOutcome::Approved || (accepted && e.outcome == EntryOutcome::Pending);
        e.kind == entry && sum && stands
    };
    let entries = &answer.payment.entries;
    if !entries.iter().any(fits) {
        return Err(Seen::Wrong(format!(
            "it is {outcome}, and the payment has no entry of {amount} that says so"
        )));
    }
    let claim = |kind, amount| Claim {
        payment: payment.to_owned(),
        kind,
        amount,
    };
    // A sale may be a hold that is taken at once; follow-ups have their hold claimed where it was made.
    let held = |e: &&Entry| entry == EntryKind::Capture && e.kind == EntryKind::Authorize && e.is_approved();
    let held = entries.iter().filter(held).filter_map(|e| e.amount);
    let mut claims: Vec<_> = match operation {
        OperationKind::Sale | OperationKind::Checkout => held.map(|amount| claim(Kind::Authorize, amount)).collect(),
        _ => Vec::new(),
    };
    claims.push(claim(kind, amount));
    Ok(claims)
}
