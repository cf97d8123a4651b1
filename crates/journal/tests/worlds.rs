//! Applications that keep nothing but the journal: they run their script from the start whenever they start, die at any await, and meet faults on the wire
//! and a store that does not write outcomes; events come twice, late, before the answer, or never. What the provider booked must be what the journal says, and
//! nothing twice. A few worlds are kept in SQLite and PostgreSQL.
//!
//! `PAYMUX_JOURNAL_WORLDS` sets how many worlds there are in memory, `PAYMUX_JOURNAL_SQL_WORLDS` how many in each database, and `PAYMUX_JOURNAL_SEED` the first
//! seed. A failure names its seed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
#[path = "common/elsewhere.rs"]
mod elsewhere;
#[path = "common/mortal.rs"]
mod mortal;
#[cfg(feature = "postgres")]
#[path = "common/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::name;
use elsewhere::Kept;
use http::StatusCode;
use mortal::{Flaw, Mortal, Reaper};
use paymux::{
    Answer, Capture, Charge, Delivery, EntryKind, Error, Fate, Field, Money, Operation, OperationKind, Outcome,
    PaymentGateway, PaymentRef, Payout, Refund, Transfer, Void,
};
use paymux_chaos::{Stand, stands};
use paymux_conformance::{Fault, Faults as _, InProcess, Truth as _};
use paymux_journal::{Filter, Journal, Settings, State, Store};

/// One thing that the application does.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Authorize,
    Capture,
    Payout,
    Refund,
    Sale,
    Transfer,
    Void,
}

impl Deed {
    const fn kind(self) -> OperationKind {
        match self {
            Self::Authorize => OperationKind::Authorize,
            Self::Capture => OperationKind::Capture,
            Self::Payout => OperationKind::Payout,
            Self::Refund => OperationKind::Refund,
            Self::Sale => OperationKind::Sale,
            Self::Transfer => OperationKind::Transfer,
            Self::Void => OperationKind::Void,
        }
    }
}

const SCRIPTS: [&[Deed]; 7] = [
    &[Deed::Sale],
    &[Deed::Sale, Deed::Refund, Deed::Refund],
    &[Deed::Authorize, Deed::Capture, Deed::Capture],
    &[Deed::Authorize, Deed::Void],
    &[Deed::Authorize, Deed::Capture, Deed::Refund],
    &[Deed::Payout],
    &[Deed::Transfer],
];

/// A world's provider and record, which outlive its processes.
struct World {
    stand: Stand,
    kept: Kept,
    /// Events that are late.
    late: Mutex<Vec<Delivery>>,
    reaper: Arc<Reaper>,
    script: &'static [Deed],
    rng: Mutex<fastrand::Rng>,
    events: AtomicU64,
    deaths: u32,
    flaw: Flaw,
}

/// What a world came to.
#[derive(Debug, Default)]
struct Tally {
    worlds: u64,
    deaths: u64,
    events: u64,
    done: u64,
    failed: u64,
    persons: u64,
}

