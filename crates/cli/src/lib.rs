//! The command line of paymux, as a library that its tests can call.
//!
//! [`run`] is what the binary `paymux` does. [`demo`] takes one order through every simulated provider and holds what the gateways say
//! against the simulators' ledgers; [`lab`] is the six simulators behind sockets.

mod args;
mod card_file;
mod chaos;
mod chaos_processes;
mod check;
mod codes;
pub mod demo;
mod exit;
mod explain;
mod gateways;
mod journal;
mod keep;
pub mod lab;
mod money;
mod output;
mod progress;
mod render;
mod simulate;
mod stop;
mod table;
mod test_cards;
mod watch;
mod webhook;

pub use crate::args::Cli;
pub use crate::exit::{Exit, Failure};
pub use crate::output::refuse;

use crate::args::Command;

/// Does what was asked, prints what came of it, and gives the exit code.
pub async fn run(cli: Cli) -> Exit {
    let exit = carried_out(cli).await;
    journal::close().await;
    exit
}

async fn carried_out(cli: Cli) -> Exit {
    let as_json = cli.json;
    let config = &cli.config;
    let result = match cli.command {
        Command::Demo => demo::command(as_json).await,
        Command::Simulate(args) => return simulate::command(&args, as_json).await,
        Command::Gateways => gateways::command(config),
        Command::Check => check::command(config, as_json).await,
        Command::Money(command) => money::command(config, command).await,
        Command::Inquire(args) => money::inquire(config, args).await,
        Command::Checkout(args) => money::checkout(config, args).await,
        Command::Methods(args) => money::methods(config, args).await,
        Command::Resolve(args) => money::resolve(config, args).await,
        Command::Complete(args) => money::complete(config, args).await,
        Command::Journal(command) => return journal::command(config, command, as_json).await,
        Command::Explain(args) => explain::command(&args),
        Command::Codes(args) => codes::command(&args, as_json),
        Command::Chaos(args) if args.processes.is_some() => chaos_processes::command(&args).await,
        Command::Chaos(args) => chaos::command(&args),
        Command::ChaosWorker => chaos_processes::worker().await,
        Command::Webhook(command) => return webhook::command(config, command, as_json).await,
    };
    output::finish(as_json, result)
}
