//! What the router's page allows for one call, read from the record before it and after it: another reading than the router's own.

use std::collections::BTreeSet;

use paymux::{Answer, Error, Fate, Leg, LegOutcome, LegWhy, Operation, Outcome, Source};
use paymux_journal::{Came, Intent, State};

use super::world::World;

/// One call that nobody disturbed.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a World,
    pub(crate) operation: &'a Operation,
    /// Which rules its router has.
    pub(crate) version: usize,
    pub(crate) members: Vec<&'a str>,
    pub(crate) before: Vec<Intent>,
    pub(crate) after: Vec<Intent>,
    pub(crate) result: &'a Result<Answer, Error>,
}

/// Whether an intent lets nothing else be made in its place: it may have moved money, or was refused for good.
fn is_fixed(world: &World, intent: &Intent) -> bool {
    match intent.state {
        State::Failed => false,
        State::Declined => !goes_on(world, intent),
        _ => true,
    }
}

fn goes_on(world: &World, intent: &Intent) -> bool {
    let came = intent.outcome.as_ref().map(|recorded| &recorded.came);
    matches!(came, Some(Came::Declined(decline)) if world.goes_on(decline))
}

/// What may be said of the whole record at any time.
pub(crate) fn record(world: &World, intents: &[Intent]) -> Vec<String> {
    let mut wrong = Vec::new();
    let begins = || intents.iter().filter(|intent| intent.begins());
    let references: BTreeSet<_> = begins().map(|intent| intent.key.reference.to_string()).collect();
    for reference in references {
        let fixed: Vec<_> = begins()
            .filter(|intent| intent.key.reference.as_str() == reference && is_fixed(world, intent))
            .map(|intent| format!("{} {}", intent.gateway, intent.state))
            .collect();
        if fixed.len() > 1 {
            wrong.push(format!("{reference} stands at several gateways: {fixed:?}"));
        }
    }
    let orders: BTreeSet<_> = begins().filter_map(|intent| intent.order.clone()).collect();
    for order in orders {
        let takers = begins().filter(|intent| intent.order.as_ref() == Some(&order) && intent.takes_order());
        if takers.count() > 1 {
            wrong.push(format!("order {order} is taken several times"));
        }
    }
    wrong
}

