//! What the ledger shows.

use super::*;

#[test]
fn only_a_settlement_that_has_come_is_an_approval() {
    let settled = "2026-01-02T03:00:00Z"; // The script's time is 2026-01-02T03:04:05Z.
    for (changes, outcome, kept) in [
        (json!({"settle_date": settled}), "approved", None),
        (json!({"settle_date": settled, "response_code": null}), "approved", None),
        (
            json!({"settle_date": settled, "txn_status": "Settled"}),
            "approved",
            None,
        ),
        (json!({"settle_date": "2026-01-02T03:00:00"}), "approved", None),
        (json!({"settle_date": "2026-01-02"}), "approved", None),
        (
            json!({"settle_date": settled, "txn_status": "PENDING"}),
            "pending",
            None,
        ),
        (json!({"settle_date": "2026-01-03T00:00:00Z"}), "pending", None),
        (json!({"settle_date": "0001-01-01T00:00:00"}), "pending", None),
        (json!({"settle_date": null, "txn_status": "settled"}), "pending", None),
        (json!({"post_date": settled}), "pending", None),
        (json!({}), "pending", None),
        (json!({"settle_date": "soon"}), "pending", Some("settle_date soon")),
        (
            json!({"settle_date": settled, "txn_status": "returned"}),
            "pending",
            Some("txn_status returned"),
        ),
        (
            json!({"settle_date": settled, "response_code": "51"}),
            "pending",
            Some("response_code 51"),
        ),
        (
            json!({"settle_date": settled, "reason_code": "R01"}),
            "pending",
            Some("reason_code R01"),
        ),
        (
            json!({"settle_date": settled, "response_code": "DECLINE"}),
            "declined",
            None,
        ),
        (
            json!({"txn_status": "pending", "response_code": "decline"}),
            "declined",
            None,
        ),
    ] {
        let answer = inquired(changes.clone());
        assert_eq!(answer.outcome.as_str(), outcome, "{changes}");
        let state = match outcome {
            "approved" => PaymentState::Captured,
            "declined" => PaymentState::Declined,
            _ => PaymentState::Pending,
        };
        assert_eq!(answer.payment.state, state, "{changes}");
        if let Some(kept) = kept {
            assert_eq!(
                answer.payment.entries[0].outcome,
                EntryOutcome::Unknown(kept.to_owned())
            );
        }
    }
}

#[test]
fn an_inquiry_shows_the_payment() {
    let answer = inquired(json!({"settle_date": "2026-01-02T03:00:00Z", "client_reference_id": "pay_1001"}));
    let payment = answer.payment;
    assert_eq!(payment.reference, self::payment("BANKTOACCOUNT"));
    assert_eq!(payment.captured(), 2510);
    assert_eq!(payment.merchant_reference.as_deref(), Some("pay_1001"));
    assert_eq!(payment.method.unwrap().brand.as_deref(), Some("ACH"));
    assert_eq!(payment.entries[0].at.unwrap().to_string(), "2026-01-02T03:00:00Z");
    // A debit may carry a sign; an amount that cannot be read is not made up.
    assert_eq!(
        inquired(json!({"txn_amount": -25.10})).payment.amount.unwrap().minor(),
        2510
    );
    assert_eq!(inquired(json!({"txn_amount": 25.101})).payment.amount, None);
    assert_eq!(inquired(json!({"txn_amount": null})).payment.amount, None);
}

#[test]
fn the_kind_of_transfer_decides_what_a_settlement_is() {
    for (kind, state) in [
        (Some("CCDCTOACCOUNT"), PaymentState::Captured),
        (Some("ACCOUNTTOCCDC"), PaymentState::PaidOut),
        (Some("ACCOUNTTOACCOUNT"), PaymentState::Transferred),
        (None, PaymentState::Transferred),
    ] {
        let reference = PaymentRef::new("qolo", account(), std::iter::once(TXN).chain(kind));
        let script = Script::new().json(
            &format!("GET /api/v1/transactions/{TXN}"),
            200,
            &row(json!({"settle_date": "2026-01-02T03:00:00Z"})),
        );
        let answer = play(&qolo(), &Operation::Inquire(Inquiry::Payment(reference)), &script).unwrap();
        assert_eq!(answer.payment.state, state, "{kind:?}");
    }
    let event = PaymentRef::new("qolo", account(), ["p1", "payment_guid"]);
    let error = play(&qolo(), &Operation::Inquire(Inquiry::Payment(event)), &Script::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn an_inquiry_that_answers_about_something_else_is_refused() {
    for changes in [json!({"txn_guid": "other"}), json!({"txn_guid": null})] {
        let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &row(changes));
        assert_eq!(
            play(&qolo(), &inquire(), &script).unwrap_err().kind(),
            ErrorKind::Provider
        );
    }
    // The same id in another case is the same.
    let upper = row(json!({"txn_guid": TXN.to_uppercase()}));
    let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &upper);
    assert_eq!(play(&qolo(), &inquire(), &script).unwrap().payment.id(), TXN);
}
