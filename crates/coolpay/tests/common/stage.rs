//! A provider that plays one payment through its stages, and what can be wrong with a reply.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use paymux_core::{Call, Error, ErrorKind, Lost, Memo, Reply, Token, Wire, async_trait};
use serde_json::{Value, json};

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
        Ok(Reply {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from(body),
        })
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

/// One thing that is wrong with a reply.
#[derive(Clone, Debug)]
pub(crate) struct Mutation {
    /// Where, as a JSON pointer.
    pub(crate) at: String,
    /// What became of the value.
    pub(crate) into: &'static str,
    /// The reply.
    pub(crate) body: String,
}

/// Every value of a reply in turn removed, renamed, null, a text, a number, an object, a list; and every object with a field that nobody knows.
pub(crate) fn mutations(body: &str) -> Vec<Mutation> {
    let whole: Value = serde_json::from_str(body).unwrap();
    let mut places = Vec::new();
    walk(&whole, String::new(), &mut places);
    let mut all = Vec::new();
    for at in places {
        for (into, value) in [
            ("null", Value::Null),
            ("a text", json!("x")),
            ("a number", json!(7)),
            ("an object", json!({})),
            ("a list", json!([])),
        ] {
            let mut changed = whole.clone();
            *changed.pointer_mut(&at).unwrap() = value;
            all.push((at.clone(), into, changed));
        }
        let mut added = whole.clone();
        if let Some(object) = added.pointer_mut(&at).and_then(Value::as_object_mut) {
            object.insert("added_later".to_owned(), json!({"nested": [1, null]}));
            all.push((format!("{at}/added_later"), "added", added));
        }
        let (parent, name) = at.rsplit_once('/').unwrap();
        let mut removed = whole.clone();
        match removed.pointer_mut(parent).unwrap() {
            Value::Object(object) => {
                let value = object.remove(name).unwrap();
                all.push((at.clone(), "removed", removed.clone()));
                let object = removed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                object.insert(format!("{name}_renamed"), value);
                all.push((at.clone(), "renamed", removed));
            }
            Value::Array(list) => {
                list.remove(name.parse().unwrap());
                all.push((at.clone(), "removed", removed));
            }
            _ => unreachable!(),
        }
    }
    let mut added = whole;
    added["added_later"] = json!({"nested": [1, null]});
    all.push(("/added_later".to_owned(), "added", added));
    let mutation = |(at, into, body): (String, &'static str, Value)| Mutation {
        at,
        into,
        body: body.to_string(),
    };
    all.into_iter().map(mutation).collect()
}

fn walk(value: &Value, at: String, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(i, value)| (i.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        let at = format!("{at}/{name}");
        places.push(at.clone());
        walk(child, at, places);
    }
}
