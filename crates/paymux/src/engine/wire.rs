//! The wire that adapters get: tokens, sealing, resending, the deadline, and the account of what may have been done.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use jiff::Timestamp;
use paymux_core::{Attempt, Call, Error, ErrorKind, Fate, Lost, Memo, Reply, Token, Wire};
use tokio::time::Instant;

use super::account::Account;
use super::token::{Held, TokenCache};
use super::{Gateway, Shared};
use crate::transport::{MarkedBody, TransportError};

/// How often a call is made whose request is proven not to have left.
const ATTEMPTS: u32 = 3;
/// How long to wait before making such a call again; doubled each time.
const PAUSE: Duration = Duration::from_millis(100);
/// How many redirects (307, 308) a call may follow.
const HOPS: u32 = 2;

/// The wire of one operation.
#[derive(Debug)]
pub(crate) struct EngineWire {
    shared: Arc<Shared>,
    purpose: Purpose,
    deadline: Instant,
    pub(crate) account: Account,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Extra,
    Operation,
    Token,
}

/// The wire for a provider's extras, of [`Gateway::open`]. Each call has the gateway's time limit; calls that move money are refused.
#[derive(Debug)]
pub struct ExtraWire {
    gateway: Gateway,
}

impl ExtraWire {
    pub(crate) const fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    fn inner(&self) -> EngineWire {
        EngineWire::new(&self.gateway.shared, Purpose::Extra)
    }
}

enum Exchange {
    Reply(Reply),
    NotSent(TransportError),
    Unknown(TransportError),
}

impl EngineWire {
    fn new(shared: &Arc<Shared>, purpose: Purpose) -> Self {
        Self {
            shared: Arc::clone(shared),
            purpose,
            deadline: Instant::now() + shared.timeout,
            account: Account::default(),
        }
    }

    pub(crate) fn for_operation(shared: &Arc<Shared>) -> Self {
        Self::new(shared, Purpose::Operation)
    }

    pub(crate) fn for_token(shared: &Arc<Shared>) -> Self {
        Self::new(shared, Purpose::Token)
    }

    async fn held(&self) -> Result<Option<Held>, Error> {
        if self.purpose == Purpose::Token || self.shared.adapter.tokens().is_none() {
            return Ok(None);
        }
        let flight = TokenCache::get(&self.shared);
        match tokio::time::timeout_at(self.deadline, flight).await {
            Ok(held) => held.map(Some),
            Err(_) => Err(Error::new(
                ErrorKind::Network,
                format!("no access token within {} s", self.shared.timeout.as_secs()),
            )),
        }
    }

    fn sealed(&self, call: &Call, uri: &Uri, held: Option<&Held>) -> Result<Request<Bytes>, Error> {
        let mut request = Request::new(call.request.body().clone());
        *request.method_mut() = call.request.method().clone();
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = call.request.headers().clone();
        let attempt = Attempt {
            token: held.map(|held| &held.token),
            now: self.shared.clock.now(),
            method: call.request.method(),
        };
        let mut headers = std::mem::take(request.headers_mut());
        self.shared.adapter.seal(&mut headers, call.request.body(), &attempt)?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    async fn exchange(&self, request: Request<Bytes>, moves: bool) -> Exchange {
        {
            let mut state = self.account.lock();
            state.attempts = state.attempts.saturating_add(1);
            if moves {
                state.last_sent = Some(self.shared.clock.now());
            }
        }
        let (parts, body) = request.into_parts();
        let (body, mark) = MarkedBody::new(body);
        let sending = self.shared.transport.send(Request::from_parts(parts, body));
        match tokio::time::timeout_at(self.deadline, sending).await {
            Ok(Ok(reply)) => Exchange::Reply(reply),
            Ok(Err(error)) if error.not_sent || !mark.is_set() => Exchange::NotSent(error),
            Ok(Err(error)) => Exchange::Unknown(error),
            Err(_) => {
                let message = format!("no answer within {} s", self.shared.timeout.as_secs());
                let error = TransportError::new(!mark.is_set(), message);
                if mark.is_set() {
                    Exchange::Unknown(error)
                } else {
                    Exchange::NotSent(error)
                }
            }
        }
    }

    /// Whether waiting still leaves time; waits if so.
    async fn pause(&self, time: Duration) -> bool {
        let Some(end) = Instant::now().checked_add(time) else {
            return false;
        };
        if end >= self.deadline {
            return false;
        }
        tokio::time::sleep_until(end).await;
        true
    }

    fn judge(&self, call: &Call, reply: Reply) -> Result<Reply, Lost> {
        let mut state = self.account.lock();
        state.raw = Some(reply.body.clone());
        if !call.moves || call.nothing_done_on.contains(&reply.status) {
            return Ok(reply);
        }
        let success = reply.status.is_success();
        let failed = reply.status.is_server_error() && !call.body_decides;
        if failed || reply.status.is_redirection() || (state.lost && !success) {
            state.lost = true;
            let message = if failed {
                "the provider failed, and may have done it before"
            } else {
                "the answer does not say whether it was done"
            };
            let error = Error::new(ErrorKind::Provider, message)
                .with_status(reply.status)
                .with_fate(Fate::Unknown);
            return Err(Lost::Unknown(error));
        }
        if call.body_decides {
            state.answered = true;
        } else {
            state.accepted |= success;
        }
        Ok(reply)
    }
}

#[async_trait]
impl Wire for EngineWire {
    async fn send(&self, call: Call) -> Result<Reply, Lost> {
        if call.moves && self.purpose != Purpose::Operation {
            let message = "a call that moves money is allowed only inside an operation; nothing was sent";
            return Err(Lost::NotSent(Error::new(ErrorKind::Unsupported, message)));
        }
        check_address(call.request.uri()).map_err(Lost::NotSent)?;
        let mut uri = call.request.uri().clone();
        let (mut unsent, mut hops, mut renewed) = (0_u32, 0_u32, false);
        let lost = |error: TransportError, fate| Error::new(ErrorKind::Network, error.message).with_fate(fate);
        loop {
            let held = self.held().await.map_err(Lost::NotSent)?;
            let request = self.sealed(&call, &uri, held.as_ref()).map_err(Lost::NotSent)?;
            match self.exchange(request, call.moves).await {
                Exchange::Reply(reply) if reply.status == StatusCode::UNAUTHORIZED && !renewed => {
                    // 401 proves that nothing was done only where a token can have expired.
                    let Some(held) = held else {
                        return self.judge(&call, reply);
                    };
                    renewed = true;
                    self.shared.tokens.invalidate(held.generation);
                }
                Exchange::Reply(reply) if is_repeat(reply.status) && hops < HOPS => {
                    let Some(next) = same_host(&uri, &reply) else {
                        return self.judge(&call, reply);
                    };
                    hops = hops.saturating_add(1);
                    uri = next;
                }
                Exchange::Reply(reply) => return self.judge(&call, reply),
                Exchange::NotSent(error) => {
                    unsent = unsent.saturating_add(1);
                    let pause = PAUSE.saturating_mul(2_u32.saturating_pow(unsent.saturating_sub(1)));
                    if unsent >= ATTEMPTS || !self.pause(pause).await {
                        return Err(Lost::NotSent(lost(error, Fate::NotDone)));
                    }
                }
                Exchange::Unknown(error) => {
                    let fate = if call.moves { Fate::Unknown } else { Fate::NotDone };
                    self.account.lock().lost |= call.moves;
                    return Err(Lost::Unknown(lost(error, fate)));
                }
            }
        }
    }

