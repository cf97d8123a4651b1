//! What is asked about before it is believed.

use super::*;

#[test]
fn a_confirmed_difference_is_a_mismatch() {
    let opp = v3();
    let with = |change: fn(&mut serde_json::Value)| {
        let mut answer: serde_json::Value = serde_json::from_str(&body(ID, "DB", "92.00", "000.100.110")).unwrap();
        change(&mut answer);
        let wire = Script::new().json(PAY_V3, 200, &answer.to_string());
        err(&opp, &sale(), &wire)
    };
    for error in [
        with(|a| a["amount"] = "92.01".into()),
        with(|a| a["amount"] = 9200.into()),
        with(|a| a["currency"] = "EUR".into()),
        with(|a| a["merchantTransactionId"] = "ord-0002-a1".into()),
    ] {
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Mismatch, Fate::Unknown),
            "{error}"
        );
        assert_eq!(error.payment().unwrap().id(), ID);
    }
    let answer = format!(
        r#"{{"id":"{OTHER}","referencedId":"someone","paymentType":"CP","amount":"60.00","currency":"EGP","result":{{"code":"000.100.110"}}}}"#
    );
    let wire = Script::new().json(&format!("POST /gateway/v3/payments/{ID}"), 200, &answer);
    let error = err(&opp, &capture(&opp, "60.00 EGP"), &wire);
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.message().contains("referencedId"), "{error}");
}

#[test]
fn what_is_absent_is_asked_for() {
    let opp = v3();
    for answer in [
        format!(r#"{{"id":"{ID}","paymentType":"DB","result":{{"code":"000.100.110"}}}}"#),
        format!(r#"{{"id":"{ID}","paymentType":"DB","amount":"92.00","result":{{"code":"000.100.110"}}}}"#),
        format!(
            r#"{{"id":"{ID}","paymentType":"DB","amount":"ninety","currency":"EGP","result":{{"code":"000.100.110"}}}}"#
        ),
        format!(r#"{{"id":"{ID}","amount":"92.00","currency":"EGP","result":{{"code":"000.100.110"}}}}"#),
        body(ID, "PA", "92.00", "000.100.110"),
        body(ID, "DB", "92.00", "900.100.300"),
        body(ID, "DB", "92.00", "000.400.030"),
        body(ID, "DB", "92.00", "000.100.211"),
        body(ID, "DB", "92.00", "123.456.789"),
    ] {
        let wire =
            Script::new()
                .json(PAY_V3, 200, &answer)
                .json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "000.100.110"));
        assert!(ok(&opp, &sale(), &wire).outcome.is_approved(), "{answer}");
        assert_eq!(
            (wire.notes()[0].key.as_ref(), wire.notes()[0].value.as_str()),
            ("payment", ID)
        );
    }
    // An approval without an id cannot be asked about on v3.
    let wire = Script::new().json(PAY_V3, 200, &code("000.100.110"));
    assert_eq!(err(&opp, &sale(), &wire).fate(), Fate::Unknown);
    // Confirmed by the inquiry, a wrong type is a mismatch.
    let wire = Script::new()
        .json(PAY_V3, 200, &body(ID, "PA", "92.00", "000.100.110"))
        .json(&get_v3(ID), 200, &body(ID, "PA", "92.00", "000.100.110"));
    let error = err(&opp, &sale(), &wire);
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.message().contains("of type PA, and DB was asked for"), "{error}");
}

#[test]
fn asking_ends_at_the_deadline() {
    let opp = v3();
    let wire = Script::new()
        .json(PAY_V3, 500, &body(ID, "DB", "92.00", "900.100.300"))
        .json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "900.100.300"))
        .lost(&get_v3(ID))
        .with_patience(Duration::from_secs(60));
    let error = err(&opp, &sale(), &wire);
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::Unknown));
    assert_eq!(
        error.payment().map(|p| (p.id().to_owned(), p.state)),
        Some((ID.to_owned(), PaymentState::Pending))
    );
    assert_eq!(error.decline().unwrap().reason, DeclineReason::Timeout);
}

#[test]
fn probably_cancelled_is_declined_when_it_is_said_twice() {
    let opp = v3();
    let doubt = body(ID, "DB", "92.00", "100.396.104");
    let wire = Script::new().json(PAY_V3, 200, &doubt).json(&get_v3(ID), 200, &doubt);
    let answer = ok(&opp, &sale(), &wire);
    assert_eq!(declined(&answer).reason, DeclineReason::Cancelled);
    assert_eq!(answer.payment.state, PaymentState::Cancelled);
    let wire = Script::new()
        .json(PAY_V3, 200, &doubt)
        .json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(ok(&opp, &sale(), &wire).outcome.is_approved(), "a later success wins");

    let ask = inquire(payment(&opp, &[ID, "DB", "EGP9200"]));
    let wire = Script::new()
        .json(&get_v3(ID), 200, &doubt)
        .json(&get_v3(ID), 200, &doubt);
    assert_eq!(declined(&ok(&opp, &ask, &wire)).reason, DeclineReason::Cancelled);
    let wire = Script::new()
        .json(&get_v3(ID), 200, &doubt)
        .with_patience(Duration::ZERO);
    assert_eq!(err(&opp, &ask, &wire).fate(), Fate::NotDone);
}

#[test]
fn what_was_not_sent_was_not_done() {
    let wire = Script::new().not_sent(PAY_V3);
    assert_eq!(err(&v3(), &sale(), &wire).fate(), Fate::NotDone);
}
