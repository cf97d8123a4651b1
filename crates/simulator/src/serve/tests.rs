//! Over a real socket, with the standard library as the client.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener as StdListener, TcpStream as StdStream};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use super::*;
use crate::{Fault, Ledger, Matcher, Provider, Webhook, wire};

#[derive(Clone, Debug, Default)]
struct Fake {
    ledger: Ledger,
    acted: u32,
    due: Vec<Webhook>,
    answers: Vec<(u64, Option<StatusCode>)>,
}

impl Provider for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        self.acted += 1;
        let text = format!(
            "{} {} {} at {now}",
            request.method(),
            request.uri(),
            String::from_utf8_lossy(request.body())
        );
        wire::typed(StatusCode::OK, "text/plain", text)
    }
    fn due(&mut self, _now: Timestamp) -> Vec<Webhook> {
        std::mem::take(&mut self.due)
    }
    fn answered(&mut self, _now: Timestamp, webhook: u64, status: Option<StatusCode>) {
        self.answers.push((webhook, status));
    }
    fn ledger(&self) -> &Ledger {
        &self.ledger
    }
    fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }
    fn force_code(&mut self, _code: &str) {}
    fn add_foreign(&mut self, _now: Timestamp, _minor: i64, _currency: &str) {}
    fn fork(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }
}

const ANY: &str = "127.0.0.1:0";

async fn start(fault: Option<Fault>) -> Server {
    let mut host = Host::new(Box::new(Fake::default()));
    if let Some(fault) = fault {
        host.faults.add(Matcher::on(Method::POST, "/pay"), fault);
    }
    Server::start(host, ANY.parse().unwrap()).await.unwrap()
}

fn fake<T>(server: &Server, act: impl FnOnce(&mut Fake) -> T) -> T {
    server.with(|host, _| act(host.provider_as::<Fake>().unwrap()))
}

/// What a client reads until the connection ends, and how it ended.
async fn call(address: SocketAddr, patience: Duration) -> (String, Option<ErrorKind>) {
    tokio::task::spawn_blocking(move || {
        let mut stream = StdStream::connect(address).unwrap();
        stream.set_read_timeout(Some(patience)).unwrap();
        stream
            .write_all(b"POST /pay?a=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello")
            .unwrap();
        let mut read = Vec::new();
        let ended = stream.read_to_end(&mut read).err().map(|error| error.kind());
        (String::from_utf8(read).unwrap(), ended)
    })
    .await
    .unwrap()
}

const LONG: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_a_date_and_the_hosts_time() {
    let server = start(None).await;
    server.advance(Duration::from_secs(100 * 365 * 86_400));
    let (read, ended) = call(server.address(), LONG).await;
    assert!(read.starts_with("HTTP/1.1 200 OK"), "{read}");
    assert!(read.contains("POST /pay?a=1 hello at 21"), "{read}");
    let date = read
        .lines()
        .find(|line| line.to_lowercase().starts_with("date:"))
        .unwrap();
    assert!(date.ends_with(" GMT") && date.contains(" 21"), "{date}");
    assert_eq!(ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_answer_comes_later() {
    let server = start(Some(Fault::Delay(Duration::from_millis(300)))).await;
    let (read, ended) = call(server.address(), Duration::from_millis(50)).await;
    assert_eq!((read.as_str(), ended.is_some()), ("", true));
    assert_eq!(fake(&server, |fake| fake.acted), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_a_reset() {
    for (fault, acted) in [(Fault::ResetBefore, 0), (Fault::ResetAfter, 1), (Fault::Refuse, 0)] {
        let server = start(Some(fault)).await;
        let (read, ended) = call(server.address(), LONG).await;
        assert_eq!((read.as_str(), ended), ("", Some(ErrorKind::ConnectionReset)));
        assert_eq!(fake(&server, |fake| fake.acted), acted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_answer_announces_more_than_it_brings() {
    let server = start(Some(Fault::Truncate)).await;
    let (read, ended) = call(server.address(), LONG).await;
    let (head, body) = read.split_once("\r\n\r\n").unwrap();
    let announced: usize = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .unwrap()
        .parse()
        .unwrap();
    assert!(body.starts_with("POST /pay?a=1"), "{read}");
    assert_eq!(body.len(), announced / 2);
    assert_eq!(ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_exchange_lasts_until_the_client_leaves() {
    let server = start(Some(Fault::Stuck)).await;
    let (read, ended) = call(server.address(), Duration::from_millis(300)).await;
    assert_eq!(read, "");
    assert!(
        matches!(ended, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut)),
        "{ended:?}"
    );
    assert_eq!(fake(&server, |fake| fake.acted), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_refused_and_taken_again() {
    let server = start(None).await;
    server.refuse(true).await.unwrap();
    let address = server.address();
    let refused = tokio::task::spawn_blocking(move || StdStream::connect(address))
        .await
        .unwrap();
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    server.refuse(false).await.unwrap();
    assert!(call(address, LONG).await.0.starts_with("HTTP/1.1 200"));
    server.stop();
}

#[tokio::test]
async fn only_loopback_is_bound() {
    let error = Listener::bind("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let listener = Listener::bind(ANY.parse().unwrap()).await.unwrap();
    assert!(listener.url().starts_with("http://127.0.0.1:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_delivered_and_acknowledged() {
    let receiver = StdListener::bind(ANY).unwrap();
    let url = format!("http://{}/hook?x=1", receiver.local_addr().unwrap());
    let received = tokio::task::spawn_blocking(move || {
        let (mut stream, _) = receiver.accept().unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"{\"paid\":true}") {
            let mut byte = [0];
            assert_eq!(stream.read(&mut byte).unwrap(), 1);
            read.extend(byte);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        String::from_utf8(read).unwrap()
    });
    let server = start(None).await;
    let webhook = |id, url: &str| Webhook {
        id,
        request: Request::post(url).body(Bytes::from_static(b"{\"paid\":true}")).unwrap(),
    };
    fake(&server, |fake| {
        fake.due = vec![webhook(1, "http://192.0.2.1/hook"), webhook(2, &url)];
    });
    let received = received.await.unwrap();
    assert!(received.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{received}");
    let mut answers = Vec::new();
    for _ in 0..100 {
        answers = fake(&server, |fake| fake.answers.clone());
        if answers.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(answers, [(1, None), (2, Some(StatusCode::NO_CONTENT))]);
}
