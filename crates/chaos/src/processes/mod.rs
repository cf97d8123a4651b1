//! Worker processes over one journal that are killed while they pay, and the account of the money.
//!
//! The parent, [`run`], has the simulated providers on loopback. It starts workers, which [`work`], deals orders to them, kills them at random and
//! starts them again; some it stops past their lease and lets go on. Afterwards the janitor settles what was left open, and what the journal says is held
//! against what the providers booked.
//!
//! A worker keeps nothing but the journal. The lines that it writes are for the parent's aim and for its counts, and it never reads them back.

mod desk;
mod janitor;
mod moment;
mod order;
mod report;
mod run;
mod slot;
mod talk;
mod verdict;
mod worker;

pub use self::desk::Desk;
pub use self::order::{Name, Order, Plan};
pub use self::report::{Finding, Report, Wrong};
pub use self::run::{RunError, Settings, Starts, run};
pub use self::slot::{Child, signal};
pub use self::talk::{Heard, Told};
pub use self::worker::{Hands, Worker, work};
