//! Money in: sale, authorization, hosted page.

use http::Method;
use paymux_core::{Answer, Charge, Checkout, Decline, Error, ErrorKind, Fate, Memo, Outcome, PaymentState, Wire};

use super::act::{Seen, Step};
use super::build;
use super::calls::{Asked, notify};
use super::make::{Made, NoLink, Payer};
use super::recurring::unfit;
use super::standing::{Standing, Want, outstanding, redirect};
use crate::adapter::CoolPay;
use crate::codes::Verdict;
use crate::reading::{self, Kind, Place};
use crate::shapes;

/// The note of whether a checkout's page captures by itself.
pub(super) const CAPTURE: &str = "capture";

/// Money in, as it was asked.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub charge: &'a Charge,
    pub want: Want,
    pub asked: Asked,
}

impl CoolPay {
    /// Sale and authorization: create, authorize, and for a sale capture, each with its own answer.
    pub(crate) async fn charge(&self, charge: &Charge, want: Want, wire: &dyn Wire) -> Result<Answer, Error> {
        let asked = self.asked(charge.amount)?;
        let payer = Payer::of(charge)?;
        let new = self.new_payment(charge)?;
        let task = Task { charge, want, asked };
        if let Payer::Subscription(id) = payer {
            let mut answer = Box::pin(self.recurring(task, id, wire)).await?;
            answer.payment.dropped.extend(unfit(charge));
            return Ok(answer);
        }
        let mut answer = Box::pin(self.direct(task, payer, &new, wire)).await?;
        answer.payment.dropped.extend(build::unplaced(&charge.three_ds));
        Ok(answer)
    }

    /// A payment of its own: create, authorize, and for a sale capture.
    async fn direct(
        &self,
        task: Task<'_>,
        payer: Payer<'_>,
        new: &shapes::NewPayment<'_>,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        let Task { charge, want, asked } = task;
        let made = self.create(Kind::Payment, new, wire).await?;
        let (place, body) = (&made.place, &made.body);
        match self.standing(place, body, want, Some(asked))? {
            Standing::Fresh if reading::link(body).is_some() => {
                let rule =
                    "is taken by a payment with an open hosted page; close its link first, or use another reference";
                return Err(Error::invalid("reference", rule).with_payment(self.payment(place, body)));
            }
            Standing::Fresh => {}
            standing => return Box::pin(self.resume(task, place, body, standing, wire)).await,
        }
        let doubt = |error| made.doubt(error);
        made.note(wire).await.map_err(doubt)?;
        let card = match payer {
            Payer::Card(card) => build::card(card),
            Payer::SavedCard(id) | Payer::Subscription(id) => {
                Box::pin(self.card_token(id, wire)).await.map_err(doubt)?
            }
        };
        let authorize = shapes::Authorize {
            amount: asked.units,
            auto_capture: Some(false),
            card: build::authenticated(card, &charge.three_ds),
            customer_ip: charge.customer.ip,
            person: None,
        };
        let path = format!("{}/authorize?synchronized", place.path());
        let mut request = self.request(Method::POST, &path, &authorize)?;
        notify(&mut request, charge.urls.notify.as_deref())?;
        let step = Step {
            place,
            kind: "authorize",
            amount: Some(asked.units),
            currency: Some(asked.currency),
            own: true,
            attempt: charge.reference.as_str(),
            request,
        };
        let seen = self.act(step, body, wire).await.map_err(doubt)?;
        made.told(self.authorized(task, seen, wire).await?)
    }

