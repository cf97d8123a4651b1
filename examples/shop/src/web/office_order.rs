//! One order in the back office, with everything that is known of its attempts.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use paymux::{Currency, Entry, EntryOutcome, Money, OperationKind, Outcome};
use serde::Deserialize;

use super::{Shop, go, layout, problem};
use crate::order::{Attempt, Deed, FollowUp, Order, Standing};
use crate::timeline::{self, Step};
use crate::words;

/// The form of a refund.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refund {
    #[serde(default)]
    amount: String,
}

/// `POST /office/attempts/{reference}/{deed}`
pub(super) async fn act(
    State(shop): State<Shop>,
    Path((reference, deed)): Path<(String, String)>,
    Form(form): Form<Refund>,
) -> Response {
    let Some(order) = shop.till.orders.by_reference(&reference) else {
        return problem(StatusCode::NOT_FOUND, "There is no such attempt.", "/office");
    };
    let page = format!("/office/orders/{}", order.id);
    let currency = order.amount.currency();
    let done = match deed.as_str() {
        "ask" => {
            shop.till.ask(&reference).await;
            Ok(())
        }
        "capture" => {
            shop.till
                .follow_up(&reference, OperationKind::Capture, Some(order.amount))
                .await
        }
        "void" => shop.till.follow_up(&reference, OperationKind::Void, None).await,
        "refund" => match part(&form.amount, currency) {
            Ok(amount) => {
                shop.till
                    .follow_up(&reference, OperationKind::Refund, Some(amount))
                    .await
            }
            Err(why) => Err(why),
        },
        _ => Err("there is no such deed".to_owned()),
    };
    match done {
        Ok(()) => go(&page),
        Err(why) => problem(StatusCode::CONFLICT, &format!("Nothing was sent: {why}."), &page),
    }
}

/// Decimal text, read exactly, to the currency's minor unit.
fn part(text: &str, currency: Currency) -> Result<Money, String> {
    Money::from_decimal(text.trim(), currency).map_err(|error| error.to_string())
}

/// `GET /office/orders/{id}`
pub(super) async fn page(State(shop): State<Shop>, Path(id): Path<String>) -> Response {
    let Some(order) = shop.till.orders.get(&id) else {
        return problem(StatusCode::NOT_FOUND, "There is no such order.", "/office");
    };
    let body = html! {
        div #order-live data-live data-order=(order.id) {
            section.panel {
                p.eyebrow { a href="/office" { "Orders" } " / " (order.id) }
                div.line {
                    div { h1 { (order.product.name) } p.price { (order.amount) } }
                    (layout::chip(Some("order-status"), words::order(&order)))
                }
                p.quiet { a #customer-link href={ "/orders/" (order.id) } { "The customer’s page" } }
                @if !order.remarks.is_empty() {
                    div.note.bad #remarks {
                        b { "For a person" }
                        ul { @for remark in &order.remarks { li { (layout::time(remark.at)) " " (remark.text) } } }
                    }
                }
            }
            @for attempt in order.attempts.iter().rev() { (one(&shop, &order, attempt)) }
        }
    };
    let title = format!("Order {}", order.id);
    layout::page(&title, layout::Place::Office, Some("/office/events"), &body).into_response()
}

