//! Calls that were left: interrupted, killed, at work in another process, or done and not written.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Stdio};
use std::time::{Duration, Instant};

use http::Method;
use paymux_simulator::{Fault, Kind, Matcher};
use serde_json::Value;

use super::common::{Bench, Ended, binary};
use super::{BOOKED, Book, journal, sale};

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_command_leaves_nothing_that_anybody_waits_for() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let interrupted = |reference: &str, after: u64| {
        let arguments = ["sale", "--gateway", "coolpay", "--amount", "10.00 DKK", "--test-card"];
        let rest = ["approved", "--journal", &url, "--reference", reference];
        bench.interrupted(&[&arguments[..], &rest].concat(), bench.requests() + after)
    };
    bench.plan("coolpay", Matcher::on(Method::POST, "/payments"), Fault::Stuck);
    let before = interrupted("order-a1", 1);
    assert_eq!(before.code, 1, "nothing that moves money was sent: {before:?}");
    assert!(journal(&url, &["list"]).out.contains("failed"));
    let clock = Instant::now();
    let done = sale(&bench, &url, "10.00 DKK", "order-a1", &[]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(bench.movements("coolpay"), BOOKED, "once");

    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::Stuck);
    let during = interrupted("order-a2", 3);
    assert_eq!(during.code, 5, "{during:?}");
    assert!(during.err.contains("paymux journal settle"), "{during:?}");
    let kept: Value = serde_json::from_str(&during.out).unwrap();
    assert!(!kept["trail"].as_array().unwrap().is_empty(), "{kept}");
    let shown = journal(&url, &["show", "order-a2", "--json"]).json();
    let intent = &shown["intents"][0];
    assert_eq!((&intent["state"], &intent["lease"]), (&"open".into(), &Value::Null));
    // The same command asks at once; that the capture was not booked is believed later.
    let asked = sale(&bench, &url, "10.00 DKK", "order-a2", &[]);
    assert_eq!(asked.code, 5, "{asked:?}");
    let booked = [&BOOKED[..], &[(Kind::Authorize, 1000)]].concat();
    assert_eq!(bench.movements("coolpay"), booked);
    assert!(clock.elapsed() < Duration::from_secs(50), "nobody waited for a lease");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_at_once_send_once() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let config = bench.config.to_str().unwrap();
    let begin = || {
        let arguments = [
            "--config",
            config,
            "sale",
            "--gateway",
            "coolpay",
            "--amount",
            "10.00 DKK",
        ];
        let rest = [
            "--test-card",
            "approved",
            "--json",
            "--reference",
            "order-a1",
            "--journal",
            &url,
        ];
        let mut command = binary(&[&arguments[..], &rest].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children = [begin(), begin(), begin()];
    let mut payments = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        payments.push(said["payment"]["reference"].clone());
    }
    assert_eq!(bench.movements("coolpay"), BOOKED);
    assert!(payments.iter().all(|payment| *payment == payments[0]), "{payments:?}");
}

/// A sale of 10.00 DKK on CoolPay that runs.
struct Running {
    child: Child,
    err: BufReader<ChildStderr>,
}

impl Running {
    fn sale(bench: &Bench, url: &str, reference: &str) -> Self {
        Self::start(bench, url, reference, &[])
    }

    fn start(bench: &Bench, url: &str, reference: &str, options: &[&str]) -> Self {
        let sale = ["sale", "--gateway", "coolpay", "--amount", "10.00 DKK", "--test-card"];
        let rest = ["approved", "--journal", url, "--reference", reference];
        let mut command = binary(&["--config", bench.config.to_str().unwrap()]);
        command.args(sale).args(rest).args(options);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        Self { child, err }
    }

    /// Waits until so many requests are made.
    fn until(&mut self, bench: &Bench, requests: u64) {
        while bench.requests() < requests {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended too early");
            std::thread::yield_now();
        }
    }

    /// What it says next to the person who waits.
    fn says(&mut self) -> String {
        let mut line = String::new();
        self.err.read_line(&mut line).unwrap();
        line
    }

    /// Ends it as Ctrl-C does.
    fn interrupt(&self) {
        let killed = std::process::Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
    }

    /// What it came to.
    fn ended(mut self) -> Ended {
        let mut ended = Ended {
            code: -1,
            out: String::new(),
            err: String::new(),
        };
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut ended.out)
            .unwrap();
        self.err.read_to_string(&mut ended.err).unwrap();
        ended.code = self.child.wait().unwrap().code().unwrap_or(-1);
        ended
    }
}

/// A sale that is killed when the money has moved, and the answer is on its way.
pub(super) fn killed_late(bench: &Bench, url: &str, reference: &str) {
    let answer = Fault::Delay(Duration::from_secs(60));
    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), answer);
    killed(bench, url, reference, 3);
}

