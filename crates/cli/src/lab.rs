//! The six simulators behind sockets on loopback, and the configuration of gateways on them.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use paymux::Clock;
use paymux_simulator::serve::{Listener, Server};
use paymux_simulator::{Host, Provider, carry1st, coolpay, opp, qolo};

/// The simulators, running. They end when this is dropped.
#[derive(Debug)]
pub struct Lab {
    places: Vec<Place>,
}

/// One simulator and the gateway that is configured on it.
#[derive(Debug)]
pub struct Place {
    /// The gateway's name.
    pub name: &'static str,
    /// The provider's name, as in configurations.
    pub provider: &'static str,
    /// The simulator.
    pub server: Server,
    /// The gateway's keys, as lines of TOML.
    config: String,
}

/// The time in the lab: the system's, and what [`Lab::advance`] added, for the gateways and for every simulator alike.
#[derive(Debug, Default)]
pub struct LabClock {
    ahead_secs: AtomicU64,
}

/// How to make one place, once its address is known.
struct Plan {
    name: &'static str,
    provider: &'static str,
    simulator: fn(&str) -> Box<dyn Provider>,
    keys: fn(&str) -> Vec<(&'static str, String)>,
}

/// The first line of a configuration that was written here.
pub const HEADLINE: &str = "# Gateways on the simulators of `paymux simulate`; written anew each time.";

const PLANS: [Plan; 6] = [
    Plan {
        name: "coolpay",
        provider: "coolpay",
        simulator: |url| Box::new(coolpay::CoolPay::new(coolpay::Settings::default().at(url))),
        keys: |url| coolpay::Settings::default().gateway_keys(url),
    },
    Plan {
        name: "opp-v3",
        provider: "opp",
        simulator: |url| opp_at(url, opp::Settings::v3()),
        keys: |url| opp::Settings::v3().gateway_keys(url),
    },
    Plan {
        name: "opp-v1",
        provider: "opp",
        simulator: |url| opp_at(url, opp::Settings::v1()),
        keys: |url| opp::Settings::v1().gateway_keys(url),
    },
    Plan {
        name: "qolo",
        provider: "qolo",
        simulator: |_| Box::new(qolo::Qolo::new(qolo::Settings::qolo())),
        keys: |url| qolo::Settings::qolo().gateway_keys(url),
    },
    Plan {
        name: "keybank",
        provider: "qolo",
        simulator: |_| Box::new(qolo::Qolo::new(qolo::Settings::keybank())),
        keys: |url| qolo::Settings::keybank().gateway_keys(url),
    },
    Plan {
        name: "carry1st",
        provider: "carry1st",
        simulator: |url| Box::new(carry1st::Carry1st::new(carry1st::Settings::default().at(url))),
        keys: |url| carry1st::Settings::default().gateway_keys(url),
    },
];

fn opp_at(url: &str, settings: opp::Settings) -> Box<dyn Provider> {
    Box::new(opp::Opp::new(settings.at(url)))
}

impl Lab {
    /// Starts all simulators. A port above 0 is the first of six in a row; with port 0 each takes any that is free.
    ///
    /// # Errors
    /// The address is not on loopback, or a port is taken.
    pub async fn start(address: SocketAddr) -> io::Result<Self> {
        let mut places = Vec::new();
        for (plan, offset) in PLANS.into_iter().zip(0_u16..) {
            let port = match address.port() {
                0 => 0,
                first => first.checked_add(offset).ok_or_else(|| {
                    io::Error::new(
                        io::ErrorKind::InvalidInput,
                        format!("six ports are needed in a row, and port {first} leaves too few"),
                    )
                })?,
            };
            let address = SocketAddr::new(address.ip(), port);
            let listener = Listener::bind(address)
                .await
                .map_err(|error| io::Error::new(error.kind(), format!("{} on {address}: {error}", plan.name)))?;
            let url = listener.url();
            places.push(Place {
                name: plan.name,
                provider: plan.provider,
                config: config(&plan, &url),
                server: listener.serve(Host::new((plan.simulator)(&url))),
            });
        }
        Ok(Self { places })
    }

    /// The places, in the order of the tables.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The place of a gateway.
    #[must_use]
    pub fn place(&self, gateway: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.name == gateway)
    }

    /// Lets this many seconds pass at once, for all simulators and for whoever goes by the clock.
    pub fn advance(&self, clock: &LabClock, secs: u64) {
        clock.ahead_secs.fetch_add(secs, Ordering::SeqCst);
        for place in &self.places {
            place.server.advance(Duration::from_secs(secs));
        }
    }

    /// The configuration of gateways on the simulators, as TOML.
    #[must_use]
    pub fn config(&self) -> String {
        self.written(|_| String::new())
    }

    /// The same for a person at a terminal: where a checkout is a script to put into a page of one's own, the simulator's page is opened instead.
    #[must_use]
    pub fn config_with_pages(&self) -> String {
        self.written(|place| match place.name {
            "opp-v1" => format!(
                "# Without it, a checkout is the widget's script, as at the provider. The page is the simulator's.\n\
                 checkout_page = \"{}\"\n",
                opp::Settings::v1().checkout_page(&place.server.url())
            ),
            _ => String::new(),
        })
    }

    fn written(&self, more: impl Fn(&Place) -> String) -> String {
        let mut text = format!("{HEADLINE}\n");
        for place in &self.places {
            text.push_str(&format!("\n[gateways.{}]\n{}{}", place.name, place.config, more(place)));
        }
        text
    }
}

fn config(plan: &Plan, url: &str) -> String {
    let own = [("provider", plan.provider), ("mode", "test")].map(|(key, value)| (key, value.to_owned()));
    let keys = own.into_iter().chain((plan.keys)(url));
    let mut text: String = keys.map(|(key, value)| line(key, &value)).collect();
    // The simulators may be asked at any time.
    text.push_str("inquiry_interval_secs = 0\n");
    text
}

/// A line of TOML. Flags stand without quotes, as one would write them.
fn line(key: &str, value: &str) -> String {
    match value {
        "true" | "false" => format!("{key} = {value}\n"),
        _ => format!("{key} = {value:?}\n"),
    }
}

impl Clock for LabClock {
    fn now(&self) -> Timestamp {
        let ahead = Duration::from_secs(self.ahead_secs.load(Ordering::SeqCst));
        Timestamp::now().checked_add(ahead).unwrap_or(Timestamp::MAX)
    }
}
