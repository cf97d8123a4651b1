//! What every store is held to.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use paymux::{
    Account, Capabilities, Capture, Charge, Entry, EntryKind, EntryOutcome, Memo, Operation, Payment,
    PaymentGateway as _, PaymentRef, PaymentState, Source,
};
use paymux_chaos::stands;
use paymux_journal::{
    Came, Filter, Finding, Hold, Intent, IntentKey, Lease, Parked, PaymentKey, Recorded, Ruling, State, Step, Store,
    What,
};

use crate::common::name;

#[path = "pruning.rs"]
mod pruning;

const SKEW: Duration = Duration::from_secs(5);

/// Holds fresh stores, as `make` gives them, to every rule.
pub(crate) async fn holds<S: Store + 'static, F: Future<Output = S>>(fresh: impl Fn() -> F) {
    let make = || async {
        let store: Arc<dyn Store> = Arc::new(fresh().await);
        store
    };
    let bench = Bench {
        capabilities: stands::named("coolpay").gateway().capabilities().clone(),
    };
    bench.one_begins(&*make().await, make().await).await;
    bench.one_has_the_order(make().await).await;
    bench.one_is_on_the_payment(make().await).await;
    bench.a_lease_ends(&*make().await).await;
    bench.one_takes(make().await).await;
    bench.a_late_holder_is_fenced(&*make().await).await;
    bench.what_is_kept_comes_back(&*make().await).await;
    bench.changes_are_never_skipped(make().await).await;
    bench.events_are_parked(&*make().await).await;
    bench.what_is_old_is_forgotten(&*make().await).await;
}

struct Bench {
    capabilities: Capabilities,
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_323_045 + second).unwrap()
}

impl Bench {
    fn begin(&self, operation: &Operation, holder: &str, now: Timestamp) -> Step {
        let mut intent = Intent::new("coolpay", &self.capabilities, operation, now).unwrap();
        intent.lease = Some(Lease::new(holder, now + Duration::from_secs(100), true));
        intent.watched = true;
        Step::Begin {
            intent: Box::new(intent),
            now,
            skew: SKEW,
            anew: true,
        }
    }

    fn sale(&self, reference: &str, order: Option<&str>) -> Operation {
        let mut charge = Charge::new(name(reference), "100.00 DKK".parse().unwrap(), Source::Hosted);
        charge.order = order.map(str::to_owned);
        Operation::Sale(Box::new(charge))
    }

    fn payment(&self, id: &str) -> PaymentRef {
        PaymentRef::new(self.capabilities.provider, self.capabilities.account.clone(), [id]).on("coolpay")
    }

    fn capture(&self, reference: &str, id: &str) -> Operation {
        let amount = "25.00 DKK".parse().unwrap();
        Operation::Capture(Capture::new(self.payment(id), name(reference), amount))
    }

    fn approved(&self, id: &str) -> Finding {
        let mut payment = Payment::new(self.payment(id), PaymentState::Captured);
        payment
            .entries
            .push(Entry::new(EntryKind::Capture, None, EntryOutcome::Approved).with_id(format!("{id}-1")));
        Finding::Answer {
            recorded: Box::new(Recorded::new(Came::Approved, payment)),
            asked: false,
        }
    }

    fn key(&self, reference: &str) -> IntentKey {
        IntentKey::of(&self.capabilities, &name(reference))
    }

    /// Applies steps at once, each in a task of its own.
    async fn at_once(store: &Arc<dyn Store>, steps: Vec<Step>) -> Vec<Ruling> {
        let tasks: Vec<_> = steps
            .into_iter()
            .map(|step| {
                let store = Arc::clone(store);
                tokio::spawn(async move { store.apply(&step).await.unwrap() })
            })
            .collect();
        let mut rulings = Vec::new();
        for task in tasks {
            rulings.push(task.await.unwrap());
        }
        rulings
    }

    async fn one_begins(&self, empty: &dyn Store, store: Arc<dyn Store>) {
        assert!(empty.intent(&self.key("a001")).await.unwrap().is_none());
        let sale = self.sale("a001", None);
        let steps = (0..20).map(|holder| self.begin(&sale, &format!("p{holder}"), at(0)));
        let rulings = Self::at_once(&store, steps.collect()).await;
        let begun = rulings
            .iter()
            .filter(|ruling| matches!(ruling, Ruling::Begun(_)))
            .count();
        let held = rulings
            .iter()
            .filter(|ruling| matches!(ruling, Ruling::Held(_)))
            .count();
        assert_eq!((begun, held), (1, 19), "{rulings:?}");
        // Something else under the same reference.
        let other = store
            .apply(&self.begin(&self.sale("a001", Some("1001")), "p", at(1)))
            .await
            .unwrap();
        assert!(matches!(other, Ruling::Differs(_)), "{other:?}");
    }

