//! One token per credential set, however many callers wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use paymux_core::{Error, ErrorKind, Fate, RawReply, Token};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Shared;

/// The cache of one gateway's token.
#[derive(Debug, Default)]
pub(crate) struct TokenCache {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    flight: Option<Flight>,
    failure: Option<(Instant, Error)>,
    generation: u64,
}

type Landed = Option<Result<Held, Error>>;

#[derive(Debug)]
struct Flight {
    landed: watch::Receiver<Landed>,
    /// When it must have ended. A runtime that nobody drives any more can hold a flight for ever; it is passed over then.
    until: Instant,
}

/// A token and which one it is, so that a 401 invalidates only the one that got it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) token: Token,
    pub(crate) generation: u64,
    obtained: Timestamp,
    refused: bool,
}

/// How long a failure holds every caller back, where the provider does not say; also how long a token counts that had expired at birth.
const HOLD_BACK: Duration = Duration::from_secs(1);
/// The longest that a provider can hold every caller back.
const MOST_HOLD_BACK: Duration = Duration::from_secs(3600);

impl TokenCache {
    /// A token that is good now: the one held, or the one that a flight brings.
    ///
    /// The flight is a task of its own: no caller's end ends it. A refresh token leaves the cache with the flight that uses it.
    pub(crate) async fn get(shared: &Arc<Shared>) -> Result<Held, Error> {
        let (mut landed, flight) = {
            let mut state = shared.tokens.state();
            let (now, instant) = (shared.clock.now(), Instant::now());
            if let Some(held) = state.held.as_ref().filter(|held| held.is_fresh(now)) {
                return Ok(held.clone());
            }
            if let Some((until, error)) = &state.failure
                && instant < *until
            {
                return Err(error.clone().with_retry_after(Some(*until - instant)));
            }
            match state.flight.as_ref().filter(|flight| instant < flight.until) {
                Some(flight) => (flight.landed.clone(), None),
                None => {
                    let (sender, landed) = watch::channel(None);
                    state.flight = Some(Flight {
                        landed: landed.clone(),
                        until: instant + shared.timeout + HOLD_BACK,
                    });
                    let landing = Landing {
                        shared: Arc::clone(shared),
                        sender,
                        done: false,
                    };
                    let previous = state.held.take().map(|held| held.token);
                    (landed, Some(landing.fly(previous)))
                }
            }
        };
        // Not under the lock: a runtime that shuts down drops the flight at once, and landing takes the lock.
        if let Some(flight) = flight {
            tokio::spawn(flight);
        }
        let result = landed.wait_for(Option::is_some).await;
        result
            .ok()
            .and_then(|result| result.clone())
            .unwrap_or_else(|| Err(ended_early()))
    }

    /// Forgets the token of this generation; a newer one stays. Its refresh token is kept, to get the next one with.
    pub(crate) fn invalidate(&self, generation: u64) {
        let mut state = self.state();
        if let Some(held) = state.held.as_mut().filter(|held| held.generation == generation) {
            held.refused = true;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Good for another tenth of its life, at most a minute.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let Some(expires) = self.token.expires.filter(|_| !self.refused) else {
            return !self.refused;
        };
        let life = Duration::try_from(expires.duration_since(self.obtained)).unwrap_or(Duration::ZERO);
        if life.is_zero() {
            // Clocks differ, or the provider's does not tell: a login for every call would help nobody.
            return now.duration_since(self.obtained).unsigned_abs() < HOLD_BACK;
        }
        let margin = life.checked_div(10).unwrap_or(life).min(Duration::from_secs(60));
        expires.checked_sub(margin).is_ok_and(|until| now < until)
    }
}

/// Ends a flight, also when the request for a token panics or its runtime is shut down.
struct Landing {
    shared: Arc<Shared>,
    sender: watch::Sender<Landed>,
    done: bool,
}

impl Landing {
    async fn fly(mut self, previous: Option<Token>) {
        let result = match self.shared.adapter.tokens() {
            Some(tokens) => {
                let wire = super::EngineWire::for_token(&self.shared);
                tokens.obtain(previous.as_ref(), &wire).await
            }
            None => Err(Error::new(
                ErrorKind::Configuration,
                "this provider has no access tokens",
            )),
        };
        self.land(result);
    }

    fn land(&mut self, result: Result<Token, Error>) {
        self.done = true;
        let shared = &self.shared;
        let mut state = shared.tokens.state();
        let own = self.sender.subscribe();
        let is_current = state
            .flight
            .as_ref()
            .is_some_and(|flight| flight.landed.same_channel(&own));
        if is_current {
            state.flight = None;
        }
        let landed = match result {
            Ok(token) => {
                state.generation = state.generation.saturating_add(1);
                let held = Held {
                    token,
                    generation: state.generation,
                    obtained: shared.clock.now(),
                    refused: false,
                };
                // A flight that was passed over brings nothing that is newer than what came after it.
                if is_current || state.held.is_none() {
                    state.held = Some(held.clone());
                    state.failure = None;
                }
                Ok(held)
            }
            Err(error) => {
                // Getting a token moves no money, whatever the adapter makes of its failure; and its reply may hold one under any name.
                let error = error.with_fate(Fate::NotDone).with_raw(RawReply::new(Bytes::new()));
                if is_current {
                    let wait = error.retry_after().unwrap_or(HOLD_BACK);
                    let until = Instant::now() + wait.clamp(HOLD_BACK, MOST_HOLD_BACK);
                    state.failure = Some((until, error.clone()));
                }
                Err(error)
            }
        };
        drop(state);
        self.sender.send_replace(Some(landed));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.done {
            self.land(Err(ended_early()));
        }
    }
}

fn ended_early() -> Error {
    Error::new(ErrorKind::Network, "the request for an access token ended early")
}
