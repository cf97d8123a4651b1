//! Notifications: unsigned hints of `/v3`, encrypted webhooks of `/v1`, and when they are sent again.

use std::collections::BTreeMap;

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce};
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::object::Object;
use super::settings::{Api, Settings};
use crate::Webhook;

/// How many minutes pass between the first tries; after these there is one try a day.
const MINUTES: &[i64] = &[1, 2, 4, 8, 15, 30, 60];
/// How many days a webhook is tried.
const DAYS: i64 = 30;

/// A message that is to be sent, or was sent and not yet answered.
#[derive(Clone, Debug)]
struct Letter {
    at: Timestamp,
    first: Timestamp,
    tries: usize,
    url: Uri,
    content: Value,
}

/// All messages on their way.
#[derive(Clone, Debug, Default)]
pub(super) struct Mail {
    waiting: Vec<Letter>,
    in_flight: BTreeMap<u64, Letter>,
    sent: u64,
    /// Whether the next encrypted webhook gets a wrong tag.
    pub(super) spoil: bool,
}

/// A ciphertext with what is needed to read it.
#[derive(Debug)]
pub(super) struct Sealed {
    /// The ciphertext, hexadecimal.
    pub(super) body: String,
    /// The initialization vector, hexadecimal.
    pub(super) vector: String,
    /// The tag, hexadecimal.
    pub(super) tag: String,
}

impl Mail {
    /// Puts a message in the queue. An address that is none is dropped silently, as nobody could be told.
    pub(super) fn post(&mut self, now: Timestamp, url: &str, content: Value) {
        let Ok(url) = url.parse::<Uri>() else {
            return;
        };
        if url.authority().is_some() {
            self.waiting.push(Letter {
                at: now,
                first: now,
                tries: 0,
                url,
                content,
            });
        }
    }

    /// The messages whose time has come.
    pub(super) fn due(&mut self, now: Timestamp, settings: &Settings) -> Vec<Webhook> {
        let (ready, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|letter| letter.at <= now);
        self.waiting = waiting;
        let mut webhooks = Vec::new();
        for letter in ready {
            self.sent += 1;
            if let Some(request) = self.request(&letter, settings) {
                webhooks.push(Webhook { id: self.sent, request });
                self.in_flight.insert(self.sent, letter);
            }
        }
        webhooks
    }

    /// Takes an answer. A webhook of `/v1` that was not acknowledged is tried again; a hint of `/v3` is not.
    pub(super) fn answered(&mut self, now: Timestamp, id: u64, status: Option<StatusCode>, api: Api) {
        let Some(mut letter) = self.in_flight.remove(&id) else {
            return;
        };
        if status.is_some_and(|s| s.is_success()) || api == Api::V3 {
            return;
        }
        let wait = MINUTES
            .get(letter.tries)
            .map_or(SignedDuration::from_hours(24), |m| SignedDuration::from_mins(*m));
        let last = letter.first.checked_add(SignedDuration::from_hours(24 * DAYS));
        letter.tries += 1;
        letter.at = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        if last.is_ok_and(|last| letter.at <= last) {
            self.waiting.push(letter);
        }
    }

    fn request(&mut self, letter: &Letter, settings: &Settings) -> Option<Request<Bytes>> {
        let plain = serde_json::to_vec(&letter.content).ok()?;
        let request = Request::post(letter.url.clone());
        if settings.api == Api::V3 {
            return request
                .header(header::CONTENT_TYPE, "application/json; charset=UTF-8")
                .body(Bytes::from(plain))
                .ok();
        }
        let mut sealed = seal(&settings.webhook_key, self.sent, &plain)?;
        if std::mem::take(&mut self.spoil) {
            sealed.tag = sealed.tag.chars().rev().collect();
        }
        let (content_type, body) = if settings.webhook_in_json {
            let body = Object::default().text("encryptedBody", &sealed.body).value();
            ("application/json; charset=UTF-8", body.to_string())
        } else {
            ("text/plain; charset=UTF-8", sealed.body)
        };
        request
            .header(header::CONTENT_TYPE, content_type)
            .header("X-Initialization-Vector", sealed.vector)
            .header("X-Authentication-Tag", sealed.tag)
            .body(Bytes::from(body))
            .ok()
    }
}

/// Encrypts with a vector that is made from a count.
pub(super) fn seal(key: &str, count: u64, plain: &[u8]) -> Option<Sealed> {
    let cipher = Aes256Gcm::new_from_slice(&hex::decode(key).ok()?).ok()?;
    let [a, b, c, d, e, f, g, h] = count.to_be_bytes();
    let vector = [0, 0, 0, 0, a, b, c, d, e, f, g, h];
    let sealed = cipher.encrypt(&Nonce::from(vector), plain).ok()?;
    let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
    Some(Sealed {
        body: hex::encode_upper(body),
        vector: hex::encode_upper(vector),
        tag: hex::encode_upper(tag),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_comes_out() {
        let key = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";
        let sealed = seal(key, 0, br#"{"type":"PAYMENT"}"#).unwrap();
        assert_eq!(sealed.vector, "000000000000000000000000");
        assert_eq!(sealed.tag, "CE573FB7A41AB78E743180DC83FF09BD");
        assert_eq!(sealed.body, "0A3471C72D9BE49A8520F79C66BBD9A12FF9");
    }

    #[test]
    fn an_unacknowledged_webhook_comes_again_for_thirty_days() {
        let settings = Settings::v1();
        let mut mail = Mail::default();
        let mut now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        mail.post(now, "http://127.0.0.1:1/hook", Value::Null);
        let mut waits = Vec::new();
        loop {
            let webhooks = mail.due(now, &settings);
            assert_eq!(webhooks.len(), 1);
            mail.answered(now, webhooks[0].id, None, Api::V1);
            let Some(next) = mail.waiting.first().map(|letter| letter.at) else {
                break;
            };
            waits.push(next.duration_since(now).as_mins());
            now = next;
        }
        assert_eq!(&waits[..8], &[1, 2, 4, 8, 15, 30, 60, 1440]);
        assert_eq!(waits.len(), 7 + 29);
    }

    #[test]
    fn an_acknowledged_one_does_not_and_neither_does_a_hint() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for (api, status) in [(Api::V1, Some(StatusCode::OK)), (Api::V3, None)] {
            let mut mail = Mail::default();
            mail.post(now, "http://127.0.0.1:1/hook", Value::Null);
            let id = mail.due(now, &Settings::v1())[0].id;
            mail.answered(now, id, status, api);
            assert!(mail.waiting.is_empty());
        }
    }
}
