//! Faults of webhooks, over a provider that keeps one unsigned counter of them.

use http::Response;

use super::*;
use crate::{Host, Ledger, Matcher};

/// Sends what it is told to, and sends again after ten seconds what nobody took.
#[derive(Clone, Debug, Default)]
struct Sender {
    ledger: Ledger,
    waiting: Vec<(Timestamp, u64, Bytes)>,
    flying: Vec<(u64, Bytes)>,
    answers: Vec<(u64, Option<StatusCode>)>,
}

impl Provider for Sender {
    fn name(&self) -> &'static str {
        "sender"
    }
    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let number = self.waiting.len() + self.flying.len() + self.answers.len();
        let number = 100 + u64::try_from(number).unwrap();
        self.waiting.push((now, number, request.body().clone()));
        Response::new(Bytes::new())
    }
    fn due(&mut self, now: Timestamp) -> Vec<Webhook> {
        let (ready, waiting): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|(at, ..)| *at <= now);
        self.waiting = waiting;
        let send = |(_, id, body): (Timestamp, u64, Bytes)| {
            self.flying.push((id, body.clone()));
            let request = Request::post("http://shop.test/hook?a=1").header("x-signature", "true");
            Webhook {
                id,
                request: request.body(body).unwrap(),
            }
        };
        ready.into_iter().map(send).collect()
    }
    fn answered(&mut self, now: Timestamp, webhook: u64, status: Option<StatusCode>) {
        self.answers.push((webhook, status));
        let at = self.flying.iter().position(|(id, _)| *id == webhook).unwrap();
        let (id, body) = self.flying.remove(at);
        if status.is_none() {
            self.waiting
                .push((crate::host::later(now, Duration::from_secs(10)), id + 1000, body));
        }
    }
    fn ledger(&self) -> &Ledger {
        &self.ledger
    }
    fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }
    fn force_code(&mut self, _code: &str) {}
    fn add_foreign(&mut self, _now: Timestamp, _minor: i64, _currency: &str) {}
    fn fork(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_767_323_045_000 + millis).unwrap()
}

fn host(fault: Option<WebhookFault>) -> Host {
    let mut host = Host::new(Box::new(Sender::default()));
    if let Some(fault) = fault {
        host.webhook_faults.add(Matcher::any(), fault);
    }
    host
}

fn event(host: &mut Host, millis: i64, body: &str) {
    host.exchange(
        at(millis),
        &Request::post("/event").body(Bytes::from(body.to_owned())).unwrap(),
    );
}

/// What is due, all of it taken with 200.
fn due(host: &mut Host, millis: i64) -> Vec<String> {
    let due = host.due(at(millis));
    for webhook in &due {
        host.answered(at(millis), webhook.id, Some(StatusCode::OK));
    }
    due.iter()
        .map(|w| String::from_utf8(w.request.body().to_vec()).unwrap())
        .collect()
}

fn notes(host: &Host) -> Vec<(Option<&'static str>, Reception)> {
    host.deliveries().map(|d| (d.note, d.reception)).collect()
}

fn heard(host: &mut Host) -> Vec<(u64, Option<StatusCode>)> {
    host.provider_as::<Sender>().unwrap().answers.clone()
}

const OK: Reception = Reception::Status(StatusCode::OK);

#[test]
fn without_a_fault_the_provider_hears_its_own_number() {
    let mut host = host(None);
    event(&mut host, 0, "one");
    let sent = host.due(at(0));
    assert_eq!(notes(&host), [(None, Reception::Underway)]);
    host.answered(at(1), sent[0].id, Some(StatusCode::ACCEPTED));
    host.answered(at(2), sent[0].id, Some(StatusCode::BAD_GATEWAY));
    assert_eq!(notes(&host), [(None, Reception::Status(StatusCode::ACCEPTED))]);
    assert_eq!(heard(&mut host), [(100, Some(StatusCode::ACCEPTED))]);
    let delivery = host.deliveries().next().unwrap();
    assert_eq!((delivery.at, delivery.webhook), (at(0), sent[0].id));
    assert_eq!(delivery.request.uri(), "http://shop.test/hook?a=1");
}

#[test]
fn twice_is_the_same_bytes_shortly_after_and_heard_once() {
    let mut host = host(Some(WebhookFault::Twice));
    event(&mut host, 0, "one");
    assert_eq!(due(&mut host, 0), ["one"]);
    assert!(due(&mut host, 199).is_empty());
    assert_eq!(due(&mut host, 200), ["one"]);
    assert_eq!(notes(&host), [(None, OK), (Some("twice"), OK)]);
    assert_eq!(heard(&mut host), [(100, Some(StatusCode::OK))]);
    assert!(due(&mut host, 60_000).is_empty());
}

