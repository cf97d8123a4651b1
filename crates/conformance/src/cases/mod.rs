//! The cases. Each is one function, and its name in the report is the function's.

mod checkout;
mod faults;
mod follow_ups;
mod inquiry;
mod money_out;
mod references;
mod refusals;
mod sale;
mod secrets;

use paymux_core::BoxFuture;

use crate::bench::{Bench, Case as Outcome};

/// A case and its name.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: for<'a> fn(&'a Bench<'a>) -> BoxFuture<'a, Outcome>,
}

const fn case(name: &'static str, run: for<'a> fn(&'a Bench<'a>) -> BoxFuture<'a, Outcome>) -> Case {
    Case { name, run }
}

/// Every case, in the order in which they run.
pub(crate) const ALL: &[Case] = &[
    case("what is not offered is refused", |b| Box::pin(refusals::not_offered(b))),
    case("sources not offered are refused", |b| {
        Box::pin(refusals::sources_not_offered(b))
    }),
    case("zero and negative amounts are refused", |b| {
        Box::pin(refusals::amounts(b))
    }),
    case("references against the rule are refused", |b| {
        Box::pin(refusals::reference_rule(b))
    }),
    case("an expired card is refused", |b| Box::pin(refusals::expired_card(b))),
    case("payments of strangers are refused", |b| {
        Box::pin(refusals::strangers(b))
    }),
    case("essential data are refused or carried", |b| {
        Box::pin(refusals::essential_data(b))
    }),
    case("texts that are too long are refused", |b| {
        Box::pin(refusals::long_texts(b))
    }),
    case("webhooks that nobody signed are refused", |b| {
        Box::pin(refusals::unsigned_webhooks(b))
    }),
    case("a sale is booked once", |b| Box::pin(sale::approved(b))),
    case("a declined sale is an answer", |b| Box::pin(sale::declined(b))),
    case("an unmapped code decides nothing", |b| Box::pin(sale::unmapped_code(b))),
    case("what is not carried is listed", |b| Box::pin(sale::dropped(b))),
    case("an authorization is captured", |b| {
        Box::pin(follow_ups::authorize_and_capture(b))
    }),
    case("an authorization is captured in part", |b| {
        Box::pin(follow_ups::partial_capture(b))
    }),
    case("an authorization is captured twice", |b| {
        Box::pin(follow_ups::repeated_capture(b))
    }),
    case("too much is not captured", |b| {
        Box::pin(follow_ups::capture_too_much(b))
    }),
    case("a payment is voided", |b| Box::pin(follow_ups::void(b))),
    case("a captured payment is not voided", |b| {
        Box::pin(follow_ups::void_too_late(b))
    }),
    case("a payment is refunded", |b| Box::pin(follow_ups::refund(b))),
    case("a capture is refunded", |b| Box::pin(follow_ups::refund_of_capture(b))),
    case("a payment is refunded in parts", |b| {
        Box::pin(follow_ups::partial_refunds(b))
    }),
    case("too much is not refunded", |b| Box::pin(follow_ups::refund_too_much(b))),
    case("a refund shows in the payment", |b| {
        Box::pin(follow_ups::refund_is_read_back(b))
    }),
    case("a payment is found by its id", |b| Box::pin(inquiry::by_payment(b))),
    case("a payment is found by reference", |b| {
        Box::pin(inquiry::by_reference(b))
    }),
    case("an unknown payment is an error", |b| {
        Box::pin(inquiry::unknown_payment(b))
    }),
    case("an unknown reference is an error", |b| {
        Box::pin(inquiry::unknown_reference(b))
    }),
    case("an inquiry that fails did nothing", |b| Box::pin(inquiry::disturbed(b))),
    case("a checkout leads to a page", |b| Box::pin(checkout::paid(b))),
    case("a checkout can hold the money", |b| Box::pin(checkout::held(b))),
    case("a checkout can be given up", |b| Box::pin(checkout::given_up(b))),
    case("a payout is booked once", |b| Box::pin(money_out::payout(b))),
    case("a transfer is booked once", |b| Box::pin(money_out::transfer(b))),
    case("payment methods are listed", |b| Box::pin(money_out::methods(b))),
    case("a payment's reference is one word", |b| {
        Box::pin(references::round_trip(b))
    }),
    case("one reference at once pays once", |b| Box::pin(references::at_once(b))),
    case("one reference again pays once", |b| Box::pin(references::again(b))),
    case("a declared key is sent, and stays", |b| Box::pin(references::key(b))),
    case("refused connections did nothing", |b| Box::pin(faults::refused(b))),
    case("a request that is lost", |b| Box::pin(faults::lost_request(b))),
    case("an answer that is lost", |b| Box::pin(faults::lost_answer(b))),
    case("a lost answer, and stale lookups", |b| {
        Box::pin(faults::lost_answer_and_lag(b))
    }),
    case("a request that acts late", |b| Box::pin(faults::late(b))),
    case("a failure before it was done", |b| Box::pin(faults::failure_before(b))),
    case("a failure after it was done", |b| Box::pin(faults::failure_after(b))),
    case("a refusal by something in front, after it was done", |b| {
        Box::pin(faults::refusal_in_front(b))
    }),
    case("an empty answer", |b| Box::pin(faults::empty(b))),
    case("an unreadable answer", |b| Box::pin(faults::unreadable(b))),
    case("an answer that breaks off", |b| Box::pin(faults::cut(b))),
    case("too many requests", |b| Box::pin(faults::too_many(b))),
    case("a token that ends early", |b| Box::pin(faults::expired_token(b))),
    case("no secret is ever said", |b| Box::pin(secrets::said(b))),
];
