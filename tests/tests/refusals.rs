//! The same refusal reads the same to an application, whichever provider it came from.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use http::{Method, StatusCode};
use paymux::{
    Answer, Charge, Checkout, CodeClass, Decline, DeclineReason, EntryOutcome, ErrorKind, Fate, Inquiry, Outcome,
    PaymentGateway as _, PaymentState, RetryAdvice, Side, Source, SourceKind,
};
use paymux_conformance::Truth as _;
use paymux_simulator::carry1st::Carry1st;
use paymux_simulator::qolo::seeds;
use paymux_simulator::{Fault, Matcher, carry1st, coolpay, opp, qolo};
use paymux_tests::{Stand, stands};

const REFERENCE: &str = "refused-0001";

/// A sale from this source, or from the one that the suite uses, after the provider was told what its code is to be.
async fn sale(stand: &Stand, source: Option<Source>, code: Option<&str>) -> Answer {
    if let Some(code) = code {
        stand.provider.host().provider().force_code(code);
    }
    let source = source.unwrap_or_else(|| stand.subject.approved.clone());
    let mut charge = Charge::new(REFERENCE.parse().unwrap(), stand.subject.amount, source);
    (stand.subject.complete)(&mut charge);
    let answer = stand.gateway().sale(charge).await;
    answer.unwrap_or_else(|error| panic!("{}: {}", stand.name, error.report()))
}

fn declined(stand: &Stand, answer: &Answer) -> Decline {
    assert_eq!(answer.payment.state, PaymentState::Declined, "{}", stand.name);
    assert_eq!(answer.payment.captured(), 0, "{}", stand.name);
    let last = answer.payment.entries.last().map(|entry| &entry.outcome);
    match (&answer.outcome, last) {
        (Outcome::Declined(decline), Some(EntryOutcome::Declined(entry))) if decline == entry => decline.clone(),
        other => panic!("{}: {other:?}", stand.name),
    }
}

#[tokio::test(start_paused = true)]
async fn not_enough_money() {
    let no_money = Some(stands::card("4200000000001552"));
    let stored = Source::Stored(format!("ach:{}", seeds::INSTRUMENT_ACH));
    let cases = [
        (
            stands::coolpay(coolpay::Settings::default()),
            None,
            Some("40000/40413"),
            "40000",
        ),
        (
            stands::opp_v3(opp::Settings::v3()),
            no_money.clone(),
            None,
            "800.100.155",
        ),
        (stands::opp_v1(opp::Settings::v1()), no_money, None, "800.100.155"),
        (
            stands::qolo(qolo::Settings::qolo()),
            Some(stored),
            Some("DECLINE/R01"),
            "R01",
        ),
    ];
    for (stand, source, forced, code) in cases {
        let answer = sale(&stand, source, forced).await;
        let decline = declined(&stand, &answer);
        assert_eq!(decline.code, code, "{}: the provider's own code is kept", stand.name);
        assert_eq!(decline.reason, DeclineReason::InsufficientFunds, "{}", stand.name);
        assert_eq!(decline.advice, RetryAdvice::Later(None), "{}", stand.name);
        assert_eq!(decline.side, Side::Cardholder, "{}", stand.name);
        assert_eq!(decline.reason.message_key(), "funds", "{}", stand.name);
    }
}

/// Who is turned away at the door was not looked at: nothing was done, and it is the configuration's fault, wherever it happens.
#[tokio::test(start_paused = true)]
async fn turned_away_is_not_done() {
    let mut asked = 0;
    for name in stands::NAMES {
        let stand = stands::named(name);
        let source = stand.subject.approved.clone();
        if source.kind() == SourceKind::Hosted {
            continue;
        }
        let mut charge = Charge::new(REFERENCE.parse().unwrap(), stand.subject.amount, source);
        (stand.subject.complete)(&mut charge);
        for _ in 0..2 {
            // A token is got anew after the first 401.
            let fault = Fault::StatusBefore(StatusCode::UNAUTHORIZED);
            stand.provider.host().faults.add(Matcher::on(Method::POST, ""), fault);
        }
        let error = stand.gateway().sale(charge).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Configuration, Fate::NotDone),
            "{name}: {}",
            error.report()
        );
        assert!(stand.provider.all().is_empty(), "{name}");
        asked += 1;
    }
    assert_eq!(asked, 5);
    // With the code that the platform has for it.
    for mut stand in [stands::opp_v3(opp::Settings::v3()), stands::opp_v1(opp::Settings::v1())] {
        for (key, value) in &mut stand.keys {
            if *key == "access_token" {
                "another-token".clone_into(value);
            }
        }
        let source = stand.subject.approved.clone();
        let mut charge = Charge::new(REFERENCE.parse().unwrap(), stand.subject.amount, source);
        (stand.subject.complete)(&mut charge);
        let error = stand.gateway().sale(charge).await.unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Configuration, Fate::NotDone));
        assert_eq!(error.decline().map(|d| d.code.as_str()), Some("800.900.300"));
    }
}