    async fn one_has_the_order(&self, store: Arc<dyn Store>) {
        let steps = (0..20).map(|n| self.begin(&self.sale(&format!("a{n:03}"), Some("1001")), "p", at(0)));
        let rulings = Self::at_once(&store, steps.collect()).await;
        let begun: Vec<&Intent> = rulings
            .iter()
            .filter_map(|ruling| match ruling {
                Ruling::Begun(intent) => Some(&**intent),
                _ => None,
            })
            .collect();
        let [winner] = begun.as_slice() else {
            panic!("{rulings:?}");
        };
        for ruling in &rulings {
            let fine = match ruling {
                Ruling::Begun(_) => true,
                Ruling::Ordered(taker) => taker.key == winner.key,
                _ => false,
            };
            assert!(fine, "{ruling:?}");
        }
        // When it did nothing, the order is the next one's.
        let hold = winner.hold().unwrap();
        let finding = Finding::Nothing {
            absent: false,
            said: "no connection".to_owned(),
        };
        conclude(&*store, hold, finding, at(1)).await;
        let next = store
            .apply(&self.begin(&self.sale("a100", Some("1001")), "p", at(2)))
            .await
            .unwrap();
        assert!(matches!(next, Ruling::Begun(_)), "{next:?}");
        let of_order = filter(|filter| filter.order = Some("1001".to_owned()));
        assert_eq!(store.intents(&of_order).await.unwrap().len(), 2);
    }

    async fn one_is_on_the_payment(&self, store: Arc<dyn Store>) {
        let steps = (0..20).map(|n| self.begin(&self.capture(&format!("c{n:03}"), "4711"), "p", at(0)));
        let rulings = Self::at_once(&store, steps.collect()).await;
        let begun = rulings
            .iter()
            .filter(|ruling| matches!(ruling, Ruling::Begun(_)))
            .count();
        let busy = rulings
            .iter()
            .filter(|ruling| matches!(ruling, Ruling::Busy(_)))
            .count();
        assert_eq!((begun, busy), (1, 19), "{rulings:?}");
        let other = store
            .apply(&self.begin(&self.capture("c100", "4712"), "p", at(0)))
            .await
            .unwrap();
        assert!(matches!(other, Ruling::Begun(_)), "another payment is free: {other:?}");
    }

    async fn a_lease_ends(&self, store: &dyn Store) {
        let begun = begun(
            store
                .apply(&self.begin(&self.sale("a001", None), "p", at(0)))
                .await
                .unwrap(),
        );
        let hold = begun.hold().unwrap();
        let note = |second| Step::Note {
            hold: hold.clone(),
            open: Box::new(begun.open.clone()),
            now: at(second),
        };
        for (second, kept) in [(0, true), (99, true), (100, false), (101, false)] {
            let ruling = store.apply(&note(second)).await.unwrap();
            assert_eq!(matches!(ruling, Ruling::Kept { .. }), kept, "{second}: {ruling:?}");
        }
        for (second, holder, open) in [(99, "q", false), (105, "q", false), (106, "q", true), (107, "r", false)] {
            let ruling = store.apply(&take(&self.key("a001"), holder, second)).await.unwrap();
            assert_eq!(matches!(ruling, Ruling::Open(_)), open, "{second}: {ruling:?}");
        }
        let due = |second| Filter::due(at(second), 10);
        assert!(store.intents(&due(205)).await.unwrap().is_empty());
        assert_eq!(store.intents(&due(206)).await.unwrap().len(), 1);
    }

    async fn one_takes(&self, store: Arc<dyn Store>) {
        let first = begun(
            store
                .apply(&self.begin(&self.sale("a001", None), "p", at(0)))
                .await
                .unwrap(),
        );
        let key = self.key("a001");
        let steps = (0..20).map(|holder| take(&key, &format!("q{holder}"), 1000));
        let rulings = Self::at_once(&store, steps.collect()).await;
        let open: Vec<u64> = rulings
            .iter()
            .filter_map(|ruling| match ruling {
                Ruling::Open(intent) => Some(intent.generation),
                _ => None,
            })
            .collect();
        assert_eq!(open, [first.generation + 1], "{rulings:?}");
    }

