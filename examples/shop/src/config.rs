//! `shop.toml`: written where there is none, and read again whenever it changes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use paymux::Gateways;
use paymux_journal::Journal;

use crate::simulators::Simulator;
use crate::store::Orders;
use crate::timeline::Watched;

const HEADLINE: &str = "# Written by the example shop at its first start; it is read again whenever it changes.\n\
    # Rename a gateway, take one out, or put in one of your own: docs/defaults.md of paymux has each provider's keys.\n\
    # The addresses are those of the simulators that the shop starts. They hold as long as its ports do.\n";

/// What became of the last reading of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) at: Option<Timestamp>,
    /// Why it was not taken; then the gateways are those of before.
    pub(crate) problems: Vec<String>,
}

/// The file and its last reading.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    last: Mutex<Reading>,
}

impl File {
    /// The last reading.
    pub(crate) fn last(&self) -> Reading {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, problems: Vec<String>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Reading {
            at: Some(Timestamp::now()),
            problems,
        };
    }
}

/// The gateways of the file, which is written where there is none. They keep in the journal what is needed to ask.
pub(crate) fn open(
    path: &Path,
    simulators: &[Simulator],
    journal: &Journal,
) -> Result<(Arc<Gateways>, Arc<File>), String> {
    let shown = path.display();
    if !path
        .try_exists()
        .map_err(|error| format!("--config {shown}: {error}"))?
    {
        let tables: String = simulators.iter().map(Simulator::table).collect();
        std::fs::write(path, format!("{HEADLINE}{tables}")).map_err(|error| format!("--config {shown}: {error}"))?;
    }
    let builder = Gateways::builder()
        .transport(Arc::new(Watched::default()))
        .recorder(journal.recorder());
    let gateways = builder
        .from_file(path)
        .map_err(|error| format!("--config {shown}: {error}"))?;
    let file = File {
        path: path.to_owned(),
        last: Mutex::default(),
    };
    file.keep(Vec::new());
    Ok((Arc::new(gateways), Arc::new(file)))
}

/// Looks at the file for ever, and puts a changed one in place: whole, or not at all.
pub(crate) async fn watch(file: Arc<File>, gateways: Arc<Gateways>, orders: Arc<Orders>, every: Duration) {
    let mut known = changed(&file.path).ok();
    loop {
        tokio::time::sleep(every).await;
        let now = changed(&file.path).ok();
        if now == known {
            continue;
        }
        known = now;
        let problems = match std::fs::read_to_string(&file.path) {
            Ok(text) => match gateways.reload(&text) {
                Ok(()) => Vec::new(),
                Err(error) => error.problems().iter().map(ToString::to_string).collect(),
            },
            Err(error) => vec![format!("it cannot be read: {error}")],
        };
        file.keep(problems);
        orders.announce(String::new());
    }
}

/// When the file was changed, and how long it is: an editor may write twice within the clock's grain.
fn changed(path: &Path) -> io::Result<(SystemTime, u64)> {
    let about = std::fs::metadata(path)?;
    Ok((about.modified()?, about.len()))
}
