//! The bank's page, on which the shopper authenticates, and the way back to the merchant.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;

use super::Opp;
use super::checkout::show;
use super::form::Form;
use super::record::{Payment, creq};
use crate::{page, wire};

impl Opp {
    /// Answers the bank's page. Where data is wanted, it must have come by post or as a query.
    pub(super) fn bank_page(&mut self, id: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let Some(payment) = self.payments.get(id) else {
            return show(
                StatusCode::NOT_FOUND,
                "Your bank",
                &page::text("There is no such payment."),
            );
        };
        let Some(challenge) = &payment.challenge else {
            return show(
                StatusCode::OK,
                "Your bank",
                &page::text("There is nothing left to confirm."),
            );
        };
        let form = if request.method() == Method::POST {
            Form::body(request)
        } else {
            Form::query(request)
        };
        if challenge.data && form.get("creq") != Some(creq(id).as_str()) {
            return show(
                StatusCode::BAD_REQUEST,
                "Your bank",
                &page::alert("The merchant sent no usable request."),
            );
        }
        let amount = payment
            .money
            .as_ref()
            .map_or_else(String::new, |m| format!("{} {}", m.text(), m.currency));
        let facts = page::facts(&[
            ("Merchant", self.settings.entity_id.as_deref().unwrap_or("any entity")),
            ("Order", payment.reference.as_deref().unwrap_or("none")),
            ("Amount", &amount),
            ("Payment", id),
        ]);
        let body = format!(
            "{facts}{}<form method=\"post\" action=\"{}/challenge/{id}/answer\">{}{}{}</form>",
            page::text("The bank that issued the card wants to know that it is you (3-D Secure)."),
            wire::escape(&self.settings.base()),
            page::button(
                "action",
                "approve",
                "It is me",
                "The check succeeds and the card is charged."
            ),
            page::button("action", "refuse", "Fail the check", "The payment is declined."),
            page::button(
                "action",
                "cancel",
                "Cancel",
                "Nothing is paid, and you go back to the shop."
            ),
        );
        show(StatusCode::OK, "Your bank", &body)
    }

    /// Answers what the shopper pressed on the bank's page.
    pub(super) fn bank_answer(&mut self, now: Timestamp, id: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let Some(payment) = self.payments.get_mut(id) else {
            return show(
                StatusCode::NOT_FOUND,
                "Your bank",
                &page::text("There is no such payment."),
            );
        };
        if payment.challenge.is_none() {
            return self.send_back(id);
        }
        let code = match Form::body(request).get("action") {
            Some("approve") => payment.approval,
            Some("refuse") => "100.390.114",
            Some("cancel") => "100.396.101",
            _ => return show(StatusCode::BAD_REQUEST, "Your bank", &page::text("Nothing was chosen.")),
        };
        payment.authenticated = code == payment.approval;
        self.conclude(now, id, code);
        self.announce(now, id, true);
        self.send_back(id)
    }

    /// The address of the bank's page for a browser that brings nothing to post.
    pub(super) fn bank(&self, payment: &str) -> String {
        format!("{}/challenge/{payment}?creq={}", self.settings.base(), creq(payment))
    }

    /// Sends the browser back to the merchant with the id and the path to ask for.
    pub(super) fn send_back(&self, payment: &str) -> Response<Bytes> {
        let Some(payment) = self.payments.get(payment) else {
            return wire::empty(StatusCode::NOT_FOUND);
        };
        match self.way_back(payment) {
            Some(url) => wire::see_other(&url),
            None => {
                let text = format!("The result is {}. The shop gave no address to return to.", payment.code);
                show(StatusCode::OK, "Done", &page::text(&text))
            }
        }
    }

    /// The merchant's address with the id and the path to ask for.
    pub(super) fn way_back(&self, payment: &Payment) -> Option<String> {
        let version = self.settings.version();
        let (id, path) = match &payment.checkout {
            Some(checkout) => (checkout, format!("/{version}/checkouts/{checkout}/payment")),
            None => (&payment.id, format!("/{version}/payments/{}", payment.id)),
        };
        let url = payment.shopper_result_url.as_deref()?;
        let sign = if url.contains('?') { '&' } else { '?' };
        let query = serde_html_form::to_string([("id", id), ("resourcePath", &path)]).unwrap_or_default();
        Some(format!("{url}{sign}{query}"))
    }
}
