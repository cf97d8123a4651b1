//! Webhooks as verified.

use hmac_sha256::Hash;
use serde::Serialize;

use crate::operation::Inquiry;
use crate::{PaymentRef, Reference};

/// What a provider once said, verified. It carries ids and what was reported, never a payment: ask with
/// [`PaymentGateway::confirm`](crate::PaymentGateway::confirm) before acting on money.
///
/// A signed one can only be made with a [`Verified`]: a verification gives it, or an adapter's word, which is named as dangerous. Its provenance and what was
/// reported cannot be altered afterwards.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    provenance: Provenance,
    payment: Option<PaymentRef>,
    reference: Option<Reference>,
    reported: String,
    deduplication_key: String,
}

/// How far an event can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Provenance {
    /// Nothing was signed: anybody may have sent it.
    Hint,
    /// The signature is right: the provider said it, once.
    Signed,
}

/// The proof that a delivery was verified. [`hmac::verify`](crate::hmac::verify) gives it.
#[derive(Debug)]
pub struct Verified(());

impl Verified {
    pub(crate) const fn by_hmac() -> Self {
        Self(())
    }

    /// The word of an adapter that it verified the raw bytes by a scheme that is not in this crate, such as an authenticated cipher.
    /// Say it only where the verification has succeeded.
    #[must_use]
    pub const fn dangerous_vouch() -> Self {
        Self(())
    }
}

impl Event {
    /// An event of a verified delivery.
    #[must_use]
    pub fn signed(_: &Verified, reported: impl Into<String>, deduplication_key: impl Into<String>) -> Self {
        Self::new(Provenance::Signed, reported.into(), deduplication_key.into())
    }

    /// An event that nobody signed. Anybody may have sent it: it is a reason to ask, and no more.
    #[must_use]
    pub fn hint(reported: impl Into<String>, deduplication_key: impl Into<String>) -> Self {
        Self::new(Provenance::Hint, reported.into(), deduplication_key.into())
    }

    const fn new(provenance: Provenance, reported: String, deduplication_key: String) -> Self {
        Self {
            provenance,
            payment: None,
            reference: None,
            reported,
            deduplication_key,
        }
    }

    /// About this payment.
    #[must_use]
    pub fn about(mut self, payment: Option<PaymentRef>) -> Self {
        self.payment = payment;
        self
    }

    /// Naming this reference of the caller.
    #[must_use]
    pub fn naming(mut self, reference: Option<Reference>) -> Self {
        self.reference = reference;
        self
    }

    /// With its payment's reference on the gateway of this name, as the engine hands it out.
    #[must_use]
    pub fn on(mut self, gateway: &str) -> Self {
        self.payment = self.payment.map(|payment| payment.on(gateway));
        self
    }

    /// How far it can be trusted.
    #[must_use]
    pub const fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// The payment that it is about.
    #[must_use]
    pub const fn payment(&self) -> Option<&PaymentRef> {
        self.payment.as_ref()
    }

    /// The caller's reference that it names.
    #[must_use]
    pub const fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }

    /// What was reported, in the provider's word: a status, a code, an event's name.
    #[must_use]
    pub fn reported(&self) -> &str {
        &self.reported
    }

    /// Equal for repeated deliveries of one event.
    #[must_use]
    pub fn deduplication_key(&self) -> &str {
        &self.deduplication_key
    }

    /// A deduplication key from the body, where the provider gives no event id.
    #[must_use]
    pub fn digest(body: &[u8]) -> String {
        hex::encode(Hash::hash(body))
    }

    /// The question that confirms it.
    #[must_use]
    pub fn inquiry(&self) -> Option<Inquiry> {
        match (&self.payment, &self.reference) {
            (Some(payment), _) => Some(Inquiry::Payment(payment.clone())),
            (None, Some(reference)) => Some(Inquiry::Reference(reference.clone())),
            (None, None) => None,
        }
    }
}
