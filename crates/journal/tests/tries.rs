//! A try on a hosted page is refused, and the page takes another one: the order waits for the page.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Desk, Process, fate, name, wait};
use paymux::{Answer, Checkout, Delivery, EntryKind, Fate, NextAction, Outcome, PaymentGateway as _};
use paymux_journal::State;

/// The gateways whose pages take more than one try, and what their forms send: refused, and paid.
const GATEWAYS: [(&str, &str, &str); 3] = [
    ("coolpay", "do=pay&card=visa-declined", "do=pay&card=visa-approved"),
    ("opp-v3", "action=decline", "action=pay"),
    ("opp-v1", "action=decline", "action=pay"),
];

/// Longer than half an hour and what is booked late.
const OVER: u64 = 1800 + 300 + 60;

impl Desk {
    async fn open(&self, process: &Process, reference: &str) -> Result<Answer, paymux::Error> {
        let mut checkout = Checkout::new(name(reference), self.stand.subject.amount);
        (self.stand.subject.complete)(&mut checkout.charge);
        checkout.charge.order = Some("1001".to_owned());
        checkout.charge.urls.notify = Some("https://shop.example/hooks".to_owned());
        process.gateway.checkout(checkout).await
    }

    /// The customer sends a form on a page.
    fn send(&self, page: &Answer, form: &str) {
        let address = match &page.outcome {
            Outcome::ActionRequired(NextAction::Widget { checkout, .. }) => format!("/checkouts/{checkout}/page"),
            Outcome::ActionRequired(action) => action.expose_url().to_owned(),
            other => panic!("{other:?}"),
        };
        let mut request = http::Request::new(bytes::Bytes::from(form.to_owned()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = address.parse().unwrap();
        let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(http::header::CONTENT_TYPE, form);
        let status = self.stand.provider.browse(&request).status();
        assert!(status.is_success() || status.is_redirection(), "{status}");
    }

    fn taken(&self) -> i64 {
        let captures = self.booked().into_iter();
        let captures = captures.filter(|booked| booked.kind == EntryKind::Capture);
        captures.map(|booked| booked.amount.minor()).sum()
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_try_keeps_the_order_for_its_page() {
    for (gateway, refused, paid) in GATEWAYS {
        let desk = Desk::new(gateway);
        let process = desk.process();
        let first = desk.open(&process, "order1001a1").await.unwrap();
        desk.send(&first, refused);
        wait(120).await;
        for number in 2..4 {
            let error = desk.open(&process, &format!("order1001a{number}")).await.unwrap_err();
            assert_eq!(fate(&error), (Fate::NotDone, Some("order")), "{gateway}: {error}");
            assert_eq!(process.intent("order1001a1").await.state, State::Waiting, "{gateway}");
            wait(120).await;
        }
        desk.send(&first, paid);
        wait(120).await;
        let answer = desk.open(&process, "order1001a1").await.unwrap();
        assert!(answer.outcome.is_approved(), "{gateway}: {answer:?}");
        assert_eq!(process.intent("order1001a1").await.state, State::Done, "{gateway}");
        assert_eq!(desk.taken(), desk.stand.subject.amount.minor(), "{gateway}");
    }
}

/// Once nobody can pay on the page any more, its last refusal is the end of the attempt.
#[tokio::test(start_paused = true)]
async fn when_the_page_is_over_the_order_is_free() {
    let desk = Desk::new("opp-v1");
    let process = desk.process();
    let first = desk.open(&process, "order1001a1").await.unwrap();
    desk.send(&first, "action=decline");
    wait(120).await;
    assert!(desk.open(&process, "order1001a2").await.is_err());
    wait(OVER).await;
    let second = desk.open(&process, "order1001a2").await.unwrap();
    assert_eq!(process.intent("order1001a1").await.state, State::Declined);
    desk.send(&first, "action=pay");
    desk.send(&second, "action=pay");
    wait(120).await;
    let answer = desk.open(&process, "order1001a2").await.unwrap();
    assert!(answer.outcome.is_approved());
    assert_eq!(desk.taken(), desk.stand.subject.amount.minor());
}

/// The event of a refused try names that try, and not its page: it does not free the order, whether or not the checkout's outcome was written.
#[tokio::test(start_paused = true)]
async fn the_event_of_a_refused_try_does_not_end_the_page() {
    for (gateway, refused, paid) in GATEWAYS {
        let desk = Desk::new(gateway);
        let process = desk.process();
        let first = desk.open(&process, "order1001a1").await.unwrap();
        for form in [refused, refused, paid] {
            desk.send(&first, form);
            wait(120).await;
            for webhook in desk.stand.provider.webhooks() {
                let (now, id) = (desk.stand.provider.now(), webhook.id);
                let delivery = Delivery::from(webhook.request);
                let event = process.gateway.receive(&delivery).unwrap();
                process.journal.absorb(process.gateway.as_ref(), &event).await.unwrap();
                let taken = Some(http::StatusCode::OK);
                desk.stand.provider.host().answered(now, id, taken);
                wait(60).await;
            }
            let state = if form == paid { State::Done } else { State::Waiting };
            assert_eq!(process.intent("order1001a1").await.state, state, "{gateway}");
            assert!(desk.open(&process, "order1001a2").await.is_err(), "{gateway}");
            wait(60).await;
        }
        assert_eq!(desk.taken(), desk.stand.subject.amount.minor(), "{gateway}");
    }
}
