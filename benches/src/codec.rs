//! An operation from the caller's words to the answer, without a network: the replies are the simulator's, recorded before.

use std::time::Instant;

use paymux::{Operation, OperationKind, PaymentGateway as _, Reply};
use tokio::runtime::Runtime;

use crate::stand::{FIRST, Stand};
use crate::stats::median;
use crate::tape::Player;

/// Operations of one kind on one gateway, with the replies that they get.
pub(crate) struct Codec {
    stand: Stand,
    runtime: Runtime,
    operations: Vec<Operation>,
    replies: Vec<Reply>,
    login: Option<Reply>,
    outcome: &'static str,
    calls: u64,
}

impl Codec {
    /// Records so many operations.
    pub(crate) fn record(name: &str, kind: OperationKind, count: u64) -> Self {
        let stand = Stand::named(name);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let gateway = stand.gateway(stand.recorder.clone(), None);
        let mut all: Vec<_> = (0..count)
            .map(|number| runtime.block_on(stand.record(&gateway, kind, FIRST + number)))
            .collect();
        let outcome = all.first().map_or("", |first| first.answer.outcome.as_str());
        // What came before the first operation may have logged in already; the tape needs one login of its own.
        let login = runtime.block_on(Self::login(name));
        let mut replies = Vec::new();
        for recorded in &mut all {
            let calls = recorded.exchanges.drain(..).filter(|exchange| !exchange.is_login());
            replies.extend(calls.map(|exchange| exchange.reply));
        }
        Self {
            stand,
            runtime,
            calls: u64::try_from(replies.len()).unwrap_or(0) / count,
            operations: all.into_iter().map(|recorded| recorded.operation).collect(),
            replies,
            login,
            outcome,
        }
    }

    /// The answer to a login, where there is one.
    pub(crate) async fn login(name: &str) -> Option<Reply> {
        let stand = Stand::named(name);
        let gateway = stand.gateway(stand.recorder.clone(), None);
        let recorded = stand.record(&gateway, OperationKind::Sale, FIRST).await;
        let login = recorded.exchanges.into_iter().find(|exchange| exchange.is_login());
        login.map(|login| login.reply)
    }

    /// The calls that one operation makes.
    pub(crate) const fn calls(&self) -> u64 {
        self.calls
    }

    /// Does all operations but the first, which logs in, on a new gateway; `around` is told to do it, and how many there are.
    pub(crate) fn play(&self, around: impl FnOnce(&mut dyn FnMut(), u64)) {
        let player = Player::new(self.replies.iter().cloned(), self.login.clone());
        let gateway = self.stand.gateway(player.clone(), None);
        let run = |operations: &[Operation]| {
            self.runtime.block_on(async {
                for operation in operations {
                    let answer = gateway.execute(operation).await;
                    let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", operation.kind()));
                    assert_eq!(answer.outcome.as_str(), self.outcome);
                }
            });
        };
        let (first, others) = self.operations.split_at(1);
        run(first);
        around(&mut || run(others), u64::try_from(others.len()).unwrap_or(0));
        assert_eq!(player.left(), 0, "every reply is read");
    }

    /// Nanoseconds for one operation: the middle of so many rounds.
    pub(crate) fn nanoseconds(&self, rounds: usize) -> u64 {
        let mut each = Vec::new();
        for _ in 0..rounds {
            self.play(|all, count| {
                let start = Instant::now();
                all();
                let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
                each.push(took / count);
            });
        }
        median(&each)
    }
}

/// What a gateway offers, and what is to be measured of it.
pub(crate) fn kinds(name: &str) -> Vec<OperationKind> {
    let stand = Stand::named(name);
    let gateway = stand.gateway(stand.recorder.clone(), None);
    gateway
        .capabilities()
        .abilities
        .iter()
        .map(|ability| ability.operation)
        .collect()
}
