//! Callbacks: verified over the raw bytes, then read.

use paymux_core::{Delivery, Event, Provenance, Reference, WebhookError, hmac};
use secrecy::ExposeSecret;

use crate::adapter::CoolPay;
use crate::reading::{Kind, Place};
use crate::shapes::Resource;

/// The signature's header under both brands. Either will do; where both are there, both must be right.
const SIGNATURES: [&str; 2] = ["coolpay-checksum-sha256", "quickpay-checksum-sha256"];

pub(crate) fn receive(adapter: &CoolPay, delivery: &Delivery) -> Result<Event, WebhookError> {
    let keys = &adapter.parts.private_keys;
    if keys.is_empty() {
        return Err(WebhookError::NoSecret("private_key"));
    }
    let mut verified = false;
    for name in SIGNATURES {
        let signature = match delivery.header(name) {
            Err(WebhookError::Missing(_)) => continue,
            other => other?,
        };
        let mut valid = false;
        for key in keys {
            // Every key is tried, so that the time says nothing about which one it was.
            valid |= hmac::is_valid(key.expose_secret().as_bytes(), &[&delivery.body], signature);
        }
        if !valid {
            return Err(WebhookError::Signature);
        }
        verified = true;
    }
    if !verified {
        return Err(WebhookError::Missing("coolpay-checksum-sha256"));
    }
    read(adapter, &delivery.body)
}

fn read(adapter: &CoolPay, body: &[u8]) -> Result<Event, WebhookError> {
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
        None => (
            0,
            false,
            body.state.clone().unwrap_or_else(|| "no operation".to_owned()),
        ),
    };
    let standing = if pending { "pending" } else { "decided" };
    let key = format!("{}:{id}:{op}:{standing}", kind.to_ascii_lowercase());
    let mut event = Event::new(Provenance::Signed, reported, key);
    let place = place.and_then(|kind| Place::new(kind, id));
    if let Some(place) = place {
        event.payment = Some(adapter.reference(&place));
        event.reference = body.order_id.as_deref().and_then(|text| Reference::new(text).ok());
    }
    Ok(event)
}
