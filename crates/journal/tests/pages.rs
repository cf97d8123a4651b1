//! A second attempt of an order whose first one waits on a hosted page: the page is closed, or the second is refused.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Desk, Mood, Process, fate, name, wait};
use http::StatusCode;
use paymux::{Answer, Checkout, EntryKind, Error, Fate, Outcome, PaymentGateway as _, PaymentState};
use paymux_conformance::{End, Fault};
use paymux_journal::{Settings, State, Step};

/// Longer than a lease and the difference of clocks.
const LEASE: u64 = 160;

impl Desk {
    fn page(&self, reference: &str) -> Checkout {
        let mut checkout = Checkout::new(name(reference), self.stand.subject.amount);
        (self.stand.subject.complete)(&mut checkout.charge);
        checkout.charge.order = Some("1001".to_owned());
        checkout
    }

    /// A process that closes pages.
    fn closing(&self) -> Process {
        let mut settings = Settings::default();
        settings.close_pages = true;
        self.process_with(settings)
    }

    /// The first attempt's page, which stays open in a window of its own.
    async fn first(&self) -> Answer {
        let answer = self.closing().gateway.checkout(self.page("a001")).await.unwrap();
        assert!(is_page(&answer));
        answer
    }

    /// The customer pays in the window of this page. Whether the page took it.
    async fn pays(&self, page: &Answer) -> bool {
        self.stand.subject.settle.settle(page, End::Approved).await
    }

    fn taken(&self) -> i64 {
        let captures = self.booked().into_iter();
        let captures = captures.filter(|booked| booked.kind == EntryKind::Capture);
        captures.map(|booked| booked.amount.minor()).sum()
    }

    /// Whatever came of the second attempt and of both windows: the order is paid once, by the attempt that the journal says.
    async fn judge(&self, first: &Answer, mut second: Result<Answer, Error>, what: &str) {
        if let Err(error) = &second {
            let (fate, field) = fate(error);
            assert!(
                fate == Fate::NotDone && error.payment().is_some() == (field == Some("order")),
                "{what}: {error}"
            );
        }
        // Both windows are still there, and the old one is tried first.
        let old = self.pays(first).await;
        wait(60).await;
        assert!(!old || second.is_err(), "{what}: two pages take money");
        if second.is_err() && !old && self.taken() == 0 {
            // It is closed, and that could not be seen or written: the customer tries again.
            wait(LEASE).await;
            second = self.closing().gateway.checkout(self.page("a002")).await;
            assert!(second.is_ok(), "{what}: {second:?}");
        }
        let begun = second.is_ok();
        if let Ok(second) = &second {
            assert!(is_page(second), "{what}: {second:?}");
            self.pays(second).await;
        }
        wait(LEASE).await;
        let process = self.closing();
        for _ in 0..4 {
            process.settle().await;
            wait(24 * 3600).await;
        }
        let whole = self.stand.subject.amount.minor();
        assert_eq!(self.taken(), whole, "{what}: begun {begun}, old page {old}");
        let expected = if begun { "a002" } else { "a001" };
        assert_eq!(process.intent(expected).await.state, State::Done, "{what}");
        if begun {
            assert_eq!(process.intent("a001").await.state, State::Undone, "{what}");
        }
    }
}

fn is_page(answer: &Answer) -> bool {
    matches!(answer.outcome, Outcome::ActionRequired(_))
}

#[tokio::test(start_paused = true)]
async fn unless_it_is_asked_for_no_page_is_closed() {
    let desk = Desk::new("coolpay");
    let first = desk.first().await;
    let error = desk.process().gateway.checkout(desk.page("a002")).await.unwrap_err();
    assert_eq!(fate(&error), (Fate::NotDone, Some("order")));
    assert!(error.message().contains("its page is open: close it"), "{error}");
    assert_eq!(error.payment().unwrap().reference, first.payment.reference);
    desk.judge(&first, Err(error), "not closed").await;
}

#[tokio::test(start_paused = true)]
async fn where_pages_cannot_be_closed_the_refusal_says_so() {
    for gateway in ["carry1st", "opp-v1"] {
        let desk = Desk::new(gateway);
        let process = desk.closing();
        let first = process.gateway.checkout(desk.page("order1001a1")).await.unwrap();
        let error = process.gateway.checkout(desk.page("order1001a2")).await.unwrap_err();
        assert_eq!(fate(&error), (Fate::NotDone, Some("order")));
        assert!(error.message().contains("closes none"), "{error}");
        let reference = &error.payment().unwrap().reference;
        assert_eq!(reference, &first.payment.reference);
        let error = process.gateway.close_page(reference).await.unwrap_err();
        assert_eq!(error.kind(), paymux::ErrorKind::Unsupported, "{error}");
    }
}

