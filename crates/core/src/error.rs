//! What went wrong: whose fault it is, and what it may have done.

mod render;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::leg::Leg;
use crate::operation::OperationKind;
use crate::payment::Payment;
use crate::raw::RawReply;
use crate::unresolved::Unresolved;
use crate::{Account, Decline, DeclineReason, PaymentRef};

/// Something went wrong. Two things matter: [`Error::kind`], whose fault it is, and [`Error::fate`], what the operation may have done.
///
/// Three renderings: `Display` is one line for logs; [`Error::report`] is for people; [`Error::to_json`] is for programs. None holds a secret.
///
/// ```
/// use paymux_core::{Error, ErrorKind, Fate};
/// let error = Error::invalid("amount", "must be above zero");
/// assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidRequest, Fate::NotDone));
/// assert_eq!(error.to_string(), "invalid request: amount must be above zero [not_done]");
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    fate: Fate,
    message: String,
    field: Option<&'static str>,
    gateway: Option<String>,
    operation: Option<OperationKind>,
    status: Option<StatusCode>,
    retry_after: Option<Duration>,
    decline: Option<Decline>,
    payment: Option<Payment>,
    unresolved: Option<Unresolved>,
    unrecorded: bool,
    beside: bool,
    legs: Vec<Leg>,
    raw: Option<RawReply>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The gateway's configuration: credentials, permissions, hosts, plans.
    Configuration,
    /// The caller's request.
    InvalidRequest,
    /// What the provider holds differs from what was asked: open money, for a person.
    Mismatch,
    /// The network, or no answer in time.
    Network,
    /// The provider broke its own contract, or is broken.
    Provider,
    /// The provider refused, for a reason of state or policy.
    Refused,
    /// The provider does not offer it.
    Unsupported,
}

/// What the operation may have done: the worst over all its attempts and calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "there is no fourth fate")]
pub enum Fate {
    /// Nothing was done by this.
    NotDone,
    /// The provider looked at it and refused; nothing was done by this.
    Rejected,
    /// It may have been done. Ask ([`Error::unresolved`]); never send it again.
    Unknown,
}

