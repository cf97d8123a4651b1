//! The hosted page: a person chooses a channel and how the payment ends.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use jiff::Timestamp;

use super::payment::Payment;
use super::{Carry1st, methods};
use crate::wire::{self, escape};

/// The path of the page.
pub(super) const PATH: &str = "/checkout";

/// Cards that the page knows: a name, the number, and the status that a payment with it comes to.
///
/// The first two are the provider's test cards; the others are this simulator's own, as the provider names none that fail. Any other number
/// fails.
pub const TEST_CARDS: &[(&str, &str, &str)] = &[
    (
        "Test card for EG, GH and KE (CVV 123)",
        "4111111111111111",
        "SUCCESSFUL",
    ),
    (
        "Test card for GH, KE and NG (CVV 408)",
        "4084084084084081",
        "SUCCESSFUL",
    ),
    ("Simulator's card that is declined", "4000000000000002", "FAILED"),
    ("Simulator's card that stays pending", "4000000000000077", "PENDING"),
];

/// What the page's buttons say, and the status that each brings. The empty one goes by the card.
const OUTCOMES: &[(&str, &str)] = &[
    ("", "Pay (the card decides)"),
    ("SUCCESSFUL", "Finish as successful"),
    ("FAILED", "Finish as failed"),
    ("PENDING", "Leave pending"),
    ("CANCELLED", "Cancel"),
    ("ABANDONED", "Abandon (close the page)"),
];

impl Carry1st {
    /// Answers the page: GET shows it, POST finishes the payment with the form fields `reference`, `accessToken`, and optionally `channelId`,
    /// `card` and `outcome` (a status; empty or absent: the card decides, and without a card the payment succeeds).
    pub(super) fn page(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let fields = match *request.method() {
            Method::GET => wire::query(request),
            Method::POST => wire::pairs(request.body()),
            _ => return note(StatusCode::METHOD_NOT_ALLOWED, "This page can be read and sent only."),
        };
        let field = |name| wire::first(&fields, name).unwrap_or("");
        let token = field("accessToken");
        // Whoever has the page open may take longer than the token lives.
        let admitted = if request.method() == Method::GET {
            self.tokens.lives(now, token)
        } else {
            self.tokens.known(token)
        };
        if !admitted {
            return note(StatusCode::UNAUTHORIZED, "This link's access token does not work.");
        }
        let Some(payment) = self.payments.iter().find(|p| p.reference == field("reference")) else {
            return note(StatusCode::NOT_FOUND, "There is no such payment.");
        };
        if !payment.open() {
            let text = format!("This payment is over: {}.", payment.status);
            return note(StatusCode::GONE, &text);
        }
        let chosen = match field("channelId") {
            "" => None,
            id => match methods::find(&payment.order.country_code, id) {
                Some(channel) => Some(channel.id),
                None => return note(StatusCode::BAD_REQUEST, "This payment has no such channel."),
            },
        };
        if request.method() == Method::GET {
            return wire::html(StatusCode::OK, self.form(payment, token, chosen));
        }
        let status = match field("outcome") {
            "" => by_card(field("card")),
            known if OUTCOMES.iter().any(|(status, _)| *status == known) => known,
            _ => return note(StatusCode::BAD_REQUEST, "There is no such outcome."),
        };
        let reference = payment.reference.clone();
        if let Some(payment) = self.payments.iter_mut().find(|p| p.reference == reference) {
            payment.channel = chosen.or(payment.channel);
        }
        self.finish(now, &reference, status);
        self.send_back(&reference)
    }

    /// Sends the browser to the merchant's URL for the payment's status, exactly as the merchant gave it.
    fn send_back(&self, reference: &str) -> Response<Bytes> {
        let Some(payment) = self.payments.iter().find(|p| p.reference == reference) else {
            return note(StatusCode::NOT_FOUND, "There is no such payment.");
        };
        let urls = payment.order.urls(&self.settings.fallback);
        let url = match payment.status.as_str() {
            "SUCCESSFUL" => urls.success,
            "FAILED" => urls.failure,
            "CANCELLED" => urls.cancel,
            "ABANDONED" => None,
            _ => urls.pending,
        };
        let location = url.and_then(|url| HeaderValue::from_str(&url).ok());
        let Some(location) = location else {
            return note(StatusCode::OK, &format!("The payment is now {}.", payment.status));
        };
        let mut response = wire::empty(StatusCode::FOUND);
        response.headers_mut().insert(header::LOCATION, location);
        response
    }

    fn form(&self, payment: &Payment, token: &str, chosen: Option<u32>) -> String {
        let mut page = String::from(HEAD);
        let currency = payment.currency();
        let amount = wire::major(payment.minor, wire::decimals(currency));
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<h1>Simulated checkout</h1><p><strong>{amount} {}</strong> for {}, now {}</p><ul>",
            escape(currency),
            escape(&payment.order.partner_reference),
            escape(&payment.status),
        );
        for product in &payment.order.products {
            let _ = write!(page, "<li>{}</li>", escape(&product.line()));
        }
        let _ = write!(
            page,
            r#"</ul><form method="post" action="{}{PATH}"><input type="hidden" name="reference" value="{}"><input type="hidden" name="accessToken" value="{}"><fieldset><legend>Channel</legend>"#,
            escape(&self.settings.checkout_base),
            escape(&payment.reference),
            escape(token),
        );
        let mut first = true;
        for channel in methods::of(&payment.order.country_code).filter(|channel| channel.active) {
            if chosen.is_some_and(|id| id != channel.id) {
                continue;
            }
            let checked = if first { " checked" } else { "" };
            first = false;
            let _ = write!(
                page,
                r#"<label><input type="radio" name="channelId" value="{}"{checked}> {} ({})</label><br>"#,
                channel.id, channel.name, channel.method,
            );
        }
        page.push_str(r#"</fieldset><fieldset><legend>Card, where the channel takes one</legend><label>Number <input name="card" list="cards" autocomplete="off"></label><datalist id="cards">"#);
        for (name, number, _) in TEST_CARDS {
            let _ = write!(page, r#"<option value="{number}">{name}</option>"#);
        }
        page.push_str("</datalist><ul>");
        for (name, number, status) in TEST_CARDS {
            let _ = write!(page, "<li>{name}: <code>{number}</code>, {status}</li>");
        }
        page.push_str("</ul></fieldset><p>");
        for (status, label) in OUTCOMES {
            let _ = write!(page, r#"<button name="outcome" value="{status}">{label}</button> "#);
        }
        page.push_str("</p></form></main></html>");
        page
    }
}

const HEAD: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Simulated checkout</title><style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:40rem;padding:0 1rem}button{margin:.2rem}</style><main>"#;

fn by_card(number: &str) -> &'static str {
    let digits: String = number.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.is_empty() {
        return "SUCCESSFUL";
    }
    TEST_CARDS
        .iter()
        .find(|(_, known, _)| *known == digits)
        .map_or("FAILED", |(_, _, status)| *status)
}

/// A page that only says something.
fn note(status: StatusCode, text: &str) -> Response<Bytes> {
    wire::html(status, format!("{HEAD}<p>{}</p></main></html>", escape(text)))
}
