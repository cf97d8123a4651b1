//! What "not sent" means over TLS, over real sockets and on every transport; and that HTTP/2, whose resets could pass for "not sent", is spoken by none.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::adapter::Tiny;
use common::server::paid;
use common::spans::Spans;
use common::{charge, gateway, transports};
use paymux::transport::Transport;
use paymux::{BoxFuture, Error, Fate, PaymentGateway};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(700);

/// An authority that may be trusted.
struct Authority {
    key: KeyPair,
}

impl Authority {
    fn params() -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    fn new() -> Self {
        Self {
            key: KeyPair::generate().unwrap(),
        }
    }

    /// A server's settings with a certificate for loopback; every version of TLS, and HTTP/2 before HTTP/1.
    fn server(&self, asks_for_a_certificate: bool) -> ServerConfig {
        let params = Self::params();
        let issuer = Issuer::from_params(&params, &self.key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let chain = vec![leaf.signed_by(&key, &issuer).unwrap().der().clone()];
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .unwrap();
        let builder = if asks_for_a_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(params.self_signed(&self.key).unwrap().der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

/// What says that a process trusts an authority of ours: the place of its key.
const TRUSTED: &str = "PAYMUX_TEST_AUTHORITY";

/// Runs the test of this name again, in a process that trusts a new authority; gives that authority there, and nothing here. The transports take what
/// the platform trusts, and only the environment of a process can change that.
fn trusted(test: &str) -> Option<Authority> {
    if let Some(place) = std::env::var_os(TRUSTED) {
        let pem = std::fs::read_to_string(place).unwrap();
        let key = KeyPair::from_pem(&pem).unwrap();
        return Some(Authority { key });
    }
    let authority = Authority::new();
    let place = |what: &str| -> PathBuf {
        std::env::temp_dir().join(format!("paymux-{}-{test}-{what}.pem", std::process::id()))
    };
    let (certificate, key) = (place("certificate"), place("key"));
    let pem = Authority::params().self_signed(&authority.key).unwrap().pem();
    std::fs::write(&certificate, pem).unwrap();
    std::fs::write(&key, authority.key.serialize_pem()).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env("SSL_CERT_FILE", &certificate)
        .env_remove("SSL_CERT_DIR")
        .env(TRUSTED, &key)
        .output()
        .unwrap();
    std::fs::remove_file(certificate).unwrap();
    std::fs::remove_file(key).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    None
}

/// What a server does with a connection.
type Serve = Arc<dyn Fn(TcpStream) -> BoxFuture<'static, ()> + Send + Sync>;

/// A server that serves every connection like this, and how many there were.
async fn listen(serve: Serve) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    (address, connections)
}

/// What a TLS server read inside its handshakes, one text for each connection on which there was any; and the protocols that were agreed on.
#[derive(Clone, Default)]
struct Log {
    requests: Arc<Mutex<Vec<String>>>,
    protocols: Arc<Mutex<Vec<Option<Vec<u8>>>>>,
}

/// How a TLS server answers the first request of a connection.
type Reply = fn(TlsStream<TcpStream>) -> BoxFuture<'static, ()>;

fn tls(config: ServerConfig, log: &Log, reply: Reply) -> Serve {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let log = log.clone();
    Arc::new(move |stream| {
        let (acceptor, log) = (acceptor.clone(), log.clone());
        Box::pin(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            log.protocols.lock().unwrap().push(protocol);
            let mut text = Vec::new();
            // Every body of these tests ends so.
            while !text.ends_with(b"}") {
                match stream.read_buf(&mut text).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
            if text.is_empty() {
                return;
            }
            log.requests
                .lock()
                .unwrap()
                .push(String::from_utf8_lossy(&text).into_owned());
            reply(stream).await;
        })
    })
}

/// One sale: the result, and the attempts that the span tells.
async fn sale(transport: Arc<dyn Transport>, address: SocketAddr, time: Duration) -> (Result<(), Error>, usize) {
    let (spans, _guard) = Spans::watch();
    let gateway = gateway(Tiny::new(&format!("https://{address}")), transport, time);
    let result = gateway.sale(charge("a1")).await.map(drop);
    (result, spans.last().attempts())
}

const PAID: Reply = |mut stream| {
    Box::pin(async move {
        stream.write_all(paid().as_bytes()).await.ok();
        stream.shutdown().await.ok();
    })
};

#[tokio::test]
async fn a_certificate_of_an_unknown_issuer_is_not_sent() {
    let log = Log::default();
    let (address, connections) = listen(tls(Authority::new().server(false), &log, PAID)).await;
    for (name, transport) in transports() {
        connections.store(0, Ordering::SeqCst);
        let (result, attempts) = sale(transport, address, LONG).await;
        let error = result.expect_err(name);
        assert_eq!(error.fate(), Fate::NotDone, "{name}: {error}");
        assert!(error.message().to_lowercase().contains("issuer"), "{name}: {error}");
        assert_eq!((attempts, connections.load(Ordering::SeqCst)), (3, 3), "{name}");
    }
    assert!(log.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_handshake_that_comes_to_nothing_is_not_sent() {
    const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    // A head of a record of the handshake that says more than comes.
    const HALF: &[u8] = b"\x16\x03\x03\x00\x7a\x02\x00";
    for (what, written, resets) in [
        ("plain server", PLAIN, false),
        ("plain server that resets", PLAIN, true),
        ("end in the handshake", HALF, false),
        ("reset in the handshake", HALF, true),
        ("end before the handshake", b"", false),
        ("reset before the handshake", b"", true),
    ] {
        let serve: Serve = Arc::new(move |mut stream| {
            Box::pin(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                stream.write_all(written).await.ok();
                if resets {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    stream.set_zero_linger().ok();
                }
            })
        });
        for (name, transport) in transports() {
            let (address, connections) = listen(Arc::clone(&serve)).await;
            let (result, attempts) = sale(transport, address, LONG).await;
            let error = result.expect_err(what);
            assert_eq!(error.fate(), Fate::NotDone, "{name}: {what}: {error}");
            assert_eq!((attempts, connections.load(Ordering::SeqCst)), (3, 3), "{name}: {what}");
        }
    }
}

#[tokio::test]
async fn a_handshake_that_hangs_is_not_sent() {
    for written in [&b""[..], b"\x16\x03\x03\x00\x7a\x02\x00"] {
        let serve: Serve = Arc::new(move |mut stream| {
            Box::pin(async move {
                stream.write_all(written).await.ok();
                let mut all = Vec::new();
                stream.read_to_end(&mut all).await.ok();
            })
        });
        for (name, transport) in transports() {
            let (address, connections) = listen(Arc::clone(&serve)).await;
            let (result, attempts) = sale(transport, address, SHORT).await;
            let error = result.expect_err(name);
            assert_eq!(error.fate(), Fate::NotDone, "{name}: {error}");
            assert_eq!((attempts, connections.load(Ordering::SeqCst)), (1, 1), "{name}");
        }
    }
}

/// The server would rather speak HTTP/2.
#[tokio::test]
async fn a_sale_goes_over_tls_and_never_over_http_2() {
    let Some(authority) = trusted("a_sale_goes_over_tls_and_never_over_http_2") else {
        return;
    };
    for (name, transport) in transports() {
        let log = Log::default();
        let (address, connections) = listen(tls(authority.server(false), &log, PAID)).await;
        let (result, attempts) = sale(transport, address, LONG).await;
        result.unwrap_or_else(|error| panic!("{name}: {error}"));
        let protocols = log.protocols.lock().unwrap().clone();
        assert!(
            protocols.iter().all(|one| one.as_deref() != Some(b"h2")),
            "{name}: {protocols:?}"
        );
        let requests = log.requests.lock().unwrap().clone();
        assert!(
            requests[0].starts_with("POST /pay HTTP/1.1\r\n"),
            "{name}: {requests:?}"
        );
        let counts = (requests.len(), attempts, connections.load(Ordering::SeqCst));
        assert_eq!(counts, (1, 1, 1), "{name}");
    }
}

/// Nothing of this workspace may bring HTTP/2: its features would be those of the transports, too.
#[test]
fn http_2_is_not_compiled() {
    let lock = include_str!("../../../Cargo.lock");
    assert!(lock.contains("name = \"hyper\"\n") && !lock.contains("name = \"h2\"\n"));
}

/// In TLS 1.3 the client is done before the server looks at its certificate, so that the alert may come before, while or after the request is written.
#[tokio::test]
async fn a_client_certificate_that_is_missing_goes_by_the_mark() {
    let Some(authority) = trusted("a_client_certificate_that_is_missing_goes_by_the_mark") else {
        return;
    };
    for (name, transport) in transports() {
        let log = Log::default();
        let (address, connections) = listen(tls(authority.server(true), &log, PAID)).await;
        for _ in 0..50 {
            connections.store(0, Ordering::SeqCst);
            let (result, attempts) = sale(Arc::clone(&transport), address, LONG).await;
            let error = result.expect_err(name);
            match error.fate() {
                Fate::NotDone => assert!(error.unresolved().is_none(), "{name}: {error}"),
                fate => assert_eq!(fate, Fate::Unknown, "{name}: {error}"),
            }
            assert_eq!(connections.load(Ordering::SeqCst), attempts, "{name}: {error}");
        }
        assert!(log.requests.lock().unwrap().is_empty(), "{name}: no request is read");
    }
}

#[tokio::test]
async fn what_breaks_inside_tls_after_the_request_is_unknown() {
    let Some(authority) = trusted("what_breaks_inside_tls_after_the_request_is_unknown") else {
        return;
    };
    const HEAD: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 40\r\n\r\n{\"id\":";
    let acts: [(&str, Reply); 4] = [
        ("reset, request read", |stream| {
            Box::pin(async move {
                stream.get_ref().0.set_zero_linger().ok();
            })
        }),
        ("end without a word", |mut stream| {
            Box::pin(async move {
                stream.shutdown().await.ok();
            })
        }),
        ("half a body, end", |mut stream| {
            Box::pin(async move {
                stream.write_all(HEAD).await.ok();
                stream.shutdown().await.ok();
            })
        }),
        ("a body without a length, cut off inside TLS", |mut stream| {
            Box::pin(async move {
                let whole = b"HTTP/1.1 201 Created\r\n\r\n{\"id\":\"4711\"}";
                stream.write_all(whole).await.ok();
                stream.flush().await.ok();
                // No closing alert: whoever sits between could have cut it.
                let (mut stream, _) = stream.into_inner();
                stream.shutdown().await.ok();
            })
        }),
    ];
    for (what, reply) in acts {
        for (name, transport) in transports() {
            let log = Log::default();
            let (address, connections) = listen(tls(authority.server(false), &log, reply)).await;
            let (result, attempts) = sale(transport, address, LONG).await;
            let error = result.expect_err(what);
            assert_eq!(error.fate(), Fate::Unknown, "{name}: {what}: {error}");
            let requests = log.requests.lock().unwrap().len();
            let counts = (requests, attempts, connections.load(Ordering::SeqCst));
            assert_eq!(counts, (1, 1, 1), "{name}: {what}");
        }
    }
}
