//! Replies read: the status, the charge, and whether it is what was asked for.

use paymux_core::{
    Adapter as _, Answer, Currency, Entry, EntryKind, EntryOutcome, Error, ErrorKind, Fate, Money, Operation,
    OperationKind, Outcome, Payment, PaymentRef, PaymentState, Reply, Wire, currency,
};

use crate::adapter::Acme;
use crate::codes;
use crate::shapes::{Charge, Problem};

/// A step that was asked for: the operation itself, or what is left of it when its answer was lost.
pub(crate) struct Asked {
    pub(crate) kind: EntryKind,
    pub(crate) payment: Option<PaymentRef>,
    pub(crate) reference: String,
    pub(crate) amount: Option<Money>,
}

impl Acme {
    /// Reads a reply: a charge, or what the status means.
    pub(crate) fn charge(&self, reply: &Reply, wire: &dyn Wire) -> Result<Charge, Error> {
        if reply.status.is_success() {
            return reply.json().map_err(|error| error.with_fate(Fate::Unknown));
        }
        let message = reply.json::<Problem>().unwrap_or_default().message;
        let (kind, fate) = match reply.status.as_u16() {
            401 | 403 => (ErrorKind::Configuration, Fate::NotDone),
            404 => (ErrorKind::InvalidRequest, Fate::Rejected),
            409 | 422 => (ErrorKind::Refused, Fate::Rejected),
            429 => (ErrorKind::Provider, Fate::NotDone),
            _ => (ErrorKind::Provider, Fate::Unknown),
        };
        let error = Error::new(kind, format!("the provider says: {message}"));
        let error = error
            .with_fate(fate)
            .with_status(reply.status)
            .with_retry_after(reply.retry_after(wire.now()));
        // Something in front of the provider may have said so, after the provider acted.
        let is_bare = message.is_empty() && !matches!(reply.status.as_u16(), 401 | 429);
        Err(if is_bare { error.without_words() } else { error })
    }

    /// Reads a charge for the step that was asked for. One that is not there, or says nothing that we know, is unknown.
    pub(crate) fn answer(&self, charge: &Charge, asked: &Asked) -> Result<Answer, Error> {
        let payment = self.payment(charge)?;
        if asked.payment.as_ref().is_some_and(|asked| asked.id() != payment.id()) {
            return Err(Error::mismatch("the answer is about another charge", payment));
        }
        let mine = |entry: &&Entry| entry.kind == asked.kind && entry.reference.as_deref() == Some(&asked.reference);
        let Some(entry) = payment.entries.iter().find(mine) else {
            // A sale that was declined has no capture: the authorization says why.
            if let (EntryKind::Capture, None, Some(first)) = (asked.kind, &asked.payment, payment.entries.first())
                && let EntryOutcome::Declined(decline) = &first.outcome
            {
                return Ok(Answer::new(Outcome::Declined(decline.clone()), payment));
            }
            let error = Error::new(ErrorKind::Provider, "the charge does not show what was asked for");
            return Err(error.with_fate(Fate::Unknown).with_payment(payment));
        };
        if asked.amount.is_some() && entry.amount != asked.amount {
            return Err(Error::mismatch("another amount was booked than was asked for", payment));
        }
        let outcome = match &entry.outcome {
            EntryOutcome::Approved => Outcome::Approved,
            EntryOutcome::Declined(decline) => Outcome::Declined(decline.clone()),
            _ => {
                let error = Error::new(ErrorKind::Provider, "the provider's code says nothing that is known");
                return Err(error.with_fate(Fate::Unknown).with_payment(payment));
            }
        };
        Ok(Answer::new(outcome, payment))
    }

    /// A charge in the common words.
    pub(crate) fn payment(&self, charge: &Charge) -> Result<Payment, Error> {
        let unreadable = |_| Error::new(ErrorKind::Provider, "the currency cannot be read").with_fate(Fate::Unknown);
        let currency: Currency = currency(&charge.currency).map_err(unreadable)?;
        let entries = charge.steps.iter().map(|step| {
            let kind = match step.kind.as_str() {
                "authorize" => EntryKind::Authorize,
                "capture" => EntryKind::Capture,
                "refund" => EntryKind::Refund,
                "void" => EntryKind::Void,
                _ => EntryKind::Other,
            };
            let amount = Some(Money::new(step.amount, currency));
            let mut entry = Entry::new(kind, amount, codes::outcome(&step.code)).with_id(&step.id);
            entry.reference = Some(step.reference.clone());
            entry
        });
        let entries: Vec<_> = entries.collect();
        let reference = PaymentRef::new("acme", self.capabilities().account.clone(), [&charge.id]);
        let mut payment = Payment::new(reference, PaymentState::of(&entries).unwrap_or(PaymentState::Created));
        payment.merchant_reference = Some(charge.reference.clone());
        payment.amount = Some(Money::new(charge.amount, currency));
        payment.test = Some(charge.test);
        payment.entries = entries;
        Ok(payment)
    }
}

impl Asked {
    /// What an operation asks for, or asked for when its answer was lost.
    pub(crate) fn by(operation: &Operation) -> Result<Self, Error> {
        let (kind, payment) = match operation {
            Operation::Resolve(unresolved) => (unresolved.operation, unresolved.payment.as_ref()),
            other => (other.kind(), other.payment()),
        };
        let starts = matches!(kind, OperationKind::Sale | OperationKind::Authorize);
        Ok(Self {
            kind: match kind {
                OperationKind::Authorize => EntryKind::Authorize,
                OperationKind::Capture | OperationKind::Sale => EntryKind::Capture,
                OperationKind::Refund => EntryKind::Refund,
                OperationKind::Void => EntryKind::Void,
                other => return Err(Error::unsupported("acme", other.as_str())),
            },
            payment: payment.filter(|_| !starts).cloned(),
            reference: operation.reference().map(ToString::to_string).unwrap_or_default(),
            amount: operation.amount(),
        })
    }
}

/// What an inquiry about a payment comes to.
pub(crate) fn standing(payment: &Payment) -> Outcome {
    match payment.entries.last().map(|entry| &entry.outcome) {
        Some(EntryOutcome::Declined(decline)) if payment.state == PaymentState::Declined => {
            Outcome::Declined(decline.clone())
        }
        Some(EntryOutcome::Approved | EntryOutcome::Declined(_)) => Outcome::Approved,
        _ => Outcome::Pending,
    }
}
