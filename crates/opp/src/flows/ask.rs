//! Inquiry, and finding out what became of an operation whose answer was lost. Nothing here moves money.

use http::{Method, StatusCode};
use paymux_core::{
    Answer, Call, Error, ErrorKind, Fate, Inquiry, Memo, OperationKind, Outcome, Payment, PaymentRef, PaymentState,
    Unresolved, Wire,
};

use super::report::Found;
use crate::adapter::{BETWEEN_INQUIRIES, Opp, PROVIDER};
use crate::codes::{PaymentType, Surface};
use crate::config::is_id;
use crate::reading::ids::{Ids, Of, moment};
use crate::reading::{Asked, Open, Step};
use crate::shapes::Body;

impl Opp {
    /// Looks a payment up.
    pub(crate) async fn inquire(&self, inquiry: &Inquiry, wire: &dyn Wire) -> Result<Answer, Error> {
        match inquiry {
            Inquiry::Payment(payment) => {
                let ids = Ids::of(payment);
                match ids.of {
                    Of::Payment => self.inquire_by_id(payment, &ids, wire).await,
                    Of::Checkout => Box::pin(self.checkout_result(payment, &ids, wire)).await,
                    Of::Reference => self.inquire_by_reference(ids.id, wire).await,
                }
            }
            Inquiry::Reference(reference) => self.inquire_by_reference(reference.as_str(), wire).await,
            _ => Err(Error::unsupported(PROVIDER, "this inquiry")),
        }
    }

    /// What is asked about may be a follow-up, as webhooks name them: it leads to the payment that it belongs to, which tells how that stands.
    async fn inquire_by_id(&self, payment: &PaymentRef, ids: &Ids<'_>, wire: &dyn Wire) -> Result<Answer, Error> {
        let answer = self.inquire_this(payment, ids, wire).await?;
        if !self.is_v1() {
            return Ok(answer);
        }
        Box::pin(self.inquire_root(answer, payment, ids, wire)).await
    }

    async fn inquire_root(
        &self,
        mut answer: Answer,
        payment: &PaymentRef,
        ids: &Ids<'_>,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        // A refund may be of a capture, and that of a hold.
        for _ in 0..2 {
            let root = answer.payment.id();
            if root == payment.id() || root == ids.id {
                break;
            }
            let root = answer.payment.reference.clone();
            let of_root = Ids::of(&root);
            let next = Box::pin(self.inquire_this(&root, &of_root, wire)).await?;
            let is_root = next.payment.id() == root.id();
            answer = next;
            if is_root {
                break;
            }
        }
        Ok(answer)
    }

    async fn inquire_this(&self, payment: &PaymentRef, ids: &Ids<'_>, wire: &dyn Wire) -> Result<Answer, Error> {
        let asked = Asked {
            kind: ids.kind,
            amount: ids.amount,
            payment: Some(payment),
            id: Some(ids.id),
            ..Asked::default()
        };
        match self.read_payment(asked, wire).await? {
            Step::Done(answer) if self.is_v1() && may_be_followed(&answer) => {
                Ok(Box::pin(self.with_follow_ups(answer, wire)).await)
            }
            Step::Done(answer) => Ok(answer),
            Step::Open(Open {
                likely: Some(_), error, ..
            }) => {
                if !wire.wait(BETWEEN_INQUIRIES).await {
                    return Err(error);
                }
                let found = Box::pin(self.ask_by_id(asked, ids.id, true, wire)).await?;
                found.answer().ok_or(error)
            }
            Step::Open(open) => Err(open.error),
        }
    }

    async fn inquire_by_reference(&self, reference: &str, wire: &dyn Wire) -> Result<Answer, Error> {
        if !self.is_v1() {
            return Err(Error::unsupported(PROVIDER, "inquire by reference (preset v3)"));
        }
        let asked = Asked {
            reference: Some(reference),
            ..Asked::default()
        };
        let mut entries = self.report(reference, wire).await?;
        match self.choose(asked, &entries)? {
            // What followed under references of its own stands in another report; without that the payment is told as it is.
            Found::Answer(answer) if may_be_followed(&answer) => {
                let linked = self.linked(answer.payment.id(), wire).await.unwrap_or_default();
                let is_new = |later: &Body<'_>| !entries.list.iter().any(|known| known.id == later.id);
                let later: Vec<_> = linked.list.into_iter().filter(is_new).collect();
                entries.list.extend(later);
                match self.choose(asked, &entries)? {
                    Found::Answer(whole) => Ok(*whole),
                    _ => Ok(*answer),
                }
            }
            Found::Answer(answer) => Ok(*answer),
            Found::Unread(_) => Err(Error::new(
                ErrorKind::Provider,
                "the provider does not say yet what became of the payment",
            )),
            Found::Nothing => Err(absent()),
        }
    }

