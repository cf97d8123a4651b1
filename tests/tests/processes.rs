//! Real processes that pay over one journal and are killed, stopped, or lose their database: this test program runs itself, so that there is one to kill.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

#[path = "../../crates/journal/tests/common/server.rs"]
mod server;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use paymux::{
    Charge, Delivery, Fate, MethodQuery, Operation, Outcome, PaymentGateway, PaymentMethod, WebhookError, async_trait,
};
use paymux_chaos::processes::{
    Child, Hands, Heard, Order, Plan, Providers, Report, Settings, Told, Worker, Wrong, run, work,
};
use paymux_chaos::{Deed, stands};
use paymux_journal::{Found, Memory, State};
use paymux_simulator::{Fault, Kind, Matcher};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// What is wrong with a worker.
const FLAW: &str = "PAYMUX_TEST_WORKER";

/// A worker, if it is told to be one; as a test of its own it has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Ok(flaw) = std::env::var(FLAW) else { return };
    if flaw == "once" {
        return once().await;
    }
    let mut hands = Hands::honest();
    match flaw.as_str() {
        "forgets" => hands.store = |_| Arc::new(Memory::new()),
        "renames" => hands.gateway = |gateway| Arc::new(Renaming(gateway)),
        _ => {}
    }
    if let Err(why) = work(hands).await {
        let _ = writeln!(std::io::stderr(), "a worker ends: {why}");
    }
}

/// A worker that pays under a new reference in each life, for no order, as if every attempt was the first.
#[derive(Debug)]
struct Renaming(Arc<dyn PaymentGateway>);

#[async_trait]
impl PaymentGateway for Renaming {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> &paymux::Capabilities {
        self.0.capabilities()
    }

    async fn execute(&self, operation: &Operation) -> Result<paymux::Answer, paymux::Error> {
        let renamed = |charge: &Charge| {
            let mut charge = charge.clone();
            let text = format!("{}x{}", charge.reference, std::process::id());
            charge.reference = text.parse().unwrap();
            charge.order = None;
            Box::new(charge)
        };
        match operation {
            Operation::Sale(charge) => self.0.execute(&Operation::Sale(renamed(charge))).await,
            Operation::Authorize(charge) => self.0.execute(&Operation::Authorize(renamed(charge))).await,
            other => self.0.execute(other).await,
        }
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, paymux::Error> {
        self.0.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<paymux::Event, WebhookError> {
        self.0.receive(delivery)
    }
}

/// This program as a worker with a flaw.
fn program(flaw: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "worker", "--nocapture"]).env(FLAW, flaw);
    command
}

fn settings(journal: String, processes: usize, kills: u64) -> Settings {
    Settings {
        journal,
        processes,
        kills,
        payments: kills,
        seed: 20_261_128,
        gateways: stands::NAMES.map(str::to_owned).to_vec(),
        lease: Duration::from_millis(1500),
        patience: Duration::from_secs(10),
    }
}

async fn lived(settings: &Settings, flaw: &'static str) -> Report {
    let report = run(settings, Arc::new(move || program(flaw)), &|_, _| {})
        .await
        .unwrap();
    let mut short = report.clone();
    short.findings.truncate(4);
    let _ = writeln!(std::io::stderr(), "{short:#?}");
    report
}

fn number(name: &str, or: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(or)
}

