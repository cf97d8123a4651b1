//! The rules by themselves: a step on a page, without a store.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::name;
use jiff::Timestamp;
use paymux::{
    Account, Capture, Charge, Entry, EntryKind, EntryOutcome, Money, Operation, Payment, PaymentGateway as _,
    PaymentRef, PaymentState, Source, Void,
};
use paymux_chaos::stands;
use paymux_journal::{Came, Finding, Intent, Known, Lease, Page, Recorded, Ruling, State, Step, Verdict, What, Write};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_323_045 + second).unwrap()
}

fn money(minor: i64) -> Money {
    Money::new(minor, paymux::currency("DKK").unwrap())
}

fn payment() -> PaymentRef {
    let gateway = stands::named("coolpay").gateway();
    let capabilities = gateway.capabilities();
    PaymentRef::new(capabilities.provider, capabilities.account.clone(), ["4711"]).on("coolpay")
}

/// An intent under way, held by `p` until second 100.
fn intent(operation: &Operation) -> Intent {
    let gateway = stands::named("coolpay").gateway();
    let mut intent = Intent::new("coolpay", gateway.capabilities(), operation, at(0)).unwrap();
    intent.lease = Some(Lease::new("p", at(100), true));
    intent.watched = true;
    intent.recorded = true;
    intent
}

fn capture(reference: &str) -> Intent {
    intent(&Operation::Capture(Capture::new(
        payment(),
        name(reference),
        money(2500),
    )))
}

fn sale(reference: &str) -> Intent {
    let mut charge = Charge::new(name(reference), money(10_000), Source::Hosted);
    charge.order = Some("1001".to_owned());
    intent(&Operation::Sale(Box::new(charge)))
}

fn entry(id: &str, kind: EntryKind, minor: i64) -> Entry {
    Entry::new(kind, Some(money(minor)), EntryOutcome::Approved).with_id(id)
}

/// What asking found: approved, with these entries.
fn found(intent: &Intent, state: PaymentState, entries: &[Entry], asked: bool) -> Step {
    let mut seen = Payment::new(payment(), state);
    seen.entries = entries.to_vec();
    Step::Conclude {
        hold: intent.hold().unwrap(),
        finding: Box::new(Finding::Answer {
            recorded: Box::new(Recorded::new(Came::Approved, seen)),
            asked,
        }),
        now: at(50),
    }
}

fn page(intent: &Intent, siblings: &[Intent]) -> Page {
    let mut page = Page::default();
    page.intent = Some(intent.clone());
    page.siblings = siblings.to_vec();
    page
}

fn kept(ruling: Ruling) -> Intent {
    match ruling {
        Ruling::Kept {
            intent: Some(intent), ..
        } => *intent,
        other => panic!("{other:?}"),
    }
}

fn owning(reference: &str, ids: &[&str]) -> Intent {
    let mut other = capture(reference);
    other.state = State::Done;
    other.lease = None;
    other.entries = ids.iter().map(|id| (*id).to_owned()).collect();
    other
}

