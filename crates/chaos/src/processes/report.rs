//! What a run came to.

use std::collections::BTreeMap;
use std::time::Duration;

use paymux::OperationKind;
use paymux_journal::State;

/// The account of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Where orders and deaths came from.
    pub seed: u64,
    /// How many orders were begun.
    pub orders: u64,
    /// How many payments, payouts and transfers are in the journal.
    pub payments: u64,
    /// How many processes were started.
    pub starts: u64,
    /// How many were killed.
    pub kills: u64,
    /// Of those, how many before they had opened the journal.
    pub kills_at_start: u64,
    /// Of those, how many while a request that may move money was under way, or its outcome not yet written.
    pub kills_in_a_call: u64,
    /// How many were stopped past their lease, and went on.
    pub stops: u64,
    /// Of those, how many in a call.
    pub stops_in_a_call: u64,
    /// How many orders were not at their end when the last was killed, and were tried once more after the janitor.
    pub resumed: u64,
    /// How many requests reached the providers.
    pub requests: u64,
    /// How often the janitor went round at the end.
    pub rounds: u32,
    /// How many intents stand where, by gateway.
    pub states: BTreeMap<(String, &'static str), u64>,
    /// Where those stand whose call was under way when their process was killed.
    pub hit: BTreeMap<&'static str, u64>,
    /// What a person must look at.
    pub persons: BTreeMap<(String, OperationKind, String), u64>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// How long the processes paid.
    pub paid: Duration,
    /// How long it took, the janitor's work at the end included.
    pub took: Duration,
}

/// Something that is wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What sort of wrong.
    pub wrong: Wrong,
    /// The order.
    pub order: Option<u64>,
    /// What was found.
    pub what: String,
}

/// The sorts of wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// More money moved than was asked for.
    DoubleCharge,
    /// The journal says that it was done, and it is not booked.
    FalseApproval,
    /// Money moved, and the journal does not know of it or says that it did not.
    Lost,
    /// An intent is neither settled nor for a person.
    LeftOpen,
    /// A lease without anybody at work.
    StuckLease,
}

impl Wrong {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::DoubleCharge,
        Self::FalseApproval,
        Self::Lost,
        Self::LeftOpen,
        Self::StuckLease,
    ];
}

impl Report {
    /// How often something is wrong in this way.
    #[must_use]
    pub fn wrong(&self, wrong: Wrong) -> u64 {
        let count = self.findings.iter().filter(|finding| finding.wrong == wrong).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many intents stand there.
    #[must_use]
    pub fn count(&self, state: State) -> u64 {
        let there = self.states.iter().filter(|((_, one), _)| *one == state.as_str());
        there.map(|(_, count)| count).sum()
    }
}
