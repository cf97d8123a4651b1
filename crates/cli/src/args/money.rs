//! The commands that may move money.

use clap::{Args, Subcommand};
use paymux::{Money, PaymentRef, Reference};

use super::parts::{Attempt, KeepArgs, OnGateway, OrderArgs, SourceArgs};

/// The commands that move money at once.
#[derive(Debug, Subcommand)]
pub(crate) enum MoneyCommand {
    /// Take money at once.
    Sale(ChargeArgs),
    /// Hold money for a later capture.
    Authorize(ChargeArgs),
    /// Take held money, all or part.
    Capture(CaptureArgs),
    /// Let a hold go, or stop a payment that has not been sent on.
    Void(VoidArgs),
    /// Give captured money back, all or part.
    Refund(RefundArgs),
    /// Send money out.
    Payout(PayoutArgs),
    /// Move money between the merchant's own accounts at the provider.
    Transfer(TransferArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ChargeArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) attempt: Attempt,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) order: OrderArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CheckoutArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) attempt: Attempt,
    #[command(flatten)]
    pub(crate) order: OrderArgs,

    /// Only hold the money, for a later capture.
    #[arg(long)]
    pub(crate) hold: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CaptureArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) attempt: Attempt,

    /// The authorized payment, as the command that made it printed it.
    #[arg(long, value_name = "REF")]
    pub(crate) payment: PaymentRef,
}

#[derive(Debug, Args)]
pub(crate) struct VoidArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,

    /// The authorized payment, or the one that has not been sent on yet, as the command that made it printed it.
    #[arg(long, value_name = "REF")]
    pub(crate) payment: PaymentRef,

    /// Your name of this attempt.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Reference,

    /// The authorized amount, where the provider wants it repeated.
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub(crate) amount: Option<Money>,
}

#[derive(Debug, Args)]
pub(crate) struct RefundArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) attempt: Attempt,

    /// The captured payment, as the command that made it printed it.
    #[arg(long, value_name = "REF")]
    pub(crate) payment: PaymentRef,

    /// The provider's id of the capture to refund, where the provider needs it: an entry's id.
    #[arg(long, value_name = "ENTRY")]
    pub(crate) capture: Option<String>,

    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
#[command(mut_arg("source", |arg| arg.help("To what. Left out: the card if one is given, else the stored instrument")))]
pub(crate) struct PayoutArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) attempt: Attempt,
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// Your id of the receiver.
    #[arg(long, value_name = "ID")]
    pub(crate) customer: Option<String>,

    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) attempt: Attempt,

    /// The provider's id of the account that pays.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) from: String,

    /// The provider's id of the account that receives.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) to: String,

    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}
