//! The contract of stores has teeth: a store that breaks a rule is told so, by the rule's name.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use jiff::{SignedDuration, Timestamp};
use paymux::async_trait;
use paymux_journal::{
    Change, Filter, Intent, IntentKey, Known, Memory, Parked, PaymentKey, Prune, Ruling, Step, Store, StoreError,
    contract,
};

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// Whoever begins looks at nothing.
    BeginsBlindly,
    /// A change is passed over where a reader goes on.
    ChangesSkipped,
    /// A late holder passes for the one of now.
    FencesNobody,
    /// It lists the newest first.
    ListsBackwards,
    /// The clock of a note stands still.
    NotesForEver,
    /// It keeps no order.
    OrderLost,
    /// An event is there twice.
    ParksTwice,
    /// It forgets nothing.
    PrunesNothing,
    /// It does not know what was handled.
    SeesNothing,
    /// Every lease is over.
    TakesAlways,
}

#[derive(Debug)]
struct Bad {
    inner: Memory,
    wrong: Option<Wrong>,
}

impl Bad {
    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    /// The step as this store takes it.
    async fn bent(&self, step: &Step) -> Step {
        let mut step = step.clone();
        match &mut step {
            Step::Conclude { hold, .. } if self.is(Wrong::FencesNobody) => {
                let intent = self.inner.intent(&hold.key).await.unwrap().unwrap();
                hold.generation = intent.generation;
                if let Some(lease) = intent.lease {
                    hold.holder = lease.holder;
                }
            }
            Step::Note { now, .. } if self.is(Wrong::NotesForEver) => *now = Timestamp::UNIX_EPOCH,
            Step::Prune { prune } if self.is(Wrong::PrunesNothing) => *prune = Prune::default(),
            Step::Take { now, until, .. } if self.is(Wrong::TakesAlways) => {
                *now += SignedDuration::from_hours(24);
                *until = Timestamp::UNIX_EPOCH;
            }
            _ => {}
        }
        step
    }
}

#[async_trait]
impl Store for Bad {
    async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        let step = self.bent(step).await;
        let ruling = self.inner.apply(&step).await?;
        match step {
            Step::Begin { .. } if self.is(Wrong::BeginsBlindly) => Memory::new().apply(&step).await,
            _ => Ok(ruling),
        }
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<Intent>, StoreError> {
        let mut intent = self.inner.intent(key).await?;
        if let Some(intent) = intent.as_mut().filter(|_| self.is(Wrong::OrderLost)) {
            intent.order = None;
        }
        Ok(intent)
    }

    async fn intents(&self, filter: &Filter) -> Result<Vec<Intent>, StoreError> {
        let mut intents = self.inner.intents(filter).await?;
        if self.is(Wrong::ListsBackwards) {
            intents.reverse();
        }
        Ok(intents)
    }

    async fn payment(&self, key: &PaymentKey) -> Result<Option<Known>, StoreError> {
        self.inner.payment(key).await
    }

    async fn changes(&self, since: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let skipped = u64::from(since > 0 && self.is(Wrong::ChangesSkipped));
        self.inner.changes(since + skipped, limit).await
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, StoreError> {
        let mut parked = self.inner.parked(limit).await?;
        if self.is(Wrong::ParksTwice) {
            parked.extend_from_within(..);
        }
        Ok(parked)
    }

    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, StoreError> {
        Ok(self.inner.seen(gateway, key).await? && !self.is(Wrong::SeesNothing))
    }
}

async fn broken(wrong: Option<Wrong>) -> Vec<&'static str> {
    let inner = Memory::new;
    let broken = contract::broken(|| async { Bad { inner: inner(), wrong } }).await;
    assert!(broken.iter().all(|broken| !broken.what.is_empty()), "{broken:?}");
    broken.into_iter().map(|broken| broken.rule).collect()
}

#[tokio::test]
async fn a_store_that_breaks_a_rule_is_told_which() {
    assert!(broken(None).await.is_empty());
    for (wrong, rules) in [
        (
            Wrong::BeginsBlindly,
            &[
                "one caller begins what has one reference",
                "one attempt has an order",
                "one operation is under way on a payment",
            ][..],
        ),
        (Wrong::ChangesSkipped, &["every change is read once, in order"]),
        (
            Wrong::FencesNobody,
            &["who lost the lease writes nothing over what came after"],
        ),
        (
            Wrong::ListsBackwards,
            &["intents are listed in their order, and no more than are wanted"],
        ),
        (Wrong::NotesForEver, &["a lease counts until its end, and no longer"]),
        (Wrong::OrderLost, &["what is kept comes back as it was"]),
        (Wrong::ParksTwice, &["an event is parked once, until it is claimed"]),
        (Wrong::PrunesNothing, &["what is old is forgotten, and nothing else"]),
        (Wrong::SeesNothing, &["an event that was handled is known again"]),
        (Wrong::TakesAlways, &["one caller takes what nobody holds any more"]),
    ] {
        let broken = broken(Some(wrong)).await;
        for rule in rules {
            assert!(broken.contains(rule), "{wrong:?}: {broken:?}");
        }
    }
}

#[tokio::test]
#[should_panic(expected = "an event that was handled is known again: it is not known afterwards")]
async fn the_rule_is_named_where_it_stops_a_test() {
    let store = || async {
        Bad {
            inner: Memory::new(),
            wrong: Some(Wrong::SeesNothing),
        }
    };
    contract::holds(store).await;
}
