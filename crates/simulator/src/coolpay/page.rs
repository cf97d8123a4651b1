//! The hosted page: what a customer sees and does behind a link.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;

use super::CoolPay;
use super::card::{Card, year_month};
use super::state::{Ask, Deed, Link, Resource, Type, Verdict};
use super::test_cards::{TEST_CARDS, by_name};
use crate::Origin;
use crate::page::{self, Offer};
use crate::wire::{self, decimals};

/// What a request of the browser comes to.
enum Step {
    Stay(String),
    Continue,
    Cancel,
    Close,
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
                &page::text("It was never made, or it was taken away. Nothing can be paid here."),
            );
        };
        let what = self.facts(&resource, &link);
        if resource.accepted {
            let body =
                page::text("It was accepted before. Nothing was charged again, and nothing more can be paid here.");
            let out = page::link("back", "Back to the shop", link.continue_url.as_deref());
            return show(StatusCode::OK, "This is done already", &format!("{what}{body}{out}"));
        }
        if resource.pending() {
            let body = page::text("Nobody has decided yet. You need not pay again, and cannot until it is decided.");
            let out = page::link("back", "Back to the shop", link.continue_url.as_deref());
            return show(
                StatusCode::OK,
                "Your payment is being processed",
                &format!("{what}{body}{out}"),
            );
        }
        if link.deadline_at.is_some_and(|at| at <= now) {
            let out = page::link("back", "Back to the shop", link.cancel_url.as_deref());
            return show(StatusCode::OK, "The time to pay is over", &format!("{what}{out}"));
        }
        let form = wire::pairs(request.body());
        let action = wire::first(&form, "do").filter(|_| request.method() == Method::POST);
        let fixed = |code| Some(Verdict::from_code(code, &self.settings.acquirer));
        let (decline, hold, fail) = (fixed("40000"), fixed("20200"), fixed("40000/40310"));
        let card = chosen(now, &form);
        let step = match (request.method(), action, &link.challenge) {
            (&Method::GET | &Method::HEAD, _, Some(_)) => Step::Stay(challenge()),
            (&Method::GET | &Method::HEAD, _, None) => Step::Stay(choices(None)),
            (&Method::POST, Some("cancel"), _) => Step::Cancel,
            (&Method::POST, Some("close"), _) => Step::Close,
            (&Method::POST, Some("pay"), _) => self.pay(now, &resource, &link, card, false, None),
            (&Method::POST, Some("decline"), _) => self.pay(now, &resource, &link, card, false, decline),
            (&Method::POST, Some("hold"), _) => self.pay(now, &resource, &link, card, false, hold),
            (&Method::POST, Some("confirm"), Some(card)) => self.pay(now, &resource, &link, card.clone(), true, None),
            (&Method::POST, Some("refuse"), Some(card)) => self.pay(now, &resource, &link, card.clone(), false, fail),
            (&Method::POST, _, _) => Step::Stay(choices(Some("Choose what to do."))),
            _ => return show(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", ""),
        };
        let (text, target) = match step {
            Step::Stay(body) => return show(StatusCode::OK, "Payment window", &format!("{what}{body}")),
            Step::Close => {
                let body = page::text("Nothing was paid and the shop was told nothing. The link still works.");
                let again = page::link("again", "Open the window again", Some(""));
                return show(StatusCode::OK, "You closed the window", &format!("{what}{body}{again}"));
            }
            Step::Continue => ("Thank you", link.continue_url),
            Step::Cancel => ("Cancelled", link.cancel_url),
        };
        match target {
            Some(url) => wire::see_other(&url),
            None => show(
                StatusCode::OK,
                text,
                &page::text("The shop gave no address to return to."),
            ),
        }
    }

    /// Who is paid, for what, and how much.
    fn facts(&self, resource: &Resource, link: &Link) -> String {
        let amount = match (&resource.currency, link.amount) {
            (Some(currency), Some(amount)) => format!("{} {currency}", wire::major(amount, decimals(currency))),
            _ => "No money: the card is saved".to_owned(),
        };
        page::facts(&[
            ("Merchant", &format!("account {}", self.settings.merchant_id)),
            ("Order", resource.order_id.as_deref().unwrap_or("none")),
            ("Amount", &amount),
            (resource.kind.label(), &resource.id.to_string()),
        ])
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
                Step::Stay(choices(Some(&notice)))
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

/// The cards and what can be done with them.
fn choices(notice: Option<&str>) -> String {
    let offers: Vec<Offer<'_>> = TEST_CARDS
        .iter()
        .map(|(name, number, happens)| Offer {
            value: name,
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
            "hold",
            "Leave undecided",
            "The payment stays pending until the back office at /simulator decides it.",
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
        .map(|(value, label, hint)| page::button("do", value, label, hint))
        .collect();
    format!(
        "{}<form method=\"post\">{}<details><summary>Another card</summary>{}{}{}</details>{buttons}</form>",
        notice.map_or_else(String::new, page::alert),
        page::cards("card", &offers, 10),
        page::field("number", "Number"),
        page::field("expiration", "Expiry, year and month (YYMM)"),
        page::field("cvd", "CVD"),
    )
}

fn challenge() -> String {
    format!(
        "<h2>3-D Secure</h2>{}<form method=\"post\">{}{}{}</form>",
        page::text("The bank that issued the card wants to know that it is you."),
        page::button(
            "do",
            "confirm",
            "It is me",
            "The check succeeds and the card is charged."
        ),
        page::button(
            "do",
            "refuse",
            "Fail the check",
            "The payment is declined. You can try again."
        ),
        page::button(
            "do",
            "cancel",
            "Cancel",
            "Nothing is paid, and you go back to the shop."
        ),
    )
}

fn show(status: StatusCode, title: &str, body: &str) -> Response<Bytes> {
    page::show(status, "CoolPay", title, body)
}
