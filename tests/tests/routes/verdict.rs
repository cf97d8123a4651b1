//! The sum over the ledgers of all providers, held against the journal and against what the application believes.

use std::collections::BTreeSet;

use paymux::OperationKind;
use paymux_chaos::Stand;
use paymux_journal::{Intent, State};
use paymux_simulator::Kind;

use super::ruling;
use super::shop::Seen;
use super::world::World;

/// How a finding begins that an order was paid or held more than once.
pub(crate) const TOO_MUCH: &str = "too much: ";

/// What one payment came to at its provider, in minor units.
#[derive(Debug, Default)]
struct Booked {
    held: i64,
    taken: i64,
    given_back: i64,
    let_go: bool,
}

/// What is wrong with an order. `persons` counts what is left to a person.
pub(crate) async fn judge(world: &World, order: &str, seen: &Seen, persons: &mut u32) -> Vec<String> {
    let intents = world.kept.all().await;
    let mut wrong = ruling::record(world, &intents);
    let whole = World::amount().minor();
    let (mut taken, mut held) = (0, 0);
    let mut left = false;
    for intent in intents
        .iter()
        .filter(|intent| intent.key.reference.as_str().starts_with(order))
    {
        if intent.is_unsettled() {
            left = true;
            *persons += 1;
            // A page may wait for its customer.
            let is_page = intent.operation == OperationKind::Checkout && intent.state == State::Waiting;
            if intent.remark.is_none() && !is_page {
                wrong.push(format!(
                    "{intent} is {}, and nobody was told: {}",
                    intent.state, intent.said
                ));
            }
        }
        if intent.lease.is_some() {
            wrong.push(format!("{intent} is still held"));
        }
    }
    for stand in &world.stands {
        for (reference, payment) in payments(stand, order) {
            let booked = booked(stand, &payment);
            taken += booked.taken;
            held += i64::from(booked.held > 0 && booked.taken == 0 && !booked.let_go);
            let own = |intent: &&Intent| {
                intent.begins() && intent.gateway == stand.name && intent.key.reference.as_str() == reference
            };
            match intents.iter().find(own) {
                None => wrong.push(format!("{reference} at {}: {booked:?} and not on record", stand.name)),
                Some(maker) => wrong.extend(made(maker, &booked, &intents, &payment)),
            }
        }
        for intent in intents
            .iter()
            .filter(|intent| intent.begins() && intent.gateway == stand.name)
        {
            let reference = intent.key.reference.as_str();
            let is_there = payments(stand, order).iter().any(|(name, _)| name == reference);
            if reference.starts_with(order) && intent.state == State::Done && !is_there {
                wrong.push(format!("{intent} is done, and nothing is booked"));
            }
        }
    }
    if taken > whole {
        wrong.push(format!("{TOO_MUCH}taken {taken} of {whole}"));
    }
    if held + i64::from(taken > 0) > 1 {
        wrong.push(format!("{TOO_MUCH}held {held} times, and taken {taken}"));
    }
    let believed = match seen {
        Seen::Paid(_) => taken + held > 0,
        Seen::Declined => taken + held == 0,
        Seen::Open => true,
    };
    if !believed && !left {
        wrong.push(format!("the application believes {seen:?}: taken {taken}, held {held}"));
    }
    wrong
}

/// The payments of an order at a provider, each with the reference that it was made under.
fn payments(stand: &Stand, order: &str) -> BTreeSet<(String, String)> {
    // What time does, is done.
    let _ = stand.provider.webhooks();
    let prefix = format!("{order}a");
    let host = stand.provider.host();
    let named = host.ledger().movements.iter().filter_map(|booked| {
        let reference = booked
            .reference
            .as_ref()
            .filter(|reference| reference.starts_with(&prefix))?;
        Some((reference.clone(), booked.payment.clone()))
    });
    named.collect()
}

fn booked(stand: &Stand, payment: &str) -> Booked {
    let host = stand.provider.host();
    let ledger = host.ledger();
    Booked {
        held: ledger.total(payment, Kind::Authorize),
        taken: ledger.total(payment, Kind::Capture),
        given_back: ledger.total(payment, Kind::Refund),
        let_go: ledger.of(payment).any(|booked| booked.kind == Kind::Void),
    }
}

/// What the record says of a payment and of what followed on it, against what was booked.
fn made(maker: &Intent, booked: &Booked, intents: &[Intent], payment: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let whole = World::amount().minor();
    let is_told = maker.remark.is_some();
    match (maker.state, maker.operation) {
        (State::Done, OperationKind::Checkout | OperationKind::Sale) if booked.taken != whole => {
            wrong.push(format!("{maker} is done, and {booked:?}"));
        }
        (State::Done, OperationKind::Authorize) if booked.held != whole => {
            wrong.push(format!("{maker} is done, and {booked:?}"));
        }
        (State::Waiting, OperationKind::Checkout) if booked.taken > 0 && !is_told => {
            wrong.push(format!("{maker} waits, and {booked:?}"));
        }
        (State::Declined | State::Failed | State::Undone, _) if booked.taken > 0 && !is_told => {
            wrong.push(format!("{maker} is {}, and {booked:?}", maker.state));
        }
        (State::Declined | State::Failed, _) if booked.held > 0 && !booked.let_go && !is_told => {
            wrong.push(format!("{maker} is {}, and {booked:?}", maker.state));
        }
        (State::Undone, OperationKind::Authorize) if !booked.let_go && !is_told => {
            wrong.push(format!("{maker} is undone, and {booked:?}"));
        }
        _ => {}
    }
    for (kind, sum) in [
        (OperationKind::Capture, booked.taken),
        (OperationKind::Refund, booked.given_back),
    ] {
        if kind == OperationKind::Capture && maker.takes {
            continue;
        }
        let of = |state: &dyn Fn(&Intent) -> bool| -> i64 {
            let about = |intent: &&Intent| {
                let about = intent.payment.as_ref();
                intent.operation == kind
                    && intent.gateway == maker.gateway
                    && about.is_some_and(|about| about.id() == payment)
                    && state(intent)
            };
            let amounts = intents.iter().filter(about).filter_map(|intent| intent.amount);
            amounts.map(|amount| amount.minor()).sum()
        };
        let sure = of(&|intent| intent.state == State::Done);
        let doubt = of(&Intent::is_unsettled);
        if sum < sure || sum > sure + doubt {
            wrong.push(format!(
                "{kind} of {maker}: booked {sum}, on record {sure}, in doubt {doubt}"
            ));
        }
    }
    wrong
}
