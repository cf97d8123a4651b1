#![doc = include_str!("../README.md")]
#![allow(clippy::indexing_slicing, reason = "a benchmark may fail so")]

mod by_hand;
mod client;
mod codec;
/// The server that the journal's tests start.
#[allow(dead_code, clippy::unwrap_used, reason = "it is written for tests")]
#[path = "../../crates/journal/tests/common/server.rs"]
mod database;
mod engine;
mod sections;
mod server;
mod stand;
mod stats;
mod tape;

/// Counts the allocations that something makes on this thread.
pub type Counter = fn(&mut dyn FnMut()) -> u64;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How often everything is measured.
    pub(crate) rounds: usize,
    /// How many sales make a batch.
    pub(crate) batch: u64,
    /// How many operations are recorded for each kind.
    pub(crate) tape: u64,
    /// How many payments are in flight when the memory is looked at.
    pub(crate) in_flight: u64,
}

impl Effort {
    const WHOLE: Self = Self {
        rounds: 31,
        batch: 256,
        tape: 512,
        in_flight: 10_000,
    };
    const QUICK: Self = Self {
        rounds: 5,
        batch: 64,
        tape: 64,
        in_flight: 1_000,
    };
}

/// Measures what the program's arguments say: with a counter allocations, without one time and memory.
pub fn run(counter: Option<Counter>) {
    // Also for the client by hand, which is built without a provider of its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", name] => return sections::serve(name, false),
        ["hold", name] => return sections::serve(name, true),
        ["sales", name, client, url, token, count] => return sections::sales(name, client, url, token, count),
        ["flight", name, client, url, token, count] => return sections::flight(name, client, url, token, count),
        ["engine", count] => return sections::engine(count),
        ["operations", name, kind, count] => return sections::operations(name, kind, count),
        _ => {}
    }
    let has = |flag: &str| words.contains(&flag);
    if let Some(unknown) = words
        .iter()
        .find(|word| !matches!(**word, "--quick" | "--json" | "--journal"))
    {
        eprintln!("`{unknown}` is no argument; there are --quick, --json and --journal");
        std::process::exit(2);
    }
    let effort = if has("--quick") { Effort::QUICK } else { Effort::WHOLE };
    let mut tables = Vec::new();
    let sections = match has("--journal") {
        true => sections::journals(effort),
        false => sections::all(counter, effort),
    };
    for section in sections {
        let table = section();
        if !has("--json") {
            println!("{}", table.text());
        }
        tables.push(table);
    }
    if has("--json") {
        println!("{}", serde_json::to_string_pretty(&tables).expect("tables are JSON"));
    }
}
