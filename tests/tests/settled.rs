//! One lost answer, asked about when everything has settled: where it can be asked about, the end is definite and true; where it cannot, it stays
//! open, and nothing is ever told to be absent.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod claims;

use std::time::Duration;

use claims::{Claim, World, claim, holds, words};
use http::StatusCode;
use paymux::{AskAfterwards, OperationKind, PaymentGateway as _};
use paymux_conformance::Truth as _;
use paymux_simulator::{Fault, FaultPlan, Matcher, carry1st, opp};
use paymux_tests::{Stand, stands};

const KINDS: [OperationKind; 6] = [
    OperationKind::Sale,
    OperationKind::Authorize,
    OperationKind::Capture,
    OperationKind::Void,
    OperationKind::Refund,
    OperationKind::Payout,
];

/// Faults after which the answer is lost or says nothing, the operation being done or not.
fn losses() -> Vec<Fault> {
    vec![
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::LateCommit(Duration::from_secs(8)),
        Fault::LateCommit(Duration::from_secs(100)),
        Fault::Delay(Duration::from_secs(61)),
        Fault::Stuck,
        Fault::Truncate,
        Fault::Malformed,
        Fault::Empty,
        Fault::StatusBefore(StatusCode::BAD_GATEWAY),
        Fault::StatusAfter(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::StatusAfter(StatusCode::REQUEST_TIMEOUT),
        Fault::StatusAfter(StatusCode::FORBIDDEN),
        Fault::PageAfter(StatusCode::NOT_FOUND),
        Fault::StatusBefore(StatusCode::BAD_REQUEST),
    ]
}

/// How many of the losses were claimed to be open at first.
async fn every_loss(make: impl Fn() -> Stand, kinds: &[OperationKind], expected: AskAfterwards) -> u32 {
    let mut wrong = Vec::new();
    let mut open = 0;
    for kind in kinds.iter().copied() {
        for fault in losses() {
            let mut world = World::new(make());
            if !world.offers(kind) {
                continue;
            }
            let ask = world.gateway.capabilities().ability(kind).unwrap().ask;
            assert_eq!(ask, expected, "{kind}");
            let operation = world.operation(kind).await;
            let amount = operation.amount().unwrap_or(world.whole());
            let before = world.stand.provider.all().len();
            let mut plan = FaultPlan::none();
            plan.add(Matcher::on(http::Method::POST, ""), fault.clone());
            world.stand.provider.host().faults = plan;
            let result = world.gateway.execute(&operation).await;
            let booked = |world: &World| world.stand.provider.all().split_off(before);
            let mut fail = |when: &str, said: &str| wrong.push(format!("{kind}, {fault:?}: {when}: {said}"));
            if claim(&result) != Claim::Open {
                world.passes().await;
                if !holds(claim(&result), &operation, amount, &booked(&world)) {
                    fail("at once", &words(&result));
                }
                continue;
            }
            open += 1;
            // Too soon: what is not there yet may still come.
            if let Some((Claim::Nothing, said)) = world.asked(&result).await {
                fail("too soon", &said);
            }
            world.passes().await;
            let (end, said) = world.asked(&result).await.unwrap();
            let definite = end != Claim::Open;
            if definite != (expected == AskAfterwards::Yes) || !holds(end, &operation, amount, &booked(&world)) {
                fail("settled", &said);
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    open
}

#[tokio::test(start_paused = true)]
async fn opp_v1_comes_to_a_definite_end() {
    assert!(every_loss(|| stands::opp_v1(opp::Settings::v1()), &KINDS, AskAfterwards::Yes).await > 20);
}

#[tokio::test(start_paused = true)]
async fn opp_v3_stays_open() {
    assert!(every_loss(|| stands::opp_v3(opp::Settings::v3()), &KINDS, AskAfterwards::None).await > 20);
}

#[tokio::test(start_paused = true)]
async fn carry1st_refunds_stay_open() {
    let stand = || stands::carry1st(carry1st::Settings::default());
    assert!(every_loss(stand, &[OperationKind::Refund], AskAfterwards::None).await > 5);
}

/// A 404 without the provider's words comes from whoever stands in front of it, and proves no absence however often it is said.
#[tokio::test(start_paused = true)]
async fn a_bare_404_is_no_absence() {
    // The request that moves money: on CoolPay, not the one that makes the payment.
    let money = |name: &str| {
        let path = if name == "coolpay" { "synchronized" } else { "" };
        Matcher::on(http::Method::POST, path)
    };
    let mut seen = 0;
    for name in ["coolpay", "opp-v1", "opp-v3", "qolo", "keybank"] {
        for kind in KINDS {
            let mut world = World::new(stands::named(name));
            if !world.offers(kind) {
                continue;
            }
            let operation = world.operation(kind).await;
            let before = world.stand.provider.all().len();
            let mut plan = FaultPlan::none();
            plan.add(money(name), Fault::ResetAfter);
            for _ in 0..400 {
                plan.add(
                    Matcher::on(http::Method::GET, ""),
                    Fault::StatusBefore(StatusCode::NOT_FOUND),
                );
            }
            world.stand.provider.host().faults = plan;
            let result = world.gateway.execute(&operation).await;
            let mut said = vec![(claim(&result), words(&result))];
            world.passes().await;
            if let Some(asked) = world.asked(&result).await {
                said.push(asked);
            }
            let booked = world.stand.provider.all().len() > before;
            for (claim, words) in said {
                assert!(claim != Claim::Nothing || !booked, "{name}, {kind}: {words}");
            }
            seen += u32::from(booked);
        }
    }
    assert!(seen > 15, "{seen}");
}
