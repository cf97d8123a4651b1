//! Puts a host behind a socket on loopback, speaking real HTTP/1.1.
//!
//! Planned faults become what a connection does:
//!
//! - [`Exchange::Answer`](crate::Exchange::Answer): the answer, after its delay.
//! - [`Exchange::Lost`](crate::Exchange::Lost): the connection is reset without a byte of an answer.
//! - [`Exchange::Stuck`](crate::Exchange::Stuck): silence until the client leaves, two minutes at most.
//! - [`Exchange::Cut`](crate::Exchange::Cut): the head with the whole length, half of the body, then the end of the connection.
//! - [`Exchange::Refused`](crate::Exchange::Refused): by the time a request can be matched with its fault the connection has been
//!   accepted, so this is only approximated: the connection is reset before any answer, and the provider saw nothing. For connections that
//!   are refused indeed, use [`Server::refuse`].
//!
//! Webhooks that are due are posted every 50 ms, to loopback targets only; any other target counts as one that did not answer.
//!
//! ```
//! # #[cfg(feature = "coolpay")]
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::io::{Read as _, Write as _};
//! use paymux_simulator::Host;
//! use paymux_simulator::coolpay::{CoolPay, Settings};
//! use paymux_simulator::serve::Listener;
//!
//! let listener = Listener::bind("127.0.0.1:0".parse()?).await?;
//! let settings = Settings::default().at(listener.url());
//! let server = listener.serve(Host::new(Box::new(CoolPay::new(settings))));
//!
//! let mut stream = std::net::TcpStream::connect(server.address())?;
//! stream.write_all(b"GET /payments HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
//! let mut answer = String::new();
//! stream.read_to_string(&mut answer)?;
//! assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
//! assert_eq!(server.with(|host, _| host.requests()), 1);
//! server.stop();
//! # Ok(()) }
//! # #[cfg(not(feature = "coolpay"))] fn main() {}
//! ```

mod connection;
mod delivery;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Host;

/// A bound socket without anybody behind it yet: its URL is known before the provider is built.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

/// A host behind a socket. Dropping it ends its tasks and its connections.
#[derive(Debug)]
pub struct Server {
    inside: Arc<Inside>,
    address: SocketAddr,
    state: watch::Sender<State>,
    accepting: Mutex<Option<JoinHandle<()>>>,
    delivering: JoinHandle<()>,
}

/// What the server's tasks share.
#[derive(Debug)]
pub(crate) struct Inside {
    host: Arc<Mutex<Host>>,
    ahead: Mutex<Duration>,
}

/// What connections are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Serve.
    Open,
    /// Finish the exchange that is under way, then close.
    Closing,
}

impl Listener {
    /// Binds a loopback address; port 0 takes any free port.
    ///
    /// # Errors
    ///
    /// If the address is not on loopback or cannot be bound.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("simulators listen on loopback only, not on {address}"),
            ));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The URL that will be answered, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts to serve a host. Must be called inside a tokio runtime.
    #[must_use]
    pub fn serve(self, host: Host) -> Server {
        let inside = Arc::new(Inside {
            host: Arc::new(Mutex::new(host)),
            ahead: Mutex::new(Duration::ZERO),
        });
        let state = watch::Sender::new(State::Open);
        let accepting = tokio::spawn(accept(self.listener, Arc::clone(&inside), state.subscribe()));
        Server {
            address: self.address,
            state,
            accepting: Mutex::new(Some(accepting)),
            delivering: tokio::spawn(delivery::run(Arc::clone(&inside))),
            inside,
        }
    }
}

impl Server {
    /// Binds a loopback address and serves a host there.
    ///
    /// # Errors
    ///
    /// If the address is not on loopback or cannot be bound.
    pub async fn start(host: Host, address: SocketAddr) -> io::Result<Self> {
        Ok(Listener::bind(address).await?.serve(host))
    }

    /// The URL that is answered, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that is answered.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The host, shared with the server's tasks. Hold the lock briefly: no request is answered meanwhile.
    #[must_use]
    pub fn host(&self) -> Arc<Mutex<Host>> {
        Arc::clone(&self.inside.host)
    }

    /// Does something with the host, and with the time that it lives in.
    pub fn with<T>(&self, act: impl FnOnce(&mut Host, Timestamp) -> T) -> T {
        let now = self.now();
        act(&mut self.inside.host(), now)
    }

    /// The time that the host lives in: the system's, and what [`Server::advance`] added.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inside.now()
    }

    /// Lets this much time pass for the host at once.
    pub fn advance(&self, time: Duration) {
        let mut ahead = lock(&self.inside.ahead);
        *ahead = ahead.saturating_add(time);
    }

    /// Refuses connections, or takes them again. Idle connections are closed; exchanges under way come to their end.
    ///
    /// # Errors
    ///
    /// If the port was taken by somebody else in the meantime.
    pub async fn refuse(&self, refuse: bool) -> io::Result<()> {
        if refuse {
            self.state.send_replace(State::Closing);
            let task = lock(&self.accepting).take();
            if let Some(task) = task {
                task.abort();
                // The socket is closed once the task is gone.
                let _aborted = task.await;
            }
            return Ok(());
        }
        if lock(&self.accepting).is_some() {
            return Ok(());
        }
        let listener = TcpListener::bind(self.address).await?;
        self.state.send_replace(State::Open);
        let task = tokio::spawn(accept(listener, Arc::clone(&self.inside), self.state.subscribe()));
        if let Some(other) = lock(&self.accepting).replace(task) {
            other.abort();
        }
        Ok(())
    }

    /// Ends the server, its tasks and its connections.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The connections end because the sender of their state goes with the server.
        if let Some(task) = lock(&self.accepting).take() {
            task.abort();
        }
        self.delivering.abort();
    }
}

impl Inside {
    pub(crate) fn host(&self) -> MutexGuard<'_, Host> {
        lock(&self.host)
    }

    pub(crate) fn now(&self) -> Timestamp {
        let ahead = *lock(&self.ahead);
        Timestamp::now().checked_add(ahead).unwrap_or(Timestamp::MAX)
    }
}

async fn accept(listener: TcpListener, inside: Arc<Inside>, state: watch::Receiver<State>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection::run(stream, Arc::clone(&inside), state.clone()));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Takes a lock, also one that a panicking thread left behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
