//! One token per credential set, however many callers wait.
//!
//! A token is renewed early, by a flight in the background while the old one is served, and never served past its end. Who has none waits for
//! the flight, which is a task of its own: no caller's end ends it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use paymux_core::{Error, ErrorKind, Fate, RawReply, Token};
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::Shared;
use super::fleet::Previous;
use super::store::StoredToken;
use crate::metrics;

/// The cache of one token, shared by all gateways with the same credentials.
#[derive(Debug, Default)]
pub(crate) struct TokenCache {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    /// What gets the next token. The flight that uses it takes it out, so that it is used once.
    refresh: Option<SecretString>,
    flight: Option<Flight>,
    failure: Option<Failure>,
    /// When the last flight for a token that was refused began.
    forced: Option<Timestamp>,
    generation: u64,
}

type Landed = Option<Result<Held, Error>>;

#[derive(Debug)]
struct Flight {
    landed: watch::Receiver<Landed>,
    /// When it must have ended. A runtime that nobody drives any more can hold a flight for ever; it is passed over then.
    until: Instant,
}

/// The last flight failed.
#[derive(Debug)]
struct Failure {
    error: Error,
    /// Until when those who have no token are turned away with it.
    until: Instant,
    /// Until when a token that is still good is not renewed.
    renewal: Instant,
    /// How many there were in a row.
    count: u32,
}

/// A token and which one it is, so that a 401 invalidates only the one that got it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Without its refresh token, which only a flight is given.
    pub(crate) token: Arc<Token>,
    pub(crate) generation: u64,
    /// Which one it is in the store, if it is there.
    in_store: Option<String>,
    obtained: Timestamp,
    /// When it is renewed.
    renewal: Timestamp,
    refused: bool,
}

/// What a flight brings.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) token: Token,
    pub(crate) obtained: Timestamp,
    /// Its generation in the store, if it is there.
    pub(crate) generation: Option<String>,
}

/// How long a failure holds every caller back, where the provider does not say; also how long a token counts that had expired at birth, and the least
/// time from one login to the next.
const HOLD_BACK: Duration = Duration::from_secs(1);
/// The longest that a provider can hold every caller back.
const MOST_HOLD_BACK: Duration = Duration::from_secs(3600);
/// The longest pause between two renewals that fail, where the provider does not say.
const MOST_RENEWAL_PAUSE: Duration = Duration::from_secs(32);

impl TokenCache {
    /// The token held, if it is good and need not be renewed yet.
    pub(crate) fn hit(&self, now: Timestamp) -> Option<Held> {
        let state = self.state();
        let good = state.held.as_ref().filter(|held| held.is_good(now));
        good.filter(|held| now < held.renewal).cloned()
    }

