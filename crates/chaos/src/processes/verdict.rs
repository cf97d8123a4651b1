//! What the journal says of each order, held against what its provider booked.

use std::collections::{BTreeMap, BTreeSet};

use paymux::OperationKind;
use paymux_journal::{Intent, State};
use paymux_simulator::{Kind, Movement};

use super::order::{Order, Plan};
use super::providers::Providers;
use super::report::{Finding, Report, Wrong};
use crate::script::{Deed, Share};

/// What is known of one order on both sides.
#[derive(Default)]
struct Sides<'a> {
    intents: Vec<&'a Intent>,
    booked: Vec<Movement>,
}

/// Gives the account of all orders below `orders`.
pub(super) fn judge(
    plan: &Plan,
    providers: &Providers,
    orders: u64,
    intents: &[Intent],
    hit: &BTreeSet<String>,
    report: &mut Report,
) {
    report.orders = orders;
    let mut sides: BTreeMap<u64, Sides<'_>> = BTreeMap::new();
    let mut payments: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for intent in intents {
        let Some(name) = plan.read(intent.key.reference.as_str()) else {
            continue;
        };
        sides.entry(name.number).or_default().intents.push(intent);
        if let Some(payment) = intent.about() {
            payments.insert((&intent.gateway, payment.id()), name.number);
        }
        count(intent, hit, report);
        alone(intent, name.number, report);
    }
    for stand in plan.stands() {
        let movements = providers.booked(stand.name);
        // A follow-up need not carry a reference of ours; the payment that it is on does.
        let named = |movement: &Movement| plan.read(movement.reference.as_deref()?).map(|name| name.number);
        let made: BTreeMap<String, u64> = movements
            .iter()
            .filter_map(|movement| Some((movement.payment.clone(), named(movement)?)))
            .collect();
        for movement in movements {
            let known = payments.get(&(stand.name, movement.payment.as_str())).copied();
            let owner = named(&movement)
                .or(known)
                .or_else(|| made.get(&movement.payment).copied());
            match owner {
                Some(number) => sides.entry(number).or_default().booked.push(movement),
                None => report.findings.push(Finding {
                    wrong: Wrong::Lost,
                    order: None,
                    what: format!("booked at {}, and no order is known of it: {movement:?}", stand.name),
                }),
            }
        }
    }
    for (number, sides) in &sides {
        if let Some(order) = plan.order(*number) {
            sides.compare(&order, report);
        }
    }
}

/// Counts an intent where it stands.
fn count(intent: &Intent, hit: &BTreeSet<String>, report: &mut Report) {
    let state = (intent.gateway.clone(), intent.state.as_str());
    *report.states.entry(state).or_default() += 1;
    report.payments += u64::from(intent.begins());
    if hit.contains(intent.key.reference.as_str()) {
        *report.hit.entry(intent.state.as_str()).or_default() += 1;
    }
    if let Some(remark) = &intent.remark {
        // Without ids and references equal reasons are one.
        let words = remark
            .split(' ')
            .filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
        let why = words.collect::<Vec<_>>().join(" ");
        let person = (intent.gateway.clone(), intent.operation, why);
        *report.persons.entry(person).or_default() += 1;
    }
}

/// What can be seen of one intent alone.
fn alone(intent: &Intent, number: u64, report: &mut Report) {
    let mut find = |wrong, what| {
        report.findings.push(Finding {
            wrong,
            order: Some(number),
            what,
        });
    };
    let named = format!("{} at {}, reference {}", intent, intent.gateway, intent.key.reference);
    if let Some(lease) = &intent.lease {
        find(Wrong::StuckLease, format!("{named} is held until {}", lease.until));
    }
    if intent.is_unsettled() && intent.remark.is_none() {
        let said = &intent.said;
        find(
            Wrong::LeftOpen,
            format!("{named} is {}, and nobody was told: {said}", intent.state),
        );
    }
}

