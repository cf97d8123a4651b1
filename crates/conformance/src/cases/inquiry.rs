//! Asking.

use http::StatusCode;
use paymux_core::{ErrorKind, Fate, Inquiry, Operation, OperationKind, PaymentRef};
use paymux_simulator::Fault;

use crate::bench::{Bench, Case, ensure, excluded, failed};

/// A payment is found by its reference, as it was made.
pub(super) async fn by_payment(bench: &Bench<'_>) -> Case {
    let payment = bench.taken().await?;
    let now = bench.look_up(&payment.reference).await?.payment;
    ensure(now.id() == payment.id(), || {
        format!("asked for {}, and got {}", payment.id(), now.id())
    })?;
    ensure(now.amount == Some(bench.subject.amount), || {
        format!("the payment of {} shows {:?}", bench.subject.amount, now.amount)
    })
}

/// A payment is found by the caller's reference, or that is refused as unsupported before anything is sent.
pub(super) async fn by_reference(bench: &Bench<'_>) -> Case {
    if !bench.capabilities().inquire_by_reference {
        let inquiry = Operation::Inquire(Inquiry::Reference(bench.reference()?));
        let error = bench.refused(&inquiry, "an inquiry by reference").await?;
        return ensure(error.kind() == ErrorKind::Unsupported, || {
            format!("not refused as unsupported: {error}")
        });
    }
    let sale = bench.paid(OperationKind::Sale)?;
    let payment = bench.completed(&sale).await?;
    let Some(reference) = sale.reference().cloned() else {
        return failed("a sale has no reference");
    };
    tokio::time::sleep(bench.capabilities().inquiry_interval).await;
    let found = bench
        .answered(&Operation::Inquire(Inquiry::Reference(reference)))
        .await?;
    ensure(found.payment.id() == payment.id(), || {
        format!(
            "payment {} was looked for by its reference, and {} was found",
            payment.id(),
            found.payment.id()
        )
    })?;
    ensure(found.outcome.is_approved(), || {
        format!("the payment was found as {}", found.outcome.as_str())
    })
}

/// An id that the provider never gave is an error that did nothing, not a decline.
pub(super) async fn unknown_payment(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Inquire)?;
    let payment = bench.taken().await?;
    let other = |id: &String| id.replace(|c: char| c.is_ascii_digit(), "9");
    let known = payment.reference;
    let nobodys = known.ids().iter().map(other);
    let unknown = PaymentRef::new(known.provider(), known.account().clone(), nobodys).on(known.gateway());
    ensure(unknown != known, || {
        format!("the suite cannot make another id from {known}")
    })?;
    not_found(bench, Inquiry::Payment(unknown)).await
}

/// A reference that nobody used is an error that did nothing, not a decline.
pub(super) async fn unknown_reference(bench: &Bench<'_>) -> Case {
    if !bench.capabilities().inquire_by_reference {
        return excluded("inquiries by reference are not offered");
    }
    not_found(bench, Inquiry::Reference(bench.reference()?)).await
}

/// An inquiry whose answer is lost or unreadable says so, or asks again; it never makes a paid payment a declined one, and did nothing itself.
pub(super) async fn disturbed(bench: &Bench<'_>) -> Case {
    let faults = bench.faults()?;
    let payment = bench.taken().await?;
    let before = bench.booked();
    for fault in [
        Fault::ResetAfter,
        Fault::StatusAfter(StatusCode::BAD_GATEWAY),
        Fault::Malformed,
        Fault::Empty,
        Fault::Truncate,
    ] {
        tokio::time::sleep(bench.capabilities().inquiry_interval).await;
        if !faults.plan(0, fault.clone()) {
            return excluded(format!("the subject cannot do this: {fault:?}"));
        }
        let inquiry = Operation::Inquire(Inquiry::Payment(payment.reference.clone()));
        match bench.execute(&inquiry).await {
            Ok(answer) => ensure(answer.outcome.is_approved(), || {
                format!("{fault:?}: a paid payment is {}", answer.outcome.as_str())
            })?,
            Err(error) => ensure(error.fate() == Fate::NotDone, || {
                format!("{fault:?}: an inquiry did something: {error}")
            })?,
        }
        faults.clear();
    }
    ensure(bench.booked() == before, || "asking moved money".to_owned())
}

async fn not_found(bench: &Bench<'_>, inquiry: Inquiry) -> Case {
    match bench.execute(&Operation::Inquire(inquiry)).await {
        Ok(answer) => failed(format!("a payment that does not exist is {}", answer.outcome.as_str())),
        Err(error) => ensure(error.fate() != Fate::Unknown, || {
            format!("an inquiry did something: {error}")
        }),
    }
}
