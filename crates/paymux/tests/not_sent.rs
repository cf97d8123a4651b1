//! What "not sent" means, over real sockets and on every transport: a request of which the server saw a byte is never said to have done nothing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use common::adapter::Tiny;
use common::server::{Act, Server, answer, paid};
use common::spans::Spans;
use common::{charge, gateway, transports};
use paymux::transport::Transport;
use paymux::{Error, ErrorKind, Fate, PaymentGateway};
use tokio::net::{TcpSocket, TcpStream};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(700);

/// One sale on a server that acts like this: the result, the server, and the attempts that the span tells.
async fn sale(transport: Arc<dyn Transport>, act: Act, timeout: Duration) -> (Result<(), Error>, Server, usize) {
    let server = Server::start([act]).await;
    let (spans, _guard) = Spans::watch();
    let gateway = gateway(Tiny::new(&server.base()), transport, timeout);
    let result = gateway.sale(charge("a1")).await.map(|_| ());
    let attempts = spans.last().attempts();
    (result, server, attempts)
}

/// The fate of a sale that failed with nothing sent, on an address.
async fn failed(transport: Arc<dyn Transport>, base: &str, timeout: Duration) -> (Error, usize) {
    let (spans, _guard) = Spans::watch();
    let gateway = gateway(Tiny::new(base), transport, timeout);
    let error = gateway.sale(charge("a1")).await.expect_err("nobody is there");
    (error, spans.last().attempts())
}

#[tokio::test]
async fn connection_refused_is_not_sent_and_tried_again() {
    for (name, transport) in transports() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let (error, attempts) = failed(transport, &base, LONG).await;
        assert_eq!(
            (error.fate(), error.kind()),
            (Fate::NotDone, ErrorKind::Network),
            "{name}"
        );
        assert!(error.unresolved().is_none(), "{name}");
        assert_eq!(attempts, 3, "{name}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_not_sent() {
    for (name, transport) in transports() {
        let (error, attempts) = failed(transport, "https://nobody.invalid", LONG).await;
        assert_eq!(error.fate(), Fate::NotDone, "{name}: {error}");
        assert_eq!(attempts, 3, "{name}");
    }
}

/// The address of a listener that accepts nothing and whose queue is full: further connections get no answer.
async fn full() -> (SocketAddr, impl Sized) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let listener = socket.listen(1).unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        queue.push(stream.unwrap());
        assert!(queue.len() < 64, "the queue does not fill");
    }
    (address, (listener, queue))
}

#[tokio::test]
async fn a_connection_that_hangs_is_not_sent_at_the_deadline() {
    let (address, _full) = full().await;
    for (name, transport) in transports() {
        let (error, attempts) = failed(transport, &format!("http://{address}"), SHORT).await;
        assert_eq!(error.fate(), Fate::NotDone, "{name}: {error}");
        assert_eq!(attempts, 1, "{name}");
    }
}

/// The client's own limit for connecting, 10 s, and then another attempt.
#[tokio::test]
async fn a_connection_that_hangs_is_given_up_before_the_deadline_and_tried_again() {
    let (address, _full) = full().await;
    let (spans, _guard) = Spans::watch();
    let mut hanging = tokio::task::JoinSet::new();
    for (name, transport) in transports() {
        let gateway = gateway(
            Tiny::new(&format!("http://{address}")),
            transport,
            Duration::from_millis(10_500),
        );
        hanging.spawn(async move { (name, gateway.sale(charge("a1")).await) });
    }
    for (name, result) in hanging.join_all().await {
        let error = result.expect_err(name);
        assert_eq!(error.fate(), Fate::NotDone, "{name}: {error}");
    }
    assert_eq!(spans.operations().len(), transports().len());
    assert!(spans.operations().iter().all(|span| span.attempts() == 2));
}

#[tokio::test]
async fn a_failed_tls_handshake_is_not_sent() {
    for (name, transport) in transports() {
        // The first bytes of a handshake have no blank line in them, so the server waits for more until the client gives up.
        let server = Server::start([]).await;
        let base = server.base().replace("http://", "https://");
        let (error, _) = failed(Arc::clone(&transport), &base, SHORT).await;
        assert_eq!(error.fate(), Fate::NotDone, "{name}: {error}");
        assert!(server.requests().is_empty(), "{name}");

        let plain = Server::start([Act::ResetUnread, Act::ResetUnread, Act::Fin]).await;
        let base = plain.base().replace("http://", "https://");
        let (error, attempts) = failed(transport, &base, LONG).await;
        assert_eq!(error.fate(), Fate::NotDone, "{name}: {error}");
        assert_eq!((attempts, plain.connections()), (3, 3), "{name}");
    }
}