/// A sale that is killed as `kill -9` does when so many of its requests are made.
fn killed(bench: &Bench, url: &str, reference: &str, requests: u64) {
    let after = bench.requests() + requests;
    let mut running = Running::sale(bench, url, reference);
    running.until(bench, after);
    running.child.kill().unwrap();
    assert_eq!(running.ended().code, -1, "a signal ended it");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_command_is_waited_for_and_then_asked_about() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    killed_late(&bench, &url, "order-a1");
    assert_eq!(bench.movements("coolpay"), BOOKED);

    // Nobody knows that it was killed: whoever comes now waits, and may lose patience.
    let mut again = Running::sale(&bench, &url, "order-a1");
    let said = again.says();
    assert!(
        said.contains("Another process may be at work under reference order-a1"),
        "{said}"
    );
    again.interrupt();
    let again = again.ended();
    assert_eq!(again.code, 5, "{again:?}");
    for text in ["the same command asks", "may be at work on it for another"] {
        assert!(again.err.contains(text), "{text}: {again:?}");
    }
    let kept: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(kept["reference"], "order-a1");
    assert!(!kept["trail"].as_array().unwrap().is_empty(), "{kept}");
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!(settled.code, 4, "{settled:?}");
    assert!(settled.out.contains("later"), "{settled:?}");

    // Or waits until the lease ends.
    let mut again = Running::sale(&bench, &url, "order-a1");
    let said = again.says();
    assert!(said.contains("waiting for it"), "{said}");
    book.let_leases_end().await;
    let again = again.ended();
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.out.contains("approved"), "{again:?}");
    assert_eq!(bench.movements("coolpay"), BOOKED, "once");
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!((settled.code, settled.out.as_str()), (0, "Nothing is left open.\n"));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_killed_commands_left_is_settled_when_their_leases_are_over() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    killed_late(&bench, &url, "order-a1");
    // Of this one nothing was sent that may move money.
    bench.plan("coolpay", Matcher::on(Method::POST, "/payments"), Fault::Stuck);
    killed(&bench, &url, "order-a2", 1);
    book.let_leases_end().await;
    let settled = bench.run(&["journal", "settle", "--journal", &url, "--json"]);
    assert_eq!(settled.code, 0, "{settled:?}");
    let state = |reference| {
        let shown = journal(&url, &["show", reference, "--json"]).json();
        shown["intents"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (state("order-a1"), state("order-a2")),
        ("done".to_owned(), "failed".to_owned())
    );
    assert_eq!(bench.movements("coolpay"), BOOKED);
    let done = sale(&bench, &url, "10.00 DKK", "order-a2", &[]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(bench.movements("coolpay"), [BOOKED, BOOKED].concat());
}

/// From now on the file takes no intent any more, as if the disk was full.
async fn fill(book: &Book) {
    let full = "BEGIN SELECT RAISE(ABORT, 'no space is left'); END";
    book.edit(&format!("CREATE TRIGGER full BEFORE INSERT ON paymux_intents {full}"))
        .await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_cannot_be_written_is_told_and_found_later() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    // The journal is filled between the request and its answer.
    let delayed = |fault| bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), fault);
    for (reference, as_json) in [("order-a1", true), ("order-a2", false)] {
        delayed(Fault::Delay(Duration::from_secs(1)));
        let after = bench.requests() + 3;
        let mut command = Running::start(&bench, &url, reference, if as_json { &["--json"] } else { &[] });
        command.until(&bench, after);
        fill(&book).await;
        let ended = command.ended();
        assert_eq!(ended.code, 0, "the money was taken: {ended:?}");
        if as_json {
            let json = ended.json();
            assert_eq!(
                (&json["outcome"], &json["unrecorded"]),
                (&"approved".into(), &true.into())
            );
        } else {
            assert!(ended.err.contains("could not be written in the journal"), "{ended:?}");
            assert!(ended.err.contains("when its lease is over"), "{ended:?}");
        }
        book.edit("DROP TRIGGER full").await;
    }
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!(settled.code, 4, "their leases go on: {settled:?}");
    book.let_leases_end().await;
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!(settled.code, 0, "{settled:?}");
    assert_eq!(settled.out.matches("settled").count(), 2, "{settled:?}");
    assert_eq!(bench.movements("coolpay"), [BOOKED, BOOKED].concat());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_that_cannot_be_written_is_kept_by_whoever_reads() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let text = bench.lab.config();
    let text = text.replace("[gateways.coolpay]", "[gateways.coolpay]\ntimeout_secs = 2");
    std::fs::write(&bench.config, text).unwrap();
    // Once the answer never comes, and once nobody waits for it.
    for (reference, interrupted) in [("order-a1", false), ("order-a2", true)] {
        bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::Stuck);
        let after = bench.requests() + 3;
        let mut command = Running::start(&bench, &url, reference, &[]);
        command.until(&bench, after);
        fill(&book).await;
        if interrupted {
            command.interrupt();
        }
        let ended = command.ended();
        assert_eq!(ended.code, 5, "{ended:?}");
        let hint = "paymux resolve --gateway coolpay FILE";
        assert!(ended.err.contains(hint), "the journal may not lead to it: {ended:?}");
        let kept: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(kept["reference"], reference, "{kept}");
        assert!(!kept["trail"].as_array().unwrap().is_empty(), "{kept}");
        book.edit("DROP TRIGGER full").await;
    }
}
