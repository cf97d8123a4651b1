//! What is kept: intents, payments, changes and events.

use std::collections::BTreeSet;
use std::sync::Arc;

use paymux::{Memo, PaymentState};

use super::{Bench, Broke, Held, at, broke, conclude, ensure, held};
use crate::change::{Change, What};
use crate::intent::{Intent, PaymentKey, State};
use crate::step::{Ruling, Step};
use crate::store::{Filter, Store};

impl Bench {
    /// The intent of a reference, which is there.
    pub(super) async fn kept(&self, store: &dyn Store, reference: &str) -> Held<Intent> {
        let intent = store.intent(&self.key(reference)?).await?;
        intent.map_or_else(|| broke(format!("the intent `{reference}` is not there")), Ok)
    }

    pub(super) async fn what_is_kept_comes_back(&self, store: &dyn Store) -> Held {
        let begun = self.begun(store, "a001", Some("Ordre æøå 1"), at(0)).await?;
        let mut open = begun.open.clone();
        open.trail.push(Memo::new("payment", "4711"));
        open.first_sent = Some(at(1));
        open.last_sent = at(2);
        let note = Step::Note {
            hold: held(&begun)?,
            open: Box::new(open.clone()),
            now: at(2),
        };
        store.apply(&note).await?;
        conclude(store, held(&begun)?, self.approved("4711"), at(3)).await?;
        let intent = self.kept(store, "a001").await?;
        let same = intent.state == State::Done
            && intent.open == open
            && intent.lease.is_none()
            && (intent.begun, intent.written) == (at(0), at(3))
            && intent.order.as_deref() == Some("Ordre æøå 1")
            && intent.entries == ["4711-1"];
        ensure(same, || format!("the intent is {intent:?}"))?;
        let entries = intent.answer().map(|answer| answer.payment.entries.len());
        ensure(entries == Some(1), || format!("its answer has {entries:?} entries"))?;
        let key = PaymentKey::of(&self.payment("4711"));
        let state = store.payment(&key).await?.map(|known| known.payment.state);
        ensure(state == Some(PaymentState::Captured), || {
            format!("the payment is {state:?}")
        })?;
        let about = store.intents(&Filter::about(key)).await?.len();
        ensure(about == 1, || {
            format!("{about} intents are about the payment, and not 1")
        })?;
        let again = self.begin(&self.sale("a001", Some("Ordre æøå 1"))?, "q", at(9))?;
        let again = store.apply(&again).await?;
        ensure(matches!(again, Ruling::Recorded(_)), || {
            format!("the same reference again: {again:?}")
        })
    }

    /// A reader that follows writers sees every change once, in the order of the numbers, and those of one intent in their own order.
    pub(super) async fn changes_are_never_skipped(&self, store: &Arc<dyn Store>) -> Held {
        const WRITERS: usize = 8;
        const EACH: usize = 12;
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            let mut sales = Vec::new();
            for number in 0..EACH {
                let reference = format!("a{writer}x{number:03}");
                let begin = self.begin(&self.sale(&reference, None)?, "p", at(0))?;
                sales.push((begin, self.approved(&reference)));
            }
            let store = Arc::clone(store);
            tasks.push(tokio::spawn(async move {
                for (begin, finding) in sales {
                    let Ruling::Begun(begun) = store.apply(&begin).await? else {
                        return broke("a fresh reference is not begun");
                    };
                    conclude(&*store, held(&begun)?, finding, at(1)).await?;
                }
                Ok::<_, Broke>(())
            }));
        }
        let (mut since, mut seen, mut idle) = (0, Vec::new(), 0);
        while idle < 3 {
            let running = tasks.iter().any(|task| !task.is_finished());
            let changes = store.changes(since, 7).await?;
            idle = if changes.is_empty() && !running { idle + 1 } else { 0 };
            for change in changes {
                ensure(change.seq > since, || format!("after {since} came {}", change.seq))?;
                since = change.seq;
                seen.push(change);
            }
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await??;
        }
        let done = seen
            .iter()
            .filter(|change| matches!(change.what, What::Intent { state: State::Done, .. }));
        let intents = done
            .filter_map(|change| change.reference.clone())
            .collect::<BTreeSet<_>>();
        let (intents, changes) = (intents.len(), seen.len());
        // Each is told once: of the intent and of the payment.
        ensure((intents, changes) == (WRITERS * EACH, 2 * WRITERS * EACH), || {
            format!(
                "a reader beside {} sales saw {intents} done, in {changes} changes",
                WRITERS * EACH
            )
        })?;
        let numbers = |changes: &[Change]| changes.iter().map(|change| change.seq).collect::<Vec<_>>();
        let from_the_start = store.changes(0, 10_000).await?;
        ensure(numbers(&from_the_start) == numbers(&seen), || {
            "read from the start, the changes have other numbers".to_owned()
        })
    }

    pub(super) async fn events_are_parked(&self, store: &dyn Store) -> Held {
        let by_id = self.parked("1", Some("4711"), None, at(0))?;
        for event in [
            &by_id,
            &by_id,
            &self.parked("2", None, Some("a001"), at(0))?,
            &self.parked("3", Some("1"), Some("a999"), at(0))?,
        ] {
            store.apply(&Step::Park { parked: event.clone() }).await?;
        }
        let listed = store.parked(10).await?.len();
        ensure(listed == 3, || format!("{listed} are parked, and not 3"))?;
        let few = store.parked(2).await?.len();
        ensure(few == 2, || format!("two at the most: {few}"))?;
        let begun = self.begun(store, "a001", None, at(0)).await?;
        let ruling = conclude(store, held(&begun)?, self.approved("4711"), at(1)).await?;
        let Ruling::Kept { parked: matching, .. } = ruling else {
            return broke(format!("the outcome is not kept: {ruling:?}"));
        };
        let keys: BTreeSet<_> = matching.iter().map(|event| event.deduplication_key.as_str()).collect();
        ensure(keys == BTreeSet::from(["1", "2"]), || {
            format!("by the payment's id and by the reference, {keys:?} match, and not 1 and 2")
        })?;
        store.apply(&Step::Unpark { parked: by_id }).await?;
        let left = store.parked(10).await?.len();
        ensure(left == 2, || format!("{left} are left when one is claimed, and not 2"))
    }

    pub(super) async fn what_was_handled_is_seen(&self, store: &dyn Store) -> Held {
        let see = Step::See {
            gateway: "cards".to_owned(),
            key: "1".to_owned(),
            now: at(2),
        };
        let seen = store.seen("cards", "1").await?;
        ensure(!seen, || "it is known before it was handled".to_owned())?;
        for _ in 0..2 {
            store.apply(&see).await?;
            let seen = store.seen("cards", "1").await?;
            ensure(seen, || "it is not known afterwards".to_owned())?;
        }
        for (gateway, key) in [("other", "1"), ("cards", "2")] {
            let seen = store.seen(gateway, key).await?;
            ensure(!seen, || format!("event {key} of `{gateway}` is known, too"))?;
        }
        Ok(())
    }
}
