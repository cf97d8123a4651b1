//! The bank's page, on which the shopper authenticates, and the way back to the merchant.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;

use super::Opp;
use super::checkout::page;
use super::form::Form;
use super::record::creq;
use crate::wire;

impl Opp {
    /// Answers the bank's page. Where data is wanted, it must have come by post or as a query.
    pub(super) fn bank_page(&mut self, id: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let Some(payment) = self.payments.get(id) else {
            return page(StatusCode::NOT_FOUND, "Your bank", "<p>There is no such payment.</p>");
        };
        let Some(challenge) = &payment.challenge else {
            return page(StatusCode::OK, "Your bank", "<p>There is nothing left to confirm.</p>");
        };
        let form = if request.method() == Method::POST {
            Form::body(request)
        } else {
            Form::query(request)
        };
        if challenge.data && form.get("creq") != Some(creq(id).as_str()) {
            return page(
                StatusCode::BAD_REQUEST,
                "Your bank",
                "<p>The merchant sent no usable request.</p>",
            );
        }
        let amount = payment
            .money
            .as_ref()
            .map_or_else(String::new, |m| format!("{} {}", m.text(), m.currency));
        let body = format!(
            "<p>Is it you who pays {}?</p><form method=\"post\" action=\"{}/challenge/{id}/answer\">\
             <button name=\"action\" value=\"approve\">It is me</button> \
             <button name=\"action\" value=\"refuse\">Fail to authenticate</button> \
             <button name=\"action\" value=\"cancel\">Cancel</button></form>",
            wire::escape(&amount),
            wire::escape(&self.settings.base())
        );
        page(StatusCode::OK, "Your bank", &body)
    }

    /// Answers what the shopper pressed on the bank's page.
    pub(super) fn bank_answer(&mut self, now: Timestamp, id: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let Some(payment) = self.payments.get_mut(id) else {
            return page(StatusCode::NOT_FOUND, "Your bank", "<p>There is no such payment.</p>");
        };
        if payment.challenge.is_none() {
            return self.send_back(id);
        }
        let code = match Form::body(request).get("action") {
            Some("approve") => payment.approval,
            Some("refuse") => "100.390.114",
            Some("cancel") => "100.396.101",
            _ => return page(StatusCode::BAD_REQUEST, "Your bank", "<p>Nothing was chosen.</p>"),
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
        let version = self.settings.version();
        let (id, path) = match &payment.checkout {
            Some(checkout) => (checkout, format!("/{version}/checkouts/{checkout}/payment")),
            None => (&payment.id, format!("/{version}/payments/{}", payment.id)),
        };
        let Some(url) = &payment.shopper_result_url else {
            let text = format!(
                "<p>Done: {}. The shop gave no address to return to.</p>",
                wire::escape(&payment.code)
            );
            return page(StatusCode::OK, "Done", &text);
        };
        let sign = if url.contains('?') { '&' } else { '?' };
        let query = serde_html_form::to_string([("id", id), ("resourcePath", &path)]).unwrap_or_default();
        wire::see_other(&format!("{url}{sign}{query}"))
    }
}
