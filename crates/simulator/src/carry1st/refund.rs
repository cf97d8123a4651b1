//! Refunds: taken at once, decided a moment later.

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::refusal::Refusal;
use super::{Carry1st, amount, later};
use crate::{Kind, Movement, Origin, wire};

/// One refund.
#[derive(Clone, Debug)]
pub(super) struct Refund {
    pub(super) payment: String,
    pub(super) minor: i64,
    reference: String,
    /// What the caller named.
    named: String,
    partner_reference: String,
    own: Option<String>,
    reason: Option<String>,
    url: Option<String>,
    currency: String,
    full: bool,
    status: String,
    /// The status to come, until it came.
    coming: Option<(Timestamp, String)>,
    made: Timestamp,
    changed: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    transaction_reference: String,
    partner_refund_reference: Option<String>,
    amount: Option<Box<RawValue>>,
    reason: Option<String>,
    refund_webhook_url: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    refund_reference: &'a str,
    transaction_reference: &'a str,
    partner_reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_refund_reference: Option<&'a str>,
    amount: Option<Box<RawValue>>,
    currency_code: &'a str,
    status: &'a str,
    handling_type: &'static str,
    full_refund: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    created_date: String,
    last_modified_date: String,
}

impl Refund {
    /// Whether it takes from what is left of its payment.
    pub(super) fn counts(&self) -> bool {
        !matches!(self.status.as_str(), "FAILED" | "REJECTED")
    }

    fn view(&self) -> View<'_> {
        View {
            refund_reference: &self.reference,
            transaction_reference: &self.named,
            partner_reference: &self.partner_reference,
            partner_refund_reference: self.own.as_deref(),
            amount: amount::write(self.minor, &self.currency),
            currency_code: &self.currency,
            status: &self.status,
            handling_type: "PSP_API",
            full_refund: self.full,
            reason: self.reason.as_deref(),
            created_date: self.made.to_string(),
            last_modified_date: self.changed.to_string(),
        }
    }
}

impl Carry1st {
    /// Answers a request for a refund. The same `partnerRefundReference` twice makes two refunds.
    pub(super) fn refund(&mut self, now: Timestamp, body: &Bytes) -> Result<Response<Bytes>, Refusal> {
        let asked: Asked = serde_json::from_slice(body).map_err(|error| Refusal::field(format!("body: {error}")))?;
        let named = asked.transaction_reference;
        let strict = self.settings.strict_transactions;
        let payment = self
            .payments
            .iter()
            .find(|p| p.transaction == named || (!strict && p.reference == named))
            .ok_or_else(|| Refusal::unknown("no transaction has this reference"))?;
        if !payment.captured {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "SIM_REFUND_STATE",
                "this payment is not successful",
            ));
        }
        let left = self.refundable(&payment.reference);
        let minor = match &asked.amount {
            Some(number) => amount::read(number, payment.currency())?,
            None => left,
        };
        if minor > left || minor <= 0 {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "SIM_REFUND_AMOUNT",
                "there is not so much left of this payment",
            ));
        }
        let mut refund = Refund {
            payment: payment.reference.clone(),
            minor,
            reference: String::new(),
            named,
            partner_reference: payment.order.partner_reference.clone(),
            own: asked.partner_refund_reference,
            reason: asked.reason,
            url: asked
                .refund_webhook_url
                .or_else(|| self.settings.refund_webhook.clone()),
            currency: payment.currency().to_owned(),
            full: minor == payment.minor,
            status: "PENDING".to_owned(),
            coming: None,
            made: now,
            changed: now,
        };
        refund.reference = format!("R-{}", 1000 + self.serial());
        let outcome = self.forced.take().unwrap_or_else(|| "SUCCESSFUL".to_owned());
        refund.coming = Some((later(now, self.settings.refund_time), outcome));
        let response = wire::json(StatusCode::CREATED, &refund.view());
        self.refunds.push(refund);
        Ok(response)
    }

    /// Decides the refunds whose time has come.
    pub(super) fn decide(&mut self, now: Timestamp) {
        for refund in &mut self.refunds {
            let Some((at, status)) = refund.coming.take_if(|(at, _)| *at <= now) else {
                continue;
            };
            refund.status = status;
            refund.changed = at;
            if refund.status == "SUCCESSFUL" {
                self.ledger.book(Movement {
                    at,
                    kind: Kind::Refund,
                    payment: refund.payment.clone(),
                    id: refund.reference.clone(),
                    reference: refund.own.clone(),
                    minor: refund.minor,
                    currency: refund.currency.clone(),
                    origin: Origin::Api,
                });
            }
            if let Some(url) = &refund.url {
                let body = serde_json::to_vec(&refund.view()).unwrap_or_default();
                self.outbox
                    .put(later(now, self.settings.webhook_after), url, body.into());
            }
        }
    }
}