/// A 403 in words that are not the provider's keeps its kind, and proves nothing: the money moved behind it.
#[tokio::test(start_paused = true)]
async fn what_stands_in_front_of_a_provider_is_not_believed() {
    for (name, path) in [
        ("coolpay", "/authorize"),
        ("opp-v1", "/payments"),
        ("opp-v3", "/payments"),
        ("qolo", "/transfers"),
        ("keybank", "/transfers"),
    ] {
        let stand = stands::named(name);
        let mut charge = Charge::new(
            REFERENCE.parse().unwrap(),
            stand.subject.amount,
            stand.subject.approved.clone(),
        );
        (stand.subject.complete)(&mut charge);
        for _ in 0..20 {
            let faults = &mut stand.provider.host().faults;
            faults.add(Matcher::on(Method::POST, path), Fault::PageAfter(StatusCode::FORBIDDEN));
            faults.add(Matcher::on(Method::GET, ""), Fault::PageAfter(StatusCode::FORBIDDEN));
        }
        let error = stand.gateway().sale(charge).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Configuration, Fate::Unknown),
            "{name}: {}",
            error.report()
        );
        assert!(
            error.message().contains("not in the provider's words"),
            "{name}: {error}"
        );
        assert!(error.unresolved().is_some(), "{name}");
        assert_eq!(stand.provider.all().len(), 1, "{name}");
    }
}

/// A provider that does not say why has declined all the same, and nothing is made up.
#[tokio::test(start_paused = true)]
async fn refused_without_a_reason() {
    let stand = stands::carry1st(carry1st::Settings::default());
    let gateway = stand.gateway();
    let checkout = Checkout::new(REFERENCE.parse().unwrap(), stand.subject.amount);
    let open = gateway.checkout(checkout).await.unwrap();
    let id = open.payment.id().to_owned();
    let now = stand.provider.now();
    assert!(
        stand
            .provider
            .host()
            .provider_as::<Carry1st>()
            .unwrap()
            .finish(now, &id, "FAILED")
    );
    let answer = gateway.inquire(Inquiry::Payment(open.payment.reference)).await.unwrap();
    let decline = declined(&stand, &answer);
    assert_eq!(
        (decline.code.as_str(), decline.reason),
        ("FAILED", DeclineReason::Unknown)
    );
    assert_eq!(decline.reason.message_key(), "declined");
}

/// What comes back days later in a word that the provider does not document is neither approved nor refused, and what it said is kept.
#[tokio::test(start_paused = true)]
async fn an_ach_return_in_words_that_nobody_knows() {
    let stand = stands::qolo(qolo::Settings::qolo());
    let source = Source::Stored(format!("ach:{}", seeds::INSTRUMENT_R01));
    let answer = sale(&stand, Some(source), None).await;
    assert!(matches!(answer.outcome, Outcome::Pending), "{:?}", answer.outcome);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let back = stand
        .gateway()
        .inquire(Inquiry::Payment(answer.payment.reference))
        .await;
    let back = back.unwrap();
    assert!(matches!(back.outcome, Outcome::Pending), "{:?}", back.outcome);
    assert_eq!(back.payment.captured(), 0);
    let last = back.payment.entries.last().map(|entry| &entry.outcome);
    assert!(
        matches!(last, Some(EntryOutcome::Unknown(said)) if said.contains("returned")),
        "{last:?}"
    );
}

/// What an application reads from a table is what it reads from a gateway.
#[test]
fn not_enough_money_in_every_table() {
    let tables = paymux::code_tables();
    let mut found = 0;
    for table in &tables {
        for (code, meaning) in (table.list)() {
            if meaning.reason == Some(DeclineReason::InsufficientFunds) {
                found += 1;
                assert_eq!(meaning.advice, RetryAdvice::Later(None), "{} {code}", table.name);
                assert_eq!(meaning.side, Some(Side::Cardholder), "{} {code}", table.name);
            }
        }
    }
    assert!(found >= 6, "{found}");
}

/// A code that no row has is decided by its group or by nothing; a row is never decided by either.
#[test]
fn an_unlisted_code_is_never_failed_in_any_table() {
    let unlisted = [
        ("opp", "123.456.789"),
        ("coolpay", "20001"),
        ("coolpay", "59999"),
        ("coolpay/clearhaus", "49999"),
        ("coolpay/nets", "999"),
        ("coolpay/nets", "Z9"),
        ("qolo", "SOMETHING"),
        ("qolo", "R99"),
        ("carry1st", "SOMETHING"),
        ("carry1st", "refund:SOMETHING"),
        ("iso8583", "Z9"),
        ("mastercard-advice", "99"),
        ("visa-category", "9"),
        ("nacha-return", "R99"),
    ];
    let tables = paymux::code_tables();
    for table in &tables {
        assert!(unlisted.iter().any(|(name, _)| *name == table.name), "{}", table.name);
        assert_eq!((table.explain)(""), None, "{}", table.name);
        for (code, meaning) in (table.list)() {
            assert_eq!(meaning.decided_by.to_string(), "exact", "{} {code}", table.name);
            assert_eq!((table.explain)(&code), Some(meaning), "{} {code}", table.name);
        }
    }
    for (name, code) in unlisted {
        let table = tables.iter().find(|table| table.name == name).unwrap();
        let meaning = (table.explain)(code).unwrap();
        assert_eq!(meaning.class, CodeClass::Unknown, "{name} {code}");
        assert_eq!(meaning.reason, Some(DeclineReason::Unknown), "{name} {code}");
        assert_eq!(meaning.decided_by.to_string(), "nothing", "{name} {code}");
    }
}
