//! One sale through the library beside one by hand, over loopback.

use crate::client::{CLIENTS, Client};
use crate::sections::COMPARED;
use crate::server::Server;
use crate::stand::Stand;
use crate::stats::{Ratio, Table, hundredths, median, met, tenths};
use crate::{Counter, Effort};

/// In thousandths of what the client by hand takes: on reqwest, on hyper.
const AIMS_ALONE: [u64; 2] = [1050, 1000];
const AIMS_MANY: [u64; 2] = [1120, 850];

const WORDS: &str = "The ratio is to a client written by hand with reqwest that sends the same bytes to the same server on loopback, parses the reply \
    and compares code, id, amount, currency and reference: the median over the rounds, with their middle half. All three take turns in every round. \
    The second ratio is of the time that the client's thread was on a processor. CoolPay's sale is three HTTP calls, the others' are one.";

/// The time of a sale, so many at a time.
pub(crate) fn times(effort: Effort, at_a_time: u64) -> Table {
    let title = if at_a_time == 1 {
        "A sale, one after the other".to_owned()
    } else {
        format!("A sale, {at_a_time} in flight")
    };
    let columns = [
        "gateway",
        "client",
        "ratio",
        "middle half",
        "aim",
        "met",
        "ratio on the processor",
        "µs a sale",
    ];
    let mut table = Table::new(&title, WORDS, &columns);
    for name in COMPARED {
        let server = Server::of(&Stand::named(name), false);
        let mut clients = CLIENTS.map(|client| Client::of(name, client, &server));
        same_bytes(name, &mut clients, &server);
        let batch = effort.batch.max(at_a_time * 8);
        for client in &mut clients {
            client.sales(batch, at_a_time);
        }
        let mut passed = [const { Vec::new() }; 3];
        let mut worked = [const { Vec::new() }; 3];
        for round in 0..effort.rounds {
            for turn in 0..clients.len() {
                let at = (round + turn) % clients.len();
                let (wall, processor) = clients[at].sales(batch, at_a_time);
                passed[at].push(nanoseconds(wall));
                worked[at].push(nanoseconds(processor));
            }
        }
        let aims = if at_a_time == 1 { AIMS_ALONE } else { AIMS_MANY };
        for (at, client) in CLIENTS.iter().enumerate() {
            let ratio = Ratio::of(&passed[at], &passed[0]);
            let work = Ratio::of(&worked[at], &worked[0]);
            let aim = at.checked_sub(1).map(|at| aims[at]);
            table.row([
                name.to_owned(),
                (*client).to_owned(),
                ratio.text(),
                if at == 0 { String::new() } else { ratio.spread() },
                aim.map(hundredths).unwrap_or_default(),
                aim.map(|aim| met(ratio.median, aim)).unwrap_or_default().to_owned(),
                work.text(),
                tenths(median(&passed[at]), batch * 1000),
            ]);
        }
    }
    table
}

/// The allocations of a sale.
pub(crate) fn allocations(counter: Counter, effort: Effort) -> Table {
    let words =
        "Allocations on the client's thread for one sale, growing included, one sale after the other over loopback.";
    let columns = ["gateway", "client", "ratio", "allocations a sale", "a call"];
    let mut table = Table::new("Allocations of a sale", words, &columns);
    for name in COMPARED {
        let server = Server::of(&Stand::named(name), false);
        let calls = if name == "coolpay" { 3 } else { 1 };
        let mut by_hand = 0;
        for client in CLIENTS {
            let mut measured = Client::of(name, client, &server);
            measured.sales(8, 1);
            let count = measured.counted(counter, effort.batch);
            if by_hand == 0 {
                by_hand = count;
            }
            table.row([
                name.to_owned(),
                client.to_owned(),
                hundredths(count * 1000 / by_hand.max(1)),
                tenths(count, effort.batch),
                tenths(count, effort.batch * calls),
            ]);
        }
    }
    table
}

fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// All clients send the same: request lines, bodies and headers, but for the digits of an idempotency key, and for the `accept: */*` that reqwest
/// adds where there is no other.
fn same_bytes(name: &str, clients: &mut [Client; 3], server: &Server) {
    let [by_hand, others @ ..] = clients;
    let said = |client: &mut Client| {
        client.sales(1, 1);
        let heard = server.hear(|| {
            client.sales(1, 1);
        });
        heard.iter().map(|request| plain(request)).collect::<Vec<_>>()
    };
    let expected = said(by_hand);
    for other in others {
        assert_eq!(said(other), expected, "what the clients of {name} send");
    }
}

/// A request with its headers in order.
fn plain(request: &[u8]) -> (String, Vec<String>, String) {
    let text = String::from_utf8_lossy(request);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines().map(str::to_owned);
    let first = lines.next().unwrap_or_default();
    let mut headers: Vec<_> = lines
        .map(|line| match line.split_once(": ") {
            Some((name, _)) if name.eq_ignore_ascii_case("idempotencykey") => "idempotencykey".to_owned(),
            Some((name, value)) => format!("{}: {value}", name.to_ascii_lowercase()),
            None => line,
        })
        .filter(|line| line != "accept: */*")
        .collect();
    headers.sort();
    (first, headers, body.to_owned())
}
