//! Every first-party gateway on its simulated provider, in this process: what the tests of this package stand on.

pub use paymux_chaos::{Stand, stands};
