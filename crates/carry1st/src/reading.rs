//! Replies read: payments, refusals, and whether what came is what was asked.

use std::fmt::Write as _;

use http::StatusCode;
use jiff::Timestamp;
use paymux_core::decimal::Number;
use paymux_core::{
    Account, Currency, Decline, DeclineReason, Entry, EntryKind, EntryOutcome, Error, ErrorKind, Fate, MethodSummary,
    Money, Payment, PaymentRef, PaymentState, RawReply, Reply, RetryAdvice, Scales, currency, scrub,
};
use serde::de::DeserializeOwned;

use crate::adapter::PROVIDER;
use crate::codes::{self, Standing};
use crate::shapes::{self, ErrorView, PaymentView};

/// A payment as an inquiry shows it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) payment: Payment,
    pub(crate) standing: Standing,
    pub(crate) amount: Money,
}

/// Which table of HTTP statuses holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Api,
    Token,
}

/// Reads a payment. What decides must be there.
pub(crate) fn seen(view: &PaymentView<'_>, account: &Account, scales: &Scales) -> Result<Seen, Error> {
    let reference = required(view.reference.as_deref(), "reference")?;
    let status = required(view.status.as_deref(), "status")?;
    let amount = money(view.amount.as_ref(), view.currency_code.as_deref(), scales)
        .ok_or_else(|| Error::new(ErrorKind::Provider, "the reply names no readable amount and currency"))?;
    let standing = codes::payment(status);
    let asked = Some((amount, view.partner_reference.as_deref()));
    let mut payment = Payment::new(payment_ref(account, reference, asked), state(standing));
    payment.merchant_reference = view.partner_reference.as_deref().map(str::to_owned);
    payment.amount = Some(amount);
    payment.entries = entries(standing, status, amount);
    payment.method = MethodSummary::of(view.channel_name.as_deref().map(str::to_owned), None);
    Ok(Seen {
        payment,
        standing,
        amount,
    })
}

/// What leads back to a payment: Pay1st's own reference of it, then its amount and partnerReference where they are known, so that they are
/// compared whenever the payment is asked about.
pub(crate) fn payment_ref(account: &Account, reference: &str, asked: Option<(Money, Option<&str>)>) -> PaymentRef {
    let mut ids = Vec::with_capacity(3);
    ids.push(reference.to_owned());
    if let Some((amount, own)) = asked {
        let mut text = String::with_capacity(24);
        // Writing into a string does not fail.
        let _ = write!(text, "{}{}", amount.currency().code(), amount.minor());
        ids.push(text);
        ids.extend(own.map(str::to_owned));
    }
    PaymentRef::new(PROVIDER, account.clone(), ids)
}

/// The partnerReference and the amount that a payment's reference holds.
pub(crate) fn known(payment: &PaymentRef) -> (Option<&str>, Option<Money>) {
    let ids = payment.ids();
    let amount = ids.get(1).and_then(|text| {
        let (code, minor) = text.split_at_checked(3)?;
        Some(Money::new(minor.parse().ok()?, currency(code).ok()?))
    });
    (ids.get(2).map(String::as_str), amount)
}

/// A payment in the text of a reply.
pub(crate) fn view<'a>(text: &'a str, reply: &'a Reply) -> Result<PaymentView<'a>, Error> {
    // Read again, the reply says what is wrong with it.
    serde_json::from_str(text).or_else(|_| reply.json())
}

/// A reply's object.
pub(crate) fn object<T: DeserializeOwned>(reply: &Reply) -> Result<T, Error> {
    match shapes::read(reply) {
        Some(view) => Ok(view),
        // Says what is wrong with it.
        None => reply.json(),
    }
}

/// A text that decides, and must not be absent or empty.
pub(crate) fn required<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, Error> {
    value
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Error::new(ErrorKind::Provider, format!("the reply names no {name}")))
}

/// An amount above zero with its currency, if both can be read.
pub(crate) fn money(amount: Option<&Number>, code: Option<&str>, scales: &Scales) -> Option<Money> {
    let currency: Currency = currency(code?).ok()?;
    let money = scales.from_text(amount?.as_str(), currency).ok()?;
    (money.minor() > 0).then_some(money)
}

const fn state(standing: Standing) -> PaymentState {
    match standing {
        Standing::Action => PaymentState::RequiresAction,
        Standing::Cancelled => PaymentState::Cancelled,
        Standing::Captured => PaymentState::Captured,
        Standing::ChargedBack => PaymentState::ChargedBack,
        Standing::Declined => PaymentState::Declined,
        Standing::Expired => PaymentState::Expired,
        Standing::Pending | Standing::Unknown => PaymentState::Pending,
        Standing::Refunded => PaymentState::Refunded,
    }
}

