//! The provider's own back office, for a person in a browser: the payments, what can be done with each, and the webhooks.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;

use crate::wire::{self, escape};
use crate::{Delivery, Host, Matcher, Reception, WebhookFault, page};

#[cfg(test)]
mod tests;

/// The path of the page, whatever the paths of the API begin with.
pub(crate) const PATH: &str = "/simulator";
/// How many payments and deliveries are shown.
const SHOWN: usize = 50;

/// What the provider's people do with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackOfficeAction {
    /// Lets a payment that is held or pending come to a good end.
    Accept,
    /// Lets it come to a bad end.
    Refuse,
    /// Takes held money.
    Capture,
    /// Lets held money go.
    Void,
    /// Gives money back.
    Refund,
    /// Takes money back for the cardholder.
    Chargeback,
    /// Lets the bank take back what was booked.
    Return,
}

/// A payment as the provider's people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The provider's id.
    pub payment: String,
    /// The merchant's reference.
    pub reference: Option<String>,
    /// The amount in minor units.
    pub minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The state in the provider's words.
    pub state: String,
    /// What can be done.
    pub actions: Vec<BackOfficeAction>,
}

impl Entry {
    /// A payment with which nothing can be done; the other fields are public.
    #[must_use]
    pub fn new(payment: impl Into<String>, minor: i64, currency: impl Into<String>, state: impl Into<String>) -> Self {
        Self {
            payment: payment.into(),
            reference: None,
            minor,
            currency: currency.into(),
            state: state.into(),
            actions: Vec::new(),
        }
    }
}

impl BackOfficeAction {
    const ALL: [Self; 7] = [
        Self::Accept,
        Self::Refuse,
        Self::Capture,
        Self::Void,
        Self::Refund,
        Self::Chargeback,
        Self::Return,
    ];

    /// The word that the page's form sends.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Refuse => "refuse",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::Chargeback => "chargeback",
            Self::Return => "return",
        }
    }
}

/// The faults that the page can plan for the next webhook.
fn fault(name: &str) -> Option<WebhookFault> {
    Some(match name {
        "twice" => WebhookFault::Twice,
        "forged" => WebhookFault::Forged,
        "late" => WebhookFault::Late(std::time::Duration::from_secs(15)),
        "lost" => WebhookFault::Lost,
        "swapped" => WebhookFault::Swapped,
        _ => return None,
    })
}

