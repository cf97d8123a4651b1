//! In which order what is kept is listed.

use super::{Bench, Held, at, conclude, ensure, filter, held};
use crate::intent::{Intent, State};
use crate::store::{Filter, Store};

impl Bench {
    pub(super) async fn intents_are_listed_in_their_order(&self, store: &dyn Store) -> Held {
        for (second, reference) in [(0, "b1"), (1, "a2"), (2, "B3"), (3, "a-4")] {
            self.begun(store, reference, None, at(second)).await?;
        }
        let third = self.kept(store, "B3").await?;
        for (what, filter, expected) in [
            ("the oldest first", Filter::default(), &["b1", "a2", "B3", "a-4"][..]),
            ("two at the most", filter(|f| f.limit = 2), &["b1", "a2"]),
            ("the most overdue first", Filter::due(at(107), 2), &["b1", "a2"]),
            ("by reference", Filter::named(third.key.reference.clone()), &["B3"]),
        ] {
            listed(what, &store.intents(&filter).await?, expected)?;
        }
        // A walk meets each once, whether the store orders keys by bytes or by letters.
        let (mut after, mut met) = (None, Vec::new());
        for few in [3, 1, 0] {
            let page = store.intents(&Filter::walk(after.clone(), 3)).await?;
            ensure(page.len() == few, || {
                format!("a walk by threes over four gives {}, and not {few}", page.len())
            })?;
            after = page.last().map(|intent| intent.key.clone()).or(after);
            met.extend(page);
        }
        met.sort_by_key(|intent| intent.begun);
        listed("a walk", &met, &["b1", "a2", "B3", "a-4"])?;
        conclude(store, held(&third)?, self.approved("4711"), at(9)).await?;
        for (state, expected) in [(State::Done, &["B3"][..]), (State::Open, &["b1", "a2", "a-4"])] {
            let of_state = filter(|filter| filter.state = Some(state));
            listed(state.as_str(), &store.intents(&of_state).await?, expected)?;
        }
        Ok(())
    }
}

fn listed(what: &str, intents: &[Intent], expected: &[&str]) -> Held {
    let names: Vec<_> = intents.iter().map(|intent| intent.key.reference.as_str()).collect();
    ensure(names == expected, || format!("{what}: {names:?}, and not {expected:?}"))
}
