//! A reply with its code: what it says by itself, whatever was asked.

use http::StatusCode;
use paymux_core::{DeclineReason, Error, ErrorKind, Fate, scrub};

use super::status;
use crate::codes::{PaymentType, ResultCode, Surface, decline, explain, refined};
use crate::shapes::Body;

/// A reply or an entry of a report, with its code.
pub(crate) struct Seen<'a> {
    pub(crate) code: ResultCode,
    pub(crate) body: &'a Body<'a>,
    pub(crate) status: StatusCode,
    pub(crate) surface: Surface,
}

impl Seen<'_> {
    pub(crate) fn kind(&self) -> Option<PaymentType> {
        self.body.payment_type.as_deref()?.parse().ok()
    }

    /// The provider's id to ask by.
    pub(super) fn id(&self) -> Option<String> {
        let id = self.body.id.as_deref().filter(|id| crate::config::is_id(id));
        id.map(str::to_owned)
    }

    pub(super) fn decline(&self) -> paymux_core::Decline {
        let decline = decline(self.code, self.body.result.description.as_deref().map(scrub));
        match self.body.merchant_advice() {
            Some(advised) => {
                let advice = refined(decline.advice, &advised);
                decline.with_advice(advice)
            }
            None => decline,
        }
    }

    /// An error that keeps what the code means.
    pub(super) fn error(&self, kind: ErrorKind, message: String) -> Error {
        let mutation = self.surface == Surface::Mutation;
        Error::new(kind, message)
            .with_fate(if mutation { Fate::Unknown } else { Fate::NotDone })
            .with_status(self.status)
            .with_decline(self.decline())
    }

    /// A refusal for want of the address that the customer comes back to, by the caller's name of it. The provider asks for one only once the card is
    /// to be authenticated.
    fn returnless(&self, refused: &Error) -> Error {
        let rule = format!(
            "must be given, as an https address, where the customer has to authenticate: {}",
            refused.message()
        );
        Error::invalid("return_url", rule)
            .with_fate(refused.fate())
            .with_status(self.status)
            .with_decline(self.decline())
    }

    /// An error that proves that this request did nothing.
    pub(super) fn refused(&self, kind: ErrorKind, message: String) -> Error {
        self.error(kind, message)
            .with_fate(status::refused(self.surface, self.status))
    }

    /// What the code says, after a text.
    pub(super) fn said(&self, text: &str) -> String {
        format!("{text}: {} (code {})", explain(self.code).gloss, self.code)
    }

    /// The provider refused the request, and names why.
    pub(super) fn refusal(&self) -> Error {
        let reason = explain(self.code).reason.unwrap_or(DeclineReason::Unknown);
        let message = self.said("the provider refused the request") + &fields(self.body);
        let refused = self.refused(kind_of(reason), message);
        if lacks_return(self.body) {
            self.returnless(&refused)
        } else {
            refused
        }
    }
}

/// Whether a refusal is about the address that the customer comes back to.
fn lacks_return(body: &Body<'_>) -> bool {
    let mut errors = body.result.parameter_errors.iter().flatten();
    errors.any(|error| error.name == "shopperResultUrl")
}

/// The names of refused fields; neither their values nor the messages, which may hold card data.
fn fields(body: &Body<'_>) -> String {
    let errors = body.result.parameter_errors.as_deref().unwrap_or_default();
    let names: Vec<_> = errors
        .iter()
        .map(|error| error.name.as_str())
        .filter(|name| name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._[]".contains(&b)))
        .filter(|name| name.bytes().any(|b| b.is_ascii_alphabetic()))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", fields {}", names.join(", "))
    }
}

/// Whose fault a refused request is.
const fn kind_of(reason: DeclineReason) -> ErrorKind {
    match reason {
        DeclineReason::Configuration | DeclineReason::CredentialsRejected => ErrorKind::Configuration,
        DeclineReason::Unsupported => ErrorKind::Unsupported,
        DeclineReason::Duplicate
        | DeclineReason::InvalidState
        | DeclineReason::LimitExceeded
        | DeclineReason::InsufficientFunds
        | DeclineReason::NotPermitted => ErrorKind::Refused,
        DeclineReason::ProviderUnavailable | DeclineReason::Timeout | DeclineReason::Unknown => ErrorKind::Provider,
        _ => ErrorKind::InvalidRequest,
    }
}
