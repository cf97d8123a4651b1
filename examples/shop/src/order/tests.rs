use jiff::Timestamp;
use paymux::{
    Account, Decline, DeclineReason, Entry, EntryKind, EntryOutcome, Error, ErrorKind, Fate, Gateways, Money,
    NextAction, Outcome, PaymentGateway as _, PaymentRef, PaymentState,
};

use super::*;
use crate::catalog::PRODUCTS;

fn order() -> Order {
    Order::new("abcdefgh2345".to_owned(), &PRODUCTS[0], Timestamp::UNIX_EPOCH)
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn answer(outcome: Outcome, state: PaymentState, id: &str, reference: &str) -> Answer {
    let payment_ref = PaymentRef::new("acme", Account::of(&["m"]), [id]).on("cards");
    let mut payment = paymux::Payment::new(payment_ref, state);
    payment.merchant_reference = Some(reference.to_owned());
    payment.amount = Some(PRODUCTS[0].price());
    Answer::new(outcome, payment)
}

fn opened(reference: &str) -> Answer {
    let page = NextAction::Redirect("https://pay.example/1".to_owned().into());
    answer(
        Outcome::ActionRequired(page),
        PaymentState::RequiresAction,
        "1",
        reference,
    )
}

fn declined(reference: &str) -> Answer {
    let decline = Decline::new(DeclineReason::InsufficientFunds, "51");
    answer(Outcome::Declined(decline), PaymentState::Declined, "1", reference)
}

fn paid(reference: &str) -> Answer {
    answer(Outcome::Approved, PaymentState::Captured, "1", reference)
}

/// An error of unknown fate with what to ask with, as the engine makes it.
async fn unknown(reference: &str) -> Error {
    let config = "[gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'a'";
    let gateways = Gateways::from_toml(config).unwrap();
    let gateway = gateways.gateway("cards").unwrap();
    let checkout = paymux::Checkout::new(reference.parse().unwrap(), PRODUCTS[0].price());
    let operation = paymux::Operation::Checkout(Box::new(checkout));
    let unresolved = Unresolved::new("cards", gateway.capabilities(), &operation, None, Vec::new(), now());
    Error::new(ErrorKind::Network, "no answer")
        .with_fate(Fate::Unknown)
        .with_unresolved(unresolved)
}

#[test]
fn one_attempt_at_a_time_each_with_its_own_reference() {
    let mut order = order();
    let first = order.begin("cards", false, now()).unwrap();
    assert_eq!(first.as_str(), "abcdefgh2345a1");
    // Being opened, open, and paid: nothing else begins.
    assert!(order.begin("cards", false, now()).is_err());
    order.learn(first.as_str(), opened(first.as_str()), now()).unwrap();
    assert!(order.begin("cards", false, now()).is_err());
    order.learn(first.as_str(), declined(first.as_str()), now()).unwrap();
    let second = order.begin("other", false, now()).unwrap();
    assert_eq!(second.as_str(), "abcdefgh2345a2");
    assert!(order.begin("cards", false, now()).is_err());
}

#[test]
fn a_refusal_on_a_page_that_stays_open_is_no_end() {
    let mut order = order();
    let first = order.begin("cards", false, now()).unwrap();
    let mut refused = opened(first.as_str());
    let decline = Decline::new(DeclineReason::DoNotHonor, "05");
    let entry = Entry::new(EntryKind::Authorize, None, EntryOutcome::Declined(decline));
    refused.payment.entries.push(entry);
    order.learn(first.as_str(), refused, now()).unwrap();
    assert!(!order.may_pay_again());
    assert_eq!(crate::words::order(&order).slug, "declined");
}

#[test]
fn a_refused_try_under_an_id_of_its_own_is_no_end_of_its_page() {
    let mut order = order();
    let first = order.begin("cards", false, now()).unwrap();
    order.learn(first.as_str(), opened(first.as_str()), now()).unwrap();
    let mut refused = declined(first.as_str());
    refused.payment.reference = PaymentRef::new("acme", Account::of(&["m"]), ["try-1"]).on("cards");
    order.learn(first.as_str(), refused, now()).unwrap();
    assert!(!order.may_pay_again());
    assert_eq!(crate::words::order(&order).slug, "declined");
    // The page itself, when it is over.
    order.learn(first.as_str(), declined(first.as_str()), now()).unwrap();
    assert!(order.may_pay_again());
}

#[tokio::test]
async fn what_nobody_knows_blocks_until_it_is_known() {
    let mut order = order();
    let first = order.begin("cards", false, now()).unwrap();
    order.failed(first.as_str(), &unknown(first.as_str()).await, now());
    assert!(order.unresolved(first.as_str()).is_some());
    assert!(order.begin("cards", false, now()).is_err());
    assert_eq!(crate::words::order(&order).slug, "unknown");
    // Asking found out that nothing was done.
    order.failed(first.as_str(), &Error::new(ErrorKind::Network, "nothing there"), now());
    assert!(order.unresolved(first.as_str()).is_none());
    assert!(order.begin("cards", false, now()).is_ok());
}

#[test]
fn a_payment_counts_only_if_it_is_the_attempts() {
    let mut order = order();
    let first = order.begin("cards", false, now()).unwrap();
    let first = first.as_str();
    order.learn(first, opened(first), now()).unwrap();
    let mut others = [paid("somebody"), paid(first), paid(first), paid(first), paid(first)];
    others[1].payment.amount = Some(Money::new(1251, paymux::Currency::EUR));
    others[2].payment.amount = Some(Money::new(1250, paymux::Currency::USD));
    others[3].payment.amount = None;
    others[4].payment.reference = PaymentRef::new("acme", Account::of(&["another"]), ["1"]).on("cards");
    for (index, other) in others.into_iter().enumerate() {
        assert!(order.learn(first, other, now()).is_err(), "{index}");
        assert_eq!(
            order.attempt(first).unwrap().state(),
            Some(PaymentState::RequiresAction),
            "{index}"
        );
    }
    // A person hears of each difference once.
    assert_eq!(order.remarks.len(), 5);
    order.learn(first, paid(first), now()).unwrap();
    assert!(order.attempt(first).unwrap().has_money());
}

#[test]
fn an_event_that_overtakes_the_answer_is_matched_by_reference() {
    let mut order = order();
    let first = order.begin("cards", false, now()).unwrap();
    let first = first.as_str();
    let early = paid(first);
    assert_eq!(order.owner(&early.payment).unwrap().reference.as_str(), first);
    order.learn(first, early, now()).unwrap();
    // The answer says what was true before: it takes nothing back.
    assert_eq!(order.learn(first, opened(first), now()), Ok(Transition::Refused));
    assert_eq!(crate::words::order(&order).slug, "paid");
    // Nor does an answer that was lost.
    order.failed(first, &Error::new(ErrorKind::Network, "lost"), now());
    assert_eq!(crate::words::order(&order).slug, "paid");
}

#[test]
fn money_that_comes_late_is_taken_and_a_person_hears_of_it() {
    let mut order = order();
    let first = order.begin("cards", false, now()).unwrap();
    order.learn(first.as_str(), declined(first.as_str()), now()).unwrap();
    let second = order.begin("cards", false, now()).unwrap();
    assert_eq!(
        order.learn(first.as_str(), paid(first.as_str()), now()),
        Ok(Transition::Late)
    );
    assert!(order.attempt(first.as_str()).unwrap().payment.as_ref().unwrap().late);
    assert!(order.remarks[0].text.contains("money came late"));
    // The other page is still open: if that is paid too, it is said.
    let mut other = paid(second.as_str());
    other.payment.reference = PaymentRef::new("acme", Account::of(&["m"]), ["2"]).on("cards");
    order.learn(second.as_str(), other, now()).unwrap();
    assert!(
        order
            .remarks
            .iter()
            .any(|remark| remark.text.starts_with("paid more than once"))
    );
}

#[tokio::test]
async fn refunds_stay_within_what_was_taken_and_one_at_a_time() {
    let mut order = order();
    let first = order.begin("cards", false, now()).unwrap();
    let first = first.as_str();
    order.learn(first, paid(first), now()).unwrap();
    let part = |minor| Some(Money::new(minor, paymux::Currency::EUR));
    let refund = OperationKind::Refund;
    for wrong in [part(0), part(-1), part(1251), None] {
        assert!(order.begin_follow_up(first, refund, wrong, now()).is_err(), "{wrong:?}");
    }
    assert!(
        order
            .begin_follow_up(first, OperationKind::Capture, part(1250), now())
            .is_err()
    );
    let one = order.begin_follow_up(first, refund, part(1000), now()).unwrap();
    assert_eq!(one.as_str(), "abcdefgh2345a1f1");
    assert!(one.as_str().len() <= 20);
    order.followed(one.as_str(), Err(unknown(first).await), now());
    assert!(order.begin_follow_up(first, refund, part(1), now()).is_err());
    // It was done after all; what is left is what may still be given back.
    order.followed(one.as_str(), Ok(paid(first)), now());
    assert_eq!(order.attempt(first).unwrap().refundable(), 250);
    assert!(order.begin_follow_up(first, refund, part(251), now()).is_err());
    let two = order.begin_follow_up(first, refund, part(250), now()).unwrap();
    order.followed(two.as_str(), Err(Error::new(ErrorKind::Refused, "no")), now());
    assert_eq!(order.attempt(first).unwrap().refundable(), 250);
}
