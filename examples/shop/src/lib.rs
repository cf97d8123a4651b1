//! A small web shop on paymux, with simulated providers: the model of how an application uses the library.
//!
//! What to read: `order` has the rules about money, `till` is all that is asked of gateways, `facts` and `restore` are what outlives the process beside the journal,
//! `config` reads and watches `shop.toml`, `web` has the pages. `simulators` and `faults` are the providers' side, which a shop of your own has not.
//!
//! # What a test in a browser finds by
//!
//! | page | elements |
//! |---|---|
//! | `/` | `#buy`, `#product-SKU` (`notebook`, `mug`, `lamp`, `blanket`), `#gateway-NAME`, `#hold`, `#pay` |
//! | `/orders/ID` | `#live[data-order]`, `#order-status[data-status]`, `#order-next`, `#order-reason`, `#order-amount`, `#order-id`, `#attempt-reference`, `#attempt-gateway`, `#attempt-method`, `#continue`, `#pay-again` with `#gateway-NAME`, `#hold` and `#pay`, `#office-link` |
//! | a page that says what did not go | `#problem`, `#back` |
//! | `/office` | `#no-login`, `#orders tr[data-order] [data-status]`, `[data-remarks]`, `#deliveries tr[data-delivery][data-gateway]`, `#fault-form`, `#fault-gateway`, `#fault-WORD` (`slow`, `reset`, `twice`, `forged`, `late`, `lost`), `#fault-inject`, `#fault-clear`, `[data-faults-left]`, `#gateways tr[data-gateway]`, `#config-path`, `#config-problems li` |
//! | `/office/orders/ID` | `#order-status[data-status]`, `#customer-link`, `#remarks li`; in `#attempt-REFERENCE[data-attempt]`: `[data-status]`, `[data-gateway-gone]`, `[data-field]` (`payment`, `state`, `amount`, `reason`, `advice`, `code`, `not-done`, `unknown`, `trouble`, `raw`, `refund-amount`), `[data-deed]` (`ask`, `capture`, `void`, `refund`), `[data-table=entries] tr[data-entry]`, `[data-table=follow-ups] tr[data-follow-up][data-outcome]`, `[data-timeline] li[data-step]` (`operation`, `exchange`, `token`) |
//!
//! `data-status` is one of `new`, `opening`, `to-pay`, `asking`, `pending`, `review`, `authorized`, `paid`, `partly-refunded`, `refunded`, `voided`, `declined`, `cancelled`,
//! `expired`, `not-done`, `unknown`, `returned`, `charged-back`. `data-delivery` is one of `accepted`, `seen`, `refused`, `failed`, `late`, `busy`, `unknown`.

mod catalog;
mod config;
mod deliveries;
mod facts;
mod faults;
mod order;
mod overheard;
mod restore;
mod simulators;
mod store;
mod till;
mod timeline;
mod web;
mod words;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use paymux_journal::Journal;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::deliveries::Deliveries;
use crate::facts::Facts;
pub use crate::simulators::Simulator;
use crate::store::Orders;
use crate::till::Till;
use crate::web::Shop;

/// How often the journal looks for what was left open.
const SETTLE: Duration = Duration::from_secs(60);
/// How long a shop that ends may be in the middle of a write.
const ENDING: Duration = Duration::from_secs(5);

/// How a shop is started.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens; port 0 takes any that is free. Only loopback is taken: the back office has no login.
    pub listen: SocketAddr,
    /// Where the first simulator listens, and the others on the ports after it; with port 0 each takes any that is free.
    pub simulators: SocketAddr,
    /// The gateways' configuration. It is written if it is not there.
    pub config: PathBuf,
    /// The journal of what was asked of gateways and what came of it: `sqlite:PATH`. It is made if it is not there.
    pub journal: String,
    /// The file of what was ordered and begun. It is made if it is not there.
    pub orders: PathBuf,
    /// How often the configuration is looked at for changes.
    pub watch: Duration,
}

/// A shop that runs. It ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// With the address that it took.
    settings: Settings,
    simulators: Arc<Vec<Simulator>>,
    /// All that the shop does. It ends as a whole, as with a process; the simulators do not.
    runtime: Option<Runtime>,
}