#[test]
fn a_forgery_says_something_else_under_the_same_signature() {
    for (told, lie) in [
        (r#"{"status":"FAILED"}"#, r#"{"status":"SUCCESSFUL"}"#),
        (r#"{"accepted":false,"id":1}"#, r#"{"accepted":true,"id":1}"#),
        (r#"{"code":"800.100.152"}"#, r#"{"code":"000.100.110"}"#),
        ("0A3471C7", "0A3471C0"),
        ("", "0"),
    ] {
        let mut host = host(Some(WebhookFault::Forged));
        event(&mut host, 0, told);
        let sent = host.due(at(0));
        let bodies: Vec<_> = sent.iter().map(|w| w.request.body().clone()).collect();
        assert_eq!(bodies, [lie, told]);
        assert_eq!(sent[0].request.headers(), sent[1].request.headers());
        host.answered(at(1), sent[0].id, Some(StatusCode::BAD_REQUEST));
        assert!(heard(&mut host).is_empty());
        host.answered(at(1), sent[1].id, Some(StatusCode::OK));
        assert_eq!(heard(&mut host), [(100, Some(StatusCode::OK))]);
        assert!(!host.replay(at(2), sent[0].id), "a forgery is no earlier delivery");
    }
}

#[test]
fn a_late_one_is_overtaken() {
    let mut host = host(Some(WebhookFault::Late(Duration::from_secs(5))));
    event(&mut host, 0, "one");
    assert!(due(&mut host, 0).is_empty());
    event(&mut host, 1000, "two");
    assert_eq!(due(&mut host, 1000), ["two"]);
    assert!(due(&mut host, 4999).is_empty());
    assert_eq!(due(&mut host, 5000), ["one"]);
    assert_eq!(notes(&host), [(None, OK), (Some("late"), OK)]);
    assert_eq!(heard(&mut host).len(), 2);
}

#[test]
fn a_lost_one_comes_again_by_the_providers_rule() {
    let mut host = host(Some(WebhookFault::Lost));
    event(&mut host, 0, "one");
    assert!(due(&mut host, 0).is_empty());
    assert_eq!(heard(&mut host), [(100, None)]);
    assert!(due(&mut host, 9999).is_empty());
    assert_eq!(due(&mut host, 10_000), ["one"]);
    assert_eq!(notes(&host), [(Some("lost"), Reception::Unanswered), (None, OK)]);
}

#[test]
fn two_change_places_and_a_lonely_one_comes_in_the_end() {
    let mut host = host(Some(WebhookFault::Swapped));
    event(&mut host, 0, "one");
    event(&mut host, 0, "two");
    assert_eq!(due(&mut host, 0), ["two", "one"]);
    host.webhook_faults.add(Matcher::any(), WebhookFault::Swapped);
    event(&mut host, 1000, "three");
    assert!(due(&mut host, 1000).is_empty());
    event(&mut host, 2000, "four");
    assert_eq!(due(&mut host, 2000), ["four", "three"]);
    host.webhook_faults.add(Matcher::any(), WebhookFault::Swapped);
    event(&mut host, 3000, "five");
    assert!(due(&mut host, 3000).is_empty());
    assert!(due(&mut host, 12_999).is_empty());
    assert_eq!(due(&mut host, 13_000), ["five"]);
}

#[test]
fn faults_meet_the_deliveries_that_fit() {
    let mut host = host(None);
    host.webhook_faults
        .add(Matcher::any().with_body("two"), WebhookFault::Lost);
    event(&mut host, 0, "one");
    event(&mut host, 0, "two");
    assert_eq!(due(&mut host, 0), ["one"]);
    assert_eq!(host.webhook_faults.left(), 0);
}

#[test]
fn an_earlier_delivery_is_replayed_byte_for_byte() {
    let mut host = host(None);
    event(&mut host, 0, "one");
    assert_eq!(due(&mut host, 0), ["one"]);
    let first = host.deliveries().next().unwrap().webhook;
    assert!(!host.replay(at(1), first + 1));
    assert!(host.replay(at(1), first));
    let sent = host.due(at(1));
    let old = host.deliveries().next().unwrap();
    assert_eq!(
        (sent[0].request.body(), sent[0].request.headers()),
        (old.request.body(), old.request.headers())
    );
    host.answered(at(2), sent[0].id, Some(StatusCode::OK));
    assert_eq!(heard(&mut host).len(), 1);
    assert_eq!(host.deliveries().next_back().unwrap().note, Some("replayed"));
}

#[test]
fn only_the_last_two_hundred_are_remembered() {
    let mut host = host(None);
    for number in 0..205 {
        event(&mut host, number, &number.to_string());
        assert_eq!(due(&mut host, number).len(), 1);
    }
    assert_eq!(host.deliveries().count(), 200);
    assert_eq!(host.deliveries().next().unwrap().request.body(), "5");
}
