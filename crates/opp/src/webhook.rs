//! Webhooks.
//!
//! On v1 with a key they are encrypted with AES-256-GCM, which also signs them. Everything else is a hint: anybody may have sent it.

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use paymux_core::{Delivery, Event, Provenance, Reference, WebhookError};
use secrecy::ExposeSecret;

use crate::adapter::Opp;
use crate::codes::{PaymentType, ResultCode};
use crate::config::is_id;
use crate::shapes::{Body, Encrypted, Webhook};

const IV: &str = "x-initialization-vector";
const TAG: &str = "x-authentication-tag";

impl Opp {
    /// Verifies and reads a delivery.
    pub(crate) fn read_webhook(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        let encrypted = delivery.headers.contains_key(IV) || delivery.headers.contains_key(TAG);
        match (self.settings.webhook_keys.is_empty(), encrypted && self.is_v1()) {
            (false, _) => self.signed(&self.decrypt(delivery)?),
            (true, true) => Err(WebhookError::NoSecret("webhook_key")),
            (true, false) => self.hint(delivery),
        }
    }

    /// The plaintext, under whichever key fits.
    fn decrypt(&self, delivery: &Delivery) -> Result<Vec<u8>, WebhookError> {
        let hex = |text: &str| ::hex::decode(text.trim()).map_err(|_| WebhookError::Signature);
        let iv = hex(delivery.header(IV)?)?;
        let tag = hex(delivery.header(TAG)?)?;
        let nonce = Nonce::try_from(iv.as_slice()).map_err(|_| WebhookError::Signature)?;
        if tag.len() != 16 {
            return Err(WebhookError::Signature);
        }
        let mut sealed = match serde_json::from_slice::<Encrypted<'_>>(&delivery.body) {
            Ok(wrapped) => hex(&wrapped.encrypted_body)?,
            Err(_) => hex(std::str::from_utf8(&delivery.body).map_err(|_| WebhookError::Signature)?)?,
        };
        sealed.extend_from_slice(&tag);
        let keys = self.settings.webhook_keys.iter();
        keys.filter_map(|key| ::hex::decode(key.expose_secret()).ok())
            .filter_map(|key| Aes256Gcm::new_from_slice(&key).ok())
            .find_map(|cipher| cipher.decrypt(&nonce, sealed.as_slice()).ok())
            .ok_or(WebhookError::Signature)
    }

    fn signed(&self, plaintext: &[u8]) -> Result<Event, WebhookError> {
        let webhook: Webhook = serde_json::from_slice(plaintext).map_err(|_| WebhookError::Malformed)?;
        let payload = webhook.payload.as_ref().filter(|_| webhook.kind == "PAYMENT");
        let body = payload.and_then(|payload| serde_json::from_str::<Body>(payload.get()).ok());
        match body.and_then(|body| self.event(Provenance::Signed, &body)) {
            Some(event) => Ok(event),
            // A registration, a test message, or a payload that names nothing: verified all the same.
            None => {
                let reported = match webhook.action {
                    Some(action) => format!("{}.{action}", webhook.kind),
                    None => webhook.kind,
                };
                Ok(Event::new(Provenance::Signed, reported, Event::digest(plaintext)))
            }
        }
    }

    /// A delivery that nobody signed: an id to ask about, from a JSON body, a form or the query.
    fn hint(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        if let Ok(body) = serde_json::from_slice::<Body>(&delivery.body)
            && let Some(event) = self.event(Provenance::Hint, &body)
        {
            return Ok(event);
        }
        let form = std::str::from_utf8(&delivery.body).unwrap_or_default().trim();
        let sources = [Some(form), delivery.query.as_deref()];
        let fields = sources
            .into_iter()
            .flatten()
            .filter_map(|text| serde_html_form::from_str::<Vec<(String, String)>>(text).ok())
            .find(|fields| fields.iter().any(|(name, value)| name == "id" && is_id(value)))
            .ok_or(WebhookError::Malformed)?;
        let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let mut body = Body {
            id: field("id"),
            payment_type: field("paymentType"),
            merchant_transaction_id: field("merchantTransactionId"),
            ..Body::default()
        };
        body.result.code = field("result.code").unwrap_or_default();
        self.event(Provenance::Hint, &body).ok_or(WebhookError::Malformed)
    }

    /// The event that a payment's body reports; `None` if it names no payment.
    fn event(&self, provenance: Provenance, body: &Body) -> Option<Event> {
        let id = body.id.as_deref().filter(|id| is_id(id))?;
        let code = body.result.code.parse::<ResultCode>().map(|code| code.to_string());
        let code = code.unwrap_or_else(|_| "unread".to_owned());
        let kind = body
            .payment_type
            .as_deref()
            .and_then(|kind| kind.parse::<PaymentType>().ok());
        let kind_text = kind.map_or("?", PaymentType::as_str);
        let mut event = Event::new(
            provenance,
            format!("{kind_text} {code}"),
            Event::digest(format!("{id} {code} {kind_text}").as_bytes()),
        );
        event.payment = Some(self.payment_ref(id, kind, self.amount(body)));
        event.reference = body
            .merchant_transaction_id
            .as_deref()
            .and_then(|text| Reference::new(text).ok());
        Some(event)
    }
}
