//! What it costs to say what a code means, beside the two ways that others do it: a scan of a list of texts, and a list of patterns.
//!
//! `cargo bench -p paymux-opp --bench classify` prints the samples, and then how many times longer the others take.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail so")]

#[path = "../tests/common/published.rs"]
mod published;

use std::hint::black_box;
use std::time::Instant;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use paymux_core::CodeClass;
use paymux_opp::{ResultCode, explain};

fn main() {
    let hits: Vec<String> = ResultCode::known().map(|code| code.to_string()).collect();
    let misses: Vec<String> = hits.iter().map(|hit| miss(hit, &hits)).collect();
    let list: Vec<(String, CodeClass)> = ResultCode::known()
        .map(|code| (code.to_string(), explain(code).class))
        .collect();
    let patterns = published::compiled();

    let mut criterion = Criterion::default().configure_from_args();
    let mut lines = Vec::new();
    for (what, codes) in [("hits", &hits), ("misses", &misses)] {
        let mut group = criterion.benchmark_group(what);
        group.throughput(Throughput::Elements(u64::try_from(codes.len()).unwrap()));
        let ours = measure(&mut group, "explain", codes, |code| {
            code.parse()
                .map(explain)
                .is_ok_and(|meaning| meaning.class == CodeClass::Approved)
        });
        let scan = measure(&mut group, "scan of a list", codes, |code| {
            let found = list.iter().find(|(known, _)| known == code);
            found.is_some_and(|(_, class)| *class == CodeClass::Approved)
        });
        let matched = measure(&mut group, "list of patterns", codes, |code| {
            published::group(&patterns, code) == Some("success")
        });
        group.finish();
        if let (Some(ours), Some(scan), Some(matched)) = (ours, scan, matched) {
            lines.push(format!(
                "{what}: {} ns for a code; a scan takes {}, patterns take {} times as long",
                tenths(ours, 1000),
                tenths(scan, ours),
                tenths(matched, ours)
            ));
        }
    }
    criterion.final_summary();
    for line in lines {
        println!("{line}");
    }
}

/// A code of the same area that no list has.
fn miss(hit: &str, hits: &[String]) -> String {
    let (area, last) = hit.split_at(8);
    let last: u16 = last.parse().unwrap();
    let near = (1..1000).map(|step| format!("{area}{:03}", (last + step) % 1000));
    near.into_iter().find(|code| hits.binary_search(code).is_err()).unwrap()
}

/// Measures, and gives the picoseconds for one code in the best sample; `None` if it was not run.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    codes: &[String],
    is_approved: impl Fn(&str) -> bool,
) -> Option<u128> {
    let mut best = None;
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let start = Instant::now();
            for _ in 0..rounds {
                for code in codes {
                    black_box(is_approved(black_box(code)));
                }
            }
            let took = start.elapsed();
            let each = took.as_nanos() * 1000 / u128::from(rounds) / u128::try_from(codes.len()).unwrap();
            best = Some(best.unwrap_or(u128::MAX).min(each));
            took
        });
    });
    best
}

/// A ratio with one decimal.
fn tenths(number: u128, of: u128) -> String {
    let tenths = number * 10 / of.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}
