//! The commands that ask, or finish what was begun.

use std::path::PathBuf;

use clap::Args;
use paymux::{PaymentRef, Reference};

use super::journal::JournalUrl;
use super::money::MoneyCommand;
use super::parts::OnGateway;

#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false, args = ["payment", "reference"])]
pub(crate) struct InquireArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,

    /// The payment, as the command that made it printed it.
    #[arg(long, value_name = "REF")]
    pub(crate) payment: Option<PaymentRef>,

    /// Your name of the attempt, where the provider can search by it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Option<Reference>,
}

#[derive(Debug, Args)]
pub(crate) struct MethodsArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,

    /// The country, ISO 3166-1 alpha-2, where the provider lists by country.
    #[arg(long, value_name = "CC")]
    pub(crate) country: Option<String>,

    /// The provider's id of the customer, where the provider lists stored instruments.
    #[arg(long, value_name = "ID")]
    pub(crate) customer: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// The gateway's name in the configuration. Left out: the one that the operation was on.
    #[arg(long, value_name = "NAME")]
    pub(crate) gateway: Option<String>,

    /// What the command printed (or kept by `--unresolved`) whose outcome is unknown, `-` for standard input.
    #[arg(
        value_name = "FILE",
        required_unless_present = "unresolved",
        conflicts_with = "unresolved"
    )]
    pub(crate) file: Option<PathBuf>,

    /// The same.
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) unresolved: Option<PathBuf>,

    /// The journal in which what is found is written down: `sqlite:PATH` or `postgres://…`.
    #[arg(long, value_name = "URL", env = "PAYMUX_JOURNAL", hide_env_values = true)]
    pub(crate) journal: Option<JournalUrl>,
}

#[derive(Debug, Args)]
pub(crate) struct CompleteArgs {
    /// What the command printed (or kept by `--unresolved`) whose outcome is unknown, `-` for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The command whose outcome is unknown, with the same options.
    #[command(subcommand)]
    pub(crate) command: MoneyCommand,
}
