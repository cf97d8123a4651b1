//! What a code proves, given what was asked and where it was read.
//!
//! The groups of the code system say what a code is about; they do not say whether a payment was made. `000.000.100` is the success of a
//! query, `000.200.100` the making of a checkout, `200.300.404` a wrong field on a request and a session that is gone on a status read.

use std::fmt;
use std::str::FromStr;

use paymux_core::{CodeClass, DeclineReason, EntryKind};
use serde::Serialize;

use super::{ResultCode, explain};

/// What was asked, and where the code was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// The payment type that was asked for; `None` for a call that is no payment (a registration, the making of a checkout).
    pub sent: Option<PaymentType>,
    /// The payment type that the answer names.
    pub answered: Option<PaymentType>,
    /// Whether the answer has an id.
    pub has_id: bool,
    /// Where the code was read.
    pub surface: Surface,
    /// Whether the gateway moves real money.
    pub live: bool,
}

impl Context {
    /// A code that was read alone: beside it stand neither an id nor a payment type. The fields are public.
    #[must_use]
    pub const fn new(surface: Surface, sent: Option<PaymentType>, live: bool) -> Self {
        Self {
            sent,
            answered: None,
            has_id: false,
            surface,
            live,
        }
    }
}

/// Where a code was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Surface {
    /// The answer to a request to do something.
    Mutation,
    /// The answer to a question about one payment.
    Inquiry,
    /// An entry of a report.
    ReportRow,
    /// The result of a hosted checkout.
    CheckoutRead,
}

/// What a code proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The amounts differ from what was authorized: for a person, after a confirming inquiry.
    AmountDiffers,
    /// It was done.
    Approved,
    /// Given up; nothing will come of it.
    Cancelled,
    /// The money was taken back, or is in dispute.
    ChargedBack,
    /// Refused by the payer's side or by a rule; no money moved.
    Declined,
    /// It may be that an earlier attempt worked: look for that before a refusal is told.
    Earlier,
    /// The payer's time ran out; no money moved.
    Expired,
    /// Nothing stands under that session: not paid yet, read before, or too old. It says nothing about the money.
    NoSession,
    /// The provider says that it failed and that nothing was charged.
    NotDone,
    /// Nothing stands under that id or reference.
    NotFound,
    /// It proves nothing: ask.
    Open,
    /// The answer is about another kind of payment than was asked about.
    OtherType,
    /// Not decided yet.
    Pending,
    /// The request was refused; nothing was done by it.
    Refused,
    /// It was done, and a person should look.
    Review,
    /// Approved in the test system, on a gateway for real money.
    TestOnLive,
    /// Too many requests; nothing was done, and it says nothing about the payment.
    Throttled,
    /// Probably cancelled: declined only if a second inquiry says the same.
    Uncertain,
}

/// The kinds of payment that the platform books, by their two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum PaymentType {
    /// Chargeback.
    Cb,
    /// Credit: money out.
    Cd,
    /// Capture.
    Cp,
    /// Chargeback reversal.
    Cr,
    /// Debit: money in at once.
    Db,
    /// Preauthorization.
    Pa,
    /// Rebill.
    Rb,
    /// Receipt.
    Rc,
    /// Refund.
    Rf,
    /// Reversal: a hold let go.
    Rv,
}

impl PaymentType {
    const ALL: [Self; 10] = [
        Self::Cb,
        Self::Cd,
        Self::Cp,
        Self::Cr,
        Self::Db,
        Self::Pa,
        Self::Rb,
        Self::Rc,
        Self::Rf,
        Self::Rv,
    ];

    /// The two letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cb => "CB",
            Self::Cd => "CD",
            Self::Cp => "CP",
            Self::Cr => "CR",
            Self::Db => "DB",
            Self::Pa => "PA",
            Self::Rb => "RB",
            Self::Rc => "RC",
            Self::Rf => "RF",
            Self::Rv => "RV",
        }
    }

    /// Whether it stands alone, and does not follow up another payment.
    #[must_use]
    pub const fn is_first(self) -> bool {
        matches!(self, Self::Pa | Self::Db | Self::Cd)
    }

    /// The entry that it makes.
    #[must_use]
    pub const fn entry(self) -> EntryKind {
        match self {
            Self::Cb => EntryKind::Chargeback,
            Self::Cd => EntryKind::Payout,
            Self::Cp | Self::Db | Self::Rb | Self::Rc => EntryKind::Capture,
            Self::Cr => EntryKind::ChargebackReversal,
            Self::Pa => EntryKind::Authorize,
            Self::Rf => EntryKind::Refund,
            Self::Rv => EntryKind::Void,
        }
    }
}

/// A text that is no payment type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotAPaymentType;

impl fmt::Display for NotAPaymentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a payment type, as `DB`")
    }
}

impl std::error::Error for NotAPaymentType {}

impl FromStr for PaymentType {
    type Err = NotAPaymentType;

    fn from_str(text: &str) -> Result<Self, NotAPaymentType> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str() == text).ok_or(NotAPaymentType)
    }
}

