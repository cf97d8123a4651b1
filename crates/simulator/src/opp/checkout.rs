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
use crate::page::{self, Offer};
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
            return show(
                StatusCode::NOT_FOUND,
                "Checkout",
                &page::alert("There is no such checkout. Nothing can be paid here."),
            );
        };
        let what = self.facts(&checkout.order, id);
        let last = checkout.attempts.last().and_then(|attempt| self.payments.get(attempt));
        if let Some(paid) = last.filter(|p| p.booked) {
            let text = "It was paid before. Nothing was charged again, and nothing more can be paid here.";
            let back = page::link("back", "Back to the shop", self.way_back(paid).as_deref());
            let body = format!("{what}{}{back}", page::text(text));
            return show(StatusCode::OK, "This checkout is paid", &body);
        }
        if !checkout.lives(now) {
            let text = page::text("It was open for half an hour. Nothing more can be paid here.");
            return show(StatusCode::OK, "This checkout is over", &format!("{what}{text}"));
        }
        if let Some(open) = last.filter(|p| codes::pends(&p.code)) {
            let (text, link) = match &open.challenge {
                Some(_) => (
                    "Your bank has not heard from you yet.",
                    page::link("bank", "Go on at your bank", Some(&self.bank(&open.id))),
                ),
                None => (
                    "Nobody has decided yet. You need not pay again, and cannot until it is decided.",
                    page::link("back", "Back to the shop", self.way_back(open).as_deref()),
                ),
            };
            let body = format!("{what}{}{link}", page::text(text));
            return show(StatusCode::OK, "Your payment is being worked on", &body);
        }
        if request.method() != Method::POST {
            let failed = last.map(|p| {
                format!(
                    "Not paid: {} ({}). You can try again.",
                    codes::describe(&p.code),
                    p.code
                )
            });
            let notice = failed.as_deref().map_or_else(String::new, page::alert);
            return show(StatusCode::OK, "Checkout", &format!("{what}{notice}{}", offer()));
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
            Some("review") => Outcome::Final(codes::REVIEW.to_owned()),
            Some("hold") => Outcome::Final(codes::WAITING.to_owned()),
            Some("close") => {
                let body = page::text("Nothing was paid and the shop was told nothing. The checkout is still open.");
                let again = page::link("again", "Open the checkout again", Some(""));
                return show(StatusCode::OK, "You closed the page", &format!("{body}{again}"));
            }
            _ => return show(StatusCode::BAD_REQUEST, "Checkout", &page::alert("Nothing was chosen.")),
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

    /// Who is paid, for what, and how much.
    fn facts(&self, order: &Order, checkout: &str) -> String {
        page::facts(&[
            ("Merchant", self.settings.entity_id.as_deref().unwrap_or("any entity")),
            ("Order", order.extra.reference.as_deref().unwrap_or("none")),
            ("Amount", &format!("{} {}", order.money.text(), order.money.currency)),
            ("Checkout", checkout),
        ])
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
fn offer() -> String {
    let offers: Vec<Offer<'_>> = TEST_CARDS
        .iter()
        .map(|(name, number, happens)| Offer {
            value: number,
            name,
            number,
            happens,
        })
        .collect();
    let buttons = [
        ("pay", "Pay", "The card decides what happens, as it says above."),
        (
            "decline",
            "Be declined",
            "The bank refuses whatever the card is. You can try again.",
        ),
        (
            "review",
            "Be held for review",
            "The payment goes through, and the back office at /simulator accepts or refuses it.",
        ),
        (
            "hold",
            "Leave undecided",
            "The payment stays open until the back office at /simulator decides it.",
        ),
        ("cancel", "Cancel", "Nothing is paid, and you go back to the shop."),
        (
            "close",
            "Close without paying",
            "Nothing is paid, and the shop learns nothing.",
        ),
    ];
    let buttons: String = buttons
        .iter()
        .map(|(value, label, hint)| page::button("action", value, label, hint))
        .collect();
    format!(
        "<form method=\"post\">{}{buttons}</form>",
        page::cards("card", &offers, TEST_CARDS.len())
    )
}

/// A page for a person.
pub(super) fn show(status: StatusCode, title: &str, body: &str) -> Response<Bytes> {
    page::show(status, "OPP", title, body)
}
