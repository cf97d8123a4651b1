//! Who holds an intent, until when, and what becomes of who comes too late.

use std::sync::Arc;

use super::{Bench, Held, at, at_once, broke, conclude, ensure, filter, held, nothing, take};
use crate::intent::State;
use crate::step::{Ruling, Step};
use crate::store::{Filter, Store};

impl Bench {
    pub(super) async fn a_lease_ends(&self, store: &dyn Store) -> Held {
        let begun = self.begun(store, "a001", None, at(0)).await?;
        let hold = held(&begun)?;
        for (second, kept) in [(0, true), (99, true), (100, false), (101, false)] {
            let note = Step::Note {
                hold: hold.clone(),
                open: Box::new(begun.open.clone()),
                now: at(second),
            };
            let ruling = store.apply(&note).await?;
            ensure(matches!(ruling, Ruling::Kept { .. }) == kept, || {
                format!("its holder notes in second {second} of 100: {ruling:?}")
            })?;
        }
        for (second, holder, open) in [(99, "q", false), (105, "q", false), (106, "q", true), (107, "r", false)] {
            let ruling = store.apply(&take(&self.key("a001")?, holder, second)).await?;
            ensure(matches!(ruling, Ruling::Open(_)) == open, || {
                format!("`{holder}` takes it in second {second}: {ruling:?}")
            })?;
        }
        for (second, due) in [(205, 0), (206, 1)] {
            let listed = store.intents(&Filter::due(at(second), 10)).await?.len();
            ensure(listed == due, || {
                format!("{listed} are due in second {second}, and not {due}")
            })?;
        }
        Ok(())
    }

    pub(super) async fn one_takes(&self, store: &Arc<dyn Store>) -> Held {
        let first = self.begun(&**store, "a001", None, at(0)).await?;
        let key = self.key("a001")?;
        let steps = (0..20).map(|holder| take(&key, &format!("q{holder}"), 1000));
        let rulings = at_once(store, steps.collect()).await?;
        let open: Vec<u64> = rulings
            .iter()
            .filter_map(|ruling| match ruling {
                Ruling::Open(intent) => Some(intent.generation),
                _ => None,
            })
            .collect();
        ensure(open == [first.generation + 1], || {
            format!(
                "of 20 at once, it went to those of generations {open:?}, after {}",
                first.generation
            )
        })
    }

    pub(super) async fn a_late_holder_is_fenced(&self, store: &dyn Store) -> Held {
        let first = self.begun(store, "a001", None, at(0)).await?;
        let ruling = store.apply(&take(&self.key("a001")?, "q", 1000)).await?;
        let Ruling::Open(taken) = ruling else {
            return broke(format!("nobody may take it: {ruling:?}"));
        };
        let late = held(&first)?;
        let fenced = |what: &str, ruling: &Ruling| {
            ensure(matches!(ruling, Ruling::Fenced(Some(_))), || {
                format!("{what}: {ruling:?}")
            })
        };
        let note = Step::Note {
            hold: late.clone(),
            open: Box::new(first.open.clone()),
            now: at(1),
        };
        fenced("its trail", &store.apply(&note).await?)?;
        let ruling = conclude(store, late.clone(), self.approved("4711"), at(1001)).await?;
        fenced("its outcome, while another holds it", &ruling)?;
        conclude(store, held(&taken)?, nothing("absent"), at(1002)).await?;
        // What contradicts the record does not change it, and is not lost.
        let ruling = conclude(store, late, self.approved("4711"), at(1003)).await?;
        fenced("its outcome, after another's", &ruling)?;
        let intent = self.kept(store, "a001").await?;
        ensure(intent.state == State::Failed, || {
            format!("it is {} by now", intent.state)
        })?;
        let remark = intent.remark.as_deref().unwrap_or_default();
        ensure(remark.contains("came too late"), || format!("its remark is `{remark}`"))?;
        let remarked = store.intents(&filter(|filter| filter.remarked = true)).await?.len();
        ensure(remarked == 1, || format!("{remarked} have a remark, and not 1"))
    }
}
