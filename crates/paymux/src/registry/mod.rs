//! From a configuration to named gateways.

mod credentials;
mod plan;
mod problem;
mod section;
mod source;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use paymux_core::{Adapter, AdapterConfig, Error, ErrorKind, Key, Mode, PaymentGateway, Problem};
use toml::Table;

use self::credentials::credentials;
pub use self::plan::Planned;
pub use self::problem::{ConfigError, ConfigProblem, nearest};
pub use self::section::{COMMON_KEYS, check_name};
use crate::clock::{Clock, SystemClock};
use crate::engine::{Fleet, Flights, Gateway, Policy, Questions, Quiets, Recorder, Shares, TokenCache, TokenStore};
use crate::transport::{Transport, default_transport};

/// The gateways of a configuration, by name.
///
/// ```no_run
/// # async fn pay() -> Result<(), Box<dyn std::error::Error>> {
/// use paymux::{Charge, Gateways, Source};
/// let gateways = Gateways::from_file("paymux.toml")?;
/// let cards = gateways.get("cards")?;
/// let charge = Charge::new("order1001a1".parse()?, "100.00 DKK".parse()?, Source::Hosted);
/// let answer = cards.sale(charge).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Gateways {
    builder: Builder,
    current: RwLock<Arc<BTreeMap<String, Gateway>>>,
}

/// Builds [`Gateways`] with an application's own adapters, transport or clock.
#[derive(Clone, Debug)]
pub struct Builder {
    providers: BTreeMap<&'static str, Provider>,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
    recorder: Option<Arc<dyn Recorder>>,
    policy: Policy,
    directory: PathBuf,
    /// Shared by all gateways, so that a call joins the one in flight across names and reloads.
    flights: Arc<Flights>,
    /// Likewise the quiet that a provider wants of an account.
    quiets: Arc<Quiets>,
    /// And the access tokens, by all that they may depend on: see [`credentials`].
    tokens: Arc<Shares<String, TokenCache>>,
    /// Where other processes have theirs.
    fleet: Option<Fleet>,
    /// Likewise, so that questions about one payment keep apart.
    questions: Arc<Questions>,
}

type Build = fn(Table, Mode) -> Result<Box<dyn Adapter>, Vec<Problem>>;

/// What the registry knows of a provider.
#[derive(Clone)]
struct Provider {
    name: &'static str,
    keys: &'static [Key],
    build: Build,
}

impl Gateways {
    /// A builder with the adapters of the enabled features, the default transport and the system's clock.
    #[must_use]
    pub fn builder() -> Builder {
        let builder = Builder {
            providers: BTreeMap::new(),
            transport: None,
            clock: Arc::new(SystemClock),
            recorder: None,
            policy: Policy::default(),
            directory: PathBuf::new(),
            flights: Arc::default(),
            quiets: Arc::default(),
            tokens: Arc::default(),
            fleet: None,
            questions: Arc::default(),
        };
        #[cfg(feature = "carry1st")]
        let builder = builder.register::<paymux_carry1st::Carry1stConfig>();
        #[cfg(feature = "coolpay")]
        let builder = builder.register::<paymux_coolpay::CoolPayConfig>();
        #[cfg(feature = "opp")]
        let builder = builder.register::<paymux_opp::OppConfig>();
        #[cfg(feature = "qolo")]
        let builder = builder.register::<paymux_qolo::QoloConfig>();
        builder
    }

