//! The provider's codes into the one vocabulary.
//!
//! `qp_status_code` is the platform's word and decides; `aq_status_code` is the acquirer's and only says why a rejection (40000) was one.
//! The numbers of the two collide and mean different things.

use paymux_core::{Decline, DeclineReason, EntryKind, RetryAdvice};

use crate::shapes::Op;

/// What one operation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The customer must be authenticated first; this operation moved nothing.
    Action(Decline),
    Approved,
    Declined(Decline),
    Pending,
    /// The code leaves it open, or says nothing that we know; here it is.
    Unknown(String),
}

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Action,
    Approved,
    /// With the advice where it is not the reason's usual one.
    Declined(DeclineReason, Option<RetryAdvice>),
    Pending,
    /// Rejected by the acquirer, whose code says why.
    Rejected,
    Unknown,
}

use DeclineReason as R;
use Meaning::Declined;

/// `qp_status_code`.
const PLATFORM: &[(&str, Meaning)] = &[
    ("20000", Meaning::Approved),
    ("20200", Meaning::Pending),
    ("30100", Meaning::Action),
    ("30101", Meaning::Action),
    ("40000", Meaning::Rejected),
    ("40001", Declined(R::InvalidRequest, None)),
    ("40002", Declined(R::AuthorizationExpired, None)),
    ("40003", Declined(R::Cancelled, Some(RetryAdvice::SameRequest))),
    ("40004", Declined(R::InvalidRequest, None)),
    ("40300", Declined(R::SuspectedFraud, None)),
    ("41000", Declined(R::StoredInstrumentInvalid, None)),
    (
        "42300",
        Declined(R::StoredInstrumentInvalid, Some(RetryAdvice::Later(None))),
    ),
    ("50000", Meaning::Unknown),
    ("50300", Meaning::Unknown),
];

/// `aq_status_code` of Clearhaus.
const CLEARHAUS: &[(&str, Meaning)] = &[
    ("40000", Declined(R::InvalidRequest, None)),
    ("40110", Declined(R::InvalidCardNumber, None)),
    ("40111", Declined(R::Unsupported, None)),
    ("40120", Declined(R::InvalidCvv, None)),
    ("40130", Declined(R::InvalidExpiry, None)),
    ("40135", Declined(R::ExpiredCard, None)),
    ("40140", Declined(R::CurrencyInvalid, None)),
    ("40150", Declined(R::InvalidRequest, None)),
    ("40190", Declined(R::InvalidRequest, None)),
    ("40200", Declined(R::RiskRejected, None)),
    ("40300", Declined(R::AuthenticationFailed, None)),
    ("40310", Declined(R::AuthenticationFailed, None)),
    ("40400", Declined(R::ProviderUnavailable, None)),
    ("40410", Declined(R::DoNotHonor, None)),
    ("40411", Declined(R::CardBlocked, None)),
    ("40412", Declined(R::LostOrStolen, None)),
    ("40413", Declined(R::InsufficientFunds, None)),
    ("40414", Declined(R::SuspectedFraud, None)),
    ("40415", Declined(R::LimitExceeded, None)),
    ("40416", Declined(R::AuthenticationRequired, None)),
    ("40420", Declined(R::RevokedByCardholder, None)),
    ("50000", Declined(R::ProviderUnavailable, None)),
];

/// `aq_status_code` of Nets. 202 says that the acquirer still waits for an approval.
const NETS: &[(&str, Meaning)] = &[("05", Declined(R::DoNotHonor, None)), ("202", Meaning::Pending)];

fn listed(table: &[(&str, Meaning)], code: &str) -> Option<Meaning> {
    let at = table.binary_search_by(|(known, _)| (*known).cmp(code)).ok()?;
    table.get(at).map(|(_, meaning)| *meaning)
}

/// What the platform's code means. One that is not listed goes by its category: 3xxxx asks the customer, 4xxxx is a rejection, and all others leave it open.
fn platform(code: &str) -> Meaning {
    listed(PLATFORM, code).unwrap_or_else(|| match code.as_bytes() {
        [b'3', rest @ ..] if is_code(rest) => Meaning::Action,
        [b'4', rest @ ..] if is_code(rest) => Declined(R::Unknown, None),
        _ => Meaning::Unknown,
    })
}

fn is_code(rest: &[u8]) -> bool {
    rest.len() == 4 && rest.iter().all(u8::is_ascii_digit)
}

/// Why an acquirer rejected. An acquirer or a code that is not listed has refused without saying why.
fn acquirer(name: Option<&str>, code: Option<&str>) -> Meaning {
    let table = match name {
        Some("clearhaus") => CLEARHAUS,
        Some("nets") => NETS,
        _ => &[],
    };
    code.and_then(|code| listed(table, code))
        .unwrap_or(Declined(R::DoNotHonor, None))
}

/// What an operation came to. `payment_acquirer` counts where the operation itself names none.
pub(crate) fn verdict(op: &Op, payment_acquirer: Option<&str>) -> Verdict {
    if op.pending != Some(false) {
        return Verdict::Pending;
    }
    let Some(code) = op.qp_status_code.as_deref() else {
        return Verdict::Unknown("absent".to_owned());
    };
    let meaning = platform(code);
    let name = op.acquirer.as_deref().or(payment_acquirer);
    let meaning = match meaning {
        Meaning::Rejected => acquirer(name, op.aq_status_code.as_deref()),
        other => other,
    };
    let text = text(op).map(|t| paymux_core::scrub(&t));
    let code = code.to_owned();
    match meaning {
        Meaning::Action => Verdict::Action(Decline::new(R::AuthenticationRequired, code).with_text(text)),
        Meaning::Approved => Verdict::Approved,
        Declined(reason, advice) => {
            let decline = Decline::new(reason, code).with_text(text);
            Verdict::Declined(match advice {
                Some(advice) => decline.with_advice(advice),
                None => decline,
            })
        }
        Meaning::Pending => Verdict::Pending,
        Meaning::Rejected | Meaning::Unknown => Verdict::Unknown(code),
    }
}

