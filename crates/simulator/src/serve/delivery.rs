//! Posts the webhooks that are due.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Inside;
use crate::Webhook;

/// How often the host is asked.
const EVERY: Duration = Duration::from_millis(50);
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the host for webhooks for ever. Those that are due together are delivered one after the other.
pub(super) async fn run(inside: Arc<Inside>) {
    let mut batches = JoinSet::new();
    loop {
        let due = {
            let now = inside.now();
            inside.host().due(now)
        };
        if !due.is_empty() {
            batches.spawn(deliver(Arc::clone(&inside), due));
        }
        while batches.try_join_next().is_some() {}
        tokio::time::sleep(EVERY).await;
    }
}

async fn deliver(inside: Arc<Inside>, due: Vec<Webhook>) {
    for webhook in due {
        let status = tokio::time::timeout(PATIENCE, post(webhook.request))
            .await
            .ok()
            .flatten();
        let now = inside.now();
        inside.host().answered(now, webhook.id, status);
    }
}

/// Makes one request; `None` when nobody answered it, or when its target is not on loopback.
async fn post(mut request: Request<Bytes>) -> Option<StatusCode> {
    let authority = request.uri().authority()?.clone();
    let stream = connect(request.uri()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse::<Uri>().ok()?;
    let host = HeaderValue::from_str(authority.as_str()).ok()?;
    request.headers_mut().insert(header::HOST, host);
    request
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    let answer = sender.send_request(request.map(Full::new));
    tokio::pin!(answer, connection);
    tokio::select! {
        answer = &mut answer => answer.ok().map(|answer| answer.status()),
        _ = &mut connection => answer.await.ok().map(|answer| answer.status()),
    }
}

async fn connect(target: &Uri) -> Option<TcpStream> {
    for address in addresses(target)? {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Some(stream);
        }
    }
    None
}

/// The loopback addresses that a URL names; `None` for every other URL.
fn addresses(target: &Uri) -> Option<Vec<SocketAddr>> {
    if target.scheme_str() != Some("http") {
        return None;
    }
    let port = target.port_u16().unwrap_or(80);
    let host = target.host()?.trim_start_matches('[').trim_end_matches(']');
    if host.eq_ignore_ascii_case("localhost") {
        let both = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        return Some(both.map(|ip| SocketAddr::new(ip, port)).to_vec());
    }
    let ip: IpAddr = host.parse().ok()?;
    ip.is_loopback().then(|| vec![SocketAddr::new(ip, port)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_reached() {
        let reached = |url: &str| addresses(&url.parse().unwrap()).is_some();
        assert!(reached("http://127.0.0.1:8080/hook"));
        assert!(reached("http://localhost/hook"));
        assert!(reached("http://[::1]:9/hook"));
        assert!(!reached("https://127.0.0.1/hook"));
        assert!(!reached("http://192.0.2.1/hook"));
        assert!(!reached("http://localhost.example/hook"));
        assert!(!reached("/hook"));
    }
}
