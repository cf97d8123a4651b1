//! The simulated providers on loopback, and gateways on them.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use paymux::{Builder, Clock, ConfigError, Gateways};
use paymux_simulator::carry1st::{self, Carry1st};
use paymux_simulator::serve::Server;
use paymux_simulator::{Fault, FaultPlan, Host, Matcher, Movement};

use crate::{Stand, stands};

/// The providers of a run, each on a port of its own. They end when this is dropped.
#[derive(Debug)]
pub struct Providers {
    places: Vec<(String, Server)>,
    clock: Arc<Ahead>,
}

/// The system's clock, and so much ahead.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<Duration>);

impl Ahead {
    pub(super) const fn by(time: Duration) -> Self {
        Self(Mutex::new(time))
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        let ahead = *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Timestamp::now().checked_add(ahead).unwrap_or(Timestamp::MAX)
    }
}

impl Providers {
    /// Starts the providers of these gateways.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(gateways: &[String]) -> std::io::Result<Self> {
        let mut places = Vec::new();
        for name in gateways {
            // Every worker that starts logs in.
            let stand = if name == "carry1st" {
                let mut settings = carry1st::Settings::default();
                settings.tokens_per_minute = usize::MAX;
                stands::carry1st(settings)
            } else {
                stands::named(name)
            };
            let host = Host::new(stand.provider.host().provider().fork());
            let address = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
            places.push((name.clone(), Server::start(host, address).await?));
        }
        Ok(Self {
            places,
            clock: Arc::default(),
        })
    }

    /// The gateways' names, and where their providers listen.
    #[must_use]
    pub fn urls(&self) -> Vec<(String, String)> {
        let places = self.places.iter();
        places.map(|(name, server)| (name.clone(), server.url())).collect()
    }

    /// The provider of a gateway.
    #[must_use]
    pub fn server(&self, gateway: &str) -> Option<&Server> {
        self.places
            .iter()
            .find(|(name, _)| name == gateway)
            .map(|(_, server)| server)
    }

    /// What the providers and the janitor take for the time.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Lets time pass for the providers and the janitor at once.
    pub fn advance(&self, time: Duration) {
        let mut ahead = self.clock.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *ahead = ahead.saturating_add(time);
        for (_, server) in &self.places {
            server.advance(time);
        }
    }

    /// A customer pays on a page.
    pub fn visit(&self, gateway: &str, payment: &str) -> bool {
        let Some(server) = self.server(gateway) else {
            return false;
        };
        server.with(|host, now| {
            let provider = host.provider_as::<Carry1st>();
            provider.is_some_and(|provider| provider.finish(now, payment, "SUCCESSFUL"))
        })
    }

    /// Sees to it that so many faults are still to come at each provider.
    pub(super) fn trouble(&self, rng: &mut fastrand::Rng, ahead: usize) {
        for (_, server) in &self.places {
            server.with(|host, _| {
                while host.faults.left() < ahead {
                    host.faults.add(Matcher::any().after(rng.u32(0..8)), fault(rng));
                }
            });
        }
    }

    /// No more faults.
    pub(super) fn calm(&self) {
        for (_, server) in &self.places {
            server.with(|host, _| host.faults = FaultPlan::none());
        }
    }

    /// What a provider booked by now.
    pub(super) fn booked(&self, gateway: &str) -> Vec<Movement> {
        let Some(server) = self.server(gateway) else {
            return Vec::new();
        };
        server.with(|host, now| {
            let _ = host.due(now);
            host.ledger().movements.clone()
        })
    }

    /// How many requests reached the providers.
    pub(super) fn requests(&self) -> u64 {
        let count = |(_, server): &(String, Server)| server.with(|host, _| host.requests());
        self.places.iter().map(count).sum()
    }
}

/// Gateways on providers that listen there.
///
/// # Errors
/// A configuration is refused.
pub(super) fn gateways<'a>(
    builder: Builder,
    stands: impl Iterator<Item = &'a Stand>,
    urls: &[(String, String)],
    timeout_secs: u64,
) -> Result<Gateways, ConfigError> {
    let mut pairs = Vec::new();
    for stand in stands {
        let Some((_, url)) = urls.iter().find(|(name, _)| name == stand.name) else {
            continue;
        };
        let own = stand
            .keys
            .iter()
            .map(|(key, value)| (*key, value.replace(stands::ADDRESS, url)));
        let timeout = timeout_secs.to_string();
        let all = own.chain([("mode", "test".to_owned()), ("timeout_secs", timeout)]);
        pairs.extend(all.map(|(key, value)| (format!("{}.{key}", stand.name), value)));
    }
    builder.from_pairs(pairs)
}

/// Mostly answers that come late, so that there is something to be killed in.
fn fault(rng: &mut fastrand::Rng) -> Fault {
    use http::StatusCode;
    match rng.u32(0..24) {
        0 | 1 => Fault::ResetBefore,
        2..=4 => Fault::ResetAfter,
        5 => Fault::LateCommit(Duration::from_millis(rng.u64(1..2500))),
        6 => Fault::StatusBefore(StatusCode::SERVICE_UNAVAILABLE),
        7 => Fault::StatusAfter(StatusCode::BAD_GATEWAY),
        8 => Fault::Truncate,
        9 => Fault::Empty,
        10 => Fault::Lag(Duration::from_millis(rng.u64(1..500))),
        11 => Fault::Stuck,
        12 => Fault::Refuse,
        13 => Fault::PageAfter(StatusCode::FORBIDDEN),
        _ => Fault::Delay(Duration::from_millis(rng.u64(1..60))),
    }
}
