//! Replies that a simulator gave once, to be given again without it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{Clock, Reply};
use paymux_simulator::Provider;

/// A clock that somebody else turns.
#[derive(Debug)]
pub(crate) struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Timestamp::constant(1_767_323_045, 0))))
    }

    pub(crate) fn advance(&self, time: Duration) {
        let mut now = lock(&self.0);
        *now = now.checked_add(time).unwrap_or(*now);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}

/// A request and the simulator's reply to it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Request<Bytes>,
    pub(crate) reply: Reply,
}

impl Exchange {
    /// Whether it is about access tokens, which are not part of an operation.
    pub(crate) fn is_login(&self) -> bool {
        is_login(self.request.uri().path())
    }
}

fn is_login(path: &str) -> bool {
    path.contains("/auth/")
}

/// A transport to a simulator in this process, which keeps every exchange.
#[derive(Debug)]
pub(crate) struct Recorder {
    provider: Mutex<Box<dyn Provider>>,
    pub(crate) clock: Arc<HandClock>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Recorder {
    pub(crate) fn new(provider: Box<dyn Provider>) -> Arc<Self> {
        Arc::new(Self {
            provider: Mutex::new(provider),
            clock: HandClock::new(),
            exchanges: Mutex::new(Vec::new()),
        })
    }

    /// What was kept since the last time.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *lock(&self.exchanges))
    }

    /// The provider, to steer it.
    pub(crate) fn provider(&self) -> MutexGuard<'_, Box<dyn Provider>> {
        lock(&self.provider)
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let request = request.map(|mut body| body.take());
        let now = self.clock.now();
        let mut provider = self.provider();
        let _ = provider.due(now);
        let (parts, body) = provider.handle(now, &request).into_parts();
        let reply = Reply::new(parts.status, parts.headers, body);
        lock(&self.exchanges).push(Exchange {
            request,
            reply: reply.clone(),
        });
        Ok(reply)
    }
}

/// A transport that gives recorded replies away, one after the other, whatever is asked; and to every login the one that was recorded.
#[derive(Debug)]
pub(crate) struct Player {
    replies: Mutex<VecDeque<Reply>>,
    login: Option<Reply>,
}

impl Player {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>, login: Option<Reply>) -> Arc<Self> {
        Arc::new(Self {
            replies: Mutex::new(replies.into_iter().collect()),
            login,
        })
    }

    pub(crate) fn left(&self) -> usize {
        lock(&self.replies).len()
    }
}

#[async_trait]
impl Transport for Player {
    async fn send(&self, mut request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        request.body_mut().take();
        let login = self.login.as_ref().filter(|_| is_login(request.uri().path()));
        let reply = match login {
            Some(login) => Some(login.clone()),
            None => lock(&self.replies).pop_front(),
        };
        reply.ok_or_else(|| TransportError::new(false, "the tape is at its end"))
    }
}

/// A transport that answers logins and nothing else.
#[derive(Debug)]
pub(crate) struct Silent(pub(crate) Option<Reply>);

#[async_trait]
impl Transport for Silent {
    async fn send(&self, mut request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        request.body_mut().take();
        match self.0.as_ref().filter(|_| is_login(request.uri().path())) {
            Some(login) => Ok(login.clone()),
            None => std::future::pending().await,
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
