//! Small helpers that every simulated provider answers with.
#![allow(dead_code, reason = "each provider is a feature, and none uses all of them")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use serde::Serialize;

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// A JSON answer.
pub(crate) fn json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Response<Bytes> {
    typed(
        status,
        "application/json; charset=UTF-8",
        serde_json::to_vec(body).unwrap_or_default(),
    )
}

/// A page for a person.
pub(crate) fn html(status: StatusCode, body: String) -> Response<Bytes> {
    typed(status, "text/html; charset=utf-8", body)
}

/// An answer with a body of this content type.
pub(crate) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Sends a browser elsewhere.
pub(crate) fn see_other(location: &str) -> Response<Bytes> {
    let mut response = empty(StatusCode::SEE_OTHER);
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// The pairs of a query string or a form body, decoded, in order.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    serde_html_form::from_bytes(text).unwrap_or_default()
}

/// The pairs of a request's query.
pub(crate) fn query(request: &Request<Bytes>) -> Vec<(String, String)> {
    pairs(request.uri().query().unwrap_or("").as_bytes())
}

/// The first value of a name.
pub(crate) fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// User and password of HTTP Basic, or `None` if the header is absent or malformed.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let text = String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ")?).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The text of a header.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The parts of a path, percent-decoded, empty ones left out.
pub(crate) fn segments(request: &Request<Bytes>) -> Vec<String> {
    request
        .uri()
        .path()
        .split('/')
        .filter(|s| !s.is_empty())
        .map(|s| percent_encoding::percent_decode_str(s).decode_utf8_lossy().into_owned())
        .collect()
}

/// Text made safe for HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The number of decimals that ISO 4217 gives a currency, for the simulators' own reading of amounts.
pub(crate) fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// Reads a decimal text as minor units with `scale` decimals; finer than that only if the rest is zeros.
pub(crate) fn minor(text: &str, scale: u32) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let wanted = usize::try_from(scale).ok()?;
    let kept = fraction.get(..wanted.min(fraction.len()))?;
    if fraction.get(kept.len()..)?.bytes().any(|b| b != b'0') {
        return None;
    }
    format!("{whole}{kept:0<wanted$}").parse().ok()
}

/// Writes minor units as a decimal text with `scale` decimals.
pub(crate) fn major(minor: i64, scale: u32) -> String {
    let Ok(width) = usize::try_from(scale) else {
        return minor.to_string();
    };
    if width == 0 {
        return minor.to_string();
    }
    let digits = format!("{:0>w$}", minor.unsigned_abs(), w = width + 1);
    let (whole, fraction) = digits.split_at(digits.len() - width);
    format!("{}{whole}.{fraction}", if minor < 0 { "-" } else { "" })
}
