//! Writes answers: objects in order with exact amounts, pages, and problem bodies.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::reading::{Errors, wrong};
use crate::wire;

/// An answer, or why there is none.
pub(super) type Answer = Result<Response<Bytes>, Refusal>;

/// A JSON object that is being written.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    pub(super) fn put<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        if let Ok(raw) = to_raw_value(value) {
            self.0.push((name.to_owned(), raw));
        }
        self
    }

    /// Adds a field if there is a value.
    pub(super) fn maybe<T: Serialize>(self, name: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.put(name, &value),
            None => self,
        }
    }

    /// Adds an amount as a number in the major unit.
    pub(super) fn money(self, name: &str, minor: i64, currency: &str) -> Self {
        self.exact(name, wire::major(minor, wire::decimals(currency)))
    }

    /// Adds a number that is written already.
    pub(super) fn exact(mut self, name: &str, number: String) -> Self {
        if let Ok(raw) = RawValue::from_string(number) {
            self.0.push((name.to_owned(), raw));
        }
        self
    }

    /// Adds fields that no document names, as the provider may at any time.
    pub(super) fn with_extras(self) -> Self {
        self.put("added_later", "unknown to every document")
            .put("addedLaterToo", &Self::new().put("nested", &[1, 2, 3]))
    }

    /// The object as bytes.
    pub(super) fn bytes(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Answers with an object, unknown fields added.
pub(super) fn answer(status: StatusCode, object: Object) -> Response<Bytes> {
    wire::json(status, &object.with_extras())
}

/// Answers with one page of a list. `start` counts from one; every row has unknown fields added.
pub(super) fn page(all: Vec<Object>, start: i64, limit: i64) -> Response<Bytes> {
    page_with(all, start, limit, Object::new())
}

/// Answers with one page of a list and more fields around it.
pub(super) fn page_with(all: Vec<Object>, start: i64, limit: i64, more: Object) -> Response<Bytes> {
    let start = start.max(1);
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let skipped = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let wanted = usize::try_from(limit).unwrap_or_default();
    let data: Vec<Object> = all
        .into_iter()
        .skip(skipped)
        .take(wanted)
        .map(Object::with_extras)
        .collect();
    let count = i64::try_from(data.len()).unwrap_or_default();
    let end = start + count - 1;
    let mut around = Object::new()
        .put("count", &count)
        .put("start_index", &start)
        .put("end_index", &end)
        .put("has_more", &(end < total))
        .put("data", &data);
    around.0.extend(more.0);
    answer(StatusCode::OK, around)
}

/// A refusal, to be written as a problem body.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) detail: String,
    pub(super) errors: Errors,
}

impl Refusal {
    /// A refusal with this status and this to say.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Errors::new(),
        }
    }

    /// 400 with this to say.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 400 for one field.
    pub(super) fn field(name: impl Into<String>, what: impl Into<String>) -> Self {
        let mut errors = Errors::new();
        wrong(&mut errors, name, what);
        Self::fields(errors)
    }

    /// 400 for fields.
    pub(super) fn fields(errors: Errors) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            detail: "The request does not pass validation.".to_owned(),
            errors,
        }
    }

    /// 404.
    pub(super) fn unknown(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}."))
    }

    /// Goes on only if nothing is wrong.
    pub(super) fn unless_none(errors: Errors) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        Err(Self::fields(errors))
    }

    /// The problem body. `trace` tells this answer from every other.
    pub(super) fn into_response(self, trace: &str) -> Response<Bytes> {
        let title = match self.status {
            StatusCode::BAD_REQUEST => "The request has errors.",
            status => status.canonical_reason().unwrap_or("Error"),
        };
        let object = Object::new()
            .put("type", "about:blank")
            .put("title", title)
            .put("status", &self.status.as_u16())
            .put("detail", &self.detail)
            .put("instance", &None::<String>)
            .maybe("errors", (!self.errors.is_empty()).then_some(self.errors))
            .put("traceId", trace);
        answer(self.status, object)
    }
}
