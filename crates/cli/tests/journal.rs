//! The journal from end to end: the binary on a file or a database, against simulators whose ledgers are the judge.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "shared by tests")]

#[path = "journal/commands.rs"]
mod commands;
mod common;
#[path = "journal/left.rs"]
mod left;
#[path = "journal/next.rs"]
mod next;
#[allow(dead_code, reason = "the journal's own tests use all of it")]
#[path = "../../journal/tests/common/server.rs"]
mod server;
#[path = "journal/settle.rs"]
mod settle;
#[path = "journal/told.rs"]
mod told;

use std::time::Duration;

use common::{Bench, Ended, binary, paymux};
use http::Method;
use jiff::Timestamp;
use paymux_simulator::qolo::seeds;
use paymux_simulator::{Fault, FaultPlan, Kind, Matcher};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, query};

/// A journal in a folder of its own.
struct Book {
    folder: tempfile::TempDir,
}

impl Book {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn path(&self) -> String {
        self.folder.path().join("paymux.db").to_str().unwrap().to_owned()
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.path())
    }

    /// Changes the file behind the commands' back.
    async fn edit(&self, statement: &str) {
        let options = SqliteConnectOptions::new().filename(self.path());
        let mut file = SqliteConnection::connect_with(&options).await.unwrap();
        query(AssertSqlSafe(statement)).execute(&mut file).await.unwrap();
        file.close().await.unwrap();
    }

    /// Every lease is as if it had been taken ten minutes earlier.
    async fn let_leases_end(&self) {
        let past = Timestamp::now().checked_sub(Duration::from_secs(600)).unwrap();
        let ends = "due = 0, body = json_set(body, '$.lease.until'";
        let held = "json_extract(body, '$.lease.until') IS NOT NULL";
        self.edit(&format!("UPDATE paymux_intents SET {ends}, '{past}') WHERE {held}"))
            .await;
    }
}

/// A sale on CoolPay, which takes a reference once, with these options besides.
fn sale(bench: &Bench, url: &str, amount: &str, reference: &str, options: &[&str]) -> Ended {
    let arguments = [
        &["sale", "--gateway", "coolpay", "--test-card", "approved", "--json"],
        &["--journal", url, "--amount", amount, "--reference", reference][..],
        options,
    ];
    bench.run(&arguments.concat())
}

fn journal(url: &str, what: &[&str]) -> Ended {
    // No configuration is needed to read.
    paymux(&[&["journal"], what, &["--journal", url]].concat())
}

fn lose_the_answer(bench: &Bench) {
    bench.plan("coolpay", Matcher::on(Method::POST, "/capture"), Fault::ResetAfter);
    for _ in 0..60 {
        let broken = Fault::StatusBefore(http::StatusCode::INTERNAL_SERVER_ERROR);
        bench.plan("coolpay", Matcher::on(Method::GET, "/payments"), broken);
    }
}

fn heal(bench: &Bench) {
    let place = bench.lab.place("coolpay").unwrap();
    place.server.with(|host, _| host.faults = FaultPlan::none());
}

