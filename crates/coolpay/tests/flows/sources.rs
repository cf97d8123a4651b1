//! Payouts, subscriptions, and sources that do not fit.

use super::*;

#[test]
fn payouts_credit_a_card_once() {
    let to = Source::Card(card());
    let payout = Payout::new(REFERENCE.parse().unwrap(), "10.00 DKK".parse().unwrap(), to);
    let payout = Operation::Payout(Box::new(payout));
    let paid = body(&[op(1, "credit", 1000, "20000")], 0);
    let script =
        Script::new()
            .json("POST /payouts", 201, &fresh())
            .json("POST /payouts/1145/credit?synchronized", 200, &paid);
    let answer = execute(&script, &payout).unwrap();
    assert_eq!(
        (answer.outcome.as_str(), answer.payment.state),
        ("approved", PaymentState::PaidOut)
    );
    let reference = answer.payment.reference;
    let script = Script::new()
        .json("POST /payouts", 201, &fresh())
        .lost("POST /payouts/1145/credit?synchronized")
        .json("GET /payouts/1145", 200, &paid);
    assert!(execute(&script, &payout).unwrap().outcome.is_approved());
    let script = Script::new()
        .json("POST /payouts", 400, duplicate())
        .json("GET /payouts", 200, &format!("[{paid}]"))
        .json("GET /payouts/1145", 200, &paid);
    assert!(execute(&script, &payout).unwrap().outcome.is_approved());
    let void = Operation::Void(Void::new(reference, "void1".parse().unwrap()));
    assert_eq!(execute(&Script::new(), &void).unwrap_err().field(), Some("payment"));
}

fn under_subscription() -> Operation {
    let mut charge = charge();
    charge.source = Source::Stored("subscription:77".to_owned());
    charge.order = Some("A-1".to_owned());
    charge.initiator = Initiator::Merchant {
        kind: Agreement::Recurring,
        agreement: None,
        network_transaction_id: None,
    };
    Operation::Sale(Box::new(charge))
}

#[test]
fn a_subscription_is_charged_in_a_payment_of_its_own() {
    const RECURRING: &str = "POST /subscriptions/77/recurring?synchronized";
    let begun = body(&[op(1, "recurring", 1000, "20000")], 0);
    let done = body(
        &[op(1, "recurring", 1000, "20000"), op(2, "capture", 1000, "20000")],
        1000,
    );
    let script = Script::new().json(RECURRING, 202, &begun).json(CAPTURE, 200, &done);
    let answer = execute(&script, &under_subscription()).unwrap();
    assert_eq!(answer.payment.state, PaymentState::Captured);
    assert_eq!(answer.payment.dropped, [paymux_core::Field::Order]);
    let sent = script.sent();
    assert_eq!(
        sent[0].body(),
        r#"{"amount":1000,"order_id":"order1001a1","auto_capture":false}"#
    );
    let row = format!("[{begun}]");
    for script in [
        Script::new()
            .lost(RECURRING)
            .json(SEARCH, 200, &row)
            .json(READ, 200, &begun),
        Script::new()
            .json(RECURRING, 400, duplicate())
            .json(SEARCH, 200, &row)
            .json(READ, 200, &begun),
        Script::new()
            .json(RECURRING, 202, "")
            .json(SEARCH, 200, &row)
            .json(READ, 200, &begun),
        Script::new()
            .reply(RECURRING, 202, &[("location", "/payments/1145/operations/1")], "")
            .json(READ, 200, &begun),
    ] {
        let script = script.json(CAPTURE, 200, &done);
        assert!(execute(&script, &under_subscription()).unwrap().outcome.is_approved());
    }
    let script = (0..4).fold(Script::new().lost(RECURRING), |s, _| s.json(SEARCH, 200, "[]"));
    assert_eq!(
        execute(&script, &under_subscription()).unwrap_err().fate(),
        Fate::Unknown
    );
    // What is found after an answer that says nothing may be an earlier attempt's, and further than this one came.
    let whole = format!("[{done}]");
    for script in [
        Script::new().lost(RECURRING),
        Script::new().json(RECURRING, 400, ""),
        Script::new().json(RECURRING, 403, "<html>"),
    ] {
        let script = script.json(SEARCH, 200, &whole).json(READ, 200, &done);
        assert!(execute(&script, &under_subscription()).unwrap().outcome.is_approved());
    }
    // The reference names a payment of another kind, without operations: refused; of this subscription: unknown.
    for (standing, fate) in [
        (fresh(), Fate::Rejected),
        (
            fresh().replace(r#""balance":0"#, r#""subscription_id":77"#),
            Fate::Unknown,
        ),
    ] {
        let script = Script::new()
            .json(RECURRING, 400, duplicate())
            .json(SEARCH, 200, &format!("[{standing}]"))
            .json(READ, 200, &standing);
        assert_eq!(execute(&script, &under_subscription()).unwrap_err().fate(), fate);
    }
}

#[test]
fn sources_that_do_not_fit_are_refused_before_anything_is_sent() {
    let with = |change: fn(&mut paymux_core::Charge)| {
        let mut charge = charge();
        change(&mut charge);
        execute(&Script::new(), &Operation::Sale(Box::new(charge))).unwrap_err()
    };
    assert_eq!(
        with(|c| c.source = Source::Stored("4711".to_owned())).field(),
        Some("source")
    );
    assert_eq!(
        with(|c| c.source = Source::Stored("card:../1".to_owned())).field(),
        Some("source")
    );
    assert_eq!(
        with(|c| c.source = Source::Stored("subscription:1".to_owned())).field(),
        Some("initiator")
    );
    let error = with(|c| {
        c.initiator = Initiator::Merchant {
            kind: Agreement::Unscheduled,
            agreement: None,
            network_transaction_id: None,
        }
    });
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
