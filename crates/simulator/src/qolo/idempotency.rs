//! Remembers answers by the key that their requests carried.

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;

use super::Qolo;
use super::writing::Refusal;
use crate::wire;

/// The header with the key.
const HEADER: &str = "idempotencykey";

/// An answer that a key was given.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    key: String,
    path: String,
    body: Bytes,
    until: Timestamp,
    answer: Response<Bytes>,
}

impl Qolo {
    /// The answer that the request's key was given before, if any.
    pub(super) fn recall(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
    ) -> Result<Option<Response<Bytes>>, Refusal> {
        self.remembered.retain(|r| r.until > now);
        let Some(key) = wire::text(request.headers(), HEADER) else {
            return Ok(None);
        };
        let Some(found) = self.remembered.iter().find(|r| r.key == key) else {
            return Ok(None);
        };
        if found.path == request.uri().path() && found.body == request.body() {
            return Ok(Some(found.answer.clone()));
        }
        Err(Refusal::new(
            self.settings.idempotency_conflict,
            "This IdempotencyKey was used for another request.",
        ))
    }

    /// Keeps a good answer for the request's key.
    pub(super) fn remember(&mut self, now: Timestamp, request: &Request<Bytes>, response: &Response<Bytes>) {
        let Some(key) = wire::text(request.headers(), HEADER).filter(|_| response.status().is_success()) else {
            return;
        };
        self.remembered.push(Remembered {
            key: key.to_owned(),
            path: request.uri().path().to_owned(),
            body: request.body().clone(),
            until: now
                .checked_add(self.settings.idempotency_life)
                .unwrap_or(Timestamp::MAX),
            answer: response.clone(),
        });
    }
}
