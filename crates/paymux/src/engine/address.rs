//! Where requests may go: to no plain address but loopback, and after a redirect to no other host.

use http::{StatusCode, Uri, header};
use paymux_core::{Error, ErrorKind, Reply};

/// Redirects that keep method and body.
pub(super) fn is_repeat(status: StatusCode) -> bool {
    matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT)
}

/// Where a redirect leads, if it is the same scheme, host and port: credentials and bodies go nowhere else.
pub(super) fn same_host(from: &Uri, reply: &Reply) -> Option<Uri> {
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
    let is_loopback = || host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => Ok(()),
        Some("http") if is_loopback() => Ok(()),
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
    use bytes::Bytes;

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
            let mut reply = Reply::new(StatusCode::TEMPORARY_REDIRECT, http::HeaderMap::new(), Bytes::new());
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
