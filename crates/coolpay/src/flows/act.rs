//! Sending one operation on a payment, and finding out what it came to.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use paymux_core::{Call, Error, ErrorKind, Fate, Lost, Memo, Reply, Wire, request};

use super::calls::dressed;
use crate::adapter::CoolPay;
use crate::codes::{self, Verdict};
use crate::reading::{self, Place};
use crate::shapes::{Op, Resource};

/// The waits between looks for an operation whose answer was lost, in seconds.
const LOOKS: [u64; 3] = [1, 3, 10];

/// The wait between two reads that must agree before it is believed that something is not there: a read may lag behind.
pub(super) const LAG: Duration = Duration::from_secs(3);

/// One operation to be sent.
pub(crate) struct Step<'a> {
    pub place: &'a Place,
    /// The operation's type, as the provider books it.
    pub kind: &'static str,
    /// In wire units; `None` where the provider books none.
    pub amount: Option<i64>,
    pub currency: Option<&'a str>,
    /// Whether the payment was made by this attempt alone, so that whatever is found on it is this attempt's.
    pub own: bool,
    /// The caller's name of the attempt.
    pub attempt: &'a str,
    pub request: Request<Bytes>,
}

/// A payment, with the operation that was looked for.
#[derive(Debug)]
pub(crate) struct Seen {
    pub place: Place,
    pub body: Resource,
    pub op: Op,
}

impl Seen {
    pub(crate) fn verdict(&self) -> Verdict {
        codes::verdict(&self.op, self.body.acquirer.as_deref())
    }
}

/// What a call that moves money came to.
pub(crate) enum Spent {
    Answered(Reply),
    /// Answered with a refusal that proves that this call did nothing.
    Refused(reading::Refusal),
    /// Nobody knows.
    Open(Error),
}

/// What a look for an operation finds.
pub(crate) enum Look<'a> {
    Absent,
    /// Several fit.
    Ambiguous,
    /// What is there is not the payment that was asked about.
    Differs(String),
    Found(&'a Op),
    /// One of its type is there, of another amount.
    Other(String),
    /// It was done twice.
    Twice(String),
    /// The reply leaves out what would have to be compared, so that it shows neither that the operation is there nor that it is not.
    Unclear,
}

impl CoolPay {
    /// Sends a call that moves money, once.
    pub(crate) async fn spend(&self, request: Request<Bytes>, wire: &dyn Wire) -> Result<Spent, Error> {
        Ok(match wire.send(Call::once(request)).await {
            Ok(reply) if reply.status.is_success() => Spent::Answered(reply),
            Ok(reply) => {
                let refusal = reading::refusal(&reply, wire.now());
                if refusal.proves() {
                    Spent::Refused(refusal)
                } else if refusal.definite {
                    Spent::Open(refusal.error.without_words())
                } else {
                    Spent::Open(refusal.error.with_fate(Fate::Unknown))
                }
            }
            Err(Lost::NotSent(error)) => return Err(error),
            Err(Lost::Unknown(error)) => Spent::Open(error.with_fate(Fate::Unknown)),
        })
    }

    /// Sends one operation and finds out what it came to: by what is of its type and younger than all that `before` holds. What this process knows to be
    /// done, and `before` does not show, is not sent again.
    pub(crate) async fn act(&self, mut step: Step<'_>, before: &Resource, wire: &dyn Wire) -> Result<Seen, Error> {
        if let Some(operation) = self.claims.done(&step) {
            return Err(not_shown(step.kind, operation).with_payment(self.payment(step.place, before)));
        }
        // A look that lags does not show what this process knows to be booked.
        let noted = reading::highest(before).max(self.claims.highest(step.place));
        wire.note(Memo::new("payment", step.place.id.as_str())).await?;
        wire.note(Memo::new("operation", noted.to_string())).await?;
        let request = std::mem::take(&mut step.request);
        let _way = self.claims.begin(&step);
        let seen = match self.spend(request, wire).await? {
            Spent::Answered(reply) => {
                let first = self.settle(&reply, step.place, before, wire).await;
                self.watch(&step, noted, first, None, wire).await
            }
            Spent::Refused(refusal) if refusal.fits_earlier => {
                Box::pin(self.after_refusal(&step, noted, refusal.error, wire)).await
            }
            Spent::Refused(refusal) => Err(refusal.error),
            Spent::Open(error) => Box::pin(self.watch(&step, noted, None, Some(error), wire)).await,
        };
        seen.map_err(|error| match error.payment() {
            Some(_) => error,
            None => error.with_payment(self.payment(step.place, before)),
        })
    }

