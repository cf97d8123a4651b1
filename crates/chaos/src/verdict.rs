//! What the application believes, held against what the provider booked.

use paymux::{AskAfterwards, OperationKind, PaymentGateway as _};
use paymux_simulator::{Fault, Kind, Movement, Origin};

use crate::Stand;
use crate::book::{End, Page, Status};
use crate::plan::{Mishap, Plan};
use crate::script::{Deed, Share, Visit};

/// What became of a world.
#[derive(Clone, Debug)]
pub struct WorldReport {
    /// How each step ended.
    pub ends: Vec<(OperationKind, End)>,
    /// What went wrong, by step.
    pub happened: Vec<(usize, Mishap)>,
    /// What is wrong with what the application believes.
    pub findings: Vec<Finding>,
    /// The operations that a person must look at, rightly.
    pub persons: Vec<(OperationKind, Why)>,
    /// How many requests were made.
    pub calls: u64,
}

/// Something that may not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: Wrong,
    /// How it shows.
    pub what: String,
}

/// What may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wrong {
    /// Money moved more often than the application meant it to.
    DoubleCharge,
    /// The application believes in money that did not move.
    FalseApproval,
    /// Money moved, and the application believes that it did not.
    FalseDecline,
    /// The application does not know, or cannot find, what it could have known.
    LostOutcome,
}

impl Wrong {
    /// Every sort, the worst first.
    pub const ALL: [Self; 4] = [
        Self::DoubleCharge,
        Self::FalseApproval,
        Self::FalseDecline,
        Self::LostOutcome,
    ];
}

/// Why a person must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// The capabilities declare that it cannot be asked about.
    Declared,
    /// The provider did something else than was asked.
    Differs,
    /// Somebody did the same beside it, and nothing tells the two apart.
    LookAlike,
}

impl End {
    pub(crate) const fn is_done(self) -> bool {
        matches!(self, Self::Accepted | Self::Done)
    }

    const fn may_be_done(self) -> bool {
        matches!(self, Self::LeftOpen | Self::Person | Self::Stuck)
    }
}

impl WorldReport {
    pub(crate) fn with_record(mut self, record: Result<(), String>) -> Self {
        if let Err(what) = record {
            self.find(Wrong::LostOutcome, what);
        }
        self
    }

    pub(crate) fn with_hang(mut self, hung: bool) -> Self {
        if hung {
            self.find(Wrong::LostOutcome, "the application never came to an end".to_owned());
        }
        self
    }

    fn find(&mut self, kind: Wrong, what: String) {
        self.findings.push(Finding { kind, what });
    }
}

/// How many things may go wrong with a step that is done all the same.
const TROUBLES: usize = 8;

pub(crate) fn judge(
    plan: &Plan,
    stand: &Stand,
    pages: &[Page],
    happened: Vec<(usize, Mishap)>,
    calls: u64,
) -> WorldReport {
    let end = |page: &Page| match page.status {
        Status::Closed(end) => end,
        _ => End::Stuck,
    };
    let ends: Vec<_> = pages.iter().map(|page| (page.deed.operation(), end(page))).collect();
    let mut report = WorldReport {
        ends: ends.clone(),
        happened,
        findings: Vec::new(),
        persons: Vec::new(),
        calls,
    };
    report.openness(plan, stand, pages, &ends);
    let host = stand.provider.host();
    let movements = &host.ledger().movements;
    report.strangers(movements);
    let whole = stand.subject.amount.minor();
    for kind in [
        Kind::Authorize,
        Kind::Capture,
        Kind::Refund,
        Kind::Void,
        Kind::Payout,
        Kind::Transfer,
    ] {
        report.compare(kind, pages, movements, whole);
    }
    report
}