impl Settings {
    /// Everything on free ports of loopback, with this configuration, looked at ten times a second, and the other files beside it: for tests.
    #[must_use]
    pub fn test(config: PathBuf) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listen: any,
            simulators: any,
            journal: format!("sqlite:{}", config.with_extension("db").display()),
            orders: config.with_extension("jsonl"),
            config,
            watch: Duration::from_millis(100),
        }
    }
}

/// Starts the simulators and the shop. Must be called inside a tokio runtime.
///
/// # Errors
/// What does not go, with the flag that would change it.
pub async fn start(settings: Settings) -> Result<Running, String> {
    if !settings.listen.ip().is_loopback() {
        return Err(format!(
            "--listen {}: the back office has no login, so that only loopback is taken",
            settings.listen
        ));
    }
    timeline::listen();
    let simulators = simulators::start(settings.simulators).await;
    let simulators = Arc::new(simulators.map_err(|error| format!("--simulators {error}"))?);
    let mut running = Running {
        settings,
        simulators,
        runtime: None,
    };
    running.restart().await?;
    Ok(running)
}

/// Starts the shop on the runtime that this is called on; gives where it listens.
async fn open(settings: Settings, simulators: Arc<Vec<Simulator>>) -> Result<SocketAddr, String> {
    let listener = TcpListener::bind(settings.listen).await;
    let listener = listener.map_err(|error| format!("--listen {}: {error}", settings.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let journal = Journal::open(&settings.journal).await;
    let journal = journal.map_err(|error| format!("--journal: {error}"))?;
    let (gateways, file) = config::open(&settings.config, &simulators, &journal)?;
    let (facts, lines) = Facts::open(&settings.orders)?;
    let orders = restore::orders(lines, &journal).await?;
    let orders = Arc::new(Orders::new(orders, facts));
    let watching = config::watch(
        Arc::clone(&file),
        Arc::clone(&gateways),
        Arc::clone(&orders),
        settings.watch,
    );
    let till = Arc::new(Till {
        journal: journal.clone(),
        gateways: Arc::clone(&gateways),
        orders: Arc::clone(&orders),
        here: format!("http://{address}"),
    });
    till.go_on();
    let app = web::router(Shop {
        till,
        file,
        deliveries: Arc::new(Deliveries::new(orders)),
        simulators,
    });
    tokio::spawn(watching);
    tokio::spawn(async move {
        let tell = |settled: Result<_, paymux_journal::StoreError>| {
            if let Err(error) = settled {
                tracing::warn!(%error, "the journal cannot be read");
            }
        };
        journal.keep_settling(gateways.as_ref(), SETTLE, tell).await;
    });
    tokio::spawn(async move {
        // It ends with the process, or with `Running`.
        let _ = axum::serve(listener, app).await;
    });
    Ok(address)
}

impl Running {
    /// Ends the shop in the middle of whatever it does, as a crash would: nothing is finished, and nothing told. The simulators go on.
    pub async fn crash(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Its address is free, and its files are closed, once all has ended.
            let _ = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(ENDING)).await;
        }
    }

    /// Starts the shop again where it listened, after [`crash`](Self::crash) if it still runs, with what it kept on the disk.
    ///
    /// # Errors
    /// What does not go, with the flag that would change it.
    pub async fn restart(&mut self) -> Result<(), String> {
        self.crash().await;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let opening = runtime.spawn(open(self.settings.clone(), Arc::clone(&self.simulators)));
        self.runtime = Some(runtime);
        self.settings.listen = opening.await.map_err(|error| error.to_string())??;
        Ok(())
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.settings.listen
    }

    /// Its address, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.settings.listen)
    }

    /// The simulators, one for each gateway of the configuration as it is written first.
    #[must_use]
    pub fn simulators(&self) -> &[Simulator] {
        &self.simulators
    }

    /// The simulator behind a gateway.
    #[must_use]
    pub fn simulator(&self, gateway: &str) -> Option<&Simulator> {
        self.simulators.iter().find(|simulator| simulator.gateway() == gateway)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
