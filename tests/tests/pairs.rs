//! Two faults in one operation, at every pair of its requests, with a token at hand and without: what is claimed is what was booked, and what is said
//! to have done nothing is done once at the most when it is done again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod claims;

use std::time::Duration;

use claims::{Claim, World, claim, holds, words};
use http::StatusCode;
use paymux::{OperationKind, PaymentGateway as _, SourceKind};
use paymux_conformance::Truth as _;
use paymux_simulator::{Fault, FaultPlan, Matcher, carry1st, opp, qolo};
use paymux_tests::{Stand, stands};

const KINDS: [OperationKind; 7] = [
    OperationKind::Sale,
    OperationKind::Authorize,
    OperationKind::Capture,
    OperationKind::Void,
    OperationKind::Refund,
    OperationKind::Payout,
    OperationKind::Transfer,
];

fn first() -> Vec<Fault> {
    vec![
        Fault::Refuse,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::LateCommit(Duration::from_secs(8)),
        Fault::LateCommit(Duration::from_secs(100)),
        Fault::Delay(Duration::from_secs(61)),
        Fault::Empty,
        Fault::Malformed,
        Fault::ExpiredToken,
        Fault::TooMany(None),
        Fault::StatusAfter(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::StatusAfter(StatusCode::REQUEST_TIMEOUT),
        Fault::StatusAfter(StatusCode::FORBIDDEN),
        Fault::PageAfter(StatusCode::BAD_REQUEST),
        Fault::Redirect("/elsewhere".to_owned()),
    ]
}

fn second() -> Vec<Fault> {
    vec![
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::LateCommit(Duration::from_secs(8)),
        Fault::Lag(Duration::from_secs(8)),
        Fault::Lag(Duration::from_secs(200)),
        Fault::Empty,
        Fault::Malformed,
        Fault::ExpiredToken,
        Fault::TooMany(Some(1)),
        Fault::StatusBefore(StatusCode::NOT_FOUND),
        Fault::StatusBefore(StatusCode::FORBIDDEN),
        Fault::StatusBefore(StatusCode::BAD_REQUEST),
        Fault::StatusBefore(StatusCode::INTERNAL_SERVER_ERROR),
    ]
}

async fn every_pair(make: impl Fn() -> Stand) {
    let tokens = World::new(make()).spends_tokens().await;
    let mut wrong = Vec::new();
    let mut claimed = 0_u32;
    for kind in KINDS.into_iter().filter(|kind| World::new(make()).offers(*kind)) {
        for one in first() {
            for two in second() {
                let mut world = World::new(make());
                for (skip, between) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)] {
                    for fresh in [false, true].into_iter().filter(|fresh| tokens || !fresh) {
                        let what = format!("{kind}, {one:?} after {skip}, {two:?} after {between} more, fresh {fresh}");
                        wrong.extend(
                            disturbed(&mut world, kind, [(skip, &one), (skip + between, &two)], fresh)
                                .await
                                .into_iter()
                                .map(|wrong| format!("{what}: {wrong}")),
                        );
                        claimed += 1;
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} claims are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(claimed > 1000, "{claimed}");
}

/// Does an operation with these faults, and gives the claims that were wrong.
async fn disturbed(world: &mut World, kind: OperationKind, faults: [(u32, &Fault); 2], fresh: bool) -> Vec<String> {
    let hosted = kind == OperationKind::Sale && world.stand.subject.approved.kind() == SourceKind::Hosted;
    let operation = world.operation(kind).await;
    let amount = operation.amount().unwrap_or(world.whole());
    if fresh {
        world.gateway = world.stand.gateway();
    }
    let provider = world.stand.provider.clone();
    let before = provider.all().len();
    for (skip, fault) in faults {
        provider.host().faults.add(Matcher::any().after(skip), fault.clone());
    }
    let mut wrong = Vec::new();
    let mut compare = |claim, words: String| {
        let all = provider.all();
        let booked = all.get(before..).unwrap();
        if !holds(claim, &operation, amount, booked) {
            wrong.push(format!("{words}; booked {booked:?}"));
        }
    };
    let result = world.gateway.execute(&operation).await;
    provider.host().faults = FaultPlan::none();
    // An approval must be true when it is said; a denial must stay true.
    if claim(&result) == Claim::Done {
        compare(Claim::Done, words(&result));
    }
    world.passes().await;
    compare(claim(&result), words(&result));
    if let Some((claim, words)) = world.asked(&result).await {
        compare(claim, words);
    }
    if result.is_err() && claim(&result) == Claim::Nothing {
        let again = world.gateway.execute(&operation).await;
        world.passes().await;
        if !hosted {
            compare(claim(&again), format!("done again after {}", words(&result)));
        }
    }
    wrong
}

#[tokio::test(start_paused = true)]
async fn at_opp_v3() {
    every_pair(|| stands::opp_v3(opp::Settings::v3())).await;
}

#[tokio::test(start_paused = true)]
async fn at_opp_v1() {
    let mut settings = opp::Settings::v1();
    settings.loose_reports = true;
    settings.status_reads_per_minute = Some(2);
    every_pair(|| stands::opp_v1(settings.clone())).await;
}

#[tokio::test(start_paused = true)]
async fn at_qolo() {
    every_pair(|| stands::qolo(qolo::Settings::qolo())).await;
}

#[tokio::test(start_paused = true)]
async fn at_carry1st() {
    every_pair(|| stands::carry1st(carry1st::Settings::default())).await;
}