/// What was booked, as far as one status word tells. How much was refunded or charged back, it does not.
fn entries(standing: Standing, status: &str, amount: Money) -> Vec<Entry> {
    let capture = |outcome| Entry::new(EntryKind::Capture, Some(amount), outcome);
    let after = |kind| {
        vec![
            capture(EntryOutcome::Approved),
            Entry::new(kind, None, EntryOutcome::Approved),
        ]
    };
    match standing {
        Standing::Action | Standing::Cancelled | Standing::Expired => Vec::new(),
        Standing::Captured => vec![capture(EntryOutcome::Approved)],
        Standing::ChargedBack => after(EntryKind::Chargeback),
        Standing::Declined => vec![capture(EntryOutcome::Declined(failed()))],
        Standing::Pending => vec![capture(EntryOutcome::Pending)],
        Standing::Refunded => after(EntryKind::Refund),
        Standing::Unknown => vec![capture(EntryOutcome::Unknown(clean(status, 64)))],
    }
}

/// A failed payment. Pay1st does not say why.
pub(crate) fn failed() -> Decline {
    Decline::new(DeclineReason::Unknown, "FAILED").with_advice(RetryAdvice::WithNewData)
}

/// Whether a payment is the one that was asked for. `None` is not compared.
pub(crate) fn check_asked(seen: &Seen, reference: Option<&str>, amount: Option<Money>) -> Result<(), Error> {
    let id = seen.payment.id();
    let held = seen.payment.merchant_reference.as_deref();
    let difference = match (reference, held, amount) {
        (Some(asked), None, _) => {
            let message = format!("payment `{id}` is shown without its partnerReference, and `{asked}` was asked");
            return Err(Error::new(ErrorKind::Provider, message)
                .with_fate(Fate::Unknown)
                .with_payment(seen.payment.clone()));
        }
        (Some(asked), Some(held), _) if asked != held => {
            format!("payment `{id}` has another partnerReference than `{asked}`")
        }
        (_, _, Some(asked)) if asked != seen.amount => {
            format!("payment `{id}` is for {}, and {asked} was asked", seen.amount)
        }
        _ => return Ok(()),
    };
    Err(Error::mismatch(difference, seen.payment.clone()))
}

/// What an HTTP status other than 2xx means.
pub(crate) fn refusal(reply: &Reply, endpoint: Endpoint, now: Timestamp) -> Error {
    let token = endpoint == Endpoint::Token;
    let (kind, fate, reason, message) = meaning(reply.status, token);
    let said = Said::of(reply);
    let error = Error::new(kind, format!("{message}{said}"))
        .with_fate(fate)
        .with_status(reply.status)
        .with_retry_after(reply.retry_after(now))
        .with_decline(said.decline(reason, reply.status));
    if token {
        return error;
    }
    error.with_raw(RawReply::new(reply.body.clone()))
}

/// What a status says by itself, of a call that gets a token or of another one.
const fn meaning(status: StatusCode, token: bool) -> (ErrorKind, Fate, DeclineReason, &'static str) {
    use DeclineReason as Reason;
    use ErrorKind::{Configuration, InvalidRequest, Provider, Refused};
    match status.as_u16() {
        400 if token => (
            Configuration,
            Fate::NotDone,
            Reason::InvalidRequest,
            "the token request is refused: check `api_key` and `api_secret`",
        ),
        400 => (
            InvalidRequest,
            Fate::Rejected,
            Reason::InvalidRequest,
            "the request is refused: its data, its signature (`signing_key`) or its time (a clock more than 5 minutes off)",
        ),
        401 if token => (
            Configuration,
            Fate::NotDone,
            Reason::CredentialsRejected,
            "no token: the role `API_USER` or the pair of `api_key` and `api_secret` is not accepted",
        ),
        401 => (
            Configuration,
            Fate::NotDone,
            Reason::CredentialsRejected,
            "the access token is not accepted, not even a new one: check that the keys belong to this environment",
        ),
        403 if token => (
            Configuration,
            Fate::NotDone,
            Reason::Configuration,
            "no token: the pair of `api_key` and `api_secret` lacks the permission",
        ),
        403 => (
            Configuration,
            Fate::NotDone,
            Reason::Configuration,
            "the account has no access to this: permissions are set in the Console",
        ),
        404 if token => (
            Configuration,
            Fate::NotDone,
            Reason::NotFound,
            "no token endpoint at this address: check `api_base_url`",
        ),
        404 => (
            InvalidRequest,
            Fate::Rejected,
            Reason::NotFound,
            "nothing stands under this reference",
        ),
        405 => (
            InvalidRequest,
            Fate::Rejected,
            Reason::InvalidRequest,
            "wrong method or content type: a fault of the adapter, or `api_base_url` names another API",
        ),
        409 => (
            Refused,
            Fate::Rejected,
            Reason::Duplicate,
            "conflict with what stands under the same reference",
        ),
        422 => (
            InvalidRequest,
            Fate::Rejected,
            Reason::InvalidRequest,
            "the request's data are refused",
        ),
        429 => (
            Refused,
            Fate::NotDone,
            Reason::RateLimited,
            "too many requests: wait before the next one",
        ),
        500.. => (
            Provider,
            Fate::NotDone,
            Reason::ProviderUnavailable,
            "the provider failed: raise it with the implementation manager",
        ),
        _ => (
            Provider,
            Fate::NotDone,
            Reason::Unknown,
            "a status that the provider does not document",
        ),
    }
}

