//! Money out: create a payout, and credit a card.

use http::Method;
use paymux_core::{Answer, Card, Error, Outcome, Payout, Source, Wire};

use super::act::Step;
use super::build;
use super::make::stored;
use super::standing::{Standing, Want};
use crate::adapter::{CoolPay, PROVIDER};
use crate::reading::{self, Kind};
use crate::shapes;

/// What a payout goes to.
enum To<'a> {
    Card(&'a Card),
    SavedCard(&'a str),
}

impl CoolPay {
    pub(crate) async fn payout(&self, payout: &Payout, wire: &dyn Wire) -> Result<Answer, Error> {
        let asked = self.asked(payout.amount)?;
        let to = match &payout.to {
            Source::Card(card) => To::Card(card),
            Source::Stored(id) => match stored(id)? {
                ("cards", id) => To::SavedCard(id),
                _ => return Err(Error::unsupported(PROVIDER, "a payout to a subscription")),
            },
            _ => return Err(Error::unsupported(PROVIDER, "a payout to this")),
        };
        let new = build::new_payout(payout)?;
        let made = self.create(Kind::Payout, &new, wire).await?;
        let (place, body) = (&made.place, &made.body);
        match self.standing(place, body, Want::Send, Some(asked))? {
            Standing::Settled(answer) => return Ok(*answer),
            Standing::Fresh if reading::link(body).is_some() => {
                let rule = "is taken by a payout with an open hosted page; use another reference";
                return Err(Error::invalid("reference", rule).with_payment(self.payment(place, body)));
            }
            Standing::Fresh | Standing::Held => {}
            Standing::Action(decline) => {
                let payment = self.payment(place, body);
                return Ok(Answer::new(Outcome::Declined(decline), payment));
            }
        }
        let doubt = |error| made.doubt(error);
        made.note(wire).await.map_err(doubt)?;
        let card = match to {
            To::Card(card) => build::card(card),
            To::SavedCard(id) => self.card_token(id, wire).await.map_err(doubt)?,
        };
        let credit = shapes::Authorize {
            amount: asked.units,
            auto_capture: None,
            card,
            customer_ip: payout.customer.ip,
            person: build::person(&payout.customer),
        };
        let step = Step {
            place,
            kind: "credit",
            amount: Some(asked.units),
            currency: Some(asked.currency),
            own: true,
            attempt: payout.reference.as_str(),
            request: self.request(Method::POST, &format!("{}/credit?synchronized", place.path()), &credit)?,
        };
        let seen = self.act(step, body, wire).await.map_err(doubt)?;
        made.told(self.conclude(&seen)?)
    }
}
