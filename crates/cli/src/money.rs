//! The commands that ask something of one gateway.

mod charge;
mod unknown;

use std::path::Path;

use jiff::Timestamp;
use paymux::{
    Answer, Capture, Completion, Error, ErrorKind, Fate, Gateway, Inquiry, MethodQuery, Operation, OperationKind,
    PaymentGateway as _, Payout, Refund, Transfer, Unresolved, Void,
};

use crate::args::{
    CaptureArgs, CheckoutArgs, CompleteArgs, InquireArgs, KeepArgs, MethodsArgs, MoneyCommand, OnGateway, PayoutArgs,
    RefundArgs, ResolveArgs, TransferArgs, VoidArgs,
};
use crate::exit::Failure;
use crate::keep::Keep;
use crate::output::Output;
use crate::{gateways, render};

/// An operation that is ready to be done.
struct Ready {
    gateway: Gateway,
    operation: Operation,
    /// Where to keep what is unknown.
    keep: KeepArgs,
    /// What a person should be told besides.
    aside: String,
}

impl Ready {
    const fn new(gateway: Gateway, operation: Operation, keep: KeepArgs) -> Self {
        Self {
            gateway,
            operation,
            keep,
            aside: String::new(),
        }
    }
}

/// Does what a money command says.
pub(crate) async fn command(config: &Path, command: MoneyCommand) -> Result<Output, Failure> {
    money(ready(config, command)?).await
}

pub(crate) async fn checkout(config: &Path, args: CheckoutArgs) -> Result<Output, Failure> {
    money(charge::checkout(config, args)?).await
}

/// Does a money command once more, under the key that it was sent with.
pub(crate) async fn complete(config: &Path, args: CompleteArgs) -> Result<Output, Failure> {
    let unresolved = unknown::read(&args.file)?;
    let mut ready = ready(config, args.command)?;
    ready.operation = Operation::Complete(Box::new(Completion::new(unresolved, ready.operation)));
    money(ready).await
}

fn ready(config: &Path, command: MoneyCommand) -> Result<Ready, Failure> {
    match command {
        MoneyCommand::Sale(args) => charge::charge(config, args, OperationKind::Sale),
        MoneyCommand::Authorize(args) => charge::charge(config, args, OperationKind::Authorize),
        MoneyCommand::Capture(args) => capture(config, args),
        MoneyCommand::Void(args) => void(config, args),
        MoneyCommand::Refund(args) => refund(config, args),
        MoneyCommand::Payout(args) => payout(config, args),
        MoneyCommand::Transfer(args) => transfer(config, args),
    }
}

fn capture(config: &Path, args: CaptureArgs) -> Result<Ready, Failure> {
    let capture = Capture::new(args.payment, args.attempt.reference, args.attempt.amount);
    Ok(Ready::new(
        open(config, &args.on)?,
        Operation::Capture(capture),
        args.keep,
    ))
}

fn void(config: &Path, args: VoidArgs) -> Result<Ready, Failure> {
    let mut void = Void::new(args.payment, args.reference);
    void.amount = args.amount;
    Ok(Ready::new(open(config, &args.on)?, Operation::Void(void), args.keep))
}

fn refund(config: &Path, args: RefundArgs) -> Result<Ready, Failure> {
    let mut refund = Refund::new(args.payment, args.attempt.reference, args.attempt.amount);
    refund.capture = args.capture;
    refund.reason = args.reason;
    Ok(Ready::new(
        open(config, &args.on)?,
        Operation::Refund(refund),
        args.keep,
    ))
}

fn payout(config: &Path, args: PayoutArgs) -> Result<Ready, Failure> {
    let gateway = open(config, &args.on)?;
    let to = charge::payee(&gateway, &args.source, Timestamp::now())?;
    let mut payout = Payout::new(args.attempt.reference, args.attempt.amount, to);
    payout.customer.id = args.customer;
    payout.description = args.description;
    Ok(Ready::new(gateway, Operation::Payout(Box::new(payout)), args.keep))
}

fn transfer(config: &Path, args: TransferArgs) -> Result<Ready, Failure> {
    let mut transfer = Transfer::new(args.attempt.reference, args.attempt.amount, args.from, args.to);
    transfer.description = args.description;
    Ok(Ready::new(
        open(config, &args.on)?,
        Operation::Transfer(transfer),
        args.keep,
    ))
}