#[tokio::test]
async fn after_the_request_was_read_every_failure_is_unknown() {
    const HEAD: &str = "HTTP/1.1 201 Created\r\ncontent-length: 40\r\n\r\n{\"id\":";
    const CHUNK: &str = "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n6\r\n{\"id\":\r\n";
    let acts = [
        ("reset, request unread", Act::ResetUnread),
        ("reset, request read", Act::ResetRead),
        ("end after reading", Act::WriteFin("")),
        ("end in the status line", Act::WriteFin("HTTP/1.1 20")),
        ("not HTTP", Act::WriteFin("SSH-2.0-OpenSSH_9.9\r\n\r\n")),
        // HTTP/2 is not compiled in: whoever answers with its frames is not understood.
        ("GOAWAY", Act::WriteFin("\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0")),
        (
            "RST_STREAM, refused",
            Act::WriteFin("\0\0\x04\x03\0\0\0\0\x01\0\0\0\x07"),
        ),
        ("half a body, end", Act::WriteFin(HEAD)),
        ("half a body, reset", Act::WriteReset(HEAD)),
        ("half a chunked body, end", Act::WriteFin(CHUNK)),
        ("half a chunked body, reset", Act::WriteReset(CHUNK)),
        (
            "half a body without a length",
            Act::WriteFin("HTTP/1.1 201 Created\r\n\r\n{\"id\":"),
        ),
        (
            "an empty body",
            Act::WriteFin("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n"),
        ),
    ];
    for (what, act) in acts {
        for (name, transport) in transports() {
            let (result, server, attempts) = sale(transport, act.clone(), LONG).await;
            let error = result.expect_err(what);
            assert_eq!(error.fate(), Fate::Unknown, "{name}: {what}: {error}");
            assert!(error.unresolved().is_some(), "{name}: {what}");
            assert_eq!((server.begun(), attempts), (1, 1), "{name}: {what}");
        }
    }
}