impl Error {
    /// An error of a kind, with a message that starts in lower case and has no full stop. The fate is [`Fate::NotDone`].
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            fate: Fate::NotDone,
            message: message.into(),
            field: None,
            gateway: None,
            operation: None,
            status: None,
            retry_after: None,
            decline: None,
            payment: None,
            unresolved: None,
            unrecorded: false,
            beside: false,
            legs: Vec::new(),
            raw: None,
            source: None,
        }))
    }

    /// A field of the caller's request breaks a rule.
    #[must_use]
    pub fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        let rule = rule.into();
        let message = if rule.starts_with(field) {
            rule
        } else {
            format!("{field} {rule}")
        };
        let mut error = Self::new(ErrorKind::InvalidRequest, message);
        error.0.field = Some(field);
        error
    }

    /// The provider does not offer it.
    #[must_use]
    pub fn unsupported(provider: &str, what: &str) -> Self {
        Self::new(ErrorKind::Unsupported, format!("unsupported by {provider}: {what}"))
    }

    /// A payment's reference belongs to another provider or account.
    #[must_use]
    pub fn stranger(payment: &PaymentRef, provider: &str, account: &Account) -> Self {
        let message = format!(
            "the payment belongs to {} account {}, and this gateway is {provider} account {}; nothing was sent",
            payment.provider(),
            payment.account().as_str(),
            account.as_str(),
        );
        let mut error = Self::new(ErrorKind::InvalidRequest, message);
        error.0.field = Some("payment");
        error
    }

    /// What the provider holds differs from what was asked. Fate [`Fate::Unknown`]: for a person.
    #[must_use]
    pub fn mismatch(message: impl Into<String>, payment: Payment) -> Self {
        Self::new(ErrorKind::Mismatch, message)
            .with_fate(Fate::Unknown)
            .with_payment(payment)
    }

    /// With this fate.
    #[must_use]
    pub const fn with_fate(mut self, fate: Fate) -> Self {
        self.0.fate = fate;
        self
    }

    /// With the HTTP status of the reply.
    #[must_use]
    pub const fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    /// With the time that the provider asks to wait.
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// With what the provider's code means.
    #[must_use]
    pub fn with_decline(mut self, decline: Decline) -> Self {
        self.0.decline = Some(decline);
        self
    }

    /// With the payment as it was last seen.
    #[must_use]
    pub fn with_payment(mut self, payment: Payment) -> Self {
        self.0.payment = Some(payment);
        self
    }

    /// With what to ask with later.
    #[must_use]
    pub fn with_unresolved(mut self, unresolved: Unresolved) -> Self {
        self.0.unresolved = Some(unresolved);
        self
    }

    /// Not written down by the journal that should have.
    #[must_use]
    pub const fn not_recorded(mut self) -> Self {
        self.0.unrecorded = true;
        self
    }

    /// Beside another attempt that stands, or may stand: of that one the fate says nothing.
    #[must_use]
    pub const fn beside_another(mut self) -> Self {
        self.0.beside = true;
        self
    }

    /// With the provider's reply.
    #[must_use]
    pub fn with_raw(mut self, raw: RawReply) -> Self {
        self.0.raw = Some(raw);
        self
    }

    /// With the gateways that a router went to.
    #[must_use]
    pub fn with_legs(mut self, legs: Vec<Leg>) -> Self {
        self.0.legs = legs;
        self
    }

    /// With the error behind it. Its text must hold no secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// With the gateway and operation that it happened in, where they are not set.
    #[must_use]
    pub fn in_operation(mut self, gateway: &str, operation: Option<OperationKind>) -> Self {
        self.0.gateway.get_or_insert_with(|| gateway.to_owned());
        self.0.operation = self.0.operation.or(operation);
        self
    }

    /// With more said in front of the message.
    #[must_use]
    pub fn context(mut self, text: &str) -> Self {
        self.0.message = format!("{text}: {}", self.0.message);
        self
    }

    /// Made of a refusal that is not in the provider's words: whatever stands in front of the provider may have given it, after the provider did
    /// what was asked. It proves nothing, so the fate is [`Fate::Unknown`]; kind and message stay, and this is said behind them.
    ///
    /// ```
    /// use paymux_core::{Error, ErrorKind, Fate};
    /// let error = Error::new(ErrorKind::Configuration, "the key lacks the permission").without_words();
    /// assert_eq!((error.kind(), error.fate()), (ErrorKind::Configuration, Fate::Unknown));
    /// ```
    #[must_use]
    pub fn without_words(mut self) -> Self {
        self.0.message.push_str(
            "; this is not in the provider's words, may come from something in front of it, and proves nothing",
        );
        self.with_fate(Fate::Unknown)
    }

    /// Whose fault it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the operation may have done.
    #[must_use]
    pub const fn fate(&self) -> Fate {
        self.0.fate
    }

    /// The message alone.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The field of the request that breaks a rule.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        self.0.field
    }

    /// The HTTP status of the reply.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// How long the provider asks to wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What the provider's code means.
    #[must_use]
    pub const fn decline(&self) -> Option<&Decline> {
        self.0.decline.as_ref()
    }

    /// The payment as it was last seen.
    #[must_use]
    pub const fn payment(&self) -> Option<&Payment> {
        self.0.payment.as_ref()
    }

    /// The payment as it was last seen, to stamp on.
    #[must_use]
    pub const fn payment_mut(&mut self) -> Option<&mut Payment> {
        self.0.payment.as_mut()
    }

    /// What to ask with later; present whenever the fate of a money operation is unknown.
    #[must_use]
    pub const fn unresolved(&self) -> Option<&Unresolved> {
        self.0.unresolved.as_ref()
    }

    /// Whether a journal could not write this down. What it says holds all the same.
    #[must_use]
    pub const fn is_unrecorded(&self) -> bool {
        self.0.unrecorded
    }

    /// Whether another attempt stands or may stand beside this one, so that a new one is not safe although this did nothing: it is in the message, and is to be
    /// settled, or repeated under its own reference.
    #[must_use]
    pub const fn is_beside_another(&self) -> bool {
        self.0.beside
    }

    /// The gateways that a router went to for this, in order; empty where there was no router.
    #[must_use]
    pub fn legs(&self) -> &[Leg] {
        &self.0.legs
    }

    /// The provider's reply, readable only scrubbed.
    #[must_use]
    pub const fn raw(&self) -> Option<&RawReply> {
        self.0.raw.as_ref()
    }

    /// Whether nothing stands under that id or reference, by the status or by the provider's code.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let said = self.status() == Some(StatusCode::NOT_FOUND) || self.has_reason(DeclineReason::NotFound);
        said && self.kind() == ErrorKind::InvalidRequest
    }

    /// Whether the provider says that there were too many requests, by the status or by its code.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS) || self.has_reason(DeclineReason::RateLimited)
    }

    fn has_reason(&self, reason: DeclineReason) -> bool {
        self.decline().is_some_and(|decline| decline.reason == reason)
    }
}

