//! A provider that fits on a page, and the adapter for it.

use std::time::Duration;

use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use jiff::Timestamp;
use paymux::{
    Ability, Account, Adapter, AdapterConfig, Answer, Attempt, BoxFuture, Call, Capabilities, Decline, DeclineReason,
    Delivery, Duplicates, Entry, EntryKind, EntryOutcome, Error, ErrorKind, Event, Fate, Inquiry, Key, KeyKind, Memo,
    MethodQuery, Mode, Operation, OperationKind, Outcome, Payment, PaymentMethod, PaymentRef, PaymentState, Problem,
    ReferenceRule, Reply, Scale, Scales, SourceKind, Token, Tokens, WebhookError, Wire, async_trait, request,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// What the adapter's key is, and what no output may show.
pub(crate) const KEY: &str = "key-canary-4e1d";

/// How an operation is done.
pub(crate) type Flow = for<'a> fn(&'a Tiny, &'a Operation, &'a dyn Wire) -> BoxFuture<'a, Result<Answer, Error>>;

#[derive(Debug)]
pub(crate) struct Tiny {
    capabilities: Capabilities,
    pub(crate) base: String,
    key: SecretString,
    has_tokens: bool,
    flow: Flow,
}

pub(crate) fn account() -> Account {
    Account::of(&["m1"])
}

impl Tiny {
    /// Without tokens, in test mode; every money operation is one call that is never repeated.
    pub(crate) fn new(base: &str) -> Self {
        let rule = ReferenceRule::new(
            1..=40,
            |c| c.is_ascii_alphanumeric() || c == '-',
            "1 to 40 letters, digits and hyphens",
        );
        let mut capabilities = Capabilities::new("tiny", Mode::Test, account(), rule, Scales::new(Scale::Iso));
        capabilities.abilities = OperationKind::ALL
            .into_iter()
            .map(|kind| {
                Ability::new(kind)
                    .from(&[SourceKind::Hosted, SourceKind::Stored])
                    .partial()
                    .repeated()
            })
            .collect();
        capabilities.inquire_by_reference = true;
        capabilities.payment_methods = true;
        Self {
            capabilities,
            base: base.to_owned(),
            key: SecretString::from(KEY),
            has_tokens: false,
            flow: |tiny, operation, wire| Box::pin(tiny.once(operation, wire)),
        }
    }

    pub(crate) fn with_tokens(mut self) -> Self {
        self.has_tokens = true;
        self
    }

    pub(crate) fn account(mut self, account: Account) -> Self {
        self.capabilities.account = account;
        self
    }

    pub(crate) fn mode(mut self, mode: Mode) -> Self {
        self.capabilities.mode = mode;
        self
    }

    pub(crate) fn settle(mut self, time: Duration) -> Self {
        self.capabilities.settle = Some(time);
        self
    }

    pub(crate) fn interval(mut self, time: Duration) -> Self {
        self.capabilities.inquiry_interval = time;
        self
    }

    pub(crate) fn duplicates(mut self, duplicates: Duplicates) -> Self {
        self.capabilities.duplicates = duplicates;
        self
    }

    pub(crate) fn flow(mut self, flow: Flow) -> Self {
        self.flow = flow;
        self
    }

    /// One money call, or one question.
    pub(crate) async fn once(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        match operation {
            Operation::Inquire(Inquiry::Payment(payment)) => self.ask(payment.id(), wire).await,
            Operation::Inquire(Inquiry::Reference(reference)) => self.ask(reference.as_str(), wire).await,
            Operation::Resolve(unresolved) => self.ask(unresolved.note("payment").unwrap_or("none"), wire).await,
            money => {
                wire.note(Memo::new("payment", "4711")).await?;
                let call = Call::once(self.pay(money)?);
                match wire.send(call).await {
                    Ok(reply) => self.read(&reply, wire.now()),
                    Err(lost) => Err(lost.give_up()),
                }
            }
        }
    }

