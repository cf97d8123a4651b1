//! A journal in memory, which ends with its process: for tests, and to see how it works.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Filter, Store, StoreError};
use crate::change::Change;
use crate::event::Parked;
use crate::intent::{Intent, IntentKey, Known, PaymentKey};
use crate::step::{Old, Page, Ruling, Scope, Step, Write};

/// A journal in memory. It outlives a [`Journal`](crate::Journal) that is made on it, not its process.
#[derive(Default)]
pub struct Memory {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    intents: BTreeMap<IntentKey, Intent>,
    /// The intents of an order.
    ordered: BTreeMap<String, BTreeSet<IntentKey>>,
    /// The intents that are about a payment or made it.
    paid: BTreeMap<PaymentKey, BTreeSet<IntentKey>>,
    payments: BTreeMap<PaymentKey, Known>,
    changes: Vec<Change>,
    parked: Vec<Parked>,
    seen: BTreeMap<(String, String), Timestamp>,
}

impl Memory {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn page(&self, scope: &Scope) -> Page {
        let about = |key| self.of(self.paid.get(key)).cloned().collect();
        let taken = |order| self.of(self.ordered.get(order)).find(|intent| intent.takes_order());
        let parked = self.parked.iter().filter(|parked| parked.fits(scope));
        Page {
            intent: scope.intent.as_ref().and_then(|key| self.intents.get(key).cloned()),
            taker: scope.order.as_ref().and_then(taken).cloned(),
            known: scope.payment.as_ref().and_then(|key| self.payments.get(key).cloned()),
            siblings: scope.payment.as_ref().map(about).unwrap_or_default(),
            parked: parked.cloned().collect(),
        }
    }

    /// The intents of these keys.
    fn of<'a>(&'a self, keys: Option<&'a BTreeSet<IntentKey>>) -> impl Iterator<Item = &'a Intent> {
        keys.into_iter().flatten().filter_map(|key| self.intents.get(key))
    }

    /// The intents among which those are that fit, in order of keys.
    fn among<'a>(&'a self, filter: &Filter) -> Box<dyn Iterator<Item = &'a Intent> + 'a> {
        let after = filter.after.clone().map_or(Bound::Unbounded, Bound::Excluded);
        match (&filter.payment, &filter.order) {
            (Some(key), _) => Box::new(self.of(self.paid.get(key))),
            (_, Some(order)) => Box::new(self.of(self.ordered.get(order))),
            _ => Box::new(self.intents.range((after, Bound::Unbounded)).map(|(_, intent)| intent)),
        }
    }

    fn put(&mut self, intent: Intent) {
        let key = intent.key.clone();
        let names = |intent: &Intent| (intent.order.clone(), intent.about().map(PaymentKey::of));
        let (order, payment) = names(&intent);
        if let Some(old) = self.intents.insert(key.clone(), intent) {
            let (order, payment) = names(&old);
            if let Some(keys) = order.and_then(|order| self.ordered.get_mut(&order)) {
                keys.remove(&key);
            }
            if let Some(keys) = payment.and_then(|payment| self.paid.get_mut(&payment)) {
                keys.remove(&key);
            }
        }
        if let Some(order) = order {
            self.ordered.entry(order).or_default().insert(key.clone());
        }
        if let Some(payment) = payment {
            self.paid.entry(payment).or_default().insert(key);
        }
    }

    /// The number of the newest change.
    fn last(&self) -> u64 {
        self.changes.last().map_or(0, |change| change.seq)
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::Change(change) => {
                let seq = self.last().saturating_add(1);
                self.changes.push(Change { seq, ..*change });
            }
            Write::Forget(Old::Changes(through)) => {
                let last = self.last();
                self.changes.retain(|change| change.seq > through || change.seq == last);
            }
            Write::Forget(Old::Parked(before)) => self.parked.retain(|parked| parked.at >= before),
            Write::Forget(Old::Seen(before)) => self.seen.retain(|_, at| *at >= before),
            Write::Intent(intent) => self.put(*intent),
            Write::Known(known) => {
                self.payments.insert(PaymentKey::of(&known.payment.reference), *known);
            }
            Write::Park(parked) => {
                self.parked.retain(|known| !known.is_same(&parked));
                self.parked.push(parked);
            }
            Write::Seen { gateway, key, at } => {
                self.seen.entry((gateway, key)).or_insert(at);
            }
            Write::Unpark(parked) => self.parked.retain(|known| !known.is_same(&parked)),
        }
    }
}

