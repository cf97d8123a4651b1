//! Webhooks, from a delivery to the answer that the provider gets.
//!
//! An [`Inbox`] verifies a delivery, hands the event to a [`Handler`], and answers success only when that has committed; everything else makes the provider
//! deliver again, or is refused without a detail. With the feature `axum` it is a router: `paymux::axum::webhooks`.
//!
//! ```
//! use std::sync::Arc;
//! use paymux::webhooks::{Inbox, Received};
//! use paymux::{Delivery, Gateways};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let config = "[gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'a'\nprivate_key = 'p'";
//! let gateways = Arc::new(Gateways::from_toml(config)?);
//! let inbox = Inbox::new(gateways.clone());
//! let handler = |received: Received| async move {
//!     // if received.is_askable() { let answer = received.confirm().await?; … } then update the order, and commit
//!     println!("{} says {}", received.gateway.name(), received.event.reported());
//!     Ok::<(), std::io::Error>(())
//! };
//!
//! let delivery = gateways.get("cards")?.sign(r#"{"id":7,"order_id":"Order7"}"#.into())?;
//! assert_eq!(inbox.take("cards", delivery, &Arc::new(handler)).await.status, 200);
//! let forged = Delivery::new(Default::default(), r#"{"id":7,"order_id":"Order7"}"#.into());
//! assert_eq!(inbox.take("cards", forged, &Arc::new(handler)).await.status, 401);
//! # Ok(()) }
//! ```

mod channel;
mod inbox;
mod seen;

use std::future::Future;
use std::sync::Arc;

use paymux_core::{Answer, BoxFuture, Error, Event, PaymentGateway};

pub use self::channel::{Channel, Deliveries, Pending};
pub use self::inbox::{Acknowledgement, Inbox, Verdict};
pub use self::seen::{MemorySeen, SeenEvents};

/// What goes wrong in an application's own code.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A verified event, and the gateway that it came in by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// The gateway that verified it.
    pub gateway: Arc<dyn PaymentGateway>,
    /// What was said.
    pub event: Event,
}

impl Received {
    /// Whether there is anything to ask about: it names a payment, or a reference that the provider can search by. What names nothing (a test message, an
    /// event about a customer or a card) is authentic all the same: return `Ok`, or it comes again and again.
    #[must_use]
    pub fn is_askable(&self) -> bool {
        let by_reference = self.gateway.capabilities().inquire_by_reference && self.event.reference().is_some();
        self.event.payment().is_some() || by_reference
    }

    /// Asks the provider how the payment stands now: the only thing to act on money by.
    ///
    /// # Errors
    /// As [`PaymentGateway::confirm`]: nothing was found out, and nothing is said of the payment.
    pub async fn confirm(&self) -> Result<Answer, Error> {
        self.gateway.confirm(&self.event).await
    }
}

/// What an application does with events. Any `Fn(Received)` that gives a future of a `Result<(), E>` is one.
///
/// # Behavior
/// - `Ok` says that whatever was to be done is committed: only then is the provider told of success.
/// - It may see one event more than once, at the same time even: it must come to the same.
/// - It runs to its end, also when the provider's patience is over before.
/// - Return an error if what was confirmed lags behind what was reported: the event comes again.
pub trait Handler: Send + Sync + 'static {
    /// Handles one event.
    fn handle(&self, received: Received) -> BoxFuture<'static, Result<(), BoxError>>;
}

impl<F, R, E> Handler for F
where
    F: Fn(Received) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<BoxError>,
{
    fn handle(&self, received: Received) -> BoxFuture<'static, Result<(), BoxError>> {
        let handling = self(received);
        Box::pin(async move { handling.await.map_err(Into::into) })
    }
}
