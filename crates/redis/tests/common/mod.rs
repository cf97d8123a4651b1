//! What the tests share: a Redis of their own, and a provider that counts.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use paymux::{Charge, Error, Gateways, PaymentGateway, Source};
use paymux_redis::RedisTokens;
use paymux_simulator::{Host, Ledger, Provider, Webhook, carry1st, serve};
use secrecy::SecretString;

pub(crate) const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A Redis that is thrown away: a port and a directory of its own, and nothing on disk.
#[derive(Debug)]
pub(crate) struct Redis {
    directory: PathBuf,
    port: u16,
    child: Option<Child>,
    /// A certificate and its key, in files of the directory, if it speaks TLS alone.
    tls: bool,
}

impl Redis {
    /// Starts one; `None`, said aloud, if there is none on this machine and none is required.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let mut redis = Self::new(test)?;
        redis.run();
        Some(redis)
    }

    /// Starts one that speaks TLS alone.
    pub(crate) fn start_tls(test: &str, certificate: &str, key: &str) -> Option<Self> {
        let mut redis = Self::new(test)?;
        redis.tls = true;
        std::fs::write(redis.directory.join("certificate.pem"), certificate).expect("a file");
        std::fs::write(redis.directory.join("key.pem"), key).expect("a file");
        redis.run();
        Some(redis)
    }

    fn new(test: &str) -> Option<Self> {
        if Command::new("redis-server")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_err()
        {
            let required = std::env::var("PAYMUX_REQUIRE_SERVERS").is_ok_and(|value| value == "1");
            assert!(!required, "there is no redis-server, and PAYMUX_REQUIRE_SERVERS=1");
            // Not by a macro: what those print is kept back for tests that pass.
            let said = writeln!(
                std::io::stderr(),
                "NOT RUN, there is no redis-server on this machine: {test}"
            );
            said.expect("stderr");
            return None;
        }
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("redis-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        Some(Self {
            directory,
            port,
            child: None,
            tls: false,
        })
    }

    /// Runs it, again on the same port.
    pub(crate) fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(&self.directory);
        let port = self.port.to_string();
        if self.tls {
            command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
            command.arg("--tls-cert-file").arg(self.certificate());
            command.arg("--tls-key-file").arg(self.directory.join("key.pem"));
        } else {
            command.args(["--port", &port]);
        }
        self.child = Some(command.stdout(Stdio::null()).spawn().expect("a server"));
        let end = Instant::now() + 10 * SECOND;
        let answers = || {
            if self.tls {
                return std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            }
            let pong = self.connection().and_then(|mut c| redis::cmd("PING").exec(&mut c));
            pong.is_ok()
        };
        while !answers() {
            assert!(Instant::now() < end, "the server does not answer");
            std::thread::sleep(SECOND / 50);
        }
    }

    /// Ends it at once, with all that it had.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // A stopped process dies by this signal too.
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
    }

    /// Lets it hang, as if the network was cut: connections stay, and nothing is answered.
    pub(crate) fn hang(&self, hang: bool) {
        signal(
            if hang { "-STOP" } else { "-CONT" },
            self.child.as_ref().expect("it runs").id(),
        );
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.join("certificate.pem")
    }

    pub(crate) fn tokens(&self) -> RedisTokens {
        tokens(&self.url(), KEY)
    }

    pub(crate) fn connection(&self) -> redis::RedisResult<redis::Connection> {
        redis::Client::open(self.url())?.get_connection_with_timeout(SECOND)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
        std::fs::remove_dir_all(&self.directory).ok();
    }
}

/// Sends a signal to a process that a test started.
pub(crate) fn signal(signal: &str, process: u32) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(status.expect("kill").success());
}

pub(crate) fn tokens(url: &str, key: &str) -> RedisTokens {
    RedisTokens::connect(&SecretString::from(url), &SecretString::from(key)).expect("an address and a key")
}

/// The provider's side, which counts.
#[derive(Debug)]
pub(crate) struct Counting {
    inner: Box<dyn Provider>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    logins: AtomicUsize,
    payments: AtomicUsize,
}

impl Counts {
    pub(crate) fn logins(&self) -> usize {
        self.logins.load(Ordering::SeqCst)
    }

    /// The payments that were made.
    pub(crate) fn payments(&self) -> usize {
        self.payments.load(Ordering::SeqCst)
    }
}

/// A provider on a socket. Its tokens end when the gateways think so, and its limit of logins is out of the way.
pub(crate) async fn provider() -> (serve::Server, Arc<Counts>) {
    let counts = Arc::<Counts>::default();
    let mut settings = carry1st::Settings::default();
    settings.tokens_per_minute = 100_000;
    let counting = Counting {
        inner: Box::new(carry1st::Carry1st::new(settings)),
        counts: Arc::clone(&counts),
    };
    let address = "127.0.0.1:0".parse().expect("an address");
    let server = serve::Server::start(Host::new(Box::new(counting)), address).await;
    (server.expect("a port"), counts)
}

impl Provider for Counting {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let response = self.inner.handle(now, request);
        let path = request.uri().path();
        if path.ends_with("/auth/token") || path.ends_with("/auth/refresh") {
            self.counts.logins.fetch_add(1, Ordering::SeqCst);
        } else if path.ends_with("/payments/create") && response.status().is_success() {
            self.counts.payments.fetch_add(1, Ordering::SeqCst);
        }
        response
    }

    fn due(&mut self, now: Timestamp) -> Vec<Webhook> {
        self.inner.due(now)
    }

    fn answered(&mut self, now: Timestamp, webhook: u64, status: Option<StatusCode>) {
        self.inner.answered(now, webhook, status);
    }

    fn ledger(&self) -> &Ledger {
        self.inner.ledger()
    }

    fn ledger_mut(&mut self) -> &mut Ledger {
        self.inner.ledger_mut()
    }

    fn expire_tokens(&mut self) {
        self.inner.expire_tokens();
    }

    fn force_code(&mut self, code: &str) {
        self.inner.force_code(code);
    }

    fn add_foreign(&mut self, now: Timestamp, minor: i64, currency: &str) {
        self.inner.add_foreign(now, minor, currency);
    }

    fn fork(&self) -> Box<dyn Provider> {
        Box::new(Self {
            inner: self.inner.fork(),
            counts: Arc::clone(&self.counts),
        })
    }
}

/// What one process has: gateways on the provider, with tokens from a store, each used for this time at the most.
pub(crate) fn process(provider: &str, store: RedisTokens, token_secs: u32) -> Arc<dyn PaymentGateway> {
    let config = format!(
        "[gateways.africa]\nprovider = \"carry1st\"\nmode = \"test\"\napi_key = \"sim-key\"\napi_secret = \"sim-secret\"\n\
         signing_key = \"sim-signing-key\"\ntimeout_secs = 300\ndefault_country = \"NG\"\ntoken_max_age_secs = {token_secs}\n\
         api_base_url = \"{provider}\"\ncheckout_base_url = \"{provider}\"\n"
    );
    let gateways = Gateways::builder().token_store(Arc::new(store)).from_toml(&config);
    gateways.expect("a configuration").get("africa").expect("a gateway")
}

/// One payment.
pub(crate) async fn pay(gateway: &dyn PaymentGateway, reference: &str) -> Result<(), Error> {
    let amount = "100.00 NGN".parse().expect("an amount");
    let reference = reference.parse().expect("a reference");
    gateway
        .sale(Charge::new(reference, amount, Source::Hosted))
        .await
        .map(drop)
}
