//! The transport on hyper-util.

use std::time::Duration;

use async_trait::async_trait;
use http::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use paymux_core::Reply;

use super::{MarkedBody, Transport, TransportError, collect, tls};

/// The transport on hyper-util: HTTP/1, requests that were handed back unstarted are not sent again behind our back.
#[derive(Debug)]
pub struct HyperTransport {
    client: Result<Client<HttpsConnector<HttpConnector>, MarkedBody>, String>,
}

impl HyperTransport {
    /// With our settings: 10 s to connect, TLS by rustls with the platform's certificates.
    #[must_use]
    pub fn new() -> Self {
        let client = tls::config().map(|tls| {
            let mut http = HttpConnector::new();
            http.enforce_http(false);
            http.set_nodelay(true);
            http.set_connect_timeout(Some(Duration::from_secs(10)));
            let connector = HttpsConnectorBuilder::new()
                .with_tls_config(tls)
                .https_or_http()
                .enable_http1()
                .wrap_connector(http);
            Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(Duration::from_secs(60))
                .retry_canceled_requests(false)
                .build(connector)
        });
        Self { client }
    }
}

impl Default for HyperTransport {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Transport for HyperTransport {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let client = self
            .client
            .as_ref()
            .map_err(|why| TransportError::new(true, format!("the HTTP client cannot be built: {why}")))?;
        let response = client.request(request).await.map_err(|error| describe(&error))?;
        let (parts, body) = response.into_parts();
        Ok(Reply::new(parts.status, parts.headers, collect(body).await?))
    }
}

fn describe(error: &hyper_util::client::legacy::Error) -> TransportError {
    use std::error::Error as _;
    let handed_back = error
        .source()
        .and_then(|cause| cause.downcast_ref::<hyper::Error>())
        .is_some_and(hyper::Error::is_canceled);
    let what = if error.is_connect() {
        "no connection"
    } else {
        "the exchange broke"
    };
    let mut innermost = None;
    let mut next = error.source();
    while let Some(cause) = next {
        innermost = Some(cause.to_string());
        next = cause.source();
    }
    TransportError::new(
        error.is_connect() || handed_back,
        innermost.map_or_else(|| what.to_owned(), |inner| format!("{what}: {inner}")),
    )
}