    /// The money call of an operation.
    pub(crate) fn pay(&self, operation: &Operation) -> Result<http::Request<bytes::Bytes>, Error> {
        let reference = operation.reference().map_or("", |reference| reference.as_str());
        let minor = operation.amount().map_or(0, |amount| amount.minor());
        let body = format!("{{\"reference\":\"{reference}\",\"amount\":{minor}}}");
        request::build(Method::POST, &self.base, "/pay", Some("application/json"), body.into())
    }

    /// A question about a payment.
    pub(crate) async fn ask(&self, id: &str, wire: &dyn Wire) -> Result<Answer, Error> {
        let call = Call::asks(request::empty(Method::GET, &self.base, &format!("/payments/{id}"))?).about(id);
        match wire.send(call).await {
            Ok(reply) => self.read(&reply, wire.now()),
            Err(lost) => Err(lost.give_up()),
        }
    }

    /// The table of statuses.
    pub(crate) fn read(&self, reply: &Reply, now: Timestamp) -> Result<Answer, Error> {
        let (kind, fate) = match reply.status {
            StatusCode::OK | StatusCode::CREATED => return self.answer(reply),
            StatusCode::PAYMENT_REQUIRED => {
                let decline = Decline::new(DeclineReason::InsufficientFunds, "402");
                let payment = Payment::new(self.reference("4711"), PaymentState::Declined);
                return Ok(Answer::new(Outcome::Declined(decline), payment));
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (ErrorKind::Configuration, Fate::NotDone),
            StatusCode::TOO_MANY_REQUESTS => (ErrorKind::Refused, Fate::NotDone),
            StatusCode::NOT_FOUND => (ErrorKind::InvalidRequest, Fate::NotDone),
            StatusCode::BAD_REQUEST => return reply.json::<Paid>().and(Err(Error::invalid("amount", "is wrong"))),
            status if status.is_client_error() => (ErrorKind::Refused, Fate::Rejected),
            _ => (ErrorKind::Provider, Fate::NotDone),
        };
        let error = Error::new(kind, "the provider said no").with_fate(fate);
        Err(error.with_status(reply.status).with_retry_after(reply.retry_after(now)))
    }

    fn answer(&self, reply: &Reply) -> Result<Answer, Error> {
        let paid: Paid = reply.json()?;
        let mut payment = Payment::new(self.reference(&paid.id), PaymentState::Captured);
        payment.test = paid.test;
        if paid.unlisted.is_empty() {
            return Ok(Answer::new(Outcome::Approved, payment));
        }
        payment.state = PaymentState::Pending;
        let entry = |code| Entry::new(EntryKind::Capture, None, EntryOutcome::Unknown(code));
        payment.entries = paid.unlisted.into_iter().map(entry).collect();
        Ok(Answer::new(Outcome::Pending, payment))
    }

    pub(crate) fn reference(&self, id: &str) -> PaymentRef {
        PaymentRef::new("tiny", self.capabilities.account.clone(), [id])
    }
}

#[derive(Deserialize)]
struct Paid {
    id: String,
    test: Option<bool>,
    /// Codes that are in no list.
    #[serde(default)]
    unlisted: Vec<String>,
}

#[derive(Deserialize)]
struct Login {
    access: SecretString,
    refresh: Option<SecretString>,
    life_secs: Option<i64>,
}

#[async_trait]
impl Tokens for Tiny {
    async fn obtain(&self, previous: Option<&Token>, wire: &dyn Wire) -> Result<Token, Error> {
        let refresh = previous.and_then(|token| token.refresh.as_ref());
        let refresh = refresh.map_or("", |refresh| refresh.expose_secret());
        let body = format!("{{\"refresh\":\"{refresh}\"}}");
        let request = request::build(Method::POST, &self.base, "/token", None, body.into())?;
        let reply = match wire.send(Call::prepares(request)).await {
            Ok(reply) if reply.status == StatusCode::OK => reply,
            Ok(reply) => {
                let error = Error::new(ErrorKind::Configuration, "the login was refused").with_fate(Fate::Rejected);
                return Err(error
                    .with_status(reply.status)
                    .with_retry_after(reply.retry_after(wire.now())));
            }
            Err(lost) => return Err(lost.give_up()),
        };
        assert!(reply.body != "panic", "the provider said something unheard of");
        let login: Login = reply.json()?;
        let expires = login
            .life_secs
            .map(|life| wire.now() + jiff::SignedDuration::from_secs(life));
        Ok(Token::new(login.access, expires).with_refresh(login.refresh))
    }
}

#[async_trait]
impl Adapter for Tiny {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        (self.flow)(self, operation, wire).await
    }

