//! Answers that were lost, and refusals in doubt.

use super::*;

#[test]
fn a_lost_answer_on_v3_stays_unknown() {
    let opp = v3();
    let path = format!("POST /gateway/v3/payments/{ID}");
    for (operation, path) in [
        (sale(), PAY_V3),
        (authorize(), PAY_V3),
        (capture(&opp, "60.00 EGP"), &path),
        (void(&opp), &path),
        (refund(&opp, "10.00 EGP"), &path),
    ] {
        let kind = operation.kind();
        assert_eq!(opp.capabilities().ability(kind).unwrap().ask, AskAfterwards::None);
        assert_eq!(v1().capabilities().ability(kind).unwrap().ask, AskAfterwards::Yes);
        let error = err(&opp, &operation, &Script::new().lost(path));
        assert_eq!(error.fate(), Fate::Unknown, "{kind}");
    }
}

#[test]
fn a_lost_sale_is_found_by_its_reference_on_v1() {
    let opp = v1();
    let found = |rows: &[String]| {
        let wire = Script::new().lost(PAY_V1).json(REPORT, 200, &report(rows));
        run(&opp, &sale(), &wire)
    };
    let others = row(OTHER, "DB", "92.00", Some("ord-0002-a1"), None, "000.100.110");
    let nameless = r#"{"paymentType":"DB","result":{"code":"000.100.110"}}"#.to_owned();
    let answer = found(&[others, nameless, own(ID, "000.100.110")]).unwrap();
    assert!(answer.outcome.is_approved());
    assert_eq!(
        (answer.payment.id(), answer.payment.merchant_reference.as_deref()),
        (ID, Some(REFERENCE))
    );

    assert!(matches!(
        found(&[own(ID, "000.200.000")]).unwrap().outcome,
        Outcome::Pending
    ));
    let refused = row(ID, "DB", "", Some(REFERENCE), None, "800.100.155");
    assert_eq!(
        declined(&found(&[refused]).unwrap()).reason,
        DeclineReason::InsufficientFunds
    );
    let throttled = own(ID, "800.120.100");
    assert_eq!(
        declined(&found(&[throttled]).unwrap()).reason,
        DeclineReason::RateLimited
    );

    let error = found(&[row(ID, "DB", "91.00", Some(REFERENCE), None, "000.100.110")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    let error = found(&[row(ID, "PA", "92.00", Some(REFERENCE), None, "000.100.110")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    let error = found(&[own(ID, "000.100.110"), own(OTHER, "000.100.110")]).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::Unknown));
    assert!(error.message().contains(&format!(
        "double charge: several payments stand under one reference ({ID}, {OTHER})"
    )));
}

#[test]
fn a_lost_sale_is_asked_about_again_and_again() {
    let opp = v1();
    let wire = Script::new()
        .lost(PAY_V1)
        .json(REPORT, 404, &code("700.400.580"))
        .json(REPORT, 200, &code("800.120.100"))
        .json(REPORT, 200, &report(&[own(ID, "000.100.110")]));
    assert!(ok(&opp, &sale(), &wire).outcome.is_approved());

    let wire = Script::new()
        .lost(PAY_V1)
        .json(REPORT, 200, &code("700.400.580"))
        .json(REPORT, 200, &report(&[]))
        .with_patience(Duration::from_secs(60));
    let error = err(&opp, &sale(), &wire);
    assert_eq!(error.fate(), Fate::Unknown, "absence proves nothing yet");
}

#[test]
fn a_lost_follow_up_is_found_by_its_own_reference() {
    let opp = v1();
    let path = format!("POST /v1/payments/{ID}");
    let wire = Script::new().lost(&path).json(
        REPORT,
        200,
        &report(&[row(OTHER, "CP", "60.00", Some("cp-0001-a1"), Some(ID), "000.100.110")]),
    );
    let answer = ok(&opp, &capture(&opp, "60.00 EGP"), &wire);
    assert!(answer.outcome.is_approved());
    assert_eq!(
        (answer.payment.id(), answer.payment.state),
        (ID, PaymentState::PartiallyCaptured)
    );
    assert!(
        wire.sent()[1]
            .request
            .uri()
            .to_string()
            .ends_with("merchantTransactionId=cp-0001-a1")
    );

    // A reversal's entry names no amount; an entry on another payment is not ours.
    let wire = Script::new()
        .lost(&path)
        .json(
            REPORT,
            200,
            &report(&[row(OTHER, "RV", "", Some("rv-0001-a1"), Some("another"), "000.100.110")]),
        )
        .json(
            REPORT,
            200,
            &report(&[row(OTHER, "RV", "", Some("rv-0001-a1"), Some(ID), "000.100.110")]),
        );
    assert_eq!(ok(&opp, &void(&opp), &wire).payment.state, PaymentState::Voided);
}

#[test]
fn an_entry_without_an_amount_is_asked_for_by_its_id() {
    let opp = v1();
    let back = |amount: &str| row(OTHER, "RF", amount, Some("rf-0001-a1"), Some(ID), "000.100.110");
    let wire = Script::new()
        .lost(&format!("POST /v1/payments/{ID}"))
        .json(REPORT, 200, &report(&[back("")]))
        .json(&get_v1(OTHER), 200, &back("10.00"));
    let answer = ok(&opp, &refund(&opp, "10.00 EGP"), &wire);
    assert!(answer.outcome.is_approved());
    assert_eq!((answer.payment.id(), answer.payment.refunded()), (ID, 1000));
}

#[test]
fn refusals_in_doubt_stay_open_on_v3() {
    let opp = v3();
    for text in ["800.110.100", "800.130.100", "200.200.106", "800.700.100"] {
        let wire = Script::new().json(PAY_V3, 400, &body(ID, "DB", "92.00", text));
        let error = err(&opp, &sale(), &wire);
        assert_eq!(error.fate(), Fate::Unknown, "{text}");
        assert_eq!(error.decline().unwrap().code, text);
        assert!(
            error.payment().is_none() && wire.notes().is_empty(),
            "not the id of the refused attempt"
        );
    }
    let path = format!("POST /gateway/v3/payments/{ID}");
    for text in ["700.300.300", "700.400.510", "700.400.570"] {
        let wire = Script::new().json(&path, 400, &code(text));
        assert_eq!(
            err(&opp, &capture(&opp, "60.00 EGP"), &wire).fate(),
            Fate::Unknown,
            "{text}"
        );
    }
    // More than the payment is of cannot have been done by an earlier attempt either.
    let wire = Script::new().json(&path, 400, &code("700.400.200"));
    let error = err(&opp, &refund(&opp, "92.01 EGP"), &wire);
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::Rejected));
}

