//! One login for many processes, by a store that they share; and each on its own while the store is away.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use paymux_core::{Error, Token};
use tokio::time::{Instant, sleep, timeout};

use super::Shared;
use super::store::{StoredToken, TokenStore};
use super::token::{Fetched, Held, login};

/// How long the store may take for one answer. It stands beside the application and answers within a millisecond; a caller without a token waits so
/// long for one that hangs, once.
const ANSWER: Duration = Duration::from_millis(500);
/// How long a lease is in force after the last sign of its holder: what a holder that dies costs the others.
const LEASE: Duration = Duration::from_secs(5);
/// How often a holder gives a sign. Two may fail before the lease ends.
const SIGN: Duration = Duration::from_millis(1500);
/// How often those who wait for another's login look. A login takes some tenths of a second, and the look costs the store next to nothing.
const LOOK: Duration = Duration::from_millis(50);
/// How long a token is kept whose end nobody says: those who have it go on with it.
const KEEP: Duration = Duration::from_secs(86_400);

/// The store that a fleet shares, and whether it answers.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    store: Arc<dyn TokenStore>,
    is_away: Arc<AtomicBool>,
}

/// A fleet's place for one set of credentials.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    fleet: Fleet,
    credentials: String,
}

impl Fleet {
    pub(crate) fn new(store: Arc<dyn TokenStore>) -> Self {
        Self {
            store,
            is_away: Arc::default(),
        }
    }

    pub(crate) fn place(&self, credentials: String) -> Place {
        Place {
            fleet: self.clone(),
            credentials,
        }
    }

    /// An answer of the store; `None` if it has none. That is said once, and once that it answers again.
    async fn ask<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Option<T> {
        let failure = match timeout(ANSWER, answer).await {
            Ok(Ok(answer)) => {
                if self.is_away.swap(false, Ordering::Relaxed) {
                    tracing::info!("the token store answers again");
                }
                return Some(answer);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} ms", ANSWER.as_millis()),
        };
        if !self.is_away.swap(true, Ordering::Relaxed) {
            tracing::warn!(%failure, "the token store does not answer; this process logs in by itself until it does");
        }
        None
    }
}

/// What the store has for who needs a token.
enum Found {
    Token(Fetched),
    /// A login of our own, under this lease.
    Lease(String),
    /// A login of our own, without the store.
    Nothing,
}

impl Place {
    /// The longest time that a flight takes beyond a login of its own.
    pub(crate) fn most_wait(&self, timeout: Duration) -> Duration {
        // Half of an operation's time for the login of another, and a few answers of the store that are just within its time.
        timeout / 2 + ANSWER * 10
    }

    /// The token that another process got, or one that this process gets for all.
    pub(crate) async fn obtain(&self, shared: &Arc<Shared>, previous: Option<Previous>) -> Result<Fetched, Error> {
        let found = self.find(shared, previous.as_ref()).await;
        let own = previous.map(|previous| previous.token);
        match found {
            Found::Token(fetched) => Ok(fetched),
            Found::Nothing => login(shared, own.as_ref()).await,
            Found::Lease(lease) => self.login(shared, own, lease).await,
        }
    }

    async fn find(&self, shared: &Shared, previous: Option<&Previous>) -> Found {
        let (store, name) = (&self.fleet.store, self.credentials.as_str());
        let refused = previous.filter(|previous| previous.held.refused());
        if let Some(generation) = refused.and_then(|refused| refused.held.in_store())
            && self.fleet.ask(store.invalidate(name, generation)).await.is_none()
        {
            return Found::Nothing;
        }
        let end = Instant::now() + shared.timeout / 2;
        while Instant::now() < end {
            let Some(stored) = self.fleet.ask(store.load(name)).await else {
                return Found::Nothing;
            };
            if let Some(fetched) = usable(stored, previous, shared.clock.now()) {
                return Found::Token(fetched);
            }
            match self.fleet.ask(store.lease(name, LEASE)).await {
                None => return Found::Nothing,
                Some(Some(lease)) => {
                    // Another may have saved one between the two.
                    let Some(stored) = self.fleet.ask(store.load(name)).await else {
                        return Found::Lease(lease);
                    };
                    let Some(fetched) = usable(stored, previous, shared.clock.now()) else {
                        return Found::Lease(lease);
                    };
                    self.fleet.ask(store.release(name, &lease)).await;
                    return Found::Token(fetched);
                }
                Some(None) => sleep(LOOK).await,
            }
        }
        // Two logins harm nobody; a payment that fails because another process hangs would.
        Found::Nothing
    }

    /// Logs in for all. A refresh token of our own is from a time without the store; the fleet's goes before it.
    async fn login(&self, shared: &Arc<Shared>, own: Option<Token>, lease: String) -> Result<Fetched, Error> {
        let (store, name) = (&self.fleet.store, self.credentials.as_str());
        let refresh = self.fleet.ask(store.take_refresh(name, &lease)).await.flatten();
        let previous = match (own, refresh) {
            (Some(mut own), refresh) => {
                own.refresh = refresh.or(own.refresh);
                Some(own)
            }
            // Who has no token yet may still be given the fleet's refresh token, with nothing else beside it.
            (None, Some(refresh)) => Some(Token::new(String::new(), None).with_refresh(Some(refresh))),
            (None, None) => None,
        };
        let mut result = {
            let mut login = pin!(login(shared, previous.as_ref()));
            let mut is_in_force = true;
            loop {
                match timeout(SIGN, login.as_mut()).await {
                    Ok(result) => break result,
                    Err(_) if is_in_force => {
                        is_in_force = self.fleet.ask(store.extend(name, &lease, LEASE)).await == Some(true);
                    }
                    Err(_) => {}
                }
            }
        };
        match &mut result {
            Ok(fetched) => {
                if let Some(keep) = keep(&fetched.token, shared.clock.now()) {
                    let save = store.save(name, &lease, &fetched.token, fetched.obtained, keep);
                    if self.fleet.ask(save).await == Some(true) {
                        // The refresh token is the fleet's.
                        fetched.token.refresh = None;
                        fetched.generation = Some(lease);
                    }
                    return result;
                }
                self.fleet.ask(store.release(name, &lease)).await;
            }
            Err(_) => {
                self.fleet.ask(store.release(name, &lease)).await;
            }
        }
        result
    }
}

/// What a flight is to replace.
pub(crate) struct Previous {
    pub(crate) held: Held,
    /// It, with its refresh token where that is not the fleet's.
    pub(crate) token: Token,
}

/// What was stored, if it is of use to who has this one. In place of a token that was refused, only a later one: an earlier one was most likely ended
/// with it, and a call is made again only once. In place of one that is to be renewed, only one that is not.
fn usable(stored: Option<StoredToken>, previous: Option<&Previous>, now: Timestamp) -> Option<Fetched> {
    let stored = stored.filter(|stored| !stored.refused)?;
    let held = Held::of_fleet(&stored);
    let is_better = match previous.map(|previous| &previous.held) {
        Some(own) if own.refused() => own.obtained() < held.obtained(),
        Some(own) if own.is_good(now) => now < held.renewal(),
        _ => true,
    };
    (is_better && held.is_good(now)).then_some(Fetched {
        token: stored.token,
        obtained: stored.obtained,
        generation: Some(stored.generation),
    })
}

/// How long the store keeps it; `None` if it has ended.
fn keep(token: &Token, now: Timestamp) -> Option<Duration> {
    let Some(expires) = token.expires else {
        return Some(KEEP);
    };
    let left = Duration::try_from(expires.duration_since(now)).ok()?;
    (!left.is_zero()).then_some(left)
}
