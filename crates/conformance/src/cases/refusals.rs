//! What must be refused before anything is sent.

use bytes::Bytes;
use http::HeaderMap;
use paymux_core::{
    Agreement, Delivery, ErrorKind, Field, Initiator, Inquiry, Money, Operation, OperationKind, Reference, SourceKind,
    WebhookError, Webhooks,
};

use crate::bench::{Bench, Case, Stop, authenticated, ensure, excluded, failed, source, stranger};

const KINDS: [OperationKind; 9] = [
    OperationKind::Authorize,
    OperationKind::Capture,
    OperationKind::Checkout,
    OperationKind::Inquire,
    OperationKind::Payout,
    OperationKind::Refund,
    OperationKind::Sale,
    OperationKind::Transfer,
    OperationKind::Void,
];

/// Every operation that is not offered is refused as unsupported.
pub(super) async fn not_offered(bench: &Bench<'_>) -> Case {
    let missing: Vec<_> = KINDS
        .into_iter()
        .filter(|kind| !bench.capabilities().offers(*kind))
        .collect();
    if missing.is_empty() {
        return excluded("every operation is offered");
    }
    for kind in missing {
        let operation = bench.operation(kind, bench.nobodys())?;
        unsupported(bench, &operation, kind.as_str()).await?;
    }
    Ok(())
}

/// A source that is not declared for sale, authorize or payout is refused as unsupported.
pub(super) async fn sources_not_offered(bench: &Bench<'_>) -> Case {
    let mut refused = 0_u32;
    for kind in [OperationKind::Sale, OperationKind::Authorize, OperationKind::Payout] {
        let Some(ability) = bench.capabilities().ability(kind) else {
            continue;
        };
        for missing in [SourceKind::Card, SourceKind::Hosted, SourceKind::Stored] {
            if ability.sources.contains(&missing) {
                continue;
            }
            let mut operation = bench.operation(kind, bench.nobodys())?;
            match &mut operation {
                Operation::Authorize(charge) | Operation::Sale(charge) => charge.source = source(missing, 2099)?,
                Operation::Payout(payout) => payout.to = source(missing, 2099)?,
                _ => {}
            }
            unsupported(bench, &operation, &format!("{kind} from {}", missing.as_str())).await?;
            refused = refused.saturating_add(1);
        }
    }
    if refused == 0 {
        excluded("every source is offered")
    } else {
        Ok(())
    }
}

/// Zero and a negative amount are refused, and the error names the field.
pub(super) async fn amounts(bench: &Bench<'_>) -> Case {
    for minor in [0, -1, i64::MIN] {
        for kind in offered(bench, &[OperationKind::Inquire]) {
            let mut operation = bench.operation(kind, bench.nobodys())?;
            *amount_of(&mut operation)? = Money::new(minor, bench.subject.amount.currency());
            invalid(bench, &operation, "amount", &format!("{kind} of {minor}")).await?;
        }
    }
    Ok(())
}

/// References that are too long, too short or hold a forbidden character are refused, and the error names the field.
pub(super) async fn reference_rule(bench: &Bench<'_>) -> Case {
    let rule = bench.capabilities().reference;
    let longer = "0".repeat(rule.max.saturating_add(1));
    let shorter = "0".repeat(rule.min.saturating_sub(1));
    let body = "0".repeat(rule.min.max(3));
    let forbidden = [' ', '/', '#', '\'', '_', 'ü', '語']
        .into_iter()
        .find(|c| !(rule.allowed)(*c))
        .map(|c| format!("0{c}{}", body.get(2..).unwrap_or("")));
    let bad: Vec<_> = [Some(longer), Some(shorter), forbidden]
        .into_iter()
        .flatten()
        .filter_map(|text| Reference::new(text).ok())
        .collect();
    if bad.is_empty() {
        return excluded("every reference is allowed");
    }
    for reference in bad {
        for kind in offered(bench, &[OperationKind::Inquire]) {
            let mut operation = bench.operation(kind, bench.nobodys())?;
            *reference_of(&mut operation)? = reference.clone();
            invalid(bench, &operation, "reference", &format!("{kind} as {reference:?}")).await?;
        }
    }
    Ok(())
}

