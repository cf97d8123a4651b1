//! A journal in memory, which ends with its process: for tests, and to see how it works.

use std::collections::BTreeMap;
use std::fmt;
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
        let about = |key: &PaymentKey| {
            let filter = Filter::about(key.clone());
            let fits = self.intents.values().filter(|intent| filter.fits(intent));
            fits.cloned().collect()
        };
        let taken = |order: &String| {
            let mut takers = self.intents.values().filter(|intent| intent.takes_order());
            takers.find(|intent| intent.order.as_ref() == Some(order)).cloned()
        };
        let parked = self.parked.iter().filter(|parked| parked.fits(scope));
        Page {
            intent: scope.intent.as_ref().and_then(|key| self.intents.get(key).cloned()),
            taker: scope.order.as_ref().and_then(taken),
            known: scope.payment.as_ref().and_then(|key| self.payments.get(key).cloned()),
            siblings: scope.payment.as_ref().map(about).unwrap_or_default(),
            parked: parked.cloned().collect(),
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
            Write::Intent(intent) => {
                self.intents.insert(intent.key.clone(), *intent);
            }
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
        let fits = tables.intents.values().filter(|intent| filter.fits(intent));
        let mut fits: Vec<_> = fits.cloned().collect();
        if filter.due.is_some() {
            fits.sort_by_key(Intent::due);
        } else if !filter.walk {
            fits.sort_by_key(|intent| intent.begun);
        }
        fits.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
        Ok(fits)
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        Ok(self.tables().payments.get(key).cloned())
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let tables = self.tables();
        let above = tables.changes.iter().filter(|change| change.seq > since);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(above.take(limit).cloned().collect())
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
