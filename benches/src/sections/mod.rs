//! The parts of the report.

mod cost;
mod journal;
mod memory;
mod sale;
mod tokens;
mod webhooks;

use crate::client::Client;
use crate::codec::{self, Codec};
use crate::server::Server;
use crate::stand::Stand;
use crate::stats::Table;
use crate::{Counter, Effort};

/// The providers whose sale is compared with one by hand.
pub(crate) const COMPARED: [&str; 3] = ["coolpay", "opp", "qolo"];

type Section = Box<dyn FnOnce() -> Table>;

/// The parts that are asked for, in order.
pub(crate) fn all(counter: Option<Counter>, effort: Effort) -> Vec<Section> {
    match counter {
        Some(counter) => vec![
            Box::new(move || sale::allocations(counter, effort)),
            Box::new(move || cost::engine_allocations(counter)),
            Box::new(move || cost::codec_allocations(counter, effort)),
        ],
        None => vec![
            Box::new(move || sale::times(effort, 1)),
            Box::new(move || sale::times(effort, 64)),
            Box::new(move || cost::engine_times(effort)),
            Box::new(move || cost::codec_times(effort)),
            Box::new(move || tokens::times(effort)),
            Box::new(move || webhooks::times(effort)),
            Box::new(move || memory::resident(effort)),
            Box::new(move || journal::times(effort, 1)),
            Box::new(move || journal::times(effort, 64)),
        ],
    }
}

/// The part about the journal alone.
pub(crate) fn journals(effort: Effort) -> Vec<Section> {
    vec![
        Box::new(move || journal::times(effort, 1)),
        Box::new(move || journal::times(effort, 64)),
    ]
}

/// Serves until it is ended, for clients in other processes: says where, and with which token.
pub(crate) fn serve(name: &str, holds: bool) {
    let server = Server::of(&Stand::named(name), holds);
    println!(
        "{} {}",
        server.url(),
        if server.token.is_empty() { "-" } else { &server.token }
    );
    loop {
        std::thread::park();
    }
}

/// Makes so many sales, one after the other, for a tool that counts what that takes.
pub(crate) fn sales(name: &str, client: &str, url: &str, token: &str, count: &str) {
    Client::at(name, client, url, token).sales(count.parse().expect("a number"), 1);
}

/// Goes through the engine so many times, for such a tool.
pub(crate) fn engine(count: &str) {
    cost::Alone::new().through_engine(count.parse().expect("a number"));
}

/// Does 256 operations of a kind without a network so many times over, for such a tool.
pub(crate) fn operations(name: &str, kind: &str, count: &str) {
    let found = codec::kinds(name).into_iter().find(|known| known.as_str() == kind);
    let codec = Codec::record(name, found.expect("a kind that is offered"), 256);
    for _ in 0..count.parse().expect("a number") {
        codec.play(|all, _| all());
    }
}

/// Says how much memory each of so many sales in flight takes.
pub(crate) fn flight(name: &str, client: &str, url: &str, token: &str, count: &str) {
    println!(
        "{}",
        Client::at(name, client, url, token).hold(count.parse().expect("a number"))
    );
}
