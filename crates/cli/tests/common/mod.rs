//! What the tests of the binary share: the simulators in the test's own process, and the binary run against them.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "shared by tests")]

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use paymux_cli::lab::Lab;
use paymux_simulator::{Fault, Kind, Matcher};
use serde_json::Value;

static FILES: AtomicU32 = AtomicU32::new(0);

/// A path for a file that nobody else has.
pub(crate) fn new_path(name: &str) -> PathBuf {
    let number = FILES.fetch_add(1, Ordering::SeqCst);
    // Processes and their numbers come again; moments do not.
    let moment = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{moment}-{number}-{name}"))
}

/// A file with this text, that nobody else has.
pub(crate) fn new_file(name: &str, text: &str) -> PathBuf {
    let path = new_path(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// What the binary came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// The binary with these arguments.
pub(crate) fn binary(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paymux"));
    command
        .args(arguments)
        .env_remove("PAYMUX_CONFIG")
        .env_remove("PAYMUX_JOURNAL");
    command
}

/// Runs the binary with this on its standard input.
pub(crate) fn paymux_with_input(arguments: &[&str], input: &str) -> Ended {
    let mut command = binary(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A child that refuses its arguments may be gone before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the binary.
pub(crate) fn paymux(arguments: &[&str]) -> Ended {
    paymux_with_input(arguments, "")
}

/// The simulators, and a configuration of gateways on them.
pub(crate) struct Bench {
    pub(crate) lab: Lab,
    pub(crate) config: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.config);
    }
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let lab = Lab::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let config = new_file("paymux.toml", &lab.config());
        Self { lab, config }
    }

    /// The binary with these arguments, interrupted as soon as so many requests are made.
    #[cfg(unix)]
    pub(crate) fn interrupted(&self, arguments: &[&str], after: u64) -> Ended {
        self.signalled("-INT", arguments, after)
    }

    /// The same with any signal.
    #[cfg(unix)]
    pub(crate) fn signalled(&self, signal: &str, arguments: &[&str], after: u64) -> Ended {
        let mut command = binary(&["--config", self.config.to_str().unwrap()]);
        let mut child = command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while self.requests() < after {
            assert!(child.try_wait().unwrap().is_none(), "{arguments:?} ended too early");
            std::thread::yield_now();
        }
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        let output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// How many requests reached the simulators.
    pub(crate) fn requests(&self) -> u64 {
        let of = |place: &paymux_cli::lab::Place| place.server.with(|host, _| host.requests());
        self.lab.places().iter().map(of).sum()
    }

    /// What a gateway's provider booked.
    pub(crate) fn movements(&self, gateway: &str) -> Vec<(Kind, i64)> {
        let place = self.lab.place(gateway).unwrap();
        let of = |m: &paymux_simulator::Movement| (m.kind, m.minor);
        place
            .server
            .with(|host, _| host.ledger().movements.iter().map(of).collect())
    }

    /// Has the next request that matches go wrong.
    pub(crate) fn plan(&self, gateway: &str, matcher: Matcher, fault: Fault) {
        let place = self.lab.place(gateway).unwrap();
        place.server.with(|host, _| host.faults.add(matcher, fault));
    }

    /// The binary on this configuration, with standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let config = self.config.to_str().unwrap();
        let mut all = vec!["--config", config];
        all.extend(arguments);
        paymux_with_input(&all, input)
    }

    /// The binary on this configuration.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with_input(arguments, "")
    }
}
