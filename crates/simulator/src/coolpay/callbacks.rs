//! Callbacks: one line per resource, in order, signed, and sent again until somebody takes them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use jiff::Timestamp;

use super::CoolPay;
use super::state::{Delivery, Type};
use super::{later, sign, view};
use crate::Webhook;

const TRIES: u64 = 24;

/// A callback that nobody has taken yet.
#[derive(Clone, Debug)]
pub(super) struct Callback {
    resource: u64,
    operation: u64,
    url: String,
    kind: Type,
    body: Bytes,
    not_before: Timestamp,
    tries: u64,
    /// The number of the delivery that is on its way.
    in_flight: Option<u64>,
}

impl CoolPay {
    /// Queues the callback of an operation, with the resource as it is now.
    pub(super) fn announce(&mut self, at: Timestamp, id: u64, operation: u64, url: Option<&str>) {
        let Some(resource) = self.resources.get(&id) else {
            return;
        };
        if !matches!(resource.kind, Type::Payment | Type::Subscription) {
            return;
        }
        let Some(url) = url.or(self.settings.callback_url.as_deref()) else {
            return;
        };
        let shown = view::resource(resource, self.settings.merchant_id, &self.base(), None);
        self.callbacks.push(Callback {
            resource: id,
            operation,
            url: url.to_owned(),
            kind: resource.kind,
            body: serde_json::to_vec(&shown).unwrap_or_default().into(),
            not_before: later(at, self.settings.callback_after),
            tries: 0,
            in_flight: None,
        });
    }

    /// The callbacks to send now: for each resource the oldest that nobody has taken.
    pub(super) fn callbacks_due(&mut self, now: Timestamp) -> Vec<Webhook> {
        let mut seen = BTreeMap::new();
        let mut due = Vec::new();
        for callback in &mut self.callbacks {
            if seen.insert(callback.resource, ()).is_some() || callback.in_flight.is_some() || callback.not_before > now
            {
                continue;
            }
            let mut request = Request::post(&callback.url)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::ACCEPT, "*/*");
            let checksum = sign::checksum(&self.settings.private_key, &callback.body);
            for prefix in self.settings.header_prefix.names() {
                request = request
                    .header(format!("{prefix}-checksum-sha256"), &checksum)
                    .header(format!("{prefix}-resource-type"), callback.kind.label())
                    .header(format!("{prefix}-account-id"), self.settings.merchant_id)
                    .header(format!("{prefix}-api-version"), "v10");
            }
            let Ok(request) = request.body(callback.body.clone()) else {
                continue;
            };
            self.last_delivery += 1;
            callback.tries += 1;
            callback.in_flight = Some(self.last_delivery);
            due.push(Webhook {
                id: self.last_delivery,
                request,
            });
        }
        due
    }

    /// Takes note of the answer to a delivery.
    pub(super) fn delivered(&mut self, now: Timestamp, delivery: u64, status: Option<StatusCode>) {
        let Some(at) = self.callbacks.iter().position(|c| c.in_flight == Some(delivery)) else {
            return;
        };
        let mut callback = self.callbacks.remove(at);
        let success = status.is_some_and(|s| s.is_success() || matches!(s.as_u16(), 302 | 303));
        let operation = self
            .resources
            .get_mut(&callback.resource)
            .and_then(|r| r.operation_mut(callback.operation));
        if let Some(operation) = operation {
            operation.delivery = Some(Delivery {
                url: callback.url.clone(),
                at: now,
                success,
                status,
            });
        }
        if !success && callback.tries < TRIES {
            let minutes = callback.tries * callback.tries;
            callback.not_before = later(now, Duration::from_secs(minutes * 60));
            callback.in_flight = None;
            self.callbacks.insert(at, callback);
        }
    }
}
