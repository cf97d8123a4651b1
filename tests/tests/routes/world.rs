//! Two or three providers behind a router, over one journal: what outlives the processes, and what a process is made of.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use paymux::transport::Transport;
use paymux::{Card, Charge, Clock, Decline, Gateway, Money, PaymentGateway, RetryAdvice, Source};
use paymux_chaos::{Stand, stands};
use paymux_conformance::{Fault, Faults as _, InProcess};
use paymux_journal::{Journal, Journaled, Settings};
use paymux_router::Rules;
use paymux_simulator::qolo::seeds;
use paymux_simulator::{coolpay, opp, qolo};

use super::mortal::{Mortal, Reaper, Way};
use crate::kept::Kept;

/// The application's cards, by where they are bad.
const CARDS: [&str; 4] = [
    "1000000000000008",
    "1000000000000016",
    "1000010000000007",
    "1000020000000006",
];

/// Where a card is declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    Nowhere,
    Everywhere,
    AtA,
    AtB,
}

/// How many sets of rules there are. The first has every gateway.
const VERSIONS: usize = 7;
/// The reasons that go on to another provider: none, one provider's, or both's.
const ONWARD: [&[&str]; 3] = [&[], &["insufficient_funds"], &["insufficient_funds", "do_not_honor"]];

/// What outlives the processes.
pub(crate) struct World {
    pub(crate) stands: Vec<Stand>,
    pub(crate) kept: Arc<Kept>,
    /// The reasons of declines that go on to the next gateway.
    onward: &'static [&'static str],
    /// The sets of rules that its processes have, one or another.
    pub(crate) rollout: [usize; 3],
    /// Which gateway the weights of a set of rules drew for an order.
    pub(crate) drawn: Mutex<BTreeMap<(usize, String), String>>,
}

/// One process: a journal of its own on the common store, gateways and breakers of its own.
pub(crate) struct Process {
    pub(crate) router: Arc<dyn PaymentGateway>,
    pub(crate) journal: Journal,
    pub(crate) bare: Vec<Arc<dyn PaymentGateway>>,
    pub(crate) reaper: Arc<Reaper>,
    /// Which rules it has.
    pub(crate) version: usize,
}

/// What a router is made of.
pub(crate) struct Parts {
    pub(crate) rules: Rules,
    pub(crate) text: String,
    pub(crate) names: Vec<String>,
    pub(crate) journaled: Vec<Journaled<Gateway>>,
    pub(crate) journal: Journal,
    pub(crate) clock: Arc<dyn Clock>,
}

/// How a router is made.
pub(crate) type Make = fn(Parts, u64) -> Arc<dyn PaymentGateway>;

#[derive(Debug)]
struct StandClock(Arc<InProcess>);

impl Clock for StandClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl World {
    pub(crate) fn new(random: &mut fastrand::Rng, kept: Arc<Kept>) -> Self {
        let kinds = [random.bool(), random.bool()];
        let mut world = Self::of(&kinds, ONWARD[random.usize(0..3)], kept);
        if random.bool() {
            let mut stand = stands::qolo(qolo::Settings::qolo());
            stand.name = "q";
            world.stands.push(stand);
        }
        world.rollout = [0; 3].map(|_| random.usize(0..VERSIONS));
        world
    }

