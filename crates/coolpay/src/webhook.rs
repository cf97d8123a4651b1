//! Callbacks: verified over the raw bytes, then read.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use paymux_core::{Delivery, Event, Reference, Verified, WebhookError, hmac};
use secrecy::ExposeSecret;

use crate::adapter::CoolPay;
use crate::reading::{Kind, Place};
use crate::shapes::Resource;

/// The signature's header under both brands. Either will do; where both are there, both must be right.
const SIGNATURES: [&str; 2] = ["coolpay-checksum-sha256", "quickpay-checksum-sha256"];

impl CoolPay {
    /// Verifies and reads a delivery.
    pub(crate) fn read_webhook(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        let keys = &self.parts.private_keys;
        if keys.is_empty() {
            return Err(WebhookError::NoSecret("private_key"));
        }
        let mut verified: Option<(&str, Verified)> = None;
        for name in SIGNATURES {
            let signature = match delivery.header(name) {
                Err(WebhookError::Missing(_)) => continue,
                other => other?,
            };
            // The same text need not be verified twice.
            if verified.as_ref().is_some_and(|(known, _)| *known == signature) {
                continue;
            }
            let keys = keys.iter().map(|key| key.expose_secret().as_bytes());
            verified = Some((signature, hmac::verify(keys, &[&delivery.body], signature)?));
        }
        match verified {
            Some((_, verified)) => self.event(&verified, &delivery.body),
            None => Err(WebhookError::Missing("coolpay-checksum-sha256")),
        }
    }

    /// Signs a body with the newest key, under both brands' headers.
    pub(crate) fn sign_webhook(&self, body: &Bytes) -> Result<Delivery, WebhookError> {
        let key = self
            .parts
            .private_keys
            .first()
            .ok_or(WebhookError::NoSecret("private_key"))?;
        let signature = hmac::hex(key.expose_secret().as_bytes(), &[body]);
        let signature = HeaderValue::from_str(&signature).map_err(|_| WebhookError::Malformed)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for name in SIGNATURES {
            headers.insert(name, signature.clone());
        }
        Ok(Delivery::new(headers, body.clone()))
    }

    fn event(&self, verified: &Verified, body: &[u8]) -> Result<Event, WebhookError> {
        let body: Resource = serde_json::from_slice(body).map_err(|_| WebhookError::Malformed)?;
        let id = body.id.as_deref().ok_or(WebhookError::Malformed)?;
        let kind = body.kind.as_deref().unwrap_or("Payment");
        let place = match kind {
            "Payment" => Some(Kind::Payment),
            "Payout" => Some(Kind::Payout),
            _ => None,
        };
        let newest = body.operations.iter().flatten().max_by_key(|op| op.id);
        let (op, pending, reported) = match newest {
            Some(op) => {
                let pending = op.pending.unwrap_or(true);
                let name = op.kind.as_deref().unwrap_or("unknown");
                let code = op.qp_status_code.as_deref().filter(|_| !pending).unwrap_or("pending");
                (op.id.unwrap_or_default(), pending, format!("{name} {code}"))
            }
            None => (0, false, body.state.as_deref().unwrap_or("no operation").to_owned()),
        };
        let standing = if pending { "pending" } else { "decided" };
        // Every operation counts: an older one may be decided after a newer one. So does the state, where there is none.
        let each = body.operations.iter().flatten().map(|op| {
            let code = op.qp_status_code.as_deref().unwrap_or_default();
            format!("{} {} {code};", op.id.unwrap_or_default(), op.pending.unwrap_or(true))
        });
        let all: String = each.chain(body.state.as_deref().map(str::to_owned)).collect();
        let digest = Event::digest(all.as_bytes());
        let short = digest.get(..16).unwrap_or_default();
        let key = format!("{}:{id}:{op}:{standing}:{short}", kind.to_ascii_lowercase());
        let place = place.and_then(|kind| Place::new(kind, id));
        let reference = body.order_id.as_deref().filter(|_| place.is_some());
        Ok(Event::signed(verified, reported, key)
            .about(place.map(|place| self.reference(&place)))
            .naming(reference.and_then(|text| Reference::new(text).ok())))
    }
}