const BOOKED: [(Kind, i64); 2] = [(Kind::Authorize, 1000), (Kind::Capture, 1000)];

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_sent_once_and_an_order_is_paid_once() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let first = sale(&bench, &url, "10.00 DKK", "order-a1", &["--order", "o1"]);
    assert_eq!(first.code, 0, "{first:?}");
    let before = bench.requests();
    let again = sale(&bench, &url, "10.00 DKK", "order-a1", &["--order", "o1"]);
    assert_eq!((again.code, again.json()["outcome"].as_str()), (0, Some("approved")));
    let payment = &first.json()["payment"]["reference"];
    assert_eq!(&again.json()["payment"]["reference"], payment);

    let other = sale(&bench, &url, "10.01 DKK", "order-a1", &["--order", "o1"]);
    assert_eq!(other.code, 2, "{other:?}");
    assert!(other.out.contains("nothing was sent"), "{other:?}");
    let second = sale(&bench, &url, "10.00 DKK", "order-a2", &["--order", "o1"]);
    assert_eq!(second.code, 2, "{second:?}");
    let said = second.json();
    assert!(said["error"].to_string().contains("reference order-a1"), "{said}");
    assert_eq!(&said["payment"]["reference"], payment, "{said}");
    assert_eq!(bench.requests(), before, "nothing of these was sent");
    assert_eq!(bench.movements("coolpay"), BOOKED);

    let declined = |reference| {
        let arguments = ["sale", "--gateway", "opp-v1", "--amount", "10.00 EUR", "--json"];
        let rest = ["--test-card", "declined", "--journal", &url, "--reference", reference];
        bench.run(&[&arguments[..], &rest].concat())
    };
    let (once, twice) = (declined("declined-d1"), declined("declined-d1"));
    assert_eq!((once.code, twice.code), (3, 3), "{once:?} {twice:?}");
    assert_eq!(once.json()["decline"]["code"], twice.json()["decline"]["code"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_is_listed_shown_exported_and_found_by_the_same_command() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    lose_the_answer(&bench);
    let lost = sale(&bench, &url, "10.00 DKK", "order-a1", &["--order", "order-1"]);
    assert_eq!(lost.code, 5, "{lost:?}");
    assert_eq!(lost.json()["unresolved"]["reference"], "order-a1");
    heal(&bench);

    let list = journal(&url, &["list", "--open"]);
    assert_eq!(list.code, 0, "{list:?}");
    let row = list.out.lines().nth(1).unwrap();
    for cell in ["order-a1", "coolpay", "sale", "10.00 DKK", "open", "order-1"] {
        assert!(row.contains(cell), "{cell}: {row}");
    }
    assert!(!list.out.contains('\u{1b}'), "no colours, and nothing that is obeyed");
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!(settled.code, 4, "it is not due: {settled:?}");
    assert!(settled.out.contains("later"), "{settled:?}");

    let found = sale(&bench, &url, "10.00 DKK", "order-a1", &["--order", "order-1"]);
    assert_eq!((found.code, found.json()["outcome"].as_str()), (0, Some("approved")));
    assert_eq!(bench.movements("coolpay"), BOOKED, "asking moves no money");
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!((settled.code, settled.out.as_str()), (0, "Nothing is left open.\n"));

    let other = sale(&bench, &url, "5.00 DKK", "order-a2", &[]);
    assert_eq!(other.code, 0, "{other:?}");
    let names = |what: &[&str]| -> Vec<String> {
        let list = journal(&url, &[&["list", "--json"], what].concat()).json();
        let list = list["intents"].as_array().unwrap();
        list.iter()
            .map(|i| i["reference"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&[]), ["order-a2", "order-a1"], "newest first");
    assert_eq!(names(&["--limit", "1"]), ["order-a2"]);
    assert_eq!(names(&["--order", "order-1"]), ["order-a1"]);
    assert_eq!(
        names(&["--state", "done", "--gateway", "coolpay"]),
        ["order-a2", "order-a1"]
    );
    assert!(names(&["--gateway", "qolo"]).is_empty() && names(&["--open"]).is_empty());

    let shown = journal(&url, &["show", "order-a1"]);
    for text in ["approved", "captured", "sale is open", "sale is done"] {
        assert!(shown.out.contains(text), "{text}: {}", shown.out);
    }
    let shown = journal(&url, &["show", "order-a1", "--json"]).json();
    assert_eq!(shown["intents"][0]["outcome"]["payment"]["state"], "captured");
    assert!(!shown["intents"][0]["changes"].as_array().unwrap().is_empty());
    assert_eq!(journal(&url, &["show", "nobody"]).code, 2);

    let lines = |what: &[&str]| -> Vec<Value> {
        let ended = journal(&url, &[&["export"], what].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        ended
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let intents = lines(&[]);
    assert_eq!(
        (&intents[0]["reference"], &intents[1]["reference"]),
        (&"order-a1".into(), &"order-a2".into())
    );
    assert_eq!(intents[0]["state"], "done");
    let changes = lines(&["--changes"]);
    let last = changes.last().unwrap()["number"].as_u64().unwrap();
    let rest = lines(&["--changes", "--since", &(last - 1).to_string()]);
    assert_eq!(rest, changes[changes.len() - 1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_goes_through_the_journal() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let file = book.folder.path().join("unresolved.json");
    let file = file.to_str().unwrap();
    for _ in 0..3 {
        bench.plan("qolo", Matcher::on(Method::POST, "/transfers"), Fault::ResetAfter);
    }
    let transfer = ["transfer", "--from", seeds::ACCOUNT, "--to", seeds::ACCOUNT_PERSON];
    let attempt = [
        "--gateway",
        "qolo",
        "--amount",
        "10.00 USD",
        "--reference",
        "t1",
        "--journal",
        &url,
    ];
    let whole = [&transfer[..], &attempt].concat();
    let lost = bench.run(&[&whole[..], &["--unresolved", file]].concat());
    assert_eq!(lost.code, 5, "{lost:?}");
    assert!(lost.err.contains(file), "{lost:?}");
    let done = bench.run(&[&["complete", file], &whole[..], &["--json"]].concat());
    assert_eq!((done.code, done.json()["outcome"].as_str()), (4, Some("pending")));
    assert_eq!(bench.movements("qolo"), [(Kind::Transfer, 1000)], "once");
    let shown = journal(&url, &["show", "t1", "--json"]).json();
    assert_eq!(shown["intents"][0]["state"], "waiting");
    assert_eq!(
        shown["intents"][0]["first_sent"],
        lost.json()["first_sent"],
        "the key's first use"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_used_sends_nothing_and_shows_no_password() {
    let (bench, book) = (Bench::start().await, Book::new());
    let before = bench.requests();
    let nowhere = format!("sqlite:{}", book.folder.path().join("no/such/folder.db").display());
    let not_one = book.folder.path().join("text.db");
    std::fs::write(&not_one, "this is no database, but a text of some length").unwrap();
    let not_one = format!("sqlite:{}", not_one.display());
    let refused = "postgres://somebody:hunter2@127.0.0.1:1/paymux";
    for url in [
        "",
        "paymux.db",
        "sqlite:",
        "sqlite::memory:",
        "mysql://somebody:hunter2@localhost/x",
        "postgres://somebody:hunter2@127.0.0.1:notaport/paymux",
        &nowhere,
        &not_one,
        refused,
    ] {
        let ended = sale(&bench, url, "10.00 DKK", "order-a1", &[]);
        assert_eq!(ended.code, 2, "{url}: {ended:?}");
        assert!(
            ended.out.contains("--journal") && ended.out.contains("nothing was sent"),
            "{ended:?}"
        );
        assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
    }
    assert_eq!(bench.requests(), before);
    let list = journal(refused, &["list"]);
    assert!(list.code == 2 && !format!("{list:?}").contains("hunter2"), "{list:?}");
    for arguments in [
        &["sale", "--help"][..],
        &["journal", "list", "--help"],
        &["journal", "show"],
    ] {
        let output = binary(arguments).env("PAYMUX_JOURNAL", refused).output().unwrap();
        assert!(!format!("{:?}", String::from_utf8_lossy(&output.stdout)).contains("hunter2"));
        assert!(!format!("{:?}", String::from_utf8_lossy(&output.stderr)).contains("hunter2"));
    }
    let absent = journal(&book.url(), &["list"]);
    assert_eq!(absent.code, 2, "{absent:?}");
    assert!(!std::path::Path::new(&book.path()).exists(), "reading makes no journal");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_holds_on_postgres() {
    let Some(server) = server::Server::start("the command line on PostgreSQL") else {
        return;
    };
    let bench = Bench::start().await;
    let url = server.url();
    lose_the_answer(&bench);
    let lost = sale(&bench, &url, "10.00 DKK", "order-a1", &["--order", "o1"]);
    assert_eq!(lost.code, 5, "{lost:?}");
    heal(&bench);
    for _ in 0..2 {
        let found = sale(&bench, &url, "10.00 DKK", "order-a1", &["--order", "o1"]);
        assert_eq!(found.code, 0, "{found:?}");
    }
    assert_eq!(sale(&bench, &url, "10.00 DKK", "order-a2", &["--order", "o1"]).code, 2);
    assert_eq!(bench.movements("coolpay"), BOOKED);
    let shown = journal(&url, &["show", "order-a1", "--json"]).json();
    assert_eq!(shown["intents"][0]["state"], "done");
    let exported = journal(&url, &["export"]);
    assert_eq!(exported.out.lines().count(), 1, "{exported:?}");
    assert!(journal(&url, &["export", "--changes"]).out.lines().count() > 1);
    assert!(journal(&url, &["list"]).out.contains("order-a1"));
}
