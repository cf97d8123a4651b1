//! The commands that ask something of one gateway.

mod cashier;
mod charge;
mod unknown;

use std::path::Path;

use jiff::Timestamp;
use paymux::{
    Answer, Capabilities, Capture, Completion, Error, Fate, Inquiry, MethodQuery, Operation, OperationKind,
    PaymentGateway as _, Payout, Refund, Transfer, Void,
};

use paymux_journal::{Intent, State};

use self::cashier::Cashier;
use crate::args::{
    CaptureArgs, CheckoutArgs, CompleteArgs, InquireArgs, KeepArgs, MethodsArgs, MoneyCommand, OnGateway, PayoutArgs,
    RefundArgs, ResolveArgs, TransferArgs, VoidArgs,
};
use crate::exit::Failure;
use crate::keep::Keep;
use crate::output::Output;
use crate::render;

/// An operation that is ready to be done.
struct Ready {
    cashier: Cashier,
    operation: Operation,
    /// Where to keep what is unknown.
    keep: KeepArgs,
    /// What a person should be told besides.
    aside: String,
}

impl Ready {
    const fn new(cashier: Cashier, operation: Operation, keep: KeepArgs) -> Self {
        Self {
            cashier,
            operation,
            keep,
            aside: String::new(),
        }
    }
}

/// Does what a money command says.
pub(crate) async fn command(config: &Path, command: MoneyCommand) -> Result<Output, Failure> {
    money(ready(config, command).await?).await
}

pub(crate) async fn checkout(config: &Path, args: CheckoutArgs) -> Result<Output, Failure> {
    money(charge::checkout(config, args).await?).await
}

/// Does a money command once more, under the key that it was sent with.
pub(crate) async fn complete(config: &Path, args: CompleteArgs) -> Result<Output, Failure> {
    let unresolved = unknown::read(&args.file)?;
    let mut ready = ready(config, args.command).await?;
    let intent = ready.cashier.on_record(&ready.operation).await;
    let completion = Completion::new(unresolved, ready.operation);
    check_typed(&completion, intent.as_ref(), ready.cashier.gateway.capabilities())?;
    ready.operation = Operation::Complete(Box::new(completion));
    money(ready).await
}

/// Whether what was typed is what was sent, by the file and by the journal. Who typed something else is told so, and not that nobody knows of it.
fn check_typed(completion: &Completion, intent: Option<&Intent>, capabilities: &Capabilities) -> Result<(), Failure> {
    let refused = |field, rule: &str| Failure::Gateway(Error::invalid(field, rule).beside_another());
    if let Err(error) = completion.check(capabilities, Timestamp::now())
        && let Some(field @ ("amount" | "operation" | "payment" | "reference")) = error.field()
    {
        return Err(refused(field, error.message()));
    }
    let (is, was) = (completion.operation.amount(), intent.and_then(|intent| intent.amount));
    match (is, was) {
        (Some(is), Some(was)) if is != was => Err(refused(
            "amount",
            &format!("must be the one that is on record in the journal, which is {was}, and is {is}; nothing was sent"),
        )),
        _ => Ok(()),
    }
}

async fn ready(config: &Path, command: MoneyCommand) -> Result<Ready, Failure> {
    match command {
        MoneyCommand::Sale(args) => charge::charge(config, args, OperationKind::Sale).await,
        MoneyCommand::Authorize(args) => charge::charge(config, args, OperationKind::Authorize).await,
        MoneyCommand::Capture(args) => capture(config, args).await,
        MoneyCommand::Void(args) => void(config, args).await,
        MoneyCommand::Refund(args) => refund(config, args).await,
        MoneyCommand::Payout(args) => payout(config, args).await,
        MoneyCommand::Transfer(args) => transfer(config, args).await,
    }
}

async fn capture(config: &Path, args: CaptureArgs) -> Result<Ready, Failure> {
    let capture = Capture::new(args.payment, args.attempt.reference, args.attempt.amount);
    Ok(Ready::new(
        Cashier::open(config, &args.on, args.keep.journal.as_ref()).await?,
        Operation::Capture(capture),
        args.keep,
    ))
}

