//! What it costs to get the token that is held, alone and under contention.

use std::sync::Barrier;
use std::time::Instant;

use paymux::Wire as _;

use crate::Effort;
use crate::engine::OneCall;
use crate::stats::{Ratio, Table, median, tenths};

const HITS: u64 = 20_000;
const WORDS: &str = "A hit in the cache of access tokens, the copy that is handed out included, by several threads at once on one gateway. The ratio is to \
    one thread, of hits by all of them together in the same time: above 1 they hold each other back.";

pub(crate) fn times(effort: Effort) -> Table {
    let mut table = Table::new("Token cache", WORDS, &["threads", "ratio", "middle half", "ns a hit"]);
    let gateway = OneCall::new(true).gateway();
    let threads = [1_u64, 2, 8];
    let mut taken = [const { Vec::new() }; 3];
    for _ in 0..effort.rounds {
        for (at, count) in threads.iter().enumerate() {
            taken[at].push(hits(&gateway, *count) / (HITS * count));
        }
    }
    for (at, count) in threads.iter().enumerate() {
        let ratio = Ratio::of(&taken[at], &taken[0]);
        let spread = if at == 0 { String::new() } else { ratio.spread() };
        table.row([count.to_string(), ratio.text(), spread, tenths(median(&taken[at]), 1)]);
    }
    table
}

/// The nanoseconds that so many threads take, each for the same number of hits.
fn hits(gateway: &paymux::Gateway, threads: u64) -> u64 {
    let count = usize::try_from(threads).unwrap_or(1);
    let barrier = Barrier::new(count + 1);
    let mut start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                let (_, wire) = gateway.open::<OneCall>().expect("the adapter");
                runtime.block_on(wire.token()).expect("a token");
                barrier.wait();
                runtime.block_on(async {
                    for _ in 0..HITS {
                        assert!(std::hint::black_box(wire.token().await).is_ok());
                    }
                });
            });
        }
        barrier.wait();
        start = Instant::now();
    });
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