#[test]
fn an_entry_belongs_to_one_intent() {
    use EntryKind::{Authorize, Capture, Refund};
    let of = |id, minor| entry(id, Capture, minor);
    let named = |id| {
        let mut entry = of(id, 2500);
        entry.reference = Some("c002".to_owned());
        entry
    };
    let foreign = |id| {
        let mut entry = of(id, 2500);
        entry.reference = Some("by-hand".to_owned());
        entry
    };
    let nameless = || Entry::new(Capture, Some(money(2500)), EntryOutcome::Approved);
    let auth = || entry("1", Authorize, 10_000);
    let none: &[&str] = &[];
    // The entries that the payment shows, those that were there before, those of another intent; and what is this one's, or none: ambiguous.
    for (entries, before, others, own) in [
        (vec![auth(), of("2", 2500)], none, none, Some(vec!["2"])),
        (
            vec![auth(), of("2", 2500), of("3", 2500)],
            none,
            &["2"][..],
            Some(vec!["3"]),
        ),
        (
            vec![auth(), of("2", 2500), of("3", 2500)],
            &["2"][..],
            none,
            Some(vec!["3"]),
        ),
        (vec![auth(), of("2", 2500), of("3", 2500)], none, none, None),
        (vec![auth(), of("2", 2500)], none, &["2"][..], None),
        (
            vec![auth(), of("2", 2500), of("3", 2500), of("4", 2500)],
            none,
            &["2"][..],
            None,
        ),
        // Another amount and another kind do not fit.
        (vec![auth(), of("2", 2500), of("3", 2400)], none, none, Some(vec!["2"])),
        (
            vec![auth(), of("2", 2500), entry("3", Refund, 2500)],
            none,
            none,
            Some(vec!["2"]),
        ),
        // The provider echoes whose it is.
        (vec![auth(), of("2", 2500), named("3")], none, none, Some(vec!["3"])),
        // And whose it is not.
        (vec![auth(), foreign("2")], none, none, None),
        (vec![auth(), foreign("2"), of("3", 2500)], none, none, Some(vec!["3"])),
        // Without ids there is nothing to tell apart by; the adapter's word is taken.
        (vec![auth(), nameless()], none, none, Some(vec![])),
        (vec![], none, none, Some(vec![])),
    ] {
        let mut asked = capture("c002");
        asked.before = before.iter().map(|id| (*id).to_owned()).collect();
        let page = page(&asked, &[owning("c001", others)]);
        let (ruling, writes) = found(&asked, PaymentState::PartiallyCaptured, &entries, true).decide(&page);
        let intent = kept(ruling);
        match own {
            Some(own) => {
                assert_eq!((intent.state, intent.remark), (State::Done, None), "{entries:?}");
                assert_eq!(intent.entries, own, "{entries:?}");
            }
            None => {
                assert_eq!((intent.state, intent.lease), (State::Open, None), "{entries:?}");
                assert!(intent.remark.unwrap().starts_with("ambiguous: "), "{entries:?}");
                let told =
                    |write: &Write| matches!(write, Write::Change(change) if matches!(change.what, What::Remark(_)));
                assert!(writes.iter().any(told));
            }
        }
        // The operation's own reply stands, whatever else is there.
        let (ruling, _) = found(&asked, PaymentState::PartiallyCaptured, &entries, false).decide(&page);
        assert_eq!(kept(ruling).state, State::Done, "{entries:?}");
    }
}

#[test]
fn a_payment_that_another_intent_made_is_not_found_again() {
    let mut first = sale("a001");
    first.state = State::Done;
    first.made = Some(payment());
    let second = sale("a002");
    let entries = [entry("1", EntryKind::Capture, 10_000)];
    let (ruling, _) = found(&second, PaymentState::Captured, &entries, true).decide(&page(&second, &[first.clone()]));
    let intent = kept(ruling);
    assert_eq!(intent.state, State::Open);
    assert!(intent.differs && intent.remark.unwrap().contains("a001"));
    // The provider's own reply is believed, and a person looks.
    let (ruling, _) = found(&second, PaymentState::Captured, &entries, false).decide(&page(&second, &[first]));
    let intent = kept(ruling);
    assert!(intent.state == State::Done && intent.remark.is_some());
}

#[test]
fn a_lease_in_a_table() {
    let take = |second, holder: &str| Step::Take {
        key: sale("a001").key,
        holder: holder.to_owned(),
        until: at(second + 100),
        sends: false,
        now: at(second),
        skew: Duration::from_secs(5),
    };
    for (second, holder, open) in [
        (0, "q", false),
        (0, "p", true),
        (100, "q", false),
        (105, "q", false),
        (106, "q", true),
    ] {
        let (ruling, writes) = take(second, holder).decide(&page(&sale("a001"), &[]));
        assert_eq!(matches!(ruling, Ruling::Open(_)), open, "{second} {holder}: {ruling:?}");
        assert_eq!(writes.len(), usize::from(open));
        if let Ruling::Open(intent) = ruling {
            assert_eq!(intent.generation, 2);
            assert_eq!(
                intent.unresolved().last_sent,
                at(100),
                "whoever had it may have sent until then"
            );
            assert!(!intent.lease.as_ref().unwrap().sends);
        }
    }
    for state in [State::Done, State::Declined, State::Failed, State::Undone] {
        let mut settled = sale("a001");
        settled.state = state;
        let (ruling, writes) = take(1000, "q").decide(&page(&settled, &[]));
        assert!(matches!(ruling, Ruling::Recorded(_)) && writes.is_empty(), "{state}");
    }
}

