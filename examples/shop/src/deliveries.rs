//! What providers, and others, delivered at the shop's address for webhooks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use paymux::webhooks::{Acknowledgement, Verdict};

use crate::store::Orders;

/// How many are shown.
const KEPT: usize = 100;

/// One delivery, and how it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub(crate) at: Timestamp,
    pub(crate) gateway: String,
    pub(crate) status: u16,
    /// A word for tests and styles.
    pub(crate) verdict: &'static str,
    /// Why, for people.
    pub(crate) why: String,
}

/// The last deliveries.
#[derive(Debug)]
pub(crate) struct Deliveries {
    last: Mutex<VecDeque<Delivered>>,
    orders: Arc<Orders>,
}

impl Deliveries {
    pub(crate) fn new(orders: Arc<Orders>) -> Self {
        Self {
            last: Mutex::default(),
            orders,
        }
    }

    /// The last ones, newest first.
    pub(crate) fn all(&self) -> Vec<Delivered> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().rev().cloned().collect()
    }

    fn add(&self, delivered: Delivered) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= KEPT {
            last.pop_front();
        }
        last.push_back(delivered);
        drop(last);
        self.orders.announce(String::new());
    }
}

/// Notes each delivery with what the inbox said of it. The sender gets no detail; the back office does.
pub(crate) async fn note(
    State(deliveries): State<Arc<Deliveries>>,
    Path(gateway): Path<String>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let verdict = response.extensions().get::<Acknowledgement>().map(|a| a.verdict);
    let (verdict, why) = match verdict {
        Some(Verdict::Handled) => ("accepted", "asked about, and the order is up to date".to_owned()),
        Some(Verdict::Seen) => ("seen", "the same was handled before".to_owned()),
        Some(Verdict::Refused(error)) => ("refused", error.to_string()),
        Some(Verdict::Failed) => ("failed", "not confirmed, or of no order: it may come again".to_owned()),
        Some(Verdict::Late) => ("late", "still being handled".to_owned()),
        Some(Verdict::Busy) => ("busy", "too many unsigned ones at once".to_owned()),
        Some(Verdict::Unknown) => ("unknown", "no gateway has this name".to_owned()),
        _ => ("refused", "it could not be read".to_owned()),
    };
    deliveries.add(Delivered {
        at: Timestamp::now(),
        gateway,
        status: response.status().as_u16(),
        verdict,
        why,
    });
    response
}
