//! Webhooks on their way to the merchant.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use jiff::Timestamp;

use super::settings::Settings;
use super::{later, signing};
use crate::Webhook;

/// The webhooks that wait, and those in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    waiting: Vec<Letter>,
    flying: Vec<(u64, Letter)>,
    sent: u64,
}

#[derive(Clone, Debug)]
struct Letter {
    at: Timestamp,
    url: String,
    body: Bytes,
    tries: usize,
}

impl Outbox {
    /// Queues a webhook for this time.
    pub(super) fn put(&mut self, at: Timestamp, url: &str, body: Bytes) {
        self.waiting.push(Letter {
            at,
            url: url.to_owned(),
            body,
            tries: 0,
        });
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
            self.waiting.push(letter);
        }
    }
}

impl Letter {
    fn request(&self, now: Timestamp, key: &str) -> Option<Request<Bytes>> {
        let timestamp = now.to_string();
        let signature = signing::sign(key, &timestamp, &self.body);
        Request::post(self.url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(signing::SIGNATURE, signature)
            .header(signing::TIMESTAMP, timestamp)
            .body(self.body.clone())
            .ok()
    }
}
