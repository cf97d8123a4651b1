//! Replies as payments, outcomes and errors: the status table, and what must agree before anything is believed.

use http::StatusCode;
use jiff::Timestamp;
use paymux_core::{
    Entry, EntryKind, EntryOutcome, Error, ErrorKind, Fate, MethodSummary, Money, Payment, PaymentRef, PaymentState,
    RawReply, Reply, currency, scrub,
};

use crate::adapter::{CoolPay, PROVIDER};
use crate::codes::{self, Verdict};
use crate::shapes::{Op, Problem, Resource, Texts};

/// Which collection a payment is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Payment,
    Payout,
}

impl Kind {
    pub(crate) const fn collection(self) -> &'static str {
        match self {
            Self::Payment => "payments",
            Self::Payout => "payouts",
        }
    }
}

/// Where a payment or payout is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub kind: Kind,
    pub id: String,
}

impl Place {
    /// The place of a provider's id; `None` if it cannot be one.
    pub(crate) fn new(kind: Kind, id: &str) -> Option<Self> {
        let fine = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fine.then(|| Self {
            kind,
            id: id.to_owned(),
        })
    }

    /// The place that a payment's reference leads to.
    pub(crate) fn of(payment: &PaymentRef) -> Result<Self, Error> {
        let kind = match payment.ids().get(1).map(String::as_str) {
            None => Some(Kind::Payment),
            Some("payout") => Some(Kind::Payout),
            Some(_) => None,
        };
        kind.and_then(|kind| Self::new(kind, payment.id()))
            .ok_or_else(|| Error::invalid("payment", "is not a reference that this adapter makes"))
    }

    pub(crate) fn path(&self) -> String {
        ["/", self.kind.collection(), "/", &self.id].concat()
    }
}

/// What a status that is no success comes to.
pub(crate) struct Refusal {
    /// The error, as for a call that does something.
    pub error: Error,
    /// Whether the status says that this call did nothing.
    pub definite: bool,
    /// Whether it is what an earlier, successful attempt would lead to.
    pub fits_earlier: bool,
    /// Whether the reference is taken.
    pub duplicate: bool,
    /// Whether no reason was given.
    pub wordless: bool,
}

impl Refusal {
    /// Whether it proves that a call that moves money did nothing. Without words it may be that of something in front of the provider, which knows
    /// nothing of what was done; only of the door (401) and of too many requests (429) is that believed.
    pub(crate) fn proves(&self) -> bool {
        let at_the_door = matches!(
            self.error.status(),
            Some(StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS)
        );
        self.definite && (at_the_door || !self.wordless)
    }

    /// The error where what an earlier attempt made was looked for and is not to be found. A search may lag behind, so that proves nothing
    /// against a refusal that says, or could have said, that the reference is taken.
    pub(crate) fn unseen(self) -> Error {
        if self.duplicate || self.wordless {
            self.error.with_fate(Fate::Unknown)
        } else {
            self.error
        }
    }
}