/// A card whose last month is over is refused, and the error names the field.
pub(super) async fn expired_card(bench: &Bench<'_>) -> Case {
    let mut refused = 0_u32;
    for kind in offered(bench, &[]) {
        if !bench.offered(kind)?.sources.contains(&SourceKind::Card) {
            continue;
        }
        let mut operation = bench.operation(kind, bench.nobodys())?;
        match &mut operation {
            Operation::Authorize(charge) | Operation::Sale(charge) => charge.source = source(SourceKind::Card, 2001)?,
            Operation::Payout(payout) => payout.to = source(SourceKind::Card, 2001)?,
            _ => continue,
        }
        invalid(bench, &operation, "card", &format!("{kind} with an expired card")).await?;
        refused = refused.saturating_add(1);
    }
    if refused == 0 {
        excluded("no operation takes a card")
    } else {
        Ok(())
    }
}

/// A payment of another account, or of another provider, is refused, and the error names both sides.
pub(super) async fn strangers(bench: &Bench<'_>) -> Case {
    let capabilities = bench.capabilities();
    let mut refused = 0_u32;
    for payment in [stranger("another"), stranger(capabilities.provider)] {
        for kind in offered(bench, &[]) {
            let operation = bench.operation(kind, payment.clone())?;
            if operation.payment().is_none() {
                continue;
            }
            let what = format!("{kind} of a stranger's payment");
            let error = invalid(bench, &operation, "payment", &what).await?;
            for name in [
                payment.provider(),
                payment.account().as_str(),
                capabilities.provider,
                capabilities.account.as_str(),
            ] {
                ensure(error.message().contains(name), || {
                    format!("{what}: the error does not name `{name}`: {error}")
                })?;
            }
            refused = refused.saturating_add(1);
        }
    }
    if refused == 0 {
        excluded("no operation is about a payment")
    } else {
        Ok(())
    }
}

/// Data without which a payment would be another one are refused where they cannot be carried.
pub(super) async fn essential_data(bench: &Bench<'_>) -> Case {
    let mut refused = 0_u32;
    for kind in [OperationKind::Sale, OperationKind::Authorize, OperationKind::Checkout] {
        let Some(ability) = bench.capabilities().ability(kind) else {
            continue;
        };
        for field in [Field::MerchantInitiated, Field::ThreeDsExternal] {
            if ability.carries.iter().any(|(carried, _)| *carried == field) {
                continue;
            }
            let mut operation = bench.operation(kind, bench.nobodys())?;
            let charge = match &mut operation {
                Operation::Authorize(charge) | Operation::Sale(charge) => charge.as_mut(),
                Operation::Checkout(checkout) => &mut checkout.charge,
                _ => continue,
            };
            if field == Field::ThreeDsExternal {
                charge.three_ds = authenticated();
            } else {
                charge.initiator = Initiator::Merchant {
                    kind: Agreement::Unscheduled,
                    agreement: None,
                    network_transaction_id: None,
                };
            }
            unsupported(bench, &operation, &format!("{kind} with {}", field.as_str())).await?;
            refused = refused.saturating_add(1);
        }
    }
    if refused == 0 {
        excluded("all essential data are carried")
    } else {
        Ok(())
    }
}

