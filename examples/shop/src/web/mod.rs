//! The pages: a router, what guards it, and what all pages share.

mod guard;
mod layout;
mod live;
mod office;
mod office_order;
mod shop;

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use paymux::webhooks::Received;

use crate::config::File;
use crate::deliveries::{self, Deliveries};
use crate::simulators::Simulator;
use crate::till::Till;

/// What the pages need.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) till: Arc<Till>,
    pub(crate) file: Arc<File>,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) simulators: Arc<Vec<Simulator>>,
}

/// The whole shop.
pub(crate) fn router(shop: Shop) -> Router {
    let till = Arc::clone(&shop.till);
    let handler = move |received: Received| {
        let till = Arc::clone(&till);
        async move { till.webhook(received).await }
    };
    // Providers are no browsers: the guard against forged forms is not for them, the signature is.
    let webhooks = paymux::axum::webhooks(Arc::clone(&shop.till.gateways), handler)
        .layer(from_fn_with_state(Arc::clone(&shop.deliveries), deliveries::note));
    Router::new()
        .route("/", get(shop::products))
        .route("/orders", post(shop::buy))
        .route("/orders/{id}", get(shop::order))
        .route("/orders/{id}/pay", post(shop::pay_again))
        .route("/orders/{id}/continue", post(shop::go_on))
        .route("/orders/{id}/events", get(live::order))
        .route("/return/{attempt}", get(shop::returned))
        .route("/office", get(office::page))
        .route("/office/events", get(live::office))
        .route("/office/faults", post(office::inject))
        .route("/office/faults/clear", post(office::clear))
        .route("/office/orders/{id}", get(office_order::page))
        .route("/office/attempts/{reference}/{deed}", post(office_order::act))
        .route(
            "/assets/shop.css",
            get(|| asset("text/css; charset=utf-8", include_str!("../../assets/shop.css"))),
        )
        .route(
            "/assets/shop.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("../../assets/shop.js"))),
        )
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "There is no such page.", "/") })
        .layer(from_fn(guard::same_site))
        .with_state(shop)
        .nest("/webhooks", webhooks)
        .layer(from_fn(guard::headers))
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")],
        text,
    )
        .into_response()
}

/// A page that says what did not go.
fn problem(status: StatusCode, text: &str, back: &str) -> Response {
    let body: Markup = html! {
        section.panel.narrow {
            h1 { "That did not go" }
            p #problem { (text) }
            p { a #back.button href=(back) { "Back" } }
        }
    };
    (
        status,
        layout::page("That did not go", layout::Place::Shop, None, &body),
    )
        .into_response()
}

/// Where a browser goes after a form: another page, by GET.
fn go(to: &str) -> Response {
    Redirect::to(to).into_response()
}
