//! What every store is held to when it forgets.

use paymux_journal::{Prune, Ruling, Step, Store};

use super::{Bench, at, begun, conclude};

impl Bench {
    pub(super) async fn what_is_old_is_forgotten(&self, store: &dyn Store) {
        let mut held = None;
        for (number, reference) in ["a001", "a002", "a003", "a004"].into_iter().enumerate() {
            let second = i64::try_from(number).unwrap();
            let sale = self.sale(reference, Some(reference));
            let begun = begun(store.apply(&self.begin(&sale, "p", at(second))).await.unwrap());
            if number < 3 {
                conclude(store, begun.hold().unwrap(), self.approved(reference), at(second)).await;
            } else {
                held = Some(begun);
            }
            let see = Step::See {
                gateway: "coolpay".to_owned(),
                key: reference.to_owned(),
                now: at(second),
            };
            store.apply(&see).await.unwrap();
            let parked = self.parked(reference, Some(reference), None, at(second));
            store.apply(&Step::Park { parked }).await.unwrap();
        }
        let before = store.changes(0, 100).await.unwrap();
        assert_eq!(before.len(), 6, "of an intent and of a payment, each");
        let number = |at: usize| before.get(at).unwrap().seq;
        let last = number(5);

        // Nothing is forgotten unless it is asked for.
        prune(store, Prune::default()).await;
        assert_eq!(store.changes(0, 100).await.unwrap().len(), 6);

        let mut old = Prune::default();
        old.changes_through = Some(number(3));
        old.parked_before = Some(at(2));
        old.seen_before = Some(at(2));
        for _ in 0..2 {
            prune(store, old).await;
            let left = store.changes(0, 100).await.unwrap();
            let numbers: Vec<_> = left.iter().map(|change| change.seq).collect();
            assert_eq!(numbers, [number(4), last]);
            let parked = store.parked(10).await.unwrap();
            let keys: Vec<_> = parked.iter().map(|event| event.deduplication_key.as_str()).collect();
            assert_eq!(keys, ["a003", "a004"], "at the moment itself is not before it");
            for (key, known) in [("a001", false), ("a002", false), ("a003", true), ("a004", true)] {
                assert_eq!(store.seen("coolpay", key).await.unwrap(), known, "{key}");
            }
        }

        // Whatever is asked for, the newest change stays, and the next one is numbered after it.
        let mut all = Prune::default();
        all.changes_through = Some(u64::MAX);
        all.parked_before = Some(at(1000));
        all.seen_before = Some(at(1000));
        prune(store, all).await;
        let left = store.changes(0, 100).await.unwrap();
        let numbers: Vec<_> = left.iter().map(|change| change.seq).collect();
        assert_eq!(numbers, [last]);
        let hold = held.unwrap().hold().unwrap();
        conclude(store, hold, self.approved("a004"), at(10)).await;
        let fresh = store.changes(last, 100).await.unwrap();
        assert_eq!(fresh.len(), 2);
        assert!(fresh.iter().all(|change| change.seq > last), "{last}: {fresh:?}");

        // What was paid is still paid.
        for reference in ["a001", "a002", "a003", "a004"] {
            let again = self.begin(&self.sale(reference, Some(reference)), "q", at(2000));
            let ruling = store.apply(&again).await.unwrap();
            assert!(matches!(ruling, Ruling::Recorded(_)), "{ruling:?}");
            let other = self.begin(&self.sale("b001", Some(reference)), "q", at(2000));
            let ruling = store.apply(&other).await.unwrap();
            assert!(matches!(ruling, Ruling::Ordered(_)), "{ruling:?}");
        }
    }
}

async fn prune(store: &dyn Store, prune: Prune) {
    let ruling = store.apply(&Step::Prune { prune }).await.unwrap();
    assert!(matches!(ruling, Ruling::Kept { intent: None, .. }), "{ruling:?}");
}
