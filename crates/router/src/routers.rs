//! From a configuration to named routers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use paymux::{Clock, ConfigError, ConfigProblem, Error, ErrorKind, Gateways, PaymentGateway, SystemClock};
use paymux_journal::Journal;

use crate::config::Rules;
use crate::router::Router;

/// The routers of a configuration, by name.
#[derive(Debug)]
pub struct Routers {
    routers: BTreeMap<String, Arc<Router>>,
}

impl Routers {
    /// The routers of a TOML text, each a table `[router.NAME]`, over these gateways. They must have been built with this journal's recorder.
    ///
    /// # Errors
    /// Every problem at once; nothing is kept of a configuration that has one.
    pub fn from_toml(text: &str, gateways: &Gateways, journal: &Journal) -> Result<Self, ConfigError> {
        Self::with_clock(text, gateways, journal, Arc::new(SystemClock))
    }

    /// The routers of a TOML file.
    ///
    /// # Errors
    /// As [`Routers::from_toml`]; or the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>, gateways: &Gateways, journal: &Journal) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let text =
            fs::read_to_string(path).map_err(|error| whole(format!("`{}` cannot be read: {error}", path.display())))?;
        Self::from_toml(&text, gateways, journal)
    }

    /// As [`Routers::from_toml`], with a clock for the circuit breakers.
    ///
    /// # Errors
    /// As [`Routers::from_toml`].
    pub fn with_clock(
        text: &str,
        gateways: &Gateways,
        journal: &Journal,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let mut routers = BTreeMap::new();
        for rules in Rules::from_toml(text, &gateways.names())? {
            let name = rules.name().to_owned();
            match router(rules, gateways, journal, Arc::clone(&clock)) {
                Ok(router) => {
                    routers.insert(name, Arc::new(router));
                }
                Err(error) => problems.push(ConfigProblem::whole(error.message())),
            }
        }
        if problems.is_empty() {
            Ok(Self { routers })
        } else {
            Err(ConfigError::new(problems))
        }
    }

    /// The router of a name, as applications hold gateways.
    ///
    /// # Errors
    /// There is none; the error names those that there are.
    pub fn get(&self, name: &str) -> Result<Arc<dyn PaymentGateway>, Error> {
        match self.routers.get(name) {
            Some(router) => Ok(router.clone()),
            None => {
                let names = self.names().join(", ");
                let message = format!("there is no router `{name}`; the configuration has {names}");
                Err(Error::new(ErrorKind::Configuration, message))
            }
        }
    }

    /// The names, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.routers.keys().cloned().collect()
    }
}

fn router(rules: Rules, gateways: &Gateways, journal: &Journal, clock: Arc<dyn Clock>) -> Result<Router, Error> {
    let named = rules
        .gateways()
        .into_iter()
        .map(|name| journal.wrap(gateways.gateway(name)?));
    let members = named.collect::<Result<Vec<_>, Error>>()?;
    Router::new(rules, members, clock)
}

fn whole(what: String) -> ConfigError {
    ConfigError::new(vec![ConfigProblem::whole(what)])
}
