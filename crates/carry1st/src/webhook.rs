//! Webhooks: verified over their raw bytes, then read.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use paymux_core::{Delivery, Event, Reference, Verified, WebhookError, hmac};
use secrecy::ExposeSecret;

use crate::Carry1st;
use crate::adapter::{SIGNATURE, TIMESTAMP};
use crate::reading;
use crate::shapes::WebhookView;

impl Carry1st {
    pub(crate) fn read_webhook(&self, delivery: &Delivery, now: Timestamp) -> Result<Event, WebhookError> {
        let verified = self.verify(delivery, now)?;
        let view: WebhookView = serde_json::from_slice(&delivery.body).map_err(|_| WebhookError::Malformed)?;
        Ok(self.event(&verified, view, delivery.header(TIMESTAMP)?, &delivery.body))
    }

    /// Signs a body at this time, with the key that requests are signed with.
    pub(crate) fn sign_webhook(&self, body: &Bytes, now: Timestamp) -> Result<Delivery, WebhookError> {
        let timestamp = now.to_string();
        let key = self.config.signing_key.expose_secret().as_bytes();
        let signature = hmac::hex(key, &[timestamp.as_bytes(), body]);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [(SIGNATURE, signature), (TIMESTAMP, timestamp)] {
            let value = HeaderValue::from_str(&value).map_err(|_| WebhookError::Malformed)?;
            headers.insert(name, value);
        }
        Ok(Delivery::new(headers, body.clone()))
    }

    /// The signature is over the header's time and the raw body; the time must be near ours.
    fn verify(&self, delivery: &Delivery, now: Timestamp) -> Result<Verified, WebhookError> {
        let signature = delivery.header(SIGNATURE)?;
        let timestamp = delivery.header(TIMESTAMP)?;
        let signed: [&[u8]; 2] = [timestamp.as_bytes(), &delivery.body];
        let keys = [
            Some(&self.config.signing_key),
            self.config.previous_signing_key.as_ref(),
        ];
        let keys = keys.into_iter().flatten().map(|key| key.expose_secret().as_bytes());
        let verified = hmac::verify(keys, &signed, signature)?;
        let at: Timestamp = timestamp.parse().map_err(|_| WebhookError::Stale)?;
        let received = delivery.received.unwrap_or(now);
        if received.duration_since(at).abs() > SignedDuration::from_secs(self.config.webhook_tolerance_secs.into()) {
            return Err(WebhookError::Stale);
        }
        Ok(verified)
    }

    /// A webhook with a refundReference is about a refund. One whose form we do not know (a chargeback's is not documented) is an event all the same.
    fn event(&self, verified: &Verified, view: WebhookView, time: &str, body: &[u8]) -> Event {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let status = given(view.status);
        let word = status.as_deref().unwrap_or("unknown");
        let refund = given(view.refund_reference);
        // A refund repeats what it was asked by: the payment's reference, or a transaction's (`…-T`), which leads nowhere that could be asked.
        let transaction = given(view.transaction_reference).filter(|text| !text.ends_with("-T"));
        let payment = given(view.reference).or(transaction);
        let reported = match &refund {
            Some(_) => format!("refund:{word}"),
            None => word.to_owned(),
        };
        // The same status may come twice and mean another event: two refunds of parts, a success won back after a chargeback. Neither has an id, so
        // that the time is part of the key: what is delivered again with a new one is asked about again, which costs an inquiry and loses nothing.
        let digest = Event::digest(&[time.as_bytes(), body].concat());
        let key = match (refund.as_ref().or(payment.as_ref()), &status) {
            (Some(subject), Some(status)) => {
                format!("{subject}:{status}:{}", digest.get(..16).unwrap_or_default())
            }
            _ => digest,
        };
        let own = match refund {
            Some(_) => given(view.partner_refund_reference).or(view.partner_reference),
            None => view.partner_reference,
        };
        Event::signed(verified, reported, key)
            .about(payment.map(|id| reading::payment_ref(self.account(), &id, None)))
            .naming(own.and_then(|text| Reference::new(text).ok()))
    }
}