#[tokio::test]
async fn no_answer_until_the_deadline_is_unknown() {
    for (name, transport) in transports() {
        let (result, server, attempts) = sale(transport, Act::Silence, SHORT).await;
        let error = result.expect_err("no answer");
        assert_eq!(
            (error.fate(), error.kind()),
            (Fate::Unknown, ErrorKind::Network),
            "{name}"
        );
        assert_eq!((server.begun(), attempts), (1, 1), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepted_then_ended_goes_by_the_mark() {
    let mut rounds = tokio::task::JoinSet::new();
    for _ in 0..100 {
        for (name, transport) in transports() {
            rounds.spawn(async move {
                let server = Server::start([Act::Fin, Act::Fin, Act::Fin]).await;
                let gateway = gateway(Tiny::new(&server.base()), transport, LONG);
                let error = gateway.sale(charge("a1")).await.expect_err("every connection ends");
                // What was written on a connection that is half closed arrives; the server counts it at the end of the connection.
                tokio::time::sleep(Duration::from_millis(100)).await;
                match error.fate() {
                    Fate::NotDone => assert_eq!(server.begun(), 0, "{name}: {error}"),
                    fate => assert_eq!(fate, Fate::Unknown, "{name}: {error}"),
                }
                assert!(server.begun() <= 1, "{name}: sent again after a byte had left");
            });
        }
    }
    while let Some(round) = rounds.join_next().await {
        round.unwrap();
    }
}

#[tokio::test]
async fn a_pooled_connection_closed_while_idle_is_replaced() {
    for (name, transport) in transports() {
        let close = Act::WriteThenClose(paid(), Duration::ZERO);
        let server = Server::start([close]).await;
        let gateway = gateway(Tiny::new(&server.base()), transport, LONG);
        gateway.sale(charge("a1")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        gateway.sale(charge("a2")).await.unwrap();
        assert_eq!((server.begun(), server.connections()), (2, 2), "{name}");
    }
}

#[tokio::test]
async fn a_pooled_connection_closed_after_the_request_started_is_unknown() {
    for (name, transport) in transports() {
        let server = Server::start([Act::Write(paid()), Act::WriteFin("")]).await;
        let (spans, _guard) = Spans::watch();
        let gateway = gateway(Tiny::new(&server.base()), transport, LONG);
        gateway.sale(charge("a1")).await.unwrap();
        let error = gateway.sale(charge("a2")).await.expect_err("the connection ends");
        assert_eq!(error.fate(), Fate::Unknown, "{name}");
        assert_eq!((server.begun(), server.connections()), (2, 1), "{name}");
        assert_eq!(spans.last().attempts(), 1, "{name}");
    }
}

/// Closes pooled connections under way at every possible moment: no reference is ever seen twice, and none that was seen is said to be not done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn races_for_a_pooled_connection_send_nothing_twice() {
    for (name, transport) in transports() {
        let server = Server::start([]).await;
        let gateway = gateway(Tiny::new(&server.base()), transport, LONG);
        for round in 0..150 {
            let wait = Duration::from_micros(round % 30 * 20);
            server.add(Act::WriteThenClose(paid(), wait));
            gateway.sale(charge(&format!("first-{round}"))).await.ok();
            let reference = format!("second-{round}");
            let result = gateway.sale(charge(&reference)).await;
            let named = format!("\"{reference}\"");
            let seen = server
                .requests()
                .iter()
                .filter(|request| request.contains(&named))
                .count();
            match result {
                Ok(_) => assert_eq!(seen, 1, "{name}: {reference}"),
                Err(error) if error.fate() == Fate::NotDone => assert_eq!(seen, 0, "{name}: {error}"),
                Err(error) => assert!(error.fate() == Fate::Unknown && seen <= 1, "{name}: {error}"),
            }
        }
    }
}

/// A deadline that falls into the moment of sending: what was called not done never arrives afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_in_the_moment_of_sending_tells_the_truth() {
    for (name, transport) in transports() {
        let server = Server::start([]).await;
        let warm = gateway(Tiny::new(&server.base()), Arc::clone(&transport), LONG);
        let mut undone = Vec::new();
        for round in 0..300 {
            warm.sale(charge("warm")).await.unwrap();
            let timeout = Duration::from_micros(round % 50 * 10);
            let hurried = gateway(Tiny::new(&server.base()), Arc::clone(&transport), timeout);
            let reference = format!("hurried-{round}");
            match hurried.sale(charge(&reference)).await {
                Err(error) if error.fate() == Fate::NotDone => undone.push(reference),
                Err(error) => assert_eq!(error.fate(), Fate::Unknown, "{name}: {error}"),
                Ok(_) => {}
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let requests = server.requests();
        for reference in &undone {
            let named = format!("\"{reference}\"");
            assert!(
                !requests.iter().any(|r| r.contains(&named)),
                "{name}: {reference} arrived"
            );
        }
        assert!(!undone.is_empty(), "{name}: no deadline was early enough");
    }
}

#[tokio::test]
async fn redirects_of_a_transport_stay_off() {
    for (name, transport) in transports() {
        let elsewhere = Server::start([]).await;
        let location = format!("location: {}/pay\r\n", elsewhere.base());
        for status in [
            "301 Moved Permanently",
            "302 Found",
            "303 See Other",
            "307 Temporary Redirect",
        ] {
            let act = Act::Write(answer(status, &location, ""));
            let (result, server, _) = sale(Arc::clone(&transport), act, LONG).await;
            assert_eq!(result.expect_err(status).fate(), Fate::Unknown, "{name}: {status}");
            assert_eq!(server.requests().len(), 1, "{name}: {status}");
        }
        assert_eq!(elsewhere.connections(), 0, "{name}");
    }
}

/// A proxy that the application sets is used; retries and redirects that it sets are not.
#[cfg(feature = "rustls")]
#[tokio::test]
async fn an_applications_own_settings_hold_but_for_what_would_send_twice() {
    let proxy = Server::start([Act::Write(answer("302 Found", "location: /pay\r\n", ""))]).await;
    let address = proxy.base();
    let transport = paymux::transport::ReqwestTransport::with(|builder| {
        let proxy = reqwest::Proxy::http(address).unwrap();
        builder.proxy(proxy).redirect(reqwest::redirect::Policy::limited(5))
    });
    let gateway = gateway(Tiny::new("http://127.0.0.1:9"), Arc::new(transport), LONG);
    let error = gateway.sale(charge("a1")).await.expect_err("a redirect");
    assert_eq!(error.fate(), Fate::Unknown);
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1);
    assert!(
        requests[0].starts_with("POST http://127.0.0.1:9/pay HTTP/1.1\r\n"),
        "{}",
        requests[0]
    );
}
