//! What this process works on: one worker for an intent, whom others join.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use paymux::{Answer, Error};
use tokio::sync::watch;

use crate::intent::{Intent, IntentKey};
use crate::step::Hold;

/// What a flight comes to.
pub(crate) type Landed = Result<Answer, Error>;

/// The intents that this process works on.
#[derive(Default)]
pub(crate) struct Flights {
    list: Mutex<HashMap<IntentKey, Flight>>,
}

struct Flight {
    landed: watch::Receiver<Option<Landed>>,
    /// What is asked for; `None` where it is only asked about.
    what: Option<Box<Intent>>,
    /// Under what it sends, and until when.
    hold: Option<(Hold, Timestamp)>,
}

/// What somebody who comes to an intent finds.
pub(crate) enum Entrance {
    /// Something else is under way under its name.
    Differs(Box<Intent>),
    /// Somebody works on it.
    Follow(watch::Receiver<Option<Landed>>),
    /// Nobody does: it is the caller's.
    Lead(Landing),
}

/// The work on an intent. Its end, also by being dropped, lets others in.
pub(crate) struct Landing {
    flights: Arc<Flights>,
    key: IntentKey,
    sender: watch::Sender<Option<Landed>>,
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<IntentKey, Flight>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes to an intent, to do `what`, or to ask about it.
    pub(crate) fn enter(self: &Arc<Self>, key: &IntentKey, what: Option<&Intent>) -> Entrance {
        let mut list = self.lock();
        if let Some(flight) = list.get(key) {
            return match (&flight.what, what) {
                (Some(known), Some(what)) if !known.is_same(what) => Entrance::Differs(known.clone()),
                _ => Entrance::Follow(flight.landed.clone()),
            };
        }
        let (sender, landed) = watch::channel(None);
        let flight = Flight {
            landed,
            what: what.cloned().map(Box::new),
            hold: None,
        };
        list.insert(key.clone(), flight);
        Entrance::Lead(Landing {
            flights: Arc::clone(self),
            key: key.clone(),
            sender,
        })
    }

    /// Under what an intent sends in this process, and until when.
    pub(crate) fn hold(&self, key: &IntentKey) -> Option<(Hold, Timestamp)> {
        self.lock().get(key)?.hold.clone()
    }
}

impl Landing {
    /// From now on it sends under this, until then.
    pub(crate) fn sends(&self, hold: Hold, until: Timestamp) {
        self.set(Some((hold, until)));
    }

    /// It sends no more.
    pub(crate) fn stops(&self) {
        self.set(None);
    }

    fn set(&self, hold: Option<(Hold, Timestamp)>) {
        if let Some(flight) = self.flights.lock().get_mut(&self.key) {
            flight.hold = hold;
        }
    }

    /// It came to this, for all who follow.
    pub(crate) fn land(self, landed: &Landed) {
        let sender = self.sender.clone();
        // Whoever comes from now on finds the record.
        drop(self);
        sender.send_replace(Some(landed.clone()));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
    }
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in flight", self.lock().len())
    }
}
