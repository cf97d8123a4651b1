//! A gateway and a simulated provider in one process, without a socket.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use paymux::Clock;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux_core::{Currency, EntryKind, Money, Reply, async_trait, currency};
use paymux_simulator::{Exchange, Fault, FaultPlan, Host, Kind, Matcher, Movement, Webhook};

use crate::subject::{Booked, Faults, Tap, Truth};

/// A simulated provider in this process: a [`Transport`] to it, its [`Truth`], a [`Tap`] on its wire, and its [`Faults`].
#[derive(Debug)]
pub struct InProcess {
    host: Mutex<Host>,
    clock: Arc<dyn Clock>,
    requests: Mutex<Vec<Request<Bytes>>>,
    webhooks: Mutex<Vec<Webhook>>,
}

impl InProcess {
    /// Puts a host behind a transport. The clock is the gateway's own.
    #[must_use]
    pub fn new(host: Host, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            host: Mutex::new(host),
            clock,
            requests: Mutex::new(Vec::new()),
            webhooks: Mutex::new(Vec::new()),
        })
    }

    /// The host, to steer it.
    pub fn host(&self) -> MutexGuard<'_, Host> {
        lock(&self.host)
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How many requests were begun.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.requests).len()
    }

    /// Makes the request of a customer's browser, which no fault disturbs and no tap sees.
    pub fn browse(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let now = self.now();
        self.host().provider().handle(now, request)
    }

    /// Lets the provider do what time does, and takes the webhooks that it wants delivered. Nobody answers them.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.pass();
        std::mem::take(&mut *lock(&self.webhooks))
    }

    fn pass(&self) {
        let due = self.host().due(self.now());
        lock(&self.webhooks).extend(due);
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let (parts, mut body) = request.into_parts();
        let request = Request::from_parts(parts, body.peek());
        lock(&self.requests).push(request.clone());
        // Nothing over a network is answered at once; others get their turn.
        tokio::task::yield_now().await;
        let exchange = self.host().exchange(self.now(), &request);
        if matches!(exchange, Exchange::Refused) {
            return Err(TransportError::new(true, "no connection: it was refused"));
        }
        body.take();
        let response = match exchange {
            Exchange::Answer(delay, response) => {
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                response
            }
            Exchange::Cut(_) => return Err(TransportError::new(false, "the reply broke off")),
            Exchange::Stuck => std::future::pending().await,
            Exchange::Lost | Exchange::Refused => {
                return Err(TransportError::new(false, "the exchange broke"));
            }
        };
        let (parts, body) = response.into_parts();
        Ok(Reply::new(parts.status, parts.headers, body))
    }
}

impl Truth for InProcess {
    fn all(&self) -> Vec<Booked> {
        self.pass();
        self.host().ledger().movements.iter().map(booked).collect()
    }
}

impl Tap for InProcess {
    fn requests(&self) -> Vec<Request<Bytes>> {
        lock(&self.requests).clone()
    }
}

impl Faults for InProcess {
    fn plan(&self, skip: u32, fault: Fault) -> bool {
        self.host().faults.add(Matcher::any().after(skip), fault);
        true
    }

    fn clear(&self) {
        self.host().faults = FaultPlan::none();
    }
}

/// A currency that does not exist shows as `XXX`.
fn booked(movement: &Movement) -> Booked {
    let kind = match movement.kind {
        Kind::Authorize => EntryKind::Authorize,
        Kind::Capture => EntryKind::Capture,
        Kind::Refund => EntryKind::Refund,
        Kind::Void => EntryKind::Void,
        Kind::Payout => EntryKind::Payout,
        Kind::Transfer => EntryKind::Transfer,
        Kind::Return => EntryKind::Return,
        Kind::Chargeback => EntryKind::Chargeback,
    };
    Booked::new(
        movement.payment.clone(),
        kind,
        Money::new(movement.minor, currency(&movement.currency).unwrap_or(Currency::XXX)),
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
