//! What moves no money: making a payment, its hosted page, and a saved card's token.

use http::Method;
use jiff::Timestamp;
use paymux_core::{
    Answer, Call, Charge, Error, ErrorKind, Fate, Initiator, Lost, Memo, Outcome, Reply, Source, ThreeDs, Wire,
};

use crate::adapter::{CoolPay, PROVIDER};
use crate::reading::{self, Kind, Place};
use crate::shapes;

/// The note of until when an earlier attempt under the same reference may still be booked.
pub(super) const EARLIER: &str = "earlier";

/// From what a charge is paid.
pub(super) enum Payer<'a> {
    Card(&'a paymux_core::Card),
    SavedCard(&'a str),
    Subscription(&'a str),
}

/// What a stored instrument's id leads to.
pub(crate) fn stored(id: &str) -> Result<(&'static str, &str), Error> {
    let fine = |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
    match id.split_once(':') {
        Some(("card", id)) if fine(&id) => Ok(("cards", id)),
        Some(("subscription", id)) if fine(&id) => Ok(("subscriptions", id)),
        _ => Err(Error::invalid(
            "source",
            "must be `card:ID` or `subscription:ID`, with the provider's id",
        )),
    }
}

/// A payment or payout under a reference.
pub(crate) struct Made {
    pub place: Place,
    pub body: shapes::Resource,
    /// Whether an earlier attempt under the same reference may have made it, and may have sent more.
    pub earlier: bool,
    /// Until when what that one sent may still be booked; `None` once that is over.
    until: Option<Timestamp>,
}

/// Why a hosted page's link was not had.
pub(crate) struct NoLink {
    error: Error,
    /// Whether the page may be there all the same.
    pub open: bool,
}

impl NoLink {
    /// Ends the operation with the error as it is.
    pub(crate) fn give_up(self) -> Error {
        self.error
    }
}

impl Made {
    /// What a call on it failed with. This call did nothing; an earlier attempt's may still be on its way.
    pub(super) fn doubt(&self, error: Error) -> Error {
        if self.earlier { unknown(error) } else { error }
    }

    /// Notes, before anything is sent, that an earlier attempt may still be booked.
    pub(super) async fn note(&self, wire: &dyn Wire) -> Result<(), Error> {
        match self.until {
            Some(until) => wire.note(Memo::new(EARLIER, until.to_string())).await,
            None => Ok(()),
        }
    }

    /// What an operation on it came to. That this one was declined says nothing of an earlier one that may still be booked.
    pub(super) fn told(&self, answer: Answer) -> Result<Answer, Error> {
        if let (Some(until), Outcome::Declined(decline)) = (self.until, &answer.outcome) {
            let message = format!(
                "declined, and what an earlier attempt under the same reference sent may still be booked, until {until}"
            );
            let error = Error::new(ErrorKind::Refused, message).with_decline(decline.clone());
            return Err(unknown(error).with_payment(answer.payment));
        }
        Ok(answer)
    }
}

impl<'a> Payer<'a> {
    pub(super) fn of(charge: &'a Charge) -> Result<Self, Error> {
        let by_merchant = matches!(charge.initiator, Initiator::Merchant { .. });
        let external = matches!(charge.three_ds, ThreeDs::External(_));
        match &charge.source {
            Source::Card(_) if by_merchant => Err(Error::unsupported(
                PROVIDER,
                "a payment that the merchant starts with card data; it takes a stored card or subscription",
            )),
            Source::Card(card) => Ok(Self::Card(card)),
            Source::Stored(id) => match stored(id)? {
                ("cards", id) => Ok(Self::SavedCard(id)),
                (_, _) if external => Err(Error::unsupported(
                    PROVIDER,
                    "the result of an authentication for a subscription's payment",
                )),
                (_, _) if !by_merchant => Err(Error::invalid(
                    "initiator",
                    "must be the merchant for a payment under a subscription",
                )),
                (_, id) => Ok(Self::Subscription(id)),
            },
            _ => Err(Error::unsupported(PROVIDER, "this source")),
        }
    }
}

impl CoolPay {
    /// Makes a payment or payout, or finds the one that has the reference already. No money moves.
    pub(crate) async fn create(
        &self,
        kind: Kind,
        new: &shapes::NewPayment<'_>,
        wire: &dyn Wire,
    ) -> Result<Made, Error> {
        let reference = new.order_id;
        let found = |(place, body)| Made {
            until: self.until(&body, wire.now()),
            place,
            body,
            earlier: true,
        };
        let request = self.request(Method::POST, &["/", kind.collection()].concat(), new)?;
        let mut trouble = None;
        for _ in 0..2 {
            match wire.send(Call::prepares(request.clone())).await {
                Ok(reply) if reply.status.is_success() => {
                    if let Some((place, mut body)) = self.made(kind, &reply, new)? {
                        // It was made just now.
                        body.operations.get_or_insert_default();
                        return Ok(Made {
                            place,
                            body,
                            earlier: false,
                            until: None,
                        });
                    }
                    let error = reply.json::<shapes::Resource>().err();
                    trouble = error.or_else(|| Some(Error::new(ErrorKind::Provider, "the payment made has no id")));
                }
                Ok(reply) => {
                    let refusal = reading::refusal(&reply, wire.now());
                    if refusal.fits_earlier {
                        // Taken, so an earlier attempt got that far; how far is to be seen. A refusal without words may mean the same.
                        return match Box::pin(self.look_up(kind, reference, wire)).await {
                            Ok(Some((place, body))) => {
                                let steady = Box::pin(self.steady(place, body, wire));
                                steady.await.map(found).map_err(unknown)
                            }
                            Ok(None) => Err(refusal.unseen()),
                            Err(error) => Err(unknown(error)),
                        };
                    }
                    if refusal.definite {
                        return Err(refusal.error);
                    }
                    trouble = Some(refusal.error);
                }
                Err(Lost::NotSent(error)) => return Err(error),
                Err(Lost::Unknown(error)) => trouble = Some(error),
            }
            if let Some((place, body)) = Box::pin(self.look_up(kind, reference, wire)).await? {
                return Box::pin(self.steady(place, body, wire)).await.map(found);
            }
        }
        Err(trouble.unwrap_or_else(|| Error::new(ErrorKind::Provider, "the payment could not be made")))
    }

    /// Until when what was sent on a payment at its making may still be booked; `None` once that is over. One that does not say how old it is counts
    /// as made now.
    fn until(&self, body: &shapes::Resource, now: Timestamp) -> Option<Timestamp> {
        let made = body.created_at.map_or(now, |made| made.min(now));
        let until = made.checked_add(self.parts.settle).unwrap_or(Timestamp::MAX);
        (until >= now).then_some(until)
    }

    fn made(
        &self,
        kind: Kind,
        reply: &Reply,
        new: &shapes::NewPayment<'_>,
    ) -> Result<Option<(Place, shapes::Resource)>, Error> {
        let body = match self.resource(reply) {
            Ok(body) => body,
            Err(error) if error.kind() == ErrorKind::Configuration => return Err(error),
            Err(_) => return Ok(None),
        };
        let differs = |what: &str, theirs: Option<&str>, ours: &str| match theirs {
            Some(theirs) if theirs != ours => {
                let message =
                    format!("the provider made it with {what} {theirs}, and {ours} was asked; nothing was paid");
                Err(Error::new(ErrorKind::Provider, message))
            }
            _ => Ok(()),
        };
        differs("order_id", body.order_id.as_deref(), new.order_id)?;
        differs("currency", body.currency.as_deref(), new.currency)?;
        let whole = body.order_id.is_some() && body.currency.is_some();
        let place = body.id.as_deref().filter(|_| whole).and_then(|id| Place::new(kind, id));
        Ok(place.map(|place| (place, body)))
    }

    /// Puts a hosted page's link, and gives its address. Putting it again changes nothing, so a lost answer is asked for once more.
    pub(crate) async fn put_link<T: serde::Serialize>(
        &self,
        path: &str,
        link: &T,
        wire: &dyn Wire,
    ) -> Result<String, NoLink> {
        let request = self.request(Method::PUT, &format!("{path}/link"), link);
        let request = request.map_err(|error| NoLink { error, open: false })?;
        let mut lost = false;
        let sent = match wire.send(Call::prepares(request.clone())).await {
            Err(Lost::Unknown(_)) => {
                lost = true;
                wire.send(Call::prepares(request)).await
            }
            sent => sent,
        };
        let reply = sent.map_err(|end| NoLink {
            open: lost || end.is_unknown(),
            error: end.give_up(),
        })?;
        if !reply.status.is_success() {
            let refusal = reading::refusal(&reply, wire.now());
            return Err(NoLink {
                open: lost || !refusal.definite,
                error: refusal.error,
            });
        }
        let open = true;
        let link: shapes::Link = reply.json().map_err(|error| NoLink { error, open })?;
        let url = link
            .url
            .filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        url.ok_or_else(|| NoLink {
            error: Error::new(ErrorKind::Provider, "the reply has no link"),
            open,
        })
    }

    /// A single-use token of a saved card.
    pub(crate) async fn card_token(&self, id: &str, wire: &dyn Wire) -> Result<shapes::Card<'static>, Error> {
        let request = self.request(Method::POST, &format!("/cards/{id}/tokens"), &shapes::Empty {})?;
        let reply = wire.send(Call::prepares(request)).await.map_err(Lost::give_up)?;
        if !reply.status.is_success() {
            let error = reading::refusal(&reply, wire.now()).error;
            return Err(error.context("the saved card gives no token"));
        }
        let token = reply.json::<shapes::CardToken>()?;
        Ok(shapes::Card {
            token: Some(token.token),
            ..shapes::Card::default()
        })
    }
}

pub(super) fn unknown(error: Error) -> Error {
    error.with_fate(Fate::Unknown)
}
