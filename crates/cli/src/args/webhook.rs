//! What can be done with notifications.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::parts::OnGateway;

/// What can be done with webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Verify a delivery in a file, and say what it reports. Exits 1 if it is refused.
    Verify(WebhookVerifyArgs),
    /// Sign a body as the provider would, and print the delivery as `verify` reads it.
    Sign(WebhookSignArgs),
    /// Print verified events as they come, and what is refused, until Ctrl-C or SIGTERM.
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
