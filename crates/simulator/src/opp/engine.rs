//! What all operations share: ids, results, bookings, messages and the ends of answers.

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::form::{FieldError, Refusal};
use super::object::{Object, result};
use super::record::{Payment, Type};
use super::settings::Api;
use super::{Opp, codes};
use crate::{Movement, Origin, wire};

impl Opp {
    /// A new id of 32 hexadecimal digits.
    pub(super) fn new_id(&mut self, now: Timestamp, what: &str) -> String {
        let tail = self.mark(now, what);
        format!("8ac7a4a2{}", tail.get(..24).unwrap_or_default())
    }

    /// A new mark that was never given before.
    pub(super) fn mark(&mut self, now: Timestamp, what: &str) -> String {
        self.count += 1;
        let seed = format!("{what} {} {}", self.count, now.as_nanosecond());
        hex::encode(Sha256::digest(seed.as_bytes()))
    }

    /// A transaction with nothing in it yet.
    pub(super) fn blank(&mut self, now: Timestamp, id: &str, kind: Type, origin: Origin) -> Payment {
        self.count += 1;
        Payment {
            id: id.to_owned(),
            place: self.count,
            at: now,
            kind,
            money: None,
            reference: None,
            code: String::new(),
            booked: false,
            referenced: None,
            root: id.to_owned(),
            brand: None,
            card: None,
            registration: None,
            by_registration: false,
            echo: Vec::new(),
            custom: Vec::new(),
            notification_url: None,
            shopper_result_url: None,
            challenge: None,
            authenticated: false,
            approval: codes::success(&self.settings, false),
            checkout: None,
            origin,
        }
    }

    /// Gives a transaction its result, and books it if money moved.
    pub(super) fn conclude(&mut self, now: Timestamp, id: &str, code: &str) {
        let Some(root) = self.payments.get(id).map(|p| p.root.clone()) else {
            return;
        };
        let whole = self.payments.get(&root).and_then(|p| p.money.clone());
        let Some(payment) = self.payments.get_mut(id) else {
            return;
        };
        payment.code = code.to_owned();
        payment.at = now;
        payment.challenge = None;
        let disputed = payment.kind == Type::Chargeback && code.starts_with("000.100.2");
        let moves = codes::approves(code, self.settings.live) || disputed;
        if !moves || payment.booked {
            return;
        }
        payment.booked = true;
        let Some(money) = payment.money.clone().or(whole) else {
            return;
        };
        self.ledger.book(Movement {
            at: now,
            kind: payment.kind.kind(),
            payment: root,
            id: payment.id.clone(),
            reference: payment.reference.clone(),
            minor: money.minor().unwrap_or(money.hundredths),
            currency: money.currency,
            origin: payment.origin,
        });
    }

    /// Does what was put off until now.
    pub(super) fn settle_due(&mut self, now: Timestamp) {
        let (mut ready, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|(at, _, _)| *at <= now);
        self.later = later;
        ready.sort_by_key(|(at, _, _)| *at);
        for (at, id, code) in ready {
            if self.payments.get(&id).is_some_and(|p| codes::pends(&p.code)) {
                self.conclude(at, &id, code);
                self.announce(at, &id, true);
            }
        }
    }

    /// Puts off a result.
    pub(super) fn put_off(&mut self, now: Timestamp, wait: SignedDuration, id: &str, code: &'static str) {
        let at = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        self.later.push((at, id.to_owned(), code));
    }

    /// Sends word of a result. `/v3` does so only if the caller has not been told in the answer to the call.
    pub(super) fn announce(&mut self, now: Timestamp, id: &str, untold: bool) {
        let Some(payment) = self.payments.get(id) else {
            return;
        };
        let own = payment.notification_url.as_deref();
        let first = self
            .payments
            .get(&payment.root)
            .and_then(|p| p.notification_url.as_deref());
        let url = own.or(first).map(str::to_owned);
        let open = payment.code == codes::OPEN;
        let at = now.checked_add(self.settings.notify_after).unwrap_or(Timestamp::MAX);
        match self.settings.api {
            Api::V3 => {
                if let Some(url) = url.filter(|_| untold) {
                    let content = self.tell(now, id);
                    self.mail.post(at, &url, content);
                }
            }
            Api::V1 => {
                if let Some(url) = self.settings.webhook_url.clone().or(url).filter(|_| !open) {
                    let payload = self.tell(now, id);
                    let content = Object::default().text("type", "PAYMENT").with("payload", payload);
                    self.mail.post(at, &url, content.value());
                }
            }
        }
    }

    /// A transaction as it is told now.
    pub(super) fn tell(&mut self, now: Timestamp, id: &str) -> Value {
        let Some(payment) = self.payments.get(id) else {
            return Value::Null;
        };
        let (told, at) = (payment.told(), payment.at);
        let told = if self.settings.api == Api::V1 && payment.card.is_some() {
            told.text("paymentMethod", "CC")
        } else {
            told
        };
        self.ended(now, told).text("timestamp", &stamp(at)).value()
    }

    /// An answer about a recorded transaction.
    pub(super) fn recorded(&mut self, now: Timestamp, id: &str) -> Response<Bytes> {
        let code = self.payments.get(id).map_or("", |p| p.code.as_str());
        let status = if codes::fine(code) || self.settings.declines_with_200 {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        };
        wire::json(status, &self.tell(now, id))
    }

    /// An answer that is about a code and nothing else.
    pub(super) fn plain(&mut self, now: Timestamp, status: StatusCode, code: &str) -> Response<Bytes> {
        self.reply(now, status, Object::default().object("result", result(code)))
    }

    /// An answer of its own making, with what ends every answer.
    pub(super) fn reply(&mut self, now: Timestamp, status: StatusCode, answer: Object) -> Response<Bytes> {
        let answer = self.ended(now, answer);
        wire::json(status, &answer.value())
    }

    /// The answer to a request that was not even recorded.
    pub(super) fn refused(&mut self, now: Timestamp, refusal: Refusal) -> Response<Bytes> {
        match refusal {
            Refusal::Code(code) => self.plain(now, StatusCode::BAD_REQUEST, code),
            Refusal::Fields(errors) => {
                let mut complaint = result(codes::BAD_FIELD);
                if !errors.is_empty() {
                    complaint = complaint.list("parameterErrors", errors.iter().map(told_error).collect());
                }
                self.reply(
                    now,
                    StatusCode::BAD_REQUEST,
                    Object::default().object("result", complaint),
                )
            }
        }
    }

    /// Whether this was read too often within the last minute; if not, this time counts.
    pub(super) fn too_often(&mut self, now: Timestamp, what: &str, limit: usize) -> bool {
        let reads = self.reads.entry(what.to_owned()).or_default();
        reads.retain(|at| now.duration_since(*at) < SignedDuration::from_secs(60));
        if reads.len() >= limit {
            return true;
        }
        reads.push(now);
        false
    }

    fn ended(&mut self, now: Timestamp, answer: Object) -> Object {
        let mark = self.mark(now, "trace");
        let entity = self.settings.entity_id.as_deref().unwrap_or("any");
        answer
            .text("ndc", &format!("{entity}_{}", mark.get(..32).unwrap_or_default()))
            .text("buildNumber", "simulated@2026-01-01 00:00:00 +0000")
            .text("timestamp", &stamp(now))
    }
}

fn told_error(error: &FieldError) -> Value {
    Object::default()
        .text("name", &error.name)
        .maybe("value", error.value.as_deref())
        .text("message", error.message)
        .value()
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S.%3f+0000").to_string()
}
