//! What the customer sees.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use paymux::{NextAction, OperationKind, PaymentGateway as _};
use serde::Deserialize;

use super::{Shop, go, layout, problem};
use crate::catalog::{PRODUCTS, Product, product};
use crate::order::{Attempt, Order, Standing};
use crate::words;

/// The form of a purchase.
#[derive(Debug, Deserialize)]
pub(super) struct Purchase {
    product: String,
    gateway: String,
    #[serde(default)]
    hold: String,
}

/// The form of another attempt.
#[derive(Debug, Deserialize)]
pub(super) struct Again {
    gateway: String,
    #[serde(default)]
    hold: String,
}

/// `GET /`
pub(super) async fn products(State(shop): State<Shop>) -> Markup {
    let gateways = hosted(&shop);
    let body = html! {
        section.hero {
            h1 { "Few things, made well." }
            p.lead { "Pick one, pick who takes the payment, and watch what happens." }
        }
        form #buy method="post" action="/orders" {
            fieldset.products {
                legend { "What would you like?" }
                @for (index, product) in PRODUCTS.iter().enumerate() {
                    label.product for={ "product-" (product.sku) } {
                        input type="radio" name="product" id={ "product-" (product.sku) } value=(product.sku) checked[index == 0];
                        (drawing(product))
                        span.name { (product.name) }
                        span.words { (product.words) }
                        span.price { (product.price()) }
                    }
                }
            }
            (pay_form(&gateways))
        }
    };
    layout::page("Shop", layout::Place::Shop, None, &body)
}

/// `POST /orders`
pub(super) async fn buy(State(shop): State<Shop>, Form(form): Form<Purchase>) -> Response {
    let Some(product) = product(&form.product) else {
        return problem(StatusCode::NOT_FOUND, "There is no such product.", "/");
    };
    let Ok(id) = new_id() else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "The machine has no randomness.", "/");
    };
    let order = Order::new(id.clone(), product, Timestamp::now());
    if let Err(why) = shop.till.orders.add(order).await {
        let text = format!("Nothing was ordered: {why}.");
        return problem(StatusCode::SERVICE_UNAVAILABLE, &text, "/");
    }
    pay(&shop, &id, &form.gateway, form.hold == "yes").await
}

/// `POST /orders/{id}/pay`
pub(super) async fn pay_again(State(shop): State<Shop>, Path(id): Path<String>, Form(form): Form<Again>) -> Response {
    pay(&shop, &id, &form.gateway, form.hold == "yes").await
}

async fn pay(shop: &Shop, id: &str, gateway: &str, hold: bool) -> Response {
    let order = format!("/orders/{id}");
    match shop.till.pay(id, gateway, hold).await {
        Ok(Some(page)) => to_page(&page, &order),
        Ok(None) => go(&order),
        Err(why) => problem(StatusCode::CONFLICT, &format!("Nothing was charged: {why}."), &order),
    }
}

/// `POST /orders/{id}/continue`
pub(super) async fn go_on(State(shop): State<Shop>, Path(id): Path<String>) -> Response {
    let order = format!("/orders/{id}");
    match shop.till.page(&id).await {
        Some(page) => to_page(&page, &order),
        None => go(&order),
    }
}

/// A provider that gives a script, or a form to post, wants a page of the shop's own; with `checkout_page` none of those here does.
fn to_page(page: &NextAction, order: &str) -> Response {
    match page {
        NextAction::Redirect(_) => go(page.expose_url()),
        _ => problem(
            StatusCode::NOT_IMPLEMENTED,
            "This gateway has no page to go to: set `checkout_page` in shop.toml.",
            order,
        ),
    }
}

/// `GET /return/{attempt}`: somebody came back. That is a reason to ask.
pub(super) async fn returned(State(shop): State<Shop>, Path(attempt): Path<String>) -> Response {
    match shop.till.returned(&attempt) {
        Some(order) => go(&format!("/orders/{order}")),
        None => problem(StatusCode::NOT_FOUND, "There is no such payment.", "/"),
    }
}

