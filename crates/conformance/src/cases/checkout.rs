//! The provider's own page.

use paymux_core::{Answer, EntryKind, ErrorKind, Operation, OperationKind, Outcome, PaymentState};

use crate::bench::{Bench, Case, ensure, failed};
use crate::subject::End;

/// A checkout gives the customer somewhere to go and books nothing; when the customer has paid, it is booked once.
pub(super) async fn paid(bench: &Bench<'_>) -> Case {
    let answer = opened(bench, true).await?;
    bench.settle(&answer, End::Approved).await?;
    let now = bench.look_up(&answer.payment.reference).await?;
    ensure(now.outcome.is_approved(), || {
        format!("the customer paid, and it is {}", now.outcome.as_str())
    })?;
    bench.check_booked(&now.payment, EntryKind::Capture, &[bench.subject.amount])
}

/// A checkout that is not to capture holds the money and takes none; without authorizations it is refused before anything is sent.
pub(super) async fn held(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Checkout)?;
    if !bench.capabilities().offers(OperationKind::Authorize) {
        let mut checkout = bench.checkout()?;
        checkout.capture = false;
        let operation = Operation::Checkout(Box::new(checkout));
        let error = bench.refused(&operation, "a checkout that only holds").await?;
        return ensure(error.kind() == ErrorKind::Unsupported, || {
            format!("not refused as unsupported: {error}")
        });
    }
    let answer = opened(bench, false).await?;
    bench.settle(&answer, End::Approved).await?;
    let now = bench.look_up(&answer.payment.reference).await?;
    ensure(now.payment.state == PaymentState::Authorized, || {
        format!(
            "the customer agreed to a hold, and the payment is {}",
            now.payment.state
        )
    })?;
    bench.check_booked(&now.payment, EntryKind::Authorize, &[bench.subject.amount])?;
    bench.check_booked(&now.payment, EntryKind::Capture, &[])
}

/// A checkout on which the customer is declined or gives up is never approved, and books nothing.
pub(super) async fn given_up(bench: &Bench<'_>) -> Case {
    let before = bench.booked();
    let answer = opened(bench, true).await?;
    bench.settle(&answer, End::Declined).await?;
    let now = bench.look_up(&answer.payment.reference).await?;
    ensure(!matches!(now.outcome, Outcome::Approved | Outcome::Review), || {
        format!("the customer gave up, and it is {}", now.outcome.as_str())
    })?;
    ensure(bench.booked() == before, || "something was booked".to_owned())
}

async fn opened(bench: &Bench<'_>, capture: bool) -> Case<Answer> {
    bench.offered(OperationKind::Checkout)?;
    let mut checkout = bench.checkout()?;
    checkout.capture = capture;
    let before = bench.booked();
    let answer = bench.answered(&Operation::Checkout(Box::new(checkout))).await?;
    ensure(bench.booked() == before, || {
        "opening the page booked something".to_owned()
    })?;
    match &answer.outcome {
        Outcome::ActionRequired(action) if !action.expose_url().is_empty() => Ok(answer),
        other => failed(format!("a checkout came to {}", other.as_str())),
    }
}