    /// `GET payments/{id}`
    pub(super) async fn read_payment(&self, asked: Asked<'_>, wire: &dyn Wire) -> Result<Step, Error> {
        let id = asked.id.unwrap_or_default();
        if !is_id(id) {
            return Err(Error::invalid("payment", "does not hold an id of this provider"));
        }
        let path = [self.settings.preset.path(), "/payments/", id].concat();
        let call = Call::asks(self.query(Method::GET, &path, self.form())?).about(id);
        let reply = wire.send(call).await.map_err(paymux_core::Lost::give_up)?;
        self.read(&asked, Surface::Inquiry, &reply, wire.now())
    }

    /// Asks by the provider's id about an operation in doubt. `sure`: what was probably a decline is one if this says so too.
    pub(super) async fn ask_by_id(
        &self,
        asked: Asked<'_>,
        id: &str,
        sure: bool,
        wire: &dyn Wire,
    ) -> Result<Found, Error> {
        let asked = Asked { id: Some(id), ..asked };
        match self.read_payment(asked, wire).await {
            Ok(Step::Done(answer)) => Ok(Found::Answer(Box::new(answer))),
            Ok(Step::Open(Open {
                likely: Some(answer), ..
            })) if sure => Ok(Found::Answer(Box::new(answer))),
            Ok(Step::Open(_)) => Ok(Found::Unread(Some(id.to_owned()))),
            Err(error) if error.is_not_found() => Ok(Found::Nothing),
            Err(error) => finding(error).map(|()| Found::Unread(None)),
        }
    }

    /// Asks by the caller's reference about an operation in doubt.
    pub(super) async fn ask_by_reference(&self, asked: Asked<'_>, wire: &dyn Wire) -> Result<Found, Error> {
        let Some(reference) = asked.reference else {
            return Ok(Found::Unread(None));
        };
        let entries = match self.report(reference, wire).await {
            Ok(entries) => entries,
            Err(error) => return finding(error).map(|()| Found::Unread(None)),
        };
        match self.choose(asked, &entries)? {
            Found::Unread(Some(id)) => match self.ask_by_id(asked, &id, true, wire).await? {
                Found::Nothing => Ok(Found::Unread(Some(id))),
                found => Ok(found),
            },
            found => Ok(found),
        }
    }

    /// A refusal of a follow-up as done before stands if the record shows another one on the same payment.
    pub(super) async fn explained(&self, asked: Asked<'_>, open: &Open, wire: &dyn Wire) -> Result<(), Error> {
        let (Some(parent), Some(kind)) = (asked.parent, asked.kind) else {
            return Ok(());
        };
        match self.linked(parent, wire).await {
            Ok(entries) if self.has_other_follow_up(asked, parent, kind, &entries) => {
                let error = open.error.clone();
                let message = format!("{}; the record shows another follow-up", error.message());
                let decline = error.decline().cloned();
                let refused = Error::new(ErrorKind::Refused, message).with_fate(Fate::Rejected);
                Err(match decline {
                    Some(decline) => refused.with_decline(decline),
                    None => refused,
                })
            }
            Ok(_) => Ok(()),
            Err(error) => finding(error),
        }
    }

    /// Finds out what became of an operation.
    pub(crate) async fn resolve(&self, unresolved: &Unresolved, wire: &dyn Wire) -> Result<Answer, Error> {
        let unknown = |text: &str| Error::new(ErrorKind::Provider, text).with_fate(Fate::Unknown);
        let kind = match unresolved.operation {
            OperationKind::Authorize => PaymentType::Pa,
            OperationKind::Sale => PaymentType::Db,
            OperationKind::Payout => PaymentType::Cd,
            OperationKind::Capture => PaymentType::Cp,
            OperationKind::Void => PaymentType::Rv,
            OperationKind::Refund => PaymentType::Rf,
            OperationKind::Checkout | OperationKind::Inquire => {
                let found = self.resolve_checkout(unresolved, wire).await;
                return found.map_err(|error| match error.kind() {
                    ErrorKind::Mismatch => error,
                    _ => unknown(error.message()),
                });
            }
            _ => return Err(unknown("this operation is not offered, and cannot be asked about")),
        };
        let follows = !kind.is_first();
        let payment = unresolved.payment.as_ref().filter(|_| follows);
        let asked = Asked {
            kind: Some(kind),
            amount: unresolved.amount,
            reference: unresolved.reference.as_ref().map(paymux_core::Reference::as_str),
            parent: payment.map(|p| unresolved.note("parent").unwrap_or(p.id())),
            payment,
            id: None,
        };
        let made = unresolved.payment.as_ref().filter(|_| !follows).map(Ids::of);
        let made = made.filter(|ids| ids.of == Of::Payment).map(|ids| ids.id);
        let by_id = match unresolved.note("payment").or(made) {
            Some(id) => Some(self.ask_by_id(asked, id, true, wire).await?),
            None => None,
        };
        if let Some(Found::Answer(answer)) = by_id {
            return Ok(*answer);
        }
        if !self.is_v1() {
            return Err(unknown(match by_id {
                Some(_) => "the provider does not say yet what became of it",
                None => "v3 has no inquiry by reference: look for the reference in the back office",
            }));
        }
        // What has an id is absent only if nothing stands under the id either.
        match (self.ask_by_reference(asked, wire).await?, by_id) {
            (Found::Answer(answer), _) => Ok(*answer),
            (Found::Nothing, None | Some(Found::Nothing)) if self.has_settled(unresolved, wire) => Err(absent()),
            _ => Err(unknown("the provider does not say yet what became of it")),
        }
    }

