//! One request and its reply, or what is known where there is none.

use bytes::Bytes;
use http::{HeaderMap, Request};
use jiff::Timestamp;
use paymux_core::{Attempt, BoxFuture, Call, Error, Reply};
use tokio::time::Instant;
use tracing::Span;
use tracing::instrument::{Instrument as _, Instrumented};

use super::EngineWire;
use crate::engine::token::Held;
use crate::metrics;
use crate::transport::{Mark, MarkedBody, TransportError};

/// The most headers that the adapters' seals add; more are no harm.
const SEAL: usize = 3;

/// What became of one request.
pub(super) enum Exchange {
    Reply(Reply),
    NotSent(TransportError),
    Unknown(TransportError),
}

/// A request on its way.
struct Begun<'a> {
    sending: Instrumented<BoxFuture<'a, Result<Reply, TransportError>>>,
    mark: Mark,
    span: Span,
    /// When the first and the last request before this one could leave.
    before: (Option<Timestamp>, Option<Timestamp>),
}

impl Exchange {
    /// The class of the reply's status, or why there is none.
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Reply(reply) => match reply.status.as_u16() {
                ..200 => "1xx",
                200..300 => "2xx",
                300..400 => "3xx",
                400..500 => "4xx",
                500.. => "5xx",
            },
            Self::NotSent(_) => "not_sent",
            Self::Unknown(_) => "lost",
        }
    }
}

impl EngineWire {
    /// The request as it is sent, with what proves who we are.
    pub(super) fn sealed(&self, call: &Call, held: Option<&Held>) -> Result<Request<Bytes>, Error> {
        let mut request = Request::new(call.request.body().clone());
        *request.method_mut() = call.request.method().clone();
        *request.uri_mut() = call.request.uri().clone();
        let attempt = Attempt::new(
            held.map(|held| &*held.token),
            self.shared.clock.now(),
            call.request.method(),
        );
        // With room for what a seal adds, so that it does not grow.
        let given = call.request.headers();
        let mut headers = HeaderMap::new();
        if !given.is_empty() {
            headers.reserve(given.len().saturating_add(SEAL));
        }
        headers.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
        self.shared.adapter.seal(&mut headers, call.request.body(), &attempt)?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// One request, and what became of it. It is begun before it is waited for, so that the future has no room for the request.
    pub(super) fn exchange(&self, request: Request<Bytes>, moves: bool) -> impl Future<Output = Exchange> {
        let late = || format!("no answer within {} s", self.shared.timeout.as_secs());
        let began = Instant::now();
        let begun = (began < self.deadline).then(|| self.begin(request, moves));
        async move {
            let Some(Begun {
                sending,
                mark,
                span,
                before,
            }) = begun
            else {
                return Exchange::NotSent(TransportError::new(true, late()));
            };
            let exchange = match tokio::time::timeout_at(self.deadline, sending).await {
                Ok(Ok(reply)) => Exchange::Reply(reply),
                Ok(Err(error)) if error.not_sent || mark.close() => Exchange::NotSent(error),
                Ok(Err(error)) => Exchange::Unknown(error),
                Err(_) if mark.close() => Exchange::NotSent(TransportError::new(true, late())),
                Err(_) => Exchange::Unknown(TransportError::new(false, late())),
            };
            span.record("result", exchange.as_str());
            if let Exchange::Reply(reply) = &exchange {
                span.record("status", reply.status.as_u16());
            }
            metrics::attempt(&self.shared, exchange.as_str(), began);
            if moves {
                let mut state = self.tally.lock();
                if matches!(exchange, Exchange::NotSent(_)) {
                    (state.first_sent, state.last_sent) = before;
                } else {
                    // Connecting takes time, so the request may have left at any moment up to now.
                    state.last_sent = Some(self.shared.clock.now());
                }
            }
            exchange
        }
    }

    fn begin(&self, request: Request<Bytes>, moves: bool) -> Begun<'_> {
        let before = {
            let mut state = self.tally.lock();
            state.attempts = state.attempts.saturating_add(1);
            let before = (state.first_sent, state.last_sent);
            if moves {
                let now = self.shared.clock.now();
                state.first_sent.get_or_insert(now);
                state.last_sent = Some(now);
            }
            before
        };
        let span = tracing::debug_span!(
            "paymux.attempt",
            gateway = %self.shared.name,
            provider = self.shared.adapter.capabilities().provider,
            method = request.method().as_str(),
            moves,
            result = tracing::field::Empty,
            status = tracing::field::Empty,
        );
        let (parts, body) = request.into_parts();
        let (body, mark) = MarkedBody::until(body, self.deadline);
        let sending = self.shared.transport.send(Request::from_parts(parts, body));
        Begun {
            sending: sending.instrument(span.clone()),
            mark,
            span,
            before,
        }
    }
}
