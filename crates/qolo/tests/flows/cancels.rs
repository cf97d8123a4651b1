//! Voids.

use super::*;

#[test]
fn only_ach_can_be_cancelled() {
    for kind in [
        "CCDCTOACCOUNT",
        "ACCOUNTTOBANKREALTIME",
        "ACCOUNTTOACCOUNT",
        "payment_guid",
    ] {
        let error = play(&qolo(), &void(kind), &Script::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Unsupported, Fate::NotDone),
            "{kind}"
        );
        assert!(error.message().contains(kind), "{error}");
    }
    let unknown = PaymentRef::new("qolo", account(), [TXN]);
    let void = Operation::Void(Void::new(unknown, "s".parse().unwrap()));
    assert_eq!(
        play(&qolo(), &void, &Script::new()).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

fn cancelled(operation: &Operation, body: &str) -> Result<Answer, Error> {
    let script = Script::new().json("POST /api/v1/transfers/eft/cancel", 201, body);
    play(&qolo(), operation, &script)
}

#[test]
fn a_cancel_voids() {
    let body = format!(
        r#"{{"channel_name":"ACH","txn_guid":"{TXN}","bank_eft_guid":"b1","reverse_bank_eft_guid":"b2","amount":25.10,"response_code":"APPROVE"}}"#
    );
    let answer = cancelled(&void("ACCOUNTTOBANK"), &body).unwrap();
    assert!(answer.outcome.is_approved());
    assert_eq!(answer.payment.state, PaymentState::Voided);
    assert_eq!(answer.payment.entries[0].id.as_deref(), Some("b2"));
    assert_eq!(answer.payment.reference, payment("ACCOUNTTOBANK"));

    let declined = cancelled(
        &void("BANKTOACCOUNT"),
        &format!(r#"{{"txn_guid":"{TXN}","response_code":"DECLINE"}}"#),
    );
    let declined = declined.unwrap();
    assert!(matches!(declined.outcome, Outcome::Declined(_)));
    assert_ne!(declined.payment.state, PaymentState::Voided);

    let unread = cancelled(
        &void("BANKTOACCOUNT"),
        &format!(r#"{{"txn_guid":"{TXN}","response_code":"?"}}"#),
    )
    .unwrap();
    assert!(matches!(unread.outcome, Outcome::Pending));

    for body in ["", "{}", r#"{"bank_eft_guid":"b1"}"#] {
        let error = cancelled(&void("BANKTOACCOUNT"), body).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{body}"
        );
    }
    let error = cancelled(&void("BANKTOACCOUNT"), r#"{"txn_guid":"other"}"#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    let script = before(row(json!({}))).json(
        "POST /api/v1/transfers/eft/cancel",
        201,
        &format!(r#"{{"txn_guid":"{TXN}","amount":1}}"#),
    );
    let error = play(&qolo(), &void_of("25.10 USD"), &script).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
}

fn void_of(amount: &str) -> Operation {
    let mut void = Void::new(payment("BANKTOACCOUNT"), "s".parse().unwrap());
    void.amount = Some(amount.parse().unwrap());
    Operation::Void(void)
}

/// What is read before a cancel that names an amount.
fn before(row: String) -> Script {
    Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &row)
}

#[test]
fn a_cancel_of_another_amount_is_not_sent() {
    for amount in ["1.00 USD", "25.10 EUR", "25.11 USD"] {
        let error = play(&qolo(), &void_of(amount), &before(row(json!({})))).unwrap_err();
        assert_eq!((error.field(), error.fate()), (Some("amount"), Fate::NotDone));
        assert!(error.message().contains("which is 25.10 USD"), "{error}");
    }
    // What cannot be compared is not sent either.
    for unclear in [
        row(json!({"txn_amount": null})),
        row(json!({"txn_amount": "?", "amount": "?"})),
        row(json!({"txn_guid": INSTRUMENT})),
    ] {
        let error = play(&qolo(), &void_of("25.10 USD"), &before(unclear)).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::NotDone));
    }
    let get = format!("GET /api/v1/transactions/{TXN}");
    for script in [
        Script::new().lost(&get),
        Script::new().json(&get, 400, "{}"),
        Script::new().json(&get, 500, ""),
    ] {
        let error = play(&qolo(), &void_of("25.10 USD"), &script).unwrap_err();
        assert_eq!(error.fate(), Fate::NotDone, "{error}");
    }
    let script = before(row(json!({}))).json(
        "POST /api/v1/transfers/eft/cancel",
        201,
        &format!(r#"{{"txn_guid":"{TXN}","amount":25.10,"response_code":"APPROVE"}}"#),
    );
    assert!(
        play(&qolo(), &void_of("25.10 USD"), &script)
            .unwrap()
            .outcome
            .is_approved()
    );
}

/// How the ledger shows a cancelled entry is not documented: no word for it approves, declines, or is taken for a void. The void's own answer is
/// what says that it was done.
#[test]
fn an_inquiry_after_a_cancel_decides_nothing() {
    for word in ["cancelled", "canceled", "void", "voided", "Cancelled"] {
        let answer = inquired(json!({"txn_status": word}));
        assert!(matches!(answer.outcome, Outcome::Pending), "{word}");
        assert_eq!(answer.payment.state, PaymentState::Pending, "{word}");
        let kept = &answer.payment.entries[0].outcome;
        assert_eq!(*kept, paymux_core::EntryOutcome::Unknown(format!("txn_status {word}")));
    }
}