    /// Two providers of cards, each CoolPay or not, and the reasons of declines that go on.
    pub(crate) fn of(coolpays: &[bool; 2], onward: &'static [&'static str], kept: Arc<Kept>) -> Self {
        let [a, b] = *coolpays;
        let stands = [("a", a), ("b", b)].map(|(name, is_coolpay)| {
            let mut stand = match is_coolpay {
                true => stands::coolpay(coolpay::Settings::default()),
                false => stands::opp_v1(opp::Settings::v1()),
            };
            // Another address makes another account, and nobody listens at either.
            if name == "b" {
                let address = stand.keys.iter_mut().find(|(key, _)| *key == "base_url");
                address.unwrap().1 = "http://127.0.0.2:1".to_owned();
            }
            stand.name = name;
            stand
        });
        Self {
            stands: stands.into(),
            kept,
            onward,
            rollout: [0; 3],
            drawn: Mutex::default(),
        }
    }

    /// The rules of a version, in text.
    fn text(&self, version: usize) -> String {
        let to = match version {
            0 => "{ to = ['a', 'b'] }",
            1 => "{ to = ['b', 'a'] }",
            2 => "{ to = [{ gateway = 'a', weight = 1 }, { gateway = 'b', weight = 1 }] }",
            3 => "{ amount_from = '20.00 USD', to = [{ gateway = 'a', weight = 3 }, { gateway = 'b', weight = 1 }] }",
            4 => "{ to = ['a'] }",
            5 => "{ to = ['b'] }",
            _ => "{ currency = 'EUR', to = ['a'] }, { to = ['a'] }",
        };
        let stored = match self.stands.len() {
            2 => "",
            _ => "{ source = 'stored', to = ['q'] }, ",
        };
        // Version 4 keeps the other for what it holds; 5 and 6 have lost it.
        let follow_ups = if version == 4 { "follow_ups = ['b']\n" } else { "" };
        let onward = match self.onward {
            [] => String::new(),
            reasons => format!("decline_reasons = {reasons:?}\n"),
        };
        format!("[router.checkout]\n{follow_ups}{onward}breaker_failures = 2\nrules = [{stored}{to}]")
    }

    /// Whether a version draws by weights.
    pub(crate) const fn weighs(version: usize) -> bool {
        matches!(version, 2 | 3)
    }

    /// The gateways to which a version leads what is paid so.
    pub(crate) fn leads(&self, version: usize, stored: bool) -> &'static [&'static str] {
        match version {
            _ if stored => &["q"],
            0..=3 => &["a", "b"],
            5 => &["b"],
            _ => &["a"],
        }
    }

    /// The gateways of a version's router.
    pub(crate) fn members(&self, version: usize) -> Vec<&'static str> {
        let all = self.stands.iter().map(|stand| stand.name);
        let gone = match version {
            5 => "a",
            6 => "b",
            _ => "",
        };
        all.filter(|name| *name != gone).collect()
    }

    pub(crate) fn process(&self, make: Make, version: usize, dies: i64, seed: u64) -> Process {
        let reaper = Reaper::new(dies);
        let clock: Arc<dyn Clock> = Arc::new(StandClock(self.stands[0].provider.clone()));
        let store = Arc::new(Mortal {
            kept: self.kept.clone(),
            reaper: reaper.clone(),
            troubled: seed % 5 == 1,
            outcomes: AtomicU32::new(0),
        });
        let journal = Journal::with(store, clock.clone(), Settings::default());
        let gateways = self.stands.iter().enumerate().map(|(place, stand)| {
            let way: Arc<dyn Transport> = Arc::new(Way {
                provider: stand.provider.clone(),
                reaper: reaper.clone(),
                cards: cards(place, stand),
            });
            let builder = stand.builder().transport(way);
            stand.gateway_of(builder.recorder(journal.recorder()))
        });
        let gateways: Vec<Gateway> = gateways.collect();
        let text = self.text(version);
        let names: Vec<String> = self.stands.iter().map(|stand| stand.name.to_owned()).collect();
        let rules = Rules::from_toml(&text, &names).unwrap().remove(0);
        let needed = |gateway: &&Gateway| rules.gateways().contains(&gateway.name());
        let journaled = gateways.iter().filter(needed);
        let journaled = journaled
            .map(|gateway| journal.wrap(gateway.clone()).unwrap())
            .collect();
        let parts = Parts {
            rules,
            text,
            names,
            journaled,
            journal: journal.clone(),
            clock,
        };
        Process {
            router: make(parts, seed),
            bare: gateways
                .into_iter()
                .map(|gateway| -> Arc<dyn PaymentGateway> { Arc::new(gateway) })
                .collect(),
            journal,
            reaper,
            version,
        }
    }

    pub(crate) fn amount() -> Money {
        "25.00 USD".parse().unwrap()
    }

    pub(crate) fn charge(&self, reference: &str, order: Option<&str>, source: &Source) -> Charge {
        let mut charge = Charge::new(reference.parse().unwrap(), Self::amount(), source.clone());
        charge.order = order.map(str::to_owned);
        if !matches!(source, Source::Stored(_)) {
            charge.urls.back = Some("https://shop.example/back".to_owned());
            charge.urls.notify = Some("https://shop.example/hooks".to_owned());
        }
        charge
    }

    /// How a customer pays: mostly with what is good, at least somewhere.
    pub(crate) fn source(&self, random: &mut fastrand::Rng, holds: bool) -> Source {
        if !holds && random.u8(0..4) == 0 {
            return Source::Hosted;
        }
        if !holds && self.stands.len() > 2 && random.u8(0..4) == 0 {
            let instrument = match random.u8(0..4) {
                0 => seeds::INSTRUMENT_BANK_DECLINED,
                _ => seeds::INSTRUMENT_ACH,
            };
            return Source::Stored(format!("ach:{instrument}"));
        }
        use Bad::{AtA, AtB, Everywhere, Nowhere};
        Self::card([Nowhere, Nowhere, Nowhere, Everywhere, AtA, AtB][random.usize(0..6)])
    }

    pub(crate) fn card(bad: Bad) -> Source {
        let number = match bad {
            Bad::Nowhere => CARDS[0],
            Bad::Everywhere => CARDS[1],
            Bad::AtA => CARDS[2],
            Bad::AtB => CARDS[3],
        };
        let card = Card::new(number, 5, 2034).unwrap().with_cvv("123").unwrap();
        Source::Card(card.with_holder("Jane Jones"))
    }

    /// Whether a decline goes on to another provider.
    pub(crate) fn goes_on(&self, decline: &Decline) -> bool {
        decline.advice == RetryAdvice::OtherProvider || self.onward.contains(&decline.reason.as_str())
    }

    /// Nothing goes wrong any more.
    pub(crate) fn calm(&self) {
        self.stands.iter().for_each(|stand| stand.provider.clear());
    }

    /// Some things go wrong. Look-ups do not lag: that they may do only for a while after a change, and these faults strike at any time.
    pub(crate) fn trouble(&self, random: &mut fastrand::Rng) {
        for _ in 0..random.usize(0..4) {
            let stand = &self.stands[random.usize(0..self.stands.len())];
            assert!(stand.provider.plan(random.u32(0..5), fault(random)));
        }
        if random.u8(0..4) == 0 {
            let stand = &self.stands[random.usize(0..2)];
            (0..12).for_each(|_| assert!(stand.provider.plan(0, Fault::Refuse)));
        }
    }
}

