//! What `paymux journal settle` finds, says, and exits with.

use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use paymux::{Card, Charge, Checkout, Clock, Gateway, Gateways, Payment, PaymentGateway as _, PaymentState, Source};
use paymux_journal::store::Sqlite;
use paymux_journal::{Journal, Journaled, Settings, Step, Store as _};
use paymux_simulator::{Fault, Matcher};
use serde_json::Value;

use super::common::{Bench, binary, new_file, paymux};
use super::left::killed_late;
use super::{BOOKED, Book, heal, journal, lose_the_answer, sale};

/// A process of ten minutes ago.
#[derive(Debug)]
struct TenMinutesAgo;

impl Clock for TenMinutesAgo {
    fn now(&self) -> Timestamp {
        Timestamp::now().checked_sub(Duration::from_secs(600)).unwrap()
    }
}

/// A gateway over the journal, in a process of ten minutes ago.
pub(super) async fn back_then(bench: &Bench, book: &Book, gateway: &str) -> Journaled<Gateway> {
    let store = Arc::new(Sqlite::open(book.path()).await.unwrap());
    let journal = Journal::with(store, Arc::new(TenMinutesAgo), Settings::default());
    let gateways = Gateways::builder().recorder(journal.recorder());
    let gateways = gateways.from_file(&bench.config).unwrap();
    journal.wrap(gateways.gateway(gateway).unwrap()).unwrap()
}

/// A sale of 10.00 with a card that is approved.
pub(super) fn charge(reference: &str, amount: &str, number: &str) -> Charge {
    let card = Card::new(number, 12, 2040).unwrap().with_cvv("123").unwrap();
    Charge::new(reference.parse().unwrap(), amount.parse().unwrap(), Source::Card(card))
}

/// A sale on CoolPay whose answer was lost, ten minutes ago.
async fn lost(bench: &Bench, book: &Book, reference: &str) {
    lose_the_answer(bench);
    let gateway = back_then(bench, book, "coolpay").await;
    let charge = charge(reference, "10.00 DKK", "1000000000000008");
    assert!(gateway.sale(charge).await.is_err());
    heal(bench);
}

