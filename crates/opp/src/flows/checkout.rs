//! Hosted checkout: `POST checkouts`, and `GET checkouts/{id}/payment`, whose final answer is given only once.

use http::{Method, StatusCode};
use paymux_core::{
    Answer, Call, Checkout, CodeClass, Decline, DeclineReason, Error, ErrorKind, Lost, Memo, NextAction, Outcome,
    Payment, PaymentRef, PaymentState, Reply, RetryAdvice, Wire,
};

use super::report::Found;
use super::tries::Told;
use crate::adapter::{BETWEEN_INQUIRIES, Opp, PROVIDER};
use crate::codes::{PaymentType, ResultCode, Surface, explain};
use crate::config::is_id;
use crate::reading::ids::{Ids, Of};
use crate::reading::{Asked, Step};
use crate::shapes::Body;

/// The code of a report in which nothing stands under a reference.
const NOTHING: &str = "700.400.580";

impl Opp {
    /// Makes a checkout. It moves no money.
    pub(crate) async fn checkout(&self, checkout: &Checkout, wire: &dyn Wire) -> Result<Answer, Error> {
        let charge = &checkout.charge;
        let kind = if checkout.capture {
            PaymentType::Db
        } else {
            PaymentType::Pa
        };
        let mut form = self.form();
        form.put_some("entityType", self.settings.entity_type.as_deref());
        form.put_some("merchant.id", self.settings.merchant_id.as_deref());
        self.amount_fields(charge.amount, &mut form)?;
        form.put("paymentType", kind.as_str());
        form.put("merchantTransactionId", charge.reference.as_str());
        self.charge_fields(charge, &mut form)?;

        let call = Call::prepares(self.post("/checkouts", form)?);
        let reply = wire.send(call).await.map_err(Lost::give_up)?;
        let id = self.made(&reply, wire)?;
        // The provider made it before it answered: counted from now, its page is over a little later than there.
        let made = wire.now();
        wire.note(Memo::new("checkout", id.as_str())).await?;
        wire.note(Memo::new("type", kind.as_str())).await?;
        wire.note(Memo::new("made", made.as_second().to_string())).await?;
        let ids = Ids {
            id: &id,
            of: Of::Checkout,
            kind: Some(kind),
            amount: Some(charge.amount),
            reference: Some(charge.reference.as_str()),
            made: Some(made),
            tried: None,
        };
        self.still_open(&self.checkout_ref(&ids), &ids)
    }

    /// The id of the checkout that was made.
    fn made(&self, reply: &Reply, wire: &dyn Wire) -> Result<String, Error> {
        let text = reply.text();
        let body = Body::of(&text).unwrap_or_default();
        let made = reply.status.is_success() && body.result.code.parse() == Ok(ResultCode::CHECKOUT_CREATED);
        if let Some(id) = body.id.filter(|id| made && is_id(id)) {
            return Ok(id.into_owned());
        }
        // Any other code: not made. An answer that is no refusal breaks the contract.
        Err(
            match self.read(&Asked::default(), Surface::Mutation, reply, wire.now()) {
                Err(error) => error,
                Ok(_) => {
                    let code = body.result.code.chars().take(11).collect::<String>();
                    let message = format!("the checkout was not made (code `{code}`)");
                    Error::new(ErrorKind::Provider, message).with_status(reply.status)
                }
            },
        )
    }

    /// Where the customer pays.
    pub(super) fn page(&self, checkout: &str) -> Result<NextAction, Error> {
        match &self.settings.checkout_page {
            Some(page) => Ok(NextAction::Redirect(page.replace("{checkout}", checkout).into())),
            None if self.is_v1() => {
                let script = format!("{}/v1/paymentWidgets.js?checkoutId={checkout}", self.settings.base);
                Ok(NextAction::widget(script, checkout))
            }
            None => Err(Error::unsupported(
                PROVIDER,
                "checkout without `checkout_page` (preset v3)",
            )),
        }
    }