/// What must be so after any run with honest workers.
fn assert_sound(report: &Report) {
    assert!(report.is_clean(), "{:#?}", report.findings);
    // A run in which nothing was hit would show little.
    assert!(report.kills_in_a_call * 4 > report.kills, "{report:#?}");
    assert!(
        report.stops > 0 && report.count(State::Done) > report.kills / 2,
        "{report:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_over_sqlite_is_killed_over_and_over() {
    let directory = tempfile::tempdir().unwrap();
    let journal = format!("sqlite:{}", directory.path().join("journal.db").display());
    let report = lived(&settings(journal, 1, number("PAYMUX_KILLS", 100)), "none").await;
    assert_sound(&report);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_over_postgresql_are_killed_over_and_over() {
    let Some(server) = server::Server::start("four processes that are killed") else {
        return;
    };
    let report = lived(&settings(server.url(), 4, number("PAYMUX_KILLS", 240)), "none").await;
    assert_sound(&report);
}

/// PostgreSQL crashes twice while four processes pay and are killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_crashes_in_the_middle_of_it_loses_nothing() {
    let Some(mut server) = server::Server::start("a database that crashes in the middle of a run") else {
        return;
    };
    let settings = settings(server.url(), 4, number("PAYMUX_KILLS", 60));
    let kills = Arc::new(AtomicU64::new(0));
    let (seen, all) = (Arc::clone(&kills), settings.kills);
    let crashes = tokio::task::spawn_blocking(move || {
        for part in 1..=2 {
            while seen.load(Ordering::SeqCst) < all * part / 3 {
                std::thread::sleep(Duration::from_millis(10));
            }
            server.down();
            std::thread::sleep(Duration::from_millis(300));
            server.up();
        }
        server
    });
    let progress = |count, _| kills.store(count, Ordering::SeqCst);
    let report = run(&settings, Arc::new(|| program("none")), &progress).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert!(report.count(State::Done) > 40, "{report:#?}");
    drop(crashes.await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_nothing_leaves_and_that_is_said() {
    let Some(mut server) = server::Server::start("a call while the database is away") else {
        return;
    };
    let (providers, told) = providers(server.url(), "coolpay", 60_000).await;
    let worker = Worker::start(&told, Hands::honest()).await.unwrap();
    let gateway = worker.gateway("coolpay").unwrap();
    let (plan, order) = sale(&told);
    let operation = plan.operation(&order, 0, None, None).unwrap();
    server.down();
    let error = gateway.execute(&operation).await.unwrap_err();
    assert_eq!(error.fate(), Fate::NotDone, "{error}");
    let requests = || providers.server("coolpay").unwrap().with(|host, _| host.requests());
    assert_eq!(requests(), 0, "nothing left");
    server.up();
    let answer = gateway.execute(&operation).await.unwrap();
    assert!(matches!(answer.outcome, Outcome::Approved), "{answer:?}");
    assert_eq!(captured(&providers, "coolpay"), 1);
}

/// The worker is stopped while a request is under way that comes before the one that moves money. When it goes on it has that answer, and sends nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_stopped_past_its_lease_sends_nothing_more() {
    // CoolPay makes a payment before it authorizes it, and nothing is recorded before that: the janitor settles it. Qolo gives out a token, after it was
    // recorded that money may leave: it stays in doubt.
    for (gateway, settled) in [("coolpay", true), ("qolo", false)] {
        let directory = tempfile::tempdir().unwrap();
        let journal = format!("sqlite:{}", directory.path().join("journal.db").display());
        let (providers, told) = providers(journal, gateway, 1500).await;
        let server = providers.server(gateway).unwrap();
        server.with(|host, _| {
            host.faults
                .add(Matcher::any(), Fault::Delay(Duration::from_millis(600)))
        });
        let (plan, order) = sale(&told);
        let mut child = Child::start(program("once"), &told).await.unwrap();
        assert_eq!(child.hear().await, Some(Heard::Ready));
        child.write(&order.number.to_string()).await;
        let requests = || server.with(|host, _| host.requests());
        let deadline = Instant::now() + Duration::from_secs(10);
        while requests() == 0 {
            assert!(Instant::now() < deadline, "{gateway}: the worker sends nothing");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.stop(true).unwrap();
        tokio::time::sleep(Duration::from_millis(1500 + 300)).await;

        let own = Worker::start(&told, Hands::honest()).await.unwrap();
        let gateways = [Arc::clone(own.gateway(gateway).unwrap())];
        let report = own.journal().settle::<[_]>(&gateways).await.unwrap();
        let is_settled = matches!(report.found.as_slice(), [Found::Settled(_)]);
        assert_eq!(is_settled, settled, "{gateway}: {report:?}");
        let before = requests();
        child.stop(false).unwrap();
        // `true`: it knows that it did nothing.
        let ends = async {
            loop {
                match child.hear().await {
                    Some(Heard::Left(_, not_done)) => return not_done,
                    Some(_) => {}
                    None => panic!("{gateway}: the worker ended without a word"),
                }
            }
        };
        assert!(ends.await, "{gateway}");
        assert_eq!(
            (requests(), captured(&providers, gateway)),
            (before, 0),
            "{gateway}: it sent nothing"
        );
        if settled {
            // Repeating it is safe, and pays once.
            let operation = plan.operation(&order, 0, None, None).unwrap();
            let answer = gateways[0].execute(&operation).await.unwrap();
            assert!(matches!(answer.outcome, Outcome::Approved), "{answer:?}");
            assert_eq!(captured(&providers, gateway), 1);
        }
    }
}

/// What a journal is for: without it, or past it, customers are charged twice, and that is found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_forget_or_take_new_references_are_found_out() {
    for flaw in ["forgets", "renames"] {
        let directory = tempfile::tempdir().unwrap();
        let journal = format!("sqlite:{}", directory.path().join("journal.db").display());
        let mut settings = settings(journal, 1, 12);
        settings.gateways = vec!["opp-v1".to_owned(), "coolpay".to_owned()];
        let report = lived(&settings, flaw).await;
        assert!(report.wrong(Wrong::DoubleCharge) > 0, "{flaw}: {:#?}", report.findings);
    }
}

/// A provider on loopback, and what a worker is told of it.
async fn providers(journal: String, gateway: &str, lease_ms: u64) -> (Providers, Told) {
    let providers = Providers::start(&[gateway.to_owned()]).await.unwrap();
    let told = Told {
        journal,
        run: "1".to_owned(),
        seed: 1,
        gateways: providers.urls(),
        lease_ms,
        ahead_ms: 0,
    };
    (providers, told)
}

/// The first order that is a sale and nothing else.
fn sale(told: &Told) -> (Plan, Order) {
    let names: Vec<_> = told.gateways.iter().map(|(name, _)| name.clone()).collect();
    let plan = Plan::new(&told.run, told.seed, &names);
    let mut orders = (0..1000).filter_map(|number| plan.order(number));
    let order = orders.find(|order| order.deeds == [Deed::Sale]).unwrap();
    (plan, order)
}

fn captured(providers: &Providers, gateway: &str) -> usize {
    let server = providers.server(gateway).unwrap();
    server.with(|host, _| {
        let movements = host.ledger().movements.iter();
        movements.filter(|movement| movement.kind == Kind::Capture).count()
    })
}

/// Tries one order once, and says whether that failed as not done.
async fn once() {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let told = lines.next_line().await.unwrap().unwrap();
    let told: Told = serde_json::from_str(&told).unwrap();
    let worker = Worker::start(&told, Hands::honest()).await.unwrap();
    println!("{}", Heard::Ready.line());
    let number: u64 = lines.next_line().await.unwrap().unwrap().parse().unwrap();
    let (plan, order) = sale(&told);
    assert_eq!(order.number, number);
    let operation = plan.operation(&order, 0, None, None).unwrap();
    let result = worker.gateway(order.gateway).unwrap().execute(&operation).await;
    let not_done = result.is_err_and(|error| error.fate() == Fate::NotDone);
    println!("{}", Heard::Left(number, not_done).line());
}
