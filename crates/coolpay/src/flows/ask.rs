//! What only asks: inquiry, and what became of an operation whose answer was lost.

use std::time::Duration;

use http::{Method, StatusCode};
use jiff::Timestamp;
use paymux_core::{Answer, EntryKind, Error, ErrorKind, Fate, Inquiry, OperationKind, Outcome, Unresolved, Wire};

use super::act::{Look, Seen, Step};
use super::calls::Asked;
use super::standing::{Standing, Want, expired, open, outstanding, redirect};
use crate::adapter::CoolPay;
use crate::codes::{self, Verdict};
use crate::reading::{self, Kind, Place};
use crate::shapes::{Op, Resource};

/// How much later than its request an operation may be booked and still be taken for that request's; the clocks' difference is in it.
const LATE: Duration = Duration::from_secs(600);

impl CoolPay {
    pub(crate) async fn inquire(&self, inquiry: &Inquiry, wire: &dyn Wire) -> Result<Answer, Error> {
        let (place, body) = match inquiry {
            Inquiry::Payment(payment) => {
                let place = Place::of(payment)?;
                let body = self.read_in_turn(wire, &place).await?;
                (place, body)
            }
            Inquiry::Reference(reference) => self.by_reference(wire, reference.as_str()).await?,
            _ => return Err(Error::unsupported(crate::adapter::PROVIDER, "this kind of inquiry")),
        };
        self.report(&place, &body)
    }

    /// Looks among the payments, then among the payouts.
    async fn by_reference(&self, wire: &dyn Wire, reference: &str) -> Result<(Place, Resource), Error> {
        if let Some(found) = self.look_up(wire, Kind::Payment, reference).await? {
            return Ok(found);
        }
        match self.search(wire, Kind::Payout, reference).await {
            Ok(Some(found)) => Ok(found),
            // Many keys may not read payouts.
            Err(error) if !reading::is_barred(&error) => Err(error),
            Ok(None) | Err(_) => {
                let message =
                    format!("no payment has the reference {reference}, as far as the provider's search shows by now");
                Err(Error::new(ErrorKind::InvalidRequest, message).with_status(StatusCode::NOT_FOUND))
            }
        }
    }

    /// What stands, for an inquiry.
    fn report(&self, place: &Place, body: &Resource) -> Result<Answer, Error> {
        let payment = self.payment(place, body);
        let ops = body.operations.as_deref().unwrap_or_default();
        let verdict = |op: &Op| codes::verdict(op, body.acquirer.as_deref());
        if let Some(text) = reading::imbalance(body, place.kind) {
            return Err(Error::mismatch(text, payment));
        }
        if reading::pending(body).is_some() {
            return Ok(Answer::new(Outcome::Pending, payment));
        }
        let open_code = ops.iter().find_map(|op| match verdict(op) {
            Verdict::Unknown(code) => Some((op.kind.as_deref(), code)),
            _ => None,
        });
        if let Some((kind, code)) = open_code {
            return Err(open(kind, &code, payment));
        }
        let kind = |op: &Op| codes::entry_kind(op.kind.as_deref());
        if ops
            .iter()
            .any(|op| kind(op) != EntryKind::Other && verdict(op) == Verdict::Approved)
        {
            return Ok(Answer::new(Outcome::Approved, payment));
        }
        let last = ops
            .iter()
            .rfind(|op| kind(op) != EntryKind::Other || op.kind.as_deref() == Some("deadline"));
        let outcome = match (last.map(verdict), reading::link(body)) {
            (Some(Verdict::Declined(decline)), _) => match last.and_then(|op| reading::open_page(body, op)) {
                Some(url) => redirect(url),
                None => Outcome::Declined(decline),
            },
            (Some(Verdict::Action(_)) | None, Some(url)) => redirect(url),
            (Some(Verdict::Action(decline)), None) => Outcome::Declined(decline),
            (Some(Verdict::Approved), _) => Outcome::Declined(expired()),
            _ => Outcome::Pending,
        };
        Ok(Answer::new(outcome, payment))
    }

    /// Finds out what became of an operation. Whatever cannot be found out stays unknown.
    pub(crate) async fn resolve(&self, unresolved: &Unresolved, wire: &dyn Wire) -> Result<Answer, Error> {
        let asked = unresolved.amount.map(|money| self.asked(money)).transpose();
        let result = match asked {
            Ok(asked) => self.found_out(unresolved, asked, wire).await,
            Err(error) => Err(error),
        };
        result.map_err(|error| error.with_fate(Fate::Unknown))
    }

