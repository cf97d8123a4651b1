//! What a durable record costs: sales without a journal, and over each store, in turns.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use paymux::transport::HyperTransport;
use paymux::{Gateway, Operation, PaymentGateway};
use paymux_journal::store::{Postgres, Sqlite, Store};
use paymux_journal::{Journal, Memory, Settings};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::Effort;
use crate::database::Server as Database;
use crate::server::Server;
use crate::stand::{FIRST, Stand};
use crate::stats::{Ratio, Table, hundredths, median, tenths};

const WORDS: &str = "Sales at one simulated provider over loopback (CoolPay: three HTTP calls each), on hyper, without a journal and over each of its stores. All take turns in \
    every round; the ratio is to those without a journal. Commits are counted by the store's writer: SQLite's are in WAL mode with `synchronous=FULL` \
    on a file, one fsync for each. PostgreSQL's fsyncs are `wal_sync` of `pg_stat_wal`, on a server of its own on the same disk with `fsync=on`. A sale is five \
    steps: begun, noted three times before something is sent, concluded.";

/// The provider: one whose payments have ids of digits, which the server fills in, so that each sale is a payment of its own.
const AT: &str = "coolpay";

/// A way to keep what is paid.
struct Record {
    name: &'static str,
    gateway: Arc<dyn PaymentGateway>,
    stand: Arc<Stand>,
    kept: Kept,
    next: u64,
    sold: u64,
}

/// What counts the fsyncs.
enum Kept {
    Nowhere,
    Sqlite(Arc<Sqlite>),
    Postgres { syncs_before: Option<u64> },
}

