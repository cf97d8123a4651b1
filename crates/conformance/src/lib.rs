#![doc = include_str!("../README.md")]
//!
//! ## What is given, and what comes back
//!
//! [`suite`] runs the cases and gives a [`Report`]. A [`Subject`] says what the suite cannot know: what an approved and a declined payment are paid from, how a
//! pending one is brought to its end ([`Settle`]), what the provider really booked ([`Truth`]), what went over the wire ([`Tap`]) and how to break it ([`Faults`]).
//! A third party gives what it has.
//!
//! [`InProcess`] joins a gateway to a simulated provider without a socket. It is a transport, a truth, a tap and a source of faults at once.

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

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