fn one(shop: &Shop, order: &Order, attempt: &Attempt) -> Markup {
    let reference = attempt.reference.as_str();
    let payment = attempt.payment.as_ref();
    html! {
        section.panel.attempt id={ "attempt-" (reference) } data-attempt=(reference) {
            div.line {
                h2 { "Attempt " code { (reference) } }
                (layout::chip(None, words::attempt(attempt)))
            }
            dl.facts {
                dt { "Gateway" } dd { (attempt.gateway) @if shop.till.gateways.gateway(&attempt.gateway).is_err() {
                    " " span.chip.warn data-gateway-gone { "no longer configured" } } }
                dt { "Begun" } dd { (layout::time(attempt.made)) @if attempt.hold { ", reserve only" } }
                @if let Some(payment) = payment {
                    dt { "Payment" } dd { code data-field="payment" { (payment.reference) } }
                    dt { "State" } dd { span data-field="state" { (payment.state) } @if payment.late { " (late)" } @if attempt.under_way { " (something is under way)" } }
                    @if let Some(amount) = payment.amount { dt { "Amount" } dd data-field="amount" { (amount) } }
                }
                @if let Some(decline) = &attempt.decline {
                    dt { "Reason" } dd data-field="reason" { (decline.reason) }
                    dt { "Advice" } dd data-field="advice" { (decline.advice) }
                    dt { "Code" } dd data-field="code" { code { (decline.code) } @if let Some(text) = &decline.text { " " (text) } }
                }
                @if let Standing::NotDone(why) = &attempt.standing { dt { "Not done" } dd data-field="not-done" { (why) } }
                @if let Standing::Unknown(unresolved) = &attempt.standing {
                    dt { "Unknown" } dd data-field="unknown" { "asked about in the background: " (unresolved.operation) " sent " (layout::time(unresolved.last_sent)) }
                }
                @if let Some(told) = attempt.told { dt { "Last told" } dd { (layout::time(told)) } }
                @if let Some(trouble) = &attempt.trouble { dt { "Trouble" } dd data-field="trouble" { (trouble) } }
                @if let Some(payment) = payment.filter(|payment| !payment.dropped.is_empty()) {
                    dt { "Not carried" } dd { (payment.dropped.iter().map(|field| field.as_str()).collect::<Vec<_>>().join(", ")) }
                }
            }
            (buttons(order, attempt))
            @if let Some(payment) = payment { (entries(&payment.entries)) }
            @if !attempt.follow_ups.is_empty() { (follow_ups(&attempt.follow_ups)) }
            (steps(attempt))
            @if let Some(raw) = &attempt.raw {
                details id={ "raw-" (reference) } {
                    summary { "The provider’s last reply, secrets removed" }
                    pre data-field="raw" { (raw.scrubbed()) }
                }
            }
        }
    }
}

fn buttons(order: &Order, attempt: &Attempt) -> Markup {
    let reference = attempt.reference.as_str();
    let action = |deed: &str| format!("/office/attempts/{reference}/{deed}");
    let left = attempt.refundable();
    html! {
        div.deeds {
            form method="post" action=(action("ask")) { button type="submit" data-deed="ask" { "Ask again" } }
            @if attempt.capturable() {
                form method="post" action=(action("capture")) { button.primary type="submit" data-deed="capture" { "Capture " (order.amount) } }
                form method="post" action=(action("void")) { button type="submit" data-deed="void" { "Void" } }
            }
            @if left > 0 {
                @let whole = Money::new(left, order.amount.currency());
                form.refund method="post" action=(action("refund")) {
                    label for={ "refund-" (reference) } { "Refund, at most " (whole) }
                    input id={ "refund-" (reference) } name="amount" inputmode="decimal" autocomplete="off" value=(whole.decimal()) data-field="refund-amount";
                    button type="submit" data-deed="refund" { "Refund" }
                }
            }
        }
    }
}

fn entries(entries: &[Entry]) -> Markup {
    html! {
        h3 { "What the provider booked" }
        @if entries.is_empty() { p.quiet { "Nothing." } } @else {
            div.scroll { table data-table="entries" {
                thead { tr { th { "Step" } th.num { "Amount" } th { "Outcome" } th { "Id" } th { "Our reference" } } }
                tbody { @for entry in entries {
                    tr data-entry=(format!("{:?}", entry.kind).to_lowercase()) {
                        td { (format!("{:?}", entry.kind)) }
                        td.num { (entry.amount.map_or(String::new(), |amount| amount.to_string())) }
                        td { (booked(&entry.outcome)) }
                        td { code { (entry.id.as_deref().unwrap_or("")) } }
                        td { code { (entry.reference.as_deref().unwrap_or("")) } }
                    }
                } }
            } }
        }
    }
}

