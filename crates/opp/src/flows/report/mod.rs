//! Reports (v1): every entry under a reference, or linked to a payment, and which of them is the one in doubt.

mod row;

use http::Method;
use paymux_core::{
    Answer, Call, CodeClass, Entry, EntryOutcome, Error, ErrorKind, Fate, Lost, Money, Outcome, Payment, PaymentState,
    Reply, Wire,
};
use serde_json::value::RawValue;

use self::row::{Row, rows};
use crate::adapter::Opp;
use crate::codes::{PaymentType, ResultCode, Surface, Verdict, explain};
use crate::reading::ids::Ids;
use crate::reading::{Asked, Step};
use crate::shapes::{Body, Form, Report};

impl Opp {
    /// `GET /v1/query?merchantTransactionId=…`: the entries under a reference.
    pub(super) async fn report(&self, reference: &str, wire: &dyn Wire) -> Result<Entries, Error> {
        let mut form = self.form();
        form.put("merchantTransactionId", reference);
        let about = format!("reference {reference}");
        self.entries("/v1/query", form, Some(about), wire).await
    }

    /// `GET /v3/query/{id}`: a payment with all that is linked to it. The report is of another version than the payments, and may be
    /// asked for a hundred times a minute.
    pub(super) async fn linked(&self, id: &str, wire: &dyn Wire) -> Result<Entries, Error> {
        let mut form = self.form();
        form.put("includeLinkedTransactions", "true");
        self.entries(&format!("/v3/query/{id}"), form, None, wire).await
    }

    async fn entries(&self, path: &str, form: Form, about: Option<String>, wire: &dyn Wire) -> Result<Entries, Error> {
        let mut call = Call::asks(self.query(Method::GET, path, form)?);
        call.about = about;
        let reply = wire.send(call).await.map_err(Lost::give_up)?;
        if reply.status.is_success()
            && let Some(entries) = Entries::of(&reply)
        {
            return Ok(entries);
        }
        // Only the code says that there are none; a bare 404 may come from an address that does not exist.
        let text = reply.text();
        let code = Body::of(&text).and_then(|body| body.result.code.parse::<ResultCode>().ok());
        if code.is_some_and(|code| code.parts() == [700, 400, 580])
            && matches!(reply.status.as_u16(), 200..=299 | 400 | 404)
        {
            return Ok(Entries {
                list: Vec::new(),
                whole: true,
            });
        }
        match self.read(&Asked::default(), Surface::Inquiry, &reply, wire.now())? {
            Step::Open(open) => Err(open.error),
            Step::Done(_) => {
                Err(Error::new(ErrorKind::Provider, "the report holds no entries").with_status(reply.status))
            }
        }
    }

    /// The entry in doubt among the entries of a report.
    pub(super) fn choose(&self, asked: Asked<'_>, entries: &Entries) -> Result<Found, Error> {
        let rows = rows(&entries.list);
        let mut own: Vec<&Row<'_>> = rows.iter().filter(|row| row.may_be(asked)).collect();
        if own.is_empty() && asked.kind.is_none() {
            own = rows.iter().filter(|row| row.is_named(asked.reference)).collect();
        }
        let live: Vec<_> = own
            .iter()
            .copied()
            .filter(|row| row.went_through() && !self.is_undone(row, &rows))
            .collect();
        if live.len() > 1 {
            return Err(self.double(asked, &live, &rows));
        }
        let pending = || own.iter().copied().find(|row| row.is(Verdict::Pending));
        let undone = || own.iter().copied().find(|row| row.is_booked());
        let unread = own.iter().copied().find(|row| row.is(Verdict::Open));
        let hidden = || entries.list.iter().filter(|body| is_hidden(body, asked.reference));
        let in_doubt = unread.is_some() || hidden().any(|body| !is_refusal(body));
        // Beside an entry that says nothing yet, no refusal is the end; and one as duplicate says nothing of the original in doubt.
        let last = |duplicate: bool| {
            let mut last = own.iter().copied().rev();
            last.find(|row| !in_doubt && row.is_refused() && row.is_duplicate() == duplicate)
        };
        let refused = || last(false).or_else(|| last(true).filter(|_| asked.kind.is_none()));
        match live.first().copied().or_else(pending).or_else(undone).or_else(refused) {
            Some(row) => self.found(asked, row, &rows),
            None if in_doubt || hidden().next().is_some() || !entries.whole => {
                Ok(Found::Unread(unread.map(|row| row.id.to_owned())))
            }
            None => Ok(Found::Nothing),
        }
    }

