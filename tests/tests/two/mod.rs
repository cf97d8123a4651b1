//! Two providers behind a router, over one journal; processes that die; and what both ledgers booked for each order.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, StatusCode};
use jiff::Timestamp;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{
    Capabilities, Charge, Clock, Error, Gateway, PaymentGateway, Policy, Reference, Reply, Source, async_trait,
};
use paymux_chaos::{Stand, stands};
use paymux_conformance::{Fault, Faults as _, InProcess, Subject};
use paymux_journal::{Journal, Journaled, Memory, Settings, Store};
use paymux_router::{Legs, Router, Rules, Track};
use paymux_simulator::{Kind, coolpay, opp};
use tokio::sync::Notify;

/// The two kinds of pairs that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pair {
    CoolPay,
    Opp,
}

/// What outlives the processes.
pub(crate) struct World {
    pub(crate) stands: [Stand; 2],
    store: Arc<dyn Store>,
    deaths: Arc<Deaths>,
}

/// When processes die: at which of the requests to come, and whether the provider acts before.
#[derive(Debug, Default)]
pub(crate) struct Deaths {
    planned: Mutex<Vec<(u32, bool)>>,
    requests: AtomicU32,
    pub(crate) struck: Notify,
}

/// One process: a journal of its own on the common store, gateways and breakers of its own.
pub(crate) struct Process {
    pub(crate) journal: Journal,
    pub(crate) bare: Vec<Arc<dyn PaymentGateway>>,
    pub(crate) journaled: Vec<Journaled<Gateway>>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A process's way to a provider.
#[derive(Debug)]
struct Way {
    provider: Arc<InProcess>,
    deaths: Arc<Deaths>,
}

#[async_trait]
impl Transport for Way {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let number = self.deaths.requests.fetch_add(1, Ordering::SeqCst);
        let death = {
            let mut planned = self.deaths.planned.lock().unwrap();
            let at = planned.iter().position(|(at, _)| *at == number);
            at.map(|at| planned.remove(at).1)
        };
        let reply = match death {
            Some(false) => None,
            _ => Some(self.provider.send(request).await),
        };
        match (death, reply) {
            (None, Some(reply)) => reply,
            _ => {
                self.deaths.struck.notify_one();
                std::future::pending().await
            }
        }
    }
}

#[derive(Debug)]
struct StandClock(Arc<InProcess>);

impl Clock for StandClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl World {
    pub(crate) fn new(pair: Pair) -> Self {
        let stand = |name: &'static str| {
            let mut stand = match pair {
                Pair::CoolPay => stands::coolpay(coolpay::Settings::default()),
                Pair::Opp => stands::opp_v1(opp::Settings::v1()),
            };
            // Another address makes another account, and nobody listens at either.
            if name == "b" {
                let address = stand.keys.iter_mut().find(|(key, _)| *key == "base_url");
                address.unwrap().1 = "http://127.0.0.2:1".to_owned();
            }
            stand.name = name;
            stand
        };
        Self {
            stands: [stand("a"), stand("b")],
            store: Arc::new(Memory::new()),
            deaths: Arc::default(),
        }
    }

    pub(crate) fn deaths(&self) -> &Deaths {
        &self.deaths
    }

    pub(crate) fn subject(&self) -> &Subject {
        &self.stands[0].subject
    }

    /// After so many requests more, whoever makes the next one dies; the provider acts on it, or never gets it.
    pub(crate) fn dies(&self, after: u32, acts: bool) {
        let at = self.deaths.requests.load(Ordering::SeqCst) + after;
        self.deaths.planned.lock().unwrap().push((at, acts));
    }

    pub(crate) fn fault(&self, stand: usize, skip: u32, fault: Fault) {
        assert!(self.stands[stand].provider.plan(skip, fault));
    }

    /// Nothing goes wrong any more.
    pub(crate) fn calm(&self) {
        self.deaths.planned.lock().unwrap().clear();
        self.stands.iter().for_each(|stand| stand.provider.clear());
    }

    pub(crate) fn process(&self) -> Process {
        let clock: Arc<dyn Clock> = Arc::new(StandClock(self.stands[0].provider.clone()));
        let journal = Journal::with(self.store.clone(), clock.clone(), Settings::default());
        let mut policy = Policy::default();
        policy.spread = false;
        let gateways: Vec<Gateway> = self
            .stands
            .iter()
            .map(|stand| {
                let way = Way {
                    provider: stand.provider.clone(),
                    deaths: self.deaths.clone(),
                };
                let builder = stand.builder().transport(Arc::new(way)).policy(policy);
                stand.gateway_of(builder.recorder(journal.recorder()))
            })
            .collect();
        let wrap = |gateway: &Gateway| journal.wrap(gateway.clone()).unwrap();
        Process {
            journaled: gateways.iter().map(wrap).collect(),
            bare: gateways
                .into_iter()
                .map(|gateway| -> Arc<dyn PaymentGateway> { Arc::new(gateway) })
                .collect(),
            clock,
            journal,
        }
    }

    pub(crate) fn charge(&self, reference: &str, order: Option<&str>, source: &Source) -> Charge {
        let subject = self.subject();
        let mut charge = Charge::new(reference.parse().unwrap(), subject.amount, source.clone());
        charge.order = order.map(str::to_owned);
        (subject.complete)(&mut charge);
        charge
    }

    /// How often money was taken for an order, by both ledgers: under any of its references, on any payment.
    pub(crate) fn taken(&self, order: &str) -> usize {
        let prefix = format!("{order}a");
        let of = |stand: &Stand| {
            // What time does, is done.
            let _ = stand.provider.webhooks();
            let host = stand.provider.host();
            let ledger = host.ledger();
            let named = |reference: &String| reference.starts_with(&prefix);
            let own = ledger
                .movements
                .iter()
                .filter(|booked| booked.reference.as_ref().is_some_and(named));
            let payments: BTreeSet<&str> = own.map(|booked| booked.payment.as_str()).collect();
            let taken = |payment: &&str| ledger.of(payment).filter(|booked| booked.kind == Kind::Capture).count();
            payments.iter().map(taken).sum::<usize>()
        };
        self.stands.iter().map(of).sum()
    }
}

