//! Whose an entry is: what asking finds belongs to one intent only.

use paymux::Entry;

use crate::intent::{Came, Intent, PaymentKey, Recorded};
use crate::step::Page;

/// The provider's ids of the entries that are an intent's own, after an answer.
///
/// # Errors
/// Why it cannot be told whether the answer is this intent's.
pub(super) fn own(intent: &Intent, recorded: &Recorded, asked: bool, page: &Page) -> Result<Vec<String>, String> {
    let payment = &recorded.payment;
    let others = || page.siblings.iter().filter(|other| other.key != intent.key);
    if intent.begins() {
        let key = PaymentKey::of(&payment.reference);
        let moved = !matches!(recorded.came, Came::Declined(_));
        let made = |other: &&Intent| other.begins() && other.made.as_ref().is_some_and(|made| key.is_of(made));
        return match others().find(made) {
            Some(other) if moved => Err(format!(
                "ambiguous: payment {} was found, and reference {} made it",
                payment.reference, other.key.reference
            )),
            _ => Ok(payment.entries.iter().filter_map(|entry| entry.id.clone()).collect()),
        };
    }
    let Some(kind) = intent.books() else {
        return Ok(Vec::new());
    };
    let fits = |entry: &&Entry| {
        let equal = entry.amount.is_none() || intent.amount.is_none() || entry.amount == intent.amount;
        entry.kind == kind && equal
    };
    let fitting: Vec<&Entry> = payment.entries.iter().filter(fits).collect();
    let ids: Vec<&str> = fitting.iter().filter_map(|entry| entry.id.as_deref()).collect();
    if let Some(id) = ids.iter().find(|id| intent.entries.iter().any(|own| own == *id)) {
        return Ok(vec![(*id).to_owned()]);
    }
    if ids.is_empty() || ids.len() < fitting.len() {
        // Without ids the entries cannot be told apart here: the adapter's word is taken.
        return Ok(Vec::new());
    }
    let owned = |id: &String| intent.before.contains(id) || others().any(|other| other.entries.contains(id));
    let own = intent.key.reference.as_str();
    // One that names another reference was made by somebody else.
    let is_free = |entry: &&Entry| {
        entry.id.as_ref().is_some_and(|id| !owned(id)) && entry.reference.as_deref().is_none_or(|named| named == own)
    };
    let free: Vec<&Entry> = fitting.into_iter().filter(is_free).collect();
    let named = |entry: &&&Entry| entry.reference.as_deref() == Some(own);
    let mut mine = free.iter().filter(named);
    let (only, more) = (mine.next(), mine.next());
    match (free.as_slice(), only, more) {
        ([one], ..) => Ok(one.id.clone().into_iter().collect()),
        (_, Some(one), None) => Ok(one.id.clone().into_iter().collect()),
        // The operation's own reply tells what became of it; which entry is its own, it does not.
        _ if !asked => Ok(Vec::new()),
        ([], ..) => Err(format!(
            "ambiguous: every {} of that amount on {} belongs to another operation",
            intent.operation, payment.reference
        )),
        (several, ..) => Err(format!(
            "ambiguous: {} shows {} new entries that fit this {}, and one was asked for here",
            payment.reference,
            several.len(),
            intent.operation
        )),
    }
}
