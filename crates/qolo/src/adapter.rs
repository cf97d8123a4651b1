//! The adapter: what it can do, how it is let in, and which flow an operation takes.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use jiff::Timestamp;
use paymux_core::{
    Ability, Account, Adapter, Answer, AskAfterwards, Attempt, Capabilities, Delivery, Duplicates, Error, Event, Field,
    Inquiry, MethodQuery, Mode, Operation, OperationKind, PaymentMethod, ReferenceRule, Scale, Scales, SourceKind,
    Tokens, WebhookError, Webhooks, Wire, async_trait, request,
};
use secrecy::SecretString;

use crate::codes::Rail;

/// The provider's name in configurations; the same for both presets.
pub(crate) const PROVIDER: &str = "qolo";
/// The most characters of a description, on every version of the API.
const DESCRIPTION: usize = 48;

/// The adapter of Qolo and of its white-label for KeyBank. Made from a [`QoloConfig`](crate::QoloConfig).
///
/// Its own methods are the extras: balances, quotes and webhook subscriptions. They move no money.
pub struct Qolo {
    /// The address, with the version.
    pub(crate) root: String,
    pub(crate) host: String,
    pub(crate) account: String,
    pub(crate) program: Option<String>,
    pub(crate) funding: Rail,
    pub(crate) life: Duration,
    pub(crate) credentials: Credentials,
    pub(crate) webhook_secrets: Vec<SecretString>,
    pub(crate) capabilities: Capabilities,
}

/// How calls are let in.
pub(crate) enum Credentials {
    /// By tokens from the login route.
    Login(Login),
    /// By one token from the configuration.
    Static(SecretString),
}

/// What the login route is sent, and under which names.
pub(crate) struct Login {
    pub(crate) id: String,
    pub(crate) key: SecretString,
    pub(crate) id_field: String,
    pub(crate) key_field: String,
}

impl fmt::Debug for Qolo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qolo")
            .field("host", &self.host)
            .field("mode", &self.capabilities.mode)
            .field("account", &self.capabilities.account)
            .finish_non_exhaustive()
    }
}

/// What is offered.
pub(crate) fn capabilities(mode: Mode, account: Account, life: Duration) -> Capabilities {
    let rule = ReferenceRule::new(
        1..=64,
        |c| c.is_ascii_graphic(),
        "1 to 64 visible ASCII characters, without blanks",
    );
    let moves = |kind| {
        Ability::new(kind)
            .carries_up_to(Field::Description, DESCRIPTION)
            .ask(AskAfterwards::Ambiguous)
    };
    let stored = [SourceKind::Stored];
    let mut capabilities = Capabilities::new(PROVIDER, mode, account, rule, Scales::new(Scale::Iso));
    capabilities.abilities = vec![
        moves(OperationKind::Sale)
            .from(&stored)
            .under("a pull from an instrument that is stored and verified at the provider; not card acquiring"),
        moves(OperationKind::Payout).from(&stored),
        moves(OperationKind::Transfer),
        Ability::new(OperationKind::Void).under("ACH only, and only until the bank has been sent the entry"),
        Ability::new(OperationKind::Refund)
            .partial()
            .carries(&[Field::Reason])
            .under("the provider decides which transfers can be reversed, and whether in parts"),
        Ability::new(OperationKind::Inquire).ask(AskAfterwards::Yes),
    ];
    capabilities.payment_methods = true;
    capabilities.duplicates = Duplicates::Key(life);
    capabilities.webhooks = Webhooks::Signed;
    capabilities
}

#[async_trait]
impl Adapter for Qolo {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        match operation {
            Operation::Inquire(Inquiry::Payment(payment)) => self.inquire(payment, wire).await,
            Operation::Payout(payout) => self.payout(operation, payout, wire).await,
            Operation::Refund(refund) => self.refund(operation, refund, wire).await,
            Operation::Resolve(unresolved) => self.resolve(unresolved, wire).await,
            Operation::Sale(charge) => self.sale(operation, charge, wire).await,
            Operation::Transfer(transfer) => self.transfer(operation, transfer, wire).await,
            Operation::Void(void) => self.void(operation, void, wire).await,
            other => Err(Error::unsupported(PROVIDER, other.kind().as_str())),
        }
    }

    async fn payment_methods(&self, query: &MethodQuery, wire: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        self.methods(query, wire).await
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        match self.credentials {
            Credentials::Login(_) => Some(self),
            Credentials::Static(_) => None,
        }
    }

    fn seal(&self, headers: &mut HeaderMap, _: &Bytes, attempt: &Attempt<'_>) -> Result<(), Error> {
        let token = match (&self.credentials, attempt.token) {
            (Credentials::Static(token), _) => token,
            (Credentials::Login(_), Some(token)) => &token.access,
            // The login itself.
            (Credentials::Login(_), None) => return Ok(()),
        };
        request::secret_header(headers, header::AUTHORIZATION, "Bearer ", token)
    }

    fn receive(&self, delivery: &Delivery, _: Timestamp) -> Result<Event, WebhookError> {
        self.read_webhook(delivery)
    }

    fn sign(&self, body: &Bytes, _: Timestamp) -> Result<Delivery, WebhookError> {
        self.sign_webhook(body)
    }
}
