//! Many begin at once, and one may.

use std::sync::Arc;

use super::{Bench, Held, at, at_once, broke, conclude, count, ensure, filter, held, nothing};
use crate::intent::Intent;
use crate::step::Ruling;
use crate::store::Store;

impl Bench {
    pub(super) async fn one_begins(&self, store: &Arc<dyn Store>) -> Held {
        let empty = store.intent(&self.key("a001")?).await?;
        ensure(empty.is_none(), || format!("a fresh store has {empty:?}"))?;
        let sale = self.sale("a001", None)?;
        let steps: Held<Vec<_>> = (0..20)
            .map(|holder| self.begin(&sale, &format!("p{holder}"), at(0)))
            .collect();
        let rulings = at_once(store, steps?).await?;
        let begun = count(&rulings, |ruling| matches!(ruling, Ruling::Begun(_)));
        let refused = count(&rulings, |ruling| matches!(ruling, Ruling::Held(_)));
        ensure((begun, refused) == (1, 19), || {
            format!("of 20 at once, {begun} began, and {refused} were told that it is held")
        })?;
        let other = self.begin(&self.sale("a001", Some("1001"))?, "p", at(1))?;
        let other = store.apply(&other).await?;
        ensure(matches!(other, Ruling::Differs(_)), || {
            format!("something else under the same reference: {other:?}")
        })
    }

    pub(super) async fn one_has_the_order(&self, store: &Arc<dyn Store>) -> Held {
        let sale = |number: u32| self.sale(&format!("a{number:03}"), Some("1001"));
        let steps: Held<Vec<_>> = (0..20).map(|n| self.begin(&sale(n)?, "p", at(0))).collect();
        let rulings = at_once(store, steps?).await?;
        let begun: Vec<&Intent> = rulings
            .iter()
            .filter_map(|ruling| match ruling {
                Ruling::Begun(intent) => Some(&**intent),
                _ => None,
            })
            .collect();
        let [winner] = begun.as_slice() else {
            return broke(format!("of 20 at once, {} began", begun.len()));
        };
        for ruling in &rulings {
            let fine = match ruling {
                Ruling::Begun(_) => true,
                Ruling::Ordered(taker) => taker.key == winner.key,
                _ => false,
            };
            ensure(fine, || format!("who did not get the order was told {ruling:?}"))?;
        }
        // When it did nothing, the order is the next one's.
        conclude(&**store, held(winner)?, nothing("no connection"), at(1)).await?;
        self.begun(&**store, "a100", Some("1001"), at(2)).await?;
        let of_order = filter(|filter| filter.order = Some("1001".to_owned()));
        let listed = store.intents(&of_order).await?.len();
        ensure(listed == 2, || format!("{listed} intents of the order, and not 2"))
    }

    pub(super) async fn one_is_on_the_payment(&self, store: &Arc<dyn Store>) -> Held {
        let capture = |number: u32| self.capture(&format!("c{number:03}"), "4711");
        let steps: Held<Vec<_>> = (0..20).map(|n| self.begin(&capture(n)?, "p", at(0))).collect();
        let rulings = at_once(store, steps?).await?;
        let begun = count(&rulings, |ruling| matches!(ruling, Ruling::Begun(_)));
        let busy = count(&rulings, |ruling| matches!(ruling, Ruling::Busy(_)));
        ensure((begun, busy) == (1, 19), || {
            format!("of 20 at once, {begun} began, and {busy} were told that it is busy")
        })?;
        let other = self.begin(&self.capture("c100", "4712")?, "p", at(0))?;
        let other = store.apply(&other).await?;
        ensure(matches!(other, Ruling::Begun(_)), || {
            format!("another payment is not free: {other:?}")
        })
    }
}
