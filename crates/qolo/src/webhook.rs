//! Webhooks: the signature over the raw bytes, then what the body can be made to say.

use paymux_core::{Delivery, Event, PaymentRef, Provenance, Reference, WebhookError, hmac};
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

/// Verifies a delivery, then reads it. The unsigned call by which the provider tries an address out is [`WebhookError::Missing`].
pub(crate) fn receive(qolo: &Qolo, delivery: &Delivery) -> Result<Event, WebhookError> {
    let signature = delivery.header(SIGNATURE)?;
    if qolo.webhook_secrets.is_empty() {
        return Err(WebhookError::NoSecret("webhook_secret"));
    }
    let fits = |secret: &secrecy::SecretString| {
        hmac::is_valid(secret.expose_secret().as_bytes(), &[&delivery.body], signature)
    };
    // All secrets are tried, so that the time does not tell which one fits.
    let fitting = qolo.webhook_secrets.iter().filter(|secret| fits(secret)).count();
    if fitting == 0 {
        return Err(WebhookError::Signature);
    }
    let body: Map<String, Value> = serde_json::from_slice(&delivery.body).map_err(|_| WebhookError::Malformed)?;
    let reported = NAMES.iter().find_map(|name| text(&body, name)).unwrap_or("unnamed");
    let mut event = Event::new(Provenance::Signed, reported, Event::digest(&delivery.body));
    event.payment = payment(qolo, &body);
    event.reference = find(&body, "client_reference_id").and_then(|text| Reference::new(text).ok());
    Ok(event)
}

fn payment(qolo: &Qolo, body: &Map<String, Value>) -> Option<PaymentRef> {
    let (name, id) = IDS.iter().find_map(|name| Some((*name, find(body, name)?)))?;
    if name == "txn_guid" {
        let kind = find(body, "transfer_type").and_then(TransferType::parse);
        return Some(qolo.payment_ref(id, kind));
    }
    Some(PaymentRef::new(PROVIDER, qolo.capabilities.account.clone(), [id, name]))
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