impl World {
    fn new(seed: u64, flaw: Flaw, kept: Kept) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let stand = loop {
            let stand = stands::named(rng.choice(stands::NAMES).unwrap());
            // Its payments are made on pages.
            if stand.name != "carry1st" {
                break stand;
            }
        };
        let gateway = stand.gateway();
        let offered = |script: &&&[Deed]| script.iter().all(|deed| gateway.capabilities().offers(deed.kind()));
        let scripts: Vec<_> = SCRIPTS.iter().filter(offered).collect();
        let script = rng.choice(scripts).unwrap();
        for _ in 0..rng.u32(0..3) {
            assert!(stand.provider.plan(rng.u32(0..10), fault(&mut rng)));
        }
        let reaper = Arc::new(Reaper::default());
        reaper.troubled.store(rng.u32(0..4) == 0, Ordering::SeqCst);
        Self {
            stand,
            kept,
            late: Mutex::default(),
            reaper,
            script,
            deaths: rng.u32(0..4),
            rng: Mutex::new(rng),
            events: AtomicU64::new(0),
            flaw,
        }
    }

    fn random(&self, most: u64) -> u64 {
        self.rng.lock().unwrap().u64(0..=most)
    }

    async fn live(&self) -> u64 {
        let mut deaths = 0;
        for _ in 0..self.deaths {
            let at = i64::try_from(self.random(40)).unwrap();
            self.reaper.left.store(at, Ordering::SeqCst);
            let shop = self.shop();
            let died = tokio::select! {
                biased;
                () = shop.run() => false,
                () = self.reaper.death.notified() => true,
            };
            drop(shop);
            deaths += u64::from(died);
            tokio::time::sleep(Duration::from_secs(self.random(400))).await;
        }
        self.reaper.left.store(-1, Ordering::SeqCst);
        self.shop().run().await;
        self.reaper.troubled.store(false, Ordering::SeqCst);
        // What is late comes, and what can be found out by asking is.
        self.stand.provider.clear();
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_secs(8 * 3600)).await;
            let shop = self.shop();
            shop.settle().await;
            shop.mail().await;
        }
        deaths
    }

    fn shop(&self) -> Shop<'_> {
        let store = Arc::new(Mortal::<dyn Store> {
            inner: match self.flaw {
                Flaw::Forgets => Kept::memory().open(),
                _ => self.kept.open(),
            },
            reaper: Arc::clone(&self.reaper),
            flaw: self.flaw,
        });
        let transport = Arc::new(Mortal {
            inner: Arc::clone(&self.stand.provider),
            reaper: Arc::clone(&self.reaper),
            flaw: Flaw::None,
        });
        let clock = Arc::new(Clock(Arc::clone(&self.stand.provider)));
        let journal = Journal::with(store, clock, Settings::default());
        let builder = self.stand.builder().transport(transport);
        let gateway = self.stand.gateway_of(builder.recorder(journal.recorder()));
        Shop {
            world: self,
            bare: Arc::new(gateway.clone()),
            gateway: Arc::new(journal.wrap(gateway).unwrap()),
            journal,
        }
    }
}

#[derive(Debug)]
struct Clock(Arc<InProcess>);

impl paymux::Clock for Clock {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
}

/// One process.
struct Shop<'a> {
    world: &'a World,
    journal: Journal,
    bare: Arc<dyn PaymentGateway>,
    gateway: Arc<dyn PaymentGateway>,
}

