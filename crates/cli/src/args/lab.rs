//! The commands that need no account: simulators, worlds and codes.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::JournalUrl;
use crate::explain;

#[derive(Debug, Args)]
pub(crate) struct ChaosArgs {
    /// How many payments to make, each in a world of its own: 100000 unless given. With --processes, how many at least.
    #[arg(long, value_name = "COUNT")]
    pub(crate) payments: Option<u64>,

    /// Where the worlds come from: equal seeds make equal worlds, and each next world has the next seed. Any, unless given.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Exit 1, too, if some sort of fault happened less often than this to some operation of some gateway.
    #[arg(long, value_name = "COUNT", default_value_t = 0, conflicts_with = "small")]
    pub(crate) least: u64,

    /// Only on this gateway.
    #[arg(long, value_name = "NAME", conflicts_with = "small", value_parser = PossibleValuesParser::new(paymux_chaos::stands::NAMES))]
    pub(crate) gateway: Option<String>,

    /// On how many threads; as many as there are processors, unless given.
    #[arg(long, value_name = "COUNT", conflicts_with = "processes")]
    pub(crate) threads: Option<NonZero<usize>>,

    /// Instead of worlds from a seed, every one with at most one thing that goes wrong.
    #[arg(long, conflicts_with_all = ["payments", "seed"])]
    pub(crate) small: bool,

    /// Instead of worlds, real: so many processes that pay over one journal, are killed at random and started again, against simulators on loopback. Needs Unix.
    #[arg(long, value_name = "COUNT", requires = "journal", conflicts_with_all = ["small", "least"])]
    pub(crate) processes: Option<NonZero<usize>>,

    /// The processes' journal, `sqlite:FILE` or `postgres://…`; an empty one. On a SQLite file, this command runs one process.
    #[arg(long, value_name = "ADDRESS", requires = "processes")]
    pub(crate) journal: Option<JournalUrl>,

    /// How many processes to kill.
    #[arg(long, value_name = "COUNT", default_value_t = 1000, requires = "processes")]
    pub(crate) kills: u64,

    /// How long an operation may send before others take it for dead, in milliseconds; from 1500.
    #[arg(long, value_name = "TIME", default_value_t = 1500, requires = "processes", value_parser = clap::value_parser!(u64).range(1500..=60_000))]
    pub(crate) lease_ms: u64,
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
