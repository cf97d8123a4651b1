//! The parent of the workers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use paymux_journal::StoreError;
use thiserror::Error;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::janitor::Janitor;
use super::moment::Moment;
use super::order::Plan;
use super::providers::Providers;
use super::report::Report;
use super::slot::{Child, Slot};
use super::talk::{Heard, Told};
use super::verdict;

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The journal's address.
    pub journal: String,
    /// How many workers there are at once.
    pub processes: usize,
    /// How many are killed.
    pub kills: u64,
    /// How many payments there are at least.
    pub payments: u64,
    /// Where orders and deaths come from.
    pub seed: u64,
    /// The gateways.
    pub gateways: Vec<String>,
    /// How long an operation may send.
    pub lease: Duration,
    /// How long a question of the janitor may take at the end. Where a provider takes one question in 30 s about a payment, absence, which is asked about twice,
    /// is believed only with more than that; with less, it stays for a person.
    pub patience: Duration,
}

/// A run could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A process or a port could not be had.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Anything else.
    #[error("{0}")]
    Other(String),
    /// The journal could not be opened or read.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// How long an order that was left is not tried again.
const LATER: Duration = Duration::from_secs(2);
/// How often it is.
const TRIES: u32 = 3;
/// One in so many processes is stopped past its lease.
const STOPS: u64 = 60;
/// How many orders are resumed at once.
const RESUMED: usize = 64;
/// How many faults each provider has before it.
const FAULTS: usize = 8;

/// How a worker is started.
pub type Starts = Arc<dyn Fn() -> Command + Send + Sync>;

