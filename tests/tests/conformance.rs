//! The suite over every first-party gateway, each on its simulator.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use paymux_conformance::{Report, Verdict, suite};
use paymux_simulator::{carry1st, coolpay, opp, qolo};
use paymux_tests::{Stand, stands};

async fn passes(stand: Stand) {
    pass(vec![stand]).await;
}

/// Runs the suite over each, tells what was excluded, and then asserts every report.
async fn pass(stands: Vec<Stand>) {
    let mut reports = Vec::new();
    for stand in stands {
        let report = suite(&stand.gateway(), &stand.subject).await;
        tell(stand.name, &report);
        reports.push(report);
    }
    for report in &reports {
        report.assert_passed();
    }
}

/// What was told of a gateway: the case, and why it is excluded; nothing for the gateway itself.
type Told = (&'static str, Option<(&'static str, String)>);

/// Tells what is excluded on a gateway, each once however many reports say it. This is not captured, so that it is never silent.
fn tell(gateway: &'static str, report: &Report) {
    static TOLD: Mutex<BTreeSet<Told>> = Mutex::new(BTreeSet::new());

    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let is_first = told.insert((gateway, None));
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in report.lines() {
        let Verdict::Excluded(why) = &line.verdict else {
            continue;
        };
        if told.insert((gateway, Some((line.case, why.clone())))) {
            match reasons.iter_mut().find(|(reason, _)| reason == why) {
                Some((_, cases)) => cases.push(line.case),
                None => reasons.push((why, vec![line.case])),
            }
        }
    }
    let excluded: usize = reasons.iter().map(|(_, cases)| cases.len()).sum();
    let mut text = match (is_first, excluded) {
        (true, _) => {
            let count = |is: fn(&Verdict) -> bool| report.lines().iter().filter(|line| is(&line.verdict)).count();
            let passed = count(|verdict| *verdict == Verdict::Passed);
            let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
            format!("suite on {gateway}: {passed} passed, {failed} failed, {excluded} excluded\n")
        }
        (false, 0) => return,
        (false, _) => format!("suite on {gateway}, set otherwise: {excluded} excluded besides\n"),
    };
    for spot in report.blind_spots().iter().filter(|_| is_first) {
        text.push_str(&format!("  not looked at: {spot}\n"));
    }
    for (why, cases) in reasons {
        text.push_str(&format!("  {why}: {}\n", cases.join("; ")));
    }
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn coolpay() {
    passes(stands::coolpay(coolpay::Settings::default())).await;
}

#[tokio::test(start_paused = true)]
async fn opp_v3() {
    passes(stands::opp_v3(opp::Settings::v3())).await;
}

#[tokio::test(start_paused = true)]
async fn opp_v1() {
    passes(stands::opp_v1(opp::Settings::v1())).await;
}

#[tokio::test(start_paused = true)]
async fn qolo() {
    passes(stands::qolo(qolo::Settings::qolo())).await;
}

#[tokio::test(start_paused = true)]
async fn keybank() {
    passes(stands::keybank(qolo::Settings::keybank())).await;
}

#[tokio::test(start_paused = true)]
async fn carry1st() {
    passes(stands::carry1st(carry1st::Settings::default())).await;
}

/// Where documents are silent, a simulator has a switch; the suite passes however it stands.
#[tokio::test(start_paused = true)]
async fn coolpay_however_it_answers() {
    let stand = |change: fn(&mut coolpay::Settings)| {
        let mut settings = coolpay::Settings::default();
        change(&mut settings);
        stands::coolpay(settings)
    };
    pass(vec![
        stand(|settings| settings.synchronized_202 = true),
        stand(|settings| settings.async_empty = true),
        stand(|settings| settings.duplicate_409 = true),
        stand(|settings| settings.link_header = true),
        stand(|settings| settings.header_prefix = coolpay::HeaderPrefix::QuickPay),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn opp_v3_however_it_answers() {
    let stand = |change: fn(&mut opp::Settings)| {
        let mut settings = opp::Settings::v3();
        change(&mut settings);
        stands::opp_v3(settings)
    };
    let mut several_captures = stand(|settings| settings.several_captures = true);
    several_captures.keys.push(("multiple_captures", "true".to_owned()));
    pass(vec![
        stand(|settings| settings.declines_with_200 = true),
        stand(|settings| settings.open_checkout_pending = true),
        stand(|settings| settings.status_reads_per_minute = Some(2)),
        several_captures,
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn opp_v1_however_it_answers() {
    let stand = |change: fn(&mut opp::Settings)| {
        let mut settings = opp::Settings::v1();
        change(&mut settings);
        stands::opp_v1(settings)
    };
    let mut several_captures = stand(|settings| settings.several_captures = true);
    several_captures.keys.push(("multiple_captures", "true".to_owned()));
    pass(vec![
        stand(|settings| settings.declines_with_200 = true),
        stand(|settings| settings.open_checkout_pending = true),
        stand(|settings| settings.status_reads_per_minute = Some(2)),
        stand(|settings| settings.loose_reports = true),
        several_captures,
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn qolo_however_it_answers() {
    let stand = |change: fn(&mut qolo::Settings)| {
        let mut settings = qolo::Settings::qolo();
        change(&mut settings);
        stands::qolo(settings)
    };
    let mut bad_request = stand(|settings| settings.declines = qolo::Declines::BadRequest);
    // What is told as a bad request cannot be told from one.
    bad_request.subject.declined = None;
    pass(vec![
        bad_request,
        stand(|settings| settings.empty_reversals = true),
        stand(|settings| settings.unique_references = true),
        stand(|settings| settings.token_expiry = false),
        stand(|settings| settings.token_field = "token".to_owned()),
        stand(|settings| settings.idempotency_conflict = StatusCode::BAD_REQUEST),
        stand(|settings| settings.login_fields = qolo::LoginFields::Either),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn carry1st_however_it_answers() {
    let stand = |change: fn(&mut carry1st::Settings)| {
        let mut settings = carry1st::Settings::default();
        change(&mut settings);
        stands::carry1st(settings)
    };
    let mut signed_gets = stand(|settings| settings.signed_gets = true);
    signed_gets.keys.push(("sign_get", "true".to_owned()));
    pass(vec![
        stand(|settings| settings.duplicate = carry1st::Duplicate::Conflict),
        stand(|settings| settings.duplicate = carry1st::Duplicate::SamePayment),
        stand(|settings| settings.strict_refresh = false),
        signed_gets,
    ])
    .await;
}
