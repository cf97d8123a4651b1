//! The suite that every paymux adapter is held to, over `&dyn PaymentGateway` and nothing else.
//!
//! [`suite`] runs every case that fits the gateway's declared capabilities, and gives a [`Report`]: what passed, what failed and why, and what was
//! left out and why. A [`Subject`] says what the suite cannot know: what an approved and a declined payment are paid from, how a pending one is
//! brought to its end, what the provider really booked ([`Truth`]), what went over the wire ([`Tap`]) and how to break it ([`Faults`]). A third
//! party gives what it has; a case that needs more is reported as excluded, never passed over in silence.
//!
//! [`InProcess`] joins a gateway to a simulated provider without a socket. It is a transport, a truth, a tap and a source of faults at once.
//!
//! The suite waits in tokio's time; with a paused clock it takes no time at all.
//!
//! ```
//! use std::sync::Arc;
//! use paymux::{Card, Gateways, Source, TokioClock};
//! use paymux_conformance::{InProcess, Subject, suite};
//! use paymux_simulator::Host;
//! use paymux_simulator::coolpay::{CoolPay, Settings};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Arc::new(TokioClock::new("2026-01-02T03:04:05Z".parse()?));
//! let settings = Settings { base_url: "http://127.0.0.1:1".to_owned(), ..Settings::default() };
//! let provider = InProcess::new(Host::new(Box::new(CoolPay::new(settings))), clock.clone());
//! # let config = "[gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\nbase_url = 'http://127.0.0.1:1'\napi_key = 'sim-api-key'\nprivate_key = 'sim-private-key'";
//! let gateways = Gateways::builder().transport(provider.clone()).clock(clock).from_toml(config)?;
//! let card = Card::new("1000000000000008", 12, 2030)?.with_cvv("123")?;
//! let subject = Subject::new("100.00 DKK".parse()?, Source::Card(card)).on(&provider);
//!
//! let report = suite(&gateways.gateway("cards")?, &subject).await;
//! report.assert_passed();
//! assert!(!report.lines().is_empty());
//! # Ok(()) }
//! ```

mod bench;
mod canary;
mod cases;
mod report;
mod subject;
mod transport;

use paymux_core::PaymentGateway;
pub use paymux_simulator::Fault;

pub use crate::canary::{Canaries, Leak};
pub use crate::report::{Line, Report, Verdict};
pub use crate::subject::{Booked, End, Faults, Settle, Subject, Tap, Truth, Wait};
pub use crate::transport::InProcess;

/// Holds a gateway to every case that fits its capabilities. Cases run one after the other, in the order of the report.
pub async fn suite(gateway: &dyn PaymentGateway, subject: &Subject) -> Report {
    let bench = bench::Bench::new(gateway, subject);
    let mut report = Report::new(gateway.name(), gateway.capabilities().provider, bench.blind_spots());
    for case in cases::ALL {
        let verdict = match (case.run)(&bench).await {
            Ok(()) => Verdict::Passed,
            Err(stop) => stop.into(),
        };
        bench.calm();
        report.add(case.name, verdict);
    }
    report
}
