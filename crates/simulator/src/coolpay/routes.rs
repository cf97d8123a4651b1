//! The door of the API: who may come in, and where each path leads.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::state::{Deed, Resource, Type};
use super::{CoolPay, input, view};
use crate::wire;

/// What a request asks, once it is let in.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) now: Timestamp,
    /// Whether the caller waits for the operation's outcome.
    pub(super) synchronized: bool,
    pub(super) callback_url: Option<String>,
    pub(super) body: Map<String, Value>,
    pub(super) query: Vec<(String, String)>,
}

pub(super) type Answer = Result<Response<Bytes>, Refusal>;

/// The methods that a path knows; none where the path means nothing.
fn methods(parts: &[&str]) -> &'static [&'static str] {
    match parts {
        ["ping"] => &["GET", "POST"],
        ["account"] | ["acquirers"] | ["acquirers", _] | ["operational-status", "acquirers"] => &["GET"],
        ["account", "private-key"] => &["GET", "PATCH"],
        ["payments" | "subscriptions" | "cards" | "payouts"] => &["GET", "POST"],
        ["payments" | "subscriptions" | "cards" | "payouts", _] => &["GET", "PATCH"],
        ["cards", _, "link"] => &["PUT"],
        ["payments" | "subscriptions" | "payouts", _, "link"] => &["PUT", "DELETE"],
        ["payments", _, "operations", _] => &["GET", "PATCH"],
        ["subscriptions" | "cards" | "payouts", _, "operations", _] => &["GET"],
        [
            "payments",
            _,
            "authorize" | "capture" | "refund" | "cancel" | "renew" | "session" | "fraud-report",
        ]
        | [
            "subscriptions",
            _,
            "authorize" | "recurring" | "cancel" | "session" | "fraud-report",
        ]
        | ["cards", _, "authorize" | "cancel" | "tokens"]
        | ["payouts", _, "credit"] => &["POST"],
        ["subscriptions", _, "payments"] => &["GET"],
        _ => &[],
    }
}

impl CoolPay {
    /// Answers a call of the API.
    pub(super) fn api(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let segments = wire::segments(request);
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        self.admitted(now, request, &parts)
            .unwrap_or_else(|refusal| refusal.response())
    }

