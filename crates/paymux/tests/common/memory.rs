//! A token store in memory, with moods.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use paymux::{Error, ErrorKind, StoredToken, Token, TokenStore, async_trait};
use secrecy::SecretString;
use tokio::time::Instant;

/// How the store answers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Mood {
    #[default]
    Well,
    Fails,
    Hangs,
    /// After this time.
    Slow(Duration),
    /// It fails on saving alone.
    ReadOnly,
}

#[derive(Debug, Default)]
struct State {
    mood: Mood,
    tokens: HashMap<String, (StoredToken, Option<SecretString>, Instant)>,
    leases: HashMap<String, (String, Instant)>,
    count: u32,
    /// A foreign lease on everything.
    held: Option<Instant>,
}

/// The store.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
}

impl Memory {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn mood(&self, mood: Mood) {
        self.with(|state| state.mood = mood);
    }

    /// Forgets everything.
    pub(crate) fn flush(&self) {
        self.with(|state| {
            state.tokens.clear();
            state.leases.clear();
        });
    }

    /// Somebody has every lease for this time.
    pub(crate) fn hold(&self, time: Duration) {
        self.with(|state| state.held = Some(Instant::now() + time));
    }

    /// The token that is there and its generation.
    pub(crate) fn only(&self) -> (String, String, bool) {
        self.with(|state| {
            assert_eq!(state.tokens.len(), 1, "one set of credentials");
            let (credentials, (stored, ..)) = state.tokens.iter().next().expect("a token");
            (credentials.clone(), stored.generation.clone(), stored.refused)
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().expect("no test panics here"))
    }

    async fn answer<T>(&self, act: impl FnOnce(&mut State) -> T) -> Result<T, Error> {
        match self.with(|state| state.mood) {
            Mood::Well | Mood::ReadOnly => {}
            Mood::Fails => return Err(Error::new(ErrorKind::Network, "no connection")),
            Mood::Hangs => std::future::pending().await,
            Mood::Slow(time) => tokio::time::sleep(time).await,
        }
        Ok(self.with(act))
    }
}

impl State {
    fn has(&self, credentials: &str, lease: &str) -> bool {
        let lives = |(id, end): &(String, Instant)| id == lease && Instant::now() < *end;
        self.leases.get(credentials).is_some_and(lives)
    }
}

#[async_trait]
impl TokenStore for Memory {
    async fn load(&self, credentials: &str) -> Result<Option<StoredToken>, Error> {
        self.answer(|state| {
            let found = state.tokens.get(credentials);
            found
                .filter(|found| Instant::now() < found.2)
                .map(|found| found.0.clone())
        })
        .await
    }

    async fn lease(&self, credentials: &str, time: Duration) -> Result<Option<String>, Error> {
        self.answer(|state| {
            let now = Instant::now();
            let is_held = state.held.is_some_and(|end| now < end);
            if is_held || state.leases.get(credentials).is_some_and(|(_, end)| now < *end) {
                return None;
            }
            state.count += 1;
            let id = format!("lease{}", state.count);
            state.leases.insert(credentials.to_owned(), (id.clone(), now + time));
            Some(id)
        })
        .await
    }

    async fn extend(&self, credentials: &str, lease: &str, time: Duration) -> Result<bool, Error> {
        self.answer(|state| {
            let has = state.has(credentials, lease);
            if has {
                let end = Instant::now() + time;
                state.leases.insert(credentials.to_owned(), (lease.to_owned(), end));
            }
            has
        })
        .await
    }

    async fn take_refresh(&self, credentials: &str, lease: &str) -> Result<Option<SecretString>, Error> {
        self.answer(|state| match state.has(credentials, lease) {
            true => state.tokens.get_mut(credentials).and_then(|found| found.1.take()),
            false => None,
        })
        .await
    }

    async fn save(
        &self,
        credentials: &str,
        lease: &str,
        token: &Token,
        obtained: Timestamp,
        keep: Duration,
    ) -> Result<bool, Error> {
        if matches!(self.with(|state| state.mood), Mood::ReadOnly) {
            return Err(Error::new(ErrorKind::Network, "read only"));
        }
        let mut token = token.clone();
        let refresh = token.refresh.take();
        let stored = StoredToken::new(token, lease.to_owned(), obtained);
        self.answer(|state| {
            let has = state.has(credentials, lease);
            if has {
                let entry = (stored, refresh, Instant::now() + keep);
                state.tokens.insert(credentials.to_owned(), entry);
                state.leases.remove(credentials);
            }
            has
        })
        .await
    }

    async fn release(&self, credentials: &str, lease: &str) -> Result<(), Error> {
        self.answer(|state| {
            if state.has(credentials, lease) {
                state.leases.remove(credentials);
            }
        })
        .await
    }

    async fn invalidate(&self, credentials: &str, generation: &str) -> Result<(), Error> {
        self.answer(|state| {
            if let Some((stored, ..)) = state.tokens.get_mut(credentials)
                && stored.generation == generation
            {
                stored.refused = true;
            }
        })
        .await
    }
}
