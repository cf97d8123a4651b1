//! Money out and between accounts, and the ways to pay.

use std::collections::BTreeSet;

use paymux_core::{EntryKind, ErrorKind, Operation, OperationKind};

use crate::bench::{Bench, Case, ensure, excluded, failed};

/// A payout is booked once, amount and currency as asked.
pub(super) async fn payout(bench: &Bench<'_>) -> Case {
    let ability = bench.offered(OperationKind::Payout)?;
    match &bench.subject.payee {
        Some(payee) if ability.sources.contains(&payee.kind()) => {}
        _ => return excluded("the subject has nobody to pay out to"),
    }
    once(bench, OperationKind::Payout, EntryKind::Payout).await
}

/// A transfer is booked once, amount and currency as asked.
pub(super) async fn transfer(bench: &Bench<'_>) -> Case {
    bench.offered(OperationKind::Transfer)?;
    if bench.subject.accounts.is_none() {
        return excluded("the subject has no accounts");
    }
    once(bench, OperationKind::Transfer, EntryKind::Transfer).await
}

async fn once(bench: &Bench<'_>, kind: OperationKind, entry: EntryKind) -> Case {
    let operation: Operation = bench.operation(kind, bench.nobodys())?;
    let answer = bench.follows(&operation).await?;
    bench.check_booked(&answer.payment, entry, &[bench.subject.amount])
}

/// Payment methods have ids that differ, or listing them is refused as unsupported before anything is sent.
pub(super) async fn methods(bench: &Bench<'_>) -> Case {
    let before = bench.sent();
    let result = bench.gateway.payment_methods(&bench.subject.methods).await;
    if bench.capabilities().payment_methods {
        let methods = match result {
            Ok(methods) => methods,
            Err(error) => return failed(format!("methods cannot be listed: {error}")),
        };
        let ids: BTreeSet<_> = methods
            .iter()
            .map(|method| method.id.as_str())
            .filter(|id| !id.is_empty())
            .collect();
        return ensure(!methods.is_empty() && ids.len() == methods.len(), || {
            format!("{} methods have {} ids", methods.len(), ids.len())
        });
    }
    match result {
        Err(error) if error.kind() == ErrorKind::Unsupported => ensure(bench.sent() == before, || {
            "it was sent before it was refused".to_owned()
        }),
        Err(error) => failed(format!(
            "listing is not declared, and is not refused as unsupported: {error}"
        )),
        Ok(_) => failed("listing is not declared, and was answered"),
    }
}