#[async_trait]
impl Store for Memory {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        // What is durable takes its time; others get their turn, and a caller may be dropped here.
        tokio::task::yield_now().await;
        let mut tables = self.tables();
        let page = tables.page(&step.scope());
        let (ruling, writes) = step.decide(&page);
        for write in writes {
            tables.write(write);
        }
        Ok(ruling)
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        Ok(self.tables().intents.get(key).cloned())
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        let tables = self.tables();
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let fits = tables.among(filter).filter(|intent| filter.fits(intent));
        if filter.walk {
            return Ok(fits.take(limit).cloned().collect());
        }
        let mut fits: Vec<_> = fits.collect();
        if filter.due.is_some() {
            fits.sort_by_key(|intent| intent.due());
        } else {
            fits.sort_by_key(|intent| intent.begun);
        }
        Ok(fits.into_iter().take(limit).cloned().collect())
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        Ok(self.tables().payments.get(key).cloned())
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let tables = self.tables();
        let first = tables.changes.partition_point(|change| change.seq <= since);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(tables.changes.iter().skip(first).take(limit).cloned().collect())
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.tables().parked.iter().take(limit).cloned().collect())
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        Ok(self.tables().seen.contains_key(&(gateway.to_owned(), key.to_owned())))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} intents)", self.tables().intents.len())
    }
}

#[cfg(test)]
mod tests {
    use paymux::{Charge, Operation, PaymentGateway as _, PaymentRef, Source};

    use super::*;

    /// Each step looks only at the intents of its own order and payment, which are those that a look through all would find, whatever an intent gains or loses.
    #[test]
    fn the_intents_of_an_order_and_a_payment_are_found_without_the_others() {
        let capabilities = paymux_chaos::stands::named("coolpay").gateway().capabilities().clone();
        let payment = |id: &str| PaymentRef::new(capabilities.provider, capabilities.account.clone(), [id]);
        let begun = |number: u32| {
            let reference = format!("a{number:04}").parse().unwrap();
            let mut charge = Charge::new(reference, "100.00 DKK".parse().unwrap(), Source::Hosted);
            charge.order = Some(format!("o{}", number / 2));
            let operation = Operation::Sale(Box::new(charge));
            Intent::new("cards", &capabilities, &operation, Timestamp::UNIX_EPOCH).unwrap()
        };
        let mut tables = Tables::default();
        for pass in 0..3_u32 {
            for number in 0..60 {
                let mut intent = begun(number);
                // First none, then one for three, then another for two.
                intent.made = (pass > 0).then(|| payment(&format!("{}", number / (4 - pass))));
                tables.write(Write::Intent(Box::new(intent)));
            }
            for number in 0..30 {
                let key = PaymentKey::of(&payment(&number.to_string()));
                let order = format!("o{number}");
                for filter in [
                    Filter::about(key.clone()),
                    Filter {
                        order: Some(order),
                        ..Filter::default()
                    },
                ] {
                    let all: Vec<_> = tables
                        .intents
                        .values()
                        .filter(|intent| filter.fits(intent))
                        .map(|intent| &intent.key)
                        .collect();
                    let among: Vec<_> = tables.among(&filter).map(|intent| &intent.key).collect();
                    assert_eq!(among, all, "{pass}: {filter:?}");
                    assert!(all.len() <= 3);
                }
            }
        }
        let walked = tables.among(&Filter::walk(Some(begun(49).key), 5)).count();
        assert_eq!(walked, 10, "those before are passed over");
    }
}
