//! The clients that are held against each other, each doing sales.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use paymux::transport::{HyperTransport, ReqwestTransport};
use paymux::{Gateway, Operation, PaymentGateway as _};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::Counter;
use crate::by_hand::ByHand;
use crate::codec::Codec;
use crate::server::Server;
use crate::stand::{FIRST, Stand};
use crate::tape::Silent;

/// The clients' names; the first is what the others are measured by.
pub(crate) const CLIENTS: [&str; 3] = ["reqwest by hand", "paymux on reqwest", "paymux on hyper"];

/// A client that is not compared: its transport never answers, and opens no connection.
pub(crate) const NO_NETWORK: &str = "paymux, no network";

/// A client of one provider, with a runtime of its own.
pub(crate) struct Client {
    what: Arc<What>,
    stand: Stand,
    runtime: Runtime,
    next: u64,
}

enum What {
    ByHand(ByHand),
    Ours(Gateway),
}

/// One sale to be made.
enum Sale {
    Number(u64),
    Operation(Operation),
}

impl Client {
    /// A client of a server.
    pub(crate) fn of(name: &str, client: &str, server: &Server) -> Self {
        Self::at(name, client, &server.url(), &server.token)
    }

    /// A client of whatever is at this address.
    pub(crate) fn at(name: &str, client: &str, url: &str, token: &str) -> Self {
        let stand = Stand::named(name);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let what = match client {
            NO_NETWORK => {
                let login = runtime.block_on(Codec::login(name));
                What::Ours(stand.gateway(Arc::new(Silent(login)), None))
            }
            "paymux on reqwest" => What::Ours(stand.gateway(Arc::new(ReqwestTransport::new()), Some(url))),
            "paymux on hyper" => What::Ours(stand.gateway(Arc::new(HyperTransport::new()), Some(url))),
            _ => What::ByHand(ByHand::new(&stand, url, token)),
        };
        Self {
            what: Arc::new(what),
            stand,
            runtime,
            next: FIRST,
        }
    }

    /// Makes so many sales, so many at a time, and tells the time that passed and the time on the processor.
    pub(crate) fn sales(&mut self, count: u64, at_a_time: u64) -> (Duration, Duration) {
        let numbers = self.numbers(count);
        let share = (count / at_a_time).max(1);
        let starts = (numbers.start..numbers.end).step_by(usize::try_from(share).unwrap_or(1));
        // What an application has in hand before it calls is made before the clock starts.
        let shares: Vec<Vec<Sale>> = starts.map(|start| self.prepared(start..start + share)).collect();
        let before = on_processor();
        let start = Instant::now();
        self.runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for share in shares {
                if at_a_time == 1 {
                    self.what.all(share).await;
                } else {
                    self.spawn(share, &mut tasks);
                }
            }
            while let Some(ended) = tasks.join_next().await {
                ended.expect("every sale goes through");
            }
        });
        (start.elapsed(), on_processor().saturating_sub(before))
    }

    /// The allocations of so many sales, one after the other.
    pub(crate) fn counted(&mut self, counter: Counter, count: u64) -> u64 {
        let numbers = self.numbers(count);
        let mut sales = Some(self.prepared(numbers));
        counter(&mut || {
            if let Some(sales) = sales.take() {
                self.runtime.block_on(self.what.all(sales));
            }
        })
    }

    /// Starts so many sales that nobody answers, and gives what they take of memory once all are under way, in bytes each.
    pub(crate) fn hold(&mut self, count: u64) -> u64 {
        let numbers = self.numbers(count);
        // One connection, and whatever is made at the first use.
        let first = self.prepared(numbers.start..numbers.start + 1);
        let mut tasks = JoinSet::new();
        self.runtime.block_on(async {
            self.spawn(first, &mut tasks);
            tokio::time::sleep(Duration::from_millis(300)).await;
        });
        let before = resident();
        self.runtime.block_on(async {
            for number in numbers {
                self.spawn(self.prepared(number..number + 1), &mut tasks);
                if number % 100 == 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        });
        resident().saturating_sub(before) / count
    }

    /// Makes sales in a task, whose future is that of its client alone: one that could be either's would be as large as the larger of them.
    fn spawn(&self, sales: Vec<Sale>, tasks: &mut JoinSet<()>) {
        let what = Arc::clone(&self.what);
        match *self.what {
            What::ByHand(_) => tasks.spawn(async move {
                if let What::ByHand(client) = &*what {
                    client.all(sales).await;
                }
            }),
            What::Ours(_) => tasks.spawn(async move {
                if let What::Ours(gateway) = &*what {
                    all(gateway, sales).await;
                }
            }),
        };
    }

    fn numbers(&mut self, count: u64) -> Range<u64> {
        let start = self.next;
        self.next += count;
        start..self.next
    }

    fn prepared(&self, numbers: Range<u64>) -> Vec<Sale> {
        let sale = |number| match *self.what {
            What::ByHand(_) => Sale::Number(number),
            What::Ours(_) => Sale::Operation(self.stand.sale(number)),
        };
        numbers.map(sale).collect()
    }
}

impl What {
    async fn all(&self, sales: Vec<Sale>) {
        match self {
            Self::ByHand(client) => client.all(sales).await,
            Self::Ours(gateway) => all(gateway, sales).await,
        }
    }
}

impl ByHand {
    async fn all(&self, sales: Vec<Sale>) {
        for sale in sales {
            let Sale::Number(number) = sale else { continue };
            self.sale(number)
                .await
                .unwrap_or_else(|error| panic!("by hand: {error}"));
        }
    }
}

async fn all(gateway: &Gateway, sales: Vec<Sale>) {
    for sale in sales {
        let Sale::Operation(operation) = sale else { continue };
        let answer = gateway
            .execute(&operation)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let outcome = answer.outcome.as_str();
        assert!(matches!(outcome, "approved" | "pending"), "{outcome}");
    }
}

/// The time that this thread has been on a processor.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(first.unwrap_or(0))
}

/// The memory that this process has, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kilobytes.unwrap_or(0) * 1024
}
