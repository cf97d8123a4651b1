//! Starts the shop and its simulators, until Ctrl-C.
//!
//! ```sh
//! cargo run -p shop
//! ```

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use shop::{Running, Settings, start};

/// A small web shop on paymux, with simulated providers.
#[derive(Debug, Parser)]
struct Args {
    /// Where the shop listens, on loopback.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the first simulator listens; the others take the ports after it.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    simulators: SocketAddr,
    /// The gateways' configuration; written if it is not there, and read again when it changes.
    #[arg(long, value_name = "FILE", default_value = "shop.toml")]
    config: PathBuf,
    /// The journal of payments, `sqlite:FILE`; made if it is not there.
    #[arg(long, value_name = "ADDRESS", default_value = "sqlite:shop.db")]
    journal: String,
    /// What was ordered and begun; made if it is not there. It belongs to the journal.
    #[arg(long, value_name = "FILE", default_value = "shop-orders.jsonl")]
    orders: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let settings = Settings {
        listen: args.listen,
        simulators: args.simulators,
        config: args.config.clone(),
        journal: args.journal.clone(),
        orders: args.orders.clone(),
        watch: Duration::from_secs(1),
    };
    let running = match start(settings).await {
        Ok(running) => running,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    print(&running, &args);
    match tokio::signal::ctrl_c().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: Ctrl-C cannot be waited for: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(running: &Running, args: &Args) {
    println!("Shop         {}/", running.url());
    println!("Back office  {}/office", running.url());
    println!("Gateways     {}, read again when you edit it", args.config.display());
    for simulator in running.simulators() {
        println!("Simulator    {:<9} {}", simulator.gateway(), simulator.server().url());
    }
    println!("Running until Ctrl-C. No money moves here.");
}
