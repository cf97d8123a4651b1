//! A server on a raw socket that does what a script says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a connection or a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Accepts, ends its side at once, and reads whatever still comes.
    Fin,
    /// Waits for the request's first byte and resets the connection without reading it.
    ResetUnread,
    /// Reads the request and resets the connection.
    ResetRead,
    /// Reads the request, writes this and closes the connection in order.
    WriteFin(&'static str),
    /// Reads the request, writes this and resets the connection.
    WriteReset(&'static str),
    /// Reads the request, writes this and keeps the connection.
    Write(String),
    /// Reads the request, writes this, waits and closes the connection, whatever comes meanwhile.
    WriteThenClose(String, Duration),
    /// Reads the request and never answers.
    Silence,
}

#[derive(Default)]
struct State {
    script: VecDeque<Act>,
    requests: Vec<String>,
    /// How many requests were begun, by at least one byte.
    begun: usize,
    connections: usize,
}

/// The server; it ends with its runtime.
#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Starts with a script; when that is played, every request is answered with a payment.
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = Self {
            address: listener.local_addr().expect("an address"),
            state: Arc::default(),
        };
        server.lock().script.extend(script);
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.lock().connections += 1;
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        server
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn add(&self, act: Act) {
        self.lock().script.push_back(act);
    }

    /// The requests that came whole, as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.lock().requests.clone()
    }

    /// How many requests were begun.
    pub(crate) fn begun(&self) -> usize {
        self.lock().begun
    }

    pub(crate) fn connections(&self) -> usize {
        self.lock().connections
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics here")
    }

    async fn serve(self, mut stream: TcpStream) {
        let first = self.lock().script.front().cloned();
        match first {
            Some(Act::Fin) => {
                self.lock().script.pop_front();
                stream.shutdown().await.ok();
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await.ok();
                self.lock().begun += usize::from(!rest.is_empty());
                return;
            }
            Some(Act::ResetUnread) => {
                self.lock().script.pop_front();
                if matches!(stream.peek(&mut [0]).await, Ok(1)) {
                    self.lock().begun += 1;
                }
                stream.set_zero_linger().ok();
                return;
            }
            _ => {}
        }
        while self.read(&mut stream).await {
            let act = self.lock().script.pop_front();
            if !play(&mut stream, act.unwrap_or_else(|| Act::Write(paid()))).await {
                return;
            }
        }
    }

    /// Reads one request; `false` at the end of the connection.
    async fn read(&self, stream: &mut TcpStream) -> bool {
        let mut bytes = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let read = match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return false,
                Ok(read) => read,
            };
            if bytes.is_empty() {
                self.lock().begun += 1;
            }
            bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                self.lock().requests.push(text);
                return true;
            }
        }
    }
}

async fn play(stream: &mut TcpStream, act: Act) -> bool {
    match act {
        Act::Write(text) => stream.write_all(text.as_bytes()).await.is_ok(),
        Act::WriteFin(text) => {
            stream.write_all(text.as_bytes()).await.ok();
            stream.shutdown().await.ok();
            false
        }
        Act::WriteReset(text) => {
            stream.write_all(text.as_bytes()).await.ok();
            // The client reads what was written before the reset throws it away.
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.set_zero_linger().ok();
            false
        }
        Act::WriteThenClose(text, time) => {
            stream.write_all(text.as_bytes()).await.ok();
            tokio::time::sleep(time).await;
            false
        }
        Act::Silence => {
            std::future::pending::<()>().await;
            false
        }
        Act::ResetRead | Act::ResetUnread => {
            stream.set_zero_linger().ok();
            false
        }
        Act::Fin => false,
    }
}

/// A whole answer.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A payment that was made.
pub(crate) fn paid() -> String {
    answer("201 Created", "", r#"{"id":"4711"}"#)
}
