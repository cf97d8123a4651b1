//! Finishing an operation of unknown fate by sending it again under its key.

use jiff::Timestamp;

use crate::capability::{Capabilities, Duplicates};
use crate::error::Error;
use crate::operation::{Operation, OperationKind};
use crate::unresolved::Unresolved;

/// An operation whose outcome is unknown, and the same operation again: what [`Operation::Complete`] carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Completion {
    /// What is known of the operation.
    pub unresolved: Unresolved,
    /// The operation as it was asked for.
    pub operation: Operation,
}

impl Completion {
    /// The completion of an operation.
    #[must_use]
    pub const fn new(unresolved: Unresolved, operation: Operation) -> Self {
        Self { unresolved, operation }
    }

    /// When the key ends: its declared life after the first moment at which it can have been used. `None` where that is not known.
    #[must_use]
    pub fn ends(&self, capabilities: &Capabilities) -> Option<Timestamp> {
        let Duplicates::Key(life) = capabilities.duplicates else {
            return None;
        };
        self.unresolved.first_sent?.checked_add(life).ok()
    }

    /// Whether this may be sent: the provider recognises keys, the unresolved operation is of this provider and account, it is the same operation
    /// (kind, reference, amount and payment), and its key has not ended.
    ///
    /// # Errors
    /// Which field breaks which rule, or that it is unsupported. The fate is unknown, and the unresolved operation is carried: nothing was sent for
    /// this, and what was sent before may have been done.
    pub fn check(&self, capabilities: &Capabilities, now: Timestamp) -> Result<(), Error> {
        self.rules(capabilities, now).map_err(|error| self.in_doubt(error))
    }

    /// An error of this, with the fate that the operation has had from the start.
    #[must_use]
    pub fn in_doubt(&self, error: Error) -> Error {
        let error = error.with_fate(crate::Fate::Unknown);
        if error.unresolved().is_some() {
            error
        } else {
            error.with_unresolved(self.unresolved.clone())
        }
    }

    fn rules(&self, capabilities: &Capabilities, now: Timestamp) -> Result<(), Error> {
        let Duplicates::Key(life) = capabilities.duplicates else {
            let what = "complete, since it recognises no idempotency key; ask with `resolve`; nothing was sent";
            return Err(Error::unsupported(capabilities.provider, what));
        };
        self.unresolved.check_owner(capabilities)?;
        self.same()?;
        let Some(first) = self.unresolved.first_sent else {
            return Err(Error::invalid(
                "unresolved",
                "does not say when it was first sent, so nobody knows whether its key still holds; ask with `resolve`; nothing was sent",
            ));
        };
        match self.ends(capabilities) {
            Some(end) if now < end => Ok(()),
            _ => Err(Error::invalid(
                "unresolved",
                format!(
                    "was first sent at {first:.0}, and {} recognises its key for {} s only; ask with `resolve`; nothing was sent",
                    capabilities.provider,
                    life.as_secs()
                ),
            )),
        }
    }

    /// Whether it is the operation that was asked for, so that its key is the same.
    fn same(&self) -> Result<(), Error> {
        let (was, is) = (&self.unresolved, &self.operation);
        let moves = !matches!(
            is,
            Operation::Complete(_) | Operation::Checkout(_) | Operation::Inquire(_) | Operation::Resolve(_)
        );
        if !moves || is.kind() != was.operation {
            let given = match is {
                Operation::Complete(_) => "completion",
                other => other.kind().as_str(),
            };
            return Err(differs("operation", was.operation.as_str(), given));
        }
        if is.reference() != was.reference.as_ref() || was.reference.is_none() {
            let text = |reference: Option<&crate::Reference>| reference.map_or("none".to_owned(), ToString::to_string);
            return Err(differs(
                "reference",
                &text(was.reference.as_ref()),
                &text(is.reference()),
            ));
        }
        if is.amount() != was.amount {
            let text = |amount: Option<crate::Money>| amount.map_or("none".to_owned(), |amount| amount.to_string());
            return Err(differs("amount", &text(was.amount), &text(is.amount())));
        }
        // What begins a payment is about none; if one is known by now, it is the one that was made.
        let follows = matches!(
            was.operation,
            OperationKind::Capture | OperationKind::Refund | OperationKind::Void
        );
        let same = |payment: &crate::PaymentRef, asked: &crate::PaymentRef| {
            let of = |p: &crate::PaymentRef| (p.provider().to_owned(), p.account().clone(), p.ids().to_vec());
            of(payment) == of(asked)
        };
        let agrees = match (&was.payment, is.payment()) {
            (Some(payment), Some(asked)) => same(payment, asked),
            (None, Some(_)) => false,
            (_, None) => !follows,
        };
        if agrees {
            return Ok(());
        }
        let text = |payment: Option<&crate::PaymentRef>| payment.map_or("none".to_owned(), ToString::to_string);
        Err(differs("payment", &text(was.payment.as_ref()), &text(is.payment())))
    }
}

fn differs(field: &'static str, was: &str, is: &str) -> Error {
    let rule = format!("must be the one that was sent, which is {was}, and is {is}; nothing was sent");
    Error::invalid(field, rule)
}