#[test]
fn only_what_was_let_go_without_money_frees_its_order() {
    for (state, captured, undone) in [
        (PaymentState::Voided, false, true),
        (PaymentState::Cancelled, false, true),
        (PaymentState::Expired, false, true),
        (PaymentState::Voided, true, false),
        (PaymentState::Refunded, true, false),
    ] {
        let mut maker = sale("a001");
        maker.state = State::Done;
        maker.lease = None;
        maker.made = Some(payment());
        let mut known = Payment::new(payment(), PaymentState::Authorized);
        known.entries = vec![entry("1", EntryKind::Authorize, 10_000)];
        let mut void = intent(&Operation::Void(Void::new(payment(), name("v001"))));
        void.before = vec!["1".to_owned()];
        let mut entries = known.entries.clone();
        if captured {
            entries.push(entry("2", EntryKind::Capture, 10_000));
        }
        let mut page = page(&void, &[maker]);
        page.known =
            Some(serde_json::from_value::<Known>(serde_json::json!({ "payment": known, "seen": at(1) })).unwrap());
        // A page that was given up held nothing before.
        page.known = page.known.filter(|_| state != PaymentState::Cancelled);
        let (_, writes) = found(&void, state, &entries, false).decide(&page);
        let freed = writes.iter().any(|write| match write {
            Write::Intent(intent) => {
                intent.key.reference == name("a001") && intent.state == State::Undone && !intent.takes_order()
            }
            _ => false,
        });
        assert_eq!(freed, undone, "{state} {captured}");
    }
}

#[test]
fn a_look_that_lags_behind_turns_nothing_back() {
    let observe = |known: (PaymentState, usize), seen: (PaymentState, usize)| {
        let of = |(state, count): (PaymentState, usize)| {
            let mut payment = Payment::new(payment(), state);
            payment.entries = (0..count)
                .map(|n| entry(&n.to_string(), EntryKind::Capture, 1))
                .collect();
            payment
        };
        let mut page = Page::default();
        page.known = Some(serde_json::from_value(serde_json::json!({ "payment": of(known), "seen": at(1) })).unwrap());
        let step = Step::Observe {
            payment: Box::new(of(seen)),
            intent: None,
            order: None,
            now: at(2),
        };
        let (_, writes) = step.decide(&page);
        writes.into_iter().find_map(|write| match write {
            Write::Known(known) => Some(known.payment.state),
            _ => None,
        })
    };
    use PaymentState::{Authorized, Captured, Declined, Pending, Refunded};
    for (known, seen, written) in [
        ((Authorized, 1), (Captured, 2), Some(Captured)),
        ((Captured, 2), (Authorized, 1), None),
        ((Captured, 2), (Captured, 2), None),
        ((Captured, 2), (Captured, 3), Some(Captured)),
        ((Captured, 2), (Pending, 3), Some(Captured)),
        ((Refunded, 3), (Captured, 2), None),
        ((Declined, 1), (Captured, 2), Some(Captured)),
    ] {
        assert_eq!(observe(known, seen), written, "{known:?} {seen:?}");
    }
}

/// A success that comes after the record was closed leaves the record, and calls a person.
#[test]
fn money_that_moved_in_spite_of_the_record_is_for_a_person() {
    use PaymentState::{Authorized, Captured, Declined};
    for (state, seen, called) in [
        (State::Failed, Captured, true),
        (State::Failed, Authorized, true),
        (State::Declined, Captured, true),
        (State::Declined, Declined, false),
        (State::Undone, Captured, true),
        (State::Undone, Authorized, false),
        (State::Done, Captured, false),
        (State::Waiting, Captured, false),
    ] {
        let mut maker = sale("a001");
        maker.state = state;
        maker.lease = None;
        // Of what was not done no payment is known: the provider echoes the reference.
        let step = Step::Observe {
            payment: Box::new(Payment::new(payment(), seen)),
            intent: Some(maker.key.clone()),
            order: maker.order.clone(),
            now: at(50),
        };
        let (_, writes) = step.decide(&page(&maker, &[]));
        let remark = writes.iter().find_map(|write| match write {
            Write::Intent(intent) => intent.remark.clone(),
            _ => None,
        });
        assert_eq!(remark.is_some(), called, "{state} {seen}: {remark:?}");
        let change = |write: &Write| matches!(write, Write::Change(change) if matches!(change.what, What::Remark(_)));
        assert_eq!(writes.iter().any(change), called);
    }
}

