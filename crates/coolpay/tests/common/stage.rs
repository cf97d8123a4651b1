//! A provider that plays one payment through its stages.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use paymux_core::{Call, Error, ErrorKind, Lost, Memo, Reply, Token, Wire, async_trait};
use serde_json::json;

/// A provider with one payment, which every call that moves money takes one stage on.
#[derive(Debug)]
pub(crate) struct Stage {
    /// What reads show at each stage.
    pub(crate) shown: Vec<String>,
    /// What the call that leads to each stage answers; the first is the create's.
    pub(crate) answered: Vec<String>,
    moved: Mutex<usize>,
}

impl Stage {
    pub(crate) fn new(views: &[String]) -> Self {
        Self {
            shown: views.to_vec(),
            answered: views.to_vec(),
            moved: Mutex::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls moved money.
    pub(crate) fn moved(&self) -> usize {
        *self.lock()
    }
}

#[async_trait]
impl Wire for Stage {
    async fn send(&self, call: Call) -> Result<Reply, Lost> {
        let uri = call.request.uri();
        let (path, query) = (uri.path(), uri.query().unwrap_or(""));
        let mut moved = self.lock();
        let body = if call.moves {
            *moved += 1;
            let answer = self.answered.get(*moved);
            answer.cloned().unwrap_or_else(|| panic!("one call too many: {path}"))
        } else if path.ends_with("/tokens") {
            json!({"token": "once"}).to_string()
        } else if call.request.method() == Method::POST {
            self.answered[0].clone()
        } else if query.contains("order_id=") {
            format!("[{}]", self.shown[*moved])
        } else {
            self.shown[*moved].clone()
        };
        Ok(Reply::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body)))
    }

    async fn wait(&self, _: Duration) -> bool {
        true
    }

    async fn note(&self, _: Memo) -> Result<(), Error> {
        Ok(())
    }

    async fn token(&self) -> Result<Token, Error> {
        Err(Error::new(ErrorKind::Configuration, "there are no tokens"))
    }

    fn now(&self) -> Timestamp {
        Timestamp::constant(1_767_323_045, 0)
    }
}
