//! The transport on reqwest.

use std::error::Error as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::uri::{Authority, Scheme};
use http::{Request, Uri};
use paymux_core::Reply;
use reqwest::{Client, ClientBuilder, Url};

use super::{MarkedBody, Transport, TransportError, collect, tls};

/// The transport on reqwest: HTTP/1, its retries and redirects off, no proxy from the environment.
#[derive(Debug)]
pub struct ReqwestTransport {
    client: Result<Client, String>,
    origins: Origins,
}

/// How many origins are kept; a gateway has one or two.
const ORIGINS: usize = 16;

/// Addresses that were parsed before, by what they begin with: to parse a host again for every call costs more than the rest of the address.
#[derive(Debug, Default)]
struct Origins(Mutex<Vec<(Scheme, Authority, Url)>>);

impl Origins {
    /// The address, as it is when it is parsed whole.
    fn url(&self, uri: &Uri) -> Option<Url> {
        let (scheme, authority) = (uri.scheme()?, uri.authority()?);
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = list.iter().find(|known| (&known.0, &known.1) == (scheme, authority));
        if let Some((_, _, url)) = known {
            let mut url = url.clone();
            drop(list);
            url.set_path(uri.path());
            url.set_query(uri.query());
            return Some(url);
        }
        let url: Url = uri.to_string().parse().ok()?;
        // With a name and a password in it, it is neither kept nor shown.
        if list.len() < ORIGINS && !authority.as_str().contains('@') {
            list.push((scheme.clone(), authority.clone(), url.clone()));
        }
        Some(url)
    }
}

impl ReqwestTransport {
    /// With our settings: 10 s to connect, TLS by rustls with the platform's certificates.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// With an application's own settings on top of ours: a proxy, a TLS configuration (`tls_backend_preconfigured`), limits of time.
    /// Retries, redirects and the environment's proxies stay off, and HTTP/1 stays on.
    ///
    /// Settings that cannot be used come back as an error from every call, with nothing sent.
    #[must_use]
    pub fn with(settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let client = tls::config().and_then(|tls| {
            // First what may be changed; `no_proxy` would drop a proxy that was set before it.
            let ours = Client::builder()
                .connect_timeout(Duration::from_secs(10))
                .tls_backend_preconfigured(tls)
                .no_proxy();
            settings(ours)
                .retry(reqwest::retry::never())
                .redirect(reqwest::redirect::Policy::none())
                .http1_only()
                .referer(false)
                .build()
                .map_err(|e| e.to_string())
        });
        Self {
            client,
            origins: Origins::default(),
        }
    }
}

impl Default for ReqwestTransport {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let client = self
            .client
            .as_ref()
            .map_err(|why| TransportError::new(true, format!("the HTTP client cannot be built: {why}")))?;
        let (parts, body) = request.into_parts();
        let Some(url) = self.origins.url(&parts.uri) else {
            return Err(TransportError::new(true, "the address of the call is not a valid URL"));
        };
        let mut request = reqwest::Request::new(parts.method, url);
        *request.headers_mut() = parts.headers;
        *request.body_mut() = Some(if body.is_empty() {
            "".into()
        } else {
            reqwest::Body::wrap(body)
        });
        let response = client.execute(request).await.map_err(|error| describe(&error))?;
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        Ok(Reply::new(parts.status, parts.headers, collect(body).await?))
    }
}

fn describe(error: &reqwest::Error) -> TransportError {
    let mut handed_back = false;
    let mut innermost = None;
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        handed_back |= text.contains("operation was canceled");
        innermost = Some(text);
        next = cause.source();
    }
    let what = if error.is_connect() {
        "no connection"
    } else {
        "the exchange broke"
    };
    TransportError::new(
        error.is_connect() || handed_back,
        innermost.map_or_else(|| what.to_owned(), |inner| format!("{what}: {inner}")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_whether_its_origin_was_seen_before_or_not() {
        let origins = Origins::default();
        let beginnings = [
            "https://api.example",
            "https://api.example:8443",
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "https://user:secret@api.example",
        ];
        let ends = [
            "",
            "/",
            "/v3/payments",
            "/v3/payments?entityId=8a82&a=%26+b",
            "/v3/query?",
            "?only=query",
            "/a/../b/./c//d",
            "/a/%2e%2e/b",
            "/%C3%A9/a%20b'\"{}|^`",
            "/a?x='<>\"{}|^`",
        ];
        let mut same = 0;
        for _ in 0..2 {
            for (beginning, end) in beginnings.iter().flat_map(|b| ends.map(|e| (b, e))) {
                let text = format!("{beginning}{end}");
                let Ok(uri) = text.parse::<Uri>() else { continue };
                let whole: Url = uri.to_string().parse().unwrap();
                assert_eq!(origins.url(&uri), Some(whole), "{text}");
                same += 1;
            }
        }
        assert!(same > 60, "{same}");
        // All but the one with a password.
        assert_eq!(origins.0.lock().unwrap().len(), beginnings.len() - 1);
        assert!(!format!("{origins:?}").contains("secret"));
    }

    #[test]
    fn no_more_origins_are_kept_than_a_few() {
        let origins = Origins::default();
        for number in 0..100 {
            let uri: Uri = format!("https://host{number}.example/x").parse().unwrap();
            assert_eq!(origins.url(&uri).unwrap().as_str(), uri.to_string());
        }
        assert_eq!(origins.0.lock().unwrap().len(), ORIGINS);
        assert_eq!(origins.url(&"/no/host".parse().unwrap()), None);
    }
}
