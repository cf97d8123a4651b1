//! The provider's codes into the one vocabulary.
//!
//! `qp_status_code` is the platform's word and decides; `aq_status_code` is the acquirer's and only says why a rejection (40000) was one.
//! The numbers of the two collide and mean different things.

mod tables;

use paymux_core::codes::{Explanation, Row, find};
use paymux_core::{CodeClass, Decline, DeclineReason, EntryKind, RetryAdvice};

use crate::shapes::Op;
use tables::{CLEARHAUS, NETS, REJECTED, platform};

pub use tables::{CLEARHAUS_CODES, CODES, NETS_CODES};

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

use CodeClass::{Approved, Declined, Pending};
use DeclineReason as R;

/// Why an acquirer rejected; `None` where it still waits. An acquirer or a code that is not listed has refused without saying why.
fn acquirer(name: Option<&str>, code: Option<&str>) -> Option<(DeclineReason, RetryAdvice)> {
    let table: &[Row] = match name {
        Some("clearhaus") => &CLEARHAUS,
        Some("nets") => &NETS,
        _ => &[],
    };
    let row = code.and_then(|code| find(table, code)).map(Row::explanation);
    match row {
        Some(row) if row.class == Pending => None,
        Some(Explanation {
            reason: Some(reason),
            advice,
            ..
        }) => Some((reason, advice)),
        _ => Some((R::DoNotHonor, R::DoNotHonor.advice())),
    }
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
    let refusal = match (meaning.class, meaning.reason) {
        (Approved, _) => return Verdict::Approved,
        (Pending, _) => return Verdict::Pending,
        (Declined, _) if code == REJECTED => match acquirer(name, op.aq_status_code.as_deref()) {
            Some(refusal) => refusal,
            None => return Verdict::Pending,
        },
        (Declined, Some(reason)) => (reason, meaning.advice),
        _ => return Verdict::Unknown(code.to_owned()),
    };
    let asks = code != REJECTED && refusal.0 == R::AuthenticationRequired;
    let decline = Decline::new(refusal.0, code)
        .with_advice(refusal.1)
        .with_text(text(op).map(|t| paymux_core::scrub(&t)));
    if asks {
        Verdict::Action(decline)
    } else {
        Verdict::Declined(decline)
    }
}

/// The texts of both, with the acquirer's code, which has no other place.
fn text(op: &Op) -> Option<String> {
    let said = op
        .aq_status_msg
        .as_ref()
        .or(op.qp_status_msg.as_ref())
        .map(|said| said.to_string());
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
            qp_status_code: qp.map(|code| code.to_owned().into()),
            aq_status_code: aq.map(|code| code.to_owned().into()),
            acquirer: acquirer.map(|name| name.to_owned().into()),
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
    fn what_is_explained_is_what_a_plain_operation_comes_to() {
        for (code, meaning) in (CODES.list)() {
            let word = word(&op(Some(&code), None, None));
            let expected = match (meaning.class, meaning.reason) {
                (CodeClass::Error, _) => format!("unknown {code}"),
                (Declined, Some(R::AuthenticationRequired)) => "action authentication_required".to_owned(),
                (Declined, Some(reason)) => format!("declined {reason} {}", meaning.advice),
                (class, _) => class.as_str().to_owned(),
            };
            assert_eq!(word, expected, "{code}");
        }
        for (code, meaning) in (CLEARHAUS_CODES.list)()
            .into_iter()
            .filter(|(_, m)| m.class != Approved)
        {
            let word = word(&op(Some(REJECTED), Some("clearhaus"), Some(&code)));
            assert_eq!(
                word,
                format!("declined {} {}", meaning.reason.unwrap(), meaning.advice),
                "{code}"
            );
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
            ("nets", "000", "declined do_not_honor with_new_data"),
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
