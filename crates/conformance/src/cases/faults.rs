//! A wire that breaks. Every money operation is done again and again, the fault hitting its first request, then its second, and so on; after each
//! time, what the gateway says is compared with what the provider booked.

use std::time::Duration;

use http::StatusCode;
use paymux_core::{
    Answer, Completion, Duplicates, EntryKind, Error, ErrorKind, Fate, Operation, OperationKind, Outcome, Refund,
    Unresolved, Void,
};
use paymux_simulator::Fault;

use crate::bench::{Bench, Case, Stop, ensure, excluded, failed};
use crate::subject::{Booked, End};

/// How late things happen: before the gateway asks, while it asks, and after it gave up.
const LATE: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(8),
    Duration::from_secs(100),
];
/// How long until everything has happened that will.
const SETTLED: Duration = Duration::from_secs(200);

/// A connection that is refused did nothing, and the error says so.
pub(super) async fn refused(bench: &Bench<'_>) -> Case {
    for kind in money(bench) {
        let operation = prepared(bench, kind).await?;
        plan(bench, 0, &vec![Fault::Refuse; 20])?;
        let before = bench.booked();
        let result = bench.execute(&operation).await;
        bench.calm();
        match result {
            Ok(answer) => return failed(format!("{kind} over no connection came to {}", answer.outcome.as_str())),
            Err(error) => ensure(error.fate() == Fate::NotDone, || {
                format!("{kind} over no connection: {error}")
            })?,
        }
        ensure(bench.booked() == before, || {
            format!("{kind} over no connection was booked")
        })?;
    }
    schedule(bench, &vec![Fault::Refuse; 20]).await
}

/// The connection breaks before the provider acts.
pub(super) async fn lost_request(bench: &Bench<'_>) -> Case {
    schedule(bench, &[Fault::ResetBefore]).await
}

/// The connection breaks after the provider acted.
pub(super) async fn lost_answer(bench: &Bench<'_>) -> Case {
    schedule(bench, &[Fault::ResetAfter]).await
}

/// The connection breaks after the provider acted, and lookups do not show it for a while.
pub(super) async fn lost_answer_and_lag(bench: &Bench<'_>) -> Case {
    for time in LATE {
        schedule(bench, &[Fault::ResetAfter, Fault::Lag(time)]).await?;
    }
    Ok(())
}

/// The connection breaks, and the provider acts only later.
pub(super) async fn late(bench: &Bench<'_>) -> Case {
    for time in LATE {
        schedule(bench, &[Fault::LateCommit(time)]).await?;
    }
    Ok(())
}

/// 503 before the provider acts.
pub(super) async fn failure_before(bench: &Bench<'_>) -> Case {
    schedule(bench, &[Fault::StatusBefore(StatusCode::SERVICE_UNAVAILABLE)]).await
}

/// 500, 502 and 504 after the provider acted.
pub(super) async fn failure_after(bench: &Bench<'_>) -> Case {
    for status in [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::BAD_GATEWAY,
        StatusCode::GATEWAY_TIMEOUT,
    ] {
        schedule(bench, &[Fault::StatusAfter(status)]).await?;
    }
    Ok(())
}

