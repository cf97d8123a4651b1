//! Approvals, declines, reviews, and what waits.

use super::*;

#[test]
fn a_sale_is_approved() {
    let opp = v3();
    let wire = Script::new().json(PAY_V3, 200, &body(ID, "DB", "92.0", "000.100.110"));
    let Answer { outcome, payment, .. } = ok(&opp, &sale(), &wire);
    assert!(outcome.is_approved());
    assert_eq!(payment.state, PaymentState::Captured);
    assert_eq!(payment.reference.ids(), [ID, "DB", "EGP9200"]);
    assert_eq!(payment.merchant_reference.as_deref(), Some(REFERENCE));
    assert_eq!((payment.amount, payment.captured()), (Some(money("92.00 EGP")), 9200));
    assert_eq!(payment.test, Some(true));
    let method = payment.method.unwrap();
    assert_eq!(
        (method.brand.as_deref(), method.last4.as_deref()),
        (Some("VISA"), Some("0000"))
    );
    let entry = &payment.entries[0];
    assert_eq!(
        (entry.kind, entry.id.as_deref(), entry.reference.as_deref()),
        (EntryKind::Capture, Some(ID), Some(REFERENCE))
    );
    assert_eq!(entry.at.unwrap().to_string(), "2025-01-01T10:00:00Z");
}

#[test]
fn what_the_code_says_of_test_and_live() {
    for (text, test) in [
        ("000.000.000", Some(false)),
        ("000.100.112", Some(true)),
        ("000.600.000", None),
    ] {
        let wire = Script::new().json(PAY_V1, 200, &body(ID, "DB", "92.00", text));
        assert_eq!(ok(&v1(), &sale(), &wire).payment.test, test, "{text}");
    }
    for operation in [sale(), inquire(payment(&v1_live(), &[ID, "DB", "EGP9200"]))] {
        let path = match operation {
            Operation::Sale(_) => PAY_V1.to_owned(),
            _ => get_v1(ID),
        };
        let wire = Script::new().json(&path, 200, &body(ID, "DB", "92.00", "000.100.110"));
        let error = err(&v1_live(), &operation, &wire);
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Configuration, Fate::Unknown));
        assert_eq!(error.payment().unwrap().test, Some(true));
    }
}

#[test]
fn an_authorization_and_a_payout() {
    let wire = Script::new().json(PAY_V1, 200, &body(ID, "PA", "92.00", "000.100.110"));
    let held = ok(&v1(), &authorize(), &wire).payment;
    assert_eq!(
        (held.state, held.reference.ids()[1].as_str()),
        (PaymentState::Authorized, "PA")
    );
    assert_eq!(held.captured(), 0);
    let wire = Script::new().json(PAY_V1, 200, &body(ID, "CD", "92.00", "000.100.110"));
    let paid = ok(&v1(), &payout(), &wire).payment;
    assert_eq!(
        (paid.state, paid.entries[0].kind),
        (PaymentState::PaidOut, EntryKind::Payout)
    );
}

