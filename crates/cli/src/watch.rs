//! A transport that remembers what the last exchange said about the provider's clock and version.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use http::{Request, header};
use paymux::transport::{MarkedBody, ReqwestTransport, Transport, TransportError};
use paymux::{Reply, async_trait};

/// Sends by the default transport, and keeps what the last exchange showed.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    inner: ReqwestTransport,
    seen: Mutex<Seen>,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// How many requests were made since the last reset.
    pub(crate) requests: u32,
    /// How far the provider's clock is ahead of ours, in seconds, by the `Date` of the last reply; it is told to the second.
    pub(crate) ahead_secs: Option<i64>,
    /// The version of the API that the last request asked for.
    pub(crate) version: Option<String>,
}

impl Watch {
    /// A watch that has seen nothing.
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// What was seen since the last time, which is forgotten here.
    pub(crate) fn take(&self) -> Seen {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl Transport for Watch {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let version = version(&request);
        self.note(|seen| {
            seen.requests = seen.requests.saturating_add(1);
            seen.version = version.or(seen.version.take());
        });
        let reply = self.inner.send(request).await?;
        let now = SystemTime::now();
        let date = reply.headers.get(header::DATE).and_then(|date| date.to_str().ok());
        if let Some(date) = date.and_then(|date| httpdate::parse_http_date(date).ok()) {
            self.note(|seen| seen.ahead_secs = Some(ahead(date, now)));
        }
        Ok(reply)
    }
}

/// How far `theirs` is ahead of `ours`, in whole seconds.
fn ahead(theirs: SystemTime, ours: SystemTime) -> i64 {
    match theirs.duration_since(ours) {
        Ok(ahead) => i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX),
        Err(behind) => i64::try_from(behind.duration().as_secs()).map_or(i64::MIN, |secs| -secs),
    }
}

/// The version that a request asks for: the header `Accept-Version`, else the part of the path that looks like one.
fn version(request: &Request<MarkedBody>) -> Option<String> {
    let header = request.headers().get("accept-version").and_then(|v| v.to_str().ok());
    let in_path = || {
        request.uri().path().split('/').find(|part| {
            part.strip_prefix('v')
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
        })
    };
    header.or_else(in_path).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_version_stands_in_a_header_or_in_the_path() {
        for (path, header, expected) in [
            ("/payments/1", Some("v10"), Some("v10")),
            ("/v3/payments", None, Some("v3")),
            ("/api/v1.2/vault", None, Some("v1.2")),
            ("/vault/v", None, None),
        ] {
            let mut request = Request::new(MarkedBody::new("x".into()).0);
            *request.uri_mut() = path.parse().unwrap();
            if let Some(header) = header {
                request.headers_mut().insert("accept-version", header.parse().unwrap());
            }
            assert_eq!(version(&request).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn skew_has_a_sign() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        assert_eq!(ahead(now + Duration::from_millis(2900), now), 2);
        assert_eq!(ahead(now - Duration::from_millis(7200), now), -7);
    }
}
