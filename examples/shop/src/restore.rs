//! Orders as they were when the last process ended: what was begun is in the file of facts, and how far it came in the journal.
//!
//! How things stand now is the provider's to say, and is asked once the shop runs.

use std::collections::BTreeMap;

use paymux::{Answer, Outcome, Reference};
use paymux_journal::{Came, Filter, Intent, Journal, State};

use crate::catalog::product;
use crate::facts::{Fact, Line};
use crate::order::{Attempt, Deed, FollowUp, Order, Standing};

/// Why nothing came of what the journal does not know: it is told before anything is sent.
const NOT_SENT: &str = "the shop ended before anything was sent";

/// Every order, by its id.
///
/// # Errors
/// A fact does not fit those before it, or the journal cannot be read, or is not the one of these orders.
pub(crate) async fn orders(lines: Vec<Line>, journal: &Journal) -> Result<BTreeMap<String, Order>, String> {
    let unread = |error| format!("--journal: {error}");
    let begun = lines.iter().find(|line| matches!(line.fact, Fact::Attempt { .. }));
    if let Some(begun) = begun
        && journal.walk(None, 1).await.map_err(unread)?.is_empty()
    {
        // Taken for not sent, all of them could be paid again.
        return Err(format!(
            "--journal: it is empty, and --orders {} has an attempt to pay. Give the journal of these orders, or begin with another file.",
            begun.place
        ));
    }
    let mut orders: BTreeMap<String, Order> = BTreeMap::new();
    for Line { place, fact } in lines {
        match fact {
            Fact::Order { id, sku, amount, made } => {
                let product = product(&sku).ok_or_else(|| format!("--orders {place}: {sku} is not sold here"))?;
                let mut order = Order::new(id.clone(), product, made);
                order.amount = amount;
                orders.insert(id, order);
            }
            Fact::Attempt {
                order,
                reference,
                gateway,
                hold,
                made,
            } => {
                let order = orders.get_mut(&order);
                let order = order.ok_or_else(|| format!("--orders {place}: no line before it has the order"))?;
                let intent = intent(journal, &reference).await.map_err(unread)?;
                order
                    .attempts
                    .push(Attempt::new(reference.clone(), gateway, hold, made));
                attempt(order, reference.as_str(), intent.as_ref());
            }
            Fact::FollowUp {
                attempt,
                reference,
                kind,
                amount,
                made,
            } => {
                let mut all = orders.values_mut().flat_map(|order| &mut order.attempts);
                let attempt = all.find(|known| known.reference == attempt);
                let attempt = attempt.ok_or_else(|| format!("--orders {place}: no line before it has the attempt"))?;
                let intent = intent(journal, &reference).await.map_err(unread)?;
                attempt.follow_ups.push(FollowUp {
                    kind,
                    reference,
                    amount,
                    made,
                    deed: deed(intent.as_ref()),
                });
                // Not every provider tells with a payment what was given back of it. Before the payment is known as paid, it is asked about first.
                let told = intent.and_then(|intent| intent.outcome);
                if let Some(told) = told.filter(|_| attempt.has_money()) {
                    attempt.follow(told.payment);
                }
            }
        }
    }
    Ok(orders)
}

/// What the journal has of a reference. Gateways may have been renamed; if several accounts know it, the one counts at which it still takes the order.
async fn intent(journal: &Journal, reference: &Reference) -> Result<Option<Intent>, paymux_journal::StoreError> {
    let found = journal.intents(&Filter::named(reference.clone())).await?;
    Ok(found.into_iter().max_by_key(Intent::takes_order))
}

/// How the opening of an attempt came out, as far as the journal knows.
fn attempt(order: &mut Order, reference: &str, intent: Option<&Intent>) {
    let standing = match intent.map(|intent| (intent, intent.state, &intent.outcome)) {
        None => Standing::NotDone(NOT_SENT.to_owned()),
        Some((intent, State::Failed, _)) => Standing::NotDone(intent.said.clone()),
        Some((intent, State::Open, _) | (intent, _, None)) => Standing::Unknown(Box::new(intent.unresolved())),
        Some((intent, state, Some(recorded))) => {
            let payment = &recorded.payment;
            let opened = intent.made.clone().unwrap_or_else(|| payment.reference.clone());
            order.change(reference, |attempt| attempt.opened = Some(opened));
            // Where the customer must act, the way there is not kept: it is brought anew when somebody wants to go.
            let pending = || Answer::new(Outcome::Pending, payment.clone());
            let answer = intent.answer().unwrap_or_else(pending);
            // What does not fit leaves a remark, and the attempt open.
            let _ = order.learn(reference, answer, intent.written);
            let waits = state == State::Waiting && recorded.came == Came::ActionRequired;
            order.change(reference, |attempt| attempt.page_is_open = waits);
            remark(order, intent);
            return;
        }
    };
    order.change(reference, |attempt| attempt.standing = standing);
    if let Some(intent) = intent {
        remark(order, intent);
    }
}

/// What the journal wants a person to look at.
fn remark(order: &mut Order, intent: &Intent) {
    if let Some(text) = &intent.remark {
        order.remark(intent.written, format!("{}: {text}", intent.key.reference));
    }
}

/// What a capture, refund or void came to, as far as the journal knows.
fn deed(intent: Option<&Intent>) -> Deed {
    match intent.map(|intent| (intent, intent.state)) {
        None => Deed::NotDone(NOT_SENT.to_owned()),
        Some((intent, State::Failed)) => Deed::NotDone(intent.said.clone()),
        Some((intent, State::Open)) => Deed::Unknown(Box::new(intent.unresolved())),
        Some((intent, _)) => Deed::Answered(intent.answer().map_or(Outcome::Pending, |answer| answer.outcome)),
    }
}