    /// Asks what a checkout came to. Until it is paid, or nobody can pay on it any more, the answer is about the checkout, and not about a try on it.
    pub(super) async fn checkout_result(
        &self,
        payment: &PaymentRef,
        ids: &Ids<'_>,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        if !is_id(ids.id) {
            return Err(Error::invalid("payment", "does not hold an id of this provider"));
        }
        let told = self.told(payment, ids, wire).await;
        let told = told.map_err(|error| self.of_checkout(error, payment, ids))?;
        self.about_checkout(told, payment, ids, wire.now())
    }

    /// What the provider tells of a checkout: of the last try on it, mostly.
    async fn told(&self, payment: &PaymentRef, ids: &Ids<'_>, wire: &dyn Wire) -> Result<Told, Error> {
        let asked = Asked {
            kind: ids.kind,
            amount: ids.amount,
            reference: ids.reference,
            payment: Some(payment),
            ..Asked::default()
        };
        let version = self.settings.preset.path();
        let path = format!("{version}/checkouts/{}/payment", ids.id);
        let call = Call::consumes(self.query(Method::GET, &path, self.form())?).about(&path);
        let mut reply = match wire.send(call).await {
            Ok(reply) => reply,
            Err(lost) => return self.otherwise(asked, ids, lost.give_up(), wire).await,
        };
        if reply.status == StatusCode::NOT_FOUND && !self.is_v1() {
            let path = format!("{version}/payments/{}", ids.id);
            let call = Call::consumes(self.query(Method::GET, &path, self.form())?).about(ids.id);
            reply = match wire.send(call).await {
                Ok(reply) => reply,
                Err(lost) => return self.otherwise(asked, ids, lost.give_up(), wire).await,
            };
        }
        let text = reply.text();
        let body = Body::of(&text).unwrap_or_default();
        let tried = body.id.as_deref().filter(|id| *id != ids.id && is_id(id));
        // The id of an answer that only refuses to tell is not that of a payment.
        if let Some(id) = tried.filter(|_| body.payment_type.is_some() || may_be_final(&body)) {
            self.note_payment(id, wire).await?;
        }
        let answer = match self.read(&asked, Surface::CheckoutRead, &reply, wire.now())? {
            Step::Done(answer) if matches!(answer.outcome, Outcome::Pending) && tried.is_none() => {
                return Ok(Told::Answer(self.still_open(payment, ids)?));
            }
            Step::Done(answer) => answer,
            Step::Open(open) => match tried {
                Some(id) => {
                    let found = self.ask_by_id(asked, id, open.likely.is_some(), wire).await?;
                    found.answer().ok_or(open.error)?
                }
                None => return self.gone(asked, ids, open.error, wire).await,
            },
        };
        // What the end of a page leaves open, the report closes: it has every try.
        if self.is_v1() && self.is_refused_for_good(&answer, ids, wire.now()) {
            let error = Error::new(
                ErrorKind::Provider,
                "refused, and the report does not say of every try that it was",
            );
            return self.otherwise(asked, ids, error, wire).await;
        }
        Ok(Told::Answer(answer))
    }

    /// The customer has not paid yet: the page is still there.
    fn still_open(&self, payment: &PaymentRef, ids: &Ids<'_>) -> Result<Answer, Error> {
        let mut open = Payment::new(payment.clone(), PaymentState::RequiresAction);
        open.merchant_reference = ids.reference.map(str::to_owned);
        open.amount = ids.amount;
        Ok(Answer::new(Outcome::ActionRequired(self.page(ids.id)?), open))
    }

    /// The session is gone. Once nobody can pay on the page any more, a report that twice shows nothing of it says that it has expired unpaid.
    async fn gone(&self, asked: Asked<'_>, ids: &Ids<'_>, error: Error, wire: &dyn Wire) -> Result<Told, Error> {
        let told = self.otherwise(asked, ids, error.clone(), wire).await?;
        if !matches!(told, Told::Nothing(_)) || !self.is_over(ids, wire.now()) || !wire.wait(BETWEEN_INQUIRIES).await {
            return Ok(told);
        }
        // What cannot be asked again is as before.
        match self.otherwise(asked, ids, error, wire).await {
            Ok(Told::Nothing(mut nothing)) => {
                nothing.payment.state = PaymentState::Expired;
                let decline = Decline::new(DeclineReason::Timeout, NOTHING).with_advice(RetryAdvice::WithNewData);
                nothing.outcome = Outcome::Declined(decline);
                Ok(Told::Every(nothing))
            }
            Ok(found) => Ok(found),
            Err(_) => Ok(told),
        }
    }

    /// The session is gone or its answer was lost. On v1 the report knows whether a payment was made on it; on v3 a payment that was seen under way can be
    /// asked about, and nothing else.
    async fn otherwise(&self, asked: Asked<'_>, ids: &Ids<'_>, error: Error, wire: &dyn Wire) -> Result<Told, Error> {
        let unknown = |error: Error| {
            let error = error.with_fate(paymux_core::Fate::Unknown);
            match asked.payment {
                Some(payment) => error.with_payment(Payment::new(payment.clone(), PaymentState::Pending)),
                None => error,
            }
        };
        if !self.is_v1() {
            // That it was refused says nothing of the tries after it.
            let found = match ids.tried.filter(|id| is_id(id)) {
                Some(id) => self.ask_by_id(asked, id, false, wire).await?.answer(),
                None => None,
            };
            let found = found.filter(|answer| !matches!(answer.outcome, Outcome::Declined(_)));
            return found.map(Told::Answer).ok_or_else(|| unknown(error));
        }
        let Some(reference) = asked.reference else {
            return Err(unknown(error));
        };
        match self.report(reference, wire).await {
            Ok(entries) => match self.choose(asked, &entries)? {
                Found::Answer(answer) => {
                    self.note_payment(answer.payment.id(), wire).await?;
                    let every = entries.whole;
                    Ok(if every {
                        Told::Every(*answer)
                    } else {
                        Told::Answer(*answer)
                    })
                }
                Found::Unread(_) => Err(unknown(error)),
                Found::Nothing => Ok(Told::Nothing(self.not_paid(asked))),
            },
            Err(_) => Err(unknown(error)),
        }
    }

    /// The record holds no payment made on the checkout so far.
    fn not_paid(&self, asked: Asked<'_>) -> Answer {
        let reference = match asked.payment {
            Some(payment) => payment.clone(),
            None => self.nameless_ref(asked.reference.unwrap_or("unnamed"), asked.kind, asked.amount),
        };
        let mut payment = Payment::new(reference, PaymentState::Pending);
        payment.merchant_reference = asked.reference.map(str::to_owned);
        payment.amount = asked.amount;
        Answer::new(Outcome::Pending, payment)
    }
}

/// Whether an answer without a type may be about a payment: its code tells of one, or cannot be read.
fn may_be_final(body: &Body<'_>) -> bool {
    let class = body.result.code.parse::<ResultCode>().map(|code| explain(code).class);
    !matches!(class, Ok(CodeClass::Error | CodeClass::Declined | CodeClass::Unknown))
}