/// The rules, as a deployment may change them.
pub(crate) fn rules(number: usize) -> Rules {
    let to = match number % 3 {
        0 => "['a', 'b']",
        1 => "['b', 'a']",
        _ => "[{ gateway = 'a', weight = 1 }, { gateway = 'b', weight = 1 }]",
    };
    let text = format!(
        "[router.checkout]\nrules = [{{ to = {to} }}]\nbreaker_failures = 2\ndecline_reasons = ['insufficient_funds']"
    );
    Rules::from_toml(&text, &["a", "b"].map(str::to_owned))
        .unwrap()
        .remove(0)
}

/// How a router is made over a process.
pub(crate) type Make = fn(Process, Rules) -> Arc<dyn PaymentGateway>;

/// As it is meant.
pub(crate) fn right(process: Process, rules: Rules) -> Arc<dyn PaymentGateway> {
    Arc::new(Router::new(rules, process.journaled, process.clock).unwrap())
}

/// Planted: it reads no pins, and its gateways do not share their references.
pub(crate) fn forgets(process: Process, rules: Rules) -> Arc<dyn PaymentGateway> {
    let members = process.journaled.into_iter();
    let members = members.map(|gateway| -> Arc<dyn PaymentGateway> { Arc::new(gateway) });
    let router = Router::dangerous_over(rules, members.collect(), Arc::new(Forgetful), process.clock);
    Arc::new(router.unwrap())
}

/// It reads no pins, and the journal stands behind it.
pub(crate) fn forgets_over_a_journal(process: Process, rules: Rules) -> Arc<dyn PaymentGateway> {
    let members = process.journaled.into_iter();
    let members = members.map(|gateway| -> Arc<dyn PaymentGateway> { Arc::new(gateway.routed()) });
    let router = Router::dangerous_over(rules, members.collect(), Arc::new(Forgetful), process.clock);
    Arc::new(router.unwrap())
}

#[derive(Debug)]
struct Forgetful;

#[async_trait]
impl Legs for Forgetful {
    async fn legs(&self, _: &Reference, _: Option<&str>, _: &[&Capabilities]) -> Result<Vec<Track>, Error> {
        Ok(Vec::new())
    }
}

/// Some fault. Look-ups do not lag: that they may do only for a while after a change, and these faults strike at any time.
pub(crate) fn fault(random: &mut fastrand::Rng) -> Fault {
    let seconds = Duration::from_secs(random.u64(1..90));
    match random.u8(0..12) {
        0 | 1 => Fault::Refuse,
        2 => Fault::ResetBefore,
        3 | 4 => Fault::ResetAfter,
        5 => Fault::LateCommit(seconds),
        6 => Fault::Delay(seconds),
        7 => Fault::Stuck,
        8 => Fault::StatusBefore(StatusCode::SERVICE_UNAVAILABLE),
        9 => Fault::StatusAfter(StatusCode::BAD_GATEWAY),
        10 => Fault::TooMany(Some(random.u64(1..30))),
        _ => Fault::Truncate,
    }
}
