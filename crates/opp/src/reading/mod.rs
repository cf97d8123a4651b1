//! A reply becomes an answer, an error, or a question that is still open.

pub(crate) mod ids;
mod payment;
mod seen;
mod status;

use std::borrow::Cow;

use jiff::Timestamp;
use paymux_core::{
    Answer, EntryOutcome, Error, ErrorKind, Fate, Money, NextAction, Outcome, PaymentRef, PaymentState, Reply,
};

use crate::adapter::Opp;
use crate::codes::{Context, PaymentType, Surface, Verdict, classify, explain};
use crate::shapes::Body;
use payment::Check;
pub(crate) use seen::Seen;
pub(crate) use status::{TURNED_AWAY, TURNED_AWAY_FIRST};

/// What was asked, to hold an answer against.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    /// The type sent, or asked about; `None` where an inquiry does not know it.
    pub(crate) kind: Option<PaymentType>,
    /// How much.
    pub(crate) amount: Option<Money>,
    /// The caller's name of the attempt.
    pub(crate) reference: Option<&'a str>,
    /// The provider's id of the entry that is followed up.
    pub(crate) parent: Option<&'a str>,
    /// The payment that is followed up.
    pub(crate) payment: Option<&'a PaymentRef>,
    /// The provider's id of the payment asked about.
    pub(crate) id: Option<&'a str>,
}

/// What a reply comes to.
pub(crate) enum Step {
    /// It is an answer.
    Done(Answer),
    /// It proves nothing yet.
    Open(Open),
}

/// A question that is still open.
pub(crate) struct Open {
    /// What to say if it stays open.
    pub(crate) error: Error,
    /// The provider's id to ask by.
    pub(crate) id: Option<String>,
    /// Whether it is a refusal that an earlier attempt of the same may have caused.
    pub(crate) earlier: bool,
    /// What it is if a second inquiry says the same.
    pub(crate) likely: Option<Answer>,
}

impl Open {
    pub(crate) const fn new(error: Error) -> Self {
        Self {
            error,
            id: None,
            earlier: false,
            likely: None,
        }
    }
}

impl Opp {
    /// Reads a reply: the code in its body decides, whatever the HTTP status; without a readable one the status does.
    pub(crate) fn read(
        &self,
        asked: &Asked<'_>,
        surface: Surface,
        reply: &Reply,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let text = reply.text();
        let body = Body::of(&text);
        let Some((body, code)) = body.as_ref().and_then(|b| Some((b, b.result.code.parse().ok()?))) else {
            let id = body.and_then(|body| body.id).filter(|id| crate::config::is_id(id));
            return status::read(asked, surface, reply, now, id.map(Cow::into_owned));
        };
        let seen = Seen {
            code,
            body,
            status: reply.status,
            surface,
        };
        if let Some(step) = status::contradicts(asked, &seen) {
            return step;
        }
        self.step(asked, &seen)
            .map_err(|e| e.with_retry_after(reply.retry_after(now)))
    }

    /// What a code comes to for what was asked.
    pub(crate) fn step(&self, asked: &Asked<'_>, seen: &Seen<'_>) -> Result<Step, Error> {
        // A question about a payment of unknown type takes the answer's; without one, it fits no type.
        let about_payment = asked.id.is_some() || seen.surface == Surface::CheckoutRead;
        let found = seen.kind().unwrap_or(PaymentType::Db);
        let kind = asked.kind.or_else(|| about_payment.then_some(found));
        let verdict = classify(
            seen.code,
            &Context {
                sent: kind,
                answered: seen.kind(),
                has_id: seen.body.id.is_some(),
                surface: seen.surface,
                live: self.settings.mode == paymux_core::Mode::Live,
            },
        );
        if is_about_a_payment(verdict) && asked.id.is_some() && seen.body.id.as_deref() != asked.id {
            let message = "the answer is about another payment than was asked about".to_owned();
            return Err(seen.error(ErrorKind::Provider, message));
        }
        match verdict {
            Verdict::Approved => self.approved(asked, seen, false),
            Verdict::Review => self.approved(asked, seen, true),
            Verdict::Pending => self.pending(asked, seen),
            // A refusal of something else says nothing of what was asked.
            Verdict::Declined | Verdict::NotDone | Verdict::Cancelled | Verdict::Expired
                if seen.surface == Surface::Mutation && payment::other_reference(asked, seen).is_some() =>
            {
                let message = seen.said("refused, and the answer is about another payment");
                Ok(Step::Open(self.open(asked, seen, message)))
            }
            Verdict::Declined | Verdict::NotDone => Ok(Step::Done(self.declined(asked, seen, PaymentState::Declined))),
            Verdict::Cancelled => Ok(Step::Done(self.declined(asked, seen, PaymentState::Cancelled))),
            Verdict::Expired => Ok(Step::Done(self.declined(asked, seen, PaymentState::Expired))),
            Verdict::Uncertain => Ok(Step::Open(Open {
                likely: Some(self.declined(asked, seen, PaymentState::Cancelled)),
                ..self.open(asked, seen, seen.said("not certain yet"))
            })),
            Verdict::ChargedBack => {
                let payment = self.payment(asked, seen, PaymentState::ChargedBack, EntryOutcome::Approved);
                Ok(Step::Done(Answer::new(Outcome::Review, payment)))
            }
            Verdict::AmountDiffers => Err(self.mismatch(asked, seen, explain(seen.code).gloss)),
            Verdict::OtherType => {
                let [found, sent] = [seen.kind(), kind].map(|k| k.map_or("unknown", PaymentType::as_str));
                let what = format!("the payment is of type {found}, and {sent} was asked for");
                Err(self.mismatch(asked, seen, &what))
            }
            Verdict::TestOnLive => Err(self.test_on_live(asked, seen)),
            Verdict::Refused => Err(seen.refusal()),
            Verdict::Throttled => {
                let message = seen.said("too many requests; wait and try again");
                Err(seen.refused(ErrorKind::Refused, message))
            }
            Verdict::NotFound => {
                let message = seen.said("nothing stands under that id or reference");
                Err(seen.refused(ErrorKind::InvalidRequest, message))
            }
            Verdict::NoSession => {
                let message = "no session stands under that id: not paid yet, its result was read before, or it is older \
                               than 30 minutes";
                let error = seen.error(ErrorKind::Provider, message.to_owned());
                Ok(Step::Open(Open::new(error)))
            }
            // Not even an earlier attempt can have done this.
            Verdict::Earlier if payment::is_too_much(asked) => {
                let message = seen.said("the amount is above that of the payment");
                Err(seen.refused(ErrorKind::Refused, message))
            }
            // The id in such an answer is that of the refused attempt.
            Verdict::Earlier => {
                let message = seen.said("refused, and an earlier attempt may have worked");
                Ok(Step::Open(Open {
                    earlier: true,
                    ..Open::new(seen.error(ErrorKind::Provider, message))
                }))
            }
            Verdict::Open => {
                let message = seen.said("what became of the payment is not known");
                Ok(Step::Open(self.open(asked, seen, message)))
            }
        }
    }