impl Sides<'_> {
    fn compare(&self, order: &Order, report: &mut Report) {
        let mut find = |wrong, what: String| {
            let asked: Vec<_> = self
                .intents
                .iter()
                .map(|intent| format!("{} {} {}", intent.key.reference, intent.operation, intent.state))
                .collect();
            report.findings.push(Finding {
                wrong,
                order: Some(order.number),
                what: format!("{} {:?}: {what}; {}", order.gateway, order.deeds, asked.join(", ")),
            });
        };
        for kind in [Kind::Capture, Kind::Refund, Kind::Payout, Kind::Transfer] {
            let booked: i64 = self.of(kind).map(|movement| movement.minor).sum();
            let (mut sure, mut doubt) = (0, 0);
            for intent in self
                .intents
                .iter()
                .filter(|intent| moves(intent.operation) == Some(kind))
            {
                let amount = intent.amount.map_or(0, |amount| amount.minor());
                match intent.state {
                    State::Done => sure += amount,
                    State::Open | State::Waiting => doubt += amount,
                    _ => {}
                }
            }
            let asked: i64 = order
                .deeds
                .iter()
                .filter_map(|deed| share(*deed, kind))
                .map(|share| share.of(order.whole.minor()))
                .sum();
            if booked > asked {
                find(
                    Wrong::DoubleCharge,
                    format!("a {kind:?} of {booked} is booked of {asked}"),
                );
            } else if booked > sure + doubt {
                find(
                    Wrong::Lost,
                    format!("a {kind:?} of {booked} is booked, and {sure} is on record, {doubt} in doubt"),
                );
            }
            if booked < sure {
                find(
                    Wrong::FalseApproval,
                    format!("a {kind:?} of {booked} is booked, and {sure} is on record"),
                );
            }
        }
        self.compare_holds(order, &mut find);
        let takers: Vec<_> = self
            .intents
            .iter()
            .filter(|intent| intent.order.is_some() && intent.takes_order())
            .collect();
        if takers.len() > 1 {
            find(Wrong::DoubleCharge, "several attempts have the order".to_owned());
        }
    }

    /// One hold of an order at the most stands, and those that are on record were made and let go.
    fn compare_holds(&self, order: &Order, find: &mut dyn FnMut(Wrong, String)) {
        let (held, let_go) = (self.of(Kind::Authorize).count(), self.of(Kind::Void).count());
        let done = |kind| {
            let done = self
                .intents
                .iter()
                .filter(|intent| intent.operation == kind && intent.state == State::Done);
            done.count()
        };
        if held > let_go + 1 {
            let what = format!("{held} holds are booked, and {let_go} were let go");
            find(Wrong::DoubleCharge, what);
        }
        if held < done(OperationKind::Authorize) {
            find(
                Wrong::FalseApproval,
                "an authorization is on record, and no hold is booked".to_owned(),
            );
        }
        if let_go < done(OperationKind::Void) {
            find(
                Wrong::FalseApproval,
                "a void is on record, and none is booked".to_owned(),
            );
        }
        let perhaps = |intent: &&&Intent| intent.state == State::Done || intent.is_unsettled();
        // A sale may let its own hold go.
        let voids = self
            .intents
            .iter()
            .filter(|intent| intent.operation == OperationKind::Void);
        if order.deeds.first() == Some(&Deed::Authorize) && let_go > voids.filter(perhaps).count() {
            find(
                Wrong::Lost,
                "a hold was let go, and no void of it is on record".to_owned(),
            );
        }
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Movement> {
        self.booked.iter().filter(move |movement| movement.kind == kind)
    }
}

/// The money that an operation moves.
const fn moves(operation: OperationKind) -> Option<Kind> {
    match operation {
        OperationKind::Capture | OperationKind::Checkout | OperationKind::Sale => Some(Kind::Capture),
        OperationKind::Payout => Some(Kind::Payout),
        OperationKind::Refund => Some(Kind::Refund),
        OperationKind::Transfer => Some(Kind::Transfer),
        _ => None,
    }
}

/// How much of this kind a step asks for.
fn share(deed: Deed, kind: Kind) -> Option<Share> {
    match deed {
        Deed::Capture(share) | Deed::Refund(share) => (moves(deed.operation()) == Some(kind)).then_some(share),
        _ => (moves(deed.operation()) == Some(kind)).then_some(Share::Whole),
    }
}
