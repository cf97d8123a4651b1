//! The groups of result codes, in the order in which they are tried: the first that matches decides.

use paymux_core::{CodeClass, DeclineReason, RetryAdvice};

use CodeClass::{Approved, Chargeback, Declined, Error, Pending, Review};
use RetryAdvice::{AfterAuthentication, Never, WithNewData};

const LATER: RetryAdvice = RetryAdvice::Later(None);

/// One group, with what holds for those of its codes that have no row of their own.
#[derive(Debug)]
pub(super) struct Group {
    /// Its name.
    pub(super) name: &'static str,
    /// Whether a code is in it, if none before it has it.
    matches: fn([u16; 3]) -> bool,
    /// What its codes say in general.
    pub(super) class: CodeClass,
    /// The usual reason.
    pub(super) reason: Option<DeclineReason>,
    /// The usual advice.
    pub(super) advice: RetryAdvice,
    /// The meaning in a few words.
    pub(super) gloss: &'static str,
}

/// The first group that a code falls into.
pub(super) fn of(code: [u16; 3]) -> Option<&'static Group> {
    GROUPS.iter().find(|group| (group.matches)(code))
}

const fn group(
    name: &'static str,
    class: CodeClass,
    reason: Option<DeclineReason>,
    advice: RetryAdvice,
    gloss: &'static str,
    matches: fn([u16; 3]) -> bool,
) -> Group {
    Group {
        name,
        matches,
        class,
        reason,
        advice,
        gloss,
    }
}

use DeclineReason as R;

static GROUPS: [Group; 27] = [
    group("chargeback", Chargeback, None, Never, "a step of a dispute", |c| {
        matches!(c, [0, 100, 200..=299])
    }),
    group("success", Approved, None, Never, "went through", |c| {
        matches!(
            c,
            [0, 0, _] | [0, 100, 100..=199] | [0, 300..=399 | 600..=699, _] | [0, 400, 110 | 120]
        )
    }),
    group(
        "success_review",
        Review,
        None,
        Never,
        "went through, and needs a look",
        |c| matches!(c, [0, 400, 0..=29 | 40..=100]),
    ),
    group("pending_short", Pending, None, Never, "open for some minutes", |c| {
        matches!(c, [0, 200, _])
    }),
    group("pending_long", Pending, None, Never, "open for some days", |c| {
        matches!(c, [800, 400, 500..=599] | [100, 400, 500])
    }),
    group(
        "threeds_intercard",
        Declined,
        Some(R::AuthenticationFailed),
        AfterAuthentication,
        "refused by 3-D Secure or a risk check",
        |c| matches!(c, [0, 400, n @ 100..=199] if n % 10 != 0) || matches!(c, [0, 400, 200..=299]),
    ),
    group(
        "bank",
        Declined,
        Some(R::Unknown),
        WithNewData,
        "refused by the bank or its system",
        |c| matches!(c, [800, 100 | 700, _] | [800, 800, 100..=399]),
    ),
    group(
        "communication",
        Error,
        Some(R::ProviderUnavailable),
        LATER,
        "the link to the acquirer failed",
        |c| matches!(c, [900, 100 | 200 | 300 | 400, _] | [0, 400, 30]),
    ),
    group(
        "system",
        Error,
        Some(R::ProviderUnavailable),
        LATER,
        "the platform failed",
        |c| {
            matches!(
                c,
                [800, 500..=699, _] | [999, _, _] | [600, 100..=199, _] | [800, 800, 400..=499 | 800..=899]
            )
        },
    ),
    group(
        "async",
        Declined,
        Some(R::Cancelled),
        WithNewData,
        "ended on the payer's side",
        |c| matches!(c, [100, 395..=397, _]),
    ),
    group(
        "soft_decline",
        Declined,
        Some(R::AuthenticationRequired),
        AfterAuthentication,
        "the issuer wants authentication",
        |c| matches!(c, [300, 100, 100]),
    ),
    group(
        "external_risk",
        Declined,
        Some(R::RiskRejected),
        Never,
        "refused by an outside risk check",
        |c| {
            matches!(
                c,
                [100, 400, 0..=399] | [100, 380, 100 | 110..=119 | 400..=599] | [100, 370, 100 | 110..=119]
            )
        },
    ),
    group(
        "address_avs",
        Declined,
        Some(R::AddressMismatch),
        WithNewData,
        "the address check failed",
        |c| matches!(c, [800, 400, 100..=199]),
    ),
    group(
        "threeds",
        Declined,
        Some(R::AuthenticationFailed),
        AfterAuthentication,
        "3-D Secure failed",
        |c| matches!(c, [800, 400, 200..=299] | [100, 390, _]),
    ),
    group(
        "blacklist",
        Declined,
        Some(R::RiskRejected),
        Never,
        "stands on a list of refusals",
        |c| matches!(c, [800, 200..=399, _]),
    ),
    group(
        "risk_validation",
        Declined,
        Some(R::LimitExceeded),
        Never,
        "refused by a rule of the risk check",
        |c| matches!(c, [800, 110 | 120 | 130 | 140 | 150 | 160, _]),
    ),
    group(
        "config",
        Error,
        Some(R::Configuration),
        Never,
        "the account is not set up for it",
        |c| matches!(c, [600, 200..=399, _] | [500, 100..=299, _] | [800, 121, _]),
    ),
    group(
        "registration",
        Error,
        Some(R::InvalidRequest),
        WithNewData,
        "the stored instrument does not allow it",
        |c| matches!(c, [100, 150 | 350, _]),
    ),
    group(
        "job",
        Error,
        Some(R::InvalidRequest),
        WithNewData,
        "the schedule is wrong",
        |c| matches!(c, [100, 250 | 360, _]),
    ),
    group(
        "reference",
        Error,
        Some(R::InvalidState),
        Never,
        "does not fit the payment referred to",
        |c| matches!(c, [700, 100 | 150 | 300 | 350 | 400 | 450 | 500 | 550, _]),
    ),
    group(
        "mac_control",
        Declined,
        Some(R::RetryBlocked),
        LATER,
        "held back on the network's advice",
        |c| matches!(c, [700, 600 | 601, _]),
    ),
    group(
        "format",
        Error,
        Some(R::InvalidRequest),
        WithNewData,
        "the request is malformed",
        |c| {
            matches!(
                c,
                [200, 100..=399, _]
                    | [100, 300..=309 | 370..=379 | 500..=509 | 570..=579, _]
                    | [800, 900, _]
                    | [100, 600 | 900, 500]
            )
        },
    ),
    group(
        "address",
        Error,
        Some(R::InvalidRequest),
        WithNewData,
        "the address is malformed",
        |c| matches!(c, [100, 800, _]),
    ),
    group(
        "contact",
        Error,
        Some(R::InvalidRequest),
        WithNewData,
        "the customer's data are malformed",
        |c| matches!(c, [100, 700, _] | [100, 900, 0..=499 | 600..=999]),
    ),
    group(
        "account",
        Declined,
        Some(R::InvalidRequest),
        WithNewData,
        "the card's or account's data are wrong",
        |c| matches!(c, [100, 100 | 200..=219, _]),
    ),
    group(
        "amount",
        Error,
        Some(R::AmountInvalid),
        WithNewData,
        "the amount is wrong",
        |c| matches!(c, [100, 550..=559, _]),
    ),
    group(
        "risk_management",
        Error,
        Some(R::InvalidRequest),
        WithNewData,
        "data for the risk check are missing",
        |c| matches!(c, [100, 380, 101 | 200..=399]),
    ),
];
