//! What else the platform offers: stored instruments (v1). It moves no money.

use std::borrow::Cow;

use http::{Method, StatusCode};
use paymux_core::{Call, Card, Error, ErrorKind, Lost, MethodSummary, Outcome, Wire};

use crate::adapter::{Opp, PROVIDER};
use crate::codes::Surface;
use crate::config::is_id;
use crate::reading::{Asked, Step};
use crate::shapes::Body;

/// A stored instrument. Pay with it by `Source::Stored(registration.id)`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registration {
    /// The provider's id.
    pub id: String,
    /// Brand and last four digits.
    pub method: Option<MethodSummary>,
    /// The card's expiry month and year, as the provider writes them.
    pub expiry: Option<(String, String)>,
    /// Whether the provider marks it as made in a test system; `None` where it does not say.
    pub test: Option<bool>,
}

impl Opp {
    /// Stores a card (preset v1): `POST registrations`.
    ///
    /// # Errors
    /// The preset is v3, or the provider refuses the card. No money moves either way.
    pub async fn create_registration(&self, card: &Card, wire: &dyn Wire) -> Result<Registration, Error> {
        self.needs_v1()?;
        let mut form = self.form();
        crate::flows::card(card, &mut form)?;
        let call = Call::prepares(self.post("/registrations", form)?);
        let reply = wire.send(call).await.map_err(Lost::give_up)?;
        self.accepted(&reply, wire)?;
        let text = reply.text();
        let body = Body::of(&text).unwrap_or_default();
        let id = body
            .id
            .filter(|id| is_id(id))
            .ok_or_else(|| Error::new(ErrorKind::Provider, "the registration has no id").with_status(reply.status))?;
        let data = body.card.unwrap_or_default();
        let own = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        Ok(Registration {
            id: id.into_owned(),
            method: MethodSummary::of(own(body.payment_brand), own(data.last4_digits)),
            expiry: own(data.expiry_month).zip(own(data.expiry_year)),
            test: body.result.code.parse().ok().and_then(crate::ResultCode::marks_test),
        })
    }

    /// Deletes a stored card (preset v1): `DELETE registrations/{id}`. One that is gone already counts as deleted.
    ///
    /// # Errors
    /// The preset is v3, the id is none, or the provider refuses.
    pub async fn delete_registration(&self, id: &str, wire: &dyn Wire) -> Result<(), Error> {
        self.needs_v1()?;
        if !is_id(id) {
            return Err(Error::invalid("id", "is not the id of a registration"));
        }
        let path = format!("{}/registrations/{id}", self.settings.preset.path());
        // Deleting twice is deleting once, so that it may be repeated like a question.
        let call = Call::asks(self.query(Method::DELETE, &path, self.form())?);
        let reply = wire.send(call).await.map_err(Lost::give_up)?;
        let text = reply.text();
        let code = Body::of(&text).and_then(|body| body.result.code.parse::<crate::ResultCode>().ok());
        let gone = code.is_some_and(|code| matches!(code.parts(), [100, 150, 200 | 202]));
        if gone || reply.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        self.accepted(&reply, wire)
    }

    fn needs_v1(&self) -> Result<(), Error> {
        if self.is_v1() {
            Ok(())
        } else {
            Err(Error::unsupported(PROVIDER, "registrations (preset v3)"))
        }
    }

    /// Whether a call that is no payment was done.
    fn accepted(&self, reply: &paymux_core::Reply, wire: &dyn Wire) -> Result<(), Error> {
        match self.read(&Asked::default(), Surface::Mutation, reply, wire.now())? {
            Step::Done(answer) => {
                match answer.outcome {
                    Outcome::Approved | Outcome::Review => Ok(()),
                    Outcome::Declined(decline) => {
                        let message = format!("the card was refused: {decline}");
                        Err(Error::new(ErrorKind::Refused, message)
                            .with_fate(paymux_core::Fate::Rejected)
                            .with_status(reply.status)
                            .with_decline(decline))
                    }
                    _ => Err(Error::new(ErrorKind::Provider, "the registration is not decided yet")
                        .with_status(reply.status)),
                }
            }
            Step::Open(open) => Err(open.error.with_fate(paymux_core::Fate::NotDone)),
        }
    }
}
