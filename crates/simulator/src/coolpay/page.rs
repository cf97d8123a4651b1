//! The hosted page: what a customer sees and does behind a link.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;

use super::CoolPay;
use super::card::{Card, year_month};
use super::state::{Ask, Deed, Link, Resource, Type, Verdict};
use super::test_cards::{TEST_CARDS, by_name};
use crate::Origin;
use crate::wire::{self, decimals, escape};

/// What a request of the browser comes to.
enum Step {
    Stay(String),
    Continue,
    Cancel,
}

/// The link's address if the path is that of a hosted page.
pub(super) fn hex_of(parts: &[String]) -> Option<&str> {
    match parts {
        [first, hex] if first == "payments" && hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Some(hex)
        }
        _ => None,
    }
}

impl CoolPay {
    /// Answers the browser of a customer.
    pub(super) fn hosted_page(&mut self, now: Timestamp, request: &Request<Bytes>, hex: &str) -> Response<Bytes> {
        let found = self.hexes.get(hex).and_then(|id| self.resources.get(id)).cloned();
        let Some((resource, link)) = found.and_then(|r| r.link.clone().map(|l| (r, l))) else {
            return show(
                StatusCode::NOT_FOUND,
                "This link leads nowhere",
                "<p>It was never made, or it was taken away.</p>",
            );
        };
        if resource.accepted || resource.pending() {
            let text = if resource.accepted {
                "This is done already."
            } else {
                "Your payment is being processed."
            };
            return match (request.method() == Method::POST, &link.continue_url) {
                (true, Some(url)) => wire::see_other(url),
                _ => show(
                    StatusCode::OK,
                    text,
                    &way_out("Back to the shop", link.continue_url.as_deref()),
                ),
            };
        }
        if link.deadline_at.is_some_and(|at| at <= now) {
            let out = way_out("Back to the shop", link.cancel_url.as_deref());
            return show(StatusCode::OK, "The time to pay is over", &out);
        }
        let form = wire::pairs(request.body());
        let action = wire::first(&form, "do").filter(|_| request.method() == Method::POST);
        let step = match (request.method(), action, &link.challenge) {
            (&Method::GET | &Method::HEAD, _, Some(_)) => Step::Stay(challenge()),
            (&Method::GET | &Method::HEAD, _, None) => Step::Stay(choices(&resource, &link, None)),
            (&Method::POST, Some("cancel"), _) => Step::Cancel,
            (&Method::POST, Some("pay"), _) => self.pay(now, &resource, &link, chosen(now, &form), false, None),
            (&Method::POST, Some("confirm"), Some(card)) => self.pay(now, &resource, &link, card.clone(), true, None),
            (&Method::POST, Some("refuse"), Some(card)) => {
                let verdict = Verdict::from_code("40000/40310", &self.settings.acquirer);
                self.pay(now, &resource, &link, card.clone(), false, Some(verdict))
            }
            (&Method::POST, _, _) => Step::Stay(choices(&resource, &link, Some("Choose what to do."))),
            _ => return show(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", ""),
        };
        let (text, target) = match step {
            Step::Stay(body) => return show(StatusCode::OK, "Simulated payment window", &body),
            Step::Continue => ("Thank you", link.continue_url),
            Step::Cancel => ("Cancelled", link.cancel_url),
        };
        match target {
            Some(url) => wire::see_other(&url),
            None => show(StatusCode::OK, text, "<p>You can close this window.</p>"),
        }
    }

    fn pay(
        &mut self,
        now: Timestamp,
        resource: &Resource,
        link: &Link,
        card: Card,
        secure: bool,
        fixed: Option<Verdict>,
    ) -> Step {
        let deed = if resource.kind == Type::Payout {
            Deed::Credit
        } else {
            Deed::Authorize
        };
        let mut ask = Ask::new(deed, link.amount, Origin::Page);
        ask.card = Some(card.clone());
        ask.fixed = fixed;
        ask.auto_capture = link.auto_capture;
        ask.acquirer.clone_from(&link.acquirer);
        ask.callback_url.clone_from(&link.callback_url);
        ask.secure = secure;
        let operation = self.begin(now, resource.id, ask);
        let Some(after) = self.resources.get_mut(&resource.id) else {
            return Step::Continue;
        };
        let verdict = after.operation(operation).and_then(|o| o.verdict.clone());
        let asked_for_proof = verdict.as_ref().is_some_and(|v| v.code.starts_with("301"));
        if let Some(link) = &mut after.link {
            link.challenge = Some(card).filter(|_| asked_for_proof);
        }
        match verdict {
            Some(_) if asked_for_proof => Step::Stay(challenge()),
            Some(verdict) if !verdict.is_approved() && verdict.code != "20200" => {
                let notice = format!(
                    "Not paid: {} ({}). You can try another card.",
                    verdict.message, verdict.code
                );
                Step::Stay(choices(resource, link, Some(&notice)))
            }
            _ => Step::Continue,
        }
    }
}

fn chosen(now: Timestamp, form: &[(String, String)]) -> Card {
    let given = |name: &str| {
        wire::first(form, name)
            .map(str::trim)
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
    };
    let named = || given("card").and_then(|name| by_name(&name)).map(str::to_owned);
    Card {
        number: given("number")
            .or_else(named)
            .unwrap_or_default()
            .replace([' ', '-'], ""),
        expiration: given("expiration").unwrap_or_else(|| year_month(now, 3)),
        cvd: given("cvd").or_else(|| Some("208".to_owned())),
        ..Card::default()
    }
}

fn choices(resource: &Resource, link: &Link, notice: Option<&str>) -> String {
    let what = match (&resource.currency, link.amount) {
        (Some(currency), Some(amount)) => format!("{} {currency}", wire::major(amount, decimals(currency))),
        _ => "No money: your card is saved".to_owned(),
    };
    let order = resource.order_id.as_deref().unwrap_or("");
    let notice = notice.map_or_else(String::new, |n| {
        format!("<p class=\"notice\" role=\"alert\">{}</p>", escape(n))
    });
    let rows: String = TEST_CARDS
        .iter()
        .enumerate()
        .map(|(at, (name, number, happens))| {
            let checked = if at == 0 { " checked" } else { "" };
            format!(
                "<tr><td><label><input type=\"radio\" name=\"card\" value=\"{name}\"{checked}> {name}</label></td>\
                 <td><code>{number}</code></td><td>{happens}</td></tr>"
            )
        })
        .collect();
    format!(
        "{notice}<p class=\"amount\">{}</p><p>Order {}</p><form method=\"post\">\
         <p><button name=\"do\" value=\"pay\">Pay with the chosen card</button> \
         <button name=\"do\" value=\"cancel\" formnovalidate>Cancel</button></p>\
         <table><thead><tr><th>Test card</th><th>Number</th><th>What happens</th></tr></thead><tbody>{rows}</tbody></table>\
         <details><summary>Another card</summary><p><label>Number <input name=\"number\" inputmode=\"numeric\"></label> \
         <label>Expiry, year and month (YYMM) <input name=\"expiration\" size=\"4\" maxlength=\"4\"></label> \
         <label>CVD <input name=\"cvd\" size=\"4\" maxlength=\"4\"></label></p></details></form>",
        escape(&what),
        escape(order),
    )
}

fn challenge() -> String {
    "<p>The bank wants to know that it is you (3-D Secure).</p><form method=\"post\"><p>\
     <button name=\"do\" value=\"confirm\">It is me: pay</button> \
     <button name=\"do\" value=\"refuse\">It is not me: fail the check</button> \
     <button name=\"do\" value=\"cancel\">Cancel</button></p></form>"
        .to_owned()
}

fn way_out(text: &str, url: Option<&str>) -> String {
    url.map_or_else(String::new, |url| {
        format!("<p><a href=\"{}\">{text}</a></p>", escape(url))
    })
}

fn show(status: StatusCode, title: &str, body: &str) -> Response<Bytes> {
    const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}\
        table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0}\
        button{font:inherit;padding:.4rem 1rem}.amount{font-size:2rem;margin:0}\
        .notice{background:#fde8e8;padding:.5rem 1rem}footer{color:#666;margin-top:2rem}";
    wire::html(
        status,
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
             <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\
             <body><h1>{title}</h1>{body}<footer>A simulator: no money moves, and no real card belongs here.</footer></body></html>"
        ),
    )
}