/// A page that was closed or expired held nothing: money that is held on it afterwards is new. A hold that was let go may still be shown by a look that lags.
#[test]
fn money_held_on_a_closed_page_is_for_a_person() {
    for (known, called) in [
        (PaymentState::Cancelled, true),
        (PaymentState::Expired, true),
        (PaymentState::Voided, false),
    ] {
        let mut maker = sale("a001");
        maker.state = State::Undone;
        maker.lease = None;
        let mut page = page(&maker, &[]);
        let known = serde_json::json!({ "payment": Payment::new(payment(), known), "seen": at(1) });
        page.known = Some(serde_json::from_value(known).unwrap());
        let step = Step::Observe {
            payment: Box::new(Payment::new(payment(), PaymentState::Authorized)),
            intent: Some(maker.key.clone()),
            order: maker.order.clone(),
            now: at(50),
        };
        let (_, writes) = step.decide(&page);
        let remarked = |write: &Write| matches!(write, Write::Intent(intent) if intent.remark.is_some());
        assert_eq!(writes.iter().any(remarked), called);
    }
}

/// Its order is taken again if nobody else has it by then. Nothing is sent for it, and a person looks, however it comes out.
#[test]
fn what_money_contradicts_has_its_order_again_unless_another_has_it() {
    for (state, another, waits) in [
        (State::Failed, false, true),
        (State::Declined, false, true),
        (State::Undone, false, true),
        (State::Failed, true, false),
        (State::Declined, true, false),
    ] {
        let mut maker = sale("a001");
        maker.state = state;
        maker.lease = None;
        let step = |order: Option<&str>| Step::Observe {
            payment: Box::new(Payment::new(payment(), PaymentState::Captured)),
            intent: Some(maker.key.clone()),
            order: order.map(str::to_owned),
            now: at(50),
        };
        let mut page = page(&maker, &[]);
        let mut taker = sale("a002");
        taker.state = State::Done;
        page.taker = Some(taker).filter(|_| another);
        let written = |step: &Step| {
            let (_, writes) = step.decide(&page);
            let written = writes.into_iter().find_map(|write| match write {
                Write::Intent(intent) => Some(*intent),
                _ => None,
            });
            written.unwrap()
        };
        assert!(
            !written(&step(None)).takes_order(),
            "who has the order was not looked up"
        );
        let maker = written(&step(Some("1001")));
        assert_eq!(maker.state, if waits { State::Waiting } else { state }, "{another}");
        assert_eq!((maker.takes_order(), maker.due()), (waits, waits.then(|| at(50))));
        assert!(maker.remark.is_some() && maker.differs, "{maker:?}");
        page.intent = Some(maker.clone());
        let again = Step::Begin {
            intent: Box::new(sale("a001")),
            now: at(60),
            skew: Duration::from_secs(5),
            anew: true,
        };
        let (ruling, writes) = again.decide(&page);
        assert!(matches!(ruling, Ruling::Recorded(_)) && writes.is_empty(), "{ruling:?}");
        let decide = |verdict| Step::Decide {
            key: maker.key.clone(),
            verdict,
            remark: "looked up by Ada".to_owned(),
            now: at(60),
            skew: Duration::from_secs(5),
        };
        let (ruling, _) = decide(Verdict::Done(None)).decide(&page);
        if waits {
            let done = kept(ruling);
            assert_eq!((done.state, done.remark), (State::Done, None));
            let mut asked = maker;
            asked.lease = Some(Lease::new("q", at(90), false));
            let (ruling, _) = found(&asked, PaymentState::Captured, &[], true).decide(&self::page(&asked, &[]));
            let done = kept(ruling);
            assert_eq!((done.state, done.differs), (State::Done, false));
            assert!(done.remark.unwrap().contains(&format!("on record as {state}")));
        } else {
            assert!(matches!(ruling, Ruling::Recorded(_)), "{ruling:?}");
            let stands = kept(decide(Verdict::Stands).decide(&page).0);
            assert_eq!((stands.state, stands.remark, stands.differs), (state, None, false));
        }
    }
}

