//! What can be typed.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use paymux::{Money, PaymentRef, Reference, SourceKind};

use crate::explain;

/// One gateway interface for many payment providers.
///
/// Exit codes: 0 done or approved, 2 bad input or configuration, 3 declined, 4 pending or the customer must act, 5 nobody knows whether it was
/// done (a money command that Ctrl-C ends, too), 1 anything else.
#[derive(Debug, Parser)]
#[command(name = "paymux", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    /// The configuration, with a table `[gateways.NAME]` for each gateway.
    #[arg(
        long,
        global = true,
        env = "PAYMUX_CONFIG",
        value_name = "FILE",
        default_value = "paymux.toml",
        display_order = 100
    )]
    pub(crate) config: PathBuf,

    /// Print one JSON document instead of text.
    #[arg(long, global = true, display_order = 101)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take one order through every simulated provider and hold the answers against their ledgers.
    Demo,
    /// Run the simulators of all providers on loopback, until Ctrl-C.
    Simulate(SimulateArgs),
    /// List the gateways of the configuration.
    Gateways,
    /// Check the configuration, and that every gateway is let in by its provider. Moves no money.
    Check,
    #[command(flatten)]
    Money(MoneyCommand),
    /// Look a payment up. Moves no money.
    Inquire(InquireArgs),
    /// Open the provider's page for a customer to pay on.
    Checkout(CheckoutArgs),
    /// List the ways to pay.
    Methods(MethodsArgs),
    /// Find out what became of an operation whose answer was lost. Moves no money.
    Resolve(ResolveArgs),
    /// Finish an operation whose answer was lost, by sending it again under its idempotency key, where the provider recognises keys.
    Complete(CompleteArgs),
    /// Say what a provider's code means: what happened, why, whose side it is on, and whether to try again.
    Explain(ExplainArgs),
    /// List a provider's codes, or compare them with a list from elsewhere.
    Codes(CodesArgs),
    /// Make payments on every simulated provider in worlds where everything goes wrong, and hold what is believed against the ledgers.
    ///
    /// Nothing leaves this process. Exits 1 if a customer was charged twice, money was believed in that did not move, money moved that was believed not
    /// to have, or an outcome was lost that could be found out.
    Chaos(ChaosArgs),
    /// Verify, sign and listen for the provider's notifications. Moves no money.
    #[command(subcommand)]
    Webhook(WebhookCommand),
}

/// What can be done with webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Verify a delivery in a file, and say what it reports. Exits 1 if it is refused.
    Verify(WebhookVerifyArgs),
    /// Sign a body as the provider would, and print the delivery as `verify` reads it.
    Sign(WebhookSignArgs),
    /// Print verified events as they come, and what is refused, until Ctrl-C.
    Listen(WebhookListenArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WebhookVerifyArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,

    /// The delivery: headers, an empty line, and the body as it was received. With --header it is the body alone. `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// A header, `Name: value`; may be repeated.
    #[arg(long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,

    /// The query of the address that was called, without its question mark.
    #[arg(long, value_name = "TEXT")]
    pub(crate) query: Option<String>,

    /// When it was received, as in 2026-01-02T03:04:05Z; now, unless given. Signed times are held against it.
    #[arg(long, value_name = "TIME")]
    pub(crate) received: Option<jiff::Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct WebhookSignArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,

    /// The body. `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct WebhookListenArgs {
    #[command(flatten)]
    pub(crate) on: OnGateway,

    /// The port, on 127.0.0.1; 0 takes any that is free. The address is printed.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: u16,

    /// Ask the provider about each event, and print how the payment stands.
    #[arg(long)]
    pub(crate) confirm: bool,
}

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
pub(crate) struct ChaosArgs {
    /// How many payments to make, each in a world of its own.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    pub(crate) payments: u64,

    /// Where the worlds come from: equal seeds make equal worlds, and each next world has the next seed. Any, unless given.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Exit 1, too, if some sort of fault happened less often than this to some operation of some gateway.
    #[arg(long, value_name = "COUNT", default_value_t = 0, conflicts_with = "small")]
    pub(crate) least: u64,

    /// Only on this gateway: `coolpay`, `opp-v3`, `opp-v1`, `qolo`, `keybank` or `carry1st`.
    #[arg(long, value_name = "NAME", conflicts_with = "small", value_parser = PossibleValuesParser::new(paymux_chaos::stands::NAMES))]
    pub(crate) gateway: Option<String>,

    /// On how many threads; as many as there are processors, unless given.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<NonZero<usize>>,

    /// Instead of worlds from a seed, every one with at most one thing that goes wrong.
    #[arg(long, conflicts_with_all = ["payments", "seed"])]
    pub(crate) small: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Where to listen, on loopback. A port above 0 is the first of six in a row; 0 takes any that are free.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// Write a configuration of gateways on the simulators.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_config: Option<PathBuf>,
}

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

/// Where what is unknown is kept.
#[derive(Debug, Args)]
pub(crate) struct KeepArgs {
    /// If nobody knows what became of it, also after Ctrl-C: write what to ask with into this file, which must not be there yet. It is removed when
    /// the outcome is known, and stays empty if the command is killed before.
    #[arg(long, value_name = "FILE")]
    pub(crate) unresolved: Option<PathBuf>,
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

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Whose code it is: a provider, an acquirer behind it, or a network.
    #[arg(value_parser = PossibleValuesParser::new(explain::names()))]
    pub(crate) provider: String,

    /// The code, as it came.
    #[arg(allow_hyphen_values = true)]
    pub(crate) code: String,
}

#[derive(Debug, Args)]
pub(crate) struct CodesArgs {
    /// Whose codes: a provider's, an acquirer's behind it, or a network's.
    #[arg(value_parser = PossibleValuesParser::new(explain::names()))]
    pub(crate) provider: String,

    /// Print comma-separated values.
    #[arg(long, conflicts_with = "diff")]
    pub(crate) csv: bool,

    /// Compare with a list of codes: CSV, TSV, plain lines or JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) diff: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_payout_goes_to_what_is_named_and_to_no_page() {
        let mut cli = Cli::command();
        cli.build();
        let payout = cli.find_subcommand_mut("payout").unwrap();
        let help = payout.render_long_help().to_string();
        assert!(help.contains("To what. Left out: the card"), "{help}");
        assert!(!help.contains("From what"), "{help}");
    }

    #[test]
    fn nothing_takes_card_data_from_the_command_line() {
        let secret = [
            "number", "pan", "cvv", "cvc", "expiry", "month", "year", "card", "holder",
        ];
        for command in Cli::command().get_subcommands() {
            for argument in command.get_arguments() {
                let name = argument.get_long().unwrap_or_default();
                assert!(!secret.contains(&name), "{} --{name}", command.get_name());
            }
        }
    }
}
