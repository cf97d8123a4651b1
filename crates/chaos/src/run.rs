//! Many worlds, on several threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::plan::Plan;
use crate::seed::{Ground, grounds, plan};
use crate::tally::Tally;
use crate::world::{Sabotage, live};

/// How many worlds a thread takes at once.
const BATCH: u64 = 64;

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The seed of the first world; each next one has the next seed.
    pub seed: u64,
    /// How many worlds.
    pub worlds: u64,
    /// On how many threads.
    pub threads: usize,
    /// Only on this gateway, if on one.
    pub only: Option<&'static str>,
    /// Whether the first world with something that may not be is the last.
    pub stops: bool,
}

/// Lives through worlds from a seed on. The account depends on nothing but the seed and their number, unless it stops early.
pub fn run(run: Run, sabotage: &Sabotage, progress: &(dyn Fn(u64) + Sync)) -> Tally {
    let mut grounds = grounds();
    grounds.retain(|ground| run.only.is_none_or(|only| only == ground.gateway));
    let schedule = |number| (number < run.worlds).then(|| plan(&grounds, run.seed.wrapping_add(number)));
    let mut tally = spread(run, sabotage, progress, &schedule);
    for ground in &grounds {
        for (kind, operation) in ground.sorts() {
            // What never happened is told, too.
            tally.faults.entry((kind, ground.gateway, operation)).or_default();
        }
    }
    tally
}

/// Lives through every schedule with at most one mishap, within so many calls of each step.
pub fn small(calls: u32, threads: usize, sabotage: &Sabotage, progress: &(dyn Fn(u64) + Sync)) -> Tally {
    let grounds = grounds();
    let plans: Vec<Plan> = grounds.iter().flat_map(|ground: &Ground| ground.small(calls)).collect();
    let run = Run {
        seed: 0,
        worlds: u64::try_from(plans.len()).unwrap_or(u64::MAX),
        threads,
        only: None,
        stops: false,
    };
    let schedule = |number| plans.get(usize::try_from(number).unwrap_or(usize::MAX)).cloned();
    spread(run, sabotage, progress, &schedule)
}

fn spread(
    run: Run,
    sabotage: &Sabotage,
    progress: &(dyn Fn(u64) + Sync),
    schedule: &(dyn Fn(u64) -> Option<Plan> + Sync),
) -> Tally {
    let (next, done, stopped) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let work = || {
        let mut tally = Tally::default();
        while !stopped.load(Ordering::Relaxed) {
            let first = next.fetch_add(BATCH, Ordering::Relaxed);
            let mut lived = 0;
            for number in first..first + BATCH {
                let Some(plan) = schedule(number) else { break };
                let report = live(&plan, sabotage);
                if run.stops && !report.findings.is_empty() {
                    stopped.store(true, Ordering::Relaxed);
                }
                tally.add(run.seed.wrapping_add(number), plan, report);
                lived += 1;
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
            }
            progress(done.fetch_add(lived, Ordering::Relaxed) + lived);
            if lived < BATCH {
                break;
            }
        }
        tally
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..run.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut all = Tally::default();
        for thread in threads {
            match thread.join() {
                Ok(tally) => all.merge(tally),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}
