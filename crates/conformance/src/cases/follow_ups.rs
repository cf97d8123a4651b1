//! What is done with a payment afterwards.

use paymux_core::{
    AskAfterwards, Capture, EntryKind, Fate, Money, Operation, OperationKind, Outcome, Payment, PaymentState, Refund,
    Void,
};

use crate::bench::{Bench, Case, ensure, excluded, failed};

/// An authorization holds the money and takes none; its capture takes it, once.
pub(super) async fn authorize_and_capture(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Capture)?;
    let payment = held(bench).await?;
    bench.check_booked(&payment, EntryKind::Authorize, &[bench.subject.amount])?;
    bench.check_booked(&payment, EntryKind::Capture, &[])?;
    let captured = capture(bench, &payment, bench.subject.amount).await?;
    ensure(captured.captured() == bench.subject.amount.minor(), || {
        format!("captured {} of {}", captured.captured(), bench.subject.amount)
    })?;
    bench.check_booked(&payment, EntryKind::Capture, &[bench.subject.amount])
}

/// Less than the whole is captured, where that is declared.
pub(super) async fn partial_capture(bench: &Bench<'_>) -> Case {
    if !bench.offered(OperationKind::Capture)?.partial {
        return excluded("partial captures are not offered");
    }
    let payment = held(bench).await?;
    capture(bench, &payment, bench.part(2)).await?;
    bench.check_booked(&payment, EntryKind::Capture, &[bench.part(2)])
}

/// A second capture takes another part where that is declared, and is refused with nothing booked where it is not.
pub(super) async fn repeated_capture(bench: &Bench<'_>) -> Case {
    let ability = bench.offered(OperationKind::Capture)?;
    if !ability.partial {
        return excluded("partial captures are not offered");
    }
    let payment = held(bench).await?;
    capture(bench, &payment, bench.part(2)).await?;
    if ability.repeated {
        capture(bench, &payment, bench.part(4)).await?;
        return bench.check_booked(&payment, EntryKind::Capture, &[bench.part(2), bench.part(4)]);
    }
    let again = Operation::Capture(Capture::new(payment.reference, bench.reference()?, bench.part(4)));
    refused_by_provider(bench, &again).await
}

/// More than is held is not captured, and nothing is booked.
pub(super) async fn capture_too_much(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Capture)?;
    let payment = held(bench).await?;
    let too_much = Capture::new(payment.reference, bench.reference()?, doubled(bench));
    refused_by_provider(bench, &Operation::Capture(too_much)).await
}

/// A hold is let go; where there are no holds, a payment that was not sent on is stopped.
pub(super) async fn void(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Void)?;
    let payment = match bench.paid(OperationKind::Authorize) {
        Ok(authorize) => bench.completed(&authorize).await?,
        Err(_) => bench.answered(&bench.paid(OperationKind::Sale)?).await?.payment,
    };
    let answer = bench.follows(&Operation::Void(whole_void(bench, &payment)?)).await?;
    if answer.outcome.is_approved() {
        ensure(answer.payment.state == PaymentState::Voided, || {
            format!("the payment was voided, and is {}", answer.payment.state)
        })?;
    }
    bench.check_booked(&payment, EntryKind::Void, &[bench.subject.amount])
}

/// A payment whose money was taken is not voided, and nothing is booked.
pub(super) async fn void_too_late(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Void)?;
    let payment = bench.taken().await?;
    refused_by_provider(bench, &Operation::Void(whole_void(bench, &payment)?)).await
}

/// All of the money is given back, once.
pub(super) async fn refund(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Refund)?;
    let payment = bench.taken().await?;
    give_back(bench, &payment, bench.subject.amount, None).await?;
    bench.check_booked(&payment, EntryKind::Refund, &[bench.subject.amount])
}

/// The money of a capture is given back, the capture named as its entry names it.
pub(super) async fn refund_of_capture(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Capture)?;
    bench.offered(OperationKind::Refund)?;
    let payment = held(bench).await?;
    let captured = capture(bench, &payment, bench.subject.amount).await?;
    let entry = captured.entries.iter().rfind(|entry| entry.kind == EntryKind::Capture);
    let id = entry.and_then(|entry| entry.id.clone());
    give_back(bench, &captured, bench.subject.amount, id).await?;
    bench.check_booked(&captured, EntryKind::Refund, &[bench.subject.amount])
}

