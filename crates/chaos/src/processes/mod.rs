//! Worker processes over one journal that are killed while they pay, and the account of the money.
//!
//! The parent, [`run`], has the simulated providers on loopback. It starts workers, which [`work`], deals orders to them, kills them at random and
//! starts them again; some it stops past their lease and lets go on. Afterwards the janitor settles what was left open, and what the journal says is held
//! against what the providers booked.
//!
//! A worker keeps nothing but the journal. The lines that it writes are for the parent's aim and for its counts, and it never reads them back.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//! use paymux_chaos::processes::{Settings, run};
//!
//! # async fn kill() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings {
//!     journal: "sqlite:journal.db".to_owned(),
//!     processes: 4,
//!     kills: 100,
//!     payments: 2000,
//!     seed: 7,
//!     gateways: vec!["coolpay".to_owned()],
//!     lease: Duration::from_secs(3),
//!     patience: Duration::from_secs(60),
//! };
//! // A program whose `main` does nothing but await `paymux_chaos::processes::work`.
//! let starts = Arc::new(|| tokio::process::Command::new("./worker"));
//! let report = run(&settings, starts, &|_, _| ()).await?;
//! assert!(report.is_clean(), "{:?}", report.findings);
//! # Ok(()) }
//! ```

mod janitor;
mod moment;
mod order;
mod providers;
mod report;
mod run;
mod slot;
mod talk;
mod verdict;
mod worker;

pub use self::order::{Name, Order, Plan};
pub use self::providers::Providers;
pub use self::report::{Finding, Report, Wrong};
pub use self::run::{RunError, Settings, Starts, run};
pub use self::slot::{Child, signal};
pub use self::talk::{Heard, Told};
pub use self::worker::{Hands, Worker, work};
