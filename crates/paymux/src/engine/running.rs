//! An adapter carries an operation out, and the engine looks at what it answers.

use paymux_core::{
    Answer, Entry, Error, Fate, Field, Mode, Operation, OperationKind, Outcome, Payment, PaymentGateway as _, RawReply,
    Unresolved,
};
use tracing::Span;

use super::tally::State;
use super::{EngineWire, Gateway};

impl Gateway {
    pub(super) async fn run(
        &self,
        operation: &Operation,
        dropped: Vec<Field>,
        wire: &EngineWire,
        span: &Span,
    ) -> Result<Answer, Error> {
        let kind = operation.kind();
        // An adapter sees what is to be done; that it is done again is the wire's affair.
        let asked = match operation {
            Operation::Complete(completion) => &completion.operation,
            other => other,
        };
        let result = self.shared.adapter.execute(asked, wire).await;
        let tally = wire.tally.lock();
        span.record("attempts", tally.attempts);
        let raw = tally.raw.clone();
        let result = match result {
            Ok(mut answer) => {
                self.stamp(&mut answer.payment, operation, raw, dropped);
                self.check_mode(kind, answer)
            }
            Err(mut error) => {
                if let Some(payment) = error.payment_mut() {
                    self.stamp(payment, operation, raw.clone(), dropped);
                }
                if let Some(raw) = raw.filter(|_| error.raw().is_none()) {
                    error = error.with_raw(raw);
                }
                if error.is_rate_limited() && error.retry_after().is_none() {
                    error = error.with_retry_after(self.shared.restraint.quiet());
                }
                let fate = tally.fate(&error);
                Err(error.with_fate(fate))
            }
        };
        result.map_err(|error| self.unresolved(operation, &tally, error))
    }

    fn stamp(&self, payment: &mut Payment, operation: &Operation, raw: Option<RawReply>, dropped: Vec<Field>) {
        payment.reference.put_on(&self.shared.name);
        payment.raw = payment.raw.take().or(raw);
        payment.dropped.extend(dropped);
        if payment.order.is_none() {
            payment.order = operation.charge().and_then(|charge| charge.order.clone());
        }
        if payment.merchant_reference.is_none() {
            payment.merchant_reference = operation.charge().map(|charge| charge.reference.to_string());
        }
    }

    /// A test's approval is worth nothing on a live gateway, and a live one on a test gateway was not meant.
    pub(super) fn check_mode(&self, kind: OperationKind, answer: Answer) -> Result<Answer, Error> {
        let mark = match (self.capabilities().mode, answer.payment.test) {
            (Mode::Live, Some(true)) => {
                "the provider marks this as a test, and the gateway is live: no real money moved"
            }
            (Mode::Test, Some(false)) => "the provider does not mark this as a test, and the gateway is one",
            _ => return Ok(answer),
        };
        let fate = match (kind, &answer.outcome) {
            (OperationKind::Inquire | OperationKind::Resolve, _) => Fate::NotDone,
            (_, Outcome::Declined(_)) if !answer.payment.entries.iter().any(Entry::is_approved) => Fate::Rejected,
            _ => Fate::Unknown,
        };
        Err(Error::mismatch(mark, answer.payment).with_fate(fate))
    }

    pub(super) fn unresolved(&self, operation: &Operation, tally: &State, error: Error) -> Error {
        if error.fate() != Fate::Unknown || error.unresolved().is_some() {
            return error;
        }
        // What is still open of a question about an open operation is told where it is asked.
        if matches!(operation, Operation::Inquire(_) | Operation::Resolve(_)) {
            return error;
        }
        let capabilities = self.capabilities();
        let made = error.payment().map(|payment| payment.reference.clone());
        let known = match operation {
            Operation::Complete(completion) => completion.unresolved.payment.clone(),
            other => other.payment().cloned(),
        };
        let unresolved = Unresolved::new(
            &self.shared.name,
            capabilities,
            operation,
            known.or(made),
            tally.notes.clone(),
            tally.last_sent.unwrap_or_else(|| self.shared.clock.now()),
        )
        .with_first_sent(tally.first_sent);
        error.with_unresolved(unresolved)
    }
}
