//! The commands on the journal, and how it is named.

use std::convert::Infallible;
use std::num::NonZero;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use paymux::Reference;
use paymux_journal::Settings;
use secrecy::{ExposeSecret as _, SecretString};

/// Where the journal is. May hold a password, so that it is never printed.
#[derive(Clone, Debug)]
pub(crate) struct JournalUrl(SecretString);

impl JournalUrl {
    /// What was typed.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for JournalUrl {
    /// What is wrong with an address is said where it is opened: an error of here would repeat it.
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.into()))
    }
}

/// The commands on the journal. All but `settle` need no configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// List what was asked and what came of it, newest first.
    List(ListArgs),
    /// Show all that is kept under a reference.
    Show(ShowArgs),
    /// Ask about what was left open, and write down what is found. Moves no money.
    ///
    /// Exit codes: 0 nothing is left open and nobody need look, 4 something is still open or waits, 5 a person must look. They tell how things stand, and not only what
    /// this run found: from a timer, an exit of 5 comes again each time until asking settles it or somebody writes down what he found (`paymux journal decide`), so
    /// alarm on it; 4 is usual while customers are on pages. 1 and 2 mean that the run itself did not come to its end.
    Settle(SettleArgs),
    /// Write down what a person found out about what asking does not settle. Moves no money.
    Decide(DecideArgs),
    /// Print everything, one JSON document on each line.
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct OnJournal {
    /// The journal: `sqlite:PATH` or `postgres://…`.
    #[arg(long, value_name = "URL", env = "PAYMUX_JOURNAL", hide_env_values = true)]
    pub(crate) journal: JournalUrl,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) on: OnJournal,

    /// Only what stands there.
    #[arg(long, value_enum, conflicts_with = "open")]
    pub(crate) state: Option<StateName>,

    /// Only what has no end yet: open or waiting.
    #[arg(long)]
    pub(crate) open: bool,

    /// Only what a person must look at.
    #[arg(long)]
    pub(crate) remarked: bool,

    /// Only on this gateway.
    #[arg(long, value_name = "NAME")]
    pub(crate) gateway: Option<String>,

    /// Only of this order.
    #[arg(long, value_name = "TEXT")]
    pub(crate) order: Option<String>,

    /// How many at the most; from 1.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) on: OnJournal,

    /// Your name of the attempt.
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: Reference,

    /// Only on this gateway.
    #[arg(long, value_name = "NAME")]
    pub(crate) gateway: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SettleArgs {
    #[command(flatten)]
    pub(crate) on: OnJournal,

    /// Do so again after so many seconds, until Ctrl-C or SIGTERM; exit as the last whole run did.
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) every: Option<u64>,

    /// About how many to ask about at once. More are sooner settled, and a provider that finds them too many refuses payments, too.
    #[arg(long, value_name = "N", default_value_t = NonZero::new(Settings::default().questions).unwrap_or(NonZero::<usize>::MIN))]
    pub(crate) at_once: NonZero<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct DecideArgs {
    #[command(flatten)]
    pub(crate) on: OnJournal,

    /// Your name of the attempt.
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: Reference,

    /// What was found.
    #[arg(value_enum, value_name = "VERDICT")]
    pub(crate) verdict: VerdictName,

    /// Who found it, and how, as in "Ada, in the back office".
    #[arg(long, value_name = "TEXT")]
    pub(crate) because: String,

    /// Only on this gateway.
    #[arg(long, value_name = "NAME")]
    pub(crate) gateway: Option<String>,
}

/// What a person found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerdictName {
    /// It was done: its order stays taken.
    Done,
    /// It was not done: its order is free, and the same reference may be sent again.
    NotDone,
    /// The record stands as it is, and nobody need look any more.
    Stands,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) on: OnJournal,

    /// The changes in their order, instead of the intents.
    #[arg(long)]
    pub(crate) changes: bool,

    /// Only the changes after this number.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "changes")]
    pub(crate) since: u64,
}

/// Where an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateName {
    /// Begun, and no outcome is known.
    Open,
    /// Accepted, and not decided.
    Waiting,
    /// Approved.
    Done,
    /// Refused by the payer's side.
    Declined,
    /// It did nothing.
    Failed,
    /// Let go without money moved.
    Undone,
}
