//! Requests as adapters build them, and replies as they read them.
//!
//! ```
//! use http::{HeaderMap, Method, StatusCode, header};
//! use paymux_core::{Reply, request};
//! use secrecy::SecretString;
//!
//! let body = serde_json::json!({"amount": 10_000});
//! let mut request = request::json(Method::POST, "https://api.example", "/payments", "application/json", &body)?;
//! let key = SecretString::from("an api key");
//! request::secret_header(request.headers_mut(), header::AUTHORIZATION, "Bearer ", &key)?;
//! assert!(!format!("{request:?}").contains("an api key"));
//!
//! let reply = Reply { status: StatusCode::CREATED, headers: HeaderMap::new(), body: r#"{"id":7}"#.into() };
//! assert_eq!(reply.json::<serde_json::Value>()?["id"], 7);
//! # Ok::<(), paymux_core::Error>(())
//! ```

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};
use crate::raw::RawReply;
use crate::wire::Reply;

/// A request without a body. `base` is the configured address without a trailing slash; `path` begins with one and is already percent-encoded.
///
/// # Errors
/// The address is not one; the error names no value.
pub fn empty(method: Method, base: &str, path: &str) -> Result<Request<Bytes>, Error> {
    build(method, base, path, None, Bytes::new())
}

/// A request with a JSON body, of this content type.
///
/// # Errors
/// The address is not one, or the body cannot be written.
pub fn json<T: Serialize>(
    method: Method,
    base: &str,
    path: &str,
    content_type: &'static str,
    body: &T,
) -> Result<Request<Bytes>, Error> {
    let body = serde_json::to_vec(body)
        .map_err(|e| Error::new(ErrorKind::InvalidRequest, "the request cannot be written as JSON").with_source(e))?;
    build(method, base, path, Some(content_type), body.into())
}

/// A request with a body that is already bytes.
///
/// # Errors
/// The address is not one.
pub fn build(
    method: Method,
    base: &str,
    path: &str,
    content_type: Option<&'static str>,
    body: Bytes,
) -> Result<Request<Bytes>, Error> {
    let address = Bytes::from([base, path].concat());
    let uri = Uri::from_maybe_shared(address)
        .map_err(|_| Error::new(ErrorKind::Configuration, "the address of the call is not a valid URL"))?;
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    if let Some(content_type) = content_type {
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    Ok(request)
}

/// Puts a secret into a header, marked so that it is never printed. `prefix` is the scheme, as in `Bearer `.
///
/// # Errors
/// The secret has characters that a header cannot carry.
pub fn secret_header(
    headers: &mut http::HeaderMap,
    name: HeaderName,
    prefix: &str,
    secret: &SecretString,
) -> Result<(), Error> {
    let mut value = HeaderValue::from_str(&[prefix, secret.expose_secret()].concat()).map_err(|_| {
        let message = format!("the credential for header `{name}` has characters that a header cannot carry");
        Error::new(ErrorKind::Configuration, message)
    })?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

impl Reply {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// The provider broke its contract: the body is empty or not what it should be. The error carries the reply, readable only scrubbed.
    /// After a call that moves money, the engine makes the fate unknown.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|e| {
            let what = if self.body.is_empty() {
                "is empty"
            } else {
                "cannot be read"
            };
            // serde_json's own text may quote the body; only where it stopped is kept.
            let message = format!("the reply's body {what} (line {}, column {})", e.line(), e.column());
            Error::new(ErrorKind::Provider, message)
                .with_status(self.status)
                .with_raw(RawReply::new(self.body.clone()))
        })
    }

    /// How long the provider asks to wait, from `Retry-After` in seconds or as an HTTP date.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let value = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
        Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(retry_after: &'static str) -> Reply {
        let mut headers = http::HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(retry_after));
        Reply {
            status: http::StatusCode::TOO_MANY_REQUESTS,
            headers,
            body: Bytes::from_static(b"{\"token\":\"canary\""),
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        let wait = |value| reply(value).retry_after(now);
        assert_eq!(wait("31"), Some(Duration::from_secs(31)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(37)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:48:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn an_unreadable_body_is_not_quoted() {
        let error = reply("1").json::<Vec<u8>>().unwrap_err();
        assert!(!format!("{error} {error:?} {}", error.to_json()).contains("canary"));
    }
}
