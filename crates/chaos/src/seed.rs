//! Schedules: every small one in order, and large ones from a seed.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use http::StatusCode;
use paymux::{OperationKind, PaymentGateway as _};
use paymux_simulator::Fault;

use crate::plan::{Mishap, Plan, Planned, Post};
use crate::script::{Deed, Script, Visit, scripts};
use crate::stands;

/// A gateway, what can be done on it, and what can go wrong there.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The gateway, by the name of its stand.
    pub gateway: &'static str,
    /// What can be done on it.
    pub scripts: Vec<Script>,
    /// What can go wrong, by its sort.
    pub mishaps: Vec<Vec<Mishap>>,
}

/// Every gateway.
#[must_use]
pub fn grounds() -> Vec<Ground> {
    stands::NAMES
        .iter()
        .map(|name| {
            let stand = stands::named(name);
            Ground {
                gateway: stand.name,
                scripts: scripts(&stand),
                mishaps: mishaps(&stand),
            }
        })
        .collect()
}

/// What can go wrong with a call at this provider.
fn mishaps(stand: &crate::Stand) -> Vec<Vec<Mishap>> {
    let seconds = Duration::from_secs;
    let millis = Duration::from_millis;
    let mut faults = vec![
        Fault::Refuse,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Delay(seconds(20)),
        Fault::Delay(seconds(70)),
        Fault::Stuck,
        Fault::Truncate,
        Fault::Malformed,
        Fault::Empty,
        Fault::TooMany(None),
        Fault::TooMany(Some(2)),
        Fault::TooMany(Some(90)),
    ];
    faults.extend([2500, 8500, 40_500, 100_500, 200_500].map(|time| Fault::LateCommit(millis(time))));
    faults.extend([4, 20, 60].map(|time| Fault::Lag(seconds(time))));
    let failures = [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    faults.extend(failures.map(Fault::StatusBefore));
    faults.extend(failures.map(Fault::StatusAfter));
    faults.extend(
        [400, 403, 404, 409]
            .map(|code| Fault::StatusBefore(StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST))),
    );
    let refusals = [
        StatusCode::BAD_REQUEST,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    faults.extend(refusals.map(Fault::StatusAfter));
    faults.extend(refusals.map(Fault::PageAfter));
    if stand.spends_tokens {
        faults.push(Fault::ExpiredToken);
    }
    if let Some(code) = &stand.subject.unmapped_code {
        faults.push(Fault::Code(code.clone()));
    }
    let mut all: Vec<_> = faults.into_iter().map(Mishap::Fault).collect();
    all.extend([
        Mishap::DieBefore,
        Mishap::DieAfter,
        Mishap::Outage,
        Mishap::Foreign,
        Mishap::Veil,
    ]);
    all.extend(
        [400, 401, 403, 404, 503]
            .map(|code| Mishap::Spell(StatusCode::from_u16(code).unwrap_or(StatusCode::NOT_FOUND))),
    );
    if stand.shrinks {
        all.push(Mishap::Shrink);
    }
    if stand.gateway().capabilities().offers(paymux::OperationKind::Capture) {
        all.push(Mishap::Office);
    }
    let mut sorts: BTreeMap<&str, Vec<Mishap>> = BTreeMap::new();
    for what in all {
        sorts.entry(what.kind()).or_default().push(what);
    }
    sorts.into_values().collect()
}

impl Ground {
    /// The schedule of a seed.
    #[must_use]
    pub fn plan(&self, rng: &mut Rng) -> Plan {
        let mut script = rng
            .choice(&self.scripts)
            .cloned()
            .unwrap_or(Script { deeds: Vec::new() });
        let count = match rng.u32(0..100) {
            0..8 => 0,
            8..45 => 1,
            45..75 => 2,
            75..92 => 3,
            _ => rng.usize(4..7),
        };
        let mut mishaps = Vec::with_capacity(count);
        for _ in 0..count {
            mishaps.extend(self.mishap(&script, rng));
        }
        let webhooks = rng.choice(Post::ALL).unwrap_or(Post::Prompt);
        let (twice, stubborn, alike) = (rng.u32(0..10) == 0, rng.bool(), rng.bool());
        // Drawn last, so that every other world of a seed is what it was before there were such visits.
        if rng.bool() {
            script = paid_later(&script).unwrap_or(script);
        }
        Plan {
            gateway: self.gateway,
            script,
            mishaps,
            webhooks,
            twice,
            stubborn,
            alike,
        }
    }

    /// Every sort of thing that can go wrong with an operation here.
    pub fn sorts(&self) -> impl Iterator<Item = (&'static str, OperationKind)> + '_ {
        let deeds = self.scripts.iter().flat_map(|script| &script.deeds);
        deeds.flat_map(|deed| {
            let all = self.mishaps.iter().filter_map(|sort| sort.first());
            let fits = all.filter(|what| match what {
                Mishap::Office => !deed.starts(),
                // A void names no amount, or one that the provider does not look at.
                Mishap::Shrink => *deed != Deed::Void,
                _ => true,
            });
            fits.map(|what| (what.kind(), deed.operation()))
        })
    }

    /// One thing that goes wrong: each sort as likely as another, and what depends on a moment near it.
    fn mishap(&self, script: &Script, rng: &mut Rng) -> Option<Planned> {
        let sort = rng.choice(&self.mishaps)?;
        let what = rng.choice(sort)?;
        let of_the_moment = matches!(what, Mishap::Foreign | Mishap::Office | Mishap::Shrink | Mishap::Veil);
        let call = match rng.u32(0..10) {
            0..5 => rng.u32(0..2),
            5..8 => rng.u32(0..5),
            _ if of_the_moment => rng.u32(0..5),
            _ => rng.u32(0..14),
        };
        let step = match what {
            Mishap::Office => rng.choice(1..script.deeds.len().max(1))?,
            _ => rng.choice(0..script.deeds.len())?,
        };
        Some(Planned {
            step,
            call,
            what: what.clone(),
        })
    }

    /// Every schedule with at most one mishap within so many calls of a step.
    pub fn small(&self, calls: u32) -> impl Iterator<Item = Plan> + '_ {
        let later = self.scripts.iter().filter_map(paid_later);
        self.scripts.iter().cloned().chain(later).flat_map(move |script| {
            let deeds = script.deeds.len();
            let plan = move |mishaps| Plan {
                gateway: self.gateway,
                script: script.clone(),
                mishaps,
                webhooks: Post::Prompt,
                twice: false,
                stubborn: false,
                alike: false,
            };
            let single = (0..deeds).flat_map(move |step| {
                (0..calls).flat_map(move |call| {
                    let planned = move |what: &Mishap| {
                        vec![Planned {
                            step,
                            call,
                            what: what.clone(),
                        }]
                    };
                    self.mishaps.iter().flatten().map(planned)
                })
            });
            std::iter::once(plan(Vec::new())).chain(single.map(plan))
        })
    }
}

/// A script in which the customer fails on a page, with one who pays on it later.
fn paid_later(script: &Script) -> Option<Script> {
    let fails = script.deeds == [Deed::Checkout(Visit::Fails)];
    fails.then(|| Script {
        deeds: vec![Deed::Checkout(Visit::PaysLater)],
    })
}

/// The schedule of a seed. It depends on nothing else.
#[must_use]
pub fn plan(grounds: &[Ground], seed: u64) -> Plan {
    let mut rng = Rng::with_seed(seed);
    // Neighbouring seeds begin alike.
    rng.u64(..);
    let mut rng = Rng::with_seed(rng.u64(..));
    let ground = rng.choice(grounds);
    ground.map_or_else(
        || Plan {
            gateway: "",
            script: Script { deeds: Vec::new() },
            mishaps: Vec::new(),
            webhooks: Post::Prompt,
            twice: false,
            stubborn: false,
            alike: false,
        },
        |ground| ground.plan(&mut rng),
    )
}
