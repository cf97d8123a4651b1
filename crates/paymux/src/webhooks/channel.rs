//! Events over a channel, each with a handle to acknowledge it by.

use paymux_core::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::{BoxError, Handler, Received};

/// The sending half: a [`Handler`] that waits until the event it sent was acknowledged.
#[derive(Clone, Debug)]
pub struct Channel {
    sender: mpsc::Sender<Pending>,
}

/// The receiving half.
#[derive(Debug)]
pub struct Deliveries {
    receiver: mpsc::Receiver<Pending>,
}

/// An event that waits to be acknowledged. Dropping it says that nothing was committed: the provider delivers again.
#[derive(Debug)]
#[must_use = "dropping it makes the provider deliver again"]
pub struct Pending {
    received: Received,
    done: oneshot::Sender<()>,
}

impl Channel {
    /// A channel that holds this many events that nobody has taken; with more, providers wait.
    #[must_use]
    pub fn new(capacity: usize) -> (Self, Deliveries) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (Self { sender }, Deliveries { receiver })
    }
}

impl Handler for Channel {
    fn handle(&self, received: Received) -> BoxFuture<'static, Result<(), BoxError>> {
        let sender = self.sender.clone();
        Box::pin(async move {
            let (done, answer) = oneshot::channel();
            sender.send(Pending { received, done }).await?;
            answer
                .await
                .map_err(|_| "it was dropped without being acknowledged".into())
        })
    }
}

impl Deliveries {
    /// The next event; `None` when every sending half is gone.
    pub async fn recv(&mut self) -> Option<Pending> {
        self.receiver.recv().await
    }
}

impl Pending {
    /// The event, and the gateway that it came in by.
    #[must_use]
    pub const fn received(&self) -> &Received {
        &self.received
    }

    /// Acknowledges it: whatever it led to is committed. The provider is told of success, unless it has stopped waiting.
    pub fn done(self) {
        // Nobody listens any more if the runtime is going down: the provider delivers again.
        let _gone = self.done.send(());
    }
}
