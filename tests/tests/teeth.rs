//! The suite bites: a gateway that goes wrong in one way fails the cases that are about it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use async_trait::async_trait;
use paymux::{
    Answer, Capabilities, Decline, DeclineReason, Delivery, Error, Event, Fate, Gateway, MethodQuery, Operation,
    OperationKind, Outcome, PaymentGateway, PaymentMethod, WebhookError,
};
use paymux_conformance::suite;
use paymux_simulator::coolpay::Settings;
use paymux_tests::stands;

/// What a gateway does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vice {
    /// Takes nothing back: an unknown outcome is said to have done nothing.
    Denies,
    /// Makes another attempt, under another reference, when an outcome is unknown.
    Resends,
    /// Loses what is needed to ask later.
    Forgets,
    /// Takes what is only authorized for paid.
    Believes,
    /// Says that what was approved was declined.
    Declines,
    /// Does what it does not declare.
    Hides,
    /// Prints its key.
    Talks,
    /// Does not say what it dropped.
    Drops,
}

struct Crooked {
    inner: Gateway,
    vice: Vice,
    capabilities: Capabilities,
}

impl std::fmt::Debug for Crooked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.vice == Vice::Talks {
            "canary-api-key"
        } else {
            "Crooked"
        })
    }
}

impl Crooked {
    async fn spoil(&self, operation: &Operation, result: Result<Answer, Error>) -> Result<Answer, Error> {
        match (self.vice, result) {
            (Vice::Denies, Err(error)) => Err(error.with_fate(Fate::NotDone)),
            (Vice::Resends, Err(error)) if error.fate() == Fate::Unknown => {
                let mut again = operation.clone();
                if let Operation::Sale(charge) = &mut again {
                    charge.reference = format!("x{}", charge.reference).parse().unwrap();
                }
                self.inner.execute(&again).await
            }
            (Vice::Forgets, Err(error)) => Err(Error::new(error.kind(), error.message()).with_fate(error.fate())),
            (Vice::Believes, Err(error)) => match error.payment() {
                Some(payment) => Ok(Answer::new(Outcome::Approved, payment.clone())),
                None => Err(error),
            },
            (Vice::Declines, Ok(mut answer)) if operation.kind() == OperationKind::Sale => {
                answer.outcome = Outcome::Declined(Decline::new(DeclineReason::DoNotHonor, "0"));
                Ok(answer)
            }
            (Vice::Drops, Ok(mut answer)) => {
                answer.payment.dropped.clear();
                Ok(answer)
            }
            (_, result) => result,
        }
    }
}

#[async_trait]
impl PaymentGateway for Crooked {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        let result = self.inner.execute(operation).await;
        self.spoil(operation, result).await
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.inner.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.inner.receive(delivery)
    }
}

/// The cases that fail for a gateway with this vice.
async fn failures(vice: Option<Vice>) -> Vec<&'static str> {
    let stand = stands::coolpay(Settings::default());
    let inner = stand.gateway();
    let mut capabilities = inner.capabilities().clone();
    if vice == Some(Vice::Hides) {
        capabilities
            .abilities
            .retain(|ability| ability.operation != OperationKind::Void);
    }
    let report = match vice {
        Some(vice) => {
            let gateway = Crooked {
                inner,
                vice,
                capabilities,
            };
            suite(&gateway, &stand.subject).await
        }
        None => suite(&inner, &stand.subject).await,
    };
    report.failures().map(|line| line.case).collect()
}

#[tokio::test(start_paused = true)]
async fn a_straight_gateway_passes() {
    assert_eq!(failures(None).await, Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn a_crooked_gateway_is_found_out() {
    let mut missed: Vec<String> = Vec::new();
    for (vice, cases) in [
        (
            Vice::Denies,
            &[
                "a request that is lost",
                "a request that acts late",
                "a lost answer, and stale lookups",
            ][..],
        ),
        (Vice::Resends, &["a request that acts late"]),
        (Vice::Forgets, &["a request that acts late"]),
        (Vice::Believes, &["a request that acts late"]),
        (Vice::Declines, &["a sale is booked once", "an answer that is lost"]),
        (Vice::Hides, &["what is not offered is refused"]),
        (Vice::Talks, &["no secret is ever said"]),
        (Vice::Drops, &["what is not carried is listed"]),
    ] {
        let failures = failures(Some(vice)).await;
        let unseen = cases.iter().filter(|case| !failures.contains(case));
        missed.extend(unseen.map(|case| format!("{vice:?} is not found by `{case}`, only by {failures:?}")));
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
