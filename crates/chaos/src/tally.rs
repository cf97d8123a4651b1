//! The tally of many worlds.

use std::collections::BTreeMap;

use paymux::OperationKind;

use crate::book::End;
use crate::plan::Plan;
use crate::verdict::{Finding, Why, WorldReport, Wrong};

/// The tally of many worlds. Adding reports in any order gives the same.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many payments were made, one in each world.
    pub payments: u64,
    /// How many requests were made.
    pub calls: u64,
    /// Payments with something that may not be.
    pub wrongs: BTreeMap<Wrong, u64>,
    /// Operations that a person must look at, by gateway, operation and reason.
    pub persons: BTreeMap<(&'static str, OperationKind, Why), u64>,
    /// What went wrong on purpose, and how the operations ended that it happened to.
    pub faults: BTreeMap<(&'static str, &'static str, OperationKind), Ends>,
    /// What could have lost an answer, by gateway and operation.
    pub losses: BTreeMap<(&'static str, OperationKind), u64>,
    /// The first worlds with something that may not be, by the worst of it and their seed.
    pub failures: BTreeMap<(Wrong, u64), Failure>,
}

/// How operations ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// All of them.
    pub injected: u64,
    /// Done, or accepted.
    pub done: u64,
    /// Not done: declined, given up, or refused.
    pub not_done: u64,
    /// Left to a person.
    pub person: u64,
    /// Left open by the provider's own code.
    pub left_open: u64,
}

/// A world with something that may not be.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its schedule.
    pub plan: Plan,
    /// What may not be.
    pub findings: Vec<Finding>,
}

/// How many failures of a sort are kept.
const KEPT: usize = 8;

impl Tally {
    /// Adds the world of a seed.
    pub fn add(&mut self, seed: u64, plan: Plan, report: WorldReport) {
        self.payments += 1;
        self.calls += report.calls;
        let mut wrongs: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
        wrongs.sort_unstable();
        wrongs.dedup();
        let worst = wrongs.first().copied();
        for wrong in wrongs {
            *self.wrongs.entry(wrong).or_default() += 1;
        }
        for (operation, why) in &report.persons {
            *self.persons.entry((plan.gateway, *operation, *why)).or_default() += 1;
        }
        for (step, what) in &report.happened {
            let Some((operation, end)) = report.ends.get(*step) else {
                continue;
            };
            let ends = self.faults.entry((what.kind(), plan.gateway, *operation)).or_default();
            ends.count(*end);
            if what.loses() {
                *self.losses.entry((plan.gateway, *operation)).or_default() += 1;
            }
        }
        if let Some(worst) = worst {
            let failure = Failure {
                plan,
                findings: report.findings,
            };
            self.failures.insert((worst, seed), failure);
            self.forget();
        }
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: Self) {
        self.payments += other.payments;
        self.calls += other.calls;
        for (wrong, count) in other.wrongs {
            *self.wrongs.entry(wrong).or_default() += count;
        }
        for (key, count) in other.persons {
            *self.persons.entry(key).or_default() += count;
        }
        for (key, ends) in other.faults {
            self.faults.entry(key).or_default().merge(ends);
        }
        for (key, count) in other.losses {
            *self.losses.entry(key).or_default() += count;
        }
        self.failures.extend(other.failures);
        self.forget();
    }

    fn forget(&mut self) {
        for wrong in Wrong::ALL {
            let sort = (wrong, 0)..=(wrong, u64::MAX);
            while self.failures.range(sort.clone()).count() > KEPT {
                let last = self.failures.range(sort.clone()).next_back().map(|(key, _)| *key);
                last.map(|key| self.failures.remove(&key));
            }
        }
    }

    /// How many payments have this wrong.
    #[must_use]
    pub fn wrong(&self, wrong: Wrong) -> u64 {
        self.wrongs.get(&wrong).copied().unwrap_or(0)
    }

    /// The operations that more persons must look at than answers were lost there, which may not be.
    #[must_use]
    pub fn excess(&self) -> Vec<(&'static str, OperationKind)> {
        let mut declared: BTreeMap<_, u64> = BTreeMap::new();
        for ((gateway, operation, why), count) in &self.persons {
            if *why == Why::Declared {
                *declared.entry((*gateway, *operation)).or_default() += count;
            }
        }
        let lost = |key| self.losses.get(&key).copied().unwrap_or(0);
        declared
            .into_iter()
            .filter(|(key, count)| *count > lost(*key))
            .map(|(key, _)| key)
            .collect()
    }

    /// What happened least often: a sort of fault, a gateway and an operation, and how often.
    #[must_use]
    pub fn least(&self) -> Option<((&'static str, &'static str, OperationKind), u64)> {
        let least = self.faults.iter().min_by_key(|(_, ends)| ends.injected);
        least.map(|(key, ends)| (*key, ends.injected))
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.wrongs.values().all(|count| *count == 0) && self.excess().is_empty()
    }
}

impl Ends {
    fn count(&mut self, end: End) {
        self.injected += 1;
        match end {
            End::Accepted | End::Done => self.done += 1,
            End::Person | End::Stuck => self.person += 1,
            End::LeftOpen => self.left_open += 1,
            End::Abandoned | End::NotDone | End::Skipped => self.not_done += 1,
        }
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: Self) {
        self.injected += other.injected;
        self.done += other.done;
        self.not_done += other.not_done;
        self.person += other.person;
        self.left_open += other.left_open;
    }
}