/// The status table.
pub(crate) fn refusal(reply: &Reply, now: Timestamp) -> Refusal {
    let problem: Option<Problem> = serde_json::from_slice(&reply.body).ok();
    let said = problem.as_ref().map(words).unwrap_or_default();
    let lower = said.to_ascii_lowercase();
    let with = |text: &str| {
        if said.is_empty() {
            text.to_owned()
        } else {
            format!("{text}: {said}")
        }
    };
    let status = reply.status.as_u16();
    let taken = lower.contains("already exist") || lower.contains("already taken") || lower.contains("not unique");
    let duplicate = matches!(status, 400 | 422) && lower.contains("order_id") && taken || status == 409;
    let of_state = lower.contains("valid state") || lower.contains("too large");
    let fits_earlier = duplicate
        || matches!(status, 409 | 428)
        || matches!(status, 400 | 422) && (of_state || lower.contains("already") || said.is_empty());
    let unlocked = !lower.starts_with("not authorized");
    let mut definite = true;
    let error = match status {
        400 | 422 if duplicate => {
            Error::invalid("reference", with("is taken at the provider")).with_fate(Fate::Rejected)
        }
        400 | 422 if of_state => rejected(ErrorKind::Refused, with("the provider refused it in this state")),
        400 | 422 => invalid(problem.as_ref(), with("the provider refused the request")),
        401 | 403 if lower.contains("invalid api key") => {
            not_done(with("the API key is not accepted; check `api_key`"))
        }
        401 if unlocked => not_done(with("the API key is not accepted; check `api_key`")),
        401 | 403 => not_done(with("the API key lacks the permission for this; grant it to its user")),
        402 => not_done(with("the account needs a (larger) plan")),
        404 => rejected(
            ErrorKind::InvalidRequest,
            with("nothing stands under that id, or the API key may not see it"),
        ),
        405 => fault(with("the adapter used a method that is not allowed there")),
        406 => fault(with("the adapter accepts only JSON, which is not offered there")),
        409 => rejected(ErrorKind::Refused, with("it conflicts with what the provider holds")),
        415 => fault(with("the adapter sent a content type that is not taken there")),
        428 => rejected(ErrorKind::Refused, with("a precondition of the provider does not hold")),
        429 => Error::new(ErrorKind::Refused, with("too many requests")).with_retry_after(reply.retry_after(now)),
        _ => {
            definite = false;
            let text = if reply.status.is_server_error() {
                "the provider failed"
            } else {
                "the provider answered with a status that it does not document"
            };
            Error::new(ErrorKind::Provider, with(text))
        }
    };
    Refusal {
        error: error
            .with_status(reply.status)
            .with_raw(RawReply::new(reply.body.clone())),
        definite,
        fits_earlier,
        duplicate,
        wordless: said.is_empty(),
    }
}

fn rejected(kind: ErrorKind, message: String) -> Error {
    Error::new(kind, message).with_fate(Fate::Rejected)
}

fn not_done(message: String) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

fn fault(message: String) -> Error {
    Error::new(
        ErrorKind::Provider,
        format!("{message}; this is a fault of the adapter"),
    )
}

/// A refused request, with the caller's name of the field.
fn invalid(problem: Option<&Problem>, message: String) -> Error {
    let errors = problem.and_then(|p| p.errors.as_ref());
    let first = errors
        .and_then(|errors| errors.keys().next())
        .map_or("", String::as_str);
    let error = match first {
        "amount" => Error::invalid("amount", format!("amount: {message}")),
        "currency" => Error::invalid("amount", format!("amount's currency: {message}")),
        "order_id" => Error::invalid("reference", format!("reference: {message}")),
        "text_on_statement" => Error::invalid("statement_descriptor", format!("statement_descriptor: {message}")),
        _ => Error::new(ErrorKind::InvalidRequest, message),
    };
    error.with_fate(Fate::Rejected)
}

/// What the provider says, scrubbed and short: its message, then field by field.
fn words(problem: &Problem) -> String {
    let mut parts: Vec<String> = problem.message.iter().chain(&problem.error).cloned().collect();
    for (field, texts) in problem.errors.iter().flatten() {
        let texts = match texts {
            Texts::One(text) => text.clone(),
            Texts::Several(texts) => texts.join(", "),
        };
        parts.push(format!("{field} {texts}"));
    }
    scrub(&parts.join("; "))
        .chars()
        .filter(|c| !c.is_control())
        .take(300)
        .collect()
}

impl CoolPay {
    /// Reads a payment or payout.
    pub(crate) fn resource(&self, reply: &Reply) -> Result<Resource, Error> {
        let mut body: Resource = reply.json()?;
        self.check_merchant(&body)?;
        if let Some(ops) = &mut body.operations {
            // That it was made is no step of it.
            ops.retain(|op| op.kind.as_deref() != Some("create"));
            // Oldest first, as they should come.
            if ops.iter().all(|op| op.id.is_some()) {
                ops.sort_by_key(|op| op.id);
            }
        }
        Ok(body)
    }

