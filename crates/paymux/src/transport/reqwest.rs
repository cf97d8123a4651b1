//! The transport on reqwest.

use std::error::Error as _;
use std::time::Duration;

use async_trait::async_trait;
use http::Request;
use paymux_core::Reply;
use reqwest::{Client, ClientBuilder};

use super::{MarkedBody, Transport, TransportError, collect, tls};

/// The transport on reqwest: HTTP/1, its retries and redirects off, no proxy from the environment.
#[derive(Debug)]
pub struct ReqwestTransport {
    client: Result<Client, String>,
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
        Self { client }
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
        let request = request.map(|body| {
            if body.is_empty() {
                "".into()
            } else {
                reqwest::Body::wrap(body)
            }
        });
        let request = reqwest::Request::try_from(request)
            .map_err(|_| TransportError::new(true, "the address of the call is not a valid URL"))?;
        let response = client.execute(request).await.map_err(|error| describe(&error))?;
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        Ok(Reply {
            status: parts.status,
            headers: parts.headers,
            body: collect(body).await?,
        })
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
