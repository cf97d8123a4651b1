//! Which request goes where, and who is let in.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use jiff::Timestamp;

use super::form::{Form, Refusal};
use super::object::Object;
use super::settings::Api;
use super::{Opp, codes, order};
use crate::wire;

/// A call of the API.
#[derive(Clone, Copy, Debug)]
enum Call<'a> {
    Payments,
    Payment(&'a str),
    Checkouts,
    CheckoutResult(&'a str),
    Registrations,
    Registration(&'a str),
    RegistrationPayments(&'a str),
    /// A report by reference, with the name of its list.
    Query(&'static str),
    /// A report by id.
    QueryId(&'static str, &'a str),
}

impl Opp {
    /// Answers any request.
    pub(super) fn route(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        let all = wire::segments(request);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let prefix = self.settings.prefix.clone();
        let prefix: Vec<&str> = prefix.split('/').filter(|s| !s.is_empty()).collect();
        let Some(parts) = all.strip_prefix(prefix.as_slice()) else {
            return wire::empty(StatusCode::NOT_FOUND);
        };
        if path.contains("//") || path.ends_with('/') {
            return wire::empty(StatusCode::NOT_FOUND);
        }
        let v1 = self.settings.api == Api::V1;
        match *parts {
            ["checkouts", id, "page"] => return self.checkout_page(now, id, request),
            ["challenge", id] => return self.bank_page(id, request),
            ["challenge", _, "method"] => return wire::html(StatusCode::OK, String::new()),
            ["challenge", id, "answer"] if request.method() == Method::POST => {
                return self.bank_answer(now, id, request);
            }
            ["v1", "paymentWidgets.js"] if v1 => return self.widget(request),
            ["v1", "resultcodes"] if v1 && request.method() == Method::GET => return self.result_codes(now),
            _ => {}
        }
        let Some(call) = self.call(parts) else {
            return wire::empty(StatusCode::NOT_FOUND);
        };
        if let Err(status) = self.admit(request) {
            if status == StatusCode::UNAUTHORIZED && !v1 {
                return wire::empty(status);
            }
            return self.plain(now, status, codes::CREDENTIALS);
        }
        self.perform(now, call, request)
            .unwrap_or_else(|refusal| self.refused(now, refusal))
    }

    fn call<'a>(&self, parts: &[&'a str]) -> Option<Call<'a>> {
        let (version, rest) = parts.split_first()?;
        let v1 = self.settings.api == Api::V1;
        let own = *version == self.settings.version();
        let list = match *version {
            "v1" if v1 => "payments",
            _ => "records",
        };
        let reported = self.settings.reports && (own || *version == "v3");
        Some(match *rest {
            ["payments"] if own => Call::Payments,
            ["payments", id] if own => Call::Payment(id),
            ["checkouts"] if own => Call::Checkouts,
            ["checkouts", id, "payment"] if own => Call::CheckoutResult(id),
            ["registrations"] if own && v1 => Call::Registrations,
            ["registrations", id] if own && v1 => Call::Registration(id),
            ["registrations", id, "payments"] if own && v1 => Call::RegistrationPayments(id),
            ["query"] if reported => Call::Query(list),
            ["query", id] if reported => Call::QueryId(list, id),
            _ => return None,
        })
    }

    fn perform(
        &mut self,
        now: Timestamp,
        call: Call<'_>,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        let form = if request.method() == Method::POST {
            if !is_form(request) {
                return Err(Refusal::Fields(Vec::new()));
            }
            Form::body(request)
        } else {
            Form::query(request)
        };
        order::entity(&form, &self.settings)?;
        match (request.method().as_str(), call) {
            ("POST", Call::Payments) => self.pay(now, &form),
            ("POST", Call::Payment(id)) => self.follow_up(now, id, &form),
            ("GET", Call::Payment(id)) => Ok(self.inquire(now, id)),
            ("POST", Call::Checkouts) => self.make_checkout(now, &form),
            ("GET", Call::CheckoutResult(id)) => Ok(self.read_checkout(now, id)),
            ("POST", Call::Registrations) => self.make_registration(now, &form),
            ("GET", Call::Registration(id)) => Ok(self.read_registration(now, id)),
            ("DELETE", Call::Registration(id)) => Ok(self.delete_registration(now, id)),
            ("POST", Call::RegistrationPayments(id)) => self.pay_by_registration(now, id, &form),
            ("GET", Call::Query(list)) => self.by_reference(now, list, &form),
            ("GET", Call::QueryId(list, id)) => Ok(self.by_id(now, list, id, &form)),
            _ => Err(Refusal::Code("200.300.403")),
        }
    }

    /// Lets a request in by its header, or gives the status to refuse it with.
    fn admit(&self, request: &Request<Bytes>) -> Result<(), StatusCode> {
        let header = wire::text(request.headers(), header::AUTHORIZATION.as_str());
        let token = header
            .and_then(|value| value.strip_prefix("Bearer "))
            .filter(|token| !token.is_empty());
        match token {
            None => Err(StatusCode::UNAUTHORIZED),
            Some(token) if token == self.settings.access_token => Ok(()),
            Some(_) => Err(StatusCode::FORBIDDEN),
        }
    }

    fn result_codes(&mut self, now: Timestamp) -> Response<Bytes> {
        let codes = codes::LIST
            .iter()
            .map(|(code, text)| Object::default().text("code", code).text("description", text).value())
            .collect();
        self.reply(now, StatusCode::OK, Object::default().list("resultCodes", codes))
    }
}

/// Whether the body is said to be a form, in UTF-8 if a character set is named, and is text.
fn is_form(request: &Request<Bytes>) -> bool {
    let header = wire::text(request.headers(), header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let (kind, rest) = header.split_once(';').unwrap_or((header, ""));
    let charset = rest.trim().to_ascii_lowercase();
    kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && matches!(charset.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"")
        && std::str::from_utf8(request.body()).is_ok()
}