impl Host {
    /// Answers the page: GET shows it; POST takes an action (`deed`, `payment`, `amount` in major units), replays a delivery (`replay`) or plans
    /// a fault for the next webhook (`fault`).
    pub(crate) fn back_office(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        match *request.method() {
            Method::GET => self.back_office_page(StatusCode::OK, ""),
            Method::POST => match self.ordered(now, &wire::pairs(request.body())) {
                Ok(()) => wire::see_other(PATH),
                Err(why) => self.back_office_page(StatusCode::BAD_REQUEST, &page::alert(why)),
            },
            _ => wire::empty(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    fn ordered(&mut self, now: Timestamp, form: &[(String, String)]) -> Result<(), &'static str> {
        if let Some(number) = wire::first(form, "replay") {
            let replayed = number.parse().is_ok_and(|webhook| self.replay(now, webhook));
            return if replayed {
                Ok(())
            } else {
                Err("There is no such delivery.")
            };
        }
        if let Some(name) = wire::first(form, "fault") {
            let fault = fault(name).ok_or("There is no such fault.")?;
            self.webhook_faults.add(Matcher::any(), fault);
            return Ok(());
        }
        let payment = wire::first(form, "payment").unwrap_or("");
        let wanted = wire::first(form, "deed").unwrap_or("");
        let action = BackOfficeAction::ALL.into_iter().find(|action| action.name() == wanted);
        let entries = self.provider().entries();
        let entry = entries.iter().find(|entry| entry.payment == payment);
        let (Some(action), Some(entry)) = (action, entry) else {
            return Err("There is no such payment, or nothing of the kind to do with it.");
        };
        let minor = match wire::first(form, "amount").map(str::trim).unwrap_or("") {
            "" => None,
            text => match wire::minor(text, wire::decimals(&entry.currency)) {
                Some(minor) if minor > 0 => Some(minor),
                _ => return Err("This is no amount."),
            },
        };
        if self.provider().act(now, payment, action, minor) {
            Ok(())
        } else {
            Err("The payment does not allow this, or not for this amount.")
        }
    }

    fn back_office_page(&mut self, status: StatusCode, notice: &str) -> Response<Bytes> {
        let mut body = String::from(notice);
        body.push_str(
            "<p>Here you are the provider. What you do reaches the shop as it would from the provider: by webhook and by look-up.</p>\
             <h2>Payments</h2>",
        );
        let entries = self.provider().entries();
        if entries.is_empty() {
            body.push_str("<p>There is none yet.</p>");
        } else {
            body.push_str("<div class=\"scroll\"><table id=\"payments\"><thead><tr><th>Payment</th><th>Reference</th><th>Amount</th><th>State</th><th>What you can do</th></tr></thead><tbody>");
            for entry in entries.iter().take(SHOWN) {
                row(&mut body, entry);
            }
            body.push_str("</tbody></table></div>");
        }
        body.push_str("<h2>Next webhook</h2><form method=\"post\">");
        for (name, hint) in [
            ("twice", "The next webhook comes twice."),
            ("forged", "A forged one comes before it."),
            ("late", "It comes 15 seconds late."),
            ("lost", "It is lost; the provider tries again by its own rule."),
            ("swapped", "It changes places with the one after it."),
        ] {
            body.push_str(&page::button("fault", name, name, hint));
        }
        // Writing to a string cannot fail.
        let _ = write!(
            body,
            "</form><p>{} planned.</p><h2>Webhooks</h2>",
            self.webhook_faults.left()
        );
        if self.deliveries().next().is_none() {
            body.push_str("<p>There was none yet.</p>");
        } else {
            body.push_str("<div class=\"scroll\"><table id=\"webhooks\"><thead><tr><th>Time</th><th>Webhook</th><th>Answer</th><th>Note</th><th></th></tr></thead><tbody>");
            for delivery in self.deliveries().rev().take(SHOWN) {
                shown(&mut body, delivery);
            }
            body.push_str("</tbody></table></div>");
        }
        page::show(status, self.name(), "Back office", &body)
    }
}

fn row(body: &mut String, entry: &Entry) {
    let payment = escape(&entry.payment);
    let amount = wire::major(entry.minor, wire::decimals(&entry.currency));
    let _ = write!(
        body,
        "<tr><td><code>{payment}</code></td><td>{}</td><td>{amount} {}</td><td>{}</td><td>",
        escape(entry.reference.as_deref().unwrap_or("")),
        escape(&entry.currency),
        escape(&entry.state),
    );
    if !entry.actions.is_empty() {
        let slug = page::slug(&entry.payment);
        let _ = write!(
            body,
            "<form method=\"post\" action=\"{PATH}\"><input type=\"hidden\" name=\"payment\" value=\"{payment}\">"
        );
        for action in &entry.actions {
            let name = action.name();
            let _ = write!(
                body,
                "<button id=\"{name}-{slug}\" name=\"deed\" value=\"{name}\">{name}</button>"
            );
        }
        let sized = |action: &BackOfficeAction| {
            matches!(
                action,
                BackOfficeAction::Capture | BackOfficeAction::Refund | BackOfficeAction::Chargeback
            )
        };
        if entry.actions.iter().any(sized) {
            let _ = write!(
                body,
                " <label for=\"amount-{slug}\">Amount, empty for all <input id=\"amount-{slug}\" name=\"amount\" size=\"8\" inputmode=\"decimal\"></label>"
            );
        }
        body.push_str("</form>");
    }
    body.push_str("</td></tr>");
}

fn shown(body: &mut String, delivery: &Delivery) {
    let answer = match delivery.reception {
        Reception::Underway => "under way".to_owned(),
        Reception::Unanswered => "nobody answered".to_owned(),
        Reception::Status(status) => status.as_u16().to_string(),
    };
    let mut heads = String::new();
    for (name, value) in delivery.request.headers() {
        let _ = writeln!(heads, "{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    let _ = write!(
        body,
        "<tr><td>{}</td><td><details><summary>{} {}</summary><pre>{}\n{}</pre></details></td><td>{answer}</td><td>{}</td><td>\
         <form method=\"post\" action=\"{PATH}\"><button id=\"replay-{id}\" name=\"replay\" value=\"{id}\">Deliver again</button></form></td></tr>",
        delivery.at.strftime("%H:%M:%S"),
        delivery.request.method(),
        escape(&delivery.request.uri().to_string()),
        escape(&heads),
        escape(&String::from_utf8_lossy(delivery.request.body())),
        delivery.note.unwrap_or(""),
        id = delivery.webhook,
    );
}