    /// The gateways of a TOML text, each a table `[gateways.NAME]`.
    ///
    /// # Errors
    /// Every problem at once; nothing is kept of a configuration that has one.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::builder().from_toml(text)
    }

    /// The gateways of a TOML file. `file:` secrets are relative to it.
    ///
    /// # Errors
    /// As [`Gateways::from_toml`]; or the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::builder().from_file(path)
    }

    /// One gateway from `provider://NAME?key=value&…`, keys and values percent-encoded.
    ///
    /// # Errors
    /// As [`Gateways::from_toml`].
    pub fn from_uri(uri: &str) -> Result<Self, ConfigError> {
        Self::builder().from_uri(uri)
    }

    /// Gateways from pairs of `NAME.key` and value, as environments and key-value stores have them.
    ///
    /// # Errors
    /// As [`Gateways::from_toml`].
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, ConfigError> {
        Self::builder().from_pairs(pairs)
    }

    /// The gateway of a name.
    ///
    /// # Errors
    /// There is none; the error names those that there are.
    pub fn get(&self, name: &str) -> Result<Arc<dyn PaymentGateway>, Error> {
        Ok(Arc::new(self.gateway(name)?))
    }

    /// The gateway of a name as its own type, for [`Gateway::open`].
    ///
    /// # Errors
    /// As [`Gateways::get`].
    pub fn gateway(&self, name: &str) -> Result<Gateway, Error> {
        let current = self.current();
        current.get(name).cloned().ok_or_else(|| {
            let known: Vec<_> = current.keys().map(String::as_str).collect();
            let message = format!(
                "there is no gateway `{name}`; the configuration has {}",
                known.join(", ")
            );
            Error::new(ErrorKind::Configuration, message)
        })
    }

    /// The names, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.current().keys().cloned().collect()
    }

    /// Puts a new configuration in place, whole. Calls in flight finish on the gateways that they started with.
    ///
    /// # Errors
    /// As [`Gateways::from_toml`]; the old gateways stay.
    pub fn reload(&self, text: &str) -> Result<(), ConfigError> {
        let (tables, problems) = source::toml(text)?;
        let set = self.builder.set(tables, problems)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
        Ok(())
    }

    /// The gateways now. The lock is held for no longer than it takes to count one more who has them.
    fn current(&self) -> Arc<BTreeMap<String, Gateway>> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Builder {
    /// Adds an adapter, or replaces the one of the same provider.
    #[must_use]
    pub fn register<C: AdapterConfig>(mut self) -> Self {
        let provider = Provider {
            name: C::PROVIDER,
            keys: C::KEYS,
            build: build::<C>,
        };
        self.providers.insert(provider.name, provider);
        self
    }

    /// With this transport.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// With this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With this policy of making calls again; a gateway's key `attempts` goes before it.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// With a place where it is kept what would be needed to ask, before money can move.
    #[must_use]
    pub fn recorder(mut self, recorder: Arc<dyn Recorder>) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// With a store in which the processes of a fleet share their access tokens.
    ///
    /// Gateways whose credentials are the same share a token there, whatever their transport is; so fleets of different worlds have different stores.
    #[must_use]
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.fleet = Some(Fleet::new(store));
        self
    }

    /// With `file:` secrets relative to this directory.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// The providers that can be configured, sorted, each with its keys.
    #[must_use]
    pub fn providers(&self) -> Vec<(&'static str, &'static [Key])> {
        self.providers.values().map(|p| (p.name, p.keys)).collect()
    }

    /// As [`Gateways::from_toml`].
    ///
    /// # Errors
    /// Every problem at once.
    pub fn from_toml(self, text: &str) -> Result<Gateways, ConfigError> {
        let (tables, problems) = source::toml(text)?;
        self.finish(tables, problems)
    }

    /// As [`Gateways::from_file`].
    ///
    /// # Errors
    /// Every problem at once; or the file cannot be read.
    pub fn from_file(mut self, path: impl AsRef<Path>) -> Result<Gateways, ConfigError> {
        let path = path.as_ref();
        let text =
            source::file(path).map_err(|e| ConfigError::whole(format!("`{}` cannot be read: {e}", path.display())))?;
        self.directory = path.parent().unwrap_or(Path::new("")).to_owned();
        self.from_toml(&text)
    }

    /// As [`Gateways::from_uri`].
    ///
    /// # Errors
    /// Every problem at once.
    pub fn from_uri(self, uri: &str) -> Result<Gateways, ConfigError> {
        let (tables, problems) = source::uri(uri)?;
        self.finish(tables, problems)
    }

    /// As [`Gateways::from_pairs`].
    ///
    /// # Errors
    /// Every problem at once.
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(
        self,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Gateways, ConfigError> {
        let (tables, problems) = source::pairs(pairs);
        self.finish(tables, problems)
    }

    fn finish(mut self, tables: source::Tables, problems: Vec<ConfigProblem>) -> Result<Gateways, ConfigError> {
        // A copy of this builder may have another transport, so that its tokens are of another world.
        self.tokens = Arc::default();
        let set = self.set(tables, problems)?;
        Ok(Gateways {
            builder: self,
            current: RwLock::new(Arc::new(set)),
        })
    }

    fn set(
        &self,
        tables: source::Tables,
        mut problems: Vec<ConfigProblem>,
    ) -> Result<BTreeMap<String, Gateway>, ConfigError> {
        let Some(transport) = self.transport.clone().or_else(default_transport) else {
            return Err(ConfigError::whole(
                "no transport is compiled in; enable the feature `rustls` or `hyper`, or hand one in",
            ));
        };
        let mut gateways = BTreeMap::new();
        for (name, table) in tables {
            match self.gateway(&name, table, &transport) {
                Ok(gateway) => {
                    gateways.insert(name, gateway);
                }
                Err(found) => problems.extend(found.into_iter().map(|problem| ConfigProblem::new(&name, problem))),
            }
        }
        if problems.is_empty() {
            Ok(gateways)
        } else {
            Err(ConfigError::new(problems))
        }
    }

    fn gateway(&self, name: &str, table: Table, transport: &Arc<dyn Transport>) -> Result<Gateway, Vec<Problem>> {
        let provider = self.provider(&table);
        let keys = provider.as_ref().ok().map(|provider| provider.keys);
        let (provider, section) = match (provider, section::read(name, table, keys, &self.directory, self.policy)) {
            (Ok(provider), Ok(section)) => (provider, section),
            (Ok(_), Err(problems)) => return Err(problems),
            (Err(mut problems), section) => {
                let others = section.err().into_iter().flatten();
                problems.extend(others.filter(|problem| problem.key != "provider"));
                return Err(problems);
            }
        };
        let credentials = credentials(provider.name, section.mode, &section.rest);
        let adapter = (provider.build)(section.rest, section.mode).map_err(|problems| {
            let conceal = |problem: Problem| Problem::new(&problem.key, section.hidden.conceal(&problem.what));
            problems.into_iter().map(conceal).collect::<Vec<_>>()
        })?;
        let mut options = section.options;
        options.flights = Arc::clone(&self.flights);
        options.recorder.clone_from(&self.recorder);
        options.quiets = Arc::clone(&self.quiets);
        options.place = self.fleet.as_ref().map(|fleet| fleet.place(credentials.clone()));
        options.tokens = Some(self.tokens.of(credentials));
        options.questions = Arc::clone(&self.questions);
        Ok(Gateway::with_options(
            name,
            adapter,
            Arc::clone(transport),
            Arc::clone(&self.clock),
            options,
        ))
    }

    fn provider(&self, table: &Table) -> Result<&Provider, Vec<Problem>> {
        let known: Vec<_> = self.providers.keys().copied().collect();
        let what = match table.get("provider").map(toml::Value::as_str) {
            Some(Some(name)) => match self.providers.get(name) {
                Some(provider) => return Ok(provider),
                None => format!(
                    "`{name}` is not a provider of this build{}; known are {}",
                    nearest(name, known.iter().copied()),
                    known.join(", ")
                ),
            },
            Some(None) => "must be a text".to_owned(),
            None => format!("is missing; known are {}", known.join(", ")),
        };
        Err(vec![Problem::new("provider", what)])
    }
}

fn build<C: AdapterConfig>(table: Table, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
    // The keys' kinds were checked before, so that serde has little left to say. It may quote a value; the caller conceals the secret ones.
    let config: C = table.try_into().map_err(|error: toml::de::Error| {
        // The error tells the key in its rendering alone, on a line of its own.
        let text = error.to_string();
        let key = text
            .lines()
            .find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
        let what = error.message().lines().next().unwrap_or("cannot be read");
        vec![match key {
            Some(key) => Problem::new(key, format!("cannot be read: {what}")),
            None => Problem::new(C::PROVIDER, what),
        }]
    })?;
    config.build(mode)
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