/// A page of opp-v1 that was opened ten minutes ago.
async fn page(bench: &Bench, book: &Book, reference: &str) {
    let page = Checkout::new(reference.parse().unwrap(), "10.00 EUR".parse().unwrap());
    back_then(bench, book, "opp-v1").await.checkout(page).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_left_that_died_is_settled_and_a_page_waits() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    lost(&bench, &book, "order-a1").await;
    page(&bench, &book, "page-0001").await;
    let settled = bench.run(&["journal", "settle", "--journal", &url, "--json"]);
    assert_eq!(settled.code, 4, "the page waits: {settled:?}");
    let found = settled.json();
    assert_eq!(of(&found, "order-a1")["found"], "settled", "{found}");
    assert_eq!(of(&found, "page-0001")["intent"]["state"], "waiting", "{found}");
    assert_eq!(bench.movements("coolpay"), BOOKED);
    let again = sale(&bench, &url, "10.00 DKK", "order-a1", &[]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(bench.movements("coolpay"), BOOKED);
}

/// What a run found of a reference.
pub(super) fn of(found: &Value, reference: &str) -> Value {
    let list = found["found"].as_array().unwrap();
    let mut own = list.iter().filter(|row| row["intent"]["reference"] == reference);
    own.next().cloned().unwrap_or_default()
}

/// A janitor that runs each second; it ends with the test.
struct Repeated {
    child: Child,
    runs: Option<Lines<BufReader<ChildStdout>>>,
}

impl Repeated {
    fn start(config: &Path, url: &str) -> Self {
        let settle = ["journal", "settle", "--json", "--every", "1", "--journal", url];
        let mut command = binary(&[&["--config", config.to_str().unwrap()], &settle[..]].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let runs = child.stdout.take().map(|out| BufReader::new(out).lines());
        Self { child, runs }
    }

    /// What its next run found.
    fn next(&mut self) -> Value {
        let line = self.runs.as_mut().unwrap().next().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Waits for a run that finds this of a reference.
    fn until(&mut self, reference: &str, what: &str) {
        let found = |run: Value| of(&run, reference)["found"] == what;
        assert!(
            (0..20).any(|_| found(self.next())),
            "{reference} is not {what} in twenty runs"
        );
    }

    /// What it exits with, and what it still prints, when it is interrupted.
    #[cfg(unix)]
    fn interrupted(mut self) -> (Option<i32>, String) {
        let mut kill = std::process::Command::new("kill");
        let killed = kill.args(["-INT", &self.child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        let rest: Result<Vec<_>, _> = self.runs.take().unwrap().collect();
        (self.child.wait().unwrap().code(), rest.unwrap().join("\n"))
    }
}

impl Drop for Repeated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn it_runs_again_until_ctrl_c_and_exits_as_its_last_run_came_out() {
    let (bench, book) = (Bench::start().await, Book::new());
    killed_late(&bench, &book.url(), "order-a1");
    let mut janitor = Repeated::start(&bench.config, &book.url());
    assert_eq!(of(&janitor.next(), "order-a1")["found"], "later", "its lease goes on");
    book.let_leases_end().await;
    janitor.until("order-a1", "settled");
    assert_eq!(bench.movements("coolpay"), BOOKED);
    let after = janitor.next();
    assert_eq!(of(&after, "order-a1"), Value::Null, "it was told once");
    assert_eq!(janitor.interrupted().0, Some(0));

    page(&bench, &book, "page-0001").await;
    let mut janitor = Repeated::start(&bench.config, &book.url());
    janitor.until("page-0001", "later");
    assert_eq!(janitor.interrupted().0, Some(4), "it waits");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_first_run_is_not_taken_for_a_good_end() {
    let (bench, book) = (Bench::start().await, Book::new());
    killed_late(&bench, &book.url(), "order-a1");
    book.let_leases_end().await;
    bench.plan("coolpay", Matcher::on(Method::GET, "/payments"), Fault::Stuck);
    let before = bench.requests();
    let janitor = Repeated::start(&bench.config, &book.url());
    while bench.requests() == before {
        std::thread::yield_now();
    }
    let (code, said) = janitor.interrupted();
    assert_eq!(code, Some(1), "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(
        said["error"].as_str().unwrap().contains("before the first run ended"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_must_look_at_has_its_own_exit_code() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    // This version cannot be asked about a sale without its id.
    bench.plan("opp-v3", Matcher::on(Method::POST, "/payments"), Fault::ResetAfter);
    let gateway = back_then(&bench, &book, "opp-v3").await;
    let charge = charge("order-a1", "10.00 EUR", "4200000000000000");
    assert!(gateway.sale(charge).await.is_err());
    for _ in 0..2 {
        // Due, and not due.
        let settled = bench.run(&["journal", "settle", "--journal", &url, "--json"]);
        assert_eq!(settled.code, 5, "{settled:?}");
        assert_eq!(settled.json()["for_a_person"], 1, "{settled:?}");
        let found = of(&settled.json(), "order-a1");
        assert_eq!(found["found"], "person", "{found}");
        assert!(found["what"].as_str().unwrap().contains("back office"), "{found}");
        assert_eq!(found["next"], "decide", "{found}");
    }
    let shown = bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!(shown.code, 5, "{shown:?}");
    assert!(
        shown.out.contains("person") && shown.out.contains("back office"),
        "{shown:?}"
    );
    let listed = journal(&url, &["list", "--remarked"]);
    assert!(listed.out.contains("order-a1"), "{listed:?}");
    assert_eq!(bench.movements("opp-v3").len(), 1, "asking moves no money");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_gateway_can_ask_about_is_a_persons_too() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    killed_late(&bench, &url, "order-a1");
    book.let_leases_end().await;
    let text = bench.lab.config().replace("merchant_id = \"", "merchant_id = \"9");
    let elsewhere = new_file("elsewhere.toml", &text);
    let settle = ["journal", "settle", "--journal", &url, "--json"];
    let settled = paymux(&[&["--config", elsewhere.to_str().unwrap()], &settle[..]].concat());
    assert_eq!(settled.code, 5, "{settled:?}");
    let found = of(&settled.json(), "order-a1");
    assert_eq!(
        (&found["found"], &found["next"]),
        (&"no_gateway".into(), &"configure".into()),
        "{found}"
    );
    assert_eq!(bench.run(&settle).code, 0, "on its own account it is settled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_record_that_money_contradicts_calls_a_person_until_one_decides() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    let declined = [
        "sale",
        "--gateway",
        "opp-v1",
        "--amount",
        "10.00 EUR",
        "--test-card",
        "declined",
    ];
    let declined = bench.run(&[&declined[..], &["--reference", "order-a1", "--json", "--journal", &url]].concat());
    assert_eq!(declined.code, 3, "{declined:?}");
    let settle = || bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!(settle().out, "Nothing is left open.\n");

    // Its payment is seen as paid after all.
    let payment = declined.json()["payment"]["reference"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let step = Step::Observe {
        payment: Box::new(Payment::new(payment, PaymentState::Captured)),
        intent: None,
        order: None,
        now: Timestamp::now(),
    };
    Sqlite::open(book.path()).await.unwrap().apply(&step).await.unwrap();
    for _ in 0..2 {
        let settled = settle();
        assert_eq!(settled.code, 5, "nothing is due, and yet: {settled:?}");
        for text in [
            "order-a1",
            "declined",
            "seen captured",
            "decide REFERENCE stands",
            "for a person to look at: 1;",
        ] {
            assert!(settled.out.contains(text), "{text}: {settled:?}");
        }
    }
    let json = bench.run(&["journal", "settle", "--json", "--journal", &url]).json();
    assert_eq!(
        (&json["for_a_person"], &of(&json, "order-a1")["found"]),
        (&1.into(), &"person".into())
    );

    let decide = |what: &[&str]| journal(&url, &[&["decide", "order-a1"], what].concat());
    let other = decide(&["not-done", "--because", "Ada looked"]);
    assert_eq!(other.code, 2, "{other:?}");
    assert!(
        other.err.contains("on record as declined") && other.err.contains("nothing was written"),
        "{other:?}"
    );
    assert_eq!(decide(&["stands", "--because", " "]).code, 2);
    assert_eq!(settle().code, 5);
    let stands = decide(&["stands", "--because", "Ada gave it back"]);
    assert_eq!(stands.code, 0, "{stands:?}");
    assert_eq!((settle().code, settle().out.as_str()), (0, "Nothing is left open.\n"));
    let shown = journal(&url, &["show", "order-a1"]);
    assert!(shown.out.contains("a person has looked: Ada gave it back"), "{shown:?}");
    let again = decide(&["stands", "--because", "Ada gave it back"]);
    assert_eq!(again.code, 2, "nobody need look: {again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_found_out_is_written_by_hand() {
    let (bench, book) = (Bench::start().await, Book::new());
    let url = book.url();
    killed_late(&bench, &url, "order-a1");
    let decide = |what: &[&str]| journal(&url, &[&["decide"], what, &["--because", "Ada looked"]].concat());
    let held = decide(&["order-a1", "done"]);
    assert_eq!(held.code, 2, "{held:?}");
    assert!(held.err.contains("is being worked on; nothing was written"), "{held:?}");
    book.let_leases_end().await;
    for (what, code) in [
        (&["nobody", "done"][..], 2),
        (&["order-a1", "done", "--gateway", "qolo"], 2),
        (&["order-a1", "done"], 0),
        (&["order-a1", "not-done"], 2),
    ] {
        let ended = decide(what);
        assert_eq!(ended.code, code, "{what:?}: {ended:?}");
    }
    let before = bench.requests();
    let settled = bench.run(&["journal", "settle", "--journal", &url]);
    assert_eq!((settled.code, bench.requests()), (0, before), "{settled:?}");
    let again = sale(&bench, &url, "10.00 DKK", "order-a1", &[]);
    assert_eq!(
        again.code, 5,
        "who decided saw no payment that could be shown: {again:?}"
    );
    assert!(again.out.contains("on record as done, by hand"), "{again:?}");
    assert_eq!(
        (bench.requests(), bench.movements("coolpay")),
        (before, BOOKED.to_vec())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_not_there_is_not_taken_for_one_in_which_all_is_well() {
    let (bench, book) = (Bench::start().await, Book::new());
    let settled = bench.run(&["journal", "settle", "--journal", &book.url()]);
    assert_eq!(settled.code, 2, "{settled:?}");
    assert!(settled.err.contains("there is no file"), "{settled:?}");
    assert!(!std::path::Path::new(&book.path()).exists());
}