    async fn a_late_holder_is_fenced(&self, store: &dyn Store) {
        let first = begun(
            store
                .apply(&self.begin(&self.sale("a001", None), "p", at(0)))
                .await
                .unwrap(),
        );
        let Ruling::Open(taken) = store.apply(&take(&self.key("a001"), "q", 1000)).await.unwrap() else {
            panic!("nobody has it");
        };
        let late = first.hold().unwrap();
        let note = Step::Note {
            hold: late.clone(),
            open: Box::new(first.open.clone()),
            now: at(1),
        };
        assert!(matches!(store.apply(&note).await.unwrap(), Ruling::Fenced(Some(_))));
        let ruling = conclude(store, late.clone(), self.approved("4711"), at(1001)).await;
        assert!(matches!(ruling, Ruling::Fenced(Some(_))), "{ruling:?}");
        let finding = Finding::Nothing {
            absent: false,
            said: "absent".to_owned(),
        };
        conclude(store, taken.hold().unwrap(), finding, at(1002)).await;
        // What contradicts the record does not change it, and is not lost.
        let ruling = conclude(store, late, self.approved("4711"), at(1003)).await;
        assert!(matches!(ruling, Ruling::Fenced(Some(_))), "{ruling:?}");
        let intent = store.intent(&self.key("a001")).await.unwrap().unwrap();
        assert_eq!(intent.state, State::Failed);
        assert!(intent.remark.unwrap().contains("came too late"));
        let remarked = filter(|filter| filter.remarked = true);
        assert_eq!(store.intents(&remarked).await.unwrap().len(), 1);
    }

    async fn what_is_kept_comes_back(&self, store: &dyn Store) {
        let begun = begun(
            store
                .apply(&self.begin(&self.sale("a001", Some("Ordre æøå 1")), "p", at(0)))
                .await
                .unwrap(),
        );
        let mut open = begun.open.clone();
        open.trail.push(Memo::new("payment", "4711"));
        open.first_sent = Some(at(1));
        open.last_sent = at(2);
        let note = Step::Note {
            hold: begun.hold().unwrap(),
            open: Box::new(open.clone()),
            now: at(2),
        };
        store.apply(&note).await.unwrap();
        conclude(store, begun.hold().unwrap(), self.approved("4711"), at(3)).await;
        let intent = store.intent(&self.key("a001")).await.unwrap().unwrap();
        assert_eq!(
            (intent.state, intent.open.clone(), intent.lease.clone()),
            (State::Done, open, None)
        );
        assert_eq!((intent.begun, intent.written), (at(0), at(3)));
        assert_eq!(intent.entries, ["4711-1"]);
        let answer = intent.answer().unwrap();
        assert_eq!(answer.payment.entries.len(), 1);
        let key = PaymentKey::of(&self.payment("4711"));
        let known = store.payment(&key).await.unwrap().unwrap();
        assert_eq!(known.payment.state, PaymentState::Captured);
        let about = store.intents(&Filter::about(key)).await.unwrap();
        assert_eq!(about.len(), 1);
        for (state, count) in [(State::Done, 1), (State::Open, 0)] {
            let of_state = filter(|filter| filter.state = Some(state));
            assert_eq!(store.intents(&of_state).await.unwrap().len(), count, "{state}");
        }
        let again = store
            .apply(&self.begin(&self.sale("a001", Some("Ordre æøå 1")), "q", at(9)))
            .await
            .unwrap();
        assert!(matches!(again, Ruling::Recorded(_)), "{again:?}");
    }