    fn admitted(&mut self, now: Timestamp, request: &Request<Bytes>, parts: &[&str]) -> Answer {
        let headers = request.headers();
        let ping = parts == ["ping"];
        let anonymous = ping && !headers.contains_key(header::AUTHORIZATION);
        let known = wire::basic(headers).is_some_and(|(user, key)| user.is_empty() && key == self.settings.api_key);
        if !anonymous && !known {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "Invalid API key"));
        }
        if wire::text(headers, "accept-version") != Some("v10") {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "The header Accept-Version must say v10",
            ));
        }
        if !accepts_json(wire::text(headers, "accept").unwrap_or("")) {
            return Err(Refusal::new(
                StatusCode::NOT_ACCEPTABLE,
                "Only application/json can be given",
            ));
        }
        let allowed = methods(parts);
        let method = request.method().as_str();
        if allowed.is_empty() {
            return Err(Refusal::no_route());
        }
        if !allowed.contains(&method) {
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"));
        }
        self.permitted(method, parts)?;
        let body = match method {
            "GET" | "DELETE" => Map::new(),
            _ => input::body(request)?,
        };
        let query = wire::query(request);
        let names = self.settings.header_prefix.names().iter();
        let callback_url = names
            .filter_map(|prefix| wire::text(headers, &format!("{prefix}-callback-url")))
            .next();
        let call = Call {
            now,
            synchronized: query.iter().any(|(name, _)| name == "synchronized"),
            callback_url: callback_url.map(str::to_owned),
            body,
            query,
        };
        match parts {
            ["ping"] => Ok(self.ping(&call, anonymous, method)),
            ["account"] => Ok(self.account()),
            ["account", "private-key"] => Ok(self.private_key(method == "PATCH")),
            ["acquirers"] => Ok(self.acquirers()),
            ["acquirers", name] => self.acquirer(name),
            ["operational-status", ..] => Ok(self.health()),
            [plural, rest @ ..] => match Type::from_plural(plural) {
                Some(kind) => self.resource_call(&call, kind, method, rest),
                None => Err(Refusal::no_route()),
            },
            [] => Err(Refusal::no_route()),
        }
    }

    fn resource_call(&mut self, call: &Call, kind: Type, method: &str, rest: &[&str]) -> Answer {
        let [given, rest @ ..] = rest else {
            return match method {
                "POST" => self.create(call, kind),
                _ => self.list(call, kind, None),
            };
        };
        let id = self.known(kind, given)?;
        match (method, rest) {
            ("GET", []) => self.read(call, id),
            (_, []) => self.update(call, id),
            ("PUT", ["link"]) => self.put_link(call, id),
            (_, ["link"]) => self.delete_link(call, id),
            ("GET", ["operations", operation]) => self.read_operation(id, operation),
            (_, ["operations", operation]) => self.abort(call, id, operation),
            (_, ["authorize"]) => self.authorize(call, id),
            (_, ["capture"]) => self.follow(call, id, Deed::Capture),
            (_, ["refund"]) => self.follow(call, id, Deed::Refund),
            (_, ["cancel"]) => self.follow(call, id, Deed::Cancel),
            (_, ["renew"]) => self.follow(call, id, Deed::Renew),
            (_, ["credit"]) => self.authorize(call, id),
            (_, ["recurring"]) => self.recurring(call, id),
            (_, ["tokens"]) => self.make_token(call, id),
            (_, ["fraud-report"]) => self.report_fraud(call, id),
            (_, ["payments"]) => self.list(call, Type::Payment, Some(id)),
            (_, ["session"]) => Err(Refusal::field("acquirer", "is not valid")),
            _ => Err(Refusal::no_route()),
        }
    }

    fn permitted(&self, method: &str, parts: &[&str]) -> Result<(), Refusal> {
        let number = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
        let path: Vec<&str> = parts.iter().map(|p| if number(p) { ":id" } else { *p }).collect();
        let pattern = format!("{method} /{}", path.join("/"));
        if self.settings.denied.contains(&pattern) {
            let message = format!("Not authorized: Not authorized to {pattern}");
            return Err(Refusal::new(StatusCode::FORBIDDEN, message));
        }
        Ok(())
    }

    /// The number of a resource that exists.
    fn known(&self, kind: Type, given: &str) -> Result<u64, Refusal> {
        let found = given.parse().ok().and_then(|id: u64| self.resources.get(&id));
        match found.filter(|r| r.kind == kind) {
            Some(resource) => Ok(resource.id),
            None => Err(Refusal::missing(kind.label(), given)),
        }
    }

    pub(super) fn get(&self, id: u64) -> Result<&Resource, Refusal> {
        self.resources
            .get(&id)
            .ok_or_else(|| Refusal::missing("resource", &id.to_string()))
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Result<&mut Resource, Refusal> {
        self.resources
            .get_mut(&id)
            .ok_or_else(|| Refusal::missing("resource", &id.to_string()))
    }

    /// A resource as the answer.
    pub(super) fn show(&self, id: u64, status: StatusCode, size: Option<usize>) -> Answer {
        let resource = self.get(id)?;
        Ok(wire::json(
            status,
            &view::resource(resource, self.settings.merchant_id, &self.base(), size),
        ))
    }

    /// A resource that has just been made.
    pub(super) fn created(&self, id: u64) -> Answer {
        let kind = self.get(id)?.kind;
        let response = self.show(id, StatusCode::CREATED, None)?;
        Ok(located(response, &format!("{}/{}/{id}", self.base(), kind.plural())))
    }

    /// The answer to an operation that was begun.
    pub(super) fn acted(&self, call: &Call, id: u64, operation: u64) -> Answer {
        let resource = self.get(id)?;
        let pending = resource.operation(operation).is_some_and(|o| o.pending);
        if call.synchronized && !pending {
            let status = if self.settings.synchronized_202 {
                StatusCode::ACCEPTED
            } else {
                StatusCode::OK
            };
            return self.show(id, status, None);
        }
        let location = format!("{}/{}/{id}/operations/{operation}", self.base(), resource.kind.plural());
        let response = if self.settings.async_empty && !call.synchronized {
            wire::empty(StatusCode::ACCEPTED)
        } else {
            self.show(id, StatusCode::ACCEPTED, None)?
        };
        Ok(located(response, &location))
    }
}

/// A JSON answer with 200.
pub(super) fn ok<T: Serialize + ?Sized>(body: &T) -> Response<Bytes> {
    wire::json(StatusCode::OK, body)
}

fn located(mut response: Response<Bytes>, location: &str) -> Response<Bytes> {
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

fn accepts_json(accept: &str) -> bool {
    accept
        .split(',')
        .map(|range| range.split(';').next().unwrap_or("").trim())
        .any(|range| matches!(range, "application/json" | "application/*" | "*/*"))
}
