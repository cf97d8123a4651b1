//! What time it is.

use std::fmt::Debug;

use jiff::Timestamp;

/// Tells the time to the engine and, through the wire, to the adapters.
pub trait Clock: Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "it holds nothing")]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that follows tokio's time from a fixed start, for tests that pause and advance it.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Timestamp,
    zero: tokio::time::Instant,
}

impl TokioClock {
    /// A clock that shows `start` now.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self {
            start,
            zero: tokio::time::Instant::now(),
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        self.start.checked_add(self.zero.elapsed()).unwrap_or(Timestamp::MAX)
    }
}
