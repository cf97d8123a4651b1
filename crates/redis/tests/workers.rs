//! Real processes: this test program runs itself, so that there is one that can be killed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Redis, SECOND, pay, process, provider, tokens};
use http::Method;
use paymux_simulator::{Fault, Matcher};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// What a worker is told: the provider, Redis, its name, how many callers.
const TOLD: &str = "PAYMUX_TEST_WORKER";

/// A worker, if it is told what to do; as a test of its own it has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let told: Vec<_> = told.split(' ').collect();
    let (provider, redis, name, callers) = (told[0], told[1], told[2], told[3].parse::<u32>().unwrap());
    let gateway = process(provider, tokens(redis, common::KEY), 240);
    println!("\nready");
    let mut line = String::new();
    BufReader::new(tokio::io::stdin()).read_line(&mut line).await.unwrap();
    let calls: tokio::task::JoinSet<_> = (0..callers)
        .map(|n| {
            let gateway = Arc::clone(&gateway);
            let reference = format!("{name}-{n}");
            async move { pay(gateway.as_ref(), &reference).await }
        })
        .collect();
    let results = calls.join_all().await;
    let failure = results.iter().find_map(|result| result.as_ref().err());
    let paid = results.iter().filter(|result| result.is_ok()).count();
    println!("\npaid {paid} {}", failure.map(ToString::to_string).unwrap_or_default());
}

struct Worker {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    async fn start(provider: &str, redis: &Redis, name: &str, callers: u32) -> Self {
        let told = format!("{provider} {} {name} {callers}", redis.url());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "worker", "--nocapture"])
            .env(TOLD, told)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut worker = Self { child, lines };
        worker.line("ready").await;
        worker
    }

    async fn go(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"go\n").await.unwrap();
    }

    /// The rest of the next line that begins like this.
    async fn line(&mut self, begin: &str) -> String {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.trim().to_owned();
            }
        }
        panic!("the worker ended without `{begin}`");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_with_a_thousand_callers_each_make_one_login() {
    let Some(redis) = Redis::start("four") else { return };
    let (server, counts) = provider().await;
    let mut workers = Vec::new();
    for n in 0..4 {
        workers.push(Worker::start(&server.url(), &redis, &format!("w{n}"), 1000).await);
    }
    for worker in &mut workers {
        worker.go().await;
    }
    for worker in &mut workers {
        assert_eq!(worker.line("paid").await, "1000");
    }
    assert_eq!((counts.logins(), counts.payments()), (1, 4000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_killed_in_its_login_costs_one_lease() {
    let Some(redis) = Redis::start("killed") else { return };
    let (server, counts) = provider().await;
    // The first login is answered when nobody is there any more.
    let login = Matcher::on(Method::POST, "/auth/token");
    server.with(|host, _| host.faults.add(login, Fault::Delay(Duration::from_secs(60))));
    let mut leader = Worker::start(&server.url(), &redis, "leader", 10).await;
    let mut other = Worker::start(&server.url(), &redis, "other", 10).await;
    leader.go().await;
    let end = Instant::now() + 10 * SECOND;
    while counts.logins() == 0 {
        assert!(Instant::now() < end, "the leader does not log in");
        tokio::time::sleep(SECOND / 100).await;
    }
    other.go().await;
    tokio::time::sleep(SECOND / 5).await;
    assert_eq!(counts.logins(), 1, "the other one waits");
    leader.child.kill().await.unwrap();
    let killed = Instant::now();
    assert_eq!(other.line("paid").await, "10");
    // A lease is five seconds; the rest is what ten payments take on a busy machine.
    assert!(killed.elapsed() < 7 * SECOND, "{:?}", killed.elapsed());
    assert_eq!((counts.logins(), counts.payments()), (2, 10));
}
