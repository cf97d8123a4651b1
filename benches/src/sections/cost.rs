//! The engine alone, and an operation from the caller's words to the answer without a network.

use std::time::Instant;

use paymux::{Adapter, Gateway, Operation, PaymentGateway as _};
use tokio::runtime::Runtime;

use crate::codec::{Codec, kinds};
use crate::engine::{AtOnce, OneCall, sale};
use crate::stand::NAMES;
use crate::stats::{Table, median, met, tenths};
use crate::{Counter, Effort};

const ENGINE: &str = "An adapter that makes one call and answers, over a transport that answers at once: by itself, with nothing between the two; and \
    through the engine.";
const CODEC: &str = "An operation from the caller's words to the answer, engine included, over a transport that gives back at once what the simulator \
    answered before. The aim is for operations of one call.";
const ENGINE_NS: u64 = 1000;
const ENGINE_ALLOCATIONS: u64 = 10;
const CODEC_NS: u64 = 4000;
const CODEC_ALLOCATIONS: u64 = 32;

/// The same operation over and over, by the adapter itself or through the engine.
pub(super) struct Alone {
    runtime: Runtime,
    adapter: OneCall,
    gateway: Gateway,
    operation: Operation,
}

impl Alone {
    pub(super) fn new() -> Self {
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            adapter: OneCall::new(false),
            gateway: OneCall::new(false).gateway(),
            operation: sale(),
        }
    }

    fn by_itself(&self, count: u64) {
        self.runtime.block_on(async {
            for _ in 0..count {
                let answer = self.adapter.execute(&self.operation, &AtOnce).await;
                assert!(std::hint::black_box(answer).is_ok());
            }
        });
    }

    pub(super) fn through_engine(&self, count: u64) {
        self.runtime.block_on(async {
            for _ in 0..count {
                let answer = self.gateway.execute(&self.operation).await;
                assert!(std::hint::black_box(answer).is_ok());
            }
        });
    }
}

pub(crate) fn engine_times(effort: Effort) -> Table {
    let columns = ["what", "ns", "aim", "met"];
    let mut table = Table::new("The engine alone: time", ENGINE, &columns);
    let (alone, count) = (Alone::new(), 20_000);
    let mut taken = [const { Vec::new() }; 2];
    for _ in 0..effort.rounds {
        let start = Instant::now();
        alone.by_itself(count);
        let middle = Instant::now();
        alone.through_engine(count);
        let end = Instant::now();
        taken[0].push(u64::try_from((middle - start).as_nanos()).unwrap_or(0) / count);
        taken[1].push(u64::try_from((end - middle).as_nanos()).unwrap_or(0) / count);
    }
    let [itself, through] = taken.map(|each| median(&each));
    let engine = through.saturating_sub(itself);
    table.row([
        "the engine",
        &engine.to_string(),
        &ENGINE_NS.to_string(),
        met(engine, ENGINE_NS),
    ]);
    table.row(["the adapter by itself", &itself.to_string(), "", ""]);
    table.row(["the adapter through the engine", &through.to_string(), "", ""]);
    table
}

pub(crate) fn engine_allocations(counter: Counter) -> Table {
    let columns = ["what", "allocations", "aim", "met"];
    let mut table = Table::new("The engine alone: allocations", ENGINE, &columns);
    let (alone, count) = (Alone::new(), 1000);
    alone.through_engine(count);
    let itself = counter(&mut || alone.by_itself(count));
    let through = counter(&mut || alone.through_engine(count));
    let engine = through.saturating_sub(itself);
    let aim = ENGINE_ALLOCATIONS.to_string();
    table.row([
        "the engine",
        &tenths(engine, count),
        &aim,
        met(engine / count, ENGINE_ALLOCATIONS),
    ]);
    table.row(["the adapter by itself", &tenths(itself, count), "", ""]);
    table.row(["the adapter through the engine", &tenths(through, count), "", ""]);
    table
}

pub(crate) fn codec_times(effort: Effort) -> Table {
    let columns = ["gateway", "operation", "calls", "µs", "aim", "met", "µs a call"];
    let mut table = Table::new("Encode and decode: time", CODEC, &columns);
    for name in NAMES {
        for kind in kinds(name) {
            let codec = Codec::record(name, kind, effort.tape);
            let (took, calls) = (codec.nanoseconds(effort.rounds), codec.calls());
            let aim = (calls == 1).then_some(CODEC_NS);
            table.row([
                name.to_owned(),
                kind.to_string(),
                calls.to_string(),
                tenths(took, 1000),
                aim.map(|aim| tenths(aim, 1000)).unwrap_or_default(),
                aim.map(|aim| met(took, aim)).unwrap_or_default().to_owned(),
                tenths(took, 1000 * calls),
            ]);
        }
    }
    table
}

pub(crate) fn codec_allocations(counter: Counter, effort: Effort) -> Table {
    let columns = ["gateway", "operation", "calls", "allocations", "aim", "met", "a call"];
    let mut table = Table::new("Encode and decode: allocations", CODEC, &columns);
    for name in NAMES {
        for kind in kinds(name) {
            let codec = Codec::record(name, kind, effort.tape);
            let calls = codec.calls();
            codec.play(|all, count| {
                let counted = counter(&mut *all);
                let aim = (calls == 1).then_some(CODEC_ALLOCATIONS);
                table.row([
                    name.to_owned(),
                    kind.to_string(),
                    calls.to_string(),
                    tenths(counted, count),
                    aim.map(|aim| aim.to_string()).unwrap_or_default(),
                    aim.map(|aim| met(counted, aim * count)).unwrap_or_default().to_owned(),
                    tenths(counted, count * calls),
                ]);
            });
        }
    }
    table
}
