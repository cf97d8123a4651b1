//! What can be asked of a gateway.

mod kind;

use std::collections::BTreeMap;

pub use self::kind::OperationKind;
use crate::completion::Completion;
use crate::order::{Address, Customer, Initiator, LineItem, Source, ThreeDs, Urls};
use crate::unresolved::Unresolved;
use crate::{Money, PaymentRef, Reference};

/// One thing asked of a gateway. The methods of [`PaymentGateway`](crate::PaymentGateway) make it; wrappers take it as a whole.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Operation {
    /// Hold money for a later capture.
    Authorize(Box<Charge>),
    /// Take held money, all or part.
    Capture(Capture),
    /// Open the provider's page for a customer to pay on.
    Checkout(Box<Checkout>),
    /// Finish an operation whose answer was lost, by sending it again under the same key. The engine unwraps it: no adapter sees one.
    Complete(Box<Completion>),
    /// Look a payment up.
    Inquire(Inquiry),
    /// Send money out.
    Payout(Box<Payout>),
    /// Give captured money back, all or part.
    Refund(Refund),
    /// Find out what became of an operation whose answer was lost. Never moves money.
    Resolve(Box<Unresolved>),
    /// Take money at once.
    Sale(Box<Charge>),
    /// Move money between the merchant's own accounts at the provider.
    Transfer(Transfer),
    /// Let a hold go, or stop a payment that has not been sent on.
    Void(Void),
}

/// Money in: what [`Operation::Sale`] and [`Operation::Authorize`] carry.
///
/// What a provider cannot carry is refused, or named in [`Payment::dropped`](crate::Payment::dropped).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Charge {
    /// The caller's name of this attempt.
    pub reference: Reference,
    /// What is being paid; the same over all attempts.
    pub order: Option<String>,
    /// How much.
    pub amount: Money,
    /// From what.
    pub source: Source,
    /// Who pays.
    pub customer: Customer,
    /// The address on the bill.
    pub billing: Option<Address>,
    /// The address of the delivery.
    pub shipping: Option<Address>,
    /// What it is for, in words.
    pub description: Option<String>,
    /// The text on the customer's statement.
    pub statement_descriptor: Option<String>,
    /// What is bought, line by line.
    pub items: Vec<LineItem>,
    /// The merchant's own labels.
    pub metadata: BTreeMap<String, String>,
    /// Where the customer and the notifications go.
    pub urls: Urls,
    /// How the cardholder is authenticated.
    pub three_ds: ThreeDs,
    /// Who starts it.
    pub initiator: Initiator,
}

/// What [`Operation::Capture`] carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Capture {
    /// The authorized payment.
    pub payment: PaymentRef,
    /// The caller's name of this attempt to capture.
    pub reference: Reference,
    /// How much.
    pub amount: Money,
}

/// What [`Operation::Checkout`] carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checkout {
    /// The payment that the page is for; its source is [`Source::Hosted`].
    pub charge: Charge,
    /// Whether the money is taken at once (the default) or held for a later capture.
    pub capture: bool,
}

/// What [`Operation::Inquire`] carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Inquiry {
    /// By the payment's reference.
    Payment(PaymentRef),
    /// By the caller's own name of the attempt, where the provider can search by it.
    Reference(Reference),
}

/// What [`Operation::Payout`] carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Payout {
    /// The caller's name of this attempt.
    pub reference: Reference,
    /// How much.
    pub amount: Money,
    /// To what: a card or a stored instrument.
    pub to: Source,
    /// To whom.
    pub customer: Customer,
    /// What it is for, in words.
    pub description: Option<String>,
    /// The text on the receiver's statement.
    pub statement_descriptor: Option<String>,
    /// The merchant's own labels.
    pub metadata: BTreeMap<String, String>,
}

/// What [`Operation::Refund`] carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refund {
    /// The captured payment.
    pub payment: PaymentRef,
    /// The caller's name of this attempt to refund.
    pub reference: Reference,
    /// How much.
    pub amount: Money,
    /// The provider's id of the capture that is refunded, where the provider needs it: an [`Entry::id`](crate::Entry::id).
    pub capture: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
}

/// What [`Operation::Transfer`] carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Transfer {
    /// The caller's name of this attempt.
    pub reference: Reference,
    /// How much.
    pub amount: Money,
    /// The provider's id of the account that pays.
    pub from: String,
    /// The provider's id of the account that receives.
    pub to: String,
    /// What it is for, in words.
    pub description: Option<String>,
}

/// What [`Operation::Void`] carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Void {
    /// The authorized payment.
    pub payment: PaymentRef,
    /// The caller's name of this attempt to void.
    pub reference: Reference,
    /// The authorized amount, where the provider wants it repeated.
    pub amount: Option<Money>,
}

