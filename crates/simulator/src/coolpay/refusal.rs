//! Requests that are refused.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::wire;

/// Why a request is refused, and how that is said.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    errors: BTreeMap<String, Vec<String>>,
    plain: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    message: &'a str,
    errors: Option<&'a BTreeMap<String, Vec<String>>>,
    error_code: Option<()>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            errors: BTreeMap::new(),
            plain: false,
        }
    }

    /// One field that is not as it must be.
    pub(super) fn field(name: &str, text: &str) -> Self {
        let mut check = Check::default();
        check.add(name, text);
        Self::invalid(check)
    }

    /// An operation that the resource's state does not allow.
    pub(super) fn state(label: &str, action: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            format!("{label} is not in a valid state for {action}"),
        )
    }

    /// Something that does not exist.
    pub(super) fn missing(label: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Not found: No {label} with id {id}"))
    }

    /// A path that means nothing here.
    pub(super) fn no_route() -> Self {
        Self {
            plain: true,
            ..Self::new(StatusCode::NOT_FOUND, "404 Not Found")
        }
    }

    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn invalid(check: Check) -> Self {
        Self {
            errors: check.errors,
            ..Self::new(StatusCode::BAD_REQUEST, "Validation error")
        }
    }

    pub(super) fn response(&self) -> Response<Bytes> {
        if self.plain {
            return wire::typed(self.status, "text/plain; charset=utf-8", self.message.clone());
        }
        let body = Body {
            message: &self.message,
            errors: Some(&self.errors).filter(|e| !e.is_empty()),
            error_code: None,
        };
        let mut response = wire::json(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"CoolPay simulator\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The faults found in a request's fields so far.
#[derive(Debug, Default)]
pub(super) struct Check {
    errors: BTreeMap<String, Vec<String>>,
}

impl Check {
    pub(super) fn add(&mut self, name: &str, text: &str) {
        self.errors.entry(name.to_owned()).or_default().push(text.to_owned());
    }

    /// Refuses the request if any fault was found.
    pub(super) fn done(self) -> Result<(), Refusal> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Refusal::invalid(self))
        }
    }
}