    /// A token that is good now: the one held, or the one that a flight brings.
    pub(crate) async fn get(shared: &Arc<Shared>) -> Result<Held, Error> {
        let (mut landed, held, flight) = {
            let mut state = shared.tokens.state();
            let (now, instant) = (shared.clock.now(), Instant::now());
            let held = state.held.as_ref().filter(|held| held.is_good(now)).cloned();
            if let Some(held) = held.as_ref().filter(|held| now < held.renewal) {
                return Ok(held.clone());
            }
            match (held, &state.failure) {
                (Some(held), Some(failure)) if instant < failure.renewal => return Ok(held),
                (None, Some(failure)) if instant < failure.until => {
                    let wait = failure.until - instant;
                    return Err(failure.error.clone().with_retry_after(Some(wait)));
                }
                (held, _) => match state.flight.as_ref().filter(|flight| instant < flight.until) {
                    Some(flight) => (flight.landed.clone(), held, None),
                    None => {
                        let (landed, flight) = state.depart(shared, held.is_some(), now, instant);
                        (landed, held, Some(flight))
                    }
                },
            }
        };
        // Not under the lock: a runtime that shuts down drops the flight at once, and landing takes the lock.
        if let Some(flight) = flight {
            tokio::spawn(flight);
        }
        if let Some(held) = held {
            return Ok(held);
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

impl State {
    /// Begins a flight. A token that is still good stays, for those who come meanwhile.
    fn depart(
        &mut self,
        shared: &Arc<Shared>,
        is_good: bool,
        now: Timestamp,
        instant: Instant,
    ) -> (watch::Receiver<Landed>, impl Future<Output = ()> + use<>) {
        // What was refused is replaced at once, but not over and over; what ended is a second old at least.
        let refused = self.held.as_ref().is_some_and(|held| held.refused);
        let last = if refused {
            self.forced
        } else {
            self.held.as_ref().map(|held| held.obtained)
        };
        let age = last.and_then(|last| Duration::try_from(now.duration_since(last)).ok());
        let wait = age.map_or(Duration::ZERO, |age| HOLD_BACK.saturating_sub(age));
        if refused {
            self.forced = now.checked_add(wait).ok();
        }
        let refresh = self.refresh.take();
        let previous = self.held.as_ref().map(|held| Previous {
            token: (*held.token).clone().with_refresh(refresh),
            held: held.clone(),
        });
        self.held = self.held.take().filter(|_| is_good);
        let (sender, landed) = watch::channel(None);
        self.flight = Some(Flight {
            landed: landed.clone(),
            until: instant
                + wait
                + shared.timeout
                + HOLD_BACK
                + shared
                    .place
                    .as_ref()
                    .map_or(Duration::ZERO, |place| place.most_wait(shared.timeout)),
        });
        let landing = Landing {
            shared: Arc::clone(shared),
            sender,
            done: false,
        };
        (landed, landing.fly(previous, wait))
    }
}

impl Held {
    /// One that a store has.
    pub(crate) fn of_fleet(stored: &StoredToken) -> Self {
        Self {
            renewal: Self::renewal_of(stored.token.expires, stored.obtained),
            token: Arc::new(stored.token.clone()),
            generation: 0,
            in_store: Some(stored.generation.clone()),
            obtained: stored.obtained,
            refused: stored.refused,
        }
    }

    pub(crate) const fn refused(&self) -> bool {
        self.refused
    }

    pub(crate) const fn obtained(&self) -> Timestamp {
        self.obtained
    }

    pub(crate) const fn renewal(&self) -> Timestamp {
        self.renewal
    }

    pub(crate) fn in_store(&self) -> Option<&str> {
        self.in_store.as_deref()
    }

    /// Neither refused nor past its end.
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        let good = match self.token.expires {
            // Clocks differ, or the provider's does not tell: a login for every call would help nobody.
            Some(expires) if expires <= self.obtained => now.duration_since(self.obtained).unsigned_abs() < HOLD_BACK,
            Some(expires) => now < expires,
            None => true,
        };
        good && !self.refused
    }

    /// When it is renewed: a tenth of its life before its end, at most a minute; earlier by up to half of that, so that those who got theirs
    /// together do not all come back together; and a second old at least.
    fn renewal_of(expires: Option<Timestamp>, obtained: Timestamp) -> Timestamp {
        let Some(expires) = expires else {
            return Timestamp::MAX;
        };
        let life = Duration::try_from(expires.duration_since(obtained)).unwrap_or(Duration::ZERO);
        let margin = (life / 10).min(Duration::from_secs(60));
        // The moment it came is all the randomness that is needed.
        let mut hasher = DefaultHasher::new();
        obtained.as_nanosecond().hash(&mut hasher);
        let part = u32::try_from(hasher.finish() % 1024).unwrap_or(0);
        let early = margin + margin * part / 2048;
        let floor = obtained.checked_add(HOLD_BACK).unwrap_or(Timestamp::MAX);
        expires.checked_sub(early).unwrap_or(floor).max(floor)
    }
}

/// Ends a flight, also when the request for a token panics or its runtime is shut down.
struct Landing {
    shared: Arc<Shared>,
    sender: watch::Sender<Landed>,
    done: bool,
}

impl Landing {
    async fn fly(mut self, previous: Option<Previous>, wait: Duration) {
        tokio::time::sleep(wait).await;
        let result = match &self.shared.place {
            Some(place) => place.obtain(&self.shared, previous).await,
            None => login(&self.shared, previous.map(|previous| previous.token).as_ref()).await,
        };
        self.land(result);
    }

    fn land(&mut self, result: Result<Fetched, Error>) {
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
            Ok(Fetched {
                mut token,
                obtained,
                generation,
            }) => {
                let refresh = token.refresh.take();
                state.generation = state.generation.saturating_add(1);
                let held = Held {
                    renewal: Held::renewal_of(token.expires, obtained),
                    token: Arc::new(token),
                    generation: state.generation,
                    in_store: generation,
                    obtained,
                    refused: false,
                };
                // A flight that was passed over brings nothing that is newer than what came after it.
                if is_current || state.held.is_none() {
                    state.held = Some(held.clone());
                    state.refresh = refresh;
                    state.failure = None;
                }
                Ok(held)
            }
            Err(error) => {
                // Getting a token moves no money, whatever the adapter makes of its failure; and its reply may hold one under any name.
                let error = error.with_fate(Fate::NotDone).with_raw(RawReply::new(Bytes::new()));
                if is_current {
                    let wait = error.retry_after().unwrap_or(HOLD_BACK);
                    let wait = wait.clamp(HOLD_BACK, MOST_HOLD_BACK);
                    let count = state.failure.as_ref().map_or(0, |failure| failure.count);
                    let pause = HOLD_BACK.saturating_mul(2_u32.saturating_pow(count));
                    let now = Instant::now();
                    state.failure = Some(Failure {
                        error: error.clone(),
                        until: now + wait,
                        renewal: now + pause.min(MOST_RENEWAL_PAUSE).max(wait),
                        count: count.saturating_add(1),
                    });
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

/// Gets a token of the provider.
pub(crate) async fn login(shared: &Arc<Shared>, previous: Option<&Token>) -> Result<Fetched, Error> {
    let Some(tokens) = shared.adapter.tokens() else {
        return Err(Error::new(
            ErrorKind::Configuration,
            "this provider has no access tokens",
        ));
    };
    let began = Instant::now();
    let span = tracing::debug_span!(
        parent: None,
        "paymux.token",
        gateway = %shared.name,
        provider = shared.adapter.capabilities().provider,
        outcome = tracing::field::Empty,
    );
    let wire = super::EngineWire::for_token(shared);
    let result = tokens.obtain(previous, &wire).instrument(span.clone()).await;
    span.record("outcome", if result.is_ok() { "token" } else { "error" });
    metrics::token_flight(shared, &result, began);
    Ok(Fetched {
        token: result?,
        obtained: shared.clock.now(),
        generation: None,
    })
}

fn ended_early() -> Error {
    Error::new(ErrorKind::Network, "the request for an access token ended early")
}
