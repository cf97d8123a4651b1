//! What an inquiry tells.

use super::*;

#[test]
fn an_inquiry_tells_what_the_payment_is() {
    let opp = v3();
    let ask = inquire(payment(&opp, &[ID, "DB", "EGP9200"]));
    let answer = |text: &str| {
        let wire = Script::new().json(&get_v3(ID), 200, &body(ID, "DB", "92.00", text));
        ok(&opp, &ask, &wire)
    };
    let approved = answer("000.100.110");
    assert!(approved.outcome.is_approved());
    assert_eq!(approved.payment.reference.ids(), [ID, "DB", "EGP9200"]);
    assert_eq!(
        declined(&answer("800.100.155")).reason,
        DeclineReason::InsufficientFunds
    );
    assert_eq!(declined(&answer("100.550.300")).reason, DeclineReason::AmountInvalid);
    assert!(matches!(answer("800.400.500").outcome, Outcome::Pending));
    assert!(matches!(answer("800.700.100").outcome, Outcome::Pending));
    let back = answer("000.100.220");
    assert!(matches!(back.outcome, Outcome::Review));
    assert_eq!(back.payment.state, PaymentState::ChargedBack);
    let kinds: Vec<_> = back.payment.entries.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [EntryKind::Capture, EntryKind::Chargeback]);
}

#[test]
fn an_inquiry_that_fails_says_nothing_of_the_payment() {
    let opp = v3();
    let ask = inquire(payment(&opp, &[ID, "DB", "EGP9200"]));
    let error = |status: u16, answer: &str| err(&opp, &ask, &Script::new().json(&get_v3(ID), status, answer));
    for (answer, kind) in [
        (code("800.120.100"), ErrorKind::Refused),
        (body(OTHER, "DB", "92.00", "800.120.100"), ErrorKind::Refused),
        (code("700.400.580"), ErrorKind::InvalidRequest),
        (code("200.300.404"), ErrorKind::Provider),
        (code("800.900.300"), ErrorKind::Configuration),
        (code("800.100.152"), ErrorKind::Provider),
        (code("123.456.789"), ErrorKind::Provider),
        (body(ID, "DB", "92.00", "900.100.300"), ErrorKind::Provider),
        (body(ID, "DB", "92.00", "123.456.789"), ErrorKind::Provider),
        (body(OTHER, "DB", "92.00", "000.100.110"), ErrorKind::Provider),
        (body(OTHER, "DB", "92.00", "800.100.152"), ErrorKind::Provider),
    ] {
        let error = error(200, &answer);
        assert_eq!((error.kind(), error.fate()), (kind, Fate::NotDone), "{answer}");
    }
    assert!(error(200, &code("700.400.580")).is_not_found());
    assert!(error(200, &code("800.120.100")).is_rate_limited());
    let wrong = error(200, &body(ID, "PA", "92.00", "000.100.110"));
    assert_eq!(wrong.kind(), ErrorKind::Mismatch);
    let wrong = error(200, &body(ID, "DB", "91.00", "000.100.110"));
    assert_eq!(wrong.kind(), ErrorKind::Mismatch);
    let wrong = error(200, &body(ID, "DB", "92.00", "000.100.211"));
    assert_eq!(wrong.kind(), ErrorKind::Mismatch);
    assert_eq!(
        err(&opp, &inquire(payment(&opp, &["../x", "DB"])), &Script::new()).kind(),
        ErrorKind::InvalidRequest
    );
}