impl WorldReport {
    /// What was left open, and whether it may be.
    fn openness(&mut self, plan: &Plan, stand: &Stand, pages: &[Page], ends: &[(OperationKind, End)]) {
        let gateway = stand.gateway();
        let capabilities = gateway.capabilities();
        for (step, (page, (operation, end))) in pages.iter().zip(ends).enumerate() {
            let ask = capabilities.ability(*operation).map(|ability| ability.ask);
            let same = |at: usize| pages.get(at).is_some_and(|other| other.deed.operation() == *operation);
            let look_alike = self
                .happened
                .iter()
                .any(|(at, what)| *what == Mishap::Office && *at <= step && same(*at));
            let look_alike = look_alike || self.forgot(step, pages);
            let before =
                |sort: &dyn Fn(&Mishap) -> bool| self.happened.iter().any(|(at, what)| *at <= step && sort(what));
            let new_code = before(&|what| matches!(what, Mishap::Fault(Fault::Code(_))));
            let veiled = before(&|what| *what == Mishap::Veil);
            let silent = ask != Some(AskAfterwards::Yes);
            // One reply with a new code is no excuse where it can be asked again.
            let code = new_code || (veiled && silent);
            // Without anything that could lose an answer there is nothing to give to a person.
            let lost = code || before(&|what| what.loses());
            let shrunk = self
                .happened
                .iter()
                .any(|(at, what)| *at <= step && *what == Mishap::Shrink);
            match end {
                End::Stuck => self.find(Wrong::LostOutcome, format!("step {step} never ended: {}", page.said)),
                End::Person if look_alike => self.persons.push((*operation, Why::LookAlike)),
                End::Person if shrunk => self.persons.push((*operation, Why::Differs)),
                End::Person if silent && lost => self.persons.push((*operation, Why::Declared)),
                End::LeftOpen if code => {}
                End::Person | End::LeftOpen => {
                    let what = format!("step {step} was left open, and could be known: {}", page.said);
                    self.find(Wrong::LostOutcome, what);
                }
                _ => {}
            }
            if *end == End::NotDone && self.gives_up(page, step, ends) {
                self.find(Wrong::LostOutcome, format!("step {step} was given up: {}", page.said));
            }
            if plan.mishaps.is_empty() {
                let meant = match page.deed {
                    Deed::Checkout(Visit::Pays | Visit::PaysLater) => end.is_done(),
                    Deed::Checkout(_) => !end.is_done() && !end.may_be_done(),
                    _ => end.is_done(),
                };
                if !meant || page.doubted {
                    let what = format!("nothing went wrong, and step {step} ended {end:?}: {}", page.said);
                    self.find(Wrong::LostOutcome, what);
                }
            }
        }
    }

    /// Whether a step that was to be done did nothing, although fewer things went wrong than it was tried again, and nothing stood against it.
    fn gives_up(&self, page: &Page, step: usize, ends: &[(OperationKind, End)]) -> bool {
        // What an office did first, or what came to another amount or code, leaves nothing to do; so does a bank that has been sent the entry, and
        // nobody waits out ten minutes of refusals.
        let against = |what: &Mishap| {
            matches!(
                what,
                Mishap::Office | Mishap::Shrink | Mishap::Spell(_) | Mishap::Veil | Mishap::Fault(Fault::Code(_))
            )
        };
        let meant = !matches!(page.deed, Deed::Void | Deed::Checkout(Visit::Abandons | Visit::Fails));
        let before = ends.iter().take(step).all(|(_, end)| end.is_done());
        let troubles = self.happened.iter().filter(|(at, _)| *at == step).count();
        meant && before && troubles < TROUBLES && !self.happened.iter().any(|(_, what)| against(what))
    }

    /// Whether an earlier step did the same, the process that knew of it died, and look-ups lagged by then: then nothing tells the two apart.
    fn forgot(&self, step: usize, pages: &[Page]) -> bool {
        let twin = |at: usize| pages.get(at).map(|page| page.deed) == pages.get(step).map(|page| page.deed);
        let died = |what: &Mishap| matches!(what, Mishap::DieBefore | Mishap::DieAfter | Mishap::Outage);
        let lags = |what: &Mishap| matches!(what, Mishap::Fault(Fault::Lag(_)));
        (0..step).any(twin)
            && self.happened.iter().any(|(_, what)| died(what))
            && self.happened.iter().any(|(at, what)| *at <= step && lags(what))
    }

    /// Nothing of ours may be booked on a payment of somebody else.
    fn strangers(&mut self, movements: &[Movement]) {
        let theirs = |movement: &Movement| movement.origin == Origin::Foreign;
        for movement in movements.iter().filter(|movement| !theirs(movement)) {
            if movements
                .iter()
                .any(|other| theirs(other) && other.payment == movement.payment)
            {
                self.find(
                    Wrong::DoubleCharge,
                    format!("booked on a stranger's payment: {movement:?}"),
                );
            }
        }
    }

