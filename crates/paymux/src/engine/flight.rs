//! Operations under way, so that a second call with the same reference joins the first.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paymux_core::{Account as Merchant, Answer, Error, ErrorKind, Money, Operation, OperationKind};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::account::Account;
use super::{EngineWire, Gateway};

/// The operations under way on some gateways: by merchant account and reference, not by gateway, so that they outlive a reload.
#[derive(Default)]
pub(crate) struct Flights {
    list: Mutex<HashMap<Key, Flight>>,
}

/// Provider, account, kind, the payment that it is about, and the caller's reference.
type Key = (&'static str, Merchant, OperationKind, String, String);

#[derive(Clone)]
struct Flight {
    landed: watch::Receiver<Option<Result<Answer, Error>>>,
    account: Arc<Account>,
    amount: Option<Money>,
    /// Until when it may still send something.
    deadline: Instant,
}

/// Takes a flight off the list, also when its leader's future is dropped.
struct Landing<'a> {
    flights: &'a Flights,
    key: Key,
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Flight>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in flight", self.count())
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
    }
}

impl Gateway {
    /// Joins a call in flight with the same reference, or makes it and lets others join.
    pub(super) async fn join(&self, operation: &Operation, span: &Span) -> Result<Answer, Error> {
        let kind = operation.kind();
        let dropped = self.check(operation)?;
        let wire = EngineWire::for_operation(&self.shared, operation);
        let reference = match operation {
            Operation::Inquire(_) | Operation::Resolve(_) => None,
            other => other.reference().map(ToString::to_string),
        };
        let Some(reference) = reference else {
            return match operation {
                Operation::Resolve(unresolved) => self.ask(unresolved, operation, dropped, &wire, span).await,
                _ => self.run(operation, dropped, &wire, span).await,
            };
        };
        let parent = operation.payment().map_or("", |payment| payment.id()).to_owned();
        let capabilities = self.shared.adapter.capabilities();
        let key = (
            capabilities.provider,
            capabilities.account.clone(),
            kind,
            parent,
            reference,
        );
        let flights = &self.shared.flights;
        let (sender, landed) = watch::channel(None);
        let found = {
            let mut list = flights.lock();
            let found = list.get(&key).cloned();
            if found.is_none() {
                let flight = Flight {
                    landed,
                    account: Arc::clone(&wire.account),
                    amount: operation.amount(),
                    deadline: wire.deadline,
                };
                list.insert(key.clone(), flight);
            }
            found
        };
        if let Some(flight) = found {
            return self.follow(operation, flight).await;
        }
        let landing = Landing { flights, key };
        let result = self.run(operation, dropped, &wire, span).await;
        drop(landing);
        sender.send_replace(Some(result.clone()));
        result
    }

    async fn follow(&self, operation: &Operation, mut flight: Flight) -> Result<Answer, Error> {
        if flight.amount != operation.amount() {
            return Err(Error::invalid(
                "reference",
                "is in use by a call in flight with another amount; nothing was sent for this one",
            ));
        }
        let deadline = Instant::now() + self.shared.timeout;
        let (message, left) = match timeout_at(deadline, flight.landed.wait_for(Option::is_some)).await {
            Ok(Ok(landed)) => match landed.clone() {
                Some(result) => return result,
                None => (String::new(), Duration::ZERO),
            },
            Ok(Err(_)) => (
                "the call in flight with the same reference was dropped before its end".to_owned(),
                Duration::ZERO,
            ),
            Err(_) => {
                let seconds = self.shared.timeout.as_secs();
                let message = format!("the call in flight with the same reference did not end within {seconds} s");
                (message, flight.deadline.saturating_duration_since(Instant::now()))
            }
        };
        let mut account = flight.account.lock().clone();
        // Another gateway's limit of time may be longer than ours: what has not been sent by now may be until then.
        if account.last_sent.is_some() || !left.is_zero() {
            let now = self.shared.clock.now();
            account.first_sent.get_or_insert(now);
            account.last_sent = Some(now.checked_add(left).unwrap_or(now));
        }
        let error = Error::new(ErrorKind::Network, message).with_fate(account.unseen());
        Err(self.unresolved(operation, &account, error))
    }
}
