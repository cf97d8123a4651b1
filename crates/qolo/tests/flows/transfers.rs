//! What a transfer is answered.

use super::*;

#[test]
fn an_accepted_transfer_is_pending() {
    let answer = created(CREATED).unwrap();
    assert!(matches!(answer.outcome, Outcome::Pending));
    let payment = answer.payment;
    assert_eq!(payment.reference.ids(), [TXN, "BANKTOACCOUNT"]);
    assert_eq!(payment.state, PaymentState::Pending);
    assert_eq!(payment.amount.unwrap().to_string(), "25.10 USD");
    assert_eq!(payment.merchant_reference.as_deref(), Some("pay_1001"));
    assert_eq!(payment.entries[0].kind, EntryKind::Capture);
    assert_eq!(payment.entries[0].outcome, EntryOutcome::Pending);
    // Amounts in other spellings, and fields of other types.
    for body in [
        format!(r#"{{"txn_guid":"{TXN}","amount":25.1,"currency":"usd","response_code":"APPROVE"}}"#),
        format!(r#"{{"txn_guid":"{TXN}","amount":"25.100","source":7,"txn_status":"settled"}}"#),
        format!(r#"{{"txn_guid":"{TXN}","amount":null,"currency":null,"response_code":null}}"#),
    ] {
        assert!(matches!(created(&body).unwrap().outcome, Outcome::Pending), "{body}");
    }
}

#[test]
fn a_declining_code_is_a_decline() {
    for code in ["DECLINE", "Declined"] {
        let body = format!(
            r#"{{"txn_guid":"{TXN}","amount":25.10,"currency":"USD","response_code":"{code}","reason_code":"R01","reason_code_description":"NSF"}}"#
        );
        let answer = created(&body).unwrap();
        let Outcome::Declined(decline) = answer.outcome else {
            panic!("declined: {body}");
        };
        assert_eq!(
            (decline.reason, decline.code.as_str()),
            (DeclineReason::InsufficientFunds, "R01")
        );
        assert_eq!(decline.text.as_deref(), Some("NSF"));
        assert_eq!(answer.payment.state, PaymentState::Declined);
    }
    // What cannot be read is kept, and is neither.
    let answer = created(&format!(r#"{{"txn_guid":"{TXN}","response_code":5}}"#)).unwrap();
    assert!(matches!(answer.outcome, Outcome::Pending));
    assert_eq!(
        answer.payment.entries[0].outcome,
        EntryOutcome::Unknown("response_code 5".to_owned())
    );
}

#[test]
fn a_difference_is_a_mismatch_with_the_payment() {
    for (field, value) in [
        ("amount", json!(25.11)),
        ("amount", json!(2510)),
        ("amount", json!(-25.10)),
        ("amount", json!("much")),
        ("amount", json!([25.10])),
        ("currency", json!("EUR")),
        ("transfer_type", json!("ACCOUNTTOBANK")),
        ("client_reference_id", json!("pay_1002")),
    ] {
        let mut body: serde_json::Value = serde_json::from_str(CREATED).unwrap();
        body[field] = value;
        let script = Script::new().json("POST /api/v1/transfers", 201, &body.to_string());
        let error = play(&qolo(), &sale(), &script).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Mismatch, Fate::Unknown),
            "{body}"
        );
        assert_eq!(error.payment().unwrap().id(), TXN);
        let noted = script.notes().into_iter().find(|memo| memo.key == "payment");
        assert_eq!(noted.unwrap().value, TXN, "what was made is noted");
    }
}

#[test]
fn an_acceptance_that_cannot_be_read_is_unknown() {
    for body in [
        "",
        "{}",
        "<html>",
        "{\"txn_guid\":",
        r#"{"txn_guid":"","amount":25.10}"#,
        "[]",
        "null",
        "7",
    ] {
        let error = created(body).unwrap_err();
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{body}"
        );
    }
}

#[test]
fn a_lost_answer_is_unknown_and_nothing_is_looked_for() {
    for (operation, path) in [
        (sale(), "/api/v1/transfers".to_owned()),
        (payout("card:g"), "/api/v1/transfers".to_owned()),
        (transfer(), "/api/v1/transfers".to_owned()),
        (void("BANKTOACCOUNT"), "/api/v1/transfers/eft/cancel".to_owned()),
        (refund(), format!("/api/v1/transfers/{TXN}/reversals")),
    ] {
        let expect = format!("POST {path}");
        let lost = play(&qolo(), &operation, &Script::new().lost(&expect)).unwrap_err();
        assert_eq!(lost.fate(), Fate::Unknown, "{operation:?}");
        let failed = play(&qolo(), &operation, &Script::new().json(&expect, 500, "")).unwrap_err();
        assert_eq!(failed.fate(), Fate::Unknown, "{operation:?}");
        let unsent = play(&qolo(), &operation, &Script::new().not_sent(&expect)).unwrap_err();
        assert_eq!(unsent.fate(), Fate::NotDone, "{operation:?}");
    }
}

#[test]
fn what_is_needed_to_ask_later_is_noted_before_sending() {
    let notes = |operation: &Operation, path: &str| {
        let script = Script::new().lost(path);
        let _ = play(&qolo(), operation, &script);
        let notes = script.notes();
        notes
            .into_iter()
            .map(|memo| (memo.key.into_owned(), memo.value))
            .collect::<Vec<_>>()
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        notes(&sale(), "POST /api/v1/transfers"),
        [
            pair("account", ACCOUNT),
            pair("instrument", INSTRUMENT),
            pair("transfer", "BANKTOACCOUNT")
        ]
    );
    assert_eq!(
        notes(&transfer(), "POST /api/v1/transfers"),
        [pair("account", ACCOUNT), pair("transfer", "ACCOUNTTOACCOUNT")]
    );
    assert_eq!(
        notes(&void("BANKTOACCOUNT"), "POST /api/v1/transfers/eft/cancel"),
        [pair("payment", TXN)]
    );
}