/// A text that is longer than declared is refused, and the error names the field.
pub(super) async fn long_texts(bench: &Bench<'_>) -> Case {
    let mut refused = 0_u32;
    for kind in [OperationKind::Sale, OperationKind::Authorize] {
        let Some(ability) = bench.capabilities().ability(kind) else {
            continue;
        };
        for (field, most) in &ability.carries {
            let Some(most) = most else { continue };
            let text = Some("x".repeat(most.saturating_add(1)));
            let mut charge = bench.charge(bench.subject.approved.clone())?;
            match field {
                Field::CustomerEmail => charge.customer.email = text,
                Field::CustomerId => charge.customer.id = text,
                Field::CustomerName => charge.customer.last_name = text,
                Field::CustomerPhone => charge.customer.phone = text,
                Field::Description => charge.description = text,
                Field::Order => charge.order = text,
                Field::StatementDescriptor => charge.statement_descriptor = text,
                _ => continue,
            }
            let operation = match kind {
                OperationKind::Authorize => Operation::Authorize(Box::new(charge)),
                _ => Operation::Sale(Box::new(charge)),
            };
            invalid(
                bench,
                &operation,
                field.as_str(),
                &format!("{kind} with a long {}", field.as_str()),
            )
            .await?;
            refused = refused.saturating_add(1);
        }
    }
    if refused == 0 {
        excluded("no text has a declared limit")
    } else {
        Ok(())
    }
}

/// A delivery without a signature, or any delivery where none are supported, gives no event.
pub(super) async fn unsigned_webhooks(bench: &Bench<'_>) -> Case {
    let result = bench
        .gateway
        .receive(&Delivery::new(HeaderMap::new(), Bytes::from_static(b"{\"id\":\"1\"}")));
    match (bench.capabilities().webhooks, result) {
        (Webhooks::Hint, _) => excluded("webhooks are not signed, as declared"),
        (_, Ok(event)) => failed(format!("an unsigned delivery became an event: {event:?}")),
        (Webhooks::None, Err(WebhookError::Unsupported)) | (Webhooks::Signed, Err(_)) => Ok(()),
        (_, Err(error)) => failed(format!("webhooks are declared as none, and yet: {error}")),
    }
}

fn offered(bench: &Bench<'_>, but: &[OperationKind]) -> Vec<OperationKind> {
    let wanted = |kind: &OperationKind| bench.capabilities().offers(*kind) && !but.contains(kind);
    KINDS.into_iter().filter(wanted).collect()
}

async fn unsupported(bench: &Bench<'_>, operation: &Operation, what: &str) -> Case {
    let error = bench.refused(operation, what).await?;
    ensure(error.kind() == ErrorKind::Unsupported, || {
        format!("{what} is not declared, and is not refused as unsupported: {error}")
    })
}

async fn invalid(bench: &Bench<'_>, operation: &Operation, field: &str, what: &str) -> Case<paymux_core::Error> {
    let error = bench.refused(operation, what).await?;
    let right = error.kind() == ErrorKind::InvalidRequest && error.field() == Some(field);
    ensure(right, || {
        format!("{what} is not refused as an invalid {field}: {error}")
    })?;
    Ok(error)
}

fn amount_of(operation: &mut Operation) -> Case<&mut Money> {
    Ok(match operation {
        Operation::Authorize(charge) | Operation::Sale(charge) => &mut charge.amount,
        Operation::Capture(capture) => &mut capture.amount,
        Operation::Checkout(checkout) => &mut checkout.charge.amount,
        Operation::Payout(payout) => &mut payout.amount,
        Operation::Refund(refund) => &mut refund.amount,
        Operation::Transfer(transfer) => &mut transfer.amount,
        Operation::Void(void) => void.amount.get_or_insert(Money::new(0, paymux_core::Currency::XXX)),
        other => return Err(unknown(other)),
    })
}

fn reference_of(operation: &mut Operation) -> Case<&mut Reference> {
    Ok(match operation {
        Operation::Authorize(charge) | Operation::Sale(charge) => &mut charge.reference,
        Operation::Capture(capture) => &mut capture.reference,
        Operation::Checkout(checkout) => &mut checkout.charge.reference,
        Operation::Inquire(Inquiry::Reference(reference)) => reference,
        Operation::Payout(payout) => &mut payout.reference,
        Operation::Refund(refund) => &mut refund.reference,
        Operation::Transfer(transfer) => &mut transfer.reference,
        Operation::Void(void) => &mut void.reference,
        other => return Err(unknown(other)),
    })
}

fn unknown(operation: &Operation) -> Stop {
    Stop::Failed(format!("the suite does not know {}", operation.kind()))
}
