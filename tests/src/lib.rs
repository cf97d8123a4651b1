//! Every first-party gateway on its simulated provider, in this process: what the tests of this package stand on.
//!
//! All of it runs on tokio's paused clock; make a [`Stand`] inside the test's runtime.

mod stand;

pub mod stands;

pub use stand::Stand;
