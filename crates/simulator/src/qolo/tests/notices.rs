//! Webhooks.

use super::super::Settings;
use super::super::deliveries::signature;
use super::super::seeds::{INSTRUMENT_CARD, INSTRUMENT_R01, PROGRAM};
use super::*;
use crate::Webhook;

const URL: &str = "https://shop.test/hook";

fn heard(desk: &mut Desk) -> Vec<Webhook> {
    desk.qolo.due(desk.now)
}

fn answer(desk: &mut Desk, webhook: &Webhook, status: Option<StatusCode>) {
    desk.qolo.answered(desk.now, webhook.id, status);
}

fn events(webhooks: &[Webhook]) -> Vec<String> {
    let bodies = webhooks
        .iter()
        .map(|w| serde_json::from_slice::<Value>(w.request.body()).unwrap());
    bodies.map(|body| text(&body, "event_type")).collect()
}

fn registration() -> String {
    format!(
        r#"{{"program_guid":"{PROGRAM}","url":"{URL}","event_type":["transfer.success","bankeft.debit.returned"],
        "headers":"X-Shop: 7","secret":"s3"}}"#
    )
}

fn register(desk: &mut Desk) -> String {
    let made = desk.post("webhooks", &registration());
    assert_eq!(made.status(), StatusCode::CREATED, "{:?}", made.body());
    text(&json(&made), "notification_guid")
}

#[test]
fn signatures_match_the_vector() {
    let body = br#"{"event_type":"transfer.success","txn_guid":"0017d7fb-f072-440d-86fd-a7ae6238e591"}"#;
    assert_eq!(
        signature("qolo-test-secret", body).unwrap(),
        "f90fd1a7c4df253ba8e56a3364b53f56429a3b04fe52967c48654435afe79de1"
    );
}

#[test]
fn a_ping_in_time_activates() {
    let mut desk = Desk::new(Settings::qolo());
    let guid = register(&mut desk);
    let path = format!("webhooks/{guid}");
    assert_eq!(json(&desk.get(&path))["active"], false);
    let ping = heard(&mut desk).remove(0);
    assert_eq!(ping.request.uri(), URL);
    assert!(heard(&mut desk).is_empty());
    answer(&mut desk, &ping, Some(StatusCode::OK));
    assert_eq!(json(&desk.get(&path))["active"], true);
    assert_eq!(json(&desk.get("webhooks"))["count"], 1);
    let off = registration().replacen('{', r#"{"active":false,"#, 1);
    assert_eq!(json(&desk.send(Method::PUT, &path, &off, None))["active"], false);
    desk.qolo.settings_mut().empty_updates = true;
    assert_eq!(
        desk.send(Method::PUT, &path, &registration(), None).status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(json(&desk.get(&path))["active"], true);
}

#[test]
fn a_late_ping_does_not_activate() {
    let mut desk = Desk::new(Settings::qolo());
    let guid = register(&mut desk);
    let ping = heard(&mut desk).remove(0);
    desk.wait(6);
    answer(&mut desk, &ping, Some(StatusCode::OK));
    assert_eq!(json(&desk.get(&format!("webhooks/{guid}")))["active"], false);
    assert!(heard(&mut desk).is_empty());
    assert!(desk.qolo.activate_webhook(&guid));
    assert_eq!(json(&desk.get(&format!("webhooks/{guid}")))["active"], true);
    let plain = registration().replace("https:", "http:");
    assert_eq!(desk.post("webhooks", &plain).status(), StatusCode::BAD_REQUEST);
    let unknown = registration().replace("transfer.success", "transfer.failure");
    assert_eq!(desk.post("webhooks", &unknown).status(), StatusCode::BAD_REQUEST);
}

#[test]
fn events_are_signed_and_sent_up_to_seven_times() {
    let mut desk = Desk::new(Settings::qolo());
    let guid = register(&mut desk);
    desk.qolo.activate_webhook(&guid);
    let ping = heard(&mut desk).remove(0);
    answer(&mut desk, &ping, None);
    desk.transfer(&pull_with("CCDCTOACCOUNT", INSTRUMENT_CARD, "1"));
    assert!(heard(&mut desk).is_empty());
    desk.wait(1);
    let mut sent = 0;
    for _ in 0..10 {
        for webhook in heard(&mut desk) {
            sent += 1;
            let headers = webhook.request.headers();
            let signed = signature("s3", webhook.request.body()).unwrap();
            assert_eq!(headers["x-qolo-signature"], signed.as_str());
            assert_eq!(headers["x-shop"], "7");
            answer(&mut desk, &webhook, Some(StatusCode::ACCEPTED));
        }
        desk.wait(3600);
    }
    assert_eq!(sent, 7);
}

#[test]
fn a_return_follows_a_success() {
    let mut settings = Settings::qolo();
    settings.webhook_url = Some(URL.to_owned());
    let mut desk = Desk::new(settings);
    desk.transfer(&pull_with("BANKTOACCOUNT", INSTRUMENT_R01, "1"));
    desk.wait(60);
    let webhooks = heard(&mut desk);
    assert_eq!(events(&webhooks), ["transfer.success", "bankeft.debit.returned"]);
    for webhook in &webhooks {
        answer(&mut desk, webhook, Some(StatusCode::OK));
    }
    desk.wait(3600);
    assert!(heard(&mut desk).is_empty());
    desk.qolo.settings_mut().nested_events = true;
    let guid = desk.transfer(&pull_with("CCDCTOACCOUNT", INSTRUMENT_CARD, "1"));
    desk.wait(1);
    let body: Value = serde_json::from_slice(heard(&mut desk)[0].request.body()).unwrap();
    assert_eq!(body["event"], "transfer.success");
    assert_eq!(body["data"]["txn_guid"], guid.as_str());
}

#[test]
fn the_providers_people_settle_and_return() {
    use crate::BackOfficeAction;
    let mut desk = Desk::new(Settings::qolo());
    let guid = desk.transfer(&pull());
    assert_eq!(
        desk.qolo.entries()[0].actions,
        [BackOfficeAction::Accept, BackOfficeAction::Return]
    );
    assert!(!desk.qolo.act(desk.now, &guid, BackOfficeAction::Accept, Some(1)));
    assert!(desk.qolo.act(desk.now, &guid, BackOfficeAction::Accept, None));
    assert_eq!(desk.total(&guid, Kind::Capture), 2510);
    assert!(desk.qolo.act(desk.now, &guid, BackOfficeAction::Return, None));
    assert_eq!(desk.total(&guid, Kind::Return), 2510);
    assert!(!desk.qolo.act(desk.now, &guid, BackOfficeAction::Refund, None));
}
