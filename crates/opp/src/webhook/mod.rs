//! Webhooks.
//!
//! On v1 with a key they are signed, by one of the schemes. Everything else is a hint: anybody may have sent it.

mod scheme;

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use paymux_core::{Delivery, Event, Reference, Verified, WebhookError};

pub(crate) use self::scheme::Signing;
pub use self::scheme::WebhookScheme;
use crate::adapter::Opp;
use crate::codes::{PaymentType, ResultCode};
use crate::config::is_id;
use crate::shapes::{Body, Webhook};

impl Opp {
    /// Verifies and reads a delivery.
    pub(crate) fn read_webhook(&self, delivery: &Delivery, received: Timestamp) -> Result<Event, WebhookError> {
        match &self.settings.signing {
            Some(signing) => {
                let (clear, verified) = signing.verify(delivery, received)?;
                self.signed(&verified, &clear)
            }
            None if self.is_v1() && scheme::is_encrypted(delivery) => Err(WebhookError::NoSecret("webhook_key")),
            None => self.hint(delivery),
        }
    }

    /// Signs a body; where nothing is signed, it is delivered as it is.
    pub(crate) fn sign_webhook(&self, body: &Bytes, now: Timestamp) -> Result<Delivery, WebhookError> {
        match &self.settings.signing {
            Some(signing) => signing.sign(body, now),
            None => scheme::unsigned(body),
        }
    }

    fn signed(&self, verified: &Verified, clear: &[u8]) -> Result<Event, WebhookError> {
        let is_json = clear.trim_ascii_start().first() == Some(&b'{');
        if !is_json {
            // Where a field of a form ends is not signed, so that all of it is the key.
            let body = fields(clear).unwrap_or_default();
            let event = self.event(&body, |reported, _| {
                Event::signed(verified, reported, Event::digest(clear))
            });
            return Ok(event.unwrap_or_else(|| Event::signed(verified, "unreadable", Event::digest(clear))));
        }
        let Ok(webhook) = serde_json::from_slice::<Webhook>(clear) else {
            // The platform would deliver it again for thirty days, and it would be no clearer.
            return Ok(Event::signed(verified, "unreadable", Event::digest(clear)));
        };
        let payload = webhook.payload.as_ref().filter(|_| webhook.kind == "PAYMENT");
        let body = payload.and_then(|payload| serde_json::from_str::<Body<'_>>(payload.get()).ok());
        let event = body.and_then(|body| self.event(&body, |reported, key| Event::signed(verified, reported, key)));
        Ok(event.unwrap_or_else(|| {
            // A registration, a test message, or a payload that names nothing: verified all the same.
            let reported = match webhook.action {
                Some(action) => format!("{}.{action}", webhook.kind),
                None => webhook.kind,
            };
            Event::signed(verified, reported, Event::digest(clear))
        }))
    }

    /// A delivery that nobody signed: an id to ask about, from a JSON body, a form or the query.
    fn hint(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        let json = serde_json::from_slice::<Body<'_>>(&delivery.body).ok();
        let query = || form(delivery.query.as_deref()?.as_bytes());
        let bodies = [json, form(&delivery.body), query()];
        bodies
            .into_iter()
            .flatten()
            .find_map(|body| self.event(&body, Event::hint))
            .ok_or(WebhookError::Malformed)
    }

    /// The event that a payment's body reports; `None` if it names no payment.
    fn event(&self, body: &Body<'_>, make: impl FnOnce(String, String) -> Event) -> Option<Event> {
        let id = body.id.as_deref().filter(|id| is_id(id))?;
        let code = body.result.code.parse::<ResultCode>().map(|code| code.to_string());
        let code = code.unwrap_or_else(|_| "unread".to_owned());
        let kind = body
            .payment_type
            .as_deref()
            .and_then(|kind| kind.parse::<PaymentType>().ok());
        let kind_text = kind.map_or("?", PaymentType::as_str);
        let key = Event::digest(format!("{id} {code} {kind_text}").as_bytes());
        let reference = body.merchant_transaction_id.as_deref();
        let payment = self.payment_ref(id, kind, self.amount(body));
        let event = make(format!("{kind_text} {code}"), key)
            .about(Some(payment))
            .naming(reference.and_then(|text| Reference::new(text).ok()));
        Some(event)
    }
}

/// The fields of a form as a body; `None` if it names no payment.
fn form(text: &[u8]) -> Option<Body<'static>> {
    fields(text).filter(|body| body.id.is_some())
}

fn fields(text: &[u8]) -> Option<Body<'static>> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let fields: Vec<(String, String)> = serde_html_form::from_str(text).ok()?;
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| Cow::Owned(value.clone()))
    };
    let mut body = Body {
        id: field("id").filter(|id| is_id(id)),
        payment_type: field("paymentType"),
        merchant_transaction_id: field("merchantTransactionId"),
        ..Body::default()
    };
    // Receivers that cannot have a dot in a name write an underscore.
    body.result.code = field("result.code")
        .or_else(|| field("result_code"))
        .unwrap_or_default();
    Some(body)
}