    /// Several payments that went through under one reference: for a person.
    fn double(&self, asked: Asked<'_>, live: &[&Row<'_>], rows: &[Row<'_>]) -> Error {
        let ids: Vec<_> = live.iter().map(|row| row.id).collect();
        let what = format!(
            "double charge: several payments stand under one reference ({})",
            ids.join(", ")
        );
        let fits = |row: &&&Row<'_>| asked.amount.is_none() || self.amount(row.body) == asked.amount;
        let payment = live.iter().find(fits).or(live.first()).and_then(|row| {
            let asked = Asked {
                kind: None,
                amount: None,
                ..asked
            };
            match self.found(asked, row, rows) {
                Ok(Found::Answer(answer)) => Some(answer.payment),
                Ok(_) => None,
                Err(error) => error.payment().cloned(),
            }
        });
        match payment {
            Some(payment) => Error::mismatch(what, payment),
            None => Error::new(ErrorKind::Mismatch, what).with_fate(Fate::Unknown),
        }
    }

    /// Whether refunds of the whole, a reversal or a chargeback of an entry went through.
    fn is_undone(&self, row: &Row<'_>, rows: &[Row<'_>]) -> bool {
        let after = || {
            rows.iter()
                .filter(|later| later.is_booked() && later.body.referenced_id.as_deref() == Some(row.id))
        };
        let whole = self.amount(row.body).map(Money::minor);
        let back = after()
            .filter(|later| later.kind == PaymentType::Rf)
            .map(|later| self.amount(later.body).map(Money::minor).or(whole))
            .try_fold(0_i64, |sum, amount| sum.checked_add(amount?));
        let refunded = after().any(|later| later.kind == PaymentType::Rf)
            && match (whole, back) {
                (Some(whole), Some(back)) => back >= whole,
                _ => true,
            };
        refunded || after().any(|later| matches!(later.kind, PaymentType::Rv | PaymentType::Cb))
    }

    /// An entry as the operation would have answered, with what followed it.
    fn found(&self, asked: Asked<'_>, row: &Row<'_>, rows: &[Row<'_>]) -> Result<Found, Error> {
        let asked = Asked {
            kind: Some(asked.kind.unwrap_or(row.kind)),
            amount: asked.amount.or_else(|| self.amount(row.body)),
            ..asked
        };
        let Step::Done(mut answer) = self.step(&asked, &row.seen())? else {
            return Ok(Found::Unread(Some(row.id.to_owned())));
        };
        if row.kind.is_first() {
            self.add_follow_ups(&mut answer.payment, rows);
        }
        Ok(Found::Answer(Box::new(answer)))
    }

    /// Adds to a payment, of which one entry is known, all that followed it, and what followed that.
    fn add_follow_ups(&self, payment: &mut Payment, rows: &[Row<'_>]) {
        let mut tree = vec![payment.id().to_owned()];
        let mut left: Vec<_> = rows.iter().filter(|row| !row.kind.is_first()).collect();
        while let Some(at) = left.iter().position(|row| {
            let parent = row.body.referenced_id.as_deref();
            parent.is_some_and(|parent| tree.iter().any(|id| id == parent))
        }) {
            let later = left.remove(at);
            tree.push(later.id.to_owned());
            let asked = Asked {
                kind: Some(later.kind),
                ..Asked::default()
            };
            let outcome = match self.step(&asked, &later.seen()) {
                Ok(Step::Done(step)) => match step.outcome {
                    Outcome::Approved => EntryOutcome::Approved,
                    Outcome::Review => EntryOutcome::Review,
                    Outcome::Declined(decline) => EntryOutcome::Declined(decline),
                    _ => EntryOutcome::Pending,
                },
                _ => EntryOutcome::Unknown(later.code.to_string()),
            };
            // A reversal names no amount: it is of the whole. A refusal that names none is of nobody knows how much.
            let whole = payment.amount.filter(|_| !later.is_refused());
            let amount = self.amount(later.body).or(whole);
            let mut entry = Entry::new(later.kind.entry(), amount, outcome).with_id(later.id);
            entry.reference = later.body.merchant_transaction_id.as_deref().map(str::to_owned);
            payment.entries.push(entry);
        }
        let settled = matches!(
            payment.state,
            PaymentState::Authorized | PaymentState::Captured | PaymentState::PaidOut
        );
        if settled && tree.len() > 1 {
            payment.state = PaymentState::of(&payment.entries).unwrap_or(payment.state);
        }
    }

    /// Adds to a payment that was looked up by its id what followed it, from the report of what is linked to it. Without that report the
    /// payment stays as it is.
    pub(super) async fn with_follow_ups(&self, mut answer: Answer, wire: &dyn Wire) -> Answer {
        if let Ok(entries) = self.linked(answer.payment.id(), wire).await {
            self.add_follow_ups(&mut answer.payment, &rows(&entries.list));
        }
        answer
    }

    /// Whether a payment has a follow-up, approved, that is not the one in doubt and explains why that was refused.
    pub(super) fn has_other_follow_up(
        &self,
        asked: Asked<'_>,
        parent: &str,
        kind: PaymentType,
        entries: &Entries,
    ) -> bool {
        let rows = rows(&entries.list);
        let ours = |row: &Row<'_>| row.kind == kind && row.is_named(asked.reference);
        let hidden = |body: &Body<'_>| is_hidden(body, asked.reference);
        if !entries.whole || rows.iter().any(ours) || entries.list.iter().any(hidden) {
            return false;
        }
        let others = rows.iter().filter(|row| {
            // One without a reference could be ours, unless it is of another kind or amount.
            let anothers = match &row.body.merchant_transaction_id {
                Some(_) => true,
                None => row.kind != kind || self.amount(row.body).is_some_and(|found| Some(found) != asked.amount),
            };
            let linked = row.body.referenced_id.as_deref() == Some(parent);
            !row.kind.is_first() && row.went_through() && linked && anothers
        });
        // What may be done in parts is refused for another part only if that left too little.
        let (parts, whole): (Vec<_>, Vec<_>) = others.partition(|row| row.kind == kind && self.is_in_parts(kind));
        if !whole.is_empty() {
            return true;
        }
        let known = asked
            .payment
            .and_then(|payment| Ids::of(payment).amount.filter(|_| payment.id() == parent));
        let parent = rows
            .iter()
            .find(|row| row.id == parent)
            .and_then(|row| self.amount(row.body));
        let sum = parts
            .iter()
            .try_fold(0_i64, |sum, row| sum.checked_add(self.amount(row.body)?.minor()));
        let all = sum
            .zip(asked.amount)
            .and_then(|(sum, ours)| sum.checked_add(ours.minor()));
        !parts.is_empty()
            && all
                .zip(parent.or(known))
                .is_some_and(|(all, whole)| all > whole.minor())
    }

    const fn is_in_parts(&self, kind: PaymentType) -> bool {
        match kind {
            PaymentType::Rf => true,
            PaymentType::Cp => self.settings.multiple_captures,
            _ => false,
        }
    }
}

/// What a report holds of an operation in doubt.
pub(super) enum Found {
    /// Its entry, as the operation would have answered.
    Answer(Box<Answer>),
    /// No entry, and the provider says so.
    Nothing,
    /// Nothing that can be relied on: an entry, of this id, that says too little or nothing yet, or a report that cannot be read whole.
    Unread(Option<String>),
}

impl Found {
    /// The answer, if it is one.
    pub(super) fn answer(self) -> Option<Answer> {
        match self {
            Self::Answer(answer) => Some(*answer),
            Self::Nothing | Self::Unread(_) => None,
        }
    }
}

/// The entries of a report.
#[derive(Default)]
pub(super) struct Entries {
    /// Each of them; one that cannot be read is empty.
    pub(super) list: Vec<Body<'static>>,
    /// Whether the provider says that these are all.
    pub(super) whole: bool,
}

impl Entries {
    /// The entries in any of the report's shapes: a list under `payments` or `records`, a bare list, or one entry alone. `None`: it is no report.
    fn of(reply: &Reply) -> Option<Self> {
        let each = |list: Vec<&RawValue>| {
            let read = |raw: &RawValue| Body::of(raw.get()).unwrap_or_default().into_owned();
            list.into_iter().map(read).collect::<Vec<_>>()
        };
        let text = reply.text();
        if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(&text) {
            let list = each(list);
            return (!list.is_empty()).then_some(Self { list, whole: false });
        }
        let report: Report<'_> = serde_json::from_str(&text).ok()?;
        let code = report.result.code.parse::<ResultCode>();
        let whole = code.is_ok_and(|code| explain(code).class == CodeClass::Approved);
        if report.payments.is_some() || report.records.is_some() {
            let lists = [report.payments, report.records];
            let list: Vec<_> = lists.into_iter().flatten().flat_map(each).collect();
            // For nothing the platform has a code: an empty list, also under success, does not say it.
            let any = !list.is_empty();
            return (whole || any).then_some(Self {
                list,
                whole: whole && any,
            });
        }
        let one = Body::of(&text)?;
        (one.id.is_some() && one.payment_type.is_some()).then(|| Self {
            list: vec![one.into_owned()],
            whole: false,
        })
    }
}

/// Whether an entry that cannot be read may be what is asked about: nothing in it says that it is another's.
fn is_hidden(body: &Body<'_>, reference: Option<&str>) -> bool {
    let kind = body.payment_type.as_deref().map(str::parse::<PaymentType>);
    let is_read = body.id.is_some() && body.result.code.parse::<ResultCode>().is_ok() && matches!(kind, Some(Ok(_)));
    let anothers = body.merchant_transaction_id.is_some() && body.merchant_transaction_id.as_deref() != reference;
    !is_read && !anothers
}

/// Whether an entry says at least that it was refused.
fn is_refusal(body: &Body<'_>) -> bool {
    let code = body.result.code.parse::<ResultCode>();
    code.is_ok_and(|code| explain(code).class == CodeClass::Declined)
}
