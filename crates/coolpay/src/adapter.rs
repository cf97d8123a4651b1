//! The adapter: what it can do, how requests are sealed, and which flow does which operation.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, header};
use jiff::Timestamp;
use paymux_core::{
    Ability, Account, Adapter, Answer, AskAfterwards, Attempt, Capabilities, Delivery, Duplicates, Error, Event, Field,
    MethodQuery, Mode, Operation, OperationKind, PaymentMethod, PaymentRef, ReferenceRule, Scales, SourceKind, Tokens,
    WebhookError, Webhooks, Wire, async_trait, request,
};
use secrecy::{ExposeSecret, SecretString};

use crate::flows::{Claims, Want};

/// The provider's name.
pub(crate) const PROVIDER: &str = "coolpay";

/// The most characters of the text on a statement.
pub(crate) const STATEMENT: usize = 22;

/// The CoolPay adapter; also speaks to the parent platform, QuickPay. Made by [`CoolPayConfig`](crate::CoolPayConfig).
#[derive(Debug)]
pub struct CoolPay {
    capabilities: Capabilities,
    credentials: SecretString,
    pub(crate) parts: Parts,
    pub(crate) claims: Claims,
}

/// What the flows need to know.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The address that paths are added to.
    pub base: String,
    /// Scheme, host and port of it.
    pub origin: String,
    pub merchant_id: Option<String>,
    pub private_keys: Vec<SecretString>,
    pub language: Option<String>,
    pub payment_methods: Option<String>,
    /// How long after a request could last have left the provider may still book it.
    pub settle: Duration,
}

impl CoolPay {
    pub(crate) fn from_parts(
        parts: Parts,
        api_key: &SecretString,
        mode: Mode,
        account: Account,
        scales: Scales,
    ) -> Self {
        // The user is empty and the key is the password.
        let credentials = STANDARD.encode(format!(":{}", api_key.expose_secret()));
        let mut capabilities = capabilities(mode, account, scales, parts.settle);
        capabilities.unset_account_key = parts.merchant_id.is_none().then_some("merchant_id");
        Self {
            capabilities,
            credentials: credentials.into(),
            parts,
            claims: Claims::default(),
        }
    }

    pub(crate) const fn scales(&self) -> &Scales {
        &self.capabilities.scales
    }

    pub(crate) const fn account(&self) -> &Account {
        &self.capabilities.account
    }
}

/// What a payment carries however it is paid.
const ALWAYS: [Field; 12] = [
    Field::Addressee,
    Field::Billing,
    Field::CancelUrl,
    Field::CustomerEmail,
    Field::CustomerName,
    Field::CustomerPhone,
    Field::Items,
    Field::Metadata,
    Field::NotifyUrl,
    Field::Order,
    Field::ReturnUrl,
    Field::Shipping,
];

fn capabilities(mode: Mode, account: Account, scales: Scales, settle: Duration) -> Capabilities {
    let rule = ReferenceRule::new(
        4..=20,
        |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ' ' | '-'),
        "4 to 20 letters, digits, blanks, dots, hyphens and underscores",
    );
    let direct = |operation| {
        Ability::new(operation)
            .from(&[SourceKind::Card, SourceKind::Stored])
            .carries(&ALWAYS)
            .carries(&[
                Field::CardHolder,
                Field::CustomerIp,
                Field::MerchantInitiated,
                Field::ThreeDsExternal,
            ])
            .carries_up_to(Field::StatementDescriptor, STATEMENT)
            .ask(AskAfterwards::Yes)
    };
    let follow_up = |operation| Ability::new(operation).ask(AskAfterwards::Yes);
    let mut capabilities = Capabilities::new(PROVIDER, mode, account, rule, scales);
    capabilities.abilities = vec![
        direct(OperationKind::Sale),
        direct(OperationKind::Authorize),
        follow_up(OperationKind::Capture).partial().repeated(),
        follow_up(OperationKind::Void),
        follow_up(OperationKind::Refund).partial().repeated(),
        Ability::new(OperationKind::Inquire).ask(AskAfterwards::Yes),
        Ability::new(OperationKind::Checkout)
            .from(&[SourceKind::Hosted])
            .carries(&ALWAYS)
            .carries_up_to(Field::StatementDescriptor, STATEMENT)
            .ask(AskAfterwards::Yes),
        Ability::new(OperationKind::Payout)
            .from(&[SourceKind::Card, SourceKind::Stored])
            .carries(&[
                Field::CardHolder,
                Field::CustomerEmail,
                Field::CustomerIp,
                Field::CustomerName,
                Field::Metadata,
            ])
            .carries_up_to(Field::StatementDescriptor, STATEMENT)
            .ask(AskAfterwards::Yes)
            .under("the acquirer is Clearhaus"),
    ];
    capabilities.inquire_by_reference = true;
    capabilities.close_page = true;
    capabilities.duplicates = Duplicates::UniqueReference;
    capabilities.webhooks = Webhooks::Signed;
    capabilities.settle = Some(settle);
    capabilities.inquiry_interval = Duration::from_secs(1);
    capabilities
}

#[async_trait]
impl Adapter for CoolPay {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        match operation {
            // Large ones in a box each, so that the others have no room for them.
            Operation::Authorize(charge) => Box::pin(self.charge(charge, Want::Hold, wire)).await,
            Operation::Capture(capture) => Box::pin(self.capture(capture, wire)).await,
            Operation::Checkout(checkout) => Box::pin(self.checkout(checkout, wire)).await,
            Operation::Inquire(inquiry) => self.inquire(inquiry, wire).await,
            Operation::Payout(payout) => Box::pin(self.payout(payout, wire)).await,
            Operation::Refund(refund) => Box::pin(self.refund(refund, wire)).await,
            Operation::Resolve(unresolved) => Box::pin(self.resolve(unresolved, wire)).await,
            Operation::Sale(charge) => Box::pin(self.charge(charge, Want::Take, wire)).await,
            Operation::Void(void) => Box::pin(self.void(void, wire)).await,
            other => Err(Error::unsupported(PROVIDER, other.kind().as_str())),
        }
    }

    async fn payment_methods(&self, _: &MethodQuery, _: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        Err(Error::unsupported(PROVIDER, "a list of payment methods"))
    }

    async fn close_page(&self, payment: &PaymentRef, wire: &dyn Wire) -> Result<Answer, Error> {
        self.close(payment, wire).await
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        None
    }

    fn seal(&self, headers: &mut HeaderMap, _: &Bytes, _: &Attempt<'_>) -> Result<(), Error> {
        request::secret_header(headers, header::AUTHORIZATION, "Basic ", &self.credentials)
    }

    fn receive(&self, delivery: &Delivery, _: Timestamp) -> Result<Event, WebhookError> {
        self.read_webhook(delivery)
    }

    fn sign(&self, body: &Bytes, _: Timestamp) -> Result<Delivery, WebhookError> {
        self.sign_webhook(body)
    }
}