    async fn wait(&self, time: Duration) -> bool {
        self.pause(time).await
    }

    async fn note(&self, memo: Memo) -> Result<(), Error> {
        self.account.lock().notes.push(memo);
        Ok(())
    }

    async fn token(&self) -> Result<Token, Error> {
        match self.held().await? {
            Some(held) => Ok(held.token),
            None => Err(Error::new(
                ErrorKind::Configuration,
                "this provider has no access tokens",
            )),
        }
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

#[async_trait]
impl Wire for ExtraWire {
    async fn send(&self, call: Call) -> Result<Reply, Lost> {
        self.inner().send(call).await
    }

    async fn wait(&self, time: Duration) -> bool {
        self.inner().wait(time).await
    }

    async fn note(&self, _: Memo) -> Result<(), Error> {
        Ok(())
    }

    async fn token(&self) -> Result<Token, Error> {
        self.inner().token().await
    }

    fn now(&self) -> Timestamp {
        self.gateway.shared.clock.now()
    }
}

/// Redirects that keep method and body.
fn is_repeat(status: StatusCode) -> bool {
    matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT)
}

/// Where a redirect leads, if it is the same scheme, host and port: credentials and bodies go nowhere else.
fn same_host(from: &Uri, reply: &Reply) -> Option<Uri> {
    let location = reply.headers.get(header::LOCATION)?.to_str().ok()?;
    if location.starts_with('/') && !location.starts_with("//") {
        let mut parts = from.clone().into_parts();
        parts.path_and_query = Some(location.parse().ok()?);
        return Uri::from_parts(parts).ok();
    }
    let to: Uri = location.parse().ok()?;
    let port = |uri: &Uri| {
        uri.port_u16().or(if uri.scheme_str() == Some("https") {
            Some(443)
        } else {
            Some(80)
        })
    };
    let same = to.scheme() == from.scheme() && to.host() == from.host() && port(&to) == port(from);
    let plain = to
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'));
    (same && plain).then_some(to)
}

/// Plain HTTP goes to loopback only.
pub(crate) fn check_address(uri: &Uri) -> Result<(), Error> {
    let host = uri.host().unwrap_or("").trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => Ok(()),
        Some("http") if loopback => Ok(()),
        Some("http") => Err(Error::new(
            ErrorKind::Configuration,
            format!("plain http is allowed to loopback only, and the host is `{host}`; use https"),
        )),
        _ => Err(Error::new(
            ErrorKind::Configuration,
            "the address is not an http or https URL",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_loopback_only() {
        for fine in [
            "https://api.example",
            "http://127.0.0.1:1/",
            "http://[::1]:1/",
            "http://localhost/",
        ] {
            assert!(check_address(&fine.parse().unwrap()).is_ok(), "{fine}");
        }
        for bad in [
            "http://api.example",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
            "/path",
            "http://127.0.0.1.evil.example",
        ] {
            assert!(check_address(&bad.parse().unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn redirects_stay_on_their_host() {
        let from: Uri = "https://api.example/v3/payments".parse().unwrap();
        let to = |location: &str| {
            let mut reply = Reply {
                status: StatusCode::TEMPORARY_REDIRECT,
                headers: http::HeaderMap::new(),
                body: Bytes::new(),
            };
            reply.headers.insert(header::LOCATION, location.parse().unwrap());
            same_host(&from, &reply).map(|uri| uri.to_string())
        };
        assert_eq!(to("/v3/other?x=1").as_deref(), Some("https://api.example/v3/other?x=1"));
        assert_eq!(
            to("https://api.example:443/b").as_deref(),
            Some("https://api.example:443/b")
        );
        for away in [
            "//evil.example/",
            "https://evil.example/",
            "http://api.example/",
            "https://api.example:8443/",
            "https://a@api.example/",
            "relative",
        ] {
            assert_eq!(to(away), None, "{away}");
        }
    }
}