impl fmt::Display for PaymentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Says what a code proves. It allocates nothing.
///
/// No payment is approved unless the answer has an id and names the kind of payment that was asked for; and what an inquiry's answer says about
/// the inquiry itself (throttled, not allowed, malformed) never changes the payment.
#[must_use]
pub fn classify(code: ResultCode, context: &Context) -> Verdict {
    if let Some(verdict) = special(code, context) {
        return verdict;
    }
    let meaning = explain(code);
    match meaning.class {
        CodeClass::Approved | CodeClass::Review => done(code, meaning.class, context),
        CodeClass::Pending => pending(context),
        CodeClass::Declined => declined(context, Verdict::Declined),
        CodeClass::Chargeback => match context.surface {
            Surface::Mutation => Verdict::Open,
            // Money that goes back or out is not charged back.
            _ if matches!(context.sent, Some(PaymentType::Cd | PaymentType::Rf | PaymentType::Rv)) => Verdict::Open,
            _ if context.has_id => Verdict::ChargedBack,
            _ => Verdict::Open,
        },
        CodeClass::Error => error(code, meaning.reason, context),
        _ => Verdict::Open,
    }
}

/// The codes that mean something else than their group says.
fn special(code: ResultCode, context: &Context) -> Option<Verdict> {
    use Surface::{CheckoutRead, Inquiry, Mutation, ReportRow};
    let surface = context.surface;
    Some(match (code.parts(), surface) {
        // Too many requests: about the request, but an entry of a report records an attempt that was refused.
        ([800, 120, 100], ReportRow) => Verdict::Declined,
        ([800, 120, 100], _) => Verdict::Throttled,
        // A wrong field on a request; on a status read, no session. A paid checkout says this too, later.
        ([200, 300, 404], Inquiry | CheckoutRead) => Verdict::NoSession,
        ([700, 400, 580], Mutation | Inquiry | CheckoutRead) => Verdict::NotFound,
        // Sent before; already captured, refunded, voided; nothing left; still under way.
        ([800, 110 | 130, 100] | [200, 200, 106] | [200, 300, 405], Mutation)
        | ([700, 300, 300 | 800] | [700, 400, 0 | 100 | 200 | 300 | 510 | 520 | 530], Mutation)
        | ([800, 120, 402] | [800, 600 | 700, 100] | [700, 400, 570], Mutation) => Verdict::Earlier,
        ([800, 120, 402] | [800, 600 | 700, 100] | [700, 400, 570], Inquiry | CheckoutRead) => pending(context),
        ([800, 120, 402] | [800, 600 | 700, 100] | [700, 400, 570], ReportRow) => Verdict::Declined,
        // Timed out on their side, and taken back or never sent on.
        ([900, 100, 301 | 310], Mutation) => Verdict::NotDone,
        ([900, 100, 301 | 310], _) => declined(context, Verdict::Declined),
        // The payer's session lapsed.
        ([100, 396, 103] | [900, 300, 600], _) => declined(context, Verdict::Expired),
        // "Probably cancelled."
        ([100, 396, 104], ReportRow) => Verdict::Open,
        ([100, 396, 104], _) => declined(context, Verdict::Uncertain),
        // In the dispute group, and about amounts that differ.
        ([0, 100, 211 | 212], Inquiry | ReportRow | CheckoutRead) if context.has_id => Verdict::AmountDiffers,
        // Authentication went through; it says nothing about money.
        ([0, 400, 110 | 120], _) if context.sent.is_some() => pending(context),
        // A checkout was removed.
        ([0, 200, 102], CheckoutRead) => Verdict::Cancelled,
        // Pending by its group, and in fact the token vault is off.
        ([0, 200, 999], Mutation) if context.sent.is_none() => Verdict::Refused,
        ([0, 200, 999], _) => Verdict::Open,
        _ => return None,
    })
}

fn done(code: ResultCode, class: CodeClass, context: &Context) -> Verdict {
    let fits = match context.sent {
        None => context.surface == Surface::Mutation,
        Some(sent) => context.has_id && context.answered == Some(sent),
    };
    if !fits {
        return match (context.surface, context.answered) {
            (Surface::Mutation, _) | (_, None) => Verdict::Open,
            _ if !context.has_id => Verdict::Open,
            _ => Verdict::OtherType,
        };
    }
    if context.live && code.marks_test() == Some(true) {
        Verdict::TestOnLive
    } else if class == CodeClass::Review {
        Verdict::Review
    } else {
        Verdict::Approved
    }
}

/// Whether the answer names another kind of payment than was asked for.
fn differs(context: &Context) -> bool {
    context.answered.is_some() && context.sent.is_some() && context.answered != context.sent
}

fn pending(context: &Context) -> Verdict {
    match context.surface {
        Surface::CheckoutRead => Verdict::Pending,
        _ if context.sent.is_none() || (context.has_id && !differs(context)) => Verdict::Pending,
        Surface::Mutation => Verdict::Open,
        _ if context.has_id => Verdict::OtherType,
        _ => Verdict::Open,
    }
}

fn declined(context: &Context, verdict: Verdict) -> Verdict {
    match context.surface {
        Surface::ReportRow => verdict,
        Surface::Mutation if differs(context) => Verdict::Open,
        Surface::Mutation => verdict,
        _ if !context.has_id => Verdict::Open,
        _ if differs(context) => Verdict::OtherType,
        _ => verdict,
    }
}

fn error(code: ResultCode, reason: Option<DeclineReason>, context: &Context) -> Verdict {
    let broken = matches!(code.group(), Some("communication" | "system") | None);
    let credentials = matches!(
        reason,
        Some(DeclineReason::Configuration | DeclineReason::CredentialsRejected)
    );
    match context.surface {
        _ if broken => Verdict::Open,
        Surface::Mutation => Verdict::Refused,
        Surface::ReportRow => Verdict::Declined,
        // A payment that is recorded as failed has an id and a type; anything else is about the inquiry.
        _ if context.has_id && context.answered.is_some() && !credentials => declined(context, Verdict::Declined),
        _ => Verdict::Refused,
    }
}
