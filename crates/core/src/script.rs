//! A wire that plays a script, for the tests of an adapter: no runtime, no socket, no clock. And replies that are changed field by field.
//!
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use paymux_core::script::{Script, run};
//! use paymux_core::{Call, Wire as _};
//!
//! // The answer to a capture is lost, and the payment is asked about.
//! let script = Script::new().lost("POST /payments/7/capture").json("GET /payments/7", 200, r#"{"balance":100}"#);
//! let capture = Request::post("https://api.example/payments/7/capture").body(Bytes::new())?;
//! assert!(run(script.send(Call::once(capture))).is_err_and(|lost| lost.is_unknown()));
//! let question = Request::get("https://api.example/payments/7").body(Bytes::new())?;
//! assert!(run(script.send(Call::asks(question))).is_ok());
//! assert_eq!(script.sent().iter().filter(|sent| sent.moves).count(), 1);
//! assert!(script.left().is_empty());
//! # Ok::<(), http::Error>(())
//! ```

mod mutations;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;

use crate::error::{Error, ErrorKind, Fate};
use crate::gateway::Adapter;
use crate::wire::{Attempt, Call, Lost, Memo, Replay, Reply, Token, Wire};

pub use self::mutations::{How, Mutation, mutations, with_more};

/// A wire that answers each call with the next line of a script, and fails the test on a call that the line does not expect.
///
/// ```
/// use paymux_core::script::{Script, run};
/// use paymux_core::{Call, Wire};
/// let script = Script::new().json("GET /ping", 200, r#"{"msg":"Pong"}"#);
/// let request = http::Request::get("https://api.example/ping").body(bytes::Bytes::new())?;
/// let reply = run(script.send(Call::asks(request))).expect("the script has an answer");
/// assert_eq!(reply.status, 200);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Script {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<(String, Line)>,
    sent: Vec<Sent>,
    notes: Vec<Memo>,
    token: Option<Token>,
    now: Timestamp,
    patience: Option<Duration>,
    money_lost: bool,
}

#[derive(Debug)]
enum Line {
    Reply(Reply),
    Lost,
    NotSent,
}

/// A call as it was sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sent {
    /// The request.
    pub request: Request<Bytes>,
    /// Whether it said that it may move money.
    pub moves: bool,
    /// Whether it said that it may be repeated.
    pub replay: Replay,
}

impl Sent {
    /// The body as text.
    #[must_use]
    pub fn body(&self) -> String {
        String::from_utf8_lossy(self.request.body()).into_owned()
    }
}

impl Script {
    /// An empty script, at 2026-01-02T03:04:05Z, whose waits all succeed.
    #[must_use]
    pub fn new() -> Self {
        let script = Self::default();
        script.state().now = Timestamp::constant(1_767_323_045, 0);
        script
    }

    /// The next call must be `METHOD /path`, query included unless left out, and is answered with JSON.
    #[must_use]
    pub fn json(self, expect: &str, status: u16, body: &str) -> Self {
        self.reply(expect, status, &[("content-type", "application/json")], body)
    }

