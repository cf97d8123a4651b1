//! A throw-away PostgreSQL server in a directory of its own.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that ends with the test.
pub(crate) struct Server {
    bin: PathBuf,
    directory: tempfile::TempDir,
    port: u16,
    fsync: &'static str,
    child: Option<Child>,
}

impl Server {
    /// Starts a server that does not wait for its disk: what the tests of a store ask is whether it holds together, not whether the disk does. `None`, said on standard error, where PostgreSQL is not installed; with `PAYMUX_REQUIRE_SERVERS=1` that is a failure.
    pub(crate) fn start(what: &str) -> Option<Self> {
        Self::with(what, "off")
    }

    /// The same, and what is committed is on the disk.
    #[allow(dead_code, reason = "it is for what measures")]
    pub(crate) fn durable(what: &str) -> Option<Self> {
        Self::with(what, "on")
    }

    /// Where a program of the server's is.
    #[allow(dead_code, reason = "it is for what measures")]
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    fn with(what: &str, fsync: &'static str) -> Option<Self> {
        let Some(bin) = binaries() else {
            let required = std::env::var("PAYMUX_REQUIRE_SERVERS").is_ok_and(|value| value == "1");
            assert!(!required, "PAYMUX_REQUIRE_SERVERS=1, and PostgreSQL is not installed");
            // Not captured, so that it is never silent.
            let _ = writeln!(std::io::stderr(), "NOT RUN, PostgreSQL is not installed: {what}");
            return None;
        };
        let directory = tempfile::Builder::new().prefix("paymux-postgres-").tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self {
            bin,
            directory,
            port,
            fsync,
            child: None,
        };
        if is_root() {
            run(Command::new("chown").arg(USER).arg(server.directory.path()));
        }
        let data = server.data();
        run(server
            .command("initdb")
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "-D"])
            .arg(data));
        server.up();
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The address of a database on it.
    pub(crate) fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Starts it again.
    pub(crate) fn up(&mut self) {
        let log = self.directory.path().join("log");
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let port = self.port.to_string();
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &port, "-h", "127.0.0.1", "-k"])
            .arg(self.directory.path());
        let fsync = format!("fsync={}", self.fsync);
        command.args(["-c", &fsync, "-c", "max_connections=100"]);
        self.child = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() || !self.is_ready() {
            assert!(Instant::now() < deadline, "{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn is_ready(&self) -> bool {
        let port = self.port.to_string();
        let status = Command::new(self.bin.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port])
            .status();
        status.is_ok_and(|status| status.success())
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            run(Command::new("kill").args(["-QUIT", &child.id().to_string()]));
            let _ = child.wait();
        }
    }

    /// A command as the user that the server runs as.
    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", USER, "--regid", USER, "--clear-groups"])
            .arg(program);
        command.current_dir(self.directory.path());
        command
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.down();
    }
}

/// Debian's package makes it.
const USER: &str = "postgres";

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin: &PathBuf| Path::new(&bin.join("initdb")).exists() && bin.join("postgres").exists())
        .collect();
    versions.sort();
    versions.pop()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
