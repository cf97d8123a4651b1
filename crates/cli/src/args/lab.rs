//! The commands that need no account: simulators, worlds and codes.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::explain;

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
