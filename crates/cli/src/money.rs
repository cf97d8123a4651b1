//! The commands that ask something of one gateway.

mod charge;

use std::path::Path;

use jiff::Timestamp;
use paymux::{
    Capture, Gateway, Inquiry, MethodQuery, Operation, PaymentGateway as _, Payout, Refund, Transfer, Unresolved, Void,
};
use secrecy::ExposeSecret as _;

pub(crate) use self::charge::{authorize, checkout, sale};
use crate::args::{
    CaptureArgs, InquireArgs, MethodsArgs, OnGateway, PayoutArgs, RefundArgs, ResolveArgs, TransferArgs, VoidArgs,
};
use crate::exit::Failure;
use crate::output::Output;
use crate::{card_file, gateways, render};

pub(crate) async fn capture(config: &Path, args: CaptureArgs) -> Result<Output, Failure> {
    let capture = Capture::new(args.payment, args.attempt.reference, args.attempt.amount);
    run(&open(config, &args.on)?, Operation::Capture(capture)).await
}

pub(crate) async fn void(config: &Path, args: VoidArgs) -> Result<Output, Failure> {
    let mut void = Void::new(args.payment, args.reference);
    void.amount = args.amount;
    run(&open(config, &args.on)?, Operation::Void(void)).await
}

pub(crate) async fn refund(config: &Path, args: RefundArgs) -> Result<Output, Failure> {
    let mut refund = Refund::new(args.payment, args.attempt.reference, args.attempt.amount);
    refund.capture = args.capture;
    refund.reason = args.reason;
    run(&open(config, &args.on)?, Operation::Refund(refund)).await
}

pub(crate) async fn inquire(config: &Path, args: InquireArgs) -> Result<Output, Failure> {
    let inquiry = match (args.payment, args.reference) {
        (Some(payment), _) => Inquiry::Payment(payment),
        (None, Some(reference)) => Inquiry::Reference(reference),
        (None, None) => return Err(Failure::input("either --payment or --reference must be given")),
    };
    run(&open(config, &args.on)?, Operation::Inquire(inquiry)).await
}

pub(crate) async fn payout(config: &Path, args: PayoutArgs) -> Result<Output, Failure> {
    let gateway = open(config, &args.on)?;
    let to = charge::payee(&gateway, &args.source, Timestamp::now())?;
    let mut payout = Payout::new(args.attempt.reference, args.attempt.amount, to);
    payout.customer.id = args.customer;
    payout.description = args.description;
    run(&gateway, Operation::Payout(Box::new(payout))).await
}

pub(crate) async fn transfer(config: &Path, args: TransferArgs) -> Result<Output, Failure> {
    let mut transfer = Transfer::new(args.attempt.reference, args.attempt.amount, args.from, args.to);
    transfer.description = args.description;
    run(&open(config, &args.on)?, Operation::Transfer(transfer)).await
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
    let text = card_file::text("--unresolved", &args.unresolved)?;
    let unresolved = unresolved(text.expose_secret())
        .map_err(|what| Failure::input(format!("--unresolved {}: {what}", args.unresolved.display())))?;
    let gateway = args.gateway.unwrap_or_else(|| unresolved.gateway.clone());
    let gateway = open(config, &OnGateway { gateway })?;
    run(&gateway, Operation::Resolve(Box::new(unresolved))).await
}

/// The unresolved operation as it was printed: alone, or inside an error.
fn unresolved(text: &str) -> Result<Unresolved, String> {
    let mut value: serde_json::Value = serde_json::from_str(text).map_err(|e| format!("is not JSON: {e}"))?;
    let inner = value.get_mut("unresolved").map(serde_json::Value::take);
    serde_json::from_value(inner.unwrap_or(value)).map_err(|e| format!("is no unresolved operation: {e}"))
}

fn open(config: &Path, on: &OnGateway) -> Result<Gateway, Failure> {
    Ok(gateways::load(config)?.gateway(&on.gateway)?)
}

/// Does an operation and shows what it came to.
async fn run(gateway: &Gateway, operation: Operation) -> Result<Output, Failure> {
    match gateway.execute(&operation).await {
        Ok(answer) => Ok(render::answer(gateway.name(), operation.kind(), &answer)),
        Err(error) => render::unknown(gateway.name(), &error).ok_or(Failure::Gateway(error)),
    }
}
