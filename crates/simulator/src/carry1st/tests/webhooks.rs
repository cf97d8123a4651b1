//! Webhooks.

use super::*;

fn fits(webhook: &Webhook, key: &str) -> bool {
    let header = |name: &str| webhook.request.headers()[name].to_str().unwrap();
    signing::sign(key, header("x-timestamp"), webhook.request.body()) == header("x-signature")
}

#[test]
fn a_webhook_says_what_became_of_the_payment_and_is_signed() {
    assert_eq!(
        signing::sign(
            "test-signing-key",
            "2026-01-02T03:04:05Z",
            br#"{"partnerId":9,"partnerCode":"DEMO","partnerReference":"order-1","reference":"C-142710055596150-P","orderAmount":100.00,"currencyCode":"NGN","countryCode":"NG","customerId":"1","status":"SUCCESSFUL"}"#
        ),
        "d32ba194a6a6be15bd448a613cd6a77f935d615afa4e577087cd403b13203ec2"
    );
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    bench.provider.finish(bench.now, &reference, "SUCCESSFUL");
    let due = bench.provider.due(bench.now);
    assert_eq!(due.len(), 1);
    assert!(fits(&due[0], "sim-signing-key"));
    let headers = due[0].request.headers();
    assert_eq!(headers["x-timestamp"], "2026-01-02T03:04:05Z");
    assert_eq!(due[0].request.uri(), "http://127.0.0.1:1/hook");
    assert_eq!(
        due[0].request.body(),
        &format!(
            r#"{{"partnerId":9,"partnerCode":"SIM","partnerReference":"order-1","reference":"{reference}","orderAmount":100.50,"currencyCode":"NGN","countryCode":"NG","customerId":"1","status":"SUCCESSFUL"}}"#
        )
    );
}

#[test]
fn a_webhook_comes_again_until_it_is_acknowledged() {
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    bench.provider.finish(bench.now, &reference, "SUCCESSFUL");
    let mut ids = Vec::new();
    for (wait, status) in [
        (0, None),
        (10, Some(StatusCode::BAD_GATEWAY)),
        (60, Some(StatusCode::FOUND)),
        (600, None),
    ] {
        bench.pass(wait);
        let due = bench.provider.due(bench.now);
        assert_eq!(due.len(), 1, "{wait}");
        assert_eq!(due[0].request.headers()["x-timestamp"], bench.now.to_string().as_str());
        assert!(bench.provider.due(bench.now).is_empty());
        ids.push(due[0].id);
        bench.provider.answered(bench.now, due[0].id, status);
    }
    ids.dedup();
    assert_eq!(ids.len(), 4);
    bench.pass(86_400);
    assert!(bench.provider.due(bench.now).is_empty());
}

#[test]
fn without_a_url_nothing_is_sent() {
    let mut bench = Bench::plain();
    let body = order_of("order-1").replace(r#""webhookUrl":"http://127.0.0.1:1/hook","#, "");
    let (_, made) = bench.post(CREATE, &body);
    let reference = made["reference"].as_str().unwrap();
    assert!(bench.provider.finish(bench.now, reference, "PENDING"));
    assert!(bench.hooks().is_empty());
    bench.provider.settings_mut().fallback.webhook = Some("http://127.0.0.1:1/fallback".to_owned());
    assert!(bench.provider.finish(bench.now, reference, "SUCCESSFUL"));
    assert_eq!(bench.provider.due(bench.now)[0].request.uri().path(), "/fallback");
}

#[test]
fn one_that_is_an_hour_late_is_stale_and_signed() {
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    bench.provider.finish(bench.now, &reference, "SUCCESSFUL");
    let mut host = crate::Host::new(Box::new(bench.provider));
    host.webhook_faults.add(
        crate::Matcher::any(),
        crate::WebhookFault::Late(Duration::from_secs(3600)),
    );
    assert!(host.due(bench.now).is_empty());
    let due = host.due(later(bench.now, Duration::from_secs(3600)));
    assert!(fits(&due[0], "sim-signing-key"));
    assert_eq!(due[0].request.headers()["x-timestamp"], "2026-01-02T03:04:05Z");
}
