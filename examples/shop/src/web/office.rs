//! The back office: orders, gateways, deliveries, faults. It has no login: it is an example.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use paymux::{OperationKind, PaymentGateway as _};
use serde::Deserialize;

use super::{Shop, go, layout, problem};
use crate::faults;
use crate::order::Order;
use crate::words;

/// The form of the fault control.
#[derive(Debug, Deserialize)]
pub(super) struct Injection {
    gateway: String,
    fault: String,
}

/// `GET /office`
pub(super) async fn page(State(shop): State<Shop>) -> Markup {
    let body = html! {
        div.note #no-login { b { "No login: example only." } " Whoever reaches this page can move the money of every order." }
        div #office-live data-live {
            (orders(&shop.till.orders.all()))
            (deliveries(&shop))
        }
        (fault_control(&shop))
        div #gateways-live data-live { (gateways(&shop)) }
    };
    layout::page("Back office", layout::Place::Office, Some("/office/events"), &body)
}

/// `POST /office/faults`
pub(super) async fn inject(State(shop): State<Shop>, Form(form): Form<Injection>) -> Response {
    let simulator = shop
        .simulators
        .iter()
        .find(|simulator| simulator.gateway() == form.gateway);
    match simulator.and_then(|simulator| faults::plan(simulator, &form.fault)) {
        Some(()) => go("/office"),
        None => problem(StatusCode::NOT_FOUND, "There is no such simulator or fault.", "/office"),
    }
}

/// `POST /office/faults/clear`
pub(super) async fn clear(State(shop): State<Shop>) -> Response {
    shop.simulators.iter().for_each(faults::clear);
    go("/office")
}

fn orders(orders: &[Order]) -> Markup {
    html! {
        section.panel #orders {
            h1 { "Orders" }
            @if orders.is_empty() {
                p.quiet { "None yet. " a href="/" { "Buy something" } "." }
            } @else {
                div.scroll { table {
                    thead { tr { th { "Time" } th { "Order" } th { "Product" } th.num { "Amount" } th { "Gateway" } th { "Status" } th { "Attempts" } } }
                    tbody {
                        @for order in orders {
                            tr data-order=(order.id) {
                                td { (layout::time(order.made)) }
                                td { a href={ "/office/orders/" (order.id) } { (order.id) } }
                                td { (order.product.name) }
                                td.num { (order.amount) }
                                td { (order.deciding().map_or("", |attempt| attempt.gateway.as_str())) }
                                td { (layout::chip(None, words::order(order)))
                                    @if !order.remarks.is_empty() { " " span.chip.warn data-remarks=(order.remarks.len()) { "Look" } } }
                                td.num { (order.attempts.len()) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn deliveries(shop: &Shop) -> Markup {
    let all = shop.deliveries.all();
    html! {
        section.panel #deliveries {
            h2 { "Webhooks received" }
            @if all.is_empty() { p.quiet { "None yet." } } @else {
                div.scroll { table {
                    thead { tr { th { "Time" } th { "Gateway" } th { "Verdict" } th { "Why" } th.num { "Answered" } } }
                    tbody {
                        @for delivered in all.iter().take(30) {
                            tr data-delivery=(delivered.verdict) data-gateway=(delivered.gateway) {
                                td { (layout::time(delivered.at)) }
                                td { (delivered.gateway) }
                                td { span.chip.(tone(delivered.verdict)) { (delivered.verdict) } }
                                td { (delivered.why) }
                                td.num { (delivered.status) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn tone(verdict: &str) -> &'static str {
    match verdict {
        "accepted" => "good",
        "seen" => "quiet",
        "refused" | "unknown" => "bad",
        _ => "warn",
    }
}

fn fault_control(shop: &Shop) -> Markup {
    html! {
        section.panel #faults {
            h2 { "Let something go wrong" }
            p.quiet { "Each fault happens once, at the next chance." }
            form #fault-form method="post" action="/office/faults" {
                label for="fault-gateway" { "At"
                    select name="gateway" id="fault-gateway" {
                        @for simulator in shop.simulators.iter() { option value=(simulator.gateway()) { (simulator.gateway()) } }
                    }
                }
                div.faults {
                    @for (index, (word, name, what)) in faults::OFFERS.iter().enumerate() {
                        label.fault for={ "fault-" (word) } {
                            input type="radio" name="fault" id={ "fault-" (word) } value=(word) checked[index == 0];
                            span.name { (name) }
                            span.words { (what) }
                        }
                    }
                }
                button #fault-inject.primary type="submit" { "Plan it" }
            }
            div #faults-live data-live {
                @for simulator in shop.simulators.iter() {
                    @let left = faults::left(simulator);
                    @if left > 0 { p.quiet data-faults-left=(simulator.gateway()) { (simulator.gateway()) ": " (left) " still to come" } }
                }
            }
            form method="post" action="/office/faults/clear" { button #fault-clear type="submit" { "Take back what has not happened" } }
        }
    }
}

fn gateways(shop: &Shop) -> Markup {
    let reading = shop.file.last();
    let gateways = &shop.till.gateways;
    html! {
        section.panel #gateways {
            h2 { "Gateways" }
            p.quiet { code #config-path { (shop.file.path.display()) } ", read " @if let Some(at) = reading.at { (layout::time(at)) }
                ". Edit it while the shop runs." }
            @if !reading.problems.is_empty() {
                div.note.bad #config-problems {
                    b { "The file was not taken; the gateways below are those of before." }
                    ul { @for problem in &reading.problems { li { (problem) } } }
                }
            }
            div.scroll { table {
                thead { tr { th { "Name" } th { "Provider" } th { "Mode" } th { "Account" } th { "Can do" } } }
                tbody {
                    @for name in gateways.names() {
                        @if let Ok(gateway) = gateways.gateway(&name) {
                            @let can = gateway.capabilities();
                            tr data-gateway=(name) {
                                td { b { (name) } }
                                td { (can.provider) }
                                td { (can.mode.as_str()) }
                                td { code { (can.account.as_str()) } }
                                td { (OperationKind::ALL.iter().filter(|kind| can.offers(**kind)).map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")) }
                            }
                        }
                    }
                }
            } }
            p.quiet { "Simulators: " @for simulator in shop.simulators.iter() {
                a href={ (simulator.server().url()) "/simulator" } { (simulator.gateway()) } " "
            } "— there a person plays the provider." }
        }
    }
}
