//! Every first-party gateway on its simulated provider, in this process: what the tests of this package stand on.

pub mod repository;

pub use paymux_chaos::{Stand, stands};

/// The code of the README and of the pages in `docs` runs, or at least compiles.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/fleet.md")]
    mod fleet {}
    #[doc = include_str!("../../docs/migrating.md")]
    mod migrating {}
    #[doc = include_str!("../../README.md")]
    mod readme {}
    #[doc = include_str!("../../docs/testing.md")]
    mod testing {}
}
