//! The memory of payments that are under way, each measured in a process of its own, the server in another.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::Effort;
use crate::client::{CLIENTS, NO_NETWORK};
use crate::sections::COMPARED;
use crate::stats::{Table, hundredths, met, tenths};

/// In bytes.
const AIM: u64 = 8192;

pub(crate) fn resident(effort: Effort) -> Table {
    let words = format!(
        "{} sales at once, to a server that answers none of them: what the process grew by, for each. Every sale has a task of its own, and a \
         connection with its buffers; without a network, none.",
        effort.in_flight
    );
    let columns = ["gateway", "client", "ratio", "kB a payment", "aim", "met"];
    let mut table = Table::new("Payments in flight", &words, &columns);
    for name in COMPARED {
        let mut by_hand = 0;
        for client in CLIENTS.into_iter().chain([NO_NETWORK]) {
            let bytes = measured(name, client, effort.in_flight);
            if by_hand == 0 {
                by_hand = bytes;
            }
            table.row([
                name,
                client,
                &hundredths(bytes * 1000 / by_hand.max(1)),
                &tenths(bytes, 1024),
                &tenths(AIM, 1024),
                met(bytes, AIM),
            ]);
        }
    }
    table
}

fn measured(name: &str, client: &str, count: u64) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let mut server = Command::new(&program)
        .args(["hold", name])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a server");
    let mut line = String::new();
    let output = server.stdout.take().expect("its output");
    BufReader::new(output).read_line(&mut line).expect("its address");
    let (url, token) = line.trim().split_once(' ').expect("an address and a token");
    let count = count.to_string();
    let told = Command::new(&program)
        .args(["flight", name, client, url, token, &count])
        .output();
    let _ = server.kill();
    let _ = server.wait();
    let told = told.expect("a client");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8_lossy(&told.stdout).trim().parse().expect("a number")
}