impl Shop<'_> {
    /// Takes what has come by mail: some of it twice, some of it later, and some never.
    async fn mail(&self) {
        let mut come = std::mem::take(&mut *self.world.late.lock().unwrap());
        let first_of_new = come.len();
        come.extend(
            self.world
                .stand
                .provider
                .webhooks()
                .into_iter()
                .map(|webhook| Delivery::from(webhook.request)),
        );
        for (at, delivery) in come.into_iter().enumerate() {
            let times = match self.world.random(7) {
                0 if at >= first_of_new => continue,
                1 => {
                    self.world.late.lock().unwrap().push(delivery);
                    continue;
                }
                2 => 2,
                _ => 1,
            };
            // What is too old to be believed is lost.
            let Ok(event) = self.gateway.receive(&delivery) else {
                continue;
            };
            for _ in 0..times {
                self.world.events.fetch_add(1, Ordering::SeqCst);
                if self.journal.absorb(self.gateway.as_ref(), &event).await.is_err() {
                    // It is not acknowledged, so that it comes again.
                    self.world.late.lock().unwrap().push(delivery.clone());
                }
            }
        }
    }

    async fn settle(&self) {
        let gateways = [Arc::clone(&self.bare)];
        self.journal.settle::<[_]>(&gateways).await.unwrap();
    }

    /// Runs the script from its start: what is done is not done again.
    async fn run(&self) {
        if self.world.random(1) == 0 {
            self.settle().await;
        }
        let mut payment = None;
        for (step, deed) in self.world.script.iter().enumerate() {
            let Some(operation) = self.operation(step, *deed, payment.as_ref()) else {
                return;
            };
            match self.carried_out(&operation).await {
                Some(answer) => payment = payment.or(Some(answer.payment.reference)),
                None => return,
            }
        }
    }

    /// Does it until its end is known; `None` where that is not an approval.
    async fn carried_out(&self, operation: &Operation) -> Option<Answer> {
        let mut refused = 0;
        for _ in 0..60 {
            if self.world.random(2) == 0 {
                self.mail().await;
            }
            match self.asked_for(operation).await {
                Ok(answer) => match answer.outcome {
                    Outcome::Approved => return Some(answer),
                    Outcome::Declined(_) => return None,
                    _ => tokio::time::sleep(Duration::from_secs(60)).await,
                },
                Err(error) if error.fate() == Fate::Unknown => {
                    tokio::time::sleep(Duration::from_secs(120)).await;
                    self.settle().await;
                }
                Err(_) => {
                    refused += 1;
                    if refused > 10 {
                        return None;
                    }
                    tokio::time::sleep(Duration::from_secs(30)).await;
                }
            }
        }
        None
    }

    /// Once, twice at once, or beside another attempt of the same order.
    async fn asked_for(&self, operation: &Operation) -> Result<Answer, Error> {
        match (self.world.random(6), operation) {
            (0, _) => {
                let (first, second) = tokio::join!(self.gateway.execute(operation), self.gateway.execute(operation));
                first.or(second)
            }
            (1, Operation::Sale(charge)) => {
                let mut other = (**charge).clone();
                other.reference = name("order1001b1");
                let rival = Operation::Sale(Box::new(other));
                let (first, _) = tokio::join!(self.gateway.execute(operation), self.gateway.execute(&rival));
                first
            }
            // The mail comes before the answer.
            (2, _) => {
                let wait = Duration::from_secs(self.world.random(40));
                let mail = async {
                    tokio::time::sleep(wait).await;
                    self.mail().await;
                };
                tokio::join!(self.gateway.execute(operation), mail).0
            }
            _ => self.gateway.execute(operation).await,
        }
    }

    fn operation(&self, step: usize, deed: Deed, payment: Option<&PaymentRef>) -> Option<Operation> {
        let subject = &self.world.stand.subject;
        let reference = name(&format!("order1001a{step}"));
        let whole = subject.amount;
        let quarter = Money::new(whole.minor() / 4, whole.currency());
        let ability = self.gateway.capabilities().ability(deed.kind());
        let told = ability.is_some_and(|ability| ability.carries.iter().any(|(field, _)| *field == Field::NotifyUrl));
        let charge = |reference| {
            let mut charge = Charge::new(reference, whole, subject.approved.clone());
            (subject.complete)(&mut charge);
            charge.order = Some("1001".to_owned());
            charge.urls.notify = told.then(|| "https://shop.example/hooks".to_owned());
            Box::new(charge)
        };
        Some(match deed {
            Deed::Authorize => Operation::Authorize(charge(reference)),
            Deed::Capture => Operation::Capture(Capture::new(payment?.clone(), reference, quarter)),
            Deed::Payout => Operation::Payout(Box::new(Payout::new(reference, whole, subject.payee.clone()?))),
            Deed::Refund => Operation::Refund(Refund::new(payment?.clone(), reference, quarter)),
            Deed::Sale => Operation::Sale(charge(reference)),
            Deed::Transfer => {
                let (from, to) = subject.accounts.clone()?;
                Operation::Transfer(Transfer::new(reference, whole, from, to))
            }
            Deed::Void => {
                let mut void = Void::new(payment?.clone(), reference);
                void.amount = Some(whole);
                Operation::Void(void)
            }
        })
    }
}

fn fault(rng: &mut fastrand::Rng) -> Fault {
    match rng.u32(0..14) {
        0 => Fault::Refuse,
        1 | 2 => Fault::ResetBefore,
        3 | 4 => Fault::ResetAfter,
        5 => Fault::LateCommit(Duration::from_secs(rng.u64(1..200))),
        6 => Fault::StatusBefore(StatusCode::SERVICE_UNAVAILABLE),
        7 => Fault::StatusAfter(StatusCode::BAD_GATEWAY),
        8 => Fault::Truncate,
        9 => Fault::Empty,
        10 => Fault::Delay(Duration::from_secs(rng.u64(1..100))),
        11 => Fault::StatusAfter(StatusCode::FORBIDDEN),
        12 => Fault::PageAfter(StatusCode::BAD_REQUEST),
        _ => Fault::Stuck,
    }
}

