//! An adapter for a provider that paymux knows nothing of, written outside of it.
//!
//! [`Acme`] speaks to an imaginary provider by one JSON API; [`AcmeConfig`] is what a configuration file holds for it. [`Server`] is that provider,
//! in memory, with the faults that the conformance suite asks for. [`conformance`] puts them together: this is all that it takes to hold an adapter
//! of one's own to what paymux promises.

mod adapter;
mod codes;
mod config;
mod reading;
mod server;
mod shapes;

use std::error::Error;
use std::sync::Arc;

use paymux::{Card, DeclineReason, Gateways, Source, TokioClock};
use paymux_conformance::{Report, Subject, suite};

pub use adapter::Acme;
pub use config::AcmeConfig;
pub use server::Server;

const CONFIG: &str = r#"
    [gateways.acme]
    provider = "acme"
    mode = "test"
    base_url = "http://127.0.0.1:1"
    merchant = "m-1"
    api_key = "canary-api-key"
"#;

/// Holds the adapter to the conformance suite. Needs tokio's clock paused: the suite waits for minutes, and paused they take no time.
///
/// # Errors
/// The configuration, the amount or a card of this example is not one.
pub async fn conformance() -> Result<Report, Box<dyn Error>> {
    let server = Arc::new(Server::default());
    let gateways = Gateways::builder()
        .register::<AcmeConfig>()
        .transport(server.clone())
        .clock(Arc::new(TokioClock::new("2026-01-02T03:04:05Z".parse()?)))
        .from_toml(CONFIG)?;

    let card = |number| Card::new(number, 12, 2030)?.with_cvv("123").map(Source::Card);
    let mut subject = Subject::new("100.00 EUR".parse()?, card("4200000000000000")?);
    subject.declined = Some(card("4200000000000018")?);
    subject.reason = Some(DeclineReason::InsufficientFunds);
    subject.secrets = vec!["canary-api-key".to_owned()];
    subject.truth = Some(server.clone());
    subject.tap = Some(server.clone());
    subject.faults = Some(server);

    Ok(suite(gateways.get("acme")?.as_ref(), &subject).await)
}