/// The money is given back in parts, where that is declared.
pub(super) async fn partial_refunds(bench: &Bench<'_>) -> Case {
    let ability = bench.offered(OperationKind::Refund)?;
    if !ability.partial {
        return excluded("partial refunds are not offered");
    }
    let payment = bench.taken().await?;
    let mut parts = vec![bench.part(2)];
    give_back(bench, &payment, bench.part(2), None).await?;
    if ability.repeated {
        give_back(bench, &payment, bench.part(4), None).await?;
        parts.push(bench.part(4));
    }
    bench.check_booked(&payment, EntryKind::Refund, &parts)
}

/// More than was taken is not given back, and nothing is booked.
pub(super) async fn refund_too_much(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Refund)?;
    let payment = bench.taken().await?;
    let too_much = Refund::new(payment.reference, bench.reference()?, doubled(bench));
    refused_by_provider(bench, &Operation::Refund(too_much)).await
}

/// A refund shows when the payment is looked up, where it can be asked about at all.
pub(super) async fn refund_is_read_back(bench: &Bench<'_>) -> Case {
    let ability = bench.offered(OperationKind::Refund)?;
    if ability.ask != AskAfterwards::Yes || !ability.partial {
        return excluded("refunds cannot be asked about for certain, or not be made in part, as declared");
    }
    let payment = bench.taken().await?;
    give_back(bench, &payment, bench.part(2), None).await?;
    let now = bench.look_up(&payment.reference).await?.payment;
    let half = bench.part(2).minor();
    ensure(
        now.refunded() == half && now.state == PaymentState::PartiallyRefunded,
        || {
            format!(
                "{} was given back; the payment shows {} and is {}",
                bench.part(2),
                now.refunded(),
                now.state
            )
        },
    )
}

async fn held(bench: &Bench<'_>) -> Case<Payment> {
    let payment = bench.completed(&bench.paid(OperationKind::Authorize)?).await?;
    ensure(payment.state == PaymentState::Authorized, || {
        format!("the payment was authorized, and is {}", payment.state)
    })?;
    Ok(payment)
}

async fn capture(bench: &Bench<'_>, payment: &Payment, amount: Money) -> Case<Payment> {
    let capture = Capture::new(payment.reference.clone(), bench.reference()?, amount);
    let answer = bench.follows(&Operation::Capture(capture)).await?;
    same_payment(payment, &answer.payment)?;
    Ok(answer.payment)
}

async fn give_back(bench: &Bench<'_>, payment: &Payment, amount: Money, capture: Option<String>) -> Case {
    let mut refund = Refund::new(payment.reference.clone(), bench.reference()?, amount);
    refund.capture = capture;
    let answer = bench.follows(&Operation::Refund(refund)).await?;
    same_payment(payment, &answer.payment)
}

fn same_payment(before: &Payment, after: &Payment) -> Case {
    ensure(before.id() == after.id(), || {
        format!(
            "it was about payment {}, and the answer is about {}",
            before.id(),
            after.id()
        )
    })
}

fn whole_void(bench: &Bench<'_>, payment: &Payment) -> Case<Void> {
    let mut void = Void::new(payment.reference.clone(), bench.reference()?);
    void.amount = Some(bench.subject.amount);
    Ok(void)
}

fn doubled(bench: &Bench<'_>) -> Money {
    let whole = bench.subject.amount;
    Money::new(whole.minor().saturating_mul(2), whole.currency())
}

/// The provider refuses: a decline, or an error that says that nothing was done. Nothing is booked.
///
/// A refusal fits an earlier attempt having worked, too. Who cannot ask whether one has may leave it open.
async fn refused_by_provider(bench: &Bench<'_>, operation: &Operation) -> Case {
    let kind = operation.kind();
    let can_ask = bench.offered(kind)?.ask == AskAfterwards::Yes;
    let before = bench.booked();
    match bench.execute(operation).await {
        Ok(answer) if matches!(answer.outcome, Outcome::Declined(_)) => {}
        Ok(answer) => return failed(format!("{kind} was answered: {}", answer.outcome.as_str())),
        Err(error) if error.fate() == Fate::Unknown => {
            ensure(!can_ask, || format!("a plain refusal is left open: {error}"))?;
            ensure(error.unresolved().is_some(), || {
                format!("unknown, and nothing to ask with: {error}")
            })?;
        }
        Err(_) => {}
    }
    ensure(bench.booked() == before, || {
        format!("something was booked for a {kind} that was refused")
    })
}
