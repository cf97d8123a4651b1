//! A small web shop on paymux, with simulated providers: the model of how an application uses the library.
//!
//! What to read: `order` has the rules about money, `till` is all that is asked of gateways, `config` reads and watches `shop.toml`, `web` has the pages.
//! `simulators` and `faults` are the providers' side, which a shop of your own has not.
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
mod faults;
mod order;
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

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::deliveries::Deliveries;
pub use crate::simulators::Simulator;
use crate::store::Orders;
use crate::till::Till;
use crate::web::Shop;

/// How a shop is started.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens; port 0 takes any that is free. Only loopback is taken: the back office has no login.
    pub listen: SocketAddr,
    /// Where the first simulator listens, and the others on the ports after it; with port 0 each takes any that is free.
    pub simulators: SocketAddr,
    /// The gateways' configuration. It is written if it is not there.
    pub config: PathBuf,
    /// How often the configuration is looked at for changes.
    pub watch: Duration,
}

/// A shop that runs. It ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    simulators: Arc<Vec<Simulator>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Settings {
    /// Everything on free ports of loopback, with this configuration, looked at ten times a second: for tests.
    #[must_use]
    pub fn test(config: PathBuf) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listen: any,
            simulators: any,
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
    let listener = TcpListener::bind(settings.listen).await;
    let listener = listener.map_err(|error| format!("--listen {}: {error}", settings.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let simulators = simulators::start(settings.simulators).await;
    let simulators = Arc::new(simulators.map_err(|error| format!("--simulators {error}"))?);
    let (gateways, file) = config::open(&settings.config, &simulators)?;
    let orders = Arc::new(Orders::new());
    let watching = config::watch(
        Arc::clone(&file),
        Arc::clone(&gateways),
        Arc::clone(&orders),
        settings.watch,
    );
    let till = Till {
        gateways,
        orders: Arc::clone(&orders),
        here: format!("http://{address}"),
    };
    let app = web::router(Shop {
        till: Arc::new(till),
        file,
        deliveries: Arc::new(Deliveries::new(orders)),
        simulators: Arc::clone(&simulators),
    });
    let serving = async move {
        // It ends with the process, or with `Running`.
        let _ = axum::serve(listener, app).await;
    };
    Ok(Running {
        address,
        simulators,
        tasks: vec![tokio::spawn(watching), tokio::spawn(serving)],
    })
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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
        for task in &self.tasks {
            task.abort();
        }
    }
}