    pub(crate) fn check_merchant(&self, body: &Resource) -> Result<(), Error> {
        match (&self.parts.merchant_id, &body.merchant_id) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                let message = format!("the API key is of merchant {theirs}, and `merchant_id` says {ours}");
                Err(Error::new(ErrorKind::Configuration, message))
            }
            _ => Ok(()),
        }
    }

    /// The payment as the provider holds it.
    pub(crate) fn payment(&self, place: &Place, body: &Resource) -> Payment {
        let ops = body.operations.as_deref().unwrap_or_default();
        let entries: Vec<Entry> = ops.iter().map(|op| self.entry(op, body)).collect();
        let mut payment = Payment::new(self.reference(place), self.state(body, &entries));
        payment.merchant_reference.clone_from(&body.order_id);
        payment.order = body.variables.as_ref().and_then(|v| v.order.clone());
        payment.amount = self.amount(body, &entries);
        payment.method = body
            .metadata
            .as_ref()
            .and_then(|m| MethodSummary::of(m.brand.as_deref().map(str::to_owned), m.last4.clone()));
        // The card sets test_mode: true is believed once any operation exists, false only once one is decided.
        let decided = ops.iter().any(|op| op.pending == Some(false));
        payment.test = body.test_mode.filter(|test| decided || *test && !ops.is_empty());
        payment.entries = entries;
        payment
    }

    pub(crate) fn reference(&self, place: &Place) -> PaymentRef {
        let payout = (place.kind == Kind::Payout).then_some("payout");
        let ids = std::iter::once(place.id.as_str()).chain(payout);
        PaymentRef::new(PROVIDER, self.account().clone(), ids)
    }

    fn entry(&self, op: &Op, body: &Resource) -> Entry {
        let amount = op.amount.and_then(|units| self.money(units, body));
        let outcome = match codes::verdict(op, body.acquirer.as_deref()) {
            Verdict::Action(decline) | Verdict::Declined(decline) => EntryOutcome::Declined(decline),
            Verdict::Approved => EntryOutcome::Approved,
            Verdict::Pending => EntryOutcome::Pending,
            Verdict::Unknown(code) => EntryOutcome::Unknown(code),
        };
        let mut entry = Entry::new(codes::entry_kind(op.kind.as_deref()), amount, outcome);
        entry.id = op.id.map(|id| id.to_string());
        entry.at = op.created_at;
        entry
    }

    fn money(&self, units: i64, body: &Resource) -> Option<Money> {
        let currency = currency(body.currency.as_deref()?).ok()?;
        self.scales().from_units(units, currency).ok()
    }

    fn amount(&self, body: &Resource, entries: &[Entry]) -> Option<Money> {
        let money_in = |e: &&Entry| matches!(e.kind, EntryKind::Authorize | EntryKind::Payout);
        let approved = entries.iter().filter(money_in).find(|e| e.is_approved());
        let first = approved.or_else(|| entries.iter().rfind(money_in));
        first.and_then(|e| e.amount).or_else(|| {
            let link = body.link.as_ref()?;
            self.money(link.amount?, body)
        })
    }

    fn state(&self, body: &Resource, entries: &[Entry]) -> PaymentState {
        let ops = body.operations.as_deref().unwrap_or_default();
        let decided = match PaymentState::of(entries) {
            None if link(body).is_some() => return PaymentState::RequiresAction,
            None => return PaymentState::Created,
            Some(state) => state,
        };
        let acquirer = body.acquirer.as_deref();
        let last = ops.last().map(|op| (op.kind.as_deref(), codes::verdict(op, acquirer)));
        match (decided, last) {
            (PaymentState::Declined, Some((_, Verdict::Action(_)))) => PaymentState::RequiresAction,
            (PaymentState::Declined, _) if ops.last().is_some_and(|op| open_page(body, op).is_some()) => {
                PaymentState::RequiresAction
            }
            (PaymentState::Declined | PaymentState::Pending, Some((Some("deadline"), Verdict::Approved))) => {
                PaymentState::Expired
            }
            _ => decided,
        }
    }
}

