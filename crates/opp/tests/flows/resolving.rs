//! What became of an operation, by asking.

use super::*;

#[test]
fn resolving_on_v3() {
    let opp = v3();
    let question = unresolved(
        &opp,
        OperationKind::Sale,
        None,
        json!([{"key": "payment", "value": ID}]),
    );
    let wire = Script::new().json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(ok(&opp, &question, &wire).outcome.is_approved());
    let made = payment(&opp, &[ID, "DB", "EGP9200"]);
    let question = unresolved(&opp, OperationKind::Sale, Some(made), json!([]));
    let wire = Script::new().json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "800.100.152"));
    declined(&ok(&opp, &question, &wire));
    let wire = Script::new().json(&get_v3(ID), 404, "");
    assert_eq!(err(&opp, &question, &wire).fate(), Fate::Unknown);

    for kind in [OperationKind::Sale, OperationKind::Authorize] {
        let question = unresolved(&opp, kind, None, json!([]));
        let error = err(&opp, &question, &Script::new());
        assert_eq!(error.fate(), Fate::Unknown);
        assert!(error.message().contains("back office"), "{error}");
    }
    let held = payment(&opp, &[ID, "PA", "EGP9200"]);
    let question = unresolved(&opp, OperationKind::Capture, Some(held), json!([]));
    assert_eq!(err(&opp, &question, &Script::new()).fate(), Fate::Unknown);
}

#[test]
fn resolving_on_v1() {
    let opp = v1();
    let question = unresolved(&opp, OperationKind::Sale, None, json!([]));
    let wire = Script::new().json(REPORT, 200, &report(&[own(ID, "000.100.110")]));
    assert!(ok(&opp, &question, &wire).outcome.is_approved());
    for answer in [
        code("700.400.580"),
        report(&[]),
        code("800.120.100"),
        code("800.900.300"),
        String::new(),
    ] {
        let wire = Script::new().json(REPORT, 200, &answer);
        let error = err(&opp, &question, &wire);
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{answer}"
        );
    }
    let wire = Script::new().lost(REPORT);
    assert_eq!(err(&opp, &question, &wire).fate(), Fate::Unknown);

    let held = payment(&opp, &[ID, "PA", "EGP9200"]);
    let trail = json!([{"key": "parent", "value": OTHER}]);
    let question = unresolved(&opp, OperationKind::Refund, Some(held), trail);
    let back = row("rf1", "RF", "92.00", Some(REFERENCE), Some(OTHER), "000.100.110");
    let wire = Script::new().json(REPORT, 200, &report(&[back]));
    let answer = ok(&opp, &question, &wire);
    assert_eq!(
        (answer.payment.id(), answer.payment.state),
        (ID, PaymentState::Refunded)
    );
}
