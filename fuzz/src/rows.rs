//! Rows of a journal that somebody has damaged: each is refused, or it is a row, and then the rules can live with whatever it says.

use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use paymux::{
    Capabilities, Capture, Delivery, Gateway, Inquiry, Operation, PaymentGateway as _, Refund, Source, Unresolved,
};
use paymux_chaos::{Stand, stands};
use paymux_conformance::{Fault, Faults as _};
use paymux_journal::{
    Came, Change, Filter, Finding, Intent, Journal, Known, Lease, Memory, Page, Parked, PaymentKey, Recorded, Ruling,
    Settings, State, Step, Store as _, Verdict, Write,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{block_on, came_of};

/// Rows as they are written when payments go right and wrong.
struct Ground {
    capabilities: Capabilities,
    now: Timestamp,
    intents: Vec<Intent>,
    payments: Vec<Known>,
    changes: Vec<Change>,
    parked: Vec<Parked>,
}

thread_local! {
    static GROUND: RefCell<Option<Rc<Ground>>> = const { RefCell::new(None) };
}

/// How far clocks may differ.
const SKEW: Duration = Duration::from_secs(5);

fn ground() -> Rc<Ground> {
    if let Some(known) = GROUND.with_borrow(Clone::clone) {
        return known;
    }
    let new = Rc::new(block_on(build()));
    GROUND.set(Some(Rc::clone(&new)));
    new
}

async fn build() -> Ground {
    let stand = stands::named("coolpay");
    let journal = |store: Arc<Memory>| Journal::with(store, stand.clock(), Settings::default());
    let (store, apart) = (Arc::new(Memory::new()), Arc::new(Memory::new()));
    let book = journal(store.clone());
    let gateway = stand.gateway_of(stand.builder().recorder(book.recorder()));
    let cards = book.wrap(gateway.clone()).unwrap_or_else(|error| panic!("{error}"));
    let approved = stand.subject.approved.clone();
    let declined = stand.subject.declined.clone().unwrap_or(Source::Hosted);
    let held = Operation::Authorize(Box::new(charge(&stand, "rows000001", approved.clone())));
    let held = cards.execute(&held).await.unwrap_or_else(|error| panic!("{error}"));
    let (about, amount) = (held.payment.reference, stand.subject.amount);
    let reference = |text: &str| text.parse().unwrap_or_else(|error| panic!("{error}"));
    for operation in [
        Operation::Capture(Capture::new(about.clone(), reference("rows000002"), amount)),
        Operation::Refund(Refund::new(about.clone(), reference("rows000003"), amount)),
        Operation::Sale(Box::new(charge(&stand, "rows000004", declined))),
        Operation::Inquire(Inquiry::Payment(about)),
    ] {
        // Whichever end it takes, it leaves a row.
        let _ = cards.execute(&operation).await;
    }
    // One that stays in doubt.
    stand.provider.plan(0, Fault::Stuck);
    let stuck = Operation::Sale(Box::new(charge(&stand, "rows000005", approved)));
    let _ = tokio::time::timeout(Duration::from_secs(1), cards.execute(&stuck)).await;
    // One that nobody knows of is parked.
    tokio::time::sleep(Duration::from_secs(60)).await;
    park(&stand, &gateway, &journal(apart.clone())).await;
    let mut all = Filter::default();
    all.limit = u32::MAX;
    let mut intents = store.intents(&all).await.unwrap_or_default();
    // A process has a name by chance, and the corpus is the same each time that it is written.
    for lease in intents.iter_mut().filter_map(|intent| intent.lease.as_mut()) {
        "somebody else".clone_into(&mut lease.holder);
    }
    let mut payments = Vec::new();
    for about in intents.iter().filter_map(Intent::about) {
        payments.extend(store.payment(&PaymentKey::of(about)).await.unwrap_or_default());
    }
    let ground = Ground {
        capabilities: gateway.capabilities().clone(),
        now: stand.provider.now(),
        changes: store.changes(0, u32::MAX).await.unwrap_or_default(),
        parked: apart.parked(u32::MAX).await.unwrap_or_default(),
        intents,
        payments,
    };
    let states: Vec<_> = ground.intents.iter().map(|intent| intent.state).collect();
    for state in [State::Done, State::Declined, State::Open] {
        assert!(states.contains(&state), "{state} among {states:?}");
    }
    assert!(!ground.payments.is_empty() && !ground.changes.is_empty() && !ground.parked.is_empty());
    ground
}

fn charge(stand: &Stand, name: &str, source: Source) -> paymux::Charge {
    let reference = name.parse().unwrap_or_else(|error| panic!("{error}"));
    let mut charge = paymux::Charge::new(reference, stand.subject.amount, source);
    charge.order = Some(format!("order of {name}"));
    charge.urls.notify = Some("https://shop.example/hooks".to_owned());
    charge
}

async fn park(stand: &Stand, gateway: &Gateway, journal: &Journal) {
    for webhook in stand.provider.webhooks() {
        if let Ok(event) = gateway.receive(&Delivery::from(webhook.request)) {
            let _ = journal.absorb(gateway, &event).await;
        }
    }
}

/// A row of the kind that the first byte says.
pub(crate) fn run(data: &[u8]) -> u64 {
    let ground = ground();
    let Some((kind, row)) = data.split_first() else {
        return 0;
    };
    match kind {
        b'i' => read(row).map_or(0, |row: Intent| ground.intent(&row)),
        b'p' => read(row).map_or(0, |row: Known| ground.known(&row)),
        b'c' => read(row).map_or(0, |row: Change| shown(&row)),
        b'e' => read(row).map_or(0, |row: Parked| shown(&row)),
        // What an application keeps beside its orders.
        b'u' => read(row).map_or(0, |row: Unresolved| ground.unresolved(&row)),
        _ => 1,
    }
}

/// The row, if it is one. What is read is written so that it is read as the same.
fn read<T: Serialize + DeserializeOwned>(row: &[u8]) -> Option<T> {
    let row: T = serde_json::from_slice(row).ok()?;
    let written =
        serde_json::to_string(&row).unwrap_or_else(|error| panic!("it is read, and cannot be written: {error}"));
    let again: T = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(serde_json::to_string(&again).ok().as_ref(), Some(&written));
    Some(row)
}

fn shown(row: &impl Debug) -> u64 {
    assert!(!format!("{row:?}").is_empty());
    2
}

impl Ground {
    fn intent(&self, row: &Intent) -> u64 {
        assert!(!format!("{row} {row:?}").is_empty());
        assert!(row.is_same(row), "{row:?}");
        let asked = (row.due(), row.answer(), row.seen(), row.has_page(), row.unresolved());
        let again = row.may_run_again(&self.capabilities, self.now);
        let mut ends = vec![row.state.as_str().to_owned(), format!("{} {again}", asked.3)];
        for page in self.pages(row) {
            for step in self.steps(row) {
                ends.push(self.decided(&step, &page, row));
            }
        }
        came_of(&ends.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn known(&self, row: &Known) -> u64 {
        shown(row);
        let mut ends = Vec::new();
        for intent in &self.intents {
            for mut page in self.pages(intent) {
                page.known = Some(row.clone());
                ends.extend(self.steps(intent).iter().map(|step| self.decided(step, &page, intent)));
            }
        }
        came_of(&ends.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn unresolved(&self, row: &Unresolved) -> u64 {
        let fits = row.check_owner(&self.capabilities).is_ok();
        shown(row);
        let mut ends = Vec::new();
        for intent in &self.intents {
            let mut intent = intent.clone();
            intent.open = row.clone();
            ends.push(self.intent(&intent));
        }
        came_of(&[&format!("{fits} {ends:?}")])
    }

    /// Where a row can stand on a page: as the step's own, as what takes its order, beside it on its payment.
    fn pages(&self, row: &Intent) -> [Page; 3] {
        let mut pages = [Page::default(), Page::default(), Page::default()];
        let [own, taker, beside] = &mut pages;
        own.intent = Some(row.clone());
        taker.taker = Some(row.clone());
        beside.siblings = vec![row.clone()];
        beside.intent = self.intents.first().cloned();
        beside.known = self.payments.first().cloned();
        pages
    }

    fn steps(&self, row: &Intent) -> Vec<Step> {
        let (now, skew) = (self.now, SKEW);
        let mut steps = Vec::new();
        let lease = Lease::new("somebody", now, true);
        for intent in self.intents.iter().chain([row]) {
            let mut intent = intent.clone();
            intent.lease = Some(lease.clone());
            let intent = Box::new(intent);
            steps.push(Step::Begin {
                intent,
                now,
                skew,
                anew: true,
            });
        }
        let verdicts = [Verdict::Done(None), Verdict::NotDone, Verdict::Stands];
        steps.extend(verdicts.map(|verdict| Step::Decide {
            key: row.key.clone(),
            verdict,
            remark: "it was looked at".to_owned(),
            now,
            skew,
        }));
        steps.push(Step::Take {
            key: row.key.clone(),
            holder: "somebody".to_owned(),
            until: now,
            sends: true,
            now,
            skew,
        });
        for known in &self.payments {
            let payment = Box::new(known.payment.clone());
            let (intent, order) = (Some(row.key.clone()), row.order.clone());
            steps.push(Step::Observe {
                payment,
                intent,
                order,
                now,
            });
        }
        let Some(hold) = row.hold() else { return steps };
        let open = Box::new(row.unresolved());
        steps.push(Step::Note {
            hold: hold.clone(),
            open,
            now,
        });
        for finding in self.findings() {
            let finding = Box::new(finding);
            steps.push(Step::Conclude {
                hold: hold.clone(),
                finding,
                now,
            });
        }
        steps
    }

    fn findings(&self) -> Vec<Finding> {
        let nothing = |absent| Finding::Nothing {
            absent,
            said: "nothing".to_owned(),
        };
        let doubt = Finding::Doubt {
            open: None,
            payment: self.payments.first().map(|known| Box::new(known.payment.clone())),
            said: "nobody knows".to_owned(),
            remark: None,
            differs: false,
            asked: true,
        };
        let mut findings = vec![nothing(true), nothing(false), doubt];
        for known in &self.payments {
            let payment = || Box::new(known.payment.clone());
            let recorded = Box::new(Recorded::new(Came::Approved, known.payment.clone()));
            findings.push(Finding::Answer { recorded, asked: true });
            findings.push(Finding::Closed { payment: payment() });
        }
        findings
    }

    /// What a step comes to beside a row. Nothing is sent under a reference that is not known to have done nothing.
    fn decided(&self, step: &Step, page: &Page, row: &Intent) -> String {
        let (ruling, writes) = step.decide(page);
        if let (Ruling::Begun(_), Some(own)) = (&ruling, &page.intent) {
            let did_nothing = own.state == State::Failed || (own.state == State::Open && own.sent_nothing());
            assert!(did_nothing, "begun again, and it is {}: {row:?}", own.state);
        }
        for write in &writes {
            // What is written can be read.
            match write {
                Write::Intent(intent) => drop(read::<Intent>(&json(intent))),
                Write::Known(known) => drop(read::<Known>(&json(known))),
                Write::Change(change) => drop(read::<Change>(&json(change))),
                _ => {}
            }
        }
        let ruling = format!("{ruling:?}");
        let name = ruling.split(['(', ' ']).next().unwrap_or_default();
        format!("{name} {}", writes.len())
    }
}

fn json(row: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(row).unwrap_or_else(|error| panic!("it cannot be written: {error}"))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let ground = ground();
    let one = |kind: u8, row: Vec<u8>| [vec![kind], row].concat();
    let mut seeds: Vec<_> = ground.intents.iter().map(|row| one(b'i', json(row))).collect();
    seeds.extend(ground.payments.iter().map(|row| one(b'p', json(row))));
    seeds.extend(ground.changes.iter().take(3).map(|row| one(b'c', json(row))));
    seeds.extend(ground.parked.iter().take(2).map(|row| one(b'e', json(row))));
    seeds.extend(ground.intents.iter().take(2).map(|row| one(b'u', json(&row.open))));
    seeds.dedup();
    seeds
}