/// The provider acted, and what stands in front of it answers in its place with a refusal: without a body, or with a web page.
pub(super) async fn refusal_in_front(bench: &Bench<'_>) -> Case {
    for fault in [
        Fault::StatusAfter(StatusCode::FORBIDDEN),
        Fault::PageAfter(StatusCode::FORBIDDEN),
        Fault::PageAfter(StatusCode::BAD_REQUEST),
        Fault::StatusAfter(StatusCode::NOT_FOUND),
        Fault::PageAfter(StatusCode::METHOD_NOT_ALLOWED),
        Fault::StatusAfter(StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        schedule(bench, &[fault]).await?;
    }
    Ok(())
}

/// The answer has no body.
pub(super) async fn empty(bench: &Bench<'_>) -> Case {
    schedule(bench, &[Fault::Empty]).await
}

/// The answer's body is a web page.
pub(super) async fn unreadable(bench: &Bench<'_>) -> Case {
    schedule(bench, &[Fault::Malformed]).await
}

/// The answer breaks off in its body.
pub(super) async fn cut(bench: &Bench<'_>) -> Case {
    schedule(bench, &[Fault::Truncate]).await
}

/// 429, with and without a time to wait.
pub(super) async fn too_many(bench: &Bench<'_>) -> Case {
    schedule(bench, &[Fault::TooMany(Some(2))]).await?;
    schedule(bench, &[Fault::TooMany(None)]).await
}

/// An access token that ends before its time is replaced, and the operation comes to the same.
pub(super) async fn expired_token(bench: &Bench<'_>) -> Case {
    for kind in money(bench) {
        let operation = prepared(bench, kind).await?;
        plan(bench, 0, &[Fault::ExpiredToken])?;
        let answer = bench.answered(&operation).await?;
        ensure(!matches!(answer.outcome, Outcome::Declined(_)), || {
            format!("{kind} was declined")
        })?;
    }
    Ok(())
}

/// The operations that move money and can be prepared with this subject.
fn money(bench: &Bench<'_>) -> Vec<OperationKind> {
    let subject = bench.subject;
    let mut kinds = vec![OperationKind::Sale, OperationKind::Authorize];
    kinds.retain(|kind| bench.paid(*kind).is_ok());
    let follow_ups = [OperationKind::Capture, OperationKind::Refund, OperationKind::Void];
    kinds.extend(follow_ups.iter().filter(|kind| bench.capabilities().offers(**kind)));
    if bench.capabilities().offers(OperationKind::Payout) && subject.payee.is_some() {
        kinds.push(OperationKind::Payout);
    }
    if bench.capabilities().offers(OperationKind::Transfer) && subject.accounts.is_some() {
        kinds.push(OperationKind::Transfer);
    }
    kinds
}

/// A fresh operation, ready to be done: with a payment to do it on.
async fn prepared(bench: &Bench<'_>, kind: OperationKind) -> Case<Operation> {
    match kind {
        OperationKind::Sale | OperationKind::Authorize => bench.paid(kind),
        OperationKind::Capture => {
            let payment = bench.completed(&bench.paid(OperationKind::Authorize)?).await?;
            bench.operation(kind, payment.reference)
        }
        OperationKind::Refund => {
            let payment = bench.taken().await?;
            Ok(Operation::Refund(Refund::new(
                payment.reference,
                bench.reference()?,
                bench.part(2),
            )))
        }
        OperationKind::Void => {
            let payment = match bench.paid(OperationKind::Authorize) {
                Ok(authorize) => bench.completed(&authorize).await?,
                Err(_) => bench.answered(&bench.paid(OperationKind::Sale)?).await?.payment,
            };
            let mut void = Void::new(payment.reference, bench.reference()?);
            void.amount = Some(bench.subject.amount);
            Ok(Operation::Void(void))
        }
        _ => bench.operation(kind, bench.nobodys()),
    }
}

fn plan(bench: &Bench<'_>, skip: u32, faults: &[Fault]) -> Case {
    let planner = bench.faults()?;
    for fault in faults {
        if !planner.plan(skip, fault.clone()) {
            planner.clear();
            return excluded(format!("the subject cannot do this: {fault:?}"));
        }
    }
    Ok(())
}

/// Does every money operation with the faults at each of its requests in turn. One that cannot be prepared excludes the case when all others held.
async fn schedule(bench: &Bench<'_>, faults: &[Fault]) -> Case {
    bench.truth()?;
    bench.faults()?;
    let mut left_out = Vec::new();
    for kind in money(bench) {
        match every_request(bench, kind, faults).await {
            Err(Stop::Excluded(why)) => left_out.push(format!("{kind}: {why}")),
            other => other?,
        }
    }
    if left_out.is_empty() {
        Ok(())
    } else {
        excluded(left_out.join("; "))
    }
}

async fn every_request(bench: &Bench<'_>, kind: OperationKind, faults: &[Fault]) -> Case {
    let undisturbed = prepared(bench, kind).await?;
    let before = bench.sent();
    bench.answered(&undisturbed).await?;
    let requests = u32::try_from(bench.sent().saturating_sub(before)).unwrap_or(0).max(1);
    for skip in 0..requests {
        let result = disturbed(bench, kind, skip, faults).await;
        bench.calm();
        if let Err(Stop::Failed(why)) = result {
            let number = skip.saturating_add(1);
            let fault = faults.first();
            return failed(format!("{kind}, request {number} of {requests}, {fault:?}: {why}"));
        }
        result?;
    }
    Ok(())
}

async fn disturbed(bench: &Bench<'_>, kind: OperationKind, skip: u32, faults: &[Fault]) -> Case {
    let operation = prepared(bench, kind).await?;
    let before = bench.booked();
    plan(bench, skip, faults)?;
    let result = bench.execute(&operation).await;
    bench.calm();
    let said = verdict(&result);
    // An approval must be true when it is said; a denial must stay true.
    if said == Said::Approved {
        compare(bench, &operation, &before, said)?;
    }
    tokio::time::sleep(SETTLED).await;
    match &result {
        Ok(answer) if said == Said::Open && matches!(answer.outcome, Outcome::Pending) => {
            bench.settle(answer, End::Approved).await?;
        }
        _ => {}
    }
    compare(bench, &operation, &before, said)?;
    let Err(error) = result else { return Ok(()) };
    if error.fate() != Fate::Unknown {
        return Ok(());
    }
    resolved(bench, &operation, &before, &error).await
}

/// An unknown outcome can be asked about later; asking moves nothing, and what it says is true.
async fn resolved(bench: &Bench<'_>, operation: &Operation, before: &[Booked], error: &Error) -> Case {
    let Some(unresolved) = error.unresolved() else {
        return failed(format!("unknown, and nothing to ask with: {error}"));
    };
    let standing = bench.booked();
    let question = Operation::Resolve(Box::new(unresolved.clone()));
    let result = bench.execute(&question).await;
    ensure(bench.booked() == standing, || {
        "asking what became of it moved money".to_owned()
    })?;
    compare(bench, operation, before, verdict(&result)).map_err(|stop| match stop {
        Stop::Failed(why) => Stop::Failed(format!("asked later, {why}")),
        excluded @ Stop::Excluded(_) => excluded,
    })?;
    completed(bench, operation, before, unresolved).await
}

/// Where the provider recognises keys, an unknown outcome can be finished under its key, and it is done once then; elsewhere that is refused
/// before anything is sent.
async fn completed(bench: &Bench<'_>, operation: &Operation, before: &[Booked], unresolved: &Unresolved) -> Case {
    let completion = Completion::new(unresolved.clone(), operation.clone());
    let finish = Operation::Complete(Box::new(completion));
    let sent = bench.sent();
    let result = bench.execute(&finish).await;
    if !matches!(bench.capabilities().duplicates, Duplicates::Key(_)) {
        let Err(error) = result else {
            return failed("finished under a key, and none is declared");
        };
        return ensure(error.kind() == ErrorKind::Unsupported && bench.sent() == sent, || {
            format!("finishing without a key is not refused as unsupported, before anything is sent: {error}")
        });
    }
    if let Err(error) = &result {
        // The provider may refuse what it did before; the doubt is what it was.
        ensure(error.fate() == Fate::Unknown && error.unresolved().is_some(), || {
            format!("not finished under its key, and the doubt is gone: {error}")
        })?;
    }
    tokio::time::sleep(SETTLED).await;
    compare(bench, operation, before, verdict(&result)).map_err(|stop| match stop {
        Stop::Failed(why) => Stop::Failed(format!("finished under its key, {why}")),
        excluded @ Stop::Excluded(_) => excluded,
    })
}

/// What the gateway claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Approved,
    NothingDone,
    Open,
}