/// What whoever lost the lease has learned is not lost: also where nobody knows by now what became of it.
#[test]
fn an_answer_that_comes_too_late_leaves_the_payment() {
    let open = |operation: Intent| {
        let mut taken = operation;
        taken.generation = 2;
        taken.lease = Some(Lease::new("q", at(1000), false));
        taken
    };
    for (begun, made) in [(sale("a001"), true), (capture("c001"), false)] {
        let late = found(&begun, PaymentState::Captured, &[], false);
        let taken = open(begun);
        let (ruling, writes) = late.decide(&page(&taken, &[]));
        assert!(matches!(ruling, Ruling::Fenced(Some(_))), "{ruling:?}");
        let written = writes.iter().find_map(|write| match write {
            Write::Intent(intent) => Some(intent),
            _ => None,
        });
        let written = written.unwrap();
        assert!(written.remark.as_ref().unwrap().contains("came too late"));
        assert_eq!(written.made, made.then(payment));
        assert_eq!(
            (written.state, written.generation, &written.lease),
            (State::Open, 2, &taken.lease),
            "who holds it goes on"
        );
        // What is on record already is not written again.
        let (_, writes) = late.decide(&page(written, &[]));
        let told = |write: &Write| matches!(write, Write::Change(_));
        assert!(!writes.iter().any(told), "{writes:?}");
    }
    // A decline moves nothing.
    let begun = sale("a001");
    let Step::Conclude { hold, now, .. } = found(&begun, PaymentState::Declined, &[], false) else {
        panic!("a conclusion");
    };
    let came = Came::Declined(paymux::Decline::new(paymux::DeclineReason::Unknown, ""));
    let declined = Step::Conclude {
        hold,
        finding: Box::new(Finding::Answer {
            recorded: Box::new(Recorded::new(came, Payment::new(payment(), PaymentState::Declined))),
            asked: false,
        }),
        now,
    };
    assert!(declined.decide(&page(&open(begun), &[])).1.is_empty());
}

/// A provider's id that a person gives by mistake is not written down.
#[test]
fn a_verdict_names_a_payment_that_can_be_the_intents() {
    let other_account = PaymentRef::new("coolpay", Account::of(&["elsewhere"]), ["4711"]);
    let of_amount = |minor| {
        let mut seen = Payment::new(payment(), PaymentState::Captured);
        seen.amount = Some(money(minor));
        seen
    };
    let mut made_it = sale("a002");
    made_it.state = State::Done;
    made_it.made = Some(payment());
    let siblings = [made_it];
    for (intent, seen, siblings, taken) in [
        (sale("a001"), of_amount(10_000), &[][..], true),
        (sale("a001"), Payment::new(payment(), PaymentState::Captured), &[], true),
        (sale("a001"), of_amount(9_999), &[], false),
        (
            sale("a001"),
            Payment::new(other_account.clone(), PaymentState::Captured),
            &[],
            false,
        ),
        (sale("a001"), of_amount(10_000), &siblings, false),
        // A follow-up is about a payment that another one made, and of a part of it.
        (capture("c001"), of_amount(10_000), &siblings, true),
        (
            capture("c001"),
            Payment::new(other_account, PaymentState::Captured),
            &[],
            false,
        ),
    ] {
        let mut intent = intent;
        intent.lease = None;
        let step = Step::Decide {
            key: intent.key.clone(),
            verdict: Verdict::Done(Some(Box::new(seen.clone()))),
            remark: "looked up by Ada".to_owned(),
            now: at(50),
            skew: Duration::from_secs(5),
        };
        let (ruling, writes) = step.decide(&page(&intent, siblings));
        assert_eq!(
            matches!(ruling, Ruling::Kept { .. }),
            taken,
            "{intent} {seen:?}: {ruling:?}"
        );
        assert_eq!(writes.is_empty(), !taken);
    }
}