    /// A reader that follows writers sees every change once, in the order of the numbers, and those of one intent in their own order.
    async fn changes_are_never_skipped(&self, store: Arc<dyn Store>) {
        const WRITERS: usize = 8;
        const EACH: usize = 12;
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            let store = Arc::clone(&store);
            let steps: Vec<_> = (0..EACH)
                .map(|n| {
                    let reference = format!("a{writer}x{n:03}");
                    (
                        self.begin(&self.sale(&reference, None), "p", at(0)),
                        self.approved(&reference),
                    )
                })
                .collect();
            tasks.push(tokio::spawn(async move {
                for (begin, finding) in steps {
                    let begun = begun(store.apply(&begin).await.unwrap());
                    conclude(&*store, begun.hold().unwrap(), finding, at(1)).await;
                }
            }));
        }
        let (mut since, mut seen, mut idle) = (0, Vec::new(), 0);
        while idle < 3 {
            let running = tasks.iter().any(|task| !task.is_finished());
            let changes = store.changes(since, 7).await.unwrap();
            idle = if changes.is_empty() && !running { idle + 1 } else { 0 };
            for change in changes {
                assert!(change.seq > since, "{since}: {change:?}");
                since = change.seq;
                seen.push(change);
            }
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        let intents: BTreeSet<_> = seen
            .iter()
            .filter(|change| matches!(change.what, What::Intent { state: State::Done, .. }))
            .map(|change| change.reference.clone().unwrap())
            .collect();
        assert_eq!(intents.len(), WRITERS * EACH);
        assert_eq!(
            seen.len(),
            2 * WRITERS * EACH,
            "each once: of the intent and of the payment"
        );
        let from_the_start = store.changes(0, 10_000).await.unwrap();
        let numbers = |changes: &[paymux_journal::Change]| changes.iter().map(|change| change.seq).collect::<Vec<_>>();
        assert_eq!(numbers(&from_the_start), numbers(&seen), "a number never changes");
    }

    fn parked(&self, key: &str, payment: Option<&str>, reference: Option<&str>, at: Timestamp) -> Parked {
        serde_json::from_value(serde_json::json!({
            "gateway": "coolpay",
            "provider": self.capabilities.provider,
            "account": self.capabilities.account,
            "payment": payment.map(|id| self.payment(id)),
            "reference": reference,
            "reported": "accepted",
            "deduplication_key": key,
            "at": at,
        }))
        .unwrap()
    }

    async fn events_are_parked(&self, store: &dyn Store) {
        let parked = |key, payment, reference| self.parked(key, payment, reference, at(0));
        let by_id = parked("1", Some("4711"), None);
        for event in [
            &by_id,
            &by_id,
            &parked("2", None, Some("a001")),
            &parked("3", Some("1"), Some("a999")),
        ] {
            store.apply(&Step::Park { parked: event.clone() }).await.unwrap();
        }
        assert_eq!(store.parked(10).await.unwrap().len(), 3, "an event is parked once");
        let begun = begun(
            store
                .apply(&self.begin(&self.sale("a001", None), "p", at(0)))
                .await
                .unwrap(),
        );
        let ruling = conclude(store, begun.hold().unwrap(), self.approved("4711"), at(1)).await;
        let Ruling::Kept { parked: matching, .. } = ruling else {
            panic!("{ruling:?}");
        };
        let keys: BTreeSet<_> = matching.iter().map(|event| event.deduplication_key.as_str()).collect();
        assert_eq!(
            keys,
            BTreeSet::from(["1", "2"]),
            "by the payment's id, and by the reference"
        );
        store.apply(&Step::Unpark { parked: by_id }).await.unwrap();
        assert_eq!(store.parked(10).await.unwrap().len(), 2);
        let see = Step::See {
            gateway: "coolpay".to_owned(),
            key: "1".to_owned(),
            now: at(2),
        };
        assert!(!store.seen("coolpay", "1").await.unwrap());
        store.apply(&see).await.unwrap();
        store.apply(&see).await.unwrap();
        assert!(store.seen("coolpay", "1").await.unwrap());
        assert!(!store.seen("other", "1").await.unwrap());
        assert_ne!(Account::of(&["m"]), self.capabilities.account);
    }
}

fn filter(with: impl FnOnce(&mut Filter)) -> Filter {
    let mut filter = Filter::default();
    with(&mut filter);
    filter
}

fn take(key: &IntentKey, holder: &str, second: i64) -> Step {
    Step::Take {
        key: key.clone(),
        holder: holder.to_owned(),
        until: at(second + 100),
        sends: false,
        now: at(second),
        skew: SKEW,
    }
}

pub(crate) fn begun(ruling: Ruling) -> Intent {
    match ruling {
        Ruling::Begun(intent) => *intent,
        other => panic!("{other:?}"),
    }
}

async fn conclude(store: &dyn Store, hold: Hold, finding: Finding, now: Timestamp) -> Ruling {
    let finding = Box::new(finding);
    store.apply(&Step::Conclude { hold, finding, now }).await.unwrap()
}
