//! Why the API refuses.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;

use crate::wire;

/// One refusal. Its codes are the simulator's own: the provider publishes none.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// 400 for a body or parameter.
    pub(super) fn field(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "SIM_FIELD", message)
    }

    /// 401.
    pub(super) fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// 404.
    pub(super) fn unknown(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "SIM_NOT_FOUND", message)
    }

    /// The answer, with the id that support would ask for.
    pub(super) fn answer(&self, session: u64) -> Response<Bytes> {
        let body = Body {
            error_message: &self.message,
            error_code: self.code,
            session_id: format!("sim-session-{session}"),
        };
        wire::json(self.status, &body)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    error_message: &'a str,
    error_code: &'a str,
    session_id: String,
}
