//! The providers' side: simulators on loopback, and the configuration of gateways on them. A shop of your own has neither.

use std::io;
use std::net::SocketAddr;

use jiff::Timestamp;
use paymux_simulator::serve::{Listener, Server};
use paymux_simulator::{Host, Provider, carry1st, coolpay, opp};

/// A simulator, and the gateway that is configured on it. It ends when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    gateway: &'static str,
    server: Server,
    config: String,
}

/// How a simulator is made, and the keys of its gateway, once its address is known.
type Plan = (
    &'static str,
    fn(&str) -> Box<dyn Provider>,
    fn(&str) -> Vec<(&'static str, String)>,
);

/// Every provider with a hosted page.
const PLANS: [Plan; 4] = [
    (
        "coolpay",
        |url| {
            let mut settings = coolpay::Settings::default();
            url.clone_into(&mut settings.base_url);
            settings.first_id = moment();
            Box::new(coolpay::CoolPay::new(settings))
        },
        |url| coolpay::Settings::default().gateway_keys(url),
    ),
    (
        "opp-v3",
        |url| on(url, opp::Settings::v3()),
        |url| opp::Settings::v3().gateway_keys(url),
    ),
    (
        "opp-v1",
        |url| on(url, opp::Settings::v1()),
        |url| {
            let set = opp::Settings::v1();
            let mut keys = set.gateway_keys(url);
            keys.push(("checkout_page", set.checkout_page(url)));
            keys
        },
    ),
    (
        "carry1st",
        |url| {
            let mut settings = carry1st::Settings::default();
            url.clone_into(&mut settings.checkout_base);
            settings.first_number = moment();
            Box::new(carry1st::Carry1st::new(settings))
        },
        |url| carry1st::Settings::default().gateway_keys(url),
    ),
];

/// A simulator forgets everything with its process, and the shop does not: the ids of a later one must not be those of an earlier one.
fn moment() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default()
}

fn on(url: &str, mut settings: opp::Settings) -> Box<dyn Provider> {
    url.clone_into(&mut settings.public_url);
    // A page that nobody has paid on yet is told as open, as the platform's documents have it.
    settings.open_checkout_pending = true;
    Box::new(opp::Opp::new(settings))
}

/// A gateway's keys as lines of TOML.
fn config(provider: &str, keys: Vec<(&'static str, String)>) -> String {
    let mut text = format!("provider = \"{provider}\"\nmode = \"test\"\n");
    for (key, value) in keys {
        if key == "checkout_page" {
            text.push_str(
                "# Without it a checkout is a script for a page of the shop's own. The page is the simulator's.\n",
            );
        }
        // Flags stand without quotes, as one would write them.
        match value.as_str() {
            "true" | "false" => text.push_str(&format!("{key} = {value}\n")),
            _ => text.push_str(&format!("{key} = \"{value}\"\n")),
        }
    }
    text
}

impl Simulator {
    /// The name of the gateway.
    #[must_use]
    pub fn gateway(&self) -> &str {
        self.gateway
    }

    /// The simulator: its ledger, and the faults to come.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The gateway's table in `shop.toml`.
    pub(crate) fn table(&self) -> String {
        format!(
            "\n[gateways.{}]\n{}# The simulator may be asked at any time, and nobody wants to watch a page for a minute.\n\
             inquiry_interval_secs = 0\ntimeout_secs = 8\n",
            self.gateway, self.config
        )
    }
}

/// Starts all simulators. A port above 0 is the first of four in a row; with port 0 each takes any that is free.
pub(crate) async fn start(first: SocketAddr) -> io::Result<Vec<Simulator>> {
    let mut all = Vec::new();
    for ((gateway, simulator, keys), offset) in PLANS.into_iter().zip(0_u16..) {
        let port = match first.port() {
            0 => Some(0),
            first => first.checked_add(offset),
        };
        let port = port.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "four ports are needed in a row"))?;
        let address = SocketAddr::new(first.ip(), port);
        let listener = Listener::bind(address).await;
        let listener = listener.map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
        let url = listener.url();
        let provider = simulator(&url);
        all.push(Simulator {
            gateway,
            config: config(provider.name(), keys(&url)),
            server: listener.serve(Host::new(provider)),
        });
    }
    Ok(all)
}