    /// An approval counts only if what it is about equals what was asked.
    fn approved(&self, asked: &Asked<'_>, seen: &Seen<'_>, review: bool) -> Result<Step, Error> {
        match self.check(asked, seen) {
            Check::Differs(what) => Err(self.mismatch(asked, seen, &what)),
            Check::Absent(field) => {
                let message = format!("approved (code {}), and the answer has no {field}", seen.code);
                Ok(Step::Open(self.open(asked, seen, message)))
            }
            Check::Equal if review => {
                let payment = self.payment(asked, seen, PaymentState::Review, EntryOutcome::Review);
                Ok(Step::Done(Answer::new(Outcome::Review, payment)))
            }
            Check::Equal => {
                let state = payment::approved_state(asked, seen);
                let payment = self.payment(asked, seen, state, EntryOutcome::Approved);
                Ok(Step::Done(Answer::new(Outcome::Approved, payment)))
            }
        }
    }

    /// Not decided, and nothing of it differs from what was asked.
    fn pending(&self, asked: &Asked<'_>, seen: &Seen<'_>) -> Result<Step, Error> {
        if let Check::Differs(what) = self.check(asked, seen) {
            return Err(self.mismatch(asked, seen, &what));
        }
        let (outcome, state) = match self.next_action(asked, seen)? {
            Some(action) => (Outcome::ActionRequired(action), PaymentState::RequiresAction),
            None => (Outcome::Pending, PaymentState::Pending),
        };
        let payment = self.payment(asked, seen, state, EntryOutcome::Pending);
        Ok(Step::Done(Answer::new(outcome, payment)))
    }

    fn declined(&self, asked: &Asked<'_>, seen: &Seen<'_>, state: PaymentState) -> Answer {
        let decline = seen.decline();
        let payment = self.payment(asked, seen, state, EntryOutcome::Declined(decline.clone()));
        Answer::new(Outcome::Declined(decline), payment)
    }

    fn test_on_live(&self, asked: &Asked<'_>, seen: &Seen<'_>) -> Error {
        let payment = self.payment(asked, seen, PaymentState::Review, EntryOutcome::Approved);
        let message = seen.said("approved by a test system, and `mode` is live; check `base_url` and `access_token`");
        seen.error(ErrorKind::Configuration, message)
            .with_fate(Fate::Unknown)
            .with_payment(payment)
    }

    fn open(&self, asked: &Asked<'_>, seen: &Seen<'_>, message: String) -> Open {
        let mut error = seen.error(ErrorKind::Provider, message);
        if seen.body.id.is_some() {
            let unread = EntryOutcome::Unknown(seen.code.to_string());
            error = error.with_payment(self.payment(asked, seen, PaymentState::Pending, unread));
        }
        Open {
            id: seen.id(),
            ..Open::new(error)
        }
    }

    fn mismatch(&self, asked: &Asked<'_>, seen: &Seen<'_>, what: &str) -> Error {
        let unread = EntryOutcome::Unknown(seen.code.to_string());
        let payment = self.payment(asked, seen, PaymentState::Review, unread);
        Error::mismatch(what, payment).with_status(seen.status)
    }

    /// What the customer must do, where the answer says so.
    fn next_action(&self, asked: &Asked<'_>, seen: &Seen<'_>) -> Result<Option<NextAction>, Error> {
        let Some(redirect) = &seen.body.redirect else {
            return Ok(None);
        };
        let before = redirect.preconditions.as_deref().unwrap_or_default();
        let secure = |url: &str| crate::flows::is_secure(url, self.settings.mode);
        if !secure(&redirect.url) || !before.iter().all(|step| secure(&step.url)) {
            let message = "the provider sends the customer to an address that is not https".to_owned();
            let payment = self.payment(asked, seen, PaymentState::Pending, EntryOutcome::Pending);
            return Err(seen.error(ErrorKind::Provider, message).with_payment(payment));
        }
        Ok(Some(payment::action(redirect, before)))
    }
}

/// Whether a code is about a payment, and not about the request alone.
const fn is_about_a_payment(verdict: Verdict) -> bool {
    !matches!(
        verdict,
        Verdict::Throttled | Verdict::NotFound | Verdict::NoSession | Verdict::Refused | Verdict::Open
    )
}