/// What the provider at a place makes of the application's cards.
fn cards(place: usize, stand: &Stand) -> Vec<(&'static str, &'static str)> {
    let is_coolpay = stand.keys.contains(&("provider", "coolpay".to_owned()));
    let (good, bad) = match is_coolpay {
        true => ("1000000000000008", "1000000000000016"),
        false => ("4200000000000000", "4200000000001552"),
    };
    let known = |(kind, number): (usize, &'static str)| match kind == 1 || kind == place + 2 {
        true => (number, bad),
        false => (number, good),
    };
    CARDS.into_iter().enumerate().map(known).collect()
}

fn fault(random: &mut fastrand::Rng) -> Fault {
    let seconds = Duration::from_secs(random.u64(1..90));
    match random.u8(0..14) {
        0 | 1 => Fault::Refuse,
        2 => Fault::ResetBefore,
        3 | 4 => Fault::ResetAfter,
        5 => Fault::LateCommit(seconds),
        6 => Fault::Delay(seconds),
        7 => Fault::Stuck,
        8 => Fault::StatusBefore(StatusCode::SERVICE_UNAVAILABLE),
        9 => Fault::StatusAfter(StatusCode::BAD_GATEWAY),
        10 => Fault::TooMany(Some(random.u64(1..30))),
        11 => Fault::PageAfter(StatusCode::FORBIDDEN),
        12 => Fault::PageAfter(StatusCode::BAD_REQUEST),
        _ => Fault::Truncate,
    }
}
