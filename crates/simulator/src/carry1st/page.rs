//! The hosted page: a person chooses a channel and how the payment ends.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use jiff::Timestamp;

use super::payment::Payment;
use super::{Carry1st, methods};
use crate::page::{self, Offer};
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

/// The page's buttons: the status that each brings, what it says and what it does. The empty status goes by the card.
const OUTCOMES: &[(&str, &str, &str)] = &[
    ("", "Pay", "The card decides what happens, as it says above."),
    ("SUCCESSFUL", "Succeed", "The payment is paid, whatever the card is."),
    (
        "FAILED",
        "Be declined",
        "The payment fails, and you go back to the shop.",
    ),
    (
        "PENDING",
        "Leave undecided",
        "It stays pending until the back office at /simulator decides it.",
    ),
    (
        "PENDING_INVESTIGATION",
        "Be held for review",
        "It is under review until the back office at /simulator decides it.",
    ),
    ("CANCELLED", "Cancel", "Nothing is paid, and you go back to the shop."),
    (
        "ABANDONED",
        "Close without paying",
        "The payment is abandoned, and you do not return to the shop.",
    ),
];

impl Carry1st {
    /// Answers the page: GET shows it, POST finishes the payment with the form fields `reference`, `accessToken`, and optionally `channelId`,
    /// `card` or `number`, and `outcome` (a status; empty or absent: the card decides, and without a card the payment succeeds).
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
            return self.over(payment);
        }
        let chosen = match field("channelId") {
            "" => None,
            id => match methods::find(&payment.order.country_code, id) {
                Some(channel) => Some(channel.id),
                None => return note(StatusCode::BAD_REQUEST, "This payment has no such channel."),
            },
        };
        if request.method() == Method::GET {
            return show(StatusCode::OK, "Checkout", &self.form(payment, token, chosen));
        }
        let status = match field("outcome") {
            "" if field("number").trim().is_empty() => by_card(field("card")),
            "" => by_card(field("number")),
            known if OUTCOMES.iter().any(|(status, _, _)| *status == known) => known,
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
        let url = self.way_back(payment);
        let location = url.and_then(|url| HeaderValue::from_str(&url).ok());
        let Some(location) = location else {
            let text = page::text(&format!("The payment is now {}.", payment.status));
            return show(StatusCode::OK, "The end", &format!("{}{text}", self.facts(payment)));
        };
        let mut response = wire::empty(StatusCode::FOUND);
        response.headers_mut().insert(header::LOCATION, location);
        response
    }

    /// The merchant's URL for the payment's status.
    fn way_back(&self, payment: &Payment) -> Option<String> {
        let urls = payment.order.urls(&self.settings.fallback);
        match payment.status.as_str() {
            "SUCCESSFUL" => urls.success,
            "FAILED" => urls.failure,
            "CANCELLED" => urls.cancel,
            "ABANDONED" | "REFUND" | "CHARGEBACK" => None,
            _ => urls.pending,
        }
    }

    /// Says that nothing more can be paid.
    fn over(&self, payment: &Payment) -> Response<Bytes> {
        let text = if payment.captured {
            "It was paid before. Nothing was charged again, and nothing more can be paid here."
        } else {
            "It came to its end without money. Nothing more can be paid here."
        };
        let url = self.way_back(payment);
        let body = format!(
            "{}{}{}",
            self.facts(payment),
            page::text(text),
            page::link("back", "Back to the shop", url.as_deref())
        );
        show(
            StatusCode::GONE,
            &format!("This payment is over: {}", payment.status),
            &body,
        )
    }

    /// Who is paid, for what, and how much.
    fn facts(&self, payment: &Payment) -> String {
        let currency = payment.currency();
        let amount = format!("{} {currency}", wire::major(payment.minor, wire::decimals(currency)));
        let products: Vec<String> = payment.order.products.iter().map(|product| product.line()).collect();
        page::facts(&[
            (
                "Merchant",
                &format!("{} {}", self.settings.partner_code, self.settings.partner_id),
            ),
            ("Order", &payment.order.partner_reference),
            ("Amount", &amount),
            ("Products", &products.join("; ")),
            ("Payment", &payment.reference),
            ("Status", &payment.status),
        ])
    }

    fn form(&self, payment: &Payment, token: &str, chosen: Option<u32>) -> String {
        let channels: String = methods::of(&payment.order.country_code)
            .filter(|channel| channel.active && chosen.is_none_or(|id| id == channel.id))
            .enumerate()
            .map(|(index, channel)| {
                let checked = if index == 0 { " checked" } else { "" };
                format!(
                    "<label class=\"card\" for=\"channel-{id}\"><input type=\"radio\" id=\"channel-{id}\" name=\"channelId\" \
                     value=\"{id}\"{checked}><span>{} ({})</span></label>",
                    escape(channel.name),
                    escape(channel.method),
                    id = channel.id,
                )
            })
            .collect();
        let mut offers: Vec<Offer<'_>> = TEST_CARDS
            .iter()
            .map(|(name, number, status)| Offer {
                value: number,
                name,
                number,
                happens: status,
            })
            .collect();
        offers.push(Offer {
            value: "",
            name: "No card",
            number: "",
            happens: "SUCCESSFUL, as with a channel that takes none",
        });
        let buttons: String = OUTCOMES
            .iter()
            .map(|(status, label, hint)| page::button("outcome", status, label, hint))
            .collect();
        format!(
            "{}<form method=\"post\" action=\"{}{PATH}\"><input type=\"hidden\" name=\"reference\" value=\"{}\">\
             <input type=\"hidden\" name=\"accessToken\" value=\"{}\"><fieldset id=\"channels\"><legend>Channel</legend>{channels}</fieldset>\
             {}<details><summary>Another card</summary>{}</details>{buttons}</form>",
            self.facts(payment),
            escape(&self.settings.checkout_base),
            escape(&payment.reference),
            escape(token),
            page::cards("card", &offers, 5),
            page::field("number", "Number; any other than those above fails"),
        )
    }
}

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
    show(status, "Checkout", &page::alert(text))
}

fn show(status: StatusCode, title: &str, body: &str) -> Response<Bytes> {
    page::show(status, "Carry1st", title, body)
}
