//! One request and its reply, or what is known where there is none.

use bytes::Bytes;
use http::{Request, Uri};
use paymux_core::{Attempt, Call, Error, Reply};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::EngineWire;
use crate::engine::token::Held;
use crate::metrics;
use crate::transport::{MarkedBody, TransportError};

/// What became of one request.
pub(super) enum Exchange {
    Reply(Reply),
    NotSent(TransportError),
    Unknown(TransportError),
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
    pub(super) fn sealed(&self, call: &Call, uri: &Uri, held: Option<&Held>) -> Result<Request<Bytes>, Error> {
        let mut request = Request::new(call.request.body().clone());
        *request.method_mut() = call.request.method().clone();
        *request.uri_mut() = uri.clone();
        let attempt = Attempt {
            token: held.map(|held| &*held.token),
            now: self.shared.clock.now(),
            method: call.request.method(),
        };
        let mut headers = call.request.headers().clone();
        self.shared.adapter.seal(&mut headers, call.request.body(), &attempt)?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// One request, and what became of it.
    pub(super) async fn exchange(&self, request: Request<Bytes>, moves: bool) -> Exchange {
        let late = || format!("no answer within {} s", self.shared.timeout.as_secs());
        if Instant::now() >= self.deadline {
            return Exchange::NotSent(TransportError::new(true, late()));
        }
        let before = {
            let mut state = self.account.lock();
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
        let began = Instant::now();
        let (parts, body) = request.into_parts();
        let (body, mark) = MarkedBody::until(body, self.deadline);
        let sending = self.shared.transport.send(Request::from_parts(parts, body));
        let sending = sending.instrument(span.clone());
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
            let mut state = self.account.lock();
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
