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
//! let reply = Reply::new(StatusCode::CREATED, HeaderMap::new(), r#"{"id":7}"#);
//! assert_eq!(reply.json::<serde_json::Value>()?["id"], 7);
//! # Ok::<(), paymux_core::Error>(())
//! ```

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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
    // With room for what most bodies hold.
    let mut text = Vec::with_capacity(512);
    serde_json::to_writer(&mut text, body)
        .map_err(|e| Error::new(ErrorKind::InvalidRequest, "the request cannot be written as JSON").with_source(e))?;
    build(method, base, path, Some(content_type), text.into())
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
        // With room for one more, which few requests have; by itself it would have room for six.
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        *request.headers_mut() = headers;
    }
    Ok(request)
}

/// Puts a secret into a header, marked so that it is never printed. `prefix` is the scheme, as in `Bearer `.
///
/// # Errors
/// The secret has characters that a header cannot carry.
pub fn secret_header(
    headers: &mut HeaderMap,
    name: HeaderName,
    prefix: &str,
    secret: &SecretString,
) -> Result<(), Error> {
    let text = Bytes::from([prefix, secret.expose_secret()].concat());
    let mut value = HeaderValue::from_maybe_shared(text).map_err(|_| {
        let message = format!("the credential for header `{name}` has characters that a header cannot carry");
        Error::new(ErrorKind::Configuration, message)
    })?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// Whether a text is a whole https address of the plainest kind: a host of letters, digits, dots and hyphens, and then a path and a query without
/// anything special. Most are, and are told without being taken apart; of the others `false` says nothing.
///
/// ```
/// # use paymux_core::request::is_plain_https;
/// assert!(is_plain_https("https://shop.example/back?order=1001"));
/// assert!(!is_plain_https("https://shop.example:8443/back") && !is_plain_https("http://shop.example"));
/// ```
#[must_use]
pub fn is_plain_https(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").filter(|rest| rest.len() <= 2048) else {
        return false;
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at(end);
    host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && tail.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'/' | b'?' | b'=' | b'&' | b'%' | b'.' | b'-' | b'_' | b'~')
        })
}

/// Whether a text is a whole address: with a scheme, which may be that of an application on a telephone, and a host. What else is wrong with one is for the
/// provider to say.
///
/// ```
/// # use paymux_core::request::is_address;
/// assert!(is_address("https://shop.example/back") && is_address("myshop://back"));
/// assert!(!is_address("/back") && !is_address("shop.example") && !is_address("https://"));
/// ```
#[must_use]
pub fn is_address(text: &str) -> bool {
    let has_both = |address: Uri| address.scheme().is_some() && address.authority().is_some();
    is_plain_https(text) || text.parse().is_ok_and(has_both)
}

/// The text of a JSON string; one without escapes is borrowed as it stands. `None` for any other value, and for a string that is no text.
///
/// ```
/// # use paymux_core::request::text;
/// let fields: Vec<&serde_json::value::RawValue> = serde_json::from_str(r#"["plain", "a\nb", 7, "\ud800"]"#)?;
/// let texts: Vec<_> = fields.into_iter().map(text).collect();
/// assert_eq!(texts, [Some("plain".into()), Some("a\nb".into()), None, None]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let plain = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if plain.contains('\\') {
        return serde_json::from_str(value.get()).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(plain))
}

impl Reply {
    /// The body as text, borrowed where all of it is. A byte that is no text becomes a mark, so that it spoils only the field that it stands in.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        // Text is told to be that faster than it is repaired.
        match std::str::from_utf8(&self.body) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(&self.body),
        }
    }

    /// Reads the body as JSON; what is read may borrow from it.
    ///
    /// # Errors
    /// The provider broke its contract: the body is empty or not what it should be. The error carries the reply, readable only scrubbed.
    /// After a call that moves money, the engine makes the fate unknown.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        // Told to be text as a whole, it is not looked at again field by field.
        let read = match std::str::from_utf8(&self.body) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(&self.body),
        };
        read.map_err(|e| {
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
        let mut headers = HeaderMap::new();
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
    fn a_plain_address_is_one() {
        for text in [
            "https://shop.example",
            "https://a-b.example/",
            "https://shop.example/back?a=1&b=%2F~x_y.z-",
            "https://shop.example?a=1",
            "https://1.2.3.4//",
        ] {
            assert!(is_plain_https(text), "{text}");
            let uri: Uri = text.parse().unwrap();
            assert_eq!(uri.scheme_str(), Some("https"));
            assert!(uri.host().is_some_and(|host| !host.is_empty()) && uri.port().is_none());
        }
        for text in [
            "",
            "https://",
            "https:///back",
            "https://?a",
            "https://-a.example",
            "https://a@b.example/",
            "https://[::1]/",
            "https://a.example/#x",
            "https://a b/",
            "HTTPS://a.example",
        ] {
            assert!(!is_plain_https(text), "{text}");
        }
    }

    #[test]
    fn an_unreadable_body_is_not_quoted() {
        let error = reply("1").json::<Vec<u8>>().unwrap_err();
        assert!(!format!("{error} {error:?} {}", error.to_json()).contains("canary"));
    }
}
