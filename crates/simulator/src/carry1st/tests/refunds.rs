//! Refunds.

use super::*;

fn ask(reference: &str, own: &str, amount: &str) -> String {
    format!(
        r#"{{"transactionReference":"{reference}","partnerRefundReference":"{own}"{amount},"reason":"because","refundWebhookUrl":"http://127.0.0.1:1/refund"}}"#
    )
}

#[test]
fn a_refund_is_pending_and_then_done() {
    let mut bench = Bench::plain();
    let reference = bench.paid("order-1");
    let (status, body) = bench.post(REFUNDS, &ask(&reference, "rf-1", r#","amount":50.00"#));
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let own = body["refundReference"].as_str().unwrap().to_owned();
    assert!(own.starts_with("R-"));
    assert_eq!(
        (&body["status"], &body["fullRefund"]),
        (&"PENDING".into(), &false.into())
    );
    assert_eq!(body["amount"].to_string(), "50");
    assert_eq!(bench.booked(&reference, Kind::Refund), 0);
    assert!(bench.hooks().is_empty());
    bench.pass(1);
    let hooks = bench.hooks();
    assert_eq!(
        (&hooks[0]["status"], &hooks[0]["partnerRefundReference"]),
        (&"SUCCESSFUL".into(), &"rf-1".into())
    );
    let booked = bench.provider.ledger().by_reference("rf-1").next().unwrap().clone();
    assert_eq!(
        (booked.kind, booked.minor, booked.id, booked.payment),
        (Kind::Refund, 5000, own, reference.clone())
    );
    // The rest, which is all that is left.
    let (_, body) = bench.post(REFUNDS, &ask(&reference, "rf-2", ""));
    assert_eq!(
        (body["amount"].to_string().as_str(), &body["fullRefund"]),
        ("50.5", &false.into())
    );
    bench.pass(1);
    bench.hooks();
    assert_eq!(bench.booked(&reference, Kind::Refund), 10_050);
    assert_eq!(
        code(&bench.post(REFUNDS, &ask(&reference, "rf-3", ""))),
        (400, "SIM_REFUND_AMOUNT")
    );
}

#[test]
fn refunds_stay_within_what_was_paid() {
    let mut bench = Bench::plain();
    let fresh = bench.pay("order-1");
    assert_eq!(
        code(&bench.post(REFUNDS, &ask(&fresh, "rf-1", ""))),
        (400, "SIM_REFUND_STATE")
    );
    let reference = bench.paid("order-2");
    assert_eq!(
        bench.post(REFUNDS, &ask(&reference, "rf-2", r#","amount":100"#)).0,
        StatusCode::CREATED
    );
    // The first is still pending, and counts.
    assert_eq!(
        code(&bench.post(REFUNDS, &ask(&reference, "rf-3", r#","amount":0.51"#))),
        (400, "SIM_REFUND_AMOUNT")
    );
    assert_eq!(
        code(&bench.post(REFUNDS, &ask(&reference, "rf-3", r#","amount":"1""#))),
        (400, "SIM_FIELD")
    );
    assert_eq!(
        bench.post(REFUNDS, &ask(&reference, "rf-4", r#","amount":0.50"#)).0,
        StatusCode::CREATED
    );
    assert_eq!(
        code(&bench.post(REFUNDS, &ask("C-1-P", "rf-5", ""))),
        (404, "SIM_NOT_FOUND")
    );
}

#[test]
fn a_forced_refund_fails_and_gives_its_amount_free() {
    let mut bench = Bench::plain();
    let reference = bench.paid("order-1");
    bench.provider.force_code("REJECTED");
    // One that is refused does not use the code up.
    assert_eq!(
        code(&bench.post(REFUNDS, &ask(&reference, "rf-0", r#","amount":1000"#))),
        (400, "SIM_REFUND_AMOUNT")
    );
    assert_eq!(bench.post(REFUNDS, &ask(&reference, "rf-1", "")).0, StatusCode::CREATED);
    bench.pass(1);
    assert_eq!(bench.hooks()[0]["status"], "REJECTED");
    assert_eq!(bench.booked(&reference, Kind::Refund), 0);
    let (_, body) = bench.post(REFUNDS, &ask(&reference, "rf-2", ""));
    assert_eq!(body["fullRefund"], true);
}

#[test]
fn refunds_may_be_closed_and_may_want_the_transaction() {
    let mut bench = Bench::plain();
    let reference = bench.paid("order-1");
    let transaction = reference.replace("-P", "-T");
    assert!(bench.look_up(&reference).get("transactionReference").is_none());
    bench.provider.settings_mut().strict_transactions = true;
    assert_eq!(
        code(&bench.post(REFUNDS, &ask(&reference, "rf-1", ""))),
        (404, "SIM_NOT_FOUND")
    );
    assert_eq!(bench.look_up(&reference)["transactionReference"], transaction.as_str());
    assert_eq!(
        bench.post(REFUNDS, &ask(&transaction, "rf-1", "")).0,
        StatusCode::CREATED
    );
    bench.provider.settings_mut().refunds = false;
    assert_eq!(
        code(&bench.post(REFUNDS, &ask(&transaction, "rf-2", ""))),
        (404, "SIM_NOT_FOUND")
    );
}

#[test]
fn a_back_office_refund_takes_what_is_left() {
    let mut bench = Bench::plain();
    let reference = bench.paid("order-1");
    bench.post(REFUNDS, &ask(&reference, "rf-1", r#","amount":100"#));
    assert!(bench.provider.finish(bench.now, &reference, "REFUND"));
    let booked = bench.provider.ledger().of(&reference).last().unwrap();
    assert_eq!(
        (booked.kind, booked.minor, booked.origin),
        (Kind::Refund, 50, Origin::BackOffice)
    );
}
