//! The connections that a process has to its database.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::store::row::Trouble;

/// So many connections at the most, each for one use at a time. Those of sqlx's own pool ask the server whether it is there before and after each use, which is
/// half as much work again as a step.
pub(super) struct Connections {
    options: PgConnectOptions,
    places: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: PgConnection,
    born: Instant,
    since: Instant,
}

/// A connection in use. Only one that is [given back](Self::back) is used again: what fails, or is dropped on the way, ends with its connection, and the server undoes what it
/// did not commit.
pub(super) struct Used<'a> {
    connection: PgConnection,
    born: Instant,
    fresh: bool,
    home: &'a Connections,
    _place: SemaphorePermit<'a>,
}

/// After how long without use a connection is taken for lost on the way, and made anew.
const IDLE: Duration = Duration::from_secs(60);
/// How long a connection is used.
const LIFE: Duration = Duration::from_secs(1800);

impl Connections {
    pub(super) fn new(options: PgConnectOptions, most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(1).max(1);
        Self {
            options,
            places: Semaphore::new(most),
            idle: Mutex::default(),
        }
    }

    /// The connection that was used last, or a new one.
    pub(super) async fn take(&self) -> Result<Used<'_>, Trouble> {
        let place = self.places.acquire().await;
        let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop().filter(|idle| idle.since.elapsed() < IDLE);
        let (connection, born, fresh) = match idle {
            Some(idle) => (idle.connection, idle.born, false),
            None => (PgConnection::connect_with(&self.options).await?, Instant::now(), true),
        };
        Ok(Used {
            connection,
            born,
            fresh,
            home: self,
            _place: place,
        })
    }

    /// Those that are not in use end: the server has left one of them.
    pub(super) fn forget(&self) {
        self.idle().clear();
    }

    /// Ends them all.
    pub(super) async fn close(&self) {
        self.places.close();
        let idle = std::mem::take(&mut *self.idle());
        for idle in idle {
            let _ = idle.connection.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used<'_> {
    /// Whether it was made for this use.
    pub(super) const fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Everything on it came to its end.
    pub(super) fn back(self) {
        let Self {
            connection, born, home, ..
        } = self;
        let mut idle = home.idle();
        idle.retain(|idle| idle.since.elapsed() < IDLE);
        if born.elapsed() < LIFE && !home.places.is_closed() {
            idle.push(Idle {
                connection,
                born,
                since: Instant::now(),
            });
        }
    }
}

impl Deref for Used<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Used<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connections({} idle)", self.idle().len())
    }
}
