//! What became of an operation whose answer was lost.
//!
//! Before its time is over, what is not there may still come, and the answer is "unknown". After that, two looks that agree are believed.

use http::{Method, StatusCode};
use jiff::Timestamp;
use paymux_core::{Answer, Error, ErrorKind, Fate, OperationKind, Outcome, Payment, Unresolved, Wire};

use super::act::{LAG, Look, Seen, Step};
use super::calls::Asked;
use super::charge::CAPTURE;
use super::make::EARLIER;
use super::standing::{Standing, Want, outstanding, redirect};
use crate::adapter::{CoolPay, PROVIDER};
use crate::reading::{self, Kind, Place};
use crate::shapes::Resource;

/// What one look finds.
enum Finding {
    Answer(Box<Answer>),
    /// A sale's money is held, and no capture is there.
    Held(Box<Payment>),
    /// Nothing of the operation is there; in words, and what is there instead.
    Nothing(String, Option<Box<Payment>>),
}

impl Finding {
    fn answer(outcome: Outcome, payment: Payment) -> Self {
        Self::Answer(Box::new(Answer::new(outcome, payment)))
    }

    fn nothing(text: &str, payment: Payment) -> Self {
        Self::Nothing(text.to_owned(), Some(Box::new(payment)))
    }

    /// Whether two looks agree that something is not there.
    const fn agrees(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Held(_), Self::Held(_)) | (Self::Nothing(..), Self::Nothing(..))
        )
    }

    /// What it means while the rest may still come.
    fn so_far(self) -> Result<Answer, Error> {
        match self {
            Self::Answer(answer) => Ok(*answer),
            Self::Held(payment) => {
                Err(open("authorized, capture outstanding: it may still come").with_payment(*payment))
            }
            Self::Nothing(text, payment) => Err(shown(open(&format!("{text} by now")), payment)),
        }
    }

    /// What it means once nothing can come any more.
    fn for_good(self) -> Result<Answer, Error> {
        match self {
            Self::Answer(answer) => Ok(*answer),
            // Part of the sale was done, so its fate is not "not done"; it stays for a person or for the application to finish.
            Self::Held(payment) => {
                let end = Error::new(ErrorKind::Refused, "no capture arrived, and none can any more");
                Err(outstanding(Some(end), *payment))
            }
            Self::Nothing(text, payment) => {
                let message = format!("{text}, and nothing can be booked any more: it was not done");
                let error = Error::new(ErrorKind::InvalidRequest, message).with_status(StatusCode::NOT_FOUND);
                Err(shown(error, payment))
            }
        }
    }
}

fn open(text: &str) -> Error {
    Error::new(ErrorKind::Provider, text).with_fate(Fate::Unknown)
}

fn shown(error: Error, payment: Option<Box<Payment>>) -> Error {
    match payment {
        Some(payment) => error.with_payment(*payment),
        None => error,
    }
}

impl CoolPay {
    /// Finds out what became of an operation. Whatever cannot be found out stays unknown.
    pub(crate) async fn resolve(&self, unresolved: &Unresolved, wire: &dyn Wire) -> Result<Answer, Error> {
        let unknown = |error: Error| error.with_fate(Fate::Unknown);
        let asked = unresolved.amount.map(|money| self.asked(money)).transpose();
        let asked = asked.map_err(unknown)?;
        let until = self.latest(unresolved);
        let settled = until.is_some_and(|until| wire.now() > until);
        let first = self
            .found_out(unresolved, asked, settled, wire)
            .await
            .map_err(unknown)?;
        if matches!(first, Finding::Answer(_)) || !settled || !wire.wait(LAG).await {
            return first.so_far();
        }
        let second = self
            .found_out(unresolved, asked, settled, wire)
            .await
            .map_err(unknown)?;
        if first.agrees(&second) {
            second.for_good()
        } else {
            second.so_far()
        }
    }

    /// The last moment at which what was sent can be booked.
    fn latest(&self, unresolved: &Unresolved) -> Option<Timestamp> {
        unresolved.last_sent.checked_add(self.parts.settle).ok()
    }