/// Holds the journal against the ledger.
async fn judge(world: &World, tally: &mut Tally) -> Result<(), String> {
    let intents = world.kept.open().intents(&Filter::default()).await.unwrap();
    let mut booked: BTreeMap<&str, i64> = BTreeMap::new();
    for entry in world.stand.provider.all() {
        *booked.entry(word(entry.kind)).or_default() += entry.amount.minor();
    }
    let whole = world.stand.subject.amount.minor();
    let (mut sure, mut doubt): (BTreeMap<&str, i64>, BTreeMap<&str, i64>) = Default::default();
    for intent in &intents {
        let kinds: &[EntryKind] = match intent.operation {
            OperationKind::Sale => &[EntryKind::Capture],
            OperationKind::Capture => &[EntryKind::Capture],
            OperationKind::Refund => &[EntryKind::Refund],
            OperationKind::Payout => &[EntryKind::Payout],
            OperationKind::Transfer => &[EntryKind::Transfer],
            _ => &[],
        };
        let amount = intent.amount.map_or(0, |amount| amount.minor());
        for kind in kinds {
            match intent.state {
                State::Done => *sure.entry(word(*kind)).or_default() += amount,
                State::Open | State::Waiting => *doubt.entry(word(*kind)).or_default() += amount,
                _ => {}
            }
        }
        match intent.state {
            State::Done => tally.done += 1,
            State::Failed => tally.failed += 1,
            _ => {}
        }
        if intent.is_unsettled() {
            tally.persons += 1;
            let remark = intent.remark.as_deref();
            remark.ok_or_else(|| format!("{intent} is {} and nobody was told: {}", intent.state, intent.said))?;
        }
        if intent.lease.is_some() {
            return Err(format!("{intent} is still held"));
        }
    }
    for kind in ["capture", "refund", "payout", "transfer"] {
        let of = |map: &BTreeMap<&str, i64>| map.get(kind).copied().unwrap_or(0);
        let (booked, sure, doubt) = (of(&booked), of(&sure), of(&doubt));
        if booked < sure || booked > sure + doubt {
            return Err(format!("{kind}: booked {booked}, on record {sure}, in doubt {doubt}"));
        }
        if booked > whole {
            return Err(format!("{kind}: {booked} was booked of {whole}"));
        }
    }
    let charges = intents
        .iter()
        .filter(|intent| intent.order.is_some() && intent.takes_order());
    let takers: Vec<_> = charges.map(|intent| intent.key.reference.to_string()).collect();
    if takers.len() > 1 {
        return Err(format!("the order has several attempts: {takers:?}"));
    }
    Ok(())
}

const fn word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Capture => "capture",
        EntryKind::Refund => "refund",
        EntryKind::Payout => "payout",
        EntryKind::Transfer => "transfer",
        _ => "other",
    }
}

/// Lives through worlds, and tells what is wrong with them.
fn live(first: u64, count: u64, flaw: Flaw, kept: impl Fn() -> Kept) -> (Tally, Vec<String>) {
    let mut tally = Tally::default();
    let mut wrong = Vec::new();
    for seed in first..first.saturating_add(count) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let world = World::new(seed, flaw, kept());
            tally.deaths += world.live().await;
            tally.worlds += 1;
            tally.events += world.events.load(Ordering::SeqCst);
            if let Err(why) = judge(&world, &mut tally).await {
                wrong.push(format!("seed {seed}, {} {:?}: {why}", world.stand.name, world.script));
            }
        });
    }
    (tally, wrong)
}

fn number(name: &str, or: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(or)
}

/// So many worlds, and none of them wrong.
fn all_is_right(store: &str, count: u64, kept: impl Fn() -> Kept) {
    let (tally, wrong) = live(number("PAYMUX_JOURNAL_SEED", 1), count, Flaw::None, kept);
    let _ = writeln!(std::io::stderr(), "{store}: {tally:?}");
    assert!(
        wrong.is_empty(),
        "{} of {count} worlds:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        count < 100 || (tally.deaths > count / 4 && tally.events > count / 4),
        "worlds without deaths and events show little: {tally:?}"
    );
}

#[test]
fn whatever_dies_the_journal_says_what_was_booked() {
    all_is_right("memory", number("PAYMUX_JOURNAL_WORLDS", 600), Kept::memory);
}

#[cfg(feature = "sqlite")]
#[test]
fn whatever_dies_a_file_says_what_was_booked() {
    let runtime = elsewhere::runtime();
    let count = number("PAYMUX_JOURNAL_SQL_WORLDS", 24);
    all_is_right("SQLite", count, || Kept::file(&runtime));
}

#[cfg(feature = "postgres")]
#[test]
fn whatever_dies_a_database_says_what_was_booked() {
    let Some(server) = server::Server::start("the journal's worlds on PostgreSQL") else {
        return;
    };
    let runtime = elsewhere::runtime();
    let count = number("PAYMUX_JOURNAL_SQL_WORLDS", 24);
    all_is_right("PostgreSQL", count, || Kept::database(&runtime, &server.url()));
}

/// A journal that keeps less than it says is found out.
#[test]
fn a_store_with_a_flaw_is_noticed() {
    for flaw in [Flaw::LosesNotes, Flaw::Forgets] {
        let (_, wrong) = live(1, 150, flaw, Kept::memory);
        assert!(!wrong.is_empty(), "{flaw:?}");
    }
}
