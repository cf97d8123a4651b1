//! Refunds.

use super::*;

#[test]
fn a_reversal_of_a_capture_is_of_the_whole_transfer() {
    let of = |capture: &str| {
        let Operation::Refund(mut refund) = refund() else {
            unreachable!()
        };
        refund.capture = Some(capture.to_owned());
        Operation::Refund(refund)
    };
    for capture in ["nonsense", "", INSTRUMENT] {
        let error = play(&qolo(), &of(capture), &Script::new()).unwrap_err();
        assert_eq!(
            (error.field(), error.fate()),
            (Some("capture"), Fate::NotDone),
            "{capture}"
        );
    }
    for capture in [TXN.to_owned(), TXN.to_uppercase()] {
        let script = Script::new().json(&format!("POST /api/v1/transfers/{TXN}/reversals"), 201, "");
        assert!(matches!(
            play(&qolo(), &of(&capture), &script).unwrap().outcome,
            Outcome::Pending
        ));
    }
}

#[test]
fn a_late_cancel_is_rejected() {
    let script = Script::new().json(
        "POST /api/v1/transfers/eft/cancel",
        400,
        r#"{"title":"Already sent to the bank","status":400}"#,
    );
    let error = play(&qolo(), &void("BANKTOACCOUNT"), &script).unwrap_err();
    assert_eq!(
        (error.kind(), error.fate()),
        (ErrorKind::InvalidRequest, Fate::Rejected)
    );
    assert!(error.message().ends_with(": Already sent to the bank"), "{error}");
}

fn reversed(status: u16, body: &str) -> Result<Answer, Error> {
    let script = Script::new().json(&format!("POST /api/v1/transfers/{TXN}/reversals"), status, body);
    play(&qolo(), &refund(), &script)
}

#[test]
fn a_reversal_is_accepted_and_pending() {
    let full = format!(
        r#"{{"transfer_type":"BANKTOACCOUNT","amount":5.0,"currency":"USD","client_reference_id":"back_1","source_txn_guid":"{TXN}"}}"#
    );
    for (status, body) in [
        (200, full.as_str()),
        (201, full.as_str()),
        (201, ""),
        (201, "{}"),
        (200, "{}"),
    ] {
        let answer = reversed(status, body).unwrap();
        assert!(matches!(answer.outcome, Outcome::Pending), "{status} {body}");
        assert_eq!(answer.payment.reference, payment("BANKTOACCOUNT"));
        assert_eq!(answer.payment.state, PaymentState::Pending);
        let entry = &answer.payment.entries[0];
        assert_eq!(
            (entry.kind, entry.reference.as_deref()),
            (EntryKind::Refund, Some("back_1"))
        );
        assert_eq!(answer.payment.refunded(), 0, "nothing is given back yet");
    }
    for (status, body) in [(200, ""), (201, "<html>"), (200, "{")] {
        assert_eq!(
            reversed(status, body).unwrap_err().fate(),
            Fate::Unknown,
            "{status} {body}"
        );
    }
    for other in [
        r#"{"amount":5.01}"#,
        r#"{"currency":"EUR"}"#,
        r#"{"source_txn_guid":"x"}"#,
        r#"{"client_reference_id":"back_2"}"#,
    ] {
        assert_eq!(reversed(201, other).unwrap_err().kind(), ErrorKind::Mismatch, "{other}");
    }
    let declined = reversed(201, r#"{"response_code":"DECLINED","reason_code":"X"}"#).unwrap();
    assert!(matches!(declined.outcome, Outcome::Declined(_)));
}