    async fn found_out(
        &self,
        unresolved: &Unresolved,
        asked: Option<Asked>,
        settled: bool,
        wire: &dyn Wire,
    ) -> Result<Finding, Error> {
        let (want, kind) = match unresolved.operation {
            OperationKind::Sale => (Want::Take, Kind::Payment),
            OperationKind::Checkout if unresolved.note(CAPTURE) == Some("true") => (Want::Take, Kind::Payment),
            OperationKind::Authorize | OperationKind::Checkout => (Want::Hold, Kind::Payment),
            OperationKind::Payout => (Want::Send, Kind::Payout),
            OperationKind::Capture => return self.followed(unresolved, "capture", asked, wire).await,
            OperationKind::Refund => return self.followed(unresolved, "refund", asked, wire).await,
            OperationKind::Void => return self.followed(unresolved, "cancel", None, wire).await,
            other => return Err(Error::unsupported(PROVIDER, &format!("to resolve {other}"))),
        };
        let asked =
            asked.ok_or_else(|| open("the amount asked for is not known, so nothing can be compared with it"))?;
        let Some((place, body)) = self.begun(unresolved, kind, settled, wire).await? else {
            return Ok(Finding::Nothing("no payment has that reference".to_owned(), None));
        };
        let payment = || self.payment(&place, &body);
        let earlier = unresolved.note(EARLIER).and_then(|until| until.parse().ok());
        let earlier = earlier.is_some_and(|until: Timestamp| wire.now() <= until);
        Ok(match self.standing(&place, &body, want, Some(asked))? {
            Standing::Settled(answer) if earlier && matches!(answer.outcome, Outcome::Declined(_)) => {
                let text = "declined, and what an earlier attempt under the same reference sent may still be booked";
                return Err(open(text).with_payment(answer.payment));
            }
            Standing::Settled(answer) => Finding::Answer(answer),
            Standing::Action(_) if kind == Kind::Payment && !settled => {
                let text = "the customer must be authenticated, and a page for it may still come";
                return Err(open(text).with_payment(payment()));
            }
            Standing::Action(decline) => Finding::answer(Outcome::Declined(decline), payment()),
            // The page captures by itself, a moment after it authorized.
            Standing::Held if unresolved.operation == OperationKind::Checkout => {
                Finding::answer(Outcome::Pending, payment())
            }
            Standing::Held => match reading::hidden(&body, place.kind) {
                Some(text) => return Err(open(&text).with_payment(payment())),
                None => Finding::Held(Box::new(payment())),
            },
            // Whoever has the page's address may still pay on it.
            Standing::Fresh => match reading::link(&body) {
                Some(url) => Finding::answer(redirect(url), payment()),
                None => Finding::nothing("the payment shows no operation", payment()),
            },
        })
    }

    /// The payment or payout that the operation made: by its id where that was noted, else by the reference.
    async fn begun(
        &self,
        unresolved: &Unresolved,
        kind: Kind,
        settled: bool,
        wire: &dyn Wire,
    ) -> Result<Option<(Place, Resource)>, Error> {
        let noted = unresolved.note("payment").and_then(|id| Place::new(kind, id));
        let known = match (noted, &unresolved.payment) {
            (Some(place), _) => Some(place),
            (None, Some(payment)) => Some(Place::of(payment)?),
            (None, None) => None,
        };
        match (known, &unresolved.reference) {
            (Some(place), _) => {
                let body = self.read_in_turn(&place, wire).await?;
                Ok(Some((place, body)))
            }
            // The two looks are two searches.
            (None, Some(reference)) if settled => self.search(kind, reference.as_str(), wire).await,
            (None, Some(reference)) => self.look_up(kind, reference.as_str(), wire).await,
            (None, None) => Err(open("neither the payment nor its reference is known")),
        }
    }

    /// What became of a capture, refund or void: the one of its type and amount that is younger than what was noted before it was sent.
    async fn followed(
        &self,
        unresolved: &Unresolved,
        kind: &'static str,
        asked: Option<Asked>,
        wire: &dyn Wire,
    ) -> Result<Finding, Error> {
        if asked.is_none() && kind != "cancel" {
            return Err(open(
                "the amount asked for is not known, so nothing can be compared with it",
            ));
        }
        let place = match (&unresolved.payment, unresolved.note("payment")) {
            (Some(payment), _) => Place::of(payment)?,
            (None, Some(id)) => {
                Place::new(Kind::Payment, id).ok_or_else(|| open("the payment's id was not noted rightly"))?
            }
            (None, None) => return Err(open("the payment is not known")),
        };
        let body = self.read_in_turn(&place, wire).await?;
        let noted = unresolved.note("operation").and_then(|id| id.parse().ok());
        let step = Step {
            place: &place,
            kind,
            amount: asked.map(|asked| asked.units),
            currency: asked.map(|asked| asked.currency),
            own: false,
            attempt: unresolved.reference.as_ref().map_or("", |reference| reference.as_str()),
            request: self.bare(Method::GET, &place.path())?,
        };
        if let Some(operation) = self.claims.done(&step) {
            let answer = self.done_before(&step, body, operation)?;
            return Ok(Finding::Answer(Box::new(answer)));
        }
        let payment = || self.payment(&place, &body);
        let op = match (self.look(&body, &step, noted.unwrap_or(0), true), noted) {
            (Look::Absent | Look::Other(_), _) => {
                if let Some(text) = reading::hidden(&body, place.kind) {
                    return Err(open(&text).with_payment(payment()));
                }
                return Ok(Finding::nothing(&format!("the payment shows no new {kind}"), payment()));
            }
            (Look::Unclear, _) => {
                let text = format!("the reply leaves out what would show whether there is a new {kind}");
                return Err(open(&text).with_payment(payment()));
            }
            (Look::Differs(text) | Look::Twice(text), _) => return Err(Error::mismatch(text, payment())),
            (_, None) => {
                let text = "how far the payment was before is not known, so its operations cannot be told apart";
                return Err(open(text).with_payment(payment()));
            }
            (Look::Ambiguous, _) => {
                return Err(open("several operations fit; a person must tell").with_payment(payment()));
            }
            (Look::Found(op), _) => op.clone(),
        };
        if let Some(text) = reading::imbalance(&body, place.kind) {
            return Err(Error::mismatch(text, payment()));
        }
        let latest = self.latest(unresolved);
        if op.created_at.zip(latest).is_some_and(|(made, latest)| made > latest) {
            let text = format!("the payment's {kind} is much younger than the lost one, and may be another's");
            return Err(open(&text).with_payment(payment()));
        }
        self.claims.settle(&step, op.id);
        let answer = self.conclude(&Seen { place, body, op })?;
        Ok(Finding::Answer(Box::new(answer)))
    }
}