async fn void(config: &Path, args: VoidArgs) -> Result<Ready, Failure> {
    let mut void = Void::new(args.payment, args.reference);
    void.amount = args.amount;
    Ok(Ready::new(
        Cashier::open(config, &args.on, args.keep.journal.as_ref()).await?,
        Operation::Void(void),
        args.keep,
    ))
}

async fn refund(config: &Path, args: RefundArgs) -> Result<Ready, Failure> {
    let mut refund = Refund::new(args.payment, args.attempt.reference, args.attempt.amount);
    refund.capture = args.capture;
    refund.reason = args.reason;
    Ok(Ready::new(
        Cashier::open(config, &args.on, args.keep.journal.as_ref()).await?,
        Operation::Refund(refund),
        args.keep,
    ))
}

async fn payout(config: &Path, args: PayoutArgs) -> Result<Ready, Failure> {
    let cashier = Cashier::open(config, &args.on, args.keep.journal.as_ref()).await?;
    let to = charge::payee(&cashier.gateway, &args.source, Timestamp::now())?;
    let mut payout = Payout::new(args.attempt.reference, args.attempt.amount, to);
    payout.customer.id = args.customer;
    payout.description = args.description;
    Ok(Ready::new(cashier, Operation::Payout(Box::new(payout)), args.keep))
}

async fn transfer(config: &Path, args: TransferArgs) -> Result<Ready, Failure> {
    let mut transfer = Transfer::new(args.attempt.reference, args.attempt.amount, args.from, args.to);
    transfer.description = args.description;
    Ok(Ready::new(
        Cashier::open(config, &args.on, args.keep.journal.as_ref()).await?,
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
    run(
        &Cashier::open(config, &args.on, None).await?,
        Operation::Inquire(inquiry),
    )
    .await
}

pub(crate) async fn methods(config: &Path, args: MethodsArgs) -> Result<Output, Failure> {
    let Cashier { gateway, .. } = Cashier::open(config, &args.on, None).await?;
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
    let cashier = Cashier::open(config, &OnGateway { gateway }, args.journal.as_ref()).await?;
    run(&cashier, Operation::Resolve(Box::new(unresolved))).await
}

/// Does an operation that moves money, and keeps what is unknown of it where that was asked for.
async fn money(ready: Ready) -> Result<Output, Failure> {
    let keep = ready.keep.unresolved.as_deref().map(Keep::open).transpose()?;
    let result = ready.cashier.execute(&ready.operation).await;
    let mut output = match (keep, result.as_ref().err().and_then(Error::unresolved)) {
        (Some(keep), Some(unresolved)) => {
            let path = keep.path().to_owned();
            let kept = keep.write(unresolved);
            let mut output = shown(&ready.cashier, &ready.operation, result, Some(&path)).await?;
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
            shown(&ready.cashier, &ready.operation, result, None).await?
        }
    };
    output.aside.push_str(&ready.aside);
    Ok(output)
}

/// Does an operation that only asks.
async fn run(cashier: &Cashier, operation: Operation) -> Result<Output, Failure> {
    let result = cashier.execute(&operation).await;
    shown(cashier, &operation, result, None).await
}

/// What an operation came to.
async fn shown(
    cashier: &Cashier,
    operation: &Operation,
    result: Result<Answer, Error>,
    kept: Option<&Path>,
) -> Result<Output, Failure> {
    match result {
        Ok(answer) => Ok(render::answer(cashier.gateway.name(), operation.kind(), &answer)),
        Err(error) => {
            let intent = match error.fate() {
                Fate::Unknown => cashier.on_record(operation).await,
                _ => None,
            };
            // Without a payment to show, a person wrote it.
            let by_hand = intent.is_some_and(|intent| intent.state == State::Done && intent.answer().is_none());
            unknown::shown(cashier, &error, kept, by_hand).ok_or(Failure::Gateway(error))
        }
    }
}