fn booked(outcome: &EntryOutcome) -> String {
    match outcome {
        EntryOutcome::Approved => "approved".to_owned(),
        EntryOutcome::Declined(decline) => format!("declined: {decline}"),
        EntryOutcome::Pending => "pending".to_owned(),
        EntryOutcome::Review => "in review".to_owned(),
        EntryOutcome::Unknown(code) => format!("unknown: {code}"),
        _ => "other".to_owned(),
    }
}

fn follow_ups(all: &[FollowUp]) -> Markup {
    html! {
        h3 { "What was asked afterwards" }
        div.scroll { table data-table="follow-ups" {
            thead { tr { th { "Time" } th { "What" } th.num { "Amount" } th { "Came to" } th { "Reference" } } }
            tbody { @for follow_up in all {
                @let (slug, tone, text) = came_to(&follow_up.deed);
                tr data-follow-up=(follow_up.kind) data-outcome=(slug) {
                    td { (layout::time(follow_up.made)) }
                    td { (follow_up.kind) }
                    td.num { (follow_up.amount.map_or(String::new(), |amount| amount.to_string())) }
                    td { span.chip.(tone) { (slug) } " " (text) }
                    td { code { (follow_up.reference) } }
                }
            } }
        } }
    }
}

fn came_to(deed: &Deed) -> (&'static str, &'static str, String) {
    match deed {
        Deed::Sent => ("sent", "busy", String::new()),
        Deed::Answered(Outcome::Declined(decline)) => ("declined", "bad", decline.to_string()),
        Deed::Answered(outcome @ Outcome::Approved) => (outcome.as_str(), "good", String::new()),
        Deed::Answered(outcome) => (outcome.as_str(), "busy", String::new()),
        Deed::NotDone(why) => ("not_done", "quiet", why.clone()),
        Deed::Unknown(_) => (
            "unknown",
            "warn",
            "the answer was lost; being asked about, and never sent again".to_owned(),
        ),
    }
}

/// Everything that was sent for the attempt and its follow-ups.
fn steps(attempt: &Attempt) -> Markup {
    let follow_ups = attempt.follow_ups.iter().map(|follow_up| follow_up.reference.as_str());
    let mut all: Vec<Step> = std::iter::once(attempt.reference.as_str())
        .chain(follow_ups)
        .flat_map(timeline::of)
        .collect();
    all.sort_by_key(|step| (step.began, !step.is_operation));
    html! {
        details id={ "timeline-" (attempt.reference) } open {
            summary { "Timeline: what was sent, and what came back" }
            ol.timeline data-timeline=(attempt.reference) {
                @for step in &all {
                    @if step.is_operation {
                        li.operation data-step="operation" data-operation=(step.field("operation")) data-attempts=(step.field("attempts")) {
                            (layout::time(step.began)) " " b { (step.field("operation")) } " on " (step.field("gateway")) ": "
                            span.outcome { (step.field("outcome")) }
                            @if !step.field("reason").is_empty() { " (" (step.field("reason")) ")" }
                            @if !step.field("fate").is_empty() { ", fate " b { (step.field("fate")) } }
                            span.took { (step.field("attempts")) " sent, " (step.took.as_millis()) " ms" }
                        }
                    } @else {
                        li.exchange data-step=(if is_token(step) { "token" } else { "exchange" }) {
                            (layout::time(step.began)) " " code { (step.field("method")) " " (step.field("path")) } " → " (step.field("said"))
                            @if is_token(step) { " " span.chip.quiet { "access token" } }
                            span.took { (step.took.as_millis()) " ms" }
                        }
                    }
                }
            }
        }
    }
}

fn is_token(step: &Step) -> bool {
    let path = step.field("path").to_ascii_lowercase();
    ["token", "login", "auth"]
        .iter()
        .any(|word| path.rsplit('/').next().is_some_and(|last| last.contains(word)))
}
