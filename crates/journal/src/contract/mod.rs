//! What every store is held to, for whoever writes one: the rules that the stores of this crate keep, as a test.
//!
//! ```
//! use paymux_journal::{Memory, contract};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! // Each rule gets a store of its own, with nothing in it.
//! contract::holds(|| async { Memory::new() }).await;
//! # }
//! ```

mod beginnings;
mod leases;
mod lists;
mod pruning;
mod rows;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use paymux::{
    Account, Capabilities, Capture, Charge, Entry, EntryKind, EntryOutcome, Mode, Operation, Payment, PaymentRef,
    PaymentState, Reference, ReferenceRule, Scale, Scales, Source,
};

use crate::event::Parked;
use crate::intent::{Came, Intent, IntentKey, Lease, Recorded};
use crate::step::{Finding, Hold, Ruling, Step};
use crate::store::{Filter, Store, StoreError};

/// A rule that a store breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    /// The rule.
    pub rule: &'static str,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}

/// Holds fresh stores, as `fresh` gives them, to every rule. It runs on tokio; steps that exclude each other come at once, each in a task of its own: give
/// the test several threads.
///
/// It cannot see whether what was written outlives the process: open your store again, in a test of your own.
///
/// # Panics
/// If a store breaks a rule. Every one that is broken is named, with what was seen.
pub async fn holds<S: Store + 'static, F: Future<Output = S>>(fresh: impl Fn() -> F) {
    let broken = broken(fresh).await;
    let list: String = broken.iter().map(|broken| format!("\n- {broken}")).collect();
    assert!(broken.is_empty(), "the store breaks the contract{list}");
}

/// The rules that stores break, as `fresh` gives them; none, if they keep the contract. As [`holds`], without the panic.
pub async fn broken<S: Store + 'static, F: Future<Output = S>>(fresh: impl Fn() -> F) -> Vec<Broken> {
    let store = || async {
        let store: Arc<dyn Store> = Arc::new(fresh().await);
        store
    };
    let bench = Bench::new();
    let held = [
        (
            "one caller begins what has one reference",
            bench.one_begins(&store().await).await,
        ),
        (
            "one attempt has an order",
            bench.one_has_the_order(&store().await).await,
        ),
        (
            "one operation is under way on a payment",
            bench.one_is_on_the_payment(&store().await).await,
        ),
        (
            "a lease counts until its end, and no longer",
            bench.a_lease_ends(&*store().await).await,
        ),
        (
            "one caller takes what nobody holds any more",
            bench.one_takes(&store().await).await,
        ),
        (
            "who lost the lease writes nothing over what came after",
            bench.a_late_holder_is_fenced(&*store().await).await,
        ),
        (
            "what is kept comes back as it was",
            bench.what_is_kept_comes_back(&*store().await).await,
        ),
        (
            "intents are listed in their order, and no more than are wanted",
            bench.intents_are_listed_in_their_order(&*store().await).await,
        ),
        (
            "every change is read once, in order",
            bench.changes_are_never_skipped(&store().await).await,
        ),
        (
            "an event is parked once, until it is claimed",
            bench.events_are_parked(&*store().await).await,
        ),
        (
            "an event that was handled is known again",
            bench.what_was_handled_is_seen(&*store().await).await,
        ),
        (
            "what is old is forgotten, and nothing else",
            bench.what_is_old_is_forgotten(&*store().await).await,
        ),
    ];
    let broken = held.into_iter().filter_map(|(rule, held)| {
        let Broke(what) = held.err()?;
        Some(Broken { rule, what })
    });
    broken.collect()
}

/// Why a rule is broken.
struct Broke(String);