/// The old page is open in another window, and is paid on after it was closed.
#[tokio::test(start_paused = true)]
async fn who_pays_on_a_closed_page_is_not_charged() {
    let desk = Desk::new("coolpay");
    let first = desk.first().await;
    let process = desk.closing();
    let second = process.gateway.checkout(desk.page("a002")).await.unwrap();
    assert!(!desk.pays(&first).await, "the page is closed");
    let intent = process.intent("a001").await;
    assert_eq!(
        (intent.state, intent.seen().unwrap().state),
        (State::Undone, PaymentState::Cancelled)
    );
    // Its reference brings no page back, and sends nothing.
    let again = desk.closing().gateway.checkout(desk.page("a001")).await.unwrap();
    assert!(matches!(again.outcome, Outcome::Declined(_)), "{again:?}");
    assert!(desk.booked().is_empty());
    desk.judge(&first, Ok(second), "closed").await;
}

#[tokio::test(start_paused = true)]
async fn a_page_on_which_a_card_was_declined_is_closed_too() {
    let desk = Desk::new("coolpay");
    let first = desk.first().await;
    let Outcome::ActionRequired(action) = &first.outcome else {
        panic!("{first:?}");
    };
    let mut request = http::Request::new(bytes::Bytes::from_static(b"do=pay&card=visa-declined"));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = action.expose_url().parse().unwrap();
    let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(http::header::CONTENT_TYPE, form);
    assert!(desk.stand.provider.browse(&request).status().is_success());
    let second = desk.closing().gateway.checkout(desk.page("a002")).await;
    desk.judge(&first, Ok(second.unwrap()), "declined before").await;
}

/// What is under way on the page when it is closed keeps its order.
#[tokio::test(start_paused = true)]
async fn a_payment_under_way_on_the_page_keeps_its_order() {
    let desk = Desk::new("coolpay");
    let first = desk.first().await;
    let paid_at = |after: u64| {
        let (desk, first) = (&desk, &first);
        async move {
            tokio::time::sleep(Duration::from_millis(after)).await;
            desk.pays(first).await
        }
    };
    // The deletion takes its time and acts at its end; the customer pays meanwhile.
    desk.fault(1, Fault::LateCommit(Duration::from_secs(2)));
    let process = desk.closing();
    let (second, paid) = tokio::join!(process.gateway.checkout(desk.page("a002")), paid_at(500));
    assert!(paid);
    let error = second.unwrap_err();
    assert_eq!(error.payment().unwrap().reference, first.payment.reference);
    desk.judge(&first, Err(error), "paid while it was closed").await;
}

/// The customer pays on the old page at every moment of the closing, with every request of it held up in turn.
#[tokio::test(start_paused = true)]
async fn whenever_the_old_page_is_paid_the_order_is_paid_once() {
    let (mut begun, mut refused) = (0, 0);
    for slow in 0..6 {
        for after in (0..11_000).step_by(500) {
            let desk = Desk::new("coolpay");
            let first = desk.first().await;
            desk.fault(slow, Fault::Delay(Duration::from_secs(2)));
            let process = desk.closing();
            let customer = async {
                tokio::time::sleep(Duration::from_millis(after)).await;
                desk.pays(&first).await
            };
            let (second, _) = tokio::join!(process.gateway.checkout(desk.page("a002")), customer);
            if second.is_ok() {
                begun += 1;
            } else {
                refused += 1;
            }
            desk.judge(&first, second, &format!("request {slow} slow, paid after {after} ms"))
                .await;
        }
    }
    assert!(begun > 10 && refused > 5, "{begun} {refused}");
}

#[tokio::test(start_paused = true)]
async fn whatever_is_lost_while_it_is_closed_the_order_is_paid_once() {
    let faults = [
        Fault::Refuse,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::LateCommit(Duration::from_secs(100)),
        Fault::StatusBefore(StatusCode::SERVICE_UNAVAILABLE),
        Fault::StatusAfter(StatusCode::BAD_GATEWAY),
        Fault::Truncate,
        Fault::Empty,
    ];
    for fault in faults {
        // The inquiry, the deletion, two looks; and each of them again and again.
        for (skip, times) in [(0, 1), (1, 1), (2, 1), (3, 1), (0, 3), (1, 3), (2, 3), (3, 3)] {
            let desk = Desk::new("coolpay");
            let first = desk.first().await;
            for _ in 0..times {
                desk.fault(skip, fault.clone());
            }
            let second = desk.closing().gateway.checkout(desk.page("a002")).await;
            desk.judge(&first, second, &format!("{fault:?} after {skip}, {times} times"))
                .await;
        }
    }
}

