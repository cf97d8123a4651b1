//! What is old is forgotten, as far as it is asked for.

use super::{Bench, Held, at, broke, conclude, ensure, held};
use crate::prune::Prune;
use crate::step::{Ruling, Step};
use crate::store::Store;

const REFERENCES: [&str; 4] = ["a001", "a002", "a003", "a004"];

impl Bench {
    pub(super) async fn what_is_old_is_forgotten(&self, store: &dyn Store) -> Held {
        let mut last_held = None;
        for (second, reference) in (0..).zip(REFERENCES) {
            let begun = self.begun(store, reference, Some(reference), at(second)).await?;
            let hold = held(&begun)?;
            if reference == "a004" {
                last_held = Some(hold);
            } else {
                conclude(store, hold, self.approved(reference), at(second)).await?;
            }
            let see = Step::See {
                gateway: "cards".to_owned(),
                key: reference.to_owned(),
                now: at(second),
            };
            store.apply(&see).await?;
            let parked = self.parked(reference, Some(reference), None, at(second))?;
            store.apply(&Step::Park { parked }).await?;
        }
        // Of an intent and of a payment, each.
        let before = numbers(store, 0).await?;
        let [_, _, _, fourth, fifth, last] = before[..] else {
            return broke(format!("three sales are told in changes {before:?}"));
        };
        prune(store, Prune::default()).await?;
        changes_are(store, &before, "nothing is asked for").await?;

        let old = Prune {
            changes_through: Some(fourth),
            parked_before: Some(at(2)),
            seen_before: Some(at(2)),
        };
        for _ in 0..2 {
            prune(store, old).await?;
            changes_are(store, &[fifth, last], "through the fourth").await?;
            let parked = store.parked(10).await?;
            let keys: Vec<_> = parked.iter().map(|event| event.deduplication_key.as_str()).collect();
            // At the moment itself is not before it.
            ensure(keys == ["a003", "a004"], || {
                format!("parked before the third moment are gone, and {keys:?} are left")
            })?;
            for (key, known) in REFERENCES.into_iter().zip([false, false, true, true]) {
                let seen = store.seen("cards", key).await?;
                ensure(seen == known, || {
                    format!("handled before the third moment are gone: {key} is known: {seen}")
                })?;
            }
        }

        // Whatever is asked for, the newest change stays, and the next one is numbered after it.
        let all = Prune {
            changes_through: Some(u64::MAX),
            parked_before: Some(at(1000)),
            seen_before: Some(at(1000)),
        };
        prune(store, all).await?;
        changes_are(store, &[last], "all of them").await?;
        if let Some(hold) = last_held {
            conclude(store, hold, self.approved("a004"), at(10)).await?;
        }
        let fresh = numbers(store, last).await?;
        ensure(fresh.len() == 2 && fresh.iter().all(|number| *number > last), || {
            format!("after {last}, the new changes are {fresh:?}")
        })?;

        // What was paid is still paid.
        for reference in REFERENCES {
            let again = self.begin(&self.sale(reference, Some(reference))?, "q", at(2000))?;
            let ruling = store.apply(&again).await?;
            ensure(matches!(ruling, Ruling::Recorded(_)), || {
                format!("`{reference}` was paid, and again: {ruling:?}")
            })?;
            let other = self.begin(&self.sale("b001", Some(reference))?, "q", at(2000))?;
            let ruling = store.apply(&other).await?;
            ensure(matches!(ruling, Ruling::Ordered(_)), || {
                format!("the order of `{reference}` was paid, and another attempt: {ruling:?}")
            })?;
        }
        Ok(())
    }
}

async fn numbers(store: &dyn Store, since: u64) -> Held<Vec<u64>> {
    let changes = store.changes(since, 100).await?;
    Ok(changes.iter().map(|change| change.seq).collect())
}

async fn changes_are(store: &dyn Store, expected: &[u64], asked: &str) -> Held {
    let left = numbers(store, 0).await?;
    ensure(left == expected, || {
        format!("{asked}: of the changes {left:?} are left, and not {expected:?}")
    })
}

async fn prune(store: &dyn Store, prune: Prune) -> Held {
    let ruling = store.apply(&Step::Prune { prune }).await?;
    ensure(matches!(ruling, Ruling::Kept { intent: None, .. }), || {
        format!("pruning comes to {ruling:?}")
    })
}
