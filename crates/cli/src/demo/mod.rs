//! `paymux demo`: one order through every simulated provider, over HTTP, and every claim held against the ledgers.

mod browser;
mod check;
mod claims;
pub mod matrix;
mod shown;
mod steps;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use paymux::{Decline, Gateways, Money};
use paymux_simulator::Kind;

use self::browser::Browser;
use self::matrix::{Column, Matrix};
use self::steps::Walk;
use crate::exit::{Exit, Failure};
use crate::lab::{Lab, LabClock};
use crate::output::Output;
use crate::progress::Progress;

/// The price of the order, in minor units of US dollars: a currency that every simulated account takes.
const PRICE: i64 = 10_000;

/// The simulators, and gateways on them.
#[derive(Debug)]
pub struct Demo {
    lab: Lab,
    clock: Arc<LabClock>,
    gateways: Gateways,
    matrix: Matrix,
    browser: Browser,
}

/// What all gateways did.
#[derive(Debug)]
pub struct Run {
    /// One row for each gateway.
    pub rows: Vec<Row>,
}

/// What one gateway did.
#[derive(Debug)]
pub struct Row {
    /// The gateway's name.
    pub gateway: &'static str,
    /// The provider's name.
    pub provider: &'static str,
    /// What came of each column, in the order of [`Column::ALL`].
    pub cells: Vec<(Column, Seen)>,
}

/// What came of one operation.
#[derive(Debug)]
pub enum Seen {
    /// Refused as unsupported, with nothing sent.
    NotOffered,
    /// Done, or accepted and done a moment later.
    Done {
        /// What the call was first answered with.
        outcome: String,
        /// Whether it was done in parts.
        partial: bool,
        /// What the gateway says of the payment that was made first, where there had to be one.
        before: Vec<Claim>,
        /// What the gateway says that was booked.
        claims: Vec<Claim>,
    },
    /// The payment was found, and this much is said to be captured of it.
    Found(Claim),
    /// So many ways to pay are listed.
    Listed(usize),
    /// The payment was declined.
    Declined(Decline),
    /// It went wrong.
    Wrong(String),
}

/// A movement of money that a gateway says there was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The provider's id of the payment.
    pub payment: String,
    /// What it was.
    pub kind: Kind,
    /// How much.
    pub amount: Money,
}

/// The result of holding a run against the ledgers and the table of expected outcomes.
#[derive(Debug)]
pub struct Verdict {
    /// How many movements the gateways claim.
    pub claims: usize,
    /// Everything that does not agree.
    pub disagreements: Vec<String>,
}

impl Demo {
    /// Starts the simulators and configures gateways on them.
    ///
    /// # Errors
    /// The simulators cannot listen, or their configuration is refused.
    pub async fn start() -> Result<Self, Failure> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let lab = Lab::start(any)
            .await
            .map_err(|error| Failure::Other(format!("the simulators cannot start: {error}")))?;
        let clock = Arc::<LabClock>::default();
        Ok(Self {
            gateways: Gateways::builder().clock(clock.clone()).from_toml(&lab.config())?,
            matrix: Matrix::read()?,
            browser: Browser::default(),
            clock,
            lab,
        })
    }

    /// The simulators.
    #[must_use]
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Takes the order through every gateway; `progress` is told whose turn it is.
    ///
    /// # Errors
    /// A gateway is not in the configuration.
    pub async fn run(&self, mut progress: impl FnMut(&str)) -> Result<Run, Failure> {
        let mut rows = Vec::new();
        for place in self.lab.places() {
            progress(place.name);
            let gateway = self.gateways.gateway(place.name)?;
            let walk = Walk::new(self, place, gateway)?;
            rows.push(Row {
                gateway: place.name,
                provider: place.provider,
                cells: walk.everything().await,
            });
        }
        Ok(Run { rows })
    }

    /// Holds what the gateways said against the ledgers, and what they did against the table of expected outcomes.
    #[must_use]
    pub fn check(&self, run: &Run) -> Verdict {
        check::all(&self.lab, &self.matrix, run)
    }
}

impl Verdict {
    /// How the demo ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.disagreements.is_empty() {
            Exit::Done
        } else {
            Exit::Failed
        }
    }
}

/// The whole demo, shown.
pub(crate) async fn command(as_json: bool) -> Result<Output, Failure> {
    let demo = Demo::start().await?;
    let mut progress = Progress::new(as_json);
    let run = demo.run(|gateway| progress.turn(gateway)).await;
    drop(progress);
    let run = run?;
    let verdict = demo.check(&run);
    Ok(Output {
        text: shown::text(&run, &verdict),
        aside: String::new(),
        json: shown::data(&run, &verdict),
        exit: verdict.exit(),
    })
}