impl<E: std::error::Error> From<E> for Broke {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

type Held<T = ()> = Result<T, Broke>;

fn broke<T>(what: impl Into<String>) -> Held<T> {
    Err(Broke(what.into()))
}

/// Breaks the rule with `what` unless it holds.
fn ensure(holds: bool, what: impl FnOnce() -> String) -> Held {
    if holds { Ok(()) } else { broke(what()) }
}

/// How far clocks differ.
const SKEW: Duration = Duration::from_secs(5);

const fn at(second: i64) -> Timestamp {
    Timestamp::constant(1_767_323_045 + second, 0)
}

fn name(text: &str) -> Held<Reference> {
    Ok(text.parse()?)
}

/// The steps are about this account.
struct Bench {
    capabilities: Capabilities,
}

impl Bench {
    fn new() -> Self {
        let rule = ReferenceRule::new(1..=64, |_| true, "1 to 64 characters");
        let account = Account::of(&["contract"]);
        Self {
            capabilities: Capabilities::new("acme", Mode::Test, account, rule, Scales::new(Scale::Iso)),
        }
    }

    fn begin(&self, operation: &Operation, holder: &str, now: Timestamp) -> Held<Step> {
        let Some(mut intent) = Intent::new("cards", &self.capabilities, operation, now) else {
            return broke("the operation has no reference");
        };
        intent.lease = Some(Lease::new(holder, now + Duration::from_secs(100), true));
        intent.watched = true;
        Ok(Step::Begin {
            intent: Box::new(intent),
            now,
            skew: SKEW,
            anew: true,
        })
    }

    fn sale(&self, reference: &str, order: Option<&str>) -> Held<Operation> {
        let mut charge = Charge::new(name(reference)?, "100.00 DKK".parse()?, Source::Hosted);
        charge.order = order.map(str::to_owned);
        Ok(Operation::Sale(Box::new(charge)))
    }

    fn payment(&self, id: &str) -> PaymentRef {
        PaymentRef::new(self.capabilities.provider, self.capabilities.account.clone(), [id]).on("cards")
    }

    fn capture(&self, reference: &str, id: &str) -> Held<Operation> {
        let amount = "25.00 DKK".parse()?;
        Ok(Operation::Capture(Capture::new(
            self.payment(id),
            name(reference)?,
            amount,
        )))
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

    fn key(&self, reference: &str) -> Held<IntentKey> {
        Ok(IntentKey::of(&self.capabilities, &name(reference)?))
    }

    fn parked(&self, key: &str, payment: Option<&str>, reference: Option<&str>, at: Timestamp) -> Held<Parked> {
        Ok(Parked {
            gateway: "cards".to_owned(),
            provider: self.capabilities.provider.to_owned(),
            account: self.capabilities.account.as_str().to_owned(),
            payment: payment.map(|id| self.payment(id)),
            reference: reference.map(name).transpose()?,
            reported: "accepted".to_owned(),
            deduplication_key: key.to_owned(),
            at,
        })
    }

    /// Begins a sale, which nothing stands against.
    async fn begun(&self, store: &dyn Store, reference: &str, order: Option<&str>, now: Timestamp) -> Held<Intent> {
        let step = self.begin(&self.sale(reference, order)?, "p", now)?;
        match store.apply(&step).await? {
            Ruling::Begun(intent) => Ok(*intent),
            other => broke(format!("`{reference}` is not begun: {other:?}")),
        }
    }
}

/// Applies steps at once, each in a task of its own.
async fn at_once(store: &Arc<dyn Store>, steps: Vec<Step>) -> Held<Vec<Ruling>> {
    let tasks: Vec<_> = steps
        .into_iter()
        .map(|step| {
            let store = Arc::clone(store);
            tokio::spawn(async move { store.apply(&step).await })
        })
        .collect();
    let mut rulings = Vec::new();
    for task in tasks {
        rulings.push(task.await??);
    }
    Ok(rulings)
}

fn count(rulings: &[Ruling], fits: fn(&Ruling) -> bool) -> usize {
    rulings.iter().filter(|ruling| fits(ruling)).count()
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

fn held(intent: &Intent) -> Held<Hold> {
    intent
        .hold()
        .map_or_else(|| broke(format!("a begun intent has no lease: {intent:?}")), Ok)
}

async fn conclude(store: &dyn Store, hold: Hold, finding: Finding, now: Timestamp) -> Result<Ruling, StoreError> {
    let finding = Box::new(finding);
    store.apply(&Step::Conclude { hold, finding, now }).await
}

/// That it did nothing.
fn nothing(said: &str) -> Finding {
    Finding::Nothing {
        absent: false,
        said: said.to_owned(),
    }
}
