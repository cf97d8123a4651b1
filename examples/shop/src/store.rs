//! Where orders are kept: in memory, and what was ordered and begun on the disk as well. How it came out is in the journal, so that nothing is lost with the
//! process. A database takes the place of the map and the file, with [`Orders::update`] as its transaction.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use paymux::Payment;
use tokio::sync::broadcast;

use crate::facts::{Fact, Facts};
use crate::order::Order;

/// How many changes a page may lag behind before it is told to look at everything.
const LAG: usize = 64;

/// All orders.
#[derive(Debug)]
pub(crate) struct Orders {
    orders: Mutex<BTreeMap<String, Order>>,
    facts: Facts,
    changes: broadcast::Sender<String>,
}

impl Orders {
    /// These orders, and those to come.
    pub(crate) fn new(orders: BTreeMap<String, Order>, facts: Facts) -> Self {
        Self {
            orders: Mutex::new(orders),
            facts,
            changes: broadcast::Sender::new(LAG),
        }
    }

    /// Keeps a new order.
    ///
    /// # Errors
    /// It could not be written down.
    pub(crate) async fn add(&self, order: Order) -> Result<(), String> {
        self.keep(&Fact::order(&order)).await?;
        let id = order.id.clone();
        self.lock().insert(id.clone(), order);
        self.announce(id);
        Ok(())
    }

    /// Writes down what is begun, before anything is sent for it.
    ///
    /// # Errors
    /// It could not be written down.
    pub(crate) async fn keep(&self, fact: &Fact) -> Result<(), String> {
        self.facts.keep(fact).await
    }

    /// An order as it is now.
    pub(crate) fn get(&self, id: &str) -> Option<Order> {
        self.lock().get(id).cloned()
    }

    /// Every order, newest first.
    pub(crate) fn all(&self) -> Vec<Order> {
        let mut all: Vec<_> = self.lock().values().cloned().collect();
        all.sort_by_key(|order| std::cmp::Reverse(order.made));
        all
    }

    /// Changes an order, one change at a time: what the closure reads still holds when it writes. It is kept when this returns.
    pub(crate) fn update<T>(&self, id: &str, change: impl FnOnce(&mut Order) -> T) -> Option<T> {
        let done = self.lock().get_mut(id).map(change);
        self.announce(id.to_owned());
        done
    }

    /// The order and attempt of a reference.
    pub(crate) fn by_reference(&self, reference: &str) -> Option<Order> {
        self.lock()
            .values()
            .find(|order| order.attempt(reference).is_some())
            .cloned()
    }

    /// The order that a payment may be about, and the reference of the attempt.
    pub(crate) fn by_payment(&self, payment: &Payment) -> Option<(String, String)> {
        let orders = self.lock();
        let mut found = orders
            .values()
            .filter_map(|order| Some((order.id.clone(), order.owner(payment)?.reference.to_string())));
        found.next()
    }

    /// The ids of orders as they change.
    pub(crate) fn changes(&self) -> broadcast::Receiver<String> {
        self.changes.subscribe()
    }

    /// Says that something changed that pages show: an order, or with an empty id something else.
    pub(crate) fn announce(&self, id: String) {
        // Nobody may be looking.
        let _ = self.changes.send(id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