    /// A hosted page: create, and put the link. The customer moves the money.
    pub(crate) async fn checkout(&self, checkout: &Checkout, wire: &dyn Wire) -> Result<Answer, Error> {
        let charge = &checkout.charge;
        let asked = self.asked(charge.amount)?;
        let new = self.new_payment(charge)?;
        wire.note(Memo::new(CAPTURE, checkout.capture.to_string())).await?;
        let Made { place, body, .. } = self.create(Kind::Payment, &new, wire).await?;
        let want = if checkout.capture { Want::Take } else { Want::Hold };
        match self.standing(&place, &body, want, Some(asked))? {
            Standing::Settled(answer) => Ok(*answer),
            // The page captures by itself, a moment after it authorized.
            Standing::Held => Ok(Answer::new(Outcome::Pending, self.payment(&place, &body))),
            Standing::Fresh | Standing::Action(_) => {
                let link = self.new_link(charge, asked, checkout.capture);
                let url = self
                    .put_link(&place.path(), &link, wire)
                    .await
                    .map_err(NoLink::give_up)?;
                let mut payment = self.payment(&place, &body);
                payment.state = PaymentState::RequiresAction;
                payment.amount = Some(asked.money);
                Ok(Answer::new(redirect(&url), payment))
            }
        }
    }

    /// Goes on from where a payment stands.
    pub(super) async fn resume(
        &self,
        task: Task<'_>,
        place: &Place,
        body: &shapes::Resource,
        standing: Standing,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        match standing {
            Standing::Settled(answer) => Ok(*answer),
            Standing::Held => self.take(task, place, body, wire).await,
            Standing::Action(decline) => self.authenticate(task, place, body, decline, wire).await,
            Standing::Fresh => {
                Err(Error::new(ErrorKind::Provider, "the payment has no operation").with_fate(Fate::Unknown))
            }
        }
    }

    /// What follows an authorization.
    pub(super) async fn authorized(&self, task: Task<'_>, seen: Seen, wire: &dyn Wire) -> Result<Answer, Error> {
        match seen.verdict() {
            Verdict::Approved if task.want == Want::Take => self.take(task, &seen.place, &seen.body, wire).await,
            Verdict::Action(decline) => Box::pin(self.authenticate(task, &seen.place, &seen.body, decline, wire)).await,
            _ => self.conclude(&seen),
        }
    }

    /// Captures what a sale has authorized. Whatever happens now, the money is held.
    async fn take(
        &self,
        task: Task<'_>,
        place: &Place,
        body: &shapes::Resource,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        let Task { charge, asked, .. } = task;
        let held = |error| outstanding(Some(error), self.payment(place, body));
        let amount = shapes::Amount { amount: asked.units };
        let path = format!("{}/capture?synchronized", place.path());
        let mut request = self.request(Method::POST, &path, &amount).map_err(held)?;
        notify(&mut request, charge.urls.notify.as_deref()).map_err(held)?;
        let step = Step {
            place,
            kind: "capture",
            amount: Some(asked.units),
            currency: Some(asked.currency),
            own: true,
            attempt: charge.reference.as_str(),
            request,
        };
        let seen = match self.act(step, body, wire).await {
            Ok(seen) => seen,
            Err(error) if error.kind() == ErrorKind::Mismatch => return Err(error),
            Err(error) => {
                let payment = error.payment().cloned();
                let payment = payment.unwrap_or_else(|| self.payment(place, body));
                return Err(outstanding(Some(error), payment));
            }
        };
        // A declined capture is a declined sale; the payment says that the money is still held.
        self.conclude(&seen)
            .map_err(|error| outstanding(Some(error), self.payment(place, &seen.body)))
    }

    /// The customer must be authenticated: a page of the same payment does it. Without the page, the attempt was declined for want of it; where there
    /// may be one, nothing is decided, since its address can still come to light.
    async fn authenticate(
        &self,
        task: Task<'_>,
        place: &Place,
        body: &shapes::Resource,
        decline: Decline,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        let mut payment = self.payment(place, body);
        let link = self.new_link(task.charge, task.asked, task.want == Want::Take);
        match self.put_link(&place.path(), &link, wire).await {
            Ok(url) => {
                payment.state = PaymentState::RequiresAction;
                Ok(Answer::new(redirect(&url), payment))
            }
            Err(lost) if lost.open => {
                let error = lost.give_up().context("the page to authenticate on may be open");
                Err(error.with_fate(Fate::Unknown).with_payment(payment))
            }
            Err(_) => {
                payment.state = PaymentState::Declined;
                Ok(Answer::new(Outcome::Declined(decline), payment))
            }
        }
    }
}
