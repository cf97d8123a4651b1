//! The adapter: what it can do, how it is sealed, and which flow does what.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;
use paymux_core::{
    Ability, Account, Adapter, AdapterConfig, Answer, Attempt, Capabilities, Delivery, Error, ErrorKind, Event, Field,
    Inquiry, MethodQuery, Mode, Operation, OperationKind, PaymentMethod, ReferenceRule, Scale, Scales, SourceKind,
    Tokens, WebhookError, Webhooks, Wire, async_trait, hmac, request,
};
use secrecy::ExposeSecret;

use crate::Carry1stConfig;

/// The provider's name.
pub(crate) const PROVIDER: &str = Carry1stConfig::PROVIDER;

/// The header of the token; its value has the form `Bearer TOKEN`.
const ACCESS_TOKEN: HeaderName = HeaderName::from_static("accesstoken");
/// The header of the signature, on requests and webhooks.
pub(crate) const SIGNATURE: &str = "x-signature";
/// The header of the signed time, on requests and webhooks.
pub(crate) const TIMESTAMP: &str = "x-timestamp";

/// The most characters of a text whose limit nobody documents.
pub(crate) const TEXT_MAX: usize = 255;

/// The Carry1st Pay1st adapter.
///
/// Built from a [`Carry1stConfig`]. Its inherent methods are what Pay1st offers beyond the common operations; they move no money.
#[derive(Debug)]
pub struct Carry1st {
    capabilities: Capabilities,
    pub(crate) config: Carry1stConfig,
    pub(crate) api: String,
    pub(crate) checkout: String,
}

impl Carry1st {
    /// The adapter of a checked configuration, with the roots of both hosts.
    pub(crate) fn new(config: Carry1stConfig, api: String, checkout: String, mode: Mode) -> Self {
        let root: Uri = api.parse().unwrap_or_default();
        let host = root.host().unwrap_or_default().to_ascii_lowercase();
        let partner_code = config.partner_code.as_deref().unwrap_or_default();
        let account = Account::of(&[PROVIDER, &host, partner_code, mode.as_str()]);
        let mut capabilities = capabilities(account, mode, config.refund_beta);
        capabilities.unset_account_key = partner_code.is_empty().then_some("partner_code");
        Self {
            capabilities,
            config,
            api,
            checkout,
        }
    }

    /// The account, for payment references.
    pub(crate) fn account(&self) -> &Account {
        &self.capabilities.account
    }

    /// How amounts are written.
    pub(crate) fn scales(&self) -> &Scales {
        &self.capabilities.scales
    }
}

fn capabilities(account: Account, mode: Mode, refund_beta: bool) -> Capabilities {
    let reference = ReferenceRule::new(
        1..=64,
        |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'),
        "1 to 64 letters, digits, `.`, `_` and `-`",
    );
    // Nothing asks about a create whose answer was lost; nothing needs to, for it moved no money.
    let opens = |operation| {
        Ability::new(operation)
            .from(&[SourceKind::Hosted])
            .carries(&[Field::Items, Field::Metadata])
            .carries(&[Field::ReturnUrl, Field::CancelUrl, Field::NotifyUrl])
            .carries_up_to(Field::CustomerId, TEXT_MAX)
            .carries_up_to(Field::Description, TEXT_MAX)
    };
    let mut capabilities = Capabilities::new(PROVIDER, mode, account, reference, Scales::new(Scale::Iso));
    capabilities.abilities = vec![
        opens(OperationKind::Sale),
        opens(OperationKind::Checkout),
        Ability::new(OperationKind::Inquire),
    ];
    if refund_beta {
        let refund = Ability::new(OperationKind::Refund)
            .partial()
            .repeated()
            .carries_up_to(Field::Reason, TEXT_MAX)
            .under("beta of the provider; a lost answer must be looked up by a person");
        capabilities.abilities.push(refund);
    }
    capabilities.payment_methods = true;
    capabilities.webhooks = Webhooks::Signed;
    capabilities.inquiry_interval = Duration::from_secs(5);
    capabilities
}

#[async_trait]
impl Adapter for Carry1st {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        match operation {
            Operation::Sale(charge) => self.open(charge, wire).await,
            Operation::Checkout(checkout) if checkout.capture => self.open(&checkout.charge, wire).await,
            Operation::Checkout(_) => Err(Error::unsupported(PROVIDER, "checkout that only holds the money")),
            Operation::Inquire(Inquiry::Payment(payment)) => self.inquire(payment, wire).await,
            Operation::Refund(refund) if self.config.refund_beta => Box::pin(self.refund(refund, wire)).await,
            Operation::Resolve(unresolved) => Box::pin(self.resolve(unresolved, wire)).await,
            Operation::Inquire(_) => Err(Error::unsupported(PROVIDER, "inquire by reference")),
            other => Err(Error::unsupported(PROVIDER, other.kind().as_str())),
        }
    }

    async fn payment_methods(&self, query: &MethodQuery, wire: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        self.methods(query, wire).await
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        Some(self)
    }

    fn seal(&self, headers: &mut HeaderMap, body: &Bytes, attempt: &Attempt<'_>) -> Result<(), Error> {
        // Without a token it is a call that gets one: those have their own credentials and no signature.
        let Some(token) = attempt.token else {
            return Ok(());
        };
        request::secret_header(headers, ACCESS_TOKEN, "Bearer ", &token.access)?;
        if attempt.method == Method::GET && !self.config.sign_get {
            return Ok(());
        }
        let timestamp = attempt.now.to_string();
        let key = self.config.signing_key.expose_secret().as_bytes();
        let signature = hmac::hex(key, &[timestamp.as_bytes(), body]);
        for (name, text) in [(TIMESTAMP, timestamp), (SIGNATURE, signature)] {
            let value = HeaderValue::try_from(text).map_err(|_| {
                let message = format!("header `{name}` cannot be written");
                Error::new(ErrorKind::Configuration, message)
            })?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(())
    }

    fn receive(&self, delivery: &Delivery, now: Timestamp) -> Result<Event, WebhookError> {
        self.read_webhook(delivery, now)
    }

    fn sign(&self, body: &Bytes, now: Timestamp) -> Result<Delivery, WebhookError> {
        self.sign_webhook(body, now)
    }
}