/// The texts of both, with the acquirer's code, which has no other place.
fn text(op: &Op) -> Option<String> {
    let said = op.aq_status_msg.as_ref().or(op.qp_status_msg.as_ref()).cloned();
    match (&op.aq_status_code, said) {
        (Some(code), Some(said)) => Some(format!("{said} (acquirer code {code})")),
        (Some(code), None) => Some(format!("acquirer code {code}")),
        (None, said) => said,
    }
}

/// What kind of step an operation is. Types that move nothing, and those that we do not know, are [`EntryKind::Other`].
pub(crate) fn entry_kind(kind: Option<&str>) -> EntryKind {
    match kind {
        Some("authorize" | "recurring") => EntryKind::Authorize,
        Some("cancel") => EntryKind::Void,
        Some("capture") => EntryKind::Capture,
        Some("credit") => EntryKind::Payout,
        Some("refund") => EntryKind::Refund,
        _ => EntryKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(qp: Option<&str>, acquirer: Option<&str>, aq: Option<&str>) -> Op {
        Op {
            pending: Some(false),
            qp_status_code: qp.map(str::to_owned),
            aq_status_code: aq.map(str::to_owned),
            acquirer: acquirer.map(str::to_owned),
            ..Op::default()
        }
    }

    fn word(op: &Op) -> String {
        match verdict(op, None) {
            Verdict::Action(d) => format!("action {}", d.reason),
            Verdict::Approved => "approved".to_owned(),
            Verdict::Declined(d) => format!("declined {} {}", d.reason, d.advice),
            Verdict::Pending => "pending".to_owned(),
            Verdict::Unknown(code) => format!("unknown {code}"),
        }
    }

    #[test]
    fn the_tables_are_sorted() {
        for table in [PLATFORM, CLEARHAUS, NETS] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
        }
    }

    #[test]
    fn platform_codes() {
        for (code, expected) in [
            ("20000", "approved"),
            ("20200", "pending"),
            ("30100", "action authentication_required"),
            ("30101", "action authentication_required"),
            ("40000", "declined do_not_honor with_new_data"),
            ("40001", "declined invalid_request never"),
            ("40002", "declined authorization_expired never"),
            ("40003", "declined cancelled same_request"),
            ("40004", "declined invalid_request never"),
            ("40300", "declined suspected_fraud never"),
            ("41000", "declined stored_instrument_invalid with_new_data"),
            ("42300", "declined stored_instrument_invalid later"),
            ("50000", "unknown 50000"),
            ("50300", "unknown 50300"),
            // Not listed: by category.
            ("30199", "action authentication_required"),
            ("49999", "declined unknown never"),
            ("59999", "unknown 59999"),
            ("20001", "unknown 20001"),
            ("4", "unknown 4"),
            ("4000x", "unknown 4000x"),
            ("400000", "unknown 400000"),
            ("", "unknown "),
        ] {
            assert_eq!(word(&op(Some(code), None, None)), expected, "{code}");
        }
        assert_eq!(word(&op(None, None, Some("20000"))), "unknown absent");
    }

    #[test]
    fn acquirers_say_why_a_rejection_was_one_and_nothing_else() {
        for (acquirer, aq, expected) in [
            ("clearhaus", "40413", "declined insufficient_funds later"),
            ("clearhaus", "40412", "declined lost_or_stolen never"),
            (
                "clearhaus",
                "40416",
                "declined authentication_required after_authentication",
            ),
            ("clearhaus", "40420", "declined revoked_by_cardholder never"),
            ("clearhaus", "40135", "declined expired_card with_new_data"),
            ("clearhaus", "50000", "declined provider_unavailable later"),
            // A contradiction and an unlisted code: the platform's rejection stands, without a reason.
            ("clearhaus", "20000", "declined do_not_honor with_new_data"),
            ("clearhaus", "99999", "declined do_not_honor with_new_data"),
            ("nets", "05", "declined do_not_honor with_new_data"),
            ("nets", "202", "pending"),
            // Another acquirer's code is not read by Clearhaus' table.
            ("teller", "40413", "declined do_not_honor with_new_data"),
        ] {
            assert_eq!(
                word(&op(Some("40000"), Some(acquirer), Some(aq))),
                expected,
                "{acquirer} {aq}"
            );
        }
        assert_eq!(
            word(&op(Some("40300"), Some("clearhaus"), Some("40413"))),
            "declined suspected_fraud never"
        );
        let rejected = op(Some("40000"), None, Some("40413"));
        assert!(matches!(verdict(&rejected, Some("clearhaus")), Verdict::Declined(d)
            if d.code == "40000" && d.text.as_deref() == Some("acquirer code 40413")));
    }

    #[test]
    fn a_pending_operation_is_pending_whatever_its_code() {
        for pending in [Some(true), None] {
            let op = Op {
                pending,
                ..op(Some("20000"), None, None)
            };
            assert_eq!(verdict(&op, None), Verdict::Pending);
        }
    }
}