#[test]
fn refusals_in_doubt_are_looked_into_on_v1() {
    let opp = v1();
    let path = format!("POST /v1/payments/{ID}");
    let operation = capture(&opp, "60.00 EGP");
    let wire = Script::new().json(&path, 400, &code("700.300.300")).json(
        REPORT,
        200,
        &report(&[row(OTHER, "CP", "60.00", Some("cp-0001-a1"), Some(ID), "000.100.110")]),
    );
    assert!(
        ok(&opp, &operation, &wire).outcome.is_approved(),
        "an earlier attempt worked"
    );

    let nothing = code("700.400.580");
    let somebodys = report(&[
        row(ID, "PA", "92.00", Some(REFERENCE), None, "000.100.110"),
        row(OTHER, "CP", "60.00", Some("cp-0000-a1"), Some(ID), "000.100.110"),
    ]);
    let wire = Script::new()
        .json(&path, 400, &code("700.300.300"))
        .json(REPORT, 404, &nothing)
        .json(REPORT, 404, &nothing)
        .json(&linked(ID), 200, &somebodys);
    let error = err(&opp, &operation, &wire);
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::Rejected));
    assert_eq!(error.decline().unwrap().code, "700.300.300");

    // Ours may be there without its name; and a record that explains nothing proves nothing.
    for rows in [
        vec![row(OTHER, "CP", "60.00", None, Some(ID), "000.100.110")],
        vec![row(OTHER, "CP", "60.00", Some("cp-0001-a1"), Some(ID), "000.100.110")],
        vec![row(OTHER, "CP", "60.00", Some("cp-0000-a1"), Some(ID), "800.100.152")],
        // Beside another's, an entry that cannot be read may be ours.
        vec![
            row(OTHER, "CP", "60.00", Some("cp-0000-a1"), Some(ID), "000.100.110"),
            r#"{"id":7,"paymentType":"CP"}"#.to_owned(),
        ],
        vec![],
    ] {
        let wire = Script::new()
            .json(&path, 400, &code("700.300.300"))
            .json(REPORT, 404, &nothing)
            .json(REPORT, 404, &nothing)
            .json(&linked(ID), 200, &report(&rows))
            .with_patience(Duration::from_secs(60));
        assert_eq!(err(&opp, &operation, &wire).fate(), Fate::Unknown);
    }
}

/// Another's refund explains the refusal of ours only if it left too little; else an earlier attempt of ours may have taken the rest.
#[test]
fn a_refused_refund_is_explained_by_what_is_left() {
    let opp = v1();
    let operation = refund(&opp, "82.00 EGP");
    for (others, fate) in [
        ("10.00", Fate::Unknown),
        ("10.01", Fate::Rejected),
        ("92.00", Fate::Rejected),
        ("", Fate::Unknown),
    ] {
        let rows = [
            row(ID, "DB", "92.00", Some(REFERENCE), None, "000.100.110"),
            row(OTHER, "RF", others, Some("rf-0000-a1"), Some(ID), "000.100.110"),
        ];
        let nothing = code("700.400.580");
        let wire = Script::new()
            .json(&format!("POST /v1/payments/{ID}"), 400, &code("700.400.200"))
            .json(REPORT, 404, &nothing)
            .json(REPORT, 404, &nothing)
            .json(&linked(ID), 200, &report(&rows))
            .with_patience(Duration::from_secs(60));
        assert_eq!(err(&opp, &operation, &wire).fate(), fate, "{others}");
    }
}

#[test]
fn a_duplicate_is_its_original() {
    let opp = v1();
    let duplicate = row(OTHER, "DB", "", Some(REFERENCE), None, "800.110.100");
    let asked = |rows: &[String]| {
        let wire = Script::new()
            .json(PAY_V1, 400, &body(OTHER, "DB", "92.00", "800.110.100"))
            .json(REPORT, 200, &report(rows))
            .with_patience(Duration::from_secs(6));
        run(&opp, &sale(), &wire)
    };
    let answer = asked(&[own(ID, "000.100.110"), duplicate.clone()]).unwrap();
    assert_eq!((answer.outcome.is_approved(), answer.payment.id()), (true, ID));
    let answer = asked(&[own(ID, "800.100.152"), duplicate.clone()]).unwrap();
    assert_eq!(declined(&answer).reason, DeclineReason::DoNotHonor);
    let error = asked(&[duplicate]).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown, "never a decline without the original");
}
