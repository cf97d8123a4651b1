//! Worlds in which payments go wrong, and the account of what became of the money.
//!
//! A world is a simulated provider with its ledger, a gateway on it, and an application that takes one order: it pays, captures in parts, refunds,
//! voids. Things go wrong as a [`Plan`] says: at every boundary of every call, in the back office, with webhooks, and with the application's
//! own process, which dies and starts again. The application knows only what its documents tell it. At the end, what it believes is held
//! against what the provider booked.
//!
//! Time is tokio's, paused: nothing sleeps, and equal plans make equal worlds.
//!
//! ```
//! use paymux_chaos::{Run, Sabotage, run};
//!
//! let worlds = Run { seed: 7, worlds: 20, threads: 1, only: Some("coolpay"), stops: false };
//! let tally = run(worlds, &Sabotage::none(), &|_| ());
//! assert!(tally.payments > 0);
//! assert!(tally.is_clean(), "{:?}", tally.failures);
//! ```

mod book;
mod door;
mod doubt;
mod plan;
#[cfg(all(unix, feature = "processes"))]
pub mod processes;
mod run;
mod script;
mod seed;
mod shop;
mod stand;
pub mod stands;
mod tally;
mod verdict;
mod waiting;
mod world;

pub use paymux_conformance::Canaries;

pub use crate::book::End;
pub use crate::plan::{Mishap, Plan, Planned, Post};
pub use crate::run::{Run, run, small};
pub use crate::script::{Deed, Script, Share, Visit};
pub use crate::seed::{Ground, grounds, plan};
pub use crate::stand::Stand;
pub use crate::tally::{Ends, Failure, Tally};
pub use crate::verdict::{Account, Finding, Why, Wrong};
pub use crate::world::{Sabotage, live};
