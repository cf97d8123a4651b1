//! A reply becomes an answer, an error, or a question that is still open.

pub(crate) mod ids;
mod payment;
mod status;

use std::borrow::Cow;

use http::StatusCode;
use jiff::Timestamp;
use paymux_core::{
    Answer, DeclineReason, EntryOutcome, Error, ErrorKind, Fate, Money, NextAction, Outcome, PaymentRef, PaymentState,
    Reply, scrub,
};

use crate::adapter::Opp;
use crate::codes::{Context, PaymentType, ResultCode, Surface, Verdict, classify, decline, explain, refined};
use crate::shapes::Body;
use payment::Check;
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

/// A reply or an entry of a report, with its code.
pub(crate) struct Seen<'a> {
    pub(crate) code: ResultCode,
    pub(crate) body: &'a Body<'a>,
    pub(crate) status: StatusCode,
    pub(crate) surface: Surface,
}

impl Seen<'_> {
    pub(crate) fn kind(&self) -> Option<PaymentType> {
        self.body.payment_type.as_deref()?.parse().ok()
    }

    /// The provider's id to ask by.
    fn id(&self) -> Option<String> {
        let id = self.body.id.as_deref().filter(|id| crate::config::is_id(id));
        id.map(str::to_owned)
    }

    fn decline(&self) -> paymux_core::Decline {
        let decline = decline(self.code, self.body.result.description.as_deref().map(scrub));
        match self.body.merchant_advice() {
            Some(advised) => {
                let advice = refined(decline.advice, &advised);
                decline.with_advice(advice)
            }
            None => decline,
        }
    }

    /// An error that keeps what the code means.
    fn error(&self, kind: ErrorKind, message: String) -> Error {
        let mutation = self.surface == Surface::Mutation;
        Error::new(kind, message)
            .with_fate(if mutation { Fate::Unknown } else { Fate::NotDone })
            .with_status(self.status)
            .with_decline(self.decline())
    }

    /// A refusal for want of the address that the customer comes back to, by the caller's name of it. The provider asks for one only once the card is
    /// to be authenticated.
    fn returnless(&self, refused: &Error) -> Error {
        let rule = format!(
            "must be given, as an https address, where the customer has to authenticate: {}",
            refused.message()
        );
        Error::invalid("return_url", rule)
            .with_fate(refused.fate())
            .with_status(self.status)
            .with_decline(self.decline())
    }

    /// An error that proves that this request did nothing.
    fn refused(&self, kind: ErrorKind, message: String) -> Error {
        self.error(kind, message)
            .with_fate(status::refused(self.surface, self.status))
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
        let about_request = matches!(
            verdict,
            Verdict::Throttled | Verdict::NotFound | Verdict::NoSession | Verdict::Refused | Verdict::Open
        );
        if !about_request && asked.id.is_some() && seen.body.id.as_deref() != asked.id {
            let message = "the answer is about another payment than was asked about".to_owned();
            return Err(seen.error(ErrorKind::Provider, message));
        }
        let meaning = explain(seen.code);
        let said = |text: &str| format!("{text}: {} (code {})", meaning.gloss, seen.code);
        let answer = |outcome, state, entry| Answer::new(outcome, self.payment(asked, seen, state, entry));
        let declined = |state| {
            let decline = seen.decline();
            answer(
                Outcome::Declined(decline.clone()),
                state,
                EntryOutcome::Declined(decline),
            )
        };
        Ok(match verdict {
            Verdict::Approved | Verdict::Review => return self.approved(asked, seen, verdict == Verdict::Review),
            Verdict::Pending => {
                if let Check::Differs(what) = self.check(asked, seen) {
                    return Err(self.mismatch(asked, seen, &what));
                }
                Step::Done(match self.next_action(asked, seen)? {
                    Some(action) => answer(
                        Outcome::ActionRequired(action),
                        PaymentState::RequiresAction,
                        EntryOutcome::Pending,
                    ),
                    None => answer(Outcome::Pending, PaymentState::Pending, EntryOutcome::Pending),
                })
            }
            // A refusal of something else says nothing of what was asked.
            Verdict::Declined | Verdict::NotDone | Verdict::Cancelled | Verdict::Expired
                if seen.surface == Surface::Mutation && payment::other_reference(asked, seen).is_some() =>
            {
                Step::Open(self.open(asked, seen, said("refused, and the answer is about another payment")))
            }
            Verdict::Declined | Verdict::NotDone => Step::Done(declined(PaymentState::Declined)),
            Verdict::Cancelled => Step::Done(declined(PaymentState::Cancelled)),
            Verdict::Expired => Step::Done(declined(PaymentState::Expired)),
            Verdict::Uncertain => Step::Open(Open {
                likely: Some(declined(PaymentState::Cancelled)),
                ..self.open(asked, seen, said("not certain yet"))
            }),
            Verdict::ChargedBack => Step::Done(answer(
                Outcome::Review,
                PaymentState::ChargedBack,
                EntryOutcome::Approved,
            )),
            Verdict::AmountDiffers => return Err(self.mismatch(asked, seen, meaning.gloss)),
            Verdict::OtherType => {
                let [found, sent] = [seen.kind(), kind].map(|k| k.map_or("unknown", PaymentType::as_str));
                let what = format!("the payment is of type {found}, and {sent} was asked for");
                return Err(self.mismatch(asked, seen, &what));
            }
            Verdict::TestOnLive => {
                let payment = self.payment(asked, seen, PaymentState::Review, EntryOutcome::Approved);
                let message =
                    said("approved by a test system, and `mode` is live; check `base_url` and `access_token`");
                return Err(seen
                    .error(ErrorKind::Configuration, message)
                    .with_fate(Fate::Unknown)
                    .with_payment(payment));
            }
            Verdict::Refused => {
                let reason = meaning.reason.unwrap_or(DeclineReason::Unknown);
                let message = said("the provider refused the request") + &fields(seen.body);
                let refused = seen.refused(kind_of(reason), message);
                return Err(if lacks_return(seen.body) {
                    seen.returnless(&refused)
                } else {
                    refused
                });
            }
            Verdict::Throttled => {
                let message = said("too many requests; wait and try again");
                return Err(seen.refused(ErrorKind::Refused, message));
            }
            Verdict::NotFound => {
                let message = said("nothing stands under that id or reference");
                return Err(seen.refused(ErrorKind::InvalidRequest, message));
            }
            Verdict::NoSession => {
                let message = "no session stands under that id: not paid yet, its result was read before, or it is older \
                               than 30 minutes";
                Step::Open(Open::new(seen.error(ErrorKind::Provider, message.to_owned())))
            }
            // Not even an earlier attempt can have done this.
            Verdict::Earlier if payment::is_too_much(asked) => {
                let message = said("the amount is above that of the payment");
                return Err(seen.refused(ErrorKind::Refused, message));
            }
            // The id in such an answer is that of the refused attempt.
            Verdict::Earlier => {
                let message = said("refused, and an earlier attempt may have worked");
                Step::Open(Open {
                    earlier: true,
                    ..Open::new(seen.error(ErrorKind::Provider, message))
                })
            }
            Verdict::Open => Step::Open(self.open(asked, seen, said("what became of the payment is not known"))),
        })
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

/// Whether a refusal is about the address that the customer comes back to.
fn lacks_return(body: &Body<'_>) -> bool {
    let mut errors = body.result.parameter_errors.iter().flatten();
    errors.any(|error| error.name == "shopperResultUrl")
}

/// The names of refused fields; neither their values nor the messages, which may hold card data.
fn fields(body: &Body<'_>) -> String {
    let errors = body.result.parameter_errors.as_deref().unwrap_or_default();
    let names: Vec<_> = errors
        .iter()
        .map(|error| error.name.as_str())
        .filter(|name| name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._[]".contains(&b)))
        .filter(|name| name.bytes().any(|b| b.is_ascii_alphabetic()))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", fields {}", names.join(", "))
    }
}

/// Whose fault a refused request is.
const fn kind_of(reason: DeclineReason) -> ErrorKind {
    match reason {
        DeclineReason::Configuration | DeclineReason::CredentialsRejected => ErrorKind::Configuration,
        DeclineReason::Unsupported => ErrorKind::Unsupported,
        DeclineReason::Duplicate
        | DeclineReason::InvalidState
        | DeclineReason::LimitExceeded
        | DeclineReason::InsufficientFunds
        | DeclineReason::NotPermitted => ErrorKind::Refused,
        DeclineReason::ProviderUnavailable | DeclineReason::Timeout | DeclineReason::Unknown => ErrorKind::Provider,
        _ => ErrorKind::InvalidRequest,
    }
}
