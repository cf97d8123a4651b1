//! What guards the pages.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// No script but ours, no frame, nothing from elsewhere. `form-action` counts for redirects too, and the answer to a form may lead to a provider's page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; \
    frame-ancestors 'none'; form-action 'self' https: http://127.0.0.1:* http://localhost:*";

/// Puts the usual headers on every answer.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses forms that a page of another site sends, and requests under a name that is not ours: a name of somebody else's may be made to lead here.
pub(super) async fn same_site(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !is_ours(headers) {
        return (StatusCode::MISDIRECTED_REQUEST, "this name is not ours").into_response();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads && !is_same_origin(headers) {
        return (StatusCode::FORBIDDEN, "this form was sent by another site").into_response();
    }
    next.run(request).await
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// A browser says which site a form is of; what says nothing is no browser, and carries nobody's authority.
fn is_same_origin(headers: &HeaderMap) -> bool {
    match text(headers, header::HeaderName::from_static("sec-fetch-site")) {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => text(headers, header::ORIGIN).is_none_or(|origin| {
            let host = text(headers, header::HOST).unwrap_or_default();
            origin == format!("http://{host}") || origin == format!("https://{host}")
        }),
    }
}

/// An address in digits, or `localhost`.
fn is_ours(headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, header::HOST) else {
        return false;
    };
    let Ok(authority) = host.parse::<axum::http::uri::Authority>() else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        for (site, fine) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
        ] {
            assert_eq!(is_same_origin(&headers(&[("sec-fetch-site", site)])), fine, "{site}");
        }
        let host = ("host", "127.0.0.1:8080");
        assert!(is_same_origin(&headers(&[host, ("origin", "http://127.0.0.1:8080")])));
        assert!(!is_same_origin(&headers(&[host, ("origin", "http://127.0.0.1:8081")])));
        assert!(!is_same_origin(&headers(&[host, ("origin", "null")])));
        assert!(is_same_origin(&headers(&[host])));
    }

    #[test]
    fn a_name_that_is_not_ours_is_refused() {
        for (host, fine) in [
            ("127.0.0.1:80", true),
            ("localhost", true),
            ("[::1]:80", true),
            ("shop.example", false),
            ("", false),
        ] {
            assert_eq!(is_ours(&headers(&[("host", host)])), fine, "{host}");
        }
    }
}
