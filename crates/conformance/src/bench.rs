//! What the cases work with: a gateway, its subject, and a record of everything that was said.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use paymux_core::{
    Ability, Account, Answer, Authentication, Capabilities, Capture, Card, Charge, Checkout, EntryKind, Error, Fate,
    Inquiry, Money, Operation, OperationKind, Outcome, Payment, PaymentGateway, PaymentRef, Payout, Reference, Refund,
    Source, SourceKind, ThreeDs, Transfer, Void,
};

use crate::subject::{Booked, End, Faults, Subject, Tap, Truth};

/// Why a case does not pass.
#[derive(Debug)]
pub(crate) enum Stop {
    Excluded(String),
    Failed(String),
}

/// A case's result.
pub(crate) type Case<T = ()> = Result<T, Stop>;

pub(crate) fn failed<T>(why: impl Into<String>) -> Case<T> {
    Err(Stop::Failed(why.into()))
}

pub(crate) fn excluded<T>(why: impl Into<String>) -> Case<T> {
    Err(Stop::Excluded(why.into()))
}

/// Fails with `why` unless it holds.
pub(crate) fn ensure(holds: bool, why: impl FnOnce() -> String) -> Case {
    if holds { Ok(()) } else { failed(why()) }
}

/// A gateway and its subject.
pub(crate) struct Bench<'a> {
    pub(crate) gateway: &'a dyn PaymentGateway,
    pub(crate) subject: &'a Subject,
    references: AtomicU32,
    said: Mutex<Vec<String>>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(gateway: &'a dyn PaymentGateway, subject: &'a Subject) -> Self {
        Self {
            gateway,
            subject,
            references: AtomicU32::new(0),
            said: Mutex::new(vec![format!("{gateway:?}")]),
        }
    }

    /// What this subject gives no means to look at.
    pub(crate) fn blind_spots(&self) -> Vec<&'static str> {
        [
            (
                self.subject.truth.is_none(),
                "what was booked (the subject has no truth)",
            ),
            (self.subject.tap.is_none(), "what was sent (the subject has no tap)"),
            (self.subject.faults.is_none(), "faults (the subject has none)"),
        ]
        .into_iter()
        .filter_map(|(blind, what)| blind.then_some(what))
        .collect()
    }

    pub(crate) fn capabilities(&self) -> &'a Capabilities {
        self.gateway.capabilities()
    }

    /// What is declared of an operation; excludes the case if it is not offered.
    pub(crate) fn offered(&self, kind: OperationKind) -> Case<&'a Ability> {
        let ability = self.capabilities().ability(kind);
        ability.ok_or_else(|| Stop::Excluded(format!("{kind} is not offered")))
    }

    pub(crate) fn truth(&self) -> Case<&'a Arc<dyn Truth>> {
        let truth = self.subject.truth.as_ref();
        truth.ok_or_else(|| Stop::Excluded("the subject has no truth".to_owned()))
    }

    pub(crate) fn tap(&self) -> Case<&'a Arc<dyn Tap>> {
        let tap = self.subject.tap.as_ref();
        tap.ok_or_else(|| Stop::Excluded("the subject has no tap".to_owned()))
    }

    pub(crate) fn faults(&self) -> Case<&'a Arc<dyn Faults>> {
        let faults = self.subject.faults.as_ref();
        faults.ok_or_else(|| Stop::Excluded("the subject has no faults".to_owned()))
    }

    /// Forgets the faults that a case left behind.
    pub(crate) fn calm(&self) {
        if let Some(faults) = &self.subject.faults {
            faults.clear();
        }
    }

    /// How many requests were begun; always 0 without a tap.
    pub(crate) fn sent(&self) -> usize {
        self.subject.tap.as_ref().map_or(0, |tap| tap.requests().len())
    }

    /// All that was booked; nothing without a truth.
    pub(crate) fn booked(&self) -> Vec<Booked> {
        self.subject.truth.as_ref().map(|truth| truth.all()).unwrap_or_default()
    }

    /// Checks what was booked for a payment of one kind; without a truth there is nothing to check.
    pub(crate) fn check_booked(&self, payment: &Payment, kind: EntryKind, expected: &[Money]) -> Case {
        let Some(truth) = &self.subject.truth else {
            return Ok(());
        };
        let mut booked = truth.booked(payment.id());
        booked.retain(|booked| booked.kind == kind);
        let amounts: Vec<_> = booked.iter().map(|booked| booked.amount).collect();
        ensure(amounts == expected, || {
            format!(
                "{kind:?} of payment {} should be booked as {expected:?}, and is {amounts:?}",
                payment.id()
            )
        })
    }

    /// A reference that fits the gateway's rule and was not used before.
    pub(crate) fn reference(&self) -> Case<Reference> {
        let number = self.references.fetch_add(1, Ordering::Relaxed);
        let rule = self.capabilities().reference;
        let width = rule.min.max(11).min(rule.max).saturating_sub(1);
        let text = format!("c{:0>width$}", format!("{}{number:05}", self.subject.run));
        let reference = Reference::new(text).map_err(|e| Stop::Failed(e.to_string()))?;
        match rule.check(&reference, self.capabilities().provider) {
            Ok(()) => Ok(reference),
            Err(e) => failed(format!("the suite finds no reference for this rule: {e}")),
        }
    }

    /// A part of the ordinary amount.
    pub(crate) fn part(&self, of: i64) -> Money {
        let whole = self.subject.amount;
        Money::new(whole.minor().checked_div(of).unwrap_or(0), whole.currency())
    }

    pub(crate) fn charge(&self, source: Source) -> Case<Charge> {
        let mut charge = Charge::new(self.reference()?, self.subject.amount, source);
        (self.subject.complete)(&mut charge);
        Ok(charge)
    }

    pub(crate) fn checkout(&self) -> Case<Checkout> {
        let mut checkout = Checkout::new(self.reference()?, self.subject.amount);
        (self.subject.complete)(&mut checkout.charge);
        Ok(checkout)
    }

    /// A sale or an authorization of the approved source; excluded where it is not offered from such a source.
    pub(crate) fn paid(&self, kind: OperationKind) -> Case<Operation> {
        let source = self.subject.approved.clone();
        if !self.offered(kind)?.sources.contains(&source.kind()) {
            return excluded(format!("{kind} takes no source {}", source.kind().as_str()));
        }
        let charge = Box::new(self.charge(source)?);
        Ok(match kind {
            OperationKind::Authorize => Operation::Authorize(charge),
            _ => Operation::Sale(charge),
        })
    }

    /// A payment of this gateway's account that nobody made.
    pub(crate) fn nobodys(&self) -> PaymentRef {
        let capabilities = self.capabilities();
        PaymentRef::new(capabilities.provider, capabilities.account.clone(), ["9999"])
    }

    /// An operation of any kind that is not [`OperationKind::Resolve`], about this payment where it is about one.
    pub(crate) fn operation(&self, kind: OperationKind, payment: PaymentRef) -> Case<Operation> {
        let (reference, amount) = (self.reference()?, self.subject.amount);
        let source = self.subject.approved.clone();
        Ok(match kind {
            OperationKind::Authorize => Operation::Authorize(Box::new(self.charge(source)?)),
            OperationKind::Capture => Operation::Capture(Capture::new(payment, reference, amount)),
            OperationKind::Checkout => Operation::Checkout(Box::new(self.checkout()?)),
            OperationKind::Payout => {
                let to = self.subject.payee.clone().unwrap_or(source);
                Operation::Payout(Box::new(Payout::new(reference, amount, to)))
            }
            OperationKind::Refund => Operation::Refund(Refund::new(payment, reference, amount)),
            OperationKind::Sale => Operation::Sale(Box::new(self.charge(source)?)),
            OperationKind::Transfer => {
                let (from, to) = self
                    .subject
                    .accounts
                    .clone()
                    .unwrap_or(("a".to_owned(), "b".to_owned()));
                Operation::Transfer(Transfer::new(reference, amount, from, to))
            }
            OperationKind::Void => {
                let mut void = Void::new(payment, reference);
                void.amount = Some(amount);
                Operation::Void(void)
            }
            _ => Operation::Inquire(Inquiry::Payment(payment)),
        })
    }

    /// Does an operation, and keeps what was said for the search for secrets.
    pub(crate) async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        let result = self.gateway.execute(operation).await;
        self.hear(operation, &result);
        result
    }

    pub(crate) fn hear(&self, operation: &Operation, result: &Result<Answer, Error>) {
        let raw = |payment: &Payment| payment.raw.as_ref().map(|raw| raw.scrubbed()).unwrap_or_default();
        let words = match result {
            Ok(answer) => format!("{operation:?}\n{answer:?}\n{}", raw(&answer.payment)),
            Err(error) => {
                let reply = error.raw().map(|raw| raw.scrubbed()).unwrap_or_default();
                format!("{operation:?}\n{error}\n{error:?}\n{}\n{reply}", error.to_json())
            }
        };
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(words);
    }

    /// Everything that was said until now.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does an operation that must be refused before anything is sent, and gives the error.
    pub(crate) async fn refused(&self, operation: &Operation, what: &str) -> Case<Error> {
        let before = self.sent();
        match self.execute(operation).await {
            Ok(answer) => failed(format!("{what} was answered: {}", answer.outcome.as_str())),
            Err(error) if self.sent() != before => failed(format!("{what} was sent before it was refused: {error}")),
            Err(error) if error.fate() != Fate::NotDone => failed(format!("{what}: nothing was sent, and yet {error}")),
            Err(error) => Ok(error),
        }
    }

    /// Does an operation that must come to an answer.
    pub(crate) async fn answered(&self, operation: &Operation) -> Case<Answer> {
        let result = self.execute(operation).await;
        result.map_err(|error| Stop::Failed(format!("{} is an error: {error}", operation.kind())))
    }

    /// Looks a payment up, not sooner than the gateway allows.
    pub(crate) async fn look_up(&self, payment: &PaymentRef) -> Case<Answer> {
        self.offered(OperationKind::Inquire)?;
        tokio::time::sleep(self.capabilities().inquiry_interval).await;
        self.answered(&Operation::Inquire(Inquiry::Payment(payment.clone())))
            .await
    }

    /// Brings what is open to an end.
    pub(crate) async fn settle(&self, answer: &Answer, end: End) -> Case {
        if self.subject.settle.settle(answer, end).await {
            Ok(())
        } else {
            excluded(format!("the subject cannot bring this to its end ({end:?})"))
        }
    }

    /// Does an operation that begins a payment, brings it to its approved end, and gives the payment as it is then.
    pub(crate) async fn completed(&self, operation: &Operation) -> Case<Payment> {
        let answer = self.answered(operation).await?;
        match &answer.outcome {
            Outcome::Approved | Outcome::Review => Ok(answer.payment),
            Outcome::Declined(decline) => failed(format!("{} was declined: {decline}", operation.kind())),
            _ => {
                self.settle(&answer, End::Approved).await?;
                let now = self.look_up(&answer.payment.reference).await?;
                ensure(matches!(now.outcome, Outcome::Approved | Outcome::Review), || {
                    format!("{} came to its end, and is {}", operation.kind(), now.outcome.as_str())
                })?;
                Ok(now.payment)
            }
        }
    }

    /// Does an operation on a payment that must be approved, at once or in the end.
    pub(crate) async fn follows(&self, operation: &Operation) -> Case<Answer> {
        let answer = self.answered(operation).await?;
        match &answer.outcome {
            Outcome::Approved | Outcome::Review => {}
            Outcome::Pending => self.settle(&answer, End::Approved).await?,
            other => return failed(format!("{} came to {}: {other:?}", operation.kind(), other.as_str())),
        }
        Ok(answer)
    }

    /// A payment whose money was taken: by a sale, or else by a checkout.
    pub(crate) async fn taken(&self) -> Case<Payment> {
        match self.paid(OperationKind::Sale) {
            Ok(sale) => self.completed(&sale).await,
            Err(_) => {
                self.offered(OperationKind::Checkout)?;
                self.completed(&Operation::Checkout(Box::new(self.checkout()?))).await
            }
        }
    }
}

/// A payment of somebody else's.
pub(crate) fn stranger(provider: &str) -> PaymentRef {
    PaymentRef::new(provider, Account::of(&["somebody else"]), ["9999"])
}

/// A card that any gateway could take until it expires, and a source of every other kind.
pub(crate) fn source(kind: SourceKind, year: u16) -> Case<Source> {
    match kind {
        SourceKind::Card => {
            let card = Card::new("4200000000000000", 12, year).map_err(|e| Stop::Failed(e.to_string()))?;
            Ok(Source::Card(card))
        }
        SourceKind::Hosted => Ok(Source::Hosted),
        _ => Ok(Source::Stored("stored-instrument".to_owned())),
    }
}

/// The result of an authentication that was done elsewhere.
pub(crate) fn authenticated() -> ThreeDs {
    let mut result = Authentication::new("05", "AAABBEg0VhI0VniQEjRWAAAAAAA=");
    result.version = Some("2.2.0".to_owned());
    ThreeDs::External(Box::new(result))
}
