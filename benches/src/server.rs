//! The server on loopback that answers every client alike: with canned replies, which it fills in with the number of the request's reference.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::stand::{FIRST, Stand};
use crate::tape::{Exchange, lock};

/// What stands before the number in every reference.
const MARK: &[u8] = b"bench";
/// The digits of a number.
const DIGITS: usize = 10;

/// A server of one provider's sale.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    /// The access token that it gives out, where there is one.
    pub(crate) token: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    routes: Vec<Route>,
    /// Whether nothing but logins is answered.
    holds: bool,
    listening: AtomicBool,
    heard: Mutex<Vec<Vec<u8>>>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

/// A reply, and the requests that get it.
#[derive(Debug)]
struct Route {
    /// The request line up to the number in it.
    before: Vec<u8>,
    /// What follows the number.
    after: Vec<u8>,
    reply: Vec<u8>,
    /// Where in the reply the number stands.
    places: Vec<usize>,
    is_login: bool,
}

impl Server {
    /// Serves the sale of a stand, recorded from its simulator, on a thread of its own.
    pub(crate) fn of(stand: &Stand, holds: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let gateway = stand.gateway(stand.recorder.clone(), None);
        let kind = paymux::OperationKind::Sale;
        let recorded = runtime.block_on(stand.record(&gateway, kind, FIRST));
        let exchanges = &recorded.exchanges;
        let login = exchanges.iter().find(|exchange| exchange.is_login());
        let token = login.and_then(|login| login.reply.json::<Token>().ok());
        let shared = Arc::new(Shared {
            routes: exchanges
                .iter()
                .map(|e| Route::of(e, recorded.answer.payment.id()))
                .collect(),
            holds,
            listening: AtomicBool::new(false),
            heard: Mutex::new(Vec::new()),
        });
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || runtime.block_on(accept(listener, serving)));
        Self {
            address,
            token: token.map(|token| token.access_token).unwrap_or_default(),
            shared,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that reach the server while something is done.
    pub(crate) fn hear(&self, what: impl FnOnce()) -> Vec<Vec<u8>> {
        self.shared.listening.store(true, Ordering::SeqCst);
        what();
        self.shared.listening.store(false, Ordering::SeqCst);
        std::mem::take(&mut *lock(&self.shared.heard))
    }
}

impl Route {
    /// The number stands where the reference's does, and where the payment's id does if it is made of digits; else it ends the id, so that every
    /// payment has one of its own.
    fn of(exchange: &Exchange, whole_id: &str) -> Self {
        let number = FIRST.to_string();
        let id = Some(whole_id).filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
        let renamed = |text: String| match id {
            Some(id) => text
                .replace(&format!("/{id}"), &format!("/{number}"))
                .replace(&format!("\"id\":{id},"), &format!("\"id\":{number},")),
            None => text,
        };
        let (request, reply) = (&exchange.request, &exchange.reply);
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let line = renamed(format!("{} {target} ", request.method()));
        let (before, after) = line.split_once(number.as_str()).unwrap_or((&line, ""));
        let body = renamed(String::from_utf8_lossy(&reply.body).into_owned());
        let mut text = format!("HTTP/1.1 {}\r\n", reply.status);
        for (name, value) in &reply.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            text.push_str(&format!("{name}: {}\r\n", renamed(value)));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let of_number = text.match_indices(&number).map(|(at, _)| at);
        let long_id = Some(whole_id).filter(|found| id.is_none() && found.len() > DIGITS);
        let of_id = long_id.into_iter().flat_map(|id| {
            let ends = text.match_indices(id).map(|(at, _)| at + id.len());
            ends.map(|end| end - DIGITS)
        });
        Self {
            before: before.into(),
            after: after.into(),
            places: of_number.chain(of_id).collect(),
            reply: text.into_bytes(),
            is_login: exchange.is_login(),
        }
    }

    fn takes(&self, request: &[u8]) -> bool {
        let rest = request.strip_prefix(self.before.as_slice());
        let rest = rest.and_then(|rest| {
            if self.after.is_empty() {
                Some(rest)
            } else {
                rest.get(DIGITS..)
            }
        });
        rest.is_some_and(|rest| rest.starts_with(&self.after))
    }

    /// The reply, with the number of the request.
    fn write(&self, request: &[u8], out: &mut Vec<u8>) {
        let in_body = request.windows(MARK.len()).position(|window| window == MARK);
        let at = in_body.map_or(self.before.len(), |at| at + MARK.len());
        let number = request.get(at..at + DIGITS).unwrap_or_default();
        let start = out.len();
        out.extend_from_slice(&self.reply);
        for place in &self.places {
            if let Some(hole) = out.get_mut(start + place..start + place + number.len()) {
                hole.copy_from_slice(number);
            }
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&shared)));
        }
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::with_capacity(2048);
    let mut out = Vec::with_capacity(4096);
    loop {
        read.clear();
        while !is_whole(&read) {
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        }
        if shared.listening.load(Ordering::Relaxed) {
            lock(&shared.heard).push(read.clone());
        }
        out.clear();
        match shared.routes.iter().find(|route| route.takes(&read)) {
            Some(route) if shared.holds && !route.is_login => tokio::time::sleep(Duration::from_secs(3600)).await,
            Some(route) => route.write(&read, &mut out),
            None => out.extend_from_slice(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
        }
        stream.write_all(&out).await?;
    }
}

/// Whether a request has been read to the end of its body.
fn is_whole(read: &[u8]) -> bool {
    let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = read.get(..end).unwrap_or_default();
    let name = b"content-length: ";
    let length = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (start, value) = line.split_at_checked(name.len())?;
        start
            .eq_ignore_ascii_case(name)
            .then(|| String::from_utf8_lossy(value).trim().parse().unwrap_or(0))
    });
    read.len() >= end + 4 + length.unwrap_or(0)
}
