//! One token per credential set, however many callers wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use paymux_core::{Error, ErrorKind, Token};
use tokio::sync::watch;

use super::Shared;

/// The cache of one gateway's token.
#[derive(Debug, Default)]
pub(crate) struct TokenCache {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    flight: Option<watch::Receiver<Option<Result<Held, Error>>>>,
    failure: Option<(Timestamp, Error)>,
    generation: u64,
}

/// A token and which one it is, so that a 401 invalidates only the one that got it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) token: Token,
    pub(crate) generation: u64,
    obtained: Timestamp,
}

/// How long a failure holds every caller back, where the provider does not say.
const HOLD_BACK: Duration = Duration::from_secs(1);

impl TokenCache {
    /// A token that is good now: the one held, or the one that a flight brings.
    ///
    /// The flight is a task of its own: no caller's end ends it. A refresh token leaves the cache with the flight that uses it.
    pub(crate) async fn get(shared: &Arc<Shared>) -> Result<Held, Error> {
        let mut flight = {
            let mut state = shared.tokens.state();
            let now = shared.clock.now();
            if let Some(held) = state.held.as_ref().filter(|held| held.is_fresh(now)) {
                return Ok(held.clone());
            }
            if let Some((until, error)) = &state.failure
                && now < *until
            {
                let wait = Duration::try_from(until.duration_since(now)).unwrap_or(HOLD_BACK);
                return Err(error.clone().with_retry_after(Some(wait)));
            }
            match &state.flight {
                Some(flight) => flight.clone(),
                None => {
                    let (sender, flight) = watch::channel(None);
                    state.flight = Some(flight.clone());
                    let previous = state.held.take().map(|held| held.token);
                    tokio::spawn(fly(Arc::clone(shared), previous, sender));
                    flight
                }
            }
        };
        let landed = flight.wait_for(Option::is_some).await;
        match landed.ok().and_then(|result| result.clone()) {
            Some(result) => result,
            None => {
                shared.tokens.state().flight = None;
                Err(Error::new(
                    ErrorKind::Network,
                    "the request for an access token ended early",
                ))
            }
        }
    }

    /// Forgets the token of this generation; a newer one stays. Its refresh token is kept, to get the next one with.
    pub(crate) fn invalidate(&self, generation: u64) {
        let mut state = self.state();
        if let Some(held) = state.held.as_mut().filter(|held| held.generation == generation) {
            held.token.expires = Some(Timestamp::MIN);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Good for another tenth of its life, at most a minute.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let Some(expires) = self.token.expires else {
            return true;
        };
        let life = Duration::try_from(expires.duration_since(self.obtained)).unwrap_or(Duration::ZERO);
        let margin = life.checked_div(10).unwrap_or(life).min(Duration::from_secs(60));
        expires.checked_sub(margin).is_ok_and(|until| now < until)
    }
}

async fn fly(shared: Arc<Shared>, previous: Option<Token>, sender: watch::Sender<Option<Result<Held, Error>>>) {
    let result = match shared.adapter.tokens() {
        Some(tokens) => {
            let wire = super::EngineWire::for_token(&shared);
            tokens.obtain(previous.as_ref(), &wire).await
        }
        None => Err(Error::new(
            ErrorKind::Configuration,
            "this provider has no access tokens",
        )),
    };
    let mut state = shared.tokens.state();
    let now = shared.clock.now();
    let result = match result {
        Ok(token) => {
            state.generation = state.generation.saturating_add(1);
            let held = Held {
                token,
                generation: state.generation,
                obtained: now,
            };
            state.held = Some(held.clone());
            state.failure = None;
            Ok(held)
        }
        Err(error) => {
            let wait = error.retry_after().unwrap_or(HOLD_BACK).max(HOLD_BACK);
            let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
            state.failure = Some((until, error.clone()));
            Err(error)
        }
    };
    state.flight = None;
    drop(state);
    sender.send_replace(Some(result));
}