    /// The payment that a 2xx answers with. An empty body leads to the `Location`, where it is on the same host.
    async fn settle(&self, reply: &Reply, place: &Place, before: &Resource, wire: &dyn Wire) -> Option<Resource> {
        if let Ok(body) = self.resource(reply) {
            return body.operations.is_some().then_some(body);
        }
        let location = self.location(reply)?;
        let request = request::empty(Method::GET, &self.parts.origin, &location).ok()?;
        let answer = self.get(dressed(request), wire).await.ok()?;
        if !location.starts_with(&format!("{}/operations/", self.path_of(place))) {
            return self.resource(&answer).ok().filter(|body| body.operations.is_some());
        }
        let op: Op = answer.json().ok()?;
        let mut body = before.clone();
        // The balance is from before this operation.
        body.balance = None;
        let ops = body.operations.get_or_insert_default();
        ops.retain(|known| known.id != op.id);
        ops.push(op);
        Some(body)
    }

    /// The path of a place as it stands in a `Location`.
    fn path_of(&self, place: &Place) -> String {
        let prefix = self.parts.base.strip_prefix(&self.parts.origin).unwrap_or("");
        format!("{prefix}{}", place.path())
    }

    /// Looks until the operation is seen, and what is seen agrees with what was asked.
    pub(crate) async fn watch(
        &self,
        step: &Step<'_>,
        noted: i64,
        first: Option<Resource>,
        trouble: Option<Error>,
        wire: &dyn Wire,
    ) -> Result<Seen, Error> {
        let mut next = first;
        let mut last: Option<Resource> = None;
        let mut differs: Option<String> = None;
        let mut waits = LOOKS.into_iter();
        loop {
            if next.is_none() {
                next = Box::pin(self.read(step.place, wire)).await.ok();
            }
            if let Some(body) = next.take() {
                differs = None;
                match self.look(&body, step, noted, trouble.is_some()) {
                    Look::Found(op) => match reading::imbalance(&body, step.place.kind) {
                        None => {
                            self.claims.settle(step, op.id);
                            let op = op.clone();
                            let place = step.place.clone();
                            return Ok(Seen { place, body, op });
                        }
                        Some(text) => differs = Some(text),
                    },
                    Look::Twice(text) => return Err(Error::mismatch(text, self.payment(step.place, &body))),
                    Look::Differs(text) | Look::Other(text) if trouble.is_none() => {
                        return Err(Error::mismatch(text, self.payment(step.place, &body)));
                    }
                    Look::Absent | Look::Ambiguous | Look::Differs(_) | Look::Other(_) | Look::Unclear => {}
                }
                last = Some(body);
            }
            match waits.next() {
                Some(wait) if wire.wait(Duration::from_secs(wait)).await => {}
                _ => break,
            }
        }
        let payment = last.map(|body| self.payment(step.place, &body));
        Err(match (differs, payment, trouble) {
            (Some(text), Some(payment), _) => Error::mismatch(text, payment),
            (_, payment, trouble) => {
                let error = trouble.unwrap_or_else(|| unseen(step.kind));
                match payment {
                    Some(payment) => error.with_payment(payment),
                    None => error,
                }
            }
        })
    }

    /// A refusal that fits an earlier attempt having worked: reads the payment before it is believed, and once more, since a read may lag behind.
    async fn after_refusal(&self, step: &Step<'_>, noted: i64, error: Error, wire: &dyn Wire) -> Result<Seen, Error> {
        let mut again = true;
        loop {
            let Ok(body) = self.read(step.place, wire).await else {
                return Err(error.with_fate(Fate::Unknown));
            };
            let payment = self.payment(step.place, &body);
            match self.look(&body, step, noted, true) {
                Look::Absent if again => {
                    if !wire.wait(LAG).await {
                        return Err(error.with_fate(Fate::Unknown).with_payment(payment));
                    }
                    again = false;
                }
                Look::Absent => return Err(error.with_payment(payment)),
                Look::Twice(text) => return Err(Error::mismatch(text, payment)),
                Look::Found(op) if step.own => {
                    let (place, op) = (step.place.clone(), op.clone());
                    return Ok(Seen { place, body, op });
                }
                // Somebody's operation came in between; it may be this one.
                _ => return Err(error.with_fate(Fate::Unknown).with_payment(payment)),
            }
        }
    }
}

