//! What can be typed.

mod asking;
mod journal;
mod lab;
mod money;
mod parts;
mod webhook;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(crate) use self::asking::{CompleteArgs, InquireArgs, MethodsArgs, ResolveArgs};
pub(crate) use self::journal::{
    DecideArgs, ExportArgs, JournalCommand, JournalUrl, ListArgs, OnJournal, SettleArgs, ShowArgs, StateName,
    VerdictName,
};
pub(crate) use self::lab::{ChaosArgs, CodesArgs, ExplainArgs, SimulateArgs};
pub(crate) use self::money::{
    CaptureArgs, ChargeArgs, CheckoutArgs, MoneyCommand, PayoutArgs, RefundArgs, TransferArgs, VoidArgs,
};
pub(crate) use self::parts::{Attempt, KeepArgs, OnGateway, OrderArgs, SourceArgs, SourceName};
pub(crate) use self::webhook::{WebhookCommand, WebhookListenArgs, WebhookSignArgs, WebhookVerifyArgs};

/// One gateway interface for many payment providers.
///
/// Exit codes: 0 done or approved, 2 bad input or configuration, 3 declined, 4 pending or the customer must act, 5 nobody knows whether it was
/// done (a money command that Ctrl-C or SIGTERM ends, too), 1 anything else. `journal settle` exits 4 if something is still open or waits, 5 if a person must look.
/// What an operation came to keeps its code also where it cannot be written on standard output; it is told in one line on standard error then.
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
    /// Run the simulators of all providers on loopback, until Ctrl-C or SIGTERM.
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
    /// The journal: what was asked, what came of it, and what is still open.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Say what a provider's code means: what happened, why, whose side it is on, and whether to try again.
    Explain(ExplainArgs),
    /// List a provider's codes, or compare them with a list from elsewhere.
    Codes(CodesArgs),
    /// Make payments on every simulated provider in worlds where everything goes wrong, and hold what is believed against the ledgers.
    ///
    /// Nothing leaves this process, or loopback with --processes. Exits 1 if a customer was charged twice, money was believed in that did not move, money
    /// moved that was believed not to have, or an outcome was lost that could be found out.
    Chaos(ChaosArgs),
    /// One of the processes of `chaos --processes`, which tells it on standard input what to do.
    #[command(hide = true)]
    ChaosWorker,
    /// Verify, sign and listen for the provider's notifications. Moves no money.
    #[command(subcommand)]
    Webhook(WebhookCommand),
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
