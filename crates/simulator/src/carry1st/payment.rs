//! Payments: made by the API, finished by the customer or by time.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;

use super::order::Order;
use super::refusal::Refusal;
use super::settings::Duplicate;
use super::views::{Event, Full, Made};
use super::{Carry1st, later};
use crate::{BackOfficeAction, Entry, Kind, Movement, Origin, wire};

/// Statuses after which the customer can do nothing any more.
const CLOSED: &[&str] = &["SUCCESSFUL", "FAILED", "CANCELLED", "ABANDONED", "REFUND", "CHARGEBACK"];

/// One payment.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub(super) reference: String,
    pub(super) transaction: String,
    pub(super) order: Order,
    pub(super) minor: i64,
    pub(super) status: String,
    pub(super) channel: Option<u32>,
    pub(super) captured: bool,
    /// What disputes and the back office took back, in minor units.
    pub(super) taken: i64,
    made: Timestamp,
}

impl Payment {
    /// Whether the customer can still do something.
    pub(super) fn open(&self) -> bool {
        !CLOSED.contains(&self.status.as_str())
    }

    /// The currency.
    pub(super) fn currency(&self) -> &str {
        &self.order.currency_code
    }
}

impl Carry1st {
    /// Answers a request for a payment.
    pub(super) fn create(&mut self, now: Timestamp, body: &Bytes) -> Result<Response<Bytes>, Refusal> {
        let (order, minor) = Order::read(body)?;
        let twin = self
            .payments
            .iter()
            .find(|payment| payment.order.partner_reference == order.partner_reference);
        if let Some(twin) = twin {
            let refuse = |status| {
                Err(Refusal::new(
                    status,
                    "SIM_DUPLICATE",
                    "partnerReference was used before",
                ))
            };
            return match self.settings.duplicate {
                Duplicate::BadRequest => refuse(StatusCode::BAD_REQUEST),
                Duplicate::Conflict => refuse(StatusCode::CONFLICT),
                Duplicate::SamePayment => Ok(wire::json(StatusCode::CREATED, &Made::new(twin))),
            };
        }
        let number = 113_976_984_708_914 + self.serial() * 1_000_003;
        let payment = Payment {
            reference: format!("C-{number:015}-P"),
            transaction: format!("C-{number:015}-T"),
            order,
            minor,
            status: "NEW".to_owned(),
            channel: None,
            captured: false,
            taken: 0,
            made: now,
        };
        let response = wire::json(StatusCode::CREATED, &Made::new(&payment));
        self.payments.push(payment);
        Ok(response)
    }

    /// Answers a lookup.
    pub(super) fn look_up(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
        let query = wire::query(request);
        let reference = wire::first(&query, "reference")
            .filter(|reference| !reference.is_empty())
            .ok_or_else(|| Refusal::field("reference is missing"))?;
        let payment = self
            .payments
            .iter()
            .find(|payment| payment.reference == reference)
            .ok_or_else(|| Refusal::unknown("no payment has this reference"))?;
        Ok(wire::json(StatusCode::OK, &Full::new(payment, &self.settings)))
    }

    /// Brings a payment to any status, known or not, as the customer or time would, and queues its webhook. Tells whether that was possible:
    /// a payment that is paid can only become `REFUND` or `CHARGEBACK`, once and for what is left of it, and no other can become these.
    ///
    /// A code that was forced takes the place of the status of a payment that is not paid yet.
    pub fn finish(&mut self, now: Timestamp, reference: &str, status: &str) -> bool {
        let left = self.refundable(reference);
        let serial = self.serial();
        let Some(payment) = self.payments.iter_mut().find(|payment| payment.reference == reference) else {
            return false;
        };
        let back = match status {
            "REFUND" => Some(Kind::Refund),
            "CHARGEBACK" => Some(Kind::Chargeback),
            _ => None,
        };
        if payment.captured != back.is_some() || (payment.captured && left <= 0) {
            return false;
        }
        let status = if payment.captured {
            status.to_owned()
        } else {
            self.forced.take().unwrap_or_else(|| status.to_owned())
        };
        let mut movement = Movement {
            at: now,
            kind: Kind::Capture,
            payment: payment.reference.clone(),
            id: payment.transaction.clone(),
            reference: Some(payment.order.partner_reference.clone()),
            minor: payment.minor,
            currency: payment.currency().to_owned(),
            origin: Origin::Page,
        };
        if let Some(kind) = back {
            payment.taken += left;
            movement.kind = kind;
            movement.id = format!("B-{serial}");
            movement.minor = left;
            movement.origin = Origin::BackOffice;
            self.ledger.book(movement);
        } else if status == "SUCCESSFUL" {
            payment.captured = true;
            self.ledger.book(movement);
        }
        payment.status = status;
        self.announce(now, reference);
        true
    }