/// A process dies at a step of its store, before or after it, while it closes the page for another attempt; the next one tries again.
#[tokio::test(start_paused = true)]
async fn who_dies_while_closing_leaves_the_order_payable_once() {
    let steps: [fn(&Step) -> bool; 4] = [
        |step| matches!(step, Step::Begin { .. }),
        |step| matches!(step, Step::Take { .. }),
        |step| matches!(step, Step::Conclude { .. }),
        |step| matches!(step, Step::Note { .. }),
    ];
    for (at, step) in steps.into_iter().enumerate() {
        for mood in [Mood::Hangs(step), Mood::HangsAfter(step)] {
            for pays in [false, true] {
                died(mood, None, pays, &format!("step {at}, {mood:?}, pays {pays}")).await;
            }
        }
    }
    for slow in 0..6 {
        for pays in [false, true] {
            died(Mood::Well, Some(slow), pays, &format!("request {slow}, pays {pays}")).await;
        }
    }
}

async fn died(mood: Mood, slow: Option<u32>, pays: bool, what: &str) {
    let desk = Desk::new("coolpay");
    let first = desk.first().await;
    if let Some(skip) = slow {
        desk.fault(skip, Fault::Delay(Duration::from_secs(60)));
    }
    let process = desk.closing();
    desk.store.is(mood);
    let dead = tokio::time::timeout(Duration::from_secs(20), process.gateway.checkout(desk.page("a002"))).await;
    drop(process);
    desk.store.is(Mood::Well);
    // Between the death and the next process the customer comes back to the old window.
    if pays {
        desk.pays(&first).await;
    }
    wait(LEASE).await;
    let next = desk.closing();
    next.settle().await;
    let second = match dead {
        Ok(second) => second,
        Err(_) => next.gateway.checkout(desk.page("a002")).await,
    };
    desk.judge(&first, second, what).await;
}

#[tokio::test(start_paused = true)]
async fn of_two_processes_that_close_at_once_one_goes_on() {
    let desk = Desk::new("coolpay");
    let first = desk.first().await;
    let (one, two) = (desk.closing(), desk.closing());
    let (second, third) = tokio::join!(
        one.gateway.checkout(desk.page("a002")),
        two.gateway.checkout(desk.page("a003")),
    );
    assert!(second.is_ok() != third.is_ok(), "{second:?} {third:?}");
    let page = second.or(third).unwrap();
    assert!(!desk.pays(&first).await && desk.pays(&page).await);
    wait(60).await;
    assert_eq!(desk.taken(), desk.stand.subject.amount.minor());
}

#[tokio::test(start_paused = true)]
async fn an_application_may_close_a_page_itself() {
    let desk = Desk::new("coolpay");
    let first = desk.first().await;
    let process = desk.process();
    let closed = process.gateway.close_page(&first.payment.reference).await.unwrap();
    assert!(matches!(closed.outcome, Outcome::Declined(_)) && closed.payment.state == PaymentState::Cancelled);
    assert_eq!(process.intent("a001").await.state, State::Undone);
    let second = process.gateway.checkout(desk.page("a002")).await;
    desk.judge(&first, second, "closed by hand").await;
}

/// Nobody pays on a page that the journal could not learn of: it would take it for never made, and give the order to the next attempt.
#[tokio::test(start_paused = true)]
async fn a_page_that_cannot_be_written_down_is_kept_back() {
    for gateway in ["coolpay", "carry1st", "opp-v1"] {
        let desk = Desk::new(gateway);
        let reference = "order1001a1";
        desk.store.is(Mood::NoOutcomes);
        let process = desk.process();
        match process.gateway.checkout(desk.page(reference)).await {
            // It was on record that a page may be made.
            Ok(page) => {
                assert!(is_page(&page) && page.unrecorded, "{gateway}");
                assert!(!process.intent(reference).await.sent_nothing(), "{gateway}");
            }
            Err(error) => {
                assert_eq!(
                    (error.fate(), error.is_unrecorded()),
                    (Fate::Unknown, true),
                    "{gateway}"
                );
                assert!(error.message().contains("kept back"), "{gateway}: {error}");
                assert!(error.unresolved().is_some(), "{gateway}");
            }
        }
        desk.store.is(Mood::Well);
        if gateway == "coolpay" {
            wait(LEASE).await;
            let page = desk.process().gateway.checkout(desk.page(reference)).await.unwrap();
            assert!(is_page(&page) && !page.unrecorded && desk.pays(&page).await);
            let error = desk
                .process()
                .gateway
                .checkout(desk.page("order1001a2"))
                .await
                .unwrap_err();
            assert_eq!(fate(&error), (Fate::NotDone, Some("order")), "{error}");
            assert_eq!(desk.taken(), desk.stand.subject.amount.minor());
        }
    }
}
