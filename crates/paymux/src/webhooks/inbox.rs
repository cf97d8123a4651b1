//! From a delivery to the answer that the provider gets.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use paymux_core::{Delivery, PaymentGateway, Provenance, WebhookError};
use tokio::sync::Semaphore;

use super::{Handler, MemorySeen, Received, SeenEvents};
use crate::Gateways;

/// Takes deliveries for a set of gateways. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Inbox {
    gateways: Arc<Gateways>,
    seen: Arc<dyn SeenEvents>,
    hints: Arc<Semaphore>,
    /// The events that are being handled.
    handling: Arc<Mutex<HashSet<String>>>,
    body_limit: usize,
}

/// Takes an event out of those that are being handled, however its handler ends.
struct Turn {
    key: String,
    handling: Arc<Mutex<HashSet<String>>>,
}

impl Turn {
    fn take(key: String, handling: &Arc<Mutex<HashSet<String>>>) -> Option<Self> {
        let is_free = handling
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone());
        is_free.then(|| Self {
            key,
            handling: Arc::clone(handling),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.handling
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}

/// What the provider is answered, with an empty body, and what became of the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acknowledgement {
    /// The status to answer with.
    pub status: StatusCode,
    /// Why. It is not for the sender.
    pub verdict: Verdict,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The same event is being handled, or too many unsigned notifications are.
    Busy,
    /// The handler did not commit: it failed.
    Failed,
    /// The handler committed.
    Handled,
    /// The handler is still at work, and the provider would not have waited longer.
    Late,
    /// It was not accepted, or it was an unsigned call that tries the address out.
    Refused(WebhookError),
    /// The same event was handled before.
    Seen,
    /// There is no gateway of this name.
    Unknown,
}

impl Verdict {
    /// The status that the provider is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Handled | Self::Seen => StatusCode::OK,
            Self::Busy | Self::Failed | Self::Late => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(error) => error.status(),
            Self::Unknown => StatusCode::NOT_FOUND,
        }
    }
}

impl Inbox {
    /// How many unsigned notifications are handled at once, unless set: each costs an inquiry, and anybody can send them.
    pub const HINTS: usize = 16;

    /// An inbox that remembers events in memory.
    #[must_use]
    pub fn new(gateways: Arc<Gateways>) -> Self {
        Self {
            gateways,
            seen: Arc::new(MemorySeen::default()),
            hints: Arc::new(Semaphore::new(Self::HINTS)),
            handling: Arc::default(),
            body_limit: Delivery::BODY_LIMIT,
        }
    }

    /// With another memory of events.
    #[must_use]
    pub fn with_seen(mut self, seen: Arc<dyn SeenEvents>) -> Self {
        self.seen = seen;
        self
    }

    /// With a smaller limit for bodies, in bytes.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes.min(Delivery::BODY_LIMIT);
        self
    }

    /// With this many unsigned notifications handled at once; more are answered with 503.
    #[must_use]
    pub fn with_hints(mut self, count: usize) -> Self {
        self.hints = Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        self
    }

    /// The largest body that is looked at, in bytes.
    #[must_use]
    pub const fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// Takes one delivery for the gateway of this name. Must be called inside a tokio runtime.
    ///
    /// # Behavior
    /// - 200 only when the handler has committed, or had committed the same event before. That it was seen is recorded after that commit.
    /// - 503 when the handler failed, or takes longer than the provider waits; it goes on, and the next delivery of the event finds it seen.
    /// - Unsigned notifications are never taken for seen: anybody could have sent the first.
    /// - Of one signed event, one delivery is handled at a time; another meanwhile gets 503.
    /// - A forged, stale or unreadable delivery reaches no handler.
    pub async fn take<H: Handler>(&self, gateway: &str, delivery: Delivery, handler: &Arc<H>) -> Acknowledgement {
        let verdict = self.judge(gateway, delivery, handler).await;
        match verdict {
            Verdict::Refused(WebhookError::Probe) | Verdict::Handled | Verdict::Seen => {
                tracing::debug!(gateway, ?verdict, "webhook");
            }
            Verdict::Refused(error) => tracing::warn!(gateway, %error, "webhook refused"),
            // The name is whatever the sender wrote.
            Verdict::Unknown => tracing::warn!("webhook for no gateway"),
            _ => tracing::warn!(gateway, ?verdict, "webhook not handled"),
        }
        Acknowledgement {
            status: verdict.status(),
            verdict,
        }
    }

    async fn judge<H: Handler>(&self, name: &str, delivery: Delivery, handler: &Arc<H>) -> Verdict {
        let Ok(gateway) = self.gateways.get(name) else {
            return Verdict::Unknown;
        };
        if delivery.body.len() > self.body_limit {
            return Verdict::Refused(WebhookError::TooLarge);
        }
        let event = match gateway.receive(&delivery) {
            Ok(event) => event,
            Err(error) => return Verdict::Refused(error),
        };
        let patience = patience(gateway.as_ref());
        let until = tokio::time::Instant::now() + patience;
        let signed = event.provenance() == Provenance::Signed;
        // Another account under the same name is another sender.
        let key = format!(
            "{}:{}",
            gateway.capabilities().account.as_str(),
            event.deduplication_key()
        );
        let turn = match Turn::take(format!("{name}:{key}"), &self.handling) {
            Some(turn) => Some(turn),
            None if signed => return Verdict::Busy,
            None => None,
        };
        let permit = if signed {
            match tokio::time::timeout(patience / 2, self.seen.seen(name, &key)).await {
                Ok(Ok(true)) => return Verdict::Seen,
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::warn!(gateway = name, %error, "the memory of events cannot be asked"),
                Err(_) => tracing::warn!(gateway = name, "the memory of events does not answer"),
            }
            None
        } else {
            match Arc::clone(&self.hints).try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) => return Verdict::Busy,
            }
        };
        let key = signed.then_some(key);
        let (seen, handler, name) = (Arc::clone(&self.seen), Arc::clone(handler), name.to_owned());
        // A task of its own, so that neither the time limit nor a sender who hangs up stops it in the middle.
        let handling = tokio::spawn(async move {
            let (_permit, _turn) = (permit, turn);
            if let Err(error) = handler.handle(Received { gateway, event }).await {
                tracing::warn!(gateway = name, %error, "the handler of a webhook failed");
                return Verdict::Failed;
            }
            if let Some(key) = key {
                // Its turn must end: as long as it has one, the next delivery of the event is told to come later.
                match tokio::time::timeout(patience, seen.record(&name, &key)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(gateway = name, %error, "the memory of events cannot be written"),
                    Err(_) => tracing::warn!(gateway = name, "the memory of events does not answer"),
                }
            }
            Verdict::Handled
        });
        match tokio::time::timeout_at(until, handling).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_panicked)) => Verdict::Failed,
            Err(_elapsed) => Verdict::Late,
        }
    }
}

/// The provider's own, with a fifth left for the way.
fn patience(gateway: &dyn PaymentGateway) -> Duration {
    gateway.capabilities().acknowledge_within * 4 / 5
}