/// The address of the hosted page, where there is one.
pub(crate) fn link(body: &Resource) -> Option<&str> {
    body.link.as_ref()?.url.as_deref().filter(|url| !url.is_empty())
}

/// The address of the hosted page on which the customer may still try again after `last` was declined. It stays open until the payment is made,
/// its link is closed, or its time is over.
pub(crate) fn open_page<'a>(body: &'a Resource, last: &Op) -> Option<&'a str> {
    link(body).filter(|_| last.kind.as_deref() == Some("authorize"))
}

/// The highest operation id, 0 if there is none.
pub(crate) fn highest(body: &Resource) -> i64 {
    let ops = body.operations.as_deref().unwrap_or_default();
    ops.iter().filter_map(|op| op.id).max().unwrap_or(0)
}

/// The first operation that is still under way.
pub(crate) fn pending(body: &Resource) -> Option<&Op> {
    let ops = body.operations.as_deref().unwrap_or_default();
    let acquirer = body.acquirer.as_deref();
    ops.iter().find(|op| codes::verdict(op, acquirer) == Verdict::Pending)
}

/// The sum of the approved operations of a kind, in wire units.
pub(crate) fn total(body: &Resource, kind: EntryKind) -> i64 {
    let ops = body.operations.as_deref().unwrap_or_default();
    ops.iter()
        .filter(|op| codes::entry_kind(op.kind.as_deref()) == kind)
        .filter(|op| codes::verdict(op, body.acquirer.as_deref()) == Verdict::Approved)
        .filter_map(|op| op.amount)
        .fold(0, i64::saturating_add)
}

/// How the provider's balance differs from its own operations, where all of them are decided.
pub(crate) fn imbalance(body: &Resource, kind: Kind) -> Option<String> {
    let ops = body.operations.as_deref()?;
    let open = ops.iter().any(|op| {
        let verdict = codes::verdict(op, body.acquirer.as_deref());
        matches!(verdict, Verdict::Pending | Verdict::Unknown(_))
    });
    let balance = body.balance.filter(|_| kind == Kind::Payment && !open)?;
    let sum = total(body, EntryKind::Capture).saturating_sub(total(body, EntryKind::Refund));
    (balance != sum)
        .then(|| format!("the provider's balance is {balance}, and its operations add up to {sum} (wire units)"))
}

/// What a payment or payout says of itself and its operations do not show: then they are not all there, and what is missing proves nothing.
pub(crate) fn hidden(body: &Resource, kind: Kind) -> Option<String> {
    let ops = body.operations.as_deref().unwrap_or_default();
    let verdict = |op: &Op| codes::verdict(op, body.acquirer.as_deref());
    let approved =
        |op: &Op| codes::entry_kind(op.kind.as_deref()) != EntryKind::Other && verdict(op) == Verdict::Approved;
    let beyond = |op: &Op| approved(op) && codes::entry_kind(op.kind.as_deref()) != EntryKind::Authorize;
    let state = body.state.as_deref();
    let said = match state {
        Some("pending") if pending(body).is_none() => state,
        Some("processed") if !ops.iter().any(beyond) => state,
        Some("new") if !ops.iter().any(approved) => state,
        Some("rejected") if ops.is_empty() => state,
        _ if body.accepted == Some(true) && !ops.iter().any(approved) => Some("accepted"),
        _ => None,
    };
    let said = said.map(|word| format!("the provider says that it is {word}, and shows no operation that made it so"));
    said.or_else(|| imbalance(body, kind))
}

/// Whether the key may not read a collection, or the collection is not there.
pub(crate) fn is_barred(error: &Error) -> bool {
    matches!(
        error.status(),
        Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
    )
}