/// The time of a sale with a record, so many at a time.
pub(crate) fn times(effort: Effort, at_a_time: u64) -> Table {
    let title = match at_a_time {
        1 => "A sale over a journal, one after the other".to_owned(),
        many => format!("A sale over a journal, {many} in flight"),
    };
    let columns = [
        "journal",
        "ratio",
        "middle half",
        "sales a second",
        "µs a sale",
        "fsyncs a sale",
    ];
    let mut table = Table::new(&title, WORDS, &columns);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let database = Database::durable("sales over a journal in PostgreSQL");
    let server = Server::of(&Stand::named(AT), false);
    let file = directory.path().join("journal.db");
    let mut records = runtime.block_on(records(&server, file, database.as_ref()));
    let count = if at_a_time == 1 {
        effort.batch / 4
    } else {
        effort.batch * 2
    };
    for record in &mut records {
        runtime.block_on(record.sales(count, at_a_time));
    }
    for record in &mut records {
        record.start();
    }
    let commits: Vec<u64> = records.iter().map(Record::commits).collect();
    let mut taken: Vec<Vec<u64>> = records.iter().map(|_| Vec::new()).collect();
    for round in 0..effort.rounds.min(9) {
        for turn in 0..records.len() {
            let at = (round + turn) % records.len();
            let took = runtime.block_on(records[at].sales(count, at_a_time));
            taken[at].push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
    }
    for (at, record) in records.into_iter().enumerate() {
        let (ratio, middle) = (Ratio::of(&taken[at], &taken[0]), median(&taken[at]));
        let (name, sold) = (record.name, record.sold);
        let fsyncs = record.end(commits[at], database.as_ref(), &runtime);
        table.row([
            name.to_owned(),
            ratio.text(),
            if at == 0 { String::new() } else { ratio.spread() },
            (count * 1_000_000_000 / middle.max(1)).to_string(),
            tenths(middle, count * 1000),
            fsyncs
                .map(|fsyncs| hundredths(fsyncs * 1000 / sold.max(1)))
                .unwrap_or_default(),
        ]);
    }
    if database.is_none() {
        table.row(["postgres", "not run: PostgreSQL is not installed", "", "", "", ""]);
    }
    table
}

async fn records(server: &Server, file: PathBuf, database: Option<&Database>) -> Vec<Record> {
    let sqlite = Arc::new(Sqlite::open(file).await.expect("a file"));
    let mut all = vec![
        Record::new("none", server, None, Kept::Nowhere),
        Record::new("memory", server, Some(Arc::new(Memory::new())), Kept::Nowhere),
        Record::new("sqlite", server, Some(sqlite.clone()), Kept::Sqlite(sqlite)),
    ];
    if let Some(database) = database {
        let store = Postgres::open(&database.url()).await.expect("a database");
        let kept = Kept::Postgres {
            syncs_before: syncs(database),
        };
        all.push(Record::new("postgres", server, Some(Arc::new(store)), kept));
    }
    all
}

impl Record {
    fn new(name: &'static str, server: &Server, store: Option<Arc<dyn Store>>, kept: Kept) -> Self {
        let stand = Arc::new(Stand::named(AT));
        let transport = Arc::new(HyperTransport::new());
        let journal = store.map(|store| Journal::with(store, stand.recorder.clock.clone(), Settings::default()));
        let recorder = journal.as_ref().map(Journal::recorder);
        let gateway: Gateway = stand.recording(transport, Some(&server.url()), recorder);
        let gateway: Arc<dyn PaymentGateway> = match journal {
            Some(journal) => Arc::new(journal.wrap(gateway).unwrap_or_else(|error| panic!("{error}"))),
            None => Arc::new(gateway),
        };
        Self {
            name,
            gateway,
            stand,
            kept,
            next: FIRST,
            sold: 0,
        }
    }

    /// So many sales, so many at a time.
    async fn sales(&mut self, count: u64, at_a_time: u64) -> Duration {
        let sales: Vec<Operation> = (self.next..self.next + count)
            .map(|number| self.stand.sale(number))
            .collect();
        self.next += count;
        self.sold += count;
        let share = usize::try_from(count / at_a_time).unwrap_or(1).max(1);
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for share in sales.chunks(share) {
            let (gateway, share) = (Arc::clone(&self.gateway), share.to_vec());
            tasks.spawn(async move {
                for sale in share {
                    let answer = gateway.execute(&sale).await.unwrap_or_else(|error| panic!("{error}"));
                    assert!(answer.outcome.is_approved() && !answer.unrecorded, "{answer:?}");
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.expect("every sale goes through");
        }
        start.elapsed()
    }

    /// Counts from here on; a server's processes say their fsyncs late, so that all of theirs are counted.
    fn start(&mut self) {
        if !matches!(self.kept, Kept::Postgres { .. }) {
            self.sold = 0;
        }
    }

    fn commits(&self) -> u64 {
        match &self.kept {
            Kept::Sqlite(sqlite) => sqlite.commits().0,
            _ => 0,
        }
    }

    /// How many fsyncs there were since the start. A server's processes say theirs when they end.
    fn end(self, commits_before: u64, database: Option<&Database>, runtime: &Runtime) -> Option<u64> {
        let commits = self.commits();
        let Self { gateway, kept, .. } = self;
        // A pool of connections ends in a runtime.
        runtime.block_on(async { drop(gateway) });
        match kept {
            Kept::Nowhere => None,
            Kept::Sqlite(_) => Some(commits - commits_before),
            Kept::Postgres { syncs_before } => {
                runtime.block_on(async { tokio::time::sleep(Duration::from_secs(1)).await });
                database
                    .and_then(syncs)
                    .zip(syncs_before)
                    .map(|(after, before)| after - before)
            }
        }
    }
}

/// How often the server synced its log; `None` where its version counts that elsewhere.
fn syncs(database: &Database) -> Option<u64> {
    let query = "SELECT wal_sync FROM pg_stat_wal";
    let mut psql = Command::new(database.program("psql"));
    let told = psql.args(["-Atc", query, &database.url()]).output().ok()?;
    String::from_utf8_lossy(&told.stdout).trim().parse().ok()
}