#[test]
fn follow_ups_are_entries_of_the_payment_that_they_follow() {
    let opp = v3();
    let path = format!("POST /gateway/v3/payments/{ID}");
    let answer = |operation: &Operation, kind: &str, amount: &str| {
        let wire = Script::new().json(&path, 200, &body(OTHER, kind, amount, "000.100.110"));
        let payment = ok(&opp, operation, &wire).payment;
        assert_eq!(payment.id(), ID);
        let kinds: Vec<_> = payment.entries.iter().map(|e| e.kind).collect();
        assert_eq!(payment.entries[1].id.as_deref(), Some(OTHER));
        (payment.state, kinds, payment)
    };
    let (state, kinds, payment) = answer(&capture(&opp, "60.00 EGP"), "CP", "60.00");
    assert_eq!((state, payment.captured()), (PaymentState::PartiallyCaptured, 6000));
    assert_eq!(kinds, [EntryKind::Authorize, EntryKind::Capture]);
    assert_eq!(payment.amount, Some(money("92.00 EGP")));
    let (state, ..) = answer(&capture(&opp, "92.00 EGP"), "CP", "92.00");
    assert_eq!(state, PaymentState::Captured);
    let (state, kinds, _) = answer(&refund(&opp, "10.00 EGP"), "RF", "10.00");
    assert_eq!(state, PaymentState::PartiallyRefunded);
    assert_eq!(kinds, [EntryKind::Capture, EntryKind::Refund]);
    let (state, _, payment) = answer(&refund(&opp, "92.00 EGP"), "RF", "92.00");
    assert_eq!((state, payment.refunded()), (PaymentState::Refunded, 9200));

    // The answer to a reversal names no amount.
    let answer =
        format!(r#"{{"id":"{OTHER}","referencedId":"{ID}","paymentType":"RV","result":{{"code":"000.100.110"}}}}"#);
    let wire = Script::new().json(&path, 200, &answer);
    let voided = ok(&opp, &void(&opp), &wire).payment;
    assert_eq!(
        (voided.state, voided.entries[1].kind),
        (PaymentState::Voided, EntryKind::Void)
    );
}

#[test]
fn a_refund_of_a_capture_shows_all_three() {
    let opp = v3();
    let held = payment(&opp, &[ID, "PA", "EGP9200"]);
    let mut refund = Refund::new(held, "rf-0001-a1".parse().unwrap(), money("92.00 EGP"));
    refund.capture = Some(OTHER.to_owned());
    let wire = Script::new()
        .json(
            &format!("GET /gateway/v3/payments/{OTHER}?entityId=EB000001"),
            200,
            &body(OTHER, "CP", "92.00", "000.100.110"),
        )
        .json(
            &format!("POST /gateway/v3/payments/{OTHER}"),
            200,
            &body("8ac7-rf", "RF", "92.00", "000.100.110"),
        );
    let back = ok(&opp, &Operation::Refund(refund), &wire).payment;
    let entries: Vec<_> = back.entries.iter().map(|e| (e.kind, e.id.as_deref())).collect();
    assert_eq!(
        entries,
        [
            (EntryKind::Authorize, Some(ID)),
            (EntryKind::Capture, Some(OTHER)),
            (EntryKind::Refund, Some("8ac7-rf"))
        ]
    );
    assert_eq!(back.state, PaymentState::Refunded);
    assert_eq!(
        (wire.notes()[0].key.as_ref(), wire.notes()[0].value.as_str()),
        ("parent", OTHER)
    );
}

#[test]
fn a_refund_that_names_what_is_no_capture_of_its_payment_is_not_sent() {
    let opp = v3();
    let linked = |parent: &str, kind: &str, code: &str| {
        let body = body(OTHER, kind, "92.00", code);
        body.replacen('{', &format!(r#"{{"referencedId":"{parent}","#), 1)
    };
    let ask = format!("GET /gateway/v3/payments/{OTHER}?entityId=EB000001");
    let third = "8ac7a4a0000000000000000000000003";
    for ids in [&[ID, "PA", "EGP9200"][..], &[ID]] {
        let mut refund = Refund::new(payment(&opp, ids), "rf-0001-a1".parse().unwrap(), money("10.00 EGP"));
        refund.capture = Some(OTHER.to_owned());
        for (status, answer, says) in [
            (200, linked(third, "CP", "000.100.110"), "no capture of this payment"),
            (200, linked(ID, "DB", "000.100.110"), "no capture of this payment"),
            (200, linked(ID, "RV", "000.100.110"), "no capture of this payment"),
            (400, linked(ID, "CP", "800.100.152"), "did not go through"),
            (404, code("700.400.580"), "not known"),
        ] {
            let wire = Script::new().json(&ask, status, &answer);
            let error = run(&opp, &Operation::Refund(refund.clone()), &wire).unwrap_err();
            assert_eq!(
                (error.kind(), error.fate(), error.field()),
                (ErrorKind::InvalidRequest, Fate::NotDone, Some("capture")),
                "{error}"
            );
            assert!(error.message().contains(says), "{error}");
        }
        // The question came to nothing, and the refund was not sent.
        for (status, answer) in [(429, String::new()), (503, String::new()), (200, "<html>".to_owned())] {
            let wire = Script::new().json(&ask, status, &answer);
            let error = run(&opp, &Operation::Refund(refund.clone()), &wire).unwrap_err();
            assert_eq!(error.fate(), Fate::NotDone, "{error}");
        }
    }
}

#[test]
fn a_declined_follow_up_leaves_the_payment_as_it_was() {
    let opp = v3();
    let path = format!("POST /gateway/v3/payments/{ID}");
    for (operation, state) in [
        (capture(&opp, "60.00 EGP"), PaymentState::Authorized),
        (void(&opp), PaymentState::Authorized),
        (refund(&opp, "10.00 EGP"), PaymentState::Captured),
    ] {
        let wire = Script::new().json(&path, 400, &code("800.100.152"));
        let answer = ok(&opp, &operation, &wire);
        assert_eq!(declined(&answer).reason, DeclineReason::DoNotHonor);
        assert_eq!((answer.payment.id(), answer.payment.state), (ID, state));
        assert!(matches!(answer.payment.entries[1].outcome, EntryOutcome::Declined(_)));
    }
}

#[test]
fn a_networks_advice_sharpens_that_of_a_decline() {
    let opp = v3();
    let hours = |hours: u64| RetryAdvice::Later(Some(Duration::from_secs(hours * 3600)));
    let later = RetryAdvice::Later(None);
    for (code, details, advice) in [
        ("800.100.155", r#"{"MerchantAdviceCode":"24"}"#, hours(1)),
        (
            "800.100.155",
            r#"{"merchant.advice.code":"02","AcquirerResponse":"51"}"#,
            hours(72),
        ),
        ("800.100.155", r#"{"merchantAdviceCode":3}"#, RetryAdvice::Never),
        ("800.100.152", r#"{"MerchantAdviceCode":"21"}"#, RetryAdvice::Never),
        ("800.100.152", r#"{"MerchantAdviceCode":"30"}"#, hours(240)),
        ("700.600.002", r#"{"MerchantAdviceCode":"25"}"#, hours(24)),
        // A card that is stolen stays so, and an issuer that asks for authentication gets it.
        ("800.100.159", r#"{"MerchantAdviceCode":"24"}"#, RetryAdvice::Never),
        (
            "300.100.100",
            r#"{"MerchantAdviceCode":"01"}"#,
            RetryAdvice::AfterAuthentication,
        ),
        ("300.100.100", r#"{"MerchantAdviceCode":"03"}"#, RetryAdvice::Never),
        // For information, not known, no code, no details.
        ("800.100.155", r#"{"MerchantAdviceCode":"40"}"#, later),
        ("800.100.155", r#"{"MerchantAdviceCode":"99"}"#, later),
        ("800.100.155", r#"{"MerchantAdviceCode":"later"}"#, later),
        ("800.100.155", r#"{"MerchantAdviceCode":null}"#, later),
        ("800.100.155", r#"{"MerchantAdvice":"03"}"#, later),
        ("800.100.155", r#""MerchantAdviceCode""#, later),
    ] {
        let plain = body(ID, "DB", "92.00", code);
        let answer = plain.replacen('{', &format!(r#"{{"resultDetails":{details},"#), 1);
        let answer = ok(&opp, &sale(), &Script::new().json(PAY_V3, 400, &answer));
        let decline = declined(&answer);
        assert_eq!((decline.code.as_str(), decline.advice), (code, advice), "{details}");
    }
}

#[test]
fn declines() {
    let opp = v3();
    let answer = format!(
        r#"{{"id":"{ID}","paymentType":"DB","result":{{"code":"800.100.153","description":"CVV 4200000000000000"}}}}"#
    );
    let wire = Script::new().json(PAY_V3, 400, &answer);
    let answer = ok(&opp, &sale(), &wire);
    let decline = declined(&answer);
    assert_eq!(
        (decline.reason, decline.advice),
        (DeclineReason::InvalidCvv, RetryAdvice::WithNewData)
    );
    assert_eq!(decline.text.as_deref(), Some("CVV ***"), "scrubbed");
    assert_eq!(
        (answer.payment.id(), answer.payment.state),
        (ID, PaymentState::Declined)
    );

    for (text, reason, advice, state) in [
        (
            "300.100.100",
            DeclineReason::AuthenticationRequired,
            RetryAdvice::AfterAuthentication,
            PaymentState::Declined,
        ),
        (
            "100.396.103",
            DeclineReason::Timeout,
            RetryAdvice::WithNewData,
            PaymentState::Expired,
        ),
        (
            "900.300.600",
            DeclineReason::Timeout,
            RetryAdvice::WithNewData,
            PaymentState::Expired,
        ),
        (
            "900.100.301",
            DeclineReason::Timeout,
            RetryAdvice::SameRequest,
            PaymentState::Declined,
        ),
        (
            "900.100.310",
            DeclineReason::Timeout,
            RetryAdvice::SameRequest,
            PaymentState::Declined,
        ),
        (
            "800.100.999",
            DeclineReason::Unknown,
            RetryAdvice::WithNewData,
            PaymentState::Declined,
        ),
    ] {
        let wire = Script::new().json(PAY_V3, 200, &body(ID, "DB", "92.00", text));
        let answer = ok(&opp, &sale(), &wire);
        let decline = declined(&answer);
        assert_eq!(
            (decline.reason, decline.advice, answer.payment.state),
            (reason, advice, state),
            "{text}"
        );
    }
}

#[test]
fn a_decline_of_something_else_is_asked_about() {
    let opp = v3();
    for code in ["800.100.152", "900.100.310", "100.396.103"] {
        let of = |reference: &str| row(ID, "DB", "92.00", Some(reference), None, code);
        let wire = Script::new().json(PAY_V3, 400, &of("ord-9999-a1")).json(
            &get_v3(ID),
            200,
            &row(ID, "DB", "92.00", Some(REFERENCE), None, "000.100.110"),
        );
        assert!(ok(&opp, &sale(), &wire).outcome.is_approved(), "{code}");
        declined(&ok(&opp, &sale(), &Script::new().json(PAY_V3, 400, &of(REFERENCE))));
    }
    let wire = Script::new()
        .json(
            &format!("POST /gateway/v3/payments/{ID}"),
            400,
            &row(OTHER, "CP", "", None, Some("another"), "800.100.152"),
        )
        .with_patience(Duration::ZERO);
    assert_eq!(err(&opp, &capture(&opp, "60.00 EGP"), &wire).fate(), Fate::Unknown);
}

#[test]
fn a_decline_without_an_id_is_named_by_its_reference() {
    let opp = v1();
    let wire = Script::new().json(PAY_V1, 400, &code("100.100.101"));
    let reference = ok(&opp, &sale(), &wire).payment.reference;
    assert_eq!(reference.ids(), [REFERENCE, "reference", "DB", "EGP9200"]);
    let wire = Script::new().json(REPORT, 200, &report(&[own(ID, "100.100.101")]));
    let answer = ok(&opp, &inquire(reference.clone()), &wire);
    assert_eq!(
        (declined(&answer).code.as_str(), answer.payment.id()),
        ("100.100.101", ID)
    );
    let wire = Script::new().json(PAY_V3, 400, &code("100.100.101"));
    let reference = ok(&v3(), &sale(), &wire).payment.reference;
    assert_eq!(
        err(&v3(), &inquire(reference), &Script::new()).kind(),
        ErrorKind::Unsupported
    );
}

#[test]
fn reviews() {
    let wire = Script::new().json(PAY_V3, 200, &body(ID, "DB", "92.00", "000.400.010"));
    let answer = ok(&v3(), &sale(), &wire);
    assert!(matches!(answer.outcome, Outcome::Review));
    assert_eq!(
        (answer.payment.state, answer.payment.captured()),
        (PaymentState::Review, 9200)
    );
}

#[test]
fn pending() {
    for text in ["000.200.000", "100.400.500", "800.400.500", "000.400.110"] {
        let wire = Script::new().json(PAY_V3, 200, &body(ID, "DB", "92.00", text));
        let answer = ok(&v3(), &sale(), &wire);
        assert!(matches!(answer.outcome, Outcome::Pending), "{text}");
        assert_eq!(answer.payment.state, PaymentState::Pending);
    }
}
