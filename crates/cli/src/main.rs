//! The command line of paymux.

use std::process::ExitCode;

use clap::Parser as _;
use paymux_cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => paymux_cli::run(cli).await.into(),
        Err(error) => paymux_cli::refuse(&error, std::env::args_os().any(|argument| argument == "--json")).into(),
    }
}