impl Charge {
    /// A charge of `amount` from `source`; the other fields are public.
    #[must_use]
    pub fn new(reference: Reference, amount: Money, source: Source) -> Self {
        Self {
            reference,
            order: None,
            amount,
            source,
            customer: Customer::default(),
            billing: None,
            shipping: None,
            description: None,
            statement_descriptor: None,
            items: Vec::new(),
            metadata: BTreeMap::new(),
            urls: Urls::default(),
            three_ds: ThreeDs::None,
            initiator: Initiator::Customer,
        }
    }
}

impl Capture {
    /// A capture of `amount`.
    #[must_use]
    pub const fn new(payment: PaymentRef, reference: Reference, amount: Money) -> Self {
        Self {
            payment,
            reference,
            amount,
        }
    }
}

impl Checkout {
    /// A page on which `amount` is paid and taken at once.
    #[must_use]
    pub fn new(reference: Reference, amount: Money) -> Self {
        Self {
            charge: Charge::new(reference, amount, Source::Hosted),
            capture: true,
        }
    }
}

impl Payout {
    /// A payout of `amount`.
    #[must_use]
    pub fn new(reference: Reference, amount: Money, to: Source) -> Self {
        Self {
            reference,
            amount,
            to,
            customer: Customer::default(),
            description: None,
            statement_descriptor: None,
            metadata: BTreeMap::new(),
        }
    }
}

impl Refund {
    /// A refund of `amount`.
    #[must_use]
    pub const fn new(payment: PaymentRef, reference: Reference, amount: Money) -> Self {
        Self {
            payment,
            reference,
            amount,
            capture: None,
            reason: None,
        }
    }
}

impl Transfer {
    /// A transfer of `amount` between two accounts of the merchant.
    #[must_use]
    pub fn new(reference: Reference, amount: Money, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            reference,
            amount,
            from: from.into(),
            to: to.into(),
            description: None,
        }
    }
}

impl Void {
    /// A void of the whole hold.
    #[must_use]
    pub const fn new(payment: PaymentRef, reference: Reference) -> Self {
        Self {
            payment,
            reference,
            amount: None,
        }
    }
}

impl Operation {
    /// Which kind it is; a completion is of the kind of what it finishes.
    #[must_use]
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Complete(completion) => completion.operation.kind(),
            Self::Authorize(_) => OperationKind::Authorize,
            Self::Capture(_) => OperationKind::Capture,
            Self::Checkout(_) => OperationKind::Checkout,
            Self::Inquire(_) => OperationKind::Inquire,
            Self::Payout(_) => OperationKind::Payout,
            Self::Refund(_) => OperationKind::Refund,
            Self::Resolve(_) => OperationKind::Resolve,
            Self::Sale(_) => OperationKind::Sale,
            Self::Transfer(_) => OperationKind::Transfer,
            Self::Void(_) => OperationKind::Void,
        }
    }

    /// The caller's name of the attempt.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Authorize(charge) | Self::Sale(charge) => Some(&charge.reference),
            Self::Capture(capture) => Some(&capture.reference),
            Self::Checkout(checkout) => Some(&checkout.charge.reference),
            Self::Complete(completion) => completion.operation.reference(),
            Self::Inquire(Inquiry::Reference(reference)) => Some(reference),
            Self::Inquire(Inquiry::Payment(_)) => None,
            Self::Payout(payout) => Some(&payout.reference),
            Self::Refund(refund) => Some(&refund.reference),
            Self::Resolve(unresolved) => unresolved.reference.as_ref(),
            Self::Transfer(transfer) => Some(&transfer.reference),
            Self::Void(void) => Some(&void.reference),
        }
    }

    /// The amount that it asks for.
    #[must_use]
    pub fn amount(&self) -> Option<Money> {
        match self {
            Self::Authorize(charge) | Self::Sale(charge) => Some(charge.amount),
            Self::Capture(capture) => Some(capture.amount),
            Self::Checkout(checkout) => Some(checkout.charge.amount),
            Self::Complete(completion) => completion.operation.amount(),
            Self::Inquire(_) => None,
            Self::Payout(payout) => Some(payout.amount),
            Self::Refund(refund) => Some(refund.amount),
            Self::Resolve(unresolved) => unresolved.amount,
            Self::Transfer(transfer) => Some(transfer.amount),
            Self::Void(void) => void.amount,
        }
    }

    /// The existing payment that it is about.
    #[must_use]
    pub fn payment(&self) -> Option<&PaymentRef> {
        match self {
            Self::Capture(capture) => Some(&capture.payment),
            Self::Complete(completion) => completion.operation.payment(),
            Self::Inquire(Inquiry::Payment(payment)) => Some(payment),
            Self::Refund(refund) => Some(&refund.payment),
            Self::Resolve(unresolved) => unresolved.payment.as_ref(),
            Self::Void(void) => Some(&void.payment),
            _ => None,
        }
    }

    /// The money-in part, of a sale, an authorization or a checkout.
    #[must_use]
    pub fn charge(&self) -> Option<&Charge> {
        match self {
            Self::Authorize(charge) | Self::Sale(charge) => Some(charge),
            Self::Checkout(checkout) => Some(&checkout.charge),
            Self::Complete(completion) => completion.operation.charge(),
            _ => None,
        }
    }
}