pub(crate) async fn inquire(config: &Path, args: InquireArgs) -> Result<Output, Failure> {
    let inquiry = match (args.payment, args.reference) {
        (Some(payment), _) => Inquiry::Payment(payment),
        (None, Some(reference)) => Inquiry::Reference(reference),
        (None, None) => return Err(Failure::input("either --payment or --reference must be given")),
    };
    run(&open(config, &args.on)?, Operation::Inquire(inquiry)).await
}

pub(crate) async fn methods(config: &Path, args: MethodsArgs) -> Result<Output, Failure> {
    let gateway = open(config, &args.on)?;
    let mut query = MethodQuery::default();
    query.country = args.country;
    query.customer = args.customer;
    let methods = gateway.payment_methods(&query).await?;
    Ok(render::methods(gateway.name(), &methods))
}

pub(crate) async fn resolve(config: &Path, args: ResolveArgs) -> Result<Output, Failure> {
    let file = args.file.or(args.unresolved).unwrap_or_default();
    let unresolved = unknown::read(&file)?;
    let gateway = args.gateway.unwrap_or_else(|| unresolved.gateway.clone());
    let gateway = open(config, &OnGateway { gateway })?;
    run(&gateway, Operation::Resolve(Box::new(unresolved))).await
}

fn open(config: &Path, on: &OnGateway) -> Result<Gateway, Failure> {
    let gateways = gateways::load(config)?;
    // What was typed is at fault; the fate of an operation is not spoken of, least of all where one is looked up.
    let gateway = gateways.gateway(&on.gateway);
    gateway.map_err(|error| Failure::input(format!("--gateway: {}", error.message())))
}

/// Does an operation that moves money, and keeps what is unknown of it where that was asked for.
async fn money(ready: Ready) -> Result<Output, Failure> {
    let keep = ready.keep.unresolved.as_deref().map(Keep::open).transpose()?;
    let result = execute(&ready.gateway, &ready.operation).await;
    let mut output = match (keep, result.as_ref().err().and_then(Error::unresolved)) {
        (Some(keep), Some(unresolved)) => {
            let path = keep.path().to_owned();
            let kept = keep.write(unresolved);
            let mut output = shown(&ready.gateway, &ready.operation, result, Some(&path))?;
            if let Err(error) = kept {
                let what = format!(
                    "--unresolved {}: cannot be written: {error}; keep what is printed\n",
                    path.display()
                );
                output.aside.push_str(&what);
            }
            output
        }
        (keep, _) => {
            if let Some(keep) = keep {
                keep.remove();
            }
            shown(&ready.gateway, &ready.operation, result, None)?
        }
    };
    output.aside.push_str(&ready.aside);
    Ok(output)
}

/// Does an operation that only asks.
async fn run(gateway: &Gateway, operation: Operation) -> Result<Output, Failure> {
    let result = execute(gateway, &operation).await;
    shown(gateway, &operation, result, None)
}

/// What an operation came to.
fn shown(
    gateway: &Gateway,
    operation: &Operation,
    result: Result<Answer, Error>,
    kept: Option<&Path>,
) -> Result<Output, Failure> {
    match result {
        Ok(answer) => Ok(render::answer(gateway.name(), operation.kind(), &answer)),
        Err(error) => unknown::shown(gateway, &error, kept).ok_or(Failure::Gateway(error)),
    }
}

/// Does an operation. Ctrl-C ends the wait, and what may have been sent by then is told.
async fn execute(gateway: &Gateway, operation: &Operation) -> Result<Answer, Error> {
    tokio::select! {
        biased;
        result = gateway.execute(operation) => result,
        () = interrupt() => Err(interrupted(gateway, operation)),
    }
}

/// Comes with Ctrl-C; never where that cannot be waited for.
async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// An operation that was left alone: nobody knows whether it was done, unless it only asked.
fn interrupted(gateway: &Gateway, operation: &Operation) -> Error {
    let error = Error::new(ErrorKind::Network, "interrupted before the answer came");
    let unresolved = match operation {
        Operation::Inquire(_) => return error.in_operation(gateway.name(), Some(operation.kind())),
        Operation::Resolve(unresolved) => (**unresolved).clone(),
        Operation::Complete(completion) => completion.unresolved.clone(),
        _ => Unresolved::new(
            gateway.name(),
            gateway.capabilities(),
            operation,
            operation.payment().cloned(),
            Vec::new(),
            Timestamp::now(),
        ),
    };
    error
        .with_fate(Fate::Unknown)
        .with_unresolved(unresolved)
        .in_operation(gateway.name(), Some(operation.kind()))
}
