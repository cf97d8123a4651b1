//! Hosted checkouts: made by the merchant, paid by a person on a page, read by the merchant once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha384};

use super::cards::Card;
use super::form::{Form, Reader, Refusal};
use super::object::{Object, result};
use super::order::Order;
use super::payments::Outcome;
use super::test_cards::TEST_CARDS;
use super::{Opp, codes};
use crate::{Origin, wire};

/// How long a checkout can be paid and read.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// One checkout.
#[derive(Clone, Debug)]
pub(super) struct Checkout {
    made: Timestamp,
    order: Order,
    attempts: Vec<String>,
    read: bool,
}

impl Opp {
    /// Answers `POST checkouts`.
    pub(super) fn make_checkout(&mut self, now: Timestamp, form: &Form) -> Result<Response<Bytes>, Refusal> {
        let mut reader = Reader::new(form);
        let order = Order::read(&mut reader, &self.settings, Origin::Page);
        let mut order = reader.finish(order)?;
        let host = if self.settings.live {
            "prod01-vm-tx01"
        } else {
            "uat01-vm-tx04"
        };
        let mark = self.mark(now, "checkout").to_uppercase();
        let id = format!("{}.{host}", mark.get(..32).unwrap_or_default());
        order.checkout = Some(id.clone());
        let mut answer = Object::default()
            .text("id", &id)
            .object("result", result(codes::CHECKOUT_MADE));
        if form.on("integrity") {
            let hash = STANDARD.encode(Sha384::digest(self.script(&id).as_bytes()));
            answer = answer.text("integrity", &format!("sha384-{hash}"));
        }
        let checkout = Checkout {
            made: now,
            order,
            attempts: Vec::new(),
            read: false,
        };
        self.checkouts.insert(id, checkout);
        Ok(self.reply(now, StatusCode::OK, answer))
    }

    /// Answers `GET checkouts/{id}/payment`. A final result is told once.
    pub(super) fn read_checkout(&mut self, now: Timestamp, id: &str) -> Response<Bytes> {
        let limit = if self.settings.live { 9 } else { 2 };
        if self.checkouts.contains_key(id) && self.too_often(now, id, limit) {
            return self.throttled(now);
        }
        let Some(checkout) = self.checkouts.get_mut(id).filter(|c| c.lives(now)) else {
            return self.plain(now, StatusCode::BAD_REQUEST, codes::BAD_FIELD);
        };
        let Some(attempt) = checkout.attempts.last().cloned() else {
            if self.settings.open_checkout_pending {
                return self.plain(now, StatusCode::OK, codes::OPEN);
            }
            return self.plain(now, StatusCode::BAD_REQUEST, codes::BAD_FIELD);
        };
        if checkout.read {
            return self.plain(now, StatusCode::BAD_REQUEST, codes::BAD_FIELD);
        }
        if self.payments.get(&attempt).is_some_and(|p| !codes::pends(&p.code)) {
            checkout.read = true;
        }
        self.recorded(now, &attempt)
    }

    /// Answers `GET paymentWidgets.js`.
    pub(super) fn widget(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let query = wire::query(request);
        match wire::first(&query, "checkoutId").filter(|id| self.checkouts.contains_key(*id)) {
            Some(id) => wire::typed(StatusCode::OK, "text/javascript; charset=utf-8", self.script(id)),
            None => wire::empty(StatusCode::NOT_FOUND),
        }
    }

    /// Answers the page on which a person pays.
    pub(super) fn checkout_page(&mut self, now: Timestamp, id: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let Some(checkout) = self.checkouts.get(id) else {
            return page(StatusCode::NOT_FOUND, "Checkout", "<p>There is no such checkout.</p>");
        };
        let last = checkout.attempts.last().and_then(|attempt| self.payments.get(attempt));
        if !checkout.lives(now) {
            return page(
                StatusCode::OK,
                "Checkout",
                "<p>This checkout is over. Nothing more can be paid.</p>",
            );
        }
        if last.is_some_and(|p| p.booked) {
            return page(StatusCode::OK, "Checkout", "<p>This checkout is paid.</p>");
        }
        if let Some(open) = last.filter(|p| codes::pends(&p.code)) {
            let text = match &open.challenge {
                Some(_) => format!("<p><a href=\"{}\">Go on at your bank</a></p>", self.bank(&open.id)),
                None => "<p>Your payment is being worked on.</p>".to_owned(),
            };
            return page(StatusCode::OK, "Checkout", &text);
        }
        if request.method() != Method::POST {
            return page(StatusCode::OK, "Checkout", &offer(&checkout.order));
        }
        let mut order = checkout.order.clone();
        let query = wire::query(request);
        if let Some(url) = wire::first(&query, "shopperResultUrl") {
            order.extra.shopper_result_url.get_or_insert_with(|| url.to_owned());
        }
        self.submit(now, id, order, &Form::body(request))
    }

    fn submit(&mut self, now: Timestamp, id: &str, order: Order, form: &Form) -> Response<Bytes> {
        let card = Card::test(form.get("card").unwrap_or("4200000000000000"));
        let outcome = match form.get("action") {
            Some("pay") => self.decide(now, &order, &card, false),
            Some("decline") => Outcome::Final("800.100.152".to_owned()),
            Some("cancel") => Outcome::Final("100.396.101".to_owned()),
            _ => return page(StatusCode::BAD_REQUEST, "Checkout", "<p>Nothing was chosen.</p>"),
        };
        let payment = self.charge(now, order, &card, None, outcome);
        if let Some(checkout) = self.checkouts.get_mut(id) {
            checkout.attempts.push(payment.clone());
            checkout.read = false;
        }
        self.announce(now, &payment, true);
        if self.payments.get(&payment).is_some_and(|p| p.challenge.is_some()) {
            return wire::see_other(&self.bank(&payment));
        }
        self.send_back(&payment)
    }

    fn script(&self, id: &str) -> String {
        let target = format!("{}/checkouts/{id}/page", self.settings.base());
        format!(
            "for (const form of document.querySelectorAll('form.paymentWidgets')) {{\n  \
             const link = document.createElement('a');\n  \
             link.href = '{target}?shopperResultUrl=' + encodeURIComponent(form.action);\n  \
             link.textContent = 'Pay';\n  \
             form.append(link);\n}}\n"
        )
    }
}

impl Checkout {
    fn lives(&self, now: Timestamp) -> bool {
        now.duration_since(self.made) < LIFE
    }
}

/// The form for a person.
fn offer(order: &Order) -> String {
    let mut rows = String::new();
    for (index, (name, number, what)) in TEST_CARDS.iter().enumerate() {
        let checked = if index == 0 { " checked" } else { "" };
        rows.push_str(&format!(
            "<p><label><input type=\"radio\" name=\"card\" value=\"{number}\"{checked}> {name} <code>{number}</code> {}</label></p>",
            wire::escape(what)
        ));
    }
    let reference = order.extra.reference.as_deref().unwrap_or("none");
    format!(
        "<p>{} {} to pay, reference {}</p><form method=\"post\">{rows}\
         <button name=\"action\" value=\"pay\">Pay</button> \
         <button name=\"action\" value=\"decline\">Be declined</button> \
         <button name=\"action\" value=\"cancel\">Cancel</button></form>",
        order.money.text(),
        wire::escape(&order.money.currency),
        wire::escape(reference)
    )
}

/// A page for a person.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response<Bytes> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <body style=\"font-family: sans-serif; max-width: 45em; margin: 2em auto\">\
         <h1>{title}</h1><p>No money moves here: this platform is simulated.</p>{body}</body></html>"
    );
    wire::html(status, html)
}