    async fn found_out(&self, unresolved: &Unresolved, asked: Option<Asked>, wire: &dyn Wire) -> Result<Answer, Error> {
        let (want, kind) = match unresolved.operation {
            OperationKind::Sale => (Want::Take, Kind::Payment),
            OperationKind::Authorize | OperationKind::Checkout => (Want::Hold, Kind::Payment),
            OperationKind::Payout => (Want::Send, Kind::Payout),
            OperationKind::Capture => return self.followed(unresolved, "capture", asked, wire).await,
            OperationKind::Refund => return self.followed(unresolved, "refund", asked, wire).await,
            OperationKind::Void => return self.followed(unresolved, "cancel", None, wire).await,
            other => {
                return Err(Error::unsupported(
                    crate::adapter::PROVIDER,
                    &format!("to resolve {other}"),
                ));
            }
        };
        let noted = unresolved.note("payment").and_then(|id| Place::new(kind, id));
        let known = match (noted, &unresolved.payment) {
            (Some(place), _) => Some(place),
            (None, Some(payment)) => Some(Place::of(payment)?),
            (None, None) => None,
        };
        let (place, body) = match (known, &unresolved.reference) {
            (Some(place), _) => {
                let body = self.read_in_turn(wire, &place).await?;
                (place, body)
            }
            (None, Some(reference)) => {
                let found = self.look_up(wire, kind, reference.as_str()).await?;
                found.ok_or_else(|| nothing("no payment has that reference by now"))?
            }
            (None, None) => return Err(nothing("neither the payment nor its reference is known")),
        };
        match self.standing(&place, &body, want, asked)? {
            Standing::Settled(answer) => Ok(*answer),
            Standing::Action(decline) => Ok(Answer::new(Outcome::Declined(decline), self.payment(&place, &body))),
            Standing::Held => Err(outstanding(None, self.payment(&place, &body))),
            Standing::Fresh => {
                Err(nothing("the payment shows no operation by now").with_payment(self.payment(&place, &body)))
            }
        }
    }

    /// What became of a capture, refund or void: the one of its type and amount that is younger than what was noted before it was sent.
    async fn followed(
        &self,
        unresolved: &Unresolved,
        kind: &'static str,
        asked: Option<Asked>,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        let place = match (&unresolved.payment, unresolved.note("payment")) {
            (Some(payment), _) => Place::of(payment)?,
            (None, Some(id)) => {
                Place::new(Kind::Payment, id).ok_or_else(|| nothing("the payment's id was not noted rightly"))?
            }
            (None, None) => return Err(nothing("the payment is not known")),
        };
        let body = self.read_in_turn(wire, &place).await?;
        let payment = || self.payment(&place, &body);
        let Some(noted) = unresolved.note("operation").and_then(|id| id.parse().ok()) else {
            let text = "how far the payment was before is not known, so its operations cannot be told apart";
            return Err(nothing(text).with_payment(payment()));
        };
        let step = Step {
            place: &place,
            kind,
            amount: asked.map(|asked| asked.units),
            currency: asked.map(|asked| asked.currency),
            own: false,
            attempt: unresolved.reference.as_ref().map_or("", |reference| reference.as_str()),
            request: self.bare(Method::GET, &place.path())?,
        };
        let op = match self.look(&body, &step, noted, true) {
            Look::Found(op) => op.clone(),
            Look::Ambiguous => {
                return Err(nothing("several operations fit; a person must tell").with_payment(payment()));
            }
            Look::Differs(text) => return Err(Error::mismatch(text, payment())),
            Look::Absent => {
                let text = format!("the payment shows no new {kind} by now");
                return Err(nothing(&text).with_payment(payment()));
            }
        };
        if let Some(text) = reading::imbalance(&body, place.kind) {
            return Err(Error::mismatch(text, payment()));
        }
        let made = op.created_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
        let latest = unresolved.last_sent.checked_add(LATE).ok();
        if made.zip(latest).is_some_and(|(made, latest)| made > latest) {
            let text = format!("the payment's {kind} is much younger than the lost one, and may be another's");
            return Err(nothing(&text).with_payment(payment()));
        }
        self.claims.settle(&step, op.id);
        self.conclude(&Seen { place, body, op })
    }
}

fn nothing(text: &str) -> Error {
    Error::new(ErrorKind::Provider, text).with_fate(Fate::Unknown)
}