#[test]
fn an_inquiry_by_an_id_alone_takes_the_type_from_the_answer() {
    let opp = v3();
    let ask = inquire(payment(&opp, &[ID]));
    let wire = Script::new().json(&get_v3(ID), 200, &body(ID, "PA", "92.00", "000.100.110"));
    let held = ok(&opp, &ask, &wire).payment;
    assert_eq!(
        (held.reference.ids()[1].as_str(), held.state),
        ("PA", PaymentState::Authorized)
    );
    let untyped = format!(r#"{{"id":"{ID}","amount":"92.00","currency":"EGP","result":{{"code":"000.100.110"}}}}"#);
    let wire = Script::new().json(&get_v3(ID), 200, &untyped);
    assert_eq!(err(&opp, &ask, &wire).kind(), ErrorKind::Provider);
    // A follow-up leads to the payment that it followed.
    let taken = format!(
        r#"{{"id":"{OTHER}","referencedId":"{ID}","paymentType":"CP","amount":"60.00","currency":"EGP","result":{{"code":"000.100.110"}}}}"#
    );
    let wire = Script::new().json(&get_v3(OTHER), 200, &taken);
    let payment = ok(&opp, &inquire(payment(&opp, &[OTHER, "CP"])), &wire).payment;
    assert_eq!(payment.reference.ids(), [ID, "PA"]);
    assert_eq!(payment.captured(), 6000);
}

#[test]
fn an_inquiry_on_v1_shows_what_followed() {
    let opp = v1();
    let ask = inquire(payment(&opp, &[ID, "PA", "EGP9200"]));
    let held = body(ID, "PA", "92.00", "000.100.110");
    let show = |rows: &[String]| {
        let wire = Script::new()
            .json(&get_v1(ID), 200, &held)
            .json(&linked(ID), 200, &report(rows));
        ok(&opp, &ask, &wire).payment
    };
    let root = row(ID, "PA", "92.00", Some(REFERENCE), None, "000.100.110");
    let taken = row("cp1", "CP", "92.00", Some("cp-0001-a1"), Some(ID), "000.100.110");
    let back = row("rf1", "RF", "46.00", Some("rf-0001-a1"), Some("cp1"), "000.100.110");
    assert_eq!(show(std::slice::from_ref(&root)).state, PaymentState::Authorized);
    assert_eq!(show(&[root.clone(), taken.clone()]).state, PaymentState::Captured);
    // In any order.
    let payment = show(&[back.clone(), taken, root.clone()]);
    assert_eq!(
        (payment.state, payment.refunded()),
        (PaymentState::PartiallyRefunded, 4600)
    );
    assert_eq!(payment.entries.last().unwrap().reference.as_deref(), Some("rf-0001-a1"));
    let let_go = row("rv1", "RV", "", None, Some(ID), "000.100.110");
    assert_eq!(show(&[root.clone(), let_go]).state, PaymentState::Voided);
    let failed = row("cp1", "CP", "", Some("cp-0001-a1"), Some(ID), "800.100.152");
    assert_eq!(show(&[root, failed]).state, PaymentState::Authorized);

    // Without the report the payment is told as it is.
    let wire = Script::new().json(&get_v1(ID), 200, &held).json(&linked(ID), 403, "");
    assert_eq!(ok(&opp, &ask, &wire).payment.state, PaymentState::Authorized);
}

#[test]
fn inquiries_by_reference() {
    let opp = v1();
    // Where it went through, what is linked to it is asked for; here that is nothing more.
    let ask_of = |id: &str, answer: &str| {
        let wire = Script::new()
            .json(REPORT, 200, answer)
            .json(&linked(id), 200, &report(&[]));
        run(&opp, &by_reference(REFERENCE), &wire)
    };
    let ask = |answer: &str| ask_of(ID, answer);
    let taken = own(ID, "000.100.112");
    let back = row(OTHER, "RF", "92.00", None, Some(ID), "000.100.112");
    let refunded = ask(&report(&[taken.clone(), back.clone()])).unwrap();
    assert!(refunded.outcome.is_approved());
    assert_eq!(
        (refunded.payment.state, refunded.payment.refunded()),
        (PaymentState::Refunded, 9200)
    );
    assert_eq!(refunded.payment.id(), ID);

    // A refund that failed cancels nothing; one that worked makes room for another payment.
    let failed = row(OTHER, "RF", "", None, Some(ID), "700.400.200");
    assert_eq!(
        ask(&report(&[taken.clone(), failed])).unwrap().payment.state,
        PaymentState::Captured
    );
    let again = own("db2", "000.100.112");
    assert_eq!(
        ask_of("db2", &report(&[taken.clone(), back, again.clone()]))
            .unwrap()
            .payment
            .id(),
        "db2"
    );
    let part = row(OTHER, "RF", "10.00", None, Some(ID), "000.100.112");
    assert_eq!(
        ask(&report(&[taken.clone(), part, again])).unwrap_err().kind(),
        ErrorKind::Mismatch
    );
    let disputed = row("cb1", "CB", "92.00", None, Some(ID), "000.100.220");
    assert_eq!(
        ask(&report(&[taken.clone(), disputed])).unwrap().payment.state,
        PaymentState::ChargedBack
    );

    // A pending try beside a declined one is pending; the last of several declines counts.
    let refused = own("db0", "800.100.152");
    let open = own(ID, "000.200.000");
    assert!(matches!(
        ask(&report(&[refused.clone(), open])).unwrap().outcome,
        Outcome::Pending
    ));
    let later = own("db1", "800.100.155");
    assert_eq!(ask(&report(&[refused, later])).unwrap().payment.id(), "db1");

    // Nothing but a refusal as duplicate is what stands there.
    let duplicate = ask(&report(&[own(ID, "800.110.100")])).unwrap();
    assert_eq!(declined(&duplicate).reason, DeclineReason::Duplicate);

    // A follow-up's own reference leads to the payment that it followed.
    let follow_up = row(OTHER, "CP", "60.00", Some(REFERENCE), Some(ID), "000.100.112");
    assert_eq!(ask(&report(&[follow_up])).unwrap().payment.reference.ids(), [ID, "PA"]);

    // The list stands under either name, alone, or is one entry.
    for answer in [
        format!(r#"{{"result":{{"code":"000.000.100"}},"records":[{taken}]}}"#),
        format!("[{taken}]"),
        taken,
    ] {
        assert_eq!(ask(&answer).unwrap().payment.id(), ID, "{answer}");
    }
    let error = ask(&code("700.400.580")).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidRequest, Fate::NotDone));
    assert!(error.is_not_found());
    let error = ask(&report(&[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider, "not the platform's word for nothing");
    // Beside an entry that says nothing yet, a refusal is not the end.
    let unread = own("x", "900.100.300");
    for open in [vec![unread.clone()], vec![unread, own(ID, "800.100.152")]] {
        assert_eq!(ask(&report(&open)).unwrap_err().kind(), ErrorKind::Provider);
    }
    assert!(ask(&code("800.120.100")).unwrap_err().is_rate_limited());
    assert_eq!(ask("<html>").unwrap_err().kind(), ErrorKind::Provider);
}

#[test]
fn an_inquiry_by_reference_shows_what_followed_under_other_references() {
    let opp = v1();
    let ask = by_reference(REFERENCE);
    let held = row(ID, "PA", "92.00", Some(REFERENCE), None, "000.100.110");
    let taken = row(OTHER, "CP", "60.00", Some("cp-0001-a1"), Some(ID), "000.100.110");
    let refused = row("cp2", "CP", "", Some("cp-0002-a1"), Some(ID), "700.300.300");
    let wire = Script::new()
        .json(REPORT, 200, &report(std::slice::from_ref(&held)))
        .json(&linked(ID), 200, &report(&[held.clone(), taken, refused]));
    let payment = ok(&opp, &ask, &wire).payment;
    assert_eq!(
        (payment.state, payment.captured()),
        (PaymentState::PartiallyCaptured, 6000)
    );
    let amounts: Vec<_> = payment
        .entries
        .iter()
        .map(|entry| entry.amount.map(paymux_core::Money::minor))
        .collect();
    assert_eq!(
        amounts,
        [Some(9200), Some(6000), None],
        "a refusal without an amount has none"
    );
    // Without the second report it is told as far as the first goes.
    let wire = Script::new()
        .json(REPORT, 200, &report(&[held]))
        .json(&linked(ID), 403, "");
    assert_eq!(ok(&opp, &ask, &wire).payment.state, PaymentState::Authorized);
}
