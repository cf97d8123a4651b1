//! Operations: how they begin, wait, end and are booked.

use std::time::Duration;

use jiff::Timestamp;

use super::CoolPay;
use super::card::Scenario;
use super::state::{Ask, Deed, Operation, Resource, State, Type, Verdict};
use crate::{Kind, Movement, Origin};

impl CoolPay {
    /// Begins an operation, and ends it at once if somebody waits for it and it need not be held. Gives its number.
    pub(super) fn begin(&mut self, now: Timestamp, id: u64, mut ask: Ask) -> u64 {
        if let Some(code) = self.forced.take_if(|_| ask.deed != Deed::Renew) {
            ask.fixed = Some(Verdict::from_code(&code, &self.settings.acquirer));
        }
        let held = ask.deed.meets_card()
            && ask.fixed.is_none()
            && ask
                .card
                .as_ref()
                .is_some_and(|c| c.fault().is_none() && c.scenario() == Scenario::Held);
        let wait = match (held, ask.waited_for) {
            (true, _) => self.settings.held,
            (false, true) => Duration::ZERO,
            (false, false) => self.settings.operation_time,
        };
        let Some(resource) = self.resources.get_mut(&id) else {
            return 0;
        };
        let operation = resource.next_operation();
        resource.updated_at = now;
        resource.operations.push(Operation {
            id: operation,
            deed: ask.deed,
            amount: ask.amount,
            pending: true,
            verdict: None,
            secure: ask.secure || ask.card.as_ref().is_some_and(|c| c.authenticated),
            created_at: now,
            delivery: None,
            ask,
        });
        if wait.is_zero() {
            self.finish(now, id, operation);
        } else {
            self.queue.insert((super::later(now, wait), id, operation));
        }
        operation
    }

    /// Ends what has waited until `now`, in the order of time.
    pub(super) fn settle(&mut self, now: Timestamp) {
        while let Some((at, id, operation)) = self.queue.first().copied().filter(|(at, _, _)| *at <= now) {
            self.queue.pop_first();
            if operation == 0 {
                self.pass_deadline(at, id);
            } else {
                self.finish(at, id, operation);
            }
        }
    }

    /// Gives an operation its verdict and lets the consequences happen.
    pub(super) fn finish(&mut self, at: Timestamp, id: u64, operation: u64) {
        let Some(mut resource) = self.resources.remove(&id) else {
            return;
        };
        let found = resource.operation(operation).filter(|o| o.pending).cloned();
        let verdict = found.as_ref().map(|o| self.judge(at, &resource, o));
        if let (Some(found), Some(verdict)) = (&found, &verdict) {
            self.conclude(at, &mut resource, found, verdict);
        }
        self.resources.insert(id, resource);
        let (Some(found), Some(verdict)) = (found, verdict) else {
            return;
        };
        if verdict.code == "20200" {
            return;
        }
        self.announce(at, id, operation, found.ask.callback_url.as_deref());
        if verdict.is_approved() && found.ask.auto_capture {
            let mut ask = Ask::new(Deed::Capture, found.amount, found.ask.origin);
            ask.callback_url = found.ask.callback_url;
            ask.waited_for = found.ask.waited_for;
            self.begin(at, id, ask);
        }
    }

    fn conclude(&mut self, at: Timestamp, resource: &mut Resource, found: &Operation, verdict: &Verdict) {
        let acquirer = self.acquirer_of(resource, found);
        resource.updated_at = at;
        if let Some(operation) = resource.operation_mut(found.id) {
            operation.pending = verdict.code == "20200";
            operation.verdict = Some(verdict.clone());
        }
        if let Some(card) = found.ask.card.as_ref().filter(|_| found.deed.meets_card()) {
            let origin = if found.ask.origin == Origin::Page {
                "form"
            } else {
                "api"
            };
            let mut shown = card.metadata(self.settings.generic_test_brand, found.secure, origin);
            resource.metadata.append(&mut shown);
            resource.test_mode = card.is_test() && !self.settings.live;
            resource.acquirer = Some(acquirer);
            if !resource.accepted || verdict.is_approved() {
                resource.card = Some(card.clone());
            }
        }
        let refused = verdict.code.starts_with('4');
        match (found.deed, resource.kind) {
            (Deed::Authorize | Deed::Recurring | Deed::Credit, kind) if verdict.is_approved() => {
                resource.accepted = true;
                resource.state = match kind {
                    Type::Payment | Type::Card => State::New,
                    Type::Subscription => State::Active,
                    Type::Payout => State::Processed,
                };
            }
            (Deed::Authorize | Deed::Recurring | Deed::Credit, _) if refused && !resource.accepted => {
                resource.state = State::Rejected;
            }
            (Deed::Cancel, Type::Subscription) if verdict.is_approved() => resource.state = State::Cancelled,
            (Deed::Capture | Deed::Refund | Deed::Cancel, _) if verdict.is_approved() => {
                resource.state = State::Processed;
            }
            _ => {}
        }
        if verdict.is_approved() {
            self.book(at, resource, found);
        }
    }

    fn book(&mut self, at: Timestamp, resource: &Resource, operation: &Operation) {
        let (kind, minor) = match (resource.kind, operation.deed) {
            (Type::Payment, Deed::Authorize | Deed::Recurring) => (Kind::Authorize, operation.amount),
            (Type::Payment, Deed::Capture) => (Kind::Capture, operation.amount),
            (Type::Payment, Deed::Refund) => (Kind::Refund, operation.amount),
            (Type::Payment, Deed::Cancel) => (Kind::Void, Some(resource.authorized())),
            (Type::Payout, Deed::Credit) => (Kind::Payout, operation.amount),
            _ => return,
        };
        let named = matches!(kind, Kind::Authorize | Kind::Payout);
        self.ledger.book(Movement {
            at,
            kind,
            payment: resource.id.to_string(),
            id: format!("{}/{}", resource.id, operation.id),
            reference: resource.order_id.clone().filter(|_| named),
            minor: minor.unwrap_or(0),
            currency: resource.currency.clone().unwrap_or_default(),
            origin: operation.ask.origin,
        });
    }

    fn pass_deadline(&mut self, at: Timestamp, id: u64) {
        let Some(resource) = self.resources.get_mut(&id) else {
            return;
        };
        let Some(link) = resource.link.as_ref().filter(|l| l.deadline_at == Some(at)) else {
            return;
        };
        if resource.accepted || resource.pending() {
            return;
        }
        let mut ask = Ask::new(Deed::Deadline, None, Origin::Page);
        ask.callback_url.clone_from(&link.callback_url);
        let callback_url = ask.callback_url.clone();
        let operation = resource.next_operation();
        resource.updated_at = at;
        resource.operations.push(Operation {
            id: operation,
            deed: Deed::Deadline,
            amount: None,
            pending: false,
            verdict: None,
            secure: false,
            created_at: at,
            delivery: None,
            ask,
        });
        self.announce(at, id, operation, callback_url.as_deref());
    }
}
