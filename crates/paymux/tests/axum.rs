//! Webhooks as a router of axum.
#![cfg(all(
    feature = "axum",
    feature = "coolpay",
    feature = "opp",
    feature = "qolo",
    feature = "rustls"
))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use paymux::webhooks::{Acknowledgement, Inbox, Received, Verdict};
use paymux::{Delivery, Gateways};
use tower::ServiceExt as _;

const CONFIG: &str = "[gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'a'\nprivate_key = 'p'\n\
    [gateways.hints]\nprovider = 'opp'\npreset = 'v1'\nmode = 'test'\naccess_token = 't'\nentity_id = 'e'\n\
    [gateways.bank]\nprovider = 'qolo'\npreset = 'qolo'\nmode = 'test'\nlogin_id = 'l'\napi_key = 'a'\nwebhook_secret = 's'\n\
    account_guid = 'd2b7c9d2-85e7-4c51-92d0-3f97a47f8d76'\nprogram_guid = 'd2b7c9d2-85e7-4c51-92d0-3f97a47f8d77'\n";

type Seen = Arc<Mutex<Vec<String>>>;

fn app() -> (Router, Arc<Gateways>, Seen) {
    app_at("/webhooks")
}

fn app_at(path: &str) -> (Router, Arc<Gateways>, Seen) {
    let gateways = Arc::new(Gateways::from_toml(CONFIG).unwrap());
    let seen = Seen::default();
    let handled = Arc::clone(&seen);
    let handler = move |received: Received| {
        handled.lock().unwrap().push(received.event.reported().to_owned());
        async { Ok::<(), std::io::Error>(()) }
    };
    let inbox = Inbox::new(Arc::clone(&gateways)).with_body_limit(1000);
    let app = Router::new().nest(path, paymux::axum::router(inbox, handler));
    (app, gateways, seen)
}

fn post(path: &str, delivery: Delivery) -> Request<Body> {
    let mut request = Request::post(path).body(Body::from(delivery.body)).unwrap();
    *request.headers_mut() = delivery.headers;
    request
}

async fn answer(app: &Router, request: Request<Body>) -> (StatusCode, Option<Verdict>) {
    let response = app.clone().oneshot(request).await.unwrap();
    let verdict = response.extensions().get::<Acknowledgement>().map(|ack| ack.verdict);
    let status = response.status();
    let body = to_bytes(response.into_body(), 1000).await.unwrap();
    assert!(body.is_empty(), "no answer has a detail: {body:?}");
    (status, verdict)
}

#[tokio::test]
async fn one_path_per_gateway() {
    let (app, gateways, seen) = app();
    let sign = |body: &'static str| gateways.get("cards").unwrap().sign(body.into()).unwrap();
    let accepted = answer(&app, post("/webhooks/cards", sign(r#"{"id":7,"state":"new"}"#))).await;
    assert_eq!(accepted, (StatusCode::OK, Some(Verdict::Handled)));
    let mut forged = sign(r#"{"id":7,"state":"new"}"#);
    forged.body = r#"{"id":8,"state":"new"}"#.into();
    assert_eq!(
        answer(&app, post("/webhooks/cards", forged)).await.0,
        StatusCode::UNAUTHORIZED
    );
    let elsewhere = answer(&app, post("/webhooks/nobody", sign("{}"))).await;
    assert_eq!(elsewhere, (StatusCode::NOT_FOUND, Some(Verdict::Unknown)));
    assert_eq!(
        answer(&app, post("/webhooks/", sign("{}"))).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        answer(&app, post("/webhooks/%ff", sign("{}"))).await,
        (StatusCode::NOT_FOUND, None),
        "no text is told"
    );
    assert_eq!(*seen.lock().unwrap(), ["new"]);

    let (inside, gateways, _) = app_at("/{tenant}/webhooks");
    let delivery = gateways.get("cards").unwrap().sign(r#"{"id":7}"#.into()).unwrap();
    let accepted = answer(&inside, post("/acme/webhooks/cards", delivery)).await;
    assert_eq!(accepted.0, StatusCode::OK, "under a path with a part of its own");
}

#[tokio::test]
async fn every_method_is_taken() {
    let (app, _, seen) = app();
    for method in [Method::GET, Method::POST, Method::PUT, Method::HEAD, Method::OPTIONS] {
        let ping = Request::builder()
            .method(method)
            .uri("/webhooks/bank")
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            answer(&app, ping).await.0,
            StatusCode::OK,
            "an activation ping of any form"
        );
    }
    assert!(seen.lock().unwrap().is_empty(), "and acts on nothing");
    // The older notification of the platform names an id in the query.
    let get = Request::get("/webhooks/hints?id=8ac7a4a1&resourcePath=%2Fv1")
        .body(Body::empty())
        .unwrap();
    assert_eq!(answer(&app, get).await.0, StatusCode::OK);
    assert_eq!(*seen.lock().unwrap(), ["? unread"]);
}

#[tokio::test]
async fn a_large_body_is_not_read_to_its_end() {
    let (app, _, _) = app();
    let body = endless();
    let request = Request::post("/webhooks/cards").body(body).unwrap();
    assert_eq!(answer(&app, request).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

/// A body without an announced length that never ends.
fn endless() -> Body {
    struct Endless;
    impl http_body::Body for Endless {
        type Data = bytes::Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
            let frame = http_body::Frame::data(bytes::Bytes::from_static(&[b' '; 100]));
            std::task::Poll::Ready(Some(Ok(frame)))
        }
    }
    Body::new(Endless)
}

#[tokio::test]
async fn over_a_channel() {
    let gateways = Arc::new(Gateways::from_toml(CONFIG).unwrap());
    let (app, mut deliveries) = paymux::axum::webhook_channel(Arc::clone(&gateways), 4);
    let delivery = gateways
        .get("cards")
        .unwrap()
        .sign(r#"{"id":7,"state":"new"}"#.into())
        .unwrap();
    let asking = tokio::spawn(async move { answer(&app, post("/cards", delivery)).await });
    deliveries.recv().await.unwrap().done();
    assert_eq!(asking.await.unwrap(), (StatusCode::OK, Some(Verdict::Handled)));
}
