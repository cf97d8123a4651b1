//! First payments: PA, DB and CD with a card or a registration, and the reading of any transaction.

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::cards::Card;
use super::form::{FieldError, Form, Reader, Refusal};
use super::object::{Object, result};
use super::order::Order;
use super::record::{Challenge, ShownCard, Type};
use super::test_cards::{Behaviour, behaviour};
use super::{Opp, codes};
use crate::Origin;

/// How long a shopper has to authenticate.
const TO_AUTHENTICATE: SignedDuration = SignedDuration::from_mins(30);
/// How long a slow payment takes.
const SLOW: SignedDuration = SignedDuration::from_mins(1);

/// What comes of an order.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The card cannot be used.
    Unusable(&'static str),
    /// The result stands.
    Final(String),
    /// The shopper must authenticate.
    Challenge {
        /// By a form with data.
        data: bool,
    },
    /// The result comes later.
    Slow,
}

impl Opp {
    /// Answers `POST payments`.
    pub(super) fn pay(&mut self, now: Timestamp, form: &Form) -> Result<Response<Bytes>, Refusal> {
        let mut reader = Reader::new(form);
        let order = Order::read(&mut reader, &self.settings, Origin::Api);
        let card = Card::read(&mut reader);
        let (order, card) = reader.finish(order.zip(card))?;
        self.take(now, order, &card, None)
    }

    /// Makes a payment that came by the API, and answers.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        order: Order,
        card: &Card,
        registration: Option<&str>,
    ) -> Result<Response<Bytes>, Refusal> {
        let outcome = self.decide(now, &order, card, registration.is_some());
        if matches!(outcome, Outcome::Challenge { .. }) && order.extra.shopper_result_url.is_none() {
            return Err(Refusal::Fields(vec![FieldError {
                name: "shopperResultUrl".to_owned(),
                value: None,
                message: "is required where the shopper must authenticate",
            }]));
        }
        let id = self.charge(now, order, card, registration, outcome);
        self.announce(now, &id, false);
        Ok(self.recorded(now, &id))
    }

    /// Decides what comes of an order. A code that was forced is used up here.
    pub(super) fn decide(&mut self, now: Timestamp, order: &Order, card: &Card, registered: bool) -> Outcome {
        let cvv_needed = !registered && !order.merchant_initiated && order.kind != Type::Credit;
        if let Some(flaw) = card.flaw(now, cvv_needed) {
            return Outcome::Unusable(flaw);
        }
        if let Some(code) = self.forced.take().or_else(|| order.extra.forced.clone()) {
            return Outcome::Final(code);
        }
        let approved = Outcome::Final(codes::success(&self.settings, order.acquirer).to_owned());
        let may_challenge = !order.merchant_initiated && !order.authenticated && order.kind != Type::Credit;
        match behaviour(&card.number) {
            Behaviour::Refuse(code) => Outcome::Final(code.to_owned()),
            Behaviour::Slow => Outcome::Slow,
            Behaviour::Challenge { data } if may_challenge => Outcome::Challenge { data },
            Behaviour::Challenge { .. } | Behaviour::Frictionless => approved,
            Behaviour::SoftDecline if order.authenticated => approved,
            Behaviour::SoftDecline | Behaviour::Plain if may_challenge && order.flow == Some(true) => {
                Outcome::Challenge { data: true }
            }
            Behaviour::SoftDecline => Outcome::Final("300.100.100".to_owned()),
            Behaviour::Plain if may_challenge && order.enrolled && order.flow.is_none() => {
                Outcome::Final("000.400.109".to_owned())
            }
            Behaviour::Plain => approved,
        }
    }

    /// Records a payment with its outcome, and gives its id. Nobody is told yet.
    pub(super) fn charge(
        &mut self,
        now: Timestamp,
        order: Order,
        card: &Card,
        registration: Option<&str>,
        outcome: Outcome,
    ) -> String {
        let id = self.new_id(now, "payment");
        let mut payment = self.blank(now, &id, order.kind, order.origin);
        payment.money = Some(order.money);
        payment.reference = order.extra.reference;
        payment.brand = card.brand().map(str::to_owned);
        payment.card = Some(ShownCard::of(card));
        payment.by_registration = registration.is_some();
        payment.registration = registration.map(str::to_owned);
        payment.echo = order.extra.echo;
        payment.custom = order.extra.custom;
        payment.notification_url = order.extra.notification_url;
        payment.shopper_result_url = order.extra.shopper_result_url;
        payment.approval = codes::success(&self.settings, order.acquirer);
        payment.authenticated = order.authenticated;
        payment.checkout = order.checkout;
        if order.register && registration.is_none() && !matches!(outcome, Outcome::Unusable(_)) {
            payment.registration = Some(self.register(now, card));
        }
        let approval = payment.approval;
        let (code, challenge, later) = match outcome {
            Outcome::Unusable(code) => (code.to_owned(), None, None),
            Outcome::Final(code) => (code, None, None),
            Outcome::Challenge { data } => {
                let url = format!("{}/challenge/{id}", self.settings.base());
                let expired = (TO_AUTHENTICATE, "100.380.501");
                (codes::OPEN.to_owned(), Some(Challenge { data, url }), Some(expired))
            }
            Outcome::Slow => ("800.400.500".to_owned(), None, Some((SLOW, approval))),
        };
        self.payments.insert(id.clone(), payment);
        self.conclude(now, &id, &code);
        if let Some(payment) = self.payments.get_mut(&id) {
            payment.challenge = challenge;
        }
        if let Some((wait, code)) = later {
            self.put_off(now, wait, &id, code);
        }
        id
    }

    /// Answers `GET payments/{id}`.
    pub(super) fn inquire(&mut self, now: Timestamp, id: &str) -> Response<Bytes> {
        if !self.payments.contains_key(id) {
            return self.plain(now, StatusCode::NOT_FOUND, codes::NOT_FOUND);
        }
        if let Some(limit) = self.settings.status_reads_per_minute
            && self.too_often(now, id, limit)
        {
            return self.throttled(now);
        }
        self.recorded(now, id)
    }

    /// The answer to somebody who asks too often. It has an id of its own, which is nobody's payment.
    pub(super) fn throttled(&mut self, now: Timestamp) -> Response<Bytes> {
        let id = self.new_id(now, "refused");
        let answer = Object::default()
            .text("id", &id)
            .object("result", result(codes::THROTTLED));
        self.reply(now, StatusCode::BAD_REQUEST, answer)
    }
}
