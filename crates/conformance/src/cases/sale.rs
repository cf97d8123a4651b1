//! Money in, at once.

use std::collections::BTreeMap;

use paymux_core::{
    Address, Charge, DeclineReason, EntryKind, Fate, Field, LineItem, Operation, OperationKind, Outcome, SourceKind,
};
use paymux_simulator::Fault;

use crate::bench::{Bench, Case, ensure, excluded, failed};
use crate::subject::End;

/// A sale is approved, pending or waits for its customer as its source has it, and in the end is booked once, amount and currency as asked.
pub(super) async fn approved(bench: &Bench<'_>) -> Case {
    let sale = bench.paid(OperationKind::Sale)?;
    let answer = bench.answered(&sale).await?;
    let hosted = bench.subject.approved.kind() == SourceKind::Hosted;
    let waits = matches!(answer.outcome, Outcome::ActionRequired(_));
    ensure(hosted == waits, || {
        format!(
            "a sale from {} came to {}",
            bench.subject.approved.kind().as_str(),
            answer.outcome.as_str()
        )
    })?;
    if waits {
        bench.check_booked(&answer.payment, EntryKind::Capture, &[])?;
    }
    let reference = sale.reference().map(ToString::to_string);
    ensure(answer.payment.merchant_reference == reference, || {
        format!(
            "the payment is named {:?}, and was asked for as {reference:?}",
            answer.payment.merchant_reference
        )
    })?;
    ensure(answer.payment.reference.gateway() == bench.gateway.name(), || {
        format!("the payment's reference names no gateway: {}", answer.payment.reference)
    })?;
    let payment = match &answer.outcome {
        Outcome::Approved | Outcome::Review => answer.payment,
        Outcome::Declined(decline) => return failed(format!("the sale was declined: {decline}")),
        _ => {
            bench.settle(&answer, End::Approved).await?;
            let now = bench.look_up(&answer.payment.reference).await?;
            ensure(now.outcome.is_approved(), || {
                format!("the sale ended, and is {}", now.outcome.as_str())
            })?;
            now.payment
        }
    };
    ensure(payment.captured() == bench.subject.amount.minor(), || {
        format!(
            "the payment shows {} taken of {}",
            payment.captured(),
            bench.subject.amount
        )
    })?;
    bench.check_booked(&payment, EntryKind::Capture, &[bench.subject.amount])
}

/// A sale that is declined is an answer with a reason, and nothing is booked.
pub(super) async fn declined(bench: &Bench<'_>) -> Case {
    let ability = bench.offered(OperationKind::Sale)?;
    let before = bench.booked();
    let answer = match &bench.subject.declined {
        Some(source) if ability.sources.contains(&source.kind()) => {
            let sale = Operation::Sale(Box::new(bench.charge(source.clone())?));
            bench.answered(&sale).await?
        }
        _ if bench.subject.approved.kind() == SourceKind::Hosted => {
            bench.answered(&bench.paid(OperationKind::Sale)?).await?
        }
        _ => return excluded("the subject has nothing that is declined"),
    };
    let answer = match answer.outcome {
        Outcome::Declined(_) => answer,
        _ => {
            bench.settle(&answer, End::Declined).await?;
            bench.look_up(&answer.payment.reference).await?
        }
    };
    let Outcome::Declined(decline) = &answer.outcome else {
        return failed(format!("the sale came to {}", answer.outcome.as_str()));
    };
    if let Some(reason) = bench.subject.reason {
        ensure(decline.reason == reason && reason != DeclineReason::Unknown, || {
            format!("the reason is {reason}, and was read as {decline}")
        })?;
    }
    ensure(bench.booked() == before, || {
        "something was booked for a declined sale".to_owned()
    })
}