    async fn payment_methods(&self, _: &MethodQuery, wire: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        let call = Call::asks(request::empty(Method::GET, &self.base, "/methods")?);
        let reply = wire.send(call).await.map_err(paymux::Lost::give_up)?;
        Ok(vec![PaymentMethod::new(reply.status.as_str(), "one", "card")])
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        self.has_tokens.then_some(self)
    }

    fn seal(&self, headers: &mut HeaderMap, _: &bytes::Bytes, attempt: &Attempt<'_>) -> Result<(), Error> {
        request::secret_header(headers, HeaderName::from_static("x-key"), "", &self.key)?;
        let now = SecretString::from(attempt.now.to_string());
        request::secret_header(headers, HeaderName::from_static("x-time"), "", &now)?;
        match attempt.token {
            Some(token) => request::secret_header(headers, header::AUTHORIZATION, "Bearer ", &token.access),
            None => Ok(()),
        }
    }

    fn receive(&self, _: &Delivery, _: Timestamp) -> Result<Event, WebhookError> {
        Err(WebhookError::Unsupported)
    }
}

/// The configuration of the tiny provider, with a key of every kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TinyConfig {
    api_key: SecretString,
    base_url: Option<String>,
    #[serde(default)]
    strict: bool,
    /// Taken for less than the registry lets through, so that serde has something to say.
    pin: Option<u8>,
    /// Declared a secret, and read as a number.
    odd: Option<u32>,
    hosts: Option<Vec<String>>,
    #[serde(default)]
    logs_in: bool,
    scales: Option<toml::Table>,
}

impl AdapterConfig for TinyConfig {
    const PROVIDER: &'static str = "tiny";
    const KEYS: &'static [Key] = &[
        Key::required("api_key", KeyKind::Secret, "the API key"),
        Key::optional("base_url", KeyKind::Url, "where the provider is"),
        Key::optional("strict", KeyKind::Flag, "whether to be strict"),
        Key::optional("pin", KeyKind::Number, "a small number"),
        Key::optional("odd", KeyKind::Secret, "a secret number"),
        Key::optional("hosts", KeyKind::Texts, "names of hosts"),
        Key::optional("logs_in", KeyKind::Flag, "whether calls need an access token"),
        Key::optional("scales", KeyKind::Table, "decimals by currency"),
    ];

    fn build(self, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
        let mut problems = Vec::new();
        if self.strict && self.hosts.is_none() {
            problems.push(Problem::new("hosts", "must be given where `strict` is true"));
        }
        if self.api_key.expose_secret().contains(' ') {
            let what = format!("must have no blank, and is `{}`", self.api_key.expose_secret());
            problems.push(Problem::new("api_key", what));
        }
        if self.pin == Some(13) || self.odd.is_some() || self.scales.as_ref().is_some_and(toml::Table::is_empty) {
            problems.push(Problem::new("pin", "is unlucky"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let base = self.base_url.unwrap_or_else(|| "https://tiny.invalid".to_owned());
        let mut tiny = Tiny::new(&base).mode(mode);
        tiny.key = self.api_key;
        tiny.has_tokens = self.logs_in;
        Ok(Box::new(tiny))
    }
}
