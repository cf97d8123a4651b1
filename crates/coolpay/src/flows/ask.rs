//! Inquiries: how a payment stands.

use http::StatusCode;
use paymux_core::{Answer, EntryKind, Error, ErrorKind, Inquiry, Outcome, Wire};

use super::standing::{expired, incomplete, missing, open, redirect};
use crate::adapter::CoolPay;
use crate::codes::{self, Verdict};
use crate::reading::{self, Kind, Place};
use crate::shapes::{Op, Resource};

impl CoolPay {
    pub(crate) async fn inquire(&self, inquiry: &Inquiry, wire: &dyn Wire) -> Result<Answer, Error> {
        let (place, body) = match inquiry {
            Inquiry::Payment(payment) => {
                let place = Place::of(payment)?;
                let body = self.read_in_turn(&place, wire).await?;
                (place, body)
            }
            Inquiry::Reference(reference) => Box::pin(self.by_reference(reference.as_str(), wire)).await?,
            _ => return Err(Error::unsupported(crate::adapter::PROVIDER, "this kind of inquiry")),
        };
        self.report(&place, &body)
    }

    /// Looks among the payments, then among the payouts.
    async fn by_reference(&self, reference: &str, wire: &dyn Wire) -> Result<(Place, Resource), Error> {
        if let Some(found) = self.look_up(Kind::Payment, reference, wire).await? {
            return Ok(found);
        }
        match self.search(Kind::Payout, reference, wire).await {
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
    pub(super) fn report(&self, place: &Place, body: &Resource) -> Result<Answer, Error> {
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
        let counts = |op: &&Op| !matches!(kind(op), EntryKind::Other | EntryKind::Void);
        let approved = ops.iter().filter(counts).filter(|op| verdict(op) == Verdict::Approved);
        if let Some((op, what)) = approved.filter_map(|op| Some((op, missing(body, op)?))).next() {
            return Err(incomplete(op, what, payment));
        }
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
}
