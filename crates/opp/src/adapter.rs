//! The adapter: what it can do, how its calls are sealed, and which flow an operation takes.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use jiff::Timestamp;
use paymux_core::{
    Ability, Account, Adapter, Answer, AskAfterwards, Attempt, Capabilities, Delivery, Error, Event, Field,
    MethodQuery, Mode, Operation, OperationKind, PaymentMethod, ReferenceRule, Scale, Scales, SourceKind, Tokens,
    WebhookError, Webhooks, Wire, async_trait, request,
};
use secrecy::SecretString;

use crate::codes::PaymentType;
use crate::config::Preset;
use crate::webhook::Signing;

/// The adapter for the `ddd.ddd.ddd` result-code platform.
///
/// It is built from an [`OppConfig`](crate::OppConfig).
pub struct Opp {
    pub(crate) capabilities: Capabilities,
    pub(crate) settings: Settings,
}

/// A configuration that was checked.
pub(crate) struct Settings {
    pub(crate) preset: Preset,
    pub(crate) mode: Mode,
    /// The address before the version, without a slash at its end.
    pub(crate) base: String,
    /// The same, with the version.
    pub(crate) root: String,
    pub(crate) host: String,
    pub(crate) access_token: SecretString,
    pub(crate) entity_id: Option<String>,
    pub(crate) entity_type: Option<String>,
    pub(crate) merchant_id: Option<String>,
    pub(crate) checkout_page: Option<String>,
    pub(crate) multiple_captures: bool,
    pub(crate) reference_max: usize,
    pub(crate) settle: Duration,
    /// What webhooks are verified with; `None`: they are hints.
    pub(crate) signing: Option<Signing>,
}

pub(crate) const PROVIDER: &str = "opp";

/// The shortest time between two questions about one payment: two a minute are allowed.
pub(crate) const BETWEEN_INQUIRIES: Duration = Duration::from_secs(30);

impl Opp {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            capabilities: capabilities(&settings),
            settings,
        }
    }

    pub(crate) const fn is_v1(&self) -> bool {
        matches!(self.settings.preset, Preset::V1)
    }
}

fn capabilities(settings: &Settings) -> Capabilities {
    let v1 = settings.preset == Preset::V1;
    let entity = settings.entity_id.as_deref().unwrap_or("");
    let account = Account::of(&[PROVIDER, &settings.host, entity, settings.mode.as_str()]);
    let reference = ReferenceRule::new(
        8..=settings.reference_max,
        |c| c.is_ascii_alphanumeric() || c == '-',
        match settings.reference_max {
            32 => "8 to 32 letters, digits and hyphens (key `reference_max`)",
            _ => "8 letters, digits and hyphens to as many as `reference_max` says",
        },
    );
    let scales = Scales::new(Scale::Digits(2));
    let mut all = Capabilities::new(PROVIDER, settings.mode, account, reference, scales);
    all.unset_account_key = entity.is_empty().then_some("entity_id");
    all.inquire_by_reference = v1;
    all.webhooks = match settings.signing {
        Some(_) => Webhooks::Signed,
        None => Webhooks::Hint,
    };
    all.acknowledge_within = Duration::from_secs(30);
    all.inquiry_interval = BETWEEN_INQUIRIES;
    // Without an inquiry by reference, nobody can be asked whether anything stands there.
    all.settle = v1.then_some(settings.settle);

    let ask = if v1 { AskAfterwards::Yes } else { AskAfterwards::None };
    let instruments: &[SourceKind] = if v1 {
        &[SourceKind::Card, SourceKind::Stored]
    } else {
        &[SourceKind::Card]
    };
    let page = |operation, sources: &[SourceKind]| {
        customer(Ability::new(operation).from(sources))
            .carries(&[Field::Billing, Field::Shipping, Field::ReturnUrl, Field::NotifyUrl])
            .carries_up_to(Field::Order, 255)
            .ask(ask)
    };
    let charge = |operation| {
        let ability = page(operation, instruments).carries(&[Field::ThreeDsBrowser]);
        if v1 {
            ability.carries(&[
                Field::MerchantInitiated,
                Field::NetworkTransactionId,
                Field::ThreeDsExternal,
            ])
        } else {
            ability
        }
    };
    all.abilities = vec![
        charge(OperationKind::Sale),
        charge(OperationKind::Authorize),
        capture(settings.multiple_captures).ask(ask),
        Ability::new(OperationKind::Void).ask(ask),
        Ability::new(OperationKind::Refund).partial().repeated().ask(ask),
        Ability::new(OperationKind::Inquire),
    ];
    if v1 || settings.checkout_page.is_some() {
        all.abilities.push(page(OperationKind::Checkout, &[SourceKind::Hosted]));
    }
    if v1 {
        all.abilities
            .push(customer(Ability::new(OperationKind::Payout).from(instruments)).ask(ask));
    }
    all
}

fn capture(multiple: bool) -> Ability {
    let ability = Ability::new(OperationKind::Capture).partial();
    if multiple { ability.repeated() } else { ability }
}

fn customer(ability: Ability) -> Ability {
    ability
        .carries(&[Field::CustomerIp, Field::Metadata])
        .carries_up_to(Field::CardHolder, 128)
        .carries_up_to(Field::CustomerId, 255)
        .carries_up_to(Field::CustomerName, 50)
        .carries_up_to(Field::CustomerEmail, 128)
        .carries_up_to(Field::CustomerPhone, 25)
        .carries_up_to(Field::Description, 255)
        .carries_up_to(Field::StatementDescriptor, 127)
}

#[async_trait]
impl Adapter for Opp {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation, wire: &dyn Wire) -> Result<Answer, Error> {
        match operation {
            Operation::Sale(charge) => self.charge(PaymentType::Db, charge, wire).await,
            Operation::Authorize(charge) => self.charge(PaymentType::Pa, charge, wire).await,
            Operation::Payout(payout) => self.payout(payout, wire).await,
            Operation::Capture(capture) => self.capture(capture, wire).await,
            Operation::Void(void) => self.void(void, wire).await,
            Operation::Refund(refund) => self.refund(refund, wire).await,
            Operation::Checkout(checkout) => self.checkout(checkout, wire).await,
            Operation::Inquire(inquiry) => self.inquire(inquiry, wire).await,
            Operation::Resolve(unresolved) => Box::pin(self.resolve(unresolved, wire)).await,
            other => Err(Error::unsupported(PROVIDER, other.kind().as_str())),
        }
    }

    async fn payment_methods(&self, _: &MethodQuery, _: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        Err(Error::unsupported(PROVIDER, "payment methods: there is nothing to ask"))
    }

    fn tokens(&self) -> Option<&dyn Tokens> {
        None
    }

    fn seal(&self, headers: &mut HeaderMap, _: &Bytes, _: &Attempt<'_>) -> Result<(), Error> {
        request::secret_header(headers, header::AUTHORIZATION, "Bearer ", &self.settings.access_token)
    }

    fn receive(&self, delivery: &Delivery, now: Timestamp) -> Result<Event, WebhookError> {
        self.read_webhook(delivery, now)
    }

    fn sign(&self, body: &Bytes, now: Timestamp) -> Result<Delivery, WebhookError> {
        self.sign_webhook(body, now)
    }
}

impl fmt::Debug for Opp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opp")
            .field("preset", &self.settings.preset)
            .field("mode", &self.settings.mode)
            .field("base", &self.settings.base)
            .field("entity_id", &self.settings.entity_id)
            .finish_non_exhaustive()
    }
}
