//! Registrations: cards kept for later, and payments with them.

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;

use super::cards::Card;
use super::form::{Form, Reader, Refusal};
use super::object::{Object, result};
use super::order::Order;
use super::record::ShownCard;
use super::{Opp, codes};
use crate::Origin;

/// A card that is kept.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    card: Card,
    deleted: bool,
}

impl Opp {
    /// Keeps a card, without its verification number, and gives the id.
    pub(super) fn register(&mut self, now: Timestamp, card: &Card) -> String {
        let id = self.new_id(now, "registration");
        let mut card = card.clone();
        card.cvv = None;
        self.registrations
            .insert(id.clone(), Registration { card, deleted: false });
        self.announce_registration(now, &id, "CREATED");
        id
    }

    /// Answers `POST registrations`.
    pub(super) fn make_registration(&mut self, now: Timestamp, form: &Form) -> Result<Response<Bytes>, Refusal> {
        let mut reader = Reader::new(form);
        let card = Card::read(&mut reader);
        let card = reader.finish(card)?;
        if let Some(flaw) = card.flaw(now, false) {
            return Err(Refusal::Code(flaw));
        }
        let id = self.register(now, &card);
        Ok(self.read_registration(now, &id))
    }

    /// Answers `GET registrations/{id}`.
    pub(super) fn read_registration(&mut self, now: Timestamp, id: &str) -> Response<Bytes> {
        match self.told_registration(id) {
            Some(told) => self.reply(now, StatusCode::OK, told),
            None => self.plain(now, StatusCode::NOT_FOUND, "100.150.200"),
        }
    }

    /// Answers `DELETE registrations/{id}`.
    pub(super) fn delete_registration(&mut self, now: Timestamp, id: &str) -> Response<Bytes> {
        let Some(told) = self.told_registration(id) else {
            return self.plain(now, StatusCode::NOT_FOUND, "100.150.200");
        };
        self.announce_registration(now, id, "DELETED");
        if let Some(registration) = self.registrations.get_mut(id) {
            registration.deleted = true;
        }
        self.reply(now, StatusCode::OK, told)
    }

    /// Answers `POST registrations/{id}/payments`.
    pub(super) fn pay_by_registration(
        &mut self,
        now: Timestamp,
        id: &str,
        form: &Form,
    ) -> Result<Response<Bytes>, Refusal> {
        let mut reader = Reader::new(form);
        let order = Order::read(&mut reader, &self.settings, Origin::Api);
        let order = reader.finish(order)?;
        let card = match self.registrations.get(id) {
            None => return Err(Refusal::Code("100.150.200")),
            Some(registration) if registration.deleted => return Err(Refusal::Code("100.150.202")),
            Some(registration) => registration.card.clone(),
        };
        self.take(now, order, &card, Some(id))
    }

    /// The registration as it is told, unless it is unknown or deleted.
    fn told_registration(&self, id: &str) -> Option<Object> {
        let card = &self.registrations.get(id).filter(|r| !r.deleted)?.card;
        let code = codes::success(&self.settings, false);
        Some(
            Object::default()
                .text("id", id)
                .maybe("paymentBrand", card.brand())
                .object("result", result(code))
                .object("card", ShownCard::of(card).told()),
        )
    }

    fn announce_registration(&mut self, now: Timestamp, id: &str, action: &str) {
        let (Some(url), Some(payload)) = (self.settings.webhook_url.clone(), self.told_registration(id)) else {
            return;
        };
        let content = Object::default()
            .text("type", "REGISTRATION")
            .text("action", action)
            .object("payload", payload);
        self.mail.post(now, &url, content.value());
    }
}