    /// Whether what was sent last would be booked by now.
    fn has_settled(&self, unresolved: &Unresolved, wire: &dyn Wire) -> bool {
        let settle = self.capabilities.settle;
        let until = settle.and_then(|settle| unresolved.last_sent.checked_add(settle).ok());
        until.is_some_and(|until| wire.now() > until)
    }

    /// The checkout is asked about before a payment that was seen on it, which may be a refused try.
    async fn resolve_checkout(&self, unresolved: &Unresolved, wire: &dyn Wire) -> Result<Answer, Error> {
        let kind = unresolved.note("type").and_then(|kind| kind.parse().ok());
        let seen = unresolved.note("payment").filter(|id| is_id(id));
        let known = unresolved.payment.as_ref();
        let paid = known.filter(|payment| Ids::of(payment).of == Of::Payment);
        let reference = unresolved.reference.as_ref().map(paymux_core::Reference::as_str);
        let checkout = match (known.map(Ids::of), unresolved.note("checkout")) {
            (Some(ids), _) if ids.of == Of::Checkout => Some(Ids {
                tried: seen.or(ids.tried).filter(|_| !self.is_v1()),
                ..ids
            }),
            (_, Some(id)) if reference.is_some() && unresolved.amount.is_some() => Some(Ids {
                id,
                of: Of::Checkout,
                kind: kind.or(Some(PaymentType::Db)),
                amount: unresolved.amount,
                reference,
                made: unresolved.note("made").and_then(moment),
                tried: seen.or(paid.map(PaymentRef::id)).filter(|_| !self.is_v1()),
            }),
            _ => None,
        };
        if let Some(ids) = checkout {
            let named = known.filter(|payment| Ids::of(payment).of == Of::Checkout).cloned();
            let payment = named.unwrap_or_else(|| self.checkout_ref(&Ids { tried: None, ..ids }));
            let answer = self.checkout_result(&payment, &ids, wire).await?;
            if seen.is_some() && answer.payment.state == PaymentState::Expired && answer.payment.entries.is_empty() {
                let message = "a payment was seen on the page, and the provider's record shows nothing of it";
                let error = Error::new(ErrorKind::Provider, message).with_fate(Fate::Unknown);
                return Err(error.with_payment(Payment::new(payment, PaymentState::Pending)));
            }
            return Ok(answer);
        }
        let found = match (seen, known, reference) {
            (Some(id), ..) => {
                let payment = self.payment_ref(id, kind, unresolved.amount);
                self.inquire_by_id(&payment, &Ids::of(&payment), wire).await?
            }
            (None, Some(payment), _) => self.inquire(&Inquiry::Payment(payment.clone()), wire).await?,
            (None, None, Some(reference)) => self.inquire_by_reference(reference, wire).await?,
            (None, None, None) => {
                return Err(Error::new(ErrorKind::Provider, "nothing is known to ask with").with_fate(Fate::Unknown));
            }
        };
        // Of the page itself nothing is known, not even whether it is over.
        let on_page = unresolved.operation == OperationKind::Checkout || seen.is_some();
        if on_page && matches!(found.outcome, Outcome::Declined(_)) {
            let message = "a try on the page was refused, and nobody knows whether another one followed";
            return Err(Error::new(ErrorKind::Provider, message).with_fate(Fate::Unknown));
        }
        Ok(found)
    }

    /// Notes the id of the payment that a checkout came to, before its answer is given: it is told only once.
    pub(super) async fn note_payment(&self, id: &str, wire: &dyn Wire) -> Result<(), Error> {
        wire.note(Memo::new("payment", id)).await
    }
}

/// Whether a payment went through and stands alone, so that something may have followed it.
fn may_be_followed(answer: &Answer) -> bool {
    let first = answer.payment.entries.first();
    let stands_alone = first.is_some_and(|entry| entry.id.as_deref() == Some(answer.payment.id()));
    stands_alone && matches!(answer.outcome, Outcome::Approved | Outcome::Review)
}

/// What an inquiry's error says about the operation in doubt: a mismatch is found; anything else is about the inquiry, and leaves it open.
fn finding(error: Error) -> Result<(), Error> {
    match error.kind() {
        ErrorKind::Mismatch => Err(error),
        _ if error.payment().is_some_and(|payment| payment.test == Some(true)) => Err(error),
        _ => Ok(()),
    }
}

/// Nothing stands under the caller's reference.
fn absent() -> Error {
    Error::new(ErrorKind::InvalidRequest, "no payment stands under that reference").with_status(StatusCode::NOT_FOUND)
}
