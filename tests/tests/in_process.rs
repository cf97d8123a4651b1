//! The transport that the suite stands on: what it tells the engine of each thing that can happen to a request.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use paymux::transport::{MarkedBody, Transport as _};
use paymux_conformance::{Fault, Faults as _};
use paymux_simulator::coolpay::Settings;
use paymux_tests::stands;
use tokio::time::{Instant, timeout};

/// Whether the request left, by its mark; and the status, or whether the transport proves that nothing was sent.
async fn sent(fault: Option<Fault>) -> (bool, Result<StatusCode, bool>) {
    let stand = stands::coolpay(Settings::default());
    if let Some(fault) = fault {
        assert!(stand.provider.plan(0, fault));
    }
    let (body, mark) = MarkedBody::new(Bytes::from_static(b"{\"order_id\":\"order1001\",\"currency\":\"DKK\"}"));
    let request = Request::post("http://127.0.0.1:1/payments")
        .header("authorization", "Basic OmNhbmFyeS1hcGkta2V5")
        .header("accept-version", "v10")
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    let result = stand.provider.send(request).await;
    assert_eq!(stand.provider.count(), 1);
    (
        mark.is_set(),
        result.map(|reply| reply.status).map_err(|error| error.not_sent),
    )
}

#[tokio::test(start_paused = true)]
async fn only_a_refused_connection_proves_that_nothing_was_sent() {
    assert_eq!(sent(None).await, (true, Ok(StatusCode::CREATED)));
    assert_eq!(sent(Some(Fault::Refuse)).await, (false, Err(true)));
    for fault in [
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Truncate,
        Fault::LateCommit(Duration::from_secs(1)),
    ] {
        assert_eq!(sent(Some(fault.clone())).await, (true, Err(false)), "{fault:?}");
    }
    let failed = StatusCode::BAD_GATEWAY;
    assert_eq!(sent(Some(Fault::StatusAfter(failed))).await, (true, Ok(failed)));
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_takes_its_time_and_a_stuck_one_never_comes() {
    let start = Instant::now();
    let delay = Duration::from_secs(7);
    assert_eq!(sent(Some(Fault::Delay(delay))).await, (true, Ok(StatusCode::CREATED)));
    assert_eq!(start.elapsed(), delay);
    assert!(
        timeout(Duration::from_secs(3600), sent(Some(Fault::Stuck)))
            .await
            .is_err()
    );
}
