//! Sends webhooks: pings, events, and events again.

use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use jiff::Timestamp;
use sha2::Sha256;

use super::Qolo;
use super::accept::later;
use super::hooks::Hook;
use super::state::Row;
use super::writing::Object;
use crate::Webhook;

/// The header with the checksum of the body.
const SIGNATURE: &str = "x-qolo-signature";
/// How soon a webhook must be answered.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long after each failure it is sent again, in seconds.
const AGAIN: [u64; 6] = [10, 30, 60, 300, 900, 3600];

/// A webhook that has not been acknowledged yet.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    id: u64,
    hook: String,
    /// The ping of this address, not an event.
    ping: Option<String>,
    body: Bytes,
    failures: usize,
    /// When to send it; `None` while it is in flight.
    next: Option<Timestamp>,
    sent: Timestamp,
}

/// The checksum of a body, in lower-case hexadecimal.
pub(super) fn signature(secret: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body);
    Some(hex::encode(mac.finalize().into_bytes()))
}

fn request(hook: &Hook, url: &str, body: &Bytes) -> Option<Request<Bytes>> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.clone())
        .ok()?;
    for line in hook.headers.as_deref().unwrap_or_default().lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let pair = (name.trim().parse::<HeaderName>(), HeaderValue::from_str(value.trim()));
        if let (Ok(name), Ok(value)) = pair {
            request.headers_mut().insert(name, value);
        }
    }
    if let Some(text) = hook.secret.as_deref().and_then(|secret| signature(secret, body)) {
        request
            .headers_mut()
            .insert(SIGNATURE, HeaderValue::from_str(&text).ok()?);
    }
    Some(request)
}

impl Qolo {
    fn queue(&mut self, now: Timestamp, hook: &str, ping: Option<String>, body: Bytes) {
        self.delivered += 1;
        self.deliveries.push(Delivery {
            id: self.delivered,
            hook: hook.to_owned(),
            ping,
            body,
            failures: 0,
            next: Some(now),
            sent: now,
        });
    }

    /// Queues the ping of a subscription's address.
    pub(super) fn ping(&mut self, now: Timestamp, hook: &Hook) {
        let body = Object::new()
            .put("event_type", "ping")
            .put("notification_guid", &hook.guid)
            .put("event_date", &now);
        self.queue(now, &hook.guid, Some(hook.url.clone()), body.with_extras().bytes());
    }

    /// Queues an event for everybody who subscribed to it.
    pub(super) fn announce(&mut self, now: Timestamp, event: &str, row: &Row) {
        let hooks: Vec<String> = self
            .hooks
            .iter()
            .filter(|h| h.wants(event))
            .map(|h| h.guid.clone())
            .collect();
        for hook in hooks {
            let about = Object::new()
                .put("txn_guid", &row.guid)
                .maybe("payment_guid", row.payment_guid.as_ref())
                .maybe("bank_eft_guid", row.eft_guid.as_ref())
                .put("txn_status", row.state.word())
                .put("reason_code", &row.reason)
                .money("txn_amount", row.minor, &row.currency)
                .put("txn_currency", &row.currency)
                .put("program_guid", &self.settings.program_guid)
                .put("event_guid", &self.guid())
                .put("event_date", &now);
            let body = if self.settings.nested_events {
                Object::new().put("event", event).put("data", &about)
            } else {
                about.put("event_type", event)
            };
            self.queue(now, &hook, None, body.with_extras().bytes());
        }
    }

    /// The webhooks to be sent now. Those of a subscription that is no longer active are dropped.
    pub(super) fn deliver(&mut self, now: Timestamp) -> Vec<Webhook> {
        let hooks = &self.hooks;
        self.deliveries
            .retain(|d| d.ping.is_some() || hooks.iter().any(|h| h.guid == d.hook && h.active()));
        let mut webhooks = Vec::new();
        for delivery in &mut self.deliveries {
            if delivery.next.is_none_or(|next| next > now) {
                continue;
            }
            delivery.next = None;
            delivery.sent = now;
            let Some(hook) = hooks.iter().find(|h| h.guid == delivery.hook) else {
                continue;
            };
            let url = delivery.ping.as_deref().unwrap_or(&hook.url);
            webhooks.extend(request(hook, url, &delivery.body).map(|request| Webhook {
                id: delivery.id,
                request,
            }));
        }
        webhooks
    }

    /// Takes note of how a webhook was answered: 200 in time is good, anything else is not.
    pub(super) fn delivery_answered(&mut self, now: Timestamp, id: u64, status: Option<StatusCode>) {
        let Some(index) = self.deliveries.iter().position(|d| d.id == id && d.next.is_none()) else {
            return;
        };
        let mut delivery = self.deliveries.remove(index);
        let good = status == Some(StatusCode::OK) && now <= later(delivery.sent, PATIENCE);
        if let Some(url) = delivery.ping {
            // A ping is not repeated.
            if let Some(hook) = self.hooks.iter_mut().find(|h| h.guid == delivery.hook && h.url == url) {
                hook.proven = good || hook.proven;
            }
            return;
        }
        let Some(pause) = AGAIN.get(delivery.failures).filter(|_| !good) else {
            return;
        };
        delivery.failures += 1;
        delivery.next = Some(later(now, Duration::from_secs(*pause)));
        self.deliveries.push(delivery);
    }
}
