//! Which events were handled.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use paymux_core::async_trait;

use super::BoxError;

/// A memory of the events that were handled, so that repeated deliveries cost nothing. It is an economy, not the defence: whoever handles an event must
/// come to the same when it comes again, and asks before acting on money.
#[async_trait]
pub trait SeenEvents: fmt::Debug + Send + Sync {
    /// Whether the event with this key was handled. The key is made of the merchant account and the event's deduplication key.
    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, BoxError>;

    /// Records that it was, after whatever it led to is committed.
    async fn record(&self, gateway: &str, key: &str) -> Result<(), BoxError>;
}

/// A memory in this process, of the newest events.
pub struct MemorySeen {
    capacity: usize,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    known: HashSet<(String, String)>,
    order: VecDeque<(String, String)>,
}

impl MemorySeen {
    /// A memory of this many events.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            inside: Mutex::default(),
        }
    }
}

impl Default for MemorySeen {
    /// A memory of 10,000 events.
    fn default() -> Self {
        Self::new(10_000)
    }
}

#[async_trait]
impl SeenEvents for MemorySeen {
    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, BoxError> {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(inside.known.contains(&(gateway.to_owned(), key.to_owned())))
    }

    async fn record(&self, gateway: &str, key: &str) -> Result<(), BoxError> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let event = (gateway.to_owned(), key.to_owned());
        if inside.known.insert(event.clone()) {
            inside.order.push_back(event);
        }
        while inside.order.len() > self.capacity {
            if let Some(oldest) = inside.order.pop_front() {
                inside.known.remove(&oldest);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for MemorySeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySeen")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