impl ErrorKind {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::InvalidRequest => "invalid_request",
            Self::Mismatch => "mismatch",
            Self::Network => "network",
            Self::Provider => "provider",
            Self::Refused => "refused",
            Self::Unsupported => "unsupported",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid request",
            other => other.as_str(),
        }
    }
}

impl Fate {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotDone => "not_done",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::NotDone => "this did nothing; a new attempt is safe",
            Self::Rejected => "the provider refused it; this did nothing",
            Self::Unknown => "it may have been done; ask, do not send it again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fates_are_ordered_from_best_to_worst() {
        assert!(Fate::NotDone < Fate::Rejected && Fate::Rejected < Fate::Unknown);
    }

    #[test]
    fn three_renderings() {
        let error = Error::new(ErrorKind::Network, "no answer within 60 s")
            .with_fate(Fate::Unknown)
            .in_operation("cards", Some(OperationKind::Sale));
        assert_eq!(
            error.to_string(),
            "cards: sale: network: no answer within 60 s [unknown]"
        );
        assert!(error.report().contains("it may have been done; ask"));
        assert_eq!(error.to_json()["fate"], "unknown");
    }

    #[test]
    fn the_legs_of_a_router_are_in_the_report_and_in_json() {
        let leg = Leg::new("cards", Some(1), crate::LegWhy::Rule, crate::LegOutcome::NotDone);
        let error = Error::new(ErrorKind::Network, "no connection").with_legs(vec![leg.clone()]);
        assert_eq!(error.legs(), [leg]);
        let report = error.report();
        assert!(
            report.contains("leg       cards (rule 1, rule): not_done\n"),
            "{report}"
        );
        assert_eq!(error.to_json()["legs"][0]["gateway"], "cards");
        assert!(Error::new(ErrorKind::Network, "").to_json().get("legs").is_none());
    }

    /// Whoever lost an answer and looks it up in vain must not read that he may send it again.
    #[test]
    fn a_question_that_failed_makes_no_new_attempt_safe() {
        let report = |fate, operation| {
            let error = Error::new(ErrorKind::InvalidRequest, "no such payment").with_fate(fate);
            error.in_operation("cards", operation).report()
        };
        for fate in [Fate::NotDone, Fate::Rejected] {
            let asked = report(fate, Some(OperationKind::Inquire));
            assert!(
                asked.contains(": this only asked; of whether a new attempt is safe it says nothing\n"),
                "{asked}"
            );
            assert!(!report(fate, None).contains("attempt"));
        }
        assert!(report(Fate::NotDone, Some(OperationKind::Sale)).contains("a new attempt is safe\n"));
    }

    /// An order that is paid already is refused without anything done, which makes no new attempt safe.
    #[test]
    fn a_refusal_for_another_payment_points_to_it() {
        let reference = crate::PaymentRef::new("p", crate::Account::of(&["a"]), vec!["1".to_owned()]);
        let payment = crate::Payment::new(reference, crate::PaymentState::Captured);
        let error = Error::invalid("order", "order o1 is taken").with_payment(payment);
        let report = error.in_operation("cards", Some(OperationKind::Sale)).report();
        assert!(
            report.contains("look at the payment before a new attempt\n") && !report.contains("safe"),
            "{report}"
        );
    }
}
