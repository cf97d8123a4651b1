//! References, keys, and the same attempt made twice.

use paymux_core::{Duplicates, EntryKind, OperationKind, Outcome, PaymentRef, SourceKind, idempotency_key};

use crate::bench::{Bench, Case, ensure, excluded, failed};

/// A payment's reference survives its string form, which is one word.
pub(super) async fn round_trip(bench: &Bench<'_>) -> Case {
    let payment = bench.taken().await?;
    let text = payment.reference.to_string();
    ensure(!text.contains(char::is_whitespace), || {
        format!("`{text}` is not one word")
    })?;
    ensure(text.parse::<PaymentRef>().as_ref() == Ok(&payment.reference), || {
        format!("`{text}` does not lead back")
    })?;
    let now = bench.look_up(&payment.reference).await?;
    ensure(now.payment.reference == payment.reference, || {
        format!(
            "{} is called {} when it is looked up",
            payment.reference, now.payment.reference
        )
    })
}

/// Two calls at once with one reference are one payment.
pub(super) async fn at_once(bench: &Bench<'_>) -> Case {
    let sale = bench.paid(OperationKind::Sale)?;
    let before = taken(bench);
    let (first, second) = tokio::join!(bench.execute(&sale), bench.execute(&sale));
    let (first, second) = match (first, second) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(error), _) | (_, Err(error)) => return failed(format!("one of two calls is an error: {error}")),
    };
    ensure(first.payment.id() == second.payment.id(), || {
        format!(
            "one reference made two payments: {} and {}",
            first.payment.id(),
            second.payment.id()
        )
    })?;
    if !matches!(first.outcome, Outcome::Approved | Outcome::Review) {
        bench.settle(&first, crate::End::Approved).await?;
    }
    one_more(bench, before)
}

/// The same reference again, later, takes no money twice, where anything is declared to stand against it.
pub(super) async fn again(bench: &Bench<'_>) -> Case {
    if bench.capabilities().duplicates == Duplicates::None {
        return excluded("nothing stands against it, as declared: the caller must not do it");
    }
    let sale = bench.paid(OperationKind::Sale)?;
    let before = taken(bench);
    let first = bench.answered(&sale).await?;
    if bench.subject.approved.kind() != SourceKind::Hosted && !first.outcome.is_approved() {
        bench.settle(&first, crate::End::Approved).await?;
    }
    match bench.execute(&sale).await {
        Ok(second) => ensure(second.payment.id() == first.payment.id(), || {
            format!(
                "one reference made two payments: {} and {}",
                first.payment.id(),
                second.payment.id()
            )
        })?,
        Err(_) if matches!(bench.capabilities().duplicates, Duplicates::UniqueReference) => {}
        Err(error) => return failed(format!("a repeated key is an error: {error}")),
    }
    if bench.subject.approved.kind() == SourceKind::Hosted {
        bench.settle(&first, crate::End::Approved).await?;
    }
    one_more(bench, before)
}

/// The key that is declared goes over the wire, the same every time.
pub(super) async fn key(bench: &Bench<'_>) -> Case {
    if !matches!(bench.capabilities().duplicates, Duplicates::Key(_)) {
        return excluded("the provider has no keys, as declared");
    }
    let tap = bench.tap()?;
    let sale = bench.paid(OperationKind::Sale)?;
    let Some(key) = idempotency_key(&sale) else {
        return failed("a sale has no key");
    };
    let mut carriers = Vec::new();
    for _ in 0..2 {
        let before = tap.requests().len();
        bench.answered(&sale).await?;
        let carries = |request: &http::Request<bytes::Bytes>| {
            let plain = |text: &str| text.replace('-', "").contains(&key);
            let headers = request.headers().values().filter_map(|value| value.to_str().ok());
            headers.into_iter().any(plain) || plain(&String::from_utf8_lossy(request.body()))
        };
        carriers.push(
            tap.requests()
                .iter()
                .skip(before)
                .filter(|request| carries(request))
                .count(),
        );
    }
    ensure(carriers.iter().all(|count| *count > 0), || {
        format!("the key {key} is not on the wire")
    })
}

fn taken(bench: &Bench<'_>) -> usize {
    bench
        .booked()
        .iter()
        .filter(|booked| booked.kind == EntryKind::Capture)
        .count()
}

fn one_more(bench: &Bench<'_>, before: usize) -> Case {
    bench.truth()?;
    let now = taken(bench);
    ensure(now == before.saturating_add(1), || {
        format!("{} payments were booked for one reference", now.saturating_sub(before))
    })
}