/// What create's refusal means. One that may be about the partnerReference being taken fits an earlier attempt whose link is out.
pub(crate) fn create_refusal(reply: &Reply, reference: &str, now: Timestamp) -> Error {
    let said = Said::of(reply);
    let taken = match reply.status.as_u16() {
        401 | 403 | 404 | 405 | 429 => false,
        409 => true,
        status => (400..500).contains(&status) && said.is_about(reference, &["partnerreference"]),
    };
    if !taken {
        return refusal(reply, Endpoint::Api, now);
    }
    let message = format!("partnerReference `{reference}` may be taken by an earlier attempt, whose link may be out");
    duplicate(&message, &said, reply)
}

/// Whether a refusal is not in the provider's words: something in front of it may have given it, after the provider did what was asked. What is said
/// at the door (401), and of too many requests (429), needs none.
pub(crate) fn is_bare(reply: &Reply) -> bool {
    let at_the_door = matches!(reply.status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS);
    reply.status.is_client_error() && !at_the_door && Said::of(reply).is_nothing()
}

/// What a refund's refusal means, of a payment that could be refunded or not. Refunds cannot be asked about.
pub(crate) fn refund_refusal(reply: &Reply, reference: &str, refundable: bool, now: Timestamp) -> Error {
    if is_bare(reply) {
        return refusal(reply, Endpoint::Api, now).without_words();
    }
    let said = Said::of(reply);
    let words = [
        "refundreference",
        "exceed",
        "refunded",
        "remaining",
        "balance",
        "morethan",
        "greaterthan",
    ];
    match reply.status.as_u16() {
        409 if refundable => {}
        400 | 422 if refundable && said.is_about(reference, &words) => {}
        400 | 401 | 403 | 404 | 405 | 409 | 422 | 429 => return refusal(reply, Endpoint::Api, now),
        _ => return refusal(reply, Endpoint::Api, now).with_fate(Fate::Unknown),
    }
    let message = format!("refund `{reference}` is refused, as it would be if an earlier attempt had made it");
    duplicate(&message, &said, reply)
}

/// A refusal that fits an earlier attempt having worked, and that nobody can be asked about.
fn duplicate(message: &str, said: &Said, reply: &Reply) -> Error {
    Error::new(ErrorKind::Refused, format!("{message}{said}"))
        .with_fate(Fate::Unknown)
        .with_status(reply.status)
        .with_decline(said.decline(DeclineReason::Duplicate, reply.status))
        .with_raw(RawReply::new(reply.body.clone()))
}

/// What the provider says of an error; every part may be absent.
struct Said(ErrorView);

impl Said {
    fn of(reply: &Reply) -> Self {
        Self(shapes::read(reply).unwrap_or_default())
    }

    fn decline(&self, reason: DeclineReason, status: StatusCode) -> Decline {
        let code = match &self.0.error_code {
            Some(code) => clean(code, 64),
            None => status.as_str().to_owned(),
        };
        Decline::new(reason, code).with_text(self.0.error_message.as_deref().map(|text| clean(text, 200)))
    }

    /// Whether nothing can be read.
    const fn is_nothing(&self) -> bool {
        let ErrorView {
            error_message,
            error_code,
            session_id,
        } = &self.0;
        error_message.is_none() && error_code.is_none() && session_id.is_none()
    }

    /// Whether the words fit an earlier attempt with the same reference. Codes are not published, so this is all there is; it errs to the safe side.
    fn is_about(&self, reference: &str, words: &[&str]) -> bool {
        let parts = [&self.0.error_code, &self.0.error_message];
        parts.into_iter().flatten().any(|text| {
            let plain: String = text
                .to_lowercase()
                .chars()
                .filter(|c| !matches!(c, ' ' | '_' | '-'))
                .collect();
            let taken = ["already", "duplicate", "exists", "inuse", "unique"];
            let named = |word: &str| word == reference || word.trim_end_matches('.') == reference;
            taken.iter().chain(words).any(|word| plain.contains(word))
                || text
                    .split(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c))
                    .any(named)
        })
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(code) = &self.0.error_code {
            write!(f, ", code {}", clean(code, 64))?;
        }
        if let Some(session) = &self.0.session_id {
            write!(f, ", session {}", clean(session, 64))?;
        }
        if let Some(text) = &self.0.error_message {
            write!(f, ": {}", clean(text, 200))?;
        }
        Ok(())
    }
}

/// The provider's words for logs: scrubbed, on one line, not endless.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let line = |c: char| if c.is_control() { ' ' } else { c };
    scrub(text).chars().take(most).map(line).collect()
}