impl CoolPay {
    /// Looks for the operation of a step as [`look`] does, leaving out those that belong to other attempts.
    pub(crate) fn look<'a>(&self, body: &'a Resource, step: &Step<'_>, noted: i64, lost: bool) -> Look<'a> {
        match look(body, step, noted, lost, |op| {
            step.own || !self.claims.is_taken(step, op.id)
        }) {
            // It may be that of another attempt, which has not been told so yet.
            Look::Found(_) if lost && !step.own && self.claims.is_busy(step) => Look::Ambiguous,
            found => found,
        }
    }
}

/// Looks for the operation of a step among those younger than `noted`. After a lost answer only a single one that fits is believed. On a payment of
/// this attempt's own all of them are its own: what an earlier run of it sent, and was not shown in time, counts with the newest.
fn look<'a>(body: &'a Resource, step: &Step<'_>, noted: i64, lost: bool, free: impl Fn(&Op) -> bool) -> Look<'a> {
    if let Some(id) = body.id.as_deref().filter(|id| *id != step.place.id) {
        return Look::Differs(format!("the reply is about {id}, and {} was asked", step.place.id));
    }
    if body.id.is_none() {
        return Look::Unclear;
    }
    match (body.currency.as_deref(), step.currency) {
        (Some(theirs), Some(ours)) if theirs != ours => {
            return Look::Differs(format!("the payment is in {theirs}, and {ours} was asked"));
        }
        (None, Some(_)) => return Look::Unclear,
        _ => {}
    }
    let acquirer = body.acquirer.as_deref();
    let Some(ops) = body.operations.as_deref() else {
        return Look::Unclear;
    };
    let young = |op: &&Op| op.kind.as_deref() == Some(step.kind) && op.id.is_some_and(|id| id > noted) && free(op);
    let candidates: Vec<&Op> = ops.iter().filter(young).collect();
    let fitting = candidates
        .iter()
        .copied()
        .filter(|op| step.amount.is_none() || op.amount == step.amount);
    let other = |op: &Op| {
        let (theirs, ours) = op.amount.zip(step.amount)?;
        let text = format!(
            "the provider booked a {} of {theirs}, and {ours} was asked (wire units)",
            step.kind
        );
        (theirs != ours).then_some(Look::Other(text))
    };
    let Some(newest) = fitting.clone().max_by_key(|op| op.id) else {
        let nameless = ops.iter().any(|op| op.id.is_none() || op.kind.is_none());
        if nameless || step.amount.is_some() && candidates.iter().any(|op| op.amount.is_none()) {
            return Look::Unclear;
        }
        return candidates.iter().find_map(|op| other(op)).unwrap_or(Look::Absent);
    };
    let verdict = |op: &Op| codes::verdict(op, acquirer);
    if step.own {
        let moving = || candidates.iter().filter(|op| weight(&verdict(op)) > 1);
        if let Some(other) = moving().find_map(|op| other(op)) {
            return other;
        }
        if step.amount.is_some() && moving().any(|op| op.amount.is_none()) {
            return Look::Unclear;
        }
        if fitting.clone().filter(|op| verdict(op) == Verdict::Approved).count() > 1 {
            return Look::Twice(twice(step.kind));
        }
        let decides = fitting.max_by_key(|op| (weight(&verdict(op)), op.id));
        return Look::Found(decides.unwrap_or(newest));
    }
    let several = fitting.clone().count() > 1;
    let newest_is = verdict(newest);
    let agree = fitting.clone().all(|op| verdict(op) == newest_is);
    if several && (lost || !agree) {
        return Look::Ambiguous;
    }
    Look::Found(newest)
}

/// Which of an attempt's own operations decides: what is still open before what was done, and that before what was declined.
const fn weight(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Pending => 4,
        Verdict::Unknown(_) => 3,
        Verdict::Approved => 2,
        Verdict::Action(_) => 1,
        Verdict::Declined(_) => 0,
    }
}

/// More was done than was asked: open money, for a person.
pub(super) fn twice(kind: &str) -> String {
    format!("the provider booked a {kind} twice, and one was asked")
}

/// A step that is done, as this process knows, and that a look does not show.
pub(super) fn not_shown(kind: &str, operation: i64) -> Error {
    let message =
        format!("this {kind} was booked as operation {operation}, which the payment does not show; nothing was sent");
    Error::new(ErrorKind::Provider, message).with_fate(Fate::Unknown)
}

fn unseen(kind: &str) -> Error {
    let message = format!("the provider accepted the {kind}, and does not show what became of it");
    Error::new(ErrorKind::Provider, message).with_fate(Fate::Unknown)
}
