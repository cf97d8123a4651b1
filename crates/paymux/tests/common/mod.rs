//! What the tests of the engine share: a tiny adapter, a scripted server on a raw socket, a transport in this process,
//! a token store in memory, and a look at the spans.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod adapter;
pub(crate) mod fake;
pub(crate) mod memory;
pub(crate) mod server;
pub(crate) mod spans;

use std::sync::Arc;
use std::time::Duration;

use paymux::transport::Transport;
use paymux::{Capture, Charge, Gateway, Options, PaymentRef, Source, SystemClock};

use self::adapter::{Tiny, account};

/// Every transport that is compiled in, with a fresh client.
pub(crate) fn transports() -> Vec<(&'static str, Arc<dyn Transport>)> {
    vec![
        #[cfg(feature = "rustls")]
        ("reqwest", Arc::new(paymux::transport::ReqwestTransport::new())),
        #[cfg(feature = "hyper")]
        ("hyper", Arc::new(paymux::transport::HyperTransport::new())),
    ]
}

/// A gateway `cards` with the system's clock.
pub(crate) fn gateway(tiny: Tiny, transport: Arc<dyn Transport>, timeout: Duration) -> Gateway {
    spans::install();
    let mut options = Options::default();
    options.timeout = timeout;
    Gateway::with_options("cards", Box::new(tiny), transport, Arc::new(SystemClock), options)
}

/// A charge of 100.00 DKK.
pub(crate) fn charge(reference: &str) -> Charge {
    let amount = "100.00 DKK".parse().expect("an amount");
    Charge::new(reference.parse().expect("a reference"), amount, Source::Hosted)
}

/// A capture of 100.00 DKK of payment 4711.
pub(crate) fn capture(reference: &str) -> Capture {
    let amount = "100.00 DKK".parse().expect("an amount");
    Capture::new(payment("4711"), reference.parse().expect("a reference"), amount)
}

/// A payment of the tiny provider.
pub(crate) fn payment(id: &str) -> PaymentRef {
    PaymentRef::new("tiny", account(), [id])
}
