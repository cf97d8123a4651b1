#![doc = include_str!("../README.md")]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod abandon;
mod asking;
mod change;
mod closing;
#[cfg(feature = "contract")]
pub mod contract;
mod event;
mod flights;
mod forgotten;
mod intent;
mod janitor;
mod journal;
mod journaled;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(not(feature = "metrics"))]
#[path = "metrics/off.rs"]
mod metrics;
mod prune;
mod rules;
mod step;
pub mod store;

pub use crate::change::{Change, What};
pub use crate::event::{Absorbed, Parked};
pub use crate::intent::{Came, Intent, IntentKey, Known, Lease, PaymentKey, Recorded, State, order_of};
pub use crate::janitor::{Found, Lookup, Report};
pub use crate::journal::{Journal, Settings, Verdict};
pub use crate::journaled::Journaled;
pub use crate::prune::Prune;
pub use crate::step::{Finding, Hold, Old, Page, Ruling, Scope, Step, Write};
pub use crate::store::{Filter, Memory, Store, StoreError};