/// `GET /orders/{id}`
pub(super) async fn order(State(shop): State<Shop>, Path(id): Path<String>) -> Response {
    let Some(order) = shop.till.orders.get(&id) else {
        return problem(StatusCode::NOT_FOUND, "There is no such order.", "/");
    };
    let status = words::order(&order);
    let deciding = order.deciding();
    let body = html! {
        section.panel.narrow #live data-live data-order=(order.id) {
            p.eyebrow { "Your order" }
            div.line {
                (drawing(order.product))
                div {
                    h1 { (order.product.name) }
                    p.price #order-amount { (order.amount) }
                }
                (layout::chip(Some("order-status"), status))
            }
            p.next #order-next { (status.next) }
            @if let Some(reason) = deciding.and_then(words::reason) {
                p.reason #order-reason { (reason) }
            }
            @if deciding.is_some_and(may_go_on) {
                form method="post" action={ "/orders/" (order.id) "/continue" } {
                    button #continue.primary type="submit" { "Continue to payment" }
                }
            }
            @if order.may_pay_again() {
                form #pay-again method="post" action={ "/orders/" (order.id) "/pay" } { (pay_form(&hosted(&shop))) }
            }
            @if let Some(attempt) = deciding {
                dl.facts {
                    dt { "Order" } dd #order-id { (order.id) }
                    dt { "Attempt" } dd #attempt-reference { (attempt.reference) }
                    dt { "Paid by" } dd #attempt-gateway { (attempt.gateway) }
                    @if let Some(method) = attempt.payment.as_ref().and_then(|payment| payment.method.as_ref()) {
                        dt { "With" } dd #attempt-method { (method.brand.as_deref().unwrap_or("card")) " " (method.last4.as_deref().map_or(String::new(), |l| format!("…{l}"))) }
                    }
                }
            }
            p.quiet { a #office-link href={ "/office/orders/" (order.id) } { "See this order in the back office" } }
        }
    };
    let events = format!("/orders/{}/events", order.id);
    layout::page(order.product.name, layout::Place::Shop, Some(&events), &body).into_response()
}

/// Whether the provider's page can still be paid on.
fn may_go_on(attempt: &Attempt) -> bool {
    let waits = words::attempt(attempt).slug == "to-pay" || attempt.page_is_open;
    waits && !attempt.has_money() && matches!(attempt.standing, Standing::Open)
}

/// The gateways that have a page to pay on, with what is known of them.
pub(super) fn hosted(shop: &Shop) -> Vec<(String, &'static str, bool)> {
    let gateways = &shop.till.gateways;
    let all = gateways
        .names()
        .into_iter()
        .filter_map(|name| Some((gateways.gateway(&name).ok()?, name)));
    let hosted = all.filter(|(gateway, _)| gateway.capabilities().offers(OperationKind::Checkout));
    hosted
        .map(|(gateway, name)| {
            let can = gateway.capabilities();
            (name, can.provider, can.offers(OperationKind::Capture))
        })
        .collect()
}

/// Who takes the payment, and whether it is taken at once.
fn pay_form(gateways: &[(String, &'static str, bool)]) -> Markup {
    html! {
        fieldset.gateways {
            legend { "Who takes the payment?" }
            @for (index, (name, provider, _)) in gateways.iter().enumerate() {
                label.gateway for={ "gateway-" (name) } {
                    input type="radio" name="gateway" id={ "gateway-" (name) } value=(name) checked[index == 0];
                    span.name { (name) }
                    span.words { (provider) }
                }
            }
            @if gateways.is_empty() {
                p { "No gateway with a page to pay on is configured. Look at shop.toml." }
            }
        }
        label.hold for="hold" {
            input type="checkbox" name="hold" id="hold" value="yes";
            span { "Only reserve the money; the back office takes it later" }
        }
        button #pay.primary type="submit" disabled[gateways.is_empty()] { "Pay" }
        p.quiet { "You are taken to the provider’s page, and come back here." }
    }
}

fn drawing(product: &Product) -> Markup {
    html! {
        svg.drawing viewBox="0 0 24 24" aria-hidden="true" { path d=(product.drawing) {} }
    }
}

/// An order's id: 12 letters and digits of the machine's randomness, so that with the marks of attempts and follow-ups it fits every provider's references.
fn new_id() -> Result<String, getrandom::Error> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let mut bytes = [0_u8; 12];
    getrandom::fill(&mut bytes)?;
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).copied().map_or('a', char::from);
    Ok(bytes.into_iter().map(letter).collect())
}
