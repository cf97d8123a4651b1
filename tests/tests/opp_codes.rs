//! Every result code that is known, come to by every operation on both presets: what is claimed is what was booked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod claims;

use claims::{Claim, World, claim, holds, words};
use paymux::opp::ResultCode;
use paymux::{OperationKind, PaymentGateway as _};
use paymux_conformance::Truth as _;
use paymux_simulator::opp::Settings;
use paymux_tests::{Stand, stands};

const KINDS: [OperationKind; 6] = [
    OperationKind::Sale,
    OperationKind::Authorize,
    OperationKind::Capture,
    OperationKind::Void,
    OperationKind::Refund,
    OperationKind::Payout,
];

/// Codes that are no row of the table: unlisted ones within and outside of groups, and texts that are no code.
const STRANGE: [&str; 8] = [
    "000.000.999",
    "000.400.031",
    "000.500.000",
    "800.100.999",
    "777.777.777",
    "000.000.0000",
    "garbage",
    "",
];

/// Successes of something else than a payment. The simulator books nothing for them and tells no amount, so that they prove nothing; the answer
/// to a reversal never has an amount, and there the platform's word is taken.
///
/// A dispute of what was taken says that it was taken; the simulator books disputes of their own only.
fn is_taken_at_its_word(kind: OperationKind, code: &str) -> bool {
    let starts: &[&str] = match kind {
        OperationKind::Void => &["000.000.", "000.100.1", "000.3", "000.6"],
        OperationKind::Sale | OperationKind::Authorize | OperationKind::Capture => &["000.100.2"],
        _ => &[],
    };
    starts.iter().any(|start| code.starts_with(start))
}

async fn every_code(make: impl Fn() -> Stand) {
    let known = ResultCode::known().map(|code| code.to_string());
    let codes: Vec<_> = known.chain(STRANGE.map(str::to_owned)).collect();
    assert!(codes.len() > 600, "{}", codes.len());
    let mut wrong = Vec::new();
    let mut claimed = Vec::new();
    for kind in KINDS {
        for some in codes.chunks(20) {
            let mut world = World::new(make());
            if !world.offers(kind) {
                continue;
            }
            for code in some {
                let operation = world.operation(kind).await;
                let amount = operation.amount().unwrap_or(world.whole());
                let before = world.stand.provider.all().len();
                world.stand.provider.host().provider().force_code(code);
                let result = world.gateway.execute(&operation).await;
                let mut said = vec![(claim(&result), words(&result))];
                world.passes().await;
                said.extend(world.asked(&result).await);
                let all = world.stand.provider.all();
                let booked = all.get(before..).unwrap();
                for (claim, words) in said {
                    claimed.push(claim);
                    let by_word = claim == Claim::Done && is_taken_at_its_word(kind, code);
                    if !by_word && !holds(claim, &operation, amount, booked) {
                        wrong.push(format!("{kind} came to {code}: {words}; booked {booked:?}"));
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
    for claim in [Claim::Done, Claim::Nothing, Claim::Open] {
        let count = claimed.iter().filter(|claimed| **claimed == claim).count();
        assert!(count > 20, "{claim:?} was claimed {count} times");
    }
}

#[tokio::test(start_paused = true)]
async fn on_v3() {
    every_code(|| stands::opp_v3(Settings::v3())).await;
}

#[tokio::test(start_paused = true)]
async fn on_v1() {
    every_code(|| stands::opp_v1(Settings::v1())).await;
}

/// As newer hosts answer: a refusal under status 200.
#[tokio::test(start_paused = true)]
async fn on_v1_with_refusals_under_200() {
    let mut settings = Settings::v1();
    settings.declines_with_200 = true;
    every_code(|| stands::opp_v1(settings.clone())).await;
}
