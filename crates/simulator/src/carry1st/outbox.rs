//! Webhooks on their way to the merchant.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use jiff::Timestamp;

use super::settings::Settings;
use super::{later, signing};
use crate::Webhook;

/// What goes wrong with one webhook. If it is sent again, nothing does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookFault {
    /// It is sent twice.
    Duplicate,
    /// Its signature does not fit.
    BadSignature,
    /// Its timestamp is an hour old; the signature fits.
    Stale,
    /// It comes this much later, so that a later one may overtake it.
    Late(Duration),
    /// It is never sent.
    Silent,
}

/// The webhooks that wait, and those in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    waiting: Vec<Letter>,
    flying: Vec<(u64, Letter)>,
    faults: VecDeque<WebhookFault>,
    sent: u64,
}

#[derive(Clone, Debug)]
struct Letter {
    at: Timestamp,
    url: String,
    body: Bytes,
    tries: usize,
    fault: Option<WebhookFault>,
}

impl Outbox {
    /// Plans a fault for the next webhook that has none yet.
    pub(super) fn spoil(&mut self, fault: WebhookFault) {
        self.faults.push_back(fault);
    }

    /// Queues a webhook.
    pub(super) fn put(&mut self, now: Timestamp, url: &str, body: Bytes) {
        let fault = self.faults.pop_front();
        let mut letter = Letter {
            at: now,
            url: url.to_owned(),
            body,
            tries: 0,
            fault: None,
        };
        match fault {
            Some(WebhookFault::Silent) => return,
            Some(WebhookFault::Late(time)) => letter.at = later(now, time),
            Some(WebhookFault::Duplicate) => self.waiting.push(letter.clone()),
            other => letter.fault = other,
        }
        self.waiting.push(letter);
    }

    /// The webhooks to deliver now, signed for now.
    pub(super) fn due(&mut self, now: Timestamp, settings: &Settings) -> Vec<Webhook> {
        let (mut due, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|letter| letter.at <= now);
        self.waiting = still;
        due.sort_by_key(|letter| letter.at);
        let mut webhooks = Vec::new();
        for letter in due {
            // A URL that is none can never be reached.
            if let Some(request) = letter.request(now, &settings.signing_key) {
                self.sent += 1;
                webhooks.push(Webhook { id: self.sent, request });
                self.flying.push((self.sent, letter));
            }
        }
        webhooks
    }

    /// Forgets a webhook that was acknowledged, and queues any other again while there are tries left.
    pub(super) fn answered(&mut self, now: Timestamp, id: u64, status: Option<StatusCode>, settings: &Settings) {
        let Some(index) = self.flying.iter().position(|(flying, _)| *flying == id) else {
            return;
        };
        let (_, mut letter) = self.flying.swap_remove(index);
        if status.is_some_and(|status| status.is_success()) {
            return;
        }
        if let Some(wait) = settings.redelivery.get(letter.tries) {
            letter.at = later(now, *wait);
            letter.tries += 1;
            letter.fault = None;
            self.waiting.push(letter);
        }
    }
}

impl Letter {
    fn request(&self, now: Timestamp, key: &str) -> Option<Request<Bytes>> {
        let stated = if self.fault == Some(WebhookFault::Stale) {
            now.checked_sub(Duration::from_secs(3600)).unwrap_or(Timestamp::MIN)
        } else {
            now
        };
        let timestamp = stated.to_string();
        let signature = if self.fault == Some(WebhookFault::BadSignature) {
            signing::sign("another key", &timestamp, &self.body)
        } else {
            signing::sign(key, &timestamp, &self.body)
        };
        Request::post(self.url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(signing::SIGNATURE, signature)
            .header(signing::TIMESTAMP, timestamp)
            .body(self.body.clone())
            .ok()
    }
}
