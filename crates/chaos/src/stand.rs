//! A simulated provider with everything that is needed to reach it.

use std::sync::Arc;

use paymux::{Builder, Clock, Gateway, Gateways, Policy, Source, TokioClock};
use paymux_conformance::{InProcess, Subject};
use paymux_simulator::{Host, Provider};

/// A simulated provider, the configuration of a gateway on it, and what the suite must know of it.
#[derive(Debug)]
pub struct Stand {
    /// What it is called in reports.
    pub name: &'static str,
    /// The provider.
    pub provider: Arc<InProcess>,
    /// The keys of the gateway's configuration and their values, without the mode.
    pub keys: Vec<(&'static str, String)>,
    /// What the suite must know.
    pub subject: Subject,
    /// Whether the provider gives out access tokens.
    pub spends_tokens: bool,
    /// A source that is approved long after everybody has stopped waiting.
    pub slow: Option<Source>,
    /// How the provider writes that something went through.
    pub approval: &'static str,
    /// Whether a request's amount can be changed on the way: nothing is signed.
    pub shrinks: bool,
    clock: Arc<dyn Clock>,
}

impl Stand {
    /// Puts a provider behind a transport, with a clock that follows tokio's.
    ///
    /// # Panics
    /// Never: the date is one.
    #[must_use]
    pub fn new(
        name: &'static str,
        provider: impl Provider,
        keys: Vec<(&'static str, String)>,
        subject: impl FnOnce(&Arc<InProcess>) -> Subject,
    ) -> Self {
        let start = jiff::Timestamp::constant(1_767_323_045, 0);
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::new(start));
        let provider = InProcess::new(Host::new(Box::new(provider)), Arc::clone(&clock));
        Self {
            name,
            keys,
            subject: subject(&provider).on(&provider),
            spends_tokens: false,
            slow: None,
            approval: "",
            shrinks: true,
            provider,
            clock,
        }
    }

    /// The gateway in mode `test`.
    #[must_use]
    pub fn gateway(&self) -> Gateway {
        self.gateway_in("test")
    }

    /// The gateway in this mode.
    ///
    /// # Panics
    /// The configuration is refused.
    #[must_use]
    pub fn gateway_in(&self, mode: &str) -> Gateway {
        self.built(self.builder(), mode)
    }

    /// The gateway in mode `test`, by this builder.
    ///
    /// # Panics
    /// The configuration is refused.
    #[must_use]
    pub fn gateway_of(&self, builder: Builder) -> Gateway {
        self.built(builder, "test")
    }

    fn built(&self, builder: Builder, mode: &str) -> Gateway {
        let pairs = self.keys.iter().map(|(key, value)| (*key, value.as_str()));
        let pairs = pairs.chain([("mode", mode)]);
        let pairs = pairs.map(|(key, value)| (format!("{}.{key}", self.name), value));
        let gateways = builder.from_pairs(pairs);
        let gateways = gateways.unwrap_or_else(|error| panic!("{error}"));
        gateways.gateway(self.name).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The gateway's configuration in one line, under this name, in mode `test`.
    #[must_use]
    pub fn line(&self, name: &str) -> String {
        let mut provider = "";
        let mut line = String::new();
        for (key, value) in &self.keys {
            if *key == "provider" {
                provider = value;
            } else {
                line.push_str(&format!("&{key}={}", escape(value)));
            }
        }
        format!("{provider}://{name}?mode=test{line}")
    }

    /// The clock of the provider and of its gateways.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// A builder of gateways on this provider. Their waits are not shortened at random, so that whatever is done again happens at the same moments.
    #[must_use]
    pub fn builder(&self) -> Builder {
        let mut policy = Policy::default();
        policy.spread = false;
        let builder = Gateways::builder().transport(self.provider.clone());
        builder.clock(self.clock()).policy(policy)
    }
}

/// Percent-encodes what a query cannot hold.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