fn verdict(result: &Result<Answer, Error>) -> Said {
    match result {
        Ok(answer) => match answer.outcome {
            Outcome::Approved | Outcome::Review => Said::Approved,
            Outcome::Declined(_) => Said::NothingDone,
            _ => Said::Open,
        },
        Err(error) if error.fate() == Fate::Unknown => Said::Open,
        Err(_) => Said::NothingDone,
    }
}

fn compare(bench: &Bench<'_>, operation: &Operation, before: &[Booked], said: Said) -> Case {
    let now = bench.booked();
    let new = now.get(before.len()..).unwrap_or(&[]);
    let (kind, amount) = (
        entry(operation.kind()),
        operation.amount().unwrap_or(bench.subject.amount),
    );
    let mut done = new.iter().filter(|booked| booked.kind == kind);
    let first = done.next();
    if done.next().is_some() {
        return failed(format!("it was done twice: {new:?}"));
    }
    match said {
        Said::Approved => ensure(first.is_some_and(|booked| booked.amount == amount), || {
            format!("it is said to be approved, and the provider booked {new:?}")
        }),
        Said::NothingDone => ensure(new.is_empty(), || {
            format!("it is said to have done nothing, and the provider booked {new:?}")
        }),
        Said::Open => Ok(()),
    }
}

const fn entry(kind: OperationKind) -> EntryKind {
    match kind {
        OperationKind::Authorize => EntryKind::Authorize,
        OperationKind::Capture => EntryKind::Capture,
        OperationKind::Payout => EntryKind::Payout,
        OperationKind::Refund => EntryKind::Refund,
        OperationKind::Transfer => EntryKind::Transfer,
        OperationKind::Void => EntryKind::Void,
        _ => EntryKind::Capture,
    }
}