    /// Holds what the provider booked of one kind against what the steps of that kind came to.
    fn compare(&mut self, kind: Kind, pages: &[Page], movements: &[Movement], whole: i64) {
        let steps: Vec<_> = pages
            .iter()
            .zip(&self.ends)
            .filter_map(|(page, (_, end))| books(page.deed, kind).map(|share| (share.of(whole), page, *end)))
            .collect();
        let mut booked = Booked::of(kind, movements);
        for (amount, page, _) in steps.iter().filter(|(.., end)| end.is_done()) {
            if !booked.takes(*amount) {
                let what = format!(
                    "{:?} was done ({}), and no {kind:?} of {amount} is booked",
                    page.deed, page.said
                );
                self.find(Wrong::FalseApproval, what);
            }
        }
        let shrunk = self.happened.iter().any(|(_, what)| *what == Mishap::Shrink);
        for (amount, ..) in steps.iter().filter(|(.., end)| end.may_be_done()) {
            booked.perhaps(*amount, shrunk);
        }
        let mut denied: Vec<_> = steps
            .iter()
            .filter(|(.., end)| !end.is_done() && !end.may_be_done())
            .map(|(amount, ..)| *amount)
            .collect();
        if kind == Kind::Authorize {
            self.explain_holds(&mut booked, pages, movements, whole, shrunk);
            let begun = pages.iter().zip(&self.ends);
            let begun = begun.filter(|(page, (_, end))| page.deed.starts() && !end.is_done());
            denied.extend(begun.map(|_| whole));
        }
        for amount in booked.own {
            let wrong = if take(&mut denied, amount) {
                Wrong::FalseDecline
            } else {
                Wrong::DoubleCharge
            };
            let said: Vec<_> = pages.iter().map(|page| page.said.as_str()).collect();
            self.find(
                wrong,
                format!("a {kind:?} of {amount} is booked beside what was done; last said: {said:?}"),
            );
        }
    }

    /// A sale may be a hold and a capture, and what was let go holds nothing.
    fn explain_holds(&self, booked: &mut Booked, pages: &[Page], movements: &[Movement], whole: i64, shrunk: bool) {
        let sales = pages
            .iter()
            .zip(&self.ends)
            .filter(|(page, _)| books(page.deed, Kind::Capture).is_some() && page.deed.starts());
        for _ in sales.filter(|(_, (_, end))| end.is_done() || end.may_be_done()) {
            booked.perhaps(whole, shrunk);
        }
        let voids = pages.iter().filter(|page| page.deed == Deed::Void).count();
        let let_go = movements
            .iter()
            .filter(|movement| movement.kind == Kind::Void && movement.origin == Origin::Api);
        for _ in 0..let_go.count().saturating_sub(voids) {
            take(&mut booked.own, whole);
        }
    }
}

/// What is booked of one kind, and not yet explained.
struct Booked {
    /// By the API, and on pages.
    own: Vec<i64>,
    /// By the back office.
    office: Vec<i64>,
}

impl Booked {
    fn of(kind: Kind, movements: &[Movement]) -> Self {
        let by = |origins: &[Origin]| -> Vec<i64> {
            let ours = movements
                .iter()
                .filter(|movement| movement.kind == kind && origins.contains(&movement.origin));
            ours.map(|movement| movement.minor).collect()
        };
        Self {
            own: by(&[Origin::Api, Origin::Page]),
            office: by(&[Origin::BackOffice]),
        }
    }

    /// Takes one of this amount out, whoever booked it.
    fn takes(&mut self, amount: i64) -> bool {
        take(&mut self.own, amount) || take(&mut self.office, amount)
    }

    /// What a person looks at may be booked; and less, where amounts shrink: by one of the unit that the provider writes amounts in.
    fn perhaps(&mut self, amount: i64, shrunk: bool) {
        if !take(&mut self.own, amount) && shrunk {
            let _ = take(&mut self.own, amount - 1) || take(&mut self.own, amount - 100);
        }
    }
}

/// What a step books, if it books anything of the kind.
fn books(deed: Deed, kind: Kind) -> Option<Share> {
    match (deed, kind) {
        (Deed::Authorize, Kind::Authorize)
        | (Deed::Checkout(_) | Deed::Sale | Deed::SecondTry | Deed::SlowSale, Kind::Capture)
        | (Deed::Void, Kind::Void)
        | (Deed::Payout, Kind::Payout)
        | (Deed::Transfer, Kind::Transfer) => Some(Share::Whole),
        (Deed::Capture(share), Kind::Capture) | (Deed::Refund(share), Kind::Refund) => Some(share),
        _ => None,
    }
}

/// Takes one of this amount out.
fn take(amounts: &mut Vec<i64>, amount: i64) -> bool {
    let at = amounts.iter().position(|other| *other == amount);
    at.map(|at| amounts.swap_remove(at)).is_some()
}
