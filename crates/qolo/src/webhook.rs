//! Webhooks: the signature over the raw bytes, then what the body can be made to say.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use paymux_core::{Delivery, Event, PaymentRef, Reference, WebhookError, hmac};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::adapter::{PROVIDER, Qolo};
use crate::codes::TransferType;

/// Lower-case hexadecimal HMAC-SHA256 of the raw body.
const SIGNATURE: &str = "x-qolo-signature";
/// Where the event's name may stand, in this order. The body is not documented.
const NAMES: [&str; 4] = ["event_type", "event", "type", "event_name"];
/// The ids that an event may carry, in this order. The first leads to a transaction, and alone stands for itself.
const IDS: [&str; 4] = ["txn_guid", "payment_guid", "bank_eft_guid", "card_auth_txn_guid"];
/// The objects that ids may stand in, one level down.
const INSIDE: [&str; 3] = ["data", "payload", "transaction"];

impl Qolo {
    /// Verifies a delivery, then reads it. The call by which the provider tries an address out carries no signature, and its form is not documented:
    /// what is not signed is taken for it, unless it names something that could be asked about.
    pub(crate) fn read_webhook(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        let signature = match delivery.header(SIGNATURE) {
            Err(WebhookError::Missing(name)) => {
                let body: Map<String, Value> = serde_json::from_slice(&delivery.body).unwrap_or_default();
                return match IDS.iter().any(|id| find(&body, id).is_some()) {
                    // A subscription without a secret, or somebody in between who drops the header: refused, so that it is noticed.
                    true => Err(WebhookError::Missing(name)),
                    false => Err(WebhookError::Probe),
                };
            }
            other => other?,
        };
        if self.webhook_secrets.is_empty() {
            return Err(WebhookError::NoSecret("webhook_secret"));
        }
        let secrets = self
            .webhook_secrets
            .iter()
            .map(|secret| secret.expose_secret().as_bytes());
        let verified = hmac::verify(secrets, &[&delivery.body], signature)?;
        let body: Map<String, Value> = serde_json::from_slice(&delivery.body).map_err(|_| WebhookError::Malformed)?;
        let reported = NAMES.iter().find_map(|name| text(&body, name)).unwrap_or("unnamed");
        let reference = find(&body, "client_reference_id").and_then(|text| Reference::new(text).ok());
        Ok(Event::signed(&verified, reported, Event::digest(&delivery.body))
            .about(self.payment_in(&body))
            .naming(reference))
    }

    /// Signs a body with the newest secret.
    pub(crate) fn sign_webhook(&self, body: &Bytes) -> Result<Delivery, WebhookError> {
        let secret = self
            .webhook_secrets
            .first()
            .ok_or(WebhookError::NoSecret("webhook_secret"))?;
        let signature = hmac::hex(secret.expose_secret().as_bytes(), &[body]);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let signature = HeaderValue::from_str(&signature).map_err(|_| WebhookError::Malformed)?;
        headers.insert(SIGNATURE, signature);
        Ok(Delivery::new(headers, body.clone()))
    }

    fn payment_in(&self, body: &Map<String, Value>) -> Option<PaymentRef> {
        let (name, id) = IDS.iter().find_map(|name| Some((*name, find(body, name)?)))?;
        if name == "txn_guid" {
            let kind = find(body, "transfer_type").and_then(TransferType::parse);
            return Some(self.payment_ref(id, kind));
        }
        Some(PaymentRef::new(PROVIDER, self.capabilities.account.clone(), [id, name]))
    }
}

/// A text at the top, or one level down.
fn find<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let inside = INSIDE.iter().filter_map(|object| body.get(*object)?.as_object());
    std::iter::once(body)
        .chain(inside)
        .find_map(|object| text(object, name))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}
