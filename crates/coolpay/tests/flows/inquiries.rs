//! What an inquiry tells.

use super::*;

#[test]
fn inquiries_report_what_stands() {
    let by_id = |standing: &str| {
        let inquiry = Operation::Inquire(Inquiry::Payment(payment_ref()));
        execute(&Script::new().json(READ, 200, standing), &inquiry)
    };
    let answer = by_id(&taken()).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("approved", PaymentState::Captured)
    );
    assert_eq!(answer.payment.amount.unwrap().to_string(), "10.00 DKK");
    assert_eq!(answer.payment.method.unwrap().last4.as_deref(), Some("0008"));
    let answer = by_id(&fresh()).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("pending", PaymentState::Created)
    );
    let linked = fresh().replace(
        r#""balance":0"#,
        r#""link":{"url":"https://p.example/x","amount":1000}"#,
    );
    let answer = by_id(&linked).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("action_required", PaymentState::RequiresAction)
    );
    let declined = body(&[op(1, "authorize", 1000, "40000")], 0);
    assert_eq!(by_id(&declined).unwrap().outcome.as_str(), "declined");
    let expired = body(&[op(1, "deadline", 0, "20000")], 0);
    let answer = by_id(&expired).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("declined", PaymentState::Expired)
    );
    assert_eq!(
        by_id(&body(&[pending(1, "authorize", 1000)], 0))
            .unwrap()
            .outcome
            .as_str(),
        "pending"
    );
    let open = by_id(&body(&[op(1, "authorize", 1000, "50300")], 0)).unwrap_err();
    assert!(open.payment().is_some() && open.fate() == Fate::Unknown);
    let unbalanced = taken().replace(r#""balance":1000"#, r#""balance":1"#);
    assert_eq!(by_id(&unbalanced).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn inquiries_by_reference_look_among_payouts_too() {
    let inquiry = Operation::Inquire(Inquiry::Reference(REFERENCE.parse().unwrap()));
    let script = Script::new()
        .json(SEARCH, 200, &format!("[{}]", taken()))
        .json(READ, 200, &taken());
    assert_eq!(execute(&script, &inquiry).unwrap().payment.id(), "1145");
    let absent = || (0..3).fold(Script::new(), |s, _| s.json(SEARCH, 200, "[]"));
    for (status, reply) in [(200, "[]"), (403, "{}"), (404, "404 Not Found")] {
        let error = execute(&absent().json("GET /payouts", status, reply), &inquiry).unwrap_err();
        assert!(error.is_not_found(), "{error:?}");
    }
    let error = execute(&absent().lost("GET /payouts"), &inquiry).unwrap_err();
    assert!(!error.is_not_found());
    let paid = body(&[op(1, "credit", 1000, "20000")], 0);
    let script = absent()
        .json("GET /payouts", 200, &format!("[{paid}]"))
        .json("GET /payouts/1145", 200, &paid);
    let answer = execute(&script, &inquiry).unwrap();
    assert_eq!(answer.payment.state, PaymentState::PaidOut);
    assert_eq!(answer.payment.reference.ids(), ["1145", "payout"]);
}
