//! What a gateway claims of an operation, held against what its provider booked.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::Duration;

use paymux::{
    Answer, Capture, Charge, EntryKind, Error, Fate, Gateway, Inquiry, Money, Operation, OperationKind, Outcome,
    PaymentGateway as _, PaymentRef, Payout, Reference, Refund, Source, Transfer, Void,
};
use paymux_conformance::{Booked, End, Tap as _};
use paymux_tests::Stand;

/// A claim about money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Done,
    Nothing,
    Open,
}

/// What is claimed.
pub(crate) fn claim(result: &Result<Answer, Error>) -> Claim {
    match result {
        Ok(answer) => match answer.outcome {
            Outcome::Approved | Outcome::Review => Claim::Done,
            Outcome::Declined(_) => Claim::Nothing,
            _ => Claim::Open,
        },
        Err(error) if error.fate() == Fate::Unknown => Claim::Open,
        Err(_) => Claim::Nothing,
    }
}

/// Whether a claim about an operation fits what was booked since.
pub(crate) fn holds(claim: Claim, operation: &Operation, amount: Money, booked: &[Booked]) -> bool {
    let kind = match operation.kind() {
        OperationKind::Authorize => EntryKind::Authorize,
        OperationKind::Payout => EntryKind::Payout,
        OperationKind::Refund => EntryKind::Refund,
        OperationKind::Transfer => EntryKind::Transfer,
        OperationKind::Void => EntryKind::Void,
        _ => EntryKind::Capture,
    };
    let done: Vec<_> = booked.iter().filter(|booked| booked.kind == kind).collect();
    match claim {
        Claim::Done => matches!(done.as_slice(), [one] if one.amount == amount),
        Claim::Nothing => booked.is_empty(),
        Claim::Open => done.len() <= 1,
    }
}

/// A provider, and a gateway on it.
pub(crate) struct World {
    pub(crate) stand: Stand,
    pub(crate) gateway: Gateway,
    number: u32,
}

impl World {
    pub(crate) fn new(stand: Stand) -> Self {
        Self {
            gateway: stand.gateway(),
            stand,
            number: 0,
        }
    }

    pub(crate) fn offers(&self, kind: OperationKind) -> bool {
        self.gateway.capabilities().offers(kind)
    }

    /// Whether the first call of a gateway gets an access token.
    pub(crate) async fn spends_tokens(&mut self) -> bool {
        let charge = self.charge(self.stand.subject.approved.clone());
        self.gateway.sale(charge).await.unwrap();
        self.stand.provider.count() > 1
    }

    pub(crate) fn whole(&self) -> Money {
        self.stand.subject.amount
    }

    pub(crate) fn half(&self) -> Money {
        Money::new(self.whole().minor() / 2, self.whole().currency())
    }

    pub(crate) fn reference(&mut self) -> Reference {
        self.number += 1;
        format!("claims-{:05}", self.number).parse().unwrap()
    }

    pub(crate) fn charge(&mut self, source: Source) -> Charge {
        let mut charge = Charge::new(self.reference(), self.whole(), source);
        (self.stand.subject.complete)(&mut charge);
        charge
    }

    /// A payment that was held, or taken and settled.
    pub(crate) async fn payment(&mut self, held: bool) -> PaymentRef {
        let charge = Box::new(self.charge(self.stand.subject.approved.clone()));
        let operation = if held {
            Operation::Authorize(charge)
        } else {
            Operation::Sale(charge)
        };
        let answer = self.gateway.execute(&operation).await.unwrap();
        if matches!(answer.outcome, Outcome::Approved) {
            return answer.payment.reference;
        }
        assert!(self.stand.subject.settle.settle(&answer, End::Approved).await);
        tokio::time::sleep(self.gateway.capabilities().inquiry_interval).await;
        let inquiry = Inquiry::Payment(answer.payment.reference);
        self.gateway.inquire(inquiry).await.unwrap().payment.reference
    }

    /// A fresh operation, with a payment to do it on.
    pub(crate) async fn operation(&mut self, kind: OperationKind) -> Operation {
        let (whole, half) = (self.whole(), self.half());
        match kind {
            OperationKind::Authorize => {
                Operation::Authorize(Box::new(self.charge(self.stand.subject.approved.clone())))
            }
            OperationKind::Capture => {
                let payment = self.payment(true).await;
                Operation::Capture(Capture::new(payment, self.reference(), half))
            }
            OperationKind::Payout => {
                let payee = self.stand.subject.payee.clone().unwrap();
                Operation::Payout(Box::new(Payout::new(self.reference(), whole, payee)))
            }
            OperationKind::Refund => {
                let payment = self.payment(false).await;
                Operation::Refund(Refund::new(payment, self.reference(), half))
            }
            OperationKind::Transfer => {
                let (from, to) = self.stand.subject.accounts.clone().unwrap();
                Operation::Transfer(Transfer::new(self.reference(), whole, from, to))
            }
            OperationKind::Void => {
                let payment = if self.offers(OperationKind::Authorize) {
                    self.payment(true).await
                } else {
                    // What is pending can be cancelled, and what was settled cannot.
                    let charge = self.charge(self.stand.subject.approved.clone());
                    self.gateway.sale(charge).await.unwrap().payment.reference
                };
                let mut void = Void::new(payment, self.reference());
                void.amount = Some(whole);
                Operation::Void(void)
            }
            _ => Operation::Sale(Box::new(self.charge(self.stand.subject.approved.clone()))),
        }
    }

    /// Asks what became of an operation, if that is unknown, and gives the answer's claim with its words. Asking moves nothing.
    pub(crate) async fn asked(&self, result: &Result<Answer, Error>) -> Option<(Claim, String)> {
        let error = result.as_ref().err().filter(|error| error.fate() == Fate::Unknown)?;
        let before = self.stand.provider.count();
        let unresolved = error
            .unresolved()
            .unwrap_or_else(|| panic!("nothing to ask with: {error}"));
        let found = self.gateway.resolve(unresolved.clone()).await;
        // A question may have to wait for its turn, and a late request may be booked meanwhile; so what was sent is looked at, not what is booked.
        for request in self.stand.provider.requests().iter().skip(before) {
            let path = request.uri().path();
            let asks = request.method() == http::Method::GET || path.ends_with("/search") || path.contains("/auth/");
            assert!(asks, "asking sent {} {path}", request.method());
        }
        Some((claim(&found), format!("asked later: {}", words(&found))))
    }

    /// Lets everything happen that will.
    pub(crate) async fn passes(&self) {
        tokio::time::sleep(Duration::from_secs(400)).await;
    }
}

/// A result in a line.
pub(crate) fn words(result: &Result<Answer, Error>) -> String {
    match result {
        Ok(answer) => format!("{} ({})", answer.outcome.as_str(), answer.payment.state),
        Err(error) => error.to_string(),
    }
}
