//! The command line of paymux.

use std::process::ExitCode;

use clap::Parser as _;
use paymux_cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    paymux_cli::run(Cli::parse()).await.into()
}
