//! A payment that the merchant starts under a subscription.

use std::time::Duration;

use http::Method;
use paymux_core::{Answer, Charge, Error, ErrorKind, Field, Memo, Reply, Wire};

use super::act::{Spent, Step};
use super::build;
use super::calls::notify;
use super::charge::Task;
use super::make::unknown;
use super::standing::Standing;
use crate::adapter::CoolPay;
use crate::reading::{Kind, Place};
use crate::shapes;

impl CoolPay {
    /// A payment under a subscription: one call makes the payment and authorizes it; a sale captures it then.
    pub(super) async fn recurring(&self, task: Task<'_>, subscription: &str, wire: &dyn Wire) -> Result<Answer, Error> {
        let Task { charge, want, asked } = task;
        let reference = charge.reference.as_str();
        let body = shapes::Recurring {
            amount: asked.units,
            order_id: reference,
            auto_capture: false,
            text_on_statement: build::statement(charge.statement_descriptor.as_deref())?,
        };
        let path = format!("/subscriptions/{subscription}/recurring?synchronized");
        let mut request = self.request(Method::POST, &path, &body)?;
        notify(&mut request, charge.urls.notify.as_deref())?;
        wire.note(Memo::new("subscription", subscription)).await?;
        let (place, first, trouble) = match self.spend(request, wire).await? {
            Spent::Answered(reply) => match self.made_under(&reply, reference)? {
                Some((place, body)) => (place, Some(body), None),
                None => match self.located(&reply, Kind::Payment) {
                    Some(place) => (place, None, None),
                    None => match self.look_up(Kind::Payment, reference, wire).await {
                        Ok(Some((place, body))) => (place, Some(body), None),
                        Ok(None) => {
                            return Err(unknown(Error::new(
                                ErrorKind::Provider,
                                "the payment made is not to be found",
                            )));
                        }
                        Err(error) => return Err(unknown(error)),
                    },
                },
            },
            Spent::Refused(refusal) if refusal.fits_earlier => {
                let (place, body) = match self.look_up(Kind::Payment, reference, wire).await {
                    Ok(Some(found)) => found,
                    Ok(None) => return Err(refusal.unseen()),
                    Err(_) => return Err(unknown(refusal.error)),
                };
                let standing = self.standing(&place, &body, want, Some(asked))?;
                if matches!(standing, Standing::Fresh) {
                    let ours = body.subscription_id.as_deref() == Some(subscription);
                    let error = if ours { unknown(refusal.error) } else { refusal.error };
                    return Err(error.with_payment(self.payment(&place, &body)));
                }
                return self.resume(task, &place, &body, standing, wire).await;
            }
            Spent::Refused(refusal) => return Err(refusal.error),
            Spent::Open(error) => match self.look_up_longer(reference, wire).await {
                Some((place, body)) => match self.standing(&place, &body, want, Some(asked))? {
                    Standing::Fresh => (place, Some(body), Some(error)),
                    // An earlier attempt may have made it, and have gone further.
                    standing => return self.resume(task, &place, &body, standing, wire).await,
                },
                None => return Err(error),
            },
        };
        let known = wire.note(Memo::new("payment", place.id.as_str())).await;
        known.map_err(unknown)?;
        let step = Step {
            place: &place,
            kind: "recurring",
            amount: Some(asked.units),
            currency: Some(asked.currency),
            own: true,
            attempt: reference,
            request: self.bare(Method::GET, &place.path())?,
        };
        let seen = self.watch(&step, 0, first, trouble, wire).await?;
        self.authorized(task, seen, wire).await
    }

    /// Looks for a payment whose making was lost, and once more after a longer while. A look that fails shows nothing.
    async fn look_up_longer(&self, reference: &str, wire: &dyn Wire) -> Option<(Place, shapes::Resource)> {
        match self.look_up(Kind::Payment, reference, wire).await {
            Ok(Some(found)) => Some(found),
            _ if wire.wait(Duration::from_secs(10)).await => {
                self.search(Kind::Payment, reference, wire).await.ok().flatten()
            }
            _ => None,
        }
    }

    /// The payment that a recurring call answers with.
    fn made_under(&self, reply: &Reply, reference: &str) -> Result<Option<(Place, shapes::Resource)>, Error> {
        let body = match self.resource(reply) {
            Ok(body) => body,
            Err(error) if error.kind() == ErrorKind::Configuration => return Err(unknown(error)),
            Err(_) => return Ok(None),
        };
        if let Some(theirs) = body.order_id.as_deref().filter(|theirs| *theirs != reference) {
            let message = format!("the provider answered about {theirs}, and {reference} was asked");
            return Err(unknown(Error::new(ErrorKind::Provider, message)));
        }
        let whole = body.order_id.is_some() && body.operations.is_some();
        let place = body
            .id
            .as_deref()
            .filter(|_| whole)
            .and_then(|id| Place::new(Kind::Payment, id));
        Ok(place.map(|place| (place, body)))
    }
}

/// What a payment under a subscription has no place for.
pub(super) fn unfit(charge: &Charge) -> Vec<Field> {
    let customer = &charge.customer;
    [
        (Field::Billing, charge.billing.is_some()),
        (Field::CustomerEmail, customer.email.is_some()),
        (Field::CustomerIp, customer.ip.is_some()),
        (
            Field::CustomerName,
            customer.first_name.is_some() || customer.last_name.is_some(),
        ),
        (Field::CustomerPhone, customer.phone.is_some()),
        (Field::Items, !charge.items.is_empty()),
        (Field::Metadata, !charge.metadata.is_empty()),
        (Field::Order, charge.order.is_some()),
        (Field::Shipping, charge.shipping.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, is)| is.then_some(field))
    .collect()
}
