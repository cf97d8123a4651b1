//! What is done with one order: told by its number alone, to every process alike.

use paymux::{Capture, Charge, Checkout, Money, Operation, PaymentRef, Payout, Reference, Refund, Transfer, Void};

use crate::script::{Deed, Script, Share, Visit, scripts};
use crate::{Stand, stands};

/// What is done with each order of a run.
#[derive(Debug)]
pub struct Plan {
    run: String,
    seed: u64,
    places: Vec<(Stand, Vec<Script>)>,
}

/// One order.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its number.
    pub number: u64,
    /// The gateway that it is paid on.
    pub gateway: &'static str,
    /// The steps, one after the other.
    pub deeds: Vec<Deed>,
    /// The whole amount.
    pub whole: Money,
}

/// A reference taken apart: the order and the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The order's number.
    pub number: u64,
    /// Which of its steps.
    pub step: usize,
}

impl Plan {
    /// The orders of a run, told from others by its name, on these gateways.
    #[must_use]
    pub fn new(run: &str, seed: u64, gateways: &[String]) -> Self {
        let named = stands::NAMES
            .iter()
            .filter(|name| gateways.iter().any(|one| one == *name));
        let places = named.map(|name| {
            let stand = stands::named(name);
            let mut scripts = scripts(&stand);
            scripts.retain(|script| script.deeds.iter().all(|deed| is_for_processes(*deed, &stand)) && ends(script));
            (stand, scripts)
        });
        Self {
            run: run.to_owned(),
            seed,
            places: places.collect(),
        }
    }

    /// The order of this number; `None` where no gateway can take it.
    #[must_use]
    pub fn order(&self, number: u64) -> Option<Order> {
        let mut rng = fastrand::Rng::with_seed(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        let (stand, scripts) = rng.choice(&self.places)?;
        Some(Order {
            number,
            gateway: stand.name,
            deeds: rng.choice(scripts)?.deeds.clone(),
            whole: stand.subject.amount,
        })
    }

    /// The gateways' stands.
    pub fn stands(&self) -> impl Iterator<Item = &Stand> {
        self.places.iter().map(|(stand, _)| stand)
    }

    /// The reference of a step, the same in every process; `rival` is that of another attempt beside it.
    #[must_use]
    pub fn reference(&self, name: Name, rival: bool) -> Reference {
        let letter = if rival { 'b' } else { 'a' };
        let text = format!("k{}n{}{letter}{}", self.run, name.number, name.step);
        Reference::new(text).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// What a reference of this run is about, also one that somebody made of such a one by adding to it.
    #[must_use]
    pub fn read(&self, reference: &str) -> Option<Name> {
        let rest = reference
            .strip_prefix('k')?
            .strip_prefix(self.run.as_str())?
            .strip_prefix('n')?;
        let (number, step) = rest.split_once(['a', 'b'])?;
        let digits = step.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(Name {
            number: number.parse().ok()?,
            step: digits.parse().ok()?,
        })
    }

    /// The operation of a step; `None` where there is no payment to do it on.
    #[must_use]
    pub fn operation(
        &self,
        order: &Order,
        step: usize,
        payment: Option<&PaymentRef>,
        capture: Option<&str>,
    ) -> Option<Operation> {
        let subject = &self
            .places
            .iter()
            .find(|(stand, _)| stand.name == order.gateway)?
            .0
            .subject;
        let name = Name {
            number: order.number,
            step,
        };
        let reference = self.reference(name, false);
        let about = payment.cloned();
        let charge = |reference| {
            let mut charge = Charge::new(reference, order.whole, subject.approved.clone());
            (subject.complete)(&mut charge);
            charge.order = Some(self.label(order.number));
            Box::new(charge)
        };
        Some(match *order.deeds.get(step)? {
            Deed::Authorize => Operation::Authorize(charge(reference)),
            Deed::Capture(share) => Operation::Capture(Capture::new(about?, reference, order.part(share))),
            Deed::Checkout(_) => {
                let mut checkout = Checkout::new(reference, order.whole);
                (subject.complete)(&mut checkout.charge);
                checkout.charge.order = Some(self.label(order.number));
                Operation::Checkout(Box::new(checkout))
            }
            Deed::Payout => Operation::Payout(Box::new(Payout::new(reference, order.whole, subject.payee.clone()?))),
            Deed::Refund(share) => {
                let mut refund = Refund::new(about?, reference, order.part(share));
                refund.capture = capture.map(str::to_owned);
                Operation::Refund(refund)
            }
            Deed::Transfer => {
                let (from, to) = subject.accounts.clone()?;
                Operation::Transfer(Transfer::new(reference, order.whole, from, to))
            }
            Deed::Void => {
                let mut void = Void::new(about?, reference);
                void.amount = Some(order.whole);
                Operation::Void(void)
            }
            Deed::Sale | Deed::SecondTry | Deed::SlowSale => Operation::Sale(charge(reference)),
        })
    }

    /// What an order is called towards gateways.
    fn label(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }
}

impl Order {
    /// So much of the whole.
    #[must_use]
    pub fn part(&self, share: Share) -> Money {
        Money::new(share.of(self.whole.minor()), self.whole.currency())
    }
}

/// Whether workers do it: what ends within a run, on pages only where there is no other way to pay.
fn is_for_processes(deed: Deed, stand: &Stand) -> bool {
    match deed {
        Deed::SecondTry | Deed::SlowSale => false,
        Deed::Checkout(visit) => visit == Visit::Pays && stand.subject.approved.kind() == paymux::SourceKind::Hosted,
        _ => true,
    }
}

/// A sale that is to be stopped again before it is decided is a race that this is not about.
fn ends(script: &Script) -> bool {
    script.deeds.as_slice() != [Deed::Sale, Deed::Void]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_the_same_order_everywhere_and_a_reference_leads_back_to_it() {
        let names = stands::NAMES.map(str::to_owned);
        let (one, other) = (Plan::new("r1", 7, &names), Plan::new("r1", 7, &names));
        for number in 0..200 {
            let order = one.order(number).unwrap();
            assert_eq!(order.deeds, other.order(number).unwrap().deeds);
            for rival in [false, true] {
                let name = Name { number, step: 2 };
                let reference = one.reference(name, rival);
                assert_eq!(one.read(reference.as_str()), Some(name));
                assert_eq!(one.read(&format!("{reference}x17")), Some(name));
                assert_eq!(Plan::new("r2", 7, &[]).read(reference.as_str()), None);
            }
            // CoolPay takes 4 to 20 characters.
            assert!(one.reference(Name { number, step: 2 }, false).as_str().len() <= 20);
        }
        for name in stands::NAMES {
            let orders = (0..200).filter_map(|number| one.order(number));
            assert!(orders.filter(|order| order.gateway == name).count() > 3, "{name}");
        }
    }
}