impl Call<'_> {
    /// What is wrong with it.
    pub(crate) fn judge(&self) -> Vec<String> {
        let mut wrong = record(self.world, &self.after);
        if self.operation.payment().is_some() {
            self.follow_up(&mut wrong);
        } else {
            self.affinity(&mut wrong);
            self.course(&mut wrong);
            self.agreement(&mut wrong);
            self.weights(&mut wrong);
        }
        if !wrong.is_empty() {
            let legs: Vec<_> = self.legs().iter().map(ToString::to_string).collect();
            let said = match self.result {
                Ok(answer) => answer.outcome.as_str().to_owned(),
                Err(error) => error.to_string(),
            };
            wrong.push(format!("  by rules {}: {legs:?}: {said}", self.version));
        }
        wrong
    }

    fn legs(&self) -> &[Leg] {
        match self.result {
            Ok(answer) => &answer.payment.legs,
            Err(error) => error.legs(),
        }
    }

    /// The legs that this call made.
    fn made(&self) -> Vec<&Leg> {
        let made = |leg: &&Leg| {
            leg.why != LegWhy::Recorded && !matches!(leg.outcome, LegOutcome::Passed | LegOutcome::Unsuited)
        };
        self.legs().iter().filter(made).collect()
    }

    fn reference(&self) -> &str {
        self.operation.reference().unwrap().as_str()
    }

    fn order(&self) -> Option<&str> {
        self.operation.charge()?.order.as_deref()
    }

    fn own<'a>(&self, intents: &'a [Intent]) -> Vec<&'a Intent> {
        let own = |intent: &&Intent| intent.begins() && intent.key.reference.as_str() == self.reference();
        intents.iter().filter(own).collect()
    }

    /// The other attempts of the order before the call, by when they came to stand as they did.
    fn others(&self) -> Vec<&Intent> {
        let other = |intent: &&Intent| {
            intent.begins()
                && intent.key.reference.as_str() != self.reference()
                && self.order().is_some()
                && intent.order.as_deref() == self.order()
        };
        let mut others: Vec<_> = self.before.iter().filter(other).collect();
        others.sort_by_key(|intent| intent.written);
        others
    }

    fn leads_to(&self, gateway: &str) -> bool {
        let stored = self
            .operation
            .charge()
            .is_some_and(|charge| matches!(charge.source, Source::Stored(_)));
        self.members.contains(&gateway) && self.world.leads(self.version, stored).contains(&gateway)
    }

    /// Where the first leg may go.
    fn affinity(&self, wrong: &mut Vec<String>) {
        let made = self.made();
        let first = made.first().map(|leg| (leg.gateway.as_str(), leg.why));
        let own = self.own(&self.before);
        if let Some(intent) = own.iter().find(|intent| is_fixed(self.world, intent)) {
            let expected = self
                .members
                .contains(&intent.gateway.as_str())
                .then_some((intent.gateway.as_str(), LegWhy::Reference));
            if first != expected {
                wrong.push(format!(
                    "{intent} is {} at {}, and {first:?} came first",
                    intent.state, intent.gateway
                ));
            }
            return;
        }
        let others = self.others();
        if let Some(taker) = others.iter().find(|intent| intent.takes_order()) {
            let at = taker.gateway.as_str();
            let is_member = self.members.contains(&at);
            let right = match first {
                Some((gateway, why)) if self.leads_to(at) => (gateway, why) == (at, LegWhy::Order),
                // Where it was only asked about, it may be free by now.
                Some(_) => is_member && self.after.iter().any(|now| now.key == taker.key && !now.takes_order()),
                None => !self.leads_to(at),
            };
            if !right {
                wrong.push(format!("{taker} takes the order at {at}, and {first:?} came first"));
            }
            return;
        }
        let near = others
            .last()
            .filter(|last| last.state == State::Declined && !goes_on(self.world, last));
        let passed = |gateway: &str| {
            self.legs()
                .iter()
                .any(|leg| leg.gateway == gateway && leg.outcome == LegOutcome::Passed)
        };
        if let Some(near) = near
            && let Some((gateway, _)) = first
            && self.leads_to(&near.gateway)
            && !passed(&near.gateway)
            && own
                .iter()
                .all(|intent| intent.gateway != near.gateway || intent.state == State::Failed)
            && gateway != near.gateway
        {
            wrong.push(format!(
                "{near} was declined at {} for good, and {gateway} came first",
                near.gateway
            ));
        }
    }

    /// Only what did nothing goes on.
    fn course(&self, wrong: &mut Vec<String>) {
        let made = self.made();
        for leg in made.iter().take(made.len().saturating_sub(1)) {
            if !matches!(
                leg.outcome,
                LegOutcome::NotDone | LegOutcome::Declined | LegOutcome::Rejected
            ) {
                wrong.push(format!("went on after {leg}"));
            }
        }
        let gateways: BTreeSet<_> = made.iter().map(|leg| &leg.gateway).collect();
        if gateways.len() < made.len() {
            wrong.push("went to one gateway twice".to_owned());
        }
    }

    /// What the answer says is what is on record.
    fn agreement(&self, wrong: &mut Vec<String>) {
        let unrecorded = match self.result {
            Ok(answer) => answer.unrecorded,
            Err(error) => error.is_unrecorded(),
        };
        let own = self.own(&self.after);
        let made = self.made();
        for intent in &own {
            if !self.legs().iter().any(|leg| leg.gateway == intent.gateway) {
                wrong.push(format!("{intent} at {} is not among the legs", intent.gateway));
            }
        }
        for leg in self
            .legs()
            .iter()
            .filter(|leg| !matches!(leg.outcome, LegOutcome::Passed | LegOutcome::Unsuited))
        {
            let known = own.iter().any(|intent| intent.gateway == leg.gateway);
            if !known && leg.outcome != LegOutcome::NotDone {
                wrong.push(format!("{leg} is not on record"));
            }
        }
        if unrecorded {
            return;
        }
        if let Some(last) = made.last()
            && let Some(intent) = own.iter().find(|intent| intent.gateway == last.gateway)
        {
            let fits = match last.outcome {
                LegOutcome::Approved | LegOutcome::Review => intent.state == State::Done,
                LegOutcome::ActionRequired | LegOutcome::Pending => intent.is_unsettled(),
                LegOutcome::Declined => matches!(intent.state, State::Declined | State::Undone),
                LegOutcome::NotDone | LegOutcome::Rejected => intent.state == State::Failed,
                _ => intent.is_unsettled(),
            };
            if !fits {
                wrong.push(format!("{last}, and {intent} is {}", intent.state));
            }
        }
        let did_nothing = matches!(self.result, Err(error) if error.fate() != Fate::Unknown);
        if did_nothing && let Some(taker) = own.iter().find(|intent| intent.takes_order()) {
            wrong.push(format!(
                "said that nothing was done, and {taker} is {} at {}",
                taker.state, taker.gateway
            ));
        }
        let refused = matches!(self.result, Ok(answer) if matches!(answer.outcome, Outcome::Declined(_)));
        if refused && own.iter().any(|intent| intent.takes_order()) {
            wrong.push("said that it was declined, and something stands".to_owned());
        }
    }

    /// Equal orders and equal rules draw equally: whoever goes first of those that the weights are for.
    fn weights(&self, wrong: &mut Vec<String>) {
        let left_out = |leg: &&Leg| matches!(leg.outcome, LegOutcome::Passed | LegOutcome::Unsuited);
        let declined = |intent: &&Intent| intent.state == State::Declined;
        let sorted = self.others().iter().any(declined) || self.own(&self.before).iter().any(declined);
        if sorted || !World::weighs(self.version) || self.legs().iter().any(|leg| left_out(&leg)) {
            return;
        }
        let by_rule = |leg: &&Leg| leg.rule.is_some() && matches!(leg.why, LegWhy::Next | LegWhy::Weight);
        let Some(first) = self.made().first().copied().filter(by_rule) else {
            return;
        };
        if first.gateway == "q" {
            return;
        }
        let key = self.order().unwrap_or(self.reference()).to_owned();
        let mut drawn = self.world.drawn.lock().unwrap();
        let known = drawn
            .entry((self.version, key))
            .or_insert_with(|| first.gateway.clone());
        if *known != first.gateway {
            wrong.push(format!("drew {} and {known} for one order", first.gateway));
        }
    }

    /// It goes where the payment is, or nowhere.
    fn follow_up(&self, wrong: &mut Vec<String>) {
        let payment = self.operation.payment().unwrap();
        let is_member = self.members.contains(&payment.gateway());
        let right = match self.made().as_slice() {
            [leg] => is_member && leg.gateway == payment.gateway() && leg.why == LegWhy::Payment,
            [] => !is_member && matches!(self.result, Err(error) if error.fate() == Fate::NotDone),
            _ => false,
        };
        if !right {
            wrong.push(format!("a {} of {payment} went elsewhere", self.operation.kind()));
        }
    }
}