    /// The next call is answered with these headers and this body.
    #[must_use]
    pub fn reply(self, expect: &str, status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let Ok(value) = value.parse() {
                map.append(*name, value);
            }
        }
        let reply = Reply {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT),
            headers: map,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        self.line(expect, Line::Reply(reply))
    }

    /// The next call's answer is lost.
    #[must_use]
    pub fn lost(self, expect: &str) -> Self {
        self.line(expect, Line::Lost)
    }

    /// The next call does not leave.
    #[must_use]
    pub fn not_sent(self, expect: &str) -> Self {
        self.line(expect, Line::NotSent)
    }

    /// With a token that [`Wire::token`] gives.
    #[must_use]
    pub fn with_token(self, token: Token) -> Self {
        self.state().token = Some(token);
        self
    }

    /// With so much time for all waits together before the deadline.
    #[must_use]
    pub fn with_patience(self, time: Duration) -> Self {
        self.state().patience = Some(time);
        self
    }

    /// What was sent.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.state().sent)
    }

    /// What was noted.
    #[must_use]
    pub fn notes(&self) -> Vec<Memo> {
        self.state().notes.clone()
    }

    /// The lines that were not played.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        self.state().lines.iter().map(|(expect, _)| expect.clone()).collect()
    }

    fn line(self, expect: &str, line: Line) -> Self {
        self.state().lines.push_back((expect.to_owned(), line));
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Wire for Script {
    async fn send(&self, call: Call) -> Result<Reply, Lost> {
        let mut state = self.state();
        let target = call.request.uri().path_and_query().map_or("/", |p| p.as_str());
        let asked = format!("{} {target}", call.request.method());
        let (expect, line) = state
            .lines
            .pop_front()
            .unwrap_or_else(|| panic!("the script has ended, and `{asked}` was called"));
        assert!(
            asked == expect || asked.split('?').next() == Some(expect.as_str()),
            "the script expects `{expect}`, and `{asked}` was called"
        );
        let moves = call.moves;
        state.sent.push(Sent {
            request: call.request,
            moves,
            replay: call.replay,
        });
        let unknown = if moves { Fate::Unknown } else { Fate::NotDone };
        match line {
            Line::NotSent => Err(Lost::NotSent(Error::new(ErrorKind::Network, "connection refused"))),
            Line::Lost => {
                state.money_lost |= moves;
                let error = Error::new(ErrorKind::Network, "the answer was lost").with_fate(unknown);
                Err(Lost::Unknown(error))
            }
            Line::Reply(reply)
                if moves && !is_answer(&reply, &call.nothing_done_on, call.body_decides, state.money_lost) =>
            {
                state.money_lost = true;
                let error = Error::new(ErrorKind::Provider, "the answer does not say whether it was done");
                Err(Lost::Unknown(error.with_fate(unknown).with_status(reply.status)))
            }
            Line::Reply(reply) => Ok(reply),
        }
    }

    async fn wait(&self, time: Duration) -> bool {
        let mut state = self.state();
        if let Some(left) = state.patience {
            let Some(rest) = left.checked_sub(time) else {
                return false;
            };
            state.patience = Some(rest);
        }
        state.now = state.now.checked_add(time).unwrap_or(state.now);
        true
    }

    async fn note(&self, memo: Memo) -> Result<(), Error> {
        self.state().notes.push(memo);
        Ok(())
    }

    async fn token(&self) -> Result<Token, Error> {
        let token = self.state().token.clone();
        token.ok_or_else(|| Error::new(ErrorKind::Configuration, "the script has no token"))
    }

    fn now(&self) -> Timestamp {
        self.state().now
    }
}

/// Whether a reply to a money call says anything, as the engine sees it: after a lost one, only a 2xx does.
fn is_answer(reply: &Reply, nothing_done_on: &[StatusCode], body_decides: bool, lost: bool) -> bool {
    let status = reply.status;
    let refused = status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT;
    let said = refused || nothing_done_on.contains(&status) || (status.is_server_error() && body_decides);
    status.is_success() || (said && !lost)
}

/// Seals a request as the engine would, and gives the headers.
///
/// # Errors
/// As [`Adapter::seal`].
pub fn seal(adapter: &dyn Adapter, sent: &Sent, token: Option<&Token>, now: Timestamp) -> Result<HeaderMap, Error> {
    let mut headers = sent.request.headers().clone();
    let method = sent.request.method();
    adapter.seal(&mut headers, sent.request.body(), &Attempt { token, now, method })?;
    Ok(headers)
}

/// Runs a future that only ever waits for a [`Script`].
///
/// # Panics
/// If the future waits for anything else.
pub fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits for something else than the script"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_lost_money_call_only_a_2xx_counts() {
        let call = || Call::once(Request::post("https://acme.example/pay").body(Bytes::new()).unwrap());
        let script = Script::new()
            .json("POST /pay", 409, "{}")
            .lost("POST /pay")
            .json("POST /pay", 409, "{}")
            .json("POST /pay", 201, "{}");
        assert_eq!(run(script.send(call())).unwrap().status, 409);
        assert!(run(script.send(call())).unwrap_err().is_unknown());
        assert!(run(script.send(call())).unwrap_err().is_unknown());
        assert_eq!(run(script.send(call())).unwrap().status, 201);
    }
}
