//! Tells a page that it is out of date, as server-sent events. The page fetches itself anew.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Shop;

/// When this order changes.
pub(super) async fn order(
    State(shop): State<Shop>,
    Path(id): Path<String>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    told(shop, Some(id))
}

/// When anything changes.
pub(super) async fn office(State(shop): State<Shop>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    told(shop, None)
}

fn told(shop: Shop, about: Option<String>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = shop.till.orders.changes();
    // The page is as old as the time at which it was made: the first event says that somebody listens, and lets it catch up.
    let events = unfold((changes, about, true), |(mut changes, about, first)| async move {
        if !first && !next(&mut changes, about.as_deref()).await {
            return None;
        }
        Some((
            Ok(Event::default().event("changed").data("now")),
            (changes, about, false),
        ))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// Waits for a change; `false` when there will be none.
async fn next(changes: &mut Receiver<String>, about: Option<&str>) -> bool {
    loop {
        match changes.recv().await {
            Ok(changed) if about.is_none_or(|id| id == changed) => return true,
            Ok(_) => {}
            // Some were missed: the page looks at everything anyway.
            Err(RecvError::Lagged(_)) => return true,
            Err(RecvError::Closed) => return false,
        }
    }
}
