//! Operations under way, so that a second call with the same reference joins the first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paymux_core::{Account as Merchant, Answer, Error, ErrorKind, Money, Operation, OperationKind, Reference};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::tally::Tally;
use super::{EngineWire, Gateway};

/// The operations under way on some gateways: by merchant account and reference, not by gateway, so that they outlive a reload.
#[derive(Default)]
pub(crate) struct Flights {
    list: Mutex<List>,
}

type List = HashMap<Arc<Key>, Flight>;

/// What makes two operations the same.
#[derive(PartialEq, Eq)]
struct Key {
    provider: &'static str,
    merchant: Merchant,
    kind: OperationKind,
    /// The id of the payment that it is about.
    parent: String,
    /// The caller's.
    reference: Reference,
}

/// Hardly any two have the same reference and payment, so the rest need not be hashed.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parent.hash(state);
        self.reference.hash(state);
    }
}

struct Flight {
    /// Those who wait for its end.
    followers: Vec<oneshot::Sender<Result<Answer, Error>>>,
    tally: Arc<Tally>,
    amount: Option<Money>,
    /// Until when it may still send something.
    deadline: Instant,
}

/// Takes a flight off the list, also when its leader's future is dropped.
struct Landing<'a> {
    flights: &'a Flights,
    key: Arc<Key>,
    /// It is off the list: what stands there under its key now is another's.
    is_over: bool,
}

/// What a follower knows of the flight that it joined.
struct Joined {
    landed: oneshot::Receiver<Result<Answer, Error>>,
    tally: Arc<Tally>,
    amount: Option<Money>,
    deadline: Instant,
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Joins the flight under this key, or begins one.
    fn join(&self, key: &Arc<Key>, begin: impl FnOnce() -> Flight) -> Option<Joined> {
        match self.lock().entry(Arc::clone(key)) {
            Entry::Occupied(mut found) => {
                let flight = found.get_mut();
                let (sender, landed) = oneshot::channel();
                flight.followers.push(sender);
                Some(Joined {
                    landed,
                    tally: Arc::clone(&flight.tally),
                    amount: flight.amount,
                    deadline: flight.deadline,
                })
            }
            Entry::Vacant(place) => {
                place.insert(begin());
                None
            }
        }
    }
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in flight", self.count())
    }
}

impl Landing<'_> {
    /// Takes the flight off the list, and tells those who joined it what it came to.
    fn land(mut self, result: &Result<Answer, Error>) {
        let flight = self.flights.lock().remove(&self.key);
        self.is_over = true;
        for follower in flight.into_iter().flat_map(|flight| flight.followers) {
            // Who has stopped waiting need not be told.
            let _ = follower.send(result.clone());
        }
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            // Those who joined it are told after the list is let go.
            let _ended = self.flights.lock().remove(&self.key);
        }
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
            other => other.reference().cloned(),
        };
        let Some(reference) = reference else {
            return match operation {
                // In a box, so that the future of an ordinary operation has no room for it.
                Operation::Resolve(unresolved) => Box::pin(self.ask(unresolved, operation, dropped, &wire, span)).await,
                _ => self.run(operation, dropped, &wire, span).await,
            };
        };
        let parent = operation.payment().map_or("", |payment| payment.id()).to_owned();
        let capabilities = self.shared.adapter.capabilities();
        let key = Arc::new(Key {
            provider: capabilities.provider,
            merchant: capabilities.account.clone(),
            kind,
            parent,
            reference,
        });
        let flights = &self.shared.flights;
        let begin = || Flight {
            followers: Vec::new(),
            tally: Arc::clone(&wire.tally),
            amount: operation.amount(),
            deadline: wire.deadline,
        };
        if let Some(flight) = flights.join(&key, begin) {
            return Box::pin(self.follow(operation, flight)).await;
        }
        let landing = Landing {
            flights,
            key,
            is_over: false,
        };
        let result = self.run(operation, dropped, &wire, span).await;
        landing.land(&result);
        result
    }

    async fn follow(&self, operation: &Operation, flight: Joined) -> Result<Answer, Error> {
        if flight.amount != operation.amount() {
            return Err(Error::invalid(
                "reference",
                "is in use by a call in flight with another amount; nothing was sent for this one",
            ));
        }
        let deadline = Instant::now() + self.shared.timeout;
        let (message, left) = match timeout_at(deadline, flight.landed).await {
            Ok(Ok(result)) => return result,
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
        let mut tally = flight.tally.lock().clone();
        // Another gateway's limit of time may be longer than ours: what has not been sent by now may be until then.
        if tally.last_sent.is_some() || !left.is_zero() {
            let now = self.shared.clock.now();
            tally.first_sent.get_or_insert(now);
            tally.last_sent = Some(now.checked_add(left).unwrap_or(now));
        }
        let error = Error::new(ErrorKind::Network, message).with_fate(tally.unseen());
        Err(self.unresolved(operation, &tally, error))
    }
}
