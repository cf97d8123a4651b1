//! What several commands take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use paymux::{Money, Reference, SourceKind};

use super::journal::JournalUrl;

/// The gateway, which every money command names.
#[derive(Debug, Args)]
pub(crate) struct OnGateway {
    /// The gateway's name in the configuration.
    #[arg(long, value_name = "NAME")]
    pub(crate) gateway: String,
}

/// The amount and the attempt's name, which every operation that moves money has.
#[derive(Debug, Args)]
pub(crate) struct Attempt {
    /// How much, as in "100.00 DKK".
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub(crate) amount: Money,

    /// Your name of this attempt. Repeating the attempt keeps it; a new attempt has a new one.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Reference,
}

/// Where what is asked is written down, and what is unknown is kept.
#[derive(Debug, Args)]
pub(crate) struct KeepArgs {
    /// If nobody knows what became of it, also after Ctrl-C or SIGTERM: write what to ask with into this file, which must not be there yet. It is removed when
    /// the outcome is known, and stays empty if the command is killed before.
    #[arg(long, value_name = "FILE")]
    pub(crate) unresolved: Option<PathBuf>,

    /// Write down what is asked before it is sent, and what comes of it: `sqlite:PATH` or `postgres://…`. Then the same reference is never sent twice
    /// at one merchant account, whoever uses the same journal. An account is a provider, its host and the merchant, so that a gateway with another base_url is on another
    /// one. What holds across gateways is --order: of one order, one attempt at most is under way or done.
    #[arg(long, value_name = "URL", env = "PAYMUX_JOURNAL", hide_env_values = true)]
    pub(crate) journal: Option<JournalUrl>,
}

/// What a charge or a checkout may say of the order.
#[derive(Debug, Args)]
pub(crate) struct OrderArgs {
    /// What is being paid; the same over all attempts.
    #[arg(long, value_name = "TEXT")]
    pub(crate) order: Option<String>,

    /// The customer's country, ISO 3166-1 alpha-2.
    #[arg(long, value_name = "CC")]
    pub(crate) country: Option<String>,

    /// The page that the customer returns to.
    #[arg(long, value_name = "URL")]
    pub(crate) return_url: Option<String>,

    /// Where the provider sends its notifications.
    #[arg(long, value_name = "URL")]
    pub(crate) notify_url: Option<String>,

    /// Your id of the customer.
    #[arg(long, value_name = "ID")]
    pub(crate) customer: Option<String>,

    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

/// From what, or to what. Card data never comes from the command line.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// From what. Left out: the card if one is given, else the stored instrument, else the provider's page.
    #[arg(long, value_enum)]
    pub(crate) source: Option<SourceName>,

    /// A file with the card, `-` for standard input: JSON, or lines `number=…`, `month=…`, `year=…`, `cvv=…`, `holder=…`.
    #[arg(long, value_name = "FILE")]
    pub(crate) card_file: Option<PathBuf>,

    /// A test card of the provider's simulator: approved, declined, insufficient-funds, 3ds, or one of the provider's own names.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["card_file", "stored"])]
    pub(crate) test_card: Option<String>,

    /// The provider's id of a stored instrument.
    #[arg(long, value_name = "ID", conflicts_with = "card_file")]
    pub(crate) stored: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SourceName {
    /// Card data.
    Card,
    /// An instrument that the provider stores.
    Stored,
    /// The provider's page.
    Hosted,
}

impl SourceName {
    pub(crate) const fn kind(self) -> SourceKind {
        match self {
            Self::Card => SourceKind::Card,
            Self::Stored => SourceKind::Stored,
            Self::Hosted => SourceKind::Hosted,
        }
    }
}