/// A code that the provider never named is neither an approval nor a decline.
pub(super) async fn unmapped_code(bench: &Bench<'_>) -> Case {
    let Some(code) = &bench.subject.unmapped_code else {
        return excluded("the subject has no such code");
    };
    let sale = bench.paid(OperationKind::Sale)?;
    if !bench.faults()?.plan(0, Fault::Code(code.clone())) {
        return excluded("the subject cannot force a code");
    }
    let (result, asked) = match bench.execute(&sale).await {
        Ok(answer) if matches!(answer.outcome, Outcome::ActionRequired(_)) => {
            bench.settle(&answer, End::Approved).await?;
            let inquiry = Operation::Inquire(paymux_core::Inquiry::Payment(answer.payment.reference));
            (bench.execute(&inquiry).await, true)
        }
        other => (other, false),
    };
    match result {
        Ok(answer) if matches!(answer.outcome, Outcome::Approved | Outcome::Declined(_)) => {
            failed(format!("code {code} was taken for {}", answer.outcome.as_str()))
        }
        Err(error) if !asked && error.fate() != Fate::Unknown => failed(format!(
            "code {code} was taken for a proof that nothing was done: {error}"
        )),
        _ => Ok(()),
    }
}

/// Of all that a charge can carry, what the gateway does not declare is listed as dropped. What it declares and lists all the same, for it does not
/// go together with the rest, is carried alone.
pub(super) async fn dropped(bench: &Bench<'_>) -> Case {
    let ability = bench.offered(OperationKind::Sale)?;
    let carried = |field: &Field| ability.carries.iter().any(|(carried, _)| carried == field);
    let dropped = dropped_of(bench, FIELDS).await?;
    for field in FIELDS {
        ensure(carried(field) || dropped.contains(field), || {
            format!("{} is not declared, and not listed as dropped", field.as_str())
        })?;
    }
    for field in dropped.iter().filter(|field| FIELDS.contains(field) && carried(field)) {
        let alone = dropped_of(bench, &[*field]).await?;
        ensure(!alone.contains(field), || {
            format!("{} is declared, and dropped", field.as_str())
        })?;
    }
    Ok(())
}

const FIELDS: &[Field] = &[
    Field::Order,
    Field::CustomerId,
    Field::CustomerName,
    Field::CustomerEmail,
    Field::CustomerPhone,
    Field::CustomerIp,
    Field::Billing,
    Field::Shipping,
    Field::Addressee,
    Field::Description,
    Field::StatementDescriptor,
    Field::Items,
    Field::Metadata,
    Field::ReturnUrl,
    Field::CancelUrl,
    Field::NotifyUrl,
];

/// What is dropped of a sale with these data.
async fn dropped_of(bench: &Bench<'_>, fields: &[Field]) -> Case<Vec<Field>> {
    let mut sale = bench.paid(OperationKind::Sale)?;
    if let Operation::Sale(charge) = &mut sale {
        for field in fields {
            put(charge, *field);
        }
    }
    Ok(bench.answered(&sale).await?.payment.dropped)
}

fn put(charge: &mut Charge, field: Field) {
    let text = |text: &str| Some(text.to_owned());
    let address = || {
        let mut address = Address::default();
        address.name = text("Jane Jones");
        address.street = text("High Street 1");
        address.city = text("Springfield");
        address.postal_code = text("12345");
        address.country = text("DK");
        address
    };
    let customer = &mut charge.customer;
    match field {
        Field::Order => charge.order = text("order1001"),
        Field::CustomerId => customer.id = text("customer7"),
        Field::CustomerName => (customer.first_name, customer.last_name) = (text("Jane"), text("Jones")),
        Field::CustomerEmail => customer.email = text("jane@shop.example"),
        Field::CustomerPhone => customer.phone = text("4512345678"),
        Field::CustomerIp => customer.ip = Some(std::net::Ipv4Addr::new(192, 0, 2, 1).into()),
        Field::Addressee | Field::Billing => charge.billing = Some(charge.billing.take().unwrap_or_else(address)),
        Field::Shipping => charge.shipping = Some(charge.shipping.take().unwrap_or_else(address)),
        Field::Description => charge.description = text("Two chairs"),
        Field::StatementDescriptor => charge.statement_descriptor = text("SHOP EXAMPLE"),
        Field::Items => {
            charge.items = vec![LineItem::new("chair", "A chair", 1, charge.amount.minor())];
        }
        Field::Metadata => charge.metadata = BTreeMap::from([("channel".to_owned(), "web".to_owned())]),
        Field::ReturnUrl => charge.urls.back = text("https://shop.example/back"),
        Field::CancelUrl => charge.urls.cancel = text("https://shop.example/cancel"),
        Field::NotifyUrl => charge.urls.notify = text("https://shop.example/notify"),
        _ => {}
    }
}