/// Runs workers, kills them, lets the janitor finish, and gives the account. `progress` is told how many were killed, and how many payments came to their end.
///
/// # Errors
/// The run could not be made. What it shows is in the report.
pub async fn run(
    settings: &Settings,
    starts: Starts,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Report, RunError> {
    let start = Instant::now();
    let providers = Arc::new(Providers::start(&settings.gateways).await?);
    let told = Told {
        journal: settings.journal.clone(),
        run: name(),
        seed: settings.seed,
        gateways: providers.urls(),
        lease_ms: u64::try_from(settings.lease.as_millis()).unwrap_or(u64::MAX),
        ahead_ms: 0,
    };
    let plan = Plan::new(&told.run, told.seed, &settings.gateways);
    let janitor = Janitor::open(&providers, &plan, &told, settings.patience).await?;
    janitor.refuse_strangers().await?;
    let mut rng = fastrand::Rng::with_seed(settings.seed);
    let hall = Arc::new(Hall {
        starts,
        told: told.clone(),
        providers: Arc::clone(&providers),
        settings: settings.clone(),
        state: Mutex::new(State {
            also: vec![VecDeque::new(); settings.processes],
            ..State::default()
        }),
    });
    let mut slots = JoinSet::new();
    for number in 0..settings.processes {
        slots.spawn(Slot::new(Arc::clone(&hall), number, rng.fork()).keep());
    }
    let all = async {
        while let Some(ended) = slots.join_next().await {
            ended.map_err(|error| RunError::Other(error.to_string()))??;
        }
        Ok::<_, RunError>(())
    };
    let weather = async {
        loop {
            let (kills, ended) = hall.count();
            progress(kills, ended);
            if kills < settings.kills {
                providers.trouble(&mut rng, FAULTS);
            } else {
                providers.calm();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        done = all => done?,
        failed = janitor.now_and_then() => failed?,
        () = weather => {}
    }
    providers.calm();
    let paid = start.elapsed();
    janitor.first().await?;
    hall.resume(&janitor.late()).await?;
    let (mut report, orders, hit) = {
        let state = hall.state();
        (state.report.clone(), state.next, state.hit.clone())
    };
    report.paid = paid;
    report.rounds = janitor.finish().await?;
    report.seed = settings.seed;
    report.requests = providers.requests();
    let intents = janitor.intents().await?;
    verdict::judge(&plan, &providers, orders, &intents, &hit, &mut report);
    report.took = start.elapsed();
    Ok(report)
}

/// What tells this run from others in one journal, in few letters.
fn name() -> String {
    let mut left = Timestamp::now().as_millisecond().unsigned_abs() / 100;
    let mut name = String::new();
    while left > 0 {
        let digit = u32::try_from(left % 32).unwrap_or_default();
        // Neither `n`, nor `a` or `b`, which part a reference.
        name.extend(
            "0123456789cdefghijkmopqrstuvwxyz"
                .chars()
                .nth(usize::try_from(digit).unwrap_or_default()),
        );
        left /= 32;
    }
    name
}

/// What the places of a run share.
pub(super) struct Hall {
    starts: Starts,
    told: Told,
    providers: Arc<Providers>,
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The number of the next new order.
    next: u64,
    /// Orders that another place has, too.
    also: Vec<VecDeque<u64>>,
    /// Orders to be tried again, and when.
    later: VecDeque<(Instant, u64)>,
    tries: BTreeMap<u64, u32>,
    /// The orders that came to their end.
    done: BTreeSet<u64>,
    /// Those, and what was tried often enough.
    ended: BTreeSet<u64>,
    /// The references whose calls were under way when their process was killed.
    hit: BTreeSet<String>,
    report: Report,
}

impl Hall {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn command(&self) -> Command {
        (self.starts)()
    }

    pub(super) const fn told(&self) -> &Told {
        &self.told
    }

    fn count(&self) -> (u64, u64) {
        let state = self.state();
        let ended = u64::try_from(state.ended.len()).unwrap_or(u64::MAX);
        (state.report.kills, ended)
    }

    /// Whether all was killed and paid that was to be.
    fn is_enough(&self) -> bool {
        let (kills, ended) = self.count();
        kills >= self.settings.kills && ended >= self.settings.payments
    }

    /// Whether nothing more comes for a place.
    pub(super) fn is_over(&self, slot: usize) -> bool {
        let enough = self.is_enough();
        let state = self.state();
        enough && state.later.is_empty() && state.also.get(slot).is_none_or(VecDeque::is_empty)
    }

    /// How the next process ends.
    pub(super) fn moment(&self, rng: &mut fastrand::Rng) -> Moment {
        let state = self.state();
        if state.report.kills >= self.settings.kills {
            Moment::Never
        } else if state.report.starts % STOPS == STOPS / 2 {
            Moment::stop(rng)
        } else {
            Moment::random(rng)
        }
    }

    /// An order for a place: one that another place has, one that was left, or a new one.
    pub(super) fn deal(&self, slot: usize, rng: &mut fastrand::Rng) -> Option<u64> {
        let enough = self.is_enough();
        let mut state = self.state();
        if let Some(number) = state.also.get_mut(slot).and_then(VecDeque::pop_front) {
            return Some(number);
        }
        if let Some((_, number)) = state.later.pop_front_if(|(at, _)| *at <= Instant::now()) {
            return Some(number);
        }
        if enough {
            return None;
        }
        let number = state.next;
        state.next += 1;
        // Half of the orders are tried in two places at once.
        if self.settings.processes > 1 && rng.bool() {
            let other = (slot + rng.usize(1..self.settings.processes)) % self.settings.processes;
            if let Some(also) = state.also.get_mut(other) {
                also.push_back(number);
            }
        }
        Some(number)
    }

    /// The application comes back to the orders that are not at their end, and nobody kills it.
    async fn resume(&self, told: &Told) -> Result<(), RunError> {
        let mut left: Vec<u64> = {
            let state = self.state();
            let numbers = 0..state.next;
            numbers.filter(|number| !state.done.contains(number)).collect()
        };
        self.state().report.resumed = u64::try_from(left.len()).unwrap_or(u64::MAX);
        let mut child = Child::start(self.command(), told).await?;
        let mut under_way = 0_usize;
        loop {
            while under_way < RESUMED
                && let Some(number) = left.pop()
            {
                child.write(&number.to_string()).await;
                under_way += 1;
            }
            if under_way == 0 {
                child.close();
            }
            match child.hear().await {
                Some(Heard::Left(number, ended)) => {
                    under_way = under_way.saturating_sub(1);
                    self.left(number, ended);
                }
                Some(Heard::Page(gateway, payment)) => self.visit(&gateway, &payment),
                Some(_) => {}
                None if under_way == 0 => return Ok(()),
                None => return Err(RunError::Other("the last worker ended before its work".to_owned())),
            }
        }
    }

    /// A worker is through with an order.
    pub(super) fn left(&self, number: u64, ended: bool) {
        let mut state = self.state();
        let tries = state.tries.entry(number).or_default();
        *tries += 1;
        let often = *tries > TRIES;
        if ended {
            state.done.insert(number);
        }
        if ended || often {
            state.ended.insert(number);
        } else {
            state.later.push_back((Instant::now() + LATER, number));
        }
    }

    pub(super) fn visit(&self, gateway: &str, payment: &str) {
        self.providers.visit(gateway, payment);
    }

    pub(super) fn started(&self) {
        self.state().report.starts += 1;
    }

    /// A process was stopped past its lease, and goes on.
    pub(super) fn stopped(&self, in_a_call: bool) {
        let mut state = self.state();
        state.report.stops += 1;
        state.report.stops_in_a_call += u64::from(in_a_call);
    }

    /// A process was killed, while these calls were under way.
    pub(super) fn killed(&self, ready: bool, open: BTreeSet<String>) {
        let mut state = self.state();
        state.report.kills += 1;
        state.report.kills_at_start += u64::from(!ready);
        state.report.kills_in_a_call += u64::from(!open.is_empty());
        state.hit.extend(open);
    }
}