    /// The payments as the provider's people see them.
    pub(super) fn listed(&self) -> Vec<Entry> {
        let entry = |payment: &Payment| {
            let mut actions = Vec::new();
            if payment.open() && payment.status != "NEW" {
                actions.extend([BackOfficeAction::Accept, BackOfficeAction::Refuse]);
            }
            if self.refundable(&payment.reference) > 0 {
                actions.extend([BackOfficeAction::Refund, BackOfficeAction::Chargeback]);
            }
            Entry {
                payment: payment.reference.clone(),
                reference: Some(payment.order.partner_reference.clone()),
                minor: payment.minor,
                currency: payment.currency().to_owned(),
                state: payment.status.clone(),
                actions,
            }
        };
        self.payments.iter().rev().map(entry).collect()
    }

    /// Takes an action of the provider's people. Refunds and chargebacks take all that is left: their statuses know no amount.
    pub(super) fn take_action(
        &mut self,
        now: Timestamp,
        reference: &str,
        action: BackOfficeAction,
        minor: Option<i64>,
    ) -> bool {
        self.settle(now);
        let entries = self.listed();
        let possible = entries
            .iter()
            .any(|e| e.payment == reference && e.actions.contains(&action));
        if !possible || minor.is_some_and(|minor| minor != self.refundable(reference)) {
            return false;
        }
        let status = match action {
            BackOfficeAction::Accept => "SUCCESSFUL",
            BackOfficeAction::Refuse => "FAILED",
            BackOfficeAction::Refund => "REFUND",
            BackOfficeAction::Chargeback => "CHARGEBACK",
            _ => return false,
        };
        self.finish(now, reference, status)
    }

    /// What is left of a payment for refunds, in minor units, those under way counted as done.
    pub(super) fn refundable(&self, reference: &str) -> i64 {
        let Some(payment) = self.payments.iter().find(|p| p.reference == reference && p.captured) else {
            return 0;
        };
        let refunds: i64 = self
            .refunds
            .iter()
            .filter(|refund| refund.payment == reference && refund.counts())
            .map(|refund| refund.minor)
            .sum();
        payment.minor - payment.taken - refunds
    }

    /// Abandons the payments whose time is over.
    pub(super) fn abandon(&mut self, now: Timestamp) {
        let life = self.settings.abandoned_after;
        let over: Vec<String> = self
            .payments
            .iter_mut()
            .filter(|payment| payment.open() && later(payment.made, life) <= now)
            .map(|payment| {
                payment.status = "ABANDONED".to_owned();
                payment.reference.clone()
            })
            .collect();
        for reference in over {
            self.announce(now, &reference);
        }
    }

    /// Queues the webhook of a payment's present status.
    fn announce(&mut self, now: Timestamp, reference: &str) {
        let Some(payment) = self.payments.iter().find(|payment| payment.reference == reference) else {
            return;
        };
        let Some(url) = payment.order.urls(&self.settings.fallback).webhook else {
            return;
        };
        let event = Event::new(payment, &self.settings);
        let body = serde_json::to_vec(&event).unwrap_or_default();
        self.outbox
            .put(later(now, self.settings.webhook_after), &url, body.into());
    }
}
