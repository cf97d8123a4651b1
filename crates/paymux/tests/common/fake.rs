//! A transport in this process, for tests under paused time.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{BoxFuture, Error, Gateway, Outcome, PaymentGateway as _, Reply, async_trait};

use super::adapter::{Flow, Tiny};

/// What a request comes to.
pub(crate) type Fate = BoxFuture<'static, Result<Reply, TransportError>>;

type Answering = dyn Fn(&Request<Bytes>) -> Fate + Send + Sync;

/// Answers every request by a function of it, and keeps them.
pub(crate) struct Fake {
    answer: Box<Answering>,
    seen: Mutex<Vec<Request<Bytes>>>,
    open: AtomicUsize,
}

impl Fake {
    pub(crate) fn new(answer: impl Fn(&Request<Bytes>) -> Fate + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            answer: Box::new(answer),
            seen: Mutex::new(Vec::new()),
            open: AtomicUsize::new(0),
        })
    }

    /// As a gateway takes it.
    pub(crate) fn transport(self: &Arc<Self>) -> Arc<dyn Transport> {
        self.clone()
    }

    pub(crate) fn seen(&self) -> Vec<Request<Bytes>> {
        self.seen.lock().expect("no test panics here").clone()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Request<Bytes> {
        let seen = self.seen.lock().expect("no test panics here");
        seen.last().cloned().expect("a request")
    }

    /// How many requests went to a path.
    pub(crate) fn count(&self, path: &str) -> usize {
        let seen = self.seen.lock().expect("no test panics here");
        seen.iter().filter(|request| request.uri().path() == path).count()
    }

    /// How many exchanges are under way.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

struct Open<'a>(&'a AtomicUsize);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Transport for Fake {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        self.open.fetch_add(1, Ordering::SeqCst);
        let _open = Open(&self.open);
        let request = request.map(|mut body| body.take());
        self.seen.lock().expect("no test panics here").push(request.clone());
        (self.answer)(&request).await
    }
}

/// A reply.
pub(crate) fn reply(status: u16, body: &str) -> Reply {
    Reply::new(
        StatusCode::from_u16(status).expect("a status"),
        HeaderMap::new(),
        Bytes::copy_from_slice(body.as_bytes()),
    )
}

/// A reply with one header.
pub(crate) fn with_header(mut reply: Reply, name: header::HeaderName, value: &str) -> Reply {
    reply
        .headers
        .insert(name, HeaderValue::from_str(value).expect("a header"));
    reply
}

/// That reply, at once.
pub(crate) fn now(reply: Reply) -> Fate {
    Box::pin(std::future::ready(Ok(reply)))
}

/// That reply, after some time.
pub(crate) fn after(time: Duration, reply: Reply) -> Fate {
    Box::pin(async move {
        tokio::time::sleep(time).await;
        Ok(reply)
    })
}

/// An answer that is lost.
pub(crate) fn lost() -> Fate {
    Box::pin(std::future::ready(Err(TransportError::new(
        false,
        "the exchange broke",
    ))))
}

/// A request that does not leave.
pub(crate) fn refused() -> Fate {
    Box::pin(std::future::ready(Err(TransportError::new(true, "no connection"))))
}

/// No end.
pub(crate) fn never() -> Fate {
    Box::pin(std::future::pending())
}

/// A payment that was made.
pub(crate) fn paid() -> Reply {
    reply(201, r#"{"id":"4711"}"#)
}

/// Where the tiny provider is said to be.
pub(crate) const BASE: &str = "https://tiny.example";

/// One money call, or one question.
pub(crate) const ONCE: Flow = |tiny, operation, wire| Box::pin(tiny.once(operation, wire));

/// A gateway on a transport in this process, with 60 s for each operation.
pub(crate) fn on(fake: &Arc<Fake>, flow: Flow) -> Gateway {
    super::gateway(Tiny::new(BASE).flow(flow), fake.transport(), Duration::from_secs(60))
}

/// The result of one sale that is done like this, over these replies.
pub(crate) async fn sale(replies: Vec<Fate>, flow: Flow) -> (Result<Outcome, Error>, Arc<Fake>) {
    let replies = Mutex::new(replies.into_iter());
    let next = move || replies.lock().expect("no test panics here").next();
    let fake = Fake::new(move |_| next().expect("another reply"));
    let answer = on(&fake, flow).sale(super::charge("a1")).await;
    (answer.map(|answer| answer.outcome), fake)
}
